"""Domains of parameters and weights: which values make sense.

The library declares them beside its models' parameters; they travel with the models, so that
values that come later (of populations, of weights, between runs) are held against them, too.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.values import FrozenArray, Value
from pygenn_lite.errors import InputError, Location, PygennLiteWarning, full_text
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Domain:
    """Numbers from `low` to `high`.

    Parameters
    ----------
    words : str
        What a value must be, for messages.
    low, high : float
        Both belong to it, but for `low` if `open_below`.
    warns : bool
        What lies outside is cut rather than wrong: a warning instead of an error.
    between : pair of str, optional
        The parameters that `low` and `high` stand for: they may change between runs.
    """

    words: str
    low: float = -math.inf
    high: float = math.inf
    open_below: bool = False
    warns: bool = False
    between: tuple[str, str] | None = None

    def holds(self, values: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which of the numbers belong to it."""
        above = values > self.low if self.open_below else values >= self.low
        return np.asarray(above & (values <= self.high))


DOMAINS = {
    "positive": Domain("positive", low=0.0, open_below=True),
    "not_negative": Domain("0 or more", low=0.0),
    "fraction": Domain("from 0 to 1", low=0.0, high=1.0),
}
Domains = tuple[tuple[str, Domain], ...]
"""Names of parameters, or ``weight``, and their domains."""


def kept_between(names: tuple[str, str], low: float, high: float) -> Domain:
    """The domain of weights that a rule cuts at two of its parameters."""
    slack = 1e-6 * max(abs(low), abs(high))  # a bound in single precision is another number
    words = f"between {names[0]} = {low:g} and {names[1]} = {high:g}"
    return Domain(words, low - slack, high + slack, warns=True, between=names)


def as_of_now(domains: Domains, number: Callable[[str], float]) -> Domains:
    """The same with the bounds that parameters give them at present."""
    return tuple(
        (name, kept_between(d.between, *map(number, d.between)) if d.between else d)
        for name, d in domains
    )


def check_bounds(
    domains: Domains, number: Callable[[str], float], where: Location, error: type[InputError]
) -> None:
    """Of two parameters that are bounds, the lower must not exceed the upper.

    Raises
    ------
    InputError
        Of the kind `error`.
    """
    for _, domain in (entry for entry in domains if entry[1].between):
        assert domain.between is not None
        (lower, upper), (low, high) = domain.between, map(number, domain.between)
        if low > high:
            raise error(
                f"{lower} = {low:g} and {upper} = {high:g}: the lower bound exceeds the upper",
                where=where,
                hint=f"write {lower}={min(low, high):g}, {upper}={max(low, high):g}; inhibitory "
                f"weights are negative and learn between {lower} and 0; between runs, set the one "
                "that gives way first",
            )


def attach_domains(model: object, domains: Domains) -> None:
    """Give domains to a model that has just been made, to which there is no other reference yet."""
    object.__setattr__(model, "domains", domains)


def check_domains(
    domains: Domains,
    values: Iterable[tuple[str, Value]],
    where: Location,
    error: type[InputError],
    stacklevel: int = 2,
) -> None:
    """Hold declared values against the domains of their names (formulas: once they are numbers).

    Raises
    ------
    InputError
        Of the kind `error`: a value lies outside.
    """
    for name, value in values:
        for domain in (domain for known, domain in domains if known == name):
            wrong = _outside(value, domain, name)
            if not wrong:
                continue
            hint = _cure(value, domain)
            if not domain.warns:
                raise error(f"{wrong}, but it must be {domain.words}", where=where, hint=hint)
            text = f"{wrong}, but it is kept {domain.words}: cut at its first change"
            warnings.warn(
                full_text(text, where, hint), PygennLiteWarning, stacklevel=stacklevel + 1
            )


def check_numbers(
    domains: Domains,
    name: str,
    numbers: NDArray[np.floating],
    where: Location,
    error: type[InputError],
) -> None:
    """The same for numbers that are drawn, computed, or set between runs."""
    if all(np.all(domain.holds(numbers)) for known, domain in domains if known == name):
        return
    value = FrozenArray(numbers) if np.ndim(numbers) else float(numbers)
    check_domains(domains, [(name, value)], where, error, stacklevel=3)


def _outside(value: Value, domain: Domain, name: str) -> str:
    """What of a value lies outside, in words; nothing if nothing does."""
    if isinstance(value, Expression):
        return ""
    if isinstance(value, Distribution):
        low, high = value.reach()
        bad = [x for x in (low, high) if not domain.holds(np.asarray(x))]
        return f"{name} = {value!r} draws values like {bad[0]:.3g}" if bad else ""
    numbers = np.asarray(value.array if isinstance(value, FrozenArray) else value, np.float64)
    fine = domain.holds(numbers)
    if np.all(fine):
        return ""
    if numbers.ndim == 0:
        return f"{name} = {float(numbers):g}"
    first = tuple(int(k) for k in np.argwhere(~fine)[0])
    return f"{name}[{', '.join(map(str, first))}] = {numbers[first]:g}"


def _cure(value: Value, domain: Domain) -> str:
    if domain.warns:
        return "give weights within the bounds, or set w_min and w_max to hold them"
    if isinstance(value, Distribution):
        limits = [f"low={domain.low:g}"] if domain.low > -math.inf else []
        limits += [f"high={domain.high:g}"] if domain.high < math.inf else []
        return f"use a distribution with limits, e.g. TruncatedNormal(..., {', '.join(limits)})"
    return f"give a value that is {domain.words}"
