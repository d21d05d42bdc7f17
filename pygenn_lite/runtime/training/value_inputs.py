"""Real-valued inputs of samples: numbers that are added to variables in every step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.trial.value_places import value_places
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.numeric import real_array
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.runtime.cpp.arrays import aligned_array
from pygenn_lite.runtime.training.program_memory import ProgramMemory
from pygenn_lite.runtime.training.staged_data import StagedData, StagedValues

WHERE = Location("TrainingSession.stage").entry("values")


class ValueInputs:
    """What real-valued inputs can be added to.

    Parameters
    ----------
    structure : NetworkStructure
    memory : ProgramMemory
    """

    def __init__(self, structure: NetworkStructure, memory: ProgramMemory) -> None:
        self.memory = memory
        self._states: dict[str, tuple[str, int]] = {}
        for path, place in value_places(structure).items():
            if place.kind != "initial":
                continue
            states = memory.populations[place.owner].signature.states
            if place.symbol in states:
                name = path.rpartition(".")[2]
                self._states[f"{place.owner}.{name}"] = (place.owner, states.index(place.symbol))

    def add_to(self, data: StagedData, values: Mapping[str, npt.ArrayLike]) -> StagedData:
        """The data with these inputs.

        Raises
        ------
        ArgumentError
            There is no such variable.
        ShapeError
            An array of another shape.
        """
        return data.with_values(tuple(self._staged(data, n, v) for n, v in values.items()))

    def _staged(self, data: StagedData, name: str, given: Any) -> StagedValues:
        if name not in self._states:
            raise ArgumentError(
                f"there is no variable {name!r}{nearest(str(name), self._states)}",
                where=WHERE,
                hint=f"variables are {', '.join(self._states)}",
            )
        owner, state = self._states[name]
        of, trial = self.memory.populations[owner], self.memory.trial
        array = real_array(given, trial.dtype, f"{name!r}", WHERE)
        if array.shape != (len(data), trial.steps, of.size):
            raise ShapeError(
                f"an array of shape {array.shape} for {name!r}",
                where=WHERE,
                hint=f"give (samples, steps, neurons): {(len(data), trial.steps, of.size)}",
            )
        if not np.all(np.isfinite(array)):
            raise ArgumentError(f"a number for {name!r} is NaN or infinite", where=WHERE)
        shape = (len(data), trial.steps, of.stride)
        values = aligned_array(shape, trial.dtype)
        values[..., : of.size] = array
        return StagedValues(name, self.memory.numbers[owner], state, of.size, values)
