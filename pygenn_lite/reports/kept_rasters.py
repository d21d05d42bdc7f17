"""Rasters of the runs of a batch whose spikes were kept, thinned so that all fit in a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.errors import PygennLiteError
from pygenn_lite.plotting.colors import population_colors
from pygenn_lite.plotting.thinned import chosen_spikes
from pygenn_lite.records import dataclass
from pygenn_lite.reports.look import short, small

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result

MOST_RUNS = 150
MOST_SPIKES = 400_000  # of all runs together
MOST_OF_A_RUN = 20_000
MOST_NEURONS = 800
WINDOW = 1_000.0  # ms, the last of a run


@dataclass(frozen=True)
class KeptRasters:
    """Spikes of several runs, one after the other.

    Attributes
    ----------
    columns : dict
        ``t`` (ms), ``row`` and ``population`` of every spike.
    runs : list of dict
        Of each run: its row in the table, where its spikes stand, window, bands of populations.
    kept : int
        How many runs were kept: not all may be among ``runs``.
    thinned : bool
        Whether neurons, or times, were left out.
    """

    columns: dict[str, Any]
    runs: list[dict[str, Any]]
    kept: int
    thinned: bool


def kept_rasters(batch: Any, rows: dict[str, int]) -> KeptRasters:
    """Read the kept runs of a batch.

    Parameters
    ----------
    batch : Batch
    rows : dict of str to int
        By identity, a run's row in the table.
    """
    kept = sorted((identity for identity in batch.kept if identity in rows), key=rows.__getitem__)
    step = max(1, -(-len(kept) // MOST_RUNS))
    chosen = kept[::step]
    budget = min(MOST_OF_A_RUN, MOST_SPIKES // max(len(chosen), 1))
    parts: list[tuple[Any, Any, Any]] = []
    runs: list[dict[str, Any]] = []
    first, thinned = 0, False
    for identity in chosen:
        try:
            result = batch.result(identity)
            names = [name for name in result.sizes if name in result.spikes]
            if not names:
                continue
            spikes, about = _spikes(result, names, budget)
        except (PygennLiteError, OSError):
            continue  # a file that is gone or damaged: the page says how many are shown
        number = len(spikes[0])
        parts.append(spikes)
        thinned = thinned or about.pop("thinned")
        runs.append({"row": rows[identity], "first": first, "last": first + number, **about})
        first += number
    columns = {
        name: np.concatenate([part[place] for part in parts]) if parts else np.zeros(0)
        for place, name in enumerate(("t", "row", "population"))
    }
    return KeptRasters(columns, runs, len(kept), thinned)


def _spikes(
    result: Result, names: Sequence[str], budget: int
) -> tuple[tuple[Any, Any, Any], dict[str, Any]]:
    """Times, rows and populations of the spikes of one run; where what stands."""
    end = result.start + result.duration
    begin = max(result.start, end - WINDOW)
    dots, neurons, stride = chosen_spikes(result, names, (begin, end), MOST_NEURONS, budget)
    counts = [len(neurons[name]) for name in names]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    colors = population_colors(list(result.sizes))
    times = np.concatenate([dots[name][0] for name in names])
    rows = np.concatenate([dots[n][1] + offset for n, offset in zip(names, offsets, strict=False)])
    which = np.repeat(np.arange(len(names)), [len(dots[name][0]) for name in names])
    about = {
        "begin": begin, "end": end, "high": int(offsets[-1]),
        "names": [short(name) for name in names], "colors": [colors[name] for name in names],
        "middles": [float(o + (c - 1) / 2) for o, c in zip(offsets, counts, strict=False)],
        "thinned": stride > 1 or begin > result.start,
    }  # fmt: skip
    return (small(times), rows.astype(np.uint16), which.astype(np.uint8)), about
