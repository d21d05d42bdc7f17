"""Random numbers of datasets, by counters: what is drawn for a sample depends on the seed, the
purpose, the epoch and the number of the sample, never on what was drawn before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.checks import check_seed
from pygenn_lite.runtime.values.philox import philox, stream_of, to_uniform

_PURPOSE = 16  # those below are of the simulator (runtime/values/philox.py)
_AT_ONCE = 1 << 20  # counters: the generator keeps some ten words of each
_SAMPLE_BITS = 32  # of the 48 bits of a step; those above number the epoch

Uniforms = NDArray[np.float64]


class CounterRandom:
    """Uniform random numbers for the samples of a dataset.

    Parameters
    ----------
    seed : int
        64 bits.
    name : str
        What they are for: each name has numbers of its own.
    epoch : int
        Below 65,536; each epoch has numbers of its own.
    """

    def __init__(self, seed: int, name: str, epoch: int = 0) -> None:
        self.seed, self.stream = check_seed(seed), stream_of(f"data:{name}")
        self._epoch = (int(epoch) & 0xFFFF) << _SAMPLE_BITS

    def of_samples(self, samples: NDArray[np.integer], attempt: int = 0) -> Uniforms:
        """Four numbers for each sample, shape (samples, 4), in (0, 1); another four for each
        attempt."""
        return to_uniform(self._words(np.full(len(samples), attempt), samples))

    def of_entries(self, begin: NDArray[np.integer], first: int = 0, number: int = 0) -> Uniforms:
        """One number for each entry of ragged rows, those of row k from ``begin[k]`` to
        ``begin[k + 1]``: the same for a row whatever the other rows are. `first` is the number of
        the first row; `number` tells apart what is drawn more than once."""
        lengths = np.diff(begin)
        blocks = (lengths + 3) // 4
        ends = np.cumsum(blocks)
        drawn = np.empty((int(ends[-1]) if len(ends) else 0, 4), np.float64)
        rows = np.repeat(np.arange(len(lengths)), blocks)
        block = np.arange(len(rows)) - np.repeat(ends - blocks, blocks)
        for k in range(0, len(rows), _AT_ONCE):
            part = slice(k, k + _AT_ONCE)
            drawn[part] = to_uniform(self._words(block[part], rows[part] + first, number))
        used = np.ones(drawn.size, bool)  # what the last four of a row have too many is left out
        for last in (1, 2, 3):
            used[4 * ends[4 * blocks - lengths >= last] - last] = False
        return np.asarray(drawn.reshape(-1)[used])

    def order(self, size: int) -> NDArray[np.int64]:
        """A random order of 0, ..., size - 1."""
        words = self._words(np.arange(size), np.zeros(1, np.int64)).astype(np.uint64)
        return np.argsort(words[:, 0] << np.uint64(32) | words[:, 1], kind="stable")

    def _words(
        self, element: NDArray[np.integer], sample: NDArray[np.integer], number: int = 0
    ) -> NDArray[np.uint32]:
        return philox(self.seed, element, sample + self._epoch, _PURPOSE + number, self.stream)
