"""Functions take at most six arguments; what travels together is a record."""

from __future__ import annotations

import ast
from pathlib import Path

import pygenn_lite

ROOT = Path(pygenn_lite.__file__).parent
MOST = 6


def long_signatures() -> set[str]:
    """``module:function`` of all that take more than six arguments by position."""
    found = set()
    for path in ROOT.rglob("*.py"):
        module = path.relative_to(ROOT).with_suffix("").as_posix()
        if module.startswith("models/"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                given = [*node.args.posonlyargs, *node.args.args]
                if len([a for a in given if a.arg not in ("self", "cls")]) > MOST:
                    found.add(f"{module}:{node.name}")
    return found


def test_no_function_takes_more_than_six_arguments_by_position() -> None:
    assert long_signatures() == COMMANDS


# typer reads the options of a command from the parameters of its function.
COMMANDS = {
    "cli/app:inspect",
    "cli/app:plot",
    "cli/app:run",
    "cli/app:train",
    "cli/batch_commands:resume",
    "cli/batch_commands:run",
}
