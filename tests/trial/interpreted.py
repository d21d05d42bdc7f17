"""Runs the bodies of a training program in NumPy, in double precision: what they mean, by which
compiled ones are judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.linalg

from pygenn_lite.codegen.program.kernel import Add, Assign, LinearFlow, Propagate, Update
from pygenn_lite.codegen.trial.coefficients import GRADIENT
from pygenn_lite.codegen.trial.trial_program import (
    BACK,
    SPIKE,
    TANGENTIAL,
    FlowGradient,
    TrialPopulation,
)
from pygenn_lite.runtime.reference.evaluation import evaluate

Array = np.ndarray[Any, np.dtype[Any]]


class Interpreted:
    """Neurons of one population.

    Everything is an array [neurons]: `values` (shared ones have it too), `states`, `before` (as
    kept), `adjoints`, `gradients`.
    """

    def __init__(self, population: TrialPopulation, values: dict[str, Any], n: int, dt: float):
        self.population, self.n, self.dt, self.t = population, n, dt, 0.0
        self.values = {name: np.broadcast_to(np.float64(v), n).copy() for name, v in values.items()}
        self.states = {x: np.zeros(n) for x in population.states}
        self.before = {x: np.zeros(n) for x in population.before}
        self.adjoints = {x: np.zeros(n) for x in population.adjoints}
        self.gradients = {x: np.zeros(n) for x in population.gradients}
        self.tangential = 0
        self.timed: dict[str, Any] = {}
        self.prepare()

    def prepare(self) -> None:
        """Coefficients from parameters."""
        for body in (self.population.prepare_shared, self.population.prepare_own):
            for statement in body:
                if isinstance(statement, Assign):
                    self.values[statement.target] = self._value(statement.value, self.values)
                elif isinstance(statement, Propagate):
                    flow = statement.flow
                    self._propagate(flow)

    def _propagate(self, flow: LinearFlow) -> None:
        for i in range(self.n):
            result = scipy.linalg.expm(self._matrix(flow, i) * self.dt)
            for row, column, name in flow.outputs:
                self.values.setdefault(name, np.zeros(self.n))[i] = result[row, column]

    def _matrix(self, flow: LinearFlow, i: int) -> Array:
        size = len(flow.variables) + len(flow.inputs)
        matrix = np.zeros((size, size))
        for row, column, value in flow.matrix:
            matrix[row, column] = self._value(value, self.values)[i]
        return matrix

    def _value(self, value: Any, known: dict[str, Any]) -> Array:
        names = {"dt": self.dt, "t": self.t, **self.timed, **known}
        found = np.asarray(evaluate(value, names))
        return np.broadcast_to(found if found.dtype == bool else np.float64(found), self.n).copy()

    def forward(self) -> Array:
        """A step; who spikes."""
        for x in self.before.keys() & self.states.keys():
            self.before[x] = self.states[x].copy()
        known = {**self.values, **self.states}
        for statement in self.population.forward:
            if isinstance(statement, Assign):
                known[statement.target] = self._value(statement.value, known)
            elif isinstance(statement, Update):
                new = {n: self._value(v, known) for n, v in statement.values}
                known.update(new)
        for x in self.before.keys() - self.states.keys():
            self.before[x] = known[x].copy()
        self.states = {x: known[x] for x in self.population.states}
        return np.asarray(known.get(SPIKE, np.zeros(self.n, bool)), bool)

    def record(self) -> dict[str, Array]:
        """What spikes of this step keep (of all neurons: others mean nothing)."""
        with np.errstate(all="ignore"):
            found = self._run(self.population.record, {**self.values, **self.before})
        self.tangential_mask = found.get(TANGENTIAL, np.zeros(self.n, bool))
        return {n: found[n] for n in self.population.recorded}

    def crossing(self) -> Array:
        with np.errstate(all="ignore"):
            found = self._run(self.population.record, {**self.values, **self.before})
        return self._value(self.population.crossing, found)

    def at_spike(self, who: Array, recorded: dict[str, Array], back: Array) -> None:
        """Adjoints of neurons that spiked."""
        known = {**self.values, **self.adjoints, **recorded, BACK: back}
        with np.errstate(all="ignore"):
            found = self._run(self.population.at_spike, known)
        for name in self.adjoints:
            self.adjoints[name] = np.where(who, found[name], self.adjoints[name])
        self._gather(found, who)

    def backward(self, back: Array | None = None, spiked: Array | None = None) -> None:
        """Adjoints to the beginning of the step; `before` must be that step's."""
        known = {**self.values, **self.adjoints, **self.before}
        known |= {BACK: 0.0 if back is None else back, SPIKE: spiked}
        found = self._run(self.population.backward, known)
        self.adjoints = {name: found[name] for name in self.adjoints}
        self._gather(found, np.ones(self.n, bool))

    def sent(self, x: str) -> Array:
        """Per unit of weight, what goes back."""
        known = {**self.values, **self.adjoints, **self.before}
        return self._value(self.population.sent[x], known)

    def _run(self, body: Iterable[Any], known: dict[str, Any]) -> dict[str, Any]:
        known = dict(known)
        sums: dict[str, Array] = {}
        for statement in body:
            if isinstance(statement, Assign):
                known[statement.target] = self._value(statement.value, known)
            elif isinstance(statement, Add):
                sums[statement.target] = self._value(statement.value, known)
            elif isinstance(statement, Update):
                new = {n: self._value(v, known) for n, v in statement.values}
                known.update(new)
        return {**known, **{f"+{n}": v for n, v in sums.items()}}

    def _gather(self, found: dict[str, Any], who: Array) -> None:
        for name in self.gradients:
            if f"+{name}" in found:
                self.gradients[name] = self.gradients[name] + np.where(who, found[f"+{name}"], 0.0)

    def chained(self) -> dict[str, Array]:
        """Gradients of parameters, by neuron: of shared ones their sum is meant."""
        found = {n: self.gradients.get(n, np.zeros(self.n)) for n in self.values}
        population = self.population
        known = {**self.values, **{GRADIENT + n: v for n, v in found.items()}}
        for statement in (*population.chain_own, *population.chain_shared):
            if isinstance(statement, FlowGradient):
                known |= self._flow_gradient(statement, known)
            elif isinstance(statement, Add):
                found[statement.target] = found[statement.target] + self._value(
                    statement.value, known
                )
        return {n: found[n] for n in population.trained}

    def _flow_gradient(self, statement: FlowGradient, known: dict[str, Any]) -> dict[str, Array]:
        found = {name: np.zeros(self.n) for _, _, name in statement.entries}
        for i in range(self.n):
            matrix = self._matrix(statement.flow, i)
            seed = np.zeros_like(matrix)
            for row, column, name in statement.flow.outputs:
                seed[row, column] = known[GRADIENT + name][i]
            by = scipy.linalg.expm_frechet(matrix.T * self.dt, seed * self.dt, compute_expm=False)
            for row, column, name in statement.entries:
                found[name][i] = by[row, column]
        return found
