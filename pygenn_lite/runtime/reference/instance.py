"""One network in the reference backend: an interpreter, and its memory as the device's interface
shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.accumulators import plan_sums
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.codegen.program.program import Program
from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.device import Fault, Past
from pygenn_lite.runtime.layout import LAST_UPDATE, NetworkLayout, StoredVariable
from pygenn_lite.runtime.recording import Requests, Sink, recorded_variable
from pygenn_lite.runtime.reference.connecting import ReferenceSynapses
from pygenn_lite.runtime.reference.delivery import WholeSums
from pygenn_lite.runtime.reference.interpreter import Interpreter
from pygenn_lite.runtime.reference.recorders import Recorders
from pygenn_lite.runtime.reference.reference_population import (
    ReferencePopulation,
    declared_train,
)
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.population_values import (
    PopulationValues,
    check_parameter,
    check_poisson,
    check_refractory_steps,
)
from pygenn_lite.runtime.values.spike_trains import SpikeTrain, repeated_spikes
from pygenn_lite.runtime.values.weights import check_settable

Array = npt.NDArray[Any]


class ReferenceInstance(Interpreter):
    """An instance of a :class:`~pygenn_lite.runtime.reference.device.ReferenceDevice`.

    Arithmetic is done in double precision. In ``float32``, what is kept is rounded to it after each
    step.

    Parameters
    ----------
    plan : NetworkPlan
        Of this instance: what it is declared as, and which groups share one weight.
    program : Program
    layout : NetworkLayout
    requests : Requests
    connectivity_seed : int
        Of synapses, their weights, delays and variables.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        program: Program,
        layout: NetworkLayout,
        requests: Requests,
        connectivity_seed: int,
    ) -> None:
        network, structure, real = (
            plan.described.network,
            plan.described.structure,
            plan.described.real,
        )
        self.plan = plan
        self.connectivity_seed = connectivity_seed
        self.structure, self.layout, self.real, self.seed = structure, layout, real, network.seed
        self.synapses = ReferenceSynapses(plan, layout, connectivity_seed)
        super().__init__(
            network, structure, program, self.synapses.connections, self.synapses.initial
        )
        self.counts = {n: np.zeros(p.size, np.uint32) for n, p in layout.populations.items()}
        self.sent: dict[str, list[tuple[int, Array]]] = {name: [] for name in layout.populations}
        self.found: Fault | None = None
        self.is_begun = False
        self.replayed: dict[str, SpikeTrain] = {}
        self._watched = {
            name: p.kernels["update"].watched if "update" in p.kernels else ()
            for name, p in self.populations.items()
        }
        read = {
            (r.owner, r.name): self._reader(recorded_variable(r, layout, structure))
            for r in requests.variables
        }
        self.recorders = Recorders(requests, read)
        self.values = {
            name: PopulationValues(
                declared,
                structure.populations[name],
                {v.name: v.called for v in layout.populations[name].variables.values()},
            )
            for name, declared in network.populations.items()
        }
        if plan.described.accumulator == "int32":
            self.whole = WholeSums({name: p.size for name, p in self.populations.items()})
            self.schedule = self.schedule.with_collection()
            self._fit_sums()
        self._set_parameters(network.seed)
        self.initialise(network.seed, first=True)

    # ------------------------------------------------------------------ time

    def advance(self) -> bool:
        """One step; whether all that must be finite is."""
        if not self.is_begun:
            self.is_begun = True
            self.begin()
        self.step()
        self._round()
        oldest = self.step_number - self.synapses.max_delay
        for name, population in self.populations.items():
            population.forget_published(oldest)
            self.sent[name] = [entry for entry in self.sent[name] if entry[0] >= oldest]
        return self.found is None and self._find_fault()

    def collect(self, step: int) -> None:
        """Sums in whole numbers are added to the variables."""
        assert self.whole is not None
        overflow = self.whole.collect({name: p.names for name, p in self.populations.items()})
        if overflow is not None and self.found is None:
            planned, neuron, value = overflow
            self.found = Fault(
                planned.population, neuron, planned.variable, step, value, overflow=True
            )

    def _fit_sums(self) -> None:
        """Units of sums in whole numbers for the weights as they are."""
        if self.whole is not None:
            largest = {
                name: float(np.max(np.abs(group.variables["weight"]), initial=0.0))
                for name, group in self.groups.items()
            }
            self.whole.fit(plan_sums(self.plan.deliveries.values(), largest))

    def sampled(self, step: int) -> None:
        """Record variables."""
        self.recorders.sampled(step)

    def spiked(self, step: int, population: str, neurons: npt.NDArray[np.int64]) -> None:
        """Count and record spikes."""
        self.recorders.spiked(step, population, neurons)
        if neurons.size:
            np.add.at(self.counts[population], neurons, 1)
            self.sent[population].append((step, neurons))

    def initialise(self, seed: int, first: bool = False) -> None:
        """Initial values for a seed, plastic groups as built, coefficients, step 0."""
        for name in list(self.replayed):
            self.replay(name, None)
        for name, population in self.populations.items():
            population.seed = seed
            for variable in self.layout.populations[name].variables.values():
                if variable.role == "state":
                    declared = self.structure.populations[name].initial[variable.name]
                    values = self.values[name].numbers(declared, variable.name, seed)
                    population.names[variable.name] = self._rounded(values)
                elif variable.role == "accumulator":
                    population.names[variable.name] = np.zeros(population.size)
                elif variable.role == "refractory":
                    population.names[variable.name] = np.zeros(population.size, np.int64)
        if not first:
            for name in self.groups:
                if self.layout.groups[name].plastic:
                    self.groups[name].variables.update(self.synapses.start_of(name))
        self.prepare(self.populations)
        self.set_step(0, seed)

    def replay(self, population: str, train: SpikeTrain | None) -> None:
        """Let a spike source replay another train from the next step on; None: the declared."""
        self.replayed.pop(population, None)
        source = self.populations[population]
        if train is not None:
            self.replayed[population] = train
            source.train = train.steps, train.indices.astype(np.int64)
        else:
            source.train = declared_train(self.network.populations[population], source.dt)

    def set_step(self, step: int, seed: int) -> None:
        """Go to a step, without spikes in flight."""
        self.step_number, self.seed = step, seed
        self.found, self.is_begun = None, False
        for name, population in self.populations.items():
            population.seed = seed
            population.published, population.repeated = [], {}
            population.first_published = step - 1
            population.publish(step - 1)
            self.last_spikes[name] = np.empty(0, np.int64)
            self.counts[name][:] = 0
            self.sent[name] = []
        for group in self.groups.values():
            group.arrivals.queue.clear()
        self.recorders.clear()

    def prepare(self, populations: Iterable[str]) -> None:
        """Compute the coefficients of some populations from their parameters."""
        for name in populations:
            population = self.populations[name]
            population.prepare()
            if "refractory_steps" in population.names:
                check_refractory_steps(name, population.names["refractory_steps"], population.dt)

    # ------------------------------------------------------------------ values

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
            known = group.variables if stored else group.values_at(self.step_number)
            values = known[name] if name == LAST_UPDATE else self._rounded(known[name])
            dtype = np.float64 if name == "weight" and not stored else variable.dtype
            return _as(values, dtype)
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
            elif name == "weight":
                own = np.broadcast_to(np.asarray(values, np.float64), group.pre.shape)
                group.variables[name][:] = self._rounded(self.synapses.kept(owner, own))
                self._fit_sums()
            else:
                group.variables[name][:] = self._rounded(values)
        else:
            self._write_input(variable, values)

    def settle(self, group: str) -> None:
        """Bring the event-driven variables of a group up to date."""
        own = self.groups[group]
        if "settle" in own.kernels:
            own.variables.update(own.values_at(self.step_number))
            own.variables[LAST_UPDATE][:] = self.step_number
            self._round()

    def synapse_count(self, group: str) -> int:
        """Synapses of a group."""
        return len(self.groups[group].pre)

    def connections(self, group: str) -> Connections:
        """The synapses of a group, weights as of now."""
        drawn = self.synapses.connections[group]
        weight = self._rounded(self.groups[group].values_at(self.step_number)["weight"])
        return Connections(drawn.pre.copy(), drawn.post.copy(), drawn.delay.copy(), weight)

    def has_own_weights(self, group: str) -> bool:
        """Whether the weights of a group may differ from synapse to synapse: here all may, but what
        may be set is no matter of the backend."""
        return self.plan.store_of(group).weights

    def check_weights(self, group: str, weights: npt.NDArray[np.float64]) -> None:
        """Refuse what is not one number, or one per synapse, that can be kept."""
        kept = self.layout.groups[group].weight.dtype
        check_settable(group, weights, self.synapse_count(group), kept, self.has_own_weights(group))

    # ------------------------------------------------------------------ spikes

    def spike_totals(self) -> npt.NDArray[np.int64]:
        """Spikes of each population since the start (or the last reset)."""
        return np.array([int(c.sum(dtype=np.int64)) for c in self.counts.values()], np.int64)

    def spike_counts(self, population: str) -> npt.NDArray[np.uint32]:
        """Spikes of each neuron since the start (or the last reset)."""
        return self.counts[population].copy()

    def set_spike_counts(self, population: str, counts: npt.NDArray[np.uint32]) -> None:
        """Go on counting from here."""
        self.counts[population][:] = counts

    def spikes_in_flight(
        self, population: str
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """Steps and neurons of the spikes that may still have to arrive somewhere."""
        sent = self.sent[population]
        steps = np.repeat([step for step, _ in sent], [len(neurons) for _, neurons in sent])
        indices = [np.zeros(0, np.int64), *(neurons for _, neurons in sent)]
        return steps.astype(np.int64), np.concatenate(indices).astype(np.uint32)

    def set_spikes_in_flight(
        self, population: str, steps: npt.NDArray[np.int64], indices: npt.NDArray[np.uint32]
    ) -> None:
        """Put spikes back on their way, after ``set_step``."""
        now, size = self.step_number, self.populations[population].size
        if np.any(indices >= size):
            raise SimulationError("a spike in flight belongs to no neuron of its population")
        if np.any(steps > now):
            raise SimulationError("a spike in flight lies in the future")
        order = np.lexsort((indices, steps))
        steps, neurons = steps[order], indices[order].astype(np.int64)
        by_step = {int(step): neurons[steps == step] for step in np.unique(steps)}
        self.sent[population] = list(by_step.items())
        self.last_spikes[population] = by_step.get(now, np.empty(0, np.int64))
        self.is_begun = now > 0  # before the first step, a train's spikes at 0 are still to come
        for group in self.groups.values():
            if group.source is self.populations[population]:
                group.set_out_again(by_step, now)

    def past(self, variable: StoredVariable) -> Past:
        """Past values of a published variable, newest first."""
        population, name = self.populations[variable.owner], variable.name
        first, rows = population.first_published, population.published
        steps = self.step_number - np.arange(self.synapses.max_delay + 1)
        values = [rows[min(max(int(s) - first, 0), len(rows) - 1)][name] for s in steps]
        return Past(_as(np.array(values), variable.dtype), self._repeated(variable))

    def set_past(self, variable: StoredVariable, past: Past) -> None:
        """Put past values back, after ``set_step``."""
        population, name = self.populations[variable.owner], variable.name
        # Oldest first. At step 0 `begin` is still to come, which publishes the present values.
        rows = past.values[::-1] if self.step_number else past.values[:0:-1]
        first = self.step_number - len(past.values) + 1
        if (len(population.published), population.first_published) != (len(rows), first):
            population.published = [dict(population.published[-1]) for _ in rows]
            population.first_published = first
        for row, values in zip(population.published, rows, strict=True):
            row[name] = values.astype(np.float64)
        train = repeated_spikes(self.network.populations[variable.owner], population.dt)
        keys = zip(train.steps.tolist(), train.indices.tolist(), strict=True)
        following: dict[tuple[int, int], int] = {}
        for key, value in zip(keys, past.repeated, strict=True):
            if first <= key[0] < first + len(rows):  # others are still to come, or over
                nth = following[key] = following.get(key, -1) + 1
                self._keep_repeated(population, key, nth, name, float(value))
        for key, nth in following.items():  # the last of each is what was published
            last = population.published_at(key[0], name, key[1])
            self._keep_repeated(population, key, nth + 1, name, last)

    def _keep_repeated(
        self, population: Any, key: tuple[int, int], nth: int, name: str, value: float
    ) -> None:
        kept = population.repeated.setdefault(key, [])
        while len(kept) <= nth:
            kept.append({})
        kept[nth][name] = value

    def _repeated(self, variable: StoredVariable) -> Array:
        population = self.populations[variable.owner]
        train = repeated_spikes(self.network.populations[variable.owner], population.dt)
        values, seen = np.zeros(len(train)), dict[tuple[int, int], int]()
        for k, key in enumerate(zip(train.steps.tolist(), train.indices.tolist(), strict=True)):
            nth = seen[key] = seen.get(key, -1) + 1
            if key in population.repeated:
                values[k] = population.repeated[key][nth][variable.name]
        return _as(values, variable.dtype)

    # ------------------------------------------------------------------ what came of a run

    def drain(self, sink: Sink | None) -> None:
        """Hand over what was recorded since the last call; without a sink it is dropped."""
        self.recorders.drain(sink)

    def fault(self) -> Fault | None:
        """The variable that ended the last run, if one stopped being finite."""
        return self.found

    def _find_fault(self) -> bool:
        for name, population in self.populations.items():
            bad = [np.flatnonzero(~np.isfinite(population.names[v])) for v in self._watched[name]]
            if not any(len(b) for b in bad):
                continue
            neuron = min(int(b[0]) for b in bad if len(b))
            for variable in self.layout.populations[name].checked:
                value = float(population.names[variable][neuron])
                if not np.isfinite(value):
                    self.found = Fault(name, neuron, variable, self.step_number - 1, value)
                    return False
        return True

    # ------------------------------------------------------------------ for the above

    def _reader(self, variable: StoredVariable) -> Any:
        return lambda: self.read(variable)

    def _rounded(self, values: npt.ArrayLike) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(values, np.float64).astype(self.real).astype(np.float64)

    def _round(self) -> None:
        """Round all that is kept."""
        if self.real == np.float64:
            return
        for name, layout in self.layout.populations.items():
            names = self.populations[name].names
            for variable in layout.variables.values():
                if variable.role in ("state", "accumulator") and not variable.shared:
                    names[variable.name] = self._rounded(names[variable.name])
            self._round_published(self.populations[name])
        for name, group in self.groups.items():
            if self.layout.groups[name].plastic:
                for own, values in group.variables.items():
                    if own != LAST_UPDATE:
                        group.variables[own] = self._rounded(values)

    def _round_published(self, population: ReferencePopulation) -> None:
        """Round what synapses will see of the present step."""
        now = [k for (step, _), k in population.repeated.items() if step == self.step_number]
        for row in (population.published[-1], *(left for kept in now for left in kept)):
            row.update({name: self._rounded(values) for name, values in row.items()})

    def _set_parameters(self, seed: int) -> None:
        for name, population in self.populations.items():
            values, own = self.values[name], self.structure.populations[name]
            for variable in self.layout.populations[name].variables.values():
                if variable.role == "parameter" and not variable.shared:
                    given = values.numbers(own.values[variable.name], variable.name, seed)
                    check_parameter(values.declared, variable.name, given)
                    population.names[variable.name] = self._rounded(given)
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
            np.broadcast_to(self._rounded(values), population.size), np.float64
        )
        if name in self.layout.populations[variable.owner].published:
            now = population.names[name]
            population.publish_now(name, self.step_number)
            for (step, neuron), kept in population.repeated.items():
                if step == self.step_number:
                    for left in kept:
                        left[name] = float(now[neuron])

    def _input(self, variable: StoredVariable) -> Array:
        population, index = self._target_of(variable.owner)
        if variable.name == "values":
            return _as(population.timed_values[index], variable.dtype)
        rate, sources = population.poisson[variable.owner]
        return np.array(rate if variable.name == "rate" else sources, np.float64)

    def _write_input(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        population, index = self._target_of(variable.owner)
        if variable.name == "values":
            shape = population.timed_values[index].shape
            population.timed_values[index] = np.array(np.broadcast_to(self._rounded(values), shape))
            return
        new: Mapping[str, Any] = {
            **dict(zip(("rate", "sources"), population.poisson[variable.owner], strict=True)),
            variable.name: np.array(values, np.float64),
        }
        population.poisson[variable.owner] = (new["rate"], new["sources"])

    def _target_of(self, owner: str) -> tuple[Any, int]:
        """The population of an input, and its number among the timed currents there."""
        target = next(i.target for i in self.network.inputs if i.name == owner)
        timed = [t.name for t in self.structure.populations[target].timed]
        return self.populations[target], timed.index(owner) if owner in timed else -1


def _as(values: Array, dtype: npt.DTypeLike) -> Array:
    """A copy in a type; whole numbers modulo what it holds."""
    if np.dtype(dtype).kind == "u":
        return np.asarray(values, np.int64).astype(dtype)
    return np.array(values, dtype)
