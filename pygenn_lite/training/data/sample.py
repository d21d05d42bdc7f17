"""Sample: one sample of a dataset, for people who look at it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.summary import counted
from pygenn_lite.records import dataclass


@dataclass(frozen=True, eq=False)
class Sample:
    """One sample of a :class:`SpikeDataset`.

    Attributes
    ----------
    times : ndarray of float32
        Of its spikes, ms from its beginning.
    indices : ndarray of uint32
        The channel of each spike.
    label, group : int or None
    target : ndarray or None
    """

    times: NDArray[np.float32]
    indices: NDArray[np.uint32]
    label: int | None = None
    target: NDArray[Any] | None = None
    group: int | None = None

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        known = "" if self.label is None else f", label {self.label}"
        return f"<Sample: {counted(len(self), 'spike')}{known}>"
