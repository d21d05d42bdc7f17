"""Views of synapse kernels that visit every synapse in every step: continuous transmission, and
dynamics of synapses in matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy

from pygenn_lite.codegen.passes.per_neuron import NeuronParts, PairSum, Parts
from pygenn_lite.codegen.program.program import LinearFlow, SynapseKernel
from pygenn_lite.codegen.render.cpp_printer import CppPrinter

ROWS = 4  # of a matrix that are added at once: each sum is then loaded and stored once for four


@dataclass(frozen=True)
class PartView:
    """A part that depends on one neuron: a variable as it lies in memory, or computed."""

    name: str
    value: str
    variable: int | None  # index in `pre` or `post` where it is nothing but that variable
    reads: tuple[tuple[int, str], ...]  # variables that it is computed from


@dataclass(frozen=True)
class SumView:
    """``sink += factor * sum``; `adds` is the statement for one synapse, for each of the rows."""

    name: str
    sink: int  # index in `post`
    factor: str
    reads: tuple[tuple[int, str], ...]  # of the target, by the factor
    adds: tuple[str, ...]


def visits_every_step(kernel: SynapseKernel) -> bool:
    """Whether the kernel's step is made from this module's view."""
    return bool(kernel.couple or (kernel.step and kernel.dense))


def scratch_of(kernel: SynapseKernel) -> tuple[int, int]:
    """Numbers per source and per target neuron that the step keeps aside."""
    if not visits_every_step(kernel):
        return 0, 0
    view = coupling_view(kernel)
    source = sum(p.variable is None for p in (*view["sent"], *view["arrived"]))
    target = sum(p.variable is None for p in view["of_target"]) + len(view["sums"])
    return source, target


def coupling_view(kernel: SynapseKernel) -> dict[str, Any]:
    """What the coupling template needs of a kernel (with safe names)."""
    pre, sums = set(kernel.pre), {name for _, name in kernel.sinks}
    post = set(kernel.post) - sums
    own = {n for n in kernel.synapse if n != "last_update"} | {"delay"} - _constant_delay(kernel)
    own |= {n for flow in kernel.flows for n in flow.per_neuron}
    sent = NeuronParts("sent__", pre, post, set(own))
    arrived = NeuronParts("arrived__", pre, post, set(own), of_target=sent.of_target)
    pairs = sent.sums(kernel.couple)
    step = arrived.assigns(kernel.step)
    changed = [a.target.removesuffix("__next") for a in step]
    used = _names(*(v for p in pairs for v in (p.first, p.second)), *(a.value for a in step))
    factors = [pair.factor for pair in pairs]
    flows = [_flow(flow, arrived) for flow in kernel.flows]
    used |= {n for flow in flows for _, value in flow["values"] for n in _names(value)}
    return {
        "sent": _parts(sent.of_source, kernel.pre),
        "arrived": _parts(arrived.of_source, kernel.pre),
        "of_target": _parts(sent.of_target, kernel.post),
        "sums": [_sum_view(kernel, k, pair, pre | own) for k, pair in enumerate(pairs)],
        "loaded": [n for n in kernel.synapse if n in used | set(changed)],
        "stored": [n for n in kernel.synapse if n in changed],
        "statements": [
            {"target": a.target, "value": _print(a.value), "next": a.target.endswith("__next")}
            for a in step
        ],
        "flows": flows,
        "rows": 1 if step else ROWS,
        "uses_delay": "delay"
        in used | _names(*sent.of_source, *sent.of_target, *arrived.of_source, *factors),
    }


def _constant_delay(kernel: SynapseKernel) -> set[str]:
    """A matrix has one delay."""
    return {"delay"} if kernel.dense else set()


def _flow(flow: LinearFlow, parts: NeuronParts) -> dict[str, Any]:
    """A matrix by the positions of its entries, and where its exponential's entries go."""
    size = len(flow.variables) + len(flow.inputs)
    values = [(i * size + j, parts.named(value)) for i, j, value in flow.matrix]
    return {
        "size": size,
        "values": values,
        "entries": [(place, str(CppPrinter("double").doprint(value))) for place, value in values],
        "outputs": [(i * size + j, name) for i, j, name in flow.outputs],
        "per_neuron": bool(flow.per_neuron),
    }


def _parts(parts: Parts, variables: tuple[str, ...]) -> list[PartView]:
    views = []
    for value, name in parts.items():
        alone = value.is_Symbol and value.name in variables
        views.append(
            PartView(
                name.name,
                _print(value),
                variables.index(value.name) if alone else None,
                _reads(value, variables),
            )
        )
    return views


def _sum_view(kernel: SynapseKernel, index: int, pair: PairSum, per_row: set[str]) -> SumView:
    name = f"total{index}__"
    adds = []
    for row in range(ROWS):

        def spell(text: str, row: int = row) -> str:
            own = text in per_row or text.startswith("sent__pre")
            return f"{text}_{row}" if own and row else text

        first, second = (_print(v, spell) for v in (pair.first, pair.second))
        if pair.first == 1 or pair.second == 1:
            adds.append(f"{name} += {first if pair.second == 1 else second};")
        else:
            adds.append(f"{name} = pgl::fma({first}, {second}, {name});")
    sink = kernel.post.index(dict(kernel.sinks)[pair.sink])
    factor = "" if pair.factor == 1 else _print(pair.factor)
    return SumView(name, sink, factor, _reads(pair.factor, kernel.post), tuple(adds))


def _reads(value: sympy.Expr, variables: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    names = _names(value)
    return tuple((k, n) for k, n in enumerate(variables) if n in names)


def _print(value: sympy.Basic, spell: Any = str) -> str:
    return str(CppPrinter("real", spell).doprint(value))


def _names(*values: sympy.Basic) -> set[str]:
    return {s.name for value in values for s in value.free_symbols}
