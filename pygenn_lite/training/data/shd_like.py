"""A look-alike of SHD, generated: for tests and benchmarks where the recordings are not available.

It has the size and the statistics of SHD (700 channels, 20 classes, 12 speakers, a second, the
number of spikes), and is learnable. It is not speech: accuracies on it say nothing about SHD.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.checks import check_seed
from pygenn_lite.declaration.numeric import Number, Whole, plain_number, whole_number
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.training.data.dataset_checks import checked_duration
from pygenn_lite.training.data.spike_dataset import SpikeDataset

CHANNELS, CLASSES, SPEAKERS, RIDGES = 700, 20, 12, 12
NOISE = 0.15  # share of spikes that belong to no ridge
_SAMPLES_OF_A_BLOCK = 64
_WORDS, _BLOCKS = 1, 2  # what random numbers are for


def shd_like(
    n: Whole, seed: int = 1, *, spikes: Number = 7800.0, duration: Number = 1000.0, task: int = 0
) -> SpikeDataset:
    """A generated look-alike of SHD.

    Each class is a word of twelve ridges: spikes around a channel that glides while time passes, as
    formants do. Classes 10 to 19 are the classes 0 to 9 backwards, so that counts of spikes alone
    tell ten pairs apart. Each speaker has a pitch (a shift of all channels) and a pace; each sample
    has a loudness, and 15 % of its spikes are noise.

    Parameters
    ----------
    n : int
        Samples: of classes and speakers in turn.
    seed : int
        Of the samples. Blocks of 64 samples have random numbers of their own: the first 6,400 of
        8,000 are those of 6,400.
    spikes : float
        Mean number of spikes of a sample. In bins of 10 ms, which merge those of a channel, 7,800
        are about 5,200, in bins of 3.9 ms about 6,550.
    duration : float
        ms
    task : int
        Of the words and speakers: training and test data have the same.

    Returns
    -------
    SpikeDataset
        With speakers as groups.

    Raises
    ------
    ArgumentError

    Examples
    --------
    >>> training, test = pg.data.shd_like(256, seed=1), pg.data.shd_like(64, seed=2)
    >>> training
    <SpikeDataset: 256 samples of 1000 ms, 700 channels, 20 classes, ... spikes>
    """
    where = Location.of("shd_like")
    number, end, key = whole_number(n), checked_duration(duration, where), check_seed(seed)
    mean = plain_number(spikes)
    if number is None or number < 1 or mean is None or not 0 < mean < 1e6:
        raise ArgumentError(
            f"n = {n!r}, spikes = {spikes!r}", where=where,
            hint="give a number of samples, and how many spikes each should have",
        )  # fmt: skip
    words = _words(check_seed(task))
    labels = np.arange(number) % CLASSES
    groups = (np.arange(number) // CLASSES) % SPEAKERS
    blocks = []
    for first in range(0, number, _SAMPLES_OF_A_BLOCK):
        random = _generator(key, _BLOCKS, first // _SAMPLES_OF_A_BLOCK)
        part = slice(first, min(first + _SAMPLES_OF_A_BLOCK, number))
        blocks.append(_block(words, labels[part], groups[part], mean, random))
    times, indices, counts = (np.concatenate(column) for column in zip(*blocks, strict=True))
    begin = np.concatenate([[0], np.cumsum(counts)])
    return SpikeDataset(
        times * np.float32(end), indices, begin, CHANNELS, end, labels, classes=CLASSES,
        groups=groups,
    )  # fmt: skip


def _words(task: int) -> NDArray[np.float32]:
    """Ridges of each class, shape (classes, ridges, 5): onset and length in parts of the trial,
    channel at the onset and at the end, width in channels."""
    drawn = _generator(task, _WORDS, 0).random((CLASSES // 2, RIDGES, 5))
    onset, length = 0.05 + 0.5 * drawn[..., 0], 0.1 + 0.2 * drawn[..., 1]
    start = CHANNELS * (0.1 + 0.8 * drawn[..., 2])
    end = start + 0.3 * CHANNELS * (drawn[..., 3] - 0.5)
    width = 10 + 30 * drawn[..., 4]
    forwards = np.stack([onset, length, start, end, width], axis=-1)
    backwards = np.stack([0.9 - onset - length, length, end, start, width], axis=-1)
    return np.concatenate([forwards, backwards]).astype(np.float32)


def _block(
    words: NDArray[np.float32],
    labels: NDArray[np.integer],
    groups: NDArray[np.integer],
    spikes: float,
    random: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.uint32], NDArray[np.int64]]:
    """Times in parts of the trial, channels, and the number of spikes of each sample."""
    loudness = 0.7 + 0.6 * random.random(len(labels))
    counts = np.rint(spikes * loudness).astype(np.int64)
    sample = np.repeat(np.arange(len(labels)), counts)
    drawn = random.random((5, len(sample)), dtype=np.float32)
    ridge = (drawn[0] * RIDGES).astype(np.int64)
    onset, length, start, end, width = words[labels[sample], ridge].T
    pace, pitch = 0.8 + 0.3 * _spread(groups, 5)[sample], 60 * (_spread(groups, 7)[sample] - 0.5)
    along = drawn[1]
    time = (onset + along * length) * pace
    # The sum of two uniform numbers is a bell that ends.
    channel = start + along * (end - start) + width * (drawn[2] + drawn[3] - 1) + pitch
    noise = drawn[4] < NOISE
    time[noise] = random.random(int(noise.sum()), dtype=np.float32)
    channel[noise] = CHANNELS * random.random(int(noise.sum()), dtype=np.float32)
    last = np.float32(CHANNELS - 0.01)
    channel = np.abs(channel)
    channel = np.where(channel > last, 2 * last - channel, channel)  # reflected at both ends
    return time.astype(np.float32), channel.astype(np.uint32), counts


def _spread(groups: NDArray[np.integer], step: int) -> NDArray[np.float32]:
    """A number from 0 to 1 for each speaker, evenly spread, in an order of its own."""
    return ((groups * step) % SPEAKERS / (SPEAKERS - 1)).astype(np.float32)


def _generator(seed: int, purpose: int, block: int) -> np.random.Generator:
    """NumPy's generator, by counters: millions of numbers at once."""
    key = np.array([seed, purpose << 32 | block], np.uint64)
    return np.random.Generator(np.random.Philox(key=key))
