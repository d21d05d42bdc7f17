"""Which names users may give, and what to say about the others."""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Iterable

from pygenn_lite.declaration.language.vocabulary import CONSTANTS, FUNCTIONS
from pygenn_lite.declaration.summary import listed
from pygenn_lite.errors import NOWHERE, DeclarationError, EquationError, InputError, Location

LONGEST_NAME = 64
LONGEST_LABEL = 200
_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z", re.ASCII)

BUILT_IN = frozenset({"t", "dt", "xi", "weight", "delay", *CONSTANTS})
SUFFIXES = ("_pre", "_post")
_CPP = (  # noqa: SIM905
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t "
    "char16_t char32_t class compl concept const consteval constexpr constinit const_cast "
    "continue co_await co_return co_yield decltype default delete do double dynamic_cast else "
    "enum explicit export extern false float for friend goto if inline int long mutable "
    "namespace new noexcept not not_eq nullptr operator or or_eq private protected public "
    "register reinterpret_cast requires return short signed sizeof static static_assert "
    "static_cast struct switch template this thread_local throw true try typedef typeid "
    "typename union unsigned using virtual void volatile wchar_t while xor xor_eq linux unix "
    "NULL INFINITY NAN EOF errno stdin stdout stderr"
).split()
# Arrays that every population or group may have beside the user's own. (The local variables of
# generated code do not matter here: code generation keeps clear of the user's names.)
_GENERATED = ["refractory", "refractory_steps", "last_update", "elapsed", "sqrt_dt"]
RESERVED = frozenset({*keyword.kwlist, *_CPP, *_GENERATED, *FUNCTIONS, *BUILT_IN})


def is_identifier(name: str) -> bool:
    """Whether it is made of ASCII letters, digits and _, and not too long."""
    return len(name) <= LONGEST_NAME and _PATTERN.match(name) is not None


def check_name(name: object, what: str, where: Location = NOWHERE, *, reserved: bool = True) -> str:
    """A name that a user gives to a variable, parameter, population, ...

    Raises
    ------
    EquationError
        Not an identifier, too long, or (for symbols of equations) reserved.
    """
    if not isinstance(name, str) or not is_identifier(name):
        shown = repr(name)[:80]
        raise EquationError(
            f"{shown} cannot be the name of a {what}",
            where=where,
            hint=f"use letters, digits and _, beginning with a letter, at most {LONGEST_NAME}",
        )
    if not reserved:
        return name
    if name in RESERVED or name.startswith("xi_"):
        raise EquationError(
            f"{name!r} is reserved and cannot be the name of a {what}",
            where=where,
            hint="names that begin with xi_ are white noise; choose another"
            if name.startswith("xi_")
            else f"choose another name, e.g. {name + '_'!r}",
        )
    if "__" in name or name.endswith(SUFFIXES):
        raise EquationError(
            f"{name!r} cannot be the name of a {what}: '__' and the endings _pre and _post have a "
            "meaning of their own",
            where=where,
            hint="choose another name",
        )
    return name


def nearest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'E_L'?"`` for the nearest known name, or nothing."""
    known, name = [str(k) for k in known], str(name)
    found = difflib.get_close_matches(name[:LONGEST_LABEL], known, 1)
    if not found:
        found = [k for k in known if k.lower() == name.lower()][:1]
    return f"; did you mean {found[0]!r}?" if found else ""


def nearest_or_all(name: str, known: Iterable[str]) -> str:
    """The same, or else ``"; known: E_L, tau"``."""
    names = [str(k) for k in known]
    return nearest(name, names) or (f"; known: {listed(names, 20)}" if names else "")


def check_choice(
    value: object,
    choices: Iterable[str],
    what: str,
    where: Location = NOWHERE,
    error: type[InputError] = DeclarationError,
) -> str:
    """One of several words."""
    choices = list(choices)
    if not isinstance(value, str) or value not in choices:
        hint = nearest(str(value), choices)
        raise error(
            f"{value!r} is not a valid {what}{hint}",
            where=where,
            hint=f"choose one of {', '.join(choices)}",
        )
    return value


def check_label(name: object, what: str, error: type[DeclarationError]) -> str:
    """A name for messages only: any visible characters (it may be shown in comments and files)."""
    if not isinstance(name, str) or len(name) > LONGEST_LABEL or not name.isprintable():
        raise error(
            f"{repr(name)[:80]} cannot be the name of a {what}",
            hint=f"give at most {LONGEST_LABEL} visible characters on one line",
        )
    return name
