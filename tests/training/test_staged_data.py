"""Datasets placed for a program: sorted by step, checked, with words for what does not fit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pygenn_lite.errors import ArgumentError, ShapeError
from pygenn_lite.runtime.training.staged_data import Inputs, StagedData, stage

INPUTS = Inputs({"source": 4}, steps=10, dt=0.5)
SINGLE = np.dtype(np.float32)


class _Data:
    """Spikes on a grid, as a dataset gives them."""

    def __init__(self, spikes: list[list[tuple[int, int]]], channels: int = 4, **rest: Any) -> None:
        rows = [sorted(one) for one in spikes]
        flat = np.array([pair for row in rows for pair in row], np.uint32).reshape(-1, 2)
        begin = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        self._grid = SimpleNamespace(steps=flat[:, 0], indices=flat[:, 1], begin=begin)
        self.channels, self.duration = channels, 5.0
        self.labels, self.targets = rest.get("labels"), rest.get("targets")
        self._samples = len(rows)

    def __len__(self) -> int:
        return self._samples

    def steps(self, dt: float) -> Any:
        return self._grid


def _staged(data: Any, inputs: Inputs = INPUTS) -> StagedData:
    return stage(data, inputs, SINGLE)


def _spikes_of(staged: StagedData, sample: int, which: int = 0) -> list[tuple[int, int]]:
    one = staged.spikes[which]
    first = int(one.first[sample])
    return [
        (step, int(index))
        for step in range(staged.inputs.steps)
        for index in one.index[
            first + one.begin[sample, step] : first + one.begin[sample, step + 1]
        ]
    ]


def test_each_sample_has_its_spikes_by_step():
    trains = [[(3, 1), (0, 2)], [], [(9, 0), (9, 3), (2, 2)]]
    staged = _staged(_Data(trains, labels=[1, 0, 2]))
    assert [_spikes_of(staged, k) for k in range(3)] == [sorted(train) for train in trains]
    assert staged.labels is not None and staged.labels.tolist() == [1, 0, 2]
    assert staged.spikes[0].most == 3 and len(staged) == 3


def test_an_array_of_spikes_is_a_dataset():
    array = np.zeros((2, 10, 4), np.uint8)
    array[0, 3, 1] = array[1, 0, 2] = array[1, 9, 3] = 1
    staged = _staged(array)
    assert [_spikes_of(staged, k) for k in range(2)] == [[(3, 1)], [(0, 2), (9, 3)]]


def test_arrays_begin_at_multiples_of_64_bytes():
    staged = _staged(_Data([[(1, 1)], [(2, 2)]], labels=[0, 1], targets=[[0.5], [0.25]]))
    one = staged.spikes[0]
    arrays = [one.first, one.begin, one.index, staged.labels, staged.targets]
    assert all(a is not None and a.ctypes.data % 64 == 0 for a in arrays)


def test_several_sources_are_told_apart_by_name():
    inputs = Inputs({"left": 4, "right": 4}, steps=10, dt=0.5)
    staged = _staged({"right": _Data([[(1, 1)]], labels=[1]), "left": _Data([[(2, 0)]])}, inputs)
    assert _spikes_of(staged, 0, 0) == [(2, 0)] and _spikes_of(staged, 0, 1) == [(1, 1)]


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (_Data([[(1, 1)]], channels=5), ArgumentError, "5 channels for 'source'"),
        (_Data([[], [(10, 1)]]), ArgumentError, "sample 1 has a spike in step 10"),
        ({"sauce": _Data([[]])}, ArgumentError, "there is no spike source 'sauce'.*'source'"),
        (np.zeros((10, 3, 4)), ShapeError, "time and samples have changed places"),
        (np.zeros((3, 10, 5)), ShapeError, r"shape \(3, 10, 5\)"),
        (np.zeros((3, 10)), ShapeError, "ndarray of shape"),
        (np.full((3, 10, 4), 2.0), ShapeError, "neither 0 nor 1"),
    ],
)
def test_what_does_not_fit_is_told(data, error, words):
    with pytest.raises(error, match=words):
        _staged(data)


def test_data_for_several_sources_needs_names():
    inputs = Inputs({"left": 4, "right": 4}, steps=10, dt=0.5)
    with pytest.raises(ArgumentError, match="without their names"):
        _staged(_Data([[]]), inputs)
    with pytest.raises(ArgumentError, match="no data for the spike source 'right'"):
        _staged({"left": _Data([[]])}, inputs)


def test_sources_need_as_many_samples_and_the_same_labels():
    inputs = Inputs({"left": 4, "right": 4}, steps=10, dt=0.5)
    with pytest.raises(ShapeError, match="1 for 'left', 2 for 'right'"):
        _staged({"left": _Data([[]]), "right": _Data([[], []])}, inputs)
    with pytest.raises(ArgumentError, match="different labels for 'left' and 'right'"):
        _staged({"left": _Data([[]], labels=[0]), "right": _Data([[]], labels=[1])}, inputs)
