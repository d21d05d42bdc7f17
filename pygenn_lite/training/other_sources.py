"""Spike sources that the data of a training are not for: they replay what they were declared with,
in every sample, as in the simulator."""

from __future__ import annotations

import numpy as np

from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SpikeSource
from pygenn_lite.training.data.spike_dataset import SpikeDataset


def other_sources(
    network: Network, source: str, samples: int, duration: float
) -> dict[str, SpikeDataset]:
    """What all spike sources but one replay, by name.

    Parameters
    ----------
    network : Network
    source : str
        The one that the data are for; "": none.
    samples : int
    duration : float
        Of a trial, ms.
    """
    return {
        name: _declared(one.model, one.size, samples, duration)
        for name, one in network.populations.items()
        if isinstance(one.model, SpikeSource) and name != source
    }


def _declared(model: SpikeSource, size: int, samples: int, duration: float) -> SpikeDataset:
    times, indices = np.asarray(model.times.array), np.asarray(model.indices.array)
    within = times < duration
    times, indices = times[within], indices[within]
    begin = np.arange(samples + 1) * len(times)
    return SpikeDataset(np.tile(times, samples), np.tile(indices, samples), begin, size, duration)
