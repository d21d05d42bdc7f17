"""Lists of sources and targets: one entry of the file, many connections.

Between a list of sources and a list of targets any value, and any part of a value, may be a matrix
whose rows are the targets and whose columns are the sources; or ``{by_source: [...]}`` or
``{by_target: [...]}`` where it depends on one of them only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import ShapeError
from pygenn_lite.records import dataclass
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.marks import Place


@dataclass(frozen=True)
class Grid:
    """Rows of targets, columns of sources (inputs have a single column)."""

    targets: tuple[str, ...]
    sources: tuple[str, ...]
    is_list: bool  # whether the file gave a list on either side

    def cell(self, document: Document, value: Any, place: Place, row: int, column: int) -> Any:
        """Return the part of a value that belongs to one target and one source.

        From here on, errors at ``place`` are reported with the place of that part.
        """
        document.parts.pop(place, None)
        if not self.is_list:
            return value
        if isinstance(value, dict):
            if len(value) == 1:
                (key, inner), *_ = value.items()
                if key in ("by_source", "by_target"):
                    axis, length = (
                        (column, len(self.sources))
                        if key == "by_source"
                        else (row, len(self.targets))
                    )
                    self._check_length(document, inner, length, (*place, key), key)
                    document.parts[place] = (*place, key, axis)
                    return self.cell(document, inner[axis], (*place, key, axis), row, column)
            return {
                key: self.cell(document, inner, (*place, key), row, column)
                for key, inner in value.items()
            }
        if isinstance(value, list) and any(isinstance(item, list) for item in value):
            self._check_length(document, value, len(self.targets), place, "rows")
            self._check_length(document, value[row], len(self.sources), (*place, row), "columns")
            document.parts[place] = (*place, row, column)
            return value[row][column]
        if isinstance(value, list) and any(_is_section(item) for item in value):
            # A list of distributions can only be meant as a row or a column of the matrix.
            raise self._error(
                document, place, "a list of distributions fits neither sources nor targets"
            )
        if isinstance(value, list):
            return [
                self.cell(document, inner, (*place, index), row, column)
                if isinstance(inner, dict)
                else inner
                for index, inner in enumerate(value)
            ]
        return value

    def _check_length(
        self, document: Document, value: Any, length: int, place: Place, what: str
    ) -> None:
        if not isinstance(value, list):
            raise self._error(document, place, "should be a list")
        if len(value) != length:
            raise self._error(document, place, f"has {len(value)} entries ({what}), not {length}")

    def _error(self, document: Document, place: Place, message: str) -> ShapeError:
        return ShapeError(
            message,
            where=document.where(place),
            hint=f"give {len(self.targets)} rows (targets {_shown(self.targets)}) of "
            f"{len(self.sources)} columns (sources {_shown(self.sources)}), "
            "or {by_source: [...]} or {by_target: [...]}",
        )


def read_names(
    document: Document,
    given: list[str],
    place: Place,
    populations: Sequence[str],
    everything: Sequence[str],
) -> tuple[str, ...]:
    """Return the populations that a list names; ``all`` stands for ``everything``."""
    if given == ["all"]:
        return tuple(everything)
    for index, name in enumerate(given):
        if name not in populations:
            inner = place if len(given) == 1 else (*place, index)
            raise document.error(
                inner, f"no population is called '{name}'{nearest_or_all(name, populations)}"
            )
    if not given:
        raise document.error(place, "names no population")
    if len(set(given)) != len(given):
        raise document.error(place, "names a population twice")
    return tuple(given)


def _is_section(value: Any) -> bool:
    return isinstance(value, dict) and not {"by_source", "by_target"} & set(value)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
