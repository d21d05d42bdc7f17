"""Makes of a function of spike trains a measure of results, by population, and of plain arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import combinations
from typing import Any

from pygenn_lite.analysis.of_instances import also_of_instances
from pygenn_lite.analysis.trains import SpikeTrains, recorded_populations, spike_trains
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.results.result import Result

_OWN = inspect.Parameter.KEYWORD_ONLY


def by_population(function: Callable[..., Any]) -> Callable[..., Any]:
    """A measure that takes a Result, SpikeTrains, or the spike times of each neuron.

    Parameters
    ----------
    function : callable
        Of SpikeTrains and options.

    Returns
    -------
    callable
        ``measure(data, *, warmup=0.0, populations=None, duration=None, **options)``: of a Result a
        dict by population, of InstanceResults one of values with an axis of instances, else one
        value.
    """

    @also_of_instances
    @wraps(function)
    def measure(
        data: Result | SpikeTrains | Sequence[Any],
        *,
        warmup: float = 0.0,
        populations: Sequence[str] | None = None,
        duration: float | None = None,
        **options: Any,
    ) -> Any:
        if isinstance(data, SpikeTrains):
            return function(data, **options)
        if not isinstance(data, Result):
            return function(spike_trains(data, warmup=warmup, duration=duration), **options)
        names = recorded_populations(data, populations)
        return {
            name: function(spike_trains(data, name, warmup=warmup), **options) for name in names
        }

    measure.__signature__ = _signature(function, "data")  # type: ignore[attr-defined]
    return measure


def by_pair(function: Callable[..., Any]) -> Callable[..., Any]:
    """A measure of two populations: of a Result by pairs of them, ``"exc-inh"``.

    Parameters
    ----------
    function : callable
        Of two SpikeTrains and options.

    Returns
    -------
    callable
        ``measure(data, other=None, *, warmup=0.0, populations=None, duration=None, **options)``: of
        a Result a dict by pair, else one value of ``data`` and ``other``.
    """

    @also_of_instances
    @wraps(function)
    def measure(
        data: Result | SpikeTrains | Sequence[Any],
        other: SpikeTrains | Sequence[Any] | None = None,
        *,
        warmup: float = 0.0,
        populations: Sequence[str] | None = None,
        duration: float | None = None,
        **options: Any,
    ) -> Any:
        if not isinstance(data, Result):
            if other is None:
                raise ArgumentError(
                    f"{function.__name__} compares two", hint=f"{function.__name__}(data, other)"
                )
            both = [
                each
                if isinstance(each, SpikeTrains)
                else spike_trains(each, warmup=warmup, duration=duration)
                for each in (data, other)
            ]
            check_same_window(*both)
            return function(*both, **options)
        names = pair_names(recorded_populations(data, populations), function.__name__)
        trains = {name: spike_trains(data, name, warmup=warmup) for pair in names for name in pair}
        return {f"{a}-{b}": function(trains[a], trains[b], **options) for a, b in names}

    measure.__signature__ = _signature(function, "data", "other")  # type: ignore[attr-defined]
    return measure


def pair_names(populations: Sequence[str], measure: str) -> list[tuple[str, str]]:
    """All pairs of different populations.

    Raises
    ------
    ArgumentError
        There is only one.
    """
    if len(populations) < 2:
        raise ArgumentError(
            f"{measure} compares two populations, and spikes of one were recorded",
            hint="record those of another before compiling",
        )
    return list(combinations(populations, 2))


def check_same_window(a: SpikeTrains, b: SpikeTrains) -> None:
    """Refuse spike trains that do not cover the same time."""
    if (a.start, a.stop, a.dt) != (b.start, b.stop, b.dt):
        raise ArgumentError(
            f"spike trains of {a.duration:g} ms and of {b.duration:g} ms cannot be compared",
            hint="give both the same warmup and duration",
        )


def _signature(function: Callable[..., Any], *data: str) -> inspect.Signature:
    options = list(inspect.signature(function).parameters.values())[len(data) :]
    default = (inspect.Parameter.empty, None)
    parameters = [
        *(
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default[k])
            for k, name in enumerate(data)
        ),
        *options,
        inspect.Parameter("warmup", _OWN, default=0.0),
        inspect.Parameter("populations", _OWN, default=None),
        inspect.Parameter("duration", _OWN, default=None),
    ]
    return inspect.Signature(parameters)
