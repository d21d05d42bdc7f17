"""Results made up without a simulation."""

import numpy as np

from pygenn_lite.runtime.results.recorded_data import (
    RecordedByName,
    Samples,
    SpikeCounts,
    SpikeTrain,
)
from pygenn_lite.runtime.results.result import Result


def made_up(sizes, rates, duration=1000.0, dt=0.1, start=0, traces=(), recorded=None):
    """A result with Poisson spikes and sine traces (``traces``: pairs of population and name)."""
    random = np.random.default_rng(1)
    steps = round(duration / dt)
    spikes, totals = {}, {}
    for name, size in sizes.items():
        count = random.poisson(size * rates[name] * duration / 1000)
        times = np.sort(random.integers(1, steps + 1, count)) + start
        spikes[name] = SpikeTrain(times, random.integers(0, size, count).astype(np.uint32), dt)
        totals[name] = np.array([0, count])
    kept = {name: train for name, train in spikes.items() if recorded is None or name in recorded}
    time = (start + np.arange(steps)) * dt
    recorded = {}
    for population, variable in traces:
        values = np.sin(time[:, None] / 20 + np.arange(3))
        recorded.setdefault(population, {})[variable] = Samples(
            time, values, np.arange(3, dtype="u4")
        )
    return Result(
        dt, start, start + steps, dict(sizes), RecordedByName(kept, "spikes"), recorded,
        SpikeCounts(np.array([start, start + steps]), totals), frozenset(kept), "made_up",
    )  # fmt: skip
