"""Checks what samples are compared with against a loss and its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pygenn_lite.errors import ArgumentError, Location

LABELS, TARGETS = Location("labels"), Location("targets")


def check_targets(
    kind: str,
    sizes: Mapping[str, int],
    samples: int,
    steps: int,
    labels: Any = None,
    targets: Any = None,
) -> None:
    """Labels or targets of samples, whichever a loss is compared with.

    Parameters
    ----------
    kind : str
        "labels", "values", "traces" or "" (nothing is looked at).
    sizes : mapping of str to int
        Of the populations that are compared with them.
    samples, steps : int
    labels : array (samples,), optional
    targets : array (samples, outputs) or (samples, steps, outputs), optional

    Raises
    ------
    ArgumentError
        They are missing, of another shape, out of range or not finite; or populations of different
        sizes are compared with them.
    """
    if kind and len(set(sizes.values())) > 1:
        shown = " and ".join(f"{name!r} ({n} neurons)" for name, n in sizes.items())
        raise ArgumentError(
            f"the loss compares {shown} with the same {kind}",
            where=Location("loss"),
            hint="populations that are compared with the same have one size",
        )
    outputs = next(iter(sizes.values()), 0)
    if kind == "labels":
        _check_labels(outputs, samples, labels, np.shape(targets) if targets is not None else ())
    elif kind:
        _check_values(
            kind, (samples, outputs) if kind == "values" else (samples, steps, outputs), targets
        )


def _check_labels(outputs: int, samples: int, labels: Any, targets: tuple[int, ...]) -> None:
    if labels is None:
        found, hint = "none", "give labels, one class per sample"
        if targets:
            found = f"targets of shape {targets}, not labels"
        if targets in ((samples, outputs), (samples, 1)):
            how = "targets.argmax(axis=1)" if targets[1] > 1 else "targets[:, 0]"
            hint = f"{hint}: {how}"
        raise ArgumentError(
            f"the loss compares outputs with labels, and the data have {found}",
            where=LABELS,
            hint=hint,
        )
    given = np.asarray(labels)
    if given.shape != (samples,):
        raise ArgumentError(
            f"labels have the shape {given.shape}, for {samples} samples",
            where=LABELS,
            hint=f"give one class per sample: ({samples},)",
        )
    whole = given if given.dtype.kind in "iu" else np.floor(given.astype(np.float64))
    wrong = np.flatnonzero((whole != given) | (given < 0) | (given >= outputs))
    if len(wrong):
        k = int(wrong[0])
        raise ArgumentError(
            f"the label of sample {k} is {given[k]}, and there are {outputs} outputs "
            f"({len(wrong)} of {samples} labels are wrong)",
            where=LABELS,
            hint=f"labels are whole numbers from 0 to {outputs - 1}: one output neuron per class",
        )


def _check_values(kind: str, shape: tuple[int, ...], targets: Any) -> None:
    per = "output" if kind == "values" else "step and output"
    if targets is None:
        raise ArgumentError(
            "the loss compares outputs with given targets, and the data have none",
            where=TARGETS,
            hint=f"give targets of the shape {shape}: a number per sample, {per}",
        )
    given = np.asarray(targets)
    if given.shape != shape:
        swapped = len(shape) == 3 and given.shape == (shape[1], shape[0], shape[2])
        raise ArgumentError(
            f"targets have the shape {given.shape}, not {shape}",
            where=TARGETS,
            hint="the axes of samples and steps are swapped: samples come first"
            if swapped
            else f"give a number per sample, {per}",
        )
    if given.dtype.kind not in "fiu" or not np.isfinite(given).all():
        raise ArgumentError("targets are not all finite numbers", where=TARGETS)
