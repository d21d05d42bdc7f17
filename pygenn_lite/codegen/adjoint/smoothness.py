"""Says of an expression whether it can be differentiated, and by what; and brings it into a form
whose derivative says all: without Min, Max and Abs.

A function with a corner has a derivative everywhere else, and adds nothing to a gradient at the
corner. A jump does: where it is crossed depends on what its condition reads, which the
derivative of the branches does not see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from itertools import pairwise

import sympy
from sympy.core.relational import Relational

from pygenn_lite.codegen.program.text import shown
from pygenn_lite.codegen.systems.system import T, symbol
from pygenn_lite.errors import Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass

STEPS = (sympy.sign, sympy.floor, sympy.ceiling, sympy.Heaviside)


@dataclass(frozen=True)
class Smoothness:
    """What expressions of one population or group may jump with.

    Attributes
    ----------
    moving : frozenset of str
        Symbols that differ from time to time: states and inputs. A jump where they pass a value
        is refused.
    constant : frozenset of str
        Symbols of parameters: one that moves a jump has no gradient.
    below : sympy.Expr or None
        What is negative wherever the expressions are used: the signed threshold.
    without : dict of str to str
        Found: parameters without a gradient, and why.
    breaks : list of sympy.Expr
        Found: times at which an expression jumps, over parameters. They are given, so that a jump
        there adds nothing to gradients.
    unforeseen : list of str
        Found: what jumps with time, nobody knows when.
    """

    moving: frozenset[str]
    constant: frozenset[str]
    below: sympy.Expr | None = None
    without: dict[str, str] = field(default_factory=dict)
    breaks: list[sympy.Expr] = field(default_factory=list)
    unforeseen: list[str] = field(default_factory=list)

    def form(self, value: sympy.Expr, what: str, where: Location) -> sympy.Expr:
        """An expression in a form that can be differentiated.

        Raises
        ------
        UnsupportedFeatureError
            It jumps where a state or an input passes a value.
        """
        if not value.atoms(sympy.Min, sympy.Max, sympy.Abs, sympy.Piecewise, *STEPS):
            return value
        value = _without_threshold(value, self.below)
        for part in sorted(value.atoms(*STEPS, sympy.Piecewise), key=str):
            if not (isinstance(part, sympy.Piecewise) and _is_continuous(part)):
                self._check(part, _read(part), f"{what} = {shown(value)}", where.about(what))
        return _in_cases(value)

    def _check(self, part: sympy.Expr, read: set[str], text: str, where: Location) -> None:
        moving = sorted(read & self.moving)
        if moving:
            raise UnsupportedFeatureError(
                f"{text} jumps with {', '.join(moving)}, in {shown(part)}: there is no gradient",
                where=where,
                hint="write a smooth function, such as 1/(1 + exp(-(V - V_0)/width)), or one "
                "without a jump, such as max(V, 0)",
            )
        for name in read & self.constant:
            self.without[name] = f"{shown(part)} jumps with it"
        if T.name in read:
            times = _times_of(part)
            self.breaks.extend(t for t in times or () if t not in self.breaks)
            if times is None:
                self.unforeseen.append(shown(part))


def refuse_corners(value: sympy.Expr, what: str, where: Location) -> None:
    """Refuse what has no derivative everywhere.

    Raises
    ------
    UnsupportedFeatureError
        Naming the function.
    """
    kinds = (sympy.Min, sympy.Max, sympy.Abs, sympy.Piecewise, *STEPS)
    found = sorted(value.atoms(*kinds), key=str)
    if found:
        raise UnsupportedFeatureError(
            f"{what} is not smooth: {shown(found[0])} has a corner or a jump",
            where=where,
            hint="write it with smooth functions, such as sqrt(x**2 + 1e-6) in place of abs(x)",
        )


def _without_threshold(value: sympy.Expr, below: sympy.Expr | None) -> sympy.Expr:
    """Min(V, V_cut) is V where ``V - V_cut``, the signed threshold, is negative."""
    if below is None:
        return value
    replaced = {}
    for part in value.atoms(sympy.Min, sympy.Max):
        smaller = isinstance(part, sympy.Min)
        args = list(part.args)
        for a in part.args:
            for b in part.args:
                if a in args and b in args and sympy.expand(a - b - below) == 0:  # a < b
                    args.remove(b if smaller else a)
        if len(args) < len(part.args):
            replaced[part] = part.func(*args)
    return value.xreplace(replaced)


def _is_continuous(part: sympy.Piecewise) -> bool:
    """Whether neighbouring branches agree where one takes over from the other."""
    for (value, condition), (other, _) in pairwise(part.args):
        if not isinstance(condition, Relational):
            return False
        border = condition.lhs - condition.rhs
        for s in sorted(border.free_symbols, key=str):
            slope = border.diff(s)
            if slope != 0 and s not in slope.free_symbols:
                there = -border.xreplace({s: sympy.S.Zero}) / slope
                difference = sympy.simplify((value - other).xreplace({s: there}))
                break
        else:
            return False
        if difference != 0:
            return False
    return True


def _read(part: sympy.Expr) -> set[str]:
    if isinstance(part, sympy.Piecewise):
        return {s.name for _, condition in part.args for s in condition.free_symbols}
    return {s.name for s in part.free_symbols}


def _times_of(part: sympy.Expr) -> list[sympy.Expr] | None:
    """When something jumps that jumps with time; None: nobody knows beforehand."""
    if isinstance(part, (sympy.floor, sympy.ceiling)):
        return None
    if isinstance(part, sympy.Piecewise):
        relations = {r for _, condition in part.args for r in condition.atoms(Relational)}
        borders = [r.lhs - r.rhs for r in sorted(relations, key=str) if r.has(T)]
    else:
        borders = [part.args[0]]
    times = []
    for border in borders:
        slope = sympy.expand(border).diff(T)
        if slope == 0 or slope.has(T):
            return None
        times.append(-border.xreplace({T: sympy.S.Zero}) / slope)
    return times


def _in_cases(value: sympy.Expr) -> sympy.Expr:
    """Min, Max and Abs by cases, whose derivatives are theirs."""

    def least(*args: sympy.Expr) -> sympy.Expr:
        return _folded(args, lambda a, b: sympy.Piecewise((a, a < b), (b, True)))

    def greatest(*args: sympy.Expr) -> sympy.Expr:
        return _folded(args, lambda a, b: sympy.Piecewise((a, a > b), (b, True)))

    def size(x: sympy.Expr) -> sympy.Expr:
        return sympy.Piecewise((x, x > 0), (-x, True))

    return value.replace(sympy.Min, least).replace(sympy.Max, greatest).replace(sympy.Abs, size)


def _folded(args: Iterable[sympy.Expr], pair: object) -> sympy.Expr:
    first, *others = sorted(args, key=str)
    for other in others:
        first = pair(first, other)  # type: ignore[operator]
    return first


def derivative(value: sympy.Expr, name: str) -> sympy.Expr:
    """By a symbol, given by name."""
    return sympy.diff(value, symbol(name))
