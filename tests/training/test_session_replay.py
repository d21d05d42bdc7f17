"""Gradients from given spikes of populations with a model: states and resets follow from these."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training_networks import STEPS, layers, samples

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training import losses

COUNT = 6


def _session(**options: Any) -> TrainingSession:
    given = {
        "loss": losses.CrossEntropy("out.V"), "steps": STEPS, "batch": COUNT,
        "precision": "float64", "replayed": ["hidden"], **options,
    }  # fmt: skip
    return TrainingSession(layers(), **given)


def _recorded(net: pg.Network) -> np.ndarray:
    """Spikes of the hidden layer in a simulation, [samples, steps, neurons]."""
    net = net.copy()
    net.record(net.populations["hidden"].spikes)
    simulation = net.compile(threads=1, precision="float64")
    found = np.zeros((COUNT, STEPS + 1, 12), np.uint8)
    tensor = pg.SpikeTensor.dense(samples(COUNT).array, 1.0)
    for k in range(COUNT):
        simulation.reset()
        simulation["source"].replay(tensor, k)
        spikes = simulation.run(float(STEPS)).spikes["hidden"]
        found[k, np.rint(spikes.times).astype(int), spikes.indices] = 1
    return found[:, :STEPS]


@pytest.fixture(scope="module")
def session() -> TrainingSession:
    return _session()


@pytest.fixture(scope="module")
def recorded(session: TrainingSession) -> np.ndarray:
    return _recorded(session.network)


def test_own_spikes_replayed_give_the_same_gradients(session, recorded):
    source = pg.data.from_dense(samples(COUNT).array, 1.0, labels=samples(COUNT).labels)
    free = _session(replayed=())
    wanted = free.run(free.stage(source))
    found = session.run(session.stage({"source": source, "hidden": recorded}))
    np.testing.assert_array_equal(found.losses, wanted.losses)
    np.testing.assert_array_equal(found.spikes["hidden"], recorded.sum((0, 1)))
    for path in session.gradients:
        gradient = session.gradients[path]
        assert np.any(gradient != 0)
        np.testing.assert_array_equal(gradient, free.gradients[path])


def test_other_spikes_come_whatever_thresholds_do(session, recorded):
    array = samples(COUNT).array
    source = pg.data.from_dense(array, 1.0, labels=samples(COUNT).labels)
    moved = np.roll(recorded, 1, axis=1)
    moved[:, 0] = 0
    outcome = session.run(session.stage({"source": source, "hidden": moved}))
    np.testing.assert_array_equal(outcome.spikes["hidden"], moved.sum((0, 1)))
    silent = session.run(session.stage({"source": source, "hidden": np.zeros_like(moved)}))
    np.testing.assert_array_equal(silent.spikes["hidden"], 0)
    np.testing.assert_allclose(silent.losses, np.log(3.0), rtol=1e-12)  # nothing reaches the output


def test_spikes_of_replayed_populations_have_to_be_given(session):
    with pytest.raises(ArgumentError, match="no data for the spike source 'hidden'"):
        session.stage({"source": samples(COUNT)})
    with pytest.raises(ArgumentError, match="not a population with a model"):
        _session(replayed=["source"])


def test_given_spikes_below_the_threshold_come_at_the_ends_of_their_steps():
    """Where nothing crosses it, and the potential even falls, there is no place within the step."""
    net = layers().with_values({"populations.hidden.initial.V": -55.0})
    loss = losses.SpikeTimeMeanSquare("hidden")
    made = TrainingSession(
        net, loss=loss, steps=STEPS, batch=COUNT, replayed=["hidden"], precision="float64",
        trainable="groups.w_in.weight",
    )  # fmt: skip
    given = np.zeros((COUNT, STEPS, 12), np.uint8)
    given[:, 3] = 1
    silent = np.zeros((COUNT, STEPS, 9), np.uint8)
    data = pg.data.from_dense(silent, 1.0, targets=np.full((COUNT, 12), 3.0))
    outcome = made.run(made.stage({"source": data, "hidden": given}))
    np.testing.assert_allclose(outcome.outputs, 3.0)
    assert np.all(np.isfinite(made.gradients["groups.w_in.weight"]))
