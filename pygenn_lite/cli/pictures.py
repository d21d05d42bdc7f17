"""``pygenn-lite plot``: a picture of a result file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.cli.outcome import SUMMARY_FILE
from pygenn_lite.errors import FileFormatError
from pygenn_lite.runtime.results.files import RESULT_FILE

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result


def plot_file(source: Path, out: Path | None, *, warmup: float | None = None, **look: Any) -> Path:
    """Draw a result file (or the one in a folder) and return the picture's path.

    ``look`` are options of :func:`pygenn_lite.plotting.plot_result`.
    """
    from pygenn_lite import plotting

    file, result, summary = result_and_summary(source)
    left_out = float(summary.get("warmup_ms", 0.0)) if warmup is None else warmup
    target = file.with_suffix(".png") if out is None else out
    scale = summary.get("scale", 1.0)
    plotting.plot_result(
        result, target, reference_rates=summary.get("reference_rates_hz"),
        warmup=left_out if left_out < result.duration else 0.0,
        title=f"{result.name} at scale {scale:g}" if scale != 1.0 else "", **look,
    )  # fmt: skip
    return target


def result_and_summary(source: Path) -> tuple[Path, Result, dict[str, Any]]:
    """A result file (or the one in a folder), what is in it, and what 'run' knew besides."""
    from pygenn_lite.runtime.results.result_reader import load_result

    file = source / RESULT_FILE if source.is_dir() else source
    if not file.is_file():
        hint = f"give a file that 'run' wrote, or the folder of its {RESULT_FILE}"
        from pygenn_lite.batch.batch_about import ABOUT

        if (source / ABOUT).is_file():
            hint = f"it is a batch: pygenn-lite batch report {source}"
        raise FileFormatError(f"there is no result file '{file}'", hint=hint)
    summary = _summary(file.parent / SUMMARY_FILE) if file.name == RESULT_FILE else {}
    return file, load_result(file), summary


def _summary(path: Path) -> dict[str, Any]:
    """What 'run' knew besides the spikes; nothing if the summary is gone or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
