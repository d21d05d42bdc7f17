"""Goes through a trial backwards by the derived adjoint, event after event, and collects
gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass
from pygenn_lite.training.adjoint_functions import NeuronFunctions
from pygenn_lite.training.high_order_step import step
from pygenn_lite.training.parameter_table import values_at
from pygenn_lite.training.small_network import SmallNetwork
from pygenn_lite.training.tape import Event, Tape

Array = npt.NDArray[np.float64]
GUARD = 1e-4  # per ms, of the range of the signed threshold: slower crossings are near-tangential


@dataclass(frozen=True)
class LossSlopes:
    """Derivatives of a loss.

    Attributes
    ----------
    integrals : mapping of int to float
    spikes : ndarray
        By emission: by the time of the spike.
    """

    integrals: Mapping[int, float]
    spikes: Array


@dataclass(frozen=True)
class Gradient:
    """Derivatives of a loss by all numbers of a table.

    Attributes
    ----------
    values : ndarray
    tangential : int
        Spikes whose crossing was so slow that its speed was guarded.
    """

    values: Array
    tangential: int


def gradient(network: SmallNetwork, tape: Tape, loss: LossSlopes) -> Gradient:
    """The gradient of a loss."""
    return _Backward(network, tape, loss).run()


class _Backward:
    def __init__(self, network: SmallNetwork, tape: Tape, loss: LossSlopes) -> None:
        self.network, self.tape, self.loss = network, tape, loss
        self.base = network.table.values
        self.sums = np.zeros(len(network.table))
        self.lams = [np.zeros(len(c.functions.order.states)) for c in network.cells]
        self.prices = loss.spikes.copy()
        self.sent = [np.zeros(len(e.after)) for e in tape.emissions]
        self.owed = [0.0] * len(network.cells)  # the price of a forced spike, to what forced it
        self.tangential = 0

    def run(self) -> Gradient:
        """From the last event to the first, then to the initial values."""
        with np.errstate(all="ignore"):
            for event in reversed(self.tape.events):
                self._undo(event)
                self._flow(event)
        for cell, lam in zip(self.network.cells, self.lams, strict=True):
            known = cell.start >= 0
            np.add.at(self.sums, cell.start[known], lam[known])
        return Gradient(self.sums, self.tangential)

    # ------------------------------------------------------------------ between events

    def _flow(self, event: Event) -> None:
        """The adjoint along the way to an event, restarted from the tape's states at each step."""
        functions = self.network.cells[event.cell].functions
        states, order = len(functions.order.states), functions.order
        if not states:
            return
        rates = self._backwards(functions, event)
        lam = self.lams[event.cell]
        y = np.zeros((2 * states + len(order.parameters), 1))
        y[states : 2 * states, 0] = lam
        for k in range(len(event.times) - 1, 0, -1):
            y[:states, 0] = event.states[k][:states]
            y = step(rates, -event.times[k], y, event.times[k] - event.times[k - 1])
        self.lams[event.cell] = y[states : 2 * states, 0].copy()
        self._add(event.numbers, y[2 * states :, 0])

    def _backwards(self, functions: NeuronFunctions, event: Event) -> Any:
        flow, states = functions.backflows[event.held], len(functions.order.states)
        rest = self._rest(event)
        cell = self.network.cells[event.cell]
        low, high = cell.span(0.5 * (event.times[0] + event.times[-1]))
        return lambda s, y: flow(*y[: 2 * states], min(max(-s, low), high), *rest)

    def _rest(self, event: Event) -> list[Any]:
        """Parameters and constants; shares in integrals times the loss's derivative by them."""
        cell = self.network.cells[event.cell]
        given = values_at(self.base, event.numbers)
        dt, neuron, *shares = cell.constants
        slopes = (self.loss.integrals[k] for k in cell.functions.integrals)
        return [*given, dt, neuron, *(s * c for s, c in zip(shares, slopes, strict=True))]

    def _add(self, numbers: npt.NDArray[np.int64], values: Any) -> None:
        values = np.asarray(values, np.float64)
        known = numbers >= 0
        np.add.at(self.sums, numbers[known], values[known])

    # ------------------------------------------------------------------ at events

    def _undo(self, event: Event) -> None:
        if event.kind in ("spike", "forced", "given"):
            self._spike(event)
        elif event.kind in ("release", "ends"):
            self._release(event)
        elif event.kind in ("arrival", "event"):
            self._arrival(event)
        elif event.kind in ("change", "break"):
            self.owed[event.cell] = 0.0  # a spike that a change forced is as late as the change

    def _at(self, event: Event) -> list[Any]:
        states = len(self.lams[event.cell])
        return [*event.states[-1][:states], *self.lams[event.cell], event.time, *self._rest(event)]

    def _spike(self, event: Event) -> None:
        functions, number = self.network.cells[event.cell].functions, event.what[0]
        states, parameters = len(functions.order.states), len(functions.order.parameters)
        found = functions.spike(*self._at(event), *self.sent[number])
        price = float(found[0]) + self.prices[number]
        speed, values = float(found[1]), np.array(found[2:], np.float64)
        lam, slope, by_reset, by_threshold = np.split(
            values, [states, 2 * states, 2 * states + parameters]
        )
        self._add(event.numbers, by_reset)
        if event.kind == "spike":
            ratio = price / self._guarded(event, speed)
            lam = lam - slope * ratio
            self._add(event.numbers, -by_threshold * ratio)
        elif event.kind == "given":
            if event.what[1] >= 0:
                self.sums[event.what[1]] += price
        else:
            self.owed[event.cell] += price
        self.lams[event.cell] = lam

    def _guarded(self, event: Event, speed: float) -> float:
        """The speed of the crossing, not below the guard."""
        least = GUARD * self.tape.ranges.get(self.network.cells[event.cell].population, 1.0)
        if speed < least:
            self.tangential += 1
            return least
        return speed

    def _release(self, event: Event) -> None:
        functions = self.network.cells[event.cell].functions
        states = len(functions.order.states)
        found = functions.release(*self._at(event))
        price, speed = float(found[0]) + self._taken(event), float(found[1])
        slope, gradients = np.split(np.array(found[2:], np.float64), [states])
        if event.kind == "release":
            self.prices[event.what[0]] += price
            self._add(event.numbers, gradients * price)
        else:
            self.lams[event.cell] = self.lams[event.cell] - slope * price / speed
            self._add(event.numbers, -gradients * price / speed)

    def _arrival(self, event: Event) -> None:
        functions = self.network.cells[event.cell].functions
        states, parameters = len(functions.order.states), len(functions.order.parameters)
        if event.kind == "event":
            arrival = functions.events[event.what[0]]
            found = arrival.back[event.held](*self._at(event))
            self._taken(event)
            self.lams[event.cell] = np.array(found[1 : 1 + states], np.float64)
            self._add(event.numbers, found[1 + states :])
            return
        emission, number = event.what
        source = self.tape.emissions[emission]
        synapse = self.network.outgoing[source.cell][number]
        places = self.network.carried(source.cell, synapse)
        own = [*self.base[list(synapse.own)], *source.after[places]]
        found = synapse.functions.back[event.held](*self._at(event), *own)
        price = float(found[0]) + self._taken(event)
        values = np.array(found[1:], np.float64)
        ends = np.cumsum([states, parameters, len(synapse.own)])
        lam, by_target, by_synapse, by_sent = np.split(values, ends)
        self.lams[event.cell] = lam
        self._add(event.numbers, by_target)
        self._add(np.array(synapse.own), by_synapse)
        self.sums[synapse.delay] += price
        self.prices[emission] += price
        self.sent[emission][places] += by_sent

    def _taken(self, event: Event) -> float:
        """The price of a spike that this event forced."""
        owed, self.owed[event.cell] = self.owed[event.cell], 0.0
        return owed
