"""What notebooks show: results as HTML (nothing is read from result files for it), and progress."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result

BETWEEN_DRAWINGS = 0.2  # seconds


def notebook_shell() -> Any:
    """Return IPython's shell if this runs in the kernel of a notebook, else None."""
    if "IPython" not in sys.modules:
        return None
    shell = sys.modules["IPython"].get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None


def result_html(result: Result) -> str:
    """What a run produced: rates of all populations, and what was recorded of them."""
    from pygenn_lite.declaration.html import heading, table

    first, last = result.start, result.start + result.duration
    note = f"{first:g} to {last:g} ms" + (" (interrupted)" if result.interrupted else "")
    if result.simulate_seconds and result.duration:
        note += f", simulated in {result.simulate_seconds:.3g} s"
        note += f" (real-time factor {result.real_time_factor:.3g})"
    parts = [heading(f"Result of {result.name or 'a network'}", note)]
    rows = []
    for name, size in result.sizes.items():
        spikes, rate = _counted(result, name)
        variables = ", ".join(result.traces[name]) if name in result.traces else ""
        recorded = ["spikes"] if name in result.spikes else []
        rows.append((name, size, spikes, rate, ", ".join([*recorded, variables]).strip(", ")))
    parts.append(table(["population", "neurons", "spikes", "rate (Hz)", "recorded"], rows))
    others = [owner for owner in result.traces if owner not in result.sizes]
    if others:
        parts.append(
            table(
                ["synapse group", "recorded"],
                [(owner, ", ".join(result.traces[owner])) for owner in others],
            )
        )
    if result.weights:
        parts.append(heading("weights kept:", ", ".join(result.weights)))
    if result.path is not None:
        parts.append(heading("file:", str(result.path)))
    return "\n".join(parts)


def _counted(result: Result, name: str) -> tuple[int, str]:
    """Spikes of the whole run, as counted while it ran, and their rate."""
    totals = result.counts.totals.get(name)
    if totals is None or not len(totals):
        return 0, ""
    spikes = int(totals[-1] - totals[0])
    seconds = result.duration / 1000.0
    return spikes, f"{spikes / result.sizes[name] / seconds:.3g}" if seconds else ""


class NotebookBars:
    """Bars below a cell, with the interface of rich's: HTML alone, without widgets, that shrinks
    to one line of times at the end."""

    def __init__(self) -> None:
        self._tasks: list[dict[str, Any]] = []
        self._handle: Any = None
        self._drawn = 0.0

    def add_task(self, what: str, total: float) -> int:
        """Add a bar; returns its number."""
        now = time.monotonic()
        self._tasks.append({"what": what, "done": 0.0, "total": total, "began": now, "ended": now})
        return len(self._tasks) - 1

    def update(
        self, task: int, completed: float, total: float, description: str | None = None
    ) -> None:
        """Move a bar, and say something else beside it."""
        now = time.monotonic()
        self._tasks[task].update(done=completed, total=total, ended=now)
        if description is not None:
            self._tasks[task]["what"] = description
        if now - self._drawn >= BETWEEN_DRAWINGS:
            self._drawn = now
            self._show("".join(map(self._bar, self._tasks)))

    def stop(self) -> None:
        """End them: what took how long remains."""
        from pygenn_lite.declaration.html import safe

        times = ((task["what"], task["ended"] - task["began"]) for task in self._tasks)
        said = (f"{what} {f'{t:.1f} s' if t >= 0.05 else 'done'}" for what, t in times)
        if self._handle is not None:
            self._show(f"<small>{safe(', '.join(said))}</small>")

    def _bar(self, task: dict[str, Any]) -> str:
        from pygenn_lite.declaration.html import safe

        share = min(task["done"] / task["total"], 1.0) if task["total"] else 1.0
        elapsed = task["ended"] - task["began"]
        left = f", {elapsed * (1 / share - 1):.0f} s left" if 0 < share < 1 else ""
        return (
            f'<div><progress value="{share:.4f}" max="1"></progress> '
            f"{safe(task['what'])} {share:.0%}, {elapsed:.0f} s{left}</div>"
        )

    def _show(self, html: str) -> None:
        display = sys.modules["IPython"].display
        shown = display.HTML(html)
        if self._handle is None:
            self._handle = display.display(shown, display_id=True)
        else:
            self._handle.update(shown)
