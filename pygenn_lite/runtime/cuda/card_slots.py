"""Groups whose synapses come and go, on a card: their places lie there as synapses do, where an
empty one adds 0. What is added or removed between steps is written there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.cuda.card_synapses import Array, Built, CardSynapses, Triple
from pygenn_lite.runtime.values.slots import EMPTY, PREFIX, Slots


class CardSlots(CardSynapses):
    """A group with room for more synapses; all have one delay, so that places lie in their order.

    Parameters
    ----------
    built : Built
        Of all places.
    """

    def __init__(self, built: Built) -> None:
        super().__init__(built)
        slots = self.description.slots
        assert slots is not None
        self._slots = slots
        self._lay(slots.target, self.description.weight)

    @property
    def slots(self) -> Slots:
        """Its places as they are."""
        weights = self._by_position()[: len(self._slots.target)]
        return Slots(self._slots.source, self._slots.target, weights)

    def write_slots(self, name: str, values: Array) -> None:
        """Other targets, or other weights, in the same places."""
        slots, which = self.slots, name.removeprefix(PREFIX)
        self._lay(
            values if which == "target" else slots.target,
            values if which == "weight" else slots.weight,
        )

    def _lay(self, target: Array, weight: Array) -> None:
        targets = np.array(target, np.int64)
        self._slots = Slots(self._slots.source, targets, self._slots.weight)
        if not len(targets):
            return
        empty, arrays = targets == EMPTY, self.built.arrays
        there = np.where(empty, self.n_target - 1, targets).astype(np.uint32)
        self.driver.upload(arrays["targets"].address, there)
        weights = np.where(empty, 0.0, weight).astype(self.dtype)
        self.driver.upload(arrays["weights"].address, weights)

    @property
    def size(self) -> int:
        """Synapses that there are now."""
        return int(np.count_nonzero(self._slots.target != EMPTY))

    @property
    def places(self) -> int:
        """All places."""
        return len(self._slots.target)

    def read(self) -> Triple:
        """Sources, targets and delays in steps, in canonical order."""
        taken = self.positions()
        pre, post = (a[taken].astype(np.uint32) for a in (self._slots.source, self._slots.target))
        return pre, post, np.full(len(taken), self.built.record["least_delay"], np.uint16)

    def positions(self) -> npt.NDArray[np.int64]:
        """The place of every synapse, in canonical order."""
        return self._slots.taken

    def with_own_weights(self) -> CardSlots:
        """The same synapses with weights of their own: places of their own, too."""
        other = super().with_own_weights()
        assert isinstance(other, CardSlots)
        other.own("targets")
        return other
