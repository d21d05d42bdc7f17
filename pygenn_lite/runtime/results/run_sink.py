"""Sink: what users write to compute something during a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class RunInfo:
    """The run that a sink is about to see.

    Attributes
    ----------
    dt : float
        ms per step.
    start_step, stop_step : int
        The run covers the steps between.
    instances : int
        1 without an axis of instances.
    sizes : dict of str to int
        Neurons by population.
    spikes : dict of str to (range or ndarray)
        By population, where spikes are recorded: indices of the recorded neurons.
    variables : dict of (str, str) to ndarray
        By owner (population or synapse group) and variable: indices of the recorded neurons.
    """

    dt: float
    start_step: int
    stop_step: int
    instances: int
    sizes: Mapping[str, int]
    spikes: Mapping[str, range | npt.NDArray[np.uint32]]
    variables: Mapping[tuple[str, str], npt.NDArray[np.uint32]]


class Sink:
    """Gets what a run records, piece by piece, during the run: a measure that needs no memory for
    all spikes.

    Write a subclass with those of the methods that are needed and pass it as
    ``run(..., sinks=[...])``; with ``keep=False`` nothing else keeps what is recorded. Pieces come
    in the order of time, for each instance on its own, about every 100 ms of wall time. Arrays are
    valid during the call only: copy what is to stay, and change nothing.

    Examples
    --------
    >>> class Histogram(pg.Sink):
    ...     '''How many spikes each neuron had.'''
    ...     def begin(self, run):
    ...         self.counts = np.zeros((run.instances, run.sizes["cells"]), int)
    ...     def add_spikes(self, instance, population, steps, indices):
    ...         self.counts[instance] += np.bincount(indices, minlength=self.counts.shape[1])
    >>> net = pg.Network()
    >>> cells = net.population("cells", 3, pg.LIF())
    >>> drive = net.current(cells, [300.0, 400.0, 500.0])
    >>> net.record(cells.spikes)
    >>> histogram = Histogram()
    >>> result = net.compile(threads=1).run(1000.0, sinks=[histogram], keep=False)
    >>> histogram.counts
    array([[ 0, 33, 63]])
    """

    def begin(self, run: RunInfo) -> None:
        """The run begins.

        Parameters
        ----------
        run : RunInfo
        """

    def add_spikes(
        self,
        instance: int,
        population: str,
        steps: npt.NDArray[np.int64],
        indices: npt.NDArray[np.uint32],
    ) -> None:
        """Spikes of one population of one instance, by time, then index.

        Parameters
        ----------
        instance : int
        population : str
        steps : ndarray of int64, [spikes]
            Times in steps since the start of the simulation.
        indices : ndarray of uint32, [spikes]
            Which neurons.
        """

    def add_samples(
        self,
        instance: int,
        owner: str,
        variable: str,
        steps: npt.NDArray[np.int64],
        values: npt.NDArray[Any],
    ) -> None:
        """Samples of one variable of one instance.

        Parameters
        ----------
        instance : int
        owner, variable : str
            As in ``result.traces[owner][variable]``.
        steps : ndarray of int64, [samples]
        values : ndarray, [samples, neurons]
        """

    def add_counts(self, instance: int, step: int, totals: Mapping[str, int]) -> None:
        """Spikes of all populations of one instance since the start of the run, recorded or not: at
        its start, every 100 ms, before each call of a callback, and at its end.

        Parameters
        ----------
        instance : int
        step : int
        totals : mapping of str to int
        """

    def reached(self, step: int) -> None:
        """All instances have been advanced to this step, and what they recorded was added."""

    def end(self, step: int, interrupted: bool) -> None:
        """The run is over, early where ``interrupted``."""
