"""What differs from run to run: dimensions, each a number of rows of values that are made when they
are asked for, so that a sweep of absurd size can be counted."""

from __future__ import annotations

import hashlib
import math
import warnings
from abc import ABC, abstractmethod
from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.batch.source import NetworkSource

Row = tuple[Any, ...]  # one value for each name


class Dimension(ABC):
    """Some names, and rows of values for them."""

    names: tuple[str, ...]
    count: int

    @abstractmethod
    def rows(self) -> list[Row]:
        """All rows, in order."""


@dataclass(frozen=True)
class Listed(Dimension):
    """Rows as they were given.

    Attributes
    ----------
    names : tuple of str
    given : tuple of tuple
    """

    names: tuple[str, ...]
    given: tuple[Row, ...]

    @property
    def count(self) -> int:  # type: ignore[override]
        """Number of rows."""
        return len(self.given)

    def rows(self) -> list[Row]:
        """The rows."""
        return list(self.given)


@dataclass(frozen=True)
class Spaced(Dimension):
    """Numbers at equal distances or ratios.

    Attributes
    ----------
    names : tuple of str
        One.
    kind : {"linspace", "logspace", "arange"}
    first, last : float
        Both belong to it, except for ``arange``, which ends before `last`.
    count : int
    """

    names: tuple[str, ...]
    kind: str
    first: float
    last: float
    count: int
    step: float = 0.0

    def rows(self) -> list[Row]:
        """The numbers; whole ones where all are whole and the ends were given so."""
        numbers: Any
        if self.kind == "linspace":
            numbers = np.linspace(self.first, self.last, self.count)
        elif self.kind == "logspace":
            numbers = np.geomspace(self.first, self.last, self.count)
        else:
            numbers = self.first + np.arange(self.count) * self.step
        ends = (self.first, self.step if self.kind == "arange" else self.last)
        if all(isinstance(end, int) for end in ends) and np.all(numbers == np.floor(numbers)):
            return [(int(number),) for number in numbers]
        return [(number,) for number in numbers.tolist()]


@dataclass(frozen=True)
class Repeated(Dimension):
    """Seeds, counted from the network's on.

    Attributes
    ----------
    names : tuple of str
        One.
    source : NetworkSource
        Whose seed is the first.
    count : int
    """

    names: tuple[str, ...]
    source: NetworkSource
    count: int

    def rows(self) -> list[Row]:
        """The seeds."""
        first = self.source.seed
        return [((first + k) % 2**64,) for k in range(self.count)]


@dataclass(frozen=True)
class Distributed:
    """What random values follow: ``uniform`` and ``loguniform`` between `first` and `last`,
    ``integers`` from `first` to `last`, ``normal`` with mean `first` and standard deviation `last`,
    or ``choice`` of some values.
    """

    kind: str
    first: float = 0.0
    last: float = 1.0
    choices: tuple[Any, ...] = ()

    def values(self, shares: Any) -> list[Any]:
        """The quantiles at some shares.

        Parameters
        ----------
        shares : ndarray
            Of shape (samples,), from 0 up to, and without, 1.
        """
        if self.kind == "choice":
            indices = np.floor(shares * len(self.choices)).astype(int)
            return [self.choices[k] for k in np.minimum(indices, len(self.choices) - 1)]
        if self.kind == "integers":
            first, last = int(self.first), int(self.last)
            return [min(first + math.floor(share * (last - first + 1)), last) for share in shares]
        if self.kind == "normal":
            from scipy.special import ndtri

            inside = np.clip(shares, 2.0**-60, 1 - 2.0**-53)
            found: list[Any] = (self.first + self.last * ndtri(inside)).tolist()
            return found
        if self.kind == "loguniform":
            low, high = math.log(self.first), math.log(self.last)
            inside = np.exp(low + (high - low) * shares)
            return np.clip(inside, self.first, self.last).tolist()  # type: ignore[no-any-return]
        return (self.first + (self.last - self.first) * shares).tolist()  # type: ignore[no-any-return]


METHODS = ("independent", "latin_hypercube", "sobol")


@dataclass(frozen=True)
class Drawn(Dimension):
    """Random values, the same in every process.

    Attributes
    ----------
    names : tuple of str
    distributions : tuple of Distributed
        One for each name.
    count : int
        Number of samples.
    method : {"independent", "latin_hypercube", "sobol"}
    draw : int
        Seed of the values (not of the networks).
    """

    names: tuple[str, ...]
    distributions: tuple[Distributed, ...]
    count: int
    method: str = "independent"
    draw: int = 0
    keys: tuple[str, ...] = field(default=())

    def rows(self) -> list[Row]:
        """The samples. What a name gets does not depend on the order of the names."""
        keys = self.keys or self.names
        order = sorted(range(len(keys)), key=keys.__getitem__)
        shares: dict[int, Any] = {}
        if self.method == "independent":
            for k in order:
                shares[k] = np.random.Generator(np.random.PCG64(self._seeds(keys[k]))).random(
                    self.count
                )
        else:
            columns = self._points(len(order)).T
            shares = dict(zip(order, columns, strict=True))
        columns = [d.values(shares[k]) for k, d in enumerate(self.distributions)]
        return list(zip(*columns, strict=True))

    def _points(self, dimensions: int) -> Any:
        from scipy.stats import qmc

        kind = qmc.LatinHypercube if self.method == "latin_hypercube" else qmc.Sobol
        generator = np.random.Generator(np.random.PCG64(self._seeds("")))
        with warnings.catch_warnings():
            # Any number of samples is allowed; docs/sweeps.md says that powers of two are best.
            warnings.simplefilter("ignore", UserWarning)
            return kind(dimensions, seed=generator).random(self.count)

    def _seeds(self, name: str) -> list[int]:
        digest = hashlib.sha256(name.encode()).digest()
        return [self.draw, int.from_bytes(digest[:8], "little")]
