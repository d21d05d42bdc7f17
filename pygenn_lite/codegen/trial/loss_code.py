"""A loss that has met its network: terms over read-outs, whose values and derivatives are SymPy
over the symbols of populations. Plain data, which prints itself as formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

import sympy

from pygenn_lite.codegen.trial.loss_records import (
    DURATION,
    FIRST_SPIKE,
    OF_COUNTS,
    STEP,
    TIME,
    Derivatives,
    Term,
    given_of,
)
from pygenn_lite.records import dataclass

LABELS, VALUES, TRACES = "labels", "values", "traces"
OF_TIME = frozenset({TIME.name, DURATION.name, STEP.name})
Slopes = Mapping[str, sympy.Expr]


@dataclass(frozen=True)
class ReadOutCode:
    """A number of each neuron of a population.

    Attributes
    ----------
    population, kind : str
    value : sympy.Expr or None
        Over states and parameters of the population, ``t``, ``T``, ``dt``; of first spikes as
        `ReadOut.value` says.
    slopes : mapping of str to sympy.Expr
        By state: the derivative of `value`; of first spikes, that of the signed threshold.
    parameter_slopes : mapping of str to sympy.Expr
        By symbol of a parameter whose gradient is asked for.
    threshold : sympy.Expr or None
        The signed threshold, where the read-out needs it.
    jump : sympy.Expr or None
        What is integrated, just before a spike of the neuron less just after it, over states after
        it: the price of a later spike.
    arrivals : mapping of str to sympy.Expr
        By state to which spikes add: what is integrated just before an arrival less just after it,
        per unit of weight: the price of a later arrival. Of a maximum: the rate of `value` before
        an arrival less after it, of which a part is the price where the maximum is there.
    """

    population: str
    kind: str
    value: sympy.Expr | None = None
    slopes: Slopes = field(default_factory=dict)
    parameter_slopes: Slopes = field(default_factory=dict)
    threshold: sympy.Expr | None = None
    jump: sympy.Expr | None = None
    arrivals: Slopes = field(default_factory=dict)

    @property
    def kept(self) -> tuple[str, ...]:
        """States and parameters whose slopes the way back cannot know: they depend on states."""
        slopes = {**self.slopes, **self.parameter_slopes}
        return tuple(x for x, v in slopes.items() if not is_of_time(v))


def is_of_time(value: sympy.Expr) -> bool:
    """Whether a value is the same for all neurons, and known from the time."""
    return {s.name for s in value.free_symbols} <= OF_TIME


@dataclass(frozen=True)
class TermCode:
    """A term.

    Attributes
    ----------
    term : Term
        Its constants are ``constant__K``, of the whole loss.
    read_outs : mapping of str to int
        By name: the number among those of the loss.
    slopes : Derivatives
    jump : sympy.Expr or None
        Of a term that is evaluated in each step: as that of a read-out.
    """

    term: Term
    read_outs: Mapping[str, int]
    slopes: Derivatives
    jump: sympy.Expr | None = None


@dataclass(frozen=True)
class LossCode:
    """A loss of a network's trials.

    Attributes
    ----------
    terms : tuple of TermCode
    read_outs : tuple of ReadOutCode
    target_kind : str
        "labels" (a class per sample), "values" (a number per output), "traces" (one per step and
        output), "" (none).
    smooth : frozenset of str
        Populations whose spikes have a derivative in every step.
    """

    terms: tuple[TermCode, ...]
    read_outs: tuple[ReadOutCode, ...]
    target_kind: str
    smooth: frozenset[str]

    @property
    def output(self) -> str:
        """The population whose neurons are the outputs: that of the first term that predicts, or
        else of the first term."""
        return self.output_term.term.population

    @property
    def output_term(self) -> TermCode:
        """The first term that predicts, or else the first."""
        return next((t for t in self.terms if t.term.score is not None), self.terms[0])

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is reported of each sample besides its loss: the value of each term of several; of
        first spikes, the share of outputs that never spiked, and whether the right one did not."""
        values = [t.term.name for t in self.terms] if len(self.terms) > 1 else []
        if self.counted_silent is not None:
            values.append("outputs that never spiked")
            if self.target_kind == LABELS:
                values.append("right output never spiked")
        return tuple(values)

    @property
    def counted_silent(self) -> int | None:
        """The read-out of first spikes of the outputs."""
        found = (k for k, r in enumerate(self.read_outs) if r.kind == FIRST_SPIKE)
        return next((k for k in found if self.read_outs[k].population == self.output), None)

    @property
    def compared(self) -> tuple[str, ...]:
        """Populations whose neurons are compared with labels or targets, the output first."""
        found = [
            t.term.population for t in self.terms if t.term.value.free_symbols & given_of(t.term)
        ]
        return self._populations([self.output, *found])

    @property
    def drives(self) -> tuple[str, ...]:
        """Populations to whose adjoints, or derivatives by spikes, it adds in steps."""
        return self._populations(
            r.population
            for r in self.read_outs
            if r.slopes or (r.kind in (*OF_COUNTS, FIRST_SPIKE) and r.population in self.smooth)
        )

    @property
    def prices(self) -> tuple[str, ...]:
        """Populations whose spikes it gives a price: the derivative by their times."""
        first = [r.population for r in self.read_outs if r.kind == FIRST_SPIKE]
        return self._populations([*(p for p in first if p not in self.smooth), *self._jumping])

    @property
    def pushes(self) -> tuple[str, ...]:
        """Populations to whose adjoints it adds at spikes."""
        counts = (r.population for r in self.read_outs if r.kind in OF_COUNTS)
        return self._populations(p for p in counts if p not in self.smooth)

    @property
    def spikes(self) -> tuple[str, ...]:
        """Populations whose spikes it sees when they come."""
        first = [r.population for r in self.read_outs if r.kind == FIRST_SPIKE]
        return self._populations([*first, *self._jumping])

    @property
    def _jumping(self) -> list[str]:
        found = [r.population for r in self.read_outs if r.jump is not None]
        return found + [t.term.population for t in self.terms if t.jump is not None]

    def _populations(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(names))

    def __str__(self) -> str:
        return "\n".join(str(one.term) for one in self.terms)
