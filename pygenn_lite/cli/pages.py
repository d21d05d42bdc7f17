"""``pygenn-lite report`` and ``batch report``: HTML pages about a result file and about a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pygenn_lite.cli.pictures import result_and_summary


def report_file(
    source: Path, out: Path | None, *, warmup: float | None = None, show: bool = False
) -> Path:
    """Write the page about a result file (or the one in a folder), and return its path.

    Parameters
    ----------
    source : Path
    out : Path, optional
        By default ``report.html`` beside the file.
    warmup : float, optional
        ms that rates leave out; by default those of the run.
    show : bool
        Whether to open it in the browser.
    """
    from pygenn_lite.reports import write_result_report

    file, result, summary = result_and_summary(source)
    left_out = float(summary.get("warmup_ms", 0.0)) if warmup is None else warmup
    scale = summary.get("scale", 1.0)
    target = write_result_report(
        result,
        file.with_name("report.html") if out is None else out,
        warmup=left_out if warmup is not None or left_out < result.duration else 0.0,
        reference_rates=summary.get("reference_rates_hz"),
        title=f"{result.name} at scale {scale:g}" if scale != 1.0 else "",
    )
    if show:
        open_page(target)
    return target


def open_page(path: Path) -> None:
    """Open a page in the user's browser."""
    import webbrowser

    webbrowser.open(path.absolute().as_uri())


def report_batch(batch: Any, out: Path | None, *, show: bool = False) -> Path:
    """Write the page about a batch, and return its path.

    Parameters
    ----------
    batch : Batch
    out : Path, optional
        By default ``report.html`` in the batch's folder.
    show : bool
        Whether to open it in the browser.
    """
    from pygenn_lite.reports import write_batch_report

    target = write_batch_report(batch, batch.path / "report.html" if out is None else out)
    if show:
        open_page(target)
    return target
