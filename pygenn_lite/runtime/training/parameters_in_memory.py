"""Finds what is trained in the memory of a program: parameters by path, and the links from them to
coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.trial.value_places import ValuePlace, chosen, path_fits, value_places
from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.padded_rows import Rows
from pygenn_lite.runtime.training.program_memory import ProgramMemory
from pygenn_lite.runtime.training.trained_parameters import TrainedParameter

Bounds = Mapping[str, tuple[float, float]]
Found = tuple[Rows, Rows, tuple[int, ...], tuple[float, float]]
LEAST = 1e-3  # of its value at the beginning: as small as a positive parameter may become


class ParametersInMemory:
    """What is trained.

    Parameters
    ----------
    network : Network
    structure : NetworkStructure
    memory : ProgramMemory
    trainable : tuple of str
    bounds : mapping of str to (float, float)
        By path, with ``*`` for any characters.

    Attributes
    ----------
    parameters : dict of str to TrainedParameter
    """

    def __init__(
        self,
        network: Network,
        structure: NetworkStructure,
        memory: ProgramMemory,
        trainable: tuple[str, ...],
        bounds: Bounds,
    ) -> None:
        self.network, self.memory, self.bounds = network, memory, bounds
        self._places = value_places(structure)
        self.parameters: dict[str, TrainedParameter] = {}
        self.links: list[records.Link] = []
        for path in chosen(self._places, trainable):
            self.parameters[path] = self._parameter(path, self._places[path])
        for pattern in bounds:
            if not any(path_fits(path, pattern) for path in self.parameters):
                raise ArgumentError(
                    f"bounds of {pattern!r}, which is not trained",
                    where=Location("bounds"),
                    hint=f"trained are {', '.join(self.parameters)}",
                )
        memory.set_links(self.links)

    @property
    def known(self) -> tuple[str, ...]:
        """Paths of all that could be trained."""
        return tuple(self._places)

    def _parameter(self, path: str, place: ValuePlace) -> TrainedParameter:
        others = tuple(p for p, other in self._places.items() if other == place and p != path)
        make = {
            "weight": self._weight,
            "delay": self._delay,
            "parameter": self._of_neurons,
            "initial": self._initial,
        }
        value, gradient, shape, (low, high) = make[place.kind](path, place)
        for pattern, (least, most) in self.bounds.items():
            if path_fits(path, pattern):
                low, high = max(low, least), min(high, most)
        return TrainedParameter(path, others, place.kind, value, gradient, shape, low, high)

    def _weight(self, path: str, place: ValuePlace) -> Found:
        group = self.memory.groups[place.owner]
        assert group.gradient is not None  # the program computes it
        return group.weight, group.gradient, group.data.weights.shape, (-np.inf, np.inf)

    def _delay(self, path: str, place: ValuePlace) -> Found:
        group = self.memory.groups[place.owner]
        assert group.delay is not None and group.delay_gradient is not None
        return group.delay, group.delay_gradient, group.data.delays.shape, group.bounds_of_delays

    def _of_neurons(self, path: str, place: ValuePlace) -> Found:
        of = self.memory.populations[place.owner]
        dtype, size = self.memory.trial.dtype, 1 if place.shared else of.size
        value, gradient = Rows(1, size, dtype), Rows(1, size, dtype)
        table = of.signature.shared if place.shared else of.signature.own
        number = table.index(place.symbol)
        start = of.shared_double[number] if place.shared else of.own_double.values[number]
        value.fill(0, start)
        self.links.append(
            records.Link(
                value=value.address,
                gradient=gradient.address,
                population=self.memory.numbers[place.owner],
                own=int(not place.shared),
                place=number,
            )
        )
        shape = () if place.shared else (of.size,)
        return value, gradient, shape, self._domain(path, value)

    def _initial(self, path: str, place: ValuePlace) -> Found:
        of = self.memory.populations[place.owner]
        number = of.signature.states.index(place.symbol)
        return (
            of.initial.row(number),
            of.initial_gradient.row(number),
            (of.size,),
            (-np.inf, np.inf),
        )

    def _domain(self, path: str, value: Rows) -> tuple[float, float]:
        """What the model says of a parameter: one that must be positive stays well above 0."""
        section, owner, *_, name = path.split(".")
        model: Any = None
        if section == "populations":
            model = self.network.populations[owner].model
        elif section == "groups":
            model = self.network.groups[owner].synapse
        found = dict(getattr(model, "domains", ())).get(name)
        if found is None:
            return -np.inf, np.inf
        low = LEAST * float(np.abs(value.values).min()) if found.open_below else found.low
        return max(found.low, low), found.high
