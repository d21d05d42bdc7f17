"""Views of kernels that visit every synapse in every step: continuous transmission, and dynamics of
synapses in matrices. Both are made into one function, which sees each synapse once."""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from pygenn_lite.codegen.passes.per_neuron import NeuronParts, PairSum, Parts
from pygenn_lite.codegen.program.kernel import Add, Assign, Kernel, LinearFlow, Propagate, Update
from pygenn_lite.codegen.render.cpp_printer import CppPrinter
from pygenn_lite.codegen.systems.rules import Next, Rule
from pygenn_lite.records import dataclass

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


@dataclass(frozen=True)
class CoupledFlow:
    """A matrix by the positions of its entries, and where its exponential's entries go."""

    size: int
    entries: tuple[tuple[int, str], ...]
    outputs: tuple[tuple[int, str], ...]
    per_neuron: bool
    names: frozenset[str]


@dataclass(frozen=True)
class CouplingView:
    """What the coupling template needs.

    Attributes
    ----------
    name : str
        Of the function.
    matrix, transposed : bool
        Synapses stand in a matrix; in another group's, of which targets are the rows.
    weight : str
    scalars : tuple of (int, str)
    sent, arrived, of_target : tuple of PartView
        Parts of the source as it arrives at the end of the step, and at its beginning; parts of the
        target.
    sums : tuple of SumView
    loaded, stored : tuple of (int, str)
        The synapse's own variables.
    statements : tuple of (str, str)
        Temporaries, and what variables become (``<variable>__next``).
    flows : tuple of CoupledFlow
    rows : int
        How many rows of a matrix at a time.
    uses_delay : bool
    """

    name: str
    matrix: bool
    transposed: bool
    weight: str
    scalars: tuple[tuple[int, str], ...]
    sent: tuple[PartView, ...]
    arrived: tuple[PartView, ...]
    of_target: tuple[PartView, ...]
    sums: tuple[SumView, ...]
    loaded: tuple[tuple[int, str], ...]
    stored: tuple[tuple[int, str], ...]
    statements: tuple[tuple[str, str], ...]
    flows: tuple[CoupledFlow, ...]
    rows: int
    uses_delay: bool


def coupled_kernels(kernels: Mapping[str, Kernel]) -> tuple[Kernel, ...]:
    """Those kernels of a group that are rendered together, by this module; none if there is neither
    transmission nor a matrix that changes in every step."""
    found = tuple(kernels[role] for role in ("couple", "step") if role in kernels)
    return found if "couple" in kernels or any(k.matrix for k in found) else ()


def scratch_of(name: str, *kernels: Kernel) -> tuple[int, int]:
    """Numbers per source and per target neuron that the step keeps aside."""
    view = coupling_view(name, *kernels)
    source = sum(p.variable is None for p in (*view.sent, *view.arrived))
    target = sum(p.variable is None for p in view.of_target) + len(view.sums)
    return source, target


def coupling_view(name: str, *kernels: Kernel) -> CouplingView:
    """One function of a kernel that transmits, one of the dynamics, or both (with safe names)."""
    kernel = kernels[0]
    adds = [s for k in kernels for s in k.body if isinstance(s, Add)]
    flows = [s.flow for k in kernels for s in k.body if isinstance(s, Propagate)]
    pre, post_index, own_index = (kernel.table(side) for side in ("source", "target", "own"))
    post = set(post_index) - {add.target for add in adds}
    own = {v.symbol for v in kernel.variables if v.symbol in own_index and v.role != "stamp"}
    own |= set() if kernel.matrix else {"delay"}  # a matrix has one delay
    own |= {n for flow in flows for n in flow.per_neuron}
    sent = NeuronParts("sent__", set(pre), post, set(own))
    arrived = NeuronParts("arrived__", set(pre), post, set(own), of_target=sent.of_target)
    pairs = sent.sums(adds)
    step = arrived.rules(_rules(kernels))
    changed = [rule.target for rule in step if isinstance(rule, Next)]
    used = _names(*(v for p in pairs for v in (p.first, p.second)), *(r.value for r in step))
    factors = [pair.factor for pair in pairs]
    flow_views = tuple(_flow(flow, arrived) for flow in flows)
    used |= {n for flow in flow_views for n in flow.names}
    everywhere = used | _names(*sent.of_source, *sent.of_target, *arrived.of_source, *factors)
    return CouplingView(
        name=name,
        matrix=kernel.matrix,
        transposed=kernel.transposed,
        weight=next(iter(own_index)),
        scalars=tuple((k, n) for n, k in kernel.table("own", shared=True).items()),
        sent=_parts(sent.of_source, pre),
        arrived=_parts(arrived.of_source, pre),
        of_target=_parts(sent.of_target, post_index),
        sums=tuple(_sum_view(post_index, k, pair, {*pre, *own}) for k, pair in enumerate(pairs)),
        loaded=tuple((k, n) for n, k in own_index.items() if n in used | set(changed)),
        stored=tuple((k, n) for n, k in own_index.items() if n in changed),
        statements=tuple(
            (f"{r.target}__next" if isinstance(r, Next) else r.target, _print(r.value))
            for r in step
        ),
        flows=flow_views,
        rows=1 if step else ROWS,
        uses_delay="delay" in everywhere,
    )


def _rules(kernels: tuple[Kernel, ...]) -> list[Rule]:
    rules: list[Rule] = []
    for kernel in kernels:
        for statement in kernel.body:
            if isinstance(statement, Assign):
                rules.append(statement)
            elif isinstance(statement, Update):
                rules += [Next(target, value) for target, value in statement.values]
    return rules


def _flow(flow: LinearFlow, parts: NeuronParts) -> CoupledFlow:
    size = len(flow.variables) + len(flow.inputs)
    values = [(i * size + j, parts.named(value)) for i, j, value in flow.matrix]
    printer = CppPrinter("double")
    return CoupledFlow(
        size=size,
        entries=tuple((place, str(printer.doprint(value))) for place, value in values),
        outputs=tuple((i * size + j, name) for i, j, name in flow.outputs),
        per_neuron=bool(flow.per_neuron),
        names=frozenset(_names(*(value for _, value in values))),
    )


def _parts(parts: Parts, variables: Mapping[str, int]) -> tuple[PartView, ...]:
    return tuple(
        PartView(
            name.name,
            _print(value),
            variables.get(value.name) if value.is_Symbol else None,
            _reads(value, variables),
        )
        for value, name in parts.items()
    )


def _sum_view(post: Mapping[str, int], index: int, pair: PairSum, per_row: set[str]) -> SumView:
    name = f"total{index}__"
    adds = []
    for row in range(ROWS):

        def spell(text: str, row: int = row) -> str:
            own = text in per_row or text.startswith("sent__pre")
            return f"{text}_{row}" if own and row else text

        printer = CppPrinter("real", spell)
        first, second = (str(printer.doprint(v)) for v in (pair.first, pair.second))
        if pair.first == 1 or pair.second == 1:
            adds.append(f"{name} += {first if pair.second == 1 else second};")
        else:
            adds.append(f"{name} = pgl::fma({first}, {second}, {name});")
    factor = "" if pair.factor == 1 else _print(pair.factor)
    return SumView(name, post[pair.sink], factor, _reads(pair.factor, post), tuple(adds))


def _reads(value: sympy.Expr, variables: Mapping[str, int]) -> tuple[tuple[int, str], ...]:
    names = _names(value)
    return tuple((k, n) for n, k in variables.items() if n in names)


def _print(value: sympy.Basic) -> str:
    return str(CppPrinter("real").doprint(value))


def _names(*values: sympy.Basic) -> set[str]:
    return {s.name for value in values for s in value.free_symbols}
