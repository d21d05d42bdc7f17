"""Which trained values the loss depends on at all, by the structure of the program: of the others
the gradient is 0 whatever happens, and that is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import adjoint
from pygenn_lite.codegen.program.kernel import Add, Assign, Body, Update, names_in
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.trial.coefficients import GRADIENT
from pygenn_lite.codegen.trial.loss_code import LossCode
from pygenn_lite.codegen.trial.loss_records import FIRST_SPIKE, OF_COUNTS
from pygenn_lite.codegen.trial.trace_outputs import TraceOutput
from pygenn_lite.codegen.trial.trial_program import TrialProgram
from pygenn_lite.codegen.trial.trial_records import (
    BACK,
    LOSS,
    Chain,
    FlowGradient,
    TrialGroup,
    TrialPopulation,
)
from pygenn_lite.codegen.trial.value_places import ValuePlace
from pygenn_lite.errors import Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass

Names = dict[str, set[str]]  # by population


@dataclass(frozen=True)
class Reached:
    """What of each population is not 0 for certain.

    Attributes
    ----------
    adjoints : dict of str to set of str
        ``back__`` among them, where something comes back to its spikes.
    gradients : dict of str to set of str
        Symbols.
    """

    adjoints: Names
    gradients: Names

    @classmethod
    def nothing(cls, program: TrialProgram) -> Reached:
        """As if all of it were 0."""
        return cls({n: set() for n in program.populations}, {n: set() for n in program.populations})


def reached_by_loss(code: LossCode, program: TrialProgram) -> Reached:
    """What a loss reaches."""
    found = Reached.nothing(program)
    for read in code.read_outs:
        adjoints = found.adjoints[read.population]
        adjoints |= {adjoint(x).name for x in read.slopes} | {LOSS + x for x in read.arrivals}
        found.gradients[read.population] |= set(read.parameter_slopes)
        if read.population in code.smooth and read.kind in (FIRST_SPIKE, *OF_COUNTS):
            adjoints.add(BACK)
    for name in code.prices:
        found.adjoints[name].add(BACK)
    return _followed(found, program)


def reached_by_outputs(outputs: Sequence[TraceOutput], program: TrialProgram) -> Reached:
    """What derivatives by values of every step reach."""
    found = Reached.nothing(program)
    populations = list(program.populations.values())
    for output in outputs:
        population = populations[output.population]
        name = population.adjoints[output.adjoint] if output.adjoint >= 0 else BACK
        found.adjoints[population.name].add(name)
    return _followed(found, program)


def check_reached(
    places: Mapping[str, ValuePlace], reached: Reached, program: TrialProgram
) -> None:
    """All that is trained must be reached.

    Parameters
    ----------
    places : mapping of str to ValuePlace
        What is trained, by path.
    reached : Reached
    program : TrialProgram

    Raises
    ------
    UnsupportedFeatureError
        A gradient would be 0 whatever happens.
    """
    for path, place in places.items():
        if not _is_reached(place, reached, program):
            raise UnsupportedFeatureError(
                f"{path} has no gradient: nothing that the loss reads depends on it",
                where=Location.of("trainable"),
                hint="name in trainable= what the loss depends on, or let the loss read what "
                "follows from this, too",
            )


def _is_reached(place: ValuePlace, reached: Reached, program: TrialProgram) -> bool:
    if place.kind in ("weight", "delay"):
        group = program.groups[place.owner]
        if place.kind == "weight":
            return adjoint(group.into).name in reached.adjoints[group.target]
        return _is_sent(group, program, reached)
    population = program.populations[place.owner]
    if place.kind == "initial":
        return adjoint(place.symbol).name in reached.adjoints[place.owner]
    return place.symbol in _through_coefficients(population, reached.gradients[place.owner])


def _followed(found: Reached, program: TrialProgram) -> Reached:
    """With all that follows, through steps, spikes and synapses."""
    while True:
        before = {name: set(known) for name, known in found.adjoints.items()}
        for population in program.populations.values():
            for body in (population.at_spike, population.backward):
                _go_through(body, population, found)
        for group in program.groups.values():
            if group.source in found.adjoints and _is_sent(group, program, found):
                found.adjoints[group.source].add(BACK)
        if before == found.adjoints:
            return found


def _go_through(body: Body, population: TrialPopulation, found: Reached) -> None:
    """Adds what a body makes of what is known."""
    known, gradients = found.adjoints[population.name], found.gradients[population.name]
    zero = _unknown(population, known)
    for statement in body:
        if isinstance(statement, Assign):
            zero |= set() if _lives(statement.value, zero) else {statement.target}
        elif isinstance(statement, Add):
            gradients |= {statement.target} if _lives(statement.value, zero) else set()
        elif isinstance(statement, Update):
            known |= {n for n, value in statement.values if _lives(value, zero)}


def _is_sent(group: TrialGroup, program: TrialProgram, found: Reached) -> bool:
    """Whether something goes back to spikes that arrive through a group."""
    target = program.populations[group.target]
    sent = target.sent.get(group.into, sympy.S.Zero)
    return _lives(sent, _unknown(target, found.adjoints[group.target]))


def _unknown(population: TrialPopulation, known: set[str]) -> set[str]:
    return {*population.adjoints, BACK} - known


def _lives(value: sympy.Basic, zero: set[str]) -> bool:
    """Whether something is left of an expression, which is linear in adjoints, where some are 0."""
    return bool(value.xreplace({symbol(n): sympy.S.Zero for n in names_in(value) & zero}) != 0)


def _through_coefficients(population: TrialPopulation, gradients: set[str]) -> set[str]:
    """Parameters whose gradients, or those of coefficients made of them, are reached."""
    found = set(gradients)
    for body in (population.chain_own, population.chain_shared):
        found |= _of_chain(body, {GRADIENT + n for n in gradients})
    return found


def _of_chain(body: Chain, known: set[str]) -> set[str]:
    found = set()
    for statement in body:
        if isinstance(statement, FlowGradient):
            if known & {GRADIENT + name for _, _, name in statement.flow.outputs}:
                known = known | {name for _, _, name in statement.entries}
        elif isinstance(statement, Add) and names_in(statement.value) & known:
            found.add(statement.target)
    return found
