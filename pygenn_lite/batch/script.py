"""Functions of a user's script: read without being run, sent to workers as text, and run there in a
module of their own."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import Location, ScriptError
from pygenn_lite.records import dataclass

LARGEST = 4 * 2**20  # bytes
HINT = "write FILE.py:FUNCTION"


@dataclass(frozen=True)
class Script:
    """A function of a file.

    Attributes
    ----------
    spelled : str
        As it was written: ``networks.py:make_network``.
    function : str
    text : str
        The whole file.
    path : str
        Where it was read.
    """

    spelled: str
    function: str
    text: str
    path: str

    @property
    def digest(self) -> str:
        """64 hexadecimal digits of the text and the function's name."""
        return hashlib.sha256(f"{self.function}\0{self.text}".encode()).hexdigest()

    def load(self) -> Callable[..., Any]:
        """The function; runs the script, once in each process.

        The script is a module of its own; where its folder exists, modules beside it can be
        imported (installed ones of the same name come first).

        Raises
        ------
        ScriptError
            The script fails, or what the name means is not a function.
        """
        name = f"pygenn_lite_script_{hashlib.sha256(self.text.encode()).hexdigest()[:16]}"
        module = sys.modules.get(name)
        if module is None:
            module = self._run(name)
        function = getattr(module, self.function, None)
        if not callable(function):
            raise ScriptError(
                f"{self.function!r} is not a function", where=Location(self.path), hint=HINT
            )
        return function  # type: ignore[no-any-return]

    def _run(self, name: str) -> types.ModuleType:
        module = types.ModuleType(name)
        module.__file__ = self.path
        folder = os.path.dirname(self.path)
        if os.path.isdir(folder) and folder not in sys.path:
            sys.path.append(folder)
        sys.modules[name] = module  # where classes of the script are looked for
        try:
            exec(compile(self.text, self.path, "exec"), vars(module))
        except (Exception, SystemExit) as error:
            del sys.modules[name]
            raise ScriptError(
                f"the script cannot be imported: {type(error).__name__}: {error}",
                where=Location(f"{self.path}{_line_in(error, self.path)}"),
                hint="what it imports must be installed, or stand in files beside it, wherever "
                "runs are done",
            ) from error
        except BaseException:
            del sys.modules[name]
            raise
        return module


def read_script(spelled: str, folder: Path) -> Script:
    """Read ``FILE.py:FUNCTION`` without running it.

    Parameters
    ----------
    spelled : str
    folder : Path
        Where a relative name is looked for.

    Raises
    ------
    ScriptError
        The file does not exist, is not Python, or does not have the function.
    """
    name, _, function = spelled.rpartition(":")
    where = Location(name or spelled)
    if not name.endswith(".py") or not function.isidentifier():
        raise ScriptError(f"{spelled[:200]!r} does not name a function", where=where, hint=HINT)
    path = (folder / name).resolve()
    try:
        if path.stat().st_size > LARGEST:
            raise ScriptError(f"the script is larger than {LARGEST:,} bytes", where=where)
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScriptError(
            f"the script cannot be read: {error.strerror}",
            where=where, hint=f"looked in {path.parent}",
        ) from None  # fmt: skip
    except UnicodeDecodeError:
        raise ScriptError("the script is not UTF-8 text", where=where) from None
    script = Script(spelled, function, text, str(path))
    known = set(_names_of(_parsed(script)))
    if function not in known and "*" not in known:
        functions = sorted(n.name for n in _functions(_parsed(script)))
        raise ScriptError(
            f"the script has no function {function!r}{nearest_or_all(function, functions)}",
            where=where, hint=HINT,
        )  # fmt: skip
    return script


def arguments_of(script: Script) -> tuple[str, ...] | None:
    """Names of the arguments that the function takes by name, as its text says; None if it takes
    any, or is not defined in the script itself."""
    found = [node for node in _functions(_parsed(script)) if node.name == script.function]
    if not found or found[-1].args.kwarg is not None or found[-1].decorator_list:
        return None
    arguments = found[-1].args
    return tuple(argument.arg for argument in (*arguments.args, *arguments.kwonlyargs))


def _parsed(script: Script) -> ast.Module:
    try:
        return ast.parse(script.text, script.path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        raise ScriptError(
            f"the script is not valid Python: {getattr(error, 'msg', error)}",
            where=Location(f"{script.path}:{line}" if line else script.path),
        ) from None


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


def _names_of(tree: ast.Module) -> Iterable[str]:
    """Names that the script binds at its top, also inside ``if`` and ``try``."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        else:
            yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name))
            waiting += [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)]


def _line_in(error: BaseException, path: str) -> str:
    """The line of the script at which an error came up, as ``:12``."""
    found, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            found = f":{trace.tb_lineno}"
        trace = trace.tb_next
    return found
