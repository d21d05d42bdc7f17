"""The synapses of a network for the reference backend: drawn by the host, in canonical order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.declaration.connectivity import SharedKernel
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.population import SynapseGroup, ends_of
from pygenn_lite.declaration.steps import delay_steps, times_of
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import Location
from pygenn_lite.runtime.layout import LAST_UPDATE, NetworkLayout
from pygenn_lite.runtime.values.connections import Connections, check_distinct
from pygenn_lite.runtime.values.group_drawing import draw_group
from pygenn_lite.runtime.values.philox import PURPOSE_VARIABLES, GroupRandom
from pygenn_lite.runtime.values.slots import EMPTY, Slots
from pygenn_lite.runtime.values.value_arrays import synapse_values
from pygenn_lite.runtime.values.weights import (
    check_range,
    check_weights,
    kernel_of,
    rounded_weights,
    rounding_loss,
    warn_of_rounding,
)

Array = npt.NDArray[Any]


class ReferenceSynapses:
    """Connections and initial variables of all groups of a network.

    Attributes
    ----------
    connections : dict of str to Connections
    initial : dict of str to dict
        By group: values of variables besides the weight.
    slots : dict of str to Slots
        The places of groups whose synapses come and go; `connections` has all of them.
    max_delay : int
        Steps.
    """

    def __init__(self, plan: NetworkPlan, layout: NetworkLayout, seed: int) -> None:
        network, dtype = plan.described.network, plan.described.dtype
        self.connections: dict[str, Connections] = {}
        self.initial: dict[str, dict[str, Array]] = {}
        self.slots: dict[str, Slots] = {}
        self.max_delay = 1
        self._places: dict[str, Array] = {}  # of synapses in the kernel that they share
        self._groups = network.groups
        for name, group in network.groups.items():
            drawn = _rounded(draw_group(network, group, seed), group)
            if plan.store_of(name).codes == "shared":
                self._places[name] = _places(plan, group, seed)
            _check(drawn, group, plan)
            weight = drawn.weight.astype(dtype).astype(np.float64)
            drawn = Connections(drawn.pre, drawn.post, drawn.delay, weight)
            if group.spare:
                drawn = self._with_room(plan, drawn, name)
            self.connections[name] = drawn
            if len(drawn):
                longest = int(delay_steps(drawn.delay, network.dt).max())
                self.max_delay = max(self.max_delay, longest)
            if layout.groups[name].plastic:
                self.initial[name] = _variables(plan, drawn, GroupRandom(seed, f"group:{name}"))

    def _with_room(self, plan: NetworkPlan, drawn: Connections, name: str) -> Connections:
        """All places of a group whose synapses come and go; empty ones add 0 to the last neuron."""
        of, network = plan.groups[name], plan.described.network
        slots = self.slots[name] = Slots.of(drawn, of.n_pre, of.group.spare)
        post = np.where(slots.target == EMPTY, of.n_post - 1, slots.target)
        delay = np.full(len(post), times_of(np.array([of.low]), network.dt)[0])
        return Connections(slots.source, post, delay, slots.weight)

    def start_of(self, group: str) -> dict[str, Array]:
        """Variables of a group as they were built."""
        start = {"weight": self.connections[group].weight, **self.initial[group]}
        return {name: values.copy() for name, values in start.items()}

    def kept(self, group: str, weights: Array) -> Array:
        """Weights that are set, one per synapse, as they are kept.

        Raises
        ------
        SimulationError
            Synapses that share an entry of a kernel would differ, or a weight is too large.
        """
        declared = self._groups[group]
        if isinstance(declared.weight, SharedKernel) and group in self._places:
            kernel_of(group, declared.weight, self._places[group], weights)
        if isinstance(declared.weight, (int, float)):  # one for all is kept as it is
            return weights
        return rounded_weights(weights, declared.weight_precision)


def _rounded(drawn: Connections, group: SynapseGroup) -> Connections:
    """With weights as they are kept; one for all is kept as it is."""
    if isinstance(group.weight, (int, float)):
        return drawn
    kept = rounded_weights(drawn.weight, group.weight_precision)
    warn_of_rounding(group.name, rounding_loss(drawn.weight, kept))
    return Connections(drawn.pre, drawn.post, drawn.delay, kept)


def _places(plan: NetworkPlan, group: SynapseGroup, seed: int) -> Array:
    """Where the weight of each synapse stands in the kernel: drawn like weights."""
    assert isinstance(group.weight, SharedKernel)
    numbered = replace(group, weight=FrozenArray(group.weight.places), weight_precision="full")
    return draw_group(plan.described.network, numbered, seed).weight.astype(np.int64)


def _check(drawn: Connections, group: SynapseGroup, plan: NetworkPlan) -> None:
    """Refuse what no backend takes, though nothing here has to fit into a matrix.

    Raises
    ------
    ConnectivityError
        Two synapses of a pair, in a dense group.
    NetworkError
        A weight is too large, or (ArgumentError) outside the domain that its model gives.
    """
    if plan.store_of(group.name).storage == "dense" and group.connectivity.repeats is None:
        check_distinct(group.name, drawn.pre, drawn.post)
    if isinstance(group.weight, Expression):
        check_weights(group, drawn.weight)
    check_range(group.name, drawn.weight, plan.described.dtype)


def _variables(plan: NetworkPlan, drawn: Connections, random: GroupRandom) -> dict[str, Array]:
    network, structure = plan.described.network, plan.described.structure
    dtype = plan.described.dtype
    name = random.name.removeprefix("group:")
    group = network.groups[name]
    source, target = network.populations[group.source], network.populations[group.target]
    given = [(n, v) for n, v in structure.groups[name].initial.items() if n != "weight"]
    values = {
        own: synapse_values(
            value,
            drawn.pre.astype(np.int64),
            drawn.post.astype(np.int64),
            random=(random, PURPOSE_VARIABLES + k),
            ends=ends_of(group, source, target),
            where=Location.of("synapse group", name).entry(own),
        )
        .astype(dtype)
        .astype(np.float64)
        for k, (own, value) in enumerate(given)
    }
    kernel = structure.groups[name].kernel
    assert kernel is not None
    if LAST_UPDATE in structure.synapse_kernels[kernel].synapse:
        values[LAST_UPDATE] = np.zeros(len(drawn))
    return values
