"""Given spike trains as the engine wants them: whole steps, in order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.population import Population, SpikeSource
from pygenn_lite.declaration.spike_tensor import SpikeTensor
from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass

LAST_STEP = 2**62  # stands for what never comes


@dataclass(frozen=True)
class SpikeTrain:
    """Spikes sorted by step, then neuron.

    Attributes
    ----------
    steps : ndarray of int64
    indices : ndarray of uint32
        Neurons.
    """

    steps: npt.NDArray[np.int64]
    indices: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.steps)


NO_TRAIN = SpikeTrain(np.empty(0, np.int64), np.empty(0, np.uint32))


def spike_train(population: Population, dt: float) -> SpikeTrain | None:
    """The spikes of a spike source; None for computed neurons."""
    model = population.model
    if not isinstance(model, SpikeSource):
        return None
    steps = np.minimum(nearest_steps(model.times.array, dt), LAST_STEP).astype(np.int64)
    indices = np.asarray(model.indices.array).astype(np.uint32)
    order = np.lexsort((indices, steps))
    return SpikeTrain(steps[order], np.ascontiguousarray(indices[order]))


def repeated_spikes(population: Population, dt: float) -> SpikeTrain:
    """Of a spike source: all spikes but the last where a neuron has several in one step."""
    train = spike_train(population, dt)
    if train is None:
        return SpikeTrain(np.empty(0, np.int64), np.empty(0, np.uint32))
    steps, indices = train.steps, train.indices
    again = (steps[1:] == steps[:-1]) & (indices[1:] == indices[:-1])
    again &= steps[1:] < LAST_STEP  # there stands what never comes
    return SpikeTrain(steps[:-1][again], np.ascontiguousarray(indices[:-1][again]))


def from_step(train: SpikeTrain, now: int, where: Location) -> SpikeTrain:
    """A train that begins at a step whose own spikes are on their way already: those at its
    beginning come one step later.

    Raises
    ------
    ArgumentError
        A neuron would then spike twice in a step.
    """
    steps = now + np.maximum(train.steps, 1)
    order = np.lexsort((train.indices, steps))
    steps, indices = steps[order], train.indices[order]
    twice = (steps[1:] == steps[:-1]) & (indices[1:] == indices[:-1])
    if np.any(twice):
        raise ArgumentError(
            f"neuron {indices[:-1][twice][0]} spikes at 0 and one step later, but in the middle of "
            "a run spikes at 0 come one step later",
            where=where,
            hint="begin the sample one step later, or replay it after reset()",
        )
    return SpikeTrain(steps, indices)


def check_replay(population: Population, tensor: object, dt: float, where: Location) -> None:
    """Whether a population can replay samples of a tensor.

    Raises
    ------
    ArgumentError
        Not a spike source, not a tensor, or one of another size; or the declared train has a
        neuron twice in a step.
    """
    if not isinstance(tensor, SpikeTensor):
        raise ArgumentError(
            f"{type(tensor).__name__} is not a SpikeTensor",
            where=where,
            hint="write SpikeTensor([(times, indices), ...], size)",
        )
    if not isinstance(population.model, SpikeSource):
        raise ArgumentError(
            f"{population.name!r} is not a spike source", where=where,
            hint="declare it with spike_source()",
        )  # fmt: skip
    if tensor.size != population.size:
        raise ArgumentError(
            f"a tensor of {tensor.size} neurons for a source of {population.size}", where=where
        )
    if len(repeated_spikes(population, dt)):
        raise ArgumentError(
            f"in the declared train of {population.name!r} a neuron spikes twice in a step",
            where=where,
            hint="declare the source with an empty train, and replay that one as a sample",
        )
