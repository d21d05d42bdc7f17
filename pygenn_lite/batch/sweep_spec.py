"""A sweep as plain data: where its networks come from, what differs between runs, how each is run,
and what is kept of it. Made by `sweep_file` from YAML and by ``pg.Sweep`` from Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.card_options import CardOptions

if TYPE_CHECKING:
    from pygenn_lite.batch.constraint import Constraint
    from pygenn_lite.batch.dimension import Dimension
    from pygenn_lite.batch.script import Script
    from pygenn_lite.batch.search.search_spec import SearchSpec
    from pygenn_lite.batch.source import NetworkSource


@dataclass(frozen=True)
class Run:
    """One simulation of a sweep.

    Attributes
    ----------
    index : int
        Its number, from 0 on, in the order of the file.
    id : str
        16 hexadecimal digits, of the network, the values, and how it is run; the same in every
        process and in whatever order the file names its values.
    values : dict
        What is swept, by the names that the file uses.
    """

    index: int
    id: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Group:
    """Runs of one structure, which one compiled network does.

    Attributes
    ----------
    key : str
        16 hexadecimal digits.
    structural : dict
        The swept values that make this structure; empty where none does.
    runs : list of Run
        Those with equal synapses stand together.
    """

    key: str
    structural: dict[str, Any]
    runs: list[Run]


@dataclass(frozen=True)
class MeasureRequest:
    """A measure that is wanted of each run.

    Attributes
    ----------
    name : str
        That of the library, or ``custom.py:function``.
    options : mapping
        What it is called with.
    script : Script, optional
        The function of a file; None for a measure of the library.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    script: Script | None = None


@dataclass(frozen=True)
class Keep:
    """Which runs keep all their spikes, or all their traces.

    Attributes
    ----------
    kind : {"none", "all", "first", "runs", "where"}
    first : int
        How many, from the first on.
    runs : tuple of int or str
        Numbers or identities of runs.
    where : Constraint, optional
        A condition over swept values.
    """

    kind: str = "none"
    first: int = 0
    runs: tuple[int | str, ...] = ()
    where: Constraint | None = None

    @property
    def text(self) -> str:
        """The same in words, as the file has them."""
        details = {"first": self.first, "runs": list(self.runs), "where": self.where}
        if self.kind not in details:
            return self.kind
        return f"{self.kind}: {self.where.text if self.where else details[self.kind]}"

    def chosen(self, run: Run) -> bool:
        """Whether a run is one of them."""
        if self.kind == "first":
            return run.index < self.first
        if self.kind == "runs":
            return run.index in self.runs or run.id in self.runs
        if self.kind == "where" and self.where is not None:
            return self.where.holds(run.values)
        return self.kind == "all"


@dataclass(frozen=True)
class HowToRun:
    """What holds for all runs of a sweep.

    Attributes
    ----------
    duration : float
        Time simulated after the warm-up, ms.
    warmup : float
        Time simulated before it, ms; measures leave it out.
    backend, precision : str
        As in ``net.compile``.
    driver, device, plan : str, int, str
        Of the backend "cuda", as in ``net.compile``.
    threads : int, optional
        Of one process; None: its share of the machine's cores.
    connectivity : {"own", "shared"}
        Whether each seed draws synapses of its own, or all runs have those of the network's seed.
    """

    duration: float = 1000.0
    warmup: float = 0.0
    backend: str = "auto"
    precision: str = "float32"
    threads: int | None = None
    connectivity: str = "own"
    driver: str = "auto"
    device: int = 0
    plan: str = "auto"

    @property
    def card(self) -> CardOptions:
        """Which card runs are done on, and how."""
        return CardOptions(self.driver, self.device, self.plan)


@dataclass(frozen=True)
class SweepSpec:
    """A sweep.

    Attributes
    ----------
    source : NetworkSource
        Makes the network of each run.
    dimensions : tuple of Dimension
        They multiply; the last one changes fastest from run to run.
    constraints : tuple of Constraint
        What the values of a run must fulfil.
    run : HowToRun
    measures : tuple of MeasureRequest
    keep_spikes, keep_traces : Keep
    record : tuple of str
        What is recorded where it is kept, as in network files (``exc.V[:10]``); empty: what the
        network itself records, or else all spikes.
    cluster : mapping
        What Slurm's or Kubernetes' workers are started with: options of dask_jobqueue's or
        dask_kubernetes' cluster, and ``jobs``, how many.
    search : SearchSpec, optional
        Values that are looked for; each trial does all that the dimensions say.
    text : str
        The file as it was given; empty where the sweep was made in Python.
    origin : str
        What messages call it: the file's name.
    """

    source: NetworkSource
    dimensions: tuple[Dimension, ...]
    constraints: tuple[Constraint, ...] = ()
    run: HowToRun = HowToRun()
    measures: tuple[MeasureRequest, ...] = ()
    keep_spikes: Keep = Keep()
    keep_traces: Keep = Keep()
    record: tuple[str, ...] = ()
    cluster: Mapping[str, Any] = field(default_factory=dict)
    search: SearchSpec | None = None
    text: str = ""
    origin: str = "the sweep"

    @property
    def names(self) -> tuple[str, ...]:
        """What is swept or searched, by the names that the file uses, in its order."""
        swept = (name for dimension in self.dimensions for name in dimension.names)
        return (*swept, *(() if self.search is None else self.search.names))

    @property
    def count(self) -> int:
        """Number of combinations, before constraints and duplicates."""
        count = 1 if self.search is None else self.search.runs
        for dimension in self.dimensions:
            count *= dimension.count
        return count

    @property
    def scripts(self) -> tuple[Script, ...]:
        """The files whose code a run of the sweep executes."""
        own = [request.script for request in self.measures if request.script is not None]
        return tuple(dict.fromkeys((*self.source.scripts, *own)))
