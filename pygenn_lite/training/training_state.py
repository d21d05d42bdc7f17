"""What changes while a network is trained: all that a checkpoint holds."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass
from pygenn_lite.training.epoch_sums import EpochSums
from pygenn_lite.training.history import History

Arrays = dict[str, npt.NDArray[Any]]


@dataclass
class TrainingState:
    """What changes while a network is trained.

    Attributes
    ----------
    session : TrainingSession
        Parameters, slots of the optimiser, and what it carries from batch to batch.
    duration : float
        Of a trial, ms.
    history : History
        Of the epochs that are done.
    sums : EpochSums
        Of an epoch that was interrupted.
    epoch_samples : int
        How many samples that epoch has.
    planned : int
        Epochs after which the training that was begun ends.
    best : mapping of str to ndarray
        State of the session after the best epoch, where early stopping restores it.
    """

    session: Any
    duration: float
    history: History = field(default_factory=History)
    sums: EpochSums = field(default_factory=EpochSums)
    epoch_samples: int = 0
    planned: int = 0
    best: Arrays = field(default_factory=dict)

    def copy_of_session(self) -> Arrays:
        """The session's state, which later updates do not change."""
        return {name: np.array(array) for name, array in self.session.state().items()}
