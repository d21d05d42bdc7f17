"""The memory of one network in the reference backend, by name: what is kept is rounded to the
network's precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.accumulators import plan_sums
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.codegen.program.program import Program
from pygenn_lite.runtime.layout import LAST_UPDATE, SLOT, NetworkLayout, StoredVariable
from pygenn_lite.runtime.reference.connecting import ReferenceSynapses
from pygenn_lite.runtime.reference.delivery import WholeSums
from pygenn_lite.runtime.reference.interpreter import Interpreter
from pygenn_lite.runtime.reference.past_values import in_type
from pygenn_lite.runtime.reference.reference_population import ReferencePopulation
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.population_values import (
    PopulationValues,
    check_parameter,
    check_poisson,
)
from pygenn_lite.runtime.values.slots import EMPTY, Slots
from pygenn_lite.runtime.values.weights import check_settable

Array = npt.NDArray[Any]


class NetworkMemory(Interpreter):
    """An interpreter whose values can be read and set.

    Arithmetic is done in double precision. In ``float32``, what is kept is rounded to it after each
    step.

    Parameters
    ----------
    plan : NetworkPlan
        Of this instance: what it is declared as, and which groups share one weight.
    program : Program
    layout : NetworkLayout
    connectivity_seed : int
        Of synapses, their weights, delays and variables.
    """

    def __init__(
        self, plan: NetworkPlan, program: Program, layout: NetworkLayout, connectivity_seed: int
    ) -> None:
        described = plan.described
        network, structure = described.network, described.structure
        self.plan, self.layout, self.dtype = plan, layout, described.dtype
        self.structure, self.connectivity_seed = structure, connectivity_seed
        self.synapses = ReferenceSynapses(plan, layout, connectivity_seed)
        super().__init__(
            network, structure, program, self.synapses.connections, self.synapses.initial
        )
        self.values = {
            name: PopulationValues(
                declared,
                structure.populations[name],
                {v.name: v.called for v in layout.populations[name].variables.values()},
            )
            for name, declared in network.populations.items()
        }
        if described.accumulator == "int32":
            self.whole = WholeSums({name: p.size for name, p in self.populations.items()})
            self.schedule = self.schedule.with_collection()
            self._fit_sums()
        self._set_parameters(network.seed)

    def read(self, variable: StoredVariable, *, stored: bool = False) -> Array:
        """A copy of a variable: shape () where it is shared, else one value per element."""
        owner, name = variable.owner, variable.name
        if owner in self.populations:
            population = self.populations[owner]
            values = population.names[name]
            if variable.shared:
                return np.array(values, variable.dtype)
            return np.array(np.broadcast_to(values, population.size), variable.dtype)
        if owner in self.groups:
            group = self.groups[owner]
            if variable.shared:
                return np.array(group.scalars[name])
            if variable.role == SLOT:
                return self.slots(owner).part(name).astype(variable.dtype)
            known = group.variables if stored else group.values_at(self.step_number)
            values = known[name] if name == LAST_UPDATE else self.rounded(known[name])
            if owner in self.synapses.slots:
                values = values[self.slots(owner).taken]
            dtype = np.float64 if name == "weight" and not stored else variable.dtype
            return in_type(values, dtype)
        return self._input(variable)

    def write(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        """Set a variable: one value, or one per element."""
        owner, name = variable.owner, variable.name
        if owner in self.populations:
            self._write_population(variable, np.asarray(values))
        elif owner in self.groups:
            group = self.groups[owner]
            if variable.shared:
                group.scalars[name] = float(np.asarray(values))
            elif name == LAST_UPDATE:  # 32 bits of it are kept by others
                ago = (self.step_number - np.asarray(values, np.int64)) & 0xFFFFFFFF
                group.variables[name][:] = self.step_number - ago
            elif variable.role == SLOT:
                self._write_slots(owner, name, np.asarray(values))
            elif owner in self.synapses.slots:
                group.variables[name][self.slots(owner).taken] = self.rounded(values)
                self._fit_sums()
            elif name == "weight":
                own = np.broadcast_to(np.asarray(values, np.float64), group.pre.shape)
                group.variables[name][:] = self.rounded(self.synapses.kept(owner, own))
                self._fit_sums()
            else:
                group.variables[name][:] = self.rounded(values)
        else:
            self._write_input(variable, values)

    def settle(self, group: str) -> None:
        """Bring the event-driven variables of a group up to date."""
        own = self.groups[group]
        if "settle" in own.kernels:
            own.variables.update(own.values_at(self.step_number))
            own.variables[LAST_UPDATE][:] = self.step_number
            self.round_all()

    def synapse_count(self, group: str) -> int:
        """Synapses of a group."""
        if group in self.synapses.slots:
            return len(self.slots(group).taken)
        return len(self.groups[group].pre)

    def slots(self, group: str) -> Slots:
        """The places of a group whose synapses come and go, as they are."""
        own = self.synapses.slots[group]
        return Slots(own.source, own.target, self.groups[group].variables["weight"])

    def connections(self, group: str) -> Connections:
        """The synapses of a group, weights as of now."""
        drawn = self.synapses.connections[group]
        weight = self.rounded(self.groups[group].values_at(self.step_number)["weight"])
        if group in self.synapses.slots:
            slots = self.slots(group)
            taken = slots.taken
            return Connections(
                slots.source[taken], slots.target[taken], drawn.delay[taken], weight[taken]
            )
        return Connections(drawn.pre.copy(), drawn.post.copy(), drawn.delay.copy(), weight)

    def has_own_weights(self, group: str) -> bool:
        """Whether the weights of a group may differ from synapse to synapse: here all may, but what
        may be set does not concern the backend."""
        return self.plan.store_of(group).weights

    def check_weights(self, group: str, weights: npt.NDArray[np.float64]) -> None:
        """Refuse what is not one number, or one per synapse, that can be kept."""
        kept = self.layout.groups[group].weight.dtype
        check_settable(group, weights, self.synapse_count(group), kept, self.has_own_weights(group))

    # ------------------------------------------------------------------ what is kept is rounded

    def rounded(self, values: npt.ArrayLike) -> Array:
        """Values as they are kept."""
        with np.errstate(over="ignore"):
            return np.asarray(values, np.float64).astype(self.dtype).astype(np.float64)

    def round_all(self) -> None:
        """Round all that is kept."""
        if self.dtype == np.float64:
            return
        for name, layout in self.layout.populations.items():
            names = self.populations[name].names
            for variable in layout.variables.values():
                if variable.role in ("state", "accumulator") and not variable.shared:
                    names[variable.name] = self.rounded(names[variable.name])
            self._round_exposed(self.populations[name])
        for name, group in self.groups.items():
            if self.layout.groups[name].plastic:
                for own, values in group.variables.items():
                    if own != LAST_UPDATE:
                        group.variables[own] = self.rounded(values)

    def _round_exposed(self, population: ReferencePopulation) -> None:
        """Round what synapses will see of the present step."""
        now = [k for (step, _), k in population.repeated.items() if step == self.step_number]
        for row in (population.exposed[-1], *(left for kept in now for left in kept)):
            row.update({name: self.rounded(values) for name, values in row.items()})

    # ------------------------------------------------------------------ for the above

    def _write_slots(self, name: str, which: str, values: Array) -> None:
        slots, group = self.slots(name), self.groups[name]
        if which == "slot_target":
            self.synapses.slots[name] = replace(slots, target=values.astype(np.int64))
            last = group.target.size - 1
            group.post[:] = np.where(values == EMPTY, last, values)
        else:
            empty = slots.target == EMPTY
            group.variables["weight"][:] = self.rounded(np.where(empty, 0.0, values))
        self._fit_sums()

    def _fit_sums(self) -> None:
        """Units of sums in whole numbers for the weights as they are."""
        if self.whole is not None:
            largest = {
                name: float(np.max(np.abs(group.variables["weight"]), initial=0.0))
                for name, group in self.groups.items()
            }
            self.whole.fit(plan_sums(self.plan.deliveries.values(), largest))

    def _set_parameters(self, seed: int) -> None:
        for name, population in self.populations.items():
            values, own = self.values[name], self.structure.populations[name]
            for variable in self.layout.populations[name].variables.values():
                if variable.role == "parameter" and not variable.shared:
                    given = values.numbers(own.values[variable.name], variable.name, seed)
                    check_parameter(values.declared, variable.name, given)
                    population.names[variable.name] = self.rounded(given)
            for declared in own.poisson:
                rate, sources = values.poisson(declared, seed)
                check_poisson(declared.name, rate, sources, population.dt)
                population.poisson[declared.name] = (rate, sources)

    def _write_population(self, variable: StoredVariable, values: Array) -> None:
        population, name = self.populations[variable.owner], variable.name
        if variable.role == "refractory":
            steps = np.broadcast_to(values, population.size)
            population.names[name] = np.array(steps, np.int64)
            return
        if variable.shared:
            population.names[name] = float(values)
            return
        population.names[name] = np.array(
            np.broadcast_to(self.rounded(values), population.size), np.float64
        )
        if name in self.layout.populations[variable.owner].exposed:
            now = population.names[name]
            population.expose_now(name, self.step_number)
            for (step, neuron), kept in population.repeated.items():
                if step == self.step_number:
                    for left in kept:
                        left[name] = float(now[neuron])

    def _input(self, variable: StoredVariable) -> Array:
        population, index = self._target_of(variable.owner)
        if variable.name == "values":
            return in_type(population.timed_values[index], variable.dtype)
        rate, sources = population.poisson[variable.owner]
        return np.array(rate if variable.name == "rate" else sources, np.float64)

    def _write_input(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        population, index = self._target_of(variable.owner)
        if variable.name == "values":
            shape = population.timed_values[index].shape
            population.timed_values[index] = np.array(np.broadcast_to(self.rounded(values), shape))
            return
        new: Mapping[str, Any] = {
            **dict(zip(("rate", "sources"), population.poisson[variable.owner], strict=True)),
            variable.name: np.array(values, np.float64),
        }
        population.poisson[variable.owner] = (new["rate"], new["sources"])

    def _target_of(self, owner: str) -> tuple[Any, int]:
        """The population of an input, and its number among the step currents there."""
        target = next(i.target for i in self.network.inputs if i.name == owner)
        timed = [t.name for t in self.structure.populations[target].timed]
        return self.populations[target], timed.index(owner) if owner in timed else -1
