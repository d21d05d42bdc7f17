"""Checks of values against the populations and groups they belong to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.connectivity import CSR, Explicit, OneToOne
from pygenn_lite.declaration.equations import Expression
from pygenn_lite.declaration.names import nearest
from pygenn_lite.declaration.population import Population, SynapseGroup
from pygenn_lite.declaration.values import (
    Distribution,
    FrozenArray,
    Uniform,
    Value,
    check_length,
)
from pygenn_lite.errors import EquationError, NetworkError, ShapeError

_AXES = ("x", "y", "z")


def check_neuron_value(value: Value, population: Population, what: str, where: str) -> None:
    """One value, one per neuron, a distribution, or an expression of i, n and the position."""
    check_length(value, population.size, what, where)
    if isinstance(value, Expression):
        known = {"i", "n", "pi"} | set(_axes(population))
        _check_symbols(value, known, what, where)


def check_numbers(values: Any, what: str, where: str) -> NDArray[np.float64]:
    """Numbers given as an array."""
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise ShapeError(
            f"{what} {str(values)[:60]!r} are no array of numbers", where=where,
            cure="give numbers, e.g. [0.0, 10.0]",
        ) from None


def check_synapse_value(
    value: Value, group: SynapseGroup, pre: Population, post: Population, what: str
) -> None:
    """One value, one per explicit synapse, a distribution, or an expression of both ends."""
    where = f"synapse group {group.name!r}"
    if isinstance(value, FrozenArray):
        size = _explicit_size(group, pre)
        if size is None and value.array.shape == (pre.size, post.size):
            return
        if size is None:
            raise ShapeError(
                f"{what} is an array, but the rule {type(group.connectivity).__name__} does not "
                "say which synapse is which",
                where=where,
                cure=f"give a matrix of shape ({pre.size}, {post.size}), use Explicit or CSR, or a "
                "distribution",
            )
        if value.array.shape not in ((size,), (pre.size, post.size)):
            raise ShapeError(
                f"{what} has shape {value.array.shape}, but there are {size} synapses",
                where=where,
                cure=f"give ({size},) or a matrix of shape ({pre.size}, {post.size})",
            )
    if isinstance(value, Expression):
        known = {"i_pre", "i_post", "n_pre", "n_post", "pi"}
        known |= {f"{a}_pre" for a in _axes(pre)} | {f"{a}_post" for a in _axes(post)}
        if pre.positions and post.positions:
            known.add("distance")
        _check_symbols(value, known, what, where)


def check_delay(delay: Value, dt: float, where: str) -> None:
    """Delays are at least one step (of distributions, where a least value is given)."""
    least: float | None = None
    if isinstance(delay, float):
        least = delay
    elif isinstance(delay, FrozenArray):
        least = float(np.min(delay.array, initial=np.inf))
    elif isinstance(delay, Uniform):
        least = delay.low
    if least is not None and least < dt * (1 - 1e-9):
        raise NetworkError(
            f"a delay of {least} ms is {'negative' if least < 0 else 'below the step'}",
            where=where,
            cure=f"delays are at least dt = {dt} ms",
        )
    if isinstance(delay, Distribution) and delay.mean_value() > 1000 * 65:
        raise NetworkError("delays are too long", where=where, cure="at most 65,000 steps")
    longest = delay if isinstance(delay, float) else None
    if isinstance(delay, FrozenArray):
        longest = float(np.max(delay.array, initial=0))
    if longest is not None and longest / dt > 65_000:
        raise NetworkError(
            f"a delay of {longest} ms is longer than 65,000 steps",
            where=where,
            cure="use shorter delays or a larger dt",
        )


def _explicit_size(group: SynapseGroup, pre: Population) -> int | None:
    rule = group.connectivity
    if isinstance(rule, Explicit):
        return len(rule.pre)
    if isinstance(rule, CSR):
        return len(rule.targets)
    return pre.size if isinstance(rule, OneToOne) else None


def _axes(population: Population) -> tuple[str, ...]:
    if population.positions is None:
        return ()
    return _AXES[: population.positions.array.shape[1]]


def _check_symbols(value: Expression, known: set[str], what: str, where: str) -> None:
    for symbol in sorted(value.symbols - known):
        raise EquationError(
            f"unknown symbol {symbol!r} in {what} = {value.text}{nearest(symbol, known)}",
            where=where,
            cure=f"known here: {sorted(known)}",
        )
    if value.functions & {"rand", "randn"}:
        raise EquationError(
            f"rand() in {what} = {value.text}", where=where, cure="use a distribution"
        )
