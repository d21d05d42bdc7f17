"""Paths and symbols that the pages for contributors name are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import pygenn_lite as pg

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CONTRIBUTORS = [
    ROOT / "CONTRIBUTING.md",
    *(DOCS / f"{name}.md" for name in ("design", "recipes", "decisions")),
    *sorted((DOCS / "decisions").glob("*.md")),
]
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *CONTRIBUTORS[:1], *CONTRIBUTORS[4:]]
ENDINGS = r"(?:py|hpp|h|cpp|jinja|cu|toml|txt|csv|md)"
PLACES = (ROOT, ROOT / "pygenn_lite", ROOT / "pygenn_lite" / "declaration" / "language", DOCS)


def spans(page: Path) -> Iterator[str]:
    """What stands between single backticks, outside of examples."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def missing_paths(page: Path) -> list[str]:
    """Files that are named with their folder, or that belong to us by their ending."""
    lacking = []
    for span in spans(page):
        if re.fullmatch(rf"[\w.-]+(?:/[\w.-]+)+/?|[\w-]+\.{ENDINGS}", span):
            known = any((place / span).exists() for place in PLACES)
            if not known and ("/" in span or span not in file_names()):
                lacking.append(span)
    return lacking


@cache
def file_names() -> frozenset[str]:
    folders = ("pygenn_lite", "tests", "docs", "benchmarks", "examples")
    return frozenset(p.name for f in folders for p in (ROOT / f).rglob("*") if p.is_file())


@cache
def words() -> frozenset[str]:
    """All identifiers of the package, its templates, tests and tools."""
    found: set[str] = set()
    for folder in ("pygenn_lite", "tests", "docs", "benchmarks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".hpp", ".h", ".cpp", ".jinja", ".yaml"):
                found |= set(re.findall(r"[A-Za-z_]\w*", path.read_text(encoding="utf-8")))
    return frozenset(found)


def missing_symbols(page: Path) -> list[str]:
    """Names in code (with capitals, underscores or dots) that stand nowhere."""
    lacking = []
    for span in spans(page):
        name = re.sub(r"\(.*\)$", "", span)
        if re.fullmatch(r"(?:pg|pygenn_lite|codegen)?\.?[A-Za-z_][\w.]*", name) and re.search(
            r"[A-Z_.]", name
        ):
            parts = [part for part in name.split(".") if part not in ("", "pg")]
            if not re.search(rf"\.{ENDINGS}$", name) and not set(parts) <= words():
                lacking.append(span)
    return lacking


@pytest.mark.parametrize("page", CONTRIBUTORS, ids=lambda page: page.stem)
def test_paths_that_a_page_names_are_there(page: Path) -> None:
    assert missing_paths(page) == []


@pytest.mark.parametrize("page", CONTRIBUTORS, ids=lambda page: page.stem)
def test_symbols_that_a_page_names_are_there(page: Path) -> None:
    assert missing_symbols(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_pages_call_pg_is_public(page: Path) -> None:
    for span in spans(page):
        found = re.match(r"pg\.([\w.]+)", span)
        thing: object = pg
        parts = found[1].rstrip(".").split(".") if found and found[1] != "NAME" else ()
        for part in parts:
            assert hasattr(thing, part), span
            thing = getattr(thing, part)


def test_a_name_that_is_not_there_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    absent = "Not" + "There"
    page.write_text(f"`codegen/nowhere.py` and `codegen/program/program.py`, `{absent}`, `Network`")
    assert missing_paths(page) == ["codegen/nowhere.py"]
    assert missing_symbols(page) == [absent]


def test_every_decision_is_listed() -> None:
    listed = (DOCS / "decisions.md").read_text()
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert len(pages) >= 12
    for number, page in enumerate(pages, 1):
        assert page.name.startswith(f"{number:02d}-") and f"decisions/{page.name}" in listed
        text = page.read_text()
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequences"))


def test_every_module_says_what_it_is_for() -> None:
    """The page of the layout is made of these sentences."""
    page = (DOCS / "layout.md").read_text()
    assert re.findall(r"^\| `(.*)` \|  \|$", page, re.MULTILINE) == []
    for path in (ROOT / "pygenn_lite").rglob("*.py"):
        assert f"| `{path.name}` |" in page, path
