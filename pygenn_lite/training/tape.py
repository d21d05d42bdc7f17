"""What a trial was, event by event: what perturbed copies and adjoints go through again."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass

Array = npt.NDArray[np.float64]


@dataclass
class Emission:
    """A spike on its way.

    Attributes
    ----------
    cell, ordinal : int
        Which neuron's, and the how manieth.
    time : float
        ms.
    event : int
        Its place on the tape.
    after : ndarray
        States just after it.
    """

    cell: int
    ordinal: int
    time: float
    event: int
    after: Array


@dataclass
class Event:
    """Something that happens to a neuron, and the way to it since what happened before.

    Attributes
    ----------
    kind : str
        "spike" (a crossing), "forced" (a spike at the time of the event before), "given" (of a
        source), "arrival", "event" (of a Poisson input), "change" (of an input), "break" (a
        jump with time), "release" (end of a refractory period after a time), "ends" (after a
        condition), "end" (of the trial).
    cell : int
    time : float
    held : bool
        Whether the neuron was refractory on the way to it.
    numbers : ndarray of int
        Of the neuron's parameters on the way.
    times, states : ndarray
        Steps of the way, [steps + 1], and states there, [steps + 1, states]: the last are those
        just before the event.
    after : ndarray
        States just after it.
    what : tuple
        Of an arrival: emission, synapse; of a spike: emission; of a release: emission of the spike
        before; of others what `Cell.given` has.
    """

    kind: str
    cell: int
    time: float
    held: bool
    numbers: npt.NDArray[np.int64]
    times: Array
    states: Array
    after: Array
    what: tuple[Any, ...] = ()


@dataclass
class Tape:
    """A trial.

    Attributes
    ----------
    events : list of Event
        In an order in which each comes after all that it follows from.
    emissions : list of Emission
    ranges : dict of int to float
        By population: how far its signed threshold was from 0, at most.
    """

    events: list[Event] = field(default_factory=list)
    emissions: list[Emission] = field(default_factory=list)
    ranges: dict[int, float] = field(default_factory=dict)

    def spikes(self) -> dict[tuple[int, int], int]:
        """Emissions by neuron and number of the spike."""
        return {(e.cell, e.ordinal): k for k, e in enumerate(self.emissions)}
