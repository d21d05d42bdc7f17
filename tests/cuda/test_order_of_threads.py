"""A card runs its threads in any order: what kernels compute does not depend on it. The emulated
card runs the last first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.cuda import drivers
from pygenn_lite.runtime.cuda.choosing_plan import KNOWN
from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver

DURATION = 30.0  # ms


def driven() -> pg.Network:
    """Poisson input, delays, two populations that excite and inhibit each other, noise."""
    net = pg.Network(dt=0.1, seed=3)
    e = net.population("e", 70, pg.LIF(), initial={"V": pg.Uniform(-65.0, -50.0)})
    i = net.population("i", 20, pg.LIF(), initial={"V": pg.Uniform(-65.0, -50.0)})
    net.poisson(e, rate=8000.0, weight=60.0, synapse=pg.ExponentialCurrent(2.0))
    for source, target, weight in ((e, i, 60.0), (e, e, 20.0), (i, e, -80.0)):
        net.connect(
            source, target, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.3), weight=weight,
            delay=pg.Uniform(0.1, 2.0),
        )  # fmt: skip
    net.record(e.spikes, i.spikes, e["V"][:5])
    return net


def plastic() -> pg.Network:
    """Weights that spikes of both sides change."""
    net = pg.Network(dt=0.5, seed=4)
    cells = net.population("e", 60, pg.Izhikevich())
    net.poisson(cells, rate=3000.0, weight=10.0, synapse=pg.ExponentialCurrent(2.0))
    net.connect(cells, cells, pg.PairSTDP(w_max=1.0), pg.FixedProbability(0.3), weight=0.5)
    net.record(cells.spikes, cells["V"][:5])
    return net


def result_of(network: pg.Network, plan: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    sim = network.compile("cuda", driver="emulator", plan=plan)
    result = sim.run(DURATION)
    values = [result.traces["e"]["V"].values]
    values += [sim[name]["weight"] for name in network.groups]
    spikes = [result.spikes[name] for name in network.populations if name in result.spikes]
    return [a for s in spikes for a in (s.times, s.indices)], values


@pytest.mark.parametrize("plan", list(KNOWN))
@pytest.mark.parametrize("make", [driven, plastic])
def test_results_do_not_depend_on_the_order_of_threads(
    make: Callable[[], pg.Network], plan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        forwards = result_of(make(), plan)
    except UnsupportedFeatureError as error:
        pytest.skip(f"not of this plan: {error}")
    opened = []

    def backwards(name: str, device: int) -> EmulatorDriver:
        opened.append(EmulatorDriver(device, backwards=True))
        return opened[-1]

    monkeypatch.setattr(drivers, "open_driver", backwards)
    for ours, theirs in zip(result_of(make(), plan), forwards, strict=True):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert one.size > 5 and np.array_equal(one, other)
    assert opened
