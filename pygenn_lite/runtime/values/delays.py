"""Delays that only drawing or computing them can tell: which of them a group takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.steps import LONGEST_DELAY
from pygenn_lite.errors import Location, NetworkError


def check_longest_delay(steps: int, group: str, dt: float) -> None:
    """Refuse what no backend counts.

    Parameters
    ----------
    steps : int
        The longest delay of the group.
    group : str
    dt : float
        ms.

    Raises
    ------
    NetworkError
        It is longer than `LONGEST_DELAY` steps.
    """
    if steps > LONGEST_DELAY:
        raise NetworkError(
            f"a delay is longer than {LONGEST_DELAY:,} steps of {dt} ms",
            where=Location.of("synapse group", group).entry("delay"),
            hint="use shorter delays, a distribution with an upper limit, or a larger dt",
        )


def check_least_delay(delays: npt.NDArray[np.float64], group: SynapseGroup, dt: float) -> None:
    """What a user's expression says must be possible (drawn delays are raised to a step).

    Parameters
    ----------
    delays : ndarray of float64
        ms, one per synapse.
    group : SynapseGroup
    dt : float
        ms.

    Raises
    ------
    NetworkError
        One is negative, or below the step.
    """
    least = float(delays.min(initial=np.inf))
    if least < dt * (1 - 1e-9):
        raise NetworkError(
            f"a delay of {least:g} ms is {'negative' if least < 0 else 'below the step'}",
            where=Location.of("synapse group", group.name).entry("delay"),
            hint=f"delays are at least dt = {dt} ms: write max({dt}, ...)",
        )
