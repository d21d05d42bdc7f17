"""What a run gives back: spikes, traces, rates. Plain arrays; reads and writes result files, but
does not depend on the simulation that made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pygenn_lite import hooks
from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.declaration.steps import nearest_steps, times_of
from pygenn_lite.declaration.summary import listed
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.old_names import with_old_arguments, with_old_names
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.exchangeable import Exchangeable
from pygenn_lite.runtime.results.files import as_path
from pygenn_lite.runtime.results.final_weights import FinalWeights
from pygenn_lite.runtime.results.recorded_data import (
    RecordedByName,
    Samples,
    SpikeCounts,
    SpikeTrain,
    recorded_indices,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pygenn_lite.runtime.results.binning import BinnedSpikes


@with_old_names
@dataclass
class Result(Exchangeable):
    """What one call of ``run`` produced.

    Attributes
    ----------
    dt : float
        ms per step.
    start_step, stop_step : int
        The part of the simulation it covers.
    sizes : dict
        Neurons by population.
    spikes : mapping of str to SpikeTrain
        By population, where spikes were recorded.
    traces : mapping of str to mapping of str to Samples
        By population and variable.
    counts : SpikeCounts
        Of all populations.
    fully_recorded : frozenset of str
        Populations of which the spikes of all neurons were recorded.
    interrupted : bool
        Whether Ctrl-C or a fault ended the run early; all up to there is kept.
    simulate_seconds : float
        Wall time of the run.
    path : Path or None
        The file it was streamed to or loaded from.
    file_id : str
        What tells that file from others that have had its name since.
    weights : mapping of str to ndarray or WeightHistogram
        Of plastic groups, at the end of a run with ``keep_weights=True``.
    provenance : mapping of str to object
        Where it comes from: versions, date (UTC), precision, threads, seed, compiler and flags,
        host, the network as YAML, the command line, and the simulation's ``notes``.
    """

    dt: float
    start_step: int
    stop_step: int
    sizes: dict[str, int]
    spikes: Mapping[str, SpikeTrain]
    traces: Mapping[str, Mapping[str, Samples]]
    counts: SpikeCounts
    fully_recorded: frozenset[str] = frozenset()
    name: str = ""
    interrupted: bool = False
    simulate_seconds: float = 0.0
    path: Path | None = None
    file_id: str = ""
    weights: Mapping[str, FinalWeights] = field(default_factory=dict)
    provenance: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.weights, RecordedByName):
            self.weights = RecordedByName(self.weights, "weights")

    @property
    def duration(self) -> float:
        """Simulated time in ms."""
        return float(times_of(self.stop_step - self.start_step, self.dt))

    @property
    def start(self) -> float:
        """Time in ms at which the run began."""
        return float(times_of(self.start_step, self.dt))

    @property
    def real_time_factor(self) -> float:
        """Wall time over simulated time (1: as fast as the real thing; lower is faster)."""
        return self.simulate_seconds * 1000.0 / self.duration if self.duration else float("nan")

    @with_old_arguments("Result.rates")
    def rates(self, warmup: float = 0.0) -> dict[str, float]:
        """Mean firing rate of every population, Hz.

        Parameters
        ----------
        warmup : float
            ms at the start of the run that are left out. Where spikes were not recorded, spikes are
            only known in bins of 100 ms: ``warmup`` is then rounded up to the next one, unless
            the run was given the same (``run(warmup=...)``).

        Raises
        ------
        SimulationError
            Nothing is left to count in.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 1, pg.LIF())
        >>> drive = net.current(cells, 500.0)
        >>> result = net.compile(threads=1).run(1000.0)
        >>> result.rates()  # spikes are counted, recorded or not
        {'cells': 63.0}
        """
        from pygenn_lite.runtime.results.binning import count_spikes

        warmup_steps = float(nearest_steps(_milliseconds(warmup, "warmup"), self.dt))
        if not 0 <= warmup_steps < max(self.stop_step - self.start_step, 1):
            raise ArgumentError(
                f"a warm-up time of {warmup} ms leaves nothing of a run of {self.duration} ms"
            )
        first = self.start_step + int(warmup_steps)
        result = {}
        for population, size in self.sizes.items():
            if population in self.fully_recorded and population in self.spikes:
                edges = np.array([first, self.stop_step], np.int64)
                number = int(count_spikes(self.spikes[population].steps, edges, self.start_step)[0])
                steps = self.stop_step - first
            else:
                number, steps = self._counted(population, first)
            seconds = steps * self.dt / 1000.0
            result[population] = number / size / seconds if size and seconds else 0.0
        return result

    def binned(
        self,
        population: str,
        bin_ms: float = 5.0,
        start: float | None = None,
        stop: float | None = None,
    ) -> BinnedSpikes:
        """Count the recorded spikes of a population in bins (a, b] of time, exactly.

        Parameters
        ----------
        population : str
            One whose spikes were recorded.
        bin_ms : float
            Width of a bin, ms; rounded to steps, at least one. The last bin may be shorter.
        start, stop : float, optional
            Window, ms; by default the whole run.

        Returns
        -------
        BinnedSpikes
            ``times`` (middles, ms), ``counts``, ``rates`` (Hz per recorded neuron).
        """
        from pygenn_lite.runtime.results.binning import BinnedSpikes, bin_edges, count_spikes

        width = float(nearest_steps(_milliseconds(bin_ms, "bin_ms"), self.dt))
        if not 0 < float(bin_ms) < np.inf:
            raise ArgumentError(f"bins of {bin_ms!r} ms", hint="give a width in ms, above 0")
        first, last = (
            int(nearest_steps(_milliseconds(given, name), self.dt).clip(*self._span))
            if given is not None
            else bound
            for name, given, bound in zip(("start", "stop"), (start, stop), self._span, strict=True)
        )
        train = self.spikes[population]
        edges = bin_edges(first, last, int(min(width, 2**62)))
        counts = count_spikes(train.steps, edges, self.start_step)
        return BinnedSpikes(edges, counts, self.recorded_neurons(population), self.dt)

    def recorded_neurons(self, population: str) -> int:
        """Number of neurons of a population whose spikes were recorded."""
        full = population in self.fully_recorded
        return len(recorded_indices(self.spikes[population], self.sizes[population], full))

    @property
    def _span(self) -> tuple[int, int]:
        return self.start_step, self.stop_step

    def _counted(self, population: str, first: int) -> tuple[int, int]:
        """Spikes in the bins that begin at step ``first`` or later, and the steps of these bins:
        those of a run that was killed may end before it does."""
        steps, totals = self.counts.steps, self.counts.totals[population]
        bin_number = int(np.searchsorted(steps, first))
        if bin_number < len(steps) - 1:
            return int(totals[-1] - totals[bin_number]), int(steps[-1] - steps[bin_number])
        if self.stop_step == self.start_step:
            return 0, 0
        after = float(times_of(first - self.start_step, self.dt))
        raise SimulationError(
            f"no rate of {population!r} is known after {after:g} ms: its spikes were not "
            f"recorded, only counted every 100 ms, in a run of {self.duration:g} ms",
            hint="record its spikes, leave out less, or run for longer",
        )

    @with_old_arguments("Result.plot")
    def plot(
        self,
        path: str | Path | None = None,
        *,
        show: bool | None = None,
        warmup: float = 0.0,
        start: float | None = None,
        stop: float | None = None,
        bin_ms: float = 5.0,
        reference_rates: Mapping[str, float] | None = None,
        title: str = "",
        figsize: tuple[float, float] | None = None,
        dpi: float | None = None,
    ) -> Figure:
        """Draw raster, rates, traces and weights, and show them.

        A notebook shows the picture once, below the cell. A script opens a window where matplotlib
        can, else it writes a temporary file and says where on standard error.

        Parameters
        ----------
        path : str or Path, optional
            Write the picture to this file instead; the ending says how (.png, .svg, .pdf).
        show : bool, optional
            Whether to show it; by default where no path is given.
        warmup, start, stop, bin_ms, reference_rates, title, figsize, dpi
            As in :func:`pygenn_lite.plotting.plot_result`.

        Returns
        -------
        matplotlib.figure.Figure
            Not one of pyplot's.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 3, pg.LIF())
        >>> drive = net.current(cells, "400 + 50*i")
        >>> net.record(cells.spikes)
        >>> result = net.compile(threads=1).run(100.0)
        >>> figure = result.plot("cells.png", warmup=20.0)
        """
        figure: Figure = hooks.call(
            "show_result", self, path, show=show, warmup=warmup, start=start, stop=stop,
            bin_ms=bin_ms, reference_rates=reference_rates, title=title, figsize=figsize, dpi=dpi,
        )  # fmt: skip
        return figure

    def report(
        self,
        path: str | Path,
        *,
        warmup: float = 0.0,
        reference_rates: Mapping[str, float] | None = None,
        title: str = "",
    ) -> Path:
        """Write one HTML page about this run: activity, measures, network, formulas, origin.

        The page is complete in itself: it works offline, and asks no other machine for anything.

        Parameters
        ----------
        path : str or Path
            Ends in ``.html``; an older page there is replaced.
        warmup : float
            ms at the start that rates and measures leave out.
        reference_rates : mapping of str to float, optional
            Rates to compare with, Hz by population.
        title : str
            By default the network's name.

        Returns
        -------
        Path

        Raises
        ------
        ArgumentError
            The warm-up leaves nothing of the run, or the name does not end in ``.html``.
        MissingPackageError
            Bokeh is not installed.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 3, pg.LIF())
        >>> drive = net.current(cells, "400 + 50*i")
        >>> net.record(cells.spikes)
        >>> net.compile(threads=1).run(100.0).report("cells.html", warmup=20.0).name
        'cells.html'
        """
        options = {"warmup": warmup, "reference_rates": reference_rates, "title": title}
        written: Path = hooks.call("report_result", self, path, **options)
        return written

    def save(self, path: str | Path, overwrite: bool = False) -> Path:
        """Write all to an HDF5 file (spikes in the SONATA layout).

        Parameters
        ----------
        path : path
            Appears when all is written.
        overwrite : bool
            Whether a result file that is there may be replaced. Other files never are.

        Returns
        -------
        Path

        Raises
        ------
        ArgumentError
            There is a file already.
        SimulationError
            The file cannot be written, or somebody else is writing it.
        """
        written: Path = hooks.call("write_result", self, as_path(path), overwrite)
        return written

    def __add__(self, other: object) -> Result:
        """This result and that of the run that followed, as one (see `join_results`)."""
        if not isinstance(other, Result):
            return NotImplemented
        joined: Result = hooks.call("join_results", [self, other])
        return joined

    def __repr__(self) -> str:
        state = ", interrupted" if self.interrupted else ""
        return (
            f"<Result: {self.duration:g} ms of {self.name or 'a network'}, spikes of "
            f"{listed(self.spikes) or 'nothing'} recorded{state}>"
        )

    def _repr_html_(self) -> str:
        return str(hooks.call("result_html", self))


def _milliseconds(given: object, name: str) -> float:
    """A time given by the user."""
    number = plain_number(given)
    if number is None or number != number:
        raise ArgumentError(f"{name} = {given!r} is not a time", hint="give a number of ms")
    return as_float(number)
