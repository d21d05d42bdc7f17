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
)
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.named import Named, as_name
from pygenn_lite.declaration.spreading import spread_again
from pygenn_lite.declaration.summary import line, listed
from pygenn_lite.declaration.values import FrozenArray, Value
from pygenn_lite.errors import Location, ShapeError, SimulationError
from pygenn_lite.old_names import new_path_part, warn_old_name
from pygenn_lite.runtime.live import Live
from pygenn_lite.runtime.values.population_values import check_poisson
from pygenn_lite.runtime.views.assigned import assigned_to_neurons
from pygenn_lite.runtime.views.group_views import PopulationView, Viewed
from pygenn_lite.runtime.views.state_array import Change, StateArray, numbers_of

Array = npt.NDArray[Any]


class InputView(Live, Named):
    """An input by its name: ``simulation["poisson_exc"]["rate"] = 9.0``.

    A Poisson input has ``rate`` (Hz), ``sources`` and ``weight``; a constant current ``value``; a
    noise current ``mean`` and ``std``; a step current ``values``, one per time (and neuron). What
    was declared as one number has shape () and stays one number; rate and sources may also be set
    to one number per neuron; one number for an input to a part of a population holds for that part.
    Changes hold from the next step on, without compiling anything, are
    kept by ``reset`` and are part of a checkpoint.
    """

    def __init__(self, viewed: Viewed, declared: Input, target: PopulationView, index: int) -> None:
        self.declared, self.name, self.target = declared, declared.name, declared.target
        self._target, self._viewed = target, viewed
        self._kept = viewed.device.layout.inputs[declared.name]
        self._internal: dict[str, str] = {}
        if isinstance(declared, PoissonInput):
            self._internal = {"weight": f"poisson__{index}_weight"}
        elif isinstance(declared, CurrentInput):
            self._internal = {"value": f"current__{index}"}
        elif isinstance(declared, NoiseCurrent):
            self._internal = {"mean": f"noise__{index}_mean", "std": f"noise__{index}_std"}

    @property
    def names(self) -> list[str]:
        """What can be read and set."""
        return [*self._kept, *self._internal]

    def __getitem__(self, name: str) -> StateArray:
        name = self._new_name(as_name(name))
        label = Location(f"{self.name}[{name!r}]")
        if name in self._internal:
            kept = self._target[self._internal[name]]
            return StateArray(
                label,
                lambda: np.asarray(kept),
                lambda values: self._change_kept(name, kept, values),
                self._drawn(name),
            )
        if name in self._kept:
            poisson = isinstance(self.declared, PoissonInput)
            return StateArray(
                label,
                lambda: self._read(name),
                lambda values: self._change(name, values),
                self._drawn(name) if poisson else None,
            )
        raise SimulationError(
            f"input {self.name!r} has no {name!r}{nearest(str(name), self.names)}",
            hint=f"it has {self.names}",
        )

    def __setitem__(self, name: str, values: Any) -> None:
        name = self._new_name(name)
        self.change(name, values)()

    def change(self, name: str, values: Any) -> Change:
        """What sets a value, once it has been checked."""
        part = self.declared.part
        if part is not None and name in self.names and np.ndim(values) == 0:
            values = spread_again(name, values, part, Location(f"{self.name}[{name!r}]"))
            values = values.array if isinstance(values, FrozenArray) else values
        if isinstance(self.declared, PoissonInput) and name in self._kept:
            label = Location(
                f"{self.name}[{name!r}]"
            )  # may come to be one number, or one per neuron
            return self._change(name, np.array(numbers_of(values, label, self._drawn(name))))
        return self[name].change(..., values)

    def _new_name(self, name: str) -> str:
        """The name itself, or the new one of an old one."""
        if name not in self.names and new_path_part(name) in self.names:
            return warn_old_name("path", "paths to values", name)
        return name

    def _read(self, name: str) -> Array:
        return self._viewed.instance.read(self._kept[name])

    def _change_kept(self, name: str, kept: StateArray, values: Array) -> Change:
        """What sets a value that the population keeps."""
        if name == "std" and np.any(values < 0):
            raise SimulationError(
                "a standard deviation is negative",
                where=Location.of("input", self.name),
                hint="give values >= 0",
            )
        return kept.change(..., _finite(values, f"{self.name}[{name!r}]"))

    def _change(self, name: str, values: Array) -> Change:
        """What sets a value that is kept for the input itself."""
        label = Location(f"{self.name}[{name!r}]")
        size = self._target.size
        if isinstance(self.declared, PoissonInput):
            if values.shape not in ((), (size,)):
                raise ShapeError(
                    f"values of shape {values.shape}",
                    where=label,
                    hint=f"give one value, or one per neuron ({size},)",
                )
            new = {n: self._read(n) for n in self._kept} | {name: _finite(values, label)}
            check_poisson(self.name, new["rate"], new["sources"], self._viewed.instance.network.dt)
        finite = _finite(values, label)
        return lambda: self._viewed.instance.write(self._kept[name], finite)

    def _drawn(self, name: str) -> Callable[[Value], Array]:
        """Evaluates formulas and distributions for what is kept per neuron."""
        viewed, target = self._viewed, self.declared.target
        return lambda value: assigned_to_neurons(
            value, viewed.instance, viewed.device.step, target, name, self.name
        )

    def __repr__(self) -> str:
        return line("input", self.name, f"onto {self.target}", listed(self.names))


def input_views(viewed: Viewed, populations: dict[str, PopulationView]) -> dict[str, InputView]:
    """Views of all inputs by name. Inputs of one kind are numbered by population."""
    count: dict[tuple[str, type], int] = {}
    views = {}
    for one in viewed.instance.network.inputs:
        key = (one.target, type(one))
        views[one.name] = InputView(viewed, one, populations[one.target], count.get(key, 0))
        count[key] = count.get(key, 0) + 1
    return views


def _finite(values: Array, label: str) -> Array:
    if not np.all(np.isfinite(values)):
        raise SimulationError(f"{label} is set to NaN or infinity", hint="give finite numbers")
    return values
