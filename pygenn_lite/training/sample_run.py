"""Runs one sample through the simulator, with the values that training has come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pygenn_lite.declaration.network import Network
from pygenn_lite.training.data.step_spikes import steps_in_trial

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result


def run_sample(
    network: Network, source: str, data: Any, duration: float, options: Mapping[str, Any]
) -> Result:
    """Simulate one sample.

    Parameters
    ----------
    network : Network
        What it records is recorded; without that, all spikes.
    source : str
        The spike source that replays the sample.
    data : SpikeDataset
        Of one sample.
    duration : float
        ms.
    options : mapping
        Of ``network.compile``.
    """
    chosen = network.copy()
    if not chosen.recordings:
        for population in chosen.populations.values():
            chosen.record(population.spikes)
    simulation = chosen.compile(**options)
    simulation[source].replay(data.tensor(chosen.dt), 0)
    steps = steps_in_trial(duration, chosen.dt)  # those of the training
    result: Result = simulation.run(steps * chosen.dt, progress=False)
    return result
