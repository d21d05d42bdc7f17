"""The way back of a population whose spikes get a surrogate derivative in every step: the reverse
of its update rules, threshold and reset included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import adjoint
from pygenn_lite.codegen.program.kernel import Assign, Body
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.trial.neuron_parts import AT_END, COUNTER, NeuronParts
from pygenn_lite.codegen.trial.reverse import reverse
from pygenn_lite.codegen.trial.surrogate import Surrogate
from pygenn_lite.codegen.trial.trial_records import BACK, SPIKE
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.records import dataclass

ZERO = sympy.S.Zero
SIGNED, SLOPE = "threshold__signed", "surrogate__"


@dataclass(frozen=True)
class SmoothStep:
    """The way back through a step, its spike included.

    Attributes
    ----------
    backward : Body
    gradients : tuple of str
    signed : sympy.Expr or None
        The signed threshold over the states that it looks at, where `backward` reads `SIGNED` as it
        was then: for that, steps keep one number in place of several states.
    """

    backward: Body
    gradients: tuple[str, ...]
    signed: sympy.Expr | None = None


def smooth_step(parts: NeuronParts, surrogate: Surrogate, *, detach_reset: bool) -> SmoothStep:
    """The reverse of a whole step.

    Parameters
    ----------
    parts : NeuronParts
    surrogate : Surrogate
    detach_reset : bool
        Whether the reset is taken as given, so that nothing flows back through it to the threshold.

    Raises
    ------
    UnsupportedFeatureError
        The threshold has no signed form, or something jumps with a state.
    """
    step = parts.step
    statements = [s for s in step.statements if s.target != SPIKE]
    named: dict[str, sympy.Basic] = {}
    if step.spikes:
        statements.append(Assign(SIGNED, _signed(parts)))
    smooth = parts.smooth(statements)
    wanted = (*parts.differentiable, *parts.traced)
    found = reverse(smooth, _seeds(parts, surrogate, detach_reset, named), wanted)
    updates = {adjoint(x).name: found.by.get(x, ZERO) for x in parts.differentiable}
    updates = {n: v for n, v in updates.items() if v != symbol(n)}
    gradients = {p: found.by[p] for p in parts.traced if p in found.by}
    given = (*smooth, *(Assign(n, v) for n, v in named.items()), *found.statements)
    whole = parts.body(given, updates, gradients)
    short = parts.body([s for s in given if s.target != SIGNED], updates, gradients)
    if step.spikes and len(parts.read_of(short)) + 1 < len(parts.read_of(whole)):
        return SmoothStep(short, tuple(gradients), _threshold(parts))
    return SmoothStep(whole, tuple(gradients))


def _signed(parts: NeuronParts) -> sympy.Expr:
    """The signed threshold at the end of the step, over the values of straight-line code."""
    there = {symbol(x): parts.step.flown[x] for x in parts.differentiable}
    return _threshold(parts).xreplace(there)


def _threshold(parts: NeuronParts) -> sympy.Expr:
    """The same over states as they are then."""
    g = parts.system.g
    if g is None:
        raise UnsupportedFeatureError(
            f"the threshold {parts.system.threshold} has {parts.system.no_g}",
            where=parts.where.key("threshold"),
            hint="write the threshold as a comparison without random numbers, such as 'V > theta'",
        )
    return g.xreplace(AT_END)


def _jump(statements: Iterable[Assign], before: sympy.Expr, after: sympy.Expr) -> sympy.Expr:
    """What a reset adds: without the state where it adds the same to all."""
    values = {symbol(s.target): s.value for s in statements}
    jump = values.get(after, after) - before
    return after - before if jump.has(before) else jump


def _seeds(
    parts: NeuronParts, surrogate: Surrogate, detach_reset: bool, named: dict[str, sympy.Basic]
) -> list[tuple[str, sympy.Expr]]:
    """What the states before and after the reset, and the threshold, add to the loss."""
    step, spike = parts.step, symbol(SPIKE)
    seeds = []
    by_spike: Mapping[str, sympy.Expr] | sympy.Expr = symbol(BACK)
    for x in parts.differentiable:
        before, after = step.flown[x], step.after[x]
        if before == after:
            if before.is_Symbol:
                seeds.append((before.name, adjoint(x)))
            continue
        if before.is_Symbol:
            seeds.append((before.name, sympy.Piecewise((ZERO, spike), (adjoint(x), True))))
        if after.is_Symbol:
            seeds.append((after.name, sympy.Piecewise((adjoint(x), spike), (ZERO, True))))
        if not detach_reset:
            by_spike += adjoint(x) * _jump(step.statements, before, after)
    if step.spikes:
        slope = surrogate.of(symbol(SIGNED))
        if COUNTER in parts.states:
            free = sympy.Eq(step.flown[COUNTER], 0)
            slope = sympy.Piecewise((slope, free), (ZERO, True))
        named[SLOPE] = slope
        seeds.append((SIGNED, symbol(SLOPE) * by_spike))
    return seeds
