"""Rows of a batch as Parquet: columns whose types fit, files that are written at once, parts that
become one table."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pygenn_lite.errors import BatchError, Location
from pygenn_lite.optional import require
from pygenn_lite.runtime.results.files import written_at_once

BEFORE = ("run", "id")  # of the columns of a table, those before the swept values
STATUS = ("status", "error")  # and those after them
AFTER = ("seconds", "worker", "host", "finished", "version")  # and those behind the measures
COLUMNS = (*BEFORE, *STATUS, *AFTER, "group")  # that no swept value may be called
LARGEST = 2**63

Rows = Sequence[Mapping[str, Any]]


def arrow() -> Any:
    """PyArrow, which is imported where a table is read or written."""
    return require("pyarrow", "batch", "tables of results")


def table_of(rows: Rows, names: Sequence[str] = ()) -> Any:
    """Rows as a table; what some of them lack is null.

    Parameters
    ----------
    rows : sequence of mapping
    names : sequence of str, optional
        Columns that come first, also where no row has them.
    """
    columns = dict.fromkeys(names)
    for row in rows:
        columns.update(dict.fromkeys(row))
    pa = arrow()
    return pa.table({name: _column(pa, [row.get(name) for row in rows]) for name in columns})


def _column(pa: Any, values: list[Any]) -> Any:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and len(kinds) == 2:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    if kinds == {int} and max(abs(v) for v in values if v is not None) >= LARGEST:
        return pa.array(values, pa.uint64())
    if len(kinds) > 1 or kinds & {dict, tuple} or not kinds <= _known():
        return _texts(pa, values)
    return pa.array(values)


def _texts(pa: Any, values: list[Any]) -> Any:
    return pa.array([None if v is None else _text(v) for v in values], pa.string())


def _known() -> set[type]:
    import datetime

    return {int, float, bool, str, list, datetime.datetime}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except TypeError:
        return repr(value)


def as_bytes(table: Any) -> bytes:
    """A table as a Parquet file."""
    buffer = io.BytesIO()
    require("pyarrow.parquet", "batch", "tables of results").write_table(table, buffer)
    return buffer.getvalue()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file at once."""
    with written_at_once(path) as aside:
        aside.write_bytes(content)


def read_table(path: Path, columns: Sequence[str] | None = None) -> Any:
    """A table from a Parquet file; of `columns` those that it has.

    Raises
    ------
    BatchError
        The file is damaged, or no table.
    """
    pq = require("pyarrow.parquet", "batch", "tables of results")
    try:
        # Not by `read_table`, which imports pandas: half of the time that `status` takes.
        with pq.ParquetFile(path) as file:
            if columns is None:
                return file.read()
            known = set(file.schema_arrow.names)
            return file.read(columns=[name for name in columns if name in known])
    except arrow().ArrowInvalid as error:
        raise BatchError(
            f"the table is damaged: {str(error).splitlines()[0]:.200}",
            where=Location(str(path)),
            hint="move it out of the folder and resume the batch: the runs in it are done again",
        ) from None


def joined(tables: Iterable[Any]) -> Any:
    """Tables below each other: with all columns of any of them; of rows with one `id` the last. A
    column that has numbers in one and lists in another is text, as within one of them."""
    pa = arrow()
    whole = _below_each_other(pa, list(tables))
    last: dict[str, int] = {}
    for k, one in enumerate(whole.column("id").to_pylist()):
        last[one] = k
    return whole if len(last) == len(whole) else whole.take(indices(sorted(last.values())))


def _below_each_other(pa: Any, tables: list[Any]) -> Any:
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowTypeError:
        names = dict.fromkeys(name for table in tables for name in table.column_names)
        for name in names:
            if not _are_alike(pa, [t.schema.field(name) for t in tables if name in t.column_names]):
                tables = [_with_text(pa, table, name) for table in tables]
        return pa.concat_tables(tables, promote_options="permissive")


def _are_alike(pa: Any, fields: list[Any]) -> bool:
    """Whether there is a type that has the values of all."""
    try:
        pa.unify_schemas([pa.schema([field]) for field in fields], promote_options="permissive")
    except pa.ArrowTypeError:
        return False
    return True


def _with_text(pa: Any, table: Any, name: str) -> Any:
    """A table with one of its columns as text."""
    place = table.schema.get_field_index(name)
    if place < 0:
        return table
    return table.set_column(place, name, _texts(pa, table.column(name).to_pylist()))


def indices(rows: Iterable[int]) -> Any:
    """Numbers of rows, to take."""
    pa = arrow()
    return pa.array(rows, pa.int64())


def in_order(table: Any, swept: Sequence[str]) -> Any:
    """A table by the numbers of its runs, its columns in the order that users see."""
    known = table.column_names
    fixed = {*BEFORE, *STATUS, *AFTER, *swept}
    measures = [name for name in known if name not in fixed]
    wanted = [*BEFORE, *swept, *STATUS, *measures, *AFTER]
    return table.select([name for name in wanted if name in known]).sort_by("run")
