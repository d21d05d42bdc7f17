"""Derives the loss of a network's trials (see `loss_code`) from what users give: resolves names,
and refuses what has no derivative."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import sympy

from pygenn_lite.codegen.systems.system import check_number, symbol
from pygenn_lite.codegen.systems.system_records import NetworkSystems, NeuronSystem
from pygenn_lite.codegen.trial.loss_code import (
    LABELS,
    OF_TIME,
    TRACES,
    VALUES,
    LossCode,
    ReadOutCode,
    TermCode,
)
from pygenn_lite.codegen.trial.loss_jumps import jump_at_spike, turns, with_arrivals
from pygenn_lite.codegen.trial.loss_records import (
    FIRST_SPIKE,
    INTEGRAL,
    MAXIMUM,
    OF_COUNTS,
    OF_VARIABLES,
    TARGET,
    LossDescription,
    ReadOut,
    Term,
    derivatives,
    given_of,
    mean_of,
    right_of,
)
from pygenn_lite.codegen.trial.trial_program import TrialPopulation, TrialProgram
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, Location, UnsupportedFeatureError

WHERE = Location("loss")


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


def states_read(loss: LossDescription, systems: NetworkSystems) -> set[tuple[str, str]]:
    """Populations and their states such that spikes which add to these have a price in the loss: it
    integrates them over time, or takes the maximum of what they move."""
    found = set()
    for term in loss.terms():
        system = systems.populations.get(term.population)
        if system is None:
            continue
        for read in term.read_outs.values():
            found |= {(term.population, x) for x in _states_priced(read, system)}
    return found


def _states_priced(read: ReadOut, system: NeuronSystem) -> Iterable[str]:
    value = system.g if read.value is None else read.value
    if read.kind not in (INTEGRAL, MAXIMUM) or value is None:
        return ()
    given = {system.called.get(x, x): x for x in system.states} if read.value is not None else {}
    names = {given.get(s.name, s.name): s for s in value.free_symbols}
    if read.kind == INTEGRAL:
        return names.keys() & set(system.states)
    return turns({x: value.diff(names[x]) for x in system.states if x in names}, system)


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
        for value in (term.value, term.logits, term.score):
            if value is not None:
                check_number(value, term.name, WHERE)
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
        system = self.systems.populations[population.name]
        if read_out.value is not None:
            check_number(read_out.value, f"{term.name}: what is read", WHERE)
        if read_out.kind in OF_VARIABLES and read_out.value is not None:
            value = _resolved(term, read_out.value, system)
            made = self._priced(term, _of_value(read_out.kind, value, population), population)
            if read_out.kind == INTEGRAL and population.spikes and not population.smooth:
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
        if read_out.kind == MAXIMUM:
            peak = _of_value(MAXIMUM, _threshold(term, system), population)
            return self._priced(term, peak, population)
        return _of_spikes(term, read_out, population, system)

    def _priced(self, term: Term, made: ReadOutCode, population: TrialPopulation) -> ReadOutCode:
        """With what it adds to the prices of arrivals, where spikes are events."""
        exact = self.program.adjoint == "exact"
        system = self.systems.populations[population.name]
        return with_arrivals(term.name, made, population, system) if exact else made

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


def _of_spikes(
    term: Term, read_out: ReadOut, population: TrialPopulation, system: NeuronSystem
) -> ReadOutCode:
    """A read-out of spikes: where they are events, its derivatives act through the threshold."""
    kind = read_out.kind
    if kind in OF_COUNTS and not (term.regulariser or population.smooth):
        raise UnsupportedFeatureError(
            f"{term.name} depends on numbers of spikes, which have no exact gradient",
            where=WHERE,
            hint='train with gradient="surrogate", or take a loss of spike times or of a variable',
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
    return ReadOutCode(population.name, kind, read_out.value, own.slopes, own.parameter_slopes, g)


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
        if read & (given_of(term) - {TARGET}):
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
