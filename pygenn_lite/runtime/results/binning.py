"""Spikes counted in bins of time, exactly: in steps, in intervals (a, b]."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.summary import counted, line
from pygenn_lite.records import dataclass

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BinnedSpikes:
    """Spikes of one population in bins of time.

    A bin (a, b] holds the spikes after ``a`` up to and including ``b``, as a run from ``a`` to
    ``b`` does. Spikes at the very start of a simulation (a source may fire at 0 ms) belong to the
    first bin of a run that begins there.

    Attributes
    ----------
    edges : ndarray of int64, [bins + 1]
        In steps, ascending.
    counts : ndarray of int64, [bins]
        Spikes of all recorded neurons.
    neurons : int
        How many neurons were recorded.
    dt : float
        ms per step.
    """

    edges: IntArray
    counts: IntArray
    neurons: int
    dt: float

    def __repr__(self) -> str:
        bins, spikes = counted(len(self.counts), "bin"), counted(int(self.counts.sum()), "spike")
        return line("BinnedSpikes", "", bins, f"{spikes} of {counted(self.neurons, 'neuron')}")

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Middles of the bins, ms."""
        return np.asarray((self.edges[:-1] + self.edges[1:]) / 2 * self.dt)

    @property
    def rates(self) -> npt.NDArray[np.float64]:
        """Mean rate of the recorded neurons in each bin, Hz."""
        seconds = np.diff(self.edges) * self.dt / 1000.0
        return np.asarray(self.counts / (seconds * max(self.neurons, 1)))


def bin_edges(start: int, stop: int, width: int) -> IntArray:
    """Edges, in steps, of bins of ``width`` from ``start`` on; the last may be shorter."""
    edges = np.arange(start, stop, max(width, 1), dtype=np.int64)
    return np.append(edges, stop) if stop > start else np.array([start, start + 1], np.int64)


def count_spikes(steps: IntArray, edges: IntArray, run_start: int) -> IntArray:
    """Number of spikes in each bin (a, b] of ascending spike times, all in steps.

    The first bin also has what lies at ``run_start``, if it begins there: only the start of a
    simulation has spikes that no earlier run could have.
    """
    first = edges[0] - 1 if edges[0] == run_start else edges[0]
    places = np.searchsorted(steps, [first, *edges[1:]], side="right")
    return np.diff(places).astype(np.int64)
