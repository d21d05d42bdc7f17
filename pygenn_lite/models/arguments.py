"""Answers a wrong argument of a library model in the words of the library."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from pygenn_lite.declaration.names import nearest
from pygenn_lite.errors import ModelError

P = ParamSpec("P")
R = TypeVar("R")


def library_model(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function of the library refuse arguments that it does not know by name."""
    signature = inspect.signature(function)
    known = list(signature.parameters)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        cure = f"its parameters are {', '.join(known)}"
        for name in kwargs:
            if name not in known:
                raise ModelError(
                    f"no parameter {name!r}{nearest(name, known)}",
                    where=function.__name__,
                    cure=cure,
                )
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            raise ModelError(
                f"{error}", where=function.__name__, cure=f"give arguments by name; {cure}"
            ) from None
        return function(*args, **kwargs)

    return checked
