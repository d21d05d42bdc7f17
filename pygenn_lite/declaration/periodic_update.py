"""PeriodicUpdate: assignments that a population or a synapse group does every so many ms."""

from __future__ import annotations

from pygenn_lite.declaration.language.equations import Equation
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.population import Population, SpikeSource, SynapseGroup
from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.declaration.summary import line
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.records import dataclass

SUM = "sum_"  # before a synapse's variable: its sum over the synapses of the same target
RANDOM = ("rand", "randn")


@dataclass(frozen=True, repr=False)
class PeriodicUpdate:
    """Assignments at t = 0, and whenever `interval` has passed.

    Attributes
    ----------
    name : str
    interval : float
        ms.
    on : str
        A population or a synapse group.
    equations : tuple of Equation
        Ordered assignments.
    parameters : tuple of (str, float)
    """

    name: str
    interval: float
    on: str
    equations: tuple[Equation, ...]
    parameters: tuple[tuple[str, float], ...] = ()

    def steps(self, dt: float) -> int:
        """The interval in steps.

        Raises
        ------
        NetworkError
            It is less than one.
        """
        steps = int(nearest_steps(self.interval, dt))
        if steps < 1:
            raise NetworkError(
                f"an interval of {self.interval:g} ms is shorter than a step of {dt:g} ms",
                where=update_location(self.name).entry("interval"),
                hint="give at least one step",
            )
        return steps

    @property
    def summed(self) -> tuple[str, ...]:
        """Variables of synapses whose sums over the synapses of a target are read."""
        read = {name for equation in self.equations for name in equation.symbols}
        return tuple(sorted(n.removeprefix(SUM) for n in read if n.startswith(SUM)))

    def __repr__(self) -> str:
        return line("PeriodicUpdate", self.name, f"{self.on} every {self.interval:g} ms")


def update_location(name: str) -> Location:
    """The place of an update, for messages."""
    return Location.of("update", name)


def check_update_of_population(update: PeriodicUpdate, population: Population) -> None:
    """Refuse what a population cannot do.

    Raises
    ------
    NetworkError
        It has no such variable, or none at all.
    """
    model = population.model
    if isinstance(model, SpikeSource):
        raise NetworkError(
            f"{population.name!r} is a spike source, which has no variables",
            where=update_location(update.name),
            hint="update a population of neurons, or a synapse group",
        )
    states = set(model.state_names)
    _check_names(update, states, states | {name for name, _ in model.parameters})


def check_update_of_group(update: PeriodicUpdate, group: SynapseGroup) -> None:
    """Refuse what a synapse group cannot do.

    Raises
    ------
    NetworkError
        Its synapses have no such variable.
    """
    own = {"weight", *(name for name, _ in group.synapse.variables)}
    if group.synapse.synapse_equations and group.synapse.event_driven:
        raise NetworkError(
            "its synapses are integrated from event to event, not in every step",
            where=update_location(update.name),
            hint="declare the synapse model with event_driven=False",
        )
    _check_names(update, own, own | {SUM + name for name in own})


def _check_names(update: PeriodicUpdate, own: set[str], readable: set[str]) -> None:
    where = update_location(update.name)
    if not update.equations:
        raise NetworkError("there is nothing to be done", where=where, hint="write an assignment")
    given = {name for name, _ in update.parameters}
    for name in sorted(given & readable):
        raise NetworkError(
            f"the parameter {name!r} has a name that {update.on!r} gives a meaning",
            where=where,
            hint="choose another name for it",
        )
    read = {name for equation in update.equations for name in equation.symbols}
    for name in sorted(given - read):
        raise NetworkError(
            f"nothing reads the parameter {name!r}{nearest(name, read)}",
            where=where,
            hint="leave it out, or write its name in an assignment",
        )
    known = readable | given | {"t", "dt"}
    for equation in update.equations:
        if equation.name not in own:
            raise NetworkError(
                f"{update.on!r} has no variable {equation.name!r}{nearest(equation.name, own)}",
                where=where,
                hint=f"what can be assigned is {', '.join(sorted(own))}",
            )
        for symbol in sorted(equation.symbols - known):
            hint = f"known here: {', '.join(sorted(known))}; parameters=dict(...) adds others"
            raise NetworkError(
                f"unknown symbol {symbol!r} in {equation}{nearest(symbol, known)}",
                where=where,
                hint=hint,
            )
        if any(name in RANDOM for name in equation.functions):
            raise NetworkError(
                f"{equation} draws random numbers, which is not offered here", where=where
            )
