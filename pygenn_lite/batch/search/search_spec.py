"""A search as plain data: what is varied, what is wanted, how many trials are made, and how."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pygenn_lite.batch.value_text import as_text
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.batch.dimension import Distributed

KINDS = ("maximise", "minimise", "targets")
SAMPLERS = ("tpe", "random", "cmaes", "nsga2")


@dataclass(frozen=True)
class Goal:
    """A column of the table that an objective is made of.

    Attributes
    ----------
    column : str
        ``rates.exc``.
    value : float
        What it should be, in its unit.
    weight : float
        Of its error.
    scale : float
        Difference from the value that counts as an error of 1.
    """

    column: str
    value: float = 0.0
    weight: float = 1.0
    scale: float = 1.0


@dataclass(frozen=True)
class Objective:
    """What is wanted.

    Attributes
    ----------
    kind : {"maximise", "minimise", "targets"}
    goals : tuple of Goal
        One, or for targets one or more.
    """

    kind: str
    goals: tuple[Goal, ...]

    @property
    def is_maximised(self) -> bool:
        """Whether larger is better."""
        return self.kind == "maximise"

    @property
    def label(self) -> str:
        """What it is called where there are several."""
        return "targets" if self.kind == "targets" else self.goals[0].column

    def of(self, columns: Mapping[str, Any]) -> float:
        """Its value: a measure, or the sum of the squared errors of several.

        Parameters
        ----------
        columns : mapping of str to float
            Measures, as the table has them.

        Returns
        -------
        float
            NaN where a measure is not there, or is undefined.

        Examples
        --------
        >>> from pygenn_lite.batch.search.search_spec import Goal, Objective
        >>> Objective("targets", (Goal("rates.exc", 10.0, 2.0, 5.0),)).of({"rates.exc": 15.0})
        2.0
        """
        found = [_number(columns.get(goal.column)) for goal in self.goals]
        if self.kind != "targets":
            return found[0]
        errors = [
            goal.weight * ((value - goal.value) / goal.scale) ** 2
            for goal, value in zip(self.goals, found, strict=True)
        ]
        return math.fsum(errors) if all(map(math.isfinite, errors)) else math.nan


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


@dataclass(frozen=True)
class Pruning:
    """When a trial ends early.

    Attributes
    ----------
    every : float
        ms between two looks, in simulated time; after the warm-up.
    percentile : float
        A trial ends whose best objective so far is worse than that of this percentage of the
        complete trials at the same time; 50: than their median.
    startup : int
        Complete trials before the first is ended.
    """

    every: float
    percentile: float = 50.0
    startup: int = 5


@dataclass(frozen=True)
class SearchSpec:
    """A search.

    Attributes
    ----------
    names : tuple of str
        What is varied.
    distributions : tuple of Distributed
        Between which ends, or of which choices; one for each name.
    objectives : tuple of Objective
    runs : int
        Number of trials.
    sampler : {"tpe", "random", "cmaes", "nsga2"}
    seed : int
        Of the sampler, not of the networks.
    together : int
        Trials that are proposed at a time, and simulated side by side.
    pruning : Pruning, optional
    """

    names: tuple[str, ...]
    distributions: tuple[Distributed, ...]
    objectives: tuple[Objective, ...]
    runs: int = 100
    sampler: str = "tpe"
    seed: int = 0
    together: int = 10
    pruning: Pruning | None = None

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of all that decides which trials are made."""
        varied = [
            [name, d.kind, d.first, d.last, list(d.choices)]
            for name, d in zip(self.names, self.distributions, strict=True)
        ]
        pruning = self.pruning and [
            self.pruning.every, self.pruning.percentile, self.pruning.startup
        ]  # fmt: skip
        how = [self.sampler, self.seed, self.together, pruning or "none"]
        wanted = objectives_as_data(self.objectives)
        return hashlib.sha256(as_text([varied, how, repr(wanted)]).encode()).hexdigest()[:16]


def objectives_as_data(objectives: Sequence[Objective]) -> list[Any]:
    """Objectives in lists, text and numbers, as JSON has them."""
    return [[o.kind, [[g.column, g.value, g.weight, g.scale] for g in o.goals]] for o in objectives]


def objectives_of_data(data: Sequence[Any]) -> tuple[Objective, ...]:
    """The opposite."""
    return tuple(Objective(kind, tuple(Goal(*goal) for goal in goals)) for kind, goals in data)
