"""Joins neuron model, receptors, traces and inputs of a population into one system of equations.

The continuous form is kept as SymPy (derivatives, threshold, reset, jumps): integrators discretise
it, adjoints will be derived from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

import sympy
from sympy.logic.boolalg import Boolean

from pygenn_lite.codegen.structure.parts import COUPLED, Part
from pygenn_lite.codegen.structure.structures import (
    PopulationStructure,
    ReceptorStructure,
    Statement,
    TraceStructure,
)
from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.declaration.language.functions import rand, randn
from pygenn_lite.errors import EquationError, Location
from pygenn_lite.records import dataclass

Substitution = Mapping[sympy.Basic, sympy.Expr]


def symbol(name: str) -> sympy.Symbol:
    """The SymPy symbol of a name, as the parser makes it."""
    return sympy.Symbol(name, real=True)


DT = symbol("dt")
T = symbol("t")
ACTIVE = symbol("active__")  # 1, or 0 while the neuron is refractory


@dataclass(frozen=True)
class System:
    """The joint continuous system of one population, over internal names."""

    derivatives: dict[str, sympy.Expr]
    update: tuple[tuple[str, sympy.Expr], ...]  # a discrete model's ordered assignments
    neuron_states: tuple[str, ...]
    states: tuple[str, ...]
    parameters: dict[str, bool]  # name -> shared?
    forcings: tuple[str, ...]  # known in a step, differ from step to step: timed0, noise0, ...
    noise: tuple[tuple[str, sympy.Expr, sympy.Expr], ...]  # name, mean, std of noise currents
    threshold: sympy.Expr | None
    refractory: sympy.Expr | None
    reset: tuple[tuple[str, sympy.Expr], ...]
    on_pre_spike: tuple[tuple[str, sympy.Expr], ...]
    on_post_spike: tuple[tuple[str, sympy.Expr], ...]
    clamped: tuple[str, ...] = ()  # are clamped while the neuron is refractory
    draws: dict[str, str] = field(default_factory=dict)  # rand()/randn() symbols -> kind

    def shared(self, expression: sympy.Expr) -> bool:
        """Whether an expression over parameters has one value for the whole population."""
        return all(self.parameters.get(s.name, True) for s in expression.free_symbols)


def flow_system(
    derivatives: Mapping[str, sympy.Expr],
    parameters: Mapping[str, bool],
    forcings: tuple[str, ...] = (),
) -> System:
    """Equations by themselves, without spikes, noise or a threshold.

    Parameters
    ----------
    derivatives : mapping of str to sympy.Expr
    parameters : mapping of str to bool
        By name: whether it is shared.
    forcings : tuple of str
        What is known in a step and differs from step to step.
    """
    return System(
        derivatives=dict(derivatives),
        update=(),
        neuron_states=tuple(derivatives),
        states=tuple(derivatives),
        parameters=dict(parameters),
        forcings=forcings,
        noise=(),
        threshold=None,
        refractory=None,
        reset=(),
        on_pre_spike=(),
        on_post_spike=(),
    )


def build_system(structure: PopulationStructure) -> System:
    """Join all equations of a population."""
    where = Location.of("population", structure.name)
    parameters = dict(structure.parameters)
    noise = []
    contributions: dict[str, list[sympy.Expr]] = {name: [] for name in structure.inputs}

    for k, (name, shared) in enumerate(structure.currents):
        current = Part("current", k).symbol("value")
        parameters[current] = shared
        contributions[name].append(symbol(current))
    timed = [Part("timed", k).symbol("value") for k in range(len(structure.timed))]
    for value, (name, _) in zip(timed, structure.timed, strict=True):
        contributions[name].append(symbol(value))
    coupled = [COUPLED.symbol(name) for name in structure.coupled]
    for name, internal in zip(structure.coupled, coupled, strict=True):
        contributions[name].append(symbol(internal))
    for k, (name, mean_shared, std_shared) in enumerate(structure.noise):
        value, mean, std = (Part("noise", k).symbol(n) for n in ("value", "mean", "std"))
        parameters[mean], parameters[std] = mean_shared, std_shared
        contributions[name].append(symbol(value))
        noise.append((value, symbol(mean), symbol(std)))
    for k, (_, shared) in enumerate(structure.poisson):
        parameters[Part("poisson", k).symbol("weight")] = shared

    attached: dict[str, sympy.Expr] = {}
    states = list(structure.states)
    for k, receptor in enumerate(structure.receptors):
        part = Part("receptor", k)
        names = _renamed(receptor, part)
        parameters.update({part.symbol(name): True for name in receptor.parameters})
        states += [part.symbol(name) for name in receptor.states]
        derivatives, definitions = continuous(receptor.equations, names, where)
        attached.update({part.symbol(name): e for name, e in derivatives.items()})
        for name, _, text in receptor.inputs:
            given = parse_expression(text, where).sympy().xreplace(names)
            contributions[name].append(given.xreplace(definitions))

    own, definitions = continuous(structure.equations, {}, where)
    inputs = {symbol(n): sympy.Add(*parts) for n, parts in contributions.items()}
    close = _Closure(inputs, definitions)

    spikes: dict[str, list[tuple[str, sympy.Expr]]] = {"pre": [], "post": []}
    for part, trace in structure.numbered_traces:
        names = _renamed(trace, part)
        parameters.update({part.symbol(name): True for name in trace.parameters})
        states += [part.symbol(name) for name in trace.states]
        derivatives, local = continuous(trace.equations, names, where)
        attached.update({part.symbol(name): e for name, e in derivatives.items()})
        spikes[trace.side] += [
            (part.symbol(name), value.xreplace(names).xreplace(local))
            for name, value in assignments(trace.on_spike, where)
        ]

    derivatives = {name: close(value) for name, value in {**own, **attached}.items()}
    random = _RandomSymbols()
    system = System(
        derivatives=derivatives,
        update=tuple((n, random(close(v))) for n, v in assignments(structure.update, where)),
        neuron_states=structure.states,
        states=tuple(states),
        parameters=parameters,
        forcings=(*timed, *coupled, *(n for n, _, _ in noise)),
        noise=tuple(noise),
        threshold=_optional(structure.threshold, where, close, random),
        refractory=_optional(structure.refractory, where, close, random),
        reset=tuple((n, random(close(v))) for n, v in assignments(structure.reset, where)),
        on_pre_spike=tuple(spikes["pre"]),
        on_post_spike=tuple(spikes["post"]),
        clamped=structure.clamp if structure.refractory else (),
        draws=random.kinds,
    )
    _check(system, where)
    return system


def continuous(
    statements: Iterable[Statement], names: Substitution, where: Location
) -> tuple[dict[str, sympy.Expr], dict[sympy.Basic, sympy.Expr]]:
    """Derivatives (definitions put in, wherever they stand) and the definitions, both with renamed
    symbols."""
    derivatives: dict[str, sympy.Expr] = {}
    definitions: dict[sympy.Basic, sympy.Expr] = {}
    for name, operator, text in statements:
        value = parse_expression(text, where).sympy().xreplace(dict(names))
        if operator == "'":
            derivatives[name] = value
        else:
            definitions[symbol(name)] = value
    return {n: _expand(v, definitions) for n, v in derivatives.items()}, {
        s: _expand(v, definitions) for s, v in definitions.items()
    }


def assignments(statements: Iterable[Statement], where: Location) -> list[tuple[str, sympy.Expr]]:
    """Ordered assignments with ``x += e`` written as ``x = x + e``."""
    result = []
    for name, operator, text in statements:
        value = parse_expression(text, where).sympy()
        own = symbol(name)
        if operator == "+=":
            value = own + value
        elif operator == "-=":
            value = own - value
        elif operator == "*=":
            value = own * value
        elif operator == "/=":
            value = own / value
        result.append((name, value))
    return result


def _expand(value: sympy.Expr, definitions: Substitution) -> sympy.Expr:
    """Put definitions into an expression; definitions may use each other in any order."""
    for _ in range(len(definitions) + 1):
        if not value.free_symbols & definitions.keys():
            return value
        value = value.xreplace(dict(definitions))
    raise EquationError("auxiliary definitions refer to each other in a circle")


class _Closure:
    """Puts definitions and inputs into an expression until only states and parameters remain."""

    def __init__(self, inputs: Substitution, definitions: Substitution) -> None:
        self.replace = {**definitions, **inputs}

    def __call__(self, value: sympy.Expr) -> sympy.Expr:
        return _expand(value, self.replace)


class _RandomSymbols:
    """Replaces each rand() and randn() by a symbol of its own."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}

    def __call__(self, value: sympy.Expr) -> sympy.Expr:
        replace = {}
        for function, kind in ((rand, "uniform"), (randn, "normal")):
            for call in sorted(value.atoms(function), key=str):
                name = f"random__{len(self.kinds)}"
                self.kinds[name] = kind
                replace[call] = symbol(name)
        return value.xreplace(replace) if replace else value


def _optional(
    text: str | None, where: Location, close: _Closure, random: _RandomSymbols
) -> sympy.Expr | None:
    if text is None:
        return None
    return random(close(parse_expression(text, where).sympy()))


def _renamed(
    attached: ReceptorStructure | TraceStructure, part: Part
) -> dict[sympy.Basic, sympy.Expr]:
    names = (*attached.states, *attached.parameters)
    return {symbol(name): symbol(part.symbol(name)) for name in names}


def check_number(value: sympy.Basic, shown: str, where: Location) -> None:
    """What is assigned or integrated must be a real number.

    Raises
    ------
    EquationError
        It is a condition, infinite, undefined or imaginary whatever the variables are.
    """
    if isinstance(value, Boolean) and not value.is_Symbol:  # SymPy counts symbols among them
        raise EquationError(
            f"{shown} = {value} is a condition, not a number",
            where=where,
            hint="write where(condition, 1, 0)",
        )
    check_real(value, shown, where)


def check_real(value: sympy.Basic, shown: str, where: Location) -> None:
    """Nothing in an expression may be infinite, undefined or imaginary."""
    if value.has(sympy.zoo, sympy.nan, sympy.oo, sympy.S.NegativeInfinity, sympy.I):
        raise EquationError(
            f"{shown} = {value} has no real value",
            where=where,
            hint="look for a division by zero, or the root or logarithm of a negative number",
        )


def _check(system: System, where: Location) -> None:
    """A last look before code is made: every symbol must be known (the declaration's own checks
    come first and speak better; this one also sees what groups and inputs added)."""
    known = {*system.states, *system.parameters, *system.forcings, *system.draws, "t", "dt"}
    for name, value in system.derivatives.items():
        check_number(value, f"d{name}/dt", where)
        for s in sorted(value.free_symbols, key=str):
            if s.name not in known and not (s.name == "xi" or s.name.startswith("xi_")):
                raise EquationError(
                    f"unknown symbol {s.name!r} in d{name}/dt",
                    where=where.about(f"d{name}/dt"),
                )
    spikes = (*system.on_pre_spike, *system.on_post_spike)
    for name, value in (*system.update, *system.reset, *spikes):
        check_number(value, name, where)
    for name, condition in (("threshold", system.threshold), ("refractory", system.refractory)):
        if condition is not None:
            check_real(condition, name, where)
