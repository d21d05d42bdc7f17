"""From a declared network to its single neurons and synapses, with all their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy

from pygenn_lite import codegen
from pygenn_lite.codegen.adjoint.adjoint_parts import of_synapse
from pygenn_lite.codegen.adjoint.adjoint_records import NeuronAdjoint
from pygenn_lite.codegen.adjoint.network_adjoint import adjoint_of
from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.codegen.systems.linear import noise_symbols
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.systems.system_records import Parameter
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import ends_of
from pygenn_lite.errors import ArgumentError, Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.reference.evaluation import compiled_list
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.group_drawing import draw_group
from pygenn_lite.runtime.values.philox import PURPOSE_VARIABLES, GroupRandom
from pygenn_lite.runtime.values.population_values import PopulationValues
from pygenn_lite.runtime.values.value_arrays import synapse_values
from pygenn_lite.training.adjoint_functions import ArrivalFunctions, NeuronFunctions
from pygenn_lite.training.outside_events import OutsideEvents
from pygenn_lite.training.parameter_table import ParameterTable, values_at
from pygenn_lite.training.small_network import Cell, SmallNetwork, Synapse
from pygenn_lite.training.trial_loss import Integrand
from pygenn_lite.training.value_paths import group_path, initial_path, paths_of

MOST_NEURONS, MOST_SYNAPSES = 100, 2000
Integrands = dict[int, tuple[sympy.Expr, int | None]]  # the expression, and of which neuron


def small_network(
    network: Network, duration: float, integrands: Mapping[int, Integrand] | None = None
) -> SmallNetwork:
    """A network for a trial.

    Parameters
    ----------
    network : Network
    duration : float
        ms.
    integrands : mapping of int to Integrand
        What of it is integrated over time. None: the squares of the first variables.

    Raises
    ------
    UnsupportedFeatureError
        It cannot be differentiated, or it is random between spikes.
    ArgumentError
        It is too large.
    """
    _check_size(network)
    structure = codegen.network_structure(network, "float64")
    made = SmallNetwork(list(network.populations), adjoint_of(structure), ParameterTable())
    builder = _Builder(network, structure, made, duration)
    outside = OutsideEvents(network, structure, made, duration)
    for name in made.names:
        builder.add_population(name, builder.integrands(name, integrands))
        outside.add(name)
    for name in network.groups:
        builder.add_group(name)
    return made


def _check_size(network: Network) -> None:
    neurons = sum(p.size for p in network.populations.values())
    if neurons > MOST_NEURONS:
        raise ArgumentError(
            f"{neurons:,} neurons are too many for a check of gradients",
            where=Location("check_gradient"),
            hint=f"it follows every neuron by itself: up to {MOST_NEURONS} neurons and "
            f"{MOST_SYNAPSES:,} synapses are fine; make the populations smaller, "
            "for instance with network.with_values({'populations.NAME.size': 10})",
        )


@dataclass(frozen=True)
class _Builder:
    network: Network
    structure: NetworkStructure
    made: SmallNetwork
    duration: float

    # ------------------------------------------------------------------ populations

    def integrands(self, name: str, given: Mapping[int, Integrand] | None) -> Integrands:
        """What is integrated of a population: the expression, and of which neuron."""
        neurons = self.made.adjoint.populations[name]
        if given is None:
            first = next((x for x in neurons.flow.f if x not in neurons.system.called), None)
            if first is None or neurons.data:
                return {}
            place = self.made.names.index(name)
            return {place: ((1 + symbol("neuron") / 3) * symbol(first) ** 2 / 1000, None)}
        return {
            k: (_resolved(one, neurons), one.neuron)
            for k, one in given.items()
            if one.population == name
        }

    def add_population(self, name: str, integrands: Integrands) -> None:
        """All neurons of a population."""
        neurons, declared = self.made.adjoint.populations[name], self.network.populations[name]
        _check_certain(neurons)
        functions = NeuronFunctions(neurons, {k: value for k, (value, _) in integrands.items()})
        self.made.first[name] = len(self.made.cells)
        numbers, start, initial = self._values(name, functions)
        values = self.made.table.values
        breaks = compiled_list(functions.order.values, neurons.breaks)
        for i in range(declared.size):
            shares = (float(of in (None, i)) for _, of in integrands.values())
            constants = (self.network.dt, float(i), *shares)
            given = values_at(values, numbers[i])
            times = sorted({float(t) for t in breaks(0.0, *given, *constants)})
            place = self.made.names.index(name)
            self.made.cells.append(
                Cell(
                    place, i, functions, numbers[i].copy(), start[i], initial[i], constants,
                    tuple(times), [(t, ("break",)) for t in times if 0 < t < self.duration],
                )
            )  # fmt: skip
            self.made.outgoing.append([])

    def _values(self, name: str, functions: NeuronFunctions) -> tuple[Any, Any, Any]:
        """Numbers of parameters, of initial values, and initial values that have none."""
        size, order = self.network.populations[name].size, functions.order
        numbers = np.full((size, len(order.parameters)), -1)
        start = np.full((size, len(order.states)), -1)
        initial = np.zeros((size, len(order.states)))
        binding = self.structure.populations[name]
        if binding.kernel is None:
            return numbers, start, initial
        system = functions.neurons.system
        known = PopulationValues(self.network.populations[name], binding, system.called)
        table, seed = self.made.table, self.network.seed
        for k, parameter in enumerate(system.parameters):
            value = known.numbers_or_one(binding.values[parameter.symbol], parameter.symbol, seed)
            entry = table.add(paths_of(self.network, parameter), value)
            numbers[:, k] = entry.first if entry.shared else entry.numbers
        names = self.structure.kernels[binding.kernel].names
        for k, state in enumerate(order.states):
            value = known.numbers_or_one(binding.initial[state], state, seed)
            path = initial_path(self.network, name, names[state], binding.owners)
            if path:
                entry = table.add([path], value, "initial")
                start[:, k] = entry.first if entry.shared else entry.numbers
            initial[:, k] = value
        return numbers, start, initial

    # ------------------------------------------------------------------ synapses

    def add_group(self, name: str) -> None:
        """All synapses of a group."""
        group = self.network.groups[name]
        drawn = draw_group(self.network, group, self.network.seed)
        _check_count(sum(map(len, self.made.outgoing)) + len(drawn), name)
        own, columns = self._columns(name, drawn)
        target, source = self.made.first[group.target], self.made.first[group.source]
        functions = ArrivalFunctions.of(
            self.made.adjoint.groups[name], self.made.cells[target].functions, own
        )
        delay = own.index(of_synapse("delay"))
        for k, (i, j) in enumerate(zip(drawn.pre, drawn.post, strict=True)):
            numbers = tuple(column[k] for column in columns)
            synapse = Synapse(functions, target + int(j), numbers[delay], numbers)
            self.made.outgoing[source + int(i)].append(synapse)

    def _columns(self, name: str, drawn: Connections) -> tuple[list[str], list[list[int]]]:
        """Symbols of a group's synapses, and the numbers of each synapse for each."""
        own, columns = [], []
        for p in self.made.adjoint.groups[name].system.parameters:
            kind = p.name if p.name in ("weight", "delay") else "parameter"
            path = group_path(self.network, name, p.name)
            entry = self.made.table.add([path], self._value(name, p, drawn), kind)
            own.append(of_synapse(p.symbol))
            columns.append([entry.first] * len(drawn) if entry.shared else list(entry.numbers))
        return own, columns

    def _value(self, name: str, parameter: Parameter, drawn: Connections) -> Any:
        """One number, or one for each synapse."""
        if parameter.symbol in ("weight", "delay"):
            return getattr(drawn, parameter.symbol)
        group, binding = self.network.groups[name], self.structure.groups[name]
        if parameter.shared:
            return float(binding.values[parameter.symbol])  # type: ignore[arg-type]
        given = [n for n in binding.initial if n != "weight"]
        source, target = (self.network.populations[n] for n in (group.source, group.target))
        random = GroupRandom(self.network.seed, f"group:{name}")
        return synapse_values(
            binding.initial[parameter.symbol],
            drawn.pre.astype(np.int64),
            drawn.post.astype(np.int64),
            random=(random, PURPOSE_VARIABLES + given.index(parameter.symbol)),
            ends=ends_of(group, source, target),
            where=Location.of("synapse group", name).entry(parameter.name),
        )


def _check_count(count: int, group: str) -> None:
    if count > MOST_SYNAPSES:
        raise ArgumentError(
            f"{count:,} synapses are too many for a check of gradients",
            where=Location.of("synapse group", group),
            hint=f"up to {MOST_NEURONS} neurons and {MOST_SYNAPSES:,} synapses are fine",
        )


def _resolved(integrand: Integrand, neurons: NeuronAdjoint) -> sympy.Expr:
    """An integrand over the symbols of its population."""
    called = {path: s for s, path in neurons.system.called.items()}
    replace = {}
    for s, name in integrand.variables.items():
        found = called.get(name, name)
        if found not in neurons.flow.f:
            raise ArgumentError(
                f"population {neurons.name!r} has no variable {name!r}",
                where=Location("loss"),
                hint=f"it has {', '.join(neurons.system.called.get(x, x) for x in neurons.flow.f)}",
            )
        replace[s] = symbol(found)
    return integrand.value.xreplace(replace)


def _check_certain(neurons: NeuronAdjoint) -> None:
    """Refuse what is drawn anew in each step: a check goes from event to event."""
    system, where = neurons.system, Location.of("population", neurons.name)
    if neurons.data:
        return
    if neurons.unforeseen:
        raise UnsupportedFeatureError(
            f"{neurons.unforeseen[0]} jumps at times that are not known beforehand",
            where=where,
            hint="write conditions that are linear in t, such as 't < 20'",
        )
    noisy = [x for x, value in system.f.items() if noise_symbols(value)]
    if system.noise or noisy:
        what = f"d{noisy[0]}/dt has white noise" if noisy else "a noise current is drawn"
        raise UnsupportedFeatureError(
            f"{what} in every step: gradients are checked on dynamics without noise",
            where=where,
            hint="leave it out for the check; its gradient is that of the drift",
        )
    drawn = [
        n for n, value in system.reset if any(s.name in system.draws for s in value.free_symbols)
    ]
    if drawn:
        raise UnsupportedFeatureError(
            f"the reset draws {drawn[0]} at random: gradients are checked without",
            where=where.key("reset"),
            hint="reset to a number",
        )
