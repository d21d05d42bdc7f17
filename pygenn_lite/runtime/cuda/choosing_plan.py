"""The plans there are, and which of them may run a network."""

from __future__ import annotations

from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.cuda.code import engine_source
from pygenn_lite.runtime.cuda.general_plan import GeneralPlan
from pygenn_lite.runtime.cuda.instances_plan import InstancesPlan
from pygenn_lite.runtime.cuda.plans import Asked, CardPlan
from pygenn_lite.runtime.cuda.resident_plan import ResidentPlan

KNOWN: dict[str, type[CardPlan]] = {
    "resident": ResidentPlan,
    "instances": InstancesPlan,
    "general": GeneralPlan,
}
"""By name, in the order in which "auto" tries them."""
WORTHWHILE = {"resident": 2000}  # neurons: with fewer, "auto" leaves a plan alone


def possible_plans(name: str, asked: Asked) -> list[type[CardPlan]]:
    """The plans that may be tried, in their order; ``name`` is "auto" or one of `KNOWN`.

    Raises
    ------
    UnsupportedFeatureError
        The plan of this name cannot run the network.
    """
    if name == "auto":
        neurons = sum(p.size for p in asked.plan.described.network.populations.values())
        return [
            plan
            for plan in KNOWN.values()
            if neurons >= WORTHWHILE.get(plan.name, 0) and not plan.refusal(asked)
        ]
    refusal = KNOWN[name].refusal(asked)
    if refusal:
        raise UnsupportedFeatureError(
            f"plan={name!r} cannot run this network: {refusal}", hint="leave plan='auto'"
        )
    return [KNOWN[name]]


def sources_of(plan: type[CardPlan], asked: Asked) -> dict[str, str]:
    """Sources of the modules that a plan needs besides the network's, and of the engine where it is
    not the usual one."""
    more = dict(plan.sources(asked))
    if asked.draws:
        more["engine"] = engine_source(asked.plan.described.dtype.name, draws=True)
    return more
