"""A trial of a small network in NumPy, from the bodies of its training program: forwards, and back
with the loss of `pg.check_gradient`. It keeps every step; it shows what a step means, no more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from interpreted import Array, Interpreted

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.trial.derivation import trial_program
from pygenn_lite.codegen.trial.surrogate import Surrogate
from pygenn_lite.codegen.trial.value_places import chosen, value_places
from pygenn_lite.runtime.values.group_drawing import draw_group
from pygenn_lite.runtime.values.population_values import PopulationValues


class TinyTrial:
    """Forwards and backwards.

    Attributes
    ----------
    values : dict
        By path: an array of what can be changed before `run`.
    gradients : dict
        By path, after `run`.
    """

    def __init__(
        self,
        net: pg.Network,
        duration: float,
        trainable: str | Iterable[str],
        surrogate: Surrogate | None = None,
        *,
        detach_reset: bool = False,
        squares: bool = True,
        times: bool = True,
    ) -> None:
        self.net, self.steps, self.squares = net, round(duration / net.dt), squares
        self.times = times  # whether the loss has spike times, and jumps where neurons spike
        structure = codegen.network_structure(net, "float64")
        adjoint = "exact" if surrogate is None else "surrogate"
        self.program = trial_program(structure, trainable, adjoint, surrogate, detach_reset)
        places = value_places(structure)
        self.places = {path: places[path] for path in chosen(places, trainable)}
        self.structure = structure
        self.parameters: dict[str, dict[str, Array]] = {}
        self.initial: dict[str, dict[str, Array]] = {}
        for name, neurons in self.program.populations.items():
            binding = structure.populations[name]
            known = PopulationValues(net.populations[name], binding, dict(neurons.called))
            n = net.populations[name].size

            def of(table: Any, symbol: str, known: Any = known, n: int = n) -> Array:
                return np.broadcast_to(known.numbers_or_one(table[symbol], symbol, 1), n).copy()

            self.parameters[name] = {
                s: of(binding.values, s)
                for s in (*neurons.shared, *neurons.own)
                if s in binding.values
            }
            self.initial[name] = {
                x: of(binding.initial, x) if x in binding.initial else np.zeros(n)
                for x in neurons.states
            }
        self.synapses = {}
        for name in self.program.groups:
            drawn = draw_group(net, net.groups[name], net.seed)
            count = len(drawn.pre)
            self.synapses[name] = (
                np.asarray(drawn.pre),
                np.asarray(drawn.post),
                np.broadcast_to(np.float64(drawn.weight), count).copy(),
                np.broadcast_to(np.float64(drawn.delay), count).copy(),
            )
        self.values = {path: self._value(path) for path in self.places}

    def _value(self, path: str) -> Array:
        place = self.places[path]
        if place.kind in ("weight", "delay"):
            return self.synapses[place.owner][2 if place.kind == "weight" else 3]
        table = self.initial if place.kind == "initial" else self.parameters
        return table[place.owner][place.symbol]

    # ------------------------------------------------------------------ forwards

    def factors(self, population: str) -> Array:
        """Of the integral of the squares of each neuron's first variable."""
        each = (1 + np.arange(self.net.populations[population].size) / 3) / 1000
        return each if self.squares else 0 * each

    def run(self) -> float:
        """A trial; the integral of the loss."""
        self.cells = {
            name: Interpreted(
                p, self.parameters[name], self.net.populations[name].size, self.net.dt
            )
            for name, p in self.program.populations.items()
        }
        for name, cells in self.cells.items():
            cells.states = {x: v.copy() for x, v in self.initial[name].items()}
        self.sent: dict[str, dict[int, Array]] = {n: {} for n in self.net.populations}
        for name in self.program.given:
            self._give(name)
        self.kept: list[dict[str, Any]] = []
        total = 0.0
        for step in range(self.steps):
            kept: dict[str, Any] = {}
            for _, group, pre, post, weight in self._arrivals(step):
                into = self.cells[group.target].states[group.into]
                np.add.at(into, post, weight * self._spikes(group.source, step, group, pre))
            for name, cells in self.cells.items():
                cells.t = step * self.net.dt
                self._timed(name, cells, step)
                spikes = cells.forward()
                recorded = cells.record() if spikes.any() and cells.population.record else {}
                crossing = cells.crossing() if recorded else np.ones(cells.n)
                self.sent[name][step + 1] = spikes.astype(float)
                end = cells.states[self._first(name)].copy()
                timed = dict(cells.timed)
                kept[name] = (dict(cells.before), recorded, spikes, crossing, timed, end)
                total += np.sum(self.factors(name) * end**2) * self.net.dt
            self.kept.append(kept)
        return float(total)

    def _first(self, name: str) -> str:
        return self.program.populations[name].states[0]

    def _give(self, name: str) -> None:
        source = self.net.populations[name]
        times, indices = source.model.times.array, source.model.indices.array
        for time, index in zip(times, indices, strict=True):
            step = round(float(time) / self.net.dt)
            row = self.sent[name].setdefault(step, np.zeros(source.size))
            row[int(index)] += 1

    def _timed(self, name: str, cells: Interpreted, step: int) -> None:
        binding = self.structure.populations[name]
        for symbol, k, _ in cells.population.timed:
            given = binding.timed[k]
            before = np.searchsorted(given.times.array, step * self.net.dt + 1e-9, "right")
            cells.timed[symbol] = given.values.array[before - 1] if before else 0.0

    def _steps(self, group: Any, delay: Array) -> Array:
        return np.round(delay / self.net.dt).astype(int) - group.lead

    def _arrivals(self, step: int) -> Iterable[Any]:
        for name, group in self.program.groups.items():
            pre, post, weight, _ = self.synapses[name]
            yield name, group, pre, post, weight

    def _spikes(self, source: str, step: int, group: Any, pre: Array) -> Array:
        """How many spikes of their source reach synapses in a step."""
        delays = self._steps(group, self.synapses[group.name][3])
        found = np.zeros(len(pre))
        for back in np.unique(delays):
            row = self.sent[source].get(step - back)
            if row is not None:
                found = np.where(delays == back, row[pre], found)
        return found

    # ------------------------------------------------------------------ backwards

    def go_back(self) -> dict[str, Array]:
        """Gradients by path."""
        numbers = self._numbers()
        back: dict[str, dict[int, Array]] = {n: {} for n in self.net.populations}
        by: dict[str, Any] = {
            name: [np.zeros(len(s[0])), np.zeros(len(s[0]))] for name, s in self.synapses.items()
        }
        self._drive(self.steps - 1)
        for step in reversed(range(self.steps)):
            for name, cells in self.cells.items():
                if not cells.population.adjoints:
                    continue
                cells.before, recorded, spikes, _, cells.timed, _ = self.kept[step][name]
                cells.t = step * self.net.dt
                prices = back[name].pop(step + 1, np.zeros(cells.n))
                if recorded and spikes.any():
                    if self.times:
                        prices = prices + numbers[name][step] + self._jump(name, step)
                    cells.at_spike(spikes, recorded, prices)
                cells.backward(prices, spikes)
            self._send_back(step, back, by)
        return self._by_path(by)

    def _drive(self, step: int) -> None:
        """What the loss adds at the end of a step."""
        for name, cells in self.cells.items():
            lam = f"lam__{self._first(name)}"
            if lam in cells.adjoints:
                by = self.factors(name) * 2 * self.kept[step][name][5] * self.net.dt
                cells.adjoints[lam] = cells.adjoints[lam] + by

    def _jump(self, name: str, step: int) -> Array:
        """The running loss just before a spike, less that after it."""
        before = self.parameters[name]["theta"]
        return self.factors(name) * (before**2 - self.kept[step][name][5] ** 2)

    def _send_back(self, step: int, back: Any, by: Any) -> None:
        """Of what the loss adds at the time of an arrival, its price sees one half."""
        arrivals = [a for a in self._arrivals(step) if self.cells[a[1].target].population.adjoints]
        for name, group, pre, post, _ in arrivals:
            count = self._spikes(group.source, step, group, pre)
            by[name][0] += count * self.cells[group.target].adjoints[f"lam__{group.into}"][post]
        before = self._prices(arrivals)
        if step:
            self._drive(step - 1)
        after = self._prices(arrivals)
        for name, group, pre, *_ in arrivals:
            if name not in before:
                continue
            smooth = self.cells[group.target].population.smooth
            price = before[name] if smooth else (before[name] + after[name]) / 2
            delays = self._steps(group, self.synapses[name][3])
            by[name][1] += self._spikes(group.source, step, group, pre) * price
            for steps in np.unique(delays):
                row = back[group.source].setdefault(
                    step - steps, np.zeros(self.net.populations[group.source].size)
                )
                np.add.at(row, pre, np.where(delays == steps, price, 0.0))

    def _prices(self, arrivals: Iterable[Any]) -> dict[str, Array]:
        """By group: what it costs to have a spike arrive later, for each synapse."""
        return {
            name: weight * self.cells[group.target].sent(group.into)[post]
            for name, group, _, post, weight in arrivals
            if group.into in self.cells[group.target].population.sent
        }

    def _numbers(self) -> dict[str, dict[int, Array]]:
        """Weights of spike times in the default loss."""
        found: dict[str, dict[int, Array]] = {}
        first = 0
        for name, declared in self.net.populations.items():
            count = np.zeros(declared.size, int)
            found[name] = {}
            for step in range(self.steps):
                if name in self.cells:
                    cell = first + np.arange(declared.size)
                    found[name][step] = 1.0 + 0.1 * ((3 * cell + 7 * count) % 11 - 5)
                    count += self.kept[step][name][2]
            first += declared.size
        return found

    def numbers(self, name: str) -> dict[int, Array]:
        """By step: the weight in the default loss of a spike of each neuron of a population."""
        return self._numbers()[name]

    def spikes(self, name: str) -> Iterable[tuple[int, int, float]]:
        """Neuron, number and weight in the default loss of each spike of a population."""
        numbers, count = self._numbers(), np.zeros(self.net.populations[name].size, int)
        for step, kept in enumerate(self.kept):
            for neuron in np.flatnonzero(kept[name][2]):
                yield int(neuron), int(count[neuron]), float(numbers[name][step][neuron])
                count[neuron] += 1

    def _by_path(self, by: Any) -> dict[str, Array]:
        found = {}
        chained = {name: cells.chained() for name, cells in self.cells.items()}
        for path, place in self.places.items():
            if place.kind in ("weight", "delay"):
                found[path] = by[place.owner][place.kind == "delay"]
            elif place.kind == "initial":
                found[path] = self.cells[place.owner].adjoints[f"lam__{place.symbol}"]
            else:
                value = chained[place.owner][place.symbol]
                found[path] = value.sum() if place.shared else value
        return found
