"""Splits, statistics, and datasets in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.training.data import SpikeDataset
from pygenn_lite.training.data.splits import held_out_fraction

data = pg.data


def labelled(labels: list[int], **known: Any) -> SpikeDataset:
    n = len(labels)
    return SpikeDataset(
        np.arange(n) / n, np.zeros(n, int), np.arange(n + 1), 1, 1.0, labels, **known
    )


def test_a_split_holds_out_a_share_of_each_class() -> None:
    training, validation = labelled([0] * 60 + [1] * 30 + [2] * 10).split(0.1)
    assert np.bincount(validation.labels).tolist() == [6, 3, 1]
    assert sorted([*training.times, *validation.times]) == sorted(labelled([0] * 100).times)
    again = labelled([0] * 60 + [1] * 30 + [2] * 10).split(0.1, seed=2)[1]
    assert again.times.tolist() != validation.times.tolist()


@given(st.lists(st.integers(0, 3), min_size=4, max_size=60), st.floats(0.2, 0.8), st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_a_split_has_the_size_asked_for_and_each_class_its_share(
    labels: list[int], fraction: float, seed: int
) -> None:
    mask = held_out_fraction(np.array(labels), len(labels), fraction, seed)
    assert mask.sum() == round(fraction * len(labels))
    for k in set(labels):
        own = np.array(labels) == k
        assert abs(mask[own].sum() - fraction * own.sum()) < 1


def test_groups_are_held_out_whole() -> None:
    spoken = labelled([0, 1] * 10, groups=np.arange(20) // 4)
    training, validation = spoken.split_groups([1, 3])
    assert validation.groups.tolist() == [1] * 4 + [3] * 4
    assert set(training.groups) == {0, 2, 4}
    assert spoken.split_groups(4)[1].groups.tolist() == [4] * 4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda d: d.split(0.0), r"fraction = 0\.0"),
        (lambda d: d.split(1), "fraction = 1"),
        (lambda d: d.split(0.01), "one of the two parts of 20 samples is empty"),
        (lambda d: d.split_groups([7]), r"no group 7(.|\n)*there are 0, 1"),
        (lambda d: d.split_groups([]), "no group is named"),
        (lambda d: d.split_groups([0, 1]), "is empty"),
        (lambda d: labelled([0, 1]).split_groups([0]), "the dataset has no groups"),
    ],
)
def test_a_split_that_cannot_be_is_refused(make: Any, message: str) -> None:
    with pytest.raises(pg.errors.InputError, match=message):
        make(labelled([0, 1] * 10, groups=np.arange(20) % 2))


def test_statistics_are_those_of_the_arrays() -> None:
    found = SpikeDataset([1.0, 3.0, 7.5], [0, 2, 2], [0, 2, 2, 3], 4, 10.0, [0, 2, 2]).statistics()
    assert (found.samples, found.spikes, found.channels) == (3, 3, 4)
    assert (found.mean, found.least, found.most, found.empty) == (1.0, 0, 2, 1)
    assert (found.silent, found.latest, found.class_sizes.tolist()) == (2, 7.5, [1, 0, 2])
    assert found.rate == pytest.approx(3 / (3 * 4 * 0.01))
    lines = str(found).splitlines()
    assert lines[1].split("  ")[-1].strip() == "1.0 ± 0.8, 0 to 2"
    assert lines[-1].endswith("0 to 2") and len(lines) == 7
    assert len(str(SpikeDataset([], [], [0, 0], 1, 1.0).statistics()).splitlines()) == 6


EXAMPLES = (
    lambda: data.yin_yang(12),
    lambda: SpikeDataset([1.0], [5], [0, 0, 1], (2, 3, 4), 2.5, [1, 0], targets=[[1.0], [2.0]],
                         groups=[3, 4], classes=7),
    lambda: SpikeDataset([], [], [0, 0], 3, 1.0),
)  # fmt: skip


@pytest.mark.parametrize("ending", [".npz", ".h5", ".hdf5"])
@pytest.mark.parametrize("make", EXAMPLES)
def test_a_dataset_comes_back_from_its_file(make: Any, ending: str, tmp_path: Path) -> None:
    before = make()
    path = before.save(tmp_path / f"data{ending}")
    after = data.load_dataset(path)
    assert repr(after) == repr(before)
    assert (after.shape, after.class_names) == (before.shape, before.class_names)
    for name in ("times", "indices", "begin", "labels", "targets", "groups"):
        a, b = getattr(after, name), getattr(before, name)
        assert (a is None and b is None) or (a.dtype == b.dtype and a.tolist() == b.tolist()), name


@pytest.mark.parametrize("ending", [".npz", ".h5"])
def test_files_are_not_overwritten_unless_asked(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"data{ending}"
    data.yin_yang(12).save(path)
    with pytest.raises(pg.errors.ArgumentError, match="exists already"):
        data.yin_yang(9).save(path)
    data.yin_yang(9).save(path, overwrite=True)
    assert len(data.load_dataset(path)) == 9
    other = tmp_path / f"other{ending}"
    other.write_bytes(b"mine")
    with pytest.raises(pg.errors.ArgumentError, match="is left as it is"):
        data.yin_yang(9).save(other, overwrite=True)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(pg.errors.ArgumentError, match=r"there is no file .*none\.npz"):
        data.load_dataset(tmp_path / "none.npz")
    with pytest.raises(pg.errors.ArgumentError, match=r"'.csv' is unknown"):
        data.load_dataset(tmp_path / "data.csv")
    for ending in (".npz", ".h5"):
        path = tmp_path / f"broken{ending}"
        data.yin_yang(30).save(path)
        path.write_bytes(path.read_bytes()[:600])
        with pytest.raises(pg.errors.FileFormatError, match=r"broken.*cannot be read"):
            data.load_dataset(path)
    np.savez(tmp_path / "other.npz", times=[1.0])
    with pytest.raises(pg.errors.FileFormatError, match=r"not a dataset that data\.save"):
        data.load_dataset(tmp_path / "other.npz")
    path = data.yin_yang(30).save(tmp_path / "newer.h5")
    with h5py.File(path, "r+") as file:
        del file["version"]
        file["version"] = 9
    with pytest.raises(pg.errors.FileFormatError, match="version 9 of the format, and 1 is read"):
        data.load_dataset(path)
