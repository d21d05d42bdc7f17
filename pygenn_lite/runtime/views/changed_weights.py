"""Weights of static groups that were set by hand, and what was drawn before: a checkpoint holds the
former, and restoring one without them puts the latter back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import MemoryRow
from pygenn_lite.runtime.device import Instance
from pygenn_lite.runtime.layout import NetworkLayout


class ChangedWeights:
    """The changed weights of one instance."""

    def __init__(self, instance: Instance, layout: NetworkLayout) -> None:
        self._instance, self._layout = instance, layout
        self._drawn: dict[str, npt.NDArray[Any]] = {}

    def __contains__(self, group: object) -> bool:
        return group in self._drawn

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._drawn))

    def set(self, group: str, weights: npt.ArrayLike) -> None:
        """Set weights (checked) and remember what was drawn."""
        weight = self._layout.groups[group].weight
        if group in self._drawn:
            self._instance.write(weight, weights)
            return
        if self._instance.has_own_weights(group):
            drawn = np.asarray(self._instance.read(weight)).astype(weight.dtype)
        else:  # one number, declared as such
            drawn = np.array(self._instance.network.groups[group].weight)
        self._instance.write(weight, weights)
        self._drawn[group] = drawn

    def undo(self, group: str) -> None:
        """Put back the weights that were drawn, if others were set."""
        if group in self._drawn:
            self._instance.write(self._layout.groups[group].weight, self._drawn[group])
            del self._drawn[group]

    def memory_rows(self) -> list[MemoryRow]:
        """What remembering takes."""
        return [
            MemoryRow(g, "weights as drawn", self._instance.synapse_count(g), drawn.nbytes)
            for g, drawn in self._drawn.items()
        ]
