"""Losses that users write: read-outs of a population, and a formula of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError
from pygenn_lite.records import dataclass
from pygenn_lite.training.losses.loss import (
    WHERE,
    SingleLoss,
    check_number,
    check_population,
    check_positive,
)

if TYPE_CHECKING:
    from pygenn_lite.codegen.trial.loss_records import ReadOut, Term

SUFFIXES = ("_mean", "_right", "_silent")
KNOWN = ("hit", "target", "n", "T", "dt", "t", "p", "logp")


@dataclass(frozen=True)
class Read:
    """What is read of each neuron in a trial: made by :func:`integral`, :func:`maximum`,
    :func:`at_each_time`, :func:`first_spike_time` and :func:`spike_count`.

    Attributes
    ----------
    kind, value : str
    variables : tuple of (str, str)
        Names in `value` that stand for variables called otherwise.
    """

    kind: str
    value: str = ""
    variables: tuple[tuple[str, str], ...] = ()


def integral(value: Any, **variables: str) -> Read:
    """The integral of an expression over the trial.

    Parameters
    ----------
    value : str or sympy.Expr
        Of the population's variables, ``t``, ``T`` and ``dt``, ms.
    **variables : str
        Names in it for what a synapse group has on its targets: ``I="GROUP.I_syn"``.

    Examples
    --------
    >>> mean = pg.losses.integral("V/T")
    """
    return _of_variables("integral", value, variables)


def maximum(value: Any, **variables: str) -> Read:
    """The largest value of an expression, over the ends of steps.

    Parameters
    ----------
    value, **variables
        As of :func:`integral`.

    Examples
    --------
    >>> peak = pg.losses.maximum("V")
    """
    return _of_variables("maximum", value, variables)


def at_each_time(value: Any, **variables: str) -> Read:
    """The value of an expression at each time: the loss is then a rate, integrated over the trial.

    Parameters
    ----------
    value, **variables
        As of :func:`integral`.

    Examples
    --------
    >>> now = pg.losses.at_each_time("V")
    """
    return _of_variables("now", value, variables)


def first_spike_time(phantom_speed: float | None = None) -> Read:
    """The time of the first spike, ms; the end of the trial where there is none.

    Parameters
    ----------
    phantom_speed : float, optional
        As of :class:`pygenn_lite.losses.FirstSpikeCrossEntropy`.

    Examples
    --------
    >>> time = pg.losses.first_spike_time()
    """
    if phantom_speed is None:
        return Read("first spike", "gap/T")
    return Read("first spike", repr(check_positive(phantom_speed, "phantom_speed")))


def spike_count() -> Read:
    """The number of spikes. Needs surrogate gradients.

    Examples
    --------
    >>> count = pg.losses.spike_count()
    """
    return Read("count")


@dataclass(frozen=True)
class Custom(SingleLoss):
    """A loss given as a formula: ``sum over neurons of value``.

    Parameters
    ----------
    population : str
    value : str or sympy.Expr
        Of one neuron, over the names of its read-outs (``u``; ``u_mean`` over the population;
        ``u_right`` of the neuron whose number is the label; ``u_silent``, 1 where the time of a
        first spike stands for none), ``hit`` (1 for the neuron whose number is the label, else 0),
        ``target`` (the given value), ``n`` (the number of neurons), ``T`` and ``dt`` (ms), ``p``
        and ``logp`` (softmax of `softmax`, and its logarithm), and its settings.
    read_outs : mapping of str to Read
        By name; the first is the output of the network.
    softmax : str or sympy.Expr, optional
        What ``p`` is the softmax of.
    score : str or sympy.Expr, optional
        The neuron where it is largest is the prediction; by default `softmax`, or else nothing is
        predicted.
    settings : mapping of str to float
        Numbers by name, which may be changed without another program.

    Raises
    ------
    ArgumentError
        The formula reads something else.

    Examples
    --------
    >>> hinge = pg.losses.Custom(
    ...     "out", "(1 - hit)*max(0, 1 + u - u_right)**2", {"u": pg.losses.integral("V/T")},
    ...     score="u")
    """

    population: str
    value: Any
    read_outs: Mapping[str, Read]
    softmax: Any = None
    score: Any = None
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_population(self.population)
        given = self.read_outs.values() if isinstance(self.read_outs, Mapping) else ()
        if not given or not all(isinstance(read, Read) for read in given):
            raise ArgumentError(
                f"read_outs={self.read_outs!r}",
                where=WHERE,
                hint='give at least one by its name: {"u": pg.losses.integral("V/T")}',
            )
        if len({read.kind == "now" for read in self.read_outs.values()}) > 1:
            raise ArgumentError(
                "read_outs: values at each time stand beside values of the whole trial",
                where=WHERE,
                hint="give two losses, and add them",
            )
        own = [*self.read_outs, *(f"{name}{s}" for name in self.read_outs for s in SUFFIXES)]
        known = {*own, *self.settings, *KNOWN}
        for name, number in self.settings.items():
            check_number(number, name)
        if self.softmax is None:
            known -= {"p", "logp"}
        for name, names in (
            ("value", known),
            ("softmax", known - {"p", "logp", "hit", "target"}),
            ("score", known - {"p", "logp", "hit", "target"}),
        ):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _checked(given, name, names))

    def numbers(self) -> tuple[str, ...]:
        """Its settings."""
        return tuple(self.settings)

    def number(self, name: str) -> float:
        """One of its settings."""
        return float(self.settings[name])

    @property
    def predicts(self) -> bool:
        """Whether there is a score, or a softmax."""
        return self.score is not None or self.softmax is not None

    @property
    def key(self) -> str:
        """All but the values of its settings."""
        kept = (self.population, self.value, dict(self.read_outs), self.softmax, self.score)
        return f"Custom{(*kept, tuple(self.settings))!r}"

    def term(self) -> Term:
        """As SymPy."""
        import sympy

        from pygenn_lite.codegen.systems.system import symbol
        from pygenn_lite.codegen.trial.loss_records import LOGP, Term

        def parsed(text: str | None) -> Any:
            if text is None:
                return None
            value = parse_expression(text, WHERE).sympy()
            return sympy.sympify(value).xreplace({symbol("p"): sympy.exp(LOGP)})

        return Term(
            f"Custom({self.population})",
            self.population,
            {name: _read_out(read) for name, read in self.read_outs.items()},
            parsed(self.value),
            logits=parsed(self.softmax),
            score=parsed(self.score if self.score is not None else self.softmax),
            each_step=any(read.kind == "now" for read in self.read_outs.values()),
        )


def _of_variables(kind: str, value: Any, variables: Mapping[str, str]) -> Read:
    return Read(kind, str(parse_expression(value, WHERE)), tuple(sorted(variables.items())))


def _checked(given: Any, what: str, names: set[str]) -> str:
    expression = parse_expression(given, WHERE)
    for name in sorted(expression.symbols - names):
        raise ArgumentError(
            f"the {what} {expression} reads {name!r}{nearest(name, names)}",
            where=WHERE,
            hint=f"it may read {', '.join(sorted(names))}",
        )
    return str(expression)


def _read_out(read: Read) -> ReadOut:
    from pygenn_lite.codegen.systems.system import symbol
    from pygenn_lite.codegen.trial.loss_records import ReadOut

    if not read.value:
        return ReadOut(read.kind)
    names = {symbol(name): symbol(variable) for name, variable in read.variables}
    return ReadOut(read.kind, parse_expression(read.value, WHERE).sympy().xreplace(names))
