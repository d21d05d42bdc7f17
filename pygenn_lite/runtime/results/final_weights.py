"""Weights at the end of a run, as a result keeps them: all, or of large groups a histogram."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.summary import counted, line
from pygenn_lite.records import dataclass

MOST_WEIGHTS = 4_000_000  # of a group, kept one by one: 16 MB in a file
BINS = 200


@dataclass(frozen=True)
class WeightHistogram:
    """How many weights of a large group lie between which.

    Attributes
    ----------
    counts : ndarray of int64, [bins]
    edges : ndarray of float64, [bins + 1]
    """

    counts: npt.NDArray[np.int64]
    edges: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.counts.sum())

    def __repr__(self) -> str:
        between = f"between {self.edges[0]:g} and {self.edges[-1]:g}"
        return line("WeightHistogram", "", counted(len(self), "weight"), between)


FinalWeights = npt.NDArray[Any] | WeightHistogram


def final_weights(weights: npt.NDArray[Any]) -> FinalWeights:
    """What is kept of the weights of a group."""
    if len(weights) <= MOST_WEIGHTS:
        return weights
    return WeightHistogram(*np.histogram(weights, bins=BINS))
