"""Trainings of networks with several spike sources: the data are for one, the others replay what
they were declared with, in each sample, as in the simulator."""

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError
from pygenn_lite.training.bridges.array_layer import ArrayLayer

DATA = pg.data.yin_yang(40, seed=1)
TIMES, NEURONS = [2.0, 2.0, 11.0, 29.0, 31.0, 80.0], [0, 2, 1, 0, 2, 1]


def network(times=TIMES, neurons=NEURONS):
    net = pg.Network(dt=1.0, seed=1)
    spiking = pg.NeuronModel("dV/dt = (I - V)/20", threshold="V > 1", reset="V = 0")
    points = net.spike_source("points", 5, [], [])
    clock = net.spike_source("clock", 3, times, neurons)
    hidden = net.population("hidden", 20, spiking)
    out = net.population("out", 3, pg.NeuronModel("dV/dt = (I - V)/20"))
    psc = pg.ExponentialCurrent(5.0)
    net.connect(points, hidden, psc, pg.AllToAll(), weight=pg.Normal(1.5, 1.0), name="w_in")
    net.connect(clock, hidden, psc, pg.AllToAll(), weight=pg.Normal(2.0, 1.0), name="w_clock")
    net.connect(hidden, out, psc, pg.AllToAll(), weight=pg.Normal(0.0, 0.3), name="w_out")
    return net


def trainer(net=None, **options):
    options = {"input": "points", "batch": 10, "threads": 1, "precision": "float64", **options}
    return pg.Trainer(net or network(), pg.losses.CrossEntropy("out.V"), **options)


def test_a_trial_has_the_spikes_of_the_simulation():
    made = trainer()
    for sample in (0, 7):
        rates = made.evaluate(DATA[[sample]]).rates
        result = made.result(DATA, sample, precision="float64", threads=1)
        assert result.spikes["clock"].times.tolist() == [2.0, 2.0, 11.0, 29.0]
        expected = len(result.spikes["hidden"]) / 20 / 30e-3
        assert rates["hidden"] == pytest.approx(expected)
        assert expected > 0
    silent = trainer(network([], [])).evaluate(DATA[[0]]).rates["hidden"]
    assert silent < made.evaluate(DATA[[0]]).rates["hidden"]


def test_weights_of_all_sources_are_trained():
    made = trainer()
    made.fit(DATA, epochs=2, validation=0.2, augment=pg.data.Jitter(0.1), progress=False)
    before = network().compile(threads=1)["w_clock"].connections().weight.reshape(3, 20)
    assert np.all(np.abs(made.parameters["groups.w_clock.weight"] - before).max(axis=1) > 0)


def test_a_layer_of_a_framework_has_the_others_spikes_as_well():
    x = DATA.dense(1.0)[:4]
    found = []
    for net in (network(), network([], [])):
        layer = ArrayLayer(net, ("hidden.spikes", "out.V"), "points", {})
        found.append(layer.forward(layer.parameters, x)[1]["hidden.spikes"].sum())
    assert found[0] > found[1]


def test_which_source_is_meant_has_to_be_said():
    with pytest.raises(ArgumentError, match="2 spike sources: points, clock"):
        trainer(input=None)


def test_a_checkpoint_that_does_not_fit_leaves_the_trainer_as_it_was(tmp_path):
    made = trainer()
    made.fit(DATA, epochs=1, checkpoint=tmp_path / "c.npz", progress=False)
    other = trainer(network().with_values({"populations.hidden.size": 21}))
    with pytest.raises(pg.errors.CheckpointError):
        other.load(tmp_path / "c.npz")
    assert other._state is None
    with pytest.raises(pg.errors.CheckpointError):
        made.load(tmp_path / "none.npz")
    assert made.epochs == 1


def test_what_a_callback_returns_need_not_be_true_or_false():
    made = trainer()
    answers = [np.zeros(2), "text", np.True_]
    made.fit(DATA, epochs=5, callbacks=lambda row: answers.pop(0), progress=False)
    assert made.epochs == 3


def test_what_is_no_dataset_is_told_where_it_is_given():
    with pytest.raises(ArgumentError, match="augmentation 0 gives None, not a dataset"):
        trainer().fit(DATA, epochs=1, augment=lambda data, epoch, seed: None)
    loss = pg.losses.CrossEntropy("out.V")
    for given in ({"train": (DATA.dense(1.0), DATA.labels)}, {"train": DATA, "test": "t.npz"}):
        with pytest.raises(ArgumentError, match="is not a dataset"):
            pg.TrainingTask(network(), loss, **given)
