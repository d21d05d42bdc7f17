"""Describes synapse groups to the builder: rules and distributions that it draws itself, and
explicit arrays for what only the host can compute (arrays, expressions, distances, rare
distributions)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.groups import GroupPlan, without_spread
from pygenn_lite.declaration.connectivity import SharedKernel
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.population import Population, SynapseGroup, ends_of
from pygenn_lite.declaration.values import Value
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.values.delays import check_least_delay
from pygenn_lite.runtime.values.drawing import listed_pairs, sorted_by_source
from pygenn_lite.runtime.values.known_synapses import KnownSynapses
from pygenn_lite.runtime.values.philox import (
    PURPOSE_DELAY,
    PURPOSE_WEIGHT,
    GroupRandom,
    stream_of,
)
from pygenn_lite.runtime.values.weights import check_range, check_weights

if TYPE_CHECKING:
    from pygenn_lite.runtime.values.slots import Slots

IntArray = npt.NDArray[np.integer]


@dataclass
class Structure:
    """Synapses as arrays, ordered by source; ``given[k]`` is the place of synapse k in the arrays
    that the user gave."""

    pre: IntArray
    post: IntArray
    given: IntArray | None = None


@dataclass
class GroupDescription:
    """One synapse group as the builder sees it.

    Attributes
    ----------
    group : SynapseGroup
    structure : Structure or None
        Explicit synapses; None where the builder draws them.
    weight, delay : Value or ndarray
        What to tell the builder: a number, one of the distributions that it knows, or explicit
        values in the order of ``structure``.
    weight_later : bool
        The weights are to be computed on the host once the synapses are known, and written.
    slots : Slots or None
        The places of a group whose synapses come and go.
    """

    group: SynapseGroup
    n_pre: int
    n_post: int
    stream: int
    structure: Structure | None
    weight: Any
    delay: Any
    weight_later: bool = False
    slots: Slots | None = None
    _kept: list[Any] = field(default_factory=list)

    def native(
        self,
        shard_begin: npt.NDArray[np.uint32],
        arena_offset: npt.NDArray[np.uint32],
        table: bool = False,
    ) -> abi.Group:
        """pgl_group; valid as long as this description lives. With a `table`, weights are places in
        the group's kernel."""
        rule, weight, kernel = self._rule(), self.weight, None
        if table:
            shared, structure = self.group.weight, self.structure
            assert isinstance(shared, SharedKernel) and structure is not None
            weight = shared.places[structure.given].astype(np.float64)
            kernel = np.ascontiguousarray(shared.kernel.ravel())
            self._kept.append(kernel)
        self._kept += [shard_begin, arena_offset]
        return abi.Group(
            stream=self.stream,
            n_target=self.n_post,
            rule=rule,
            weight=self._distribution(weight),
            weight_table=None if kernel is None else kernel.ctypes.data,
            weight_table_size=0 if kernel is None else len(kernel),
            delay=self._distribution(self.delay),
            shard_begin=shard_begin.ctypes.data,
            arena_offset=arena_offset.ctypes.data,
        )

    def _rule(self) -> abi.Rule:
        same = self.group.source == self.group.target
        rule = self.group.connectivity
        native = abi.Rule(autapses=1, multapses=1, same_population=int(same))
        if self.structure is not None:
            native.kind = abi.EXPLICIT
            row_begin = np.zeros(self.n_pre + 1, dtype=np.int64)
            np.cumsum(np.bincount(self.structure.pre, minlength=self.n_pre), out=row_begin[1:])
            targets = np.ascontiguousarray(self.structure.post, dtype=np.uint32)
            self._kept += [row_begin, targets]
            native.row_begin, native.targets = row_begin.ctypes.data, targets.ctypes.data
            return native
        form = rule.native(self.n_pre, self.n_post)
        assert form is not None, rule  # else it has a structure
        native.kind, native.n, native.p = abi.RULES[form.kind], form.n, form.p
        native.autapses, native.multapses = int(form.autapses), int(form.multapses)
        return native

    def _distribution(self, value: Any) -> abi.Distribution:
        if isinstance(value, np.ndarray):
            # An empty array may have no address, and the builder takes none for a mistake.
            values = np.ascontiguousarray(value if len(value) else np.zeros(1), dtype=np.float64)
            self._kept.append(values)
            return abi.Distribution(kind=abi.VALUES, values=values.ctypes.data)
        native = value.native() if isinstance(value, Distribution) else None
        if native is not None:
            return abi.Distribution(**{**vars(native), "kind": abi.DISTRIBUTIONS[native.kind]})
        return abi.Distribution(kind=abi.CONSTANT, a=float(value))


def describe_group(
    plan: GroupPlan,
    source: Population,
    target: Population,
    *,
    seed: int,
    dt: float,
    draw_structure: Callable[[GroupDescription], Structure],
) -> GroupDescription:
    """Describe a group: what the host draws and computes is drawn and computed.

    Parameters
    ----------
    plan : GroupPlan
    source, target : Population
    seed : int
    dt : float
        ms; the shortest delay.
    draw_structure : callable
        Lets the builder draw the synapses of a description and gives them back as arrays: needed
        where delays must be computed from them.
    """
    group = plan.group
    structure = None if plan.pairs == "builder" else _given_pairs(group, source, target, seed)
    weight, delay = without_spread(group.weight), without_spread(group.delay)
    stream = stream_of(f"group:{group.name}")
    description = GroupDescription(
        group, source.size, target.size, stream, structure, weight, delay
    )

    def values(value: Value, purpose: int, what: str) -> npt.NDArray[np.float64]:
        pairs = description.structure
        assert pairs is not None
        synapses = known_synapses(group, pairs, source, target, seed)
        return synapses.values(value, purpose, what)

    if plan.delay == "later":
        description.weight, description.delay = 0.0, 0.0
        description.structure = draw_structure(description)
        description.weight = weight
    if plan.delay in ("given", "later"):
        description.delay = values(group.delay, PURPOSE_DELAY, "delay")
        if isinstance(group.delay, Expression):
            check_least_delay(description.delay, group, dt)
    if plan.weight == "given":
        description.weight = values(group.weight, PURPOSE_WEIGHT, "weight")
    elif plan.weight == "later":
        description.weight, description.weight_later = 0.0, True
    return description


def check_weight_range(description: GroupDescription, dtype: np.dtype[Any]) -> None:
    """Refuse weights that would be infinite in memory.

    Raises
    ------
    NetworkError
        A weight, or a parameter of its distribution, is too large for ``dtype``.
    """
    weight = description.weight
    if not isinstance(weight, (int, float, np.ndarray)):
        weight = weight.numbers()
    if isinstance(description.group.weight, Expression) and isinstance(weight, np.ndarray):
        check_weights(description.group, weight)
    check_range(description.group.name, weight, dtype)


def known_synapses(
    group: SynapseGroup, structure: Structure, source: Population, target: Population, seed: int
) -> KnownSynapses:
    """The synapses of a group, to compute values of."""
    random = GroupRandom(seed, f"group:{group.name}")
    ends = ends_of(group, source, target)
    return KnownSynapses(structure.pre, structure.post, structure.given, ends, random)


def _given_pairs(
    group: SynapseGroup, source: Population, target: Population, seed: int
) -> Structure:
    """Synapses that the builder does not draw."""
    random = GroupRandom(seed, f"group:{group.name}")
    pairs = listed_pairs(group.connectivity, ends_of(group, source, target), random)
    pre, post, order = sorted_by_source(*pairs)
    return Structure(pre, post, order)
