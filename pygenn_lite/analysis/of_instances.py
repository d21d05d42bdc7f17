"""Measures of the results of all instances: what each gives, with an axis of instances."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from pygenn_lite.analysis.curve import Curve
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.runtime.results.instance_results import InstanceResults


def also_of_instances(measure: Callable[..., Any]) -> Callable[..., Any]:
    """A measure that also takes the results of all instances.

    Parameters
    ----------
    measure : callable
        Of a Result and options: a dict by population.

    Returns
    -------
    callable
        Of InstanceResults it gives a dict of values with an axis of instances: numbers become an
        array [instances], arrays [instances, ...], curves one curve with y [instances, k]; what
        differs in shape, such as all intervals, a list. An instance that failed before there was
        anything to measure has NaN, as in :meth:`InstanceResults.rates`.
    """

    @wraps(measure)
    def of_all(data: Any, *others: Any, **options: Any) -> Any:
        if not isinstance(data, InstanceResults):
            return measure(data, *others, **options)
        found: list[dict[str, Any]] = []
        for k, result in enumerate(data):
            try:
                found.append(measure(result, *others, **options))
            except (ArgumentError, SimulationError):
                if k not in data.failed or len(data.failed) == len(data):
                    raise
                found.append({})
        names = next(filter(None, found), {})
        return {name: stacked([each.get(name) for each in found]) for name in names}

    return of_all


def stacked(values: list[Any]) -> Any:
    """Values with a new first axis.

    Parameters
    ----------
    values : list
        Numbers, arrays, or curves; None where an instance has none.

    Returns
    -------
    ndarray, Curve or list
        A list where they differ in shape, or are neither.
    """
    first = next(each for each in values if each is not None)
    if isinstance(first, Curve):
        same = all(each is None or np.array_equal(each.x, first.x) for each in values)
        y = stacked([each if each is None else each.y for each in values])
        return Curve(first.x, y) if same and isinstance(y, np.ndarray) else _listed(values)
    if isinstance(first, tuple):
        return _listed(values)
    shape = np.shape(first)
    if any(each is not None and np.shape(each) != shape for each in values):
        return _listed(values)
    return np.array([np.full(shape, np.nan) if each is None else each for each in values])


def _listed(values: list[Any]) -> list[Any]:
    return [float("nan") if each is None else each for each in values]
