"""Some neurons of a population, chosen as from a NumPy array: by index, slice, list or mask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.numeric import is_mask, is_masked_array, plain_indices, whole_number
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.records import dataclass

Neurons = range | NDArray[np.int64]
UNKNOWN = 1 << 62  # the size of what is only counted when a network is compiled


class Selection(Protocol):
    """Fields that say which neurons are meant: a slice, or, where none can say it, a list."""

    @property
    def size(self) -> int:
        """Neurons of the whole population."""
        ...

    @property
    def start(self) -> int: ...

    @property
    def stop(self) -> int | None: ...

    @property
    def step(self) -> int: ...

    @property
    def chosen(self) -> FrozenArray | None: ...


@dataclass(frozen=True)
class Part:
    """Some neurons of a population of `size`, ascending, each once."""

    size: int
    start: int = 0
    stop: int | None = None
    step: int = 1
    chosen: FrozenArray | None = None

    def __repr__(self) -> str:
        return selection_text(self) or "[:]"

    def __len__(self) -> int:
        return len(self.neurons)

    def __getitem__(self, key: Any) -> Part:
        return replace(self, **selected(self.neurons, key, "population"))

    @property
    def neurons(self) -> Neurons:
        """Their numbers in the whole population."""
        return chosen_neurons(self)

    @property
    def indices(self) -> NDArray[np.int64]:
        """The same as an array."""
        return np.asarray(self.neurons, dtype=np.int64)

    def places(self, neurons: NDArray[np.integer]) -> NDArray[np.int64]:
        """Of neurons of the part, given by their numbers in the whole population: their numbers in
        the part."""
        if self.chosen is None:
            return (np.asarray(neurons, np.int64) - self.start) // self.step
        return np.searchsorted(self.chosen.array, neurons).astype(np.int64)


def part_in(part: Part | None, size: int) -> Part | None:
    """The same neurons in a population that has come to be of another size; None: all of it."""
    if part is None or part.size == size:
        return part
    same = replace(part, size=size)
    return None if len(same) == size == same.indices[-1] + 1 else same


def selection_text(what: Selection) -> str:
    """The chosen neurons as one writes them behind the name; nothing for all."""
    if what.chosen is not None:
        return str(what.chosen.array.tolist())
    if what.stop is None:
        return ""
    return f"[{what.start}:{'' if what.stop >= UNKNOWN else what.stop}:{what.step}]"


def chosen_neurons(what: Selection) -> Neurons:
    """The numbers of the neurons, ascending."""
    if what.chosen is not None:
        return what.chosen.array
    return range(what.start, what.size if what.stop is None else what.stop, what.step)


def selected(neurons: Neurons, key: Any, what: str) -> dict[str, Any]:
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
        raise NetworkError(
            f"{key} is not a slice of neurons", where=Location(what), hint="[:10]"
        ) from None
    if step <= 0:
        raise NetworkError(
            "a slice must go forwards", where=Location(what), hint="use a positive step"
        )
    if key.start is not None and start >= size and (key.stop is None or key.stop > key.start):
        raise NetworkError(
            f"[{key.start}:{'' if key.stop is None else key.stop}] lies beyond the last neuron",
            where=Location(what),
            hint=f"there are {size}, counted from 0",
        )
    return start, stop, step


def _listed(key: Any, size: int, what: str) -> NDArray[np.int64]:
    listed = hasattr(key, "__len__") and getattr(key, "ndim", 1) == 1
    if isinstance(key, (str, bytes)) or not listed:
        raise NetworkError(
            f"{key!r} is neither a slice nor a list of neurons",
            where=Location(what),
            hint="write for instance [:10] or [[1, 5, 7]]",
        )
    if len(key) == size and is_mask(key) and not is_masked_array(key):
        return np.flatnonzero(key)
    if not len(key):
        return np.zeros(0, np.int64)
    return _in_range(
        plain_indices(key, "the list of neurons", Location(what), NetworkError), size, what
    )


def _in_range(indices: NDArray[np.int64], size: int, what: str) -> NDArray[np.int64]:
    bad = indices[(indices < -size) | (indices >= size)]
    if bad.size:
        raise NetworkError(
            f"index {bad[0]} is out of range", where=Location(what), hint=f"size is {size}"
        )
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
