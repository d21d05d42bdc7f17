"""References to what can be recorded: spikes and variables, of all neurons or of some."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.numeric import is_mask, is_masked_array, plain_indices, whole_number
from pygenn_lite.declaration.summary import counted
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import NetworkError

Neurons = range | NDArray[np.int64]


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
        return replace(self, **_selection(self.neurons, key, f"{self.population}.spikes"))

    @property
    def neurons(self) -> Neurons:
        """The recorded neurons, ascending."""
        return _neurons(self)


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
        return replace(self, **_selection(self.neurons, key, f"{self.owner}.{self.variable}"))

    @property
    def neurons(self) -> Neurons:
        """The recorded neurons, ascending."""
        return _neurons(self)


@dataclass(frozen=True)
class Recording:
    """What is recorded, and every how many steps (variables)."""

    what: SpikesOf | VariableOf
    every: int = 1


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


def selection_text(what: SpikesOf | VariableOf) -> str:
    """The chosen neurons as one writes them behind the name; nothing for all."""
    if what.chosen is not None:
        return str(what.chosen.array.tolist())
    return "" if what.stop is None else f"[{what.start}:{what.stop}:{what.step}]"


def _neurons(what: SpikesOf | VariableOf) -> Neurons:
    if what.chosen is not None:
        return what.chosen.array
    return range(what.start, what.size if what.stop is None else what.stop, what.step)


def _part(number: int, size: int) -> str:
    return f"{'all' if number == size else f'{number:,} of'} {counted(size, 'neuron')}"


def _selection(neurons: Neurons, key: Any, what: str) -> dict[str, Any]:
    """The fields that say which of some neurons are chosen: a slice where one can say it."""
    number = whole_number(key)
    if number is not None:
        return _described(_taken(neurons, _in_range(np.array([number]), len(neurons), what)))
    if not isinstance(key, slice):
        return _described(np.unique(_taken(neurons, _listed(key, len(neurons), what))))
    start, stop, step = _forwards(key, len(neurons), what)
    if isinstance(neurons, range):
        found = neurons[start:stop:step]
        bounds = {"start": found.start, "stop": max(found.start, found.stop), "step": found.step}
        return {**bounds, "chosen": None}
    return _described(neurons[start:stop:step])


def _forwards(key: slice, size: int, what: str) -> tuple[int, int, int]:
    try:
        start, stop, step = key.indices(size)
    except (TypeError, ValueError):
        raise NetworkError(f"{key} is not a slice of neurons", where=what, hint="[:10]") from None
    if step <= 0:
        raise NetworkError("a slice must go forwards", where=what, hint="use a positive step")
    if key.start is not None and start >= size and (key.stop is None or key.stop > key.start):
        raise NetworkError(
            f"[{key.start}:{'' if key.stop is None else key.stop}] lies beyond the last neuron",
            where=what,
            hint=f"there are {size}, counted from 0",
        )
    return start, stop, step


def _listed(key: Any, size: int, what: str) -> NDArray[np.int64]:
    listed = hasattr(key, "__len__") and getattr(key, "ndim", 1) == 1
    if isinstance(key, (str, bytes)) or not listed:
        raise NetworkError(
            f"{key!r} is neither a slice nor a list of neurons",
            where=what,
            hint="write for instance [:10] or [[1, 5, 7]]",
        )
    if len(key) == size and is_mask(key) and not is_masked_array(key):
        return np.flatnonzero(key)
    if not len(key):
        return np.zeros(0, np.int64)
    return _in_range(plain_indices(key, "the list of neurons", what, NetworkError), size, what)


def _in_range(indices: NDArray[np.int64], size: int, what: str) -> NDArray[np.int64]:
    bad = indices[(indices < -size) | (indices >= size)]
    if bad.size:
        raise NetworkError(f"index {bad[0]} is out of range", where=what, hint=f"size is {size}")
    return indices % max(size, 1)


def _taken(neurons: Neurons, places: NDArray[np.int64]) -> NDArray[np.int64]:
    if isinstance(neurons, range):
        return neurons.start + places * neurons.step
    return neurons[places]


def _described(chosen: NDArray[np.int64]) -> dict[str, Any]:
    """Ascending neurons as fields: equal choices give equal fields, however they were written."""
    if not len(chosen):
        return {"start": 0, "stop": 0, "step": 1, "chosen": None}
    start, last = int(chosen[0]), int(chosen[-1])
    step = int(chosen[1]) - start if len(chosen) > 1 else 1
    if np.array_equal(chosen, np.arange(start, last + 1, step)):
        return {"start": start, "stop": last + 1, "step": step, "chosen": None}
    return {"start": 0, "stop": None, "step": 1, "chosen": FrozenArray(chosen.astype(np.int64))}
