"""What a check of gradients found, as rows that print themselves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GradientRow:
    """One parameter.

    Attributes
    ----------
    path : str
        "groups.exc_inh.weight".
    count : int
        How many numbers it has.
    checked : ndarray of int
        Those of them that were compared.
    adjoint : ndarray
        The derived gradient at these.
    differences : ndarray
        Central differences there.
    noise : ndarray
        What is uncertain of the differences.
    """

    path: str
    count: int
    checked: npt.NDArray[np.int64]
    adjoint: Array
    differences: Array
    noise: Array

    @property
    def errors(self) -> Array:
        """Relative errors: differences over the larger of both gradients, which are taken as no
        smaller than a thousandth of the parameter's largest, nor than their noise allows. A
        gradient of exactly 0 is right where the differences are noise."""
        size = np.maximum(np.abs(self.adjoint), np.abs(self.differences))
        least = np.maximum(1e-3 * size.max(initial=0.0), 1e4 * self.noise)
        size = np.maximum(size, np.maximum(least, 1e-300))
        errors: Array = np.abs(self.adjoint - self.differences) / size
        nothing = (self.adjoint == 0) & (np.abs(self.differences) <= self.noise)
        return np.where(nothing, 0.0, np.where(np.isfinite(errors), errors, np.inf))

    @property
    def error(self) -> float:
        """The largest."""
        return float(self.errors.max(initial=0.0))

    @property
    def at(self) -> int:
        """The number with the largest gradient."""
        return int(np.argmax(np.abs(self.adjoint))) if len(self.adjoint) else 0


@dataclass(frozen=True)
class GradientReport:
    """Derived gradients beside central differences.

    Attributes
    ----------
    rows : tuple of GradientRow
    gradients : mapping of str to ndarray
        By path: the derived gradient; a number, or one for each neuron, synapse or spike.
    loss : float
    duration : float
        ms.
    spikes : int
    tangential : int
        Spikes that crossed their threshold so slowly that the gradient was held back.
    without : mapping of str to str
        By path: parameters that have no gradient, and why.
    """

    rows: tuple[GradientRow, ...]
    gradients: Mapping[str, float | Array]
    loss: float
    duration: float
    spikes: int
    tangential: int
    without: Mapping[str, str]

    @property
    def worst(self) -> float:
        """The largest relative error."""
        return max((row.error for row in self.rows), default=0.0)

    def __getitem__(self, path: str) -> GradientRow:
        known = {row.path: row for row in self.rows}
        if path not in known:
            why = self.without.get(path, "it was not compared")
            raise ArgumentError(
                f"there is no row of {path}: {why}{nearest(path, known)}",
                where=Location("GradientReport"),
                hint=f"there are {', '.join(known) or 'none'}",
            )
        return known[path]

    def __str__(self) -> str:
        head = (
            f"{self.duration:g} ms, {self.spikes} spikes, {self.tangential} of them "
            f"near-tangential; loss {self.loss:.6g}"
        )
        wide = max((len(_name(row)) for row in self.rows), default=10)
        lines = [head, f"{'parameter':<{wide}}  {'adjoint':>13}  {'differences':>13}  rel. error"]
        for row in self.rows:
            at = row.at
            values = (row.adjoint[at], row.differences[at]) if len(row.adjoint) else (0.0, 0.0)
            lines.append(
                f"{_name(row):<{wide}}  {values[0]:>13.6g}  {values[1]:>13.6g}  {row.error:.1e}"
            )
        lines += [f"no gradient of {path}: {why}" for path, why in self.without.items()]
        return "\n".join([*lines, f"worst relative error {self.worst:.1e}"])

    def __repr__(self) -> str:
        return f"<GradientReport: {len(self.rows)} parameters, worst {self.worst:.1e}>"


def _name(row: GradientRow) -> str:
    """The path; of several numbers the one that is shown."""
    if row.count == 1:
        return row.path
    some = "" if len(row.checked) == row.count else f"{len(row.checked)} of "
    return f"{row.path}[{row.checked[row.at]}] ({some}{row.count})"
