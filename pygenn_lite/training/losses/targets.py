"""What outputs are compared with: labels, softened by label smoothing, or given values."""

from __future__ import annotations

from typing import Any

from pygenn_lite.training.losses.loss import check_choice, check_number

TARGETS = ("labels", "values")


def check_classes(targets: object, smoothing: object) -> None:
    """Targets of a classification, and its label smoothing.

    Raises
    ------
    ArgumentError
        They are not known.
    """
    check_choice(targets, TARGETS, "targets")
    check_number(smoothing, "the label smoothing", least=0.0, most=1.0)


def share_of_class(targets: str) -> Any:
    """The share of a neuron's class in the target distribution, over ``smoothing``: SymPy."""
    from pygenn_lite.codegen.systems.system import symbol
    from pygenn_lite.codegen.trial.loss_records import HIT, NEURONS, TARGET

    smoothing = symbol("smoothing")
    given = HIT if targets == "labels" else TARGET
    return given * (1 - smoothing) + smoothing / NEURONS


def cross_entropy(targets: str) -> Any:
    """``-y log p`` of one neuron: SymPy."""
    from pygenn_lite.codegen.trial.loss_records import LOGP

    return -share_of_class(targets) * LOGP
