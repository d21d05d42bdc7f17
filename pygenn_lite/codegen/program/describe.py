"""Kernels as text for people: formulas, integrators, what is computed when."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.codegen.program.program import Assign, LinearFlow, NeuronKernel, SynapseKernel


def describe_neuron_kernel(kernel: NeuronKernel) -> str:
    """Update rule of a population as formulas."""
    lines = [f"neuron kernel {kernel.name} ({kernel.real})"]
    lines += _methods(kernel.integrators)
    for flow in kernel.flows:
        lines += _flow(flow)
    lines += _section("coefficients", (f"{c.name} = {c.value}" for c in kernel.coefficients))
    lines += _section("random", (f"{d.name}: {d.kind}" for d in kernel.draws))
    lines += _section("step", _assigns(kernel.step))
    if kernel.split:
        lines.append("  arrivals at plastic synapses, which add to the sums below")
    lines += _section(
        "Poisson", (f"{j.target} += {j.weight} * count{j.index}" for j in kernel.poisson)
    )
    lines += _section("jumps", (f"{v} += {total}" for v, total in kernel.accumulators))
    if kernel.refractory:
        what = kernel.refractory_condition if kernel.refractory == "condition" else "counted steps"
        held = ", ".join(kernel.held) or "nothing"
        lines.append(f"  refractory: {what}; held: {held}")
    if kernel.threshold is not None:
        lines.append(f"  spike if {kernel.threshold}")
    lines += _section("reset", _assigns(kernel.reset))
    lines += _section("presynaptic traces at a spike", _assigns(kernel.on_spike))
    lines += _section("traces at a spike", _assigns(kernel.after))
    return "\n".join(lines)


def describe_synapse_kernel(kernel: SynapseKernel) -> str:
    """What happens at a plastic synapse as formulas."""
    lines = [f"synapse kernel {kernel.name} ({kernel.real})"]
    lines.append(f"  per synapse: {', '.join(kernel.synapse)}")
    lines += _methods(kernel.integrators)
    if kernel.held:
        lines.append(
            f"  held at a postsynaptic spike that makes it refractory: {', '.join(kernel.held)}"
        )
    if kernel.summed:
        lines.append(f"  summed, for the threshold to see: {', '.join(kernel.summed)}")
    for flow in kernel.flows:
        lines += _flow(flow)
    lines += _section("since the last event", _assigns(kernel.decay))
    lines += _section("transmitted every step", (f"{a.target} += {a.value}" for a in kernel.couple))
    for title, assigns in (
        ("at a presynaptic arrival", kernel.on_pre),
        ("at a postsynaptic spike", kernel.on_post),
        ("every step", kernel.step),
    ):
        lines += _section(
            title,
            (f"{a.target} {'+=' if a.target in kernel.post else '='} {a.value}" for a in assigns),
        )
    return "\n".join(lines)


def _methods(integrators: Iterable[tuple[str, str]]) -> list[str]:
    methods: dict[str, list[str]] = {}
    for variable, method in integrators:
        methods.setdefault(method, []).append(variable)
    return [f"  {method}: {', '.join(names)}" for method, names in methods.items()]


def _flow(flow: LinearFlow) -> list[str]:
    """A linear subsystem with its closed-form propagator where that is short."""
    from pygenn_lite.codegen.systems.closed_form import closed_form

    names = [*flow.variables, *flow.inputs]
    rows: dict[int, list[str]] = {}
    for i, j, value in flow.matrix:
        rows.setdefault(i, []).append(f"({value})" + ("" if names[j] == "1" else f"*{names[j]}"))
    lines = [f"  d{names[i]}/dt = {' + '.join(terms)}" for i, terms in rows.items()]
    if any(name.startswith("held__") for _, _, name in flow.outputs):
        lines.insert(0, "  while refractory:")
    formulas = closed_form(flow)
    lines += [f"    {name} = {formulas[name]}" for _, _, name in flow.outputs if name in formulas]
    return lines


def _assigns(assigns: Iterable[Assign]) -> list[str]:
    return [str(a) for a in assigns]


def _section(title: str, lines: Iterable[str]) -> list[str]:
    body = [f"    {line}" for line in lines]
    return [f"  {title}:", *body] if body else []
