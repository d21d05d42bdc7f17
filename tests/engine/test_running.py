"""Runs can be cut, stopped, repeated, put down and taken up again, on any number of threads."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from engine_harness import Net, Population
from lively import Lively, same


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_threads_and_shards_change_nothing(library: ctypes.CDLL, real: Any) -> None:
    reference = Lively(library, real=real)
    with reference.net:
        reference.net.run(400)
        spikes, state = reference.harvest(), reference.state()
    assert len(spikes[0]) > 2000 and len(spikes[2]) > 200  # it does live
    assert len(np.unique(spikes[1])) > 250
    for threads, shards in ((1, 2), (2, 2), (3, 3), (2, 5), (3, 8)):
        other = Lively(library, real=real, threads=threads, shards=shards, wide=shards == 5)
        with other.net:
            other.net.run(400)
            same(other.harvest(), spikes)
            same(other.state(), state)


def test_runs_in_pieces(library: ctypes.CDLL) -> None:
    whole, pieces = Lively(library, shards=2, threads=2), Lively(library, shards=2, threads=2)
    with whole.net, pieces.net:
        whole.net.run(300)
        for steps in (1, 1, 5, 0, 2, 91, 199, 1):
            assert pieces.net.run(steps) == steps
        assert pieces.net.step == 300
        same(pieces.harvest(), whole.harvest())
        same(pieces.state(), whole.state())


@pytest.mark.parametrize("when", [1, 7, 150, 151])
def test_taken_up_again(library: ctypes.CDLL, when: int) -> None:
    whole, first = Lively(library, shards=2), Lively(library, shards=2)
    second = Lively(library, shards=3, threads=2)
    with whole.net, first.net, second.net:
        whole.net.run(when)
        whole.harvest()
        whole.net.run(200)
        first.net.run(when)
        second.net.set_step(when)
        for old, new in zip(first.populations, second.populations, strict=True):
            for name in Net.VARIABLES:
                new.write(name, old.read(name))
            steps, indices = first.net.in_flight(old)
            assert steps.size == 0 or (steps.min() >= when - 9 and steps.max() <= when)
            assert np.all(np.diff(steps) >= 0)
            second.net.put_in_flight(new, (steps, indices))
            again = second.net.in_flight(new)
            np.testing.assert_array_equal(again[0], steps)
            np.testing.assert_array_equal(again[1], indices)
        second.net.run(200)
        same(second.harvest(), whole.harvest())
        same(second.state(), whole.state())


def test_reset_repeats(library: ctypes.CDLL) -> None:
    lively = Lively(library, shards=2, threads=2)
    with lively.net:
        start = lively.state()
        lively.net.run(120)
        first, totals = lively.harvest(), lively.net.totals(lively.populations[0])
        lively.net.set_step(0)
        assert lively.net.total(lively.populations[0]) == 0
        for p, population in enumerate(lively.populations):
            for v, name in enumerate(Net.VARIABLES):
                population.write(name, start[p * len(Net.VARIABLES) + v])
        lively.net.run(120)
        same(lively.harvest(), first)
        np.testing.assert_array_equal(lively.net.totals(lively.populations[0]), totals)


def test_stop(library: ctypes.CDLL) -> None:
    stopped, whole = (Lively(library, shards=2, threads=2) for _ in range(2))
    with stopped.net, whole.net:
        net = stopped.net

        def stop_soon() -> None:
            while net.step < 50:
                time.sleep(0.0005)
            net.stop()

        thread = threading.Thread(target=stop_soon)
        thread.start()
        done = net.run(100_000_000)
        thread.join()
        assert 50 <= done < 100_000_000 and net.step == done
        whole.net.run(done)
        same(stopped.harvest(), whole.harvest())
        same(stopped.state(), whole.state())
        net.stop()  # before a run begins: that run does nothing, the next one runs
        assert net.run(10) == 0
        assert net.run(10) == 10
        net.stop()
        assert net.run(0) == 0  # forgets the wish
        assert net.run(3) == 3


def test_a_forked_process_has_no_workers(library: ctypes.CDLL) -> None:
    """It is told so, and can let go of the engine; with one thread it may run."""
    for threads in (1, 2):
        lively = Lively(library, shards=2, threads=threads)
        child = os.fork()
        if child == 0:
            message = "none"
            try:
                lively.net.run(10)
            except ValueError as error:
                message = str(error)
            lively.net.close()
            os._exit(0 if ("compile the network in the process" in message) == (threads > 1) else 1)
        assert exit_code(child) == 0
        with lively.net:
            assert lively.net.run(10) == 10


def exit_code(child: int, patience: float = 20.0) -> int | None:
    """Of a process of ours; None if it hangs, and had to be killed."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


@pytest.mark.parametrize(("threads", "shards"), [(1, 1), (2, 2), (2, 3)])
def test_fault_ends_the_run(library: ctypes.CDLL, threads: int, shards: int) -> None:
    with Net(library, threads=threads, shards=shards, min_delay=8, max_delay=8) as net:
        drive = np.full(200, 0.1)
        drive[[150, 70]] = 4e4  # both pass the level at the same step
        cells = net.population(200, drive=drive, threshold=1e9)
        spiking = net.population(64, drive=0.5, threshold=1.0)
        recorder = net.record_spikes(spiking)
        trace = net.record(cells, "V", [0, 199])
        done = net.run(1000)
        fault = net.fault()
        assert fault is not None
        assert (fault.population, fault.neuron, fault.variable) == (cells.id, 70, 0)
        level, step = 0.0, -1
        while level <= 1e6:
            level = level * 0.97 + 4e4
            step += 1
        assert fault.step == step and done == step + 1 == net.step
        steps, _ = net.spikes(recorder)
        assert steps.max() <= done and len(steps) == net.total(spiking)
        assert net.totals(spiking).sum() == len(steps)
        times, _ = net.samples(trace, 2)
        np.testing.assert_array_equal(times, np.arange(done))
        with pytest.raises(ValueError, match="reset"):
            net.run(1)
        net.set_step(0)
        cells.write("V", np.zeros(200, dtype=np.float32))
        assert net.fault() is None and net.run(4) == 4


def test_source_replays(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(2)
    steps = np.sort(rng.integers(-3, 300, 2000))
    indices = rng.integers(0, 400, 2000)
    order = np.lexsort((indices, steps))
    steps, indices = steps[order], indices[order]
    with Net(library, shards=3, threads=2) as net:
        plain = net.source(400, steps, indices)
        traced = net.source(
            400, steps, indices, update="test_update_float", after="", threshold=1e5
        )
        recorders = [net.record_spikes(plain), net.record_spikes(traced)]
        net.run(100)
        net.run(100)
        wanted = (steps >= 0) & (steps <= 200)  # those at t_0 and t_200 too
        for recorder in recorders:
            found = net.spikes(recorder)
            np.testing.assert_array_equal(found[0], steps[wanted])
            np.testing.assert_array_equal(found[1], indices[wanted])
        after = np.zeros(400)
        np.add.at(after, indices[wanted], steps[wanted])
        # at once: those at t_200 are included
        np.testing.assert_array_equal(traced.read("after"), after)
        np.testing.assert_array_equal(
            net.totals(plain), np.bincount(indices[wanted], minlength=400)
        )
        net.set_step(250)
        net.run(10)
        wanted = (steps >= 250) & (steps <= 260)
        np.testing.assert_array_equal(net.spikes(recorders[0])[0], steps[wanted])


@pytest.mark.parametrize("shards", [1, 3])
def test_recording_is_sorted_and_cut(library: ctypes.CDLL, shards: int) -> None:
    rng = np.random.default_rng(4)
    with Net(library, shards=shards, threads=shards) as net:
        cells = net.population(300, drive=rng.uniform(0.05, 0.5, 300), threshold=1.0)
        whole = net.record_spikes(cells)
        part = net.record_spikes(cells, 10, 251, 7)
        samples = net.record(cells, "V", [3, 64, 65, 299], every=5)
        every = net.record(cells, "V", np.arange(300))
        net.run(33)
        steps, indices = net.spikes(whole)
        assert steps.size > 500 and steps.min() >= 1 and steps.max() <= 33
        order = np.lexsort((indices, steps))
        np.testing.assert_array_equal(order, np.arange(steps.size))
        chosen = (indices >= 10) & (indices < 251) & ((indices - 10) % 7 == 0)
        found = net.spikes(part)
        np.testing.assert_array_equal(found[0], steps[chosen])
        np.testing.assert_array_equal(found[1], indices[chosen])
        times, values = net.samples(samples, 4)
        all_times, all_values = net.samples(every, 300)
        np.testing.assert_array_equal(all_times, np.arange(33))
        np.testing.assert_array_equal(times, np.arange(0, 33, 5))
        np.testing.assert_array_equal(values, all_values[::5][:, [3, 64, 65, 299]])
        assert net.spikes(whole)[0].size == 0  # drained is forgotten
        net.run(2)
        assert set(net.spikes(whole)[0]) <= {34, 35}


def test_exposed_variables(library: ctypes.CDLL) -> None:
    with Net(library, shards=2, threads=2, min_delay=2, max_delay=5) as net:
        cells = net.population(128, drive=np.linspace(0.01, 0.2, 128), threshold=1e5)
        state = np.zeros(192, dtype=np.float32)
        ring = np.zeros((8, 192), dtype=np.float32)

        def expose(mask: int) -> None:
            arrays = (state.ctypes.data, ring.ctypes.data)
            net.check(net.engine.expose_add(net.handle, cells.id, *arrays, 192, mask, None, None))

        with pytest.raises(ValueError, match="slots"):
            expose(3)
        expose(7)
        for step in range(11):
            state[:128] = step
            net.run(1)
        np.testing.assert_array_equal(ring[:, 0], [7, 8, 9, 10, 3, 4, 5, 6])
        np.testing.assert_array_equal(ring[:, :128], np.repeat(ring[:, :1], 128, axis=1))
        assert not ring[:, 128:].any()


def test_no_failure_is_swallowed(library: ctypes.CDLL) -> None:
    with Net(library) as net:
        cells = net.population(10)
        spikes, samples = net.record_spikes(cells), net.record(cells, "V", [1])
        nobody = Population(9, 10, cells.bounds)
        for wrong in (
            lambda: net.check(net.engine.spikes_drain(net.handle, samples, None, None)),
            lambda: net.check(net.engine.samples_drain(net.handle, spikes, None, None)),
            lambda: net.totals(nobody),
            lambda: net.check(net.engine.inflight_export(net.handle, 9, None, None)),
            lambda: net.put_in_flight(nobody, (np.zeros(1, np.int64), np.zeros(1, np.uint32))),
            lambda: net.put_in_flight(cells, (np.ones(1, np.int64), np.zeros(1, np.uint32))),
        ):
            with pytest.raises(ValueError, match=r"recorder|no population 9|in the future"):
                wrong()


def test_refusals(library: ctypes.CDLL) -> None:
    with pytest.raises(ValueError, match="delays"):
        Net(library, min_delay=5, max_delay=4)
    with Net(library, min_delay=2, max_delay=4) as net:
        source, target = net.source(3, [], []), net.population(10)
        for delay, weight in ((1, "outside"), (5, "outside")):
            store = net.store(source, target, [0], [0], [delay], 1.0)
            with pytest.raises(ValueError, match=weight):
                net.static(source, target, store)
        store = net.store(source, target, [0], [0], [2], 1.0)
        with pytest.raises(ValueError, match="0 or 1"):
            net.general(source, target, store, lead=2)
        with pytest.raises(ValueError, match="rows"):
            net.static(target, target, net.store(source, target, [0], [0], [2], 1.0))
        with pytest.raises(ValueError, match="sorted"):
            net.source(3, [2, 1], [0, 0])
        with pytest.raises(ValueError, match="beyond"):
            net.source(3, [1], [3])
        with pytest.raises(ValueError, match="backwards"):
            net.run(-1)
        with pytest.raises(ValueError, match="recorder"):
            net.spikes(99)
        with pytest.raises(ValueError, match="ascend"):
            net.record(target, "V", [4, 3])


@pytest.mark.parametrize(("threads", "crossings"), [(1, 10_000), (2, 20_000), (5, 1_000)])
def test_barrier(library: ctypes.CDLL, threads: int, crossings: int) -> None:
    library.test_barrier.restype = ctypes.c_int64
    assert library.test_barrier(ctypes.c_uint32(threads), ctypes.c_int64(crossings)) == 0


@pytest.mark.parametrize(
    ("threads", "turns", "patience"),
    [(1, 1000, 10_000), (2, 10_000, 10_000), (2, 5_000, 0), (5, 1_000, 0), (3, 1_000, 3)],
)
def test_messages_between_workers(
    library: ctypes.CDLL, threads: int, turns: int, patience: int
) -> None:
    """Awake or asleep, all get what all have sent, and stop in the same turn."""
    library.test_messages.restype = ctypes.c_int64
    numbers = (ctypes.c_uint32(n) for n in (threads, turns, patience))
    assert library.test_messages(*numbers) == 0


def test_busy_neighbours_slow_a_run_down_in_proportion(library: ctypes.CDLL) -> None:
    """Not by orders of magnitude."""

    def seconds() -> float:
        lively = Lively(library, shards=2, threads=2)
        with lively.net:
            start = time.perf_counter()
            lively.net.run(2000)
            return time.perf_counter() - start

    alone = min(seconds() for _ in range(3))
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        time.sleep(0.3)
        crowded = min(seconds() for _ in range(3))
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert crowded < 25 * alone + 0.5


def test_counts_of_spikes_have_32_bits(library: ctypes.CDLL) -> None:
    """The engine keeps 16 of them by neuron, and what goes beyond apart."""
    with Net(library, shards=2, min_delay=8) as net:
        cells = net.population(130, drive=2.0)  # fires in every step
        start = np.arange(130, dtype=np.uint32) + 65530
        start[7], start[129] = 2**31, 3 * 65536 - 1
        net.check(net.engine.spike_totals_import(net.handle, cells.id, start.ctypes.data))
        np.testing.assert_array_equal(net.totals(cells), start)
        net.run(9)
        np.testing.assert_array_equal(net.totals(cells), start + 9)
        assert net.total(cells) == int(start.sum(dtype=np.int64)) + 9 * 130
        # A fault in the first of the next 8 steps: the spikes after it are taken back.
        net.check(net.engine.spike_totals_import(net.handle, cells.id, start.ctypes.data))
        level = cells.read("V")
        level[3] = 1e8
        cells.write("V", level)
        assert net.run(8) == 1
        np.testing.assert_array_equal(net.totals(cells), start + 1)
        net.set_step(0)
        assert not net.totals(cells).any()
