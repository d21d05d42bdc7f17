"""The synapses of a group as plain arrays: what a user sees of them, and what the reference
interpreter runs on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.summary import counted, line
from pygenn_lite.errors import ConnectivityError, Location
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Connections:
    """Synapses of a group as arrays, ordered by pre, then post, then delay.

    Attributes
    ----------
    pre, post : ndarray of unsigned integers
        Indices in the source and the target population.
    delay : ndarray of float64
        In ms.
    weight : ndarray of float64
    """

    pre: npt.NDArray[np.integer]
    post: npt.NDArray[np.integer]
    delay: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.pre)

    def __repr__(self) -> str:
        return line("Connections", "", counted(len(self), "synapse"), "pre, post, delay, weight")


def check_distinct(group: str, pre: npt.NDArray[np.integer], post: npt.NDArray[np.integer]) -> None:
    """Refuse a second synapse of a pair: a matrix of weights has no place for it.

    Raises
    ------
    ConnectivityError
        There is one.
    """
    different, times = np.unique(np.stack([pre, post], axis=1), axis=0, return_counts=True)
    if np.any(times > 1):
        source, target = different[times > 1][0]
        raise ConnectivityError(
            f"source {source} reaches target {target} more than once",
            where=Location.of("synapse group", group).entry("storage"),
            hint="dense storage holds one synapse per pair: give each pair once, or use "
            "storage='auto'",
        )
