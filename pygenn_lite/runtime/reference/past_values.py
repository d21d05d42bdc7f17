"""Past values of exposed variables in the reference backend, which plastic synapses read with a
delay: as a checkpoint holds them, and as the interpreter keeps them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.population import Population
from pygenn_lite.runtime.device import Past
from pygenn_lite.runtime.layout import StoredVariable
from pygenn_lite.runtime.reference.reference_population import ReferencePopulation
from pygenn_lite.runtime.values.spike_trains import repeated_spikes

Array = npt.NDArray[Any]


class PastValues:
    """Past values of the variables of one population.

    Parameters
    ----------
    population : ReferencePopulation
    declared : Population
    rows : int
        Steps that are looked back to, the present one included.
    """

    def __init__(self, population: ReferencePopulation, declared: Population, rows: int) -> None:
        self.population, self.declared, self.rows = population, declared, rows

    def read(self, variable: StoredVariable, step: int) -> Past:
        """Those of a variable at a step and before, newest first."""
        population, name = self.population, variable.name
        first, rows = population.first_exposed, population.exposed
        steps = step - np.arange(self.rows)
        values = [rows[min(max(int(s) - first, 0), len(rows) - 1)][name] for s in steps]
        return Past(in_type(np.array(values), variable.dtype), self._repeated(variable))

    def write(self, variable: StoredVariable, past: Past, step: int) -> None:
        """Put those of a variable back."""
        population, name = self.population, variable.name
        # Oldest first. At step 0 `begin` is still to come, which exposes the present values.
        rows = past.values[::-1] if step else past.values[:0:-1]
        first = step - len(past.values) + 1
        if (len(population.exposed), population.first_exposed) != (len(rows), first):
            population.exposed = [dict(population.exposed[-1]) for _ in rows]
            population.first_exposed = first
        for row, values in zip(population.exposed, rows, strict=True):
            row[name] = values.astype(np.float64)
        train = repeated_spikes(self.declared, population.dt)
        keys = zip(train.steps.tolist(), train.indices.tolist(), strict=True)
        following: dict[tuple[int, int], int] = {}
        for key, value in zip(keys, past.repeated, strict=True):
            if first <= key[0] < first + len(rows):  # others are still to come, or over
                nth = following[key] = following.get(key, -1) + 1
                self._keep_repeated(key, nth, name, float(value))
        for key, nth in following.items():  # the last of each is what was exposed
            last = population.exposed_at(key[0], name, key[1])
            self._keep_repeated(key, nth + 1, name, last)

    def _keep_repeated(self, key: tuple[int, int], nth: int, name: str, value: float) -> None:
        kept = self.population.repeated.setdefault(key, [])
        while len(kept) <= nth:
            kept.append({})
        kept[nth][name] = value

    def _repeated(self, variable: StoredVariable) -> Array:
        population = self.population
        train = repeated_spikes(self.declared, population.dt)
        values, seen = np.zeros(len(train)), dict[tuple[int, int], int]()
        for k, key in enumerate(zip(train.steps.tolist(), train.indices.tolist(), strict=True)):
            nth = seen[key] = seen.get(key, -1) + 1
            if key in population.repeated:
                values[k] = population.repeated[key][nth][variable.name]
        return in_type(values, variable.dtype)


def in_type(values: Array, dtype: npt.DTypeLike) -> Array:
    """A copy in a type; whole numbers modulo what it holds."""
    if np.dtype(dtype).kind == "u":
        return np.asarray(values, np.int64).astype(dtype)
    return np.array(values, dtype)
