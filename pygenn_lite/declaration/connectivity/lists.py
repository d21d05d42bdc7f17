"""Connectivity that is given synapse by synapse."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pygenn_lite.declaration.connectivity.base import (
    Connectivity,
    Count,
    Indices,
    RandomNumbers,
    YamlForm,
    check_range,
)
from pygenn_lite.declaration.connectivity.ends import Ends
from pygenn_lite.declaration.numeric import plain_array, plain_indices
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import NOWHERE, ConnectivityError, Location
from pygenn_lite.records import dataclass


class _Listed(Connectivity):
    """Every synapse stands in a list; arrays of weights and delays follow its order."""

    not_procedural: ClassVar[str] = "connectivity that is given as a list cannot be procedural"

    @property
    def _targets(self) -> FrozenArray:
        raise NotImplementedError

    def count(self, ends: Ends) -> Count:
        """As many as are listed."""
        return Count(float(len(self._targets)))

    def numbered(self, n_pre: int) -> int:
        """In the order of the list."""
        return len(self._targets)


@dataclass(frozen=True, init=False)
class PairList(_Listed):
    """Synapse k goes from `pre[k]` to `post[k]`; arrays of weights and delays follow this order."""

    yaml: ClassVar[YamlForm] = YamlForm(
        "pair_list", fields=("pre", "post"), all_of=("pre", "post"), columns=("pre", "post")
    )

    pre: FrozenArray
    post: FrozenArray

    def __init__(self, pre: ArrayLike, post: ArrayLike) -> None:
        object.__setattr__(self, "pre", _indices(pre, "pre"))
        object.__setattr__(self, "post", _indices(post, "post"))
        if len(self.pre) != len(self.post):
            raise ConnectivityError(
                f"pre has {len(self.pre)} entries, post {len(self.post)}",
                where=Location.of("PairList"),
                hint="give one of each per synapse",
            )

    def validate(
        self, n_pre: int, n_post: int, same_population: bool, where: Location = NOWHERE
    ) -> None:
        """Indices must lie in the populations."""
        check_range(self.pre.array, n_pre, "source", where)
        check_range(self.post.array, n_post, "target", where)

    @property
    def _targets(self) -> FrozenArray:
        return self.post

    def pairs(self, ends: Ends, random: RandomNumbers) -> tuple[Indices, Indices]:
        """As listed."""
        return self.pre.array, self.post.array


@dataclass(frozen=True, init=False)
class CSR(_Listed):
    """Synapses of source i go to ``targets[row_begin[i]:row_begin[i + 1]]``."""

    yaml: ClassVar[YamlForm] = YamlForm(
        "csr",
        fields=("row_begin", "targets"),
        all_of=("row_begin", "targets"),
        columns=("row_begin", "targets"),
    )

    row_begin: FrozenArray
    targets: FrozenArray

    def __init__(self, row_begin: ArrayLike, targets: ArrayLike) -> None:
        object.__setattr__(self, "row_begin", _indices(row_begin, "row_begin"))
        object.__setattr__(self, "targets", _indices(targets, "targets"))
        rows = self.row_begin.array
        if (
            len(rows) == 0
            or rows[0] != 0
            or np.any(np.diff(rows) < 0)
            or rows[-1] != len(self.targets)
        ):
            raise ConnectivityError(
                "row_begin must rise from 0 to the number of targets",
                where=Location.of("CSR"),
                hint="give len(sources) + 1 entries",
            )

    def validate(
        self, n_pre: int, n_post: int, same_population: bool, where: Location = NOWHERE
    ) -> None:
        """One row per source, targets in the population."""
        if len(self.row_begin) != n_pre + 1:
            raise ConnectivityError(
                f"row_begin has {len(self.row_begin)} entries; {n_pre} sources need {n_pre + 1}",
                where=where,
            )
        check_range(self.targets.array, n_post, "target", where)

    @property
    def _targets(self) -> FrozenArray:
        return self.targets

    def pairs(self, ends: Ends, random: RandomNumbers) -> tuple[Indices, Indices]:
        """Row by row."""
        rows = self.row_begin.array
        return np.repeat(np.arange(len(rows) - 1), np.diff(rows)), self.targets.array


def from_scipy(matrix: Any) -> tuple[CSR, FrozenArray]:
    """Connectivity and weights of a scipy.sparse matrix (rows = sources, columns = targets)."""
    if not hasattr(matrix, "tocsr"):
        raise ConnectivityError(
            f"{type(matrix).__name__} is not a scipy.sparse matrix",
            where=Location.of("from_scipy"),
            hint="give scipy.sparse.csr_array(matrix)",
        )
    csr = matrix.tocsr()
    return CSR(csr.indptr, csr.indices), FrozenArray(
        plain_array(csr.data, "weights", Location.of("from_scipy"))
    )


def _indices(values: Any, what: str) -> FrozenArray:
    return FrozenArray(plain_indices(values, what, error=ConnectivityError))
