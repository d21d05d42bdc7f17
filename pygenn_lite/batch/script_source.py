"""Networks of a sweep from a function of a user's script, called with the swept values."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pygenn_lite.batch.given_source import SHORT, changed_network
from pygenn_lite.batch.script import Script, arguments_of
from pygenn_lite.batch.source import NetworkSource
from pygenn_lite.declaration import Network
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import Location, PygennLiteError, ScriptError, SweepError


class ScriptSource(NetworkSource):
    """A function that returns a network. Names without dots are its arguments; paths are values of
    the network that it returns.

    Parameters
    ----------
    script : Script
    fixed : mapping, optional
        Values that are the same in all runs.
    """

    def __init__(self, script: Script, fixed: Mapping[str, Any] | None = None) -> None:
        self.script, self.fixed = script, dict(fixed or {})
        self.scripts = (script,)
        self.name = Path(script.path).stem
        self.digest = script.digest
        for name in self.fixed:
            self.canonical(name)

    @property
    def seed(self) -> int:
        """Of the network that the function makes without swept values; runs the script."""
        return self._base.seed

    def names(self) -> tuple[str, ...]:
        """The function's arguments, ``seed`` and ``dt``; paths are known when it is called."""
        return tuple(dict.fromkeys((*(arguments_of(self.script) or ()), *SHORT)))

    def canonical(self, name: str) -> str:
        """The name of an argument, or a path."""
        known = arguments_of(self.script)
        if name in (known or ()) or "." in name:
            return name
        if name in SHORT:
            return SHORT[name]
        if known is None and name.isidentifier():
            return name
        raise SweepError(
            f"{self.script.function}() takes no argument {name!r}"
            f"{nearest_or_all(name, self.names())}",
            where=Location(self.script.spelled),
        )

    def make(self, values: Mapping[str, Any]) -> Network:
        """Call the function, then change values by paths."""
        given = {**self.fixed, **values}
        function = self.script.load()
        known = arguments_of(self.script)
        arguments: dict[str, Any] = {}
        paths: dict[str, Any] = {}
        for name, value in given.items():
            of_network = "." in name or (name in SHORT and name not in (known or ()))
            (paths if of_network else arguments)[name] = value
        self._check_call(function, arguments)
        try:
            made = function(**arguments)
        except PygennLiteError:
            raise
        except (Exception, SystemExit) as error:
            shown = ", ".join(f"{name}={value!r:.30}" for name, value in arguments.items())
            raise ScriptError(
                f"{self.script.function}({shown}) fails: {type(error).__name__}: {error}",
                where=Location(self.script.spelled),
            ) from error
        if isinstance(made, tuple) and made and isinstance(made[0], Network):
            made = made[0]  # what `load_network` returns
        if not isinstance(made, Network):
            raise ScriptError(
                f"{self.script.function}() returns {type(made).__name__}, not a Network",
                where=Location(self.script.spelled),
                hint="end it with: return net",
            )
        return changed_network(made, paths)

    def _check_call(self, function: Any, arguments: Mapping[str, Any]) -> None:
        """Tell what the function takes from an error inside it."""
        try:
            inspect.signature(function).bind(**arguments)
        except TypeError as error:
            raise ScriptError(
                f"{self.script.function}() cannot be called with what is swept: {error}",
                where=Location(self.script.spelled),
                hint="sweep its arguments by their names, or give them defaults",
            ) from None

    @cached_property
    def _base(self) -> Network:
        return self.make({})

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_base"}
