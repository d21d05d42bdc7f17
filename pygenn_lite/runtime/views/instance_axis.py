"""The same population, synapse group or input in all instances: values have an axis for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

from pygenn_lite.declaration.named import Named, as_name
from pygenn_lite.declaration.spike_tensor import SpikeTensor
from pygenn_lite.declaration.summary import counted, line, listed
from pygenn_lite.declaration.values import Value
from pygenn_lite.errors import Location, ShapeError, SimulationError
from pygenn_lite.runtime.live import Live
from pygenn_lite.runtime.views.group_views import GroupView, PopulationView
from pygenn_lite.runtime.views.input_views import InputView
from pygenn_lite.runtime.views.state_array import Change, StateArray, is_declared, numbers_of

if TYPE_CHECKING:
    from pygenn_lite.runtime.views.instance_view import View

Array = npt.NDArray[Any]


class InstancesView(Live, Named):
    """A population, group or input of all instances: ``view["V"]`` has shape (instances, n), a
    value that all neurons share shape (instances,). What is assigned is broadcast to that shape; a
    formula or a distribution is drawn for each instance with its seed.
    """

    def __init__(self, views: Sequence[View]) -> None:
        self._views = views
        self.name = views[0].name

    @property
    def names(self) -> list[str]:
        """All that can be read and set."""
        return self._views[0].names

    @property
    def size(self) -> int | list[int]:
        """Neurons of the population, the same in all instances; of a group the synapses, where they
        differ one number for each instance."""
        sizes = [view.size for view in self._views if not isinstance(view, InputView)]
        return sizes[0] if len(set(sizes)) == 1 else sizes

    def __getitem__(self, name: str) -> StateArray:
        name = as_name(name)
        first = self._views[0][name]  # an unknown name is answered by the view
        return StateArray(
            first.name,
            lambda: self._read(name),
            lambda values: self._change(name, values),
            lambda value: self._drawn(name, value),
        )

    def __setitem__(self, name: str, values: Any) -> None:
        if isinstance(self._views[0], PopulationView):
            self[name][...] = values
            return
        # Rates may come to be one number, or one per neuron: of each instance on its own. Instances
        # may have different numbers of synapses.
        label = self[name].name
        if is_declared(values) or np.ndim(values) == 0:
            make_all([view.change(name, values) for view in self._views])
            return
        if isinstance(self._views[0], GroupView):
            kernels = self._kernels(name, values)
            if kernels is None:
                self[name][...] = values
            else:
                self._change(name, kernels)()
            return
        array = numbers_of(values, label)
        if len(array) != len(self._views):
            raise ShapeError(
                f"values of shape {array.shape} for {counted(len(self._views), 'instance')}",
                where=Location(label),
                hint="the first axis is that of the instances",
            )
        self._change(name, array)()

    def __getattr__(self, name: str) -> Any:
        """What only one instance can do: says where to ask for it."""
        if name.startswith("_") or not hasattr(type(self._views[0]), name):
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        raise AttributeError(
            f"{name!r} is asked of one instance: simulation.instances[k][{self.name!r}].{name}"
        )

    def spike_counts(self) -> npt.NDArray[np.uint32]:
        """Spikes of each neuron since the start (or the last reset), [instances, neurons]."""
        views = [view for view in self._views if isinstance(view, PopulationView)]
        if not views:
            raise SimulationError(f"{self.name!r} is not a population", hint="ask a population")
        return np.stack([view.spike_counts() for view in views])

    def replay(self, tensor: SpikeTensor, samples: ArrayLike) -> None:
        """Let a spike source of each instance replay a sample of its own: see
        :meth:`PopulationView.replay`.

        Parameters
        ----------
        tensor : SpikeTensor
        samples : int or sequence of int
            One for all, or one for each instance.
        """
        label = f"{self.name}.replay"
        views = [view for view in self._views if isinstance(view, PopulationView)]
        if not views:
            raise SimulationError(f"{self.name!r} is not a population", hint="ask a population")
        given = np.asarray(samples)
        if given.shape not in ((), (len(views),)):
            raise ShapeError(
                f"samples of shape {given.shape} for {counted(len(views), 'instance')}",
                where=Location(label),
                hint="give one for all, or one for each",
            )
        each = zip(views, np.broadcast_to(given, len(views)), strict=True)
        make_all([view.replay_change(tensor, sample) for view, sample in each])

    def _read(self, name: str) -> Array:
        values = [np.asarray(view[name]) for view in self._views]
        if len({each.shape for each in values}) > 1:
            raise SimulationError(
                f"instances have different numbers of values of {name!r} of {self.name!r}",
                hint=f"look at one by one: simulation.instances[0][{self.name!r}][{name!r}]",
            )
        return np.stack(values)

    def _change(self, name: str, values: Array) -> Change:
        """What sets values in all instances, once those of each have been checked."""
        changes = [v.change(name, own) for v, own in zip(self._views, values, strict=True)]
        return lambda: make_all(changes)

    def _kernels(self, name: str, values: Any) -> Array | None:
        """The kernel of a convolution for each instance, where one is given for all or one each."""
        first, dimensions = self._views[0], np.ndim(values)
        if name != "weight" or not (isinstance(first, GroupView) and first.takes_kernels):
            return None
        if dimensions == 4:
            return np.broadcast_to(values, (len(self._views), *np.shape(values)))
        return np.asarray(values) if dimensions == 5 and len(values) == len(self._views) else None

    def _drawn(self, name: str, value: Value) -> Array:
        drawn = [view[name].evaluated(value) for view in self._views]
        return np.stack(drawn)

    def __repr__(self) -> str:
        instances = counted(len(self._views), "instance")
        return line(type(self._views[0]).__name__, self.name, instances, listed(self.names))


def make_all(changes: Sequence[Change]) -> None:
    """Make changes that have been checked."""
    for change in changes:
        change()
