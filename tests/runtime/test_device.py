"""The interface to backends: what is behind it stays behind it."""

import ast
from pathlib import Path

import pytest

import pygenn_lite

PACKAGE = Path(pygenn_lite.__file__).parent
BEHIND = ("runtime/cpp/",)
# Where a backend is named, and imported when it is chosen.
DOORS = ("runtime/backends.py", "cli/inspect_command.py")


def imported(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(BEHIND):
            yield name


@pytest.mark.parametrize("name", list(modules()))
def test_only_a_backend_knows_pointers(name):
    names = set(imported((PACKAGE / name).read_text(encoding="utf-8")))
    assert not {n for n in names if n.split(".")[0] in ("ctypes", "_ctypes", "cffi")}
    if name not in DOORS:
        assert not {n for n in names if n.startswith("pygenn_lite.runtime.cpp")}


def test_the_walk_finds_imports_of_every_kind():
    source = "import ctypes as c\ndef f():\n    from pygenn_lite.runtime.cpp import abi\n"
    assert {"ctypes", "pygenn_lite.runtime.cpp", "pygenn_lite.runtime.cpp.abi"} <= set(
        imported(source)
    )
