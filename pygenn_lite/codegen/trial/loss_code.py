"""A loss that has met its network: terms over read-outs, whose values and derivatives are SymPy
over the symbols of populations. Plain data, which prints itself as formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace

import sympy

from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.systems.system_records import NetworkSystems, NeuronSystem
from pygenn_lite.codegen.trial.loss_jumps import jump_at_spike
from pygenn_lite.codegen.trial.loss_records import (
    DURATION,
    FIRST_SPIKE,
    HIT,
    INTEGRAL,
    MAXIMUM,
    OF_COUNTS,
    OF_VARIABLES,
    STEP,
    TARGET,
    TIME,
    Derivatives,
    LossDescription,
    ReadOut,
    Term,
    derivatives,
    mean_of,
    right_of,
)
from pygenn_lite.codegen.trial.trial_program import TrialPopulation, TrialProgram
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass

WHERE = Location("loss")
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
    """

    population: str
    kind: str
    value: sympy.Expr | None = None
    slopes: Slopes = field(default_factory=dict)
    parameter_slopes: Slopes = field(default_factory=dict)
    threshold: sympy.Expr | None = None
    jump: sympy.Expr | None = None

    @property
    def kept(self) -> tuple[str, ...]:
        """States and parameters whose slopes the way back cannot know: they depend on states."""
        plain = {symbol(name) for name in OF_TIME}
        slopes = {**self.slopes, **self.parameter_slopes}
        return tuple(x for x, v in slopes.items() if v.free_symbols - plain)


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
            t.term.population for t in self.terms if t.term.value.free_symbols & _given(t.term)
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


def loss_code(loss: LossDescription, systems: NetworkSystems, program: TrialProgram) -> LossCode:
    """A loss for a network.

    Parameters
    ----------
    loss : LossDescription
    systems : NetworkSystems
    program : TrialProgram
        What is computed in a trial; says which derivatives there are.

    Raises
    ------
    ArgumentError
        A population or variable that is not there, or one without a threshold whose spikes are
        meant.
    UnsupportedFeatureError
        It needs counts of spikes, and the gradient is exact.
    """
    return _Maker(systems, program).code(_numbered(loss.terms()))


def _numbered(terms: Sequence[Term]) -> list[Term]:
    """Constants by their numbers in the whole loss."""
    result, first = [], 0
    for term in terms:
        names = {symbol(c): symbol(f"constant__{first + k}") for k, c in enumerate(term.constants)}
        first += len(names)
        result.append(_with_symbols(term, names))
    return result


def _with_symbols(term: Term, names: Mapping[sympy.Symbol, sympy.Symbol]) -> Term:
    parts = (term.value, term.logits, term.score)
    value, logits, score = (None if v is None else v.xreplace(dict(names)) for v in parts)
    return Term(
        term.name, term.population, term.read_outs, value, logits, score, term.each_step,
        term.regulariser, tuple(s.name for s in names.values()),
    )  # fmt: skip


class _Maker:
    def __init__(self, systems: NetworkSystems, program: TrialProgram) -> None:
        self.systems, self.program = systems, program
        self.read_outs: list[ReadOutCode] = []

    def code(self, terms: Sequence[Term]) -> LossCode:
        made = tuple(self._term(term) for term in terms)
        smooth = frozenset(p.name for p in self.program.populations.values() if p.smooth)
        return LossCode(made, tuple(self.read_outs), _target_kind(terms), smooth)

    def _term(self, term: Term) -> TermCode:
        population = self._population(term)
        numbers = {}
        for name, read_out in term.read_outs.items():
            made = self._read_out(term, read_out, population)
            if made not in self.read_outs:
                self.read_outs.append(made)
            numbers[name] = self.read_outs.index(made)
        return TermCode(term, numbers, derivatives(term), self._jump(term, population))

    def _population(self, term: Term) -> TrialPopulation:
        known, name = self.program.populations, term.population
        if name in self.program.given:
            raise ArgumentError(
                f"{term.name}: the spikes of {name!r} are given, so that no loss depends on them",
                where=WHERE,
                hint=f"name a population with a model: {', '.join(known)}",
            )
        if name not in known:
            raise ArgumentError(
                f"{term.name}: there is no population {name!r}{nearest(name, known)}",
                where=WHERE,
                hint=f"populations are {', '.join(known)}",
            )
        return known[name]

    def _read_out(self, term: Term, read_out: ReadOut, population: TrialPopulation) -> ReadOutCode:
        kind, system = read_out.kind, self.systems.populations[population.name]
        if kind in OF_VARIABLES and read_out.value is not None:
            value = _resolved(term, read_out.value, system)
            made = _of_value(kind, value, population)
            if kind == INTEGRAL and population.spikes and not population.smooth:
                return replace(made, jump=jump_at_spike(term.name, value, system))
            return made
        if not population.spikes or system.threshold is None:
            raise ArgumentError(
                f"{term.name}: population {population.name!r} has no threshold, so that it never "
                "spikes",
                where=WHERE,
                hint="name a population with a threshold, or take a loss of a variable, such as "
                "CrossEntropy",
            )
        if kind == MAXIMUM:
            return _of_value(kind, _threshold(term, system), population)
        if kind in OF_COUNTS and not (term.regulariser or population.smooth):
            raise UnsupportedFeatureError(
                f"{term.name} depends on numbers of spikes, which have no exact gradient",
                where=WHERE,
                hint='train with gradient="surrogate", or take a loss of spike times or of a '
                "variable",
            )
        if kind not in (FIRST_SPIKE, *OF_COUNTS) or population.smooth:
            return ReadOutCode(population.name, kind, read_out.value)
        g = _threshold(term, system)
        own = _of_value(kind, g, population)
        if kind in OF_COUNTS and own.kept:
            raise UnsupportedFeatureError(
                f"{term.name} acts at spikes; the threshold of {population.name!r} is nonlinear in "
                f"{', '.join(own.kept)}",
                where=WHERE,
                hint='train with gradient="surrogate"',
            )
        parameters = {} if kind in OF_COUNTS else own.parameter_slopes
        return ReadOutCode(population.name, kind, read_out.value, own.slopes, parameters, g)

    def _jump(self, term: Term, population: TrialPopulation) -> sympy.Expr | None:
        """Of a term that is evaluated in each step: how it jumps at a spike."""
        if not term.each_step or not population.spikes or population.smooth:
            return None
        system = self.systems.populations[population.name]
        values = {
            symbol(name): _resolved(term, r.value, system)
            for name, r in term.read_outs.items()
            if r.value is not None
        }
        if all(jump_at_spike(term.name, v, system) is None for v in values.values()):
            return None
        others = {f(name) for name in term.read_outs for f in (mean_of, right_of)}
        if term.logits is not None or term.value.free_symbols & others:
            raise UnsupportedFeatureError(
                f"{term.name} is evaluated at each time, over all outputs, and jumps at spikes of "
                f"{population.name!r}: it has no exact gradient here",
                where=WHERE,
                hint="read a population without a threshold, weight the integral "
                '(CrossEntropy), or train with gradient="surrogate"',
            )
        return jump_at_spike(term.name, term.value.xreplace(values), system)


def _of_value(kind: str, value: sympy.Expr, population: TrialPopulation) -> ReadOutCode:
    """A read-out that is a value of states, with its derivatives."""
    states = {x: value.diff(symbol(x)) for x in _differentiable(population)}
    parameters = {p: value.diff(symbol(p)) for p in population.gradients}
    return ReadOutCode(
        population.name,
        kind,
        value,
        {x: v for x, v in states.items() if v != 0},
        {p: v for p, v in parameters.items() if v != 0},
    )


def _differentiable(population: TrialPopulation) -> list[str]:
    """States that have an adjoint."""
    return [x for x in population.states if f"lam__{x}" in population.adjoints]


def _threshold(term: Term, system: NeuronSystem) -> sympy.Expr:
    if system.g is None:
        raise UnsupportedFeatureError(
            f"{term.name}: the threshold of {system.population!r} has {system.no_g}", where=WHERE
        )
    return system.g


def _resolved(term: Term, value: sympy.Expr, system: NeuronSystem) -> sympy.Expr:
    """Over the symbols of a population, in place of what users call its variables."""
    symbols = {system.called.get(x, x): x for x in system.states}
    replace = {}
    for s in sorted(value.free_symbols, key=str):
        if s.name in symbols:
            replace[s] = symbol(symbols[s.name])
        elif s.name not in OF_TIME:
            raise ArgumentError(
                f"{term.name}: population {system.population!r} has no variable {s.name!r}"
                f"{nearest(s.name, symbols)}",
                where=WHERE,
                hint=f"it has {', '.join(symbols)}",
            )
    return value.xreplace(replace)


def _given(term: Term) -> set[sympy.Symbol]:
    """Symbols that stand for labels or targets, or follow from them."""
    return {HIT, TARGET, *(right_of(name) for name in term.read_outs)}


def _target_kind(terms: Sequence[Term]) -> str:
    """What the terms are compared with: one kind for all.

    Raises
    ------
    ArgumentError
        They differ.
    """
    kinds = {}
    for term in terms:
        read = term.value.free_symbols
        if read & (_given(term) - {TARGET}):
            kinds[LABELS] = term
        if TARGET in read:
            kinds[TRACES if term.each_step else VALUES] = term
    if len(kinds) > 1:
        (first, one), (second, other) = list(kinds.items())[:2]
        raise ArgumentError(
            f"{one.name} is compared with {first}, {other.name} with {second}",
            where=WHERE,
            hint="samples have one kind of targets: take losses that share it",
        )
    return next(iter(kinds), "")
