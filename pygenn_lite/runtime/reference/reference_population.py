"""One population in the reference interpreter: a NeuronKernel carried out with NumPy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.codegen.program.program import Draw, NeuronKernel
from pygenn_lite.codegen.structure.structures import PopulationInstance, is_spike_source
from pygenn_lite.declaration.inputs import PoissonInput
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import Population
from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.runtime.reference.evaluation import (
    Names,
    declared_value,
    evaluate,
    execute,
    propagators,
)
from pygenn_lite.runtime.reference.random_numbers import (
    neuron_normals,
    neuron_uniforms,
    poisson_counts,
)
from pygenn_lite.runtime.values.philox import stream_of

Indices = NDArray[np.int64]


class ReferencePopulation:
    """State of one population; all variables are in ``names`` under their internal names."""

    def __init__(
        self,
        network: Network,
        population: Population,
        instance: PopulationInstance,
        kernel: NeuronKernel | None,
    ) -> None:
        self.name, self.size = population.name, population.size
        self.dt, self.seed = network.dt, network.seed
        self.instance, self.kernel = instance, kernel
        self.stream = stream_of(f"population:{self.name}")
        self.names: Names = {"dt": self.dt}
        self.refractory = np.zeros(self.size, np.int64)
        self.published: list[Names] = []  # what plastic synapses read, step by step
        self.first_published = -1  # the step of the first entry: before the start
        self.repeated: dict[tuple[int, int], list[Names]] = {}  # by step and neuron: each spike's
        self.train = _train(population, self.dt) if is_spike_source(population) else None
        # Rate and sources of Poisson inputs, values of timed currents: may be set between runs.
        self.poisson = {p.name: self._poisson(p) for p in instance.poisson}
        self.timed_values = [np.asarray(timed.values.array) for timed in instance.timed]
        if kernel is not None:
            self._load_values(kernel, population.positions)
            self.prepare()
        self.publish()

    def begin(self, step: int) -> Indices:
        """Before the first step: a spike source's spikes at ``t_step``."""
        spikes = self._replayed(step)
        self.publish()
        return spikes

    # ------------------------------------------------------------------ one step

    def begin_inputs(self) -> None:
        """Sums of continuous transmission begin at 0 in every step."""
        for array in self.kernel.arrays if self.kernel is not None else ():
            if array.role == "coupled":
                self.names[array.symbol] = np.zeros(self.size)

    def integrate(self, step: int) -> None:
        """Flow from ``t_step`` to the next step, without jumps."""
        if self.kernel is not None:
            self._flow(self.kernel, step)

    def fire(self, step: int) -> Indices:
        """Jumps at the end of the step, then threshold and reset; the neurons that spike. The flow
        comes first, unless the schedule calls it apart."""
        if self.kernel is not None and not self.kernel.split:
            self._flow(self.kernel, step)
        if self.train is not None:
            spikes = self._replayed(step + 1)
        elif self.kernel is not None:
            self._jump(self.kernel, step)
            spikes = self._find_spikes(self.kernel, step)
        else:
            spikes = np.empty(0, np.int64)
        self.publish()
        return spikes

    def _replayed(self, step: int) -> Indices:
        """A spike source's spikes at ``t_step``; its traces see them at once."""
        if self.train is None:
            return np.empty(0, np.int64)
        steps, indices = self.train
        spikes: Indices = np.sort(indices[steps == step])
        for neuron in spikes:  # a train may hold a neuron's spike twice
            self.after(step, np.array([neuron]))
            left = {n: self.names[n][neuron] for n in self.instance.published}
            self.repeated.setdefault((step, int(neuron)), []).append(left)
        return spikes

    def after(self, step: int, spikes: Indices) -> None:
        """Traces of neurons that spiked at ``t_step``, once synapses have seen them without."""
        if self.kernel is not None and spikes.size:
            self._assign(self.kernel.after, spikes, {"t": step * self.dt})

    def publish(self) -> None:
        """Remember the variables that synapses read with a delay."""
        self.published.append({n: self.names[n].copy() for n in self.instance.published})

    def published_at(self, step: int, name: str, neuron: int, nth: int | None = None) -> float:
        """What synapses see; before the start of the run, the initial value. With `nth`: what the
        arrival of the neuron's spike of this number (from 0) at that step sees."""
        if nth is not None and (step, neuron) in self.repeated:
            return float(self.repeated[step, neuron][nth][name])
        return float(self.published[max(step - self.first_published, 0)][name][neuron])

    def forget_published(self, before: int) -> None:
        """What was published before a step is not read any more."""
        gone = min(max(before - self.first_published, 0), len(self.published) - 1)
        del self.published[:gone]
        self.first_published += gone
        self.repeated = {k: v for k, v in self.repeated.items() if k[0] >= before}

    def _known(self, kernel: NeuronKernel, step: int) -> Names:
        """All that the step's expressions can read."""
        known = {**self.names, "t": step * self.dt, **self._draws(kernel.draws, step)}
        for k, timed in enumerate(kernel.timed):
            known[timed.name] = self._timed_value(k, step)
        return known

    def _flow(self, kernel: NeuronKernel, step: int) -> None:
        now = self._known(kernel, step)
        active = self.refractory == 0
        now["active__"] = active.astype(np.float64)
        execute(kernel.step, now)
        for name in kernel.changed:
            following = now[f"{name}__next"]
            may_move = active if name in kernel.held else True
            self.names[name] = np.where(may_move, following, self.names[name])

    def _jump(self, kernel: NeuronKernel, step: int) -> None:
        """Poisson events and summed jumps. Held variables move again from the very end of
        refractoriness on; a condition for it is looked at before they jump."""
        self._add_jumps(kernel, step, [n for n in self.names if n not in kernel.held])
        if kernel.refractory == "time":
            self.refractory = np.maximum(self.refractory - 1, 0)
        elif kernel.refractory == "condition":
            persists = evaluate(kernel.refractory_condition, self._known(kernel, step))
            self.refractory = ((self.refractory != 0) & persists).astype(np.int64)
        self._add_jumps(kernel, step, kernel.held, self.refractory == 0)

    def _add_jumps(
        self, kernel: NeuronKernel, step: int, targets: Iterable[str], may_move: Any = True
    ) -> None:
        for jump in kernel.poisson:
            if jump.target in targets:
                declared = self.instance.poisson[jump.index]
                rate = self.expected_count(declared.name)
                stream = stream_of(f"input:{declared.name}")
                counts = poisson_counts(rate, self.size, self.seed, stream, step)
                increment = np.where(may_move, self.names[jump.weight] * counts, 0.0)
                self.names[jump.target] = self.names[jump.target] + increment
        for name, total in kernel.accumulators:
            if name in targets:
                increment = np.where(may_move, self.names[total], 0.0)
                self.names[name] = self.names[name] + increment
                self.names[total] = np.zeros(self.size)

    def _find_spikes(self, kernel: NeuronKernel, step: int) -> Indices:
        if kernel.threshold is None:
            return np.empty(0, np.int64)
        now = self._known(kernel, step)
        above = np.broadcast_to(evaluate(kernel.threshold, now), self.size)
        spikes = np.flatnonzero(above & (self.refractory == 0))
        if spikes.size:
            known = {"t": step * self.dt, **self._draws(kernel.reset_draws, step)}
            known |= {timed.name: now[timed.name] for timed in kernel.timed}
            self._assign((*kernel.reset, *kernel.on_spike), spikes, known)
            if kernel.refractory == "time":
                steps = np.broadcast_to(self.names["refractory_steps"], self.size)
                self.refractory[spikes] = steps[spikes]
            elif kernel.refractory == "condition":
                self.refractory[spikes] = 1
        return spikes

    def _assign(self, assigns: Any, neurons: Indices, extra: Names) -> None:
        """Ordered assignments on some of the neurons."""
        everything = {**self.names, **extra}
        own = {n: v[neurons] if np.ndim(v) else v for n, v in everything.items()}
        execute(assigns, own)
        for assign in assigns:
            self.names[assign.target][neurons] = own[assign.target]

    def _draws(self, draws: tuple[Draw, ...], step: int) -> Names:
        make = {"normal": neuron_normals, "uniform": neuron_uniforms}
        return {
            d.name: make[d.kind](self.size, self.seed, self.stream, d.purpose, step) for d in draws
        }

    def _timed_value(self, index: int, step: int) -> Any:
        timed = self.instance.timed[index]
        begins = nearest_steps(timed.times.array, self.dt)
        row = int(np.searchsorted(begins, step, side="right")) - 1
        return self.timed_values[index][row] if row >= 0 else 0.0

    def expected_count(self, name: str) -> Any:
        """Expected number of spikes per step of a Poisson input (rates are in Hz, steps in ms)."""
        rate, sources = self.poisson[name]
        return np.asarray(np.asarray(rate) * sources * self.dt / 1000.0)

    # ------------------------------------------------------------------ before the run

    def value(self, declared: Any, variable: str, positions: Any = None) -> Any:
        """A declared value as a number or as one number per neuron."""
        stream = f"population:{self.name}:{variable}"
        return declared_value(declared, self.size, self.seed, stream, positions)

    def _load_values(self, kernel: NeuronKernel, positions: Any) -> None:
        for scalar in kernel.scalars:
            if scalar.role == "parameter":
                self.names[scalar.symbol] = self.value(self.instance.values[scalar.symbol], "")
        for array in kernel.arrays:
            if array.role == "parameter":
                given = self.instance.values[array.symbol]
                self.names[array.symbol] = self.value(given, array.symbol, positions)
            elif array.role == "state":
                given = self.instance.initial[array.symbol]
                start = self.value(given, array.symbol, positions)
                self.names[array.symbol] = np.array(np.broadcast_to(start, self.size))
            elif array.role in ("accumulator", "coupled"):
                self.names[array.symbol] = np.zeros(self.size)

    def _poisson(self, declared: PoissonInput) -> tuple[Any, Any]:
        rate = self.value(declared.rate, f"{declared.name}:rate")
        return rate, self.value(declared.sources, f"{declared.name}:sources")

    def prepare(self) -> None:
        """Compute coefficients from parameters."""
        kernel = self.kernel
        if kernel is None:
            return
        for coefficient in kernel.coefficients:
            self.names[coefficient.name] = evaluate(coefficient.value, self.names)
        for flow in kernel.flows:
            for name, entry in propagators(flow, self.names, self.dt).items():
                self.names[name] = entry if name in flow.per_neuron else float(np.ravel(entry)[0])


def _train(population: Population, dt: float) -> tuple[Indices, Indices]:
    """Steps and neurons of a spike source's spikes."""
    source: Any = population.model
    steps = nearest_steps(source.times.array, dt).astype(np.int64)
    return steps, np.asarray(source.indices.array).astype(np.int64)
