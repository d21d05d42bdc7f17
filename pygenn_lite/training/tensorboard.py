"""TensorBoard: the history of a training, epoch by epoch, for TensorBoard."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pygenn_lite.optional import require
from pygenn_lite.runtime.results.files import as_path


class TensorBoard:
    """Writes each row of a history as scalars: a callback of :meth:`Trainer.fit`.

    Parameters
    ----------
    folder : str or Path
        What ``tensorboard --logdir`` is given, or a folder in it.

    Raises
    ------
    MissingPackageError
        The package tensorboard is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        what = "the scalars of a training"
        self._events = require("tensorboard.compat.proto.event_pb2", "tensorboard", what)
        self._summaries = require("tensorboard.compat.proto.summary_pb2", "tensorboard", what)
        writers = require("tensorboard.summary.writer.record_writer", "tensorboard", what)
        place = as_path(folder)
        place.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}"
        self._file = (place / name).open("ab")
        self._records: Any = writers.RecordWriter(self._file)
        self._write(self._events.Event(wall_time=time.time(), file_version="brain.Event:2"))

    def __call__(self, row: Mapping[str, float]) -> None:
        """Write a row."""
        values = [
            self._summaries.Summary.Value(tag=name.replace(".", "/"), simple_value=float(value))
            for name, value in row.items()
            if name != "epoch"
        ]
        summary = self._summaries.Summary(value=values)
        step = int(row["epoch"])
        self._write(self._events.Event(wall_time=time.time(), step=step, summary=summary))

    def _write(self, event: Any) -> None:
        self._records.write(event.SerializeToString())
        self._records.flush()
