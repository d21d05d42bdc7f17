"""Weights that were computed, or are set between runs: which of them a group takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.domains import as_of_now, check_numbers
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.errors import ArgumentError, Location, NetworkError, ShapeError, SimulationError


def check_weights(
    group: SynapseGroup,
    weights: npt.NDArray[np.float64],
    number: Callable[[str], float] | None = None,
) -> None:
    """Hold weights against the model's domains; ``number`` gives its parameters where they may
    have changed."""
    domains = group.synapse.domains
    domains = domains if number is None else as_of_now(domains, number)
    check_numbers(
        domains, "weight", weights, Location.of("synapse group", group.name), ArgumentError
    )


def check_range(group: str, weight: npt.ArrayLike, real: np.dtype[Any]) -> None:
    """Refuse weights, or parameters of their distribution, that would be infinite in memory.

    Raises
    ------
    NetworkError
        One is too large for ``real``.
    """
    largest = float(np.max(np.abs(weight), initial=0.0))
    if largest > float(np.finfo(real).max):
        raise NetworkError(
            f"a weight of {largest:g} is too large for {real.name}",
            where=Location.of("synapse group", group),
            hint="use smaller weights, or precision='float64'",
        )


def check_settable(
    group: str, weights: npt.NDArray[np.float64], size: int, real: np.dtype[Any], own: bool
) -> None:
    """Refuse weights that a group of ``size`` synapses cannot take.

    Parameters
    ----------
    weights : ndarray of float64
        One, or one per synapse.
    real : dtype
        In which they are kept.
    own : bool
        Whether they may differ from synapse to synapse.
    """
    where = Location.of("synapse group", group)
    if weights.ndim and weights.shape != (size,):
        raise ShapeError(
            f"weights of shape {weights.shape} for {size} synapses",
            where=where,
            hint="give one weight, or one per synapse in the order of connections()",
        )
    with np.errstate(over="ignore"):
        extremes = np.array([weights.min(initial=0), weights.max(initial=0)], real)
    if not np.all(np.isfinite(extremes)):
        raise SimulationError("a weight is not finite", where=where)
    if not own and weights.size and np.any(weights != weights.flat[0]):
        raise SimulationError(
            "all synapses of this group share one weight",
            where=where,
            hint="declare weights that differ (an array or a distribution), or set one value",
        )


def rounded_weights(weights: npt.NDArray[np.float64], precision: str) -> npt.NDArray[np.float64]:
    """Weights as they are kept: see `weight_precision` of ``connect``."""
    if precision == "float16":
        return weights.astype(np.float16).astype(np.float64)
    if precision == "int16":
        scale = float(np.abs(weights).max(initial=0.0)) / 32767 or 1.0
        return np.asarray(scale * np.copysign(np.floor(np.abs(weights) / scale + 0.5), weights))
    return weights
