"""Puts the content of a checkpoint into a device. All that can be refused is refused before
anything changes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.structure.structures import is_spike_source
from pygenn_lite.errors import ArgumentError, CheckpointError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.device import Past
from pygenn_lite.runtime.layout import StoredVariable
from pygenn_lite.runtime.values.spike_trains import SpikeTrain

if TYPE_CHECKING:
    from pygenn_lite.runtime.device import Device, Instance
    from pygenn_lite.runtime.views.changed_weights import ChangedWeights

Array = npt.NDArray[Any]
Content = Mapping[str, Array]  # of one instance: arrays by their names in a checkpoint
SPIKES = ("steps", "indices", "counts")  # in flight: steps and neurons; per neuron: how many
FOLLOWS = ("coefficient", "coupled")  # roles of what follows from something else


@dataclass(frozen=True)
class Moment:
    """What a checkpoint holds.

    Attributes
    ----------
    step : int
    seeds : sequence of int
    content : sequence of dict
        Of each instance: arrays of the right shapes, that `check_content` has let pass.
    """

    step: int
    seeds: Sequence[int]
    content: Sequence[Content]


def put_back(device: Device, changed: Sequence[ChangedWeights], moment: Moment) -> None:
    """Put a device into the state of a checkpoint.

    Raises
    ------
    ArgumentError
        Parameters of which no coefficients can be computed; then nothing has changed.
    """
    _put_back_parameters(device, moment.content)
    device.set_step(moment.step, moment.seeds)
    for instance, own, content in zip(device.instances, changed, moment.content, strict=True):
        _put_back(device, instance, own, content)


def check_content(device: Device, instance: Instance, step: int, content: Content) -> None:
    """Refuse spikes, trains and weights that an instance does not take.

    Raises
    ------
    CheckpointError, SimulationError
    """
    for population in device.layout.populations:
        spikes = _spikes(
            content, f"spikes/{population}", device.layout.populations[population].size
        )
        if np.any(spikes.steps > step):
            raise CheckpointError(
                "a spike in flight lies in the future",
                where=Location.of("population", population),
            )
        if f"replayed/{population}/steps" in content:
            _check_replayed(instance, population, content)
    for group in device.layout.groups:
        weights = content.get(f"changed/{group}")
        if weights is not None:
            _check_settable(instance, group, weights)


def _spikes(content: Content, prefix: str, size: int) -> SpikeTrain:
    """Steps and neurons, as many of these as of those."""
    steps, indices = content[f"{prefix}/steps"], content[f"{prefix}/indices"]
    where = Location.of("population", prefix.partition("/")[2])
    if steps.shape != indices.shape:  # an engine would read beyond the shorter one
        raise CheckpointError("there are spikes without a time", where=where)
    if np.any(indices < 0) or np.any(indices >= size):
        raise CheckpointError("there are spikes of neurons that are not there", where=where)
    return SpikeTrain(steps.astype(np.int64), indices.astype(np.uint32))


def _check_replayed(instance: Instance, population: str, content: Content) -> None:
    declared = instance.network.populations[population]
    where = Location.of("population", population)
    if not is_spike_source(declared):
        raise CheckpointError("it replays a train, but is not a spike source", where=where)
    train = _spikes(content, f"replayed/{population}", declared.size)
    order = np.lexsort((train.indices, train.steps))
    if not np.array_equal(order, np.arange(len(order))):
        raise CheckpointError("the train that it replays is not in order of time", where=where)


def _check_settable(instance: Instance, group: str, weights: Array) -> None:
    """Backends differ in which groups keep one weight for all of their synapses."""
    if not instance.has_own_weights(group) and np.any(weights != weights[:1]):
        raise CheckpointError(
            "the checkpoint has a weight for each synapse, and here all of them share one",
            where=Location.of("synapse group", group),
            hint="declare weights that differ (an array or a distribution) in both simulations, or "
            "restore on the backend that wrote it",
        )
    instance.check_weights(group, weights)


def _put_back_parameters(device: Device, content: Sequence[Content]) -> None:
    """Set the parameters of populations and compute what follows from them; where that is refused,
    all is as it was."""
    parameters = {n: v for n, v in variables_of(device).items() if v.role == "parameter"}
    parameters = {n: v for n, v in parameters.items() if v.owner in device.layout.populations}
    before: list[tuple[Instance, dict[str, Array]]] = []
    try:
        for instance, own in zip(device.instances, content, strict=True):
            before.append((instance, {n: instance.read(v) for n, v in parameters.items()}))
            _set_parameters(device, instance, parameters, own)
    except BaseException:
        for instance, own in before:
            with contextlib.suppress(ArgumentError):  # told when these were prepared, or will be
                _set_parameters(device, instance, parameters, own)
        raise


def _set_parameters(
    device: Device, instance: Instance, parameters: Mapping[str, StoredVariable], content: Content
) -> None:
    for name, variable in parameters.items():
        instance.write(variable, content[name])
    instance.prepare(device.layout.populations)


def _put_back(
    device: Device, instance: Instance, changed: ChangedWeights, content: Content
) -> None:
    """Write the arrays of one instance, whose parameters and step are set."""
    for population in device.layout.populations:
        steps = content.get(f"replayed/{population}/steps")
        if steps is not None:
            indices = content[f"replayed/{population}/indices"].astype(np.uint32)
            instance.replay(population, SpikeTrain(steps.astype(np.int64), indices))
        elif population in instance.replayed:
            instance.replay(population, None)
    for name, variable in variables_of(device).items():
        instance.write(variable, content[name])
    for name, variable in exposed_of(device).items():
        rows = len(instance.past(variable).values)
        past = of_length(content[f"{name}/past"], rows)
        instance.set_past(variable, Past(past, content[f"{name}/repeated"]))
    for population in device.layout.populations:
        steps, indices, counts = (content[f"spikes/{population}/{n}"] for n in SPIKES)
        instance.set_spikes_in_flight(population, steps.astype(np.int64), indices.astype(np.uint32))
        instance.set_spike_counts(population, counts.astype(np.uint32))
    for group in device.layout.groups:
        weights = content.get(f"changed/{group}")
        if weights is None:
            changed.undo(group)
        else:
            changed.set(group, weights)


def variables_of(device: Device) -> dict[str, StoredVariable]:
    """All that is kept but coefficients, which follow from parameters, and the weights of static
    groups, by name in a checkpoint."""
    layout = device.layout
    populations = {
        f"populations/{name}/{v.name}": v
        for name, population in layout.populations.items()
        for v in population.variables.values()
        if v.role not in FOLLOWS
    }
    groups = {
        f"groups/{name}/{v.name}": v
        for name, group in layout.groups.items()
        for v in (*group.variables.values(), *group.parameters.values())
        if group.plastic and v.role != "coefficient"
    }
    groups |= {
        f"groups/{name}/{v.name}": v
        for name, group in layout.groups.items()
        for v in group.slots.values()
        if v.name != "slot_source"  # that does not change
    }
    inputs = {
        f"inputs/{name}/{v.name}": v
        for name, values in layout.inputs.items()
        for v in values.values()
    }
    return {**populations, **groups, **inputs}


def exposed_of(device: Device) -> dict[str, StoredVariable]:
    """Variables of which past values are kept."""
    return {
        f"populations/{name}/{own}": population.variables[own]
        for name, population in device.layout.populations.items()
        for own in population.exposed
    }


def of_length(past: Array, rows: int) -> Array:
    """So many rows, the newest first. Backends keep all that the longest delay looks back to, and
    some more, each for reasons of its own: what was not kept is not looked at."""
    return past[np.minimum(np.arange(rows), len(past) - 1)]
