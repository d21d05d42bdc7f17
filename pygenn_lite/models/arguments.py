"""Answers a wrong argument of a library model in the words of the library.

Domains of parameters stand beside each model, as arguments of its decorator. They are checked when
the model is made, and go with it to where values are given later.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from pygenn_lite.declaration import NeuronModel, SynapseModel
from pygenn_lite.declaration.domains import (
    DOMAINS,
    Domains,
    attach_domains,
    check_bounds,
    check_domains,
    kept_between,
)
from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.declaration.values import as_value
from pygenn_lite.errors import Location, ModelError

P = ParamSpec("P")
R = TypeVar("R", bound=NeuronModel | SynapseModel)


def library_model(
    *,
    positive: tuple[str, ...] = (),
    not_negative: tuple[str, ...] = (),
    fraction: tuple[str, ...] = (),
    weight_bounds: tuple[str, str] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function of the library refuse arguments that it does not know, and values that make no
    sense.

    Parameters
    ----------
    positive, not_negative, fraction
        Parameters with these domains; ``weight`` stands for the weights of the groups that use the
        model.
    weight_bounds
        The two parameters, in order, between which the model keeps its weights.
    """
    chosen = {"positive": positive, "not_negative": not_negative, "fraction": fraction}
    domains = tuple((name, DOMAINS[kind]) for kind, names in chosen.items() for name in names)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        place = Location.of(function.__name__)

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            given = _bound(place, signature, args, kwargs)
            _check_numbers(place, signature, given)
            values = ((n, v) for n, v in given.items() if n in dict(domains) and v is not None)
            for name, value in values:
                number = as_value(value, place.entry(name))
                check_domains(domains, [(name, number)], place, ModelError)
            made = function(*args, **kwargs)
            receptor = made.domains
            bounds = _weight_domain(place, given, weight_bounds, receptor)
            attach_domains(made, (*receptor, *domains, *bounds))
            return made

        return checked

    return decorate


def _bound(
    model: Location, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """All arguments by name, defaults included."""
    known = list(signature.parameters)
    hint = f"its parameters are {', '.join(known)}"
    for name in kwargs:
        if name not in known:
            raise ModelError(f"no parameter {name!r}{nearest(name, known)}", where=model, hint=hint)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ModelError(f"{error}", where=model, hint=f"give arguments by name; {hint}") from None
    bound.apply_defaults()
    return bound.arguments


def _check_numbers(model: Location, signature: inspect.Signature, given: Mapping[str, Any]) -> None:
    """Parameters of synapses are one finite number each."""
    for name, parameter in signature.parameters.items():
        if parameter.annotation != "float":
            continue
        value = given[name]
        number = plain_number(value)
        if number is None:
            raise ModelError(
                f"{name} = {value!r} is not a number", where=model, hint=f"write {name}=10.0"
            )
        if not math.isfinite(as_float(number)):
            raise ModelError(f"{name} = {value} is not finite", where=model, hint="give a number")


def _weight_domain(
    model: Location, given: Mapping[str, Any], bounds: tuple[str, str] | None, receptor: Domains
) -> Domains:
    """Where a rule keeps its weights."""
    if bounds is None:
        return ()
    low, high = (float(given[name]) for name in bounds)
    kept = (("weight", kept_between(bounds, low, high)),)
    check_bounds(kept, lambda name: float(given[name]), model, ModelError)
    for _, domain in (entry for entry in receptor if entry[0] == "weight"):
        if not np.all(domain.holds(np.array([low, high]))):
            raise ModelError(
                f"{bounds[0]} = {low:g} and {bounds[1]} = {high:g}, but the receptor needs weights "
                f"that are {domain.words}",
                where=model,
                hint=f"give bounds that are {domain.words}; a conductance inhibits by its E_rev",
            )
    return kept
