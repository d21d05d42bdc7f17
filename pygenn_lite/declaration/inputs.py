"""Inputs that need no source population: Poisson trains and currents.

What drives a part of a population has values for all of its neurons, 0 for the others. ``part``
says which part was meant, so that one number that is set later holds for that part alone; it does
not take part in equality, as the values say all of it.
"""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from pygenn_lite.declaration.selection import Part
from pygenn_lite.declaration.summary import line, value_text
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.values import FrozenArray, Value
from pygenn_lite.old_names import with_old_names
from pygenn_lite.records import dataclass


class _Shown:
    """What all inputs have: a line for people."""

    name: str
    target: str
    part: Part | None

    @property
    def summary(self) -> str:
        """What it adds, in words."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return line(type(self).__name__, self.name, f"onto {self.target}", self.summary)


@dataclass(frozen=True, repr=False)
class PoissonInput(_Shown):
    """Independent Poisson trains onto every neuron, delivered without being stored.

    Each neuron receives `sources` trains of `rate` Hz; each event adds `weight` to the variable of
    `synapse` (shared with groups of an equal model), or to the neuron's own `variable`."""

    name: str
    target: str
    rate: Value
    weight: Value
    sources: Value = 1.0
    variable: str | None = None
    synapse: SynapseModel | None = None
    part: Part | None = field(default=None, compare=False)

    @property
    def summary(self) -> str:
        """What it adds, in words."""
        through = self.variable or (self.synapse.name if self.synapse else "") or "a synapse model"
        many = "" if self.sources == 1.0 else f"{value_text(self.sources)} x "
        rate, weight = value_text(self.rate), value_text(self.weight)
        return f"{many}{rate} Hz, weight {weight}, through {through}"


@dataclass(frozen=True, repr=False)
class CurrentInput(_Shown):
    """A constant added to an input of the neuron model."""

    name: str
    target: str
    input: str
    value: Value
    part: Part | None = field(default=None, compare=False)

    @property
    def summary(self) -> str:
        """What it adds, in words."""
        return f"{self.input} + {value_text(self.value)}"


@dataclass(frozen=True, repr=False)
class StepCurrent(_Shown):
    """A piecewise constant current: ``values[k]`` from ``times[k]`` (ms) on; 0 before the first."""

    name: str
    target: str
    input: str
    times: FrozenArray
    values: FrozenArray
    part: Part | None = field(default=None, compare=False)

    @property
    def summary(self) -> str:
        """What it adds, in words."""
        return f"{self.input} + values that change at {len(self.times)} times"


@with_old_names
@dataclass(frozen=True, repr=False)
class NoiseCurrent(_Shown):
    """Gaussian current, drawn anew in every step."""

    name: str
    target: str
    input: str
    mean: Value
    std: Value
    part: Part | None = field(default=None, compare=False)

    @property
    def summary(self) -> str:
        """What it adds, in words."""
        mean, spread = value_text(self.mean), value_text(self.std)
        return f"{self.input} + Gaussian noise, mean {mean}, standard deviation {spread}"


Input: TypeAlias = PoissonInput | CurrentInput | StepCurrent | NoiseCurrent
