"""The two populations of a synapse group as its rule and its values see them: sizes and places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.language.evaluation import evaluate
from pygenn_lite.declaration.language.vocabulary import AXES, DISTANCE, OFFSETS
from pygenn_lite.declaration.selection import Part
from pygenn_lite.errors import NOWHERE, Location
from pygenn_lite.records import dataclass

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.integer]
Positions = FloatArray | None
Parts = tuple[Part | None, Part | None]


@dataclass(frozen=True, eq=False)
class Ends:
    """Source and target of a group: two populations, or parts of them.

    Attributes
    ----------
    n_pre, n_post : int
    same_population : bool
        Whether both are one population, or one part of it: a neuron may have a synapse with itself.
    positions : tuple
        Coordinates [size, 1 to 3] of the sources' and the targets' neurons, or None.
    where : str
        For messages.
    parts : tuple
        The neurons' numbers in the whole populations, where only some are meant.
    overlapping : bool
        Whether they are different parts of one population.
    periodic : tuple of float
        Lengths of the box whose opposite sides are one, for distances; empty: there is none.
    """

    n_pre: int
    n_post: int
    same_population: bool = False
    positions: tuple[Positions, Positions] = (None, None)
    where: Location = NOWHERE
    parts: Parts = (None, None)
    overlapping: bool = False
    periodic: tuple[float, ...] = ()

    def inside(self, pre: Indices, post: Indices) -> tuple[Indices, Indices]:
        """Pairs of neurons of the whole populations by their numbers in the parts."""
        sources, targets = self.parts
        return (
            pre if sources is None else sources.places(pre),
            post if targets is None else targets.places(post),
        )

    @property
    def sizes(self) -> tuple[int, int]:
        """Neurons of both."""
        return self.n_pre, self.n_post

    @property
    def have_distance(self) -> bool:
        """Whether both have positions, with as many coordinates."""
        pre, post = self.positions
        return pre is not None and post is not None and pre.shape[1] == post.shape[1]

    def offsets(self, pre: Indices, post: Indices) -> FloatArray:
        """From source to target, [pairs, coordinates]; in a periodic box the shortest way."""
        sources, targets = self.positions
        assert sources is not None and targets is not None
        offsets: FloatArray = targets[post] - sources[pre]
        if self.periodic:
            box = np.array(self.periodic)
            offsets -= box * np.round(offsets / box)
        return offsets

    def squared_distance(self, pre: Indices, post: Indices) -> FloatArray:
        """Of pairs of neurons."""
        total: FloatArray = np.sum(self.offsets(pre, post) ** 2, axis=-1)
        return total

    def names(self, expression: Expression, pre: Indices, post: Indices) -> Mapping[str, Any]:
        """What symbols of an expression over pairs stand for (only those that it uses)."""
        used = expression.symbols
        names: dict[str, Any] = {"i_pre": pre, "i_post": post}
        names |= {"n_pre": self.n_pre, "n_post": self.n_post}
        for side, place, which in zip(("pre", "post"), self.positions, (pre, post), strict=True):
            for axis, coordinate in axes(place).items():
                if f"{axis}_{side}" in used:
                    names[f"{axis}_{side}"] = coordinate[which]
        if used & {DISTANCE, *OFFSETS} and self.have_distance:
            offsets = self.offsets(pre, post)
            names |= zip(OFFSETS, offsets.T, strict=False)
            names[DISTANCE] = np.sqrt(np.sum(offsets**2, axis=-1))
        return names

    def evaluate(self, expression: Expression, pre: Indices, post: Indices) -> FloatArray:
        """An expression's value for each of some pairs."""
        value = evaluate(expression, self.names(expression, pre, post))
        return np.array(np.broadcast_to(value, pre.shape), dtype=np.float64)


def axes(positions: Positions) -> dict[str, FloatArray]:
    """Coordinates by name."""
    if positions is None:
        return {}
    return {axis: positions[:, k] for k, axis in enumerate(AXES[: positions.shape[1]])}
