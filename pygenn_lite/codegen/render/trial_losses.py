"""Writes the loss of a training program as C++: ``struct Loss``, whose hooks a trial calls
(templates/training/loss.hpp.jinja says when)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy

from pygenn_lite.codegen.render.cpp_printer import CppPrinter
from pygenn_lite.codegen.render.environment import environment
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.trial.loss_code import (
    LABELS,
    LossCode,
    ReadOutCode,
    TermCode,
    is_of_time,
)
from pygenn_lite.codegen.trial.loss_records import (
    BATCH_COUNT,
    COUNT,
    FIRST_SPIKE,
    GAP,
    INTEGRAL,
    MAXIMUM,
    NOW,
    OF_COUNTS,
    OF_VARIABLES,
    SPIKED,
    STEP,
    mean_of,
    right_of,
    silent_of,
)
from pygenn_lite.codegen.trial.trial_program import TrialPopulation, TrialProgram
from pygenn_lite.codegen.trial.trial_records import LOSS
from pygenn_lite.records import dataclass

Spell = Callable[[str], str]
TIMES = {"t": "t", "T": "duration", "dt": "dt"}
# How each kind is read of neuron i once it has been gathered.
OF_NEURON = {
    COUNT: "real(p.count(i))",
    BATCH_COUNT: "p.mean_count(i)",
    SPIKED: "real(p.count(i) > 0)",
}


@dataclass(frozen=True)
class SlopeView:
    """The derivative of a read-out by a state or parameter: a factor that all neurons share at a
    time, times a value of the neuron.

    Attributes
    ----------
    adjoint, gradient : int
        Which of the neuron's adjoints, or of its gradients, it goes to; -1: to none of these.
    factor, value : str
    slot : int
        Where it is kept; -1: the way back computes it.
    arrivals : str
        Of a price of arrivals: whether these come with the "end" of a step, or the "begin" of it;
        else "".
    """

    adjoint: int
    gradient: int
    factor: str
    value: str
    slot: int
    arrivals: str = ""


@dataclass(frozen=True)
class ReadOutView:
    """A read-out.

    Attributes
    ----------
    number : int
    kind : str
    population : int
        Its number in the program.
    factor, value : str
        What is added, or looked at, in a step: the same for all neurons, times one of the neuron.
    slopes : list of SlopeView
    slots : int
        How many slopes are kept; of each step where `each_step`.
    each_step : bool
    smooth : bool
    speed : str
        Of first spikes: how fast silent neurons approach the threshold.
    threshold, jump : str
    """

    number: int
    kind: str
    population: int
    factor: str
    value: str
    slopes: list[SlopeView]
    slots: int
    each_step: bool
    smooth: bool
    speed: str
    threshold: str
    jump: str

    @property
    def turns(self) -> bool:
        """Whether a maximum moves with an arrival that ends it."""
        return self.kind == MAXIMUM and any(slope.arrivals for slope in self.slopes)

    @property
    def arrays(self) -> list[tuple[str, str]]:
        """What is kept of each neuron, with the number of values: names and C++ expressions."""
        found = [] if self.kind in OF_NEURON else [("u", "1")]
        found += [("d", "1")] if self.kind != SPIKED else []
        if self.kind == NOW:
            found.append(("mean", "1"))
        if self.kind == MAXIMUM:
            found += [(name, "1") for name in ("at", *(("last", "rise", "drop") * self.turns))]
        if self.kind == FIRST_SPIKE:
            found.append(("second", "1") if self.smooth else ("gap", "1"))
        if self.jump:
            found.append(("jump", "steps"))
        if self.slots:
            found.append(("kept", f"{'steps*' if self.each_step else ''}{self.slots}"))
        return [(f"{name}{self.number}", count) for name, count in found]


@dataclass(frozen=True)
class TermView:
    """A term: expressions of one neuron ``i``; sums of them have names.

    Attributes
    ----------
    name : str
    number, population : int
    each_step : bool
    read_outs : list of ReadOutView
    means, rights : list of (int, str)
        Numbers of the read-outs whose mean, or right one, is read, and how they are read.
    logits, value : str
    by_logp : str
    by_mean, by_right : list of (int, str)
        By read-out: what is summed.
    by_own : list of (int, str)
        By read-out: the whole derivative of the loss by it.
    jump : str
        At a spike.
    """

    name: str
    number: int
    population: int
    each_step: bool
    read_outs: list[ReadOutView]
    means: list[tuple[int, str]]
    rights: list[tuple[int, str]]
    logits: str
    value: str
    by_logp: str
    by_mean: list[tuple[int, str]]
    by_right: list[tuple[int, str]]
    by_own: list[tuple[int, str]]
    jump: str


def render_loss(code: LossCode, program: TrialProgram) -> str:
    """The text of ``struct Loss``.

    Parameters
    ----------
    code : LossCode
    program : TrialProgram
        In whose populations its read-outs are.
    """
    numbers = {name: k for k, name in enumerate(program.populations)}
    views = [
        _read_out(k, r, program.populations[r.population], numbers[r.population], code)
        for k, r in enumerate(code.read_outs)
    ]
    terms = [_term(k, one, views, program) for k, one in enumerate(code.terms)]
    output = code.output_term
    first = next(iter(output.read_outs.values()))
    return (
        environment()
        .get_template("training/loss.hpp.jinja")
        .render(
            text=str(code).splitlines(),
            read_outs=views,
            terms=terms,
            populations=sorted({view.population for view in views}),
            output=views[first],
            output_value=_gathered(views[first]),
            score=_score(output, views),
            labelled=code.target_kind == LABELS,
            counted_silent=code.counted_silent,
            metrics=code.metrics,
            numbers={
                kind: [numbers[name] for name in getattr(code, kind)]
                for kind in ("drives", "prices", "pushes", "spikes")
            },
        )
    )


def _read_out(
    number: int, r: ReadOutCode, population: TrialPopulation, place: int, code: LossCode
) -> ReadOutView:
    spell = _of_neuron(population)
    value = r.value if r.value is not None and r.kind in OF_VARIABLES else sympy.S.One
    in_step = STEP if r.kind == INTEGRAL else sympy.S.One
    factor, rest = _split(value * in_step)
    slopes = _slopes(r, in_step, population)
    speed = r.value if r.kind == FIRST_SPIKE and r.value is not None else sympy.S.One
    return ReadOutView(
        number=number,
        kind=r.kind,
        population=place,
        factor=_print(factor),
        value=_print(rest, spell),
        slopes=slopes,
        slots=sum(slope.slot >= 0 for slope in slopes),
        each_step=r.kind in (INTEGRAL, NOW),
        smooth=r.population in code.smooth,
        speed=_print(speed, {**TIMES, GAP.name: f"gap{number}"}),
        threshold=_print(r.threshold, spell) if r.threshold is not None else "",
        jump=_print(r.jump, spell) if r.jump is not None else "",
    )


def _slopes(r: ReadOutCode, in_step: sympy.Expr, population: TrialPopulation) -> list[SlopeView]:
    """Derivatives by states, by parameters, then by the times of arrivals."""
    places = {x: (population.adjoints.index(f"lam__{x}"), -1) for x in r.slopes}
    places |= {p: (-1, population.gradients.index(p)) for p in r.parameter_slopes}
    spell, views, slots = _of_neuron(population), [], 0
    for name, slope in {**r.slopes, **r.parameter_slopes}.items():
        factor, own = _split(slope * in_step)
        keep = r.kind in (NOW, FIRST_SPIKE) or name in r.kept
        adjoint, gradient = places[name]
        slot = slots if keep and r.kind not in OF_COUNTS else -1
        slots += slot >= 0
        views.append(SlopeView(adjoint, gradient, _print(factor), _print(own, spell), slot))
    for x, price in r.arrivals.items():
        factor, own = _split(price)
        slot = -1 if is_of_time(price) else slots
        slots += slot >= 0
        place = population.adjoints.index(f"{LOSS}{x}")
        when = "begin" if x in population.sent else "end"
        views.append(SlopeView(place, -1, _print(factor), _print(own, spell), slot, when))
    return views


def _term(number: int, one: TermCode, views: list[ReadOutView], program: TrialProgram) -> TermView:
    term, slopes = one.term, one.slopes
    own = [views[k] for k in one.read_outs.values()]
    names = _names(one, views)
    spell: Spell = lambda name: names[name]  # noqa: E731
    of_neuron = _of_neuron(program.populations[term.population], names)
    read = term.value.free_symbols
    by_own = []
    for name, k in one.read_outs.items():
        if views[k].kind == SPIKED:
            continue
        parts = [_print(slopes.own[name], spell)] if name in slopes.own else []
        parts += [f"by_mean{k}"] if name in slopes.mean else []
        parts += [f"hit(i)*by_right{k}"] if name in slopes.right else []
        if name in slopes.logits:
            parts.append(f"({_print(slopes.logits[name], spell)})*by_logits")
        by_own += [(k, " + ".join(parts))] if parts else []
    return TermView(
        name=term.name,
        number=number,
        population=own[0].population,
        each_step=term.each_step,
        read_outs=own,
        means=[(k, names[n]) for n, k in one.read_outs.items() if mean_of(n) in read],
        rights=[(k, names[n]) for n, k in one.read_outs.items() if right_of(n) in read],
        logits=_print(term.logits, spell) if term.logits is not None else "",
        value=_print(term.value, spell),
        by_logp=_print(slopes.logp, spell),
        by_mean=[(one.read_outs[n], _print(v, spell)) for n, v in slopes.mean.items()],
        by_right=[(one.read_outs[n], _print(v, spell)) for n, v in slopes.right.items()],
        by_own=by_own,
        jump=_print(one.jump, of_neuron) if one.jump is not None else "",
    )


def _names(one: TermCode, views: list[ReadOutView]) -> dict[str, str]:
    """How the symbols of a term are read, for neuron ``i`` of its population ``p``."""
    names = {
        **TIMES,
        "n": "real(p.n())",
        "hit": "hit(i)",
        "target": "target(i)",
        "logp": "logp(i)",
        **{c: f"trial.constant({c.rpartition('__')[2]})" for c in one.term.constants},
    }
    for name, k in one.read_outs.items():
        names |= {
            name: OF_NEURON.get(views[k].kind, f"at.u{k}[i]"),
            mean_of(name).name: f"mean{k}",
            right_of(name).name: f"right{k}",
            silent_of(name).name: "real(p.count(i) == 0)",
        }
    return names


def _gathered(view: ReadOutView) -> str:
    """A read-out of the whole trial, of neuron ``i``."""
    if view.kind == NOW:
        return f"at.mean{view.number}[i]"
    return OF_NEURON.get(view.kind, f"at.u{view.number}[i]")


def _score(one: TermCode, views: list[ReadOutView]) -> str:
    """What is largest where the prediction is; "": nothing is predicted."""
    if one.term.score is None:
        return ""
    names = _names(one, views)
    names |= {name: _gathered(views[k]) for name, k in one.read_outs.items()}
    return _print(one.term.score, lambda name: names[name])


def _split(value: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """A factor that depends on time alone, and the rest."""
    times = {symbol(name) for name in TIMES}
    others = [s for s in value.free_symbols if s not in times]
    if not others:
        return value, sympy.S.One
    factor, rest = value.as_independent(*others, as_Add=False)
    return factor, rest


def _of_neuron(population: TrialPopulation, others: Mapping[str, str] = TIMES) -> Spell:
    """How states and parameters of a neuron are read."""
    names = dict(others)
    names |= {x: f"neuron.state({k})" for k, x in enumerate(population.states)}
    names |= {p: f"neuron.shared({k})" for k, p in enumerate(population.shared)}
    names |= {p: f"neuron.own({k})" for k, p in enumerate(population.own)}
    return lambda name: names[name]


def _print(value: sympy.Expr, spell: Spell | Mapping[str, str] = TIMES) -> str:
    reader = spell if callable(spell) else spell.__getitem__
    return str(CppPrinter("real", reader).doprint(sympy.sympify(value)))
