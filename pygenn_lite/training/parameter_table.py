"""The numbers that a loss depends on, each with the path by which users call it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass

Array = npt.NDArray[np.float64]


def values_at(values: Array, numbers: npt.NDArray[np.int64]) -> Array:
    """Those of all values whose numbers are given; 0 for number -1.

    Examples
    --------
    >>> values_at(np.array([3.0, 5.0]), np.array([1, -1])).tolist()
    [5.0, 0.0]
    """
    found = np.zeros(len(numbers))
    known = numbers >= 0
    found[known] = values[numbers[known]]
    return found


@dataclass(frozen=True)
class Entry:
    """The value of one path: a number, or one for each neuron, synapse or spike.

    Attributes
    ----------
    path : str
        "populations.exc.parameters.tau".
    first, count : int
        Where its numbers stand in the table.
    shared : bool
        One number.
    kind : str
        "weight", "delay", "time", "initial", "parameter".
    others : tuple of str
        Further paths of the same value: groups share a receptor.
    """

    path: str
    first: int
    count: int
    shared: bool
    kind: str
    others: tuple[str, ...] = ()

    @property
    def numbers(self) -> range:
        """The numbers of the table that are its."""
        return range(self.first, self.first + self.count)


class ParameterTable:
    """All numbers in a row.

    Attributes
    ----------
    entries : dict of str to Entry
        By their first path.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self._by_path: dict[str, Entry] = {}
        self._values: list[float] = []

    def add(self, paths: Sequence[str], values: float | Array, kind: str = "parameter") -> Entry:
        """A value under its paths; that of the first time where it is there already."""
        path, *others = paths
        if path not in self._by_path:
            numbers = np.atleast_1d(np.asarray(values, np.float64))
            shared = np.ndim(values) == 0
            entry = Entry(path, len(self._values), numbers.size, shared, kind, tuple(others))
            self.entries[path] = entry
            self._by_path |= dict.fromkeys(paths, entry)
            self._values += numbers.tolist()
        return self._by_path[path]

    @property
    def values(self) -> Array:
        """All numbers."""
        return np.array(self._values)

    def __len__(self) -> int:
        return len(self._values)
