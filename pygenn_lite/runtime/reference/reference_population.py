"""One population in the reference interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.codegen.program.kernel import Draw, Kernel
from pygenn_lite.codegen.program.program import NeuronKernels
from pygenn_lite.codegen.structure.structures import PopulationBinding, is_spike_source
from pygenn_lite.declaration.inputs import PoissonInput
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import Population
from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.reference.evaluation import Names, declared_value
from pygenn_lite.runtime.reference.kernels import Run, run_kernel, written
from pygenn_lite.runtime.reference.random_numbers import (
    neuron_normals,
    neuron_uniforms,
    poisson_counts,
)
from pygenn_lite.runtime.values.philox import stream_of

Indices = NDArray[np.int64]


class ReferencePopulation:
    """State of one population; all variables are in ``names`` under their symbols."""

    def __init__(
        self,
        network: Network,
        population: Population,
        binding: PopulationBinding,
        own: NeuronKernels | None,
    ) -> None:
        self.name, self.size = population.name, population.size
        self.dt, self.seed = network.dt, network.seed
        self.binding, self.own = binding, own
        self.kernels: dict[str, Kernel] = {} if own is None else own.kernels
        self.stream = stream_of(f"population:{self.name}")
        self.names: Names = {"dt": self.dt}
        self.exposed: list[Names] = []  # what plastic synapses read, step by step
        self.first_exposed = -1  # the step of the first entry: before the start
        self.repeated: dict[tuple[int, int], list[Names]] = {}  # by step and neuron: each spike's
        self.train = declared_train(population, self.dt) if is_spike_source(population) else None
        # Rate and sources of Poisson inputs, values of step currents: may be set between runs.
        self.poisson = {p.name: self._poisson(p) for p in binding.poisson}
        self.timed_values = [np.asarray(timed.values.array) for timed in binding.timed]
        if own is not None:
            self._load_values(own, population.positions)
            self.prepare()
        self.expose(-1)

    def begin(self, step: int) -> Indices:
        """Before the first step: a spike source's spikes at ``t_step``."""
        spikes = self._replayed(step)
        self.expose(step)
        return spikes

    # ------------------------------------------------------------------ one step

    def begin_inputs(self) -> None:
        """Sums of continuous transmission begin at 0 in every step."""
        for array in self.own.variables if self.own is not None else ():
            if array.role == "coupled":
                self.names[array.symbol] = np.zeros(self.size)

    def integrate(self, step: int) -> None:
        """Flow from ``t_step`` to the next step, without jumps, where something comes between it
        and the threshold."""
        if "integrate" in self.kernels:
            self.run(self.kernels["integrate"], step)

    def fire(self, step: int) -> Indices:
        """The rest of the step; the neurons that spike at its end."""
        spikes = np.empty(0, np.int64)
        if "update" in self.kernels:
            spikes = np.array(self.run(self.kernels["update"], step), np.int64)
        if self.train is not None:
            spikes = self._replayed(step + 1)
        self.expose(step + 1)
        return spikes

    def _replayed(self, step: int) -> Indices:
        """A spike source's spikes at ``t_step``; its traces see them at once."""
        if self.train is None:
            return np.empty(0, np.int64)
        steps, indices = self.train
        spikes: Indices = np.sort(indices[steps == step])
        for neuron in spikes:  # a train may hold a neuron's spike twice
            self.after(step, np.array([neuron]))
            left = {n: self.names[n][neuron] for n in self.binding.exposed}
            self.repeated.setdefault((step, int(neuron)), []).append(left)
        return spikes

    def after(self, step: int, spikes: Indices) -> None:
        """Traces of neurons that spiked at ``t_step``, once synapses have seen them without."""
        if "after" in self.kernels and spikes.size:
            self.run_for(self.kernels["after"], step, spikes)

    def run_for(self, kernel: Kernel, step: int, some: Indices, more: Names | None = None) -> None:
        """A kernel over some neurons; `more`: further values that it may read."""
        own = {n: v[some] if np.ndim(v) else v for n, v in self.names.items()}
        names = {**(more or {}), **own, "t": step * self.dt}
        run = Run(_Step(self, step), self.size, some)
        run.body(kernel.body, names)
        for name in written(kernel):
            self.names[name][some] = names[name]

    def expose(self, step: int) -> None:
        """Remember the variables that synapses read with a delay, as they are at ``t_step``."""
        row = {n: self.names[n].copy() for n in self.binding.exposed}
        del self.exposed[max(step - self.first_exposed, 0) :]
        self.exposed.append(row)

    def expose_now(self, name: str, step: int) -> None:
        """A exposed variable was set between runs: spikes of this step carry the new value."""
        if len(self.exposed) <= step - self.first_exposed:
            self.expose(step)
        self.exposed[step - self.first_exposed][name] = self.names[name].copy()

    def exposed_at(self, step: int, name: str, neuron: int, nth: int | None = None) -> float:
        """What synapses see; before the start of the run, the initial value. With `nth`: what the
        arrival of the neuron's spike of this number (from 0) at that step sees."""
        if nth is not None and (step, neuron) in self.repeated:
            return float(self.repeated[step, neuron][nth][name])
        return float(self.exposed[max(step - self.first_exposed, 0)][name][neuron])

    def forget_exposed(self, before: int) -> None:
        """What was exposed before a step is not read any more."""
        gone = min(max(before - self.first_exposed, 0), len(self.exposed) - 1)
        del self.exposed[:gone]
        self.first_exposed += gone
        self.repeated = {k: v for k, v in self.repeated.items() if k[0] >= before}

    def run(self, kernel: Kernel, step: int, more: Names | None = None) -> list[int]:
        """A kernel over all neurons; `more`: further values that it may read."""
        names = {**(more or {}), **self.names, "t": step * self.dt}
        spikes = run_kernel(kernel, names, _Step(self, step), self.size)
        for name in written(kernel):
            dtype = self.names[name].dtype
            self.names[name] = np.full(self.size, names[name], dtype)
        return spikes

    def expected_count(self, name: str) -> Any:
        """Expected number of spikes per step of a Poisson input (rates are in Hz, steps in ms)."""
        rate, sources = self.poisson[name]
        return np.asarray(np.asarray(rate) * sources * self.dt / 1000.0)

    # ------------------------------------------------------------------ before the run

    def value(self, declared: Any, variable: str, positions: Any = None) -> Any:
        """A declared value as a number or as one number per neuron."""
        stream = f"population:{self.name}:{variable}"
        return declared_value(declared, self.size, self.seed, stream, positions)

    def _load_values(self, own: NeuronKernels, positions: Any) -> None:
        for scalar in own.scalars:
            if scalar.role == "parameter":
                self.names[scalar.symbol] = self.value(self.binding.values[scalar.symbol], "")
        for array in own.variables:
            if array.role == "parameter":
                given = self.binding.values[array.symbol]
                self.names[array.symbol] = self.value(given, array.symbol, positions)
            elif array.role == "state":
                given = self.binding.initial[array.symbol]
                start = self.value(given, array.symbol, positions)
                self.names[array.symbol] = np.array(np.broadcast_to(start, self.size))
            elif array.role in ("accumulator", "coupled", "crossing"):
                self.names[array.symbol] = np.zeros(self.size)
            elif array.role == "refractory":
                self.names[array.symbol] = np.zeros(self.size, np.int64)

    def _poisson(self, declared: PoissonInput) -> tuple[Any, Any]:
        rate = self.value(declared.rate, f"{declared.name}:rate")
        return rate, self.value(declared.sources, f"{declared.name}:sources")

    def prepare(self) -> None:
        """Compute coefficients from the parameters."""
        if "prepare" not in self.kernels:
            return
        kernel = self.kernels["prepare"]
        names = dict(self.names)
        run_kernel(kernel, names, _Step(self, 0), self.size)
        shared = kernel.table("own", shared=True)
        for name in written(kernel):
            value = names[name]
            self.names[name] = float(np.ravel(value)[0]) if name in shared else value


@dataclass
class _Step:
    """One population in one step, as statements ask for it."""

    population: ReferencePopulation
    step: int

    def draw(self, draw: Draw) -> Any:
        make = {"normal": neuron_normals, "uniform": neuron_uniforms}[draw.kind]
        own = self.population
        return make(own.size, own.seed, own.stream, draw.purpose, self.step)

    def count(self, index: int) -> Any:
        own = self.population
        declared = own.binding.poisson[index]
        stream = stream_of(f"input:{declared.name}")
        rate = own.expected_count(declared.name)
        return poisson_counts(rate, own.size, own.seed, stream, self.step)

    def timed(self, index: int) -> Any:
        timed = self.population.binding.timed[index]
        begins = nearest_steps(timed.times.array, self.population.dt)
        row = int(np.searchsorted(begins, self.step, side="right")) - 1
        return self.population.timed_values[index][row] if row >= 0 else 0.0

    def add(self, target: str, value: Any) -> None:
        raise AssertionError("kernels of populations have no target neurons")

    def elapsed(self, stamp: Any) -> Any:
        return (self.step - stamp) * self.population.dt


def declared_train(population: Population, dt: float) -> tuple[Indices, Indices]:
    """Steps and neurons of a spike source's spikes."""
    source: Any = population.model
    never = 2.0**62  # later than any run; an int64 holds it
    steps = nearest_steps(source.times.array, dt).clip(max=never).astype(np.int64)
    return steps, np.asarray(source.indices.array).astype(np.int64)
