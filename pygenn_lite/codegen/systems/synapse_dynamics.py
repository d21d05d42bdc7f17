"""Integrates variables that each synapse has: exactly between events, or in every step.

The same rules as for neurons. In a step, what synapses read of their neurons is held; between
events it must not matter. Propagators are formulas of the elapsed time where these are short and
safe, else matrix exponentials in the kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import sympy

from pygenn_lite.codegen.passes.shared_subexpressions import share_subexpressions
from pygenn_lite.codegen.program.kernel import Assign, LinearFlow
from pygenn_lite.codegen.structure.structures import SynapseStructure
from pygenn_lite.codegen.systems.closed_form import safe_form
from pygenn_lite.codegen.systems.integrators import components, integrate
from pygenn_lite.codegen.systems.linear import exact_flow, linear_part, linear_variables
from pygenn_lite.codegen.systems.rules import Rule
from pygenn_lite.codegen.systems.system import DT, System, flow_system, symbol
from pygenn_lite.errors import EquationError, Location
from pygenn_lite.records import dataclass

ELAPSED = symbol("elapsed")
Derivatives = Mapping[str, sympy.Expr]


@dataclass(frozen=True)
class Dynamics:
    """How variables advance: propagators to be computed first, then rules."""

    flows: tuple[LinearFlow, ...] = ()
    rules: tuple[Rule, ...] = ()
    integrators: tuple[tuple[str, str], ...] = ()


def between_events(
    derivatives: Derivatives, structure: SynapseStructure, where: Location
) -> Dynamics:
    """Exactly over `elapsed` ms: linear equations whose coefficients are constant in that time.

    Raises
    ------
    EquationError
        Naming the equation, what in it is not so, and what to write instead.
    """
    system = _system(derivatives, structure)
    _check_still(derivatives, {*structure.pre, *structure.post, "t"}, where)
    _check_linear(system, where)
    flows: list[LinearFlow] = []
    rules: list[Rule] = []
    for component in components(system):
        flow, own = exact_flow(system, component)
        numeric, values = _put_in([flow], own, ELAPSED)
        flows += numeric
        rules += values
    return Dynamics(tuple(flows), tuple(rules), tuple((n, "exact") for n in derivatives))


def every_step(derivatives: Derivatives, structure: SynapseStructure, where: Location) -> Dynamics:
    """From step to step, all variables together, by the integrator asked for."""
    system, drives = _apart(_system(derivatives, structure))
    step = integrate(system, structure.integrator, where)
    known = {symbol(c.name): c.value for c in step.coefficients}
    rules = [replace(a, value=a.value.xreplace(known)) for a in (*drives, *step.rules)]
    flows, rules = _put_in(step.flows, rules, DT)
    return Dynamics(tuple(flows), share_subexpressions(rules, "s"), tuple(step.integrators.items()))


def _system(derivatives: Derivatives, structure: SynapseStructure) -> System:
    """A synapse's variables as a system by themselves; all else is constant in it."""
    own = {*structure.synapse, *structure.pre, *structure.post, "delay"} - derivatives.keys()
    parameters = {**dict.fromkeys(structure.scalars, True), **dict.fromkeys(sorted(own), False)}
    return flow_system(derivatives, parameters)


def _apart(system: System) -> tuple[System, list[Assign]]:
    """Drives that differ between synapses as inputs of a linear system: its propagator is then the
    same for all of them."""
    own = list(system.derivatives)
    varying = frozenset({*own, "t"})
    derivatives, drives = dict(system.derivatives), []
    for name, value in system.derivatives.items():
        split = linear_part(value, own, varying)
        if split is None or system.shared(split[1]):
            continue
        coefficients, drive = split
        if varying.isdisjoint(s.name for s in drive.free_symbols):
            drives.append(Assign(f"drive__{name}", drive))
            terms = (factor * symbol(n) for n, factor in coefficients.items())
            derivatives[name] = sympy.Add(*terms, symbol(f"drive__{name}"))
    inputs = tuple(a.target for a in drives)
    parameters = {**system.parameters, **dict.fromkeys(inputs, False)}
    return replace(system, derivatives=derivatives, forcings=inputs, parameters=parameters), drives


def _put_in(
    flows: Iterable[LinearFlow], rules: Iterable[Rule], h: sympy.Expr
) -> tuple[list[LinearFlow], list[Rule]]:
    """Coefficients that have a safe formula are put into the rules; the flows that are left
    hold the others."""
    formulas: dict[sympy.Basic, sympy.Expr] = {}
    left = []
    for flow in flows:
        safe = safe_form(flow, h)
        formulas |= {symbol(name): value for name, value in safe.items()}
        outputs = tuple(o for o in flow.outputs if o[2] not in safe)
        if outputs:
            names = tuple(n for n in flow.per_neuron if n not in safe)
            left.append(replace(flow, outputs=outputs, per_neuron=names))
    return left, [replace(a, value=a.value.xreplace(formulas)) for a in rules]


def _check_still(derivatives: Derivatives, moving: set[str], where: Location) -> None:
    for name, value in derivatives.items():
        met = sorted(s.name for s in value.free_symbols if s.name in moving)
        if met:
            raise EquationError(
                f"d{name}/dt = {value} cannot be integrated between events: "
                f"{', '.join(met)} {'changes' if len(met) == 1 else 'change'} meanwhile",
                where=where.about(f"d{name}/dt"),
                hint="set event_driven=False to integrate it in every step",
            )


def _check_linear(system: System, where: Location) -> None:
    names = list(system.derivatives)
    linear = linear_variables(system, names)
    for name in _offending(system, [n for n in names if n not in linear]):
        value = system.derivatives[name]
        raise EquationError(
            f"d{name}/dt = {value} cannot be integrated between events: it is not linear in "
            f"{', '.join(n for n in names if symbol(n) in value.free_symbols)}",
            where=where.about(f"d{name}/dt"),
            hint="set event_driven=False to integrate it in every step, by the integrator of "
            "your choice (integrator='rk4')",
        )


def _offending(system: System, names: Sequence[str]) -> list[str]:
    """Those that are not linear themselves before those that depend on them."""
    return sorted(names, key=lambda n: n in linear_variables(replace(system, states=(n,)), [n]))
