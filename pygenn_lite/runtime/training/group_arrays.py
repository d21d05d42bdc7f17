"""Memory of a synapse group that all trials have in common: weights, delays, where synapses lead,
sums of gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import MemoryRow
from pygenn_lite.codegen.trial.trial_signature import GroupSignature
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.arrays import aligned_copy
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.network_data import GroupData
from pygenn_lite.runtime.training.padded_rows import Rows
from pygenn_lite.runtime.values.philox import stream_of

Array = npt.NDArray[Any]
LEAST_ROOM = 64  # steps that trained delays may reach at least


@dataclass(frozen=True)
class GroupUse:
    """How a training program uses a group.

    Attributes
    ----------
    numbers : mapping of str to int
        Of populations.
    dt : float
        ms.
    back : bool
        Whether gradients go through its weights to what its source computes.
    longest_delay : int
        Steps that its delays may reach while they are trained.
    """

    numbers: dict[str, int]
    dt: float
    back: bool
    longest_delay: int = 0


class GroupArrays:
    """A synapse group.

    Parameters
    ----------
    data : GroupData
    signature : GroupSignature
    dtype : dtype
        Of reals.
    use : GroupUse

    Attributes
    ----------
    weight, gradient : Rows
        A row for each source where every pair has a synapse; for each map of a convolution's
        target; else one.
    delay, delay_gradient : Rows or None
        ms, laid out alike; of groups whose delays are trained.
    steps : ndarray of uint32 or None
        Delays of synapses where these differ, laid out alike.
    weight_of : ndarray of uint32 or None
        Of synapses that share weights, the weight of each.
    """

    def __init__(
        self, data: GroupData, signature: GroupSignature, dtype: np.dtype[Any], use: GroupUse
    ) -> None:
        self.data, self.signature, self.use = data, signature, use
        self.name, self.lead = data.name, signature.lead
        self.weight = self._rows(data.weights, dtype)
        self.gradient = self._like(dtype, signature.weight)
        self.used = self.weight  # another array where weights are quantised
        self.back_weight: Rows | None = self.weight if use.back else None
        self.delay: Rows | None = None
        self.delay_gradient: Rows | None = None
        self.steps: Array | None = None
        self.weight_of = None if data.entries is None else aligned_copy(data.entries, np.uint32)
        self.longest = int(data.synapses.steps.max(initial=1))
        if signature.delay or data.one_delay is None:
            self._take_delays(dtype)
        if not data.dense:
            self.row_begin = aligned_copy(data.row_begin, np.uint32)
            self.target_of = aligned_copy(data.synapses.post, np.uint32)

    def _rows(self, values: Array, dtype: np.dtype[Any]) -> Rows:
        """Numbers in the layout of the group: 0 in what lies between rows."""
        if self.data.dense:
            made = Rows(*self.data.sizes, dtype)
        else:
            flat = values.reshape(len(values), -1) if values.ndim > 1 else values.reshape(1, -1)
            made = Rows(*flat.shape, dtype, flat.shape[1])
        made.values[...] = values.reshape(made.values.shape)
        return made

    def _like(self, dtype: np.dtype[Any], wanted: bool) -> Rows | None:
        if not wanted:
            return None
        count, size = self.weight.values.shape
        return Rows(count, size, dtype, self.weight.stride)

    def _take_delays(self, dtype: np.dtype[Any]) -> None:
        data, dt = self.data, self.use.dt
        steps = data.synapses.steps - self.lead
        if data.dense:
            rows = Rows(*data.sizes, np.dtype(np.uint32), self.weight.stride)
            rows.values[...] = steps.reshape(data.sizes)
            self.steps = rows.whole.ravel()
        else:
            self.steps = aligned_copy(steps, np.uint32)
        if not self.signature.delay:
            return
        if self.weight_of is not None:
            raise ArgumentError(
                "delays of a convolution are not trained: each synapse has its own, but weights "
                "are shared",
                where=Location.of("synapse group", self.name).entry("delay"),
                hint="connect it with pg.Convolution(..., shared=False)",
            )
        self.longest = max(self.longest, self.use.longest_delay or LEAST_ROOM)
        self.delay = self._rows(data.delays, dtype)
        self.delay_gradient = self._like(dtype, True)
        if data.dense:  # behind the rows: delays that can be counted
            self.delay.whole[:, self.delay.size :] = dt

    # ------------------------------------------------------------------ for kernels

    @property
    def layout(self) -> int:
        """How weights lie."""
        if self.weight_of is not None:
            return records.SHARED
        return records.DENSE if self.data.dense else records.SPARSE

    @property
    def ring(self) -> int:
        """Steps that arrivals wait at most: 0 where all have one delay."""
        return 0 if self.steps is None else 1 << int(self.longest).bit_length()

    def record(self) -> records.Group:
        """What kernels are given, but for the places in slots."""
        wanted = records.WEIGHTS * (self.gradient is not None)
        wanted |= records.DELAYS * (self.delay is not None)
        one = self.data.one_delay
        made = records.Group(
            source=self.use.numbers[self.data.source],
            target=self.use.numbers[self.data.target],
            into=self.signature.into,
            layout=self.layout,
            wanted=wanted,
            delay=0 if one is None else one - self.lead,
            stride=self.weight.stride,
            n_weights=self.weight.whole.size,
            ring=self.ring,
            longest=max(self.longest - self.lead, 0) if self.ring else 0,
            stream=stream_of(f"group:{self.name}"),
            n_synapses=len(self.data.synapses),
            weight=self.used.address,
            back_weight=_address(self.back_weight),
            delays=None if self.steps is None else self.steps.ctypes.data,
            gradient=_address(self.gradient),
            delay_gradient=_address(self.delay_gradient),
        )
        if not self.data.dense:
            made.row_begin = self.row_begin.ctypes.data
            made.target_of = self.target_of.ctypes.data
        if self.weight_of is not None:
            made.weight_of = self.weight_of.ctypes.data
        return made

    def delays_record(self) -> records.Delays | None:
        """What makes steps of trained delays."""
        if self.delay is None or self.steps is None:
            return None
        return records.Delays(
            value=self.delay.address,
            steps=self.steps.ctypes.data,
            n=self.delay.whole.size,
            lead=self.lead,
            longest=self.longest - self.lead,
        )

    def matrices(self) -> Iterator[tuple[int, Array]]:
        """Its weights as matrices [sources, targets], one for each delay that there is, with the
        steps from a spike to its arrival."""
        synapses = self.data.synapses
        steps = synapses.steps - self.lead if self.steps is None else self._steps_now()
        weights = self._weights_now()
        for delay in np.unique(steps):
            own = steps == delay
            matrix = np.zeros(self.data.sizes, weights.dtype)
            np.add.at(matrix, (synapses.pre[own], synapses.post[own]), weights[own])
            yield int(delay), matrix

    def _weights_now(self) -> Array:
        flat = self.weight.values.ravel()
        return flat if self.data.entries is None else flat[self.data.entries]

    def _steps_now(self) -> Array:
        assert self.steps is not None
        if not self.data.dense:
            return self.steps
        return self.steps.reshape(self.weight.whole.shape)[:, : self.weight.size].ravel()

    @property
    def bounds_of_delays(self) -> tuple[float, float]:
        """Between which trained delays stay, ms."""
        low, high = times_of([1, self.longest], self.use.dt)
        return float(low), float(high)

    def memory_rows(self) -> list[MemoryRow]:
        """What takes how many bytes."""
        rows = {"weights": self.weight, "gradients of weights": self.gradient}
        rows |= {"delays": self.delay, "gradients of delays": self.delay_gradient}
        made = [MemoryRow(self.name, what, r.whole.size, r.nbytes) for what, r in rows.items() if r]
        arrays = [self.steps, self.weight_of]
        arrays += [] if self.data.dense else [self.row_begin, self.target_of]
        known = [a for a in arrays if a is not None]
        if known:
            count, size = sum(a.size for a in known), sum(a.nbytes for a in known)
            made.append(MemoryRow(self.name, "where synapses lead", count, size))
        return made


def _address(rows: Rows | None) -> int | None:
    return None if rows is None else rows.address
