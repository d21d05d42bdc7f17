"""The numbers of a network that is trained: what a simulation of it would have in memory, once, as
plain arrays. No program has been compiled yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.declaration.connectivity import Convolution, SharedKernel
from pygenn_lite.declaration.network import Network
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training.drawn_synapses import DrawnSynapses, SynapseDrawer
from pygenn_lite.runtime.values.population_values import Numbers, PopulationValues

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PopulationData:
    """A population's neurons.

    Attributes
    ----------
    name : str
    size : int
    given : bool
        Whether its spikes come from the data that it is trained with.
    values, initial : mapping of str to float or ndarray
        Parameters and initial states by the symbols of its kernel: one number, or one per neuron.
    """

    name: str
    size: int
    given: bool
    values: Mapping[str, Numbers]
    initial: Mapping[str, Numbers]


@dataclass(frozen=True)
class GroupData:
    """A synapse group.

    Attributes
    ----------
    name, source, target : str
    sizes : (int, int)
        Neurons of both.
    synapses : DrawnSynapses
    dense : bool
        Whether each pair of neurons has one synapse: then they stand as in a matrix.
    row_begin : ndarray of int64, [sources + 1]
        Where the synapses of each source begin.
    kernel : ndarray or None
        Weights that synapses share, (out, in, height, width).
    entries : ndarray of int64 or None
        Of each synapse: which entry of the flat kernel.
    """

    name: str
    source: str
    target: str
    sizes: tuple[int, int]
    synapses: DrawnSynapses
    dense: bool
    row_begin: Integers
    kernel: Floats | None = None
    entries: Integers | None = None

    @property
    def weights(self) -> Floats:
        """Its different weights: a matrix, the kernel, or one per synapse."""
        if self.kernel is not None:
            return self.kernel
        weight = self.synapses.weight
        return weight.reshape(self.sizes) if self.dense else weight

    @property
    def delays(self) -> Floats:
        """ms: a matrix, or one per synapse."""
        delay = self.synapses.delay
        return delay.reshape(self.sizes) if self.dense else delay

    @property
    def one_delay(self) -> int | None:
        """The delay of all synapses in steps; None where they differ."""
        steps = self.synapses.steps
        if not len(steps):
            return 1
        return int(steps[0]) if np.all(steps == steps[0]) else None


@dataclass(frozen=True)
class NetworkData:
    """All of a network.

    Attributes
    ----------
    populations : mapping of str to PopulationData
    groups : mapping of str to GroupData
    """

    populations: Mapping[str, PopulationData]
    groups: Mapping[str, GroupData]


def network_data(
    network: Network, structure: NetworkStructure, dtype: np.dtype[Any], cache: bool = True
) -> NetworkData:
    """Lay a network down.

    Parameters
    ----------
    network : Network
    structure : NetworkStructure
        Its structure.
    dtype : dtype
        Of states and weights.
    cache : bool
        Whether the compile cache may be used.

    Raises
    ------
    NetworkError, ArgumentError
        A value that a simulation would refuse, too.
    """
    populations = {name: _population(network, structure, name) for name in network.populations}
    if not network.groups:
        return NetworkData(populations, {})
    drawer = SynapseDrawer(network, dtype, cache)
    groups = {name: _group(network, name, drawer.draw(name)) for name in network.groups}
    return NetworkData(populations, groups)


def _population(network: Network, structure: NetworkStructure, name: str) -> PopulationData:
    declared, binding = network.populations[name], structure.populations[name]
    if binding.kernel is None:
        return PopulationData(name, declared.size, True, {}, {})
    names = structure.kernels[binding.kernel].names
    known = PopulationValues(declared, binding, {s: called for s, (called, _) in names.items()})

    def numbers(values: Mapping[str, Any]) -> dict[str, Numbers]:
        return {s: known.numbers_or_one(value, s, network.seed) for s, value in values.items()}

    return PopulationData(
        name, declared.size, False, numbers(binding.values), numbers(binding.initial)
    )


def _group(network: Network, name: str, synapses: DrawnSynapses) -> GroupData:
    group = network.groups[name]
    sizes = (network.populations[group.source].size, network.populations[group.target].size)
    row_begin = np.zeros(sizes[0] + 1, np.int64)
    np.cumsum(np.bincount(synapses.pre, minlength=sizes[0]), out=row_begin[1:])
    kernel, entries = _kernel(network, name, synapses)
    return GroupData(
        name,
        group.source,
        group.target,
        sizes,
        synapses,
        kernel is None and _is_matrix(sizes, synapses),
        row_begin,
        kernel,
        entries,
    )


def _is_matrix(sizes: tuple[int, int], synapses: DrawnSynapses) -> bool:
    if len(synapses) != sizes[0] * sizes[1]:
        return False
    place = synapses.pre * sizes[1] + synapses.post
    return bool(np.array_equal(place, np.arange(len(synapses))))


def _kernel(
    network: Network, name: str, synapses: DrawnSynapses
) -> tuple[Floats | None, Integers | None]:
    """The kernel of a convolution whose pixels share it, and the entry of each synapse."""
    group = network.groups[name]
    rule = group.connectivity
    if not isinstance(rule, Convolution) or not rule.shared:
        return None, None
    entries = rule.entries(synapses.pre, synapses.post).astype(np.int64)
    if isinstance(group.weight, SharedKernel):
        return np.array(group.weight.kernel, np.float64), entries
    if isinstance(group.weight, (int, float)):
        return np.full(rule.kernel_shape, float(group.weight)), entries
    return None, None
