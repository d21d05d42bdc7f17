"""Which samples are held out of a dataset: a fraction of each class, whole groups, or both."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.numeric import plain_indices, plain_number
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.training.data.counter_random import CounterRandom

WHERE = Location("SpikeDataset.split")


def held_out_fraction(
    labels: NDArray[np.integer] | None, samples: int, fraction: Any, seed: int
) -> NDArray[np.bool_]:
    """A mask of a fraction of the samples, drawn by chance: of each class as many as its share of
    the whole, rounded so that the sum is right (of what the rounding leaves, the classes with the
    largest remainders get one each)."""
    number = plain_number(fraction)
    if number is None or not 0 < number < 1:
        raise ArgumentError(
            f"fraction = {fraction!r}", where=WHERE, hint="give a number between 0 and 1"
        )
    order = CounterRandom(seed, "split").order(samples)
    if labels is None:
        labels = np.zeros(samples, np.int64)
    wanted = number * np.bincount(labels)
    taken = np.floor(wanted + 1e-9).astype(np.int64)
    missing = round(number * samples) - int(taken.sum())
    taken[np.argsort(taken - wanted, kind="stable")[:missing]] += 1
    by_class = order[np.argsort(labels[order], kind="stable")]
    sizes = np.bincount(labels)
    place = np.arange(samples) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    mask = np.zeros(samples, bool)
    mask[by_class[place < np.repeat(taken, sizes)]] = True
    _check_both(mask)
    return mask


def held_out_groups(groups: NDArray[np.integer] | None, wanted: Any) -> NDArray[np.bool_]:
    """A mask of all samples of some groups."""
    if groups is None:
        raise ShapeError(
            "the dataset has no groups", where=WHERE,
            hint="give groups=: what samples have in common, e.g. the speaker",
        )  # fmt: skip
    numbers = plain_indices(np.atleast_1d(wanted), "groups", WHERE, ArgumentError)
    unknown = sorted(set(numbers.tolist()) - set(groups.tolist()))
    if unknown or not len(numbers):
        known = ", ".join(map(str, np.unique(groups)[:20]))
        raise ArgumentError(
            f"there is no group {unknown[0]}" if unknown else "no group is named", where=WHERE,
            hint=f"there are {known}",
        )  # fmt: skip
    mask = np.isin(groups, numbers)
    _check_both(mask)
    return mask


def _check_both(mask: NDArray[np.bool_]) -> None:
    if mask.all() or not mask.any():
        raise ArgumentError(
            f"one of the two parts of {len(mask)} samples is empty", where=WHERE,
            hint="hold out more, or less",
        )  # fmt: skip
