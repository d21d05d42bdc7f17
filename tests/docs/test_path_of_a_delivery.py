"""Who looks for a delivery opens one file a stage, all of one name: those that the page about the
design names, each with what it says is in there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "pygenn_lite"
PAGE = (PACKAGE.parent / "docs" / "design.md").read_text(encoding="utf-8")
STAGES = {
    "codegen/program/delivery.py": "decided",
    "codegen/plan/delivery.py": "planned",
    "templates/cpp/engine/delivery.hpp": "rendered",
    "runtime/cpp/delivery.py": "run, in C++",
    "runtime/reference/delivery.py": "run, in NumPy",
}


def rows() -> dict[str, tuple[str, list[str]]]:
    """File, what it is for, and what to begin with, as the page has them."""
    section = re.search(r"^## Where a delivery is\n(.*?)^## ", PAGE, re.M | re.S)
    assert section is not None
    found = {}
    for what, path, names in re.findall(r"^\| (.+?) \| `(.+?)` \| (.+?) \|$", section[1], re.M):
        found[path] = what, re.findall(r"`(\w+)`", names)
    return found


def defined_in(path: Path) -> set[str]:
    """Functions and classes at the top of a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        kinds = (ast.FunctionDef, ast.ClassDef)
        return {node.name for node in ast.parse(text).body if isinstance(node, kinds)}
    return set(re.findall(r"^(?:inline |template.*\n)?[\w:&*<>]+ (\w+)\(", text, re.M))


def test_the_page_names_every_stage_in_order() -> None:
    named = {path: what.partition(":")[0] for path, (what, _) in rows().items()}
    assert list(named.items()) == list(STAGES.items())


@pytest.mark.parametrize("path", STAGES)
def test_what_the_page_says_is_in_the_file(path: str) -> None:
    _, names = rows()[path]
    assert names and set(names) <= defined_in(PACKAGE / path)


@pytest.mark.parametrize("path", [p for p in STAGES if p.endswith(".py")])
def test_nothing_is_merely_passed_on(path: str) -> None:
    """What a file defines is its own: none of them only imports from another."""
    tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
    own = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assert len(own) >= 2 and not any(
        isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        for node in tree.body
    )
