"""What came of samples that a training program went through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.summary import counted
from pygenn_lite.records import dataclass

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Results of samples, in the order in which they were gone through.

    Attributes
    ----------
    order : ndarray of int64, [samples]
        Their numbers in the dataset.
    losses : ndarray, [samples]
    outputs : ndarray, [samples, neurons of the read-out]
    predictions : ndarray of int32, [samples]
    spikes_per_sample : mapping of str to ndarray of uint32, [samples]
        By population.
    spikes : mapping of str to ndarray of uint64, [neurons]
        By population: those of all samples together.
    metrics : mapping of str to ndarray, [samples]
        What else the loss tells.
    tangential : int
        Spikes at which the threshold was hardly crossed: their gradients were bounded.
    norms : ndarray, [batches]
        Of the gradients, where there were updates.
    interrupted : bool
        Whether Ctrl-C came meanwhile: it ended with the batch of that moment, or before it.
    """

    order: npt.NDArray[np.int64]
    losses: Array
    outputs: Array
    predictions: npt.NDArray[np.int32]
    spikes_per_sample: Mapping[str, npt.NDArray[np.uint32]]
    spikes: Mapping[str, npt.NDArray[np.uint64]]
    metrics: Mapping[str, Array] = field(default_factory=dict)
    tangential: int = 0
    norms: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    interrupted: bool = False

    def __len__(self) -> int:
        return len(self.losses)

    @property
    def loss(self) -> float:
        """Mean of the losses."""
        return float(np.mean(self.losses, dtype=np.float64)) if len(self.losses) else float("nan")

    @classmethod
    def joined(cls, parts: Sequence[Outcome]) -> Outcome:
        """One after another."""
        if len(parts) == 1:
            return parts[0]

        def all_of(name: str) -> Array:
            return np.concatenate([getattr(part, name) for part in parts])

        def of_each(name: str, join: Callable[[list[Array]], Array]) -> dict[str, Array]:
            mappings = [getattr(part, name) for part in parts]
            return {key: join([one[key] for one in mappings]) for key in mappings[0]}

        return cls(
            all_of("order"),
            all_of("losses"),
            all_of("outputs"),
            all_of("predictions"),
            of_each("spikes_per_sample", np.concatenate),
            of_each("spikes", lambda arrays: np.stack(arrays).sum(axis=0)),
            of_each("metrics", np.concatenate),
            sum(part.tangential for part in parts),
            all_of("norms"),
            any(part.interrupted for part in parts),
        )

    def __repr__(self) -> str:
        return f"<Outcome of {counted(len(self), 'sample')}: mean loss {self.loss:.4g}>"


@dataclass(frozen=True, eq=False)
class Names:
    """What the columns of results are.

    Attributes
    ----------
    populations : mapping of str to int
        Those with a model, by their numbers.
    metrics : tuple of str
    spikes : mapping of str to ndarray of uint64, [neurons]
        Of these populations: spikes of all samples.
    """

    populations: Mapping[str, int]
    metrics: tuple[str, ...]
    spikes: Mapping[str, npt.NDArray[np.uint64]]


@dataclass(frozen=True, eq=False)
class Results:
    """Memory that a program writes results to.

    Attributes
    ----------
    loss, outputs, metrics : ndarray of real
    prediction, spikes, tangential, norm : ndarray
    """

    loss: Array
    outputs: Array
    metrics: Array
    prediction: npt.NDArray[np.int32]
    spikes: npt.NDArray[np.uint32]
    tangential: npt.NDArray[np.uint32]
    norm: npt.NDArray[np.float64]

    @classmethod
    def of(cls, samples: int, batches: int, widths: tuple[int, int, int], dtype: Any) -> Results:
        """For so many samples and batches; `widths`: outputs, metrics and populations."""
        outputs, metrics, populations = widths
        return cls(
            np.zeros(samples, dtype),
            np.zeros((samples, outputs), dtype),
            np.zeros((samples, metrics), dtype),
            np.full(samples, -1, np.int32),
            np.zeros((samples, populations), np.uint32),
            np.zeros(samples, np.uint32),
            np.zeros(batches),
        )

    def addresses(self, sample: int, batch: int) -> dict[str, int]:
        """Where those of a sample, and of a batch, begin."""
        of_samples = ("loss", "outputs", "metrics", "prediction", "spikes", "tangential")
        made = {name: _address(getattr(self, name), sample) for name in of_samples}
        return made | {"norm": _address(self.norm, batch)}

    def outcome(self, order: Array, batches: int, names: Names, interrupted: bool) -> Outcome:
        """Of the samples of an order, which may be the first ones only."""
        n = len(order)
        return Outcome(
            np.asarray(order, np.int64),
            self.loss[:n].copy(),
            self.outputs[:n].copy(),
            self.prediction[:n].copy(),
            {name: self.spikes[:n, k].copy() for name, k in names.populations.items()},
            names.spikes,
            {name: self.metrics[:n, k].copy() for k, name in enumerate(names.metrics)},
            int(self.tangential[:n].sum(dtype=np.int64)),
            self.norm[:batches].copy(),
            interrupted,
        )


def _address(array: Array, row: int) -> int:
    return int(array.ctypes.data) + row * int(array.strides[0]) if array.size else 0
