"""One network of the null backend: the values that follow from its declaration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.device import Past
from pygenn_lite.runtime.layout import NetworkLayout, StoredVariable
from pygenn_lite.runtime.recording import Sink
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.population_values import PopulationValues, check_parameter
from pygenn_lite.runtime.values.spike_trains import SpikeTrain
from pygenn_lite.runtime.values.weights import check_settable

Array = npt.NDArray[Any]


class NullInstance:
    """An instance of a :class:`~pygenn_lite.runtime.null.device.NullDevice`: parameters and initial
    values of populations, no synapses."""

    def __init__(
        self,
        network: Network,
        structure: NetworkStructure,
        layout: NetworkLayout,
        connectivity_seed: int,
        expected: dict[str, int],
    ) -> None:
        self.network, self.structure, self.layout = network, structure, layout
        self.seed, self.connectivity_seed = network.seed, connectivity_seed
        self._expected = expected  # synapses of each group
        self._kept: dict[StoredVariable, Array] = {}
        self._fill(network.seed, ("parameter", "state"))

    def initialise(self, seed: int) -> None:
        """Initial values for a seed."""
        self.seed = seed
        self._fill(seed, ("state",))

    def set_step(self, step: int, seed: int) -> None:
        """Refused: time does not advance."""
        _refuse("time")

    def read(self, variable: StoredVariable, *, stored: bool = False) -> Array:
        """A copy of a variable of a population."""
        if variable not in self._kept:
            _refuse(f"values of {variable.owner!r}")
        return self._kept[variable].copy()

    def write(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        """Set a variable of a population."""
        shape = self.read(variable).shape
        self._kept[variable] = np.array(np.broadcast_to(values, shape), variable.dtype)

    def settle(self, group: str) -> None:
        """Nothing changes."""

    def prepare(self, populations: Iterable[str]) -> None:
        """Nothing is computed."""

    def synapse_count(self, group: str) -> int:
        """The expected number, rounded: none are drawn."""
        return self._expected[group]

    def connections(self, group: str) -> Connections:
        """There are none."""
        _refuse(f"the synapses of {group!r}")

    def has_own_weights(self, group: str) -> bool:
        """There are no weights."""
        return False

    def check_weights(self, group: str, weights: npt.NDArray[np.float64]) -> None:
        """Refuse what no backend could keep; all that is not one number is."""
        dtype = self.layout.groups[group].weight.dtype
        check_settable(group, weights, self._expected[group], dtype, self.has_own_weights(group))

    def spike_totals(self) -> npt.NDArray[np.int64]:
        """No spikes."""
        return np.zeros(len(self.layout.populations), np.int64)

    def spike_counts(self, population: str) -> npt.NDArray[np.uint32]:
        """No spikes."""
        return np.zeros(self.layout.populations[population].size, np.uint32)

    def set_spike_counts(self, population: str, counts: npt.NDArray[np.uint32]) -> None:
        """Refused: there is nothing to continue."""
        _refuse("checkpoints")

    def spikes_in_flight(
        self, population: str
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """None."""
        return np.zeros(0, np.int64), np.zeros(0, np.uint32)

    def set_spikes_in_flight(
        self, population: str, steps: npt.NDArray[np.int64], indices: npt.NDArray[np.uint32]
    ) -> None:
        """Refused: there is nothing to continue."""
        _refuse("checkpoints")

    @property
    def replayed(self) -> Mapping[str, SpikeTrain]:
        """None."""
        return {}

    def replay(self, population: str, train: SpikeTrain | None) -> None:
        """Refused: nothing is replayed."""
        _refuse("spike trains to choose from")

    def past(self, variable: StoredVariable) -> Past:
        """Refused: there is none."""
        _refuse("checkpoints")

    def set_past(self, variable: StoredVariable, past: Past) -> None:
        """Refused: there is nothing to continue."""
        _refuse("checkpoints")

    def drain(self, sink: Sink | None) -> None:
        """Nothing was recorded."""

    def fault(self) -> None:
        """There is none."""

    def _fill(self, seed: int, roles: tuple[str, ...]) -> None:
        for name, layout in self.layout.populations.items():
            declared, own = self.network.populations[name], self.structure.populations[name]
            called = {v.name: v.called for v in layout.variables.values()}
            values = PopulationValues(declared, own, called)
            for variable in layout.variables.values():
                if variable.role not in roles:
                    continue
                given = (own.values if variable.role == "parameter" else own.initial)[variable.name]
                if variable.shared:
                    numbers = np.array(given, np.float64)
                else:
                    numbers = values.numbers(given, variable.name, seed).astype(variable.dtype)
                    check_parameter(declared, variable.name, numbers)
                self._kept[variable] = numbers


def _refuse(what: str) -> NoReturn:
    raise UnsupportedFeatureError(
        f"the null backend has no information about {what}: it renders and plans a network, and "
        "runs nothing",
        hint="compile with backend='cpp' or backend='reference'",
    )
