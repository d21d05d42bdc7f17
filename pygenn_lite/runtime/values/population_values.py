"""Declared values of a population as numbers, held against its model's domains: what every backend
puts into memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import PopulationBinding
from pygenn_lite.declaration.domains import check_numbers
from pygenn_lite.declaration.inputs import PoissonInput
from pygenn_lite.declaration.population import Population
from pygenn_lite.declaration.values import Value
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.runtime.values.value_arrays import Positions, neuron_values

MOST_EVENTS = 1e9  # of a Poisson input per neuron and step: counts have 32 bits
LONGEST_REFRACTORY = 65535  # steps: the counter has 16 bits
Numbers = float | npt.NDArray[np.float64]  # one (also as an array of shape ()), or one per neuron


class PopulationValues:
    """The declared values of one population.

    Parameters
    ----------
    declared : Population
    binding : PopulationBinding
        Where its values come from.
    called : mapping
        What users call its variables, by symbol.
    """

    def __init__(
        self, declared: Population, binding: PopulationBinding, called: Mapping[str, str]
    ) -> None:
        self.declared, self.binding, self.called = declared, binding, called
        self.name, self.size = declared.name, declared.size

    @property
    def positions(self) -> Positions:
        """Positions of the neurons, [size, dimensions]."""
        given = self.declared.positions
        return None if given is None else np.asarray(given, dtype=np.float64)

    def numbers(
        self, value: Value, name: str, seed: int, part: tuple[int, int] | None = None
    ) -> npt.NDArray[np.float64]:
        """One number per neuron (of ``part``: the first, a multiple of 4, and the end)."""
        own = Location.of("population", self.name).entry(self.called.get(name, name))
        return neuron_values(
            value,
            self.size,
            seed=seed,
            stream=f"population:{self.name}:{name}",
            positions=self.positions,
            part=part,
            where=self.binding.given_by.get(name) or own,
        )

    def numbers_or_one(self, value: Value, name: str, seed: int) -> Numbers:
        """A number that was declared as one, else one number per neuron."""
        if isinstance(value, (int, float)):
            return float(value)
        return self.numbers(value, name, seed)

    def poisson(self, declared: PoissonInput, seed: int) -> tuple[Numbers, Numbers]:
        """Rate (Hz) and number of sources of one of its Poisson inputs."""
        return (
            self.numbers_or_one(declared.rate, f"{declared.name}:rate", seed),
            self.numbers_or_one(declared.sources, f"{declared.name}:sources", seed),
        )


def check_parameter(declared: Population, name: str, values: npt.NDArray[Any]) -> None:
    """Hold drawn values, or those set between runs, against the model's domains."""
    domains = getattr(declared.model, "domains", ())  # a spike source has none
    check_numbers(domains, name, values, Location.of("population", declared.name), ArgumentError)


def check_poisson(name: str, rate: Numbers, sources: Numbers, dt: float) -> None:
    """Refuse a Poisson input's rate (Hz) or number of sources that cannot be drawn from.

    Raises
    ------
    ArgumentError
        One is negative, or together they are too many to be counted.
    """
    where = Location.of("Poisson input", name)
    for what, value in (("rate", rate), ("number of sources", sources)):
        if not np.all(np.asarray(value) >= 0):
            raise ArgumentError(
                f"a {what} is negative",
                where=where.entry(what),
                hint="give values >= 0",
            )
    with np.errstate(over="ignore", invalid="ignore"):
        expected = np.asarray(rate) * np.asarray(sources) * (dt / 1000.0)
    if not np.all(expected <= MOST_EVENTS):
        raise ArgumentError(
            f"{float(np.max(expected)):g} events per neuron and step are too many",
            where=where,
            hint="rates are in Hz; lower the rate or the number of sources",
        )


def check_refractory_steps(population: str, steps: npt.ArrayLike, dt: float) -> None:
    """Refuse refractory periods that the counter cannot hold.

    Raises
    ------
    ArgumentError
        With the period in ms.
    """
    counted = np.atleast_1d(np.asarray(steps))
    bad = ~((counted >= 0) & (counted <= LONGEST_REFRACTORY))
    if np.any(bad):
        raise ArgumentError(
            f"a refractory period of {float(counted[bad][0]) * dt:g} ms",
            where=Location.of("population", population).entry("refractory"),
            hint=f"it must lie between 0 and {LONGEST_REFRACTORY} steps of {dt} ms",
        )
