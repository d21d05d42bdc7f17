"""One instance of the reference backend: its time, its spikes, and what it records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.codegen.program.program import Program
from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.device import Fault, Past
from pygenn_lite.runtime.layout import NetworkLayout, StoredVariable
from pygenn_lite.runtime.recording import Requests, Sink, recorded_variable
from pygenn_lite.runtime.reference.network_memory import NetworkMemory
from pygenn_lite.runtime.reference.past_values import PastValues
from pygenn_lite.runtime.reference.recorders import Recorders
from pygenn_lite.runtime.reference.reference_population import (
    declared_train,
)
from pygenn_lite.runtime.values.population_values import (
    check_refractory_steps,
)
from pygenn_lite.runtime.values.spike_trains import SpikeTrain

Array = npt.NDArray[Any]


class ReferenceInstance(NetworkMemory):
    """An instance of a :class:`~pygenn_lite.runtime.reference.device.ReferenceDevice`.

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
        super().__init__(plan, program, layout, connectivity_seed)
        self.seed = self.network.seed
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
            (r.owner, r.name): self._reader(recorded_variable(r, layout, self.structure))
            for r in requests.variables
        }
        self.recorders = Recorders(requests, read)
        self._past = {
            name: PastValues(p, self.network.populations[name], self.synapses.max_delay + 1)
            for name, p in self.populations.items()
        }
        self.initialise(self.seed, first=True)

    # ------------------------------------------------------------------ time

    def advance(self) -> bool:
        """One step; whether all that must be finite is."""
        if not self.is_begun:
            self.is_begun = True
            self.begin()
        self.step()
        self.round_all()
        oldest = self.step_number - self.synapses.max_delay
        for name, population in self.populations.items():
            population.forget_exposed(oldest)
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
                    population.names[variable.name] = self.rounded(values)
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
            population.exposed, population.repeated = [], {}
            population.first_exposed = step - 1
            population.expose(step - 1)
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
        """Past values of a exposed variable, newest first."""
        return self._past[variable.owner].read(variable, self.step_number)

    def set_past(self, variable: StoredVariable, past: Past) -> None:
        """Put past values back, after ``set_step``."""
        self._past[variable.owner].write(variable, past, self.step_number)

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
