"""Latency: one spike for each number, the earlier the larger it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.training.data.checked_values import check_setting, checked_fractions
from pygenn_lite.training.data.dataset_checks import checked_duration
from pygenn_lite.training.data.encoder import EncodedSpikes, channels_of, ragged

WHERE = Location.of("Latency")


@dataclass(frozen=True)
class Latency:
    """One spike for each number x, at ``first + (1 - x)*(last - first)``.

    Parameters
    ----------
    duration : float
        Of a sample, ms.
    threshold : float or None
        Numbers up to this give no spike; None: all give one.
    first, last : float, optional
        When 1 and 0 spike, ms: by default 0 and the duration.
    large_is_early : bool
        False: at ``first + x*(last - first)``, as in the task Yin-Yang.

    Raises
    ------
    ArgumentError
        Times in the wrong order; numbers beyond 0 and 1.

    Examples
    --------
    >>> encoder = pg.data.Latency(20.0, threshold=0.2)
    >>> pg.data.encode([[1.0, 0.5, 0.1]], encoder)[0].times
    array([ 0., 10.], dtype=float32)
    """

    duration: float
    threshold: float | None = 0.0
    first: float = 0.0
    last: float | None = None
    large_is_early: bool = True

    def __post_init__(self) -> None:
        duration = checked_duration(self.duration, WHERE)
        for what, value in (("first", self.first), ("last", self._last())):
            check_setting(value, what, WHERE, lambda x: x >= 0, "give a time in ms")
        if self.threshold is not None:
            check_setting(
                self.threshold, "threshold", WHERE, lambda x: -np.inf < x < np.inf,
                "give a number, or None: every number gives a spike",
            )  # fmt: skip
        if not 0 <= self.first <= self._last() <= duration:
            raise ArgumentError(
                f"first = {self.first}, last = {self._last()}, duration = {duration}", where=WHERE,
                hint="give times in this order: 0 <= first <= last <= duration",
            )  # fmt: skip

    def encode(self, values: ArrayLike, seed: int) -> EncodedSpikes:
        """Spikes of numbers from 0 to 1, shape (samples, features, ...); nothing is drawn."""
        array = checked_fractions(values, WHERE)
        rows = array.reshape(len(array), -1)
        mask = rows >= 0 if self.threshold is None else rows > self.threshold
        late = 1 - rows if self.large_is_early else rows
        times = self.first + late * (self._last() - self.first)
        return EncodedSpikes(*ragged(mask, times), channels_of(array))

    def _last(self) -> float:
        return self.duration if self.last is None else self.last
