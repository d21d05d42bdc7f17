"""Chooses an integrator for each part of a system and derives its discrete step.

The system falls apart into components that do not act on each other. A component that is linear
gets its exact propagator; one that is linear in each variable by itself, exponential Euler (with
the exact propagator for the part that is linear by itself, e.g. conductances); one with white
noise, Euler-Maruyama; any other, RK4. An integrator asked for by name is used for every component
with a neuron variable, or refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from fractions import Fraction

import sympy
from sympy.core.relational import Relational

from pygenn_lite.codegen.program.kernel import Assign, Draw, LinearFlow
from pygenn_lite.codegen.systems.linear import (
    exact_flow,
    flow_of_clamped,
    linear_part,
    linear_variables,
    noise_symbols,
)
from pygenn_lite.codegen.systems.rules import Coefficient, Next, Rule
from pygenn_lite.codegen.systems.system import ACTIVE, DT, System, T, symbol
from pygenn_lite.declaration.integrator_records import (
    AUTO,
    INTEGRATORS,
    LINEAR,
    LINEAR_BY_ITSELF,
    Integrator,
    find_integrator,
)
from pygenn_lite.declaration.language.functions import exprel
from pygenn_lite.errors import EquationError, Location
from pygenn_lite.records import dataclass


@dataclass
class Step:
    """The discrete step of a system: what is computed before the run and in every step."""

    flows: list[LinearFlow] = field(default_factory=list)
    coefficients: list[Coefficient] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    draws: list[Draw] = field(default_factory=list)
    integrators: dict[str, str] = field(default_factory=dict)


def integrate(system: System, requested: str, where: Location) -> Step:
    """Derive the discrete step of a whole system.

    Raises
    ------
    EquationError
        The integrator asked for does not fit the equations; the message says what would.
    """
    step = Step()
    for component in components(system):
        own = requested if set(component) & set(system.neuron_states) else AUTO
        _integrate_component(system, component, own, step, where)
    return step


def components(system: System) -> list[tuple[str, ...]]:
    """Sets of variables that do not act on each other, in order of declaration."""
    group = {name: {name} for name in system.derivatives}
    for name, value in system.derivatives.items():
        for s in value.free_symbols:
            if s.name in group and group[s.name] is not group[name]:
                merged = group[name] | group[s.name]
                for member in merged:
                    group[member] = merged
    seen: set[int] = set()
    result = []
    for name in system.derivatives:
        if id(group[name]) not in seen:
            seen.add(id(group[name]))
            result.append(tuple(n for n in system.derivatives if n in group[name]))
    return result


@dataclass(frozen=True)
class _Part:
    """A component, and the integrator that it gets."""

    system: System
    variables: tuple[str, ...]
    linear: tuple[str, ...]  # of these: get their exact propagator, where the method leaves them
    rest: tuple[str, ...]
    method: Integrator
    where: Location


def _integrate_component(
    system: System, component: Sequence[str], requested: str, step: Step, where: Location
) -> None:
    asked = None if requested == AUTO else find_integrator(requested)
    # A method asked for by name is used for the neuron's own variables even where they are linear.
    literal = asked is not None and asked.kind in ("exponential_euler", "euler_maruyama")
    candidates = [n for n in component if not (literal and n in system.neuron_states)]
    linear = linear_variables(system, candidates)
    rest = tuple(name for name in component if name not in linear)
    method = asked or next(
        r for r in INTEGRATORS.values() if r.automatic and _fits(r, system, rest)
    )
    part = _Part(system, tuple(component), tuple(linear), rest, method, where)
    _check_noise(part)
    _DERIVATIONS[method.kind](part, step)


def _fits(method: Integrator, system: System, rest: Sequence[str]) -> bool:
    """Whether a method integrates what is not linear in a component."""
    noisy = any(noise_symbols(system.derivatives[name]) for name in rest)
    if noisy and not method.noise:
        return False
    if method.needs == LINEAR:
        return not rest
    if method.needs == LINEAR_BY_ITSELF:
        return all(_conditional(system, name) is not None for name in rest)
    return True


def _check_noise(part: _Part) -> None:
    noisy = [n for n in part.rest if noise_symbols(part.system.derivatives[n])]
    if noisy and not part.method.noise:
        raise EquationError(
            f"integrator {part.method.name!r} cannot integrate white noise in "
            f"d{noisy[0]}/dt = {part.system.derivatives[noisy[0]]}",
            where=part.where.key("integrator").about(f"d{noisy[0]}/dt"),
            hint="use integrator='euler_maruyama' or 'auto'",
        )


def _exact_only(part: _Part, step: Step) -> None:
    if part.rest:
        name = part.rest[0]
        raise EquationError(
            f"integrator 'exact' needs linear equations with constant coefficients; "
            f"d{name}/dt = {part.system.derivatives[name]} is not",
            where=part.where.key("integrator").about(f"d{name}/dt"),
            hint="use 'exponential_euler', 'rk4' or 'auto'",
        )
    _linear_exactly(part, step)


def _linear_exactly(part: _Part, step: Step) -> None:
    if part.linear:
        _exact(part.system, part.linear, step)
        step.integrators.update(dict.fromkeys(part.linear, "exact"))


def _exact(system: System, variables: Sequence[str], step: Step) -> None:
    """The propagator; a second one for what depends on variables that are clamped while the neuron
    is refractory."""
    flow, rules = exact_flow(system, variables)
    step.flows.append(flow)
    clamped = flow_of_clamped(system, variables)
    if clamped is not None:
        step.flows.append(clamped[0])
        other = {a.target: a.value for a in clamped[1]}
        rules = [
            Next(a.target, sympy.Piecewise((a.value, ACTIVE > 0), (other[a.target], True)))
            if a.target in other
            else a
            for a in rules
        ]
    step.rules += rules


def _conditional(system: System, name: str) -> tuple[sympy.Expr, sympy.Expr] | None:
    """(a, b) of dx/dt = a x + b with a, b free of x, or None."""
    split = linear_part(system.derivatives[name], [name], frozenset({name}))
    if split is None:
        return None
    coefficients, rest = split
    if symbol(name) in rest.free_symbols:
        return None
    return coefficients.get(name, sympy.S.Zero), rest


def _exponential_euler(part: _Part, step: Step) -> None:
    """x' = x + dt exprel(a dt) (a x + b), other variables held at the start of the step."""
    _linear_exactly(part, step)
    system, where = part.system, part.where
    for name in part.rest:
        split = _conditional(system, name)
        if split is None:
            raise EquationError(
                f"integrator 'exponential_euler' needs d{name}/dt to be linear in {name}; "
                f"d{name}/dt = {system.derivatives[name]} is not",
                where=where.key("integrator").about(f"d{name}/dt"),
                hint="use 'rk4' or 'auto'",
            )
        rate, drive = split
        variable = symbol(name)
        if {s.name for s in rate.free_symbols} <= system.parameters.keys():
            shared = system.shared(rate)
            decay, gain = symbol(f"decay__{name}"), symbol(f"gain__{name}")
            step.coefficients += [
                Coefficient(decay.name, sympy.exp(rate * DT), not shared),
                Coefficient(gain.name, DT * exprel(rate * DT), not shared),
            ]
            value = decay * variable + gain * drive
        else:
            value = variable + DT * exprel(rate * DT) * (rate * variable + drive)
        step.rules.append(Next(name, value))
        step.integrators[name] = "exponential_euler"


def _euler_maruyama(part: _Part, step: Step) -> None:
    """x' = x + dt f + sqrt(dt) sum of g_k N_k (Ito); N_k standard normal, one per xi and step."""
    _linear_exactly(part, step)
    system, where = part.system, part.where
    for name in part.rest:
        value = system.derivatives[name]
        drift, diffusion = value, sympy.S.Zero
        for xi in noise_symbols(value):
            factor = sympy.diff(value, xi)
            conditions = value.atoms(Relational)
            if noise_symbols(factor) or any(xi in c.free_symbols for c in conditions):
                raise EquationError(
                    f"d{name}/dt = {value} must be linear in {xi.name}",
                    where=where.about(f"d{name}/dt"),
                    hint="white noise can only be multiplied, e.g. 'sigma*sqrt(2/tau)*xi'",
                )
            draw = _normal(xi, step)
            drift = drift.xreplace({xi: sympy.S.Zero})
            diffusion += factor * draw
        result = symbol(name) + DT * drift + symbol("sqrt_dt") * diffusion
        step.rules.append(Next(name, result))
        step.integrators[name] = "euler_maruyama"
    if not any(c.name == "sqrt_dt" for c in step.coefficients):
        step.coefficients.append(Coefficient("sqrt_dt", sympy.sqrt(DT), False))


def _normal(xi: sympy.Symbol, step: Step) -> sympy.Symbol:
    """The normal deviate that stands for a white noise; the same in all equations of a neuron."""
    name = f"normal__{xi.name}"
    if not any(draw.name == name for draw in step.draws):
        step.draws.append(Draw(name, "normal", len(step.draws)))
    return symbol(name)


def _runge_kutta(part: _Part, step: Step) -> None:
    """Explicit Runge-Kutta on all variables of a component together; forcings held."""
    tableau = part.method.runge_kutta
    system, names = part.system, part.variables
    nodes, weights = _rationals(tableau.c), _rationals(tableau.b)
    stages = [_rationals(row) for row in tableau.a]
    used = {s.name for n in names for s in system.derivatives[n].free_symbols if s.name != n}
    seen_by_others = used & set(system.clamped) if len(nodes) > 1 else set()
    for index, (node, row) in enumerate(zip(nodes, stages, strict=True)):
        replace: dict[sympy.Basic, sympy.Expr] = {}
        for name in names:
            terms = [
                factor * symbol(f"slope{j}__{name}") for j, factor in enumerate(row) if factor != 0
            ]
            if terms:
                stage = symbol(f"stage{index}__{name}")
                step.rules.append(Assign(stage.name, symbol(name) + DT * sympy.Add(*terms)))
                replace[symbol(name)] = stage
        if node != 0:
            replace[T] = T + node * DT
        for name in names:
            value = system.derivatives[name].xreplace(replace)
            if name in seen_by_others:  # its stages are constant as well
                value = ACTIVE * value
            step.rules.append(Assign(f"slope{index}__{name}", value))
    for name in names:
        slope = sympy.Add(*(w * symbol(f"slope{j}__{name}") for j, w in enumerate(weights)))
        step.rules.append(Next(name, symbol(name) + DT * slope))
        step.integrators[name] = part.method.name


def _rationals(row: Iterable[Fraction]) -> list[sympy.Rational]:
    return [sympy.Rational(x.numerator, x.denominator) for x in row]


_DERIVATIONS: dict[str, Callable[[_Part, Step], None]] = {
    "exact": _exact_only,
    "exponential_euler": _exponential_euler,
    "euler_maruyama": _euler_maruyama,
    "runge_kutta": _runge_kutta,
}
