"""What a leaky integrate-and-fire neuron is, found in the equations of any model: time constant,
rest, threshold, reset, refractory period, and what a current does to the potential."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pygenn_lite.declaration import NeuronModel, Population, SpikeSource
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Membrane:
    """A leaky membrane ``dV/dt = (rest - V)/tau + sum of gain * input``.

    Attributes
    ----------
    variable : str
    tau, rest, V_th, V_r, t_ref : float
        ms and mV.
    gains : dict of str to float
        mV per ms and unit of an input, by input.
    """

    variable: str
    tau: float
    rest: float
    V_th: float
    V_r: float
    t_ref: float
    gains: dict[str, float]


def membrane_of(population: Population) -> Membrane:
    """Find the membrane of a population.

    Raises
    ------
    NetworkError
        It is not a leaky integrate-and-fire neuron with one value of each parameter; the message
        names what is not.
    """
    where = Location.of("population", population.name)
    model = population.model
    if isinstance(model, SpikeSource):
        raise not_mean_field(where, "it replays given spikes")
    given = {**dict(model.parameters), **dict(population.parameters)}
    for name, value in given.items():
        if not isinstance(value, float) and name in model.symbols:
            raise not_mean_field(where, f"'{name}' differs between neurons")
    numbers = {name: value for name, value in given.items() if isinstance(value, float)}
    return _membrane(model, tuple(numbers.items()), where)


@lru_cache(maxsize=1024)
def _membrane(
    model: NeuronModel, given: tuple[tuple[str, float], ...], where: Location
) -> Membrane:
    """Kept, since a search asks for the same ones many times."""
    from sympy import Symbol

    numbers = {Symbol(name, real=True): value for name, value in given}
    variable, slope = _derivative(model, numbers, where)
    V = Symbol(variable, real=True)
    inputs = {name: Symbol(name, real=True) for name in model.inputs}
    leak = slope.diff(V)
    gains = {name: slope.diff(symbol) for name, symbol in inputs.items()}
    rest = slope.subs({V: 0, **dict.fromkeys(inputs.values(), 0)})
    if not all(each.is_number and each.is_real for each in (leak, rest, *gains.values())):
        raise not_mean_field(where, f"d{variable}/dt is not linear with constant coefficients")
    if not leak < 0:
        raise not_mean_field(where, f"{variable} does not leak")
    tau = -1.0 / float(leak)
    return Membrane(
        variable,
        tau,
        tau * float(rest),
        _threshold(model, V, numbers, where),
        _reset(model, variable, numbers, where),
        _refractory(model, variable, numbers, where),
        {name: float(gain) for name, gain in gains.items()},
    )


def not_mean_field(where: Location, message: str) -> NetworkError:
    """What the mean field does not hold for."""
    return NetworkError(
        f"no mean-field rate: {message}",
        where=where,
        hint="it is known for leaky integrate-and-fire neurons with delta or exponential current "
        "synapses; fit_weights(method='bisection') simulates instead",
    )


def _derivative(model: NeuronModel, numbers: dict[Any, float], where: Location) -> tuple[str, Any]:
    from sympy import Symbol

    slopes = [each for each in model.equations if each.kind == "derivative"]
    if len(slopes) != 1 or model.update or model.threshold is None:
        raise not_mean_field(where, f"{model.name or 'the model'} has not one potential alone")
    definitions = {
        Symbol(each.name, real=True): each.sympy()
        for each in model.equations
        if each.kind == "definition"
    }
    slope = slopes[0].sympy()
    for _ in range(len(definitions) + 1):
        slope = slope.subs(definitions)
    return slopes[0].name, slope.subs(numbers).expand()


def _threshold(model: NeuronModel, V: Any, numbers: dict[Any, float], where: Location) -> float:
    from sympy import Ge, Gt, Le, Lt

    assert model.threshold is not None
    condition = model.threshold.sympy().subs(numbers)
    level = None
    if isinstance(condition, (Gt, Ge)) and condition.lhs == V:
        level = condition.rhs
    elif isinstance(condition, (Lt, Le)) and condition.rhs == V:
        level = condition.lhs
    if level is None or not level.is_number:
        raise not_mean_field(where, f"the threshold {model.threshold} is not a level of {V}")
    return float(level)


def _reset(model: NeuronModel, variable: str, numbers: dict[Any, float], where: Location) -> float:
    names = [(each.name, each.operator) for each in model.reset]
    value = model.reset[0].sympy().subs(numbers) if names == [(variable, "=")] else None
    if value is None or not value.is_number:
        raise not_mean_field(where, f"the reset does not set {variable} alone, to one value")
    return float(value)


def _refractory(
    model: NeuronModel, variable: str, numbers: dict[Any, float], where: Location
) -> float:
    if model.refractory is None:
        return 0.0
    value = None if model.refractory_is_condition else model.refractory.sympy().subs(numbers)
    if value is None or not value.is_number:
        raise not_mean_field(where, "the refractory period is not one time")
    if float(value) and variable not in model.clamp:
        raise not_mean_field(where, f"{variable} is not clamped while refractory")
    return float(value)
