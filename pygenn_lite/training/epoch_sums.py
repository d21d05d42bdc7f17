"""What is summed over the samples of an epoch, so that an interrupted one can be continued."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass

NUMBERS = ("samples", "right", "tangential", "seconds")


@dataclass
class EpochSums:
    """Sums over the samples of an epoch so far.

    Attributes
    ----------
    samples, right, tangential : int
        Samples; those predicted rightly; spikes whose gradient was held back.
    seconds : float
    spikes : mapping of str to ndarray
        Of each population the spikes of each neuron.
    values : mapping of str to list of ndarray
        The loss, and what the loss counts besides, of each sample: a mean is then the same however
        the epoch was cut into pieces.
    """

    samples: int = 0
    right: int = 0
    tangential: int = 0
    seconds: float = 0.0
    spikes: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    values: dict[str, list[npt.NDArray[np.floating]]] = field(default_factory=dict)

    def add(
        self,
        outcome: Any,
        labels: npt.NDArray[np.integer] | None,
        spiking: Collection[str],
        seconds: float = 0.0,
    ) -> None:
        """Add what a call of the session brought.

        Parameters
        ----------
        outcome : Outcome
        labels : ndarray of int, shape (samples,), or None
            Of its samples.
        spiking : collection of str
            Populations that can spike.
        seconds : float
        """
        self.samples += len(outcome.losses)
        if labels is not None:
            self.right += int(np.count_nonzero(outcome.predictions == labels))
        self.tangential += outcome.tangential
        self.seconds += seconds
        for name in spiking:
            counts = np.asarray(outcome.spikes[name], np.float64)
            self.spikes[name] = self.spikes.get(name, 0.0) + counts
        for name, values in {"loss": outcome.losses, **outcome.metrics}.items():
            self.values.setdefault(name, []).append(np.array(values))

    @property
    def mean_loss(self) -> float:
        """Of a sample."""
        return self.means().get("loss", float("nan"))

    def accuracy(self, labelled: bool) -> float | None:
        """The share of right predictions; None where there are no labels."""
        return self.right / self.samples if labelled and self.samples else None

    def rates(self, duration: float) -> dict[str, float]:
        """Mean rate of each population, Hz; ``duration`` is that of a sample in ms."""
        seconds = max(self.samples, 1) * duration * 1e-3
        return {name: float(np.mean(c)) / seconds for name, c in self.spikes.items()}

    def silent(self) -> dict[str, float]:
        """Of each population the share of neurons without a spike."""
        return {name: float(np.mean(c == 0)) for name, c in self.spikes.items()}

    def means(self) -> dict[str, float]:
        """Means over the samples: of the loss first, then of what the loss counts besides."""
        return {
            name: float(np.mean(np.concatenate(each), dtype=np.float64))
            for name, each in self.values.items()
        }

    def row(self, duration: float, labelled: bool) -> dict[str, float]:
        """The row of a history."""
        accuracy = self.accuracy(labelled)
        means = self.means()
        row = {"loss": means.pop("loss")} | ({} if accuracy is None else {"accuracy": accuracy})
        row |= {"seconds": self.seconds, "tangential": self.tangential}
        row |= {f"rate.{name}": rate for name, rate in self.rates(duration).items()}
        row |= {f"silent.{name}": share for name, share in self.silent().items()}
        return row | means

    # ------------------------------------------------------------------ in checkpoints
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """As arrays by name."""
        found = {name: np.asarray(getattr(self, name)) for name in NUMBERS}
        found |= {f"spikes/{name}": counts for name, counts in self.spikes.items()}
        return found | {f"values/{n}": np.concatenate(each) for n, each in self.values.items()}

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> EpochSums:
        """The inverse of :meth:`arrays`."""
        made = cls(**{name: arrays[name].item() for name in NUMBERS})
        for name, array in arrays.items():
            kind, _, rest = name.partition("/")
            if kind == "spikes":
                made.spikes[rest] = np.array(array, np.float64)
            elif kind == "values":
                made.values[rest] = [np.array(array)]
        return made
