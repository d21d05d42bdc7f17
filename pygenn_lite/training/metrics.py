"""Figures of a run over samples: accuracy, confusion, activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import ArgumentError, Location

Array = npt.NDArray[Any]
WHERE = Location("metrics")


def accuracy(predictions: Array, labels: Array) -> float:
    """The share of samples whose prediction is their label.

    Parameters
    ----------
    predictions, labels : array (samples,)

    Raises
    ------
    ArgumentError
        Their shapes differ, or there are no samples.
    """
    predictions, labels = _pair(predictions, labels)
    return float(np.mean(predictions == labels))


def confusion(predictions: Array, labels: Array, classes: int) -> npt.NDArray[np.int64]:
    """Numbers of samples by label (rows) and prediction (columns).

    Parameters
    ----------
    predictions, labels : array (samples,)
    classes : int

    Returns
    -------
    array (classes, classes) of int64

    Raises
    ------
    ArgumentError
        Shapes differ, or a class is out of range.
    """
    predictions, labels = _pair(predictions, labels)
    for name, values in (("prediction", predictions), ("label", labels)):
        if values.min() < 0 or values.max() >= classes:
            wrong = int(values[(values < 0) | (values >= classes)][0])
            raise ArgumentError(
                f"a {name} is {wrong}, and there are {classes} classes",
                where=WHERE,
                hint=f"classes are whole numbers from 0 to {classes - 1}",
            )
    counts = np.bincount(
        labels.astype(np.int64) * classes + predictions.astype(np.int64), minlength=classes**2
    )
    return counts.reshape(classes, classes).astype(np.int64)


def silent_shares(spikes: Mapping[str, Array]) -> dict[str, float]:
    """By population: the share of neurons without a spike in all samples.

    Parameters
    ----------
    spikes : mapping of str to array (neurons,)
        Numbers of spikes over all samples.
    """
    return {name: float(np.mean(np.asarray(n) == 0)) for name, n in spikes.items()}


def mean_rates(spikes: Mapping[str, Array], samples: int, duration: float) -> dict[str, float]:
    """By population: spikes per neuron and second.

    Parameters
    ----------
    spikes : mapping of str to array (neurons,)
        Numbers of spikes over all samples.
    samples : int
    duration : float
        ms, of one sample.
    """
    seconds = samples * duration / 1000.0
    return {name: float(np.mean(n) / seconds) for name, n in spikes.items()}


def _pair(predictions: Array, labels: Array) -> tuple[Array, Array]:
    first, second = np.asarray(predictions), np.asarray(labels)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ArgumentError(
            f"predictions of the shape {first.shape} and labels of the shape {second.shape}",
            where=WHERE,
            hint="give one of each per sample",
        )
    return first, second
