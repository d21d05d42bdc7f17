"""``pg.Search``: a search in Python, in the words of a sweep file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pygenn_lite.batch.batch import Batch
from pygenn_lite.batch.dry_run import DryRun, dry_run
from pygenn_lite.batch.engine import run_batch
from pygenn_lite.batch.options import BatchOptions
from pygenn_lite.batch.sweep import given_spec
from pygenn_lite.batch.sweep_file import load_sweep
from pygenn_lite.batch.sweep_spec import SweepSpec
from pygenn_lite.declaration import Network
from pygenn_lite.errors import Location, SweepError
from pygenn_lite.runtime.results.files import as_path

_HERE = "pg.Search"


class Search:
    """A search for values of a network with which measures are large, small, or what they should
    be, by Optuna.

    Parameters
    ----------
    network : Network or str
        As of :class:`Sweep`.
    parameters : mapping
        What is varied: names, each with ``{"uniform": [low, high]}``, ``{"loguniform": [low,
        high]}``, ``{"integers": [first, last]}`` or ``{"choice": [...]}``.
    targets : mapping, optional
        Columns of the table and what they should be: ``{"rates.exc": 10.0}``, or ``{"rates.exc":
        {"value": 10.0, "weight": 1.0, "scale": 10.0}}``. What is minimised is the sum of
        ``weight * ((measure - value) / scale)**2``; the scale is by default the value.
    maximise, minimise : str, optional
        A column: ``"cv_isi.exc"``.
    several : list of mapping, optional
        Several objectives: ``[{"maximise": ...}, {"minimise": ...}, {"targets": {...}}]``.
    runs : int
        Number of trials.
    sampler : {"tpe", "random", "cmaes", "nsga2"}, optional
        By default ``"tpe"``, of several objectives ``"nsga2"``.
    seed : int
        Of the sampler.
    together : int, optional
        Trials that are proposed at a time and simulated side by side; 10, with ``"nsga2"`` 20.
    prune : mapping, optional
        ``{"every": 200.0}``: ends trials early that do worse than the median.
    sweep : mapping, optional
        What each trial is done with, as of a sweep file: ``{"random": {"seed": {"repeat": 3}}}``.
        The means of its measures count.
    **options
        ``set``, ``run``, ``measure``, ``keep`` and others, as in a sweep file; ``duration`` and
        ``warmup`` (ms) may stand alone.

    Raises
    ------
    SweepError
        A name that cannot be varied, a measure that there is not, nothing to search for.

    Examples
    --------
    >>> net = pg.Network(seed=7)
    >>> cells = net.population("cells", 1, pg.LIF())
    >>> drive = net.current(cells, 300.0, name="drive")
    >>> search = pg.Search(
    ...     net, {"inputs.drive.value": {"uniform": [300.0, 800.0]}},
    ...     targets={"rates.cells": 40.0}, runs=30,
    ... )
    >>> search
    <Search of network: 30 trials of inputs.drive.value>
    """

    spec: SweepSpec

    def __init__(
        self,
        network: Network | str | Path,
        parameters: Mapping[str, Any],
        *,
        targets: Mapping[str, Any] | None = None,
        maximise: str | None = None,
        minimise: str | None = None,
        several: Sequence[Mapping[str, Any]] | None = None,
        runs: int = 100,
        sampler: str | None = None,
        seed: int = 0,
        together: int | None = None,
        prune: Mapping[str, Any] | None = None,
        duration: float | None = None,
        warmup: float | None = None,
        **options: Any,
    ) -> None:
        optimise = {
            "parameters": parameters, "targets": targets, "maximise": maximise,
            "minimise": minimise, "several": several, "runs": runs, "sampler": sampler,
            "seed": seed, "together": together, "prune": prune,
        }  # fmt: skip
        times = {"duration": duration, "warmup": warmup}
        given: dict[str, Any] = {
            "optimise": {name: value for name, value in optimise.items() if value is not None},
            "run": {name: value for name, value in times.items() if value is not None},
            **options,
        }
        self.spec = given_spec(network, given, _HERE)

    @classmethod
    def load(cls, path: str | Path) -> Search:
        """The search of a file.

        Raises
        ------
        FileFormatError
            Naming file, line, column and key.
        SweepError
            It is a sweep.
        """
        return cls.of(load_sweep(path))

    @classmethod
    def of(cls, spec: SweepSpec) -> Search:
        """The search that a `SweepSpec` describes.

        Raises
        ------
        SweepError
            It is a sweep.
        """
        if spec.search is None:
            raise SweepError(
                "this is a sweep, not a search", where=Location(spec.origin), hint="pg.Sweep"
            )
        made = cls.__new__(cls)
        made.spec = spec
        return made

    @property
    def names(self) -> tuple[str, ...]:
        """What is varied."""
        assert self.spec.search is not None
        return self.spec.search.names

    def dry_run(self, *, trial: bool = True) -> DryRun:
        """What the search would take: as of a sweep over random values.

        Parameters
        ----------
        trial : bool
            Whether networks are compiled and run for it.
        """
        return dry_run(self.spec, trial=trial)

    def run(
        self,
        folder: str | Path | None = None,
        *,
        processes: int | None = None,
        threads: int | None = None,
        cluster: str = "",
        progress: bool | None = None,
    ) -> Batch:
        """Make all trials; of a search that was begun, those that are left.

        Parameters
        ----------
        folder : path, optional
            Where all is written; by default a temporary one, which goes with the batch.
        processes, threads, cluster, progress
            As of `Sweep.run`.

        Returns
        -------
        Batch
            Its ``best`` is the best trial, ``front`` those of several objectives, ``table`` has a
            row for each run.

        Raises
        ------
        BatchError
            The folder holds something else, or another process uses it; another version of Optuna
            proposes other trials than those that it holds.
        KeyboardInterrupt
            Ctrl-C; what was done is kept, and calling this again continues.

        Examples
        --------
        >>> net = pg.Network(seed=7)
        >>> cells = net.population("cells", 1, pg.LIF())
        >>> drive = net.current(cells, 300.0, name="drive")
        >>> search = pg.Search(
        ...     net, {"inputs.drive.value": {"uniform": [300.0, 800.0]}},
        ...     targets={"rates.cells": 40.0}, runs=30,
        ... )
        >>> best = search.run(processes=0).best
        >>> round(best["inputs.drive.value"], -1)
        420.0
        """
        options = BatchOptions(
            cluster=cluster, processes=processes, threads=threads, progress=progress
        )
        return run_batch(self.spec, None if folder is None else as_path(folder), options)

    def __repr__(self) -> str:
        trials = self.spec.search.runs if self.spec.search else 0
        return f"<Search of {self.spec.source.name}: {trials:,} trials of {', '.join(self.names)}>"
