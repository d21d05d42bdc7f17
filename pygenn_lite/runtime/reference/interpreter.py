"""The reference interpreter: runs the Program of a network in plain NumPy, without a compiler.

Slow and short, and meant to be read: it says what a step is. Every backend must give its spikes and
states. It follows the order of a step literally; synapses are plain loops, delays one queue of
arrivals. Connectivity with chance in it is not drawn here: pass the synapses of a compiled
simulation, so that only the dynamics are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.codegen import derive_program, network_structure
from pygenn_lite.declaration.network import Network
from pygenn_lite.runtime.reference.reference_group import ReferenceGroup, declared_synapses
from pygenn_lite.runtime.reference.reference_population import ReferencePopulation
from pygenn_lite.runtime.values.connections import Connections

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
    """

    network: Network
    connections: Mapping[str, Connections] = field(default_factory=dict)

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
        self.schedule = [getattr(self, f"_{phase.name}") for phase in program.schedule]
        self.last_spikes = {name: p.first_spikes for name, p in self.populations.items()}
        self._send()

    def step(self) -> None:
        """One step, in the order that all backends follow."""
        for phase in self.schedule:
            phase()

    def _deliver(self) -> None:
        for group in self.groups.values():
            if group.kernel is None:
                group.deliver_static(self.step_number)

    def _on_pre(self) -> None:
        for group in self._plastic():
            if group.instance.lead == 0:
                group.deliver_plastic(self.step_number)

    def _on_post(self) -> None:
        for group in self._plastic():
            group.learn_backwards(self.step_number, self.last_spikes[group.instance.target])

    def _after(self) -> None:
        for name, population in self.populations.items():
            if population.train is None:
                population.after(self.step_number, self.last_spikes[name])

    def _synapse_step(self) -> None:
        for group in self._plastic():
            group.advance(self.step_number)

    def _record(self) -> None:
        for name, population in self.populations.items():
            self.traces[name].append(_states(population))

    def _integrate(self) -> None:
        for population in self.populations.values():
            population.integrate(self.step_number)

    def _on_pre_before_threshold(self) -> None:
        for group in self._plastic():
            if group.instance.lead == 1:
                group.deliver_plastic(self.step_number + 1)

    def _fire(self) -> None:
        self.last_spikes = {n: p.fire(self.step_number) for n, p in self.populations.items()}
        self.step_number += 1

    def _send(self) -> None:
        """Spikes at the present step are noted and set out through all groups."""
        for group in self.groups.values():
            group.send(self.step_number, self.last_spikes[group.instance.source])
        for name, neurons in self.last_spikes.items():
            self.spikes[name] += [(self.step_number, int(neuron)) for neuron in neurons]

    def _plastic(self) -> list[ReferenceGroup]:
        return [group for group in self.groups.values() if group.kernel is not None]

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
