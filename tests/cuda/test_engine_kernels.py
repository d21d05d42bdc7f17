"""The kernels of a step that no model changes, on records made by hand: known answers."""

from __future__ import annotations

import numpy as np
import pytest
from emulated import Emulated
from hand_made import HandMade

from pygenn_lite.runtime.cuda import records

REALS = pytest.mark.parametrize("real", [np.float32, np.float64])
WAYS = pytest.mark.parametrize(("blocks", "backwards"), [(1, False), (3, True)])


# ------------------------------------------------------------------ static synapses
@REALS
@WAYS
@pytest.mark.parametrize("lead", [0, 1])
def test_weights_arrive_after_their_delays(
    real: type, blocks: int, backwards: bool, lead: int
) -> None:
    net = HandMade(real)
    a, b = net.population(3), net.population(4)
    synapses = [(0, 1, 1, 0.5), (0, 2, 3, 0.25), (0, 1, 3, -2.0), (1, 0, 2, 1.0), (2, 3, 1, 9.0)]
    g = net.group(a, b, synapses, lead)
    deliver, collect = net.op(records.OP_DELIVER, g), net.op(records.OP_COLLECT, b)
    advance = net.op(records.OP_ADVANCE)
    seen = []
    for step in range(6):
        net.spike(a, step, *([1, 0] if step == 0 else [0] if step == 2 else []))
        for place in (deliver, collect, advance):
            net.launch(place, 1, blocks, backwards)
        seen.append(net.arrays[0, "v", b].copy())
    arrived = np.diff(np.array([np.zeros(4), *seen]), axis=0)
    expected = np.zeros((9, 4))
    for sent, neuron in ((0, 1), (0, 0), (2, 0)):
        for source, target, delay, weight in synapses:
            if source == neuron:
                expected[sent + int(delay) - lead, int(target)] += weight
    assert (arrived == expected[:6]).all()
    assert not net.arrays[0, "later", b][np.arange(6) & 7].any()


@WAYS
def test_many_spikes_share_the_threads(blocks: int, backwards: bool) -> None:
    rng = np.random.default_rng(3)
    net = HandMade(slots=64)
    a, b = net.population(300), net.population(200)
    n = 9000
    synapses = np.stack(
        [
            rng.integers(0, 300, n),
            rng.integers(0, 200, n),
            rng.integers(1, 40, n),
            rng.integers(-9, 9, n),
        ]
    ).T
    g = net.group(a, b, synapses)
    deliver = net.op(records.OP_DELIVER, g)
    for spikes in ([7], rng.permutation(300)[:5], rng.permutation(300)[:250]):
        net.arrays[0, "later", b][:] = 0
        net.spike(a, 0, *spikes)
        net.launch(deliver, 1, blocks, backwards)
        expected = np.zeros((64, 200))
        chosen = synapses[np.isin(synapses[:, 0], spikes)]
        np.add.at(expected, (chosen[:, 2], chosen[:, 1]), chosen[:, 3])
        assert (net.arrays[0, "later", b] == expected * 2**20).all()


def test_one_delay_and_one_weight_for_all() -> None:
    net = HandMade(np.float32)
    a, b = net.population(2), net.population(3)
    g = net.group(
        a, b, [(0, 0, 1, 0), (0, 2, 1, 0), (1, 1, 1, 0)],
        delays=0, variables=0, common_delay=3, common_weight=0.1,
    )  # fmt: skip
    net.spike(a, 0, 0)
    net.launch(net.op(records.OP_DELIVER, g))
    later = net.arrays[0, "later", b]
    weight = int(np.rint(float(np.float32(0.1)) * 2**20))
    assert later[3].tolist() == [weight, 0, weight]
    assert np.count_nonzero(later) == 2


FAR = """
#define PGL_REAL_BYTES 4
#include "cuda/real.hpp"
#include "cuda/engine/deliver.hpp"
struct Given { int64_t* later; };
PGL_LOOP(add_far, Given, 32) {
  if (pgl::first() != 0) return;
  const uint32_t neurons = 1u << 29, slot = 9;
  int64_t* const begin = args.later - uint64_t(slot) * neurons;
  const pgl::Arrivals arrivals = {begin, 15, neurons, 4, 0, {1.0, 1.0f}};
  arrivals.add(3, slot - 4, 7);
}
"""


def test_more_sums_than_32_bits_count() -> None:
    """Of a large population with long delays."""
    later = np.zeros(5, np.int64)
    Emulated(FAR).launch("add_far", (1, 1), 32, "P", later)
    assert later.tolist() == [0, 0, 0, 7, 0]


@pytest.mark.parametrize("kind", ["half", "fixed", "table"])
@REALS
def test_weights_of_16_bits(real: type, kind: str) -> None:
    net = HandMade(real)
    a, b = net.population(1), net.population(3)
    weights = np.array([0.5, -1.25, 3.0])
    codes = {
        "half": weights.astype(np.float16).view(np.uint16),
        "fixed": np.array([2, -5, 12]).astype(np.uint16),
        "table": np.array([2, 0, 1], np.uint16),
    }[kind]
    g = net.group(
        a, b, [(0, k, 1, 0) for k in range(3)],
        codes=net.at(codes), code_scale=0.25, table=net.at(np.array([-1.25, 3.0, 0.5])),
        code_kind=("half", "fixed", "table").index(kind) + 1,
    )  # fmt: skip
    net.spike(a, 0, 0)
    net.launch(net.op(records.OP_DELIVER, g))
    assert (net.arrays[0, "later", b][1] == weights * 2**20).all()


@WAYS
@pytest.mark.parametrize("lacks", ["nothing", "itself", "some"])
def test_a_matrix(blocks: int, backwards: bool, lacks: str) -> None:
    net = HandMade()
    a, b = net.population(3), net.population(3)
    columns = 8  # padded
    weights = np.arange(24.0).reshape(3, columns)
    present = np.ones((3, columns), np.uint8)
    present[1, 2] = 0
    more = {"itself": {"skips_itself": 1}, "some": {"present": net.at(present)}}.get(lacks, {})
    g = net.group(
        a, b, [], variables=net.pointers(weights), columns=columns, delays=0, common_delay=2,
        min_delay=2, max_delay=2, **more,
    )  # fmt: skip
    net.spike(a, 0, 2, 1)
    net.launch(net.op(records.OP_DELIVER, g), 1, blocks, backwards)
    expected = weights[:, :3].copy()
    if lacks == "itself":
        np.fill_diagonal(expected, 0)
    if lacks == "some":
        expected[present[:, :3] == 0] = 0
    assert (net.arrays[0, "later", b][2] == (expected[1] + expected[2]) * 2**20).all()


def test_weights_become_whole_numbers_as_on_the_cpu() -> None:
    """Halves to the even one, in single precision as in double, whatever the unit."""
    for real, per_unit in ((np.float32, 2.0**3), (np.float64, 2.0**3), (np.float32, 2.0**130)):
        net = HandMade(real)
        a, b = net.population(1), net.population(5, per_unit=per_unit)
        whole = np.array([0.5, 1.5, -2.5, 2.49, -7.51])
        weights = (whole / per_unit).astype(real)
        net.launch(
            net.op(
                records.OP_DELIVER, net.group(a, b, [(0, k, 1, w) for k, w in enumerate(weights)])
            )
        )
        assert not net.arrays[0, "later", b].any()  # nobody spiked
        net.spike(a, 0, 0)
        net.launch(0)
        expected = np.rint(weights.astype(np.float64) * per_unit)
        assert (net.arrays[0, "later", b][1] == expected).all()
        assert expected.tolist() == [0, 2, -2, 2, -8]


def test_spikes_put_back_arrive_from_now_on_only() -> None:
    net = HandMade()
    a, b = net.population(2), net.population(4)
    g = net.group(a, b, [(0, k, k + 1, 1.0) for k in range(4)], lead=1)
    net.op(records.OP_DELIVER, g)
    net.step[0] = 10
    net.spike(a, 8, 0)
    net.launch_kernel("pgl_restore", records.Restoring(net.at(net.card()), 0, 1, 8, 10))
    later = net.arrays[0, "later", b]
    # with a lead what is sent at 8 arrives at 8 to 11
    assert np.argwhere(later).tolist() == [[10 & 7, 2], [11 & 7, 3]]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_that_is_too_large_is_a_fault(sign: int) -> None:
    net = HandMade(instances=2)
    a = net.population(3)
    b = net.population(4, largest=2**21 - 1)
    most = 2.0 - 2.0**-20
    g = net.group(a, b, [(0, 2, 1, sign * 2.0), (0, 3, 1, sign * 2.0), (1, 1, 1, -sign * most)])
    for kind, index in ((records.OP_DELIVER, g), (records.OP_COLLECT, b), (records.OP_ADVANCE, 0)):
        net.op(kind, index)
    net.spike(a, 0, 0, instance=1)
    net.spike(a, 0, 1, instance=0)
    net.run(2)
    assert net.fault.tolist() == [records.NO_FAULT, 2**63 | b << 40 | 2 << 8]
    assert net.fault_step.tolist() == [-1, 1] and net.halted.tolist() == [0, 1]
    assert net.arrays[1, "v", b].tolist() == [
        0,
        0,
        sign * 2,
        sign * 2,
    ]  # the step is done to its end
    assert net.step[0] == 2


# ------------------------------------------------------------------ trains, and spikes on their way
TRAIN = [(0, 2), (1, 0), (1, 0), (1, 0), (1, 3), (3, 1), (3, 1), (4, 0)]


@WAYS
def test_a_train_is_replayed(blocks: int, backwards: bool) -> None:
    """Several spikes of a neuron act one after another; what each but the last leaves is kept."""
    net = HandMade(np.float32)
    a = net.population(4, train=TRAIN, past=True)
    net.op(records.OP_TRAIN, a)
    net.op(records.OP_TRACE, a, "after")
    net.op(records.OP_SEND, a)
    net.op(records.OP_ADVANCE)
    net.step[0] = -1  # the spikes of step 0 come up before it
    net.run(1, blocks, backwards)
    assert net.step[0] == 0 and net.spiked(a, 0) == [2]
    traces, past = np.zeros(4), []
    for step in range(6):
        expected = [neuron for at, neuron in TRAIN if at == step]
        assert net.spiked(a, step) == expected
        for neuron in expected:
            traces[neuron] = traces[neuron] / 2 + 1 + step
            past.append(traces[neuron])
        assert net.arrays[0, "trace", a].tolist() == traces.tolist()
        assert net.arrays[0, "past", a][step & 7].tolist() == traces.tolist()
        net.run(1, blocks, backwards)
    kept = [past[k] for k in (1, 2, 5)]  # those that are followed by another
    assert net.arrays[0, "repeated", a].tolist() == [*kept, 0]
    assert net.arrays[0, "totals", a].tolist() == [4, 2, 1, 1]
    assert net.arrays[0, "total", a][0] == 8 and net.arrays[0, "train_next", a][0] == 8


def test_a_train_goes_on_where_it_is_looked_up() -> None:
    net = HandMade()
    a = net.population(4, train=TRAIN)
    net.op(records.OP_TRAIN, a)
    net.op(records.OP_SEND, a)
    net.step[0] = 2  # nobody said where the train is
    net.run(1)
    assert net.spiked(a, 3) == [1, 1]
    assert net.arrays[0, "train_next", a][0] == 7
    net.populations[0][a].train_next = 0
    net.step[0] = 3
    net.run(1)
    assert net.spiked(a, 4) == [0]


@WAYS
def test_spikes_are_counted_and_recorded(blocks: int, backwards: bool) -> None:
    net = HandMade(np.float32)
    net.population(3)
    a = net.population(10, past=True)
    net.op(records.OP_SEND, a)
    logs = []
    for population, begin, end, stride in ((a, 0, 10, 1), (a, 2, 9, 3), (0, 0, 3, 1)):
        entries, size = np.zeros(40, np.uint64), np.zeros(1, np.uint64)
        net.logs[0].append(
            records.SpikeLog(population, begin, end, stride, 40, net.at(entries), net.at(size))
        )
        logs.append((entries, size))
    net.arrays[0, "trace", a][:] = np.arange(10)
    net.step[0] = 4
    net.spike(a, 5, 9, 2, 8, 5, 0)
    net.spike(a, 6, 1, 2, 3)  # an old row
    net.launch(0, 1, blocks, backwards)
    found = [sorted(entries[: size[0]].tolist()) for entries, size in logs]
    assert found == [[5 << 32 | k for k in (0, 2, 5, 8, 9)], [5 << 32 | k for k in (2, 5, 8)], []]
    assert net.arrays[0, "totals", a].tolist() == [1, 0, 1, 0, 0, 1, 0, 0, 1, 1]
    assert net.arrays[0, "total", a][0] == 5
    assert net.arrays[0, "past", a][5].tolist() == list(range(10))
    assert net.spiked(a, 6) == [] and len(net.spiked(a, 5)) == 5


@pytest.mark.parametrize("count", [0, 1, 2, 3, 63, 64, 65, 200])
def test_spikes_are_sorted(count: int) -> None:
    net = HandMade()
    a = net.population(200)
    net.op(records.OP_SORT, a)
    spikes = np.random.default_rng(count).permutation(200)[:count]
    net.spike(a, 1, *spikes)
    net.launch(0)
    assert net.spiked(a, 1) == sorted(spikes.tolist())


# ------------------------------------------------------------------ neurons
@WAYS
@REALS
def test_neurons_spike_and_stop(real: type, blocks: int, backwards: bool) -> None:
    net = HandMade(real, instances=2)
    a, b = net.population(200, gain=0.25), net.population(100, gain=0.5)
    net.op(records.OP_FIRE, a, "update")
    net.op(records.OP_FIRE, b, "update")
    net.op(records.OP_SPIKING_NEURONS, b, "after")
    net.op(records.OP_ADVANCE)
    net.arrays[1, "v", a][:] = 0.5
    net.arrays[1, "v", b][[7, 9]] = np.nan
    for step in range(3):
        net.launch(0, 2, blocks, backwards)
        net.launch(2, 1, blocks, backwards)
        net.launch(3)
        assert sorted(net.spiked(b, step + 1)) == (list(range(100)) if step == 1 else [])
    assert sorted(net.spiked(a, 2, instance=1)) == []
    # instance 1 has a fault in its first step, is done with it, and halts
    assert net.fault.tolist() == [records.NO_FAULT, b << 40 | 7 << 8 | 3]
    assert net.halted.tolist() == [0, 1] and net.fault_step.tolist() == [-1, 0]
    assert (net.arrays[1, "v", a] == 0.75).all() and (net.arrays[0, "v", a] == 0.75).all()
    assert (net.arrays[0, "trace", b] == 1 + 2).all()  # spiked at t_2, visited in step 2
    assert net.step[0] == 3


def test_visited_are_those_that_spike_now_if_asked() -> None:
    net = HandMade()
    a = net.population(8)
    net.op(records.OP_SPIKING_NEURONS, a, "after", ahead=1)
    net.spike(a, 1, 5, 2)
    net.spike(a, 0, 3)
    net.launch(0)
    assert np.flatnonzero(net.arrays[0, "trace", a]).tolist() == [2, 5]
    assert net.arrays[0, "trace", a][5] == 1


def test_what_is_due_now_and_then() -> None:
    net = HandMade()
    a = net.population(2, gain=0.125)
    net.op(records.OP_NEURONS, a, "update", every=3, offset=1)
    net.op(records.OP_ADVANCE)
    seen = []
    for _ in range(6):
        net.run(1)
        seen.append(net.arrays[0, "v", a][0])
    assert seen == [0, 0.125, 0.125, 0.125, 0.25, 0.25]


def test_everybody_waits_where_a_log_has_no_room() -> None:
    net = HandMade(instances=2)
    a = net.population(3, gain=1.0)
    net.op(records.OP_FIRE, a, "update")
    net.op(records.OP_SEND, a)
    net.op(records.OP_ADVANCE)
    sizes = []
    for logs, room in zip(net.logs, (100, 8), strict=True):
        entries, size = np.zeros(room, np.uint64), np.zeros(1, np.uint64)
        logs.append(records.SpikeLog(a, 0, 3, 1, room, net.at(entries), net.at(size)))
        sizes.append(size)
    net.run(5)
    assert net.paused[0] == 1 and net.step[0] == 2
    assert [int(size[0]) for size in sizes] == [6, 6]
    sizes[1][0] = 0
    net.paused[0] = 0
    net.run(1)
    assert net.paused[0] == 0 and net.step[0] == 3
    assert [int(size[0]) for size in sizes] == [9, 3]


def test_the_step_ends_when_all_have_halted() -> None:
    net = HandMade(instances=2)
    a = net.population(1)
    net.op(records.OP_FIRE, a, "update")
    net.op(records.OP_ADVANCE)
    net.arrays[1, "scalars", a][0] = 5e9
    net.arrays[0, "scalars", a][0] = 0.5
    net.run(1)
    net.arrays[0, "scalars", a][0] = 5e9
    net.run(4)
    assert net.halted.tolist() == [1, 1]
    assert net.fault_step.tolist() == [1, 0] and net.step[0] == 2


# ------------------------------------------------------------------ recording
@REALS
@WAYS
def test_samples(real: type, blocks: int, backwards: bool) -> None:
    net = HandMade(real)
    a = net.population(200)
    net.op(records.OP_SAMPLE)
    v, chosen = net.arrays[0, "v", a], np.array([3, 199, 64], np.uint32)
    outs = [np.zeros((3, 200), real), np.zeros((2, 3), real)]
    for out, indices, every in ((outs[0], None, 1), (outs[1], chosen, 2)):
        net.samplers[0].append(
            records.Sampler(net.at(v), net.at(indices), net.at(out), *out.shape, every)
        )
    for step in range(6):
        v[:] = np.arange(200) + 1000 * step
        net.step[0] = step
        net.launch(0, 1, blocks, backwards)
    assert outs[0][:, 5].tolist() == [3005, 4005, 5005]
    assert outs[1].tolist() == [[4003, 4199, 4064], [2003, 2199, 2064]]
