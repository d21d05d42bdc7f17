"""Loops over synapses in which generated kernels run, and reductions: against plain loops in
Python, to the last bit."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import hand_made
import numpy as np
import pytest
from hand_made import HandMade
from hypothesis import given, settings
from hypothesis import strategies as st

from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.reference.reductions import reduced, winners

WAYS = pytest.mark.parametrize(("blocks", "backwards"), [(1, False), (3, True)])
Synapses = list[tuple[int, int, int, float]]


def drawn(seed: int, n: int, sources: int, targets: int, longest: int) -> Synapses:
    """Several of a pair now and then."""
    rng = np.random.default_rng(seed)
    pairs = zip(*(rng.integers(0, top, n).tolist() for top in (sources, targets)), strict=True)
    delays, weights = rng.integers(1, longest + 1, n).tolist(), rng.integers(1, 64, n) / 16
    return [
        (*pair, delay, weight)
        for pair, delay, weight in zip(pairs, delays, weights.tolist(), strict=True)
    ]


def laid_down(synapses: Synapses) -> Synapses:
    """By position."""
    return sorted(synapses, key=lambda one: (one[0], one[2]))


def repeated(spikes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those that are followed by another of the same neuron at the same step."""
    return [one for one, after in pairwise(spikes) if one == after]


class Oracle:
    """Arrivals one after the other: by time of sending, source, position."""

    def __init__(self, synapses: Synapses, targets: int) -> None:
        self.synapses = laid_down(synapses)
        self.weights = [one[3] for one in self.synapses]
        self.sums = [0.0] * targets

    def arrive(self, step: int, spikes: list[tuple[int, int]], values: Any, ordered: bool) -> None:
        """``values(spike, number)``: the trace that the number-th of such spikes left."""
        numbers: dict[tuple[int, int], int] = {}
        for spike in sorted(spikes):
            number = numbers[spike] = numbers.get(spike, -1) + 1
            for position, (source, target, delay, _) in enumerate(self.synapses):
                if source != spike[1] or spike[0] + delay != step:
                    continue
                trace, weight = values(spike, number), self.weights[position]
                if ordered:
                    self.weights[position] = weight / 2 + self.sums[target] / 8 + trace
                    self.sums[target] += self.weights[position]
                else:
                    self.sums[target] += weight
                    self.weights[position] = weight / 2 + trace


# ------------------------------------------------------------------ arrivals
@WAYS
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("longest", [1, 5])
@pytest.mark.parametrize("lead", [0, 1])
def test_arrivals(ordered: bool, longest: int, lead: int, blocks: int, backwards: bool) -> None:
    """A train whose neurons spike up to three times at once, through a group in which pairs have
    several synapses."""
    rng = np.random.default_rng(longest)
    train = sorted(
        (int(step), int(neuron)) for step, neuron in rng.integers(0, [7, 6], (60, 2)).tolist()
    )
    train = [spike for k, spike in enumerate(train) if train.count(spike) <= 3]
    synapses = drawn(longest, 80, 6, 5, longest)
    net = HandMade(slots=16)
    a, b = net.population(6, train=train, past=True), net.population(5)
    net.group(a, b, synapses, lead, static=False, past=True)
    net.op(records.OP_ARRIVE, 0, "on_pre_ordered" if ordered else "on_pre")
    net.op(records.OP_FOLD, b)
    for kind, function in (
        *((records.OP_TRAIN, ""), (records.OP_TRACE, "after")),
        *((records.OP_SEND, ""), (records.OP_ADVANCE, "")),
    ):
        net.op(kind, a, function)
    net.step[0] = -1
    for place in (2, 3, 4, 5):
        net.launch(place)
    oracle, traces = Oracle(synapses, 5), np.zeros(6)
    left: dict[tuple[tuple[int, int], int], float] = {}
    for spike in train:
        traces[spike[1]] = traces[spike[1]] / 2 + 1 + spike[0]
        left[spike, sum(known == spike for known, _ in left)] = traces[spike[1]]
    for step in range(12):
        net.run(1, blocks, backwards)
        oracle.arrive(step + lead, train, lambda spike, number: left[spike, number], ordered)
        assert net.arrays[0, "weight", 0].tolist() == oracle.weights
        assert net.arrays[0, "v", b].tolist() == oracle.sums
    assert repeated(train) and any(oracle.sums)


@WAYS
@pytest.mark.parametrize("ordered", [False, True])
def test_arrivals_in_a_matrix(ordered: bool, blocks: int, backwards: bool) -> None:
    net = HandMade(np.float32)
    a, b = net.population(4), net.population(3)
    weights = np.arange(32, dtype=np.float32).reshape(4, 8)
    present = np.random.default_rng(5).integers(0, 2, (4, 8)).astype(np.uint8)
    present[1] = 1
    net.group(
        a, b, [], static=False, variables=net.pointers(weights), columns=8, delays=0,
        common_delay=2, min_delay=2, max_delay=2, present=net.at(present),
    )  # fmt: skip
    past = records.Past(base=net.at(np.ones((8, 4), np.float32)), stride=4, mask=7)
    net.groups[0][0].pre = 0 if ordered else net.pointers(past)
    net.op(records.OP_ARRIVE, 0, "on_pre_ordered" if ordered else "on_pre")
    net.op(records.OP_FOLD, b)
    net.step[0] = 2
    net.spike(a, 0, 1, 3)
    net.spike(a, 1, 0)
    before = weights.copy()
    for place in range(2):
        net.launch(place, 1, blocks, backwards)
    sums = np.zeros(3, np.float32)
    for source in (1, 3):
        for target in range(3):
            if not present[source, target]:
                continue
            if ordered:
                before[source, target] = before[source, target] / 2 + sums[target] / 8
                sums[target] += before[source, target]
            else:
                sums[target] += before[source, target]
                before[source, target] = before[source, target] / 2 + 1
    assert (weights == before).all() and (net.arrays[0, "v", b] == sums).all()


@WAYS
def test_warps_own_targets_on_cards(
    blocks: int, backwards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their lanes act one after the other; rows are longer than a warp, too."""
    by_warps = partial(hand_made.hand_made_kernels, by_warps=True)
    monkeypatch.setattr(hand_made, "hand_made_kernels", by_warps)
    test_arrivals(True, 5, 0, blocks, backwards)
    test_arrivals_in_a_matrix(True, blocks, backwards)
    synapses = drawn(1, 400, 3, 70, 2)
    net = HandMade()
    a, b = net.population(3), net.population(70)
    g = net.group(a, b, synapses, static=False, past=True)
    net.op(records.OP_ARRIVE, g, "on_pre_ordered")
    net.op(records.OP_SORT, a)
    net.op(records.OP_ADVANCE)
    oracle, sent = Oracle(synapses, 70), [(1, 0), (1, 2), (2, 1)]
    for step in range(5):
        net.spike(a, step + 1, *(neuron for at, neuron in sent if at == step + 1))
        net.run(1, blocks, backwards)
        oracle.arrive(step, sent, lambda spike, number: 0.0, True)
    assert net.arrays[0, "weight", 0].tolist() == oracle.weights
    assert net.arrays[0, "v", b].tolist() == oracle.sums


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 9), st.integers(1, 6))
def test_arrivals_of_any_network(seed: int, n: int, sources: int, longest: int) -> None:
    """Neurons, which spike at most once in a step; in no order, and sorted."""
    rng = np.random.default_rng(seed)
    synapses = drawn(seed, n, sources, 4, longest)
    for ordered in (False, True):
        net = HandMade()
        a, b = net.population(sources), net.population(4)
        g = net.group(a, b, synapses, static=False, past=True)
        net.op(records.OP_ARRIVE, g, "on_pre_ordered" if ordered else "on_pre")
        net.op(records.OP_FOLD, b)
        net.op(records.OP_SORT, a)
        net.op(records.OP_ADVANCE)
        oracle, sent = Oracle(synapses, 4), []
        for step in range(6):
            spiking = rng.permutation(sources)[: rng.integers(0, sources + 1)].tolist()
            net.spike(a, step + 1, *spiking)
            sent += [(step + 1, neuron) for neuron in spiking]
            net.run(1, int(rng.integers(1, 4)), bool(rng.integers(2)))
            oracle.arrive(step, sent, lambda spike, number: 0.0, ordered)
        assert net.arrays[0, "weight", 0].tolist() == oracle.weights
        assert net.arrays[0, "v", b].tolist() == oracle.sums


# ------------------------------------------------------------------ from targets
@WAYS
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("train", [None, [(1, 2), (1, 2), (1, 4)]])
def test_synapses_onto_neurons_that_spiked(
    ordered: bool, train: list[tuple[int, int]] | None, blocks: int, backwards: bool
) -> None:
    synapses = drawn(9, 60, 7, 5, 4)
    net = HandMade()
    a, b = net.population(7), net.population(5, train=train)
    g = net.group(a, b, synapses, static=False)
    name = "on_post_ordered" if ordered else "on_post"
    net.op(records.OP_SPIKING_TARGETS, g, name, ahead=1)
    net.op(records.OP_FOLD, b)
    spiking = [2, 2, 4] if train else [4, 1]
    net.spike(b, 1, *spiking)
    net.run(1, blocks, backwards)
    known = laid_down(synapses)
    weights, sums = [one[3] for one in known], [0.0] * 5
    for neuron in spiking:
        for position, (source, target, delay, _) in enumerate(known):
            if target == neuron:
                weight = weights[position] / 2 + 100 * source + delay
                weights[position] = weight + sums[target] / 8 * ordered
                sums[target] += weights[position]
    assert net.arrays[0, "weight", g].tolist() == weights
    assert net.arrays[0, "v", b].tolist() == sums


@WAYS
def test_synapses_of_a_matrix_onto_neurons_that_spiked(blocks: int, backwards: bool) -> None:
    net = HandMade()
    a, b = net.population(70), net.population(3)
    weights = np.zeros((70, 8))
    net.group(
        a, b, [], static=False, variables=net.pointers(weights), columns=8, delays=0,
        common_delay=2, skips_itself=1,
    )  # fmt: skip
    net.op(records.OP_SPIKING_TARGETS, 0, "on_post")
    net.op(records.OP_FOLD, b)
    net.spike(b, 0, 2, 0)
    net.run(1, blocks, backwards)
    expected = np.zeros((70, 8))
    expected[:, [0, 2]] = 100 * np.arange(70)[:, None] + 2
    expected[0, 0] = expected[2, 2] = 0
    assert (weights == expected).all()
    assert net.arrays[0, "v", b].tolist() == expected[:, :3].sum(axis=0).tolist()


@WAYS
@pytest.mark.parametrize("matrix", [False, True])
def test_all_synapses(matrix: bool, blocks: int, backwards: bool) -> None:
    net = HandMade(np.float32)
    a, b = net.population(5), net.population(4)
    if matrix:
        weights = np.zeros((5, 8), np.float32)
        net.group(a, b, [], variables=net.pointers(weights), columns=8, delays=0)
        expected = np.zeros((5, 8))
        expected[:, :4] = np.arange(4) + 100 * np.arange(5)[:, None]
    else:
        synapses = drawn(4, 40, 5, 4, 3)
        weights = net.arrays[0, "weight", net.group(a, b, synapses)]
        expected = np.array([w + 100 * pre + post for pre, post, _, w in laid_down(synapses)])
    net.op(records.OP_SYNAPSES, 0, "settle")
    net.launch(0, 1, blocks, backwards)
    assert (weights == expected).all()


@WAYS
def test_sums_by_target_are_made_in_the_order_of_sources(blocks: int, backwards: bool) -> None:
    synapses = drawn(4, 40, 5, 4, 3)
    net = HandMade(np.float32)
    a, b = net.population(5), net.population(4)
    net.group(a, b, synapses)
    net.op(records.OP_SYNAPSES, 0, "gather")
    net.launch(0, 1, blocks, backwards)
    sums = [0.0] * 4
    for _, target, _, weight in laid_down(synapses):
        sums[target] += weight - sums[target] / 2
    np.testing.assert_allclose(net.arrays[0, "v", b], sums, rtol=1e-6)


# ------------------------------------------------------------------ reductions
def reduction(net: HandMade, population: int, how: str, **more: Any) -> tuple[Any, Any]:
    """Two operations, and where their results go."""
    values = net.arrays[0, "v", population]
    value, index = np.full(1, 0.5), np.full(1, -1.0)
    begin, end = more.pop("begin", 0), more.pop("end", values.size)
    one = records.CardReduction(
        how=records.REDUCTIONS[how], begin=begin, end=end, values=net.at(values),
        value=net.at(value), index=net.at(index), scratch=net.at(np.full(2 * values.size, np.nan)),
        **more,
    )  # fmt: skip
    args = net.at(one)
    net.op(records.OP_REDUCE, population, args=args)
    net.op(records.OP_FINISH, population, args=args, ahead=1)
    return value, index


@WAYS
@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("how", ["sum", "mean", "max"])
@pytest.mark.parametrize(("begin", "end"), [(0, 300), (1, 300), (63, 65), (130, 131), (70, 250)])
def test_reductions(
    how: str, begin: int, end: int, real: type, blocks: int, backwards: bool
) -> None:
    net = HandMade(real)
    a = net.population(300)
    value, index = reduction(net, a, how, begin=begin, end=end)
    v = net.arrays[0, "v", a]
    v[:] = np.random.default_rng(begin).normal(0, 1, 300) * 10.0 ** (np.arange(300) % 9)
    v[[80, 140]] = v[begin:end].max()  # of equal ones the first
    expected = reduced(how, v, begin, end)
    net.launch(0, 1, blocks, backwards)
    v[:] = np.nan
    assert value[0] == 0.5  # nothing is known before the reduction is finished
    net.launch(1, 1, blocks, backwards)
    assert (value[0], index[0]) == expected


def test_a_reduction_is_added_where_asked() -> None:
    net = HandMade()
    a = net.population(3)
    value, _ = reduction(net, a, "sum", add=1)
    net.arrays[0, "v", a][:] = 1
    net.run(2)
    assert value[0] == 6.5


def test_who_spikes_first() -> None:
    net = HandMade()
    a = net.population(10, train=[(1, 2), (1, 2), (1, 8), (1, 9)])
    spikes, latest = reduction(net, a, "spikes", begin=1, end=9)
    first, who = reduction(net, a, "first")
    net.spike(a, 1, 2, 2, 8, 9)
    net.run(1)
    assert (spikes[0], latest[0], first[0], who[0]) == (2, 2, 3, 2)
    net.populations[0][a].has_train = 0
    net.spike(a, 1, 8, 4)
    net.run(1)
    assert (spikes[0], latest[0], first[0], who[0]) == (2, 4, 2, 2)
    net.spike(a, 1)
    net.run(1)
    assert (spikes[0], latest[0], first[0], who[0]) == (0, -1, 0, 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(-1, 2), st.integers(0, 5), st.sampled_from([1.0, 4.0]))
def test_winners(seed: int, radius: int, most: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    channels, height, width = shape = tuple(rng.integers(1, 6, 3).tolist())
    net = HandMade(np.float32)
    a = net.population(channels * height * width + 3)
    v, trace = net.arrays[0, "v", a], net.arrays[0, "trace", a]
    v[:], trace[:] = np.round(rng.normal(0, spread, v.size)), 7
    end = v.size - 1
    value, _ = reduction(
        net, a, "winners", begin=2, end=end, mask=net.at(trace), least=0.5, winners=most,
        radius=radius, channels=channels, height=height, width=width,
    )  # fmt: skip
    net.run(1)
    chosen = winners(v[2:end].reshape(shape), most, 0.5, radius)
    assert value[0] == len(chosen)
    assert np.flatnonzero(trace[2:end]).tolist() == sorted(chosen)
    assert trace[:2].tolist() == [7, 7] and trace[end] == 7
