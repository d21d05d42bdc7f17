"""Turns declared values (numbers, arrays, distributions, expressions) into numbers per neuron and
per synapse."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity.ends import Ends, axes
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.evaluation import evaluate
from pygenn_lite.declaration.values import FrozenArray, Value
from pygenn_lite.errors import DeclarationError, Location, ShapeError
from pygenn_lite.runtime.values.philox import GroupRandom, neuron_uniforms

FloatArray = npt.NDArray[np.float64]
Positions = npt.NDArray[np.float64] | None


def neuron_values(
    value: Value,
    size: int,
    *,
    seed: int,
    stream: str,
    positions: Positions,
    where: Location,
    part: tuple[int, int] | None = None,
) -> FloatArray:
    """One number per neuron.

    Parameters
    ----------
    value : Value
        As declared.
    size : int
        Neurons of the population.
    seed, stream
        Of the random numbers, where the value is a distribution ("population:exc:V").
    positions : ndarray or None
        Positions of the neurons, [size, dimensions].
    where : str
        For messages.
    part : tuple of int, optional
        First neuron (a multiple of 4) and end of those that are wanted; all by default.
    """
    begin, end = part or (0, size)
    if isinstance(value, (int, float)):
        result = np.full(end - begin, float(value))
    elif isinstance(value, FrozenArray):
        result = np.asarray(value.array, dtype=np.float64)
        if result.shape != (size,):
            raise ShapeError(
                f"an array of shape {result.shape} for {size} neurons",
                where=where,
                hint=f"give one value, or an array of {size}",
            )
        result = result[begin:end]
    elif isinstance(value, Distribution):
        uniforms = neuron_uniforms(seed, stream, end, begin)
        result = np.asarray(value.draw(uniforms), dtype=np.float64)
    else:
        here = None if positions is None else positions[begin:end]
        names: dict[str, Any] = {"i": np.arange(begin, end), "n": size, **axes(here)}
        result = np.array(np.broadcast_to(evaluate(value, names), (end - begin,)), np.float64)
    return _finite(result, where, begin)


def synapse_values(
    value: Value,
    pre: npt.NDArray[np.integer],
    post: npt.NDArray[np.integer],
    *,
    random: tuple[GroupRandom, int],
    ends: Ends,
    where: Location,
) -> FloatArray:
    """One number per synapse, for synapses ordered by presynaptic neuron.

    Parameters
    ----------
    value : Value
        A number, one number per synapse (in this order), a distribution, or an expression of
        ``i_pre, i_post, n_pre, n_post, x_pre, ..., z_post, distance``.
    pre, post : ndarray of int
        The synapses.
    random : tuple
        Random numbers of the group, and their purpose: each row has its own, so that a synapse's
        does not depend on others'.
    ends : Ends
        Of the group.
    where : str
        For messages.
    """
    count = len(pre)
    if isinstance(value, (int, float)):
        result = np.full(count, float(value))
    elif isinstance(value, FrozenArray):
        result = np.asarray(value.array, dtype=np.float64)
        if result.ndim == 2 and tuple(result.shape) == ends.sizes:
            result = result[ends.inside(pre, post)]
        if result.shape != (count,):
            raise ShapeError(
                f"an array of shape {result.shape} for {count} synapses",
                where=where,
                hint=f"give one value, or an array of {count}",
            )
    elif isinstance(value, Distribution):
        numbers, purpose = random
        uniforms = numbers.synapse_uniforms(purpose, pre, place_in_row(pre))
        result = np.asarray(value.draw(uniforms), dtype=np.float64)
    else:
        result = ends.evaluate(value, *ends.inside(pre, post))
    return _finite(result, where)


def place_in_row(pre: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """For sorted ``pre``: how many synapses of the same row come before."""
    count = len(pre)
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, pre[1:] != pre[:-1]])
    lengths = np.diff(np.r_[starts, count])
    return np.arange(count) - np.repeat(starts, lengths)


def _finite(values: FloatArray, where: Location, begin: int = 0) -> FloatArray:
    if not np.all(np.isfinite(values)):
        first = int(np.flatnonzero(~np.isfinite(values))[0])
        raise DeclarationError(
            f"the value of element {begin + first} is {values[first]}",
            where=where,
            hint="give finite values",
        )
    return values
