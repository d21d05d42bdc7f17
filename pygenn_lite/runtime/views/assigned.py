"""Formulas and distributions assigned to a simulation between runs, as numbers.

What is drawn follows from the seed of the simulation, the names of the population (or group) and
the variable, and the step at which it is assigned: not from what was assigned before, nor from the
number of threads. The same assignment at the same step gives the same numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.checks import check_neuron_value, check_synapse_value
from pygenn_lite.declaration.population import coordinates, ends_of
from pygenn_lite.declaration.values import Value
from pygenn_lite.errors import Location
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.philox import GroupRandom
from pygenn_lite.runtime.values.value_arrays import neuron_values, synapse_values

if TYPE_CHECKING:
    from pygenn_lite.runtime.device import Instance


def assigned_to_neurons(
    value: Value, instance: Instance, step: int, population: str, name: str, owner: str = ""
) -> npt.NDArray[np.float64]:
    """One number per neuron, for a variable of the population, or of an input (``owner``) to it."""
    declared = instance.network.populations[population]
    label = Location(f"{owner or population}[{name!r}]")
    check_neuron_value(value, declared, name, label)
    return neuron_values(
        value,
        declared.size,
        seed=instance.seed,
        stream=f"assigned:{'input' if owner else 'population'}:{owner or population}:{name}:{step}",
        positions=coordinates(declared),
        where=label,
    )


def assigned_to_synapses(
    value: Value, instance: Instance, step: int, group: str, name: str, connections: Connections
) -> npt.NDArray[np.float64]:
    """One number per synapse, in the order of ``connections``."""
    declared = instance.network.groups[group]
    source = instance.network.populations[declared.source]
    target = instance.network.populations[declared.target]
    check_synapse_value(value, declared, source, target, name)
    return synapse_values(
        value,
        connections.pre,
        connections.post,
        random=(GroupRandom(instance.seed, f"assigned:group:{group}:{name}:{step}"), 0),
        ends=ends_of(declared, source, target),
        where=Location(f"{group}[{name!r}]"),
    )
