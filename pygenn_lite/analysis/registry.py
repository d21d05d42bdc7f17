"""All measures by name: what each needs, and where it is computed, of a result and during a run."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import ArgumentError
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.analysis.sinks.measure_sink import MeasureSink
    from pygenn_lite.runtime.results.instance_results import InstanceResults
    from pygenn_lite.runtime.results.result import Result


@dataclass(frozen=True)
class Measure:
    """A measure.

    Attributes
    ----------
    name : str
    unit : str
        ``1`` without a unit.
    summary : str
    needs : {"counts", "spikes", "samples"}
        What the run must record: nothing (spikes are counted anyway), spikes, or variables.
    compute : str
        ``"module:function"``, of a result.
    sink : str or None
        ``"module:Class"``, during a run; None: needs all of the result.
    scalar : bool
        Whether it is one number per population (else a curve, or a value per neuron).
    """

    name: str
    unit: str
    summary: str
    needs: Literal["counts", "spikes", "samples"]
    compute: str
    sink: str | None = None
    scalar: bool = True

    def __call__(
        self, result: Result | InstanceResults, warmup: float = 0.0, **options: Any
    ) -> dict[str, Any]:
        """Compute it of a result, or of those of all instances."""
        found: dict[str, Any] = _load(self.compute)(result, warmup=warmup, **options)
        return found

    def check_options(self, options: Iterable[str]) -> None:
        """Refuse options that it does not have.

        Raises
        ------
        ArgumentError
            Naming those that it has.
        """
        known = [
            name
            for name, one in inspect.signature(_load(self.sink or self.compute)).parameters.items()
            if name not in _GIVEN and one.kind is not one.VAR_KEYWORD
        ]
        for name in options:
            if name not in known:
                near = nearest_or_all(name, known)
                raise ArgumentError(
                    f"the measure '{self.name}' has no option {name!r}{near}",
                    hint=f"help(pygenn_lite.analysis.{self.name}) explains them",
                )

    def make_sink(self, warmup: float = 0.0, **options: Any) -> MeasureSink:
        """A sink that computes it during a run.

        Raises
        ------
        ArgumentError
            It needs all of the result.
        """
        if self.sink is None:
            raise ArgumentError(
                f"{self.name} cannot be computed during a run",
                hint=f"keep the spikes: pg.analysis.measure(result, {self.name!r})",
            )
        made: MeasureSink = _load(self.sink)(warmup, **options)
        return made


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


_GIVEN = (
    "data",
    "result",
    "other",
    "warmup",
    "duration",
)  # no options: whoever measures gives them
_HERE = __name__.rpartition(".")[0]

# Name, unit, what it is; what must be recorded; where it is computed, of a result and during a run;
# whether it is one number per population.
_ROWS: tuple[tuple[str, str, str, Literal["counts", "spikes", "samples"], str, str, bool], ...] = (
    (
        "rates", "Hz", "mean firing rate",
        "counts", "firing_rates:rates", "rate_sink:Rates", True,
    ),
    (
        "spike_counts", "1", "spikes of each neuron",
        "spikes", "firing_rates:spike_counts", "neuron_sinks:SpikeCountsOfNeurons", False,
    ),
    (
        "binned_counts", "1", "spikes of the population in bins",
        "spikes", "spike_bins:binned_counts", "bin_sinks:BinnedCounts", False,
    ),
    (
        "isi", "ms", "all interspike intervals",
        "spikes", "spike_intervals:isi", "", False,
    ),
    (
        "mean_isi", "ms", "mean interspike interval",
        "spikes", "spike_intervals:mean_isi", "interval_sinks:MeanIsi", True,
    ),
    (
        "isi_histogram", "1", "how many interspike intervals have which length",
        "spikes", "spike_intervals:isi_histogram", "interval_sinks:IsiHistogram", False,
    ),
    (
        "cv_isi", "1", "coefficient of variation of interspike intervals, mean over neurons",
        "spikes", "spike_intervals:cv_isi", "interval_sinks:CvIsi", True,
    ),
    (
        "cv2", "1", "variation of successive intervals (CV2), mean over neurons",
        "spikes", "local_variation:cv2", "interval_sinks:Cv2", True,
    ),
    (
        "lv", "1", "local variation of intervals (LV), mean over neurons",
        "spikes", "local_variation:lv", "interval_sinks:Lv", True,
    ),
    (
        "lvr", "1", "local variation corrected for refractoriness (LvR), mean over neurons",
        "spikes", "local_variation:lvr", "interval_sinks:LvR", True,
    ),
    (
        "fano_factor", "1", "variance over mean of spike counts in windows, mean over neurons",
        "spikes", "variability:fano_factor", "neuron_sinks:FanoFactor", True,
    ),
    (
        "fano_factor_of_neurons", "1", "variance over mean of spike counts from neuron to neuron",
        "spikes", "variability:fano_factor_of_neurons", "neuron_sinks:FanoFactorOfNeurons", True,
    ),
    (
        "synchrony", "1", "variance over mean of the population's spike count in bins of 3 ms",
        "spikes", "population_synchrony:synchrony", "bin_sinks:Synchrony", True,
    ),
    (
        "synchrony_chi", "1", "fluctuations of the mean of V over those of single neurons (chi)",
        "samples", "population_synchrony:synchrony_chi", "sample_sinks:SynchronyChi", True,
    ),
    (
        "correlation", "1", "correlation of spike counts in bins, mean over pairs of neurons",
        "spikes", "pair_correlation:correlation", "", True,
    ),
    (
        "correlation_matrix", "1", "correlation of spike counts in bins, of all pairs of neurons",
        "spikes", "pair_correlation:correlation_matrix", "", False,
    ),
    (
        "autocorrelogram", "1", "pairs of spikes of one neuron by lag",
        "spikes", "correlograms:autocorrelogram", "neuron_sinks:Autocorrelogram", False,
    ),
    (
        "cross_correlogram", "1", "pairs of spikes of two populations by lag",
        "spikes", "correlograms:cross_correlogram", "bin_sinks:CrossCorrelogram", False,
    ),
    (
        "power_spectrum", "Hz", "power spectral density of the population's rate",
        "spikes", "spectra:power_spectrum", "bin_sinks:PowerSpectrum", False,
    ),
    (
        "coherence", "1", "coherence of the rates of two populations",
        "spikes", "spectra:coherence", "bin_sinks:Coherence", False,
    ),
    (
        "vector_strength", "1", "how well spikes are locked to a frequency",
        "spikes", "phases:vector_strength", "neuron_sinks:VectorStrength", True,
    ),
    (
        "phase_locking_value", "1", "how well the rates of two populations are locked in a band",
        "spikes", "phases:phase_locking_value", "", True,
    ),
    (
        "avalanches", "1", "sizes and durations of avalanches",
        "spikes", "silent_bins:avalanches", "", False,
    ),
    (
        "avalanche_exponent", "1", "exponent of the distribution of avalanche sizes",
        "spikes", "silent_bins:avalanche_exponent", "", True,
    ),
    (
        "branching_parameter", "1", "spikes in a bin per spike in the bin before",
        "spikes", "silent_bins:branching_parameter", "bin_sinks:BranchingParameter", True,
    ),
    (
        "van_rossum_distance", "1", "van Rossum distance of all pairs of neurons",
        "spikes", "distances:van_rossum_distance", "", False,
    ),
    (
        "victor_purpura_distance", "1", "Victor-Purpura distance of all pairs of neurons",
        "spikes", "distances:victor_purpura_distance", "", False,
    ),
    (
        "isi_distance", "1", "ISI-distance, mean over pairs of neurons",
        "spikes", "distances:isi_distance", "", True,
    ),
    (
        "spike_distance", "1", "SPIKE-distance, mean over pairs of neurons",
        "spikes", "distances:spike_distance", "", True,
    ),
    (
        "activation_sparsity", "1", "share of neurons and steps without a spike",
        "counts", "workload:activation_sparsity", "workload_sinks:ActivationSparsity", True,
    ),
    (
        "neuron_updates", "1", "neurons times steps",
        "counts", "workload:neuron_updates", "workload_sinks:NeuronUpdates", True,
    ),
)  # fmt: skip

MEASURES: dict[str, Measure] = {
    name: Measure(
        name, unit, summary, needs,
        f"{_HERE}.{compute}", f"{_HERE}.sinks.{sink}" if sink else None, scalar,
    )
    for name, unit, summary, needs, compute, sink, scalar in _ROWS
}  # fmt: skip


def find_measure(name: str) -> Measure:
    """The measure of this name.

    Raises
    ------
    ArgumentError
        There is none; the nearest names are shown.

    Examples
    --------
    >>> pg.analysis.find_measure("cv_isi").summary
    'coefficient of variation of interspike intervals, mean over neurons'
    """
    if name not in MEASURES:
        raise ArgumentError(
            f"there is not a measure {name!r}{nearest_or_all(name, MEASURES)}",
            hint="pygenn-lite measures lists all",
        )
    return MEASURES[name]


def measure(
    result: Result | InstanceResults, name: str, warmup: float = 0.0, **options: Any
) -> dict[str, Any]:
    """Compute a measure by its name.

    Parameters
    ----------
    result : Result or InstanceResults
    name : str
        One of `MEASURES`.
    warmup : float
        ms at the start of the run that are left out.
    **options
        Of the measure.

    Returns
    -------
    dict of str to float or ndarray
        By population; of all instances with an axis of instances.

    Raises
    ------
    ArgumentError
        There is not such a measure, or the result lacks what it needs.

    Examples
    --------
    >>> net = pg.Network()
    >>> cells = net.population("cells", 1, pg.LIF())
    >>> drive = net.current(cells, 500.0)
    >>> result = net.compile(threads=1).run(1000.0)
    >>> pg.analysis.measure(result, "rates", warmup=100.0)
    {'cells': 63.33...}
    """
    return find_measure(name)(result, warmup, **options)
