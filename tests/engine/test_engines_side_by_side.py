"""Engines that run side by side on a pool: each gives what it would give alone."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator

import numpy as np
import pytest
from engine_harness import Net, Pool, pointer
from lively import Lively, same


@contextlib.contextmanager
def instances(library: ctypes.CDLL, count: int, **options: int) -> Iterator[list[Lively]]:
    """They share their stores; what drives them differs."""
    first = Lively(library, seed=20, **options)
    with contextlib.ExitStack() as stack:
        stack.enter_context(first.net)  # left last: it frees the stores
        made = [first]
        for k in range(1, count):
            other = Lively(library, seed=20 + k, share=first, **options)
            stack.enter_context(other.net)
            made.append(other)
        yield made


def alone(library: ctypes.CDLL, seed: int, steps: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    single = Lively(library, seed=seed)
    with single.net:
        single.net.run(steps)
        return single.harvest(), single.state()


@pytest.mark.parametrize(
    ("threads", "options"),
    [(1, {}), (2, {}), (3, {}), (2, dict(threads=2, shards=2)), (1, dict(threads=1, shards=3))],
)
def test_each_gives_what_it_gives_alone(
    library: ctypes.CDLL, threads: int, options: dict[str, int]
) -> None:
    with instances(library, 5, **options) as all_of_them, Pool(library, threads) as pool:
        nets = [one.net for one in all_of_them]
        for steps in (1, 60, 139):
            assert pool.run(nets, steps) == [steps] * 5
        assert {net.step for net in nets} == {200}
        found = [(one.harvest(), one.state()) for one in all_of_them]
    for k, (spikes, state) in enumerate(found):
        expected = alone(library, 20 + k, 200)
        same(spikes, expected[0])
        same(state, expected[1])
    assert any(len(a) != len(b) for a, b in zip(found[0][0], found[1][0], strict=True))


def test_one_that_fails_does_not_stop_the_others(library: ctypes.CDLL) -> None:
    with instances(library, 3) as all_of_them, Pool(library, 2) as pool:
        nets = [one.net for one in all_of_them]
        pool.run(nets, 50)
        sick = all_of_them[1]
        level = sick.populations[0].read("V")
        level[17] = 1e8  # beyond what the kernel bears
        sick.populations[0].write("V", level)
        assert pool.run(nets, 50) == [50, 1, 50]
        fault = nets[1].fault()
        assert fault is not None and (fault.neuron, fault.step) == (17, 50)
        assert nets[0].fault() is None
        assert [net.step for net in nets] == [100, 51, 100]
        # It cannot continue, and says why; the others can.
        assert pool.run(nets, 10) == [10, -1, 10]
        message = nets[1].engine.engine_error(nets[1].handle).decode()
        assert "the last run failed" in message
        spikes = all_of_them[2].harvest()
    same(spikes, alone(library, 22, 110)[0])


def test_a_wish_to_stop_is_heard_between_runs_of_all(library: ctypes.CDLL) -> None:
    with instances(library, 3) as all_of_them, Pool(library, 2) as pool:
        nets = [one.net for one in all_of_them]
        pool.stop()
        assert pool.run(nets, 30) == [0, 0, 0]
        assert pool.run(nets, 30) == [30, 30, 30]


def test_no_threads_are_refused(library: ctypes.CDLL) -> None:
    with pytest.raises(ValueError, match="at least one thread"):
        Pool(library, 0)


@pytest.mark.parametrize("wide", [False, True])
def test_weights_of_one_instance(library: ctypes.CDLL, wide: bool) -> None:
    """An engine's own weights stand in place of the shared store's, which stay as they are."""

    def spread(factor: float, own: bool) -> np.ndarray:
        with Net(library) as net:
            source = net.source(2, [1, 1], [0, 1])
            target = net.population(130)
            weights = np.array([0.25, 0.5, 0.75])
            given = weights if own else factor * weights
            store = net.store(source, target, [0, 0, 1], [3, 129, 3], [1, 1, 1], given, wide=wide)
            number = net.static(source, target, store)
            if own:
                mine = np.array(factor * weights, net.real)
                table = (ctypes.c_void_p * 1)(pointer(mine))
                net.check(net.synapses.static_weights_set(net.handle, number, table, None))
            recorder = net.record(target, "g", [3, 129])
            net.run(4)
            return net.samples(recorder, 2)[1]

    assert spread(2.0, own=True).any()
    np.testing.assert_array_equal(spread(2.0, own=True), spread(2.0, own=False))
    assert (spread(2.0, own=True) != spread(1.0, own=False)).any()


def test_a_common_weight_of_one_instance(library: ctypes.CDLL) -> None:
    with Net(library) as net:
        source = net.source(2, [1, 3], [0, 1])
        target = net.population(130)
        store = net.store(source, target, [0, 1], [3, 3], [1, 1], 0.5, weights=False)
        number = net.static(source, target, store)
        recorder = net.record(target, "g", [3])
        common = ctypes.c_double(4.0)
        net.check(net.synapses.static_weights_set(net.handle, number, None, ctypes.byref(common)))
        net.run(3)
        common.value = -1.0  # read when spikes arrive
        net.run(2)
        # arrivals at t_2 and t_4; from step to step half is left
        assert net.samples(recorder, 1)[1].ravel().tolist() == [0.0, 0.0, 4.0, 2.0, 0.0]
        table = (ctypes.c_void_p * 1)(None)
        with pytest.raises(ValueError, match="keeps no weight per synapse"):
            net.check(net.synapses.static_weights_set(net.handle, number, table, None))
        with pytest.raises(ValueError, match="no static delivery 7"):
            net.check(net.synapses.static_weights_set(net.handle, 7, None, None))
