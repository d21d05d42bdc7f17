"""Augmentations, and datasets made of datasets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.training.data import SpikeDataset

data = pg.data


def wide(samples: int = 60, spikes: int = 40) -> SpikeDataset:
    random = np.random.default_rng(3)
    times, indices = random.random(samples * spikes) * 100, random.integers(0, 50, samples * spikes)
    begin, labels = np.arange(samples + 1) * spikes, np.arange(samples) % 4
    return SpikeDataset(times, indices, begin, 50, 100.0, labels, groups=labels)


def same(a: SpikeDataset, b: SpikeDataset) -> bool:
    fields = ("times", "indices", "begin", "labels")
    return all(np.array_equal(getattr(a, f), getattr(b, f)) for f in fields)


EACH = [data.ShiftChannels(5), data.Blend(), data.DropSpikes(0.3), data.Jitter(2.0)]


@pytest.mark.parametrize("change", EACH, ids=lambda change: type(change).__name__)
def test_an_epoch_and_a_seed_give_the_same_again_and_others_give_others(change: Any) -> None:
    first = change(wide(), 3, 1)
    assert same(first, change(wide(), 3, 1))
    assert not same(first, change(wide(), 4, 1))
    assert not same(first, change(wide(), 3, 2))
    assert first.classes == 4 and first.duration == 100.0


def test_a_shift_is_the_same_for_all_spikes_of_a_sample() -> None:
    before = wide()
    after = data.ShiftChannels(5)(before, 0, 1)
    shifts = set()
    for k in range(len(before)):
        gone = [t for t in before[k].times if t not in after[k].times]
        kept = np.isin(before[k].times, after[k].times)
        shift = set((after[k].indices.astype(int) - before[k].indices[kept].astype(int)).tolist())
        assert len(shift) == 1 and abs(*shift) <= 5
        edge = before[k].indices[np.isin(before[k].times, gone)].astype(int) + next(iter(shift))
        assert ((edge < 0) | (edge >= 50)).all()
        shifts |= shift
    assert len(shifts) > 8  # of 11


def test_a_shift_by_nothing_and_a_jitter_by_nothing_change_nothing() -> None:
    assert same(wide(), data.ShiftChannels(0)(wide(), 0, 1))
    assert same(wide(), data.Jitter(0.0)(wide(), 0, 1))
    assert same(wide(), data.DropSpikes(0.0)(wide(), 0, 1))
    assert len(data.DropSpikes(1.0)(wide(), 0, 1).times) == 0


def test_spikes_are_dropped_at_their_probability() -> None:
    after = data.DropSpikes(0.3)(wide(500), 0, 1)
    assert len(after.times) / 20_000 == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / 20_000))
    assert set(after[7].times) <= set(wide(500)[7].times)


def test_jitter_moves_each_spike_by_its_own_time() -> None:
    before = SpikeDataset(np.full(5000, 50.0), np.zeros(5000, int), [0, 5000], 1, 100.0)
    moved = data.Jitter(2.0)(before, 0, 1).times - 50
    assert moved.mean() == pytest.approx(0.0, abs=0.12) and moved.std() == pytest.approx(
        2.0, abs=0.1
    )


def test_jitter_reflects_at_both_ends_of_the_trial() -> None:
    times = np.repeat([0.0, 10.0], 500)
    before = SpikeDataset(times, np.zeros(1000, int), [0, 1000], 1, 10.0)
    after = data.Jitter(1.0)(before, 0, 1).times
    assert len(after) == 1000 and after.min() >= 0 and after.max() <= 10
    assert after[:500].mean() == pytest.approx(np.sqrt(2 / np.pi), abs=0.1)
    assert after[500:].mean() == pytest.approx(10 - np.sqrt(2 / np.pi), abs=0.1)


def test_a_blend_meets_halfway_between_two_samples_of_its_class() -> None:
    # Two samples of a class, each of many spikes at one place: both move to the middle.
    times, indices = np.repeat([20.0, 40.0], 400), np.repeat([10, 20], 400)
    before = SpikeDataset(times, indices, [0, 400, 800], 50, 100.0, [0, 0])
    both = data.Blend()(before, 0, 1)
    assert len(both) == 4 and same(both[:2], before)
    for blend in both[2:]:
        assert set(blend.times) == {30.0} and set(blend.indices) == {15}
        assert len(blend) == pytest.approx(400, abs=70)
    assert len(data.Blend(add=False)(before, 0, 1)) == 2
    assert len(data.Blend(1.0)(before, 0, 1)[2]) == 800


def test_blends_are_of_one_class_and_never_of_a_sample_with_itself() -> None:
    # Each sample has a channel of its own, at one place in time: the channels of a blend tell.
    labels = np.array([0, 1, 0, 1, 0, 2])
    times, indices = np.full(60, 50.0), np.repeat([10, 20, 30, 40, 50, 60], 10)
    before = SpikeDataset(times, indices, np.arange(7) * 10, 100, 100.0, labels)
    for epoch in range(5):
        blends = data.Blend(1.0, add=False)(before, epoch, 1)
        assert blends.labels.tolist() == labels.tolist()
        middles = [set(sample.indices) for sample in blends]
        assert all(len(middle) == 1 for middle in middles)
        assert middles[0] <= {20, 30} and middles[1] == {30} and middles[2] <= {20, 40}
        assert middles[5] == {60}  # alone in its class


def test_augmentations_are_applied_one_after_the_other() -> None:
    changes = [data.DropSpikes(0.5), data.DropSpikes(0.5)]
    after = data.augmented(wide(500), changes, epoch=1)
    assert len(after.times) / 20_000 == pytest.approx(0.25, abs=0.015)
    own = data.augmented(wide(), [lambda d, epoch, seed: d[: 1 + epoch]], epoch=1)
    assert len(own) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: data.ShiftChannels(-1), "most = -1"),
        (lambda: data.Blend(1.5), "probability = 1.5"),
        (lambda: data.DropSpikes(-0.1), "probability = -0.1"),
        (lambda: data.Jitter(-1.0), "std = -1.0"),
        (lambda: data.Blend()(SpikeDataset([], [], [0, 0], 1, 1.0), 0, 1), "has no labels"),
        (lambda: data.concatenate([]), "only datasets can be joined"),
        (lambda: data.concatenate([wide(), data.yin_yang(9)]), "50 and 5 channels"),
        (lambda: data.concatenate([wide(), unlabelled()]), "some of the datasets have labels"),
        (lambda: data.superposed(wide(), wide(5)), "the same samples and channels"),
        (lambda: data.delay_line(wide(), 0, 1.0), "0 copies"),
        (lambda: data.delay_line(wide(), 2, -1.0), "an interval of -1.0 ms"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(pg.errors.InputError, match=message):
        make()


def unlabelled() -> SpikeDataset:
    return SpikeDataset([1.0], [0], [0, 1], 50, 100.0)


def test_datasets_are_joined_sample_by_sample() -> None:
    joined = data.concatenate([wide(5), wide(3)])
    assert same(joined[:5], wide(5)) and same(joined[5:], wide(3))
    assert joined.groups.tolist() == [0, 1, 2, 3, 0, 0, 1, 2]
    longer = data.concatenate([data.yin_yang(9), data.yin_yang(9, duration=40.0)])
    assert longer.duration == 40.0 and longer.class_names == ("yin", "yang", "dot")


def test_superposed_samples_have_the_spikes_of_both() -> None:
    both = data.superposed(wide(5), wide(10)[5:])
    for k in range(5):
        expected = np.concatenate([wide(10)[k].times, wide(10)[5 + k].times])
        assert both[k].times.tolist() == expected.tolist()


def test_a_delay_line_repeats_all_channels_later() -> None:
    line = data.delay_line(wide(3), copies=3, interval=10.0)
    assert (line.channels, line.duration) == (150, 120.0)
    for k in range(3):
        sample, original = line[k], wide(3)[k]
        for copy in range(3):
            own = sample.indices // 50 == copy
            assert (sample.indices[own] % 50).tolist() == original.indices.tolist()
            assert sample.times[own] == pytest.approx(original.times + 10.0 * copy)
    assert data.delay_line(data.digits()[:5], 2, 1.0).shape == (2, 8, 8)
    assert same(data.delay_line(wide(3), 1, 5.0), wide(3))
