"""The synapses of a network for the reference backend: drawn by the host, in canonical order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import ends_of
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.errors import Location
from pygenn_lite.runtime.layout import LAST_UPDATE, NetworkLayout
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.group_drawing import draw_group
from pygenn_lite.runtime.values.philox import PURPOSE_VARIABLES, GroupRandom
from pygenn_lite.runtime.values.value_arrays import synapse_values

Array = npt.NDArray[Any]


class ReferenceSynapses:
    """Connections and initial variables of all groups of a network.

    Attributes
    ----------
    connections : dict of str to Connections
    initial : dict of str to dict
        By group: values of variables besides the weight.
    max_delay : int
        Steps.
    """

    def __init__(
        self,
        network: Network,
        structure: NetworkStructure,
        layout: NetworkLayout,
        real: np.dtype[Any],
        seed: int,
    ) -> None:
        self.connections: dict[str, Connections] = {}
        self.initial: dict[str, dict[str, Array]] = {}
        self.max_delay = 1
        for name, group in network.groups.items():
            drawn = draw_group(network, group, seed)
            weight = drawn.weight.astype(real).astype(np.float64)
            drawn = Connections(drawn.pre, drawn.post, drawn.delay, weight)
            self.connections[name] = drawn
            if len(drawn):
                longest = int(delay_steps(drawn.delay, network.dt).max())
                self.max_delay = max(self.max_delay, longest)
            if layout.groups[name].plastic:
                self.initial[name] = _variables(
                    network, structure, drawn, real, GroupRandom(seed, f"group:{name}")
                )

    def start_of(self, group: str) -> dict[str, Array]:
        """Variables of a group as they were built."""
        start = {"weight": self.connections[group].weight, **self.initial[group]}
        return {name: values.copy() for name, values in start.items()}


def _variables(
    network: Network,
    structure: NetworkStructure,
    drawn: Connections,
    real: np.dtype[Any],
    random: GroupRandom,
) -> dict[str, Array]:
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
        .astype(real)
        .astype(np.float64)
        for k, (own, value) in enumerate(given)
    }
    kernel = structure.groups[name].kernel
    assert kernel is not None
    if LAST_UPDATE in structure.synapse_kernels[kernel].synapse:
        values[LAST_UPDATE] = np.zeros(len(drawn))
    return values
