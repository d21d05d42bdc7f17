"""Losses of numbers of spikes, for surrogate gradients: counts have no exact gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygenn_lite.records import dataclass
from pygenn_lite.training.losses.loss import (
    SingleLoss,
    check_number,
    check_population,
    check_positive,
)
from pygenn_lite.training.losses.targets import check_classes, cross_entropy, share_of_class

if TYPE_CHECKING:
    from pygenn_lite.codegen.trial.loss_records import Term


@dataclass(frozen=True)
class SpikeCountCrossEntropy(SingleLoss):
    """Cross-entropy of numbers of spikes: ``-sum_c y_c log softmax(scale*n)_c``.

    Parameters
    ----------
    population : str
        One neuron is one class.
    scale : float
        What a spike is worth.
    smoothing : float
        Label smoothing.
    targets : str
        "labels", or "values" (a distribution over classes).

    Notes
    -----
    For ``gradient="surrogate"``.

    Examples
    --------
    >>> loss = pg.losses.SpikeCountCrossEntropy("out", scale=0.5)
    """

    population: str
    scale: float = 1.0
    smoothing: float = 0.0
    targets: str = "labels"

    def __post_init__(self) -> None:
        check_population(self.population)
        check_positive(self.scale, "the scale")
        check_classes(self.targets, self.smoothing)

    def numbers(self) -> tuple[str, ...]:
        """Scale and smoothing."""
        return ("scale", "smoothing")

    def term(self) -> Term:
        """As SymPy."""
        from pygenn_lite.codegen.systems.system import symbol

        logits = symbol("scale") * symbol("u")
        return _of_counts(self, cross_entropy(self.targets), logits)


@dataclass(frozen=True)
class SpikeRateMeanSquare(SingleLoss):
    """Rates of the outputs are as wanted: ``1/C sum_c (r_c - r*_c)^2``, r in spikes per step.

    ``r*_c = wrong + (right - wrong) y_c`` with ``y_c = (1 - s) [c is the label] + s/C``.

    Parameters
    ----------
    population : str
    right, wrong : float
        Spikes per step that the right output, and the others, are to have.
    smoothing : float
        Label smoothing s.

    Notes
    -----
    For ``gradient="surrogate"``. Spyx's ``mse_spikerate(sparsity)`` compares rates with sparsity
    times the number of steps, which no neuron reaches after 4 steps; here both are rates.

    Examples
    --------
    >>> loss = pg.losses.SpikeRateMeanSquare("out", right=0.25, wrong=0.01)
    """

    population: str
    right: float = 0.25
    wrong: float = 0.0
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_population(self.population)
        check_number(self.right, "the right output's rate", least=0.0, most=1.0)
        check_number(self.wrong, "the wrong outputs' rate", least=0.0, most=1.0)
        check_classes("labels", self.smoothing)

    def numbers(self) -> tuple[str, ...]:
        """Rates and smoothing."""
        return ("right", "wrong", "smoothing")

    def term(self) -> Term:
        """As SymPy."""
        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import DURATION, NEURONS, STEP

        right, wrong = symbol("right"), symbol("wrong")
        wanted = wrong + (right - wrong) * share_of_class("labels")
        return _of_counts(self, (symbol("u") * STEP / DURATION - wanted) ** 2 / NEURONS)


@dataclass(frozen=True)
class SpikeCountMeanSquare(SingleLoss):
    """Numbers of spikes are as given: ``1/C sum_c (n_c - y_c)^2``.

    Parameters
    ----------
    population : str

    Notes
    -----
    For ``gradient="surrogate"``. Targets are arrays (C,) per sample: spikes per trial.

    Examples
    --------
    >>> loss = pg.losses.SpikeCountMeanSquare("out")
    """

    population: str

    def __post_init__(self) -> None:
        check_population(self.population)

    def term(self) -> Term:
        """As SymPy."""
        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import NEURONS, TARGET

        return _of_counts(self, (symbol("u") - TARGET) ** 2 / NEURONS)


def _of_counts(loss: Any, value: Any, logits: Any = None) -> Term:
    from pygenn_lite.codegen.systems.system import symbol
    from pygenn_lite.codegen.trial.loss_records import COUNT, ReadOut, Term

    name = f"{type(loss).__name__}({loss.population})"
    read_outs = {"u": ReadOut(COUNT)}
    return Term(name, loss.population, read_outs, value, logits, score=symbol("u"))
