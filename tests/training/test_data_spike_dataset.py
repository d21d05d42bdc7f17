"""SpikeDataset: spikes of many samples, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.training.data import SpikeDataset
from pygenn_lite.training.data.step_spikes import steps_in_trial


def small(**changes: Any) -> SpikeDataset:
    arguments = dict(
        times=[3.0, 1.0, 0.2, 9.9], indices=[0, 1, 2, 2], begin=[0, 2, 2, 4], channels=3,
        duration=10.0, labels=[1, 0, 1], groups=[7, 7, 8], targets=[[0.0], [1.0], [2.0]],
    )  # fmt: skip
    return SpikeDataset(**{**arguments, **changes})


@st.composite
def datasets(draw: Any) -> SpikeDataset:
    samples, channels = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    trains = draw(
        st.lists(
            st.lists(st.tuples(st.floats(0, 10, width=32), st.integers(0, channels - 1))),
            min_size=samples, max_size=samples,
        )
    )  # fmt: skip
    flat = [spike for train in trains for spike in train]
    begin = np.concatenate([[0], np.cumsum([len(train) for train in trains])])
    labels = draw(st.lists(st.integers(0, 3), min_size=samples, max_size=samples))
    times, indices = [t for t, _ in flat], [i for _, i in flat]
    return SpikeDataset(times, indices, begin, channels, 10.0, labels, classes=4)


def test_a_dataset_says_what_it_holds() -> None:
    data = small()
    assert len(data) == 3
    assert data.spikes_per_sample.tolist() == [2, 0, 2]
    assert data.times.dtype == np.float32 and data.indices.dtype == np.uint32
    text = "3 samples of 10 ms, 3 channels, 2 classes, targets of shape (1,), 4 spikes"
    assert repr(data) == f"<SpikeDataset: {text}>"


def test_channels_may_have_a_shape() -> None:
    data = small(channels=(2, 3, 4))
    assert (data.channels, data.shape) == (24, (2, 3, 4))
    assert data[:1].shape == (2, 3, 4) and "2 x 3 x 4 channels" in repr(data)


def test_a_sample_is_one_row_of_everything() -> None:
    sample = small()[-1]
    assert sample.times.tolist() == pytest.approx([0.2, 9.9])
    assert (sample.label, sample.group, sample.indices.tolist()) == (1, 8, [2, 2])
    assert sample.target.tolist() == [2.0] and len(sample) == 2
    assert repr(sample) == "<Sample: 2 spikes, label 1>"


def test_parts_are_taken_as_from_an_array() -> None:
    data = small()
    for which in (slice(1, None), [1, 2], [-2, -1], np.array([False, True, True])):
        part = data[which]
        assert part.spikes_per_sample.tolist() == [0, 2]
        assert part.labels.tolist() == [0, 1] and part.groups.tolist() == [7, 8]
    assert data[[2, 0, 2]].times.tolist() == pytest.approx([0.2, 9.9, 3.0, 1.0, 0.2, 9.9])
    assert data[:1].classes == 2  # as many as the whole has


@given(datasets(), st.randoms())
@settings(max_examples=50, deadline=None)
def test_taking_keeps_each_samples_spikes(data: SpikeDataset, random: Any) -> None:
    numbers = [random.randrange(len(data)) for _ in range(5)]
    part = data[numbers]
    for k, number in enumerate(numbers):
        assert part[k].times.tolist() == data[number].times.tolist()
        assert part[k].indices.tolist() == data[number].indices.tolist()
        assert part[k].label == data[number].label


@given(datasets(), st.sampled_from([0.1, 0.5, 1.0, 3.0, 20.0]))
@settings(max_examples=50, deadline=None)
def test_steps_are_those_of_each_spike_in_order(data: SpikeDataset, dt: float) -> None:
    found = data.steps(dt, "count")
    assert found.number_of_steps * dt >= 10.0 - 1e-9
    assert int(found.counts.sum()) + found.late == len(data.times)
    plain = data.steps(dt)
    assert plain.steps.tolist() == np.repeat(found.steps, found.counts).tolist()
    for k in range(len(data)):
        steps = np.floor(data[k].times.astype(float) / dt + 0.5).astype(int)
        pairs = zip(steps.tolist(), data[k].indices.tolist(), strict=True)
        expected = sorted((s, i) for s, i in pairs if s < found.number_of_steps)
        part = slice(found.begin[k], found.begin[k + 1])
        rows = np.repeat(np.arange(part.stop - part.start), found.counts[part])
        pairs = zip(found.steps[part][rows], found.indices[part][rows], strict=True)
        assert [(int(s), int(i)) for s, i in pairs] == expected


def test_duplicates_are_merged_counted_or_refused() -> None:
    data = SpikeDataset([1.1, 0.9, 1.2], [0, 0, 1], [0, 3], 2, 5.0)
    kept, merged, counted = (data.steps(1.0, how) for how in ("keep", "merge", "count"))
    assert (kept.steps.tolist(), kept.indices.tolist(), kept.merged) == ([1, 1, 1], [0, 0, 1], 0)
    assert merged.counts is None and merged.merged == 1
    assert (merged.steps.tolist(), merged.indices.tolist()) == ([1, 1], [0, 1])
    assert counted.counts.tolist() == [2, 1]
    with pytest.raises(pg.errors.ArgumentError, match=r"sample 0: channel 0 .* twice in step 1"):
        data.steps(1.0, "refuse")
    with pytest.raises(pg.errors.ArgumentError, match="give one of keep, merge, count, refuse"):
        data.steps(1.0, "drop")
    with pytest.raises(pg.errors.InsufficientMemoryError, match="use a larger dt"):
        SpikeDataset([], [], [0, 0], 2**31, 1e6).steps(1e-5)
    assert data.steps(0.1, "refuse").steps.tolist() == [9, 11, 12]


def test_spikes_nearest_to_the_end_are_late_and_counted() -> None:
    found = SpikeDataset([4.4, 4.6, 5.0], [0, 1, 1], [0, 3], 2, 5.0).steps(1.0)
    assert (found.steps.tolist(), found.late, found.begin.tolist()) == ([4], 2, [0, 1])


@pytest.mark.parametrize(
    ("duration", "dt", "steps"),
    [(30.0, 0.1, 300), (5, 1, 5), (5.1, 1, 6), (0.3, 0.1, 3), (1, 2, 1)],
)
def test_a_trial_has_the_steps_that_its_duration_takes(
    duration: float, dt: float, steps: int
) -> None:
    assert steps_in_trial(duration, dt) == steps


def test_a_dense_array_counts_spikes() -> None:
    dense = SpikeDataset([1.1, 0.9, 1.9, 3.0], [0, 0, 1, 1], [0, 0, 4], 2, 3.0).dense(1.0)
    assert dense.shape == (2, 3, 2) and dense[0].sum() == 0
    assert dense[1].tolist() == [[1, 0], [1, 1], [0, 1]]


def test_a_tensor_replays_the_same_steps() -> None:
    data = small()
    tensor, found = data.tensor(0.1), data.steps(0.1)
    assert repr(found) == "<StepSpikes: 3 samples of 100 steps of 0.1 ms, 4 spikes>"
    for k in range(len(data)):
        steps, indices = tensor.train(k, 0.1)
        part = slice(found.begin[k], found.begin[k + 1])
        assert steps.tolist() == found.steps[part].tolist()
        assert indices.tolist() == found.indices[part].tolist()


def test_cropping_drops_what_is_later() -> None:
    part = small().cropped(3.0)
    assert part.duration == 3.0 and part.spikes_per_sample.tolist() == [1, 0, 1]
    assert part.labels.tolist() == [1, 0, 1]


def test_an_order_is_a_permutation_of_its_own_in_each_epoch() -> None:
    data = SpikeDataset([], [], np.zeros(1001, int), 1, 1.0)
    orders = [data.order(seed, epoch).tolist() for seed, epoch in ((1, 0), (1, 1), (2, 0))]
    assert all(sorted(order) == list(range(1000)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    assert orders[0] == data.order(1, 0).tolist()


def test_arrays_cannot_be_changed() -> None:
    data = small()
    for array in (data.times, data.indices, data.begin, data.labels, data.targets, data.groups):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(times=[3.0, 1.0, 0.2, 10.1]), "sample 2: a spike at 10.1 ms, of a duration of 10 ms"),
        (dict(times=[3.0, 1.0, -0.2, 1.0]), "sample 2: a spike at -0.2 ms"),
        (dict(times=[np.nan, 1.0, 0.2, 1.0]), "sample 0: a spike at nan ms"),
        (dict(times=[[3.0, 1.0, 0.2, 9.9]]), r"times of shape \(1, 4\)"),
        (dict(indices=[0, 1, 3, 2]), "sample 2: a spike of a channel that there is not among 3"),
        (dict(indices=[0, 1, 2, -1]), "sample 2: a spike of a channel"),
        (dict(indices=[0, 1, 2]), "4 times and 3 indices"),
        (dict(begin=[0, 2, 1, 4]), "begin must increase from 0 to the number of spikes, 4"),
        (dict(begin=[0, 2, 2, 3]), "begin must increase"),
        (dict(begin=[0], times=[], indices=[]), "there is no sample"),
        (dict(labels=[0, 1]), "2 labels of 3 samples"),
        (dict(labels=[0, 1, 2], classes=2), "sample 2: the label 2 is out of range, of 2 classes"),
        (dict(labels=[0, -1, 1]), "sample 1: the label -1 is negative"),
        (dict(labels=[[0, 1], [2], [1]]), "labels do not lie in one row"),
        (dict(labels=np.zeros((3, 2), int)), "labels do not lie in one row"),
        (dict(labels=[0, [1, 2], 1]), "labels .* is not an array of numbers"),
        (dict(classes=0), "classes = 0"),
        (dict(classes="two"), "classes = 'two'"),
        (dict(targets=[[1.0], [2.0]]), r"targets of shape \(2, 1\), of 3 samples"),
        (dict(groups=[1]), r"groups of shape \(1,\), of 3 samples"),
        (dict(duration=0), "duration = 0"),
        (dict(channels=0), "size = 0"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(pg.errors.InputError, match=message):
        small(**changes)


def test_a_sample_that_there_is_not_is_named() -> None:
    for which in (3, -4, [0, 3], [-4], [-3, 3]):
        with pytest.raises(pg.errors.ArgumentError, match=r"there is no sample (3|-4)"):
            small()[which]
    with pytest.raises(pg.errors.ShapeError, match="there is no sample"):
        small()[:0]
