"""Spike sources replay samples of a tensor, each instance its own, chosen anew between runs."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, DeclarationError, ShapeError

pytestmark = pytest.mark.usefixtures("backend")

TRAINS = [
    ([0.0, 1.0, 2.0], [0, 1, 0]),
    ([], []),
    ([0.5, 0.5, 4.0, 7.5], [2, 0, 1, 1]),
]


def tensor():
    return pg.SpikeTensor(TRAINS, size=3)


def network(train=([], []), *, plastic=False):
    net = pg.Network(dt=0.1, seed=1)
    source = net.spike_source("source", 3, *train)
    cells = net.population("cells", 4, pg.LIF())
    current = pg.ExponentialCurrent(5.0)
    synapse = pg.PairSTDP(current, w_max=1000.0) if plastic else current
    net.connect(source, cells, synapse, pg.AllToAll(), weight=800.0, delay=0.5, name="in")
    net.record(source.spikes, cells.spikes, cells["V"])
    return net


def assert_same(one, other):
    for population in ("source", "cells"):
        assert np.array_equal(one.spikes[population].steps, other.spikes[population].steps)
        assert np.array_equal(one.spikes[population].indices, other.spikes[population].indices)
    assert np.array_equal(one.traces["cells"]["V"].values, other.traces["cells"]["V"].values)


@pytest.mark.parametrize("plastic", [False, True])
def test_a_sample_is_replayed_like_a_declared_train(backend, plastic):
    sim = network(plastic=plastic).compile(backend)
    for sample in (2, 0, 1, 2):
        sim.reset()
        sim["source"].replay(tensor(), sample)
        declared = network(TRAINS[sample], plastic=plastic).compile(backend)
        result = sim.run(20.0, keep_weights=True)
        expected = declared.run(20.0, keep_weights=True)
        assert_same(result, expected)
        assert len(result.spikes["source"]) == len(TRAINS[sample][0])
        for group, weights in expected.weights.items():
            assert np.array_equal(result.weights[group], weights)


def test_each_instance_has_a_sample_of_its_own(backend):
    sim = network().compile(backend, instances=4)
    for samples in ([2, 0, 1, 2], [1, 1, 0, 2]):
        sim.reset()
        sim["source"].replay(tensor(), samples)
        for result, sample in zip(sim.run(10.0), samples, strict=True):
            assert_same(result, network(TRAINS[sample]).compile(backend).run(10.0))
    sim["source"].replay(tensor(), 0)  # all the same
    assert {len(result.spikes["source"]) for result in sim.run(10.0)} == {3}


def test_a_sample_begins_when_it_is_given_and_reset_puts_the_declared_train_back(backend):
    sim = network(([3.0, 12.0], [1, 1])).compile(backend)
    sim.run(10.0)
    sim["source"].replay(tensor(), 2)
    steps = sim.run(10.0).spikes["source"].steps
    assert steps.tolist() == [105, 105, 140, 175]  # and not the declared one at 12 ms
    sim["source"].replay(tensor(), 0)
    assert sim.run(10.0).spikes["source"].steps.tolist() == [201, 210, 220]  # 200 is over
    sim.reset()
    assert sim.run(20.0).spikes["source"].steps.tolist() == [30, 120]
    sim.reset(99)  # another engine
    assert sim.run(20.0).spikes["source"].steps.tolist() == [30, 120]


def test_a_checkpoint_knows_the_sample(backend, tmp_path):
    sim = network().compile(backend, instances=2)
    sim["source"].replay(tensor(), [2, 1])
    sim.run(3.0)
    sim.save(tmp_path / "half.npz")
    rest = sim.run(10.0)
    other = network().compile(backend, instances=2)
    other["source"].replay(tensor(), 0)
    other.restore(tmp_path / "half.npz")
    for result, expected in zip(other.run(10.0), rest, strict=True):
        assert_same(result, expected)
    assert len(rest[0].spikes["source"]) == 2 and not len(rest[1].spikes["source"])
    fresh = network().compile(backend, instances=2)
    fresh.save(tmp_path / "none.npz")
    other.restore(tmp_path / "none.npz")
    assert not len(other.run(10.0)[0].spikes["source"])


def test_dense_and_ragged_tensors_are_the_same():
    dense = np.zeros((3, 80, 3), np.uint8)
    for sample, (times, indices) in enumerate(TRAINS):
        dense[sample, np.round(np.array(times) * 10).astype(int), indices] = 1
    for sample in range(3):
        for a, b in zip(
            pg.SpikeTensor.dense(dense, 0.1).train(sample, 0.1),
            tensor().train(sample, 0.1),
            strict=True,
        ):
            assert np.array_equal(a, b)
    assert repr(tensor()) == "<SpikeTensor: 3 samples of 3 neurons, 7 spikes>"
    assert [tensor().spikes(k) for k in range(3)] == [3, 0, 4]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: pg.SpikeTensor([], 3), ShapeError, "no sample"),
        (lambda: pg.SpikeTensor([[1.0]], 3), ShapeError, "sample 0: a sample is a pair"),
        (lambda: pg.SpikeTensor([([], []), ([1.0], [3])], 3), DeclarationError, "sample 1"),
        (lambda: pg.SpikeTensor([([-1.0], [0])], 3), DeclarationError, "not negative"),
        (lambda: pg.SpikeTensor.dense(np.zeros((3, 4)), 0.1), ShapeError, "(samples, steps, neu"),
        (lambda: pg.SpikeTensor.dense(np.full((1, 2, 3), 2), 0.1), ShapeError, "neither 0 nor 1"),
        (
            lambda: pg.SpikeTensor([([1.0, 1.04], [0, 0])], 3).train(0, 0.1),
            ShapeError,
            "neuron 0 spikes twice in a step of 0.1 ms",
        ),
    ],
)
def test_a_tensor_that_makes_no_sense_is_refused(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert message in str(caught.value)


def test_what_cannot_be_replayed_is_refused():
    sim, many = network().compile(), network().compile(instances=2)
    with pytest.raises(ArgumentError, match="no sample 3"):
        sim["source"].replay(tensor(), 3)
    with pytest.raises(ArgumentError, match="'cells' is not a spike source"):
        sim["cells"].replay(tensor(), 0)
    with pytest.raises(ArgumentError, match="a tensor of 2 neurons for a source of 3"):
        sim["source"].replay(pg.SpikeTensor([([], [])], 2), 0)
    with pytest.raises(ArgumentError, match="list is not a SpikeTensor"):
        sim["source"].replay(TRAINS, 0)
    with pytest.raises(ShapeError, match="for 2 instances"):
        many["source"].replay(tensor(), [0, 1, 2])
    twice = network(([1.0, 1.0], [0, 0])).compile()
    with pytest.raises(ArgumentError, match="twice in a step"):
        twice["source"].replay(tensor(), 0)


def test_a_sample_without_spikes_ends_the_declared_train(backend):
    sim = network(([5.0, 6.0], [0, 1])).compile(backend)
    sim["source"].replay(tensor(), 1)
    assert len(sim.run(10.0).spikes["source"]) == 0


def test_spikes_at_the_beginning_of_a_sample_come_one_step_later_in_the_middle_of_a_run(backend):
    sim = network().compile(backend)
    sim.run(1.0)
    sim["source"].replay(pg.SpikeTensor([([0.0, 0.1], [2, 0])], size=3))
    found = sim.run(1.0).spikes["source"]
    assert (list(found.steps), list(found.indices)) == ([11, 11], [0, 2])
    with pytest.raises(ArgumentError, match="neuron 1 spikes at 0 and one step later"):
        sim["source"].replay(pg.SpikeTensor([([0.0, 0.1], [1, 1])], size=3))


def test_samples_are_counted_from_0():
    assert [tensor().spikes(k) for k in range(3)] == [3, 0, 4]
    for wrong in (3, -1, 0.5):
        with pytest.raises(ArgumentError, match="counted from 0 to 2"):
            tensor().spikes(wrong)


def test_what_is_not_a_list_or_an_array_is_named():
    with pytest.raises(ShapeError, match="5 is not a list of samples"):
        pg.SpikeTensor(5, size=3)
    with pytest.raises(ShapeError, match="not an array of numbers"):
        pg.SpikeTensor.dense([[[1, 0], [0]]], 0.1)
