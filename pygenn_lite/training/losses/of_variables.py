"""Losses of a variable of the output neurons over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygenn_lite.records import dataclass
from pygenn_lite.training.losses.loss import SingleLoss, check_positive, variable_of
from pygenn_lite.training.losses.shapes import shape_text
from pygenn_lite.training.losses.targets import check_classes, cross_entropy

if TYPE_CHECKING:
    from pygenn_lite.codegen.trial.loss_records import ReadOut, Term


@dataclass(frozen=True)
class CrossEntropy(SingleLoss):
    """Cross-entropy of a variable's weighted mean over the trial.

    With ``u_c = (1/T) integral of shape(t) V_c(t) dt`` and ``p = softmax(scale u)``, the loss is
    ``-sum_c y_c log p_c``.

    Parameters
    ----------
    variable : str
        "out.V": one neuron of "out" is one class.
    shape : str or sympy.Expr
        How much each time counts: "uniform" (1), "exponential" (``exp(-t/T)``, loss shaping),
        "linear" (``1 - t/T``), "sigmoid" (``1/(1 + exp((t/T - 0.5)/0.2))``), or an expression of
        ``t`` and ``T``, ms.
    smoothing : float
        Label smoothing s: ``y_c = (1 - s) [c is the label] + s/C``.
    scale : float
        What ``u`` is multiplied with before the softmax. Mean voltages are small: with 1 the
        weights of the read-out have to grow before the loss tells classes apart.
    targets : str
        "labels": a class per sample. "values": a distribution over classes per sample, (C,).

    Raises
    ------
    ArgumentError
        The variable, the shape or the smoothing is not valid.

    Notes
    -----
    Nowotny, Turner and Knight, arXiv 2212.01232 (2022): an exact gradient cannot see spikes appear
    or vanish, and weighting early times drives hidden neurons while spikes can still be made.

    Examples
    --------
    >>> loss = pg.losses.CrossEntropy("out.V", shape="exponential")
    """

    variable: str
    shape: Any = "uniform"
    smoothing: float = 0.0
    targets: str = "labels"
    scale: float = 1.0

    def __post_init__(self) -> None:
        variable_of(self.variable)
        check_classes(self.targets, self.smoothing)
        check_positive(self.scale, "the scale")
        object.__setattr__(self, "shape", shape_text(self.shape))

    def numbers(self) -> tuple[str, ...]:
        """Smoothing and scale."""
        return ("smoothing", "scale")

    def term(self) -> Term:
        """As SymPy."""
        return _classified(self, f"({self.shape})*x/T", "integral", scaled=True)


@dataclass(frozen=True)
class _OfClasses(SingleLoss):
    """What cross-entropies of a variable have in common."""

    variable: str
    smoothing: float = 0.0
    targets: str = "labels"

    def __post_init__(self) -> None:
        variable_of(self.variable)
        check_classes(self.targets, self.smoothing)

    def numbers(self) -> tuple[str, ...]:
        """The smoothing."""
        return ("smoothing",)


@dataclass(frozen=True)
class IntegralCrossEntropy(_OfClasses):
    """Cross-entropy of a variable's sum over the steps, smoothed: Spyx's
    ``integral_crossentropy``.

    ``z_c = sum over steps of V_c``; the loss is ``-sum_c y_c log softmax(z)_c``. Logits grow with
    the number of steps; :class:`CrossEntropy` takes the mean.

    Parameters
    ----------
    variable : str
    smoothing : float
        Label smoothing.
    targets : str
        "labels", or "values".

    Notes
    -----
    Heckel and Nowotny, arXiv 2402.18994 (2024).

    Examples
    --------
    >>> loss = pg.losses.IntegralCrossEntropy("out.V")
    """

    smoothing: float = 0.3

    def term(self) -> Term:
        """As SymPy."""
        return _classified(self, "x/dt", "integral")


@dataclass(frozen=True)
class MaximumCrossEntropy(_OfClasses):
    """Cross-entropy of a variable's maximum over the trial: ``u_c = max over t of V_c(t)``.

    Of several steps with the same maximum the first counts.

    Parameters
    ----------
    variable : str
    smoothing : float
        Label smoothing.
    targets : str
        "labels", or "values".

    Notes
    -----
    Where an inhibitory arrival ends the rise of the variable, the maximum moves with that arrival,
    whose price is the rate at which the variable rises there: of what the arrival changes of the
    rate, the share rise/(rise + fall) of the steps before and after it.

    Examples
    --------
    >>> loss = pg.losses.MaximumCrossEntropy("out.V")
    """

    def term(self) -> Term:
        """As SymPy."""
        return _classified(self, "x", "maximum")


@dataclass(frozen=True)
class StepCrossEntropy(_OfClasses):
    """The mean over the trial of the cross-entropy at each time: ``(1/T) integral of
    -sum_c y_c log softmax(V(t))_c dt``.

    Parameters
    ----------
    variable : str
    smoothing : float
        Label smoothing.
    targets : str
        "labels", or "values".

    Notes
    -----
    On spoken digits its exact gradient silences hidden neurons (Nowotny, Turner and Knight 2022):
    weighting the time inside the softmax (:class:`CrossEntropy`) works better.

    Examples
    --------
    >>> loss = pg.losses.StepCrossEntropy("out.V")
    """

    def term(self) -> Term:
        """As SymPy."""
        return _classified(self, "x", "now")


@dataclass(frozen=True)
class TraceMeanSquare(SingleLoss):
    """A variable follows a given trace: ``1/(2T) integral of sum_c (V_c(t) - y_c(t))^2 dt``.

    Parameters
    ----------
    variable : str

    Notes
    -----
    Targets are arrays (steps, C) per sample: the value at the end of each step.

    Examples
    --------
    >>> loss = pg.losses.TraceMeanSquare("out.V")
    """

    variable: str

    def __post_init__(self) -> None:
        variable_of(self.variable)

    @property
    def predicts(self) -> bool:
        """Nothing."""
        return False

    def term(self) -> Term:
        """As SymPy."""
        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import DURATION, TARGET, Term

        population, variable = variable_of(self.variable)
        value = (symbol("u") - TARGET) ** 2 / (2 * DURATION)
        read_outs = {"u": _read_out("x", "now", variable)}
        return Term(_name(self), population, read_outs, value, each_step=True)


def _name(loss: SingleLoss) -> str:
    return f"{type(loss).__name__}({loss.variable})"  # type: ignore[attr-defined]


def _read_out(value: str, kind: str, variable: str) -> ReadOut:
    """What is read of a variable ``x``."""
    from pygenn_lite.codegen.systems.system import symbol
    from pygenn_lite.codegen.trial.loss_records import ReadOut
    from pygenn_lite.declaration.language.equations import parse_expression

    expression = parse_expression(value).sympy()
    return ReadOut(kind, expression.xreplace({symbol("x"): symbol(variable)}))


def _classified(loss: Any, value: str, kind: str, scaled: bool = False) -> Term:
    """Cross-entropy of what is read of a variable."""
    from pygenn_lite.codegen.systems.system import symbol
    from pygenn_lite.codegen.trial.loss_records import DURATION, NOW, Term

    population, variable = variable_of(loss.variable)
    u, each_step = symbol("u"), kind == NOW
    return Term(
        _name(loss),
        population,
        {"u": _read_out(value, kind, variable)},
        cross_entropy(loss.targets) / (DURATION if each_step else 1),
        logits=symbol("scale") * u if scaled else u,
        score=u,
        each_step=each_step,
    )
