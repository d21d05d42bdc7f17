"""Spikes arrive when and where they should, in every way of storing synapses."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from engine_harness import Net, Population

from pygenn_lite.runtime.cpp import abi

QUIET = 1e5  # a threshold that nobody reaches


def jumps(library: ctypes.CDLL, lead: int, **options: Any) -> dict[tuple[int, int], float]:
    """{(step, neuron): jump} of a receptor while spikes arrive with several delays."""
    spikes = [(0, 2), (4, 0), (5, 1), (5, 2)]
    pre = [0, 0, 1, 2, 2, 2]
    post = [5, 70, 5, 130, 5, 5]
    delay = [3, 7, 3, 16, 3, 3]
    weight = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    with Net(library, min_delay=3, **options) as net:
        source = net.source(3, *zip(*spikes, strict=True))
        target = net.population(150, threshold=QUIET)
        net.static(source, target, net.store(source, target, pre, post, delay, weight), lead=lead)
        recorder = net.record(target, "acc" if lead else "g", np.arange(150))
        assert net.run(30) == 30
        steps, values = net.samples(recorder, 150)
    found: dict[tuple[int, int], float] = {}
    for row, step in enumerate(steps):
        for neuron in np.flatnonzero(values[row]):
            before = 0.0 if lead else values[row - 1, neuron] * 0.5
            if values[row, neuron] != before:
                found[int(step), int(neuron)] = float(values[row, neuron] - before)
    return found


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("lead", [0, 1])
def test_delays_are_exact(library: ctypes.CDLL, lead: int, shards: int) -> None:
    arrivals = {(0 + 3, 5): 48.0, (0 + 16, 130): 8.0, (4 + 3, 5): 1.0, (4 + 7, 70): 2.0}
    arrivals |= {(5 + 3, 5): 4.0 + 48.0, (5 + 16, 130): 8.0}
    expected = {(step - lead, neuron): jump for (step, neuron), jump in arrivals.items()}
    assert jumps(library, lead, shards=shards, threads=shards) == expected


def sums(library: ctypes.CDLL, real: Any, build: Any, shards: int = 2) -> np.ndarray:
    """g of 130 targets at the step where a burst of all 40 sources has arrived."""
    with Net(library, shards=shards, threads=shards, min_delay=2, real=real) as net:
        source = net.source(40, [1] * 40, np.arange(40))
        target = net.population(130, threshold=QUIET)
        build(net, source, target)
        recorder = net.record(target, "g", np.arange(130))
        net.run(5)
        steps, values = net.samples(recorder, 130)
        return np.asarray(values[steps == 3][0])


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("shards", [1, 2])
def test_every_storage_sums_alike(library: ctypes.CDLL, real: Any, shards: int) -> None:
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(40, 130)).astype(real)
    pre, post = np.divmod(np.arange(40 * 130), 130)
    expected = np.zeros(130, dtype=real)
    for row in matrix:
        expected += row

    def sparse(wide: bool) -> Any:
        return lambda net, s, t: net.static(
            s, t, net.store(s, t, pre, post, np.full(pre.size, 2), matrix.ravel(), wide=wide)
        )

    def dense(net: Net, s: Population, t: Population) -> None:
        net.static(s, t, net.dense_store(s, t, 2, matrix))

    def general(net: Net, s: Population, t: Population) -> None:
        store = net.store(s, t, pre, post, np.full(pre.size, 2), matrix.ravel())
        net.general(s, t, store)

    for build in (sparse(False), sparse(True), dense, general):
        np.testing.assert_array_equal(sums(library, real, build, shards), expected)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_one_weight_for_all(library: ctypes.CDLL, real: Any) -> None:
    weight = 0.3
    pre, post = np.divmod(np.arange(40 * 130), 130)

    def sparse(wide: bool) -> Any:
        return lambda net, s, t: net.static(
            s,
            t,
            net.store(s, t, pre, post, np.full(pre.size, 2), weight, weights=False, wide=wide),
        )

    def dense(net: Net, s: Population, t: Population) -> None:
        net.static(s, t, net.dense_store(s, t, 2, np.full((40, 130), weight), weights=False))

    expected = np.zeros(130, dtype=real)
    for _ in range(40):
        expected += real(weight)
    for build in (sparse(False), sparse(True), dense):
        np.testing.assert_array_equal(sums(library, real, build), expected)


@pytest.mark.parametrize("shards", [1, 3])
def test_dense_without_autapses(library: ctypes.CDLL, shards: int) -> None:
    with Net(library, shards=shards) as net:
        cells = net.source(
            150, [1, 1, 2], [3, 140, 70], update="test_update_float", threshold=QUIET
        )
        store = net.dense_store(
            cells, cells, 1, np.full((150, 150), 2.0), weights=False, autapses=False
        )
        net.static(cells, cells, store)
        recorder = net.record(cells, "g", np.arange(150))
        net.run(4)
        _, values = net.samples(recorder, 150)
    expected = np.full(150, 4.0)
    expected[[3, 140]] = 2.0
    np.testing.assert_array_equal(values[2], expected)
    expected = expected * 0.5 + 2.0
    expected[70] -= 2.0
    np.testing.assert_array_equal(values[3], expected)


def test_order_of_a_step(library: ctypes.CDLL) -> None:
    """on_pre for arrivals, on_post for own spikes, after, per-synapse dynamics, update."""
    with Net(library, shards=2, min_delay=1) as net:  # two shards on one thread
        source = net.source(3, [1, 1, 3], [0, 2, 1], after=None)
        target = net.source(130, [3, 4], [5, 100])
        follower = net.population(130, update="test_note_update", after="test_note_after")
        store = net.store(source, target, [0, 2, 2], [5, 100, 7], [2, 2, 1], 1.0)
        net.general(
            source, target, store, "test_note_on_pre", "test_note_on_post", "test_note_step"
        )
        assert follower.id == 2
        net.calls()
        net.run(5)
        calls = net.calls().tolist()
    first = [row[1:] for row in calls if row[0] == 1]
    assert sorted(first) == [[2, 7, 2, 1], [3, 5, 0, 2], [3, 100, 2, 2]]
    assert [row[1:3] for row in calls if row[0] == 2] == [[3, 5], [4, 100]]
    at_three = [row[0] for row in calls if row[1] == 3]
    # shard 0 has the spike of neuron 5, shard 1 has none
    assert at_three == [1, 2, 4, 5, 1, 4, 5]


def test_after_sees_own_spikes_once(library: ctypes.CDLL) -> None:
    with Net(library, shards=2, threads=2) as net:
        cells = net.population(130, drive=0.3, after="", threshold=1.0)
        recorder = net.record_spikes(cells)
        net.run(20)
        steps, indices = net.spikes(recorder)
        expected = np.zeros(130)
        # those at t_20 are still to come
        np.add.at(expected, indices, np.where(steps < 20, steps, 0))
        np.testing.assert_array_equal(cells.read("after"), expected)
        net.run(1)
        np.add.at(expected, indices, np.where(steps == 20, steps, 0))
        np.testing.assert_array_equal(cells.read("after"), expected)


def test_loops_that_were_not_given_are_asked_for(library: ctypes.CDLL) -> None:
    with Net(library) as net:
        source, target = net.source(1, [1], [0]), net.population(70)
        assert net.synapses.sums_set(net.handle, (abi.Sums * net.shards)()) == 0
        store = net.dense_store(source, target, 2, 0.5 * np.ones((1, 70)))
        with pytest.raises(ValueError, match="whole numbers, needs pgl_store_deliver_coded"):
            net.static(source, target, store)
