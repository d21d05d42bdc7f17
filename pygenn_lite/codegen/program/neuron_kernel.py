"""Assembles the NeuronKernel of a population from its system and its discrete step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy

from pygenn_lite.codegen.passes.shared_subexpressions import share_subexpressions
from pygenn_lite.codegen.program.program import (
    Assign,
    Coefficient,
    Draw,
    Jump,
    NeuronKernel,
    Timed,
)
from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.codegen.structure.parts import COUPLED, NUMERIC, Names
from pygenn_lite.codegen.structure.structures import PopulationStructure
from pygenn_lite.codegen.systems.integrators import Step, integrate
from pygenn_lite.codegen.systems.system import DT, System, T, build_system, symbol
from pygenn_lite.errors import EquationError


def neuron_kernel(structure: PopulationStructure, name: str) -> NeuronKernel:
    """Derive the kernel of a population."""
    where = f"population {structure.name!r}"
    system = build_system(structure)
    step = integrate(system, structure.integrator, where)
    step.assigns += _discrete_update(system)
    for noise, mean, sd in system.noise:
        draw = f"normal__{noise}"
        step.draws.append(Draw(draw, "normal", len(step.draws)))
        step.assigns.insert(0, Assign(noise, mean + sd * symbol(draw)))
    coefficients = step.coefficients + _refractory_coefficient(structure, system, where)

    following = {a.target.removesuffix("__next"): a.value for a in step.assigns if _is_next(a)}
    changed, decaying = tuple(following), _decaying(following)
    # Threshold and reset see the noise of their step: the same draw, once more.
    again = {symbol(n): mean + sd * symbol(f"normal__{n}") for n, mean, sd in system.noise}
    reset = tuple((n, v.xreplace(again)) for n, v in system.reset)
    reset_draws = _random_draws(system, reset, len(step.draws))
    used_draws = _random_draws(
        system,
        [*_only("threshold", system.threshold), *system.update],
        len(step.draws) + len(reset_draws),
    )
    at_end = {T: T + DT}
    moving = {*changed, *(n for n, _ in (*reset, *system.on_pre_spike, *system.on_post_spike))}
    checked = [n for n in system.states if n in moving] if structure.check_finite else []
    checked.sort(key=lambda n: n not in decaying)  # what comes in before what is made of it
    return NeuronKernel(
        name=name,
        arrays=_arrays(structure, system, step, coefficients),
        scalars=_scalars(structure, system, step, coefficients),
        coefficients=tuple(coefficients),
        flows=tuple(step.flows),
        draws=(*step.draws, *used_draws),
        timed=tuple(Timed(f"timed__{k}", shared) for k, (_, shared) in enumerate(structure.timed)),
        poisson=tuple(
            Jump(target, f"poisson__{k}_weight", k)
            for k, (target, _) in enumerate(structure.poisson)
        ),
        step=share_subexpressions(step.assigns, "s"),
        changed=changed,
        held=tuple(n for n in structure.hold if structure.refractory),
        accumulators=tuple((n, f"{n}__sum") for n in structure.accumulated),
        refractory=None
        if structure.refractory is None
        else ("condition" if structure.refractory_is_condition else "time"),
        refractory_condition=system.refractory.xreplace(at_end)
        if structure.refractory_is_condition and system.refractory is not None
        else None,
        threshold=None
        if system.threshold is None
        else system.threshold.xreplace({**at_end, **again}),
        reset=tuple(Assign(n, v.xreplace(at_end)) for n, v in reset),
        on_spike=()
        if structure.is_source
        else tuple(Assign(n, v.xreplace(at_end)) for n, v in system.on_pre_spike),
        after=tuple(
            Assign(n, v)
            for n, v in (system.on_pre_spike if structure.is_source else system.on_post_spike)
        ),
        reset_draws=(*reset_draws, *_used(step.draws, reset)),
        after_in_source=structure.is_source,
        published=structure.published,
        checked=tuple(checked),
        watched=tuple(n for n in checked if n not in decaying),
        integrators=tuple(step.integrators.items()),
        split=structure.split,
        real=structure.real,
    )


def _is_next(assign: Assign) -> bool:
    return assign.target.endswith("__next")


def _discrete_update(system: System) -> list[Assign]:
    """A discrete model's ordered assignments in single-assignment form."""
    current: dict[sympy.Basic, sympy.Expr] = {}
    assigns: list[Assign] = []
    for index, (name, value) in enumerate(system.update):
        target = symbol(f"update{index}__{name}")
        assigns.append(Assign(target.name, value.xreplace(current)))
        current[symbol(name)] = target
    assigns += [Assign(f"{variable.name}__next", value) for variable, value in current.items()]
    return assigns


def _refractory_coefficient(
    structure: PopulationStructure, system: System, where: str
) -> list[Coefficient]:
    """Number of steps of the refractory period, from a time in ms."""
    if system.refractory is None or structure.refractory_is_condition:
        return []
    unknown = {s.name for s in system.refractory.free_symbols} - system.parameters.keys()
    unknown -= {DT.name}
    if unknown:
        raise EquationError(
            f"the refractory period depends on {sorted(unknown)}",
            where=f"{where}, refractory",
            hint="give a time made of parameters, or a condition such as 'V > -40'",
        )
    steps = sympy.floor(system.refractory / DT + sympy.Rational(1, 2))
    return [Coefficient("refractory_steps", steps, not system.shared(system.refractory))]


def _random_draws(
    system: System, expressions: Sequence[tuple[str, sympy.Expr]], first: int
) -> tuple[Draw, ...]:
    names = {s.name for _, value in expressions for s in value.free_symbols}
    used = [name for name in system.draws if name in names]
    return tuple(Draw(n, system.draws[n], first + k) for k, n in enumerate(used))


def _used(draws: Iterable[Draw], expressions: Sequence[tuple[str, sympy.Expr]]) -> tuple[Draw, ...]:
    names = {s.name for _, value in expressions for s in value.free_symbols}
    return tuple(draw for draw in draws if draw.name in names)


def _decaying(following: dict[str, sympy.Expr]) -> set[str]:
    """States that only decay (``x' = P x``) and act on another state.

    They cannot stop being finite by themselves. Where something from outside makes them so, the
    state that they act on tells it a step later (once it is not refractory), so that they need not
    be looked at themselves.
    """
    states = {symbol(name) for name in following}
    alone = {
        name
        for name, value in following.items()
        if value.is_Mul
        and value.free_symbols & states == {symbol(name)}
        and not (value / symbol(name)).free_symbols & states
    }
    # A polynomial passes NaN and infinity on; comparisons and the like may swallow them.
    others = [v for n, v in following.items() if n not in alone and v.is_polynomial(*states)]
    return {n for n in alone if any(symbol(n) in value.free_symbols for value in others)}


def _arrays(
    structure: PopulationStructure, system: System, step: Step, coefficients: list[Coefficient]
) -> tuple[Variable, ...]:
    names = structure.names
    arrays = [_declared(n, names, "state", addressed=n in structure.arena) for n in system.states]
    for n in structure.accumulated:
        name, part = names[n]
        arrays.append(Variable(f"{n}__sum", name, part, "accumulator", addressed=True))
    arrays += [_declared(COUPLED.symbol(n), names, "coupled") for n in structure.coupled]
    if structure.refractory is not None:
        arrays.append(_numeric("refractory", "refractory", dtype="uint16"))
    parameters = [n for n, shared in system.parameters.items() if not shared]
    arrays += [_declared(n, names, "parameter") for n in parameters]
    arrays += [_numeric(c.name, "coefficient") for c in coefficients if c.per_neuron]
    arrays += [_numeric(n, "coefficient") for flow in step.flows for n in flow.per_neuron]
    return tuple(arrays)


def _scalars(
    structure: PopulationStructure,
    system: System,
    step: Step,
    coefficients: Iterable[Coefficient],
) -> tuple[Variable, ...]:
    parameters = [n for n, shared in system.parameters.items() if shared]
    computed = [c.name for c in coefficients if not c.per_neuron]
    for flow in step.flows:
        computed += [n for _, _, n in flow.outputs if n not in flow.per_neuron]
    return (
        *(_declared(n, structure.names, "parameter", shared=True) for n in parameters),
        *(_numeric(n, "coefficient", shared=True) for n in computed),
    )


def _declared(
    symbol: str, names: Names, role: str, *, shared: bool = False, addressed: bool = False
) -> Variable:
    """A variable or parameter that the user knows, by its symbol."""
    name, part = names[symbol]
    return Variable(symbol, name, part, role, shared=shared, addressed=addressed)


def _numeric(name: str, role: str, *, dtype: str = "real", shared: bool = False) -> Variable:
    return Variable(name, name, NUMERIC, role, dtype, shared)


def _only(name: str, value: sympy.Expr | None) -> list[tuple[str, sympy.Expr]]:
    return [] if value is None else [(name, value)]
