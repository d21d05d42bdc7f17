"""Rate: spikes at random, the more the larger a number is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from pygenn_lite.declaration.checks import check_dt
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.training.data.checked_values import check_setting, checked_fractions
from pygenn_lite.training.data.counter_random import CounterRandom
from pygenn_lite.training.data.dataset_checks import checked_duration
from pygenn_lite.training.data.encoder import EncodedSpikes, channels_of
from pygenn_lite.training.data.step_spikes import steps_in_trial

WHERE = Location.of("Rate")


@dataclass(frozen=True)
class Rate:
    """Spikes at random, with a rate in proportion to each number.

    Parameters
    ----------
    duration : float
        Of a sample, ms.
    maximum : float
        The rate of a number of 1, Hz.
    dt : float, optional
        ms. With it, each step has a spike with probability x*maximum*dt/1000 (Bernoulli), which
        must not exceed 1. Without it, spikes are a Poisson process in continuous time.

    Raises
    ------
    ArgumentError, NetworkError
        A rate that dt cannot hold, or a dt that is not above 0; numbers beyond 0 and 1.

    Examples
    --------
    >>> encoder = pg.data.Rate(100.0, maximum=200.0, dt=1.0)
    >>> pg.data.encode(np.full((50, 4), 0.5), encoder).spikes_per_sample.mean().round()
    np.float64(39.0)
    """

    duration: float
    maximum: float = 100.0
    dt: float | None = None

    def __post_init__(self) -> None:
        checked_duration(self.duration, WHERE)
        check_setting(
            self.maximum, "maximum", WHERE, lambda x: 0 < x < np.inf, "give a rate > 0, in Hz"
        )
        if self.dt is not None and check_dt(self.dt) * self.maximum > 1000:
            raise ArgumentError(
                f"a rate of {self.maximum:g} Hz has more than one spike in a step of {self.dt} ms",
                where=WHERE,
                hint="give a smaller dt or rate, or leave out dt: a Poisson process",
            )

    def encode(self, values: ArrayLike, seed: int) -> EncodedSpikes:
        """Spikes of numbers from 0 to 1, shape (samples, features, ...)."""
        array = checked_fractions(values, WHERE)
        rows = array.reshape(len(array), -1)
        random = CounterRandom(seed, "rate")
        draw = self._poisson if self.dt is None else self._bernoulli
        times, indices, begin = draw(rows, random)
        return EncodedSpikes(times, indices, begin, channels_of(array))

    def _poisson(self, rows: NDArray[np.float64], random: CounterRandom) -> tuple[Any, ...]:
        samples, features = rows.shape
        even = np.arange(samples + 1) * features
        mean = (rows * (self.maximum * self.duration / 1000)).reshape(-1)
        counts = poisson_quantile(random.of_entries(even), mean).reshape(rows.shape)
        begin = np.concatenate([[0], np.cumsum(counts.sum(axis=1))])
        times = CounterRandom(random.seed, "rate: times").of_entries(begin) * self.duration
        indices = np.repeat(np.tile(np.arange(features), samples), counts.reshape(-1))
        return times, indices, begin

    def _bernoulli(self, rows: NDArray[np.float64], random: CounterRandom) -> tuple[Any, ...]:
        assert self.dt is not None
        steps, features = steps_in_trial(self.duration, self.dt), rows.shape[1]
        probability = rows * (self.maximum * self.dt / 1000)
        times, indices, lengths = [], [], []
        for k in range(len(rows)):  # all steps of all samples at once would not fit into memory
            drawn = random.of_entries(np.array([0, steps * features]), first=k)
            step, index = np.nonzero(drawn.reshape(steps, features) < probability[k])
            times.append(step * self.dt)
            indices.append(index)
            lengths.append(len(step))
        begin = np.concatenate([[0], np.cumsum(lengths)])
        return np.concatenate(times), np.concatenate(indices), begin


def poisson_quantile(uniform: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.int64]:
    """The least whole number up to which a Poisson distribution has this much of its weight."""
    guess = np.ceil(special.pdtrik(uniform, np.maximum(mean, 1e-300)))
    below = np.maximum(guess - 1, 0)
    found = np.where(special.pdtr(below, mean) >= uniform, below, guess)
    return np.where(mean > 0, found, 0).astype(np.int64)
