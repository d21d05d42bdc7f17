"""What a loss is made of, before it meets a network: read-outs (a number of each neuron, gathered
over a trial) and terms (functions of read-outs and of targets), as SymPy.

Symbols of a term's value, for each neuron of its population, besides its constants:

- the names of its read-outs: ``u`` is the neuron's own; ``u_mean`` the mean over the population;
  ``u_right`` that of the neuron whose number is the label; ``u_silent`` whether it stands for a
  spike that there never was (first spikes), 0 or 1;
- ``logp``: the logarithm of the softmax of `Term.logits` over the population;
- ``hit``: 1 for the neuron whose number is the label, else 0; ``target``: the given target;
- ``n``: the number of neurons; ``T``: the length of the trial, ms; ``dt``: ms;
  ``t``: the end of the step, ms, in terms that are evaluated in every step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Protocol

import sympy

from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.records import dataclass

HIT, TARGET, LOGP = symbol("hit"), symbol("target"), symbol("logp")
NEURONS, DURATION, TIME, STEP = symbol("n"), symbol("T"), symbol("t"), symbol("dt")
GAP = symbol("gap")
COMMON = frozenset({HIT, TARGET, LOGP, NEURONS, DURATION, TIME, STEP})

INTEGRAL, MAXIMUM, NOW = "integral", "maximum", "now"
FIRST_SPIKE, COUNT, BATCH_COUNT, SPIKED = "first spike", "count", "mean count", "spiked"
OF_VARIABLES = (INTEGRAL, MAXIMUM, NOW)
OF_COUNTS = (COUNT, BATCH_COUNT)


def mean_of(name: str) -> sympy.Symbol:
    """The mean of a read-out over its population."""
    return symbol(f"{name}_mean")


def right_of(name: str) -> sympy.Symbol:
    """A read-out of the neuron that the label names."""
    return symbol(f"{name}_right")


def silent_of(name: str) -> sympy.Symbol:
    """Whether the time of a spike stands for a spike that there never was."""
    return symbol(f"{name}_silent")


@dataclass(frozen=True)
class ReadOut:
    """A number of each neuron of a population, gathered over a trial.

    Attributes
    ----------
    kind : str
        "integral": of `value` over time. "maximum": of `value` over the ends of steps (of several
        equal ones, the first). "now": `value` at the end of a step, in a term of every step.
        "first spike": its time, ms; the end of the trial where there is none. "count": of spikes.
        "mean count": the same, averaged over the batch before. "spiked": 1 or 0, without a
        derivative.
    value : sympy.Expr or None
        Over the population's variables, as users call them, ``t`` (the end of the step), ``T`` and
        ``dt``. None under "maximum": the signed threshold, which is negative below it. Under "first
        spike": how fast a right output that never spikes is taken to approach its threshold at the
        end of the trial, over ``gap`` (its distance from the threshold at the beginning) and ``T``.
    """

    kind: str
    value: sympy.Expr | None = None


@dataclass(frozen=True)
class Term:
    """A function of read-outs of one population and of targets, summed over its neurons.

    Attributes
    ----------
    name : str
        What is shown of it.
    population : str
    read_outs : mapping of str to ReadOut
        By name; the first is what the program gives out.
    value : sympy.Expr
        Of one neuron.
    logits : sympy.Expr or None
        Of one neuron: what ``logp`` is made of.
    score : sympy.Expr or None
        Of one neuron: the largest is the prediction. None: it predicts nothing.
    each_step : bool
        The value is a rate, per ms, integrated over the trial.
    regulariser : bool
        Derivatives by counts of spikes act at spikes, where there is no other gradient.
    constants : tuple of str
        Symbols of the numbers that may be changed without another program.
    """

    name: str
    population: str
    read_outs: Mapping[str, ReadOut]
    value: sympy.Expr
    logits: sympy.Expr | None = None
    score: sympy.Expr | None = None
    each_step: bool = False
    regulariser: bool = False
    constants: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.name}, summed over the neurons of {self.population}"]
        for name, read in self.read_outs.items():
            value = "the signed threshold" if read.value is None else read.value
            of = f" of {value}" if read.kind in (INTEGRAL, MAXIMUM) else ""
            what = f"{value}, at each time" if read.kind == NOW else f"{read.kind}{of}"
            lines.append(f"  {name} = {what}")
        if self.logits is not None:
            lines.append(f"  logp = log(softmax({self.logits}))")
        lines.append(f"  {'integral of ' if self.each_step else ''}{self.value}")
        return "\n".join(lines)


def given_of(term: Term) -> set[sympy.Symbol]:
    """Symbols of a term that stand for labels or targets, or follow from them."""
    return {HIT, TARGET, *(right_of(name) for name in term.read_outs)}


class Penalty(Protocol):
    """On values of parameters: ``l1*abs(w) + l2*w^2``, summed over those that a pattern names."""

    pattern: str
    l1: float
    l2: float


class LossDescription(Protocol):
    """What users give as a loss. Its key and constants need no SymPy."""

    @property
    def key(self) -> str:
        """What decides the program: equal keys, equal code."""

    @property
    def constants(self) -> tuple[float, ...]:
        """The numbers that the program reads, in the order of its terms' constants."""

    @property
    def penalties(self) -> Sequence[Penalty]:
        """On parameters."""

    def terms(self) -> tuple[Term, ...]:
        """Its terms, their factors among the constants."""


@dataclass(frozen=True)
class Derivatives:
    """Of the value of a term, summed over neurons.

    Attributes
    ----------
    own, mean, right : mapping of str to sympy.Expr
        By read-out: for one neuron, the derivative by its own, by the mean, by the right one.
    logp : sympy.Expr
        By the logarithm of the softmax.
    logits : mapping of str to sympy.Expr
        By read-out: that of the logits.
    """

    own: Mapping[str, sympy.Expr] = field(default_factory=dict)
    mean: Mapping[str, sympy.Expr] = field(default_factory=dict)
    right: Mapping[str, sympy.Expr] = field(default_factory=dict)
    logp: sympy.Expr = sympy.S.Zero
    logits: Mapping[str, sympy.Expr] = field(default_factory=dict)


def derivatives(term: Term) -> Derivatives:
    """Of a term, by SymPy."""
    names = [name for name, r in term.read_outs.items() if r.kind != SPIKED]
    logits = term.logits if term.logits is not None else sympy.S.Zero

    def without_zeros(found: Mapping[str, sympy.Expr]) -> dict[str, sympy.Expr]:
        return {name: value for name, value in found.items() if value != 0}

    return Derivatives(
        without_zeros({name: term.value.diff(symbol(name)) for name in names}),
        without_zeros({name: term.value.diff(mean_of(name)) for name in names}),
        without_zeros({name: term.value.diff(right_of(name)) for name in names}),
        term.value.diff(LOGP),
        without_zeros({name: logits.diff(symbol(name)) for name in names}),
    )
