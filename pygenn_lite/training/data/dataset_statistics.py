"""What a dataset is like, in numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.records import dataclass


@dataclass(frozen=True, eq=False)
class DatasetStatistics:
    """Numbers of spikes and samples; printed as a table.

    Attributes
    ----------
    samples, channels, spikes : int
    duration : float
        ms
    mean, std : float
        Of the number of spikes of a sample.
    least, most : int
        The same number.
    empty : int
        Samples without a spike.
    silent : int
        Channels without a spike in any sample.
    rate : float
        Mean of all channels, Hz.
    latest : float
        The time of the latest spike, ms.
    class_sizes : ndarray of int
        Samples of each class; empty without labels.
    """

    samples: int
    channels: int
    spikes: int
    duration: float
    mean: float
    std: float
    least: int
    most: int
    empty: int
    silent: int
    rate: float
    latest: float
    class_sizes: NDArray[np.int64]

    def __str__(self) -> str:
        rows = [
            ("samples", f"{self.samples:,}"),
            (
                "spikes per sample",
                f"{self.mean:,.1f} ± {self.std:,.1f}, {self.least} to {self.most}",
            ),
            ("mean rate", f"{self.rate:.3g} Hz"),
            ("latest spike", f"{self.latest:.4g} of {self.duration:.4g} ms"),
            ("samples without a spike", f"{self.empty:,}"),
            ("channels without a spike", f"{self.silent:,} of {self.channels:,}"),
        ]
        if len(self.class_sizes):
            low, high = self.class_sizes.min(), self.class_sizes.max()
            rows.append(("samples of a class", f"{low}" if low == high else f"{low} to {high}"))
        return "\n".join(f"{name:<26}{text}" for name, text in rows)


def dataset_statistics(
    times: NDArray[np.floating],
    indices: NDArray[np.integer],
    per_sample: NDArray[np.integer],
    class_sizes: NDArray[np.int64],
    channels: int,
    duration: float,
) -> DatasetStatistics:
    """The statistics of a dataset's arrays."""
    samples, spikes = len(per_sample), len(times)
    silent = channels - len(np.unique(indices))
    return DatasetStatistics(
        samples, channels, spikes, duration, float(per_sample.mean()), float(per_sample.std()),
        int(per_sample.min()), int(per_sample.max()), int(np.count_nonzero(per_sample == 0)),
        silent, spikes / (samples * channels * duration) * 1000,
        float(times.max()) if spikes else 0.0, class_sizes,
    )  # fmt: skip
