"""Extensions: what is compiled together with a network beside its simulation.

An extension brings variables of populations, synapse groups and the network (shared signals),
kernels over them, records of spikes and states, and schedules by name. Others make it (a training
program, for one); here it is plain data. Its kernels are made only where the compile cache does not
hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from pygenn_lite.codegen.program.extension_ops import Gather, Keep, Present, Recall, Redeliver
from pygenn_lite.codegen.program.schedule import Call, Loop, Op, Schedule
from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.kernel import Kernel

CROSSINGS = ("linear", "newton")
NETWORK = ""  # the owner of shared signals


@dataclass(frozen=True)
class Added:
    """A variable that an extension adds: one value for each neuron or synapse of its owner, or, of
    the network, a shared signal. It keeps its value when a schedule restarts.

    Attributes
    ----------
    owner : str
        Population or synapse group; "": the network.
    name : str
    initial : float
    """

    owner: str
    name: str
    initial: float = 0.0


@dataclass(frozen=True)
class SpikeRecord:
    """The spikes of a population since the last restart, for schedules that run backwards.

    Attributes
    ----------
    population : str
    room : int
        Spikes.
    values : tuple of (str, str)
        Variables whose values are kept with each spike, as they are when it is sent; each with the
        variable (it may be the same) that gets the value back when the spike is undone.
    """

    population: str
    room: int
    values: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> Mapping[str, int]:
        """The number of each value."""
        return {name: k for k, (name, _) in enumerate(self.values)}


@dataclass(frozen=True)
class StateRecord:
    """Variables of a population as :class:`Keep` found them.

    Attributes
    ----------
    name : str
    population : str
    width : int
        How many variables.
    room : int
        How many times; the earliest are overwritten.
    every : int
        Of the operations that keep and recall.
    """

    name: str
    population: str
    width: int
    room: int
    every: int = 1


@dataclass(frozen=True)
class Extension:
    """What is compiled together with a network.

    Attributes
    ----------
    key : str
        Of all that decides the kernels, for the compile cache.
    kernels : callable
        Makes them, from the network's structure. A kernel's variables are looked up by their
        symbols: those of the population or group that it is called on, what the extension adds
        there, then shared signals.
    variables : tuple of Added
    schedules : mapping of str to Schedule
        By name; :class:`Simulated` stands for a step of the simulation.
    spikes : tuple of SpikeRecord
    states : tuple of StateRecord
    crossings : mapping of str to str
        By population: how the time of a spike within its step is found ("linear": the signed
        threshold is interpolated; "newton": on the exact flow). Its variables ``spike_offset`` (0
        to 1, of the step) and ``spike_speed`` (of the signed threshold, per ms) say so of each
        neuron's last spike.
    in_step : tuple of Op
        What each step of the simulation does besides, before variables are recorded.
    """

    key: str
    kernels: Callable[[NetworkStructure], Sequence[Kernel]]
    variables: tuple[Added, ...] = ()
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    spikes: tuple[SpikeRecord, ...] = ()
    states: tuple[StateRecord, ...] = ()
    crossings: Mapping[str, str] = field(default_factory=dict)
    in_step: tuple[Op, ...] = ()

    @property
    def signals(self) -> tuple[Added, ...]:
        """The variables of the network."""
        return tuple(v for v in self.variables if v.owner == NETWORK)

    def of(self, owner: str) -> tuple[Added, ...]:
        """The variables of a population or group."""
        return tuple(v for v in self.variables if v.owner == owner)

    def record_of(self, population: str) -> SpikeRecord | None:
        """The record of a population's spikes."""
        return next((s for s in self.spikes if s.population == population), None)

    @property
    def groups(self) -> frozenset[str]:
        """Synapse groups whose single synapses are addressed, if only for their weights. (Calls
        name populations, too.)"""
        named = {v.owner for v in self.variables if v.owner}
        for op in self._ops:
            if isinstance(op, (Gather, Redeliver)):
                named.add(op.group)
            elif isinstance(op, Call):
                named.add(op.on)
        return frozenset(named)

    @property
    def _ops(self) -> Iterator[Op]:
        for schedule in self.schedules.values():
            yield from schedule.ops
        yield from self.in_step

    def simulated(self, schedule: Schedule) -> Schedule:
        """The schedule of the simulation with what its steps do besides."""
        return schedule.with_ops(*self.in_step) if self.in_step else schedule

    @property
    def calls(self) -> Iterator[tuple[str, str]]:
        """Kernels, and what they are called on, each pair once."""
        ops = (op for op in self._ops if isinstance(op, Call))
        yield from dict.fromkeys((op.kernel, op.on) for op in ops)


def joined(one: Extension | None, other: Extension | None) -> Extension | None:
    """Both extensions in one."""
    if one is None or other is None:
        return one or other
    return Extension(
        f"{one.key} {other.key}",
        lambda structure: (*one.kernels(structure), *other.kernels(structure)),
        (*one.variables, *other.variables),
        {**one.schedules, **other.schedules},
        (*one.spikes, *other.spikes),
        (*one.states, *other.states),
        {**one.crossings, **other.crossings},
        (*one.in_step, *other.in_step),
    )


def with_crossings(structure: NetworkStructure, extension: Extension | None) -> NetworkStructure:
    """The structure, in which populations whose spikes are located within their steps have kernels
    of their own."""
    if extension is None or not extension.crossings:
        return structure
    kernels = list(structure.kernels)
    populations = dict(structure.populations)
    for name, how in extension.crossings.items():
        binding = populations[name]
        assert binding.kernel is not None and how in CROSSINGS
        located = replace(structure.kernels[binding.kernel], crossing=how)
        if located not in kernels:
            kernels.append(located)
        populations[name] = replace(binding, kernel=kernels.index(located))
    used = sorted({p.kernel for p in populations.values() if p.kernel is not None})
    renumbered = {
        name: p if p.kernel is None else replace(p, kernel=used.index(p.kernel))
        for name, p in populations.items()
    }
    return replace(structure, kernels=tuple(kernels[k] for k in used), populations=renumbered)


def check_extension(extension: Extension, structure: NetworkStructure) -> None:
    """Refuse an extension that speaks of what is not there.

    Raises
    ------
    ValueError
        Naming what is missing.
    """
    known = {NETWORK, *structure.populations, *structure.groups}
    for variable in extension.variables:
        if variable.owner not in known:
            raise ValueError(f"{variable.name!r} is added to {variable.owner!r}: there is none")
    records = {record.name: record for record in extension.states}
    for name, schedule in {**extension.schedules, "simulate": Schedule(_steps(extension))}.items():
        for op in schedule.ops:
            if op.of not in known and not isinstance(op, Present):  # which may name an input
                raise ValueError(f"schedule {name!r}, {op.what}: there is no {op.of!r}")
            if isinstance(op, (Keep, Recall)):
                _check_kept(op, records, name)
    for spikes in extension.spikes:
        if spikes.population not in structure.populations:
            raise ValueError(f"spikes of {spikes.population!r} are recorded: there is none")


def _steps(extension: Extension) -> tuple[Loop, ...]:
    return (Loop("steps", extension.in_step),)


def _check_kept(op: Keep | Recall, records: Mapping[str, StateRecord], schedule: str) -> None:
    record = records.get(op.record)
    if record is None:
        raise ValueError(f"schedule {schedule!r} uses a record {op.record!r}: there is none")
    if (op.population, len(op.variables), op.every) != (
        record.population,
        record.width,
        record.every,
    ):
        raise ValueError(f"schedule {schedule!r}: {op.what} does not fit record {op.record!r}")
