"""What updates keep to: norms, signs, levels; rendered C++ against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from optimiser_harness import Harness

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, PygennLiteError, ShapeError
from pygenn_lite.runtime.training.limits import Limits, PathValues, limits_of

WEIGHT = "groups.a.weight"
SGD = pg.optimisers.SGD(1.0)
C = pg.constraints
numbers = st.floats(-3, 3, width=32)
matrices = arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 40)), elements=numbers)


def weights(values: np.ndarray) -> PathValues:
    sources, targets = np.indices(values.shape)
    return PathValues(WEIGHT, values, sources, targets)


def fields(limits: Limits) -> dict[str, Any]:
    """Those of the record, for the harness (float32)."""
    made: dict[str, Any] = {
        n: getattr(limits, n) for n in ("most_row", "most_column", "levels", "per_row")
    }
    for name, bound in (("low", limits.low), ("high", limits.high)):
        array = {"low": "lower", "high": "upper"}[name]
        made |= {name: bound} if np.ndim(bound) == 0 else {array: np.asarray(bound, np.float32)}
    if limits.frozen is not None:
        made["frozen"] = limits.frozen.astype(np.uint8)
    return made


def updated(start: np.ndarray, gradient: np.ndarray, *constraints: Any) -> Harness:
    limits = limits_of({"groups.*.weight": list(constraints)}, weights(start))
    made = Harness(SGD, {WEIGHT: start}, np.float32, weight=fields(limits))
    made.update({WEIGHT: gradient})
    return made


@given(start=matrices, data=st.data())
@settings(max_examples=30)
def test_signs_and_bounds_hold_after_an_update(start: np.ndarray, data: st.DataObject) -> None:
    gradient = data.draw(arrays(np.float32, start.shape, elements=numbers))
    made = updated(start, gradient, C.Sign(), C.Bounds(-1.0, 1.5)).values[WEIGHT]
    assert (made * np.sign(start) >= 0).all()
    assert (made >= -1).all() and (made <= 1.5).all()
    free = (np.abs(start - gradient) < 1) & ((start - gradient) * np.sign(start) >= 0)
    assert (made[free] == (start - gradient)[free]).all()


@given(start=matrices, data=st.data())
@settings(max_examples=30)
def test_no_source_neuron_changes_its_sign(start: np.ndarray, data: st.DataObject) -> None:
    gradient = data.draw(arrays(np.float32, start.shape, elements=numbers))
    signs = data.draw(arrays(np.float32, (len(start), 1), elements=st.sampled_from([-1, 1])))
    made = updated(np.abs(start) * signs, gradient, C.Dale()).values[WEIGHT]
    assert (made * signs >= 0)[np.abs(start).max(axis=1) > 0].all()


@given(start=matrices, most=st.floats(0.1, 4.0))
@settings(max_examples=30)
def test_norms_of_targets_and_sources_are_limited(start: np.ndarray, most: float) -> None:
    for of, axis in (("target", 0), ("source", 1)):
        made = updated(start, np.zeros_like(start), C.Norm(most, of)).values[WEIGHT]
        norms = np.linalg.norm(start.astype(float), axis=axis, keepdims=True)
        wanted = start * np.minimum(1.0, most / np.maximum(norms, 1e-30))
        assert np.allclose(made, wanted, rtol=1e-6, atol=1e-12)


def test_large_matrices_in_several_blocks() -> None:
    start = np.random.default_rng(0).normal(size=(70, 600)).astype(np.float32)
    for of, axis in (("target", 0), ("source", 1)):
        limits = fields(C.Norm(0.5, of).limits(weights(start)))
        made = Harness(SGD, {WEIGHT: start}, np.float32, blocks=3, weight=limits)
        made.update({})
        assert np.allclose(np.linalg.norm(made.values[WEIGHT], axis=axis), 0.5, rtol=1e-5)


def test_frozen_parts_stay_and_do_not_count_for_norms() -> None:
    start = np.array([[3.0, 4.0, 12.0]], np.float32)
    mask = [[False, False, True]]
    made = updated(start, np.ones_like(start), C.Frozen(mask), C.Norm(1.0, "source")).values[WEIGHT]
    assert made[0, 2] == 12
    assert np.allclose(made[0, :2], np.array([2, 3]) / np.sqrt(13))
    sparse = np.array([[0.0, 1.0]], np.float32)
    assert updated(sparse, np.ones_like(sparse), C.Frozen()).values[WEIGHT].tolist() == [[0, 0]]


@given(values=matrices, bits=st.integers(2, 9), per=st.sampled_from(["array", "row"]))
@settings(max_examples=40)
def test_what_is_read_is_rounded_bit_for_bit(values: np.ndarray, bits: int, per: str) -> None:
    limits = fields(C.Quantised(bits, per).limits(weights(values)))
    made = Harness(SGD, {WEIGHT: values}, np.float32, blocks=2, weight=limits)
    read = made.quantise(WEIGHT)
    wanted = pg.quantise(values, bits, per)
    assert (read == wanted.values).all()
    assert np.abs(wanted.integers).max(initial=0) <= 2 ** (bits - 1) - 1
    assert (made.values[WEIGHT] == values).all()
    scale = wanted.scales.astype(float)[:, None]
    assert (np.abs(read - values.astype(float)) <= 0.5000001 * scale).all()


def test_quantisation_of_many_chunks_has_one_scale() -> None:
    values = np.random.default_rng(1).normal(size=(90, 150)).astype(np.float32)
    limits = fields(C.Quantised(4).limits(weights(values)))
    made = Harness(SGD, {WEIGHT: values}, np.float32, blocks=3, weight=limits)
    assert (made.quantise(WEIGHT) == pg.quantise(values, 4).values).all()
    assert len(np.unique(made.quantise(WEIGHT))) == 15


def test_gradients_go_straight_through_to_the_values_behind() -> None:
    """Steps smaller than a level add up until what is read jumps by one."""
    start = np.array([[1.0, 0.2]], np.float32)
    made = Harness(SGD, {WEIGHT: start}, np.float32, weight={"levels": 3, "per_row": 0})
    made.quantise(WEIGHT)
    read = []
    for _ in range(4):
        made.update({WEIGHT: np.array([[0.0, -0.1]])})
        read.append(round(float(made.used[WEIGHT][0, 1]) * 3))
    assert np.allclose(made.values[WEIGHT], [[1.0, 0.6]], rtol=1e-6)
    assert read == [1, 1, 2, 2]  # of 0.3, 0.4, 0.5, 0.6


def test_integers_scales_and_levels() -> None:
    made = pg.quantise(np.array([[0.7, -0.35], [0.01, 0.0]]), bits=4, per="row")
    assert made.integers.tolist() == [[7, -4], [7, 0]]  # halves go away from 0
    assert np.allclose(made.scales, [0.1, 0.01 / 7])
    assert np.allclose(made.values, [[0.7, -0.4], [0.01, 0.0]])
    assert (pg.quantise(np.zeros(3)).values == 0).all()


def refused(make: Callable[[], object], error: type[PygennLiteError], *words: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_constraints_that_do_not_suit_are_refused_by_name() -> None:
    mixed = weights(np.array([[1.0, 2.0], [1.0, -2.0]]))
    refused(lambda: C.Dale().limits(mixed), ArgumentError, "neuron 1", "both signs", WEIGHT)
    limits = C.Dale(by_majority=True).limits(mixed)
    assert limits.applied(mixed.values).tolist() == [[1, 2], [0, -2]]
    tau = PathValues("populations.a.parameters.tau", np.array(20.0))
    refused(lambda: C.Dale().limits(tau), ArgumentError, "about weights", tau.path)
    refused(lambda: C.Norm(1.0).limits(tau), ArgumentError, "every target")
    refused(lambda: C.Quantised(per="row").limits(tau), ArgumentError, 'per="array"')
    refused(lambda: C.Frozen([True]).limits(mixed), ShapeError, "(1,)", "(2, 2)")
    refused(lambda: C.Bounds(2, 1), ArgumentError, "low = 2")
    refused(lambda: C.Norm(1.0, "row"), ArgumentError, '"target" or "source"')
    refused(lambda: C.Sign(0), ArgumentError, "sign = 0")
    refused(lambda: C.Quantised(1), ArgumentError, "bits = 1", "2 to 16")
    refused(lambda: pg.quantise([1.0], per="row"), ArgumentError, "no rows")
    both = {"*": [C.Bounds(low=30.0)], "*.tau": C.Bounds(high=25.0)}
    refused(lambda: limits_of(both, tau), ArgumentError, "no value is within the bounds", tau.path)
    assert limits_of(both, mixed).low == 30.0
