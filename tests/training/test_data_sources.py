"""Datasets of lists, arrays, and other frameworks' objects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg

data = pg.data
EVENT = [("t", np.int64), ("x", np.int16), ("y", np.int16), ("p", bool)]


# ------------------------------------------------------------------ lists of trains
def test_trains_become_a_dataset() -> None:
    made = data.from_trains([([1.0, 3.0], [0, 1]), ([], []), ([2.5], [1])], 2, labels=[0, 1, 1])
    assert made.duration == 4.0 and made.spikes_per_sample.tolist() == [2, 0, 1]
    assert made[2].times.tolist() == [2.5] and made[2].label == 1
    assert data.from_trains([([], [])], 2).duration == 1.0
    assert data.from_trains([([1.0], [0])], (2, 3), 9.0, classes=["a", "b"]).class_names == (
        "a",
        "b",
    )


@pytest.mark.parametrize(
    ("trains", "message"),
    [
        ([([1.0], [0]), ([1.0], [2])], "from_trains, sample 1"),
        ([([1.0], [0]), ([-1.0], [0])], "sample 1.*must be finite and not negative"),
        ([([1.0, 2.0], [0])], r"times \(2,\) and indices \(1,\)"),
        ([[1.0, 2.0, 3.0]], "a sample is a pair of times and indices"),
        ([], "there is no sample"),
    ],
)
def test_trains_that_make_no_sense_are_refused(trains: Any, message: str) -> None:
    with pytest.raises(pg.errors.InputError, match=message):
        data.from_trains(trains, 2)


# ------------------------------------------------------------------ dense arrays
def test_a_dense_array_there_and_back() -> None:
    random = np.random.default_rng(1)
    spikes = random.integers(0, 3, (6, 20, 4))
    made = data.from_dense(spikes, dt=0.1, labels=range(6))
    assert made.duration == pytest.approx(2.0)
    assert (made.dense(0.1) == spikes).all()
    assert (data.from_dense(spikes > 0, dt=0.1).dense(0.1) == (spikes > 0)).all()
    assert (data.from_dense(spikes.astype(np.float32), dt=0.1).dense(0.1) == spikes).all()
    maps = data.from_dense(spikes.reshape(6, 20, 1, 2, 2), dt=1.0)
    assert maps.shape == (1, 2, 2) and maps.channels == 4


AXES = {
    "steps, samples, channels": (1, 0, 2),
    "samples, channels, steps": (0, 2, 1),
    "steps, channels, samples": (1, 2, 0),
    "channels, steps, samples": (2, 1, 0),
    "channels, samples, steps": (2, 0, 1),
}


@pytest.mark.parametrize("order", AXES)
def test_axes_in_another_order_are_told_by_their_lengths(order: str) -> None:
    right = np.random.default_rng(1).integers(0, 2, (6, 20, 4))
    wrong = right.transpose(AXES[order])
    with pytest.raises(pg.errors.ShapeError, match=rf"their axes are \({order}\)") as caught:
        data.from_dense(wrong, 1.0, labels=range(6), channels=4)
    hint = str(caught.value).split("spikes.transpose")[1]
    assert (wrong.transpose(eval(hint)) == right).all()  # the hint sets them right


def test_time_before_batch_is_told_by_labels_alone() -> None:
    with pytest.raises(pg.errors.ShapeError, match=r"6 samples: their axes are .steps, samples"):
        data.from_dense(np.zeros((20, 6, 4), int), 1.0, labels=range(6))
    with pytest.raises(pg.errors.ShapeError, match=r"spikes.transpose\(1, 0, 2, 3\)"):
        data.from_dense(np.zeros((20, 6, 2, 2), int), 1.0, labels=range(6))
    with pytest.raises(pg.errors.ShapeError, match="do not fit 5 samples and 7 channels"):
        data.from_dense(np.zeros((20, 6, 4), int), 1.0, labels=range(5), channels=7)


@pytest.mark.parametrize(
    ("spikes", "message"),
    [
        (np.zeros((3, 4)), r"spikes of shape \(3, 4\)"),
        (np.full((2, 3, 4), 0.5), "an entry is not a number of spikes"),
        (np.full((2, 3, 4), -1), "an entry is not a number of spikes"),
        ([["a"]], "is text"),
    ],
)
def test_dense_arrays_that_make_no_sense_are_refused(spikes: Any, message: str) -> None:
    with pytest.raises(pg.errors.ShapeError, match=message):
        data.from_dense(spikes, 1.0)


# ------------------------------------------------------------------ Tonic
class FakeTonic:
    """What Tonic's datasets have: a length, samples of (events, label), a size of the sensor."""

    sensor_size = (5, 4, 2)
    speaker = np.array([3, 1, 3])

    def __len__(self) -> int:
        return 3

    def __getitem__(self, k: int) -> tuple[Any, int]:
        return np.array([(1500 + k, k, 1, True), (90_000, 4, 3, False)], dtype=EVENT), k % 2


def test_a_dataset_of_tonic_is_read_event_by_event() -> None:
    made = data.from_tonic(FakeTonic())
    assert made.shape == (2, 4, 5) and made.duration == 91.0
    assert made[2].times.tolist() == pytest.approx([1.502, 90.0])
    assert made[2].indices.tolist() == [(1 * 4 + 1) * 5 + 2, 3 * 5 + 4]
    assert made.labels.tolist() == [0, 1, 0] and made.groups.tolist() == [3, 1, 3]
    short = data.from_tonic(FakeTonic(), duration=50.0, samples=2)
    assert short.spikes_per_sample.tolist() == [1, 1] and short.duration == 50.0


def test_speech_of_tonic_has_one_row_and_may_have_times_that_are_not_numbers() -> None:
    events = np.array(
        [(1.5e3, 699, 1), (np.inf, 5, 1), (2.5e3, 0, 1)],
        dtype=[("t", np.float64), ("x", np.int16), ("p", np.int16)],
    )
    made = data.from_tonic([(events, 19)], sensor_size=(700, 1, 1), classes=20)
    assert made.channels == 700 and made.shape == () and made.classes == 20
    assert made[0].times.tolist() == [1.5, 2.5]


def test_what_is_not_a_dataset_of_tonic_is_refused() -> None:
    events, _ = FakeTonic()[0]
    with pytest.raises(pg.errors.ArgumentError, match="list does not say its sensor_size"):
        data.from_tonic([(events, 0)])
    with pytest.raises(pg.errors.ShapeError, match="sample 0: it is not an array of events"):
        data.from_tonic([(np.zeros((10, 2, 4, 5)), 0)], sensor_size=(5, 4, 2))
    with pytest.raises(pg.errors.FileFormatError, match="x = 4, y = 3, p = 0, outside the sensor"):
        data.from_tonic([(events, 0)], sensor_size=(5, 3, 2))


# ------------------------------------------------------------------ PyTorch
class FakeTensor:
    """What a tensor of PyTorch needs before NumPy may have it."""

    def __init__(self, values: Any) -> None:
        self.values, self.at_host = np.asarray(values), False

    def detach(self) -> FakeTensor:
        return self

    def cpu(self) -> FakeTensor:
        self.at_host = True
        return self

    def numpy(self) -> Any:
        assert self.at_host
        return self.values


def test_a_loader_of_spikes_is_read_batch_by_batch() -> None:
    spikes = np.random.default_rng(2).integers(0, 2, (10, 12, 3))
    batches = [
        (FakeTensor(spikes[k : k + 4]), FakeTensor(np.arange(10)[k : k + 4])) for k in (0, 4, 8)
    ]
    made = data.from_loader(batches, dt=2.0, classes=10)
    assert (made.dense(2.0) == spikes).all() and made.labels.tolist() == list(range(10))
    assert made.duration == 24.0


def test_a_loader_of_numbers_goes_through_an_encoder() -> None:
    values = np.random.default_rng(2).random((8, 5))
    batches = [(values[:4], [0, 1, 0, 1]), (values[:4], [1, 1, 0, 0])]
    made = data.from_loader(batches, encoder=data.Latency(10.0))
    assert made[4].times.tolist() == made[0].times.tolist()
    drawn = data.from_loader(batches, encoder=data.Rate(50.0, 300.0))
    assert drawn[4].times.tolist() != drawn[0].times.tolist()  # each batch has its own numbers


@pytest.mark.parametrize(
    ("loader", "options", "message"),
    [
        ([], {}, "give either dt or an encoder"),
        ([], dict(dt=1.0, encoder=data.Latency(1.0)), "give either dt or an encoder"),
        ([], dict(dt=1.0), "the loader has no batch"),
        ([np.zeros((2, 3, 4))], dict(dt=1.0), "batch 0 is not a pair of values and labels"),
        ([(np.zeros((9, 4, 2)), np.zeros(4, int))], dict(dt=1.0), "steps, samples, channels"),
    ],
)
def test_a_loader_that_makes_no_sense_is_refused(loader: Any, options: Any, message: str) -> None:
    with pytest.raises(pg.errors.InputError, match=message):
        data.from_loader(loader, **options)
