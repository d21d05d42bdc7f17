"""What is recorded, as text: ``exc.spikes``, ``exc.V[:10]``, ``all.spikes``."""

from __future__ import annotations

import re
from typing import Any

from pygenn_lite.declaration import Network, SpikesOf, VariableOf
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.declaration.recorded import Recorded
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.marks import Place

_RECORD = re.compile(
    r"\s*(?P<population>\w+)\s*(?:\.\s*(?P<what>\w+)|\[\s*['\"](?P<quoted>\w+)['\"]\s*\])"
    r"\s*(?:\[(?P<slice>[-\d:,\s]*)\])?\s*\Z",
    re.ASCII,
)
_INDEX = re.compile(r"\s*-?\d{1,12}\s*\Z", re.ASCII)


def read_recorded(document: Document, network: Network, text: str, place: Place) -> list[Recorded]:
    """What a text says is recorded.

    Parameters
    ----------
    document : Document
        In which it stands, for messages.
    network : Network
        Whose it is.
    text : str
    place : Place

    Raises
    ------
    FileFormatError
        It cannot be read, or names what the network does not have.
    """
    found = _RECORD.match(text)
    if found is None:
        raise document.error(
            place,
            f"cannot read what to record in {text[:60]!r}",
            "write exc.spikes, exc.spikes[:100] or exc.V[:10]",
        )
    populations = network.populations
    name, what = found["population"], found["what"] or found["quoted"]
    if name == "all" and "all" not in populations:
        chosen = list(populations)
    elif name in populations:
        chosen = [name]
    elif name in network.groups and what != "spikes":
        chosen = []
    else:
        raise document.error(
            place,
            f"no population or connection is called '{name}'"
            f"{nearest_or_all(name, [*populations, *network.groups])}",
        )
    things: list[Recorded] = []
    for each in chosen:
        population = populations[each]
        own = found["quoted"] and what in getattr(population.model, "state_names", ())
        thing: SpikesOf | VariableOf = (
            population.spikes if what == "spikes" and not own else population[what]
        )
        if found["slice"] is not None:
            thing = thing[read_slice(document, found["slice"], place)]
        things.append(thing)
    if not chosen:
        variable = network.groups[name][what]
        if found["slice"] is not None:
            variable = variable[read_slice(document, found["slice"], place)]
        things.append(variable)
    return things


def read_slice(document: Document, text: str, place: Place) -> Any:
    """A slice, an index, or a list of indices: ``:10``, ``3``, ``1, 5, 7``.

    Raises
    ------
    FileFormatError
        None of these.
    """
    if "," in text:
        listed = text.rstrip(", ").split(",")
        if all(_INDEX.match(part) for part in listed):
            return [int(part) for part in listed]
        raise document.error(place, f"'[{text[:60]}]' is not a list", "write [1, 5, 7]")
    parts = [part.strip() for part in text.split(":")]
    try:
        numbers = [int(part) if part else None for part in parts]
    except ValueError:
        numbers = []
    if any(number is not None and abs(number) > 2**40 for number in numbers):
        numbers = []
    if len(numbers) == 1 and numbers[0] is not None:
        return numbers[0]
    if len(numbers) not in (2, 3) or (len(numbers) == 3 and numbers[2] == 0):
        raise document.error(place, f"'[{text}]' is not a slice", "write [:10] or [0:100:2]")
    return slice(*numbers)
