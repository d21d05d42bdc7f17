"""Datasets placed for a program: sorted by step, checked, with words for what does not fit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pygenn_lite.errors import ArgumentError, ShapeError
from pygenn_lite.runtime.training.staged_data import Inputs, StagedData
from pygenn_lite.runtime.training.staging import stage

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


def test_several_spikes_of_a_channel_in_a_step_are_as_many():
    array = np.zeros((1, 10, 4))
    array[0, 3, 1] = 2
    array[0, 4, 0] = 1
    assert _spikes_of(_staged(array), 0) == [(3, 1), (3, 1), (4, 0)]
    replayed = Inputs({"source": 4}, 10, 0.5, replayed=("source",))
    with pytest.raises(ShapeError, match="neither 0 nor 1"):
        _staged(array, replayed)


def test_spikes_that_are_not_in_order_are_refused():
    data = _Data([[(1, 1), (3, 2)]])
    data._grid.steps = data._grid.steps[::-1].copy()
    with pytest.raises(ArgumentError, match="is not ordered by step"):
        _staged(data)


def test_data_without_samples_and_arrays_of_any_layout_are_staged():
    empty = _staged(_Data([], labels=np.zeros(0, int), targets=np.zeros((0, 2))))
    assert len(empty) == 0 and empty.spikes[0].begin.shape == (0, 11)
    assert len(_staged(np.zeros((0, 10, 4)))) == 0
    array = np.asfortranarray(np.random.default_rng(0).random((3, 10, 4)) < 0.3)
    one, other = _staged(array), _staged(np.ascontiguousarray(array).astype(float))
    assert [_spikes_of(one, k) for k in range(3)] == [_spikes_of(other, k) for k in range(3)]


def test_where_nothing_says_how_many_samples_there_are_it_is_told():
    with pytest.raises(ArgumentError, match="how many samples there are"):
        _staged({}, Inputs({}, steps=10, dt=0.5))


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
        (np.full((3, 10, 4), 0.5), ShapeError, "not a number of spikes"),
        (np.full((3, 10, 4), np.nan), ShapeError, "not a number of spikes"),
        (-np.ones((3, 10, 4), int), ShapeError, "not a number of spikes"),
        (_Data([[(1, 5)]]), ArgumentError, "names channels beyond its 4"),
        (_Data([[(1, 1)]], labels=[2**32]), ArgumentError, "label of sample 0 is 4294967296"),
        (_Data([[(1, 1)], []], labels=[0.0, 1.5]), ArgumentError, "label of sample 1 is 1.5"),
        (_Data([[(1, 1)]], labels=[np.nan]), ArgumentError, "label of sample 0 is nan"),
        (_Data([[(1, 1)]], labels=["a"]), ArgumentError, "labels are <U1"),
        (_Data([[(1, 1)]], labels=[-1]), ArgumentError, "label of sample 0 is -1"),
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
