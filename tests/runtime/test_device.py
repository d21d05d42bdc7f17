"""The interface to backends: what is behind it stays behind it."""

import ast
from pathlib import Path

import pytest

import pygenn_lite

PACKAGE = Path(pygenn_lite.__file__).parent
# Programs of training are called by a runtime of their own, on the processor and on cards.
BEHIND = ("runtime/cpp/", "runtime/training/")
# They call what stands in shared objects, or in the system's driver of a card; records of a card
# are laid out as in C.
CALLS_CODE = (
    "runtime/cuda/drivers/",
    "runtime/cuda/records.py",
    "runtime/cuda/resident_memory.py",
    "runtime/cuda/resident_records.py",
)
# Where a backend is named, and imported when it is chosen or listed; the emulator of a card
# compiles for the processor.
DOORS = (
    "runtime/cuda/drivers/emulator.py",
    "runtime/cuda/drivers/emulated_module.py",
    "runtime/devices.py",
    "runtime/backends.py",
    "cli/inspect_command.py",
)
# It asks the system to be ended with the process that started it.
ASKS_THE_SYSTEM = "batch/worker_process.py"


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
    if name != ASKS_THE_SYSTEM and not name.startswith(CALLS_CODE):
        assert not {n for n in names if n.split(".")[0] in ("ctypes", "_ctypes", "cffi")}
    if name not in DOORS:
        assert not {n for n in names if n.startswith("pygenn_lite.runtime.cpp")}


def test_the_walk_finds_imports_of_every_kind():
    source = "import ctypes as c\ndef f():\n    from pygenn_lite.runtime.cpp import abi\n"
    assert {"ctypes", "pygenn_lite.runtime.cpp", "pygenn_lite.runtime.cpp.abi"} <= set(
        imported(source)
    )
