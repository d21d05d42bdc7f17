"""Carries a search out: asks for trials, lets their runs be done as those of a sweep are, and tells
what came of them. What ended before is asked for again, and not done again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from pygenn_lite.batch.conductor import Conductor
from pygenn_lite.batch.execute import copied_row
from pygenn_lite.batch.group import group_runs
from pygenn_lite.batch.options import BatchOptions
from pygenn_lite.batch.search.generations import Generations
from pygenn_lite.batch.search.looking import look_times
from pygenn_lite.batch.search.proposals import Proposals, Told, limits_of, optuna_version
from pygenn_lite.batch.search.search_spec import SearchSpec
from pygenn_lite.batch.search.trial import Trial
from pygenn_lite.batch.search.trials import told_of
from pygenn_lite.batch.work import Work
from pygenn_lite.batch.workers import Workers
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import BatchError, Location

LONG_SECONDS = 2.0  # of what is left: worth starting processes for


class SearchWork:
    """A search that is under way.

    Parameters
    ----------
    conductor : Conductor
    work : Work
    """

    def __init__(self, conductor: Conductor, work: Work) -> None:
        spec = work.spec
        assert spec.search is not None
        self.conductor, self.work = conductor, work
        self.folder, self.search = conductor.folder, spec.search
        self.proposals, self.generations = Proposals(spec.search), Generations(spec)
        self.complete: list[tuple[float, ...]] = []  # courses of complete trials
        self._rows = _rows(self.folder.table(trials=False))
        self._begun = self.folder.planned_ids()
        self._told = 0

    def carry_out(self, here: Workers | None, options: BatchOptions) -> None:
        """Make all trials.

        Parameters
        ----------
        here : Workers or None
            This process; None: others do all.
        options : BatchOptions
        """
        with ExitStack() as stack:
            workers = here
            while self._told < self.search.runs:
                runs = self._next()
                left = [run for run in runs if run.id not in self._rows]
                if left:
                    if workers is None or self._is_long(workers, here, options):
                        from pygenn_lite.batch.cluster import started_workers

                        workers = stack.enter_context(started_workers(self.work, options))
                    self._do(left, workers)
                self._tell(runs)

    def _next(self) -> list[Trial]:
        count = min(self.search.together, self.search.runs - self._told)
        limits: tuple[tuple[float, float], ...] = ()
        if (pruning := self.search.pruning) is not None:
            how = self.work.spec.run
            limits = limits_of(
                self.complete,
                look_times(self.search, how.warmup, how.duration),
                pruning.percentile,
                pruning.startup,
                is_maximised=self.search.objectives[0].is_maximised,
            )
        return self.generations.runs(self.proposals.ask(count), limits)

    def _is_long(self, workers: Workers, here: Workers | None, options: BatchOptions) -> bool:
        """Whether other processes are to help this one from now on."""
        if workers is not here or options.processes == 0 or not self._told:
            return False
        if options.processes is not None:
            return True
        each = self.conductor.chunks.seconds_each
        left = (self.search.runs - self._told) * self.generations.runs_each
        return self.search.together > 1 and each is not None and left * each > LONG_SECONDS

    def _do(self, runs: Sequence[Trial], workers: Workers) -> None:
        """Let runs be done; those whose values occurred before are copies."""
        first_of, source = self.generations.first_of, self.work.spec.source
        own = [run for run in runs if run.id not in first_of]
        groups = group_runs(own, source, self.work.spec.run.precision)
        self._plan(runs, {run.id: group.key for group in groups for run in group.runs})
        if own:
            self.conductor.chunks.add(groups)
            self.conductor.run(workers)
            self._read(runs)
        copies = [run for run in runs if run.id in first_of]
        if copies:
            rows = [copied_row(run, self._rows[first_of[run.id]]) for run in copies]
            self.conductor.add_rows(copies, rows)
            self._read(runs)

    def _plan(self, runs: Sequence[Trial], keys: dict[str, str]) -> None:
        for run in runs:
            if run.index < len(self._begun) and self._begun[run.index] != run.id:
                raise BatchError(
                    f"trial {run.index // self.generations.runs_each} has other values than when "
                    "the search was begun: another version of Optuna proposes others",
                    where=Location(str(self.folder.path)),
                    hint=f"begun with {self.folder.about.get('optuna')}, this is "
                    f"{optuna_version()}: install that version, or begin anew in another folder",
                )
        new = [run for run in runs if run.index >= len(self._begun)]
        if new:
            self.folder.extend_plan(new, keys)
            self._begun += [run.id for run in new]

    def _read(self, runs: Sequence[Trial]) -> None:
        self.folder.merge(trials=False)
        self._rows |= _rows(
            self.folder.table(trials=False).slice(runs[0].index)
        )  # all before have ended

    def _tell(self, runs: Sequence[Trial]) -> None:
        each = self.generations.runs_each
        told = []
        for k in range(0, len(runs), each):
            rows = [self._rows[run.id] for run in runs[k : k + each]]
            told.append(told_of(self.search.objectives, rows))
        if not self._told:
            self._check_columns(runs, told)
        for own in told:
            self.proposals.tell(self._told, own)
            self._told += 1
            if own.state == "complete":
                self.complete.append(own.course)

    def _check_columns(self, runs: Sequence[Trial], told: Sequence[Told]) -> None:
        """Say at once that an objective names what no run measures."""
        if all(own.state == "failed" for own in told):
            return
        known = {name for run in runs for name in self._rows[run.id]}
        _check_known(self.search, known, self.work.spec.origin)


def _check_known(search: SearchSpec, known: set[str], origin: str) -> None:
    for objective in search.objectives:
        for goal in objective.goals:
            if goal.column not in known:
                label = goal.column.partition(".")[0]
                alike = sorted(n for n in known if n.partition(".")[0] == label) or sorted(known)
                raise BatchError(
                    f"no run has the column '{goal.column}' that is searched for"
                    f"{nearest_or_all(goal.column, alike)}",
                    where=Location(origin),
                )


def _rows(table: Any) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in table.to_pylist()}
