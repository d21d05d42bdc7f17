"""History: what a training came to, one row for each epoch."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.optional import require
from pygenn_lite.runtime.results.files import as_path, written_at_once

Row = Mapping[str, float]
WHERE = Location("History")
# Shown in a table that is printed, with the number's form; the others stand in files.
SHOWN = {
    "epoch": "d", "loss": ".4f", "accuracy": ".2%", "validation_loss": ".4f",
    "validation_accuracy": ".2%", "learning_rate": ".3g", "seconds": ".1f",
}  # fmt: skip
HIGHER_IS_BETTER = ("accuracy", "validation_accuracy")


class History:
    """A table with a row for each epoch.

    Columns are ``epoch`` (from 1), ``loss`` and ``accuracy`` while training, ``validation_loss``
    and ``validation_accuracy`` after it, ``learning_rate`` of the last batch, ``seconds``,
    ``tangential`` (spikes whose gradient was held back), and for each population ``rate.NAME``
    (Hz) and ``silent.NAME`` (share of neurons that did not spike in the epoch). What does not
    apply is missing.

    Parameters
    ----------
    rows : iterable of mapping of str to float

    Examples
    --------
    >>> history = pg.History([dict(epoch=1, loss=0.9), dict(epoch=2, loss=0.4)])
    >>> history["loss"]
    array([0.9, 0.4])
    >>> history.best("loss")["epoch"]
    2
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows: list[dict[str, float]] = [dict(row) for row in rows]

    @property
    def columns(self) -> list[str]:
        """Their names."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def __getitem__(self, column: str) -> npt.NDArray[np.float64]:
        """A column, shape (epochs,); NaN where it does not apply."""
        if column not in self.columns:
            raise ArgumentError(
                f"there is no column {column!r}{nearest(column, self.columns)}",
                where=WHERE,
                hint=f"there are {', '.join(self.columns) or 'none yet'}",
            )
        return np.array([row.get(column, math.nan) for row in self.rows])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, float]]:
        return iter(self.rows)

    def append(self, row: Row) -> None:
        """Add the row of an epoch."""
        self.rows.append(dict(row))

    def best(self, column: str) -> dict[str, float]:
        """The row with the highest accuracy, or the lowest value of another column; the first of
        several."""
        values = self[column]
        if np.all(np.isnan(values)):
            raise ArgumentError(f"no epoch has a {column}", where=WHERE)
        found = np.nanargmax if column in HIGHER_IS_BETTER else np.nanargmin
        return self.rows[int(found(values))]

    # ------------------------------------------------------------------ elsewhere
    def to_csv(self, path: str | Path) -> Path:
        """Write it as comma-separated values, with a line of names."""
        text = io.StringIO()
        table = csv.DictWriter(text, self.columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(self.rows)
        return _write(path, text.getvalue())

    def to_json(self, path: str | Path) -> Path:
        """Write it as a list of objects, one for each epoch."""
        return _write(path, json.dumps(self.rows, indent=1) + "\n")

    def to_pandas(self) -> Any:
        """A pandas.DataFrame, one row for each epoch."""
        pandas = require("pandas", "batch", "tables of results")
        return pandas.DataFrame(self.rows, columns=self.columns)

    def __str__(self) -> str:
        shown = [name for name in SHOWN if name in self.columns]
        cells = [[_cell(row, name) for name in shown] for row in self.rows]
        heads = [name.replace("_", " ") for name in shown]
        wide = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
        lines = [heads, *cells]
        return "\n".join(
            "  ".join(f"{text:>{width}}" for text, width in zip(line, wide, strict=True))
            for line in lines
        )

    def __repr__(self) -> str:
        known = self.rows[-1] if self.rows else {}
        last = f", loss {known['loss']:.4g}" if "loss" in known else ""
        return f"<History: {len(self)} epoch{'' if len(self) == 1 else 's'}{last}>"


def _cell(row: Row, name: str) -> str:
    if name not in row:
        return "-"
    value = row[name]
    return f"{int(value):d}" if SHOWN[name] == "d" else f"{value:{SHOWN[name]}}"


def _write(path: str | Path, text: str) -> Path:
    target = as_path(path)
    with written_at_once(target) as aside:
        aside.write_text(text, encoding="utf-8")
    return target
