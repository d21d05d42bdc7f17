"""What a user holds of an input: its values, to read and to set between runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.inputs import (
    CurrentInput,
    Input,
    NoiseCurrent,
    PoissonInput,
    TimedCurrent,
)
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.named import Named, as_name
from pygenn_lite.declaration.summary import line, listed
from pygenn_lite.declaration.values import Value
from pygenn_lite.errors import ShapeError, SimulationError
from pygenn_lite.runtime.cpp.input_tables import PoissonTables, TimedTable
from pygenn_lite.runtime.live import Live
from pygenn_lite.runtime.views.assigned import assigned_to_neurons
from pygenn_lite.runtime.views.group_views import PopulationView
from pygenn_lite.runtime.views.state_array import StateArray, numbers_of

Array = npt.NDArray[Any]


class InputView(Live, Named):
    """An input by its name: ``simulation["poisson_exc"]["rate"] = 9.0``.

    A Poisson input has ``rate`` (Hz), ``sources`` and ``weight``; a constant current ``value``; a
    noise current ``mean`` and ``sd``; a timed current ``values``, one per time (and neuron). What
    was declared as one number has shape () and stays one number; rate and sources may also be set
    to one number per neuron. Changes hold from the next step on, without compiling anything, are
    kept by ``reset`` and are part of a checkpoint.
    """

    def __init__(self, declared: Input, target: PopulationView, index: int) -> None:
        self.declared, self.name, self.target = declared, declared.name, declared.target
        self._target = target
        self._poisson: PoissonTables | None = None
        self._timed: TimedTable | None = None
        self._internal: dict[str, str] = {}
        if isinstance(declared, PoissonInput):
            self._poisson = target.memory.poisson[index]
            self._internal = {"weight": f"poisson__{index}_weight"}
        elif isinstance(declared, CurrentInput):
            self._internal = {"value": f"current__{index}"}
        elif isinstance(declared, NoiseCurrent):
            self._internal = {"mean": f"noise__{index}_mean", "sd": f"noise__{index}_sd"}
        elif isinstance(declared, TimedCurrent):
            self._timed = target.memory.timed[index]

    @property
    def names(self) -> list[str]:
        """What can be read and set."""
        own = ["rate", "sources"] if self._poisson else ["values"] if self._timed else []
        return [*own, *self._internal]

    def __getitem__(self, name: str) -> StateArray:
        name = as_name(name)
        label = f"{self.name}[{name!r}]"
        if name in self._internal:
            kept = self._target[self._internal[name]]
            return StateArray(
                label,
                lambda: np.asarray(kept),
                lambda values: self._set_kept(name, kept, values),
                self._drawn(name),
            )
        if name in self.names and self._timed is not None:
            timed = self._timed
            return StateArray(label, lambda: timed.values, lambda v: timed.set(_finite(v, label)))
        if name in self.names and self._poisson is not None:
            poisson = self._poisson
            return StateArray(
                label,
                lambda: np.array(getattr(poisson, name), np.float64),
                lambda values: self._set_poisson(name, values),
                self._drawn(name),
            )
        raise SimulationError(
            f"input {self.name!r} has no {name!r}{nearest(str(name), self.names)}",
            hint=f"it has {self.names}",
        )

    def __setitem__(self, name: str, values: Any) -> None:
        if self._poisson is not None and name in ("rate", "sources"):
            self._set_poisson(name, values)
        else:
            self[name][...] = values

    def _set_kept(self, name: str, kept: StateArray, values: Array) -> None:
        """Set what the population keeps."""
        if name == "sd" and np.any(values < 0):
            raise SimulationError(
                "a standard deviation is negative",
                where=f"input {self.name!r}",
                hint="give values >= 0",
            )
        kept[...] = _finite(values, f"{self.name}[{name!r}]")

    def _set_poisson(self, name: str, values: Any) -> None:
        label = f"{self.name}[{name!r}]"
        assert self._poisson is not None
        array = np.array(numbers_of(values, label, self._drawn(name)))
        if array.shape not in ((), (self._poisson.size,)):
            raise ShapeError(
                f"values of shape {array.shape}",
                where=label,
                hint=f"give one value, or one per neuron ({self._poisson.size},)",
            )
        value = _finite(array, label)
        new = {"rate": self._poisson.rate, "sources": self._poisson.sources, name: value}
        self._poisson.set(**new)

    def _drawn(self, name: str) -> Callable[[Value], Array]:
        """Works out formulas and distributions for what is kept per neuron."""
        machine, target = self._target.machine, self.declared.target
        return lambda value: assigned_to_neurons(value, machine, target, name, self.name)

    def __repr__(self) -> str:
        return line("input", self.name, f"onto {self.target}", listed(self.names))


def input_views(
    declared: list[Input], populations: dict[str, PopulationView]
) -> dict[str, InputView]:
    """Views of all inputs by name. Inputs of one kind are numbered by population."""
    count: dict[tuple[str, type], int] = {}
    views = {}
    for one in declared:
        key = (one.target, type(one))
        views[one.name] = InputView(one, populations[one.target], count.get(key, 0))
        count[key] = count.get(key, 0) + 1
    return views


def _finite(values: Array, label: str) -> Array:
    if not np.all(np.isfinite(values)):
        raise SimulationError(f"{label} is set to NaN or infinity", hint="give finite numbers")
    return values
