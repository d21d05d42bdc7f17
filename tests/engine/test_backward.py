"""A run undone: spikes replayed last first, rows gather from their targets, gradients add up."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from engine_harness import Net, Population, pointer
from lively import Lively, same

from pygenn_lite.runtime.cpp import abi, shared_objects

SCALE = 2.0**30
FIRST, STEPS = 20, 90


@dataclass
class Reverse:
    """What a backward run writes: adjoints of two populations, gradients of three deliveries."""

    adjoints: list[np.ndarray]
    gradients: list[np.ndarray]

    def all(self) -> list[np.ndarray]:
        return self.adjoints + self.gradients


class Undone:
    """The network of `Lively`, its last steps undone by the engine."""

    # delivery (static) or group, of which synapses, from and to which population
    DELIVERIES = ((0, 0, 0, 0, 1), (0, 1, 1, 0, 0), (1, 0, 2, 1, 0))

    def __init__(
        self, library: ctypes.CDLL, programs: ctypes.CDLL, threads: int, shards: int
    ) -> None:
        self.programs = shared_objects.Programs(programs)
        self.lively = Lively(library, real=np.float64, threads=threads, shards=shards)
        self.net = self.lively.net
        self.kept: list[Any] = []

    def run(self) -> tuple[Reverse, list[tuple[np.ndarray, np.ndarray]]]:
        net, (a, b, _) = self.net, self.lively.populations
        with net:
            net.run(FIRST)
            self.lively.harvest()
            net.check(net.engine.tape_start(net.handle, None))
            net.run(STEPS)
            found = self.lively.harvest()
            spikes = [(found[0], found[1]), (found[2], found[3])]
            adjoints, backs = self.arrays(a, b), self.arrays(a, b)
            ops = []
            for k, population in enumerate((a, b)):
                args = self.arguments(population, adjoints[k], backs[k])
                for kind, name in (
                    (abi.OP_SPIKING_NEURONS, "test_adjoint_jump_double"),
                    (abi.OP_NEURONS, "test_adjoint_double"),
                ):
                    ops.append(self.op(kind, population.id, args, net.function(name)))
            gradients = []
            for general, index, number, source, target in self.DELIVERIES:
                post = self.lively.synapses[number][1]
                bounds = (a, b)[target].bounds
                parts = [np.zeros(n) for n in np.histogram(post, bounds)[0]]
                gather = abi.Gather(
                    general=general,
                    factor=-1,
                    scale=SCALE,
                    values=self.table(adjoints[target]),
                    back=self.table(backs[source]),
                    gradient_of=self.table(adjoints[target]),
                    gradient=self.table(parts),
                )
                ops.append(self.op(abi.OP_GATHER, index, gather))
                gradients.append(parts)
            records = (abi.Op * len(ops))(*ops)
            undo(net, self.programs, records, FIRST, STEPS)
            assert net.step == FIRST + STEPS
            whole = [np.concatenate(parts) for parts in gradients]
            order = [self.by_shard(k) for k in range(3)]
            return (
                Reverse(
                    [self.joined(a, adjoints[0]), self.joined(b, adjoints[1])],
                    [g[np.argsort(o, kind="stable")] for g, o in zip(whole, order, strict=True)],
                ),
                spikes,
            )

    def by_shard(self, delivery: int) -> np.ndarray:
        """The synapse that stands at each position, shard after shard."""
        _, _, number, _, target = self.DELIVERIES[delivery]
        post = self.lively.synapses[number][1]
        bounds = self.lively.populations[target].bounds
        return np.argsort(np.searchsorted(bounds, post, side="right"), kind="stable")

    def arrays(self, *populations: Population) -> list[list[np.ndarray]]:
        return [
            [np.zeros(np.diff(p.bounds)[s] + 64) for s in range(self.net.shards)]
            for p in populations
        ]

    def joined(self, population: Population, parts: list[np.ndarray]) -> np.ndarray:
        sizes = np.diff(population.bounds)
        return np.concatenate([part[:n] for part, n in zip(parts, sizes, strict=True)])

    def table(self, parts: list[np.ndarray]) -> int:
        table = (ctypes.c_void_p * len(parts))(*(pointer(part) for part in parts))
        self.kept += [table, parts]
        return ctypes.addressof(table)

    def arguments(self, population: Population, *arrays: list[np.ndarray]) -> Any:
        args = (abi.PopulationArgs * self.net.shards)()
        for s in range(self.net.shards):
            args[s].arrays = self.table([parts[s] for parts in arrays])
            args[s].count = int(np.diff(population.bounds)[s])
            args[s].first = int(population.bounds[s])
        return args

    def op(self, kind: int, index: int, args: Any, function: int | None = None) -> abi.Op:
        self.kept.append(args)
        return abi.Op(
            kind=kind, index=index, every=1, function=function, args=ctypes.addressof(args)
        )


def undo(net: Net, programs: shared_objects.Programs, ops: Any, first: int, steps: int) -> None:
    gathers = programs.gathers_create()
    done = programs.walk(net.handle, gathers, ops, len(ops), first, steps, -1)
    programs.gathers_destroy(gathers)
    if done < 0:
        raise ValueError(programs.last_error())


def by_hand(lively: Lively, spikes: list[tuple[np.ndarray, np.ndarray]]) -> Reverse:
    """The same as plain loops: no shards, no delays in the machine's way."""
    sizes = (300, 200)
    adjoints = [np.zeros(n) for n in sizes]
    gradients = [np.zeros(len(lively.synapses[d[2]][0])) for d in Undone.DELIVERIES]
    sums: list[dict[tuple[int, int], int]] = [{}, {}, {}]
    fired = [{(int(t), int(i)) for t, i in zip(*pair, strict=True)} for pair in spikes]
    for step in range(FIRST + STEPS - 1, FIRST - 1, -1):
        for k, adjoint in enumerate(adjoints):
            for neuron in range(sizes[k]):
                if (step + 1, neuron) in fired[k]:
                    adjoint[neuron] += sum(
                        sums[d].get((step + 1, neuron), 0) / SCALE
                        for d, (*_, source, _) in enumerate(Undone.DELIVERIES)
                        if source == k
                    )
            adjoint[:] = 0.5 * adjoint + (step + np.arange(sizes[k])) % 7 - 3.0
        for d, (_, _, number, source, target) in enumerate(Undone.DELIVERIES):
            for n, (pre, post, delay, weight) in enumerate(
                zip(*lively.synapses[number], strict=True)
            ):
                sent = (step - int(delay), int(pre))
                if sent not in fired[source]:
                    continue
                value = adjoints[target][post]
                gradients[d][n] += value
                scaled = float(weight) * value * SCALE
                sums[d][sent] = sums[d].get(sent, 0) + int(scaled + (0.5 if scaled >= 0 else -0.5))
    return Reverse(adjoints, gradients)


def test_the_last_steps_undone(library: ctypes.CDLL, programs: ctypes.CDLL) -> None:
    single = Undone(library, programs, 1, 1)
    found, spikes = single.run()
    assert len(spikes[0][0]) > 300 and len(spikes[1][0]) > 30
    expected = by_hand(single.lively, spikes)
    assert all(np.any(values) for values in expected.all())
    same(found.all(), expected.all())
    for threads, shards in ((1, 3), (2, 2), (3, 5)):
        again, _ = Undone(library, programs, threads, shards).run()
        same(again.all(), found.all())


def test_what_cannot_be_undone_is_refused(library: ctypes.CDLL, programs: ctypes.CDLL) -> None:
    with Net(library) as net:
        source = net.source(3, [1], [0])
        target = net.population(10)
        net.static(source, target, net.store(source, target, [0], [3], [1], 1.0))
        net.run(5)

        def back(steps: int, *ops: abi.Op) -> None:
            first = net.step - steps
            undo(net, shared_objects.Programs(programs), (abi.Op * len(ops))(*ops), first, steps)

        with pytest.raises(ValueError, match="no such steps"):
            back(6)
        net.check(net.engine.tape_start(net.handle, None))
        net.run(5)
        back(5)
        with pytest.raises(ValueError, match="tape does not hold"):
            back(6)
        for op, message in (
            (abi.Op(kind=abi.OP_FIRE, every=1), "belongs to a simulation alone"),
            (abi.Op(kind=abi.OP_GATHER, every=1), "not described"),
            (abi.Op(kind=abi.OP_NEURONS, every=1), "lacks its kernel"),
            (abi.Op(kind=abi.OP_SHARD, every=1), "lacks its kernel"),
        ):
            with pytest.raises(ValueError, match=message):
                back(5, op)
        values = net.bases(target, "V")
        for gather, message in (
            (
                abi.Gather(factor=-1, scale=1.0, values=ctypes.addressof(values)),
                "together with where",
            ),
            (abi.Gather(factor=0, scale=1.0), "no value of number 0"),
            (abi.Gather(general=1, factor=-1, scale=1.0), "nothing of number 0"),
        ):
            described = abi.Op(kind=abi.OP_GATHER, every=1, args=ctypes.addressof(gather))
            with pytest.raises(ValueError, match=message):
                back(5, described)


def test_sums_that_do_not_fit_their_scale_are_refused(
    library: ctypes.CDLL, programs: ctypes.CDLL
) -> None:
    with Net(library, real=np.float64) as net:
        source = net.source(3, [1], [0])
        target = net.population(10)
        net.static(source, target, net.store(source, target, [0], [3], [1], 1.0))
        net.check(net.engine.tape_start(net.handle, None))
        net.run(5)
        target.write("after", np.full(10, 1e9))
        gather = abi.Gather(
            factor=-1,
            scale=2.0**30,
            values=ctypes.addressof(net.bases(target, "after")),
            back=ctypes.addressof(net.bases(source, "after")),
        )
        ops = (abi.Op * 1)(abi.Op(kind=abi.OP_GATHER, every=1, args=ctypes.addressof(gather)))
        with pytest.raises(ValueError, match="does not fit its scale"):
            undo(net, shared_objects.Programs(programs), ops, 0, 5)
