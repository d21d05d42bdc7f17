"""Finds the texts that a source includes, each by one name.

NVRTC knows a text in memory by the name alone that an ``#include`` writes, so that of two names for
one text it would include both. Here every ``#include`` of a text that is given is rewritten to its
full name; lines stay where they are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

_INCLUDE = re.compile(r'^([ \t]*#[ \t]*include[ \t]*)"([^"\n]+)"', re.MULTILINE)


def resolved_sources(source: Mapping[str, str], main: str) -> dict[str, str]:
    """The texts that ``main`` needs, itself included, which name each other in full.

    Parameters
    ----------
    source : mapping of str to str
        Texts by name: ``"common/math.hpp"``.
    main : str
        The name of the one to begin with.

    Returns
    -------
    dict of str to str
        In the order in which they are first named. An ``#include`` of what is not given stays as it
        is: it may stand where the compiler does not look.

    Raises
    ------
    KeyError
        There is no text of the name ``main``.

    Examples
    --------
    >>> texts = {"main.cu": '#include "a/b.hpp"', "a/b.hpp": '#include "c.hpp"', "a/c.hpp": ""}
    >>> resolved_sources(texts, "main.cu")["a/b.hpp"]
    '#include "a/c.hpp"'
    """
    found: dict[str, str] = {}
    waiting = [main]
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue

        def written(match: re.Match[str], place: str = posixpath.dirname(name)) -> str:
            full = _full_name(source, place, match[2])
            if full is None:
                return match[0]
            waiting.append(full)
            return f'{match[1]}"{full}"'

        found[name] = _INCLUDE.sub(written, source[name])
    return found


def _full_name(source: Mapping[str, str], folder: str, written: str) -> str | None:
    """As a compiler looks for it: beside the text that includes it, then from the top."""
    for name in (posixpath.join(folder, written), written):
        normal = posixpath.normpath(name)
        if normal in source:
            return normal
    return None
