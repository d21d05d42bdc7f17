"""General synapse groups: per-synapse variables, and the arguments that their kernels get."""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import GroupBinding
from pygenn_lite.codegen.program.signature import SynapseSignature
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.declaration.values import Value
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.arrays import COMMON, ArraysOfOne, aligned_zeros
from pygenn_lite.runtime.cpp.population_memory import PopulationMemory
from pygenn_lite.runtime.cpp.stores import StoredGroup
from pygenn_lite.runtime.values.group_description import Structure, known_synapses
from pygenn_lite.runtime.values.philox import PURPOSE_VARIABLES

LAST_UPDATE = "last_update"
LINE = 64  # bytes: arrays in scratch memory begin at multiples of it


@dataclass(frozen=True)
class GroupKernels:
    """The kernels of a group, and what they are called with.

    Attributes
    ----------
    binding : GroupBinding
    signature : SynapseSignature
    settle : function of the kernels or None
        Brings event-driven variables up to date.
    """

    binding: GroupBinding
    signature: SynapseSignature
    settle: Any


@dataclass(frozen=True)
class OwnArrays:
    """What an instance has of its own beside the store.

    Attributes
    ----------
    memory : ArraysOfOne, optional
        Where the arrays of instances lie that have one store in common: weights are kept here then.
    initial_weights : list of ndarray, optional
        By shard; others than those of the store.
    is_new : bool
        Whether nothing has been put there yet.
    """

    memory: ArraysOfOne | None = None
    initial_weights: list[npt.NDArray[Any]] | None = None
    is_new: bool = True


class SynapseMemory:
    """All that one general group keeps besides its store.

    Parameters
    ----------
    stored : StoredGroup
    kernels : GroupKernels
    ends : (PopulationMemory, PopulationMemory)
        Source and target.
    seed : int
        For variables that are drawn.
    now : callable
        The present step.
    own : OwnArrays
    """

    def __init__(
        self,
        stored: StoredGroup,
        kernels: GroupKernels,
        ends: tuple[PopulationMemory, PopulationMemory],
        seed: int,
        now: Callable[[], int],
        own: OwnArrays,
    ) -> None:
        memory, initial_weights = own.memory, own.initial_weights
        self.stored, self.now, self.settle = stored, now, kernels.settle
        self.binding, self.signature = kernels.binding, kernels.signature
        self.name = stored.name
        self.source, self.target = ends
        self.partition, self.dt, self.seed = self.target.partition, self.target.dt, seed
        self.dtype = self.target.dtype
        shards = range(self.partition.shards)
        self.views = [stored.store.shard_view(s) for s in shards]
        self.dtypes = {
            v.symbol: self.dtype if v.dtype == "real" else np.dtype(v.dtype)
            for v in self.signature.variables
        }
        self._own_weights = memory is not None

        def zeros(count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
            if memory is None:
                return aligned_zeros(count, dtype)
            return memory.zeros(COMMON, max(count, 1), dtype)

        self.variables: dict[str, list[npt.NDArray[Any]]] = {
            name: [zeros(v.n_synapses, dtype) for v in self.views]
            for name, dtype in self.dtypes.items()
            if name != "weight"
        }
        weights = [self._weights_of(v) for v in self.views]
        self.variables["weight"] = (
            [zeros(len(w), w.dtype)[: len(w)] for w in weights] if self._own_weights else weights
        )
        self.scalars = zeros(len(self.signature.scalar_names), np.float64)
        self._initial_weights = initial_weights
        self.parent: SynapseMemory | None = None  # whose weights it has, transposed
        self.sets = 0  # bits of the sums that its transmission begins
        self.kept: list[Any] = []  # memory that the engine's arguments point to
        differ = not isinstance(stored.description.weight, float)
        if initial_weights is None and (differ or stored.description.weight_later):
            self._initial_weights = weights if self._own_weights else [w.copy() for w in weights]
        if own.is_new:
            for k, name in enumerate(self.signature.scalar_names):
                self.scalars[k] = float(self.binding.values[name])  # type: ignore[arg-type]
            if self._own_weights:
                first = initial_weights or weights
                for kept, initial in zip(self.variables["weight"], first, strict=True):
                    kept[:] = initial[: len(kept)]
            self.initialise(first=True)

    # ------------------------------------------------------------------ values

    def initialise(self, first: bool = False) -> None:
        """Weights and variables as declared."""
        if not first:
            for s, weights in enumerate(self.variables["weight"]):
                if self._initial_weights is not None:
                    weights[:] = self._initial_weights[s][: len(weights)]
                else:
                    weights[:] = self.stored.description.weight
        for k, (name, value) in enumerate(self._declared_variables()):
            if isinstance(value, (int, float)):
                for part in self.variables[name]:
                    part[:] = value
            else:
                self.write_raw(name, self._drawn(value, name, PURPOSE_VARIABLES + k))
        for part in self.variables.get(LAST_UPDATE, ()):
            part[:] = 0

    def names(self) -> list[str]:
        """Variables that a user can get and set."""
        return [n for n in self.dtypes if n != LAST_UPDATE]

    def read(self, name: str) -> npt.NDArray[Any]:
        """One value per synapse, in canonical order; event-driven ones as of now."""
        if self.settle is None or name == LAST_UPDATE:
            return self.read_raw(name, self.variables)
        # On copies: reading must not change how later steps round.
        copies = {n: [p.copy() for p in parts] for n, parts in self.variables.items()}
        self._settle(copies)
        return self.read_raw(name, copies)

    def weights(self) -> npt.NDArray[np.float64]:
        """Weights in canonical order, as of now."""
        if "weight" not in self.names():
            return self.stored.weights()
        return self.read("weight").astype(np.float64)

    def read_raw(
        self, name: str, variables: Mapping[str, list[npt.NDArray[Any]]] | None = None
    ) -> npt.NDArray[Any]:
        """The same, as the last event at each synapse left it."""
        if self.parent is not None:
            matrix = self.parent.read_raw("weight").reshape(self.target.size, self.source.size)
            return np.asarray(matrix.T.ravel() * np.asarray(self.binding.factor, self.dtype))
        pieces, positions = self.positions()
        result = np.empty(self.stored.size, dtype=self.dtypes[name])
        for s, part in enumerate((variables or self.variables)[name]):
            here = pieces == s
            result[here] = part[positions[here]]
        return result

    def write_raw(self, name: str, values: npt.ArrayLike) -> None:
        """Set one value (checked), or one per synapse in canonical order, leaving event-driven
        variables as the last events left them."""
        given = np.asarray(values, dtype=self.dtypes[name])
        if not given.ndim:
            for part in self.variables[name]:
                part[:] = given
            return
        pieces, positions = self.positions()
        for s, part in enumerate(self.variables[name]):
            here = pieces == s
            part[positions[here]] = given[here]

    def settle_now(self) -> None:
        """Bring event-driven variables up to date: what is set next must not act on the past."""
        if self.settle is not None:
            self._settle(self.variables)

    def _settle(self, variables: Mapping[str, list[npt.NDArray[Any]]]) -> None:
        """Bring event-driven variables up to date."""
        assert self.settle is not None
        args, _kept = self.arguments()
        for s in range(self.partition.shards):
            pointers = _pointers([variables[n][s].ctypes.data for n in self.dtypes])
            args[s].synapse = c.addressof(pointers)
            self.settle(c.byref(args[s]), self.now())

    def positions(self) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        """Shard and place in it of every synapse, in canonical order."""
        return self.stored.positions()

    @property
    def nbytes(self) -> int:
        """Bytes besides the store's."""
        parts = [p for n, parts in self.variables.items() if n != "weight" for p in parts]
        parts += self.variables["weight"] if self._own_weights else self._initial_weights or []
        return sum(part.nbytes for part in parts)

    def _declared_variables(self) -> list[tuple[str, Value]]:
        return [(n, v) for n, v in self.binding.initial.items() if n != "weight"]

    def _drawn(self, value: Value, name: str, purpose: int) -> npt.NDArray[np.float64]:
        """Initial values that differ between synapses, in canonical order."""
        description = self.stored.description
        structure = description.structure or self.stored.read()[0]
        pre, post = structure.pre.astype(np.int64), structure.post.astype(np.int64)
        ends = self.source.declared, self.target.declared
        known = Structure(pre, post, structure.given)
        synapses = known_synapses(description.group, known, *ends, self.seed)
        values = synapses.values(value, purpose, name)
        if description.structure is None:
            return values
        # As declared so far; canonical order is by pre, post, and delay.
        steps = np.zeros(len(values), np.int64)
        if isinstance(description.delay, np.ndarray):
            steps = delay_steps(description.delay, self.dt)
        order = np.lexsort((steps, structure.post, structure.pre))
        return np.asarray(values[order])

    def _weights_of(self, view: abi.StoreView) -> npt.NDArray[Any]:
        if not view.n_synapses or not view.weight:
            return np.zeros(0, self.dtype)
        kind = c.c_float if self.dtype.itemsize == 4 else c.c_double
        pointer = c.cast(view.weight, c.POINTER(kind))
        return np.ctypeslib.as_array(pointer, (view.n_synapses,))

    # ------------------------------------------------------------------ arguments

    def arguments(self) -> tuple[Any, list[Any]]:
        """pgl_synapse_args of all shards, and the memory that they point to."""
        args = (abi.SynapseArgs * self.partition.shards)()
        kept: list[Any] = [args]
        rings = [self.source.exposed[self.binding.pre[n]] for n in self.signature.pre]
        delay = self.stored.description.delay
        for s, view in enumerate(self.views):
            synapse = _pointers(
                [
                    view.weight
                    if n == "weight" and not self._own_weights
                    else self.variables[n][s].ctypes.data
                    for n in self.dtypes
                ]
            )
            post = _pointers(
                [self.target.arrays[self.binding.post[n]].address(s) for n in self.signature.post]
            )
            pre = (abi.Ring * max(len(rings), 1))(
                *(
                    abi.Ring(
                        base=r.ring.ctypes.data,
                        stride=r.stride,
                        mask=r.mask,
                        repeats=self.source.repeats_argument(),
                        repeated=r.repeated.ctypes.data,
                    )
                    for r in rings
                )
            )
            columns = self.partition.count(self.target.name, s)
            aside, mask = self._scratch(columns), self._present(s)
            kept += [synapse, post, pre, aside, mask]
            args[s] = abi.SynapseArgs(
                synapse=c.addressof(synapse),
                post=c.addressof(post),
                pre=c.addressof(pre),
                scalars=self.scalars.ctypes.data,
                target=view.target,
                delay=view.delay,
                source=view.source,
                post_begin=view.post_begin,
                post_position=view.post_position,
                post_source=view.post_source,
                common_delay=int(delay_steps(delay, self.dt)) if isinstance(delay, float) else 0,
                first=int(self.partition.begin[self.target.name][s]),
                n_synapses=view.n_synapses,
                wide_target=view.wide_target,
                dt=self.dt,
                row_begin=view.row_begin,
                present=None if mask is None else mask.ctypes.data,
                scratch=aside.ctypes.data,
                n_source=self.source.size,
                columns=columns,
                sets=self.sets,
                **self._matrix(kept),
            )
        return args, kept

    # ------------------------------------------------------------- continuous transmission

    def _scratch(self, columns: int) -> npt.NDArray[Any]:
        """Memory to keep values by source and by target neuron aside, on one shard."""
        each = LINE // self.dtype.itemsize
        padded = [-(-n // each) * each for n in (self.source.size, columns)]
        scratch = self.signature.source_scratch, self.signature.target_scratch
        return aligned_zeros(scratch[0] * padded[0] + scratch[1] * padded[1], self.dtype)

    def _present(self, piece: int) -> npt.NDArray[np.uint8] | None:
        """Which entries of a shard's matrix are synapses; None: all, or no matrix."""
        everything = self.source.size * self.target.size
        if not self.binding.dense or self.stored.size == everything:
            return None
        pieces, positions = self.positions()
        mask = np.zeros(max(self.views[piece].n_synapses, 1), np.uint8)
        mask[positions[pieces == piece]] = 1
        return mask

    def _matrix(self, kept: list[Any]) -> dict[str, Any]:
        """Arguments of a group that has another's weights, transposed; `kept` keeps their
        memory."""
        if self.parent is None:
            return {}
        begin = self.partition.begin[self.source.name]
        weights = [part.ctypes.data for part in self.parent.variables["weight"]]
        pointers = _pointers(weights)
        kept += [pointers, begin]
        return {
            "of_shards": len(self.parent.views),
            "of": c.addressof(pointers),
            "of_begin": begin.ctypes.data,
            "factor": self.binding.factor,
        }


def _pointers(addresses: Sequence[int | None]) -> Any:
    return (c.c_void_p * max(len(addresses), 1))(*addresses)
