"""Losses of the times of the outputs' first spikes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygenn_lite.records import dataclass
from pygenn_lite.training.losses.loss import (
    SingleLoss,
    check_number,
    check_population,
    check_positive,
)
from pygenn_lite.training.losses.targets import check_classes, cross_entropy

if TYPE_CHECKING:
    from pygenn_lite.codegen.trial.loss_records import Term

AUTO = "auto"


@dataclass(frozen=True)
class FirstSpikeCrossEntropy(SingleLoss):
    """Cross-entropy of the times of first spikes: the earliest output is the prediction.

    ``-sum_c y_c log softmax(-t/tau)_c + alpha (exp(t_l/tau_late) - 1)``, t_l that of the right
    output.

    Parameters
    ----------
    population : str
        One neuron is one class.
    tau : float
        ms; differences of times that matter.
    alpha : float
        How much it costs that the right output spikes late.
    tau_late : float
        ms; from when on it does.
    smoothing : float
        Label smoothing.
    phantom_speed : "auto" or float
        A right output that never spikes is taken to spike at the end of the trial, while it
        approaches its threshold so fast (in units of the variable per ms); without that it would
        have no gradient. "auto": the distance from the threshold at the beginning, over the length
        of the trial. The metrics "outputs that never spiked" and "right output never spiked" give
        the shares.

    Notes
    -----
    Wunderlich and Pehle, Sci. Rep. 11 (2021). With surrogate gradients spikes in each step have a
    derivative: what the time of the first would be with one more, or one less, there.

    Examples
    --------
    >>> loss = pg.losses.FirstSpikeCrossEntropy("out", tau=2.0)
    """

    population: str
    tau: float
    alpha: float = 0.0
    tau_late: float = 10.0
    smoothing: float = 0.0
    phantom_speed: Any = AUTO

    def __post_init__(self) -> None:
        check_population(self.population)
        check_positive(self.tau, "tau")
        check_positive(self.tau_late, "tau_late")
        check_number(self.alpha, "alpha", least=0.0)
        check_classes("labels", self.smoothing)
        _check_speed(self.phantom_speed)

    def numbers(self) -> tuple[str, ...]:
        """Time constants, factor and smoothing."""
        return ("tau", "smoothing", *(("alpha", "tau_late") if self.alpha else ()))

    @property
    def key(self) -> str:
        """With or without a term for late spikes: times 0 it would still overflow."""
        return f"{super().key}{' late' if self.alpha else ''}"

    def term(self) -> Term:
        """As SymPy."""
        import sympy

        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import HIT

        u, value = symbol("u"), cross_entropy("labels")
        if self.alpha:
            late = sympy.exp(u / symbol("tau_late")) - 1
            value += HIT * symbol("alpha") * late
        return _of_first_spikes(self, value, logits=-u / symbol("tau"))


@dataclass(frozen=True)
class FirstSpikeMeanSquare(SingleLoss):
    """First spikes of wrong outputs come later than that of the right one, by a given time:
    ``1/2 sum over c != l of (t_c - t_l - separation)^2``.

    Parameters
    ----------
    population : str
    separation : float
        ms.
    phantom_speed : "auto" or float
        As of :class:`FirstSpikeCrossEntropy`.

    Examples
    --------
    >>> loss = pg.losses.FirstSpikeMeanSquare("out", separation=5.0)
    """

    population: str
    separation: float
    phantom_speed: Any = AUTO

    def __post_init__(self) -> None:
        check_population(self.population)
        check_number(self.separation, "the separation", least=0.0)
        _check_speed(self.phantom_speed)

    def numbers(self) -> tuple[str, ...]:
        """The separation."""
        return ("separation",)

    def term(self) -> Term:
        """As SymPy."""
        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import HIT, right_of

        u = symbol("u")
        value = (1 - HIT) * (u - right_of("u") - symbol("separation")) ** 2 / 2
        return _of_first_spikes(self, value)


@dataclass(frozen=True)
class SpikeTimeMeanSquare(SingleLoss):
    """First spikes come at given times: ``1/2 sum over c of (t_c - y_c)^2``.

    Parameters
    ----------
    population : str
    phantom_speed : "auto" or float
        As of :class:`FirstSpikeCrossEntropy`, for each output.

    Notes
    -----
    Targets are arrays (C,) per sample: times in ms.

    Examples
    --------
    >>> loss = pg.losses.SpikeTimeMeanSquare("out")
    """

    population: str
    phantom_speed: Any = AUTO

    def __post_init__(self) -> None:
        check_population(self.population)
        _check_speed(self.phantom_speed)

    def term(self) -> Term:
        """As SymPy."""
        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import TARGET

        return _of_first_spikes(self, (symbol("u") - TARGET) ** 2 / 2)


def _check_speed(speed: object) -> None:
    if speed != AUTO:
        check_positive(speed, "phantom_speed")


def _of_first_spikes(loss: Any, value: Any, logits: Any = None) -> Term:
    import sympy

    from pygenn_lite.codegen.systems.system import symbol
    from pygenn_lite.codegen.trial.loss_records import (
        DURATION,
        FIRST_SPIKE,
        GAP,
        ReadOut,
        Term,
    )

    given = loss.phantom_speed
    speed = GAP / DURATION if given == AUTO else sympy.Float(given)
    return Term(
        f"{type(loss).__name__}({loss.population})",
        loss.population,
        {"u": ReadOut(FIRST_SPIKE, speed)},
        value,
        logits=logits,
        score=-symbol("u"),
    )
