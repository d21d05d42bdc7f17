"""What trained values of a path keep to: bounds, frozen parts, norms, levels. Made by the
constraints of :mod:`pygenn_lite.training.constraints`, obeyed by the kernels of an update."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.trial.value_places import path_fits
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class PathValues:
    """The values of a path, as constraints see them.

    Attributes
    ----------
    path : str
    values : ndarray
        As users see them, [sources, targets] where every pair has a synapse.
    sources, targets : ndarray of int or None
        Of weights and delays: the neurons of each value, alike in shape.
    """

    path: str
    values: Array
    sources: Array | None = None
    targets: Array | None = None

    @property
    def where(self) -> Location:
        """The place to name in errors."""
        return Location.of("constraint").entry(self.path)

    @property
    def is_matrix(self) -> bool:
        """Whether there is a row for each source neuron."""
        return self.values.ndim == 2 and self.sources is not None


@dataclass(frozen=True, eq=False)
class Limits:
    """What the values of a path keep to.

    Attributes
    ----------
    low, high : float or ndarray
        Bounds; arrays are alike in shape to the values.
    frozen : ndarray of bool or None
        Values that stay as they are.
    most_row, most_column : float
        The largest Euclidean norm of a row (the weights of a source), of a column (of a target).
    levels : int
        Quantised values are -levels ... levels times a scale; 0: they are not.
    per_row : bool
        Whether each row has a scale of its own.
    """

    low: float | Array = -math.inf
    high: float | Array = math.inf
    frozen: Array | None = None
    most_row: float = math.inf
    most_column: float = math.inf
    levels: int = 0
    per_row: bool = False

    def __and__(self, other: Limits) -> Limits:
        """Both: the narrower of the bounds, what either freezes.

        Examples
        --------
        >>> (Limits(low=0.0) & Limits(low=-1.0, high=2.0)).high
        2.0
        """
        frozen = [f for f in (self.frozen, other.frozen) if f is not None]
        return Limits(
            _narrower(np.maximum, self.low, other.low),
            _narrower(np.minimum, self.high, other.high),
            np.logical_or.reduce(frozen) if frozen else None,
            min(self.most_row, other.most_row),
            min(self.most_column, other.most_column),
            min((n for n in (self.levels, other.levels) if n), default=0),
            self.per_row or other.per_row,
        )

    def applied(self, values: Array) -> Array:
        """Values within the bounds."""
        clipped: Array = np.clip(values, self.low, self.high)
        return clipped if self.frozen is None else np.where(self.frozen, values, clipped)


class Constraint(Protocol):
    """What makes limits of the values that a training begins with."""

    def limits(self, values: PathValues) -> Limits:
        """The limits of one path."""


Constraints = Mapping[str, "Constraint | Sequence[Constraint]"]


def limits_of(constraints: Constraints, values: PathValues, own: Limits | None = None) -> Limits:
    """All limits of a path: of every constraint whose pattern fits, and its `own`.

    Raises
    ------
    ArgumentError
        No value is within the bounds, or a constraint does not suit the path.
    """
    made = own or Limits()
    for pattern, given in constraints.items():
        if path_fits(values.path, pattern):
            several: list[Any] = list(given) if isinstance(given, (list, tuple)) else [given]
            for constraint in several:
                if not callable(getattr(constraint, "limits", None)) or isinstance(
                    constraint, type
                ):
                    raise ArgumentError(
                        f"{constraint!r:.60} is not a constraint",
                        where=values.where,
                        hint="give one of pg.constraints, such as pg.constraints.Sign()",
                    )
                made = made & constraint.limits(values)
    if np.any(np.asarray(made.low) > np.asarray(made.high)):
        raise ArgumentError(
            "no value is within the bounds",
            where=values.where,
            hint="a lower bound is above the upper one; delays and time constants have bounds of "
            "their own",
        )
    return made


def _narrower(choose: Any, a: float | Array, b: float | Array) -> float | Array:
    chosen = choose(a, b)
    return float(chosen) if np.ndim(chosen) == 0 else np.asarray(chosen)
