"""What a step consists of is the host's list: the engine walks it, and refuses one with gaps."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from engine_harness import Net

from pygenn_lite.codegen.program.schedule import Arrive, Call, Deliver, Fire, Op, Sample, Send
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.schedule_ops import engine_ops


def small(library: ctypes.CDLL, shards: int = 1, threads: int = 1) -> Net:
    """A train of three neurons, 150 cells, one static group and one with kernels."""
    net = Net(library, shards=shards, threads=threads, min_delay=1)
    source = net.source(3, [1, 2, 2, 9], [0, 1, 2, 0])
    target = net.population(150, drive=0.3)
    pre, post = np.repeat([0, 1, 2], 50), np.arange(150)
    store = net.store(source, target, pre, post, np.full(150, 1), np.linspace(0.1, 0.2, 150))
    net.static(source, target, net.store(source, target, [0], [140], [2], 0.5))
    net.general(source, target, store)
    return net


def without(kind: type[Op]) -> Callable[[list[Op]], list[Op]]:
    return lambda step: [op for op in step if not isinstance(op, kind)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without(Fire), "sends before it fires"),
        (without(Send), "leaves out sending of population 0"),
        (without(Deliver), "leaves out static delivery 0"),
        (without(Arrive), "leaves out arrivals of synapse group 0"),
        (lambda step: [*step, Fire("p0")], "firing of population 0 twice"),
        (lambda step: [Deliver("s0", every=2), *without(Deliver)(step)], "every 2 steps"),
        (lambda step: [*step, Sample(every=3, offset=3)], "every 3 steps from step 3 on"),
        (lambda step: [*without(Send)(step), Send("p1"), Send("p0")], "order of their numbers"),
        (lambda step: [*step, Call("no_such_kernel", "p1")], "over population 1 is missing"),
        (lambda step: [*step, Call("no_such_kernel", "g0")], "over synapse group 0 is missing"),
    ],
)
def test_a_list_with_gaps_is_refused(
    library: ctypes.CDLL, change: Callable[[list[Op]], list[Op]], message: str
) -> None:
    with small(library) as net:
        find = net.function
        net.function = lambda name: None if name == "no_such_kernel" else find(name)  # type: ignore[method-assign]
        with pytest.raises(ValueError, match=message):
            net.schedule(change(net.step_ops()))


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"kind": 77}, "unknown kind 77"), ({"kind": abi.OP_FIRE, "index": 9}, "population 9")],
)
def test_what_is_not_there_is_refused(
    library: ctypes.CDLL, fields: dict[str, int], message: str
) -> None:
    with small(library) as net:
        ops = (abi.Op * 1)(abi.Op(every=1, **fields))
        with pytest.raises(ValueError, match=message):
            net.check(net.engine.schedule_set(net.handle, ops, 1))


def test_without_a_list_there_is_no_run(library: ctypes.CDLL) -> None:
    with small(library) as net:
        net.scheduled = True
        with pytest.raises(ValueError, match="what a step consists of"):
            net.run(1)


def test_every_and_offset_count_steps_since_zero(library: ctypes.CDLL) -> None:
    with small(library, shards=2) as net:
        net.calls()
        net.schedule([*net.step_ops(), Call("test_note_step", "g0", every=4, offset=1)])
        for steps in (3, 5, 1, 8):  # the rhythm does not begin anew with a run
            net.run(steps)
        noted = [row[1] for row in net.calls().tolist() if row[0] == 4]
        assert noted == [1, 1, 5, 5, 9, 9, 13, 13]  # once on each shard


@pytest.mark.parametrize("threads", [1, 2])
def test_a_kernel_from_outside_normalises_weights(library: ctypes.CDLL, threads: int) -> None:
    """Every 5 steps the weights onto each neuron are scaled to a sum of 2: nothing of the engine
    knows of such a thing."""
    with small(library, shards=threads, threads=threads) as net:
        cells = net.numbers.populations["p1"]
        spikes = net.record_spikes(net.keep_of(cells))
        step = net.step_ops()
        at = next(k for k, op in enumerate(step) if isinstance(op, Sample))
        step.insert(at, Call(f"test_normalise_{net.kind}", "g0", every=5, offset=4))
        net.schedule(step)
        before = net.weights(0)
        net.run(4)
        np.testing.assert_array_equal(net.weights(0), before)
        net.run(1)
        # one synapse onto each neuron: its weight is the sum
        np.testing.assert_allclose(net.weights(0), np.full(150, 2.0))
        net.run(10)
        assert len(net.spikes(spikes)[0])


def test_kernels_may_have_arguments_of_their_own(library: ctypes.CDLL) -> None:
    """A second kernel over the same neurons reads other arrays: its arguments stand in the list."""
    with small(library, shards=2) as net:
        cells = net.keep_of(net.numbers.populations["p1"])
        other: list[Any] = [np.zeros(192, net.real) for _ in range(net.shards)]
        args = (abi.PopulationArgs * net.shards)()
        for s, array in enumerate(other):
            table = (ctypes.c_void_p * 1)(array.ctypes.data)
            net.keep.append(table)
            args[s].arrays = ctypes.addressof(table)
            args[s].count = int(cells.bounds[s + 1] - cells.bounds[s])
            args[s].first = int(cells.bounds[s])
        call = Call(f"test_count_{net.kind}", "p1")
        net.schedule([*net.step_ops(), call], {(call.kernel, call.on): args})
        net.run(7)
        counted = np.concatenate(
            [a[: cells.bounds[s + 1] - cells.bounds[s]] for s, a in enumerate(other)]
        )
        np.testing.assert_array_equal(counted, np.full(150, 7.0))


def test_engines_that_are_alike_have_one_schedule_in_common(library: ctypes.CDLL) -> None:
    """Each runs as with its own, also when whoever made the schedule has given it back."""
    alone, one, other = small(library), small(library), small(library)
    with alone, one, other:
        ops = engine_ops(one.step_ops(), one.numbers, one.function)
        pointer = one.engine.schedule_create(one.handle, ops, len(ops))
        for net in (one, other):
            net.check(net.engine.schedule_use(net.handle, pointer))
            net.scheduled = True
        one.engine.schedule_destroy(pointer)
        nets = (alone, one, other)
        recorders = [net.record_spikes(net.keep_of(net.numbers.populations["p1"])) for net in nets]
        for net in nets:
            net.run(20)
        wanted, *found = (net.spikes(k) for net, k in zip(nets, recorders, strict=True))
        assert len(wanted[0])
        for spikes in found:
            np.testing.assert_array_equal(spikes, wanted)


def test_a_schedule_of_other_engines_is_refused(library: ctypes.CDLL) -> None:
    with small(library) as net, Net(library) as empty:
        ops = engine_ops(net.step_ops(), net.numbers, net.function)
        pointer = net.engine.schedule_create(net.handle, ops, len(ops))
        with pytest.raises(ValueError, match="of an engine with other parts"):
            empty.check(empty.engine.schedule_use(empty.handle, pointer))
        net.engine.schedule_destroy(pointer)
