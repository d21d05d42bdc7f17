"""What a search for weights has found, step by step."""

from __future__ import annotations

from collections.abc import Mapping

from pygenn_lite.declaration import Network
from pygenn_lite.declaration.summary import counted
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Target:
    """A rate that a population is to have.

    Attributes
    ----------
    low, high : float
        Hz; reached anywhere between.
    aim : float
        What is looked for.
    """

    low: float
    high: float
    aim: float

    def reached(self, rate: float) -> bool:
        """Whether a rate is one that was asked for."""
        return self.low <= rate <= self.high

    def error(self, rate: float) -> float:
        """How far off a rate is: difference over the aim."""
        return (rate - self.aim) / max(self.aim, 1e-9)

    def __str__(self) -> str:
        return f"{self.aim:g} Hz ({self.low:.4g} to {self.high:.4g})"


@dataclass(frozen=True)
class FitStep:
    """Rates at some factors.

    Attributes
    ----------
    factors : dict of str to float
        By population: what its values were multiplied by.
    rates : dict of str to float
        Hz, means over the seeds.
    errors : dict of str to float
        Standard errors of these means, Hz; 0 for the mean field.
    runs : int
        Simulations; 0: mean field.
    """

    factors: Mapping[str, float]
    rates: Mapping[str, float]
    errors: Mapping[str, float]
    runs: int


@dataclass(frozen=True)
class FitResult:
    """Weights for the rates that were asked for, or the best that were found.

    Attributes
    ----------
    network : Network
        The network with these weights.
    factors : dict of str to float
        By population: what its values were multiplied by.
    rates : dict of str to float
        Rates with them, Hz.
    targets : dict of str to Target
        What was asked for.
    steps : tuple of FitStep
        All that was tried, in order.
    notes : tuple of str
        What is remarkable: rates that do not rise or fall all the way, noise beyond the tolerance.
    """

    network: Network
    factors: Mapping[str, float]
    rates: Mapping[str, float]
    targets: Mapping[str, Target]
    steps: tuple[FitStep, ...]
    notes: tuple[str, ...] = ()

    @property
    def reached(self) -> bool:
        """Whether all rates are where they were wanted."""
        return all(target.reached(self.rates[name]) for name, target in self.targets.items())

    @property
    def runs(self) -> int:
        """Simulations in total."""
        return sum(step.runs for step in self.steps)

    def __str__(self) -> str:
        done = "reached" if self.reached else "not reached"
        lines = [f"Targets {done} with {counted(self.runs, 'simulation')}"]
        for name, target in self.targets.items():
            factor = f"{self.factors[name]:.4g}" if name in self.factors else "-"
            lines.append(f"  {name}: factor {factor}, {self.rates[name]:.4g} Hz of {target}")
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    __repr__ = __str__
