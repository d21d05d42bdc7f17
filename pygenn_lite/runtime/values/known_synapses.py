"""Values of synapses that are known one by one: the same numbers on every backend."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity import Ends
from pygenn_lite.declaration.values import FrozenArray, Value
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.values.philox import GroupRandom
from pygenn_lite.runtime.values.value_arrays import synapse_values

IntArray = npt.NDArray[np.integer]


@dataclass(frozen=True)
class KnownSynapses:
    """The synapses of a group, and what its values are computed from.

    Attributes
    ----------
    pre, post : ndarray of int
        Source and target of each.
    given : ndarray of int, optional
        Its place in the arrays that the user gave.
    ends : Ends
    random : GroupRandom
        The group's.
    """

    pre: IntArray
    post: IntArray
    given: IntArray | None
    ends: Ends
    random: GroupRandom

    def values(self, value: Value, purpose: int, what: str) -> npt.NDArray[np.float64]:
        """One number for each, in their order.

        Parameters
        ----------
        value : Value
        purpose : int
            Which random numbers of the group are drawn.
        what : str
            "weight", "delay", or a variable, for messages.
        """
        if isinstance(value, FrozenArray) and value.array.ndim == 1 and self.given is not None:
            value = FrozenArray(value.array[self.given])
        return synapse_values(
            value,
            self.pre,
            self.post,
            random=(self.random, purpose),
            ends=self.ends,
            where=self.ends.where.entry(what),
        )
