"""The forms in which data are given to a trainer: datasets, and arrays of spikes with labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from pygenn_lite.errors import ArgumentError, ShapeError
from pygenn_lite.training.data import SpikeDataset, from_dense
from pygenn_lite.training.training_setup import WHERE, TrainingSetup


def as_dataset(given: Any, setup: TrainingSetup) -> SpikeDataset:
    """Data as a dataset.

    Parameters
    ----------
    given : SpikeDataset, (ndarray, ndarray) or ndarray
        Arrays: numbers of spikes, of shape (samples, steps, channels), and labels, shape
        (samples,), or targets, shape (samples, ...).
    setup : TrainingSetup

    Raises
    ------
    ArgumentError
        It is something else.
    ShapeError
        Axes are in another order, or entries are not numbers of spikes.
    """
    if isinstance(given, SpikeDataset):
        return given
    spikes, labels = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    if not isinstance(spikes, np.ndarray):
        raise ArgumentError(
            f"{given!r:.60} is not a dataset",
            where=WHERE,
            hint="give a SpikeDataset, or (spikes, labels) with spikes of shape "
            "(samples, steps, channels); pg.data makes datasets of other forms",
        )
    channels = setup.network.populations[setup.input].size
    if labels is None:
        _check_axes(spikes, None, channels)
        return from_dense(spikes, setup.network.dt)
    shape = np.shape(labels)
    if not shape:
        raise ArgumentError(
            f"labels = {labels!r:.60}", where=WHERE, hint="give an array with one for each sample"
        )
    if len(shape) == 3 and shape[0] != shape[1] and shape[1::-1] == spikes.shape[:2]:
        raise ShapeError(
            f"spikes of shape {spikes.shape}, with targets of shape {shape}: in one of them the "
            "axes of time and of samples are swapped",
            where=WHERE,
            hint="give (samples, steps, channels), and (samples, steps, outputs): swapaxes(0, 1)",
        )
    _check_axes(spikes, shape[0], channels)
    if len(shape) > 1:
        return from_dense(spikes, setup.network.dt, targets=labels)
    return from_dense(spikes, setup.network.dt, labels)


def _check_axes(spikes: np.ndarray, samples: int | None, channels: int) -> None:
    """Refuse an array whose axes stand in another order, by their lengths."""
    shape = spikes.shape
    if spikes.ndim == 3 and shape[2] == channels and samples in (None, shape[0]):
        return
    hint = "give spikes of shape (samples, steps, channels)"
    if spikes.ndim == 3 and shape[2] == channels and samples == shape[1]:
        raise ShapeError(
            f"spikes of shape {shape}, with {samples} labels: the axes of time and of samples are "
            "swapped",
            where=WHERE,
            hint=f"{hint}: spikes.swapaxes(0, 1)",
        )
    if spikes.ndim == 3 and shape[1] == channels and samples in (None, shape[0]):
        raise ShapeError(
            f"spikes of shape {shape}, for {channels} channels: the axes of time and of channels "
            "are swapped",
            where=WHERE,
            hint=f"{hint}: spikes.swapaxes(1, 2)",
        )
    wanted = f"({'samples' if samples is None else samples}, steps, {channels})"
    known = "" if samples is None else f"there are {samples} labels, and "
    raise ShapeError(
        f"spikes of shape {shape}, in place of {wanted}: {known}the spike source has {channels} "
        f"neuron{'s' if channels > 1 else ''}",
        where=WHERE,
        hint=hint,
    )


def split_validation(
    data: SpikeDataset, share: float, seed: int
) -> tuple[SpikeDataset, SpikeDataset]:
    """Training and validation data: a share of the samples is set aside, as ``data.split`` does.

    Raises
    ------
    ArgumentError
        The share leaves nothing on one side.
    """
    number = round(len(data) * share) if np.isfinite(share) else 0
    if not 0 < number < len(data):
        raise ArgumentError(
            f"validation = {share!r} sets {number} of {len(data)} samples aside",
            where=WHERE,
            hint="give a share between 0 and 1, such as 0.1, or a dataset",
        )
    return data.split(share, seed)


def with_some_labels(data: SpikeDataset) -> SpikeDataset:
    """Data whose labels are not known, with labels that mean nothing: to predict them."""
    if data.labels is not None or data.targets is not None:
        return data
    labels = np.zeros(len(data), np.int64)
    return data.with_spikes(data.times, data.indices, data.begin, labels=labels)
