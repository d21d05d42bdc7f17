"""Where in a file the parts of a network were declared, so that an error found only when the
network is compiled names the line as well. Origins are not part of what a network is: two networks
from different files may be equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field

from pygenn_lite.errors import Location, PygennLiteError
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Origin:
    """Where one population, synapse group or input was declared.

    Attributes
    ----------
    place : Location
        File, line and key, as messages show it: ``"net.yaml:11 (populations.exc)"``.
    parts : mapping of str to Location
        The same for its keys, variables, parameters and equations (``"weight"``, ``"dV/dt"``).
    """

    place: Location
    parts: Mapping[str, Location] = field(default_factory=dict)

    def find(self, words: list[str]) -> Location:
        """The place of the first word that has one of its own, else that of the whole."""
        return next((self.parts[word] for word in words if word in self.parts), self.place)


Origins = dict[tuple[str, str], Origin]  # by kind ("population", ...) and name


@contextmanager
def located_in(origins: Origins) -> Iterator[None]:
    """Give errors raised inside the place in the file."""
    try:
        yield
    except PygennLiteError as error:
        _locate(error, origins)
        raise


@contextmanager
def part_of(whole: Location) -> Iterator[None]:
    """Let errors raised inside name the part of the network that they stem from."""
    try:
        yield
    except PygennLiteError as error:
        if not error.where.startswith(whole):
            error.where = error.where.inside(whole)
        raise


def _locate(error: PygennLiteError, origins: Origins) -> None:
    for owner in error.where.owners:
        origin = origins.get(owner)
        if origin is not None:
            words = [*error.where.path, error.where.equation]
            words += ["synapse" for kind, _ in error.where.owners if kind == "synapse model"]
            place = origin.find(words)
            error.where = error.where.inside(place)
            return
