"""Operations of schedules that only extensions have: what is kept for a way back, deliveries in
reverse, and what is done between runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pygenn_lite.codegen.program.schedule import Loop, Op, Sample, Schedule
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Simulated(Op):
    """Stands for what a step of the simulation does (see :func:`expanded`).

    Attributes
    ----------
    part : str
        "all"; "arrivals": up to where variables are recorded, that is all that changes variables
        at ``t_n``; "flow": the rest, which leads to ``t_(n+1)``.
    """

    part: str = "all"

    @property
    def what(self) -> str:
        return "a step of the simulation" if self.part == "all" else f"its {self.part}"


@dataclass(frozen=True)
class _OfRecord(Op):
    """Variables of a population, and a record of their values.

    Attributes
    ----------
    population : str
    variables : tuple of str
    record : str
        Name of the record.
    """

    population: str
    variables: tuple[str, ...]
    record: str

    @property
    def of(self) -> str:
        return self.population


class Keep(_OfRecord):
    """Variables of a population are kept as they are, for :class:`Recall`: a checkpoint of its
    state. The record holds as many as the Plan has room for; ``every`` says how often."""

    @property
    def what(self) -> str:
        return f"{', '.join(self.variables)} kept in {self.record}"


class Recall(_OfRecord):
    """Variables of a population, as many as were kept, get in their order what :class:`Keep` has
    put into a record in the same step."""

    @property
    def what(self) -> str:
        return f"{', '.join(self.variables)} = what was kept in {self.record}"


@dataclass(frozen=True)
class Gather(Op):
    """A delivery in reverse, in steps that run backwards: for each spike that arrived at ``t_n``,
    over its row.

    Attributes
    ----------
    group : str
    values : str
        A variable of the target: weight times value is summed over the row and given to
    back : str
        a variable of the source, when the spike is undone. Where several gather into the same,
        their sums are added. Both "": no sums.
    gradient_of : str
        A variable of the target that is added to
    gradient : str
        a variable of each synapse. Both "": none.
    factor : str
        A value that the source's spikes carry (:class:`SpikeRecord`), with which `gradient_of`
        is multiplied.
    weighted : bool
        Whether it is multiplied with the synapse's weight, too: so gradients of delays are.
    of_all : bool
        Whether there are sums for all neurons of the source, as if each had spiked in every step:
        what gradients need whose threshold is smooth.
    scale : float
        Sums are whole multiples of 1/scale, so that they depend on no order.
    """

    group: str
    values: str = ""
    back: str = ""
    gradient_of: str = ""
    gradient: str = ""
    factor: str = ""
    weighted: bool = False
    of_all: bool = False
    scale: float = 2.0**36

    def __post_init__(self) -> None:
        if self.of_all and self.gradient:
            raise ValueError(
                "gradients of weights are of spikes: gather them by an operation apart"
            )

    @property
    def of(self) -> str:
        return self.group

    @property
    def what(self) -> str:
        parts = [f"{self.back} gets weight * {self.values}"] if self.back else []
        factor = f"{self.factor} * " if self.factor else ""
        factor += "weight * " if self.weighted else ""
        parts += [f"{self.gradient} += {factor}{self.gradient_of}"] if self.gradient else []
        at = "for all sources" if self.of_all else "at spikes"
        return f"{at} that arrived at t_n: {', '.join(parts)}"


@dataclass(frozen=True)
class Redeliver(Op):
    """Arrivals at ``t_n`` of recorded spikes add their weights again, to another variable: what
    a schedule needs that computes states again between checkpoints.

    Attributes
    ----------
    group : str
    into : str
        A variable of the target.
    factor : str
        A value that the source's spikes carry, with which weights are multiplied.
    """

    group: str
    into: str
    factor: str = ""

    @property
    def of(self) -> str:
        return self.group

    @property
    def what(self) -> str:
        return f"recorded arrivals at t_n add to {self.into}"


@dataclass(frozen=True)
class Restart(Op):
    """States as they are declared to begin, no spikes on their way, step 0; spikes are recorded
    anew. Weights, parameters and what an extension adds stay. (Outside of steps.)"""

    @property
    def what(self) -> str:
        return "back to the initial states"


@dataclass(frozen=True)
class Present(Op):
    """Each instance gets a sample. (Outside of steps.)

    Instance k of K gets, in pass b of the innermost loop, the sample ``order[b*K + k]``, or
    ``b*K + k`` where no order is named.

    Attributes
    ----------
    data : str
        Name of what is given to the run: a ``SpikeTensor``, or an array whose first axis is that
        of samples.
    into : str
        A spike source, a step current, or a population; "": the network.
    variable : str
        Of a population or the network: what gets the values.
    order : str
        Name of an array of indices that is given to the run.
    """

    data: str
    into: str
    variable: str = ""
    order: str = ""

    @property
    def of(self) -> str:
        return self.into

    @property
    def what(self) -> str:
        return f"a sample of {self.data} for {self.variable or 'it'}"


@dataclass(frozen=True)
class Shuffle(Op):
    """Indices that are given to the run are put into another order, drawn from the network's seed
    and how often that has been done. (Outside of steps.)"""

    order: str

    @property
    def what(self) -> str:
        return f"{self.order} is shuffled"


@dataclass(frozen=True)
class Combine(Op):
    """One value of all instances for each element, added in the order of instances. (Outside of
    steps.)

    Attributes
    ----------
    on : str
        Population or group; "": the network.
    variable : str
    how : str
        "sum", "mean" or "max".
    into : str
        "all": every instance gets it; "first": the first, the others get 0.
    """

    on: str
    variable: str
    how: str = "sum"
    into: str = "all"

    @property
    def of(self) -> str:
        return self.on

    @property
    def what(self) -> str:
        return f"{self.variable} = {self.how} over instances"


def expanded(schedule: Schedule, step: Sequence[Op]) -> Schedule:
    """A schedule in which operations stand for :class:`Simulated`: those of a simulation's step."""
    at = next((k for k, op in enumerate(step) if isinstance(op, Sample)), len(step))
    parts = {"all": step, "arrivals": step[:at], "flow": step[at:]}

    def inner(part: Op | Loop) -> tuple[Op | Loop, ...]:
        if isinstance(part, Loop):
            return (replace(part, body=tuple(p for q in part.body for p in inner(q))),)
        return tuple(parts[part.part]) if isinstance(part, Simulated) else (part,)

    loops = tuple(one for loop in schedule.loops for one in inner(loop) if isinstance(one, Loop))
    return Schedule(loops)
