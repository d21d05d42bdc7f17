"""Weights that were computed, or are set between runs: which of them a group takes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.declaration.connectivity import SharedKernel
from pygenn_lite.declaration.domains import as_of_now, check_numbers
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.errors import (
    ArgumentError,
    Location,
    NetworkError,
    PygennLiteWarning,
    ShapeError,
    SimulationError,
    UnsupportedFeatureError,
    full_text,
)

MOST_LOST = 0.01  # by rounding, of all weights together, without a warning
LARGEST_HALF = 65504  # of half precision


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


def check_range(group: str, weight: npt.ArrayLike, dtype: np.dtype[Any]) -> None:
    """Refuse weights, or parameters of their distribution, that would be infinite in memory.

    Raises
    ------
    NetworkError
        One is too large for ``dtype``.
    """
    largest = float(np.max(np.abs(weight), initial=0.0))
    if largest > float(np.finfo(dtype).max):
        raise NetworkError(
            f"a weight of {largest:g} is too large for {dtype.name}",
            where=Location.of("synapse group", group),
            hint="use smaller weights, or precision='float64'",
        )


def check_settable(
    group: str, weights: npt.NDArray[np.float64], size: int, dtype: np.dtype[Any], own: bool
) -> None:
    """Refuse weights that a group of ``size`` synapses cannot take.

    Parameters
    ----------
    weights : ndarray of float64
        One, or one per synapse.
    dtype : dtype
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
        extremes = np.array([weights.min(initial=0), weights.max(initial=0)], dtype)
    if not np.all(np.isfinite(extremes)):
        raise SimulationError("a weight is not finite", where=where)
    if not own and weights.size and np.any(weights != weights.flat[0]):
        raise SimulationError(
            "all synapses of this group share one weight",
            where=where,
            hint="declare weights that differ (an array or a distribution), or set one value",
        )


def rounded_weights(weights: npt.NDArray[np.float64], precision: str) -> npt.NDArray[np.float64]:
    """Weights as they are kept: see `weight_precision` of ``connect``.

    Raises
    ------
    SimulationError
        One is beyond half precision.
    """
    largest = float(np.abs(weights).max(initial=0.0))
    if precision == "float16":
        if largest > LARGEST_HALF:
            raise SimulationError(
                f"a weight of {largest:g} is too large for half precision: the largest is "
                f"{LARGEST_HALF}",
                where=Location.of("connect").entry("weight_precision"),
                hint="use weight_precision='full'",
            )
        return weights.astype(np.float16).astype(np.float64)
    if precision == "int16":
        scale = largest / 32767 or 1.0
        return np.asarray(scale * np.copysign(np.floor(np.abs(weights) / scale + 0.5), weights))
    return weights


def rounding_loss(weights: npt.NDArray[np.float64], rounded: npt.NDArray[np.float64]) -> float:
    """What rounding changes: the sum of changes by the sum of absolute weights."""
    total = float(np.abs(weights).sum())
    return float(np.abs(rounded - weights).sum()) / total if total else 0.0


def warn_of_rounding(group: str, loss: float) -> None:
    """Say where 16 bits are not enough."""
    if loss > MOST_LOST:
        text = full_text(
            f"rounding changes the weights by {100 * loss:.2g} %",
            Location.of("synapse group", group).entry("weight_precision"),
            "use 'float16' for weights of different sizes, 'int16' for those below 1e-4, or 'full'",
        )
        warnings.warn(text, PygennLiteWarning, stacklevel=2)


def kernel_of(
    group: str,
    kernel: SharedKernel,
    places: npt.NDArray[np.integer],
    weights: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """The kernel that gives synapses, each with a place in it, these weights.

    Raises
    ------
    SimulationError
        There is none.
    """
    table = np.array(kernel.kernel.ravel(), np.float64)
    table[places] = weights
    if not np.array_equal(table[places], weights):
        raise SimulationError(
            "synapses that share an entry of the kernel are set to different weights",
            where=Location.of("synapse group", group),
            hint="set weights that come from one kernel",
        )
    return table


def check_kept_alike(
    instance: int, stores: Sequence[StorePlan], first: Sequence[StorePlan], own: Iterable[str]
) -> None:
    """Refuse weights of its own for an instance that shares its synapses with the first, where they
    need other stores.

    Parameters
    ----------
    instance : int
    stores, first : sequence of StorePlan
        What the instance needs, and what the first has.
    own : iterable of str
        Groups with weights of their own.

    Raises
    ------
    NetworkError
        One number for all synapses here, and weights that differ there.
    """
    if stores == first:
        return
    raise NetworkError(
        f"the weights of instance {instance} are kept in another way than those of instance 0",
        where=Location.of("values").entry(f"groups.{min(own)}.weight"),
        hint="give one number for all synapses, or weights that differ from synapse to "
        "synapse (an array or a distribution), in all instances alike",
    )


def check_own_weights(plan: StorePlan) -> None:
    """Refuse weights of its own for an instance where they are not kept as numbers.

    Raises
    ------
    UnsupportedFeatureError
        Weights of 16 bits, those of a shared kernel, or those drawn again at each spike.
    """
    drawn = plan.storage == "procedural" and plan.weights
    if not plan.codes and not drawn:
        return
    kept = {"": "drawn again at each spike", "shared": "kept once for the whole kernel"}
    raise UnsupportedFeatureError(
        f"weights that are {kept.get(plan.codes, 'kept in 16 bits')} are common to all instances "
        "that share their synapses",
        where=Location.of("synapse group", plan.groups[0]),
        hint="compile with connectivity='own' to have others in each instance"
        if plan.codes
        else "leave storage='auto', or compile with connectivity='own'",
    )
