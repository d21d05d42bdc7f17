"""Terms that keep activity and weights within bounds, to be added to a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygenn_lite.records import dataclass
from pygenn_lite.training.losses.loss import (
    Loss,
    Penalty,
    SingleLoss,
    check_number,
    check_population,
)

if TYPE_CHECKING:
    from pygenn_lite.codegen.trial.loss_records import Term


class _Regulariser(SingleLoss):
    @property
    def predicts(self) -> bool:
        """Nothing."""
        return False


@dataclass(frozen=True)
class Rate(_Regulariser):
    """Mean numbers of spikes per trial near a target: ``1/2 sum over neurons of
    strength (mean count - target)^2``, the strength one above the target and another below it.

    The mean is over the batch before (in the first: the sample's own count).

    Parameters
    ----------
    population : str
    target : float
        Spikes per trial.
    above, below : float
        Strengths.

    Notes
    -----
    A count has no exact gradient; with exact gradients its derivative is added to the adjoint of
    the variable in the threshold just before each spike, per unit of that variable: neurons that
    spike too often are made less excitable at their spikes, and the other way round (Nowotny,
    Turner and Knight, arXiv 2212.01232, whose adjoint is -1/tau of this one: strengths differ by
    tau). Neurons without a spike get nothing from it: see :class:`SilentMargin`.

    Examples
    --------
    >>> loss = pg.losses.CrossEntropy("out.V") + pg.losses.Rate("hidden", 14.0, above=1e-6)
    """

    population: str
    target: float
    above: float = 1.0
    below: float = 1.0

    def __post_init__(self) -> None:
        check_population(self.population)
        check_number(self.target, "the target", least=0.0)
        check_number(self.above, "the strength above", least=0.0)
        check_number(self.below, "the strength below", least=0.0)

    def numbers(self) -> tuple[str, ...]:
        """Target and strengths."""
        return ("target_count", "above", "below")

    @property
    def target_count(self) -> float:
        """The target, under a name that terms do not use otherwise."""
        return self.target

    @property
    def key(self) -> str:
        """Its population."""
        return f"Rate(population={self.population!r})"

    def term(self) -> Term:
        """As SymPy."""
        import sympy

        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import BATCH_COUNT

        error = symbol("u") - symbol("target_count")
        strength = sympy.Piecewise((symbol("above"), error > 0), (symbol("below"), True))
        return _regulariser(self, BATCH_COUNT, strength * error**2 / 2)


@dataclass(frozen=True)
class Silence(_Regulariser):
    """Neurons with fewer spikes per trial than a minimum: ``sum over neurons of
    max(0, least - mean count)^2``: Spyx's ``silence_reg``.

    Parameters
    ----------
    population : str
    least : float
        Spikes per trial, averaged over the batch before.

    Notes
    -----
    With exact gradients it acts at spikes only, as :class:`Rate`: not on silent neurons.

    Examples
    --------
    >>> loss = pg.losses.IntegralCrossEntropy("out.V") + 1e-3 * pg.losses.Silence("hidden", 1.0)
    """

    population: str
    least: float

    def __post_init__(self) -> None:
        check_population(self.population)
        check_number(self.least, "the least number of spikes", least=0.0)

    def numbers(self) -> tuple[str, ...]:
        """The minimum."""
        return ("least",)

    def term(self) -> Term:
        """As SymPy."""
        import sympy

        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import BATCH_COUNT

        value = sympy.Max(0, symbol("least") - symbol("u")) ** 2
        return _regulariser(self, BATCH_COUNT, value)


@dataclass(frozen=True)
class Sparsity(_Regulariser):
    """A population with more spikes per neuron and trial than a maximum:
    ``huber(max(0, mean over neurons of count - most))``: Spyx's ``sparsity_reg``, averaged over the
    samples of a batch (there it is summed, and grows with the batch).

    Parameters
    ----------
    population : str
    most : float
        Spikes per neuron and trial.

    Notes
    -----
    ``huber(x)`` is ``x^2/2`` up to 1, ``x - 1/2`` beyond.

    Examples
    --------
    >>> loss = pg.losses.IntegralCrossEntropy("out.V") + 1e-3 * pg.losses.Sparsity("hidden", 20.0)
    """

    population: str
    most: float

    def __post_init__(self) -> None:
        check_population(self.population)
        check_number(self.most, "the largest number of spikes", least=0.0)

    def numbers(self) -> tuple[str, ...]:
        """The maximum."""
        return ("most",)

    def term(self) -> Term:
        """As SymPy."""
        import sympy

        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import COUNT, NEURONS, mean_of

        excess = mean_of("u") - symbol("most")
        beyond = (excess - sympy.Rational(1, 2), excess > 1)
        huber = sympy.Piecewise(beyond, (excess**2 / 2, excess > 0), (0, True))
        return _regulariser(self, COUNT, huber / NEURONS)


@dataclass(frozen=True)
class SilentMargin(_Regulariser):
    """Neurons that never spike in a trial come near their threshold: ``1/2 sum over silent neurons
    of max(0, margin - peak)^2``, the peak the largest signed distance from the threshold (below it,
    negative). It has an exact gradient without a spike.

    Parameters
    ----------
    population : str
    margin : float
        In units of the variable in the threshold: 0 pulls the peak up to the threshold.

    Examples
    --------
    >>> loss = pg.losses.CrossEntropy("out.V") + 1e-3 * pg.losses.SilentMargin("hidden")
    """

    population: str
    margin: float = 0.0

    def __post_init__(self) -> None:
        check_population(self.population)
        check_number(self.margin, "the margin")

    def numbers(self) -> tuple[str, ...]:
        """The margin."""
        return ("margin",)

    def term(self) -> Term:
        """As SymPy."""
        import sympy

        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import MAXIMUM, SPIKED, ReadOut, Term

        below = sympy.Max(0, symbol("margin") - symbol("u"))
        return Term(
            f"SilentMargin({self.population})",
            self.population,
            {"u": ReadOut(MAXIMUM), "spiked": ReadOut(SPIKED)},
            (1 - symbol("spiked")) * below**2 / 2,
        )


@dataclass(frozen=True)
class WeightPenalty(Loss):
    """On weights, or other parameters: ``sum of l1 |w| + l2 w^2``.

    Parameters
    ----------
    parameters : str
        Their paths, with ``*`` for any characters: "groups.*.weight".
    l1, l2 : float
        Strengths.

    Notes
    -----
    The gradient is added once per batch, before gradients are clipped.

    Examples
    --------
    >>> loss = pg.losses.CrossEntropy("out.V") + pg.losses.WeightPenalty("groups.*.weight", l2=1e-4)
    """

    parameters: str = "groups.*.weight"
    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        check_number(self.l1, "l1", least=0.0)
        check_number(self.l2, "l2", least=0.0)

    @property
    def key(self) -> str:
        """None of it is compiled."""
        return ""

    @property
    def constants(self) -> tuple[float, ...]:
        """None: the optimiser has them."""
        return ()

    @property
    def penalties(self) -> tuple[Penalty, ...]:
        """The one penalty."""
        return (Penalty(self.parameters, float(self.l1), float(self.l2)),)

    def terms(self) -> tuple[Term, ...]:
        """None: it is not of a trial."""
        return ()


def _regulariser(loss: Any, kind: str, value: Any) -> Term:
    from pygenn_lite.codegen.trial.loss_records import ReadOut, Term

    name = f"{type(loss).__name__}({loss.population})"
    return Term(name, loss.population, {"u": ReadOut(kind)}, value, regulariser=True)
