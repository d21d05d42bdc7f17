"""Carries out deep rewiring in the memory of a training program, between batches: the rows of
sparse groups, their weights, the optimiser's slots and the signs that weights keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.trial.value_places import path_fits
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.runtime.training.deep_rewiring import (
    DeepRewiring,
    Rewired,
    rewired_synapses,
    signs_of_new,
)
from pygenn_lite.runtime.training.group_arrays import GroupArrays
from pygenn_lite.runtime.training.optimiser_memory import OptimiserMemory
from pygenn_lite.runtime.training.program_memory import ProgramMemory
from pygenn_lite.runtime.training.trained_parameters import TrainedParameter

Array = npt.NDArray[Any]


class RewiredGroups:
    """The groups of a session that are rewired.

    Parameters
    ----------
    rewiring : DeepRewiring
    memory : ProgramMemory
    optimiser : OptimiserMemory

    Raises
    ------
    ArgumentError
        No group is meant, or one cannot be rewired.
    """

    def __init__(
        self, rewiring: DeepRewiring, memory: ProgramMemory, optimiser: OptimiserMemory
    ) -> None:
        self.rewiring = rewiring
        self._groups: dict[str, _RewiredGroup] = {}
        for name, group in memory.groups.items():
            path = f"groups.{name}.weight"
            if path_fits(name, rewiring.groups) and path in optimiser.parameters:
                _check(name, group)
                self._groups[name] = _RewiredGroup(group, optimiser, path)
        if not self._groups:
            raise ArgumentError(
                f"no group {rewiring.groups!r} has trained weights",
                where=Location("DeepRewiring"),
                hint=f"groups are {', '.join(memory.groups)}",
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the groups."""
        return tuple(self._groups)

    def batches_until(self, updates: int) -> int:
        """How many further batches there are before a rewiring."""
        return self.rewiring.every - updates % self.rewiring.every

    def is_due(self, updates: int) -> bool:
        """Whether it is time."""
        return updates % self.rewiring.every == 0

    def rewire(self, updates: int) -> int:
        """Exchange dormant synapses, after so many updates; gives how many."""
        return sum(
            group.rewire(self.rewiring, self.rewiring.random(name, updates))
            for name, group in self._groups.items()
        )

    def arrays(self) -> dict[str, Array]:
        """What decides how synapses stand, by name: for states that are kept."""
        found: dict[str, Array] = {}
        for name, group in self._groups.items():
            synapses = group.group.data.synapses
            found |= {f"sources/{name}": synapses.pre, f"targets/{name}": synapses.post}
            found |= {f"signs/{name}": group.signs}
        return found

    def misfit(self, arrays: Mapping[str, Array]) -> str | None:
        """Which of such arrays cannot be synapses of these groups."""
        for name, group in self._groups.items():
            sources, targets = group.group.data.sizes
            pre, post = arrays[f"sources/{name}"], arrays[f"targets/{name}"]
            for end, found, size in (("sources", pre, sources), ("targets", post, targets)):
                if np.any((found < 0) | (found >= size)):
                    return f"'{end}/{name}'"
            if np.any(np.diff(pre * targets + post) <= 0):
                return f"the order of 'targets/{name}'"
        return None

    def place(self) -> None:
        """Let kernels see synapses as `arrays` have them."""
        for group in self._groups.values():
            group.place()


class _RewiredGroup:
    """One group; `signs`: those that its weights keep."""

    def __init__(self, group: GroupArrays, optimiser: OptimiserMemory, path: str) -> None:
        self.group, self.path = group, path
        self._parameter: TrainedParameter = optimiser.parameters[path]
        size = self._parameter.value.size
        self._slots = optimiser.slots[path].reshape(-1, self._parameter.value.stride)[:, :size]
        self._lower, self._upper = (
            optimiser.laid_out[path, bound][0, :size] for bound in ("lower", "upper")
        )
        self.signs = np.where(self._lower == 0, 1.0, -1.0)
        self.place()

    def rewire(self, rewiring: DeepRewiring, random: np.random.Generator) -> int:
        weights = self._parameter.value.values[0]
        if rewiring.noise:
            weights += random.normal(0.0, rewiring.noise, weights.shape)
        dormant = weights * self.signs <= 0
        if not dormant.any():
            return 0
        synapses = self.group.data.synapses
        made = rewired_synapses(
            (synapses.pre, synapses.post), dormant, self.group.data.sizes, random
        )
        strengths = np.where(dormant, 0.0, np.maximum(np.abs(weights), 1e-300) * self.signs)
        self.signs[...] = signs_of_new(rewiring, made, strengths, random)
        self._move(made)
        self.place()
        return int(dormant.sum())

    def _move(self, made: Rewired) -> None:
        weights, synapses = self._parameter.value.values, self.group.data.synapses
        weights[...] = made.carried(weights)
        self._slots[...] = made.carried(self._slots)
        synapses.pre[...], synapses.post[...] = made.pre, made.post

    def place(self) -> None:
        data, group = self.group.data, self.group
        group.target_of[...] = data.synapses.post
        np.cumsum(np.bincount(data.synapses.pre, minlength=data.sizes[0]), out=data.row_begin[1:])
        group.row_begin[...] = data.row_begin
        self._lower[...] = np.where(self.signs > 0, 0.0, -np.inf)
        self._upper[...] = np.where(self.signs > 0, np.inf, 0.0)


def _check(name: str, group: GroupArrays) -> None:
    data = group.data
    codes = data.synapses.pre * data.sizes[1] + data.synapses.post
    wrong = {
        "it has a synapse for every pair of neurons": data.dense,
        "its synapses share weights": group.weight_of is not None,
        "its synapses have delays of their own": group.steps is not None,
        "a pair of neurons has several synapses": len(np.unique(codes)) < len(codes),
    }
    for reason, holds in wrong.items():
        if holds:
            raise ArgumentError(
                f"{name} cannot be rewired: {reason}",
                where=Location("DeepRewiring"),
                hint="connect it with pg.FixedProbability(...), weight=..., and one delay",
            )
