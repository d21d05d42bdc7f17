"""Places for synapses that come and go: each source neuron has some, of which a synapse takes one.

An empty place has the target -1 and the weight 0. A group is three arrays over all places: source
(ascending, fixed), target and weight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import ConnectivityError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.values.connections import Connections

Array = npt.NDArray[Any]
EMPTY = -1
PREFIX = "slot_"  # of the names under which devices show the arrays


@dataclass(frozen=True)
class Slots:
    """The places of a group, and the synapses in them.

    Attributes
    ----------
    source, target : ndarray of int64
    weight : ndarray of float64
    """

    source: npt.NDArray[np.int64]
    target: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]

    @classmethod
    def of(cls, synapses: Connections, n_source: int, spare: int) -> Slots:
        """Places for these synapses (in canonical order), and so many more of each source."""
        empty = n_source * spare
        source = np.concatenate([synapses.pre, np.repeat(np.arange(n_source), spare)])
        target = np.concatenate([synapses.post, np.full(empty, EMPTY)])
        weight = np.concatenate([synapses.weight, np.zeros(empty)])
        order = np.argsort(source, kind="stable")
        return cls(source[order].astype(np.int64), target[order].astype(np.int64), weight[order])

    def part(self, name: str) -> Array:
        """One of the arrays by the name under which devices show it."""
        array: Array = getattr(self, name.removeprefix(PREFIX))
        return array

    @property
    def taken(self) -> npt.NDArray[np.int64]:
        """The places of all synapses, in canonical order: by source, then target."""
        places = np.flatnonzero(self.target != EMPTY)
        return places[np.lexsort((self.target[places], self.source[places]))]

    def with_synapses(self, pre: Array, post: Array, weight: Array, group: str) -> Slots:
        """With more synapses, each in the first empty place of its source.

        Raises
        ------
        ConnectivityError
            A source has no place left.
        """
        target, weights = self.target.copy(), self.weight.copy()
        for source, neuron, value in zip(pre.tolist(), post.tolist(), weight, strict=True):
            row = self._row(source)
            empty = np.flatnonzero(target[row] == EMPTY)
            if not empty.size:
                raise ConnectivityError(
                    f"neuron {source} has no room for another synapse: all "
                    f"{row.stop - row.start} places are taken",
                    where=Location.of("synapse group", group),
                    hint="remove some of its synapses first, or connect with a larger spare=",
                )
            k = row.start + int(empty[0])
            target[k], weights[k] = neuron, value
        return Slots(self.source, target, weights)

    def without_synapses(self, pre: Array, post: Array, group: str) -> Slots:
        """Without these synapses; of several of a pair, without the first that is left.

        Raises
        ------
        ConnectivityError
            There is no such synapse.
        """
        target, weights = self.target.copy(), self.weight.copy()
        for source, neuron in zip(pre.tolist(), post.tolist(), strict=True):
            row = self._row(source)
            found = np.flatnonzero(target[row] == neuron)
            if not found.size:
                raise ConnectivityError(
                    f"there is no synapse from neuron {source} to neuron {neuron}",
                    where=Location.of("synapse group", group),
                    hint="connections() has those that there are",
                )
            k = row.start + int(found[0])
            target[k], weights[k] = EMPTY, 0.0
        return Slots(self.source, target, weights)

    def _row(self, source: int) -> slice:
        """The places of a source."""
        begin, end = np.searchsorted(self.source, [source, source + 1])
        return slice(int(begin), int(end))
