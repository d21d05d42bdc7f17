"""Where a loss that is integrated over time jumps: at spikes of a neuron whose variables it reads.
A later spike leaves the loss longer as it was before: this is the price of the spike."""

from __future__ import annotations

import sympy

from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.systems.system_records import NeuronSystem
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
