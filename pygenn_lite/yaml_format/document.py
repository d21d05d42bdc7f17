"""YAML text -> plain data that remembers where it stood. Not for what the data mean.

PyYAML's safe parser delivers events; the tree is built here from them, without recursion, so
that a hostile document is refused while it is read: tags, duplicate keys, recursive or exploding
aliases, and anything too long, too deep or too large. Scalars follow YAML 1.2 (``no`` and
``1:30`` are words, ``1e-5`` is a number); of YAML 1.1 there are merge keys (``<<: *base``).
"""

from __future__ import annotations

import re
from dataclasses import field
from pathlib import Path
from typing import Any

from pygenn_lite.declaration.language.habits import block_hint
from pygenn_lite.errors import FileFormatError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.yaml_format.marks import Mark, Place, format_place
from pygenn_lite.yaml_format.merging import MERGE, copy_of, merged

MAX_CHARACTERS = 32 * 2**20
MAX_DEPTH = 24
MAX_NODES = 2_000_000
MAX_KEY_LENGTH = 200

_INT = re.compile(r"[-+]?[0-9]+\Z")
_QUOTED = re.compile(r"'[^'\n]*'|\"(?:[^\"\\\\\n]|\\\\.)*\"")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


_NOWHERE = Mark(-1, 0)


@dataclass
class Document:
    """A parsed document: its data and the line and column of every place in it.

    Attributes
    ----------
    data : Any
        Dictionaries, lists, strings, numbers, booleans and ``None``.
    source : str
        What messages call the document (a file name, or "<text>").
    marks : dict
        Line and column by place; numbers of a list share their list's.
    spelled : dict
        Where places stand that the text spells in another way (``{LIF: {tau: 5}}`` is short for
        ``{use: LIF, parameters: {tau: 5}}``).
    parts : dict
        Which part of a matrix is being read: ``weight[1][0]`` for a weight.
    folder : Path
        Where files named by the document are looked for.
    """

    data: Any
    source: str
    marks: dict[Place, Mark] = field(default_factory=dict)
    spelled: dict[Place, Place] = field(default_factory=dict)
    parts: dict[Place, Place] = field(default_factory=dict)
    folder: Path = field(default_factory=Path)

    def where(self, place: Place, offset: int = 0) -> Location:
        """Name a place for a message: ``file.yaml:12:5 (connections[0].weight)``.

        ``offset`` narrows it down to a line (from 1) of equations.
        """
        place = self.real(place)
        if offset and (*place, offset - 1) in self.marks:  # equations may be a list of lines
            place, offset = (*place, offset - 1), 0
        mark = self._nearest_mark(place).below(offset)
        start = f"{self.source}:{mark}" if mark.line else "--set"
        if mark == _NOWHERE:
            start = self.source
        return Location(f"{start} ({format_place(place)})" if place else start)

    def has(self, place: Place) -> bool:
        """Whether it is known where this place stands."""
        return self.real(place) in self.marks or place in self.marks

    def at(self, place: Place) -> Any:
        """What stands at a place; None if there is no such place."""
        here = self.data
        for part in self.real(place):
            try:
                here = here[part]
            except (KeyError, IndexError, TypeError):
                return None
        return here

    def real(self, place: Place) -> Place:
        """Where a place stands in the text, if it is spelled in another way there."""
        for length in range(len(place), 0, -1):
            spelled = self.spelled.get(place[:length])
            if spelled is not None:
                place = (*spelled, *place[length:])
        length = 1
        while length <= len(place):
            part = self.parts.get(place[:length])
            if part is not None and place[: len(part)] != part:
                place, length = (*part, *place[length:]), len(part)
            length += 1
        return place

    def _nearest_mark(self, place: Place) -> Mark:
        for length in range(len(place), -1, -1):
            mark = self.marks.get(place[:length])
            if mark is not None:
                return mark
        return _NOWHERE

    def error(self, place: Place, message: str, hint: str = "") -> FileFormatError:
        """Return (not raise) an error that names the place."""
        return FileFormatError(message, where=self.where(place), hint=hint)


def parse_document(text: str, source: str = "<text>", folder: Path | None = None) -> Document:
    """Parse YAML text safely.

    Parameters
    ----------
    text : str
        The document.
    source : str
        What messages call it.
    folder : Path, optional
        Where files named by the document are looked for; the working directory by default.

    Raises
    ------
    FileFormatError
        If the text is not YAML, or is one of the kinds refused here.
    """
    if len(text) > MAX_CHARACTERS:
        raise FileFormatError(
            f"the document has {len(text):,} characters, more than {MAX_CHARACTERS:,}",
            where=Location(source),
            hint="keep large arrays in a file of their own and name it",
        )
    return _TreeBuilder(Document(None, source, folder=folder or Path())).build(text)


def parse_fragment(text: str, source: str) -> Any:
    """Parse a value written on a command line as YAML: ``5``, ``{uniform: [0, 1]}``."""
    return parse_document(text, source).data


def is_plain_text(text: str) -> bool:
    """Whether an unquoted scalar would be read as this text, and not as a number or the like."""
    return not (text in _SPECIAL or _INT.match(text) or _FLOAT.match(text))


@dataclass
class _Open:
    """A mapping or sequence that is still being read."""

    value: Any
    place: Place
    key: str | None = None  # a mapping's key that waits for its value
    merge: bool = False  # whether that key is "<<", not in quotes
    given: Any = None  # what stood under "<<"
    size: int = 1
    anchor: str | None = None


class _TreeBuilder:
    """Builds the tree from parser events with an explicit stack."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[_Open] = []
        # Of what is named: value, nodes in it, depth of it, place
        self.anchors: dict[str, tuple[Any, int, int, Place]] = {}
        self.open_anchors: set[str] = set()
        self.nodes = 0
        self.position: Any = None  # of the current event, as the parser has it
        self.seen = 0  # characters of the text whose events have been taken
        self.done = False

    def build(self, text: str) -> Document:
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            events: Any = yaml.parse(text, Loader=loader)
            for event in events:
                self.position = event.start_mark
                self._take(event, yaml)
                self.seen = event.end_mark.index
        except yaml.YAMLError as error:
            self._refuse_depth_ahead(text, error)
            raise self._syntax_error(error, text) from None
        except (ValueError, OverflowError) as error:  # surrogates, escapes beyond Unicode
            raise FileFormatError(
                f"the text is not valid YAML: {error}",
                where=Location(self.document.source),
            ) from None
        return self.document

    @property
    def mark(self) -> Mark:
        """Where the current event begins."""
        if self.position is None:
            return Mark(1, 1)
        return Mark(self.position.line + 1, self.position.column + 1)

    def _take(self, event: Any, yaml: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent) and self.done:
            raise self._error("a second document begins here", "keep one network per file")
        if isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor)
        elif isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event)
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._refuse_tag(event)
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close()

    def _refuse_tag(self, event: Any) -> None:
        # A quoted scalar carries no tag either; "!" alone only says "take it as it stands".
        if event.tag not in (None, "!"):
            raise self._error(
                f"tags such as {str(event.tag)[:60]!r} are not allowed",
                "write plain mappings, lists, numbers and text",
            )

    def _scalar(self, event: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(top, event.value, plain=bool(event.implicit[0]))
            return
        plain = bool(event.implicit[0])  # neither quoted nor tagged
        value = self._resolve(event.value) if plain else event.value
        self._count(1)
        if isinstance(value, str):
            place = self._next_place()
            mark = self.document.marks.setdefault(place, self.mark)
            if event.style == "|":
                self.document.marks[place] = mark._replace(block=True)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1, 0, self._next_place())
        self._place_value(value, 1)

    def _next_place(self) -> Place:
        """Where the value that comes next will stand."""
        if not self.stack:
            return ()
        top = self.stack[-1]
        if not isinstance(top.value, dict):
            return (*top.place, len(top.value))
        if top.key is None:
            raise self._error("a key must be a word", "write 'name: value'")
        return (*top.place, top.key)

    def _key(self, top: _Open, key: str, *, plain: bool) -> None:
        if len(key) > MAX_KEY_LENGTH:
            raise self._error(f"a key of {len(key)} characters", "keep names short")
        if key in top.value or (key == MERGE and top.given is not None):
            first = self.document.marks.get((*top.place, key))
            since = f"; it was given first in line {first.line}" if first else ""
            several = "; several may be merged as <<: [*one, *other]" if key == MERGE else ""
            raise self._error(f"'{key}' is given twice{since}", f"keep one of them{several}")
        top.key, top.merge = key, plain and key == MERGE
        self.document.marks[(*top.place, key)] = self.mark

    def _open(self, value: Any, anchor: str | None) -> None:
        self._refuse_depth(len(self.stack) + 1)
        place = self._next_place()
        self.document.marks.setdefault(place, self.mark)
        self._count(1)
        if anchor:
            self.open_anchors.add(anchor)
        self.stack.append(_Open(value, place, anchor=anchor))

    def _refuse_depth(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self._error(f"nested more than {MAX_DEPTH} levels deep", "flatten it")

    def _refuse_depth_ahead(self, text: str, error: Any) -> None:
        """Refuse brackets that the parser met before it gave their events.

        It reads up to 1,024 characters of a line ahead, for a collection may turn out to be a key;
        some of its versions have a limit of their own that is reached there.
        """
        mark = getattr(error, "context_mark", None) or getattr(error, "problem_mark", None)
        if mark is None:
            return
        depth = len(self.stack)
        for character in _QUOTED.sub("", text[self.seen : mark.index]):
            depth += (character in "[{") - (character in "]}")
            self._refuse_depth(depth)

    def _close(self) -> None:
        closed = self.stack.pop()
        if closed.given is not None:
            marks = self.document.marks
            closed.value = merged(closed.value, closed.given, marks, closed.place)
        if closed.anchor:
            self.open_anchors.discard(closed.anchor)
            depth = _depth(closed.value)
            self.anchors[closed.anchor] = (closed.value, closed.size, depth, closed.place)
        self._place_value(closed.value, closed.size)

    def _alias(self, name: str) -> None:
        if name in self.open_anchors:
            raise self._error(f"'*{name}' stands inside what it names", "write it out")
        if name not in self.anchors:
            raise self._error(f"nothing is named '&{name}'", "define it above")
        value, size, depth, place = self.anchors[name]
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise self._error("an alias cannot be a key", "write the key out")
        self._refuse_depth(len(self.stack) + depth)
        self._count(size)
        copied = copy_of(value, self.document.marks, place, self._next_place())
        self._place_value(copied, size)

    def _place_value(self, value: Any, size: int) -> None:
        if not self.stack:
            self.document.data = value
            self.done = True
            return
        top = self.stack[-1]
        top.size += size
        if isinstance(top.value, dict):
            assert top.key is not None  # the parser alternates keys and values
            if top.merge:
                top.given = self._mergeable(value)
            else:
                top.value[top.key] = value
            top.key, top.merge = None, False
        else:
            top.value.append(value)

    def _mergeable(self, value: Any) -> Any:
        """What stands under ``<<``: a mapping, or a list of mappings."""
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self._error("'<<' takes a mapping, or a list of them", "write <<: *name")
        return value

    def _count(self, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self._error(
                f"the document holds more than {MAX_NODES:,} values",
                "keep large arrays in a file of their own; do not nest aliases",
            )

    def _resolve(self, text: str) -> Any:
        """Read a plain scalar as YAML 1.2 does."""
        if text in _SPECIAL:
            return _SPECIAL[text]
        if _INT.match(text):
            if len(text) > 40:
                raise self._error(f"a number of {len(text)} digits", "write it as 1e50")
            return int(text)
        if _FLOAT.match(text):
            return float(text)
        return text

    def _error(self, message: str, hint: str) -> FileFormatError:
        place = Location(f"{self.document.source}:{self.mark}")
        return FileFormatError(message, where=place, hint=hint)

    def _syntax_error(self, error: Any, text: str) -> FileFormatError:
        mark = getattr(error, "problem_mark", None)
        here = self.mark if mark is None else Mark(mark.line + 1, mark.column + 1)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        context = getattr(error, "context", None)
        message = f"not valid YAML: {problem}" + (f" ({context})" if context else "")
        hint = "put text that holds any of [ ] { } , : # & * in quotes; indent with spaces"
        if mark is not None and text[mark.index : mark.index + 1] == "\t":
            hint = "indent with spaces, not tabs"
        line = "".join(text.splitlines()[here.line - 1 : here.line])[:1000]
        equation = re.search(r"d\w+/dt *=[^,}#]*", line, re.ASCII)
        if equation:  # "... : volt", say, which is not text to YAML
            hint = block_hint(equation[0]) or hint
        if equation is None and problem == "mapping values are not allowed in this context":
            hint = "text that holds ': ' stands in quotes"
        return FileFormatError(message, where=Location(f"{self.document.source}:{here}"), hint=hint)


def _depth(value: Any) -> int:
    """Levels of nesting below a value; bounded by MAX_DEPTH, so recursion is safe."""
    if isinstance(value, dict):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(item) for item in value), default=0)
    return 0
