"""Dropout: a trial that is trained does without some neurons of a group's source, another one
without others; what is only evaluated, and what is simulated, has all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training_networks import STEPS, layers, samples

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.training.session import TrainingSession

LOSS = pg.losses.CrossEntropy("out.V")
WEIGHT = "groups.w_in.weight"


def _session(net: pg.Network | None = None, **options: Any) -> TrainingSession:
    given = {"loss": LOSS, "steps": STEPS, "batch": 20, "precision": "float64", **options}
    return TrainingSession(net or layers(), **given)


def _left_out(session: TrainingSession, data: Any, sample: int, epoch: int = 0) -> Any:
    """Neurons of the source whose weights get no gradient of a sample."""
    session.run(data, [sample], epoch=epoch)
    return np.flatnonzero(np.abs(session.gradients[WEIGHT]).sum(axis=1) == 0)


def test_other_neurons_are_left_out_of_each_sample_and_epoch():
    session = _session(dropout={"w_in": 0.4})
    data = session.stage(samples())
    found = [tuple(_left_out(session, data, k, epoch)) for k in range(10) for epoch in range(2)]
    assert len(set(found)) > 10
    assert 0.2 < np.mean([len(each) for each in found]) / 9 < 0.6
    assert tuple(_left_out(session, data, 3, 1)) == found[7]


def test_a_trial_with_dropout_is_that_of_a_network_without_these_neurons():
    session = _session(dropout={"w_in": 0.4})
    data = session.stage(samples())
    sample = next(k for k in range(60) if 0 < len(_left_out(session, data, k)) < 6)
    left_out = _left_out(session, data, sample)
    gradient = session.gradients[WEIGHT]
    weights = session.parameters[WEIGHT] / 0.6
    weights[left_out] = 0.0
    other = _session()
    other.set(WEIGHT, weights)
    expected = session.run(data, [sample])
    found = other.run(other.stage(samples()), [sample])
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-12)
    kept = np.setdiff1d(np.arange(9), left_out)
    np.testing.assert_allclose(0.6 * gradient[kept], other.gradients[WEIGHT][kept], rtol=1e-9)


def test_evaluations_leave_nothing_out():
    session, plain = _session(dropout={"*": 0.5}), _session()
    data = session.stage(samples())
    expected = plain.run(plain.stage(samples()), train=False).losses
    assert np.array_equal(session.run(data, train=False).losses, expected)
    assert not np.array_equal(session.run(data).losses, expected)
    assert np.array_equal(session.run(data, train=False).losses, expected)


def test_rooms_that_grow_in_an_evaluation_leave_room_for_dropout():
    many = layers(weight=pg.Normal(2500.0, 1200.0))  # more than four spikes of a neuron
    session, other = (_session(many, dropout={"w_out": 0.3}) for _ in range(2))
    data = session.stage(samples())
    assert session.run(data, train=False).spikes["hidden"].sum() > 4 * 12 * 60
    again = other.run(other.stage(samples()))
    assert np.array_equal(session.run(data).losses, again.losses)


@pytest.mark.parametrize("changes", [{}, {"delay": pg.Uniform(1.0, 6.0)}])
def test_dropout_does_not_depend_on_threads_and_trains(changes):
    made = [
        _session(layers(**changes), dropout={"w_out": 0.2, "w_in": 0.1}, threads=threads,
                 optimiser=pg.optimisers.Adam(5.0))
        for threads in (1, 3)
    ]  # fmt: skip
    for session in made:
        data = session.stage(samples())
        losses = [session.run(data, epoch=epoch).loss for epoch in range(30)]
        assert np.mean(losses[-5:]) < losses[0]
    assert np.array_equal(made[0].parameters[WEIGHT], made[1].parameters[WEIGHT])


def test_a_card_leaves_out_the_same_neurons():
    on_card = _session(dropout={"w_in": 0.4}, backend="cuda", driver="emulator")
    session = _session(dropout={"w_in": 0.4}, backend="cpp")
    for train in (True, False, True):
        found = [made.run(made.stage(samples()), np.arange(8), train=train, epoch=2)
                 for made in (session, on_card)]  # fmt: skip
        assert np.array_equal(found[0].losses, found[1].losses)


@pytest.mark.parametrize(
    ("dropout", "message"),
    [
        (0.2, r"dropout = 0.2(?s:.)*dropout=\{"),
        ({"w_inn": 0.2}, "no synapse group 'w_inn'; did you mean 'w_in'"),
        ({"w_in": 1.0}, "w_in = 1.0"),
        ({"w_in": -0.1}, "from 0 to below 1"),
        ({"w_in": "much"}, "w_in = 'much'"),
    ],
)
def test_what_is_no_dropout_is_told(dropout, message):
    with pytest.raises(ArgumentError, match=message):
        _session(dropout=dropout)


def test_a_trainer_draws_anew_in_each_epoch():
    trainer = pg.Trainer(
        layers(), LOSS, pg.optimisers.SGD(0.0), batch=20, dropout={"w_in": 0.3}, duration=STEPS
    )
    spikes = samples()
    history = trainer.fit((spikes.array, spikes.labels), epochs=2, progress=False)
    assert history["loss"][0] != history["loss"][1]
    found = trainer.evaluate((spikes.array, spikes.labels)).loss
    assert (
        found
        == pg.Trainer(layers(), LOSS, duration=STEPS).evaluate((spikes.array, spikes.labels)).loss
    )
