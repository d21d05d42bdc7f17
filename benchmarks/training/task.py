"""The task that all contestants train: spikes in the manner of the Spiking Heidelberg Digits.

A sample has 700 channels and lasts a second: about 7,700 spikes in a band that moves over 13 % of
channels and time, so that 5,200 bins are filled at T = 100, 6,550 at T = 256 and 7,400 at
T = 1,000, as in the data set. Several spikes in a bin count as one, for all contestants.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHANNELS, HIDDEN, CLASSES = 700, 256, 20
SPIKES, BAND = 7700, 0.1304
TAU_MEM, TAU_SYN = 20.0, 10.0  # ms


@dataclass(frozen=True)
class Task:
    """Shape of a task."""

    steps: int
    batch: int
    recurrent: bool
    batches: int = 4

    @property
    def dt(self) -> float:
        """Of a step, ms: a sample lasts a second."""
        return 1000.0 / self.steps

    @property
    def alpha(self) -> float:
        """What a step leaves of the synaptic current."""
        return float(np.exp(-self.dt / TAU_SYN))

    @property
    def beta(self) -> float:
        """What a step leaves of the potential."""
        return float(np.exp(-self.dt / TAU_MEM))


def samples(task: Task, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Frames of 0 and 1, uint8 (samples, steps, channels), and labels."""
    rng = np.random.default_rng(seed)
    n = task.batch * task.batches
    labels = rng.integers(0, CLASSES, n)
    frames = np.zeros((n, task.steps, CHANNELS), np.uint8)
    width = BAND * CHANNELS
    for frame, label in zip(frames, labels, strict=True):
        times = rng.random(SPIKES)
        centre = CHANNELS * (0.5 + 0.35 * np.sin(2 * np.pi * (times + label / CLASSES)))
        channels = np.clip(centre + width * (rng.random(SPIKES) - 0.5), 0, CHANNELS - 1)
        frame[(times * task.steps).astype(int), channels.astype(int)] = 1
    return frames, labels


def weights(task: Task, seed: int = 2) -> dict[str, np.ndarray]:
    """Initial weights in the unit of the threshold, (from, to): a hidden neuron spikes about ten
    times in a sample."""
    rng = np.random.default_rng(seed)
    # What a spike adds to the potential is its weight times (beta**t - alpha**t)/(beta - alpha).
    scale = (task.beta - task.alpha) / 0.24
    drawn = {
        "input": rng.normal(0.002, 0.045, (CHANNELS, HIDDEN)) * scale,
        "output": rng.normal(0.0, 0.06, (HIDDEN, CLASSES)),
    }
    if task.recurrent:
        drawn["hidden"] = rng.normal(-0.008, 0.02, (HIDDEN, HIDDEN)) * scale
    return {name: values.astype(np.float32) for name, values in drawn.items()}
