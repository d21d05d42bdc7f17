"""Layers of all kinds are trained: shared weights of convolutions, pooling, sparse and recurrent
connectivity, delays; gradients are differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training import losses, optimisers

STEPS, COUNT = 30, 6
PSC = pg.ExponentialCurrent(5.0)


def convolution(shared: bool = True) -> pg.Network:
    """An image, four maps of a convolution, their sums over windows, and a read-out."""
    net = pg.Network(dt=1.0, seed=4)
    image = net.spike_source("image", (1, 6, 6), [], [])
    maps = net.population("maps", (2, 4, 4), pg.LIF())
    pooled = net.population("pooled", (2, 2, 2), pg.LIF())
    out = net.population("out", 2, pg.LIF(V_th=1e6))
    kernel = np.random.default_rng(0).normal(300.0, 150.0, (2, 1, 3, 3))
    net.connect(image, maps, PSC, pg.Convolution(3, shared=shared), weight=kernel, name="conv")
    net.connect(maps, pooled, PSC, pg.Pooling(2), weight=400.0, name="pool")
    net.connect(pooled, out, PSC, pg.AllToAll(), weight=pg.Normal(0.0, 60.0), name="w_out")
    return net


def recurrent() -> pg.Network:
    """Sparse input, recurrence with delays of its own, a connection past the hidden layer."""
    net = pg.Network(dt=1.0, seed=4)
    image = net.spike_source("image", 36, [], [])
    hidden = net.population("hidden", 10, pg.LIF(tau=pg.Uniform(8.0, 15.0)))
    out = net.population("out", 2, pg.LIF(V_th=1e6))
    net.connect(
        image, hidden, PSC, pg.FixedInDegree(8), weight=pg.Normal(300.0, 150.0), name="w_in"
    )
    net.connect(
        hidden, hidden, PSC, pg.FixedProbability(0.4), name="loop",
        weight=pg.Normal(0.0, 100.0), delay=pg.Uniform(1.0, 6.0),
    )  # fmt: skip
    net.connect(hidden, out, PSC, pg.AllToAll(), weight=pg.Normal(0.0, 60.0), name="w_out")
    net.connect(image, out, PSC, pg.FixedProbability(0.5), weight=2.0, delay=4.0, name="skip")
    return net


NETWORKS: dict[str, Callable[[], pg.Network]] = {"convolution": convolution, "recurrent": recurrent}


def _array() -> Any:
    return (np.random.default_rng(1).random((COUNT, STEPS, 36)) < 0.06).astype(np.uint8)


@pytest.fixture(scope="module", params=NETWORKS)
def session(request: pytest.FixtureRequest) -> TrainingSession:
    return TrainingSession(
        NETWORKS[request.param](), loss=losses.CrossEntropy("out.V"), steps=STEPS, batch=COUNT,
        precision="float64", optimiser=optimisers.Adam(3.0),
    )  # fmt: skip


def _staged(session: TrainingSession) -> Any:
    labels = np.arange(COUNT) % 2
    array = _array().reshape(COUNT, STEPS, -1)
    return session.stage(pg.data.from_dense(array, 1.0, labels=labels))


def test_spikes_are_those_of_the_simulation(session):
    outcome = session.run(_staged(session), train=False)
    net = session.trained_network()
    names = [name for name in outcome.spikes if name != "out"]
    for name in names:
        net.record(net.populations[name].spikes)
    simulation = net.compile(threads=1, precision="float64")
    tensor = pg.SpikeTensor.dense(_array(), 1.0)
    for k in range(COUNT):
        simulation.reset()
        simulation["image"].replay(tensor, k)
        result = simulation.run(float(STEPS))
        for name in names:
            assert len(result.spikes[name].times) == outcome.spikes_per_sample[name][k]
    assert all(outcome.spikes[name].sum() > 0 for name in names)


def test_gradients_of_the_read_out_are_differences(session):
    """Where a change moves no spike."""
    data = _staged(session)
    session.run(data, rates=[0.0])
    gradients = {path: session.gradients[path] for path in session.parameters}
    for path in set(gradients) & {"groups.w_out.weight", "groups.skip.weight"}:
        value = session.parameters[path]
        for place in range(0, value.size, max(1, value.size // 4)):
            moved = value.copy()
            moved.flat[place] += 1e-3
            session.set(path, moved)
            after = session.run(data, train=False).loss
            moved.flat[place] -= 2e-3
            session.set(path, moved)
            before = session.run(data, train=False).loss
            session.set(path, value)
            measured = (after - before) / 2e-3
            assert gradients[path].flat[place] == pytest.approx(measured, rel=1e-5, abs=1e-11)


def test_training_lowers_the_loss_and_goes_back_into_the_network(session):
    data, start = _staged(session), session.state()
    before = session.run(data, train=False)
    for _ in range(60):
        session.run(data)
    after = session.run(data, train=False)
    assert after.loss < 0.7 * before.loss
    trained = session.trained_network()
    again = TrainingSession(
        trained, loss=losses.CrossEntropy("out.V"), steps=STEPS, batch=COUNT,
        precision="float64", optimiser=optimisers.Adam(3.0),
    )  # fmt: skip
    np.testing.assert_array_equal(again.run(_staged(again), train=False).losses, after.losses)
    session.restore(start)


def test_delays_of_a_convolution_are_refused_and_those_of_a_locally_connected_layer_trained():
    """Each synapse has a delay of its own, more than there are weights."""
    options = dict(
        loss=losses.CrossEntropy("out.V"), steps=STEPS, batch=COUNT, trainable="groups.conv.delay"
    )
    with pytest.raises(pg.errors.ArgumentError, match="delays of a convolution are not trained"):
        TrainingSession(convolution(), **options)
    made = TrainingSession(convolution(shared=False), **options)
    made.run(_staged(made))
    assert made.gradients["groups.conv.delay"].shape == (2 * 16 * 9,)
    assert np.any(made.gradients["groups.conv.delay"] != 0)
