"""References to what can be recorded: spikes and variables, of all neurons or of some."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

import numpy as np

from pygenn_lite.declaration.numeric import is_mask
from pygenn_lite.declaration.selection import (
    UNKNOWN,
    Neurons,
    Part,
    chosen_neurons,
    selected,
    selection_text,
)
from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.declaration.summary import counted
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.records import dataclass


@dataclass(frozen=True, repr=False)
class SpikesOf:
    """The spikes of (some neurons of) a population.

    An index, a slice, a list of indices or a mask chooses neurons, as of a NumPy array; they are
    recorded in ascending order, each once.
    """

    population: str
    size: int
    start: int = 0
    stop: int | None = None
    step: int = 1
    chosen: FrozenArray | None = None

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        return f"spikes of {self.population}, {_part(len(self.neurons), self.size)}"

    def __getitem__(self, key: Any) -> SpikesOf:
        return replace(self, **selected(self.neurons, key, f"{self.population}.spikes"))

    @property
    def neurons(self) -> Neurons:
        """The recorded neurons, ascending."""
        return chosen_neurons(self)


@dataclass(frozen=True, repr=False)
class VariableOf:
    """A variable of (some neurons of) a population; with `group`, one that the synapses of this
    group have on each target neuron.

    An index, a slice, a list of indices or a mask chooses neurons, as of a NumPy array; they are
    recorded in ascending order, each once.
    """

    population: str
    variable: str
    size: int
    start: int = 0
    stop: int | None = None
    step: int = 1
    group: str = ""
    chosen: FrozenArray | None = None

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        return f"{self.variable} of {self.owner}, {_part(len(self.neurons), self.size)}"

    @property
    def owner(self) -> str:
        """Under which name it is found in results: the group's, else the population's."""
        return self.group or self.population

    def __getitem__(self, key: Any) -> VariableOf:
        return replace(self, **selected(self.neurons, key, f"{self.owner}.{self.variable}"))

    @property
    def neurons(self) -> Neurons:
        """The recorded neurons, ascending."""
        return chosen_neurons(self)


@dataclass(frozen=True, repr=False)
class SynapsesOf:
    """A variable that each synapse of a group has: ``group["weight"]``, or of some synapses,
    ``group["weight"][:10]``. They are counted in the order of ``connections()``, from the first."""

    group: str
    variable: str
    part: Part = field(default_factory=lambda: Part(UNKNOWN))

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        return f"{self.variable} of synapses of {self.group}{selection_text(self.part)}"

    def __getitem__(self, key: Any) -> SynapsesOf:
        what = f"{self.group}.{self.variable}"
        ends = (key.start, key.stop) if isinstance(key, slice) else np.atleast_1d(key)
        backwards = any(end is not None and not isinstance(end, str) and end < 0 for end in ends)
        if backwards or is_mask(key):
            raise NetworkError(
                "synapses are chosen by their numbers, from 0 on",
                where=Location(what),
                hint="how many there are is known when the network is compiled: write [:10], "
                "[::100] or [[1, 5, 7]]",
            )
        chosen = replace(self.part, **selected(self.part.neurons, key, what))
        if not isinstance(key, slice) and len(chosen):
            # A slice ends where the synapses do; of a list each one must be there.
            chosen = Part(UNKNOWN, chosen=FrozenArray(chosen.indices))
        return replace(self, part=chosen)


@dataclass(frozen=True)
class Recording:
    """What is recorded, and how often (variables).

    Attributes
    ----------
    interval : float or None
        ms between samples, rounded to steps; None: every step.
    """

    what: SpikesOf | VariableOf | SynapsesOf
    interval: float | None = None

    def steps(self, dt: float) -> int:
        """Steps between samples.

        Raises
        ------
        NetworkError
            The interval is shorter than a step.
        """
        if self.interval is None:
            return 1
        steps = int(nearest_steps(self.interval, dt))
        if steps < 1:
            raise NetworkError(
                f"interval = {self.interval:g} ms is less than a step of {dt:g} ms",
                where=Location.of("record"),
                hint="leave it out to record every step",
            )
        return steps


Recorded = SpikesOf | VariableOf | SynapsesOf


def check_recorded(what: SpikesOf | VariableOf, size: int) -> None:
    """A population of this size has the neurons of a recording.

    Raises
    ------
    NetworkError
        It has come to be too small: part of the recording would be lost unseen.
    """
    part = what.chosen is not None or what.stop is not None
    if part and len(what.neurons) and int(what.neurons[-1]) >= size:
        last = int(what.neurons[-1])
        raise NetworkError(
            f"{what} are recorded, up to neuron {last}: {size} are left",
            where=Location.of("record"),
            hint=f"give the population {last + 1} neurons or more, or record other neurons",
        )


def resized(what: SpikesOf | VariableOf, size: int) -> SpikesOf | VariableOf:
    """The same neurons of a population of another size: all of them, or those that it has."""
    if what.chosen is None and what.stop is None:
        return replace(what, size=size)
    whole = replace(what, size=size, start=0, stop=None, step=1, chosen=None)
    if what.chosen is not None:
        return whole[what.chosen.array[what.chosen.array < size]]
    if what.start >= size:
        return whole[:0]
    return whole[what.start : what.stop : what.step]  # cut where the population ends


def _part(number: int, size: int) -> str:
    return f"{'all' if number == size else f'{number:,} of'} {counted(size, 'neuron')}"
