"""A simulation as a model of NeuroBench's harness, which then computes its metrics itself.

Needs the package ``neurobench`` (``pip install 'pygenn-lite[neurobench]'``), which brings PyTorch.
`pygenn_lite.analysis.benchmark_counts` gives the same figures without either.

The harness asks a model for modules of PyTorch and hooks into their forward passes. A simulation
has neither: so its layers are shown as modules that only hold weights, and its hooks hold what the
populations did (the form is that of ``neurobench.hooks``, package 2.3.0).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.workload import spikes_of
from pygenn_lite.declaration.connectivity import Convolution, Transpose
from pygenn_lite.declaration.population import SpikeSource, SynapseGroup
from pygenn_lite.errors import Location, UnsupportedFeatureError
from pygenn_lite.optional import require
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.result import Result

if TYPE_CHECKING:
    from pygenn_lite.runtime.simulation import Simulation
    from pygenn_lite.runtime.views.group_views import GroupView

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Answer:
    """What a simulation made of one sample.

    Attributes
    ----------
    result : Result
        With the spikes of all populations that synapses come from, and, for membrane updates, the
        potentials at every step.
    prediction : array
        In the form of the data set's targets.
    potentials : mapping of str to ndarray
        Of each population at the end of the run, where they were recorded.
    inputs : mapping of str to ndarray, [times, inputs]
        What read-outs got, by name.
    """

    result: Result
    prediction: npt.ArrayLike
    potentials: Mapping[str, Array] = field(default_factory=dict)
    inputs: Mapping[str, Array] = field(default_factory=dict)


Run = Callable[[Any, Array], Answer]


def neurobench_model(
    simulation: Simulation,
    run: Run,
    *,
    read_outs: Mapping[str, npt.ArrayLike] | None = None,
    variable: str = "V",
) -> Any:
    """A model for ``neurobench.benchmarks.Benchmark``.

    Parameters
    ----------
    simulation : Simulation
    run : callable
        ``run(simulation, sample)``: resets the simulation, gives it the sample (an array [times,
        features]), runs it, and returns an `Answer`. All samples take the same number of steps.
    read_outs : mapping of str to array [outputs, inputs], optional
        Weights of layers beside the simulation.
    variable : str
        The membrane potential.

    Returns
    -------
    neurobench.models.NeuroBenchModel

    Raises
    ------
    MissingPackageError
        NeuroBench is not installed.
    UnsupportedFeatureError
        A group transmits continuously: the harness has no layer for that.
    """
    models = require("neurobench.models", "neurobench", "its harness")
    kind = type("SimulatedModel", (_SimulatedModel, models.NeuroBenchModel), {})
    return kind(simulation, run, dict(read_outs or {}), variable)


class _SimulatedModel:
    """The methods that NeuroBench asks of a model."""

    def __init__(
        self,
        simulation: Simulation,
        run: Run,
        read_outs: Mapping[str, npt.ArrayLike],
        variable: str,
    ) -> None:
        super().__init__()
        self.simulation, self.run, self.variable = simulation, run, variable
        self.activation_hooks: list[_Activity] = []
        self.connection_hooks: list[_Inputs] = []
        self._torch = require("torch", "neurobench", "NeuroBench's harness")
        self._layers, self._neurons = _modules(self._torch, simulation, read_outs)

    def __call__(self, batch: Any) -> Any:
        samples = batch.detach().cpu().numpy()
        answers = [self.run(self.simulation, sample) for sample in samples]
        for hook in self.connection_hooks:
            hook.inputs += [(self._tensor(part),) for a in answers for part in hook.inputs_of(a)]
        for activity in self.activation_hooks:
            self._take(activity, answers)
        return self._tensor(np.stack([np.asarray(a.prediction) for a in answers]))

    def _take(self, hook: _Activity, answers: Sequence[Answer]) -> None:
        results = [answer.result for answer in answers]
        hook.activation_outputs += [self._tensor(spike_matrix(r, hook.name)) for r in results]
        if not all(hook.name in answer.potentials for answer in answers):
            return
        before = np.stack([r.traces[hook.name][self.variable].values for r in results], axis=1)
        last = np.stack([answer.potentials[hook.name] for answer in answers])[None]
        after = np.concatenate([before[1:], last])
        hook.pre_fire_mem_potential += [self._tensor(values) for values in before]
        hook.post_fire_mem_potential += [self._tensor(values) for values in after]

    def __net__(self) -> Any:
        layers = {name: layer for name, (layer, _) in self._layers.items()}
        return self._torch.nn.Sequential(OrderedDict({**layers, **self._neurons}))

    def register_hooks(self) -> None:
        """One hook for each population and each layer."""
        self.activation_hooks += [_Activity(name, layer) for name, layer in self._neurons.items()]
        self.connection_hooks += [
            _Inputs(name, layer, source) for name, (layer, source) in self._layers.items()
        ]

    def _tensor(self, values: npt.ArrayLike) -> Any:
        return self._torch.as_tensor(np.asarray(values), dtype=_dtype(self._torch, self.simulation))


class _Inputs:
    """What a layer got, in the form of a hook on its forward pass."""

    def __init__(self, name: str, layer: Any, source: str) -> None:
        self.name, self.layer, self.source = name, layer, source
        self.maps: tuple[int, ...] = getattr(layer, "maps", ())
        self.columns: Array | None = getattr(layer, "columns", None)
        self.hook = self  # the harness takes it off while it applies the layer to ones and zeros
        self.inputs: list[tuple[Any]] = []

    def inputs_of(self, answer: Answer) -> list[Array]:
        """Spikes of the source, [steps, neurons] (or maps), all at once; or what a read-out got,
        one time after the other, since the harness tells spikes from numbers at each."""
        if not self.source:
            return [row[None] for row in np.asarray(answer.inputs[self.name])]
        spikes = spike_matrix(answer.result, self.source)
        if self.maps:
            return [spikes.reshape(len(spikes), *self.maps)]
        return [spikes if self.columns is None else spikes[:, self.columns]]

    def remove(self) -> None:
        """Nothing is registered with PyTorch, which never runs the layer."""

    def register_hook(self) -> None:
        """As `remove`."""

    def reset(self) -> None:
        """Forget the batch."""
        self.inputs.clear()

    def close(self) -> None:
        """As `remove`."""


class _Activity:
    """What a population did, in the form of a hook on an activation layer."""

    def __init__(self, name: str, layer: Any) -> None:
        self.name, self.layer = name, layer
        self.activation_outputs: list[Any] = []
        self.activation_inputs: list[Any] = []
        self.pre_fire_mem_potential: list[Any] = []
        self.post_fire_mem_potential: list[Any] = []

    def reset(self) -> None:
        """Forget the batch."""
        self.activation_outputs.clear()
        self.pre_fire_mem_potential.clear()
        self.post_fire_mem_potential.clear()

    def close(self) -> None:
        """Nothing is registered with PyTorch."""


def spike_matrix(result: Result, population: str) -> npt.NDArray[np.float32]:
    """Ones where a neuron spiked, [steps, neurons]."""
    steps, neurons = spikes_of(result, population)
    length = result.stop_step - result.start_step
    matrix = np.zeros((length, result.sizes[population]), np.float32)
    matrix[steps - result.start_step - 1, neurons] = 1.0
    return matrix


def _modules(
    torch: Any, simulation: Simulation, read_outs: Mapping[str, npt.ArrayLike]
) -> tuple[dict[str, tuple[Any, str]], dict[str, Any]]:
    """Modules of PyTorch that hold the weights, with their sources; and those of the neurons."""
    view, network = simulation.instances[0], simulation.network
    layers = {
        name: (_layer(torch, view.groups[name], group, simulation), group.source)
        for name, group in network.groups.items()
        if not isinstance(group.connectivity, Transpose)
    }
    for name, weights in read_outs.items():
        layers[name] = (_linear(torch, np.asarray(weights), simulation), "")
    neurons = {}
    for name, population in network.populations.items():
        if not isinstance(population.model, SpikeSource):
            neurons[name] = torch.nn.Module()
            for variable in view.populations[name].names:
                values = np.asarray(view.populations[name][variable])
                held = torch.as_tensor(values, dtype=_dtype(torch, simulation))
                neurons[name].register_buffer(variable.replace(".", "_"), held)
    return layers, neurons


def _layer(torch: Any, view: GroupView, group: SynapseGroup, simulation: Simulation) -> Any:
    if group.synapse.continuous:
        raise UnsupportedFeatureError(
            "NeuroBench has no layer for continuous transmission",
            where=Location.of("synapse group", group.name),
            hint="use pg.analysis.benchmark_counts",
        )
    synapses, rule = view.connections(), group.connectivity
    if isinstance(rule, Convolution) and rule.shared:
        place = rule.entries(synapses.pre, synapses.post)
        kernel = np.zeros(rule.kernel_shape)
        kernel.ravel()[place] = synapses.weight
        out, into, *size = kernel.shape
        made = torch.nn.Conv2d(into, out, size, rule.stride, rule.padding, bias=False)
        made.maps = rule.shapes[0]
        made.weight.data = torch.as_tensor(kernel, dtype=_dtype(torch, simulation))
        return made
    matrix = np.zeros(view.shape[::-1])
    np.add.at(matrix, (synapses.post, synapses.pre), synapses.weight)
    pre, post = (None if part is None else part.indices for part in rule.parts)
    matrix = matrix if post is None else matrix[post]
    made = _linear(torch, matrix if pre is None else matrix[:, pre], simulation)
    made.columns = pre
    return made


def _linear(torch: Any, matrix: Array, simulation: Simulation) -> Any:
    made = torch.nn.Linear(matrix.shape[1], matrix.shape[0], bias=False)
    made.weight.data = torch.as_tensor(matrix, dtype=_dtype(torch, simulation))
    return made


def _dtype(torch: Any, simulation: Simulation) -> Any:
    return getattr(torch, simulation.precision)
