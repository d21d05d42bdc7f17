"""Losses of variables, compiled: values against NumPy, what they add to adjoints against
differences."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from stand_in_trial import SIZES, Compiled, Sample, slopes

import pygenn_lite as pg

L = pg.losses
STEPS, DT, C = 9, 0.5, SIZES["out"]
T, t = STEPS * DT, DT * np.arange(1, STEPS + 1)
LOSSES = {
    "uniform": L.CrossEntropy("out.V"),
    "exponential": L.CrossEntropy("out.V", shape="exponential", smoothing=0.1),
    "linear": L.CrossEntropy("out.V", shape="linear", scale=30.0),
    "sigmoid": L.CrossEntropy("out.V", shape="sigmoid"),
    "own_shape": L.CrossEntropy("out.V", shape="exp(-2*t/T)*t"),
    "given": L.CrossEntropy("out.V", targets="values"),
    "spyx": L.IntegralCrossEntropy("out.V"),
    "maximum": L.MaximumCrossEntropy("out.V"),
    "each": L.StepCrossEntropy("out.V", smoothing=0.2),
    "trace": L.TraceMeanSquare("out.I"),
    "both": L.CrossEntropy("out.V")
    + 0.25 * L.MaximumCrossEntropy("out.V")
    + L.StepCrossEntropy("out.I"),
}
SHAPES = {
    "uniform": np.ones(STEPS),
    "exponential": np.exp(-t / T),
    "linear": 1 - t / T,
    "sigmoid": 1 / (1 + np.exp((t / T - 0.5) / 0.2)),
    "own_shape": np.exp(-2 * t / T) * t,
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    losses = {name: (loss, True) for name, loss in LOSSES.items()}  # outputs that spike
    return Compiled(losses, tmp_path_factory.mktemp("losses"))


@pytest.fixture
def sample() -> Sample:
    draw = np.random.default_rng(3)
    trace = {name: draw.normal(0.0, 2.0, (STEPS + 1, 2, n)) for name, n in SIZES.items()}
    return Sample(trace, label=2, targets=draw.dirichlet(np.ones(C)))


def log_softmax(z: np.ndarray) -> np.ndarray:
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def shares(label: int, smoothing: float) -> np.ndarray:
    return (np.arange(C) == label) * (1 - smoothing) + smoothing / C


def cross_entropy(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return -(y * log_softmax(z)).sum(-1)


def restated(name: str, s: Sample) -> float:
    """The value, by NumPy."""
    V, current = s.trace["out"][1:, 0], s.trace["out"][1:, 1]
    hit = shares(s.label, 0.0)
    if name in SHAPES:
        y = shares(s.label, 0.1 if name == "exponential" else 0.0)
        scale = 30.0 if name == "linear" else 1.0
        return float(cross_entropy(scale * (SHAPES[name] @ V) * DT / T, y))
    if name == "both":
        mean, largest = cross_entropy(V.mean(0), hit), cross_entropy(V.max(0), hit)
        return float(mean + 0.25 * largest + cross_entropy(current, hit).mean())
    values = {
        "given": lambda: cross_entropy(V.mean(0), s.targets),
        "spyx": lambda: cross_entropy(V.sum(0), shares(s.label, 0.3)),
        "maximum": lambda: cross_entropy(V.max(0), hit),
        "each": lambda: cross_entropy(V, shares(s.label, 0.2)).mean(),
        "trace": lambda: ((current - s.targets) ** 2).sum() * DT / (2 * T),
    }
    return float(values[name]())


def of_targets(name: str, s: Sample) -> Sample:
    draw = np.random.default_rng(4)
    return (
        Sample(s.trace, label=s.label, targets=draw.normal(size=(STEPS, C)))
        if name == "trace"
        else s
    )


@pytest.mark.parametrize("name", LOSSES)
def test_values_are_those_of_the_formula(name: str, compiled: Compiled, sample: Sample) -> None:
    sample = of_targets(name, sample)
    found = compiled.run(name, LOSSES[name], sample)
    assert found.loss == pytest.approx(restated(name, sample), rel=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_added_to_adjoints_is_the_derivative(
    name: str, compiled: Compiled, sample: Sample
) -> None:
    sample = of_targets(name, sample)
    run = partial(compiled.run, name, LOSSES[name])
    places = [(n + 1, k, i) for n in range(STEPS) for k in range(2) for i in range(C)]
    measured = slopes(run, sample, "out", places).reshape(STEPS, 2, C)
    np.testing.assert_allclose(run(sample).drive["out"], measured, atol=2e-8)
    assert np.abs(measured).max() > 1e-3


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("threads", [2, 3, 5])
def test_any_number_of_threads_gives_the_same_bits(
    name: str, threads: int, compiled: Compiled, sample: Sample
) -> None:
    sample = of_targets(name, sample)
    one, many = (compiled.run(name, LOSSES[name], sample, n) for n in (1, threads))
    assert one.loss == many.loss and one.prediction == many.prediction
    np.testing.assert_array_equal(one.drive["out"], many.drive["out"])
    np.testing.assert_array_equal(one.outputs, many.outputs)


READ: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "uniform": lambda V: V.mean(0),
    "spyx": lambda V: V.sum(0),
    "maximum": lambda V: V.max(0),
    "each": lambda V: V.mean(0),
    "both": lambda V: V.mean(0),
}


@pytest.mark.parametrize("name", READ)
def test_outputs_are_the_read_outs_and_the_largest_is_predicted(
    name: str, compiled: Compiled, sample: Sample
) -> None:
    found, expected = (
        compiled.run(name, LOSSES[name], sample),
        READ[name](sample.trace["out"][1:, 0]),
    )
    np.testing.assert_allclose(found.outputs, expected, rtol=1e-12)
    assert found.prediction == expected.argmax()


@pytest.mark.parametrize("name", ["uniform", "spyx", "maximum", "each"])
def test_large_values_overflow_nowhere(name: str, compiled: Compiled, sample: Sample) -> None:
    trace = {n: values * 1e6 for n, values in sample.trace.items()}
    found = compiled.run(name, LOSSES[name], Sample(trace, label=1))
    assert np.isfinite(found.loss) and np.isfinite(found.drive["out"]).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_trial_of_one_step(name: str, compiled: Compiled, sample: Sample) -> None:
    trace = {n: values[:2] for n, values in sample.trace.items()}
    short = Sample(trace, label=1, targets=sample.targets)
    run = partial(compiled.run, name, LOSSES[name])
    places = [(1, k, i) for k in range(2) for i in range(C)]
    measured = slopes(run, short, "out", places).reshape(1, 2, C)
    np.testing.assert_allclose(run(short).drive["out"], measured, atol=2e-8)


def test_of_equal_maxima_the_first_step_counts(compiled: Compiled) -> None:
    V = np.zeros((STEPS + 1, 2, C))
    V[1:, 0] = -1.0
    V[[3, 6], 0, 1] = 2.0  # the ends of steps 2 and 5
    drive = compiled.run("maximum", LOSSES["maximum"], Sample({"out": V})).drive["out"][:, 0, 1]
    assert np.flatnonzero(drive).tolist() == [2]


def test_of_equal_outputs_the_first_is_predicted(compiled: Compiled) -> None:
    V = np.zeros((STEPS + 1, 2, C))
    V[1:, 0, 1:3] = 1.0
    assert compiled.run("uniform", LOSSES["uniform"], Sample({"out": V})).prediction == 1


def test_terms_of_a_sum_are_reported(compiled: Compiled, sample: Sample) -> None:
    found = compiled.run("both", LOSSES["both"], sample)
    assert list(found.metrics) == [
        "CrossEntropy(out.V)", "MaximumCrossEntropy(out.V)", "StepCrossEntropy(out.I)",
    ]  # fmt: skip
    assert sum(found.metrics.values()) == pytest.approx(found.loss, rel=1e-12)


def test_factors_are_numbers_of_the_run(compiled: Compiled, sample: Sample) -> None:
    other = 2 * L.CrossEntropy("out.V")
    assert other.key == LOSSES["uniform"].key
    ends = [compiled.run("uniform", loss, sample).loss for loss in (LOSSES["uniform"], other)]
    assert ends[1] == pytest.approx(2 * ends[0], rel=1e-12)
