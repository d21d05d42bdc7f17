"""Delta: spikes where a signal has moved by a threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.records import dataclass
from pygenn_lite.training.data.checked_values import check_setting, checked_values
from pygenn_lite.training.data.dataset_checks import checked_duration
from pygenn_lite.training.data.encoder import EncodedSpikes

WHERE = Location.of("Delta")
MOST_SPIKES = 2**31


@dataclass(frozen=True)
class Delta:
    """Spikes where a signal has moved by a threshold since the last spike: on one channel upwards,
    on another one downwards.

    The signal is taken to be straight between its points, so that each spike has the time of its
    crossing, and there may be several between two points.

    Parameters
    ----------
    duration : float
        From the first to the last point, ms.
    threshold : float

    Raises
    ------
    ArgumentError, ShapeError
        A threshold that is not positive; signals that are not (samples, points, features).

    Examples
    --------
    >>> signal = np.array([0.0, 1.0, 0.0]).reshape(1, 3, 1)  # up and down within 10 ms
    >>> sample = pg.data.encode(signal, pg.data.Delta(10.0, threshold=0.4))[0]
    >>> sample.times, sample.indices
    (array([ 2.,  4.,  8., 10.], dtype=float32), array([0, 0, 1, 1], dtype=uint32))
    """

    duration: float
    threshold: float

    def __post_init__(self) -> None:
        checked_duration(self.duration, WHERE)
        check_setting(
            self.threshold, "threshold", WHERE, lambda x: 0 < x < np.inf, "give a number > 0"
        )

    def encode(self, values: ArrayLike, seed: int) -> EncodedSpikes:
        """Spikes of signals, shape (samples, points, features): feature f upwards is channel f,
        downwards channel features + f. Nothing is drawn."""
        signal = checked_values(values, WHERE)
        if signal.ndim != 3 or signal.shape[1] < 2:
            raise ShapeError(
                f"signals of shape {signal.shape}", where=WHERE,
                hint="give (samples, points in time, features), two points at least",
            )  # fmt: skip
        samples, points, features = signal.shape
        self._check_size(signal)
        found = self._crossings(signal)
        sample, channel, time = (np.concatenate([part[k] for part in found]) for k in range(3))
        order = np.lexsort((channel, time, sample))
        begin = np.searchsorted(sample[order], np.arange(samples + 1))
        times = time[order] * (self.duration / (points - 1))
        return EncodedSpikes(times, channel[order], begin, 2 * features)

    def _check_size(self, signal: NDArray[np.float64]) -> None:
        most = float(np.abs(np.diff(signal, axis=1)).sum()) / self.threshold
        if most >= MOST_SPIKES:
            raise ArgumentError(
                f"the signals move by {most:.3g} thresholds of {self.threshold:g}", where=WHERE,
                hint="give a larger threshold, or fewer samples at once: each is a spike",
            )  # fmt: skip

    def _crossings(self, signal: NDArray[np.float64]) -> list[tuple[NDArray[Any], ...]]:
        """Sample, channel and time (in points) of each spike, one record per interval."""
        level = signal[:, 0].copy()
        features = signal.shape[2]
        found: list[tuple[NDArray[Any], ...]] = []
        for k in range(signal.shape[1] - 1):
            before, after = signal[:, k], signal[:, k + 1]
            # A signal that moves by the threshold exactly has crossed it, whatever is rounded.
            moved = np.trunc((after - level) / self.threshold * (1 + 1e-12)).astype(np.int64)
            sample, feature = np.nonzero(moved)
            counts = np.abs(moved[sample, feature])
            number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1
            sample, feature = np.repeat(sample, counts), np.repeat(feature, counts)
            sign = np.sign(moved[sample, feature])
            crossed = level[sample, feature] + sign * number * self.threshold
            start = before[sample, feature]
            part = (crossed - start) / (after[sample, feature] - start)
            found.append((sample, feature + features * (sign < 0), k + part.clip(0, 1)))
            level += moved * self.threshold
        return found
