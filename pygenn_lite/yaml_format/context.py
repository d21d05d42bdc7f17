"""What every part of the builder needs: the document, its constants, and located errors."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.declaration.language.vocabulary import CONSTANTS, VALUE_SYMBOLS
from pygenn_lite.errors import DeclarationError, FileFormatError
from pygenn_lite.records import dataclass
from pygenn_lite.yaml_format.constant_values import evaluate_constant, substitute_constants
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.locating import located
from pygenn_lite.yaml_format.marks import Place

MAX_FILE_BYTES = 2**30


@dataclass
class Context:
    """A document with its constants computed.

    Attributes
    ----------
    document : Document
        Where the values come from.
    constants : dict
        Named numbers.
    """

    document: Document
    constants: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def at(self, place: Place) -> Iterator[None]:
        """Give errors raised inside the file, line and key of ``place``."""
        try:
            yield
        except DeclarationError as error:
            raise self.located(error, place) from None
        except (OverflowError, RecursionError) as error:
            raise self.document.error(place, f"a value is too large: {error}") from None

    def located(self, error: DeclarationError, place: Place) -> DeclarationError:
        """Return the error with the file, line and key in front, unless it has them."""
        starts = (f"{self.document.source}:", "--set", f"{self.document.source} ")
        if error.where.startswith(starts) or error.where == self.document.source:
            return error
        where = located(self.document, place, error.where, error.message)
        if error.where:
            where = error.where.inside(where)
        return type(error)(error.message, where=where, hint=error.hint)

    def number(self, value: Any, place: Place) -> float:
        """Return a number, or compute a formula of constants."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.document.error(place, "should be a number or a formula of constants")
        with self.at(place):
            if isinstance(value, str):
                return evaluate_constant(value, self.constants)
            return float(value)

    def whole_number(self, value: Any, place: Place, *, least: int = 0) -> int:
        """Return a whole number, not below ``least``."""
        number = self.number(value, place)
        if not math.isfinite(number) or number != math.floor(number) or number < least:
            # Large seeds are whole numbers that a float cannot hold.
            shown = f"{value!r}"[:60]
            raise self.document.error(place, f"{shown} should be a whole number, {least} or more")
        return value if isinstance(value, int) else int(number)

    def formula(self, value: str, place: Place) -> float | str:
        """Return a formula with its constants replaced; a number if nothing else was in it."""
        with self.at(place):
            return substitute_constants(value, self.constants)

    def numbers(self, values: Any, place: Place) -> NDArray[np.float64]:
        """Return a list of numbers as an array."""
        if not isinstance(values, list):
            raise self.document.error(place, "should be a list of numbers")
        if all(type(value) in (int, float) for value in values):
            with self.at(place):
                return np.array([float(value) for value in values], dtype=np.float64)
        items = [self.number(value, (*place, index)) for index, value in enumerate(values)]
        return np.array(items, dtype=np.float64)

    def whole_numbers(self, values: Any, place: Place) -> NDArray[np.int64]:
        """Return a list of whole numbers (indices) as an array."""
        numbers = self.numbers(values, place)
        if numbers.size and not np.all((numbers == np.floor(numbers)) & (abs(numbers) < 2**53)):
            raise self.document.error(place, "should be whole numbers")
        return numbers.astype(np.int64)

    def columns(self, name: str, place: Place, columns: tuple[str, ...]) -> list[NDArray[Any]]:
        """Read named columns of numbers from a file beside the document (.npz, .csv, .txt)."""
        path = self._data_file(name, place)
        try:
            if path.suffix == ".npz":
                with np.load(path, allow_pickle=False) as data:
                    missing = [column for column in columns if column not in data.files]
                    if missing:
                        raise self.document.error(place, f"'{name}' has no array '{missing[0]}'")
                    arrays = [np.asarray(data[column]) for column in columns]
            else:
                delimiter = "," if path.suffix == ".csv" else None
                table = np.loadtxt(path, delimiter=delimiter, ndmin=2, max_rows=50_000_000)
                if table.shape[1] != len(columns) and table.size:
                    wanted = ", ".join(columns)
                    raise self.document.error(
                        place, f"'{name}' has {table.shape[1]} columns", f"write columns {wanted}"
                    )
                arrays = list(table.T) if table.size else [np.zeros(0) for _ in columns]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise self.document.error(place, f"cannot read '{name}': {error}") from None
        for array in arrays:
            if array.dtype.kind not in "iuf" or array.ndim != 1:
                raise self.document.error(place, f"'{name}' does not hold lists of numbers")
        return arrays

    def array(self, name: str, key: str, place: Place) -> NDArray[np.float64]:
        """Read an array of any shape from an .npz file beside the document."""
        path = self._data_file(name, place)
        if path.suffix != ".npz":
            raise self.document.error(place, f"'{name}' is not an .npz file")
        try:
            with np.load(path, allow_pickle=False) as data:
                if key not in data.files:
                    near = nearest_or_all(key, data.files)
                    raise self.document.error(place, f"'{name}' has no array '{key}'{near}")
                found = np.asarray(data[key])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise self.document.error(place, f"cannot read '{name}': {error}") from None
        if found.dtype.kind not in "iuf":
            raise self.document.error(place, f"the array '{key}' of '{name}' holds no numbers")
        return found.astype(np.float64)

    def _data_file(self, name: str, place: Place) -> Path:
        """Resolve a file name; it must lie in the document's own folder."""
        folder = self.document.folder.resolve()
        hint = "name a .npz, .csv or .txt file in the folder of the network file, or below it"
        if "\0" in name or not name or Path(name).is_absolute() or len(name) > 500:
            raise self.document.error(place, f"the file {name[:80]!r} is not allowed", hint)
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise self.document.error(place, f"the file '{name}' lies outside the folder", hint)
        if path.suffix not in (".npz", ".csv", ".txt"):
            raise self.document.error(place, f"the file '{name}' is of no known kind", hint)
        if not path.is_file():
            raise self.document.error(place, f"there is no file '{name}'", f"looked in {folder}")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise self.document.error(place, f"the file '{name}' is larger than 1 GiB")
        return path


def evaluate_constants(document: Document, given: Mapping[str, Any]) -> dict[str, float]:
    """Compute ``constants:`` in any order; a formula may use the other constants.

    Raises
    ------
    FileFormatError
        For a name that cannot be one, and for constants that need each other.
    """
    from pygenn_lite.declaration.language.equations import parse_expression
    from pygenn_lite.declaration.language.names import check_name

    context = Context(document)
    waiting: dict[str, str] = {}
    for name, value in given.items():
        place: Place = ("constants", name)
        with context.at(place):
            check_name(name, "constant", reserved=False)
            if name in VALUE_SYMBOLS or name in CONSTANTS:
                raise FileFormatError(f"'{name}' has a meaning in formulas; choose another name")
        if isinstance(value, str):
            waiting[name] = value
        else:
            context.constants[name] = context.number(value, place)
    while waiting:
        ready = []
        for name, text in waiting.items():
            with context.at(("constants", name)):
                needs = set(parse_expression(text).symbols)
            if not needs & set(waiting):
                ready.append(name)
        if not ready:
            name = next(iter(waiting))
            raise document.error(
                ("constants", name),
                f"'{name}' needs constants that need each other: {', '.join(waiting)}",
            )
        for name in ready:
            context.constants[name] = context.number(waiting.pop(name), ("constants", name))
    return context.constants
