"""A result file in the format of another tool, by the ending of its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pygenn_lite.errors import ArgumentError
from pygenn_lite.exchange.contents import AnyResult
from pygenn_lite.optional import require
from pygenn_lite.runtime.results.files import (
    RESULT_FILE,
    as_path,
    check_replaceable,
    written_at_once,
)
from pygenn_lite.runtime.results.instance_files import load_instances
from pygenn_lite.runtime.results.result_reader import load_result, read_whole

HEAD = b"time,population,neuron"  # of a table of spikes
ANOTHER = "pass overwrite=True (--overwrite), or name another file"


def convert_file(source: str | Path, target: str | Path, overwrite: bool = False) -> list[Path]:
    """Write a result file in another format.

    Parameters
    ----------
    source : path
        A result file, with instances or without, or the folder of a run.
    target : path
        ``.nwb``: an NWB file. ``.csv``, ``.parquet``: the table of spikes, and beside it a table
        of each recorded variable, as ``run.exc.V.csv``. ``.pkl``: a pickled Neo block.
    overwrite : bool
        Whether files of this kind that are there may be replaced.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ArgumentError
        Another ending, or there is a file already.
    """
    path = as_path(target)
    if path.suffix not in FORMATS:
        raise ArgumentError(
            f"{str(target)!r} does not end with a format that is written",
            hint=f"endings are {', '.join(FORMATS)}",
        )
    given = as_path(source)
    file = given / RESULT_FILE if given.is_dir() else given
    _, stops = read_whole(file)
    results: AnyResult = load_result(file) if stops is None else load_instances(file)
    return FORMATS[path.suffix](results, path, overwrite)


def _write_nwb(results: AnyResult, path: Path, overwrite: bool) -> list[Path]:
    return [results.to_nwb(path, overwrite)]


def _write_tables(results: AnyResult, path: Path, overwrite: bool) -> list[Path]:
    as_text = path.suffix == ".csv"
    if not as_text:
        require("pyarrow", "batch", "Parquet files")
    spikes, traces = results.to_pandas()
    frames: dict[Path, Any] = {path: spikes}
    for name, frame in traces.items():
        if frame.columns.nlevels > 1:  # instances: a name for each column
            frame.columns = [f"{neuron}.{instance}" for instance, neuron in frame.columns]
        frame.columns = frame.columns.map(str)
        frames[path.with_suffix(f".{name}{path.suffix}")] = frame.reset_index()
    for place in frames:
        check_replaceable(place, overwrite=overwrite, is_ours=_is_table, kind="table", hint=ANOTHER)
    for place, frame in frames.items():
        with written_at_once(place) as aside:
            frame.to_csv(aside, index=False) if as_text else frame.to_parquet(aside, index=False)
    return list(frames)


def _is_table(path: Path) -> bool:
    """Whether we have written a table: by how it begins."""
    with path.open("rb") as file:
        head = file.read(len(HEAD))
    return head.startswith(b"time,") if path.suffix == ".csv" else head.startswith(b"PAR1")


def _write_block(results: AnyResult, path: Path, overwrite: bool) -> list[Path]:
    neo = require("neo.io", "exchange", "Neo files")
    check_replaceable(
        path, overwrite=False, is_ours=lambda _: False, kind="Neo block", hint=ANOTHER
    )
    with written_at_once(path) as aside:
        neo.PickleIO(str(aside)).write_block(results.to_neo())
    return [path]


FORMATS: dict[str, Callable[[AnyResult, Path, bool], list[Path]]] = {
    ".nwb": _write_nwb,
    ".csv": _write_tables,
    ".parquet": _write_tables,
    ".pkl": _write_block,
}
