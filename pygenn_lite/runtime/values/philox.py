"""The counter-based random generator on the host: Philox 4x32-10 in NumPy, for initial values,
parameters and synapse variables. Same words as the compiled code draws (see DESIGN: promise 1)."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass

UintArray = npt.NDArray[np.uint32]
FloatArray = npt.NDArray[np.float64]

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def stream_of(name: str) -> int:
    """Number of the random stream called ``name`` ("population:exc", "group:exc_inh", ...)."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:4], "little")


def philox(
    seed: int,
    element: npt.ArrayLike,
    step: npt.ArrayLike,
    purpose: int,
    stream: int,
) -> UintArray:
    """Four random words for each counter (element, step, purpose, stream).

    Parameters
    ----------
    seed : int
        64 bits; the key.
    element, step : array_like of int
        Broadcast against each other. ``step`` has 48 bits.
    purpose, stream : int
        16 and 32 bits.

    Returns
    -------
    ndarray of uint32, shape (..., 4)
    """
    elements, steps = np.broadcast_arrays(
        np.asarray(element, dtype=np.uint64), np.asarray(step, dtype=np.uint64)
    )
    c0 = elements & _LOW
    c1 = steps & _LOW
    c2 = ((steps >> _HALF) & np.uint64(0xFFFF)) | np.uint64((purpose & 0xFFFF) << 16)
    c3 = np.full(c0.shape, stream & 0xFFFFFFFF, dtype=np.uint64)
    k0, k1 = seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF
    for _ in range(10):
        product0, product1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (product1 >> _HALF) ^ c1 ^ np.uint64(k0),
            product1 & _LOW,
            (product0 >> _HALF) ^ c3 ^ np.uint64(k1),
            product0 & _LOW,
        )
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)


def to_uniform(words: UintArray) -> FloatArray:
    """Uniform numbers in (0, 1) from words."""
    return (words.astype(np.float64) + 0.5) * 2.0**-32


def neuron_uniforms(seed: int, name: str, size: int, begin: int = 0) -> FloatArray:
    """One uniform number per neuron, from ``begin`` (a multiple of 4) up to ``size``, for the
    variable behind stream ``name`` ("population:<population>:<variable>")."""
    blocks = np.arange(begin // 4, (size + 3) // 4, dtype=np.uint64)
    words = philox(seed, blocks, 0, 0, stream_of(name))
    return to_uniform(words.reshape(-1)[: size - begin])


PURPOSE_STRUCTURE, PURPOSE_WEIGHT, PURPOSE_DELAY, PURPOSE_VARIABLES = 0, 1, 2, 3


@dataclass(frozen=True)
class GroupRandom:
    """The random numbers of one synapse group.

    Attributes
    ----------
    seed : int
    name : str
        Of the stream: ``group:<name of the group>``, or of one of its variables.
    """

    seed: int
    name: str

    @property
    def stream(self) -> int:
        """Number of the stream."""
        return stream_of(self.name)

    def row_uniforms(self, rows: npt.NDArray[np.integer], count: int) -> FloatArray:
        """Uniform numbers for the pairs of some rows, shape (rows, count): words are numbered by
        target within a row."""
        blocks = np.arange((count + 3) // 4)
        words = philox(
            self.seed, blocks[None, :], rows[:, None], PURPOSE_STRUCTURE, stream_of(self.name)
        )
        return to_uniform(words.reshape(len(rows), -1)[:, :count])

    def generator(self) -> np.random.Generator:
        """NumPy's generator, keyed by seed and stream."""
        return np.random.Generator(np.random.Philox(key=[self.seed, stream_of(self.name)]))

    def synapse_uniforms(
        self, purpose: int, rows: npt.NDArray[np.integer], k: npt.NDArray[np.integer]
    ) -> FloatArray:
        """One uniform number per synapse: the ``k``-th of presynaptic neuron ``rows``."""
        place = np.asarray(k, dtype=np.uint64)
        words = philox(self.seed, place >> np.uint64(2), rows, purpose, stream_of(self.name))
        lane = (place & np.uint64(3)).astype(np.intp)
        chosen = np.take_along_axis(words, lane[:, None], axis=1)[:, 0]
        return to_uniform(chosen)
