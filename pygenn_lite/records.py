"""Dataclasses whose methods are written when they are first needed.

The standard library writes and compiles six methods for every dataclass when it is declared: a
third of the time from a fresh process to the first step of a network, most of it for classes which
that network has no use for. Here ``__init__`` is written when the first object is made, and the
other methods are not compiled for each class. What comes out is still a dataclass:
``fields``, ``replace``, signatures, pickles and subclasses work as ever (tests/test_records.py).
"""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

_LOCK = threading.RLock()
_OPTIONS = {"frozen", "init", "repr", "eq"}


# They lend their ``__dataclass_params__``: who derives from a frozen class must be frozen.
@dataclasses.dataclass(frozen=True)
class _Frozen:
    pass


@dataclasses.dataclass
class _Changing:
    pass


class _Factory:
    def __repr__(self) -> str:
        return "<factory>"  # as signatures of dataclasses have it


_FACTORY = _Factory()


if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(kind: type | None = None, **options: bool) -> Any:
        """Like ``dataclasses.dataclass``, which makes those that are ordered, have slots, ..."""
        if kind is None:
            return lambda kind: dataclass(kind, **options)
        if set(options) - _OPTIONS:
            return dataclasses.dataclass(**options)(kind)
        frozen = options.get("frozen", False)
        _Pending(kind, options.get("init", True))
        methods = _refusing_changes(kind) if frozen else {}
        if options.get("repr", True):
            methods["__repr__"] = _shown(kind)
        if options.get("eq", True):
            methods |= _compared(kind, frozen)
        for name, method in methods.items():
            if vars(kind).get(name) is None:  # Python forbids `__hash__` where there is an `__eq__`
                setattr(kind, name, method)
        kind.__dataclass_params__ = (_Frozen if frozen else _Changing).__dataclass_params__
        return kind


class _Pending:
    """What is written when a class is first used, by the first that asks for any of it."""

    def __init__(self, kind: Any, init: bool) -> None:
        self.kind = kind
        self.types = dict(kind.__annotations__)
        self.defaults = {n: getattr(kind, n) for n in self.types if hasattr(kind, n)}
        self.later = [n for n, d in self.defaults.items() if isinstance(d, Field)]
        self.later += ["__dataclass_fields__", "__match_args__"]
        if init and "__init__" not in vars(kind):
            self.later.append("__init__")
        self.written = False
        for name in self.later:
            setattr(kind, name, _Later(self, name))

    def write(self) -> None:
        """Write it, unless another thread has done so meanwhile."""
        with _LOCK:
            if not self.written:
                self._write()
                self.written = True

    def _write(self) -> None:
        plan = self._plan()
        for field in dataclasses.fields(plan):
            if not field.init or field.hash is not None:
                raise TypeError(f"{field.name}: `init` and `hash` are for dataclasses.dataclass")
        for name in self.later:
            if name == "__init__":
                self.kind.__init__ = _init(self.kind, dataclasses.fields(plan))
            elif hasattr(plan, name):
                setattr(self.kind, name, getattr(plan, name))
            elif name in vars(self.kind):
                delattr(self.kind, name)  # a field with a factory is none of the class

    def _plan(self) -> Any:
        """A dataclass of the same fields, without methods."""
        types: dict[str, Any] = {}
        defaults: dict[str, Any] = {}
        for base in reversed(self.kind.__mro__[1:]):
            if "__dataclass_fields__" in vars(base):
                for field in dataclasses.fields(base):
                    types[field.name], defaults[field.name] = field.type, field
        for name, type_ in self.types.items():
            types[name] = type_
            defaults.pop(name, None)
            if name in self.defaults:
                defaults[name] = self.defaults[name]
        # With a docstring none is written, which takes long.
        space = {"__annotations__": types, "__module__": self.kind.__module__, "__doc__": "Fields."}
        plan = type(self.kind.__name__, (), {**space, **defaults})
        return dataclasses.dataclass(init=False, repr=False, eq=False)(plan)


class _Later:
    """Stands in a class for what is pending."""

    __slots__ = ("name", "pending")

    def __init__(self, pending: _Pending, name: str) -> None:
        self.pending, self.name = pending, name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        self.pending.write()
        found = getattr(self.pending.kind, self.name)
        if instance is None or not hasattr(type(found), "__get__"):
            return found
        return found.__get__(instance, owner)


def _init(kind: Any, fields: tuple[Field[Any], ...]) -> Callable[..., None]:
    """Write ``__init__``: parameters as the fields are, all checks in ``__post_init__``."""
    parameters: list[str] = []
    lines: list[str] = []
    given: dict[str, Any] = {"_set": object.__setattr__, "_factory": _FACTORY}
    frozen = kind.__dataclass_params__.frozen
    for field in sorted(fields, key=lambda field: bool(field.kw_only)):
        name = field.name
        if field.kw_only and "*" not in parameters:
            parameters.append("*")
        value, parameter = name, name
        if field.default_factory is not MISSING:
            given[f"_made_{name}"] = field.default_factory
            value = f"_made_{name}() if {name} is _factory else {name}"
            parameter = f"{name}=_factory"
        elif field.default is not MISSING:
            given[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
        parameters.append(parameter)
        lines.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(kind, "__post_init__"):
        lines.append("self.__post_init__()")
    body = "\n  ".join(lines or ["pass"])
    text = (
        f"def write({', '.join(given)}):\n"
        f" def __init__(self, {', '.join(parameters)}):\n  {body}\n"
        " return __init__"
    )
    space: dict[str, Any] = {}
    exec(text, vars(sys.modules[kind.__module__]), space)
    written: Callable[..., None] = space["write"](**given)
    written.__qualname__ = f"{kind.__qualname__}.__init__"
    written.__annotations__ = {**{f.name: f.type for f in fields}, "return": None}
    return written


def _refusing_changes(kind: Any) -> dict[str, Callable[..., Any]]:
    def refuse(record: object, name: str, what: str) -> None:
        if type(record) is kind or name in kind.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot {what} field {name!r}")

    def __setattr__(self: Any, name: str, value: Any) -> None:
        refuse(self, name, "assign to")
        super(kind, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:
        refuse(self, name, "delete")
        super(kind, self).__delattr__(name)

    return {"__setattr__": __setattr__, "__delattr__": __delattr__}


def _shown(kind: Any) -> Callable[[Any], str]:
    @recursive_repr()
    def __repr__(self: Any) -> str:
        shown = (f for f in dataclasses.fields(kind) if f.repr)
        values = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in shown)
        return f"{type(self).__qualname__}({values})"

    return __repr__


def _compared(kind: Any, frozen: bool) -> dict[str, Callable[..., Any] | None]:
    values = _Values(kind)

    def __eq__(self: Any, other: object) -> Any:
        if type(other) is not type(self):
            return NotImplemented
        return values.of(self) == values.of(other)

    def __hash__(self: Any) -> int:
        return hash(values.of(self))

    return {"__eq__": __eq__, "__hash__": __hash__ if frozen else None}


class _Values:
    """What of an object decides whether it equals another: a tuple."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.of: Callable[[object], Any] = self._first

    def _first(self, record: object) -> Any:
        names = [f.name for f in dataclasses.fields(self.kind) if f.compare]
        if len(names) > 1:
            self.of = attrgetter(*names)
        else:
            self.of = lambda record: tuple(getattr(record, name) for name in names)
        return self.of(record)
