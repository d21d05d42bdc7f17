"""Evaluates the text of a population's equations with the values that the device has now: in double
precision, without SymPy, for checks before and between runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.structure.parts import OWN, Part
from pygenn_lite.codegen.structure.structures import PopulationStructure, Statement
from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.declaration.language.evaluation import evaluate
from pygenn_lite.errors import EquationError

if TYPE_CHECKING:
    from pygenn_lite.runtime.device import Device, Instance
    from pygenn_lite.runtime.layout import PopulationLayout

Array = npt.NDArray[np.float64]
MOST_NEURONS = 1 << 16  # of a population that are looked at


def neuron_part(device: Device, population: str) -> ModelPart | None:
    """The neuron model of a population, to be evaluated; None for spike sources."""
    instance = device.instances[0]
    index = instance.structure.populations[population].kernel
    if index is None:
        return None
    layout = device.layout.populations[population]
    return next(model_parts(instance.structure.kernels[index], instance, layout))


def model_parts(
    structure: PopulationStructure, instance: Instance, layout: PopulationLayout
) -> Iterator[ModelPart]:
    """The neuron model of a population, its receptors and its traces."""
    currents: dict[str, list[str]] = {name: [] for name in structure.inputs}
    for k, (name, _) in enumerate(structure.currents):
        currents[name].append(Part("current", k).symbol("value"))
    yield ModelPart(instance, layout, OWN, structure.equations, currents)
    for k, receptor in enumerate(structure.receptors):
        yield ModelPart(instance, layout, Part("receptor", k), receptor.equations, {})
    for part, trace in structure.numbered_traces:
        yield ModelPart(instance, layout, part, trace.equations, {})


def stride_of(size: int) -> int:
    """Of large populations some neurons stand for all: looking must not take memory or time."""
    return -(-size // MOST_NEURONS)


class ModelPart:
    """The neuron model itself, one receptor or one trace, with what its names stand for."""

    def __init__(
        self,
        instance: Instance,
        layout: PopulationLayout,
        part: Part,
        equations: tuple[Statement, ...],
        inputs: Mapping[str, list[str]],
    ) -> None:
        self.instance, self.layout = instance, layout
        self.part, self.inputs = part, inputs
        self.equations = equations
        self.definitions = {name: text for name, kind, text in equations if kind == "="}
        self.states = {name for name, kind, _ in equations if kind == "'"}

    def derivatives(self) -> Iterator[tuple[str, str]]:
        """Names and texts of what can be evaluated."""
        for name, kind, text in self.equations:
            if kind == "'" and self._is_array(self.part.symbol(name)):
                try:
                    self.value(text, {})
                except (EquationError, KeyError, RecursionError):
                    continue  # random numbers and the like
                yield name, text

    def _is_array(self, internal: str) -> bool:
        variable = self.layout.variables.get(internal)
        return variable is not None and not variable.shared

    def value(self, text: str, given: Mapping[str, float]) -> Array:
        """The value of an expression: other variables as they are, inputs from outside 0."""
        return np.asarray(evaluate(parse_expression(text), _Names(self, given)), np.float64)

    def is_constant(self, text: str) -> bool:
        """Whether nothing but parameters decides it."""
        symbols = parse_expression(text).symbols
        if symbols & (self.states | self.inputs.keys() | {"t"}):
            return False
        return all(self.is_constant(self.definitions[n]) for n in symbols & self.definitions.keys())

    def number(self, name: str) -> Any:
        """What a name stands for."""
        if name in self.definitions:
            return self.value(self.definitions[name], {})
        if name in self.inputs:
            return sum((self.number(current) for current in self.inputs[name]), start=0.0)
        if name == "t" or name == "xi" or name.startswith("xi_"):
            return 0.0
        if name == "dt":
            return self.instance.network.dt
        for internal in (self.part.symbol(name), name):
            variable = self.layout.variables.get(internal)
            if variable is not None:
                values = self.instance.read(variable)
                return float(values) if variable.shared else values[:: stride_of(self.layout.size)]
        raise KeyError(name)


class _Names(Mapping[str, Any]):
    """The names of a part, some of them replaced; definitions follow."""

    def __init__(self, part: ModelPart, given: Mapping[str, float]) -> None:
        self.part, self.given = part, given

    def __getitem__(self, name: str) -> Any:
        if name in self.given:
            return self.given[name]
        if name in self.part.definitions:
            return self.part.value(self.part.definitions[name], self.given)
        return self.part.number(name)

    def __contains__(self, name: object) -> bool:
        return name != "pi"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
