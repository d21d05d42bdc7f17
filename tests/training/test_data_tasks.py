"""Generated tasks: Yin-Yang, the look-alike of SHD, scikit-learn's digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg

data = pg.data


# ------------------------------------------------------------------ Yin-Yang
def test_classes_of_the_disk_have_their_areas() -> None:
    side = (np.arange(600) + 0.5) / 600
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    inside = np.hypot(*(grid.T - 0.5)) <= 0.5
    shares = np.bincount(data.yin_yang_class(grid[inside])) / inside.sum()
    dots = 2 * 0.1**2 / 0.5**2  # two disks of radius 0.1 in one of 0.5
    assert shares == pytest.approx([(1 - dots) / 2, (1 - dots) / 2, dots], abs=1e-3)


def test_classes_lie_where_the_picture_has_them() -> None:
    points = [[0.5, 0.9], [0.5, 0.1], [0.25, 0.5], [0.75, 0.5], [0.25, 0.35], [0.75, 0.65]]
    assert data.yin_yang_class(np.array(points)).tolist() == [0, 1, 2, 2, 0, 1]


def test_turning_the_disk_by_half_swaps_yin_and_yang() -> None:
    points, labels = data.yin_yang_points(3000)
    turned = data.yin_yang_class(1 - points)
    assert (turned == np.array([1, 0, 2])[labels]).all()


def test_points_are_balanced_inside_and_of_their_class() -> None:
    points, labels = data.yin_yang_points(5000, seed=4)
    assert np.bincount(labels).tolist() == [1667, 1667, 1666]
    assert (data.yin_yang_class(points) == labels).all()
    assert np.hypot(*(points.T - 0.5)).max() <= 0.5
    # Even over each class: dots are two disks, left and right alike, of mean radius 2/3 r.
    dots = points[labels == 2]
    left = dots[:, 0] < 0.5
    assert left.mean() == pytest.approx(0.5, abs=0.05)
    assert np.hypot(*(dots[left] - [0.25, 0.5]).T).mean() == pytest.approx(0.2 / 3, abs=0.003)


def test_more_points_begin_with_the_same() -> None:
    few, many = data.yin_yang_points(100), data.yin_yang_points(1000)
    assert (many[0][:100] == few[0]).all()
    assert not (data.yin_yang_points(100, seed=2)[0] == few[0]).any()


def test_spike_times_are_linear_in_the_coordinates() -> None:
    made = data.yin_yang(50, seed=3, first=1.0, last=21.0, bias=5.0, duration=25.0)
    points, labels = data.yin_yang_points(50, seed=3)
    for k, sample in enumerate(made):
        x, y = points[k]
        expected = [1 + 20 * v for v in (x, y, 1 - x, 1 - y)] + [5.0]
        assert sample.times == pytest.approx(expected, abs=1e-5)
        assert sample.indices.tolist() == [0, 1, 2, 3, 4]
    assert made.labels.tolist() == labels.tolist()
    assert made.class_names == ("yin", "yang", "dot")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(n=0), "n = 0"),
        (dict(n="many"), "n = 'many'"),
        (dict(last=40.0), "0 <= first <= last <= duration"),
        (dict(bias=35.0), "bias = 35"),
    ],
)
def test_a_task_that_cannot_be_is_refused(options: Any, message: str) -> None:
    with pytest.raises(pg.errors.InputError, match=message):
        data.yin_yang(**options)


# ------------------------------------------------------------------ the look-alike of SHD
def test_the_look_alike_has_the_statistics_of_shd() -> None:
    made = data.shd_like(240)
    found = made.statistics()
    assert (found.channels, made.classes, len(set(made.groups))) == (700, 20, 12)
    assert found.mean == pytest.approx(7800, rel=0.03)
    assert found.silent == 0 and found.empty == 0
    assert found.class_sizes.tolist() == [12] * 20
    for bins, spikes in ((100, 5200), (256, 6550)):
        merged = len(made.steps(1000 / bins, "merge").steps) / 240
        assert merged == pytest.approx(spikes, rel=0.03)


def test_the_look_alike_can_be_learnt_from_time_but_not_from_counts_alone() -> None:
    training, test = data.shd_like(480, seed=1, spikes=800), data.shd_like(240, seed=2, spikes=800)
    counts, over_time = (
        [
            d.dense(bin).reshape(len(d), -1, 70, 10).sum(-1).reshape(len(d), -1)
            for d in (training, test)
        ]
        for bin in (1000.0, 100.0)
    )
    assert 0.3 < nearest_mean(counts, training.labels, test.labels) < 0.6
    assert nearest_mean(over_time, training.labels, test.labels) > 0.85


def nearest_mean(features: list[Any], labels: Any, wanted: Any) -> float:
    means = np.stack([features[0][labels == k].mean(0) for k in range(20)])
    distance = ((features[1][:, None].astype(float) - means) ** 2).sum(-1)
    return float((distance.argmin(1) == wanted).mean())


def test_blocks_of_the_look_alike_do_not_depend_on_its_size() -> None:
    few, many = data.shd_like(64, spikes=100), data.shd_like(200, spikes=100)
    assert many[:64].times.tolist() == few.times.tolist()
    assert data.shd_like(64, seed=2, spikes=100).times.tolist() != few.times.tolist()
    assert data.shd_like(64, task=1, spikes=100).indices.tolist() != few.indices.tolist()
    with pytest.raises(pg.errors.ArgumentError, match="n = 0"):
        data.shd_like(0)


# ------------------------------------------------------------------ digits
def test_digits_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    made, found = data.digits(), load_digits()
    assert (len(made), made.shape, made.classes, made.duration) == (1797, (1, 8, 8), 10, 20.0)
    assert made.labels.tolist() == found.target.tolist()
    assert (made.spikes_per_sample == (found.data > 0).sum(1)).all()
    sample = made[7]
    assert sample.times == pytest.approx(20 * (1 - found.data[7][sample.indices] / 16), abs=1e-5)
    assert data.digits(data.Rate(50.0, 100.0)).duration == 50.0
