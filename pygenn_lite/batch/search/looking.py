"""Looks at trials during their runs: notes their objective, and ends those that do worse than most
before them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pygenn_lite.batch.measuring import Measuring
from pygenn_lite.batch.search.search_spec import SearchSpec
from pygenn_lite.batch.search.trial import Trial
from pygenn_lite.batch.search.trials import COURSE, PRUNED
from pygenn_lite.batch.sweep_spec import Run
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.instance_results import InstanceResults
    from pygenn_lite.runtime.simulation import Simulation


@dataclass(frozen=True)
class Ended:
    """A trial that was ended.

    Attributes
    ----------
    time : float
        ms.
    columns : dict of str to float
        Its measures by then.
    """

    time: float
    columns: dict[str, Any]


class Looking:
    """Looks at the instances of a simulation at equal times.

    Parameters
    ----------
    search : SearchSpec
    runs : sequence of Run
        Of the instances.
    measuring : Measuring

    Attributes
    ----------
    ended : dict of int to Ended
        By instance.
    every : float
        ms between two looks.
    """

    def __init__(self, search: SearchSpec, runs: Sequence[Run], measuring: Measuring) -> None:
        self.objective, self.measuring = search.objectives[0], measuring
        self.limits = [dict(run.limits) if isinstance(run, Trial) else {} for run in runs]
        self.courses: list[list[float]] = [[] for _ in runs]
        self.ended: dict[int, Ended] = {}
        self.every, self._calls = search.pruning.every if search.pruning else 0.0, 0

    @property
    def have_all_ended(self) -> bool:
        """Whether none is left."""
        return len(self.ended) == len(self.courses)

    def __call__(self, simulation: Simulation) -> None:
        """The simulation has got to a time."""
        # An instance cannot end alone: the others continue, and what it does from now on is
        # not looked at.
        self._calls += 1
        time = _same(self._calls * self.every)
        for k, limits in enumerate(self.limits):
            limit = limits.get(time)
            if limit is not None and k not in self.ended:
                self._look(k, limit, time)
        if self.have_all_ended:
            simulation.stop()

    def failed_before(self, instance: int, results: InstanceResults) -> bool:
        """Whether a trial that was ended had failed by then."""
        own = results[instance]
        stopped = own.stop_step * own.dt
        return instance in results.failed and stopped <= self.ended[instance].time

    def row(self, instance: int) -> dict[str, Any]:
        """What the table says of a trial besides what it says of any run: of one that was ended
        all measures as they were then."""
        course = self.courses[instance]
        if instance not in self.ended:
            return {COURSE: course}
        ended = self.ended[instance]
        return {**ended.columns, COURSE: course, PRUNED: ended.time}

    def _look(self, instance: int, limit: float, time: float) -> None:
        columns, _ = self.measuring.so_far(instance)
        course = self.courses[instance]
        course.append(self.objective.of(columns))
        known = [value for value in course if math.isfinite(value)]
        if not known:
            return
        is_maximised = self.objective.is_maximised
        best = max(known) if is_maximised else min(known)
        if best < limit if is_maximised else best > limit:
            self.ended[instance] = Ended(time, columns)


def look_times(search: SearchSpec, warmup: float, duration: float) -> tuple[float, ...]:
    """When trials are looked at: at multiples of the interval, after the warm-up and before the
    end.

    Examples
    --------
    >>> from pygenn_lite.batch.search.search_spec import Pruning, SearchSpec
    >>> look_times(SearchSpec((), (), (), pruning=Pruning(200.0)), 200.0, 600.0)
    (400.0, 600.0)
    """
    if search.pruning is None:
        return ()
    every, end = search.pruning.every, warmup + duration
    count = math.ceil(end / every)
    times = [_same(k * every) for k in range(1, count + 1)]
    return tuple(t for t in times if warmup < t < _same(end))


def _same(time: float) -> float:
    """A time in ms, the same however it was computed."""
    return round(float(time), 6)
