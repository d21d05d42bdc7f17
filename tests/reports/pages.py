"""Reads pages as a browser would: what is text, what is a script, which data the plots hold."""

from __future__ import annotations

import base64
import gzip
import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import numpy as np


class ReadPage(HTMLParser):
    """Elements, text that is shown, and scripts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside = tag
            if tag == "script":
                self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.text += data + " "

    def elements(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def document_of(html: str) -> dict[str, Any]:
    """The Bokeh document in a page, as JSON."""
    script = ReadPage(html).scripts[-1]
    quoted = re.search(r"const docs_json = '([^']*)'", script)
    assert quoted, "no document in the last script"
    (document,) = json.loads(unescape(quoted[1].replace("\\\\", "\\"))).values()
    return dict(document)


def models_of(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """All models of a kind in a document, wherever they stand."""
    found: list[dict[str, Any]] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if part.get("name") == name and "attributes" in part:
                found.append(part["attributes"])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(document)
    return found


def array_of(value: Any) -> Any:
    """A column of a data source."""
    if isinstance(value, dict) and value.get("type") == "ndarray":
        data = base64.b64decode(value["array"]["data"])
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data  # later Bokehs
        return np.frombuffer(data, np.dtype(value["dtype"])).reshape(value["shape"])
    return value
