"""One instance as a user sees it: its populations, synapse groups and inputs by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, overload

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.named import Named, as_name
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.summary import counted, line
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.device import Device
from pygenn_lite.runtime.live import Live

if TYPE_CHECKING:
    from pygenn_lite.runtime.views.changed_weights import ChangedWeights
    from pygenn_lite.runtime.views.group_views import GroupView, PopulationView, Viewed
    from pygenn_lite.runtime.views.input_views import InputView

    View: TypeAlias = PopulationView | GroupView | InputView


class InstanceView(Live, Named):
    """One instance of a simulation: ``simulation.instances[2]["exc"]["V"]`` has shape (n,)."""

    def __init__(self, device: Device, index: int, changed: set[str]) -> None:
        self._device, self.index, self._changed = device, index, changed

    @property
    def network(self) -> Network:
        """Its declaration, with its seed and values (a copy)."""
        return self._device.instances[self.index].network.copy()

    @property
    def seed(self) -> int:
        """Of its initial values and noise: the network's, or that of the last ``reset``."""
        return self._device.instances[self.index].seed

    @cached_property
    def changed_weights(self) -> ChangedWeights:
        """Weights of static groups that were set by hand."""
        from pygenn_lite.runtime.views.changed_weights import ChangedWeights

        return ChangedWeights(self._device.instances[self.index], self._device.layout)

    @cached_property
    def _viewed(self) -> Viewed:
        from pygenn_lite.runtime.views.group_views import Viewed

        return Viewed.of(self._device, self.index, self._changed, self.changed_weights)

    @cached_property
    def populations(self) -> dict[str, PopulationView]:
        """All populations by name."""
        from pygenn_lite.runtime.views.group_views import PopulationView

        layouts = self._device.layout.populations.items()
        return {name: PopulationView(self._viewed, layout) for name, layout in layouts}

    @cached_property
    def groups(self) -> dict[str, GroupView]:
        """All synapse groups by name."""
        from pygenn_lite.runtime.views.group_views import GroupView

        of, groups = self.populations, self._viewed.instance.network.groups.items()
        return {n: GroupView(self._viewed, n, of[g.source], of[g.target]) for n, g in groups}

    @cached_property
    def inputs(self) -> dict[str, InputView]:
        """All inputs by name."""
        from pygenn_lite.runtime.views.input_views import input_views

        return input_views(self._viewed, self.populations)

    def __getitem__(self, name: str) -> View:
        name = as_name(name)
        for found in (self.populations.get(name), self.groups.get(name), self.inputs.get(name)):
            if found is not None:
                return found
        raise ArgumentError(
            f"no population, synapse group or input {name!r}{nearest(str(name), self.names)}",
            hint=f"there are {self.names}",
        )

    @property
    def names(self) -> list[str]:
        """Populations, synapse groups and inputs."""
        return list(dict.fromkeys([*self.populations, *self.groups, *self.inputs]))

    def __repr__(self) -> str:
        return line("instance", str(self.index), f"seed {self.seed}", ", ".join(self.names))


class InstanceViews(Sequence[InstanceView]):
    """All instances of a simulation, each made when it is asked for.

    Parameters
    ----------
    device : Device
    changed : set of str
        Takes the populations whose coefficients are to be computed again.
    """

    def __init__(self, device: Device, changed: set[str]) -> None:
        self._device, self._changed = device, changed
        self._made: dict[int, InstanceView] = {}

    def __len__(self) -> int:
        return len(self._device.instances)

    @overload
    def __getitem__(self, index: int) -> InstanceView: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[InstanceView, ...]: ...

    def __getitem__(self, index: int | slice) -> InstanceView | tuple[InstanceView, ...]:
        if isinstance(index, slice):
            return tuple(self[k] for k in range(len(self))[index])
        k = range(len(self))[index]
        if k not in self._made:
            self._made[k] = InstanceView(self._device, k, self._changed)
        return self._made[k]

    def __repr__(self) -> str:
        return f"<{counted(len(self), 'instance')}>"
