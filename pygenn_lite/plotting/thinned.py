"""Which spikes a raster shows: all, or those of every k-th neuron where there are too many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.declaration.steps import nearest_steps, times_of
from pygenn_lite.runtime.results.recorded_data import recorded_indices

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result

MOST_SPIKES = 60_000


def chosen_spikes(
    result: Result,
    names: Sequence[str],
    window: tuple[float, float],
    most_neurons: int,
    most_spikes: int = MOST_SPIKES,
) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Spikes to show, with the same k for all populations, so that densities can be compared.

    Parameters
    ----------
    result : Result
    names : sequence of str
        Populations whose spikes were recorded.
    window : pair of float
        Begin and end, ms.
    most_neurons, most_spikes : int
        Of all of them together.

    Returns
    -------
    dots : dict
        By population, times (ms) and rows of the spikes.
    neurons : dict
        By population, the neurons whose rows these are.
    stride : int
        Each of how many recorded neurons is among them.
    """
    begin, end = window
    recorded: dict[str, Any] = {
        name: recorded_indices(
            result.spikes[name], result.sizes[name], name in result.fully_recorded
        )
        for name in names
    }
    stride = max(1, -(-sum(len(each) for each in recorded.values()) // most_neurons))
    dots = {
        name: _thin(*_dots(result.spikes[name], recorded[name], begin, end), stride)
        for name in names
    }
    total = sum(len(times) for times, _ in dots.values())
    while total > most_spikes:  # bursting networks: fewer neurons, not thinned trains
        factor = -(-total // most_spikes)
        stride *= factor
        dots = {name: _thin(*dots[name], factor) for name in names}
        total = sum(len(times) for times, _ in dots.values())
    return dots, {name: recorded[name][::stride] for name in names}, stride


def _dots(spikes: Any, recorded: Any, begin: float, end: float) -> tuple[Any, Any]:
    """Times of spikes, and which of the recorded neurons they are of."""
    edges = nearest_steps([begin, end], spikes.dt)
    inside = slice(
        np.searchsorted(spikes.steps, edges[0]), np.searchsorted(spikes.steps, edges[1], "right")
    )
    indices = np.asarray(spikes.indices)[inside].astype(np.int64)
    if isinstance(recorded, range):
        places = (indices - recorded.start) // recorded.step
    else:
        places = np.searchsorted(recorded, indices)
    return times_of(spikes.steps[inside], spikes.dt), places


def _thin(times: Any, places: Any, stride: int) -> tuple[Any, Any]:
    if stride == 1:
        return times, places
    kept = places % stride == 0
    return times[kept], places[kept] // stride
