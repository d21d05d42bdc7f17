"""Describes synapse groups to the backends' builders: rules and distributions that those draw
themselves, and explicit arrays for what only the host can compute (arrays, expressions, distances,
rare distributions)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.codegen.plan.groups import GroupPlan, without_spread
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.population import Population, SynapseGroup, ends_of
from pygenn_lite.declaration.values import Value
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.values.connections import check_distinct
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
    """One synapse group as a builder sees it.

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
    kept : list
        What a backend's records of the group point to.
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
    kept: list[Any] = field(default_factory=list)

    @property
    def same_for_all_seeds(self) -> object:
        """What describes the same group of networks that differ in their seeds: the declared group,
        or, where the host has drawn something, this description alone."""
        arrays = isinstance(self.weight, np.ndarray) or isinstance(self.delay, np.ndarray)
        return self if arrays or self.structure is not None else self.group


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


def check_pairs(plan: StorePlan, member: GroupDescription) -> None:
    """Refuse pairs that a matrix has no place for.

    Raises
    ------
    ConnectivityError
        A pair that stands twice in a list that is to be dense.
    """
    if plan.storage == "dense" and member.group.connectivity.repeats is None and member.structure:
        check_distinct(member.group.name, member.structure.pre, member.structure.post)
