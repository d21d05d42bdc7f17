"""Finds the condition under which an element of a block needs nothing but the plain update.

A block of neurons is updated side by side; then one look tells whether any of them spikes or has
stopped being finite, and only those are taken one by one.
"""

from __future__ import annotations

import sympy

from pygenn_lite.codegen.program.kernel import (
    Body,
    Check,
    Count,
    Draw,
    Elapsed,
    Kernel,
    Propagate,
    Statement,
    TimedValue,
    Where,
    names_in,
    read_by,
    written_by,
)
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Screen:
    """How the few are told from the many.

    Attributes
    ----------
    plain : tuple of statements
        What is done to all elements.
    below : sympy.Basic or None
        The complement of the condition of `rare` (not its negation: comparisons with NaN are
        false). None: no element is taken for a condition.
    rare : Where or None
        What is done to the few, in which `condition` needs no second look.
    check : Check or None
        What must be finite.
    bounded : bool
        The condition bounds the only variable that is watched from above.
    """

    plain: Body
    below: sympy.Basic | None
    rare: Where | None
    check: Check | None
    bounded: bool

    @property
    def names(self) -> set[str]:
        """What the look at a block reads."""
        watched = () if self.check is None else self.check.watched
        return names_in(self.below) | set(watched)


def quiet_screen(kernel: Kernel) -> Screen | None:
    """The screen of a kernel that ends with at most one check and one `Where`, or None.

    The screen reads variables as they have been stored, and random numbers, counts and known
    currents of the step; where it would need temporaries, elements must be looked at one by one.
    """
    body = list(kernel.body)
    rare = body.pop() if body and isinstance(body[-1], Where) else None
    check = body.pop() if body and isinstance(body[-1], Check) else None
    if any(isinstance(s, (Where, Check)) for s in body):
        return None
    assert rare is None or isinstance(rare, Where)
    assert check is None or isinstance(check, Check)
    if rare is None and check is None:
        return Screen(tuple(body), None, None, None, False)
    inside = set().union(*(_temporaries_of(s) for s in body)) - kernel.known.keys()
    counted = {s.name for s in body if isinstance(s, Count)}
    if rare is not None and counted & read_by(rare):
        return None
    if rare is not None and (inside & read_by(rare) or _must_stay(rare.body)):
        return None
    condition = None if rare is None else rare.condition
    watched = () if check is None else check.watched
    above = isinstance(condition, (sympy.StrictGreaterThan, sympy.GreaterThan))
    return Screen(
        plain=tuple(body),
        below=None if condition is None else sympy.Not(condition),
        rare=rare,
        check=check,
        bounded=bool(above and condition is not None and [str(condition.lhs)] == list(watched)),
    )


def _temporaries_of(statement: Statement) -> set[str]:
    """Names that nobody knows behind the loop."""
    if isinstance(statement, (Draw, Count, TimedValue)):
        return set()
    return set(written_by(statement))


def _must_stay(body: Body) -> bool:
    return any(isinstance(s, (Where, Check, Propagate, Elapsed, Count)) for s in body)
