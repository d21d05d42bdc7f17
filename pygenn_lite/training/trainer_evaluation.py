"""Evaluation: what a network makes of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network makes of a dataset.

    Attributes
    ----------
    losses : ndarray, shape (samples,)
    outputs : ndarray, shape (samples, read-outs)
        What the loss reads from the read-outs: integrals, peaks, spike times, ...
    predictions : ndarray of int, shape (samples,)
    labels : ndarray of int, shape (samples,), or None
        None, too, where the loss predicts no class.
    class_names : tuple of str
    rates : mapping of str to float
        Mean rate of each population, Hz.
    silent : mapping of str to float
        Of each population the share of neurons that did not spike for any sample.
    tangential : int
        Spikes that crossed their threshold so slowly that a gradient would be held back.
    metrics : mapping of str to float
        Means of what the loss counts besides.
    """

    losses: npt.NDArray[np.floating]
    outputs: npt.NDArray[np.floating]
    predictions: npt.NDArray[np.integer]
    labels: npt.NDArray[np.integer] | None = None
    class_names: tuple[str, ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)
    silent: Mapping[str, float] = field(default_factory=dict)
    tangential: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        """The mean over samples."""
        return float(np.mean(self.losses, dtype=np.float64))

    @property
    def accuracy(self) -> float:
        """The share of right predictions; NaN where there are no classes."""
        if self.labels is None:
            return float("nan")
        return float(np.mean(self.predictions == self.labels))

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """How often each class (row) was predicted as each (column).

        Raises
        ------
        ArgumentError
            There are no classes.
        """
        if self.labels is None:
            raise ArgumentError(
                "there are no labels, or the loss predicts none", where=Location("Evaluation")
            )
        classes = max(self.outputs.shape[1], int(self.labels.max(initial=0)) + 1)
        table = np.zeros((classes, classes), np.int64)
        np.add.at(table, (self.labels, self.predictions), 1)
        return table

    def to_dict(self) -> dict[str, Any]:
        """Its numbers, without those of single samples."""
        known = {"samples": len(self.losses), "loss": self.loss, "tangential": self.tangential}
        if self.labels is not None:
            known["accuracy"] = self.accuracy
        return {**known, "rates_hz": dict(self.rates), "silent": dict(self.silent), **self.metrics}

    def __repr__(self) -> str:
        accuracy = "" if self.labels is None else f", accuracy {self.accuracy:.2%}"
        return f"<Evaluation: {len(self.losses):,} samples, loss {self.loss:.4g}{accuracy}>"
