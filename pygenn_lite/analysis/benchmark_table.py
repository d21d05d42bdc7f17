"""All that benchmarks ask for of a simulation and its run, as one table.

The figures are those of NeuroBench's harness (Yik et al., Nature Communications 2025; its package
2.3.0), computed from the declaration, the stored synapses and the spikes, without matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.layers import Layer, layer_of
from pygenn_lite.analysis.workload import (
    activation_sparsity,
    membrane_updates,
    neuron_updates,
    spikes_of,
    synaptic_events,
)
from pygenn_lite.declaration.population import SpikeSource
from pygenn_lite.errors import ArgumentError, ShapeError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.result import Result

if TYPE_CHECKING:
    from pygenn_lite.runtime.simulation import Simulation

ReadOut = tuple[Layer, npt.ArrayLike]


@dataclass(frozen=True)
class BenchmarkCounts:
    """What benchmarks count of a model and of a run; prints as a table.

    Attributes
    ----------
    samples : int
        Parts of the run that operations and membrane updates are given for.
    footprint : int
        Bytes of parameters and buffers: weights as matrices, variables and parameters of neurons.
    stored_bytes : int
        Bytes that the simulation really holds, where synapses that are absent take none.
    parameter_count : int
        Weights, absent synapses included.
    connection_sparsity : float
        Weights that are 0, over all, to 4 decimals.
    activation_sparsity : float
        Over all populations that are not spike sources.
    effective_macs, effective_acs : float
        Operations per sample with inputs and weights that are not 0: multiply-accumulates where
        inputs are numbers, accumulates where they are spikes.
    dense : float
        Operations per sample if nothing were 0.
    membrane_updates : float or None
        Per sample, of the populations that have a potential; None where it was not recorded.
    neuron_updates : int
        Neurons times steps.
    synaptic_events : dict of str to int
        By synapse group.
    layers : tuple of Layer
    """

    samples: int
    footprint: int
    stored_bytes: int
    parameter_count: int
    connection_sparsity: float
    activation_sparsity: float
    effective_macs: float
    effective_acs: float
    dense: float
    membrane_updates: float | None
    neuron_updates: int
    synaptic_events: Mapping[str, int]
    layers: tuple[Layer, ...]

    def as_dict(self) -> dict[str, float]:
        """Numbers by name, for a table of several models; synaptic events in total."""
        known = {name: getattr(self, name) for name in self.__dataclass_fields__}
        del known["layers"]
        known["synaptic_events"] = sum(self.synaptic_events.values())
        return {name: value for name, value in known.items() if value is not None}

    def __str__(self) -> str:
        rows = [(name.replace("_", " "), _shown(value)) for name, value in self.as_dict().items()]
        width, right = (max(len(row[k]) for row in rows) for k in (0, 1))
        return "\n".join(f"{name:<{width}}  {value:>{right}}" for name, value in rows)


def benchmark_counts(
    simulation: Simulation,
    result: Result,
    *,
    samples: int = 1,
    read_outs: Sequence[ReadOut] = (),
    variable: str = "V",
    instance: int = 0,
) -> BenchmarkCounts:
    """Count what benchmarks ask for: footprint, sparsity, synaptic operations, updates.

    Parameters
    ----------
    simulation : Simulation
        At the end of the run.
    result : Result
        With the spikes of all populations that synapses come from, and, for membrane updates, their
        potentials at every step.
    samples : int
        Operations and membrane updates are given per sample: how many the run consists of.
    read_outs : sequence of (Layer, inputs)
        Layers beside the simulation (see `dense_layer`) with what they got, [times, inputs].
    variable : str
        The membrane potential.
    instance : int
        Which instance of the simulation.

    Returns
    -------
    BenchmarkCounts

    Raises
    ------
    SimulationError
        Spikes that are needed were not recorded.
    ArgumentError
        The simulation has been run on since.

    Notes
    -----
    Weights are counted as they are now; of plastic groups at the end of the run. Inputs of groups
    with continuous transmission are taken as numbers other than 0.

    Examples
    --------
    >>> net = pg.Network(dt=1.0)
    >>> source = net.spike_source("source", 2, [1.0, 2.0, 8.0], [0, 1, 0])
    >>> cells = net.population("cells", 3, pg.LIF())
    >>> group = net.connect(
    ...     source, cells, pg.Delta(), pg.PairList([0, 0, 1], [0, 1, 2]), delay=1.0
    ... )
    >>> net.record(source.spikes)
    >>> sim = net.compile(threads=1)
    >>> counts = pg.analysis.benchmark_counts(sim, sim.run(10.0))
    >>> counts.effective_acs, counts.dense, counts.connection_sparsity
    (5.0, 60.0, 0.5)
    """
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise ArgumentError(f"samples = {samples!r}", hint="give a whole number, 1 or more")
    view = simulation.instances[instance]
    network = view.network
    layers = [layer_of(view.groups[name], group) for name, group in network.groups.items()]
    size = np.dtype(simulation.precision).itemsize
    operations = _operations(layers, result, read_outs)
    layers += [layer for layer, _ in read_outs]
    weights = sum(layer.weights for layer in layers)
    neurons = [n for n, p in network.populations.items() if not isinstance(p.model, SpikeSource)]
    buffers = sum(
        np.asarray(view.populations[name][variable_name]).size
        for name in neurons
        for variable_name in view.populations[name].names
    )
    potentials = membrane_updates(simulation, result, variable=variable, instance=instance)
    with_membrane = {name for name in neurons if variable in view.populations[name].names}
    known = bool(with_membrane) and with_membrane <= set(potentials)
    return BenchmarkCounts(
        samples=samples,
        footprint=(weights + buffers) * size,
        stored_bytes=sum(row.bytes for row in simulation.memory()) // len(simulation.instances),
        parameter_count=weights,
        connection_sparsity=_share(sum(layer.zeros for layer in layers), weights),
        activation_sparsity=_mean_sparsity(result, neurons),
        effective_macs=operations[0] / samples,
        effective_acs=operations[1] / samples,
        dense=operations[2] / samples,
        membrane_updates=sum(potentials[n] for n in with_membrane) / samples if known else None,
        neuron_updates=sum(neuron_updates(result)[name] for name in neurons),
        synaptic_events=synaptic_events(simulation, result, instance=instance),
        layers=tuple(layers),
    )


def _operations(
    layers: Sequence[Layer], result: Result, read_outs: Sequence[ReadOut]
) -> tuple[int, int, int]:
    """Multiply-accumulates, accumulates, and all if nothing were 0, of the whole run."""
    steps = result.stop_step - result.start_step
    macs = acs = dense = 0
    for layer in layers:
        dense += layer.pairs * steps
        if layer.spikes:
            indices = spikes_of(result, layer.source)[1]
            acs += int(layer.fan_out[indices].sum())
        else:
            macs += int(layer.fan_out.sum()) * steps
    for layer, given in read_outs:
        inputs = np.asarray(given, dtype=np.float64)
        if inputs.ndim != 2 or inputs.shape[1] != len(layer.fan_out):
            raise ShapeError(
                f"the inputs of {layer.name!r} have shape {inputs.shape}",
                hint=f"give an array [times, {len(layer.fan_out)}]",
            )
        per_time = (inputs != 0) @ layer.fan_out
        alike_spikes = np.isin(inputs, (-1.0, 0.0, 1.0)).all(axis=1)
        acs += int(per_time[alike_spikes].sum())
        macs += int(per_time[~alike_spikes].sum())
        dense += layer.pairs * len(inputs)
    return macs, acs, dense


def _mean_sparsity(result: Result, neurons: Sequence[str]) -> float:
    """Over all neurons of some populations."""
    sparsity = activation_sparsity(result)
    sizes = [result.sizes[name] for name in neurons]
    if not sum(sizes):
        return 0.0
    return float(np.average([sparsity[name] for name in neurons], weights=sizes))


def _share(zeros: int, weights: int) -> float:
    """To 4 decimals, divided in single precision as the harness does."""
    return round(float(np.float32(zeros) / np.float32(weights)), 4) if weights else 0.0


def _shown(value: float) -> str:
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.4f}" if value < 100 else f"{value:,.1f}"
