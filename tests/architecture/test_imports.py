"""Imports run downwards only, and in no circle: also those inside functions, those for types, and
those by name in a string."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import pygenn_lite
from pygenn_lite import hooks

ROOT = Path(pygenn_lite.__file__).parent
TOP = "pygenn_lite"

# From above to below; packages in one row do not depend on each other.
ROWS = (
    ("__main__",),
    ("cli",),
    ("batch", "training"),
    ("reports",),
    ("exchange", "scaling"),
    ("analysis", "yaml_format", "plotting"),
    ("models",),
    ("runtime",),
    ("codegen",),
    ("declaration",),
    ("optional",),
    ("hooks", "errors"),
    ("old_names",),
    ("records",),
)
HEIGHT = {package: -row for row, parts in enumerate(ROWS) for package in parts}
BACKENDS = (
    "cpp",
    "reference",
    "cuda",
    "null",
)  # packages of runtime that mirror each other's names

# The two types that a lower package names: what `Network.compile` gives back, which is documented
# where users look for it.
TYPES_FROM_ABOVE = {
    ("declaration.network", "runtime.simulation"),
    ("declaration.network", "runtime.instance_simulation"),
}

Edges = dict[str, set[str]]


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Every module by its name below the package; the top level is ""."""
    found = {}
    for path in root.rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(p for p in parts if p != "__init__")] = path
    return found


def imports_of(text: str, known: set[str]) -> Iterator[str]:
    """The package's modules that a source names: in any import statement, or as a string."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            named = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = [node.value.partition(":")[0]]
        else:
            continue
        for name in named:
            package, _, below = name.partition(".")
            if package == TOP:
                parent = below.rpartition(".")[0]
                if below in known and (below or not isinstance(node, ast.Constant)):
                    yield below
                elif parent in known and parent and not isinstance(node, ast.Constant):
                    yield parent


def edges_of(root: Path = ROOT) -> Edges:
    found = modules(root)
    return {
        name: set(imports_of(path.read_text(), set(found))) - {name, ""}
        for name, path in found.items()
    }


def height(module: str) -> int:
    package = module.partition(".")[0]
    assert package in HEIGHT, f"{module}: say in ROWS where this package belongs"
    return HEIGHT[package]


def upwards(edges: Edges) -> set[tuple[str, str]]:
    """Imports of another package that is not below."""
    return {
        (module, other)
        for module, others in edges.items()
        for other in others
        if module
        and module.partition(".")[0] != other.partition(".")[0]
        and height(other) >= height(module)
    }


def circles(edges: Edges) -> list[list[str]]:
    """Sets of modules that import each other, directly or not (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in edges.get(module, ()):
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            members = []
            while not members or members[-1] != module:
                members.append(stack.pop())
            if len(members) > 1:
                found.append(sorted(members))

    for module in edges:
        if module not in index:
            visit(module)
    return found


def without(edges: Edges, left_out: set[tuple[str, str]]) -> Edges:
    return {m: {o for o in others if (m, o) not in left_out} for m, others in edges.items()}


def test_nothing_is_imported_upwards() -> None:
    assert upwards(edges_of()) == TYPES_FROM_ABOVE


def test_there_is_no_circle() -> None:
    # The top level imports from everywhere; whoever imports it (for `pg.`) stands above.
    edges = without(edges_of(), TYPES_FROM_ABOVE)
    assert circles(edges) == []


def test_a_type_from_above_is_imported_for_types_only() -> None:
    for module, other in TYPES_FROM_ABOVE:
        tree = ast.parse(modules()[module].read_text())
        for node in ast.walk(tree):  # leaves what stands below `if TYPE_CHECKING:` out
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                node.body = [ast.Pass()]
        assert other not in imports_of(ast.unparse(tree), set(modules()))


def test_the_face_is_imported_by_commands_only() -> None:
    """What is below the top level would otherwise stand in a circle with it."""
    known = set(modules())
    users = {
        name
        for name, path in modules().items()
        if name and "" in set(imports_of(path.read_text(), known))
    }
    read_by_users = {name for name in users if name.startswith("training.tasks.")}  # to be copied
    assert {name.partition(".")[0] for name in users - read_by_users} <= {"cli", "__main__"}


def test_what_the_face_supplies_is_there() -> None:
    import importlib

    for module, function in hooks._PLACES.values():
        assert callable(getattr(importlib.import_module(module), function))


def test_what_nobody_supplies_is_named() -> None:
    with pytest.raises(LookupError, match="'nothing'"):
        hooks.call("nothing")


# What passes through several stages under one name, and its stages.
KINDRED = {"delivery": {"codegen.program", "codegen.plan"}}


def test_no_module_name_stands_twice() -> None:
    names: Counter[str] = Counter()
    for name, path in modules().items():
        parts = name.split(".")
        if parts[0] == "runtime" and len(parts) > 2 and parts[1] in BACKENDS:
            continue
        if path.name == "__init__.py":
            continue
        if ".".join(parts[:-1]) in KINDRED.get(parts[-1], ()):
            continue
        names[parts[-1]] += 1
    assert [name for name, times in names.items() if times > 1] == []


def test_hidden_imports_are_found(tmp_path: Path) -> None:
    (tmp_path / "codegen").mkdir()
    (tmp_path / "runtime").mkdir()
    sources = {
        "codegen/one.py": "def f():\n    from pygenn_lite.runtime.two import g\n",
        "codegen/three.py": "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from pygenn_lite.codegen import one\n",
        "runtime/two.py": "import importlib\n"
        "f = importlib.import_module('pygenn_lite.codegen.three').f\n",
    }
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
    edges = edges_of(tmp_path)
    assert upwards(edges) == {("codegen.one", "runtime.two")}
    assert circles(edges) == [["codegen.one", "codegen.three", "runtime.two"]]


def test_dataclasses_are_made_by_our_records() -> None:
    """So that a start pays for those alone that it uses."""
    texts = {name: path.read_text() for name, path in modules().items() if name != "records"}
    made = {name for name, text in texts.items() if "\n@dataclass" in text}
    ours = {n for n, text in texts.items() if "from pygenn_lite.records import dataclass" in text}
    assert len(ours) > 50
    assert made - ours == set(), "write: from pygenn_lite.records import dataclass"
