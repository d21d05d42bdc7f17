"""The reference interpreter: runs the Program of a network in plain NumPy, without a compiler.

Slow and short, and meant to be read: it says what a step is. Every backend must give its spikes and
states. It walks the schedule literally; synapses are plain loops, delays one queue of
arrivals. Connectivity with chance in it is not drawn here: pass the synapses of a compiled
simulation, so that only the dynamics are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.codegen import derive_program, network_structure
from pygenn_lite.codegen.program.schedule import (
    Arrive,
    Call,
    Deliver,
    Fire,
    Op,
    Sample,
    Schedule,
    Send,
)
from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import UnsupportedFeature
from pygenn_lite.runtime.reference.reference_group import ReferenceGroup, declared_synapses
from pygenn_lite.runtime.reference.reference_population import ReferencePopulation
from pygenn_lite.runtime.values.connections import Connections

Kernel = Callable[["ReferenceSimulation", int], None]

__all__ = ["ReferenceResult", "ReferenceSimulation", "run_reference"]


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


@dataclass
class ReferenceSimulation:
    """A network brought to life, one step at a time.

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

    network: Network
    connections: Mapping[str, Connections] = field(default_factory=dict)
    schedule: Schedule | None = None
    kernels: Mapping[tuple[str, str], Kernel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        network = self.network
        structure = network_structure(network, precision="float64")
        program = derive_program(structure)
        self.populations: dict[str, ReferencePopulation] = {}
        for name, population in network.populations.items():
            instance = structure.populations[name]
            kernel = None if instance.kernel is None else program.neurons[instance.kernel]
            self.populations[name] = ReferencePopulation(network, population, instance, kernel)
        self.groups: dict[str, ReferenceGroup] = {}
        for name, group in network.groups.items():
            if name in self.connections:
                synapses = self.connections[name]
            else:
                source, target = self.populations[group.source], self.populations[group.target]
                synapses = declared_synapses(group, source.size, target.size, network.dt)
            link = structure.groups[name]
            synapse_kernel = None if link.kernel is None else program.synapses[link.kernel]
            self.groups[name] = ReferenceGroup(
                network, link, synapses, synapse_kernel, self.populations
            )
        self.step_number = 0
        self.spikes: dict[str, list[tuple[int, int]]] = {name: [] for name in self.populations}
        self.traces: dict[str, list[dict[str, NDArray[np.float64]]]] = {
            name: [] for name in self.populations
        }
        if self.schedule is None:
            self.schedule = program.schedule
        self._calls = {**self._own_kernels(), **self.kernels}
        self.last_spikes = {name: p.first_spikes for name, p in self.populations.items()}
        for name in self.populations:
            self._send(name, 0)

    def step(self) -> None:
        """One step: the operations that are due, in their order."""
        assert self.schedule is not None
        for population in self.populations.values():
            population.begin_inputs()
        for op in self.schedule.step:
            if self.step_number % op.every == op.offset:
                self._do(op)
        self.step_number += 1

    def _do(self, op: Op) -> None:
        step = self.step_number
        match op:
            case Deliver():
                self.groups[op.group].deliver_static(step)
            case Arrive():
                self.groups[op.group].deliver_plastic(step + op.lead)
            case Call():
                self._kernel(op)(self, step)
            case Sample():
                for name, population in self.populations.items():
                    self.traces[name].append(_states(population))
            case Fire():
                self.last_spikes[op.population] = self.populations[op.population].fire(step)
            case Send():
                self._send(op.population, step + 1)
            case _:
                raise UnsupportedFeature(f"the reference interpreter has no operation like {op!r}")

    def _kernel(self, op: Call) -> Kernel:
        if (op.kernel, op.on) not in self._calls:
            raise UnsupportedFeature(
                f"the reference interpreter knows no kernel {op.kernel!r} of {op.on!r}"
            )
        return self._calls[op.kernel, op.on]

    def _send(self, population: str, step: int) -> None:
        """A population's spikes at the present time are noted and sent through all groups."""
        spikes = self.last_spikes[population]
        for group in self.groups.values():
            if group.instance.source == population:
                group.send(step, spikes)
        self.spikes[population] += [(step, int(neuron)) for neuron in spikes]

    def _own_kernels(self) -> dict[tuple[str, str], Kernel]:
        """What the schedule may call, by kernel and what it runs on."""
        calls: dict[tuple[str, str], Kernel] = {}
        for name, p in self.populations.items():
            if p.kernel is not None:
                calls[f"{p.kernel.name}_integrate", name] = _integrate(p)
                calls[f"{p.kernel.name}_after", name] = _after(p)
        for name, g in self.groups.items():
            if g.kernel is not None:
                calls[f"{g.kernel.name}_on_post", name] = _on_post(g)
                calls[f"{g.kernel.name}_step", name] = _advance(g)
        return calls

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
    return lambda sim, step: group.learn_backwards(step, sim.last_spikes[group.instance.target])


def _advance(group: ReferenceGroup) -> Kernel:
    def run(_: ReferenceSimulation, step: int) -> None:
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
    simulation = ReferenceSimulation(network, connections or {})
    for _ in range(steps):
        simulation.step()
    return simulation.result()


def _states(population: ReferencePopulation) -> dict[str, NDArray[np.float64]]:
    kernel = population.kernel
    if kernel is None:
        return {}
    return {a.symbol: population.names[a.symbol].copy() for a in kernel.arrays if a.role == "state"}
