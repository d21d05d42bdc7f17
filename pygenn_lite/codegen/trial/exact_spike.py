"""What a spike does to adjoints where spikes are events: what `codegen.adjoint` derives, with the
states where the threshold is crossed in the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import SpikeAdjoint, adjoint
from pygenn_lite.codegen.adjoint.adjoint_records import NeuronAdjoint
from pygenn_lite.codegen.program.kernel import Assign, Body, names_in
from pygenn_lite.codegen.systems.system import DT, T, symbol
from pygenn_lite.codegen.trial.neuron_parts import AT_END, NeuronParts, Priced
from pygenn_lite.codegen.trial.trial_records import BACK, LOSS, TANGENTIAL, is_sum, of_sum
from pygenn_lite.records import dataclass

ZERO = sympy.S.Zero
# Of the mean slope of the signed threshold over the step: the crossing is not taken to be slower.
LEAST_OF_MEAN = sympy.Rational(1, 4)
# Per ms, of its largest value in the step: where all is slower, gradients have no bound.
GUARD = sympy.Float(1e-4)
CROSSING, SLOWNESS, PUSH, PART = "crossing__", "slowness__", "push__", "part__"
TOTAL = "total__"  # what it costs to have the spike later
LATE, KEPT_LATE = "late__", "is_late__"  # above the threshold before the step, with no crossing
BEFORE, RISE = symbol("threshold__before"), symbol("threshold__rise")
RELEASE = "price__release"  # of the end of the refractory period, on its way back to the spike


@dataclass(frozen=True)
class ExactSpike:
    """What is kept of a spike, and what it does to adjoints.

    Attributes
    ----------
    record : Body
    recorded : tuple of str
    at_spike : Body
    gradients : tuple of str
        Symbols that it adds to.
    """

    record: Body
    recorded: tuple[str, ...]
    at_spike: Body
    gradients: tuple[str, ...]


def exact_spike(parts: NeuronParts, neurons: NeuronAdjoint, priced: Priced) -> ExactSpike:
    """Of a population with a threshold."""
    assert neurons.spike is not None
    kept = _Kept(parts, _at_crossing(parts))
    price = _price(kept, neurons)
    updates = _updates(kept, neurons.spike)
    held = is_held(parts, neurons)
    if held:  # the spike comes when the refractory period ends: so long after the one before
        updates[RELEASE] = symbol(TOTAL) * kept.late()
    elif is_released(neurons):
        updates[RELEASE] = ZERO
    for x in filter(is_sum, priced.into):
        # A jump that makes the neuron spike lasts a step: with it the spike would move.
        slope = neurons.spike.slope.get(of_sum(x), ZERO)
        updates[crossed(x)] = -kept.keep(f"slope__{of_sum(x)}", slope) * symbol(PUSH) / DT
        if of_sum(x) in priced.read:  # the loss saw the jump up to the threshold, then the reset
            driven = LOSS + of_sum(x)
            updates[driven] = symbol(driven) * kept.crossing()
    gradients = _gradients(kept, neurons)
    slowness = sympy.Piecewise((ZERO, symbol(LATE)), (1 / symbol("speed__"), True))
    values = {SLOWNESS: slowness, **kept.values}
    statements = (*parts.step.statements, *_crossing(parts, neurons.spike, kept.at, held))
    record = parts.body(statements, values, also=(TANGENTIAL, CROSSING))
    return ExactSpike(
        record,
        tuple(values),
        parts.body(
            (Assign(TOTAL, price), Assign(PUSH, -symbol(TOTAL) * symbol(SLOWNESS))),
            updates,
            gradients,
        ),
        tuple(gradients),
    )


def is_released(neurons: NeuronAdjoint) -> bool:
    """Whether the end of a refractory period has a price."""
    return neurons.release is not None and neurons.release.price != 0


def is_held(parts: NeuronParts, neurons: NeuronAdjoint) -> bool:
    """Whether a neuron may be above its threshold when its refractory period ends, so that the
    threshold is not crossed where it spikes."""
    if neurons.release is None or neurons.spike is None or parts.spikes_on_the_way_up:
        return False
    return not set(neurons.spike.slope) <= set(parts.system.clamped)


def is_carried(parts: NeuronParts, neurons: NeuronAdjoint) -> bool:
    """Whether something is handed from the end of a refractory period to the spike before it."""
    return is_released(neurons) or is_held(parts, neurons)


def crossed(total: str) -> str:
    """What a spike adds to the price of the jump that made it."""
    return f"crossed__{total}"


@dataclass
class _Kept:
    """What spikes keep: of expressions, what is not the same in all steps."""

    parts: NeuronParts
    at: Mapping[sympy.Basic, sympy.Expr]  # states and time at the crossing
    values: dict[str, sympy.Expr] = field(default_factory=dict)

    def keep(self, name: str, value: sympy.Expr) -> sympy.Expr:
        """A value at the crossing, as `at_spike` reads it."""
        moving = {*self.parts.states, *self.parts.system.timed, T.name}
        if not names_in(value) & moving:
            return value
        self.values[name] = value.xreplace(dict(self.at))
        return symbol(name)

    def crossing(self) -> sympy.Expr:
        """Where in the step the threshold is crossed."""
        self.values[PART] = symbol(CROSSING)
        return symbol(PART)

    def late(self) -> sympy.Expr:
        """1 where the spike came at the end of a refractory period, else 0."""
        self.values[KEPT_LATE] = sympy.Piecewise((sympy.S.One, symbol(LATE)), (ZERO, True))
        return symbol(KEPT_LATE)

    def linear(self, name: str, value: sympy.Expr) -> sympy.Expr:
        """An expression that is linear in the adjoints, with its factors kept."""
        total = ZERO
        for x in self.parts.system.states:
            factor = value.diff(adjoint(x))
            if factor != 0:
                total += adjoint(x) * self.keep(f"{name}__{x}", factor)
        return total


def _at_crossing(parts: NeuronParts) -> dict[sympy.Basic, sympy.Expr]:
    at: dict[sympy.Basic, sympy.Expr] = {T: T + symbol(CROSSING) * DT}
    for x in parts.differentiable:
        at[symbol(x)] = symbol(x) if is_sum(x) else symbol(f"{x}__crossing")
    return at


def _price(kept: _Kept, neurons: NeuronAdjoint) -> sympy.Expr:
    """What it costs to have the spike later."""
    spike, release = neurons.spike, neurons.release
    assert spike is not None
    price = spike.price
    if release is not None and is_released(neurons):
        price += _price_of_release(kept.parts, neurons)
    released = symbol(RELEASE) if is_carried(kept.parts, neurons) else ZERO
    return symbol(BACK) + kept.linear("price", price) + released


def _price_of_release(parts: NeuronParts, neurons: NeuronAdjoint) -> sympy.Expr:
    """Of the end of a refractory period that is shorter than a step, so that nothing is clamped
    after the spike; 0 where it is not."""
    spike, release = neurons.spike, neurons.release
    assert spike is not None and release is not None
    there = {symbol(x): v for x, v in spike.reset.items()}
    none = symbol("refractory_steps") < sympy.Rational(1, 2)
    price = ZERO
    for x in parts.system.states:
        factor = release.price.diff(adjoint(x)).xreplace(there)
        if factor != 0:
            price += adjoint(x) * sympy.Piecewise((factor, none), (ZERO, True))
    return price


def _updates(kept: _Kept, spike: SpikeAdjoint) -> dict[str, sympy.Expr]:
    """Adjoints just before the spike."""
    updates = {}
    for x, back in spike.back.items():
        value = kept.linear(f"reset__{x}", back)
        slope = spike.slope.get(x, ZERO)
        if slope != 0:
            value += kept.keep(f"slope__{x}", slope) * symbol(PUSH)
        if value != adjoint(x):
            updates[adjoint(x).name] = value
    return updates


def _gradients(kept: _Kept, neurons: NeuronAdjoint) -> dict[str, sympy.Expr]:
    """Of parameters of the reset and of the threshold; and of refractory periods shorter than a
    step, whose end no step sees."""
    spike, release, gradients = neurons.spike, neurons.release, {}
    assert spike is not None
    for p in kept.parts.trained:
        value = kept.linear(f"reset__{p}", spike.reset_gradients.get(p, ZERO))
        if release is not None and is_released(neurons) and p in release.gradients:
            ended = release.gradients[p] * _price_of_release(kept.parts, neurons)
            value += kept.linear(f"release__{p}", ended)
        slope = spike.threshold_gradients.get(p, ZERO)
        if slope != 0:
            value += kept.keep(f"slope__{p}", slope) * symbol(PUSH)
        if value != 0:
            gradients[p] = value
    return gradients


def _crossing(
    parts: NeuronParts, spike: SpikeAdjoint, at: Mapping[sympy.Basic, sympy.Expr], held: bool
) -> list[Assign]:
    """Where in the step the signed threshold is 0, by interpolation, the states there, and how fast
    it rises. Given spikes may come where it is not reached: then the end of the step."""
    assert spike.g is not None
    flown = {symbol(x): parts.step.flown[x] for x in parts.differentiable}
    between = -BEFORE / sympy.Max(RISE, -BEFORE)
    otherwise = sympy.S.One if held else ZERO
    found = [
        Assign(BEFORE.name, spike.g),
        Assign(RISE.name, spike.g.xreplace({**flown, **AT_END}) - BEFORE),
        Assign(CROSSING, sympy.Piecewise((between, BEFORE < 0), (otherwise, True))),
    ]
    for x in parts.differentiable:
        moved = parts.step.flown[x] - symbol(x)
        found.append(Assign(f"{x}__crossing", symbol(x) + symbol(CROSSING) * moved))
    found += _speed(parts, spike, at)
    late = sympy.true if held else symbol(TANGENTIAL)
    return [*found, Assign(LATE, sympy.And(BEFORE >= 0, late))]


def _speed(
    parts: NeuronParts, spike: SpikeAdjoint, at: Mapping[sympy.Basic, sympy.Expr]
) -> list[Assign]:
    """How fast the threshold is crossed: by the flow at the crossing, with jumps that come at the
    end of the step spread over it; never slower than a part of the mean over the step."""
    assert spike.g is not None
    speed = spike.speed
    for x in filter(is_sum, parts.differentiable):
        speed += spike.slope.get(of_sum(x), ZERO) * symbol(x) / DT
    reset = {symbol(x): v for x, v in spike.reset.items()}
    after = spike.g.xreplace(reset).xreplace(dict(at))
    widest = sympy.Max(sympy.Abs(BEFORE), sympy.Abs(after), sympy.Abs(RISE))
    flow, least = symbol("speed__flow"), symbol("speed__least")
    return [
        Assign(flow.name, speed.xreplace(dict(at))),
        Assign(least.name, sympy.Max(LEAST_OF_MEAN * RISE / DT, GUARD * widest)),
        Assign(TANGENTIAL, flow < least),
        Assign("speed__", sympy.Max(flow, least)),
    ]
