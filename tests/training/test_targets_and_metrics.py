"""What samples are compared with, checked; and figures of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pygenn_lite.codegen.trial.loss_targets import check_targets
from pygenn_lite.errors import ArgumentError
from pygenn_lite.training import metrics

SAMPLES, STEPS, C = 3, 5, 4
SIZES = {"out": C, "early": C}
GOOD: list[tuple[str, Any, Any]] = [
    ("labels", [0, 3, 1], None),
    ("labels", np.array([0.0, 3.0, 1.0]), None),
    ("values", None, np.zeros((SAMPLES, C))),
    ("traces", None, np.zeros((SAMPLES, STEPS, C), np.float32)),
    ("", None, None),
]
BAD: list[tuple[str, Any, Any, str]] = [
    ("labels", None, None, "the data have none"),
    ("labels", None, np.eye(SAMPLES, C), r"shape \(3, 4\), not labels\n.*targets.argmax\(axis=1"),
    ("labels", None, np.zeros((SAMPLES, 1)), r"shape \(3, 1\), not labels\n.*targets\[:, 0\]"),
    ("labels", None, np.zeros((SAMPLES, 2)), r"shape \(3, 2\), not labels\n  hint: give labels"),
    ("labels", [0, 1], None, r"the shape \(2,\), for 3 samples"),
    ("labels", [0, 4, 1], None, r"the label of sample 1 is 4, and there are 4 outputs \(1 of 3"),
    ("labels", [0, -1, 1], None, "the label of sample 1 is -1"),
    ("labels", [0, 0.5, 1], None, "the label of sample 1 is 0.5"),
    ("labels", [0, np.nan, 1], None, "the label of sample 1 is nan"),
    ("labels", np.eye(3), None, r"the shape \(3, 3\)"),
    ("values", None, None, "given targets, and the data have none"),
    ("values", None, np.zeros((SAMPLES, C + 1)), r"the shape \(3, 5\), not \(3, 4\)"),
    ("values", None, np.full((SAMPLES, C), np.nan), "not all finite"),
    ("traces", None, np.zeros((STEPS, SAMPLES, C)), "axes of samples and steps are swapped"),
    ("traces", None, np.zeros((SAMPLES, C)), r"not \(3, 5, 4\)"),
]


@pytest.mark.parametrize(("kind", "labels", "targets"), GOOD)
def test_targets_of_the_right_form_are_taken(kind: str, labels: Any, targets: Any) -> None:
    check_targets(kind, SIZES, SAMPLES, STEPS, labels, targets)


@pytest.mark.parametrize(("kind", "labels", "targets", "message"), BAD)
def test_others_are_refused(kind: str, labels: Any, targets: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        check_targets(kind, SIZES, SAMPLES, STEPS, labels, targets)


def test_populations_of_different_sizes_have_no_labels_in_common() -> None:
    message = r"compares 'out' \(4 neurons\) and 'early' \(3 neurons\) with the same labels"
    with pytest.raises(ArgumentError, match=message):
        check_targets("labels", {"out": 4, "early": 3}, SAMPLES, STEPS, [0, 1, 2])


def test_accuracy_and_confusion() -> None:
    predictions, labels = np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2])
    assert metrics.accuracy(predictions, labels) == 0.75
    assert metrics.confusion(predictions, labels, 3).tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]


def test_activity() -> None:
    spikes = {"hidden": np.array([0, 4, 8, 0]), "out": np.array([1])}
    assert metrics.silent_shares(spikes) == {"hidden": 0.5, "out": 0.0}
    rates = metrics.mean_rates(spikes, samples=3, duration=100.0)
    assert rates == pytest.approx({"hidden": 10.0, "out": 10 / 3})


@pytest.mark.parametrize(
    ("predictions", "labels", "message"),
    [([0, 1], [0], "shape"), ([], [], "shape"), ([0, 3], [0, 1], "a prediction is 3")],
)
def test_figures_of_what_does_not_fit_are_refused(
    predictions: list[int], labels: list[int], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        metrics.confusion(np.array(predictions, int), np.array(labels, int), 3)
