"""How well predictions fit, as benchmarks score it: accuracy, squared error, sMAPE, R2."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import ShapeError

Floats = npt.NDArray[np.float64]


def classification_accuracy(predicted: npt.ArrayLike, expected: npt.ArrayLike) -> float:
    """Share of predictions that equal what was expected, 0 to 1.

    Parameters
    ----------
    predicted, expected : array, of one shape
        Classes.

    Raises
    ------
    ShapeError
        The shapes differ, or there is nothing to compare.

    Examples
    --------
    >>> pg.analysis.classification_accuracy([0, 1, 2, 2], [0, 1, 1, 2])
    0.75
    """
    return float(np.mean(np.equal(*_alike(predicted, expected))))


def mse(predicted: npt.ArrayLike, expected: npt.ArrayLike) -> float:
    """Mean squared error.

    Parameters
    ----------
    predicted, expected : array, of one shape

    Examples
    --------
    >>> pg.analysis.mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    p, y = _alike(predicted, expected)
    return float(np.mean((p - y) ** 2))


def smape(predicted: npt.ArrayLike, expected: npt.ArrayLike) -> float:
    """Symmetric mean absolute percentage error, 0 to 200: ``200 mean(|p - y| / (|p| + |y|))``.

    Parameters
    ----------
    predicted, expected : array, of one shape

    Returns
    -------
    float
        200 where it is not defined (a value is 0 where 0 was expected, or is NaN), as NeuroBench
        has it (Yik et al., Nature Communications 2025).

    Examples
    --------
    >>> pg.analysis.smape([1.0, 3.0], [1.0, 1.0])
    50.0
    """
    p, y = _alike(predicted, expected)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = 200.0 * float(np.mean(np.abs(p - y) / (np.abs(p) + np.abs(y))))
    return 200.0 if np.isnan(found) else found


def r2(predicted: npt.ArrayLike, expected: npt.ArrayLike) -> float:
    """Share of the variance that is explained, mean over columns (x and y, say): 1 - SS / var.

    Parameters
    ----------
    predicted, expected : array, [samples] or [samples, columns]

    Examples
    --------
    >>> pg.analysis.r2([[0.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [1.0, 2.0]])
    0.5
    """
    p, y = _alike(predicted, expected)
    columns = (len(y), -1)
    p, y = p.reshape(columns), y.reshape(columns)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = np.sum((y - p) ** 2, axis=0) / np.sum((y - y.mean(axis=0)) ** 2, axis=0)
    return float(np.mean(1.0 - rest))


def _alike(predicted: npt.ArrayLike, expected: npt.ArrayLike) -> tuple[Floats, Floats]:
    found: list[Any] = [np.asarray(given, dtype=np.float64) for given in (predicted, expected)]
    p, y = found
    if p.shape != y.shape or not p.size:
        raise ShapeError(
            f"predictions of shape {p.shape} and expected values of shape {y.shape} cannot be "
            "compared",
            hint="give as many predictions as expected values, at least one",
        )
    return p, y
