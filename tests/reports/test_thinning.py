"""Thinned curves keep their extremes and never have more points than asked for."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pygenn_lite.reports.thinning import envelope


def test_a_curve_that_is_short_enough_is_left_as_it_is():
    times, values = envelope(np.arange(5.0), np.arange(5.0) ** 2, 6)
    assert times.tolist() == [0, 1, 2, 3, 4] and values.tolist() == [0, 1, 4, 9, 16]


def test_known_stretches_keep_their_minimum_and_maximum():
    times, values = envelope(np.arange(6.0), np.array([1.0, 3, 2, 9, 7, 8]), 4)
    assert values.tolist() == [1, 3, 9, 7] and times.tolist() == [0, 1, 3, 4]


@given(
    st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=300),
    st.integers(1, 50),
)
def test_extremes_stay_points_are_of_the_curve_and_not_too_many(given_values, half):
    values = np.array(given_values)
    times = np.arange(len(values)) * 0.5
    thin_times, thin = envelope(times, values, 2 * half)
    assert len(thin) <= max(2 * half, 2)
    assert (np.diff(thin_times) > 0).all()
    places = (thin_times * 2).astype(int)
    assert np.array_equal(values[places], thin, equal_nan=True)
    if not np.isnan(values).all():
        assert np.nanmax(thin) == np.nanmax(values) and np.nanmin(thin) == np.nanmin(values)
