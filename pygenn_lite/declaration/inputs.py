"""Inputs that need no source population: Poisson trains and currents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pygenn_lite.declaration.synapse import SynapseModel
from pygenn_lite.declaration.values import FrozenArray, Value


@dataclass(frozen=True)
class PoissonInput:
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


@dataclass(frozen=True)
class CurrentInput:
    """A constant added to an input of the neuron model."""

    name: str
    target: str
    input: str
    value: Value


@dataclass(frozen=True)
class TimedCurrent:
    """A piecewise constant current: ``values[k]`` from ``times[k]`` (ms) on; 0 before the first."""

    name: str
    target: str
    input: str
    times: FrozenArray
    values: FrozenArray


@dataclass(frozen=True)
class NoiseCurrent:
    """Gaussian current, drawn anew in every step."""

    name: str
    target: str
    input: str
    mean: Value
    sd: Value


Input: TypeAlias = PoissonInput | CurrentInput | TimedCurrent | NoiseCurrent
