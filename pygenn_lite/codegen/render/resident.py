"""Renders the kernel of the plan "resident": the structures of a network's kernels, and behind them
what a thread keeps of its neuron from step to step."""

from __future__ import annotations

from pygenn_lite.codegen.passes.reserved_names import spelled
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.codegen.plan.resident_layout import PACKED, ResidentLayout
from pygenn_lite.codegen.program.signature import NeuronSignature
from pygenn_lite.codegen.render.environment import environment
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class KernelSet:
    """What populations have in common whose neurons have the same kernels.

    Attributes
    ----------
    number : int
    name, update : str
        The prefix of its structures; the structure of the step.
    receptors : tuple of str
        Fields to which synapses add.
    sampled : tuple of (int, str)
        Variables that can be recorded: place among the arrays, field.
    """

    number: int
    name: str
    update: str
    receptors: tuple[str, ...]
    sampled: tuple[tuple[int, str], ...]


def render_resident(
    generated: str, plan: NetworkPlan, layout: ResidentLayout, synapse_bytes: int
) -> str:
    """Source of the kernel of a network.

    Parameters
    ----------
    generated : str
        Of the network's own kernels (`render_cuda`).
    plan : NetworkPlan
    layout : ResidentLayout
    synapse_bytes : int
        8, or 4.
    """
    sets = _kernel_sets(plan, layout)
    kernel = (
        environment()
        .get_template("cuda/resident.cu.jinja")
        .render(
            sets=sets,
            receptors=max((len(s.receptors) for s in sets), default=0),
            neuron_warps=layout.neuron_warps,
            polling_warps=layout.polling_warps,
            places=layout.places,
            lag=layout.lag,
            synapse="PackedSynapse" if synapse_bytes == PACKED else "WideSynapse",
        )
    )
    return f"#define PGL_STRUCTURES_ONLY\n{generated}\n{kernel}"


def _kernel_sets(plan: NetworkPlan, layout: ResidentLayout) -> tuple[KernelSet, ...]:
    sets: dict[int, KernelSet] = {}
    for name, population in plan.described.structure.populations.items():
        number = population.kernel
        if number is not None and number not in sets:
            signature = plan.described.signatures.neurons[number]
            sets[number] = _kernel_set(number, signature, layout.receptors[name])
    return tuple(sets[number] for number in sorted(sets))


def _kernel_set(number: int, signature: NeuronSignature, receptors: tuple[str, ...]) -> KernelSet:
    states = enumerate(signature.variables)
    return KernelSet(
        number,
        signature.name,
        signature.update or "",
        tuple(spelled(symbol, "cuda") for symbol in receptors),
        tuple((k, spelled(v.symbol, "cuda")) for k, v in states if v.dtype == "real"),
    )
