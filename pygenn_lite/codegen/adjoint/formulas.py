"""Adjoints as formulas, in the names of the user: ``lam[V]`` is the derivative of the loss by V."""

from __future__ import annotations

import re
from collections.abc import Mapping

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import (
    ArrivalAdjoint,
    FlowAdjoint,
    ReleaseAdjoint,
    SpikeAdjoint,
)
from pygenn_lite.codegen.program.text import shown
from pygenn_lite.codegen.systems.system import symbol

SIMPLE = 40  # operations: longer formulas are printed as they are
MARKS = {"lam__": "lam[{}]", "sent__": "sent[{}]"}


class Speech:
    """Spells symbols and expressions."""

    def __init__(self, called: Mapping[str, str]) -> None:
        self.called = called

    def name(self, name: str) -> str:
        """What users call a symbol."""
        if name in self.called:
            return self.called[name]
        for mark, form in MARKS.items():
            if name.startswith(mark):
                return form.format(self.name(name.removeprefix(mark)))
        return name

    def of(self, value: sympy.Expr) -> str:
        """An expression, simplified where it is short."""
        return re.sub(r"[A-Za-z]\w*", lambda m: self.name(m[0]), shown(simplified(value)))


def simplified(value: sympy.Expr) -> sympy.Expr:
    """A short expression in a plain form, a sum over adjoints, where that is shorter."""
    if value.count_ops() > SIMPLE or value.has(sympy.Piecewise):
        return value
    lams = sorted(
        (s for s in value.free_symbols if s.name.startswith(("lam__", "sent__"))), key=str
    )
    parts = [(s, _plainest(value.diff(s))) for s in lams]
    rest = _plainest(value.xreplace(dict.fromkeys(lams, sympy.S.Zero)))
    return _shortest([value, sympy.Add(rest, *(s * factor for s, factor in parts))])


def _plainest(value: sympy.Expr) -> sympy.Expr:
    return _shortest([value, sympy.factor(sympy.together(value)), sympy.expand(value)])


def _shortest(values: list[sympy.Expr]) -> sympy.Expr:
    return min(values, key=lambda value: len(shown(value)))


def flow_lines(flow: FlowAdjoint, clamped: FlowAdjoint | None, say: Speech) -> list[str]:
    """Between events, and what is other while states are clamped."""
    if not flow.f:
        return []
    lines = ["  between events, backwards in time s", *_flow(flow, say)]
    if clamped is not None:
        held = ", ".join(say.name(x) for x in flow.f if flow.f[x] != clamped.f[x])
        lines.append(f"  while refractory ({held} clamped), instead")
        lines += instead(_flow(flow, say), _flow(clamped, say))
    return lines


def instead(usual: list[str], now: list[str]) -> list[str]:
    """What of some lines is other than in the usual ones, and what of those is left out."""

    def left(line: str) -> str:
        return line.partition(" += " if " += " in line else " = ")[0].strip()

    known = {left(line) for line in now}
    gone = [left(line) for line in usual if left(line) not in known]
    none = [name for name in gone if name.startswith("dL/")]
    same = [name for name in gone if name.startswith("lam[")]
    lines = [line for line in now if line not in usual]
    lines += [f"    {', '.join(none)} += 0"] if none else []
    return [*lines, *([f"    {', '.join(same)}: as it is"] if same else [])]


def _flow(flow: FlowAdjoint, say: Speech) -> list[str]:
    lines = []
    for x, rate in flow.rates.items():
        value = "" if rate == 0 else f"{say.of(rate)} + "
        lines.append(f"    d{say.name(f'lam__{x}')}/ds = {value}dl/d{_plain(say.name(x))}")
    for p, value in flow.gradients.items():
        lines.append(f"    dL/d{_plain(say.name(p))} += integral of {say.of(value)}")
    return lines


def _plain(name: str) -> str:
    return f"({name})" if "." in name else name


def _factor(value: sympy.Expr, say: Speech) -> str:
    text = say.of(value)
    return text if value.is_Atom or value.is_Mul else f"({text})"


def spike_lines(spike: SpikeAdjoint, say: Speech) -> list[str]:
    """At a spike."""
    own = say.of(spike.price)
    prices = "prices of its arrivals + dl_p/dt + l- - l+"
    own = "" if spike.price == 0 else f"{own} + "
    lines = ["  at a spike (lam on the right: just after, on the left: before)"]
    if spike.g is None:
        lines += [f"    dL/dt = {own}{prices}"]
    else:
        lines += [
            f"    g = {say.of(spike.g)}",
            f"    speed = {say.of(spike.speed)}",
            f"    e = {own}{prices}",
        ]
    for x, value in spike.back.items():
        text = say.of(value)
        if x in spike.slope:
            text = _minus("" if value == 0 else text, spike.slope[x], say)
        elif value == symbol(f"lam__{x}"):
            continue
        lines.append(f"    {say.name(f'lam__{x}')} = {text}")
    names = dict.fromkeys((*spike.reset_gradients, *spike.threshold_gradients))
    for p in names:
        first = say.of(spike.reset_gradients[p]) if p in spike.reset_gradients else ""
        text = first
        if p in spike.threshold_gradients:
            text = _minus(first, spike.threshold_gradients[p], say)
        lines.append(f"    dL/d{_plain(say.name(p))} += {text}")
    return lines


def _minus(first: str, factor: sympy.Expr, say: Speech) -> str:
    """``first - factor*e/speed``."""
    negative = factor.could_extract_minus_sign()
    size = -factor if negative else factor
    product = "e/speed" if size == 1 else f"{_factor(size, say)}*e/speed"
    sign = "" if negative else "-"
    if not first:
        return f"{sign}{product}"
    return f"{first} {'+' if negative else '-'} {product}"


def release_lines(release: ReleaseAdjoint, say: Speech) -> list[str]:
    """At the end of a refractory period."""
    price = say.of(release.price)
    if release.length is not None:
        lines = [f"  {say.of(release.length)} ms after the spike, to whose price e is added"]
        lines.append(f"    e = {price}")
        for p, value in release.gradients.items():
            text = "e" if value == 1 else f"{_factor(value, say)}*e"
            lines.append(f"    dL/d{_plain(say.name(p))} += {text}")
        return lines
    assert release.ends is not None
    lines = [
        f"  where the refractory period ends: {say.of(release.ends)} = 0",
        f"    speed = {say.of(release.speed)}",
        f"    e = {price}",
    ]
    for x, value in release.slope.items():
        lines.append(f"    {say.name(f'lam__{x}')} -= {_factor(value, say)}*e/speed")
    for p, value in release.gradients.items():
        lines.append(f"    dL/d{_plain(say.name(p))} -= {_factor(value, say)}*e/speed")
    return lines


def arrival_lines(arrival: ArrivalAdjoint, say: Speech, delayed: bool) -> list[str]:
    """Where a spike arrives; or an event whose time is given."""
    lines = []
    if delayed:
        lines = [
            f"    e = {'' if arrival.price == 0 else say.of(arrival.price) + ' + '}l- - l+",
            "    dL/ddelay += e, and e is added to the price of the spike",
        ]
    for x, value in arrival.back.items():
        lines.append(f"    {say.name(f'lam__{x}')} = {say.of(value)}")
    for p, value in arrival.gradients.items():
        lines.append(f"    dL/d{_plain(say.name(p))} += {say.of(value)}")
    for state, value in arrival.sent.items():
        lines.append(f"    {say.name(f'sent__{state}')} += {say.of(value)}")
    return lines
