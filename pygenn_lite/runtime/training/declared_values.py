"""Values of a laid-down network as a declaration takes them: by path, in the order of the rule that
connects. So what was trained can be simulated, and written to a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity import Connectivity, Convolution, PairList
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SynapseGroup, ends_of
from pygenn_lite.runtime.training.network_data import GroupData, NetworkData
from pygenn_lite.runtime.values.drawing import listed_pairs
from pygenn_lite.runtime.values.philox import GroupRandom

Array = npt.NDArray[Any]
OF_SYNAPSES = ("weight", "delay")


def declared_values(
    network: Network,
    data: NetworkData,
    values: Mapping[str, Array],
    listed: Collection[str] = (),
) -> dict[str, Any]:
    """Values by path, as ``network.with_values`` takes them.

    Parameters
    ----------
    network : Network
    data : NetworkData
        Of this network.
    values : mapping of str to ndarray
        By path. Weights and delays in the order of the laid-down synapses; those of a convolution
        as its kernel.
    listed : collection of str
        Groups whose synapses no longer are those of their rule: they become lists.

    Notes
    -----
    Of a rule that says which synapse is which, arrays follow its order; else they are matrices
    (source, target). Where a pair may have several synapses these become a list.
    """
    made: dict[str, Any] = {}
    for path, value in values.items():
        section, name, *rest = path.split(".")
        if section == "groups" and name in listed:
            made[path] = value  # in a list, below
        elif section == "groups" and len(rest) == 1 and rest[0] in OF_SYNAPSES:
            made |= _of_group(network, data.groups[name], rest[0], np.asarray(value))
        else:
            array = np.asarray(value, np.float64)
            made[path] = float(array) if array.ndim == 0 else array.copy()
    return _with_lists(network, data, values, made, listed)


def _of_group(network: Network, group: GroupData, what: str, value: Array) -> dict[str, Any]:
    path, number = f"groups.{group.name}.{what}", np.asarray(value, np.float64)
    declared = network.groups[group.name]
    if what == "weight" and group.kernel is not None:
        return {path: _kernel_or_weights(declared, group, number)}
    flat = number.ravel()
    ends = ends_of(
        declared, network.populations[declared.source], network.populations[declared.target]
    )
    if declared.connectivity.numbered(ends.n_pre) is not None:
        return {path: flat[_places(declared, network, group)]}
    matrix = np.zeros(ends.sizes)
    matrix[ends.inside(group.synapses.pre, group.synapses.post)] = flat
    if what == "delay":  # of pairs without a synapse: any that is allowed
        matrix[matrix == 0] = flat.min(initial=network.dt) if len(flat) else network.dt
    return {path: matrix}


def _kernel_or_weights(declared: SynapseGroup, group: GroupData, kernel: Array) -> Array:
    rule: Connectivity = declared.connectivity
    assert isinstance(rule, Convolution)
    return kernel.reshape(rule.kernel_shape)


def _places(declared: SynapseGroup, network: Network, group: GroupData) -> npt.NDArray[np.int64]:
    """Of each synapse in the order of the rule: its place among the laid-down ones."""
    source, target = network.populations[declared.source], network.populations[declared.target]
    random = GroupRandom(network.seed, f"group:{declared.name}")
    pre, post = listed_pairs(declared.connectivity, ends_of(declared, source, target), random)
    places = np.empty(len(pre), np.int64)
    places[np.lexsort((post, pre))] = np.arange(len(pre))
    return places


def _with_lists(
    network: Network,
    data: NetworkData,
    values: Mapping[str, Array],
    made: dict[str, Any],
    listed: Collection[str],
) -> dict[str, Any]:
    """Groups that have several synapses of a pair as lists, with weights and delays."""
    for name in {path.split(".")[1] for path in made if path.startswith("groups.")}:
        group = data.groups[name]
        paths = [f"groups.{name}.{what}" for what in OF_SYNAPSES]
        if not any(path in values for path in paths) or not (_repeats(group) or name in listed):
            continue
        known = dict(zip(paths, (group.synapses.weight, group.synapses.delay), strict=True))
        sources, targets = network.groups[name].connectivity.parts
        pre, post = group.synapses.pre, group.synapses.post
        pre = pre if sources is None else sources.places(pre)
        post = post if targets is None else targets.places(post)
        made[f"groups.{name}.connectivity"] = PairList(pre, post)
        made |= {p: np.array(values.get(p, known[p]), np.float64).ravel() for p in paths}
    return made


def _repeats(group: GroupData) -> bool:
    pre, post = group.synapses.pre, group.synapses.post
    return bool(np.any((pre[1:] == pre[:-1]) & (post[1:] == post[:-1])))
