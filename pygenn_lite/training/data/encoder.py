"""What encoders have in common, and what applies one to an array."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.training.data.spike_dataset import SpikeDataset


@dataclass(frozen=True, eq=False)
class EncodedSpikes:
    """Spikes as an encoder makes them.

    Attributes
    ----------
    times : ndarray of float, shape (spikes,)
        ms
    indices : ndarray of int, shape (spikes,)
    begin : ndarray of int, shape (samples + 1,)
    channels : int or tuple of int
    """

    times: NDArray[np.floating]
    indices: NDArray[np.integer]
    begin: NDArray[np.integer]
    channels: Any


class Encoder(Protocol):
    """Makes spikes of numbers: any object with a duration and this method.

    Attributes
    ----------
    duration : float
        Of a sample, ms.
    """

    @property
    def duration(self) -> float:
        """Of a sample, ms."""

    def encode(self, values: ArrayLike, seed: int) -> EncodedSpikes:
        """Spikes of values of shape (samples, features, ...)."""


def encode(
    values: ArrayLike, encoder: Encoder, labels: ArrayLike | None = None, seed: int = 1,
    **known: Any,
) -> SpikeDataset:  # fmt: skip
    """A dataset of numbers, by an encoder.

    Parameters
    ----------
    values : array_like, shape (samples, features, ...)
        What the encoder takes: of most, numbers from 0 to 1.
    encoder : Encoder
        `Latency`, `Rate`, `PopulationCode`, `Delta`, or an object like these.
    labels : array_like of int, shape (samples,), optional
    seed : int
        Of encoders that draw. What is drawn for a sample depends on its number and the seed alone.
    **known
        `targets`, `classes`, `groups`: see `SpikeDataset`.

    Returns
    -------
    SpikeDataset

    Raises
    ------
    ArgumentError, ShapeError
        Values that the encoder does not take; the message names the sample.

    Examples
    --------
    >>> data = pg.data.encode([[0.0, 1.0], [0.25, 0.5]], pg.data.Latency(20.0), labels=[0, 1])
    >>> data[1].times
    array([15., 10.], dtype=float32)
    """
    if not hasattr(encoder, "encode") or isinstance(encoder, (type, str)):
        raise ArgumentError(
            f"{encoder!r:.60} is not an encoder",
            where=Location.of("encode"),
            hint="give one, e.g. pg.data.Latency(20.0)",
        )
    made = encoder.encode(values, seed)
    return SpikeDataset(
        made.times, made.indices, made.begin, made.channels, encoder.duration, labels, **known
    )


def channels_of(values: NDArray[Any], each: int = 1) -> Any:
    """The channels of features of this shape, some for each: with the shape of the features where
    that is one of a map."""
    features = values.shape[1:]
    if len(features) == 1 or len(features) > 4 - (each > 1):
        return each * math.prod(features)
    return features if each == 1 else (each, *features)


def ragged(
    mask: NDArray[np.bool_], times: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.integer], NDArray[np.integer]]:
    """Times, channels and begin of those spikes of a full array (samples, channels) that are in a
    mask."""
    begin = np.concatenate([[0], np.cumsum(np.count_nonzero(mask, axis=1))])
    return times[mask], np.nonzero(mask)[1], begin
