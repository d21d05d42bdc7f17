"""Losses of spike times and of counts, and regularisers, compiled: values against NumPy, what they
add to spikes and adjoints against the derivatives of the formulas."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from stand_in_trial import SIZES, THRESHOLD, Compiled, Sample, slopes

import pygenn_lite as pg

L = pg.losses
STEPS, DT, C = 8, 0.5, SIZES["out"]
T = STEPS * DT
EXACT = {
    "entropy": L.FirstSpikeCrossEntropy("out", tau=1.5, alpha=0.3, tau_late=4.0, smoothing=0.1),
    "relative": L.FirstSpikeMeanSquare("out", separation=1.0, phantom_speed=0.25),
    "times": L.SpikeTimeMeanSquare("out"),
    "rate": L.CrossEntropy("hidden.I") + 0.5 * L.Rate("hidden", 2.0, above=3.0, below=0.5),
    "margin": L.SilentMargin("hidden", margin=0.5),
    "jumps": L.CrossEntropy("out.V", shape="exponential"),
    "trace": L.TraceMeanSquare("out.V"),
}
SMOOTH = {
    "first": L.FirstSpikeCrossEntropy("out", tau=1.5),
    "count": L.SpikeCountCrossEntropy("out", scale=0.5, smoothing=0.1),
    "wanted": L.SpikeRateMeanSquare("out", right=0.25, wrong=0.02, smoothing=0.1),
    "given": L.SpikeCountMeanSquare("out"),
    "spyx": L.Silence("hidden", 3.0) + 0.25 * L.Sparsity("hidden", 0.7) + L.Sparsity("out", 0.1),
}
LOSSES = {**EXACT, **SMOOTH}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    losses = {name: (loss, name in SMOOTH) for name, loss in LOSSES.items()}
    return Compiled(losses, tmp_path_factory.mktemp("losses"))


@pytest.fixture
def sample() -> Sample:
    """Output 1 spikes in steps 1 and 5, output 0 in 3, output 3 in 6, and 2 never."""
    draw = np.random.default_rng(5)
    trace = {name: draw.normal(0.0, 0.3, (STEPS + 1, 2, n)) for name, n in SIZES.items()}
    out, hidden = np.zeros((STEPS, C)), np.zeros((STEPS, SIZES["hidden"]))
    out[[3, 1, 5, 6], [0, 1, 1, 3]] = 0.25, 0.5, 1.0, 0.125
    hidden[[0, 2, 4, 5, 7], [0, 0, 0, 1, 1]] = 0.5
    return Sample(
        trace,
        {"out": out, "hidden": hidden},
        {"hidden": np.array([4.0, 2.5, 0.0, 1.0, 2.0, 0.5]), "out": np.zeros(C)},
        label=1,
        targets=draw.uniform(0.0, 3.0, C),
    )


def counts(s: Sample, population: str) -> np.ndarray:
    return (s.crossing[population] > 0).sum(0)


def first_times(crossing: np.ndarray, smooth: bool = False) -> np.ndarray:
    spikes = crossing > 0
    step = spikes.argmax(0)
    within = 1.0 if smooth else crossing[step, np.arange(crossing.shape[1])]
    return np.where(spikes.any(0), (step + within) * DT, T)


def softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z - z.max()) / np.exp(z - z.max()).sum()


def shares(label: int, smoothing: float) -> np.ndarray:
    return (np.arange(C) == label) * (1 - smoothing) + smoothing / C


def entropy(times: np.ndarray, label: int) -> float:
    own = -(shares(label, 0.1) * np.log(softmax(-times / 1.5))).sum()
    return float(own + 0.3 * (np.exp(times[label] / 4.0) - 1))


def relative(times: np.ndarray, label: int) -> float:
    return float(((np.delete(times, label) - times[label] - 1.0) ** 2).sum() / 2)


def by_each(function: object, x: np.ndarray) -> np.ndarray:
    h, steps = 1e-6, np.eye(len(x)) * 1e-6
    return np.array([(function(x + s) - function(x - s)) / (2 * h) for s in steps])  # type: ignore[operator]


OF_TIMES = {
    "entropy": entropy,
    "relative": relative,
    "times": lambda times, label: 0.0,
}


def of_times(name: str, s: Sample, times: np.ndarray) -> float:
    if name == "times":
        return float(((times - s.targets) ** 2).sum() / 2)
    return OF_TIMES[name](times, s.label)


@pytest.mark.parametrize("name", OF_TIMES)
def test_first_spikes_and_the_price_of_moving_them(
    name: str, compiled: Compiled, sample: Sample
) -> None:
    times = first_times(sample.crossing["out"])
    found = compiled.run(name, LOSSES[name], sample)
    assert found.loss == pytest.approx(of_times(name, sample, times), rel=1e-12)
    expected = np.zeros((STEPS, C))
    slope = by_each(lambda x: of_times(name, sample, x), times)
    expected[[3, 1, 6], [0, 1, 3]] = slope[[0, 1, 3]]  # not the second spike of 1
    np.testing.assert_allclose(found.price["out"], expected, atol=1e-7)
    np.testing.assert_allclose(found.outputs, times)
    assert found.prediction == 1
    assert found.metrics["outputs that never spiked"] == 0.25


@pytest.mark.parametrize("name", OF_TIMES)
def test_a_right_output_that_never_spikes_is_driven_at_the_end(
    name: str, compiled: Compiled, sample: Sample
) -> None:
    silent = Sample(sample.trace, sample.crossing, label=2, targets=np.array([1.0, 1.0, 1.0, 1.0]))
    found = compiled.run(name, LOSSES[name], silent)
    slope = by_each(lambda x: of_times(name, silent, x), first_times(sample.crossing["out"]))[2]
    gap = (THRESHOLD - sample.trace["out"][0, 0]).mean()
    speed = 0.25 if name == "relative" else gap / T
    expected = np.zeros((STEPS, 2, C))
    expected[-1, 0, 2] = -slope / speed
    np.testing.assert_allclose(found.drive["out"], expected, rtol=1e-6)
    assert expected[-1, 0, 2] < 0  # V is to be larger
    np.testing.assert_allclose(found.gradient["out"][0], [0, 0, slope / speed, 0], rtol=1e-6)
    if name != "times":
        assert found.metrics["right output never spiked"] == 1.0


def test_with_surrogates_spikes_in_each_step_move_the_first(
    compiled: Compiled, sample: Sample
) -> None:
    found = compiled.run("first", LOSSES["first"], sample)
    times = first_times(sample.crossing["out"], smooth=True)

    def value(x: np.ndarray) -> float:
        return float(-np.log(softmax(-x / 1.5))[sample.label])

    assert found.loss == pytest.approx(value(times), rel=1e-12)
    slope, t = by_each(value, times), DT * np.arange(1, STEPS + 1)
    for i, following in enumerate([T, 3.0, T, T]):  # the second spike, or the end
        instead = np.where(t < times[i], t - times[i], 0.0)
        instead[t == times[i]] = times[i] - following
        np.testing.assert_allclose(found.back["out"][:, i], slope[i] * instead, atol=1e-7)
    assert not found.price["out"].any()


def of_counts(name: str, s: Sample, n: np.ndarray) -> float:
    if name == "count":
        return float(-(shares(s.label, 0.1) * np.log(softmax(0.5 * n))).sum())
    if name == "given":
        return float(((n - s.targets) ** 2).mean())
    wanted = 0.02 + (0.25 - 0.02) * shares(s.label, 0.1)
    return float(((n / STEPS - wanted) ** 2).mean())


@pytest.mark.parametrize("name", ["count", "wanted", "given"])
def test_counts_and_their_derivatives_in_each_step(
    name: str, compiled: Compiled, sample: Sample
) -> None:
    n = counts(sample, "out").astype(float)
    found = compiled.run(name, LOSSES[name], sample)
    assert found.loss == pytest.approx(of_counts(name, sample, n), rel=1e-12)
    slope = by_each(lambda x: of_counts(name, sample, x), n)
    np.testing.assert_allclose(found.back["out"], np.tile(slope, (STEPS, 1)), atol=1e-8)
    np.testing.assert_array_equal(found.outputs, n)
    assert found.prediction == 1


def test_spyx_terms_for_silence_and_activity(compiled: Compiled, sample: Sample) -> None:
    found = compiled.run("spyx", LOSSES["spyx"], sample)
    mean, n = sample.mean_count["hidden"], counts(sample, "hidden")
    silence = np.maximum(0.0, 3.0 - mean)
    excess, of_out = n.mean() - 0.7, counts(sample, "out").mean() - 0.1
    assert 0 < excess < 1 and of_out > 0
    huber = [excess**2 / 2, of_out**2 / 2 if of_out < 1 else of_out - 0.5]
    assert found.loss == pytest.approx((silence**2).sum() + 0.25 * huber[0] + huber[1], rel=1e-12)
    expected = -2 * silence + 0.25 * excess / len(n)
    np.testing.assert_allclose(found.back["hidden"], np.tile(expected, (STEPS, 1)), rtol=1e-12)


def test_rates_are_pushed_to_their_target_at_spikes(compiled: Compiled, sample: Sample) -> None:
    found = compiled.run("rate", LOSSES["rate"], sample)
    error = sample.mean_count["hidden"] - 2.0
    strength = 0.5 * np.where(error > 0, 3.0, 0.5)
    assert found.metrics["Rate(hidden)"] == pytest.approx((strength * error**2).sum() / 2)
    expected = np.zeros((STEPS, 2, SIZES["hidden"]))
    expected[:, 0] = (sample.crossing["hidden"] > 0) * strength * error
    np.testing.assert_allclose(found.push["hidden"], expected, rtol=1e-12)


def test_silent_neurons_have_a_gradient_up_to_their_margin(
    compiled: Compiled, sample: Sample
) -> None:
    run = partial(compiled.run, "margin", LOSSES["margin"])
    found, n = run(sample), counts(sample, "hidden")
    peak = sample.trace["hidden"][1:, 0].max(0) - THRESHOLD
    below = np.where(n == 0, np.maximum(0.0, 0.5 - peak), 0.0)
    assert found.loss == pytest.approx((below**2).sum() / 2, rel=1e-12)
    places = [(k + 1, 0, i) for k in range(STEPS) for i in range(SIZES["hidden"])]
    measured = slopes(run, sample, "hidden", places).reshape(STEPS, -1)
    np.testing.assert_allclose(found.drive["hidden"][:, 0], measured, atol=1e-8)
    np.testing.assert_allclose(found.gradient["hidden"][0], below, rtol=1e-12)  # by the threshold
    assert (measured.min(0) < 0).tolist() == (n == 0).tolist()


def test_a_later_spike_leaves_the_voltage_longer_at_the_threshold(
    compiled: Compiled, sample: Sample
) -> None:
    found = compiled.run("jumps", LOSSES["jumps"], sample)
    V, t = sample.trace["out"][1:, 0], DT * np.arange(1, STEPS + 1)
    p = softmax(np.exp(-t / T) @ V * DT / T)
    at = (np.arange(STEPS)[:, None] + sample.crossing["out"]) * DT
    fall = (p - shares(1, 0.0)) * np.exp(-at / T) / T * (THRESHOLD - V)
    expected = np.where(sample.crossing["out"] > 0, fall, 0.0)
    np.testing.assert_allclose(found.price["out"], expected, rtol=1e-12)


def test_the_same_under_a_loss_of_each_time(compiled: Compiled, sample: Sample) -> None:
    wanted = np.random.default_rng(1).normal(size=(STEPS, C))
    given = Sample(sample.trace, sample.crossing, targets=wanted)
    found = compiled.run("trace", LOSSES["trace"], given)
    V = sample.trace["out"][1:, 0]
    fall = ((THRESHOLD - wanted) ** 2 - (V - wanted) ** 2) / (2 * T)
    expected = np.where(sample.crossing["out"] > 0, fall, 0.0)
    np.testing.assert_allclose(found.price["out"], expected, rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_any_number_of_threads_gives_the_same_bits(
    name: str, compiled: Compiled, sample: Sample
) -> None:
    if name == "trace":
        sample = Sample(sample.trace, sample.crossing, targets=np.ones((STEPS, C)))
    one, many = (compiled.run(name, LOSSES[name], sample, n) for n in (1, 3))
    assert one.loss == many.loss
    for what in ("drive", "back", "price", "push", "gradient"):
        for population in SIZES:
            np.testing.assert_array_equal(
                getattr(one, what)[population], getattr(many, what)[population]
            )
