"""The way back through a step where spikes are events: the reverse of its update rules, the end of
refractory periods, and what goes back to the spikes that arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import adjoint
from pygenn_lite.codegen.adjoint.adjoint_records import NeuronAdjoint
from pygenn_lite.codegen.program.kernel import Body, names_in
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.trial.exact_spike import RELEASE, crossed, is_carried, is_held
from pygenn_lite.codegen.trial.neuron_parts import AT_END, COUNTER, NeuronParts, Priced
from pygenn_lite.codegen.trial.reverse import reverse
from pygenn_lite.codegen.trial.trial_records import LOSS, is_sum, of_sum
from pygenn_lite.records import dataclass

ZERO = sympy.S.Zero


@dataclass
class ExactStep:
    """The way back through a step.

    Attributes
    ----------
    updates : dict of str to sympy.Expr
        Adjoints at its beginning, by those at its end.
    gradients : dict of str to sympy.Expr
    carried : list of str
        What is carried backwards beside the adjoints of states.
    sent : dict of str to sympy.Expr
    backward : Body
    """

    updates: dict[str, sympy.Expr]
    gradients: dict[str, sympy.Expr]
    carried: list[str] = field(default_factory=list)
    sent: dict[str, sympy.Expr] = field(default_factory=dict)
    backward: Body = ()


def exact_step(parts: NeuronParts, neurons: NeuronAdjoint, priced: Priced) -> ExactStep:
    """The reverse of the flow of a step."""
    flown = parts.step.flown
    statements = parts.smooth(parts.step.statements)
    seeds = [(flown[x].name, adjoint(x)) for x in parts.differentiable if flown[x].is_Symbol]
    back = reverse(statements, seeds, (*parts.differentiable, *parts.traced))
    found = ExactStep(
        {adjoint(x).name: back.by.get(x, ZERO) for x in parts.differentiable},
        {p: back.by[p] for p in parts.traced if p in back.by},
    )
    if is_carried(parts, neurons):
        _release(found, parts, neurons)
    for x in priced.into:
        if is_sum(x):
            _price_at_end(found, parts, neurons, x, of_sum(x) in priced.read)
        else:
            found.sent[x] = _price(parts, neurons, x)
            if x in priced.read:
                found.sent[x] += _price_of_loss(found, x)
    updates = {n: v for n, v in found.updates.items() if v != symbol(n)}
    given = (*statements, *back.statements)
    found.backward = parts.body(given, updates, found.gradients)
    return found


def _release(found: ExactStep, parts: NeuronParts, neurons: NeuronAdjoint) -> None:
    """In the step at whose end the refractory period is over: its price, on the way back to the
    spike; and the gradient of its length."""
    release, flown = neurons.release, parts.step.flown
    assert release is not None
    ended = sympy.And(sympy.Ne(symbol(COUNTER), 0), sympy.Eq(flown[COUNTER], 0))
    price = release.price.xreplace({**_held(parts, neurons), **AT_END})
    if is_held(parts, neurons):  # of a spike as soon as it is over
        price += symbol(RELEASE)
    found.updates[RELEASE] = sympy.Piecewise((price, ended), (symbol(RELEASE), True))
    found.carried.append(RELEASE)
    once = sympy.Piecewise((price, ended), (ZERO, True))
    for p in parts.trained:
        if p in release.gradients:
            found.gradients[p] = found.gradients.get(p, ZERO) + release.gradients[p] * once


def _held(parts: NeuronParts, neurons: NeuronAdjoint) -> Mapping[sympy.Basic, sympy.Expr]:
    """States at the end of the refractory period: what is clamped is as the reset left it."""
    assert neurons.spike is not None
    there: dict[sympy.Basic, sympy.Expr] = {}
    known = {p.symbol for p in parts.system.parameters}
    for x in parts.differentiable:
        there[symbol(x)] = parts.step.flown[x]
        if x in parts.system.clamped:
            reset = neurons.spike.reset.get(x, symbol(x))
            there[symbol(x)] = reset if names_in(reset) <= known else symbol(x)
    return there


def _prices(neurons: NeuronAdjoint, x: str, *, clamped: bool) -> sympy.Expr:
    """Per unit of weight, what a later arrival at a state would cost."""
    flow = neurons.clamped_flow if clamped and neurons.clamped_flow else neurons.flow
    return sympy.Add(*(-adjoint(i) * v for (i, j), v in flow.jacobian.items() if j == x))


def _price(parts: NeuronParts, neurons: NeuronAdjoint, x: str) -> sympy.Expr:
    """Of an arrival at the beginning of the step."""
    free, held = (_prices(neurons, x, clamped=c) for c in (False, True))
    if free == held:
        return free
    return sympy.Piecewise((held, sympy.Ne(symbol(COUNTER), 0)), (free, True))


def _price_of_loss(found: ExactStep, x: str) -> sympy.Expr:
    """What the loss adds where the step begins, to a price of which it sees one half."""
    driven = LOSS + x
    found.updates[driven] = ZERO
    found.carried.append(driven)
    return 2 * symbol(driven)


def _price_at_end(
    found: ExactStep, parts: NeuronParts, neurons: NeuronAdjoint, total: str, read: bool
) -> None:
    """Of an arrival at the end of the step; a clamped state gets nothing."""
    flown = parts.step.flown
    there = {**{symbol(y): flown[y] for y in parts.differentiable}, **AT_END}
    driven = LOSS + of_sum(total)
    of_loss = symbol(driven) if read else ZERO
    if read:
        found.updates[driven] = ZERO
        found.carried.append(driven)
    price = _prices(neurons, of_sum(total), clamped=False).xreplace(there) + of_loss
    if COUNTER in parts.states:
        held = _prices(neurons, of_sum(total), clamped=True).xreplace(there) + of_loss
        held = ZERO if of_sum(total) in parts.system.clamped else held
        price = sympy.Piecewise((price, sympy.Eq(flown[COUNTER], 0)), (held, True))
    name = f"price__{total}"
    found.updates[name] = symbol(crossed(total)) + price
    found.updates[crossed(total)] = ZERO
    found.carried += [crossed(total), name]
    found.sent[total] = symbol(name)
