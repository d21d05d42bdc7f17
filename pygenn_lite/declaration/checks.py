"""Checks of values against the populations and groups they belong to."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.language.habits import symbol_hint
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.language.vocabulary import (
    AXES,
    DISTANCE,
    NEURON_SYMBOLS,
    OFFSETS,
    RANDOM,
    SYNAPSE_SYMBOLS,
)
from pygenn_lite.declaration.numeric import (
    plain_array,
    plain_indices,
    plain_number,
    whole_number,
)
from pygenn_lite.declaration.population import (
    Population,
    SpikeSource,
    SynapseGroup,
    ends_of,
)
from pygenn_lite.declaration.steps import LONGEST_DELAY, delay_steps
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.values import FrozenArray, Value, check_length
from pygenn_lite.errors import EquationError, Location, NetworkError, ShapeError

LEAST_KEPT = 1e-6  # of a truncated normal distribution: rarer values the builder cannot draw


def check_neuron_value(value: Value, population: Population, what: str, where: Location) -> None:
    """One value, one per neuron, a distribution, or an expression of i, n and the position."""
    check_length(value, population.size, what, where)
    if isinstance(value, Expression):
        known = {*NEURON_SYMBOLS, *_axes(population)}
        model = population.model
        for name in sorted(value.symbols & {n for n, _ in getattr(model, "parameters", ())}):
            raise EquationError(
                f"the parameter {name!r} in {what} = {value.text}",
                where=where,
                hint=f"values know the neuron's index and place only: give the number of {name}",
            )
        _check_symbols(value, known, what, where, "value of neurons")


def check_numbers(values: Any, what: str, where: Location) -> NDArray[np.float64]:
    """Numbers given as an array."""
    return plain_array(values, what, where, ShapeError)


def check_dt(dt: object) -> float:
    """A time step."""
    number = plain_number(dt)
    if number is None or not 0 < number < 1e6:
        raise NetworkError(
            f"dt = {dt!r} is not a valid time step", hint="give a time in ms, above 0 and below 1e6"
        )
    if getattr(dt, "dtype", None) in (np.float32, np.float16):
        return float(str(np.asarray(dt)[()]))  # what it shows: 0.1 is 0.10000000149 there
    return float(number)


def check_seed(seed: object) -> int:
    """A seed of the random numbers."""
    number = whole_number(seed)
    if number is None or not 0 <= number < 2**64:
        raise NetworkError(
            f"seed = {seed!r} is not a valid seed", hint="give a whole number from 0 to 2^64 - 1"
        )
    return number


def check_size(size: object, where: Location) -> int:
    """Number of neurons of a population."""
    number = whole_number(size)
    if number is None or not 1 <= number < 2**32 - 64:
        raise NetworkError(
            f"size = {size!r}", where=where, hint="give a whole number from 1 to 2^32"
        )
    return number


def check_shape(size: object, where: Location) -> tuple[int, tuple[int, ...]]:
    """Number of neurons, and the shape where one was given: (channels, height, width)."""
    if not isinstance(size, (tuple, list)):
        return check_size(size, where), ()
    numbers = [whole_number(number) for number in size]
    shape = tuple(number for number in numbers if number is not None and number > 0)
    if len(shape) != len(size) or not 2 <= len(shape) <= 4:
        raise NetworkError(
            f"size = {size!r} is not a shape",
            where=where,
            hint="give whole numbers > 0, e.g. (channels, height, width)",
        )
    return check_size(math.prod(shape), where), shape


def check_synapse_model(given: object, where: Location) -> None:
    """A synapse model, not the function that makes one."""
    if not isinstance(given, SynapseModel):
        raise not_a("synapse model", given, where, "a SynapseModel, e.g. ExponentialCurrent(5.0)")


def not_a(what: str, given: object, where: Location, hint: str) -> NetworkError:
    """The error for something else than was asked for. What is given without parentheses, or by its
    name as in a file, gets a hint."""
    name = getattr(given, "__name__", None)
    shown = name or (f"the text {given!r:.60}" if isinstance(given, str) else type(given).__name__)
    hint = f"give {hint}"
    if name:
        hint += f"; write {name}(...), with parentheses and what it takes"
    elif isinstance(given, str):
        hint += "; names stand for them in YAML only"
    return NetworkError(f"{shown} is not a {what}", where=where, hint=hint)


def check_positions(positions: Any, size: int, where: Location) -> FrozenArray | None:
    """One to three finite coordinates for every neuron."""
    if positions is None:
        return None
    if isinstance(positions, FrozenArray):
        if positions.array.ndim == 2 and len(positions) == size:
            return positions  # as another population has it, checked there
        positions = positions.array
    array = check_numbers(positions, "positions", where)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[0] != size or not 1 <= array.shape[1] <= 3:
        raise ShapeError(
            f"positions have shape {array.shape}", where=where, hint=f"give ({size}, 1 to 3)"
        )
    if not np.all(np.isfinite(array)):
        raise NetworkError(
            "a position is NaN or infinite", where=where, hint="give finite coordinates"
        )
    return FrozenArray(array)


def check_spike_trains(times: Any, indices: Any, size: int, where: Location) -> SpikeSource:
    """Spike times and the neurons that they belong to."""
    t = check_numbers(times, "times", where)
    i = plain_indices(indices, "indices", where, NetworkError)
    if t.ndim != 1 or t.shape != i.shape:
        raise ShapeError(
            f"times {t.shape} and indices {i.shape} must be one-dimensional and alike",
            where=where,
            hint="give one index per time",
        )
    if t.size and (not np.all(np.isfinite(t)) or t.min() < 0):
        raise NetworkError(
            "spike times must be finite and not negative",
            where=where,
            hint="give times in ms from the start of the simulation on",
        )
    if i.size and not (i.min() >= 0 and i.max() < size):
        raise NetworkError(
            "a spike index is out of range", where=where, hint=f"whole numbers from 0 to {size - 1}"
        )
    return SpikeSource(FrozenArray(t), FrozenArray(i))


def check_step_values(
    times: Any, values: Any, size: int, where: Location
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Increasing times, and one value, or one per neuron, for each."""
    t, v = check_numbers(times, "times", where), check_numbers(values, "values", where)
    if t.ndim != 1 or v.shape not in ((len(t),), (len(t), size)):
        raise ShapeError(
            f"times {t.shape} and values {v.shape} do not fit",
            where=where,
            hint=f"values need shape ({t.size},) or ({t.size}, {size})",
        )
    if not (np.all(np.isfinite(t)) and np.all(np.isfinite(v))) or np.any(np.diff(t) <= 0):
        raise NetworkError(
            "times must rise, all values be finite",
            where=where,
            hint="sort both by time (numpy.argsort), one value per time",
        )
    return t, v


def check_not_negative(value: Value, what: str, where: Location) -> None:
    """Rates, standard deviations, ... (expressions are looked at when they are computed)."""
    low: float | None = None
    if isinstance(value, float):
        low = value
    elif isinstance(value, FrozenArray):
        low = float(value.array.min(initial=0.0))
    elif isinstance(value, Distribution):
        low = (value.ends() or (None,))[0]
    if low is not None and low < 0:
        raise NetworkError(f"negative {what} {low}", where=where, hint="give values >= 0")


def check_synapse_value(
    value: Value, group: SynapseGroup, pre: Population, post: Population, what: str
) -> None:
    """One value, one per listed synapse, a distribution, or an expression of both ends."""
    where = Location.of("synapse group", group.name)
    if isinstance(value, Distribution) and value.kept() < LEAST_KEPT:
        raise NetworkError(
            f"of {what} = {value!r}, less than one value in a million lies between the limits",
            where=where.entry(what),
            hint="move the limits closer to the mean, or use another distribution",
        )
    if isinstance(value, FrozenArray):
        sizes = ends_of(group, pre, post).sizes
        size = group.connectivity.numbered(sizes[0])
        if size is None and value.array.shape == sizes:
            return
        if size is None:
            raise ShapeError(
                f"{what} is an array, but the rule {type(group.connectivity.plain).__name__} does "
                "not say which synapse is which",
                where=where,
                hint=f"give a matrix of shape {sizes}, use PairList or CSR, or a distribution",
            )
        if value.array.shape not in ((size,), sizes):
            raise ShapeError(
                f"{what} has shape {value.array.shape}, but there are {size} synapses",
                where=where,
                hint=f"give ({size},) or a matrix of shape {sizes}",
            )
    if isinstance(value, Expression):
        known = set(SYNAPSE_SYMBOLS)
        known |= {f"{a}_pre" for a in _axes(pre)} | {f"{a}_post" for a in _axes(post)}
        if pre.positions is not None and post.positions is not None:
            known |= {DISTANCE, *OFFSETS[: len(_axes(pre))]}
        _check_symbols(value, known, what, where, "value of synapses")


def check_delay(delay: Value, dt: float, where: Location) -> None:
    """Delays are at least one step (of distributions, where a least value is given)."""
    least: float | None = None
    kind = ""
    if isinstance(delay, float):
        least = delay
    elif isinstance(delay, FrozenArray):
        least = float(np.min(delay.array, initial=np.inf))
    elif isinstance(delay, Distribution):  # its tail is cut at dt; not so the whole of it
        ends = delay.ends()
        least = delay.mean_value() if ends is None else ends[0]
        kind = "mean " if ends is None else "lowest "
    if least is not None and least < dt * (1 - 1e-6):
        raise NetworkError(
            f"a {kind}delay of {least} ms is {'negative' if least < 0 else 'below the step'}",
            where=where,
            hint=f"delays are at least dt = {dt} ms",
        )
    _check_longest(delay, dt, where)


def _check_longest(delay: Value, dt: float, where: Location) -> None:
    """No delay, and no mean of drawn ones, beyond what the engine counts (what single ones are
    drawn is looked at when they are)."""
    longest, what = 0.0, "delay"
    if isinstance(delay, float):
        longest = delay
    elif isinstance(delay, FrozenArray):
        longest = float(np.max(delay.array, initial=0))
    elif isinstance(delay, Distribution):
        ends = delay.ends()
        longest, what = (delay.mean_value(), "mean delay") if ends is None else (ends[1], what)
    if delay_steps(longest, dt) > LONGEST_DELAY:
        raise NetworkError(
            f"a {what} of {longest:g} ms is longer than {LONGEST_DELAY:,} steps of {dt} ms",
            where=where,
            hint="use shorter delays or a larger dt",
        )


def _axes(population: Population) -> tuple[str, ...]:
    if population.positions is None:
        return ()
    return AXES[: population.positions.shape[1]]


def _check_symbols(
    value: Expression, known: set[str], what: str, where: Location, place: str
) -> None:
    for symbol in sorted(value.symbols - known):
        hint = symbol_hint(symbol, value.text, place)
        raise EquationError(
            f"unknown symbol {symbol!r} in {what} = {value.text}"
            f"{'' if hint else nearest(symbol, known)}",
            where=where,
            hint=hint or f"known here: {sorted(known)}",
        )
    if value.functions & RANDOM:
        raise EquationError(
            f"rand() in {what} = {value.text}",
            where=where,
            hint="use a distribution, e.g. Uniform(0, 1)",
        )
