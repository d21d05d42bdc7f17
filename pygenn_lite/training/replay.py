"""Goes through a trial again with perturbed numbers, many copies at once: the same events in the
same order, each at its own time in every copy.

The steps between events are those of the tape, stretched to the way of each copy, so that what
comes out is a smooth function of the numbers. A copy in which an event would not happen, or
others would, or in another order, is found and named.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass
from pygenn_lite.training.high_order_step import step
from pygenn_lite.training.small_network import Cell, SmallNetwork
from pygenn_lite.training.tape import Event, Tape

Array = npt.NDArray[np.float64]
NEWTON = 8
TOGETHER = 1e-9  # ms: events nearer to each other are at one time, and may change places
ROUNDING = 1e-9  # of the range of a signed threshold


@dataclass(frozen=True)
class Perturbation:
    """Copies of all numbers, each with one of them changed.

    Attributes
    ----------
    numbers : ndarray of int
        By copy: which is changed.
    values : ndarray
        By copy: to what.
    """

    numbers: npt.NDArray[np.int64]
    values: Array


@dataclass(frozen=True)
class Outcome:
    """What came of the copies.

    Attributes
    ----------
    integrals : dict of int to ndarray
        By number, [copies].
    spikes : list of ndarray
        Times by emission, each [copies].
    broken : list of str
        By copy: what went otherwise than on the tape; "": nothing.
    """

    integrals: dict[int, Array]
    spikes: list[Array]
    broken: list[str]


def replay(network: SmallNetwork, tape: Tape, changed: Perturbation) -> Outcome:
    """Go through the trial again."""
    return _Replay(network, tape, changed).run()


class _Replay:
    def __init__(self, network: SmallNetwork, tape: Tape, changed: Perturbation) -> None:
        self.network, self.tape, self.changed = network, tape, changed
        self.copies = len(changed.numbers)
        self.base = network.table.values
        self.touched = set(changed.numbers.tolist())
        self.times = [np.zeros(self.copies)] * len(network.cells)
        self.states: list[Array] = [self._start(cell) for cell in network.cells]
        self.spikes: list[Array] = []
        self.after: list[Array] = []
        self.broken = [""] * self.copies
        self.latest = [np.zeros(self.copies)] * len(tape.events)

    def run(self) -> Outcome:
        """All events in order."""
        last: dict[int, int] = {}
        with np.errstate(all="ignore"):
            for number, event in enumerate(self.tape.events):
                self._do(number, event, last.get(event.cell))
                last[event.cell] = number
        integrals: dict[int, Array] = {}
        for cell, x in zip(self.network.cells, self.states, strict=True):
            states = len(cell.functions.order.states)
            for row, k in enumerate(cell.functions.integrals):
                integrals[k] = integrals.get(k, np.zeros(self.copies)) + x[states + row]
        return Outcome(integrals, self.spikes, self.broken)

    # ------------------------------------------------------------------ numbers

    def value(self, number: int) -> Any:
        """A number in all copies: an array where it differs."""
        if number < 0:
            return 0.0
        if number not in self.touched:
            return self.base[number]
        values = np.full(self.copies, self.base[number])
        here = self.changed.numbers == number
        values[here] = self.changed.values[here]
        return values

    def _start(self, cell: Cell) -> Array:
        rows = [
            self.value(int(number)) if number >= 0 else given
            for number, given in zip(cell.start, cell.initial, strict=True)
        ]
        x = np.zeros((len(rows) + len(cell.functions.integrals), self.copies))
        for k, row in enumerate(rows):
            x[k] = row
        return x

    def _rest(self, event: Event) -> list[Any]:
        cell = self.network.cells[event.cell]
        return [*(self.value(int(k)) for k in event.numbers), *cell.constants]

    # ------------------------------------------------------------------ one event

    def _do(self, number: int, event: Event, before: int | None) -> None:
        cell = event.cell
        rest = self._rest(event)
        if event.kind in ("spike", "ends"):
            self._to_crossing(event, rest)
        else:
            self._to_time(event, self._time(event, before, rest), rest)
        self.latest[number] = self.times[cell]
        self._change(event, rest)

    def _time(self, event: Event, before: int | None, rest: list[Any]) -> Any:
        """When an event is that does not depend on the way to it."""
        if event.kind == "arrival":
            emission, synapse = event.what
            source = self.tape.emissions[emission].cell
            return self.spikes[emission] + self.value(self.network.outgoing[source][synapse].delay)
        if event.kind == "given":
            return self.value(event.what[1]) if event.what[1] >= 0 else event.time
        if event.kind == "release":
            functions = self.network.cells[event.cell].functions
            sent = self.spikes[event.what[0]]
            (length,) = functions.length(sent, *rest)
            return sent + length
        if event.kind == "forced":
            return 0.0 if before is None else self.latest[before]
        return event.time  # of inputs, and the end

    def _to_time(self, event: Event, time: Any, rest: list[Any]) -> None:
        """Along the steps of the tape, stretched."""
        cell, begin = event.cell, self.times[event.cell]
        end = np.broadcast_to(np.asarray(time, np.float64), (self.copies,))
        whole = event.times[-1] - event.times[0]
        if whole > TOGETHER:
            self._break(end < begin, event, "comes before the event that it came after")
        shares = (
            (event.times - event.times[0]) / whole if whole > TOGETHER else np.array([0.0, 1.0])
        )
        rates, x = self._rates(event, rest), self.states[cell]
        if len(x):
            for a, b in pairwise(shares):
                x = step(rates, begin + a * (end - begin), x, (b - a) * (end - begin))
                if b < 1:
                    self._look(event, begin + b * (end - begin), x, rest)
            if event.kind != "forced":
                self._look(event, end, x, rest)
        self.states[cell], self.times[cell] = x, end.copy()

    def _to_crossing(self, event: Event, rest: list[Any]) -> None:
        """Along the steps of the tape to the last but one, from there by Newton's method."""
        cell, begin = event.cell, self.times[event.cell]
        functions = self.network.cells[cell].functions
        signed = functions.ends if event.kind == "ends" else functions.threshold
        rates, x, t = self._rates(event, rest), self.states[cell], begin
        count, steps = len(functions.order.states), np.diff(event.times)
        for k, h in enumerate(steps[:-1]):
            x, t = step(rates, t, x, h), t + h
            if k < len(steps) - 2:
                self._look(event, t, x, rest)
        theta = np.full(self.copies, steps[-1])
        for _ in range(NEWTON):
            there = step(rates, t, x, theta)
            g, speed = signed(*there[:count], t + theta, *rest)
            change = g / speed
            theta = theta - change
        there = step(rates, t, x, theta)
        span = event.times[-1] - event.times[0]
        good = (np.abs(change) < 1e-9) & (np.broadcast_to(speed, (self.copies,)) > 0)
        good &= np.abs(t + theta - begin - span) < max(0.5 * span, 0.1)
        self._break(~good, event, "vanishes")
        self.states[cell], self.times[cell] = there, t + theta

    def _rates(self, event: Event, rest: list[Any]) -> Any:
        functions = self.network.cells[event.cell].functions
        flow, count = functions.flows[event.held], len(functions.order.states)
        cell = self.network.cells[event.cell]
        if not cell.breaks:
            return lambda t, x: flow(*x[:count], t, *rest)
        low, high = cell.span(0.5 * (event.times[0] + event.times[-1]))
        return lambda t, x: flow(*x[:count], np.clip(t, low, high), *rest)

    # ------------------------------------------------------------------ what happens

    def _change(self, event: Event, rest: list[Any]) -> None:
        cell, functions = event.cell, self.network.cells[event.cell].functions
        x, t = self.states[cell], self.times[cell]
        states = len(functions.order.states)
        if event.kind in ("spike", "forced", "given"):
            if states:
                self.states[cell] = self._with(x, states, functions.reset(*x[:states], t, *rest))
            self.spikes.append(t)
            self.after.append(self.states[cell])
        elif event.kind == "event":
            jump = functions.events[event.what[0]].jumps[event.held]
            self.states[cell] = self._with(x, states, jump(*x[:states], t, *rest))
        elif event.kind == "arrival":
            emission, number = event.what
            source = self.tape.emissions[emission].cell
            synapse = self.network.outgoing[source][number]
            own = [self.value(k) for k in synapse.own]
            own += [self.after[emission][k] for k in self.network.carried(source, synapse)]
            jump = synapse.functions.jumps[event.held]
            self.states[cell] = self._with(x, states, jump(*x[:states], t, *rest, *own))

    def _with(self, x: Array, states: int, values: list[Any]) -> Array:
        after = x.copy()
        for k in range(states):
            after[k] = values[k]
        return after

    # ------------------------------------------------------------------ what must not happen

    def _look(self, event: Event, t: Any, x: Array, rest: list[Any]) -> None:
        """A copy that is above the threshold where the tape is below has another spike."""
        functions = self.network.cells[event.cell].functions
        spike = functions.neurons.spike
        if event.held or spike is None or spike.g is None:
            return
        g, _ = functions.threshold(*x[: len(functions.order.states)], t, *rest)
        wide = self.tape.ranges.get(self.network.cells[event.cell].population, 1.0)
        above = np.broadcast_to(g, (self.copies,)) > ROUNDING * wide
        if above.any() and event.kind != "forced":
            self._break(above, event, "has another spike before it")

    def _break(self, copies: Any, event: Event, what: str) -> None:
        for k in np.flatnonzero(copies):
            if not self.broken[k]:
                self.broken[k] = f"{told(self.network, self.tape, event)} {what}"


def told(network: SmallNetwork, tape: Tape, event: Event) -> str:
    """An event in words."""
    cell = network.cells[event.cell]
    whose = f"neuron {cell.number} of {network.names[cell.population]!r}"
    if event.kind in ("spike", "forced", "given"):
        number = tape.emissions[event.what[0]].ordinal
        return f"spike {number} of {whose} (at {event.time:.4g} ms)"
    kinds = {
        "arrival": "an arrival at", "break": "a jump in time of",
        "event": "an input event of", "change": "a change of input of",
        "release": "the end of the refractory period of",
        "ends": "the end of the refractory period of", "end": "the end of the trial of",
    }  # fmt: skip
    return f"{kinds[event.kind]} {whose} (at {event.time:.4g} ms)"
