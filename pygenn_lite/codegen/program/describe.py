"""Kernels as text for people: formulas, integrators, what is computed when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pygenn_lite.codegen.program.kernel import Kernel, LinearFlow

TITLES = {
    "prepare": "before the run",
    "integrate": "step, up to the threshold",
    "update": "step",
    "after": "traces at a spike",
    "on_pre": "at a presynaptic arrival",
    "on_post": "at a postsynaptic spike",
    "couple": "transmitted every step",
    "step": "every step",
    "settle": "since the last event",
}


def describe_kernels(
    head: Iterable[str],
    integrators: Iterable[tuple[str, str]],
    flows: Iterable[LinearFlow],
    kernels: Mapping[str, Kernel],
) -> str:
    """The kernels of a population or a group as formulas, under what `head` says of it."""
    lines = [*head, *_methods(integrators)]
    for flow in flows:
        lines += _flow(flow)
    for role, kernel in kernels.items():
        lines += _section(role, kernel)
    return "\n".join(lines)


def _section(role: str, kernel: Kernel) -> list[str]:
    """A kernel's statements; for most of them, the formulas of a flow have been said."""
    body = [line for s in kernel.body for line in str(s).splitlines()]
    return [f"  {TITLES.get(role, role)}:", *(f"    {line}" for line in body)] if body else []


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
    if flow.while_refractory:
        lines.insert(0, "  while refractory:")
    formulas = closed_form(flow)
    lines += [f"    {name} = {formulas[name]}" for _, _, name in flow.outputs if name in formulas]
    return lines
