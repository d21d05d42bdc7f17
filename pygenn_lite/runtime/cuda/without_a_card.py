"""What a network becomes on a card, told without one: NVIDIA's compiler knows what kernels need,
and the rest follows from the card's architecture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.network_plan import plan_network
from pygenn_lite.codegen.program.schedule import build_schedule
from pygenn_lite.declaration.network import Network
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda.choosing_plan import KNOWN, possible_plans, sources_of
from pygenn_lite.runtime.cuda.code import card_source, module_texts
from pygenn_lite.runtime.cuda.drivers.base import Card, KernelReport
from pygenn_lite.runtime.cuda.drivers.nvrtc import Target, compile_kernels
from pygenn_lite.runtime.cuda.occupancy import architecture
from pygenn_lite.runtime.cuda.operations import Facts, operations
from pygenn_lite.runtime.cuda.planned_launches import planned_launches
from pygenn_lite.runtime.cuda.plans import Asked
from pygenn_lite.runtime.cuda.sizing import sizes_of, table_of_launches
from pygenn_lite.runtime.recording import recording_requests

GIB = 1 << 30


@dataclass(frozen=True)
class CardModel:
    """A card that many have, for an architecture: multiprocessors, memory, second-level cache.

    Numbers are those of NVIDIA's data sheets.
    """

    name: str
    multiprocessors: int
    memory_bytes: int
    l2_bytes: int
    clock_khz: int


MODELS = {
    75: CardModel("T4", 40, 16 * GIB, 4 << 20, 1_590_000),
    80: CardModel("A100", 108, 80 * GIB, 40 << 20, 1_410_000),
    86: CardModel("RTX 3090", 82, 24 * GIB, 6 << 20, 1_695_000),
    89: CardModel("RTX 4090", 128, 24 * GIB, 72 << 20, 2_520_000),
    90: CardModel("H100", 132, 80 * GIB, 50 << 20, 1_980_000),
    100: CardModel("B200", 148, 180 * GIB, 126 << 20, 1_965_000),
    120: CardModel("RTX 5090", 170, 32 * GIB, 96 << 20, 2_407_000),
}
LIKE = {87: 86, 88: 86, 103: 100, 107: 100, 110: 100, 121: 120}  # of others, the most similar one


def model_card(compute_capability: int) -> Card:
    """The card that stands for an architecture.

    Raises
    ------
    ArgumentError
        The architecture is not known.

    Examples
    --------
    >>> model_card(90).name, model_card(90).multiprocessors
    ('H100', 132)
    """
    limits = architecture(compute_capability)
    model = MODELS[LIKE.get(compute_capability, compute_capability)]
    return Card(
        name=model.name,
        compute_capability=compute_capability,
        multiprocessors=model.multiprocessors,
        shared_per_block=limits.shared_per_block,
        shared_per_multiprocessor=limits.shared_bytes,
        memory_bytes=model.memory_bytes,
        clock_khz=model.clock_khz,
        l2_bytes=model.l2_bytes,
        driver_version="",
        cooperative=True,
    )


@dataclass(frozen=True)
class OnCard:
    """What a network becomes on a card.

    Attributes
    ----------
    card : Card
    source : str
        Of the network's kernels.
    plan : str
        The plan that "auto" takes.
    refusals : dict of str to str
        Why others cannot run it.
    reports : dict of str to KernelReport
        What each kernel needs, those of the plan's own modules included.
    own : dict of str to KernelReport
        Those of the plan's own modules.
    launches : str
        Those of a step of the general plan, as a table.
    """

    card: Card
    source: str
    plan: str
    refusals: Mapping[str, str]
    reports: Mapping[str, KernelReport]
    own: Mapping[str, KernelReport]
    launches: str

    def __str__(self) -> str:
        card = self.card
        lines = [
            f"compiled for sm_{card.compute_capability}, planned for one of these cards: "
            f"{card.name}, {card.multiprocessors} multiprocessors",
            f"plan {self.plan}",
            *(f"  {name} {_needs(report)}" for name, report in self.own.items()),
            *(f"  not {name}: {why}" for name, why in self.refusals.items()),
        ]
        head = "launches of a step in the plan general"
        return "\n".join([*lines, "", head, self.launches])


def on_card(
    network: Network, structure: NetworkStructure, precision: str, target: Target
) -> OnCard:
    """Compile the kernels of a network, and plan its steps for the card that stands for an
    architecture.

    Parameters
    ----------
    network : Network
    structure : NetworkStructure
    precision : {"float32", "float64"}
    target : Target
        What to compile for.

    Raises
    ------
    CompileError
        NVIDIA's compiler refuses.
    UnsupportedFeatureError
        Something of the network has no form on a card.
    """
    card = model_card(target.architecture)
    source = card_source(structure, None, use_cache=True)
    described = Described(network, structure, source.signatures, np.dtype(precision))
    plan = plan_network(described, threads=1)
    requests = recording_requests(network)
    asked = Asked(plan, source, card, 1, requests)
    refusals = {name: kind.refusal(asked) for name, kind in KNOWN.items()}
    chosen = possible_plans("auto", asked)[0].name
    more = sources_of(KNOWN[chosen], asked)
    reports: dict[str, KernelReport] = {}
    own: dict[str, KernelReport] = {}
    for name, text in module_texts(source, precision, more).items():
        main = f"{name}.cu"
        image = compile_kernels({main: text}, main, target)
        reports |= image.kernels
        own |= image.kernels if name in more and name != "engine" else {}
    facts = Facts(structure, source, plan, bool(requests.variables))
    ops = operations(build_schedule(structure, source.signatures), facts)
    launches = [
        sizes_of(one, reports[one.kernel], card, 1) for one in planned_launches(ops, plan, 1)
    ]
    return OnCard(
        card,
        source.text,
        chosen,
        {name: why for name, why in refusals.items() if why},
        reports,
        own,
        table_of_launches(launches),
    )


def _needs(report: KernelReport) -> str:
    return (
        f"({report.threads} threads a block: {report.registers} registers, "
        f"{report.shared_bytes:,} B of shared memory, {report.spill_bytes:,} B spilled)"
    )
