"""Losses bound to a trial: their values for many copies of it, and their derivatives by spike
times and integrals."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import sympy

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.runtime.reference.evaluation import compiled_list
from pygenn_lite.training.event_backward import LossSlopes
from pygenn_lite.training.replay import Outcome
from pygenn_lite.training.small_network import SmallNetwork
from pygenn_lite.training.tape import Tape
from pygenn_lite.training.trial_loss import Integrand, TrialLoss

Array = npt.NDArray[np.float64]


class BoundLoss(Protocol):
    """A loss of the trials of one network."""

    integrands: dict[int, Integrand] | None

    def bind(self, network: SmallNetwork, tape: Tape) -> None:
        """Find the spikes that it speaks of."""

    def values(self, outcome: Outcome) -> Array:
        """By copy."""

    def slopes(self, outcome: Outcome) -> LossSlopes:
        """Derivatives by integrals and spike times."""


class FixedLoss:
    """A fixed weighted sum of spike times and of integrals of squared variables."""

    integrands: dict[int, Integrand] | None = None

    def bind(self, network: SmallNetwork, tape: Tape) -> None:
        """Each spike has a weight of its own, near 1."""
        weights = [1.0 + 0.1 * ((3 * e.cell + 7 * e.ordinal) % 11 - 5) for e in tape.emissions]
        self.weights = np.array(weights)

    def values(self, outcome: Outcome) -> Array:
        """By copy."""
        total = sum(outcome.integrals.values(), np.zeros(len(outcome.broken)))
        for weight, time in zip(self.weights, outcome.spikes, strict=True):
            total = total + weight * time
        return total

    def slopes(self, outcome: Outcome) -> LossSlopes:
        """The weights."""
        return LossSlopes(dict.fromkeys(outcome.integrals, 1.0), self.weights)


class GivenLoss:
    """A loss that was given."""

    def __init__(self, loss: TrialLoss) -> None:
        self.loss = loss
        self.numbers = range(len(loss.integrals))
        self.integrands: dict[int, Integrand] | None = {
            k: one for k, (_, one) in enumerate(loss.integrals)
        }
        self.names = (
            *(sympy.Symbol(name, real=True) for name, _ in loss.integrals),
            *(s for s, _ in loss.spikes),
        )
        arguments = [s.name for s in self.names]
        self.value = compiled_list(arguments, [loss.total])
        self.slope = compiled_list(arguments, [loss.total.diff(s) for s in self.names])

    def bind(self, network: SmallNetwork, tape: Tape) -> None:
        """Find the spikes that it speaks of."""
        known, self.places = tape.spikes(), []
        for _, one in self.loss.integrals:
            _population(network, one.population, one.neuron or 0)
        for _, (population, neuron, number) in self.loss.spikes:
            cell = _population(network, population, neuron)
            if (cell, number) not in known:
                count = sum(c == cell for c, _ in known)
                raise ArgumentError(
                    f"the loss names spike {number} of neuron {neuron} of {population!r}, which "
                    f"spikes {count} times",
                    where=Location("loss"),
                    hint="numbers of spikes begin at 0",
                )
            self.places.append(known[cell, number])
        self.emissions = len(tape.emissions)

    def _arguments(self, outcome: Outcome) -> list[Any]:
        copies = len(outcome.broken)
        integrals = [outcome.integrals.get(k, np.zeros(copies)) for k in self.numbers]
        return [*integrals, *(outcome.spikes[k] for k in self.places)]

    def values(self, outcome: Outcome) -> Array:
        """By copy."""
        (value,) = self.value(*self._arguments(outcome))
        return np.broadcast_to(np.asarray(value, np.float64), (len(outcome.broken),))

    def slopes(self, outcome: Outcome) -> LossSlopes:
        """By integrals and spikes."""
        found = [float(np.ravel(v)[0]) for v in self.slope(*self._arguments(outcome))]
        count = len(self.numbers)
        spikes = np.zeros(self.emissions)
        np.add.at(spikes, np.array(self.places, np.int64), found[count:])
        return LossSlopes(dict(zip(self.numbers, found[:count], strict=True)), spikes)


def _population(network: SmallNetwork, population: str, neuron: int) -> int:
    """A neuron that a loss names, by its place."""
    if population not in network.first:
        raise ArgumentError(
            f"the loss names a population {population!r}: there is none"
            f"{nearest(population, network.names)}",
            where=Location("loss"),
            hint=f"populations are {', '.join(network.names)}",
        )
    place = network.names.index(population)
    size = sum(cell.population == place for cell in network.cells)
    if neuron >= size:
        raise ArgumentError(
            f"the loss names neuron {neuron} of {population!r}, which has {size}",
            where=Location("loss"),
            hint="numbers of neurons begin at 0",
        )
    return network.first[population] + neuron
