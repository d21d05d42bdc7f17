"""A run of a search."""

from __future__ import annotations

from pygenn_lite.batch.sweep_spec import Run
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Trial(Run):
    """A run of a search.

    Attributes
    ----------
    limits : tuple of (float, float)
        Times in ms at which one looks at it, and the objective that it has to have by then; NaN
        where any will do.
    """

    limits: tuple[tuple[float, float], ...] = ()
