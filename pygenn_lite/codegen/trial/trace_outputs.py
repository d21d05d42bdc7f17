"""Values of every step that a training program gives out, for those who compute a loss of them
elsewhere: variables and spikes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pygenn_lite.codegen.trial.trial_records import of_sum
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.codegen.trial.trial_program import TrialPopulation, TrialProgram

SPIKES = "spikes"
WHERE = Location("outputs")


@dataclass(frozen=True)
class TraceOutput:
    """One of them.

    Attributes
    ----------
    name : str
        "out.V", "hidden.spikes".
    population : int
        Its number in the program.
    state : int
        Which of its states; -1: spikes, 0 or 1.
    adjoint : int
        Where the derivative goes; -1: to spikes, or nowhere.
    smooth, priced : bool
        Of spikes: whether their derivative is taken, that by 0 or 1, or that by their time.
    """

    name: str
    population: int
    state: int
    adjoint: int = -1
    smooth: bool = False
    priced: bool = False


def trace_outputs(program: TrialProgram, names: Sequence[str]) -> tuple[TraceOutput, ...]:
    """What is given out, by the names of users.

    Raises
    ------
    ArgumentError
        There is no such population or variable.
    UnsupportedFeatureError
        It jumps where spikes arrive whose times have exact gradients.
    """
    return tuple(_output(program, name) for name in names)


def _output(program: TrialProgram, name: str) -> TraceOutput:
    owner, _, variable = name.partition(".")
    if owner not in program.populations:
        raise ArgumentError(
            f"there is no population {owner!r} with a model{nearest(owner, program.populations)}",
            where=WHERE,
            hint=f'write "population.variable", or "population.{SPIKES}"',
        )
    of = program.populations[owner]
    number = list(program.populations).index(owner)
    if variable == SPIKES and of.spikes:
        trained = bool(of.adjoints)
        return TraceOutput(name, number, -1, -1, trained and of.smooth, trained and not of.smooth)
    state = _state(of, variable)
    if program.adjoint == "exact":
        _refuse_jumps(of, of.states[state], name)
    adjoint = f"lam__{of.states[state]}"
    return TraceOutput(
        name, number, state, of.adjoints.index(adjoint) if adjoint in of.adjoints else -1
    )


def _refuse_jumps(of: TrialPopulation, state: str, name: str) -> None:
    """Values at the ends of steps do not say what a loss of them is at an arrival in between."""
    if state in {of_sum(x) for x in of.sent}:
        raise UnsupportedFeatureError(
            f"{name} jumps where spikes arrive, so that a loss of its values has no exact gradient "
            "by their times",
            where=WHERE,
            hint="let spikes add to a current or a conductance (ExponentialCurrent, Conductance), "
            'or use gradient="surrogate"',
        )


def _state(of: TrialPopulation, variable: str) -> int:
    called = {of.called.get(symbol, symbol): k for k, symbol in enumerate(of.states)}
    if variable not in called:
        known = [*called, *([SPIKES] if of.spikes else [])]
        raise ArgumentError(
            f"population {of.name!r} has no variable {variable!r}{nearest(variable, known)}",
            where=WHERE,
            hint=f"it has {', '.join(known)}",
        )
    return called[variable]
