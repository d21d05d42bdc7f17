"""Renders a Program as C++: expressions through the printer, everything else through Jinja. Views
hold names and expressions; how a value is reached is up to the templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import sympy
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean

from pygenn_lite.codegen.passes.safe_names import with_safe_names
from pygenn_lite.codegen.program.program import (
    Assign,
    Coefficient,
    LinearFlow,
    NeuronKernel,
    Program,
    SynapseKernel,
)
from pygenn_lite.codegen.render.coupling import coupling_view, visits_every_step
from pygenn_lite.codegen.render.cpp_printer import CppPrinter, in_double

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"


@dataclass(frozen=True)
class Line:
    """A statement of generated code."""

    target: str
    value: str


def render_cpp(program: Program) -> str:
    """C++ source of all kernels of a Program."""
    template = _environment().get_template("cpp/kernels.cpp.jinja")
    real = program.real
    return template.render(
        real=real,
        neurons=[neuron_view(kernel) for kernel in program.neurons],
        synapses=[synapse_view(kernel) for kernel in program.synapses],
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["expression"] = _print
    return environment


def neuron_view(kernel: NeuronKernel) -> dict[str, Any]:
    """What the neuron template needs, with every expression over its own variables printed."""
    description = str(kernel).splitlines()
    kernel = with_safe_names(kernel)
    fixed = [a.symbol for a in kernel.arrays if a.role in ("parameter", "coefficient")]
    hoist = _TimeHoist((s.symbol for s in kernel.scalars), fixed)
    step = hoist.assigns(kernel.step)
    threshold = None if kernel.threshold is None else hoist(kernel.threshold)
    condition = kernel.refractory_condition
    condition = None if condition is None else hoist(condition)
    flow = _names(*(a.value for a in step)) | set(kernel.changed)
    end = _names(threshold, condition) | set(kernel.watched)
    end |= {j.weight for j in kernel.poisson} | _jumped(kernel)
    parts = [(flow, False), (end, True)] if kernel.split else [(flow | end, True)]
    return {
        "kernel": kernel,
        "description": description,
        "stages": [
            _stage(kernel, hoist, used, flows=fires != kernel.split, fires=fires)
            for used, fires in parts
        ],
        "step": _lines(step),
        **_quiet_view(kernel, threshold),
        "condition": None if condition is None else _print(condition),
        "condition_first": condition is not None and bool(_jumped(kernel) & set(kernel.held)),
        "on_spike": _ordered_view(kernel, [*kernel.reset, *kernel.on_spike]),
        "after": _ordered_view(kernel, kernel.after),
        "prepare": _prepare_view(kernel),
        "array_index": {a.symbol: k for k, a in enumerate(kernel.arrays)},
        "scalar_index": {s.symbol: k for k, s in enumerate(kernel.scalars)},
    }


def _stage(
    kernel: NeuronKernel, hoist: _TimeHoist, used: set[str], *, flows: bool, fires: bool
) -> dict[str, Any]:
    """One function of the step: the whole of it, or one of two parts."""
    whole = flows and fires
    written = (set(kernel.changed) if flows else set()) | (_jumped(kernel) if fires else set())
    always = ("accumulator", "refractory") if fires else ("refractory",)
    return {
        "flows": flows,
        "fires": fires,
        "used": used,
        "time": [line for line in hoist.lines if whole or line.target in used],
        "timed": [(k, d) for k, d in enumerate(kernel.timed) if whole or d.name in used],
        "draws": [d for d in kernel.draws if whole or d.name in used],
        "arrays": [a for a in kernel.arrays if a.symbol in used or a.role in always],
        "stored": [a for a in kernel.arrays if a.role == "state" and a.symbol in written],
    }


def _jumped(kernel: NeuronKernel) -> set[str]:
    """States that jumps at the end of a step move."""
    return {n for n, _ in kernel.accumulators} | {j.target for j in kernel.poisson}


def _quiet_view(kernel: NeuronKernel, threshold: Any) -> dict[str, Any]:
    """The condition under which a neuron neither spikes nor stops being finite.

    It is the complement of the threshold, not its negation: comparisons with NaN are false.
    """
    states = _names(threshold) & {a.symbol for a in kernel.arrays if a.role == "state"}
    # A neuron that stands still below its threshold need not be looked up: one look at its counter
    # when it spikes is enough.
    late = kernel.refractory is not None and bool(states) and states <= set(kernel.held)
    names = _names(threshold) | set(kernel.watched)
    arrays = [a.symbol for a in kernel.arrays if a.symbol in names]
    above = isinstance(threshold, (sympy.StrictGreaterThan, sympy.GreaterThan))
    return {
        "below": "" if threshold is None else _print(sympy.Not(threshold)),
        "waits": kernel.refractory is not None and not late,
        # The threshold bounds the only variable that is watched from above.
        "bounded": above and [str(threshold.lhs)] == list(kernel.watched),
        "quiet_names": names,
        "quiet_arrays": arrays,
        "refractory_late": late,
    }


def synapse_view(kernel: SynapseKernel) -> dict[str, Any]:
    """What the synapse template needs."""
    description = str(kernel).splitlines()
    kernel = with_safe_names(kernel)
    return {
        "kernel": kernel,
        "description": description,
        "decay": _lines(kernel.decay),
        "flows": [_flow_view(flow) for flow in kernel.flows],
        "coupling": coupling_view(kernel) if visits_every_step(kernel) else None,
        "parts": {
            name: _synapse_part(kernel, name, assigns, decay)
            for name, assigns, decay in (
                ("on_pre", kernel.on_pre, kernel.decay),
                ("on_post", kernel.on_post, kernel.decay),
                ("settle", (), kernel.decay),
                ("step", kernel.step, ()),
            )
        },
    }


def _synapse_part(
    kernel: SynapseKernel, name: str, assigns: tuple[Assign, ...], decay: tuple[Assign, ...]
) -> dict[str, Any]:
    """Statements of one event, with the variables it reads and writes."""
    used = _names(*(a.value for a in (*decay, *assigns)))
    if decay or name == "step":
        used |= _names(*(value for flow in kernel.flows for _, _, value in flow.matrix))
    targets = [a.target.removesuffix("__next") for a in (*decay, *assigns)]
    own = [n for n in kernel.synapse if n != "last_update"]
    jumped = [n for n in kernel.post if n in targets]
    summed = kernel.summed if name == "on_pre" else ()
    sinks = {n: f"{n}__sum" if n in summed else n for n in jumped}
    return {
        "statements": [
            {"target": a.target, "value": _print(a.value), "kind": _kind(kernel, a.target)}
            for a in assigns
        ],
        "loaded": [n for n in own if n in used or n in targets],
        "stored": [n for n in own if n in targets],
        "temporaries": [
            n for n in dict.fromkeys(targets) if n not in kernel.synapse and n not in kernel.post
        ],
        "pre": [(k, n) for k, n in enumerate(kernel.pre) if n in used],
        "post": [(k, n) for k, n in enumerate(kernel.post) if n in used],
        "guarded": set(targets) & set(kernel.held) if name == "on_post" else set(),
        "read": used & set(kernel.post),
        "jumped_names": set(targets) & set(kernel.post),
        "jumped": [(k, n) for k, n in enumerate(kernel.post) if n in sinks.values()],
        "sinks": sinks,
        "uses": {n: n in used for n in ("t", "delay")},
    }


def _kind(kernel: SynapseKernel, target: str) -> str:
    name = target.removesuffix("__next")
    if name in kernel.post:
        return "jump"
    if target != name:
        return "next"
    return "synapse" if name in kernel.synapse else "local"


def _ordered_view(kernel: NeuronKernel, assigns: list[Assign] | tuple[Assign, ...]) -> Any:
    """Ordered statements on one neuron: what to load first, what to store last."""
    states = [a.symbol for a in kernel.arrays if a.role == "state"]
    arrays = [a.symbol for a in kernel.arrays if a.role in ("parameter", "coupled")]
    used = _names(*(a.value for a in assigns)) | {a.target for a in assigns}
    return {
        "lines": _lines(assigns),
        "load": [n for n in states if n in used],
        "parameters": [n for n in arrays if n in used],
        "scalars": [s.symbol for s in kernel.scalars if s.symbol in used],
        "store": [n for n in states if n in {a.target for a in assigns}],
        "draws": [d for d in kernel.reset_draws if d.name in used],
        "timed": [(k, timed) for k, timed in enumerate(kernel.timed) if timed.name in used],
    }


def _prepare_view(kernel: NeuronKernel) -> dict[str, Any]:
    """Coefficients: those of the whole population, then those of each neuron (in double)."""

    def coefficient(c: Coefficient) -> Line:
        return Line(c.name, _print(c.value, "double"))

    flows = [_flow_view(f) for f in kernel.flows]
    return {
        "shared": [coefficient(c) for c in kernel.coefficients if not c.per_neuron],
        "per_neuron": [coefficient(c) for c in kernel.coefficients if c.per_neuron],
        "shared_flows": [f for f in flows if not f["per_neuron"]],
        "neuron_flows": [f for f in flows if f["per_neuron"]],
    }


def _flow_view(flow: LinearFlow) -> dict[str, Any]:
    """A matrix by the positions of its entries, and where its exponential's entries go."""
    size = len(flow.variables) + len(flow.inputs)
    outputs = [(i * size + j, name) for i, j, name in flow.outputs]
    return {
        "size": size,
        "entries": [(i * size + j, _print(value, "double")) for i, j, value in flow.matrix],
        "outputs": outputs,
        "shared": [(k, n) for k, n in outputs if n not in flow.per_neuron],
        "per_neuron": [(k, n) for k, n in outputs if n in flow.per_neuron],
    }


class _TimeHoist:
    """Takes what depends only on time and shared parameters out of the loop over neurons, and
    computes it in double precision: float32 could not tell steps apart late in a long run. Where
    time meets values of single neurons, sums with it and functions of it are in double, too."""

    def __init__(self, scalars: Iterable[str], per_neuron: Iterable[str]) -> None:
        self.allowed = {*scalars, "t", "dt"}
        self.fixed = {*self.allowed, *per_neuron}
        self.lines: list[Assign] = []
        self.known: dict[sympy.Basic, sympy.Expr] = {}
        self.temporaries: dict[sympy.Basic, sympy.Expr] = {}

    def assigns(self, assigns: Iterable[Assign]) -> list[Assign]:
        """The same assignments; temporaries made of time alone are put into what uses them."""
        result = []
        for assign in assigns:
            value = assign.value.xreplace(self.temporaries)
            if self._is_time(value) or (_grows(value) and _names(value) <= self.fixed):
                self.temporaries[sympy.Symbol(assign.target, real=True)] = value
            result.append(Assign(assign.target, self(value)))
        return result

    def __call__(self, value: Any) -> Any:
        if "t" not in _names(value):
            return value
        if isinstance(value, Relational):
            difference = value.lhs - value.rhs
            if self._is_time(value):  # times are compared in double precision too
                return value.func(self._name(difference), sympy.S.Zero)
            if _grows(difference):
                return value.func(in_double(difference), sympy.S.Zero)
        elif self._is_time(value) and (value.is_Symbol or not isinstance(value, Boolean)):
            # SymPy counts symbols among the Booleans.
            return self._name(value)
        function = isinstance(value, sympy.Function) and not isinstance(value, sympy.Piecewise)
        if function and any(_grows(a) for a in value.args):
            return in_double(value)
        if isinstance(value, sympy.Add) and any(_grows(a, sums=False) for a in value.args):
            return in_double(value)
        if isinstance(value, (sympy.Add, sympy.Mul)):
            fixed = [a for a in value.args if _names(a) <= self.allowed]
            rest = [self(a) for a in value.args if a not in fixed]
            return value.func(self(value.func(*fixed)), *rest) if fixed else value.func(*rest)
        return value.func(*(self(a) for a in value.args))

    def _is_time(self, value: Any) -> bool:
        names = _names(value)
        return "t" in names and names <= self.allowed and not isinstance(value, ExprCondPair)

    def _name(self, value: sympy.Expr) -> sympy.Expr:
        if value not in self.known:
            name = f"time__{len(self.lines)}"
            self.lines.append(Assign(name, value))
            self.known[value] = sympy.Symbol(name, real=True)
        return self.known[value]


def _grows(value: sympy.Basic, sums: bool = True) -> bool:
    """Whether an expression is time, a multiple or a power of it, or (`sums`) a sum with such."""
    if isinstance(value, sympy.Pow):
        return _grows(value.base, sums)
    if isinstance(value, sympy.Mul) or (sums and isinstance(value, sympy.Add)):
        return any(_grows(a, sums) for a in value.args)
    return bool(value.is_Symbol and value.name == "t")


def _lines(assigns: list[Assign] | tuple[Assign, ...]) -> list[Line]:
    return [Line(a.target, _print(a.value)) for a in assigns]


def _print(value: sympy.Basic, real: str = "real", spell: Callable[[str], str] = str) -> str:
    return str(CppPrinter(real, spell).doprint(value))


def _names(*values: sympy.Basic | None) -> set[str]:
    return {s.name for value in values if value is not None for s in value.free_symbols}
