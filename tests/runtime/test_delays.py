"""Delays that only drawing can tell."""

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import NetworkError

pytestmark = pytest.mark.usefixtures("backend")


def connected(delay, dt, **options):
    net = pg.Network(dt=dt, seed=1)
    a = net.population("a", 200, pg.LIF())
    net.connect(a, a, pg.Delta(), pg.FixedProbability(0.5), delay=delay, name="drawn", **options)
    return net


@pytest.mark.parametrize(
    "delay", [pg.Exponential(100.0), pg.Normal(600.0, 20.0), pg.LogNormal(4.6, 1.5)]
)
def test_a_drawn_delay_that_is_too_long_is_refused_and_not_cut(delay):
    with pytest.raises(NetworkError, match=r"'drawn'.*\n.*hint.*larger dt") as caught:
        connected(delay, 0.01).compile()
    assert "65,000 steps" in str(caught.value)


def test_a_drawn_delay_within_the_limit_is_kept():
    sim = connected(pg.Exponential(5000.0), 1.0).compile()
    delays = sim["drawn"].connections().delay
    assert np.mean(delays) == pytest.approx(5000.0, rel=0.03)
    assert np.max(delays) > 40_000.0


@pytest.mark.parametrize("storage", ["auto", "procedural"])
def test_a_truncated_distribution_without_spread_keeps_to_its_limits(storage):
    low = connected(pg.TruncatedNormal(1.0, 0.0, low=2.0), 0.1, storage=storage)
    assert set(low.compile()["drawn"].connections().delay) == {2.0}
    high = connected(pg.TruncatedNormal(9.0, 0.0, high=2.0), 0.1, storage=storage)
    assert set(high.compile()["drawn"].connections().delay) == {2.0}
    net = connected(1.0, 0.1, weight=pg.TruncatedNormal(1.0, 0.0, low=2.0), storage=storage)
    assert set(net.compile()["drawn"].connections().weight) == {2.0}


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("delay", [1, 2, 3])
@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("saved", [False, True])
def test_a_value_that_is_set_leaves_what_was_sent_before(delay, before, saved, tmp_path):
    """A variable of a source is set at t: what left earlier (before 0: the initial value) arrives
    unchanged, what leaves from t on is the new one; a checkpoint holds the same."""
    net = pg.Network(dt=1.0)
    source = net.population("source", 1, pg.NeuronModel("dr/dt = 1", initial=dict(r=1.0)))
    target = net.population("target", 1, pg.NeuronModel(update="r = I"))
    net.connect(source, target, pg.RateSynapse(), pg.AllToAll(), weight=1.0, delay=float(delay))
    net.record(target["r"])
    sim = net.compile(precision="float64")
    seen = list(sim.run(before).traces["target"]["r"].values[:, 0]) if before else []
    sim["source"]["r"] = 50.0
    if saved:
        sim.save(tmp_path / "checkpoint")
        sim = net.compile(precision="float64")
        sim.restore(tmp_path / "checkpoint")
    seen += list(sim.run(7.0 - before).traces["target"]["r"].values[:, 0])
    sent = [1.0] * 10 + [1.0, 2.0][:before] + [50.0 + k for k in range(7 - before)]
    assert seen == [0.0, *sent[11 - delay : 17 - delay]]
