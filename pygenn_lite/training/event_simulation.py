"""Simulates a small network from event to event, in double precision: spikes where the threshold
is crossed, arrivals at their real times.

Windows as long as the shortest delay make neurons independent of each other: what arrives in a
window was sent before it. Between events a neuron follows its equations by steps of eighth
order.
"""

from __future__ import annotations

from bisect import insort
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import Location, NumericalError, SimulationError
from pygenn_lite.training.crossing_search import Signed, first_crossing
from pygenn_lite.training.high_order_step import NoStepError, Rates, Stepper
from pygenn_lite.training.parameter_table import values_at
from pygenn_lite.training.small_network import SmallNetwork
from pygenn_lite.training.tape import Emission, Event, Tape

Array = npt.NDArray[np.float64]
MOST_SPIKES = 5000
NOTHING = 1e-9  # of the range of a signed threshold: rounding
FIRST = {"release": 0, "given": 1, "break": 2, "change": 2, "event": 3, "arrival": 4}  # of one time


def simulate(network: SmallNetwork, duration: float) -> Tape:
    """The trial of a network.

    Raises
    ------
    SimulationError
        A neuron spikes without end, or too often.
    NumericalError
        A variable is not finite.
    """
    tape = Tape()
    values = network.table.values
    courses = [_Course(network, k, values, tape) for k in range(len(network.cells))]
    delays = [values[s.delay] for synapses in network.outgoing for s in synapses]
    window = max(min(delays, default=duration), 1e-3)
    now, sent = 0.0, 0
    with np.errstate(over="ignore", invalid="ignore"):
        while now < duration:
            now = min(now + window, duration)
            if duration - now < 1e-9 * duration:
                now = duration
            for course in courses:
                course.run(now)
            for number in range(sent, len(tape.emissions)):
                _send(network, tape, courses, values, number, duration)
            sent = len(tape.emissions)
            if sent > MOST_SPIKES:
                raise SimulationError(
                    f"more than {MOST_SPIKES:,} spikes in {now:g} of {duration:g} ms",
                    where=Location("check_gradient"),
                    hint="use a shorter duration",
                )
        for course in courses:
            course.close(duration)
    return tape


def _send(
    network: SmallNetwork,
    tape: Tape,
    courses: list[_Course],
    values: Array,
    number: int,
    end: float,
) -> None:
    emission = tape.emissions[number]
    for k, synapse in enumerate(network.outgoing[emission.cell]):
        time = emission.time + values[synapse.delay]
        if time <= end:
            courses[synapse.target].expect(time, "arrival", (number, k))


class _Course:
    """One neuron on its way."""

    def __init__(self, network: SmallNetwork, index: int, values: Array, tape: Tape) -> None:
        cell = network.cells[index]
        self.network, self.index, self.cell, self.values, self.tape = (
            network, index, cell, values, tape,
        )  # fmt: skip
        self.functions, self.states = cell.functions, len(cell.functions.order.states)
        self.numbers = cell.numbers.copy()
        start = np.where(cell.start >= 0, values[cell.start], cell.initial)
        self.x = np.concatenate([start, np.zeros(len(self.functions.integrals))])[:, None]
        self.t, self.held, self.ordinal, self.last = 0.0, False, 0, -1
        self.size = np.maximum(np.abs(self.x), 1e-3)
        self.stepper = Stepper()
        self.times: list[float] = [0.0]
        self.path: list[Array] = [self.x[:, 0]]
        self.queue: list[tuple[float, int, int, str, tuple[Any, ...]]] = []
        spike = self.functions.neurons.spike
        self.fires = spike is not None and spike.g is not None
        self.waits = self.functions.neurons.release is not None
        self.conditional = self.waits and self.functions.neurons.release.length is None  # type: ignore[union-attr]
        self.count = 0
        for time, what in cell.given:
            self.expect(time, what[0], what[1:])
        if self.fires and self.signed(self.functions.threshold)(0.0, self.x)[0] > 0:
            self._spike("forced")

    # ------------------------------------------------------------------ arguments of functions

    def arguments(self) -> list[Any]:
        """Parameters and constants."""
        return [*values_at(self.values, self.numbers), *self.cell.constants]

    def signed(self, function: Any) -> Signed:
        """A signed quantity and its speed, of time and states."""
        rest = self.arguments()

        def of(t: float, x: Array) -> tuple[float, float]:
            value, speed = function(*x[: self.states, 0], t, *rest)
            return float(value), float(speed)

        return of

    def expect(self, time: float, kind: str, what: tuple[Any, ...]) -> None:
        """Something will happen."""
        self.count += 1
        insort(self.queue, (time, FIRST[kind], self.count, kind, what))

    # ------------------------------------------------------------------ on its way

    def run(self, until: float) -> None:
        """Up to a time, and all that happens at it."""
        while True:
            ahead = self.queue[0][0] if self.queue else np.inf
            if self._flow(min(until, ahead)):
                continue
            if ahead > until:
                return
            _, _, _, kind, what = self.queue.pop(0)
            self._happen(kind, what)

    def _flow(self, until: float) -> bool:
        """Follow the equations; whether a crossing came before the end."""
        if not len(self.x):
            self.t = until
            return False
        rest, flow = self.arguments(), self.functions.flows[self.held]
        watched = self._watched()

        low, high = self.cell.span(self.t)

        def rates(t: Any, x: Array) -> list[Any]:
            return flow(*x[: self.states], min(max(t, low), high), *rest)

        while self.t < until:
            before, t = self.x, self.t
            new_t, new = self._step(rates, until)
            found = None
            if watched is not None:
                found = first_crossing(rates, watched, (t, before), (new_t, new))
                self._note(watched(new_t, new)[0])
            if found is not None:
                self._add(*found)
                self._spike("spike") if not self.held else self._release("ends")
                return True
            self._add(new_t, new)
        return False

    def _step(self, rates: Rates, until: float) -> tuple[float, Array]:
        try:
            return self.stepper.advance(rates, self.t, self.x, until, self.size)
        except NoStepError:
            raise NumericalError(
                f"a variable of neuron {self.cell.number} becomes infinite at {self.t:g} ms",
                where=Location.of("population", self.functions.neurons.name),
                hint="look for a term that grows without bounds, or a threshold out of reach",
            ) from None

    def _watched(self) -> Signed | None:
        if self.held:
            return self.signed(self.functions.ends) if self.conditional else None
        return self.signed(self.functions.threshold) if self.fires else None

    def _add(self, t: float, x: Array) -> None:
        self.t, self.x = t, x
        self.size = np.maximum(self.size, np.abs(x))
        self.times.append(t)
        self.path.append(x[:, 0])

    def _note(self, g: float) -> None:
        if not self.held:
            ranges, place = self.tape.ranges, self.cell.population
            ranges[place] = max(ranges.get(place, 0.0), abs(g))

    # ------------------------------------------------------------------ events

    def _happen(self, kind: str, what: tuple[Any, ...]) -> None:
        if kind == "given":
            self._spike("given", what)
        elif kind == "release":
            self._release("release")
        elif kind == "break":
            self._close(kind, self.x, what)
        elif kind == "change":
            at, number = what[0]
            self._close(kind, self.x, what)
            self.numbers = self.numbers.copy()
            self.numbers[at] = number
        else:
            self._close(kind, self._jumped(kind, what), what)
        self._look_again()

    def _jumped(self, kind: str, what: tuple[Any, ...]) -> Array:
        own: list[Any] = []
        if kind == "event":
            arrival = self.functions.events[what[0]]
        else:
            emission = self.tape.emissions[what[0]]
            synapse = self.network.outgoing[emission.cell][what[1]]
            arrival = synapse.functions
            sent = emission.after[self.network.carried(emission.cell, synapse)]
            own = [*self.values[list(synapse.own)], *sent]
        jump = arrival.jumps[self.held]
        return self._with(jump(*self.x[: self.states, 0], self.t, *self.arguments(), *own))

    def _with(self, states: list[Any]) -> Array:
        after = self.x.copy()
        after[: self.states, 0] = states
        return after

    def _look_again(self) -> None:
        """A neuron that something pushed above its threshold spikes at once."""
        if self.fires and not self.held:
            above = self.signed(self.functions.threshold)(self.t, self.x)[0]
            if above > NOTHING * self.tape.ranges.get(self.cell.population, 1.0):
                self._spike("forced")

    def _spike(self, kind: str, what: tuple[Any, ...] = ()) -> None:
        reset = self.functions.reset(*self.x[: self.states, 0], self.t, *self.arguments())
        after = self._with(reset)
        number = len(self.tape.emissions)
        self._close(kind, after, (number, *what))
        self.tape.emissions.append(
            Emission(
                self.index, self.ordinal, self.t, len(self.tape.events) - 1, after[: self.states, 0]
            )
        )
        self.ordinal, self.last = self.ordinal + 1, number
        if self.waits:
            self.held = True
            if not self.conditional:
                (length,) = self.functions.length(self.t, *self.arguments())
                self.expect(self.t + float(length), "release", (number,))
        elif self.fires and self.signed(self.functions.threshold)(self.t, self.x)[0] > 0:
            raise SimulationError(
                f"neuron {self.cell.number} spikes without end at {self.t:g} ms: its reset leaves "
                "it above the threshold",
                where=Location.of("population", self.functions.neurons.name),
                hint="give it a refractory period, or a reset below the threshold",
            )

    def _release(self, kind: str) -> None:
        self._close(kind, self.x, (self.last,))
        self.held = False
        if kind == "ends":
            self._look_again()

    def _close(self, kind: str, after: Array, what: tuple[Any, ...]) -> None:
        """The way ends in an event, behind which another begins."""
        if len(self.times) == 1:  # nothing between this event and the last
            self.times.append(self.t)
            self.path.append(self.x[:, 0])
        self.tape.events.append(
            Event(
                kind, self.index, self.t, self.held, self.numbers,
                np.array(self.times), np.array(self.path), after[:, 0], what,
            )
        )  # fmt: skip
        self.x = after
        self.times, self.path = [self.t], [after[:, 0]]

    def close(self, end: float) -> None:
        """The end of the trial."""
        self._close("end", self.x, (end,))
