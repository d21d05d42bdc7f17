"""Plans where what is delivered lies: which store a delivery reads, with the synapses of one group
or of several from one source. What is delivered is decided in codegen/program/delivery.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pygenn_lite.codegen.plan.groups import GroupPlan
from pygenn_lite.codegen.program.delivery import Delivery
from pygenn_lite.codegen.structure.structures import GroupBinding
from pygenn_lite.declaration.connectivity import SharedKernel
from pygenn_lite.errors import Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.extension import Extension
    from pygenn_lite.declaration.population import SynapseGroup

TARGET_BYTES = 2  # of a synapse in a sparse store
TABLE_ENTRIES = 1 << 16  # of weights that synapses share, at most


@dataclass(frozen=True)
class StorePlan:
    """Synapses that lie together.

    Attributes
    ----------
    source : str
        Population.
    groups : tuple of str
    storage : str
        "sparse", "dense" or "procedural".
    weights : bool
        Whether each synapse has a weight of its own.
    delays, sources, transposed : bool
        Whether each synapse keeps its delay, its source, its place among those of its target.
    lead : int
        0: jumps act at their arrival; 1: summed one step ahead, for variables a threshold sees.
    general : bool
        Whether the synapses have kernels of their own.
    codes : str
        Weights that take 16 bits: "float16", "int16", or "shared" (places in a kernel).
    spare : int
        Room for so many more synapses in each row, to be added between steps.
    """

    source: str
    groups: tuple[str, ...]
    storage: str = "sparse"
    weights: bool = True
    delays: bool = False
    sources: bool = False
    transposed: bool = False
    lead: int = 0
    general: bool = False
    codes: str = ""
    spare: int = 0


def plan_stores(
    groups: Iterable[tuple[GroupPlan, GroupBinding, Delivery]],
    real_bytes: int,
    extension: Extension | None = None,
) -> tuple[StorePlan, ...]:
    """Which groups share a store.

    Static groups of one source whose weights or delays differ from synapse to synapse share one: a
    spike then reads one row instead of several. A group with one weight and one delay needs neither
    stored and stands alone, as do dense, procedural and general groups. So do those whose
    single synapses an extension addresses: each of them has a weight of its own.

    Raises
    ------
    UnsupportedFeatureError
        A storage that a group cannot have.
    """
    plans: list[StorePlan | list[GroupPlan]] = []
    shared: dict[tuple[str, int], list[GroupPlan]] = {}
    for plan, binding, delivery in groups:
        if not delivery.is_static:
            plans.append(_general(plan, binding))
            continue
        if plan.group.spare:
            source, room = plan.group.source, plan.group.spare
            plans.append(StorePlan(source, (plan.name,), lead=delivery.lead, spare=room))
            continue
        if extension is not None and plan.name in extension.groups:
            plans.append(_apart(plan, delivery, real_bytes))
            continue
        one_weight = plan.weight == "one"
        codes = "" if one_weight else codes_of(plan.group)
        if codes:
            source = plan.group.source
            plans.append(StorePlan(source, (plan.name,), lead=delivery.lead, codes=codes))
            continue
        storage = _storage(plan, one_weight, real_bytes)
        if storage != "sparse" or (one_weight and plan.delay == "one"):
            # Zeros where there is no synapse:
            incomplete = storage == "dense" and not plan.group.connectivity.complete
            source, weights = plan.group.source, incomplete or not one_weight
            store = StorePlan(source, (plan.name,), storage, weights, lead=delivery.lead)
            plans.append(store)
            continue
        key = (plan.group.source, delivery.lead)
        if key not in shared:
            shared[key] = []
            plans.append(shared[key])
        shared[key].append(plan)
    leads = {id(members): lead for (_, lead), members in shared.items()}
    return tuple(
        one if isinstance(one, StorePlan)
        else StorePlan(one[0].group.source, tuple(m.name for m in one), lead=leads[id(one)])
        for one in plans
    )  # fmt: skip


def _apart(plan: GroupPlan, delivery: Delivery, real_bytes: int) -> StorePlan:
    if plan.group.storage == "procedural" or codes_of(plan.group):
        raise UnsupportedFeatureError(
            "weights of single synapses change, which have to be stored one by one: not drawn "
            "again, in 16 bits or as entries of a kernel",
            where=_where(plan),
            hint="leave storage='auto' and weight_precision='full'; give weights as an array",
        )
    storage = _storage(plan, False, real_bytes)
    return StorePlan(plan.group.source, (plan.name,), storage, lead=delivery.lead)


def codes_of(group: SynapseGroup) -> str:
    """How weights of 16 bits are kept; nothing: they take what a real takes."""
    if group.weight_precision != "full":
        return group.weight_precision
    shared = isinstance(group.weight, SharedKernel) and group.weight.kernel.size <= TABLE_ENTRIES
    return "shared" if shared and group.storage in ("auto", "sparse") else ""


def _general(plan: GroupPlan, binding: GroupBinding) -> StorePlan:
    if plan.group.storage == "procedural":
        raise UnsupportedFeatureError(
            f"storage={plan.group.storage!r} is offered for synapses that only add a weight",
            where=_where(plan),
            hint="leave storage='auto'",
        )
    if binding.transpose_of:
        return StorePlan(plan.group.source, (plan.name,), "dense", weights=False, general=True)
    if binding.dense:
        check_dense(plan)
        return StorePlan(plan.group.source, (plan.name,), "dense", general=True)
    return StorePlan(
        plan.group.source,
        (plan.name,),
        delays=binding.needs_delays and plan.delay != "one",
        sources=binding.needs_sources,
        transposed=binding.needs_transposed,
        general=True,
    )


def _storage(plan: GroupPlan, one_weight: bool, real_bytes: int) -> str:
    asked = plan.group.storage
    if asked == "procedural":
        _check_procedural(plan)
    elif asked == "dense":
        check_dense(plan)
    elif asked == "auto" and plan.delay == "one" and plan.pairs == "builder":
        return "dense" if _smaller_dense(plan, one_weight, real_bytes) else "sparse"
    return "sparse" if asked == "auto" else asked


def _check_procedural(plan: GroupPlan) -> None:
    rule = plan.group.connectivity
    if rule.not_procedural:
        raise UnsupportedFeatureError(
            rule.not_procedural, where=_where(plan), hint="use another rule, or storage='auto'"
        )
    if plan.pairs != "builder" or "later" in (plan.weight, plan.delay):
        raise UnsupportedFeatureError(
            "procedural synapses need a rule, weights and delays that can be drawn again",
            where=_where(plan),
            hint="use constants or distributions as weight and delay (not an array, "
            "expression, gamma or binomial), or storage='auto'",
        )


def check_dense(plan: GroupPlan) -> None:
    """A matrix of weights has one delay, and one place for each pair.

    Raises
    ------
    UnsupportedFeatureError
        The group has more.
    """
    if plan.delay != "one":
        raise UnsupportedFeatureError(
            "a dense group has one delay", where=_where(plan), hint="use a constant delay"
        )
    if plan.group.connectivity.repeats:
        raise UnsupportedFeatureError(
            "dense storage holds one synapse per pair of neurons",
            where=_where(plan),
            hint="forbid multapses, or use storage='auto'",
        )


def _smaller_dense(plan: GroupPlan, one_weight: bool, real_bytes: int) -> bool:
    """Whether a matrix of all pairs takes less memory than the synapses with their targets."""
    rule = plan.group.connectivity
    if rule.complete:
        return True
    if one_weight or rule.repeats is not False:
        return False
    return plan.count * (TARGET_BYTES + real_bytes) > plan.n_pre * plan.n_post * real_bytes


def _where(plan: GroupPlan) -> Location:
    return Location.of("synapse group", plan.name).entry("storage")
