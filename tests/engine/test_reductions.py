"""Reductions and shared signals: the same bits on any number of shards and threads, known to
kernels in the same step."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from engine_harness import Net, Population
from lively import Lively, same

from pygenn_lite.codegen.program.schedule import Call, Exchange, Fire, Op, Reduce
from pygenn_lite.runtime.cpp.schedule_ops import engine_ops, reduction
from pygenn_lite.runtime.reference.reductions import reduced

CUTS = [(1, 1), (1, 3), (2, 2), (3, 5)]  # threads, shards


def before_firing(net: Net, *ops: Op) -> list[Op]:
    step = net.step_ops()
    at = next(k for k, op in enumerate(step) if isinstance(op, Fire))
    return [*step[:at], *ops, *step[at:]]


def reduce_in(
    net: Net,
    population: Population,
    ops: list[Reduce],
    signals: dict[str, Any],
    then: list[Op] | None = None,
    mask: Any = None,
) -> None:
    """Reductions just before neurons fire, an exchange, and what follows."""
    arguments = {}
    for op in ops:
        values = net.bases(population, op.variable) if op.variable else None
        described = reduction(op, population.size, values, signals, mask)
        net.keep.append(described)
        arguments[op.into, op.population] = described
    net.schedule(before_firing(net, *ops, Exchange(), *(then or [])), arguments)


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize(("begin", "end"), [(0, 300), (70, 71), (63, 257)])
def test_numbers_of_a_population(library: ctypes.CDLL, real: Any, begin: int, end: int) -> None:
    values = np.random.default_rng(5).normal(size=300).astype(real)
    values[[80, 200]] = 9.0  # of equal ones the first
    found = []
    for threads, shards in CUTS:
        with Net(library, threads=threads, shards=shards, real=real) as net:
            cells = net.population(300, threshold=1e9)
            cells.write("after", values)  # a variable that nothing changes
            signals = {n: ctypes.c_double(7.0) for n in ("sum", "mean", "max", "at")}
            name = f"p{cells.id}"
            ops = [
                Reduce(name, "sum", "sum", "after", begin=begin, end=end),
                Reduce(name, "mean", "mean", "after", begin=begin, end=end),
                Reduce(name, "max", "max", "after", "at", begin=begin, end=end),
            ]
            reduce_in(net, cells, ops, signals)
            net.run(2)
            found.append([signal.value for signal in signals.values()])
    assert all(row == found[0] for row in found)
    total, mean, largest, at = found[0]
    part = values[begin:end].astype(float)
    np.testing.assert_allclose(total, np.sum(part), rtol=1e-12)
    assert (largest, at) == (part.max(), begin + np.argmax(part))
    # The interpreter's are the same to the bit.
    assert reduced("sum", values, begin, end)[0] == total
    assert reduced("mean", values, begin, end)[0] == mean
    assert reduced("max", values, begin, end) == (largest, at)


def test_meetings_in_mid_step_change_nothing_else(library: ctypes.CDLL) -> None:
    reference = Lively(library)
    with reference.net:
        reference.net.run(150)
        spikes, state = reference.harvest(), reference.state()
    for threads, shards in CUTS:
        other = Lively(library, threads=threads, shards=shards)
        with other.net as net:
            net.schedule(before_firing(net, Exchange(), Exchange(every=3, offset=1)))
            assert net.run(150) == 150
            same(other.harvest(), spikes)
            same(other.state(), state)


def test_a_kernel_reads_a_signal_in_the_same_step(library: ctypes.CDLL) -> None:
    """The largest V of all, divided by 4, is added to every V: everybody sees everybody."""
    found = []
    for threads, shards in CUTS:
        with Net(library, threads=threads, shards=shards, real=np.float64) as net:
            rng = np.random.default_rng(3)
            cells = net.population(300, drive=rng.uniform(0.0, 0.1, 300), threshold=4.0)
            signals = {"peak": ctypes.c_double(0.0)}
            args = net.arguments_of(cells, scalars=ctypes.addressof(signals["peak"]))
            call = Call("test_add_signal_double", f"p{cells.id}")
            peak = Reduce(f"p{cells.id}", "max", "peak", "V")
            described = reduction(peak, 300, net.bases(cells, "V"), signals)
            net.keep += [described, args]
            net.schedule(
                before_firing(net, peak, Exchange(), call),
                {(call.kernel, call.on): args, ("peak", call.on): described},
            )
            recorder = net.record_spikes(cells)
            net.run(60)
            found.append([cells.read("V"), *net.spikes(recorder)])
    assert len(found[0][1]) > 100
    for other in found[1:]:
        same(other, found[0])


def test_who_spikes_first(library: ctypes.CDLL) -> None:
    """Told at the end of a step: two spike at t_3, others later."""
    for threads, shards in CUTS:
        with Net(library, threads=threads, shards=shards) as net:
            source = net.source(300, [3, 3, 5, 6], [120, 299, 7, 8])
            signals = {n: ctypes.c_double(-1.0) for n in ("many", "now", "all", "winner")}
            ops = [
                Reduce(f"p{source.id}", "spikes", "many", index_into="now"),
                Reduce(f"p{source.id}", "first", "all", index_into="winner"),
            ]
            reductions = {(op.into, op.population): reduction(op, 300, None, signals) for op in ops}
            net.keep.append(reductions)
            net.schedule([*net.step_ops(), *ops, Exchange()], reductions)
            seen = []
            for _ in range(6):
                net.run(1)
                seen.append([signals[n].value for n in ("many", "now", "winner")])
            assert seen == [
                [0, -1, -1], [0, -1, -1], [2, 120, 120], [0, -1, 120], [1, 7, 120], [1, 8, 120],
            ]  # fmt: skip
            signals["winner"].value = -1.0
            net.run(1)
            assert signals["winner"].value == -1.0


def winners_by_hand(values: np.ndarray, count: int, least: float, radius: int) -> set[int]:
    """Of a map (channels, height, width), as a plain loop says it."""
    free, chosen = values.astype(float).copy(), set()
    rows, columns = np.indices(values.shape[1:])
    while len(chosen) < count and free.max() > least:
        channel, row, column = np.unravel_index(np.argmax(free), values.shape)
        chosen.add(int(np.ravel_multi_index((channel, row, column), values.shape)))
        free[channel] = -np.inf
        near = (abs(rows - row) <= radius) & (abs(columns - column) <= radius)
        if radius >= 0:
            free[:, near] = -np.inf
    return chosen


@pytest.mark.parametrize(("count", "least", "radius"), [(3, 0.0, 1), (8, 1.0, 0), (2, -9.0, -1)])
def test_winners_inhibit_their_channel_and_their_neighbourhood(
    library: ctypes.CDLL, count: int, least: float, radius: int
) -> None:
    shape = (5, 8, 7)
    values = np.random.default_rng(8).normal(size=shape).astype(np.float32)
    expected = winners_by_hand(values, count, least, radius)
    for threads, shards in CUTS:
        with Net(library, threads=threads, shards=shards) as net:
            cells = net.population(300, threshold=1e9)
            cells.write("after", np.concatenate([np.full(10, 99.0), values.ravel(), [99.0] * 10]))
            signals = {"found": ctypes.c_double(0.0)}
            op = Reduce(
                f"p{cells.id}", "winners", "found", "after", begin=10, end=290, shape=shape,
                winners=count, radius=radius, least=least,
            )  # fmt: skip
            reduce_in(net, cells, [op], signals, mask=net.bases(cells, "drive"))
            net.run(1)
            assert set(np.flatnonzero(cells.read("drive")) - 10) == expected
            assert signals["found"].value == len(expected)


def test_what_cannot_be_reduced_is_refused(library: ctypes.CDLL) -> None:
    with Net(library) as net:
        cells = net.population(300)
        signals = {"s": ctypes.c_double(0.0)}
        name = f"p{cells.id}"
        described = {("s", name): reduction(Reduce(name, "spikes", "s"), 300, None, signals)}
        step = before_firing(net, Reduce(name, "spikes", "s"), Exchange())
        ops = engine_ops(step, net.numbers, net.function, described)
        with pytest.raises(ValueError, match="needs pgl_reductions_set"):
            net.check(net.engine.schedule_set(net.handle, ops, len(ops)))
        for op, message in (
            (Reduce(name, "sum", "s", "V", begin=5, end=5), "neurons 5 to 5 of 300"),
            (Reduce(name, "sum", "s", "V", end=301), "neurons 0 to 301 of 300"),
            (Reduce(name, "sum", "s"), "needs values"),
            (Reduce(name, "winners", "s", "V"), "need a mask"),
        ):
            with pytest.raises(ValueError, match=message):
                reduce_in(net, cells, [op], signals)
        mask = net.bases(cells, "drive")
        op = Reduce(name, "winners", "s", "V", shape=(2, 2, 2))
        with pytest.raises(ValueError, match="map of 2 x 2 x 2 does not hold"):
            reduce_in(net, cells, [op], signals, mask=mask)
