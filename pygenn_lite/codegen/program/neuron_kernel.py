"""Builds the kernels of a population from its system and its discrete step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy

from pygenn_lite.codegen.passes.fuse import fuse
from pygenn_lite.codegen.passes.shared_subexpressions import share_subexpressions
from pygenn_lite.codegen.program.crossing import Crossing
from pygenn_lite.codegen.program.kernel import (
    Assign,
    Check,
    Count,
    Domain,
    Draw,
    Emit,
    Kernel,
    Statement,
    TimedValue,
    Update,
    Where,
    everything,
    names_in,
    read_by,
)
from pygenn_lite.codegen.program.neuron_variables import (
    OFFSET,
    SPEED,
    neuron_scalars,
    neuron_variables,
)
from pygenn_lite.codegen.program.program import NeuronKernels
from pygenn_lite.codegen.program.signature import TimedSignature, Variable
from pygenn_lite.codegen.structure.parts import Part
from pygenn_lite.codegen.structure.structures import PopulationStructure
from pygenn_lite.codegen.systems.integrators import Step, integrate
from pygenn_lite.codegen.systems.rules import Coefficient, Next, Rule
from pygenn_lite.codegen.systems.system import ACTIVE, DT, System, T, build_system, symbol
from pygenn_lite.errors import EquationError, Location
from pygenn_lite.records import dataclass

REFRACTORY = symbol("refractory")  # steps left (or 1: the condition holds)
WAITING = symbol("waiting__")  # whether the neuron is refractory as the step begins
FREE = symbol("free__")  # whether it is not at the end of the step
AT_END = {T: T + DT}


@dataclass(frozen=True)
class _Parts:
    """What the kernels of one population are built from."""

    name: str
    structure: PopulationStructure
    system: System
    step: Step
    coefficients: tuple[Coefficient, ...]
    variables: tuple[Variable, ...]
    scalars: tuple[Variable, ...]

    def kernel(
        self, role: str, visit: str, body: Iterable[Statement], *, fires: bool = False
    ) -> Kernel:
        known = (*self.variables, *self.scalars)
        real = self.structure.real
        domain = Domain("population", visit)
        return Kernel(f"{self.name}_{role}", domain, known, tuple(body), real, fires)

    @property
    def crossing(self) -> Crossing:
        """Where in its step a spike is."""
        return Crossing(self.structure, self.system, self.step)

    @property
    def noise(self) -> dict[sympy.Basic, sympy.Expr]:
        """What stands for noise currents where they are read at a spike: the same draw again."""
        return {
            symbol(n): mean + std * symbol(f"normal__{n}") for n, mean, std in self.system.noise
        }


def neuron_kernels(structure: PopulationStructure, name: str) -> NeuronKernels:
    """Derive the kernels of a population."""
    where = Location.of("population", structure.name)
    system = build_system(structure)
    step = integrate(system, structure.integrator, where)
    step.rules += _discrete_update(system)
    for noise, mean, std in system.noise:
        draw = f"normal__{noise}"
        step.draws.append(Draw(draw, "normal", len(step.draws)))
        step.rules.insert(0, Assign(noise, mean + std * symbol(draw)))
    coefficients = (*step.coefficients, *_refractory_coefficient(structure, system, where))
    variables = neuron_variables(structure, system, step, coefficients)
    scalars = neuron_scalars(structure, system, step, coefficients)
    parts = _Parts(name, structure, system, step, coefficients, variables, scalars)

    rules = share_subexpressions(step.rules, "s")
    following = {r.target: r.value for r in step.rules if isinstance(r, Next)}
    decaying = _decaying(following)
    reset = tuple((n, v.xreplace(parts.noise)) for n, v in system.reset)
    moving = {*following, *(n for n, _ in (*reset, *system.on_pre_spike, *system.on_post_spike))}
    checked = [n for n in system.states if n in moving] if structure.check_finite else []
    checked.sort(key=lambda n: n not in decaying)  # what comes in before what is made of it

    # Draws are numbered by what needs them first: the step, the reset, the threshold.
    reset_draws = _random_draws(system, reset, len(step.draws))
    others = [*_only("threshold", system.threshold), *system.update]
    other_draws = _random_draws(system, others, len(step.draws) + len(reset_draws))
    draws = (*step.draws, *other_draws)
    timed = tuple(
        TimedValue(Part("timed", k).symbol("value"), k, shared)
        for k, (_, shared) in enumerate(structure.timed)
    )
    flow = [*parts.crossing.as_step_begins(), *_flow(parts, rules)]
    integrate_ = parts.kernel("integrate", "all", _sourced(flow, draws, timed))
    check = [Check(tuple(checked), tuple(n for n in checked if n not in decaying))]
    rare = _spike(parts, reset, reset_draws)
    fire = [*_jumps(parts), *(check if checked else []), *rare]
    update = parts.kernel("update", "all", _sourced(fire, draws, timed), fires=True)
    kernels = {"integrate": integrate_, "update": update}
    if not structure.split:
        kernels = {"update": fuse(integrate_, update, update.name)}
    after = system.on_pre_spike if structure.is_source else system.on_post_spike
    if after:
        kernels["after"] = parts.kernel("after", "spiking", (Assign(n, v) for n, v in after))
    kernels["prepare"] = parts.kernel("prepare", "once", _coefficients(parts))
    return NeuronKernels(
        name=name,
        kernels=kernels,
        variables=variables,
        scalars=scalars,
        flows=tuple(step.flows),
        poisson=tuple(target for target, _ in structure.poisson),
        timed=tuple(TimedSignature(t.name, t.shared) for t in timed),
        exposed=structure.exposed,
        checked=tuple(checked),
        integrators=tuple(step.integrators.items()),
        real=structure.real,
    )


def _flow(parts: _Parts, rules: Sequence[Rule]) -> list[Statement]:
    """From the beginning of the step to its end, without jumps; clamped variables stay while the
    neuron is refractory."""
    clamped = parts.system.clamped
    temporaries: list[Statement] = [r for r in rules if isinstance(r, Assign)]
    values = tuple(
        (r.target, sympy.Piecewise((symbol(r.target), WAITING), (r.value, True)))
        if r.target in clamped
        else (r.target, r.value)
        for r in rules
        if isinstance(r, Next)
    )
    body = [*temporaries, *([Update(values)] if values else [])]
    used = set().union(*(read_by(s) for s in body))
    if ACTIVE.name in used:
        active = sympy.Piecewise((sympy.S.Zero, WAITING), (sympy.S.One, True))
        body.insert(0, Assign(ACTIVE.name, active))
        used.add(WAITING.name)
    if WAITING.name in used:
        body.insert(0, Assign(WAITING.name, sympy.Ne(REFRACTORY, 0)))
    return body


def _jumps(parts: _Parts) -> list[Statement]:
    """Poisson events and summed jumps at the end of the step. Held variables move again from the
    very end of refractoriness on; a condition for it is looked at before they jump."""
    structure, system, clamped = parts.structure, parts.system, parts.system.clamped
    body: list[Statement] = []
    if structure.refractory is not None:
        body.append(Assign(WAITING.name, sympy.Ne(REFRACTORY, 0)))
        if not structure.refractory_is_condition:
            step = sympy.Piecewise((sympy.S.One, WAITING), (sympy.S.Zero, True))
            body.append(Assign(REFRACTORY.name, REFRACTORY - step))
    for k in range(len(structure.poisson)):
        body.append(Count(f"count__{k}", k))
    body += _added(parts, [n for n in system.states if n not in clamped])
    if structure.refractory_is_condition and system.refractory is not None:
        lasts = sympy.And(WAITING, system.refractory.xreplace(AT_END))
        value = sympy.Piecewise((sympy.S.One, lasts), (sympy.S.Zero, True))
        body.append(Assign(REFRACTORY.name, value))
    late = _added(parts, clamped)
    return body + ([Assign(FREE.name, sympy.Eq(REFRACTORY, 0)), *late] if late else [])


def _added(parts: _Parts, targets: Sequence[str]) -> list[Statement]:
    """Jumps of some states; of clamped ones only where the neuron is free again."""
    body: list[Statement] = []

    def add(target: str, amount: sympy.Expr) -> None:
        if target in parts.system.clamped:
            amount = sympy.Piecewise((amount, FREE), (sympy.S.Zero, True))
        body.append(Assign(target, symbol(target) + amount))

    for k, (target, _) in enumerate(parts.structure.poisson):
        if target in targets:
            add(target, symbol(Part("poisson", k).symbol("weight")) * symbol(f"count__{k}"))
    for name in parts.structure.accumulated:
        if name in targets:
            add(name, symbol(f"{name}__sum"))
            body.append(Assign(f"{name}__sum", sympy.S.Zero))
    return body


def _spike(
    parts: _Parts, reset: Sequence[tuple[str, sympy.Expr]], reset_draws: Sequence[Draw]
) -> list[Statement]:
    """What a spike does, where the threshold lets one through."""
    structure, system = parts.structure, parts.system
    if system.threshold is None:
        return []
    condition = system.threshold.xreplace({**AT_END, **parts.noise})
    late: sympy.Basic = sympy.true
    traces = () if structure.is_source else system.on_pre_spike
    body: list[Statement] = [*parts.crossing.at_spike(), *reset_draws]
    body += [Assign(n, v.xreplace(AT_END)) for n, v in (*reset, *traces)]
    if structure.refractory is not None:
        seen = names_in(condition) & set(system.states)
        free = sympy.Eq(REFRACTORY, 0)
        # A neuron whose threshold sees nothing but clamped variables stays below it while it is
        # refractory: the counter need be looked at only when it spikes.
        if seen and seen <= set(system.clamped):
            late = free
        else:
            condition = sympy.And(condition, free)
        by_time = not structure.refractory_is_condition
        body.append(Assign(REFRACTORY.name, symbol("refractory_steps") if by_time else sympy.S.One))
    carries = (OFFSET, SPEED) if structure.crossing else ()
    return [Where(condition, (*body, Emit(carries)), late)]


def _coefficients(parts: _Parts) -> list[Statement]:
    """Shared ones before those of each neuron."""
    shared = [Assign(c.name, c.value) for c in parts.coefficients if not c.per_neuron]
    own = [Assign(c.name, c.value) for c in parts.coefficients if c.per_neuron]
    flows: list[Statement] = [flow.over(DT) for flow in parts.step.flows]
    return [*shared, *own, *flows]


def _sourced(
    body: Sequence[Statement], draws: Sequence[Draw], timed: Sequence[TimedValue]
) -> list[Statement]:
    """The body, behind those random numbers and known currents that it reads."""
    used = set().union(*(read_by(s) for s in body))
    inside = {s.name for s in everything(body) if isinstance(s, Draw)}
    first: list[Statement] = [t for t in timed if t.name in used]
    return [*(d for d in draws if d.name in used - inside), *first, *body]


def _discrete_update(system: System) -> list[Rule]:
    """A discrete model's ordered assignments in single-assignment form."""
    current: dict[sympy.Basic, sympy.Expr] = {}
    rules: list[Rule] = []
    for index, (name, value) in enumerate(system.update):
        target = symbol(f"update{index}__{name}")
        rules.append(Assign(target.name, value.xreplace(current)))
        current[symbol(name)] = target
    rules += [Next(variable.name, value) for variable, value in current.items()]
    return rules


def _refractory_coefficient(
    structure: PopulationStructure, system: System, where: Location
) -> list[Coefficient]:
    """Number of steps of the refractory period, from a time in ms."""
    if system.refractory is None or structure.refractory_is_condition:
        return []
    unknown = {s.name for s in system.refractory.free_symbols} - system.parameters.keys()
    unknown -= {DT.name}
    if unknown:
        raise EquationError(
            f"the refractory period depends on {sorted(unknown)}",
            where=where.key("refractory"),
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


def _only(name: str, value: sympy.Expr | None) -> list[tuple[str, sympy.Expr]]:
    return [] if value is None else [(name, value)]
