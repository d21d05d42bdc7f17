"""Synapses that are added and removed between steps, as users ask for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.numeric import plain_indices
from pygenn_lite.errors import ConnectivityError, Location, UnsupportedFeatureError
from pygenn_lite.runtime.device import Instance
from pygenn_lite.runtime.layout import GroupLayout
from pygenn_lite.runtime.values.slots import Slots
from pygenn_lite.runtime.values.weights import check_settable

Array = npt.NDArray[Any]


class Rewiring:
    """The places of one group's synapses, in one instance.

    Parameters
    ----------
    instance : Instance
    layout : GroupLayout
    shape : tuple of int
        Neurons of the source and of the target.
    recorded : bool
        Whether single synapses are recorded.

    Raises
    ------
    UnsupportedFeatureError
        The group has no room for other synapses, or cannot change while it is recorded.
    """

    def __init__(
        self, instance: Instance, layout: GroupLayout, shape: tuple[int, int], recorded: bool
    ) -> None:
        self._instance, self._layout, self._shape = instance, layout, shape
        self._name, self._where = layout.name, Location.of("synapse group", layout.name)
        if not layout.slots:
            raise UnsupportedFeatureError(
                "the group was connected without room for other synapses",
                where=self._where,
                hint="connect it with spare=, the number of synapses that each source neuron may "
                "get in addition",
            )
        if recorded:
            raise UnsupportedFeatureError(
                "the group's synapses are recorded one by one: they cannot come and go",
                where=self._where,
                hint="leave out the recording of its weights, and read them between runs",
            )

    def add(self, pre: npt.ArrayLike, post: npt.ArrayLike, weights: Array) -> None:
        """Add synapses, with one weight or one each."""
        sources, targets = self._pairs(pre, post)
        check_settable(self._name, weights, len(sources), self._layout.weight.dtype, True)
        each = np.broadcast_to(weights, sources.shape)
        self._put(self._slots.with_synapses(sources, targets, each, self._name))

    def remove(self, pre: npt.ArrayLike, post: npt.ArrayLike) -> None:
        """Remove synapses."""
        self._put(self._slots.without_synapses(*self._pairs(pre, post), self._name))

    @property
    def _slots(self) -> Slots:
        return Slots(*(self._instance.read(v) for v in self._layout.slots.values()))

    def _put(self, slots: Slots) -> None:
        for name in ("slot_target", "slot_weight"):
            self._instance.write(self._layout.slots[name], slots.part(name))

    def _pairs(self, pre: npt.ArrayLike, post: npt.ArrayLike) -> tuple[Array, Array]:
        """Sources and targets, one each for every synapse."""
        ends = (("pre", pre, self._shape[0]), ("post", post, self._shape[1]))
        sources, targets = (self._neurons(*end) for end in ends)
        if len(sources) != len(targets):
            raise ConnectivityError(
                f"{len(sources)} sources, {len(targets)} targets",
                where=self._where,
                hint="give a source and a target for each synapse",
            )
        return sources, targets

    def _neurons(self, what: str, given: npt.ArrayLike, size: int) -> Array:
        indices = plain_indices(
            np.atleast_1d(np.asarray(given)), what, self._where, ConnectivityError
        )
        bad = indices[(indices < 0) | (indices >= size)]
        if bad.size:
            raise ConnectivityError(
                f"{what} = {bad[0]}, of {size} neurons",
                where=self._where,
                hint=f"count them from 0 to {size - 1}",
            )
        return indices
