"""Augmentations: changes of a dataset that are drawn anew in each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pygenn_lite.declaration.checks import check_seed
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.records import dataclass
from pygenn_lite.training.data.checked_values import check_setting
from pygenn_lite.training.data.concatenation import concatenate, superposed
from pygenn_lite.training.data.counter_random import CounterRandom
from pygenn_lite.training.data.spike_dataset import SpikeDataset, begin_of_kept


class Augmentation(Protocol):
    """Any function of a dataset, the number of the epoch and a seed."""

    def __call__(self, data: SpikeDataset, epoch: int, seed: int) -> SpikeDataset:
        """The dataset of this epoch."""


def augmented(
    data: SpikeDataset, augmentations: Sequence[Augmentation], epoch: int, seed: int = 1
) -> SpikeDataset:
    """The dataset of an epoch: all augmentations, one after the other.

    Parameters
    ----------
    data : SpikeDataset
    augmentations : sequence of Augmentation
        `ShiftChannels`, `Blend`, `DropSpikes`, `Jitter`, or functions like these.
    epoch, seed : int
        The same two give the same spikes again.

    Raises
    ------
    ArgumentError
        One gives something else than a dataset.

    Examples
    --------
    >>> data = pg.data.shd_like(40, seed=1)
    >>> changes = [pg.data.ShiftChannels(40), pg.data.Blend()]
    >>> pg.data.augmented(data, changes, epoch=3)
    <SpikeDataset: 80 samples of 1000 ms, 700 channels, 20 classes, ... spikes>
    """
    for number, augmentation in enumerate(augmentations):
        own = (check_seed(seed) + (number << 40)) % 2**64  # the same one twice differs
        data = augmentation(data, epoch, own)
        if not isinstance(data, SpikeDataset):
            raise ArgumentError(
                f"augmentation {number} gives {data!r:.60}, not a dataset",
                where=Location("augment"),
                hint="return a dataset, such as data.with_spikes(...)",
            )
    return data


@dataclass(frozen=True)
class ShiftChannels:
    """Moves all spikes of a sample by some channels, as another speaker's pitch would; those that
    leave the range are dropped.

    Parameters
    ----------
    most : int
        The shift is uniform from -most to +most.
    """

    most: int

    def __post_init__(self) -> None:
        where = Location.of("ShiftChannels")
        check_setting(
            self.most, "most", where, lambda x: x >= 0 and x == x // 1, "give a whole number >= 0"
        )

    def __call__(self, data: SpikeDataset, epoch: int, seed: int) -> SpikeDataset:
        """The dataset of this epoch."""
        _check_in_a_row(data, "ShiftChannels")
        uniform = CounterRandom(seed, "shift", epoch).of_samples(np.arange(len(data)))[:, 0]
        shift = np.floor(uniform * (2 * self.most + 1)).astype(np.int64) - self.most
        return _moved(data, shift, np.zeros(len(data)))


@dataclass(frozen=True)
class Blend:
    """Adds, for each sample, a blend of it with another one of its class: both are moved until
    their mean times and mean channels meet halfway, and each spike is kept by chance (Nowotny,
    Turner and Knight, 2025).

    Parameters
    ----------
    probability : float
        With which a spike of the two is kept.
    add : bool
        Whether the blends join the dataset, which doubles it, or take its place.
    """

    probability: float = 0.5
    add: bool = True

    def __post_init__(self) -> None:
        _check_fraction("Blend", self.probability)

    def __call__(self, data: SpikeDataset, epoch: int, seed: int) -> SpikeDataset:
        """The dataset of this epoch."""
        if data.labels is None:
            raise ShapeError(
                "the dataset has no labels", where=Location.of("Blend"),
                hint="blends are made of two samples of a class",
            )  # fmt: skip
        _check_in_a_row(data, "Blend")
        random = CounterRandom(seed, "blend", epoch)
        partner = _partners(data.labels, random.of_samples(np.arange(len(data)))[:, 0])
        channel, time = _mean(data, data.indices), _mean(data, data.times)
        # A sample without spikes has no means: nothing moves towards it.
        both = (data.spikes_per_sample > 0) & (data.spikes_per_sample[partner] > 0)
        channel_step = np.rint((channel[partner] - channel) / 2 * both).astype(np.int64)
        time_step = (time[partner] - time) / 2 * both
        halves = (
            _moved(data, channel_step, time_step),
            _moved(data.take(partner), -channel_step, -time_step),
        )
        kept = [_kept(half, self.probability, random, 1 + k) for k, half in enumerate(halves)]
        blends = superposed(*kept)
        return concatenate([data, blends]) if self.add else blends


@dataclass(frozen=True)
class DropSpikes:
    """Leaves out each spike by chance.

    Parameters
    ----------
    probability : float
    """

    probability: float

    def __post_init__(self) -> None:
        _check_fraction("DropSpikes", self.probability)

    def __call__(self, data: SpikeDataset, epoch: int, seed: int) -> SpikeDataset:
        """The dataset of this epoch."""
        return _kept(data, 1 - self.probability, CounterRandom(seed, "drop", epoch), 0)


@dataclass(frozen=True)
class Jitter:
    """Moves each spike by a time from a normal distribution; what would leave the trial is
    reflected at its ends. (Of a latency code many spikes are at 0; they are not to vanish.)

    Parameters
    ----------
    std : float
        ms
    """

    std: float

    def __post_init__(self) -> None:
        where = Location.of("Jitter")
        check_setting(self.std, "std", where, lambda x: 0 <= x < np.inf, "give a number >= 0")

    def __call__(self, data: SpikeDataset, epoch: int, seed: int) -> SpikeDataset:
        """The dataset of this epoch."""
        uniform = CounterRandom(seed, "jitter", epoch).of_entries(data.begin)
        times = np.abs(data.times + self.std * special.ndtri(uniform))
        return _inside(data, np.minimum(times, 2 * data.duration - times), data.indices)


def _moved(
    data: SpikeDataset, channels: NDArray[np.integer], times: NDArray[np.floating]
) -> SpikeDataset:
    """All spikes of a sample moved by its own number of channels and its own time in ms."""
    each = data.spikes_per_sample
    # A channel below 0 becomes a very large one, which is outside as well.
    by = np.repeat(channels.astype(np.int32).view(np.uint32), each)
    later = data.times + np.repeat(times, each) if times.any() else data.times
    return _inside(data, later, data.indices + by)


def _inside(
    data: SpikeDataset, times: NDArray[np.floating], indices: NDArray[np.uint32]
) -> SpikeDataset:
    """With other times and channels; spikes that leave the trial or the range are dropped."""
    inside = indices < data.channels
    if times is not data.times:
        inside &= (times >= 0) & (times <= data.duration)
    kept = times[inside].astype(np.float32, copy=False)
    return data.with_spikes(kept, indices[inside], begin_of_kept(inside, data.begin))


def _kept(
    data: SpikeDataset, probability: float, random: CounterRandom, number: int
) -> SpikeDataset:
    """Each spike kept by chance."""
    return data.kept(random.of_entries(data.begin, number=number) < probability)


def _partners(labels: NDArray[np.integer], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each sample another one of its class; of a class with one sample this one."""
    order = np.argsort(labels, kind="stable")
    size = np.bincount(labels)[labels]
    begin = np.searchsorted(labels[order], labels)
    place = np.empty(len(labels), np.int64)
    place[order] = np.arange(len(labels)) - begin[order]
    step = 1 + np.floor(uniform * np.maximum(size - 1, 1)).astype(np.int64)
    return np.asarray(order[begin + (place + step) % size])


def _mean(data: SpikeDataset, of_spikes: NDArray[np.number]) -> NDArray[np.float64]:
    """The mean over the spikes of each sample; of none 0."""
    total = np.bincount(data.sample_of_spikes(), weights=of_spikes, minlength=len(data))
    return np.asarray(total / np.maximum(data.spikes_per_sample, 1))


def _check_fraction(name: str, value: float) -> None:
    where, hint = Location.of(name), "give a number from 0 to 1"
    check_setting(value, "probability", where, lambda x: 0 <= x <= 1, hint)


def _check_in_a_row(data: SpikeDataset, name: str) -> None:
    """Neighbours among the channels of a map are not neighbours by their numbers."""
    if sum(length > 1 for length in data.shape) > 1:
        raise ShapeError(
            f"channels of the shape {data.shape} do not lie in one row", where=Location.of(name),
            hint="it moves spikes along channels: it is for rows of them, such as frequencies",
        )  # fmt: skip
