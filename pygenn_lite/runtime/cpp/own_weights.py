"""Weights that one instance has for itself where the instances of a device share their synapses."""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.cpp.arrays import aligned_zeros
from pygenn_lite.runtime.cpp.stores import Store, StoredGroup
from pygenn_lite.runtime.values.weights import check_own_weights

EngineCall = Callable[..., int]  # a function of the engine by its name, and its arguments


class OwnWeights:
    """Weights for the synapses of a static store, at first those of a store with the same synapses.

    Parameters
    ----------
    store : Store
    like : Store
        Whose weights they are at first.

    Raises
    ------
    UnsupportedFeatureError
        The store does not keep the weights as numbers.
    """

    def __init__(self, store: Store, like: Store) -> None:
        check_own_weights(store.plan)
        self.store = store
        self.common = np.array([_common_weight(like)])
        self.pieces: list[npt.NDArray[Any]] = []
        if store.has_weights:
            self.pieces = [weights_of_shard(like, s) for s in range(store.shards)]

    @property
    def nbytes(self) -> int:
        """Bytes."""
        return sum(piece.nbytes for piece in self.pieces)

    def read(self, stored: StoredGroup) -> npt.NDArray[np.float64]:
        """Weights of a group in canonical order."""
        if not self.pieces:
            return np.full(stored.size, self.common[0])
        shards, positions = stored.positions()
        weights = np.empty(stored.size, np.float64)
        for s, piece in enumerate(self.pieces):
            weights[shards == s] = piece[positions[shards == s]]
        return weights

    def write(self, stored: StoredGroup, weights: npt.ArrayLike) -> None:
        """Set weights that have been checked: one value, or one per synapse in canonical order."""
        values = np.asarray(weights, np.float64)
        if not self.pieces:
            if values.size:
                self.common[0] = values.flat[0]
            return
        shards, positions = stored.positions()
        whole = np.broadcast_to(values, (stored.size,))
        for s, piece in enumerate(self.pieces):
            piece[positions[shards == s]] = whole[shards == s]

    def hand_over(self, call: EngineCall, delivery: int) -> None:
        """Have an engine deliver them."""
        pieces = (c.c_void_p * len(self.pieces))(*(p.ctypes.data for p in self.pieces))
        common = None if self.pieces else self.common.ctypes.data_as(c.POINTER(c.c_double))
        call("static_weights_set", delivery, pieces if self.pieces else None, common)


def weights_of_shard(store: Store, shard: int) -> npt.NDArray[Any]:
    """A copy of a store's weights in one shard, by position."""
    view = store.shard_view(shard)
    weights = aligned_zeros(view.n_synapses, store.dtype)
    if view.n_synapses and view.weight:
        kind = c.c_float if store.dtype.itemsize == 4 else c.c_double
        pointer = c.cast(view.weight, c.POINTER(kind))
        weights[:] = np.ctypeslib.as_array(pointer, (view.n_synapses,))
    return weights


def _common_weight(store: Store) -> float:
    """The weight of a store that keeps one for all synapses."""
    for k in range(len(store.members)):
        if not store.has_weights and len(weights := StoredGroup(store, k, 1.0).weights()):
            return float(weights[0])
    return 0.0
