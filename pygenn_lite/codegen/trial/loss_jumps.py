"""Where a loss moves with the times of events. One that is integrated over time jumps at spikes of
a neuron whose variables it reads, and at arrivals that add to these: a later spike or arrival
leaves the loss longer as it was before. A maximum that an arrival ends comes as late as that
arrival. This is their price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy

from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.systems.system_records import NeuronSystem
from pygenn_lite.codegen.trial.loss_code import ReadOutCode
from pygenn_lite.codegen.trial.loss_records import INTEGRAL, MAXIMUM, STEP
from pygenn_lite.codegen.trial.trial_program import TrialPopulation
from pygenn_lite.codegen.trial.trial_records import of_sum
from pygenn_lite.errors import Location, UnsupportedFeatureError


def jump_at_spike(name: str, value: sympy.Expr, system: NeuronSystem) -> sympy.Expr | None:
    """A value just before a spike less the value just after it, over states just after it.

    Parameters
    ----------
    name : str
        Of the loss, for messages.
    value : sympy.Expr
        Over states of the population.
    system : NeuronSystem

    Returns
    -------
    sympy.Expr or None
        None: it does not jump.

    Raises
    ------
    UnsupportedFeatureError
        What it was before does not follow from what is after.
    """
    after = _reset(system)
    if not value.free_symbols & {symbol(x) for x in after}:
        return None
    before = _states_before(after, system)
    lost = sorted(x for x in after if symbol(x) in value.free_symbols and symbol(x) not in before)
    if lost:
        raise UnsupportedFeatureError(
            f"{name} jumps at spikes of {system.population!r} with {', '.join(lost)}, whose value "
            "before a spike follows neither from the threshold nor from the value after it",
            where=Location("loss"),
            hint='read a population without a threshold, or train with gradient="surrogate"',
        )
    return value.xreplace(before) - value


def _reset(system: NeuronSystem) -> dict[str, sympy.Expr]:
    """By state that a spike changes: what it becomes, over states before."""
    found: dict[sympy.Symbol, sympy.Expr] = {}
    for x, value in system.reset:
        found[symbol(x)] = value.xreplace(found)
    return {s.name: v for s, v in found.items() if v != s}


def _states_before(
    after: dict[str, sympy.Expr], system: NeuronSystem
) -> dict[sympy.Symbol, sympy.Expr]:
    """What states were before a spike, over those after it: steps are taken back, and one state of
    the threshold follows from its being crossed."""
    changed = {symbol(x) for x in after}
    before = {}
    for x, value in after.items():
        step = value - symbol(x)
        if not step.free_symbols & changed:
            before[symbol(x)] = symbol(x) - step
    unknown = sorted(changed - before.keys(), key=str)
    if system.g is not None:
        in_threshold = [x for x in unknown if x in system.g.free_symbols]
        if len(in_threshold) == 1:
            (x,) = in_threshold
            slope = system.g.diff(x)
            if x not in slope.free_symbols:
                others = {s: v for s, v in before.items() if s != x}
                rest = system.g.xreplace({x: sympy.S.Zero})
                before[x] = (-rest / slope).xreplace(others)
    return before


def with_arrivals(
    name: str, made: ReadOutCode, population: TrialPopulation, system: NeuronSystem
) -> ReadOutCode:
    """A read-out with what it adds to the prices of arrivals, in a program where these are events.

    Parameters
    ----------
    name : str
        Of the loss, for messages.
    made : ReadOutCode
    population : TrialPopulation
        Says of which arrivals somebody asks the price.
    system : NeuronSystem

    Raises
    ------
    UnsupportedFeatureError
        The price of an arrival is not proportional to its weight.
    """
    jumped = {of_sum(x) for x in population.sent} & set(made.slopes)
    if not jumped:
        arrivals = turns(made.slopes, system) if made.kind == MAXIMUM else {}
        asked = {x: arrivals[x] for x in map(of_sum, population.sent) if x in arrivals}
        return replace(made, arrivals=asked)
    if made.kind != INTEGRAL or jumped & set(made.kept):
        called = ", ".join(sorted(population.called.get(x, x) for x in jumped))
        what = f"is not linear in {called}" if made.kind == INTEGRAL else f"reads {called}"
        raise UnsupportedFeatureError(
            f"{name} {what}, to which spikes add, so that it jumps where they arrive at "
            f"{population.name!r}: the exact gradient of their times would not be proportional to "
            "weights",
            where=Location("loss"),
            hint="let spikes add to a current or a conductance (ExponentialCurrent, Conductance), "
            'take an integral that is linear in it (CrossEntropy), or use gradient="surrogate"',
        )
    prices = {x: -v for x, v in made.slopes.items() if x in jumped}
    rates = _rates(made.slopes, system)
    for x in prices.keys() - population.sent.keys():
        # It arrives at the end of a step, before the value is read: of this, half is too much.
        prices[x] += STEP / 2 * rates.get(x, sympy.S.Zero)
    return replace(made, arrivals=prices)


def turns(slopes: Mapping[str, sympy.Expr], system: NeuronSystem) -> dict[str, sympy.Expr]:
    """By how much the rate at which a value changes is larger before an arrival than after it, by
    state to which the arrival adds, per unit of weight.

    Where the value is at its maximum because it rises before an arrival and falls after it, a later
    arrival lets it rise on: this is worth the rate before, which is rise/(rise + fall) of the
    difference.

    Parameters
    ----------
    slopes : mapping of str to sympy.Expr
        Of the value, by state.
    system : NeuronSystem
    """
    return {x: -v for x, v in _rates(slopes, system).items() if x not in slopes}


def _rates(slopes: Mapping[str, sympy.Expr], system: NeuronSystem) -> dict[str, sympy.Expr]:
    """By state to which an arrival adds: by how much it changes the rate of a value with these
    slopes, per unit of weight."""
    found = {
        x: sympy.Add(
            *(v * system.f.get(y, sympy.S.Zero).diff(symbol(x)) for y, v in slopes.items())
        )
        for x in system.states
    }
    return {x: v for x, v in found.items() if v != 0}
