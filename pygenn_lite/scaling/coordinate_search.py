"""Looks for factors at which rates are where they are wanted: one population after the other, each
by bracketing and then by dividing the bracket."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from pygenn_lite.declaration.summary import listed
from pygenn_lite.errors import FitError
from pygenn_lite.records import dataclass
from pygenn_lite.scaling.fit_result import FitStep, Target

Evaluate = Callable[[Sequence[Mapping[str, float]]], list[FitStep]]
_NARROWEST = 1e-4  # a bracket below this, as a ratio, holds a jump
_ROUNDS = 30  # through all populations


@dataclass(frozen=True)
class Limits:
    """How far a search goes.

    Attributes
    ----------
    low, high : float
        Least and greatest factor.
    first : float
        The ratio of neighbouring factors at the beginning.
    """

    low: float
    high: float
    first: float


class CoordinateSearch:
    """One search. All that was tried is in `steps`, also when it ends with an error."""

    def __init__(
        self, evaluate: Evaluate, targets: Mapping[str, Target], limits: Limits, tolerance: float
    ) -> None:
        self.evaluate, self.targets, self.limits = evaluate, targets, limits
        self.tolerance = tolerance
        self.steps: list[FitStep] = []
        self.notes: dict[str, str] = {}

    def run(self, factors: Mapping[str, float]) -> FitStep:
        """Search from these factors, of the populations that are varied.

        Raises
        ------
        FitError
            No factors within the limits give the rates.
        """
        now = self._try([factors])[0]
        ratio, stuck = self.limits.first, dict.fromkeys(factors, 0)
        for _ in range(_ROUNDS * len(factors)):
            off = [name for name in factors if not self.targets[name].reached(now.rates[name])]
            if not off:
                return now
            free = [name for name in off if stuck[name] < 2]
            if not free:
                raise FitError(self._why(off, now), hint=_HINT)
            errors = {name: abs(self._error(name, now)) for name in free}
            name = max(free, key=errors.__getitem__)
            found = self._along(name, now, ratio)
            stuck[name] = 0 if self.targets[name].reached(found.rates[name]) else stuck[name] + 1
            if stuck[name] == 0:  # the others may have a way again
                stuck = {each: min(times, 1) for each, times in stuck.items()}
            now, ratio = found, max(1.0 + (ratio - 1.0) / 2, 1.05)
        raise FitError(
            f"the rates of {listed(factors)} do not come to rest: each search for one moves the "
            "others",
            hint="vary weights that act on one population each, or allow a wider range of rates",
        )

    @property
    def best(self) -> FitStep:
        """The step whose rates are nearest to the wanted ones."""

        def distance(step: FitStep) -> float:
            rates = ((target, step.rates[name]) for name, target in self.targets.items())
            return max(
                0.0 if target.reached(rate) else abs(target.error(rate)) for target, rate in rates
            )

        return min(reversed(self.steps), key=distance)

    # ------------------------------------------------------------------ one population

    def _along(self, name: str, now: FitStep, ratio: float) -> FitStep:
        """The best step along one factor: in the wanted range, unless there is none."""
        line = {now.factors[name]: now}
        span = ratio
        while True:
            wide = self._around(name, now, span, line)
            line.update(wide)
            bracket = self._bracket(name, now, line)
            if bracket or not wide:
                break
            span **= 2
        while bracket and not self._hit(name, line):
            low, high = bracket
            if high / low < 1 + _NARROWEST:
                rates = [line[end].rates[name] for end in bracket]
                self.notes[name] = (
                    f"the rate of '{name}' jumps from {rates[0]:.4g} to {rates[1]:.4g} Hz at the "
                    f"factor {high:.5g}"
                )
                break
            inner = self._between(name, line, low, high)
            line.update(self._steps(name, now, inner))
            bracket = self._bracket(name, now, line)
        self._look_at(name, line)
        return min(line.values(), key=lambda step: abs(self._error(name, step)))

    def _around(
        self, name: str, now: FitStep, span: float, line: Mapping[float, FitStep]
    ) -> dict[float, FitStep]:
        middle = now.factors[name]
        ends = (max(middle / span, self.limits.low), min(middle * span, self.limits.high))
        new = [end for end in ends if end not in line]
        return self._steps(name, now, new)

    def _between(
        self, name: str, line: Mapping[float, FitStep], low: float, high: float
    ) -> list[float]:
        """The middle of a bracket, and where a straight line between its ends meets the target."""
        a, b = (self._error(name, line[end]) for end in (low, high))
        share = min(max(a / (a - b), 0.05), 0.95)
        width = math.log(high / low)
        places = {low * math.exp(width * each) for each in (0.5, share)}
        return sorted(places)

    def _bracket(
        self, name: str, now: FitStep, line: Mapping[float, FitStep]
    ) -> tuple[float, float] | None:
        """Neighbouring factors with rates on both sides of the target, the nearest to now."""
        factors = sorted(line)
        here = math.log(now.factors[name])
        found = [
            pair
            for pair in pairwise(factors)
            if self._error(name, line[pair[0]]) * self._error(name, line[pair[1]]) <= 0
        ]
        return min(found, key=lambda p: abs(math.log(p[0] * p[1]) / 2 - here), default=None)

    def _hit(self, name: str, line: Mapping[float, FitStep]) -> bool:
        return any(self.targets[name].reached(step.rates[name]) for step in line.values())

    def _steps(self, name: str, now: FitStep, factors: list[float]) -> dict[float, FitStep]:
        if not factors:
            return {}
        tried = self._try([{**now.factors, name: factor} for factor in factors])
        return dict(zip(factors, tried, strict=True))

    def _try(self, factors: Sequence[Mapping[str, float]]) -> list[FitStep]:
        steps = self.evaluate(factors)
        self.steps += steps
        return steps

    def _error(self, name: str, step: FitStep) -> float:
        return self.targets[name].error(step.rates[name])

    def _look_at(self, name: str, line: Mapping[float, FitStep]) -> None:
        """Note where a rate neither rises nor falls all the way."""
        factors = sorted(line)
        changes = []
        for before, after in pairwise(factors):
            steps = line[before], line[after]
            change = steps[1].rates[name] - steps[0].rates[name]
            noise = 3 * math.hypot(*(step.errors[name] for step in steps))
            if abs(change) > max(noise, self.tolerance * self.targets[name].aim):
                changes.append((change > 0, before, after))
        if len({up for up, _, _ in changes}) > 1:
            self.notes[name] = (
                f"the rate of '{name}' both rises and falls with its factor, between "
                f"{changes[0][1]:.4g} and {changes[-1][2]:.4g}: there may be other solutions"
            )

    def _why(self, off: Sequence[str], now: FitStep) -> str:
        reasons = []
        for name in off:
            rates = [
                (step.rates[name], step.factors[name])
                for step in self.steps
                if all(step.factors[n] == now.factors[n] for n in now.factors if n != name)
            ]
            low, high = min(rates), max(rates)
            reasons.append(
                f"the rate of '{name}' is to be {self.targets[name]}, but goes from {low[0]:.4g} "
                f"Hz (factor {low[1]:.4g}) to {high[0]:.4g} Hz (factor {high[1]:.4g})"
            )
            if name in self.notes:
                reasons.append(self.notes[name])
        return "; ".join(reasons)


_HINT = "vary other values as well, allow further factors with bounds=, or change the target"
