"""Values of a wrong kind or size, and samples without spikes: refused by name, or treated well."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg

data = pg.data
EVENTS = np.array([(1500, 3)], dtype=[("t", "i8"), ("x", "i8")])
ONE = data.SpikeDataset([1.0, 10.0, 10.0], [0, 1, 1], [0, 1, 1, 3], 2, 10.0, labels=[0, 0, 1])
EMPTY = np.zeros((2, 3, 2), int)


def tonic(label: Any = 0, **options: Any) -> Any:
    return data.from_tonic([(EVENTS, label)], **{"sensor_size": (5, 1, 1), **options})


def with_targets(target: Any) -> Any:
    return data.SpikeDataset([], [], [0, 0], 2, 10.0, targets=[target])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: data.from_dense(np.zeros((0, 5, 2), int), 1.0), r"shape \(0, 5, 2\)"),
        (lambda: data.from_dense(np.zeros((3, 0, 2), int), 1.0), r"shape \(3, 0, 2\)"),
        (lambda: data.from_dense([[[0, 1], [1]], [[1, 0], [0, 1]]], 1.0), "not an array"),
        (lambda: data.from_dense(np.full((2, 3, 2), np.inf), 1.0), "not a number of spikes"),
        (lambda: data.from_dense(np.full((1, 1, 1), 2**63, np.uint64), 1.0), "not a number of sp"),
        (lambda: data.from_dense(np.ma.masked_less(EMPTY, 1), 1.0), "masked"),
        (lambda: data.from_dense(EMPTY, 1.0, 3), "labels must be"),
        (lambda: data.from_dense(EMPTY, 1.0, iter([0, 1])), "labels"),
        (lambda: data.from_dense(EMPTY, 1.0, ["a", "b"]), r"are text\n.*np\.unique\(labels"),
        (lambda: data.from_dense(EMPTY, 1.0, np.array(["a", "b"])), r"are text\n.*np\.unique\("),
        (lambda: data.from_dense(EMPTY, 1.0, [True, False]), r"true and false\n.*astype\(int\)"),
        (lambda: data.from_dense(EMPTY, 1.0, np.array([1, 0]) > 0), r"labels\.astype\(int\)"),
        (lambda: tonic("cat"), "sample 0: its label 'cat' is not a number"),
        (lambda: tonic(None), "its label None is not a number"),
        (lambda: tonic(samples=0), "samples = 0"),
        (lambda: tonic(samples=-1), "samples = -1"),
        (lambda: tonic(duration="long"), "duration = 'long'"),
        (lambda: tonic(sensor_size=5), "sensor_size"),
        (lambda: tonic(sensor_size="abc"), "sensor_size"),
        (lambda: data.from_tonic([EVENTS], sensor_size=(5, 1, 1)), "sample 0: it is not a pair"),
        (lambda: data.ShiftChannels(0.5), "most = 0.5"),
        (lambda: data.ShiftChannels("a"), "most = 'a'"),
        (lambda: data.DropSpikes("a"), "probability = 'a'"),
        (lambda: data.Blend(None), "probability = None"),
        (lambda: data.Jitter(None), "std = None"),
        (lambda: data.encode(np.zeros((2, 3)), "latency"), "'latency' is not an encoder"),
        (lambda: data.Rate(10.0, "a"), "maximum = 'a'"),
        (lambda: data.Latency(10.0, "a"), "threshold = 'a'"),
        (lambda: data.Latency(10.0, float("nan")), "threshold = nan"),
        (lambda: data.Latency(10.0, first="a"), "first = 'a'"),
        (lambda: data.PopulationCode(10.0, 8.5), "8.5 neurons"),
        (lambda: data.PopulationCode(10.0, low=-np.inf), "low = -inf"),
        (lambda: data.Delta(10.0, "a"), "threshold = 'a'"),
        (
            lambda: data.encode(np.array([0.0, 1.0]).reshape(1, 2, 1), data.Delta(10.0, 1e-15)),
            "move by 1e.15 thresholds",
        ),
        (lambda: data.concatenate([with_targets([1.0]), with_targets([1.0, 2.0])]), "targets of"),
        (lambda: data.superposed(ONE, 3), "same samples"),
        (lambda: data.delay_line(ONE, 2, "a"), "an interval of 'a'"),
        (lambda: data.shd_like(3, spikes="a"), "spikes = 'a'"),
        (lambda: data.shd_like(3, task=-1), "seed = -1"),
        (lambda: data.from_dense(EMPTY, 1.0, [0, 10**12]), "of sample 1 stands for"),
        (lambda: data.SpikeDataset(np.array([1e300]), [0], [0, 1], 2, 10.0), "a spike at inf ms"),
        (lambda: data.SpikeDataset(np.ma.masked_less([1.0], 2), [0], [0, 1], 2, 9.0), "masked"),
    ],
)  # fmt: skip
def test_values_that_make_no_sense_are_refused_by_name(make: Any, message: str) -> None:
    with pytest.raises(pg.errors.PygennLiteError, match=message):
        make()


@pytest.mark.parametrize("change", [data.ShiftChannels(3), data.Blend()])
def test_channels_of_a_map_are_not_moved_by_their_numbers(change: Any) -> None:
    with pytest.raises(pg.errors.ShapeError, match="do not lie in one row"):
        data.augmented(data.digits()[:4], [change], 0)
    row = data.from_dense(np.ones((2, 3, 1, 1, 9), int), 1.0, [0, 0])
    assert len(data.augmented(row, [change], 0)) >= 2


def test_an_array_that_does_not_fit_is_refused_before_it_is_made() -> None:
    large = data.SpikeDataset([1.0], [0], [0, 1], 70_000, 1e6)
    with pytest.raises(pg.errors.InsufficientMemoryError, match=r"63.* TiB.*are available"):
        large.dense(0.001)


@pytest.mark.parametrize(("dt", "steps"), [(0.01, 100_000), (0.001, 300_000), (0.3, 3_333)])
def test_a_dense_array_comes_back_however_late_its_steps_are(dt: float, steps: int) -> None:
    spikes = np.ones((1, steps, 1), np.uint8)
    assert (data.from_dense(spikes, dt).dense(dt) == 1).all()


def test_many_spikes_of_a_bin_are_all_counted() -> None:
    spikes = np.array([[[300, 2]]])
    assert data.from_dense(spikes, 1.0).dense(1.0).tolist() == spikes.tolist()


def test_a_spike_at_the_very_end_is_in_the_last_bin_and_in_no_step() -> None:
    on_grid = ONE.steps(1.0)
    assert (len(on_grid.steps), on_grid.late) == (1, 2)
    assert ONE.dense(1.0)[2, 9].tolist() == [0, 2]


def test_a_sample_without_spikes_does_not_pull_its_partner_to_the_beginning() -> None:
    made = data.SpikeDataset([6.0, 8.0], [5, 7], [0, 2, 2], 10, 10.0, labels=[0, 0])
    blends = data.Blend(1.0, add=False)(made, 0, 1)
    for blend in blends:
        assert (blend.times.tolist(), blend.indices.tolist()) == ([6.0, 8.0], [5, 7])


def test_the_largest_seed_is_one() -> None:
    changes = [data.DropSpikes(0.5), data.DropSpikes(0.5)]
    many = data.yin_yang(300)
    first, again = (data.augmented(many, changes, 0, 2**64 - 1) for _ in range(2))
    assert 200 < len(first.times) < 500 and (first.times == again.times).all()
    batches = [(np.full((2, 3), 0.5), [0, 1])] * 2
    assert len(data.from_loader(batches, encoder=data.Rate(10.0), seed=2**64 - 1)) == 4
