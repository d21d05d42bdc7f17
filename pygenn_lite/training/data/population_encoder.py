"""Population: each number is seen by several neurons with Gaussian receptive fields."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pygenn_lite.declaration.numeric import whole_number
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.training.data.checked_values import check_setting, checked_values
from pygenn_lite.training.data.dataset_checks import checked_duration
from pygenn_lite.training.data.encoder import EncodedSpikes, ragged

WHERE = Location.of("PopulationCode")


@dataclass(frozen=True)
class PopulationCode:
    """Gaussian receptive fields: the better a number fits a neuron's field, the earlier it spikes.

    Centres and widths are those of Bohte, Kok and La Poutré (2002): of m neurons, number k has its
    centre at ``low + (2*k - 1)/2 * (high - low)/(m - 2)`` and the width
    ``(high - low)/(m - 2)/overlap``. Its response r, from 0 to 1, gives a spike at
    ``(1 - r)*duration``.

    Parameters
    ----------
    duration : float
        Of a sample, ms.
    neurons : int
        For each feature, 3 at least; those of feature f are the channels from ``f*neurons`` on.
    low, high : float
        The range of the numbers.
    overlap : float
        What the distance of centres is divided by: their width.
    threshold : float
        A smaller response gives no spike.

    Raises
    ------
    ArgumentError
        Less than 3 neurons, or an empty range; numbers that are not finite.

    Examples
    --------
    >>> encoder = pg.data.PopulationCode(10.0, neurons=6)
    >>> data = pg.data.encode([[0.5], [0.1]], encoder)
    >>> [sample.indices.tolist() for sample in data]
    [[2, 3], [0, 1, 2]]
    """

    duration: float
    neurons: int = 10
    low: float = 0.0
    high: float = 1.0
    overlap: float = 1.5
    threshold: float = 0.1

    def __post_init__(self) -> None:
        checked_duration(self.duration, WHERE)
        for what in ("neurons", "low", "high", "overlap", "threshold"):
            check_setting(
                getattr(self, what), what, WHERE, lambda x: -np.inf < x < np.inf, "give a number"
            )
        if (
            whole_number(self.neurons) is None or self.neurons < 3 or not self.low < self.high
            or not self.overlap > 0
        ):  # fmt: skip
            raise ArgumentError(
                f"{self.neurons} neurons from {self.low:g} to {self.high:g}, overlap "
                f"{self.overlap:g}",
                where=WHERE,
                hint="give 3 neurons at least, low < high, and overlap > 0",
            )

    @property
    def centres(self) -> NDArray[np.float64]:
        """Where each field has its maximum, shape (neurons,)."""
        return np.asarray(self.low + (np.arange(self.neurons) - 0.5) * self._distance())

    @property
    def width(self) -> float:
        """The standard deviation of each field."""
        return self._distance() / self.overlap

    def encode(self, values: ArrayLike, seed: int) -> EncodedSpikes:
        """Spikes of numbers, shape (samples, features, ...); nothing is drawn."""
        array = checked_values(values, WHERE)
        rows = array.reshape(len(array), -1)
        response = np.exp(-0.5 * ((rows[..., None] - self.centres) / self.width) ** 2)
        response = response.reshape(len(rows), -1)
        spikes = ragged(response >= self.threshold, (1 - response) * self.duration)
        return EncodedSpikes(*spikes, response.shape[1])

    def _distance(self) -> float:
        return (self.high - self.low) / (self.neurons - 2)
