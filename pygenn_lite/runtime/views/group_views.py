"""What a user holds of a simulation: populations and synapse groups as named arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity import Convolution
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.named import Named, as_name
from pygenn_lite.declaration.numeric import Whole
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.spike_tensor import SpikeTensor
from pygenn_lite.declaration.summary import counted, line, listed
from pygenn_lite.declaration.values import Value
from pygenn_lite.errors import Location, ShapeError, SimulationError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.device import Device, Instance
from pygenn_lite.runtime.layout import LAST_UPDATE, PopulationLayout, StoredVariable
from pygenn_lite.runtime.live import Live
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.population_values import check_parameter
from pygenn_lite.runtime.values.spike_trains import SpikeTrain, check_replay, from_step
from pygenn_lite.runtime.values.weights import check_weights
from pygenn_lite.runtime.variable_names import path_of, public_names, resolve
from pygenn_lite.runtime.views.assigned import assigned_to_neurons, assigned_to_synapses
from pygenn_lite.runtime.views.changed_weights import ChangedWeights
from pygenn_lite.runtime.views.parameters import Parameters, Place
from pygenn_lite.runtime.views.rewired_synapses import Rewiring
from pygenn_lite.runtime.views.state_array import Change, StateArray, numbers_of

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Viewed:
    """What all views of an instance look at.

    Attributes
    ----------
    device : Device
    instance : Instance
        One of the device's.
    parameters : Parameters
    changed_weights : ChangedWeights
    """

    device: Device
    instance: Instance
    parameters: Parameters
    changed_weights: ChangedWeights

    @classmethod
    def of(
        cls, device: Device, index: int, changed: set[str], changed_weights: ChangedWeights
    ) -> Viewed:
        """An instance by its index; ``changed`` takes the populations whose coefficients are to be
        computed again."""
        instance = device.instances[index]
        parameters = Parameters(instance, device.layout, changed)
        return cls(device, instance, parameters, changed_weights)


class PopulationView(Live, Named):
    """Variables and parameters of a population: ``view["V"]`` is an array to read and to assign.

    A parameter that all neurons share has shape (); ``view["tau"] = 10`` sets it.
    """

    def __init__(self, viewed: Viewed, layout: PopulationLayout) -> None:
        self._viewed, self._layout = viewed, layout
        self.name, self.size = layout.name, layout.size

    @property
    def names(self) -> list[str]:
        """Variables and parameters: all that can be read and set.

        The neuron's own come first. Those of receptors, traces and inputs have paths
        (``exc_inh.I_syn``, ``drive.weight``), one for each group or input that they belong to;
        those of receptors and traces go by their bare name, too, where there is one of that name
        only.
        """
        return list(public_names(self._layout))

    def __getitem__(self, name: str) -> StateArray:
        name = as_name(name)
        variable, viewed = resolve(self._layout, name), self._viewed
        return StateArray(
            f"{self.name}[{name!r}]",
            lambda: viewed.instance.read(variable),
            lambda values: self._change(variable, values),
            lambda value: assigned_to_neurons(
                value, viewed.instance, viewed.device.step, self.name, variable.name
            ),
        )

    def __setitem__(self, name: str, values: Any) -> None:
        self.change(name, values)()

    def change(self, name: str, values: Any) -> Change:
        """What sets a variable, once the values have been checked."""
        return self[name].change(..., values)

    def __len__(self) -> int:
        return self.size

    @property
    def shape(self) -> tuple[int, ...]:
        """(channels, height, width), or what was declared; else (size,):
        ``view["V"].reshape(view.shape)`` has the neurons in their places."""
        return self._viewed.instance.network.populations[self.name].shape or (self.size,)

    def spike_counts(self) -> npt.NDArray[np.uint32]:
        """Spikes of each neuron since the start (or the last reset)."""
        return self._viewed.instance.spike_counts(self.name)

    def replay(self, tensor: SpikeTensor, sample: Whole = 0) -> None:
        """Let a spike source replay one sample of a tensor: its time 0 is now, and what the source
        replayed before ends. ``reset`` puts back the declared train.

        Parameters
        ----------
        tensor : SpikeTensor
        sample : int
            Which of its samples.

        Raises
        ------
        ArgumentError
            Not a spike source, a tensor of another size, no such sample; in the middle of a run,
            where spikes at 0 come one step later, a neuron that spikes in both steps.
        """
        self.replay_change(tensor, sample)()

    def replay_change(self, tensor: SpikeTensor, sample: Whole) -> Change:
        """What has it replay the sample, once that has been checked."""
        viewed, label = self._viewed, Location(f"{self.name}.replay")
        dt, now = viewed.instance.network.dt, viewed.device.step
        check_replay(viewed.instance.network.populations[self.name], tensor, dt, label)
        train = SpikeTrain(*tensor.train(sample, dt))
        if now:  # the spikes of the present step are on their way already
            train = from_step(train, now, label)
        return lambda: viewed.instance.replay(self.name, train)

    def _change(self, variable: StoredVariable, values: Array) -> Change:
        if not np.all(np.isfinite(values)):
            raise SimulationError(
                f"{path_of(self._layout, variable)!r} of {self.name!r} is set to NaN or infinity"
            )
        parameters, instance = self._viewed.parameters, self._viewed.instance
        if variable.shared:
            return parameters.change(Place(self.name, variable.name), float(values))
        is_parameter = variable.role == "parameter"
        if is_parameter:
            check_parameter(instance.network.populations[self.name], variable.name, values)

        def change() -> None:
            instance.write(variable, values)
            if is_parameter:
                parameters.changed.add(self.name)

        return change

    def __repr__(self) -> str:
        return line("population", self.name, counted(self.size, "neuron"), listed(self.names))


class GroupView(Live, Named):
    """A synapse group: ``view["weight"]`` and the model's other variables, ``connections()``.

    Variables per synapse are ordered by pre, post, delay; the weights of a convolution can also be
    set as its kernel (out, in, height, width). Variables and parameters of receptor and
    traces are those of the populations, with the model's names: groups that share a receptor share
    them. A parameter changes wherever the group uses it. This is refused where another group shares
    it and uses it elsewhere, too.
    """

    def __init__(
        self, viewed: Viewed, name: str, source: PopulationView, target: PopulationView
    ) -> None:
        self._viewed, self._source, self._target = viewed, source, target
        self._instance, self._parameters = viewed.instance, viewed.parameters
        self._layout = viewed.device.layout.groups[name]
        self._link = viewed.instance.structure.groups[name]
        self.name = name

    @property
    def names(self) -> list[str]:
        """All that can be read and set: variables per synapse, variables of receptor and traces,
        parameters of the model and those that it reads of its neurons."""
        parameters = self._parameters.names_of_group(self.name)
        variables = [*self._own(), *self._link.receptor, *self._link.pre_trace]
        return list(dict.fromkeys([*variables, *parameters]))

    def _own(self) -> list[str]:
        """Variables per synapse, ``weight`` first."""
        return [name for name in self._layout.variables if name != LAST_UPDATE]

    @property
    def size(self) -> int:
        """Synapses."""
        return self._instance.synapse_count(self.name)

    @property
    def shape(self) -> tuple[int, int]:
        """Neurons of the source and of the target."""
        sizes = self._instance.network.populations
        return sizes[self._link.source].size, sizes[self._link.target].size

    def connections(self) -> Connections:
        """All synapses as arrays: pre, post, delay (ms), weight."""
        return self._instance.connections(self.name)

    @property
    def takes_kernels(self) -> bool:
        """Whether weights may be given as the kernel of a convolution."""
        rule = self._instance.network.groups[self.name].connectivity
        return isinstance(rule, Convolution)

    def add_synapses(
        self, pre: npt.ArrayLike, post: npt.ArrayLike, weight: npt.ArrayLike = 1.0
    ) -> None:
        """Add synapses between steps; the group was connected with room for them (``spare=``).

        Parameters
        ----------
        pre, post : array of int, [synapses]
            Neurons of the source and of the target; pairs may occur more than once.
        weight : array of float, [synapses], or one for all

        Raises
        ------
        ConnectivityError
            A neuron has no room left, or there is no such neuron; then none is added.
        UnsupportedFeatureError
            The group has no room for more synapses.

        Notes
        -----
        A spike that is on its way arrives at synapses that there are when it does.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 10, pg.LIF())
        >>> group = net.connect(cells, cells, pg.Delta(), pg.FixedOutDegree(2), spare=3)
        >>> sim = net.compile()
        >>> sim["cells_cells"].add_synapses([0, 0], [8, 9], weight=0.5)
        >>> sim["cells_cells"].size
        22
        """
        weights = np.asarray(numbers_of(weight, f"{self.name}: weight", self._drawn("weight")))
        check_weights(self._instance.network.groups[self.name], weights)
        self._rewiring().add(pre, post, weights)

    def remove_synapses(self, pre: npt.ArrayLike, post: npt.ArrayLike) -> None:
        """Remove synapses between steps, of a group with room for others (``spare=``).

        Parameters
        ----------
        pre, post : array of int, [synapses]
            Of each synapse; of several of a pair, the first is removed.

        Raises
        ------
        ConnectivityError
            There is no such synapse, or no such neuron; then none is removed.
        UnsupportedFeatureError
            The group has no room for more synapses.
        """
        self._rewiring().remove(pre, post)

    def _rewiring(self) -> Rewiring:
        recorded = any(r.owner == self.name for r in self._viewed.device.requests.synapses)
        return Rewiring(self._instance, self._layout, self.shape, recorded)

    def __getitem__(self, name: str) -> StateArray:
        name = as_name(name)
        label = f"{self.name}[{name!r}]"
        if name in self._own():
            variable = self._layout.variables[name]
            change = self._change_weights if name == "weight" else partial(self._change, variable)
            return StateArray(
                label, lambda: self._instance.read(variable), change, self._drawn(name)
            )
        if name in self._link.receptor:
            return self._target[self._link.receptor[name]]
        if name in self._link.pre_trace:
            return self._source[self._link.pre_trace[name]]
        places = self._parameters.of_group(self.name, name)
        if places:
            return StateArray(
                label,
                lambda: np.array(self._parameters.get(places[0])),
                lambda value: self._change_parameter(name, value),
            )
        raise SimulationError(
            f"synapse group {self.name!r} has no variable or parameter {name!r}"
            f"{nearest(str(name), self.names)}",
            hint=f"it has {self.names}",
        )

    def __setitem__(self, name: str, values: Any) -> None:
        self.change(name, values)()

    def change(self, name: str, values: Any) -> Change:
        """What sets a variable or parameter, once the values have been checked."""
        if name == "weight":  # without reading them all first
            label = f"{self.name}['weight']"
            return self._change_weights(numbers_of(values, label, self._drawn(name)))
        return self[name].change(..., values)

    def __len__(self) -> int:
        return self.size

    def _change(self, variable: StoredVariable, values: Array) -> Change:
        with np.errstate(over="ignore"):  # infinity is refused with its name
            if not np.all(np.isfinite(np.asarray(values, dtype=variable.dtype))):
                raise SimulationError(
                    f"{variable.name!r} is set to NaN or infinity",
                    where=Location.of("synapse group", self.name),
                )
        return lambda: self._settle_and_write(variable, values)

    def _settle_and_write(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        self._instance.settle(self.name)
        self._instance.write(variable, values)

    def _drawn(self, name: str) -> Callable[[Value], Array]:
        """Evaluates formulas and distributions for one of the group's variables."""
        return lambda value: assigned_to_synapses(
            value,
            self._instance,
            self._viewed.device.step,
            self.name,
            name,
            self.connections(),
        )

    def _change_weights(self, values: npt.ArrayLike) -> Change:
        other = self._link.transpose_of
        if other:
            raise SimulationError(
                f"the weights are those of {other!r}, transposed",
                where=Location.of("synapse group", self.name),
                hint=f"set them there: sim[{other!r}]['weight'] = ...",
            )
        group, weight = self._instance.network.groups[self.name], self._layout.weight
        weights = self._of_kernel(group, self._as_weights(values))
        check_weights(group, weights, self._parameters.numbers_of(self.name))
        self._instance.check_weights(self.name, weights)
        if self._layout.plastic or self._layout.slots:  # a checkpoint holds them in any case
            return lambda: self._settle_and_write(weight, weights)
        return lambda: self._viewed.changed_weights.set(self.name, weights)

    def _as_weights(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        try:
            return np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ShapeError(
                f"the weight {str(values)[:60]!r} is not a number",
                where=Location.of("synapse group", self.name),
                hint="give one weight, or one per synapse in the order of connections()",
            ) from error

    def _of_kernel(self, group: SynapseGroup, weights: Array) -> Array:
        """The weights of all synapses, where the kernel of a convolution is given."""
        rule = group.connectivity
        if weights.ndim != 4 or not isinstance(rule, Convolution):
            return weights
        synapses, label = self.connections(), Location(f"{self.name}['weight']")
        return rule.weights_of(weights, synapses.pre, synapses.post, label)

    def _change_parameter(self, name: str, value: Array) -> Change:
        if not np.isfinite(value):
            raise SimulationError(f"{name!r} of {self.name!r} is set to NaN or infinity")
        return self._parameters.change_for_group(self.name, name, float(value))

    def __repr__(self) -> str:
        ends = f"{self._link.source} -> {self._link.target}"
        return line(
            "synapse group", self.name, counted(self.size, "synapse"), ends, listed(self.names)
        )
