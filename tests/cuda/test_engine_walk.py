"""The plan "instances": one block does what the launches of the plan "general" do, to the last
bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hand_made import HandMade
from test_engine_visits import drawn, reduction

from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.meetings import meetings, orders

WAYS = [(32, False), (96, True), (128, False)]  # threads of a block, and their order
BLOCKWISE = pytest.mark.parametrize(("threads", "backwards"), WAYS)


def everything(real: type, ordered: bool) -> tuple[HandMade, list[Any]]:
    """A network with one of each operation, in three instances that differ in their input."""
    net = HandMade(real, instances=3, slots=16)
    rng = np.random.default_rng(8)
    pairs = rng.integers(0, [30, 12], (200, 2)).tolist()
    train = sorted((int(step), int(neuron)) for step, neuron in pairs)
    source, inner = (
        net.population(12, train=train, past=True),
        net.population(100, gain=0.0625, past=True),
    )
    outer = net.population(40, gain=0.25)
    net.group(source, inner, drawn(1, 300, 12, 100, 5))
    net.group(inner, outer, drawn(2, 500, 100, 40, 3), 1)
    net.group(source, inner, drawn(3, 200, 12, 100, 7), static=False, past=True)
    net.group(inner, outer, drawn(4, 300, 100, 40, 2), static=False, past=True)
    outputs: list[Any] = []
    for k in range(3):
        net.arrays[k, "v", inner][:] = rng.random(100)
        net.arrays[k, "scalars", inner][0] = 0.0625 * (k + 1)
        for population in (source, inner, outer):
            entries, size = np.zeros(9000, np.uint64), np.zeros(1, np.uint64)
            net.logs[k].append(
                records.SpikeLog(population, 0, 100, 1, 9000, net.at(entries), net.at(size))
            )
            outputs.append((entries, size))
        out = np.zeros((20, 100), real)
        net.samplers[k].append(
            records.Sampler(net.at(net.arrays[k, "v", inner]), 0, net.at(out), *out.shape, 2)
        )
        outputs.append(out)
    for group in (0, 1):
        net.op(records.OP_DELIVER, group)
    for population in (inner, outer):
        net.op(records.OP_COLLECT, population)
    net.op(records.OP_ARRIVE, 2, "on_pre_ordered" if ordered else "on_pre")
    net.op(records.OP_FOLD, inner)
    net.op(records.OP_SPIKING_TARGETS, 3, "on_post_ordered" if ordered else "on_post")
    net.op(records.OP_FOLD, outer)
    net.op(records.OP_SPIKING_NEURONS, inner, "after")
    net.op(records.OP_SAMPLE)
    net.op(records.OP_SYNAPSES, 2, "settle", every=4, offset=1)
    for population in (inner, outer):
        net.op(records.OP_FIRE, population, "update")
    net.op(records.OP_TRAIN, source)
    net.op(records.OP_TRACE, source, "after")
    for population in (source, inner, outer):
        net.op(records.OP_SORT, population)
    for population in (source, inner, outer):
        net.op(records.OP_SEND, population)
    return net, outputs


@BLOCKWISE
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_the_same_bits(real: type, ordered: bool, threads: int, backwards: bool) -> None:
    walked, walked_outputs = everything(real, ordered)
    launched, launched_outputs = everything(real, ordered)
    launched.op(records.OP_ADVANCE)
    for steps in (1, 17, 12):
        walked.walk(steps, threads, backwards)
        launched.run(steps)
    assert walked.step[0] == launched.step[0] == 30
    assert sum(int(launched.arrays[2, "total", p][0]) for p in range(3)) > 500
    for name, array in launched.arrays.items():
        other = walked.arrays[name]
        if name[1] == "spikes":
            continue  # behind those of a step stand old ones, in any order
        assert array.tobytes() == other.tobytes(), name
    for p in range(3):
        for k in range(3):
            assert walked.spiked(p, 30, k) == launched.spiked(p, 30, k)
    for one, other in zip(walked_outputs, launched_outputs, strict=True):
        if isinstance(one, tuple):
            assert one[1] == other[1]
            assert np.sort(one[0]).tolist() == np.sort(other[0]).tolist()
        else:
            assert one.tobytes() == other.tobytes() and one.any()


@BLOCKWISE
def test_instances_halt_each_by_itself(threads: int, backwards: bool) -> None:
    net = HandMade(instances=3)
    a = net.population(50, gain=1.0)
    net.op(records.OP_FIRE, a, "update")
    net.op(records.OP_SEND, a)
    net.arrays[1, "v", a][17] = -5
    net.arrays[1, "scalars", a][0] = 500
    net.walk(7, threads, backwards, blocks=2)  # fewer blocks than instances
    assert net.step[0] == 7
    assert net.halted.tolist() == [0, 0, 0]
    net.arrays[0, "scalars", a][0] = 2e9
    net.arrays[1, "v", a][40] = 1e9
    net.arrays[2, "v", a][:] = np.nan
    net.walk(7, threads, backwards)
    assert net.halted.tolist() == [1, 1, 1]
    assert net.fault_step.tolist() == [7, 7, 7] and net.step[0] == 8
    assert (net.fault & 0xFFFFFFFF).tolist() == [3, 40 << 8 | 3, 3]
    assert [int(net.arrays[k, "total", a][0]) for k in range(3)] == [350, 350 + 49, 350]
    net.walk(7, threads, backwards)
    assert net.step[0] == 8


def test_as_many_steps_are_granted_as_logs_have_room_for() -> None:
    net = HandMade(instances=2)
    a, b = net.population(50, gain=1.0), net.population(3, train=[(2, 1), (2, 1), (5, 2)])
    for kind, population, name in (
        *((records.OP_FIRE, a, "update"), (records.OP_TRAIN, b, "")),
        *((records.OP_SEND, a, ""), (records.OP_SEND, b, "")),
    ):
        net.op(kind, population, name)
    sizes = []
    for k, (population, room) in enumerate(((a, 270), (b, 20))):
        size = np.zeros(1, np.uint64)
        log = records.SpikeLog(
            population, 0, 50, 1, room, net.at(np.zeros(room, np.uint64)), net.at(size)
        )
        net.logs[k].append(log)
        sizes.append(size)
    net.walk(100)
    # 270 entries hold 5 steps of 50 spikes; a train may have 3 + 3 at once, which leaves 3 steps
    assert net.step[0] == 3 and net.paused[0] == 0
    assert [int(size[0]) for size in sizes] == [150, 2]
    net.walk(100)
    assert net.step[0] == 5
    net.walk(100)
    assert net.step[0] == 5 and net.paused[0] == 1
    net.paused[0] = sizes[0][0] = 0
    net.walk(1)
    assert net.step[0] == 6


def test_reductions_within_a_walk() -> None:
    results = []
    for walks in (False, True):
        net = HandMade(np.float32)
        a = net.population(150, gain=0.5)
        net.arrays[0, "v", a][:] = np.random.default_rng(1).random(150)
        net.op(records.OP_FIRE, a, "update")
        found = [
            reduction(net, a, "sum"),
            reduction(net, a, "spikes"),
            reduction(
                net, a, "winners", mask=net.at(net.arrays[0, "trace", a]), least=0.1, winners=4,
                radius=1, channels=6, height=5, width=5,
            ),
        ]  # fmt: skip
        net.op(records.OP_SEND, a)
        if walks:
            net.walk(5, 64)
        else:
            net.op(records.OP_ADVANCE)
            net.run(5)
        results.append([x.tolist() for pair in found for x in pair])
        results.append(net.arrays[0, "trace", a].tolist())
    assert results[:2] == results[2:] and sum(results[1]) > 0


def test_where_threads_meet() -> None:
    def at(*kinds: int, **more: int) -> list[bool]:
        return meetings([records.CardOp(kind=kind, **more) for kind in kinds])

    assert at() == []
    # a fault of the last step is read before there may be another
    assert at(records.OP_FIRE, records.OP_FIRE, records.OP_SEND) == [True, False, True]
    assert at(records.OP_COLLECT, records.OP_SAMPLE, records.OP_FIRE) == [True, True, True]
    assert at(records.OP_DELIVER, records.OP_ARRIVE, records.OP_FOLD) == [False, False, True]
    assert at(records.OP_DELIVER, records.OP_ARRIVE, records.OP_ARRIVE) == [False, False, True]
    assert at(records.OP_FIRE, records.OP_FIRE, args=1) == [True, True]


def test_short_operations_are_done_side_by_side() -> None:
    deliver, send = (records.CardOp(kind=kind) for kind in (records.OP_DELIVER, records.OP_SEND))
    fire = records.CardOp(kind=records.OP_FIRE)
    assert orders([deliver] * 5 + [fire] * 2 + [send], 128) == [
        *(4, 4 | 1 << 4, 4 | 2 << 4, 4 | 3 << 4, 4),  # quarters of the block, the first again
        *(1, 0, 1),
    ]
    assert orders([deliver] * 3, 32) == [0, 0, 0]
