"""Yin-Yang: a small task that needs a hidden layer, generated (Kriener, Göltz and Petrovici, "The
Yin-Yang dataset", 2022)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.numeric import Whole, whole_number
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.training.data.counter_random import CounterRandom
from pygenn_lite.training.data.encoder import encode
from pygenn_lite.training.data.latency_encoder import Latency
from pygenn_lite.training.data.spike_dataset import SpikeDataset

CLASSES = ("yin", "yang", "dot")
RADIUS, DOT = 0.5, 0.1  # of the whole, around (0.5, 0.5), and of a dot
WHERE = Location.of("yin_yang")


def yin_yang_class(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """The class of points of the disk: 0 yin, 1 yang, 2 dot; shape (n, 2) -> (n,).

    The disk is cut in halves by two half circles around the dots: yin is the upper half, with the
    half disk around the left dot and without that around the right one.
    """
    points = np.asarray(points, np.float64)
    upper = points[:, 1] > RADIUS
    to_left = np.hypot(points[:, 0] - 0.5 * RADIUS, points[:, 1] - RADIUS)
    to_right = np.hypot(points[:, 0] - 1.5 * RADIUS, points[:, 1] - RADIUS)
    yin = (to_left <= 0.5 * RADIUS) | (upper & (to_right > 0.5 * RADIUS))
    dot = (to_left < DOT) | (to_right < DOT)
    return np.where(dot, 2, np.where(yin, 0, 1)).astype(np.int64)


def yin_yang_points(n: Whole, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points of the disk and their classes: as many of each class (the first n % 3 one more).

    Parameters
    ----------
    n : int
    seed : int
        Point k depends on the seed and on k alone: the first 100 of 1,000 are those of 100.

    Returns
    -------
    points : ndarray, shape (n, 2)
        In the unit square.
    labels : ndarray of int, shape (n,)
        0 yin, 1 yang, 2 dot.

    Examples
    --------
    >>> points, labels = pg.data.yin_yang_points(300)
    >>> np.bincount(labels)
    array([100, 100, 100])
    """
    number = whole_number(n)
    if number is None or number < 1:
        raise ArgumentError(f"n = {n!r}", where=WHERE, hint="give a number of points")
    labels = np.arange(number) % 3
    points = np.empty((number, 2))
    missing, random, attempt = np.arange(number), CounterRandom(seed, "yin-yang"), 0
    while len(missing):  # the dots fill a sixteenth of the square: some 120 attempts for thousands
        candidates = random.of_samples(missing, attempt)[:, :2]
        inside = np.hypot(*(candidates.T - RADIUS)) <= RADIUS
        found = inside & (yin_yang_class(candidates) == labels[missing])
        points[missing[found]] = candidates[found]
        missing, attempt = missing[~found], attempt + 1
    return points, labels


def yin_yang(
    n: Whole = 5000, seed: int = 1, *, first: float = 2.0, last: float = 20.0, bias: float = 2.0,
    duration: float = 30.0,
) -> SpikeDataset:  # fmt: skip
    """Yin-Yang as spike times: of a point (x, y) the five channels x, y, 1 - x, 1 - y and a bias
    spike once each.

    Parameters
    ----------
    n : int
        Samples. The task as published has 5,000 for training, and 1,000 each for validation and
        test: three seeds.
    seed : int
    first, last : float
        A channel of value v spikes at ``first + v*(last - first)``, ms.
    bias : float
        When the bias spikes, ms.
    duration : float
        ms

    Returns
    -------
    SpikeDataset
        With the classes yin, yang and dot.

    Examples
    --------
    >>> training, validation, test = pg.data.yin_yang(5000, seed=1), *(
    ...     pg.data.yin_yang(1000, seed) for seed in (2, 3))
    >>> training
    <SpikeDataset: 5,000 samples of 30 ms, 5 channels, 3 classes, 25,000 spikes>
    """
    points, labels = yin_yang_points(n, seed)
    encoder = Latency(duration, None, first, last, large_is_early=False)
    coordinates = encode(np.concatenate([points, 1 - points], axis=1), encoder, labels)
    if not 0 <= bias <= duration:
        raise ArgumentError(f"bias = {bias}", where=WHERE, hint="give a time within the duration")
    times = np.insert(coordinates.times.reshape(-1, 4), 4, bias, axis=1)
    return coordinates.with_spikes(
        times.reshape(-1), np.tile(np.arange(5), len(points)), np.arange(len(points) + 1) * 5,
        channels=5, classes=CLASSES,
    )  # fmt: skip
