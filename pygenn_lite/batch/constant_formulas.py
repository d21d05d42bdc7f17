"""Networks of a file for other constants, without building them anew: where constants stand only in
weights, delays and inputs, these values are computed and the rest of the network is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pygenn_lite.declaration import Network
from pygenn_lite.declaration.changes import apply_changes
from pygenn_lite.declaration.digest import value_digest
from pygenn_lite.declaration.paths import NetworkValues
from pygenn_lite.declaration.paths import Place as ValuePlace
from pygenn_lite.errors import DeclarationError
from pygenn_lite.yaml_format.context import Context, evaluate_constants
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.marks import Place
from pygenn_lite.yaml_format.value_forms import read_value

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_OF_CONNECTIONS = ("weight", "delay")
_OF_INPUTS = ("rate", "weight", "value", "mean", "std")
_WITHOUT = ("constants", "run", "reference_rates", "full_scale_rates", "network")

Formulas = dict[ValuePlace, tuple[str, Place]]
Build = Callable[[Mapping[str, Any]], Network]


class ConstantFormulas:
    """Which values of a network follow which constants of its file, and how.

    It is found by building the network for other constants once, and is used only if it then gives
    that very network; else the network is built anew each time.

    Parameters
    ----------
    document : Document
        The file.
    base : Network
        What it declares.
    build : callable
        Builds the network for constants given by name.
    """

    def __init__(self, document: Document, base: Network, build: Build) -> None:
        self.document, self.base, self.build = document, base, build
        self._found: dict[frozenset[str], Formulas | None] = {}

    def network(self, changed: Mapping[str, Any]) -> Network | None:
        """The network for other constants; None where it must be built.

        Raises
        ------
        DeclarationError
            A value does not fit.
        """
        names = frozenset(changed)
        if names not in self._found:
            self._found[names] = self._formulas(names)
        formulas = self._found[names]
        return None if formulas is None else self._made(formulas, changed)

    def _made(self, formulas: Formulas, changed: Mapping[str, Any]) -> Network:
        context = self._context(changed)
        made = self.base.copy()
        values = {p: read_value(context, text, at) for p, (text, at) in formulas.items()}
        apply_changes(made, values)
        return made

    def _context(self, changed: Mapping[str, Any]) -> Context:
        given = {**self.document.data["constants"], **changed}
        return Context(self.document, evaluate_constants(self.document, given))

    def _formulas(self, names: frozenset[str]) -> Formulas | None:
        written = dict(self._written(names))
        if not all(_may_change(place) for place in written):
            return None
        before = self._context({}).constants
        probe = {name: before[name] * 1.25 + 0.125 for name in names}
        try:
            other = self.build(probe)
            found = self._matched(written, other, probe)
            if found is not None and self._made(found, probe).digest() == other.digest():
                return found
        except DeclarationError:  # the constants that were tried do not fit
            return None
        return None

    def _matched(
        self, written: Mapping[Place, str], other: Network, probe: Mapping[str, Any]
    ) -> Formulas | None:
        """For each value that differs the text that gives it, for both sets of constants."""
        old, new = NetworkValues(self.base), NetworkValues(other)
        if list(old) != list(new):
            return None
        contexts = (self._context({}), self._context(probe))
        results = {
            at: tuple(read_value(context, text, at) for context in contexts)
            for at, text in written.items()
        }
        found: Formulas = {}
        for path in old:
            values = (old[path], new[path])
            if value_digest(values[0]) == value_digest(values[1]):
                continue
            place = old.place(path)
            at = next((at for at, r in results.items() if r == values and _fits(at, place)), None)
            if at is None:
                return None
            found[place] = (written[at], at)
        used = {at for _, at in found.values()}
        return found if used == set(written) else None

    def _written(self, names: frozenset[str]) -> Iterator[tuple[Place, str]]:
        """Texts of the file in which the constants stand, or others that need them."""
        constants = self.document.data["constants"]
        affected, size = set(names), 0
        while len(affected) > size:
            size = len(affected)
            affected |= {n for n, v in constants.items() if affected & set(_names_in(v))}
        for key, section in self.document.data.items():
            if key not in _WITHOUT:
                for place, text in _texts(section, (key,)):
                    if affected & set(_names_in(text)):
                        yield place, text


def _names_in(value: Any) -> list[str]:
    return _NAME.findall(value) if isinstance(value, str) else []


def _texts(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*place, index))


def _may_change(place: Place) -> bool:
    if place[0] == "connections":
        return len(place) == 3 and place[2] in _OF_CONNECTIONS
    return place[0] == "inputs" and len(place) == 4 and place[3] in _OF_INPUTS


def _fits(at: Place, place: ValuePlace) -> bool:
    """Whether a text may be that of a value: of the same kind of part, under the same key."""
    section = "groups" if at[0] == "connections" else at[0]
    return place.section == section and place.keys == (at[-1],)
