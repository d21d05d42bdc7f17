"""TrainingTask: a network, data, a loss and settings: all that the command ``train`` needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

import numpy as np

from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.training.data.spike_dataset import SpikeDataset
from pygenn_lite.training.early_stopping import EarlyStopping
from pygenn_lite.training.trainer import Trainer


@dataclass(frozen=True, eq=False)
class TrainingTask:
    """A network, data, a loss and settings: what a script gives the command ``train``.

    Parameters
    ----------
    network : Network
    loss : Loss
    train : SpikeDataset
    test : SpikeDataset, optional
        Evaluated once, at the end.
    validation : SpikeDataset or float, optional
        Evaluated after each epoch; a number is the share of the training data set aside for it.
    optimiser : Optimiser, optional
    batch, epochs : int
    augment : Augmentation or sequence of Augmentation, optional
    early_stopping : EarlyStopping, optional
    options : mapping
        Others of :class:`Trainer`: gradient, surrogate, trainable, duration, seed, ...
    name : str
        For files and messages; the network's by default.

    Raises
    ------
    ArgumentError
        What is to be trained with, or tested with, is not a dataset.

    Examples
    --------
    >>> from pygenn_lite.training.tasks import yin_yang
    >>> task = yin_yang(hidden=30, samples=200)
    >>> task.network["hidden"].size, len(task.train), task.epochs > 0
    (30, 200, True)
    """

    network: Network
    loss: Any
    train: Any
    test: Any = None
    validation: Any = None
    optimiser: Any = None
    batch: int = 32
    epochs: int = 10
    augment: Any = None
    early_stopping: EarlyStopping | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        given = {"train": self.train, "test": self.test, "validation": self.validation}
        for what, data in given.items():
            optional = what != "train" and data is None
            share = what == "validation" and isinstance(data, float | np.floating)
            if not (optional or share or isinstance(data, SpikeDataset)):
                raise ArgumentError(
                    f"{what} = {data!r:.60} is not a dataset",
                    where=Location("TrainingTask"),
                    hint="give a SpikeDataset: of arrays pg.data.from_dense(spikes, dt, labels) "
                    "makes one",
                )

    def trainer(self, **options: Any) -> Trainer:
        """Its trainer; ``options`` of :class:`Trainer` go before its own."""
        given = {"optimiser": self.optimiser, "batch": self.batch, **self.options, **options}
        given.setdefault("duration", self.train.duration)
        return Trainer(self.network, self.loss, given.pop("optimiser"), **given)

    def fit(self, trainer: Trainer, epochs: int | None = None, **options: Any) -> Any:
        """Train as it says; returns the history. ``options`` are of :meth:`Trainer.fit`."""
        given = {
            "validation": self.validation, "augment": self.augment,
            "early_stopping": self.early_stopping, **options,
        }  # fmt: skip
        return trainer.fit(self.train, epochs or self.epochs, **given)

    def changed(self, **changes: Any) -> TrainingTask:
        """The same task with other values."""
        return replace(self, **changes)
