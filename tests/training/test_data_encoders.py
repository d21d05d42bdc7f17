"""Encoders: spikes of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

import pygenn_lite as pg
from pygenn_lite.training.data.counter_random import CounterRandom
from pygenn_lite.training.data.rate_encoder import poisson_quantile

data = pg.data
FRACTIONS = arrays.arrays(
    np.float64, arrays.array_shapes(min_dims=2, max_dims=4, max_side=5), elements=st.floats(0, 1)
)


# ------------------------------------------------------------------ latency
def test_a_latency_is_what_is_missing_to_one() -> None:
    made = data.encode([[1.0, 0.75, 0.2, 0.0]], data.Latency(20.0))
    assert made[0].times.tolist() == [0.0, 5.0, 16.0]
    assert made[0].indices.tolist() == [0, 1, 2] and made.duration == 20.0


def test_a_threshold_leaves_out_small_numbers() -> None:
    assert data.encode([[0.3, 0.2]], data.Latency(10.0, threshold=0.2))[0].indices.tolist() == [0]
    every = data.encode([[1.0, 0.0]], data.Latency(10.0, threshold=None))
    assert every[0].times.tolist() == [0.0, 10.0]


def test_latencies_may_lie_between_two_times_in_either_order() -> None:
    encoder = data.Latency(30.0, None, 2.0, 20.0, large_is_early=False)
    assert data.encode([[0.0, 0.5, 1.0]], encoder)[0].times.tolist() == [2.0, 11.0, 20.0]


@given(FRACTIONS)
@settings(max_examples=40, deadline=None)
def test_each_number_above_the_threshold_spikes_once(values: Any) -> None:
    made = data.encode(values, data.Latency(20.0, 0.25))
    assert (
        made.spikes_per_sample.tolist() == (values > 0.25).reshape(len(values), -1).sum(1).tolist()
    )
    assert made.channels == int(np.prod(values.shape[1:]))


def test_maps_keep_their_shape() -> None:
    assert data.encode(np.ones((3, 1, 8, 8)), data.Latency(5.0)).shape == (1, 8, 8)
    assert data.encode(np.ones((3, 7)), data.Latency(5.0)).shape == ()


# ------------------------------------------------------------------ rate
def test_bernoulli_counts_are_binomial() -> None:
    made = data.encode(np.full((400, 5), 0.4), data.Rate(100.0, maximum=250.0, dt=1.0), seed=3)
    counts = made.spikes_per_sample / 5
    assert counts.mean() == pytest.approx(10.0, abs=4 * np.sqrt(9.0 / 2000))
    assert made.steps(1.0, "merge").merged == 0  # one at most in a step
    assert set(np.unique(made.times)) <= set(range(100))


def test_poisson_counts_and_times_are_those_of_a_poisson_process() -> None:
    made = data.encode(np.full((2000, 2), 0.5), data.Rate(50.0, maximum=200.0), seed=5)
    counts = np.bincount(made.sample_of_spikes() * 2 + made.indices, minlength=4000)
    assert counts.mean() == pytest.approx(5.0, abs=0.15)
    assert counts.var() == pytest.approx(5.0, abs=0.5)
    assert stats.kstest(made.times / 50.0, "uniform").pvalue > 1e-3


@given(st.floats(0.001, 0.999), st.floats(0.0, 300.0))
@settings(max_examples=100, deadline=None)
def test_poisson_numbers_are_quantiles(uniform: float, mean: float) -> None:
    found = poisson_quantile(np.array([uniform]), np.array([mean]))
    assert found[0] == (stats.poisson.ppf(uniform, mean) if mean > 0 else 0)


def test_zero_gives_no_spike_and_one_at_the_greatest_rate_one_in_each_step() -> None:
    for dt in (None, 1.0):
        made = data.encode(np.zeros((20, 3)), data.Rate(100.0, 100.0, dt))
        assert len(made.times) == 0
    full = data.encode(np.ones((2, 3)), data.Rate(10.0, 1000.0, 1.0))
    assert full.spikes_per_sample.tolist() == [30, 30]


@pytest.mark.parametrize("dt", [None, 1.0])
def test_what_is_drawn_for_a_sample_does_not_depend_on_others(dt: float | None) -> None:
    values = np.linspace(0, 1, 24).reshape(6, 4)
    encoder = data.Rate(50.0, 300.0, dt)
    whole, part = data.encode(values, encoder, seed=7), data.encode(values[:3], encoder, seed=7)
    assert part.times.tolist() == whole[:3].times.tolist()
    assert data.encode(values, encoder, seed=8).times.tolist() != whole.times.tolist()


# ------------------------------------------------------------------ population
def test_receptive_fields_are_those_of_bohte() -> None:
    encoder = data.PopulationCode(10.0, neurons=12, low=-1.0, high=1.0)
    assert encoder.centres[[0, 1, -1]].tolist() == pytest.approx([-1.1, -0.9, 1.1])
    assert encoder.width == pytest.approx(0.2 / 1.5)


def test_the_nearest_field_spikes_first() -> None:
    encoder = data.PopulationCode(10.0, neurons=10)
    values = np.random.default_rng(0).random((50, 3))
    made = data.encode(values, encoder)
    assert made.channels == 30
    for k, sample in enumerate(made):
        for f in range(3):
            own = sample.indices // 10 == f
            first = sample.indices[own][np.argmin(sample.times[own])] - 10 * f
            assert first == np.argmin(abs(encoder.centres - values[k, f]))
    response = np.exp(-0.5 * ((values[0, 0] - encoder.centres) / encoder.width) ** 2)
    own = made[0].indices < 10
    assert made[0].times[own] == pytest.approx(10 * (1 - response[response >= 0.1]), abs=1e-4)


# ------------------------------------------------------------------ delta
def test_a_ramp_crosses_at_even_times() -> None:
    signal = np.linspace(0, 1, 11).reshape(1, 11, 1)
    made = data.encode(signal, data.Delta(100.0, threshold=0.25))
    assert made[0].times == pytest.approx([25.0, 50.0, 75.0, 100.0], abs=1e-4)
    assert set(made[0].indices) == {0}


def test_up_and_down_are_channels_of_their_own() -> None:
    t = np.linspace(0, 2 * np.pi, 201)
    signal = np.stack([np.sin(t), np.cos(t)], axis=1)[None]
    made = data.encode(signal, data.Delta(200.0, threshold=0.1))
    assert made.channels == 4
    ups, downs = (np.count_nonzero(made.indices == k) for k in (0, 2))
    assert (ups, downs) == (20, 20)


@given(
    arrays.arrays(np.float64, (2, 12, 2), elements=st.floats(-5, 5, width=16)),
    st.sampled_from([0.3, 1.0, 2.5]),
)
@settings(max_examples=50, deadline=None)
def test_spikes_follow_the_signal_to_within_the_threshold(signal: Any, threshold: float) -> None:
    made = data.encode(signal, data.Delta(11.0, threshold))
    for k in range(2):
        for f in range(2):
            up = np.count_nonzero(made[k].indices == f)
            down = np.count_nonzero(made[k].indices == 2 + f)
            level = signal[k, 0, f] + threshold * (up - down)
            assert abs(signal[k, -1, f] - level) <= threshold * (1 + 1e-6)
        assert (np.diff(made[k].times) >= 0).all()


# ------------------------------------------------------------------ what is refused
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: data.Latency(0.0), "duration = 0"),
        (lambda: data.Latency(10.0, first=5.0, last=2.0), "first = 5.0, last = 2.0"),
        (lambda: data.Latency(10.0, last=20.0), "0 <= first <= last <= duration"),
        (lambda: data.Rate(10.0, maximum=0.0), "maximum = 0"),
        (lambda: data.Rate(10.0, dt=-1.0), "dt = -1.0 is not a valid time step"),
        (lambda: data.Rate(10.0, 2000.0, 1.0), "2000 Hz has more than one spike in a step of 1"),
        (lambda: data.PopulationCode(10.0, neurons=2), "2 neurons from 0 to 1"),
        (lambda: data.PopulationCode(10.0, low=1.0), "low < high"),
        (lambda: data.Delta(10.0, threshold=0.0), "threshold = 0"),
        (lambda: data.encode([[1.5]], data.Latency(1.0)), "1.5 of sample 0 is not between 0 and 1"),
        (
            lambda: data.encode([[0], [200]], data.Latency(1.0)),
            r"200 of sample 1(.|\n)*divide by 255",
        ),
        (lambda: data.encode([[0.0, np.nan]], data.Rate(1.0)), "nan of sample 0 is not finite"),
        (lambda: data.encode([0.1], data.Latency(1.0)), r"values of shape \(1,\)"),
        (lambda: data.encode([[0.1, 0.2]], data.Delta(1.0, 0.1)), r"signals of shape \(1, 2\)"),
        (lambda: data.encode([[0.1]], data.Latency), "is not an encoder"),
        (lambda: data.encode([[0.1]], data.Latency(1.0), labels=[0, 1]), "2 labels of 1 samples"),
    ],
)
def test_what_an_encoder_does_not_take_is_refused(make: Any, message: str) -> None:
    with pytest.raises(pg.errors.InputError, match=message):
        make()


def test_an_encoder_of_ones_own_will_do() -> None:
    class Twice:
        duration = 8.0

        def encode(self, values: Any, seed: int) -> data.EncodedSpikes:
            n = len(values)
            return data.EncodedSpikes(
                np.tile([1.0, 2.0], n), np.zeros(2 * n, int), 2 * np.arange(n + 1), 1
            )

    assert data.encode([[0.1], [0.2]], Twice()).spikes_per_sample.tolist() == [2, 2]


# ------------------------------------------------------------------ random numbers
@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_entries_of_a_row_depend_on_its_number_alone(lengths: list[int], more: int) -> None:
    random = CounterRandom(5, "rows")
    begin = np.concatenate([[0], np.cumsum(lengths)])
    drawn = random.of_entries(begin)
    assert len(drawn) == begin[-1] and ((drawn > 0) & (drawn < 1)).all()
    for k, length in enumerate(lengths):
        alone = random.of_entries(np.array([0, length + more]), first=k)
        assert alone[:length].tolist() == drawn[begin[k] : begin[k + 1]].tolist()


def test_purposes_epochs_and_seeds_have_numbers_of_their_own() -> None:
    begin = np.array([0, 1000])
    drawn = [
        CounterRandom(seed, name, epoch).of_entries(begin, number=number)
        for seed, name, epoch, number in (
            (1, "a", 0, 0), (2, "a", 0, 0), (1, "b", 0, 0), (1, "a", 1, 0), (1, "a", 0, 1)
        )
    ]  # fmt: skip
    for k in range(5):
        assert stats.kstest(drawn[k], "uniform").pvalue > 1e-4
        for j in range(k):
            assert abs(np.corrcoef(drawn[k], drawn[j])[0, 1]) < 0.15
