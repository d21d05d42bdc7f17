"""Carries out the statements of kernels with NumPy, one after another, as they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.codegen.program.kernel import (
    Add,
    Assign,
    Check,
    Count,
    Draw,
    Elapsed,
    Emit,
    Kernel,
    Propagate,
    Statement,
    TimedValue,
    Update,
    Where,
    written_by,
)
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.reference.evaluation import Names, evaluate, propagators

Indices = NDArray[np.int64]


class Surroundings(Protocol):
    """What statements ask of what is around the elements; arrays are over all of them."""

    def draw(self, draw: Draw) -> Any:
        """Random numbers of the step."""

    def count(self, index: int) -> Any:
        """Spikes of a Poisson input in the step."""

    def timed(self, index: int) -> Any:
        """Value of a known current in the step."""

    def add(self, target: str, value: Any) -> None:
        """Add to variables of target neurons."""

    def elapsed(self, stamp: Any) -> Any:
        """ms since the step in a stamp."""

    @property
    def step(self) -> int:
        """The present step."""


@dataclass
class Run:
    """One call of a kernel.

    Attributes
    ----------
    around : Surroundings
    count : int or None
        How many elements there are side by side; None for a single one, whose values are numbers.
    some : array of int or None
        Those of them that the body is for.
    spikes : list of int
        Elements that were emitted, in the order in which they were.
    """

    around: Surroundings
    count: int | None
    some: Indices | None = None

    def __post_init__(self) -> None:
        self.spikes: list[int] = []

    def body(self, statements: Iterable[Statement], names: Names) -> None:
        """Carry out statements in order; `names` holds what they read and takes what they write."""
        for statement in statements:
            self._one(statement, names)

    def _one(self, statement: Statement, names: Names) -> None:
        if isinstance(statement, Assign):
            names[statement.target] = evaluate(statement.value, names)
        elif isinstance(statement, Update):
            names.update({n: evaluate(value, names) for n, value in statement.values})
        elif isinstance(statement, Add):
            value = evaluate(statement.value, names)
            self.around.add(statement.target, value)
            if statement.target in names:
                names[statement.target] = names[statement.target] + value
        elif isinstance(statement, Draw):
            names[statement.name] = self._taken(self.around.draw(statement))
        elif isinstance(statement, Count):
            names[statement.name] = self._taken(self.around.count(statement.index))
        elif isinstance(statement, TimedValue):
            names[statement.name] = self._taken(self.around.timed(statement.index))
        elif isinstance(statement, Propagate):
            h = evaluate(statement.h, names)
            names.update(propagators(statement.flow, names, h))
        elif isinstance(statement, Elapsed):
            names[statement.name] = self.around.elapsed(names[statement.stamp])
            names[statement.stamp] = self.around.step
        elif isinstance(statement, Where):
            self._where(statement, names)
        elif isinstance(statement, Emit):
            chosen = np.arange(self.count or 1) if self.some is None else self.some
            self.spikes += [int(k) for k in chosen]
        else:
            assert isinstance(statement, Check)  # numbers here may become anything

    def _where(self, statement: Where, names: Names) -> None:
        holds = evaluate(statement.condition, names) & evaluate(statement.late, names)
        if self.count is None:
            if holds:
                self.body(statement.body, names)
            return
        size = self.count if self.some is None else len(self.some)
        chosen = np.flatnonzero(np.full(size, holds))
        if not chosen.size:
            return
        inner = replace(self, some=chosen if self.some is None else self.some[chosen])
        own = {n: v[chosen] if np.ndim(v) else v for n, v in names.items()}
        inner.body(statement.body, own)
        self.spikes += inner.spikes
        for name in written_by(statement):
            if name in names:
                values = np.full(size, names[name])
                values[chosen] = own[name]
                names[name] = values

    def _taken(self, values: Any) -> Any:
        return values[self.some] if self.some is not None and np.ndim(values) else values


def run_kernel(kernel: Kernel, names: Names, around: Surroundings, count: int | None) -> list[int]:
    """Run a kernel over elements side by side (or one).

    Parameters
    ----------
    kernel : Kernel
    names : dict
        Values of its variables, ``t``, ``dt`` and, at synapses, ``delay``; takes the new values.
    around : Surroundings
    count : int or None
        How many elements; None: one, given as numbers.

    Returns
    -------
    list of int
        Elements that spiked.
    """
    run = Run(around, count)
    run.body(kernel.body, names)
    return run.spikes


def written(kernel: Kernel) -> list[str]:
    """Variables of the elements themselves that a kernel gives new values to."""
    own = {v.symbol for v in kernel.variables if v.side == "own"}
    return [n for n in dict.fromkeys(n for s in kernel.body for n in written_by(s)) if n in own]
