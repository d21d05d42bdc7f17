"""What the user says about where a run puts what it records."""

from __future__ import annotations

from pathlib import Path

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.run_sink import Sink


@dataclass(frozen=True)
class SinkOptions:
    """Where the user wants what is recorded.

    Attributes
    ----------
    stream_to : Path or None
        The file to write; without one all is kept in memory.
    overwrite : bool
        Whether it may replace a result file.
    keep_weights : bool
        Whether there must be room for weights of plastic groups.
    sinks : tuple of Sink
        Which see everything, too.
    keep : bool
        Whether the result keeps what is recorded.
    axis : bool
        Whether there is an axis of instances.
    """

    stream_to: Path | None = None
    overwrite: bool = False
    keep_weights: bool = False
    sinks: tuple[Sink, ...] = ()
    keep: bool = True
    axis: bool = False
