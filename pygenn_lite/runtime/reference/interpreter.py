"""The reference interpreter: runs the Program of a network in plain NumPy, without a compiler.

Slow and short, and meant to be read: it says what a step is. Every backend must give its spikes and
states. It walks the schedule literally; synapses are plain loops, delays one queue of arrivals.
:class:`Interpreter` is what the reference backend runs; :func:`run_reference` records everything of
a run for tests, which pass the synapses of a compiled simulation where a rule draws at random, so
that only the dynamics are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.codegen import NetworkStructure, derive_program, network_structure
from pygenn_lite.codegen.program.kernel import Kernel as ProgramKernel
from pygenn_lite.codegen.program.program import Program
from pygenn_lite.codegen.program.schedule import (
    Arrive,
    Call,
    Collect,
    Deliver,
    Exchange,
    Fire,
    Op,
    Reduce,
    Sample,
    Schedule,
    Send,
)
from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.reference.delivery import WholeSums
from pygenn_lite.runtime.reference.reductions import reduced, winners
from pygenn_lite.runtime.reference.reference_group import ReferenceGroup, declared_synapses
from pygenn_lite.runtime.reference.reference_population import ReferencePopulation
from pygenn_lite.runtime.values.connections import Connections

Kernel = Callable[[Any, int], None]  # of an interpreter and the step

__all__ = ["Interpreter", "ReferenceResult", "ReferenceSimulation", "run_reference"]


@dataclass
class ReferenceResult:
    """What a run gave.

    Attributes
    ----------
    spikes : dict
        For each population, steps and neuron indices of its spikes, sorted.
    states : dict
        For each population, its variables at the end by internal name.
    synapses : dict
        For each group, its variables at the end in the order the synapses were given in.
    traces : dict
        For each population and internal variable, its values at ``t_0, t_1, ...`` (rows).
    """

    spikes: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    states: dict[str, dict[str, NDArray[np.float64]]]
    synapses: dict[str, dict[str, NDArray[np.float64]]]
    traces: dict[str, dict[str, NDArray[np.float64]]]


class Interpreter:
    """A network in memory, carried out one step at a time.

    Parameters
    ----------
    network : Network
    structure : NetworkStructure
    program : Program
    synapses : mapping
        Synapses of each group as arrays.
    initial : mapping, optional
        By group and variable: initial values of synapses' variables, where these are not numbers.
    """

    def __init__(
        self,
        network: Network,
        structure: NetworkStructure,
        program: Program,
        synapses: Mapping[str, Connections],
        initial: Mapping[str, Mapping[str, NDArray[np.float64]]] | None = None,
    ) -> None:
        self.network, self.schedule = network, program.schedule
        self.populations: dict[str, ReferencePopulation] = {}
        for name, population in network.populations.items():
            binding = structure.populations[name]
            kernel = None if binding.kernel is None else program.neurons[binding.kernel]
            self.populations[name] = ReferencePopulation(network, population, binding, kernel)
        self.groups: dict[str, ReferenceGroup] = {}
        for name in network.groups:
            link = structure.groups[name]
            self.groups[name] = ReferenceGroup(
                network,
                link,
                synapses[name],
                program,
                self.populations,
                (initial or {}).get(name),
            )
        for one in self.groups.values():
            if one.binding.transpose_of:
                one.mirror(self.groups[one.binding.transpose_of])
        self.step_number = 0
        self.whole: WholeSums | None = None  # sums of arrivals in whole numbers, where wanted
        self.signals: dict[str, float] = {}
        self._waiting: list[Callable[[], None]] = []  # what the next exchange does, once
        # For extensions: operations that only they have, and who wants to know of spikes.
        self.others: Callable[[Op, int], bool] = lambda op, step: False
        self.witnesses: list[Callable[[int, str, NDArray[np.int64]], None]] = []
        self._calls = self._own_kernels()
        self.last_spikes = {name: np.empty(0, np.int64) for name in self.populations}

    def begin(self) -> None:
        """Before the first step: spikes of trains at the present step are sent."""
        self.last_spikes = {n: p.begin(self.step_number) for n, p in self.populations.items()}
        for name in self.populations:
            self._send(name, self.step_number)

    def collect(self, step: int) -> None:
        """Sums in whole numbers are added to the variables: for who has such."""
        raise UnsupportedFeatureError("the schedule collects sums that nobody makes")

    def sampled(self, step: int) -> None:
        """Variables are as they are at ``t_step``: for whoever records them."""

    def spiked(self, step: int, population: str, neurons: NDArray[np.int64]) -> None:
        """Neurons spike at ``t_step``: for whoever records them."""

    def step(self) -> None:
        """One step: the operations that are due, in their order."""
        for population in self.populations.values():
            population.begin_inputs()
        for op in self.schedule.step:
            if self.step_number % op.every == op.offset:
                self.do(op, self.step_number)
        self.step_number += 1

    def do(self, op: Op, step: int) -> None:
        """One operation of a step."""
        match op:
            case Deliver():
                self.groups[op.group].deliver(step + op.lead, self.whole)
            case Collect():
                self.collect(step)
            case Arrive():
                self.groups[op.group].arrive(step + op.lead)
            case Call(on=""):
                self._waiting.append(partial(self._kernel(op), self, step))
            case Call():
                self._kernel(op)(self, step)
            case Sample():
                self.sampled(step)
            case Fire():
                self.last_spikes[op.population] = self.populations[op.population].fire(step)
            case Send():
                self._send(op.population, step + 1)
            case Reduce():
                self._reduce(op)
            case Exchange():  # there is one worker
                for done_once in self._waiting:
                    done_once()
                self._waiting.clear()
            case _ if not self.others(op, step):
                raise UnsupportedFeatureError(
                    f"the reference interpreter has no operation like {op!r}"
                )

    def _reduce(self, op: Reduce) -> None:
        population = self.populations[op.population]
        end = population.size if op.end is None else op.end
        if op.how == "winners":
            self._waiting.append(partial(self._choose_winners, op, population, end))
            return
        if op.how in ("spikes", "first"):
            spiking = self.last_spikes[op.population]
            spiking = np.unique(spiking[(spiking >= op.begin) & (spiking < end)])
            number, index = float(len(spiking)), float(spiking[0]) if len(spiking) else -1.0
        else:
            values = np.broadcast_to(population.names[op.variable], population.size)
            number, index = reduced(op.how, values, op.begin, end)
        self._waiting.append(partial(self._tell, op, number, index))

    def _tell(self, op: Reduce, number: float, index: float) -> None:
        """What was found becomes known; who was first stays first."""
        self.signals[op.into] = number + (self.signals.get(op.into, 0.0) if op.add else 0.0)
        stays = op.how == "first" and self.signals.get(op.index_into, -1.0) >= 0.0
        if op.index_into and not stays:
            self.signals[op.index_into] = index

    def _choose_winners(self, op: Reduce, population: ReferencePopulation, end: int) -> None:
        values = np.asarray(population.names[op.variable])[op.begin : end]
        shape = op.shape or (end - op.begin, 1, 1)
        chosen = winners(values.reshape(shape), op.winners, op.least, op.radius)
        mask = np.array(population.names[op.mask], np.float64)
        mask[op.begin : end] = 0.0
        mask[[op.begin + k for k in chosen]] = 1.0
        population.names[op.mask] = mask
        self._tell(op, float(len(chosen)), -1.0)

    def _kernel(self, op: Call) -> Kernel:
        if (op.kernel, op.on) not in self._calls:
            raise UnsupportedFeatureError(
                f"the reference interpreter has no kernel {op.kernel!r} of {op.on!r}"
            )
        return self._calls[op.kernel, op.on]

    def _send(self, population: str, step: int) -> None:
        """A population's spikes at ``t_step`` are sent through all groups."""
        spikes = self.last_spikes[population]
        for group in self.groups.values():
            if group.binding.source == population:
                group.send(step, spikes)
        self.spiked(step, population, spikes)
        for witness in self.witnesses:
            witness(step, population, spikes)

    def offer(self, kernel: str, on: str, call: Kernel) -> None:
        """Let the schedule call a kernel by its name."""
        self._calls[kernel, on] = call

    def add_kernel(self, kernel: ProgramKernel, on: str) -> None:
        """Let the schedule call a kernel over a population or over all synapses of a group. What
        it asks for beside the variables that are there begins at 0."""
        group = self.groups.get(on)
        population = self.populations[on] if group is None else group.target
        held: Any  # names with numbers or arrays
        for v in kernel.variables:
            if group is not None and v.side == "own":
                held, size = (group.scalars if v.shared else group.variables), len(group.pre)
            else:
                held, size = population.names, population.size
            name = v.symbol if group is None else group.binding.post.get(v.symbol, v.symbol)
            if v.side != "source" and name not in held:
                held[name] = 0.0 if v.shared else np.zeros(size)
        self._calls[kernel.name, on] = _over(group or population, kernel)

    def _own_kernels(self) -> dict[tuple[str, str], Kernel]:
        """What the schedule may call, by kernel and what it runs on."""
        calls: dict[tuple[str, str], Kernel] = {}
        for name, p in self.populations.items():
            for role, call in (("integrate", _integrate(p)), ("after", _after(p))):
                if role in p.kernels:
                    calls[p.kernels[role].name, name] = call
        for name, g in self.groups.items():
            if "on_post" in g.kernels:
                calls[g.kernels["on_post"].name, name] = _on_post(g)
            if g.own is not None:
                calls[g.own.step_name, name] = _advance(g)
        return calls


class ReferenceSimulation(Interpreter):
    """An interpreter that records everything.

    Parameters
    ----------
    network : Network
        The declaration.
    connections : mapping, optional
        Synapses of groups as arrays, by group name; needed where a rule draws at random.
    schedule : Schedule, optional
        What a step consists of; by default that of the network's Program.
    kernels : mapping, optional
        More kernels for the schedule to call, by name and what they run on: functions of this
        simulation and the step.
    """

    def __init__(
        self,
        network: Network,
        connections: Mapping[str, Connections] | None = None,
        schedule: Schedule | None = None,
        kernels: Mapping[tuple[str, str], Kernel] | None = None,
    ) -> None:
        given, sizes = connections or {}, network.populations
        synapses = {
            name: given[name]
            if name in given
            else declared_synapses(
                group, sizes[group.source].size, sizes[group.target].size, network.dt
            )
            for name, group in network.groups.items()
        }
        structure = network_structure(network, precision="float64")
        super().__init__(network, structure, derive_program(structure), synapses)
        self.schedule = schedule or self.schedule
        self._calls |= kernels or {}
        self.spikes: dict[str, list[tuple[int, int]]] = {name: [] for name in self.populations}
        self.traces: dict[str, list[dict[str, NDArray[np.float64]]]] = {
            name: [] for name in self.populations
        }
        self.begin()

    def sampled(self, step: int) -> None:
        """Keep all states."""
        for name, population in self.populations.items():
            self.traces[name].append(_states(population))

    def spiked(self, step: int, population: str, neurons: NDArray[np.int64]) -> None:
        """Keep all spikes."""
        self.spikes[population] += [(step, int(neuron)) for neuron in neurons]

    def result(self) -> ReferenceResult:
        """Everything up to now."""
        spikes = {}
        for name, pairs in self.spikes.items():
            table = np.array(pairs, np.int64).reshape(-1, 2)
            spikes[name] = (table[:, 0], table[:, 1])
        return ReferenceResult(
            spikes=spikes,
            states={name: _states(p) for name, p in self.populations.items()},
            synapses={n: g.values_at(self.step_number) for n, g in self.groups.items()},
            traces={
                name: {v: np.array([row[v] for row in rows]) for v in (rows[0] if rows else ())}
                for name, rows in self.traces.items()
            },
        )


def _integrate(population: ReferencePopulation) -> Kernel:
    return lambda _, step: population.integrate(step)


def _after(population: ReferencePopulation) -> Kernel:
    return lambda sim, step: population.after(step, sim.last_spikes[population.name])


def _on_post(group: ReferenceGroup) -> Kernel:
    return lambda sim, step: group.update_on_post(step, sim.last_spikes[group.binding.target])


def _over(on: ReferenceGroup | ReferencePopulation, kernel: ProgramKernel) -> Kernel:
    if isinstance(on, ReferenceGroup):
        return lambda _, step: on.visit(kernel, step)

    def run(_: Interpreter, step: int) -> None:
        on.run(kernel, step)

    return run


def _advance(group: ReferenceGroup) -> Kernel:
    def run(_: Interpreter, step: int) -> None:
        group.couple(step)
        group.advance(step)

    return run


def run_reference(
    network: Network, steps: int, connections: Mapping[str, Connections] | None = None
) -> ReferenceResult:
    """Run a network for a number of steps in the reference interpreter.

    Parameters
    ----------
    network : Network
        The declaration.
    steps : int
        How many steps of ``network.dt``.
    connections : mapping, optional
        Synapses of groups as arrays (``pre``, ``post``, ``delay`` in ms, ``weight``), by group
        name; needed for rules, weights and delays that are drawn at random.
    """
    simulation = ReferenceSimulation(network, connections)
    for _ in range(steps):
        simulation.step()
    return simulation.result()


def _states(population: ReferencePopulation) -> dict[str, NDArray[np.float64]]:
    known = () if population.own is None else population.own.variables
    return {v.symbol: population.names[v.symbol].copy() for v in known if v.role == "state"}
