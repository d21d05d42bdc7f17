"""What a sweep would do: how many runs, of how many structures, and the time and memory that they
would take by a trial run of each structure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pygenn_lite.batch.dimension import Dimension, Drawn
from pygenn_lite.batch.expand import MANY_RUNS, expand
from pygenn_lite.batch.group import compiled_structure, group_runs
from pygenn_lite.batch.run_recordings import check_recordings
from pygenn_lite.batch.search.as_sweep import as_sweep
from pygenn_lite.batch.sweep_spec import Group, SweepSpec
from pygenn_lite.codegen.plan.memory import readable
from pygenn_lite.declaration.summary import counted, duration_text
from pygenn_lite.errors import InputError, PygennLiteError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.compilation import compile_network
from pygenn_lite.runtime.processors import available_cpus

MOST_TRIED = 8  # structures; others are taken to be like their mean
TRIAL_MS = 50.0  # simulated in a trial, from which the time of a whole run follows
_SHOWN = 12


@dataclass(frozen=True)
class Trial:
    """A trial of the first run of a group.

    Attributes
    ----------
    group : str
        The group's key.
    build_seconds : float
        To lay the network down; compilation does not count.
    run_seconds : float
        Of a whole run, with one thread.
    bytes : int
        Memory of one network.
    error : str
        Why it failed; empty if it did not.
    """

    group: str
    build_seconds: float = 0.0
    run_seconds: float = 0.0
    bytes: int = 0
    error: str = ""


@dataclass(frozen=True)
class DryRun:
    """What a sweep would do; printed, it is a summary.

    Attributes
    ----------
    spec : SweepSpec
    runs : int or None
        How many runs there are; None: so many that they are only counted.
    groups : tuple of Group
    compilations : int
        How many networks are compiled (or found in the cache).
    trials : tuple of Trial
    cores : int
    """

    spec: SweepSpec
    runs: int | None
    groups: tuple[Group, ...] = ()
    compilations: int = 0
    trials: tuple[Trial, ...] = ()
    cores: int = 1

    @property
    def seconds(self) -> float | None:
        """Time of all runs on the cores of this machine; None if no trial was made."""
        good = [trial for trial in self.trials if not trial.error]
        if self.runs is None or not good:
            return None
        each = {trial.group: trial.build_seconds + trial.run_seconds for trial in good}
        mean = sum(each.values()) / len(each)
        total = sum(each.get(group.key, mean) * len(group.runs) for group in self.groups)
        return total / max(1, min(self.cores, self.runs))

    @property
    def error(self) -> str:
        """Why a trial failed; empty if none did."""
        return next((trial.error for trial in self.trials if trial.error), "")

    def __str__(self) -> str:
        return "\n".join(
            [*self._head(), *self._dimensions(), *self._of_groups(), *self._of_trials()]
        )

    def _head(self) -> list[str]:
        spec, times = self.spec, self.spec.run
        count = spec.count if self.runs is None else self.runs
        length = f"{times.duration:g} ms"
        length += f" after {times.warmup:g} ms of warm-up" if times.warmup else ""
        lines = [f"{counted(count, 'run')} of {spec.source.name}, {length}"]
        if self.runs is not None and self.runs != spec.count:
            lines.append(f"  of {spec.count:,} combinations; the others do not fulfil the "
                         "constraints, or are there twice")  # fmt: skip
        return lines

    def _dimensions(self) -> list[str]:
        wide = max(len(name) for name in self.spec.names)
        return [
            f"  {name:{wide}}  {text}"
            for dimension in self.spec.dimensions
            for name, text in _described(dimension)
        ]

    def _of_groups(self) -> list[str]:
        if self.runs is None:
            return ["  too many to be planned: they are only counted"]
        lines = [
            f"{counted(self.compilations, 'network')} to compile, for "
            f"{counted(len(self.groups), 'group')} of runs"
        ]
        for group in self.groups[:_SHOWN] if len(self.groups) > 1 else ():
            values = ", ".join(f"{n}={_shown(v)}" for n, v in group.structural.items())
            lines.append(
                f"  {counted(len(group.runs), 'run')}" + (f" with {values}" * bool(values))
            )
        if len(self.groups) > _SHOWN:
            lines.append(f"  and {len(self.groups) - _SHOWN} more groups")
        return lines

    def _of_trials(self) -> list[str]:
        if self.error:
            return [f"a trial run fails: {self.error}"]
        if self.seconds is None:
            return []
        build = duration_text(max(trial.build_seconds for trial in self.trials))
        run = duration_text(max(trial.run_seconds for trial in self.trials))
        size = readable(max(trial.bytes for trial in self.trials))
        total = duration_text(self.seconds)
        return [
            f"by a trial run, a network takes {build} to build, {run} to run with one thread, and "
            f"{size}",
            f"about {total} altogether on {counted(self.cores, 'core')}, without compilation",
        ]


def dry_run(spec: SweepSpec, *, trial: bool = True, most: int | None = MANY_RUNS) -> DryRun:
    """Plan a sweep, and try the first run of each structure.

    Parameters
    ----------
    spec : SweepSpec
    trial : bool
        Whether networks are compiled and run.
    most : int, optional
        Above it, combinations are only counted.

    Raises
    ------
    SweepError
        No run is left.
    """
    spec = as_sweep(spec)
    if most is not None and spec.count > most:
        return DryRun(spec, None)
    runs = expand(spec, most=most)
    groups = group_runs(runs, spec.source, spec.run.precision)
    check_recordings(spec, groups)
    tried = groups[:MOST_TRIED] if trial else []
    return DryRun(
        spec, len(runs), tuple(groups), _compilations(spec, groups),
        tuple(_tried(spec, group) for group in tried), available_cpus(),
    )  # fmt: skip


def _compilations(spec: SweepSpec, groups: Sequence[Group]) -> int:
    found = set()
    for group in groups:
        try:
            network = spec.source.make(group.runs[0].values)
            found.add(compiled_structure(network, spec.run.precision))
        except InputError:  # its runs fail before anything is compiled
            continue
    return len(found)


def _tried(spec: SweepSpec, group: Group) -> Trial:
    how = spec.run
    whole = how.warmup + how.duration
    try:
        network = spec.source.make(group.runs[0].values)
        network.recordings.clear()
        sim = compile_network(
            network,
            backend=how.backend,
            precision=how.precision,
            threads=1,
            driver=how.driver,
            device=how.device,
            plan=how.plan,
        )
        result = sim.run(min(TRIAL_MS, whole), progress=False)
        share = whole / max(result.duration, network.dt)
        size = sum(row.bytes for row in sim.memory())
        return Trial(group.key, sim.build_seconds, result.simulate_seconds * share, size)
    except PygennLiteError as error:
        return Trial(group.key, error=str(error))


def _described(dimension: Dimension) -> list[tuple[str, str]]:
    if isinstance(dimension, Drawn):
        texts = [
            f"{dimension.count:,} random values, {d.kind} "
            + (f"of {len(d.choices)}" if d.kind == "choice" else f"{d.first:g}, {d.last:g}")
            for d in dimension.distributions
        ]
        return list(zip(dimension.names, texts, strict=True))
    if dimension.count > MANY_RUNS:
        return [(name, f"{dimension.count:,} values") for name in dimension.names]
    rows = dimension.rows()
    columns = zip(*rows, strict=True)
    return [(n, _range(list(column))) for n, column in zip(dimension.names, columns, strict=True)]


def _range(values: list[Any]) -> str:
    if len(values) <= 4:
        return ", ".join(map(_shown, values))
    return f"{len(values):,} values, {_shown(values[0])} to {_shown(values[-1])}"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
