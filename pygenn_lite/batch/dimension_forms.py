"""The part ``sweep:`` of a sweep file -> dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pygenn_lite.batch.dimension import (
    METHODS,
    Dimension,
    Distributed,
    Drawn,
    Listed,
    Repeated,
    Spaced,
)
from pygenn_lite.batch.source import NetworkSource
from pygenn_lite.batch.sweep_schema import SweepSection
from pygenn_lite.declaration.language.names import check_choice, nearest_or_all
from pygenn_lite.errors import FileFormatError, PygennLiteError
from pygenn_lite.records import dataclass
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.marks import Place

SPACED = ("linspace", "logspace", "arange")
DISTRIBUTIONS = ("uniform", "loguniform", "normal", "integers", "choice")
OPTIONS = ("samples", "method", "draw")  # of random values; all other keys are names
LARGEST_COUNT = 10**18


@dataclass(frozen=True)
class Reader:
    """What the parts of a sweep file are read with.

    Attributes
    ----------
    document : Document
    source : NetworkSource
    """

    document: Document
    source: NetworkSource

    def error(self, place: Place, message: str, hint: str = "") -> FileFormatError:
        """Return (not raise) an error that names the place."""
        return self.document.error(place, message, hint)

    def located(self, error: PygennLiteError, place: Place) -> PygennLiteError:
        """An error that was found elsewhere, with the place in the sweep file."""
        where = self.document.where(place)
        return type(error)(error.message, where=where, hint=error.hint)

    def number(self, value: Any, place: Place) -> float:
        """A finite number, or a formula of numbers; whole ones stay whole."""
        number = Context(self.document).number(value, place)
        if not math.isfinite(number):
            raise self.error(place, f"{value!r:.60} is not a finite number")
        return value if isinstance(value, int) else number

    def count(self, value: Any, place: Place) -> int:
        """A whole number from 1 on."""
        count = Context(self.document).whole_number(value, place, least=1)
        if count > LARGEST_COUNT:
            raise self.error(place, f"{value!r:.60} is too large a number")
        return count


def read_dimensions(reader: Reader, section: SweepSection) -> tuple[Dimension, ...]:
    """All dimensions, in the order grid, zip, list, random.

    Raises
    ------
    FileFormatError
        Naming file, line and key.
    """
    place: Place = ("sweep",)
    found: list[Dimension] = []
    for name, given in section.grid.items():
        found.append(_of_grid(reader, name, given, (*place, "grid", name)))
    if section.zip:
        found.append(_side_by_side(reader, section.zip, (*place, "zip")))
    if section.list:
        found.append(_written_out(reader, section.list, (*place, "list")))
    found += _random(reader, section.random, (*place, "random"))
    if not found:
        raise reader.error(
            place, "the sweep is empty", "write grid: {g: [3, 4, 5]}, or list:, zip: or random:"
        )
    _check_names(reader, section)
    return tuple(found)


def _of_grid(reader: Reader, name: str, given: Any, place: Place) -> Dimension:
    if isinstance(given, dict) and len(given) == 1:
        kind, arguments = next(iter(given.items()))
        if kind == "repeat":
            return _repeated(reader, name, arguments, (*place, kind))
        if kind in SPACED:
            return _spaced(reader, name, kind, arguments, (*place, kind))
        if kind in DISTRIBUTIONS:
            raise reader.error(
                (*place, kind),
                f"'{kind}' draws random values",
                f"write it under random:, or [{{{kind}: ...}}] if each value is a distribution",
            )
    if isinstance(given, dict):
        known = (*SPACED, "repeat")
        near = nearest_or_all(str(next(iter(given), "")), known)
        raise reader.error(
            place,
            f"the values of '{name}' should be a list, or one of linspace, logspace, arange, "
            f"repeat{near if given else ''}",
            "write [3, 4, 5] or {linspace: [3, 8, 21]}",
        )
    return Listed((name,), tuple((value,) for value in _values(reader, given, place)))


def _values(reader: Reader, given: Any, place: Place) -> list[Any]:
    if not isinstance(given, list):
        if isinstance(given, dict) or given is None:
            raise reader.error(place, "should be a list of values", "write [3, 4, 5]")
        return [given]
    if not given:
        raise reader.error(place, "the list of values is empty", "write at least one value")
    for index, value in enumerate(given):
        if isinstance(value, float) and not math.isfinite(value):
            raise reader.error((*place, index), f"{value!r} is not a finite number")
    return given


def _spaced(reader: Reader, name: str, kind: str, given: Any, place: Place) -> Spaced:
    words = ("first", "end", "step") if kind == "arange" else ("first", "last", "count")
    hint = f"write {{{kind}: [{', '.join(words)}]}}"
    if isinstance(given, dict) and set(given) == set(words):
        given = [given[word] for word in words]
    if not isinstance(given, list) or len(given) != 3:
        raise reader.error(place, f"'{kind}' takes three numbers", hint)
    first, last = (reader.number(given[k], (*place, k)) for k in (0, 1))
    if kind != "arange":
        count = reader.count(given[2], (*place, 2))
        if kind == "logspace" and not (first > 0 and last > 0):
            raise reader.error(place, "'logspace' needs ends above 0", "write linspace")
        if count == 1 and first != last:
            raise reader.error(place, "one value cannot be both ends", "write a list of it: [3]")
        return Spaced((name,), kind, first, last, count)
    step = reader.number(given[2], (*place, 2))
    if step == 0 or (last - first) / step <= 0:
        raise reader.error(place, f"steps of {step:g} do not lead from {first:g} to {last:g}", hint)
    count = math.ceil((last - first) / step - 1e-9)
    if count > LARGEST_COUNT:
        raise reader.error(place, f"{count:,} values are too many")
    return Spaced((name,), kind, first, last, count, step)


def _repeated(reader: Reader, name: str, given: Any, place: Place) -> Repeated:
    if reader.source.canonical(name) not in ("network.seed", "seed"):
        raise reader.error(
            place[:-1], f"only a seed can be repeated, not '{name}'", "write seed: {repeat: 5}"
        )
    return Repeated((name,), reader.source, reader.count(given, place))


def _side_by_side(reader: Reader, given: Mapping[str, Any], place: Place) -> Dimension:
    columns: dict[str, list[Any]] = {}
    for name, values in given.items():
        inner = (*place, name)
        made = _of_grid(reader, name, values, inner)
        if made.count > 10_000_000:
            raise reader.error(inner, f"{made.count:,} values are too many to go side by side")
        columns[name] = [row[0] for row in made.rows()]
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise reader.error(place, f"what goes side by side must have as many values each: {shown}")
    return Listed(tuple(columns), tuple(zip(*columns.values(), strict=True)))


def _written_out(reader: Reader, given: list[dict[str, Any]], place: Place) -> Dimension:
    names = tuple(given[0])
    if not names:
        raise reader.error((*place, 0), "a run of the list names no value", "write {g: 3}")
    for index, row in enumerate(given):
        if set(row) != set(names):
            odd = sorted(set(row) ^ set(names))[0]
            has = "has" if odd in row else "lacks"
            raise reader.error(
                (*place, index),
                f"run {index} of the list {has} '{odd}', unlike run 0",
                "name the same values in all runs of a list",
            )
    return Listed(names, tuple(tuple(row[name] for name in names) for row in given))


def _random(reader: Reader, given: Mapping[str, Any], place: Place) -> list[Dimension]:
    drawn: dict[str, Distributed] = {}
    found: list[Dimension] = []
    for name, form in given.items():
        inner = (*place, name)
        if name in OPTIONS:
            continue
        if isinstance(form, dict) and "repeat" in form and len(form) == 1:
            found.append(_repeated(reader, name, form["repeat"], (*inner, "repeat")))
        else:
            drawn[name] = read_distributed(reader, name, form, inner)
    if drawn:
        if "samples" not in given:
            raise reader.error(place, "the key 'samples' is missing", "write samples: 100")
        found.insert(0, _drawn(reader, given, drawn, place))
    elif given and not found:
        raise reader.error(place, "no random value is named", "write g: {uniform: [3, 8]}")
    elif "samples" in given:
        raise reader.error((*place, "samples"), "there are samples of nothing; name random values")
    return found


def _drawn(
    reader: Reader, given: Mapping[str, Any], drawn: Mapping[str, Distributed], place: Place
) -> Drawn:
    count = reader.count(given["samples"], (*place, "samples"))
    try:
        method = check_choice(given.get("method", "independent"), METHODS, "method")
    except PygennLiteError as error:
        raise reader.located(error, (*place, "method")) from None
    draw = Context(reader.document).whole_number(given.get("draw", 0), (*place, "draw"))
    keys = tuple(reader.source.canonical(name) for name in drawn)
    return Drawn(tuple(drawn), tuple(drawn.values()), count, method, draw, keys)


def read_distributed(
    reader: Reader, name: str, form: Any, place: Place, kinds: Sequence[str] = DISTRIBUTIONS
) -> Distributed:
    """What random values follow, ``{uniform: [low, high]}``; one of some kinds.

    Raises
    ------
    FileFormatError
        Naming file, line and key.
    """
    if not isinstance(form, dict) or len(form) != 1 or next(iter(form)) not in kinds:
        word = str(next(iter(form), "")) if isinstance(form, dict) else ""
        drawn = kinds is DISTRIBUTIONS
        raise reader.error(
            place,
            f"'{name}' should have one of {', '.join(kinds)}{', or repeat' if drawn else ''}"
            f"{nearest_or_all(word, kinds) if word else ''}",
            "write {uniform: [low, high]}"
            + ("; 'samples', 'method' and 'draw' are the only other keys" if drawn else ""),
        )
    kind, given = next(iter(form.items()))
    inner = (*place, kind)
    if kind == "choice":
        return Distributed(kind, choices=tuple(_values(reader, given, inner)))
    if not isinstance(given, list) or len(given) != 2:
        words = {"normal": "mean, std", "integers": "first, last"}.get(kind, "low, high")
        raise reader.error(inner, f"'{kind}' takes two numbers", f"write {{{kind}: [{words}]}}")
    first, last = (reader.number(given[k], (*inner, k)) for k in (0, 1))
    if kind == "normal" and last < 0:
        raise reader.error(inner, f"the standard deviation {last:g} is negative")
    if kind != "normal" and first > last:
        raise reader.error(inner, f"{first:g} is above {last:g}", "give the lower end first")
    if kind == "loguniform" and first <= 0:
        raise reader.error(inner, "'loguniform' needs ends above 0", "write uniform")
    if kind == "integers" and not (float(first).is_integer() and float(last).is_integer()):
        raise reader.error(inner, "'integers' needs whole ends")
    return Distributed(kind, first, last)


def _check_names(reader: Reader, section: SweepSection) -> None:
    """Each name can be swept, and is swept once."""
    first: dict[str, Place] = {}
    parts: list[tuple[str, Place]] = []
    for part in ("grid", "zip", "random"):
        given = getattr(section, part)
        parts += [(n, ("sweep", part, n)) for n in given if part != "random" or n not in OPTIONS]
    parts += [(name, ("sweep", "list", 0, name)) for name in (section.list or [{}])[0]]
    for name, place in parts:
        try:
            canonical = reader.source.canonical(name)
        except PygennLiteError as error:
            raise reader.located(error, place) from None
        if canonical in first:
            other = reader.document.where(first[canonical])
            raise reader.error(place, f"'{name}' is swept twice; the other is {other}")
        first[canonical] = place
