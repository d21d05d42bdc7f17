"""Exact gradients through spikes, from a hand-written extension, on every backend."""

from __future__ import annotations

import numpy as np
import pytest
from eventprop_by_hand import eventprop, network
from helpers_programs import compiled

pytestmark = pytest.mark.schedules("gradients")

GOALS = dict(goals=np.array([[3.0, -2.0, 1.0]]))


def value(sim, name, owner=""):
    return sim._device.programs.read(0, owner, name)


def loss(sim):
    sim._run_schedule("loss", GOALS)
    return float(value(sim, "loss"))


def gradients(sim):
    sim._run_schedule("gradient", GOALS)
    return [value(sim, "gradient", group) for group in ("w_in", "w_out")]


def by_differences(sim, group, which, step=1e-6):
    """Central differences of the loss by some weights."""
    programs, found = sim._device.programs, []
    weight = programs.read(0, group, "weight").astype(float)
    for k in which:
        both = []
        for sign in (1, -1):
            changed = weight.copy()
            changed[k] += sign * step
            programs.write(0, group, "weight", changed)
            both.append(loss(sim))
        found.append((both[0] - both[1]) / (2 * step))
    programs.write(0, group, "weight", weight)
    return np.array(found)


def test_gradients_are_those_of_central_differences(backend):
    n = 70 if backend == "cpp" else 12
    sim = compiled(network(n_hidden=n), eventprop(), backend)
    w_in, w_out = gradients(sim)
    spikes = sim._device.instances[0].spike_totals()
    assert spikes[1] > 2 * n  # of the hidden population
    picked = np.flatnonzero(w_in)[:: max(1, n // 4)][:12]
    for group, found, which in (
        ("w_in", w_in, picked),
        ("w_out", w_out, range(0, len(w_out), n // 2)),
    ):
        which = list(which)
        expected = by_differences(sim, group, which)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found[which], expected, rtol=1e-6, atol=1e-7 * scale)


def test_gradients_are_the_same_bits_on_any_number_of_threads_and_to_rounding_on_any_backend():
    found = {}
    for backend, threads in (("cpp", 1), ("cpp", 2), ("reference", 1)):
        sim = compiled(network(), eventprop(), backend, threads=threads)
        found[backend, threads] = [*gradients(sim), float(value(sim, "loss"))]
    for one, other in zip(found["cpp", 1], found["cpp", 2], strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(found["cpp", 1], found["reference", 1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)


def test_a_schedule_descends_until_the_loss_is_small(backend):
    """One call: epochs of forward, backward and a step of descent."""
    sim = compiled(network(n_hidden=12), eventprop(), backend)
    before = loss(sim)
    walker = sim._run_schedule("descent", GOALS)
    after = loss(sim)
    assert before > 1.0 and after < 0.01
    assert walker.passes["epochs"] < 200


BATCH = np.random.default_rng(2).normal(0.0, 3.0, (4, 3))


def batch_gradients(backend, threads, **instances):
    """Of two passes over two instances each: sums over the four samples."""
    net = network(n_hidden=12)
    sim = compiled(net, eventprop(), backend, threads=threads, instances=2, **instances)
    sim._run_schedule("batch", dict(goals=BATCH))
    programs = sim._device.programs
    return [[programs.read(k, g, "gradient") for g in ("w_in", "w_out")] for k in (0, 1)]


@pytest.mark.parametrize("connectivity", ["own", "shared"])
def test_the_gradient_of_a_batch_is_the_sum_over_its_samples(backend, connectivity):
    """Samples are dealt out to instances; gradients are added in the order of instances."""
    total = [0.0, 0.0]
    single = compiled(network(n_hidden=12), eventprop(), backend)
    for goal in BATCH:
        single._run_schedule("gradient", dict(goals=goal[None]))
        for k, group in enumerate(("w_in", "w_out")):
            total[k] = total[k] + single._device.programs.read(0, group, "gradient")
    seeds = {} if connectivity == "shared" else {"seeds": [5, 5]}
    for threads in (1, 2, 4) if backend == "cpp" else (1,):
        first, second = batch_gradients(backend, threads, connectivity=connectivity, **seeds)
        for found, expected in zip(first, total, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
        assert not any(np.any(values) for values in second)


def test_instances_that_share_their_weights_descend_together():
    """Static and plastic groups alike have the same weights everywhere, on every backend."""
    found = []
    for backend, threads in (("cpp", 1), ("cpp", 2), ("reference", 1)):
        shared = dict(instances=2, connectivity="shared")
        sim = compiled(network(n_hidden=12), eventprop(), backend, threads=threads, **shared)
        before = sim._device.programs.read(0, "w_in", "weight")
        sim._run_schedule("epochs", dict(goals=BATCH))
        weights = [sim._device.programs.read(k, "w_in", "weight") for k in (0, 1)]
        assert np.any(weights[0] != before)
        np.testing.assert_array_equal(weights[0], weights[1])
        found.append(weights[0])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_allclose(found[0], found[2], rtol=1e-9)


def test_single_precision_gives_the_same_gradients_to_its_rounding(backend):
    found = []
    for precision in ("float32", "float64"):
        sim = compiled(network(n_hidden=12), eventprop(), backend, precision=precision)
        found.append(gradients(sim))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3 * np.abs(other).max())


def test_a_gradient_may_be_weighted(backend):
    """As those of delays are: each term times the weight of its synapse."""
    sim = compiled(network(n_hidden=12), eventprop(), backend)
    gradient, _ = gradients(sim)
    weight = sim._device.programs.read(0, "w_in", "weight")
    found = value(sim, "weighted", "w_in")
    np.testing.assert_allclose(found, weight * gradient, rtol=1e-10)
