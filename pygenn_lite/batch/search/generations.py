"""The runs of a search, some trials at a time: values that are proposed, with those that a sweep
beside the search gives to all trials."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from pygenn_lite.batch.expand import Identity
from pygenn_lite.batch.search.trial import Trial
from pygenn_lite.batch.sweep_spec import SweepSpec
from pygenn_lite.errors import Location, SweepError

Limits = tuple[tuple[float, float], ...]


class Generations:
    """Makes the runs of trials.

    Parameters
    ----------
    spec : SweepSpec
    """

    def __init__(self, spec: SweepSpec) -> None:
        self.beside = runs_beside(spec)
        self._identity = Identity(spec)
        self.first_of: dict[str, str] = {}  # identity -> the first run with the same values
        self._count = 0
        self._so_often: dict[str, int] = {}

    @property
    def runs_each(self) -> int:
        """Runs of one trial."""
        return len(self.beside)

    def runs(self, proposed: Sequence[Mapping[str, Any]], limits: Limits = ()) -> list[Trial]:
        """The runs of the next trials.

        Parameters
        ----------
        proposed : sequence of mapping
            The values of each trial.
        limits : tuple of (float, float)
            Of their objectives.
        """
        found = []
        for own in proposed:
            for beside in self.beside:
                values = {**beside, **own}
                found.append(Trial(self._count, self._name(values), values, limits))
                self._count += 1
        return found

    def _name(self, values: Mapping[str, Any]) -> str:
        """The identity of a run; one whose values occurred before has another, and is a copy."""
        first = self._identity.of(values)
        times = self._so_often[first] = self._so_often.get(first, 0) + 1
        if times == 1:
            return first
        name = hashlib.sha256(f"{first} {times}".encode()).hexdigest()[:16]
        self.first_of[name] = first
        return name


def runs_beside(spec: SweepSpec) -> list[dict[str, Any]]:
    """What all trials are done with, by a sweep beside the search: the values of each run."""
    names = [name for dimension in spec.dimensions for name in dimension.names]
    found = []
    for rows in product(*(dimension.rows() for dimension in spec.dimensions)):
        values = dict(zip(names, (value for row in rows for value in row), strict=True))
        if all(constraint.holds(values) for constraint in spec.constraints):
            found.append(values)
    if not found:
        raise SweepError(
            "none of the runs beside the search fulfils the constraints",
            where=Location(spec.origin),
        )
    return found
