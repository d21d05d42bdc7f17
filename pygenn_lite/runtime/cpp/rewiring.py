"""Groups whose synapses come and go: their places lie in a store as synapses do, where an empty one
adds 0. What is added or removed between steps is written there."""

from __future__ import annotations

import ctypes as c
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.runtime.cpp.stores import Store, StoredGroup
from pygenn_lite.runtime.values.group_description import Structure
from pygenn_lite.runtime.values.slots import EMPTY, PREFIX, Slots

Array = npt.NDArray[Any]


class RewiredGroup(StoredGroup):
    """A group with room for more synapses, in a store of its own, on one shard.

    Parameters
    ----------
    store : Store
    dt : float
    offset : int
        Where the target's variable begins in the arena.
    """

    def __init__(self, store: Store, dt: float, offset: int) -> None:
        super().__init__(store, 0, dt)
        view, self._offset = store.shard_view(0), offset
        kinds = c.c_uint32 if view.wide_target else c.c_uint16, store.dtype
        self._target = _array(view.target, np.dtype(kinds[0]), view.n_synapses)
        self._weight = _array(view.weight, kinds[1], view.n_synapses)
        if store.slots is None:  # the builder has its own order within a row
            store.slots = self.description.slots
            self._lay(self.slots.target, self.description.weight)

    @property
    def slots(self) -> Slots:
        """Its places as they are."""
        slots = self.store.slots
        assert slots is not None
        return Slots(slots.source, slots.target, self._weight.astype(np.float64))

    def write_slots(self, name: str, values: Array) -> None:
        """Other targets, or other weights, in the same places."""
        slots = self.slots
        which = name.removeprefix(PREFIX)
        self._lay(
            values if which == "target" else slots.target,
            values if which == "weight" else slots.weight,
        )

    def _lay(self, target: Array, weight: Array) -> None:
        targets = np.array(target, np.int64)
        self.store.slots = Slots(self.slots.source, targets, self.slots.weight)
        last = self.description.n_post - 1
        self._target[:] = self._offset + np.where(targets == EMPTY, last, targets)
        self._weight[:] = np.where(targets == EMPTY, 0.0, weight)

    @property
    def size(self) -> int:
        """Synapses that there are now."""
        return int(np.count_nonzero(self.slots.target != EMPTY))

    def read(self) -> tuple[Structure, npt.NDArray[np.uint16], npt.NDArray[np.float64]]:
        """Sources and targets, delays in steps, weights."""
        slots = self.slots
        taken = slots.taken
        delay = np.full(len(taken), delay_steps(float(self.description.delay), self.dt), np.uint16)
        pre, post = (a[taken].astype(np.uint32) for a in (slots.source, slots.target))
        return Structure(pre, post), delay, slots.weight[taken]

    def weights(self) -> npt.NDArray[np.float64]:
        """Weights in canonical order."""
        slots = self.slots
        return slots.weight[slots.taken]

    def set_weights(self, weights: npt.ArrayLike) -> None:
        """Set weights that have been checked: one value, or one per synapse in canonical order."""
        self._weight[self.slots.taken] = np.asarray(weights, np.float64)


def _array(address: int, dtype: np.dtype[Any], count: int) -> Array:
    """Memory of the builder as an array."""
    if not count:
        return np.zeros(0, dtype)
    memory: Any = (c.c_char * (count * dtype.itemsize)).from_address(address)
    array: Array = np.frombuffer(memory, dtype)
    return array
