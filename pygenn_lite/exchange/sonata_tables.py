"""Nodes and edges of SONATA files as tables: attributes by name, those of HDF5 before those of the
table of types."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import FileFormatError, Location
from pygenn_lite.records import dataclass

Types = dict[int, dict[str, str]]
NOTHING = ("", "NULL", "None", "nan")


class NoNumbersError(FileFormatError):
    """An attribute is a text."""


@dataclass(frozen=True)
class Numbers:
    """An attribute of all rows.

    Attributes
    ----------
    values : ndarray of float64, [rows]
        NaN where it is not given.
    from_file : bool
        Whether any value comes from HDF5, not from the table of types.
    """

    values: npt.NDArray[np.float64]
    from_file: bool


class Table:
    """Nodes or edges of one population.

    Parameters
    ----------
    group : h5py.Group
        ``/nodes/<population>`` or ``/edges/<population>``; it must stay open.
    kind : {"node", "edge"}
    types : dict
        The rows of the table of types, by their number.
    where : Location
    """

    def __init__(self, group: h5py.Group, kind: str, types: Types, where: Location) -> None:
        self.group, self.kind, self.types, self.where = group, kind, types, where
        self.name = group.name.rpartition("/")[2]
        first = "node_type_id" if kind == "node" else "source_node_id"
        if first not in group and f"{kind}_type_id" not in group:
            raise FileFormatError(f"{group.name} lacks {kind}_type_id", where=where)
        self.size = len(group[first if first in group else f"{kind}_type_id"])
        self._groups = [key for key in group if key.isdigit()]
        self._rows = {key: self._rows_of(key) for key in self._groups}
        self._codes: tuple[list[int], npt.NDArray[np.intp]] | None = None

    def ids(self, name: str) -> npt.NDArray[np.int64]:
        """A dataset of whole numbers, one a row."""
        if name not in self.group:
            raise FileFormatError(f"{self.group.name} lacks {name}", where=self.where)
        found = np.asarray(self.group[name][:]).astype(np.int64)
        if len(found) != self.size:
            raise FileFormatError(
                f"{self.group.name}/{name} has {len(found)} rows, not {self.size}", where=self.where
            )
        return found

    def numbers(self, name: str) -> Numbers | None:
        """A numeric attribute; None where no row has it."""
        type_ids, codes = self.type_codes()
        by_type = np.array([self._number(kind, name) for kind in type_ids], np.float64)
        in_types = bool(np.any(~np.isnan(by_type)))
        datasets = list(self._datasets(name))
        if not in_types and not datasets:
            return None
        values = by_type[codes] if len(type_ids) else np.full(self.size, np.nan)
        for key, dataset in datasets:
            if not np.issubdtype(dataset.dtype, np.number):
                raise NoNumbersError(f"{dataset.name} holds no numbers", where=self.where)
            self._place(values, key, np.asarray(dataset[:], np.float64), dataset.name)
        return Numbers(values, bool(datasets))

    def texts(self, name: str) -> tuple[list[str], npt.NDArray[np.intp]]:
        """A text attribute: the different texts ("" where it is not given), and which of them each
        row has."""
        type_ids, codes = self.type_codes()
        words = np.array([self.types.get(kind, {}).get(name, "") for kind in type_ids], object)
        datasets = list(self._datasets(name))
        if not datasets:
            listed = list(dict.fromkeys(words.tolist())) or [""]
            places = np.array([listed.index(word) for word in words] or [0], np.intp)
            return listed, places[codes] if len(type_ids) else np.zeros(self.size, np.intp)
        rows = words[codes]
        for key, dataset in datasets:
            self._place(rows, key, self._words(key, name, dataset), dataset.name)
        different, inverse = np.unique(rows.astype(str), return_inverse=True)
        return different.tolist(), inverse

    def type_codes(self) -> tuple[list[int], npt.NDArray[np.intp]]:
        """The different types, and which of them each row has."""
        if self._codes is None:
            if f"{self.kind}_type_id" not in self.group:
                self._codes = [], np.zeros(self.size, np.intp)
            else:
                different, codes = np.unique(self.ids(f"{self.kind}_type_id"), return_inverse=True)
                self._codes = different.tolist(), codes
        return self._codes

    def names(self) -> set[str]:
        """Attributes that HDF5 gives."""
        found: set[str] = set()
        for key in self._groups:
            for name, part in self.group[key].items():
                inner = isinstance(part, h5py.Group)
                found |= set(part) if inner and name == "dynamics_params" else {name}
        return found

    def _number(self, kind: int, name: str) -> float:
        word = self.types.get(kind, {}).get(name, "")
        try:
            return float(word) if word else np.nan
        except ValueError:
            raise NoNumbersError(
                f"{name} of {self.kind} type {kind} is {word!r}, not a number", where=self.where
            ) from None

    def _datasets(self, name: str) -> Iterator[tuple[str, h5py.Dataset]]:
        """Where the groups of the population have it; one group may, and another not."""
        for key in self._groups:
            for place in (name, f"dynamics_params/{name}"):
                found = self.group[key].get(place)
                if isinstance(found, h5py.Dataset):
                    yield key, found

    def _words(self, key: str, name: str, dataset: h5py.Dataset) -> npt.NDArray[Any]:
        library = self.group[key].get(f"@library/{name}")
        if library is not None:  # numbers that stand for texts
            words = np.asarray(library.asstr()[:], object)
            return np.asarray(words[dataset[:].astype(np.int64)])
        if dataset.dtype.kind in "OS":
            return np.asarray(dataset.asstr()[:], object)
        return np.asarray(dataset[:]).astype(str).astype(object)

    def _rows_of(self, key: str) -> tuple[Any, npt.NDArray[np.int64] | None]:
        """The rows of one group, and their places in it; None: in order."""
        ids, index = f"{self.kind}_group_id", f"{self.kind}_group_index"
        if ids not in self.group:  # one group, which files of one need not number
            return slice(None), None
        chosen = self.ids(ids) == int(key)
        rows = slice(None) if np.all(chosen) else np.flatnonzero(chosen)
        if index not in self.group:
            return rows, None
        places = self.ids(index)[rows]
        return rows, None if np.array_equal(places, np.arange(len(places))) else places

    def _place(self, target: Any, key: str, values: npt.NDArray[Any], name: str) -> None:
        rows, places = self._rows[key]
        wanted = len(target[rows])
        needed = wanted if places is None else int(places.max(initial=-1)) + 1
        if needed > len(values):
            raise FileFormatError(
                f"{name} has {len(values)} entries, but rows up to {needed - 1} are asked for",
                where=self.where,
            )
        target[rows] = values[:wanted] if places is None else values[places]


def read_types(path: Path | None, kind: str) -> Types:
    """A table of types: columns with spaces between them, ``NULL`` for nothing.

    Raises
    ------
    FileFormatError
        It cannot be read, or has no column of numbers.
    """
    if path is None:
        return {}
    where, column = Location(str(path)), f"{kind}_type_id"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, delimiter=" ", skipinitialspace=True))
    except OSError as error:
        raise FileFormatError(f"cannot read the file: {error.strerror}", where=where) from None
    types: Types = {}
    for number, row in enumerate(rows, 2):
        given = {k: v for k, v in row.items() if isinstance(k, str) and v not in (None, *NOTHING)}
        try:
            types[int(given.pop(column))] = given
        except (KeyError, ValueError):
            raise FileFormatError(
                f"no number {column!r}",
                where=where.at_line(number),
                hint="columns are separated by spaces; texts with spaces stand in quotes",
            ) from None
    return types


def open_file(path: Path) -> h5py.File:
    """An HDF5 file.

    Raises
    ------
    FileFormatError
    """
    try:
        return h5py.File(path)
    except OSError as error:
        raise FileFormatError(f"cannot read the file: {error}", where=Location(str(path))) from None
