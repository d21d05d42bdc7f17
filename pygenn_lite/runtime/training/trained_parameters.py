"""What is trained, by path: the numbers that an optimiser changes, where they lie, and what users
see of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.numeric import real_array
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training.padded_rows import Rows

Array = npt.NDArray[Any]
WHERE = Location("TrainingSession")


@dataclass(frozen=True, eq=False)
class TrainedParameter:
    """The values of one path.

    Attributes
    ----------
    path : str
    others : tuple of str
        Further paths of the same values: groups share a receptor.
    kind : str
        "weight", "delay", "parameter" or "initial".
    value, gradient : Rows
        As kernels see them: laid out alike.
    shape : tuple of int
        As users see them.
    low, high : float
        Between which values stay.
    used : list of Rows
        Empty; or what the network reads of the values, where they are quantised.
    """

    path: str
    others: tuple[str, ...]
    kind: str
    value: Rows
    gradient: Rows
    shape: tuple[int, ...]
    low: float = -np.inf
    high: float = np.inf
    used: list[Rows] = field(default_factory=list)

    @property
    def paths(self) -> tuple[str, ...]:
        """All of them."""
        return (self.path, *self.others)

    def read(self) -> Array:
        """A copy of the values."""
        return self.value.values.reshape(self.shape).copy()

    def read_used(self) -> Array:
        """A copy of what the network reads."""
        rows = self.used[0] if self.used else self.value
        return rows.values.reshape(self.shape).copy()

    def read_gradient(self) -> Array:
        """A copy of the gradient, summed over a batch."""
        return self.gradient.values.reshape(self.shape).copy()

    def checked(self, values: npt.ArrayLike) -> Array:
        """Values that can be written.

        Raises
        ------
        ShapeError, ArgumentError
            Of another shape; not finite; beyond the bounds.
        """
        where = WHERE.entry(self.path)
        array = real_array(values, self.value.whole.dtype, "the value", where)
        if array.shape not in ((), self.shape):
            raise ShapeError(
                f"values of shape {array.shape}",
                where=where,
                hint=f"give one number, or an array of shape {self.shape}",
            )
        if not np.all(np.isfinite(array)):
            raise ArgumentError("a value is NaN or infinite", where=where)
        slack = 1e-6 * max(abs(b) for b in (self.low, self.high, 1.0) if np.isfinite(b))
        if np.any(array < self.low - slack) or np.any(array > self.high + slack):
            raise ArgumentError(
                "a value lies beyond the bounds",
                where=where,
                hint=f"values stay between {self.low:g} and {self.high:g}",
            )
        return array

    def write(self, values: Array) -> None:
        """Set checked values."""
        self.value.values[...] = np.broadcast_to(values, self.shape).reshape(
            self.value.values.shape
        )
        self.fill_behind()

    def fill_behind(self) -> None:
        """Make what lies behind the rows harmless: updates that explode reach it, too."""
        behind = self.value.whole[:, self.value.size :]
        if self.kind == "weight":
            behind[...] = 0
        elif self.kind == "delay":
            behind[...] = self.low
        elif self.value.size:
            behind[...] = self.value.values[:, -1:]


class ArraysByPath(Mapping[str, Array]):
    """Copies of arrays by path; errors about a path name the nearest one.

    Parameters
    ----------
    parameters : mapping of str to TrainedParameter
    fetch : callable
        Brings the arrays up to date.
    scale : float, optional
        By which gradients are multiplied; without it, values are given.
    """

    def __init__(
        self,
        parameters: Mapping[str, TrainedParameter],
        fetch: Callable[[], None],
        scale: float | None = None,
    ) -> None:
        self._parameters, self._fetch, self._scale = parameters, fetch, scale

    def __getitem__(self, path: str) -> Array:
        found = find_parameter(self._parameters, path)
        self._fetch()
        if self._scale is None:
            return found.read()
        return np.asarray(found.read_gradient() * found.value.whole.dtype.type(self._scale))

    def __reduce__(self) -> tuple[type, tuple[dict[str, Array]]]:
        return dict, (dict(self),)  # elsewhere: the arrays alone

    def __contains__(self, path: object) -> bool:
        return any(path in one.paths for one in self._parameters.values())

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{path}: {one.shape}" for path, one in self._parameters.items())
        return f"<{'parameters' if self._scale is None else 'gradients'} {shapes}>"


def find_parameter(parameters: Mapping[str, TrainedParameter], path: str) -> TrainedParameter:
    """A trained parameter by one of its paths.

    Raises
    ------
    ArgumentError
        There is none: with the nearest.
    """
    known = {other: one for one in parameters.values() for other in one.paths}
    if path in known:
        return known[path]
    raise ArgumentError(
        f"{path!r:.120} is not trained{nearest(str(path), known)}",
        where=WHERE,
        hint=f"trained are {', '.join(parameters)}" if parameters else "nothing is trained",
    )
