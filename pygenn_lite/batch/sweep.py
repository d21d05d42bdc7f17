"""``pg.Sweep``: a sweep in Python, in the words of a sweep file."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pygenn_lite.batch.batch import Batch
from pygenn_lite.batch.dry_run import DryRun, dry_run
from pygenn_lite.batch.engine import run_batch
from pygenn_lite.batch.expand import MANY_RUNS, expand
from pygenn_lite.batch.given_source import GivenSource
from pygenn_lite.batch.group import group_runs
from pygenn_lite.batch.options import BatchOptions
from pygenn_lite.batch.sweep_file import load_sweep, read_sweep
from pygenn_lite.batch.sweep_spec import Group, Run, SweepSpec
from pygenn_lite.declaration import Network
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, FileFormatError, Location, SweepError
from pygenn_lite.runtime.results.files import as_path
from pygenn_lite.yaml_format.document import Document

_HERE = "pg.Sweep"


class Sweep:
    """Many runs of one network that differ in values, each simulated once.

    Parameters
    ----------
    network : Network or str
        A network, the name of one of the library, a network file, or ``script.py:function``.
    values : mapping, optional
        Every combination of these: names, each with a list or an array of values, ``{"linspace":
        [first, last, count]}``, ``{"logspace": ...}``, ``{"arange": ...}``, or for the seed
        ``{"repeat": count}``. Names are paths (``network.values`` lists them), constants of a
        network file, arguments of a script's function, ``seed`` and ``dt``.
    zip : mapping, optional
        Names whose values go side by side.
    list : list of mapping, optional
        Runs written out.
    random : mapping, optional
        ``{"samples": 100, "g": {"uniform": [3, 8]}}``; see the page about sweeps for all forms.
    constraints : str or list of str, optional
        Conditions over swept names; a run fulfils all.
    set : mapping, optional
        Values that differ from the network's in all runs.
    duration, warmup : float, optional
        ms; by default those of the network's file, or 1000 and 0.
    measure : str or list, optional
        Names of measures, ``{name: {option: value}}``, or ``custom.py:function``.
    keep : mapping, optional
        ``{"spikes": {"first": 3}}``; likewise ``"traces"``.
    record : str or list of str, optional
        What is recorded where it is kept, as ``"exc.V[:10]"``.
    backend, precision, threads, connectivity, driver, device, plan
        As in ``net.compile``.

    Raises
    ------
    SweepError
        A name that cannot be swept, values that are none.

    Examples
    --------
    >>> net = pg.Network(seed=7)
    >>> cells = net.population("cells", 10, pg.LIF())
    >>> sweep = pg.Sweep(net, {"populations.cells.parameters.tau": [10.0, 20.0], "seed": [1, 2, 3]})
    >>> len(sweep), sweep.runs[1].values
    (6, {'populations.cells.parameters.tau': 10.0, 'seed': 2})
    """

    spec: SweepSpec

    def __init__(
        self,
        network: Network | str | Path,
        values: Mapping[str, Any] | None = None,
        *,
        zip: Mapping[str, Any] | None = None,
        list: Sequence[Mapping[str, Any]] | None = None,
        random: Mapping[str, Any] | None = None,
        constraints: str | Sequence[str] | None = None,
        set: Mapping[str, Any] | None = None,
        duration: float | None = None,
        warmup: float | None = None,
        **options: Any,
    ) -> None:
        parts = {
            "grid": values, "zip": zip, "list": list, "random": random, "constraints": constraints,
        }  # fmt: skip
        given = {name: part for name, part in parts.items() if part is not None}
        times = {"duration": duration, "warmup": warmup}
        data = {
            "sweep": given,
            "set": {} if set is None else set,
            "run": {name: value for name, value in times.items() if value is not None},
            **options,
        }
        self.spec = given_spec(network, data, _HERE)

    @classmethod
    def load(cls, path: str | Path) -> Sweep:
        """The sweep of a file.

        Raises
        ------
        FileFormatError
            Naming file, line, column and key.
        """
        return cls.of(load_sweep(path))

    @classmethod
    def of(cls, spec: SweepSpec) -> Sweep:
        """The sweep that a `SweepSpec` describes.

        Raises
        ------
        SweepError
            It is a search.
        """
        if spec.search is not None:
            raise SweepError(
                "this is a search, not a sweep", where=Location(spec.origin), hint="pg.Search"
            )
        made = cls.__new__(cls)
        made.spec = spec
        return made

    @property
    def names(self) -> tuple[str, ...]:
        """What is swept."""
        return self.spec.names

    @cached_property
    def runs(self) -> builtins.list[Run]:
        """All runs: their numbers, identities and values.

        Raises
        ------
        SweepError
            There are none, or more than a million; `plan` makes those, too.
        """
        return self.plan()

    def plan(self, most: int | None = MANY_RUNS) -> builtins.list[Run]:
        """The runs, made anew.

        Parameters
        ----------
        most : int, optional
            How many combinations may be tried; None: any number.
        """
        return expand(self.spec, most=most)

    @cached_property
    def groups(self) -> builtins.list[Group]:
        """The runs by structure: each group is compiled once."""
        return group_runs(self.runs, self.spec.source, self.spec.run.precision)

    def network(self, run: int | Run) -> Network:
        """The network of a run.

        Parameters
        ----------
        run : int or Run
            Its number, or itself.

        Raises
        ------
        ArgumentError
            There is no such run.
        """
        if not isinstance(run, Run) and not -len(self) <= run < len(self):
            raise ArgumentError(
                f"there is no run {run}", where=Location(_HERE), hint=f"there are {len(self):,}"
            )
        chosen = run if isinstance(run, Run) else self.runs[run]
        return self.spec.source.make(chosen.values)

    def dry_run(self, *, trial: bool = True) -> DryRun:
        """What the sweep would do: runs, groups, and time and memory by a trial of each structure.

        Parameters
        ----------
        trial : bool
            Whether networks are compiled and run for it.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 10, pg.LIF())
        >>> print(pg.Sweep(net, {"seed": {"repeat": 50}}, duration=100).dry_run(trial=False))
        50 runs of network, 100 ms
          seed  50 values, 0 to 49
        1 network to compile, for 1 group of runs
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
        yes: bool = False,
    ) -> Batch:
        """Do all runs; of a batch that is there already, those that did not end yet.

        Parameters
        ----------
        folder : path, optional
            Where all is written; by default a temporary one, which goes with the batch.
        processes : int, optional
            Of this machine: by default one for each core, or none besides this one where all is
            done in some seconds. 0: none.
        threads : int, optional
            Of each process.
        cluster : str
            Address of a Dask scheduler: ``tcp://head:8786``.
        progress : bool, optional
            Whether progress is shown; None: on a terminal or in a notebook.
        yes : bool
            Do also more than a million runs.

        Returns
        -------
        Batch
            Its ``table`` is a pandas DataFrame with a row for each run.

        Raises
        ------
        BatchError
            The folder holds something else, or another process uses it; a cluster does not answer.
        KeyboardInterrupt
            Ctrl-C; what was done is kept, and calling this again continues.

        Examples
        --------
        >>> net = pg.Network(seed=7)
        >>> cells = net.population("cells", 10, pg.LIF())
        >>> drive = net.current(cells, 300.0, name="drive")
        >>> sweep = pg.Sweep(net, {"inputs.drive.value": [300.0, 500.0]}, measure="rates")
        >>> batch = sweep.run(processes=0)
        >>> batch.table["rates.cells"].tolist()
        [0.0, 63.0]
        """
        options = BatchOptions(
            cluster=cluster, processes=processes, threads=threads, progress=progress
        )
        path = None if folder is None else as_path(folder)
        return run_batch(self.spec, path, options, most=None if yes else MANY_RUNS)

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __repr__(self) -> str:
        factors = " x ".join(f"{d.count:,} {', '.join(d.names)}" for d in self.spec.dimensions)
        return f"<Sweep of {self.spec.source.name}: {counted(self.spec.count, 'run')} ({factors})>"


def given_spec(network: Network | str | Path, data: Mapping[str, Any], here: str) -> SweepSpec:
    """What is given in Python, in the keys of a sweep file.

    Parameters
    ----------
    network : Network, str or Path
    data : mapping
    here : str
        What messages call it.

    Raises
    ------
    SweepError
        Naming the key.
    """
    is_network = isinstance(network, Network)
    name = network.name or "network" if isinstance(network, Network) else str(network)
    document = Document(_plain({"network": name, **data}), here, folder=Path())
    try:
        source = GivenSource(network, data.get("set")) if is_network else None  # type: ignore[arg-type]
        return read_sweep(document, source=source)
    except FileFormatError as error:  # there is no file
        raise SweepError(error.message, where=error.where, hint=error.hint) from None


def _plain(value: Any) -> Any:
    """Arrays, tuples and ranges as lists, NumPy's numbers as Python's; the rest as it is."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    return value
