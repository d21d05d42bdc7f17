"""Kernels of extensions from equation text, and simulations compiled with an extension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pygenn_lite as pg
from pygenn_lite.codegen.program.extension import Added, Extension
from pygenn_lite.codegen.program.kernel import Assign, Domain, Kernel, Update, Where
from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.runtime.backends import choose_backend
from pygenn_lite.runtime.compilation import Options, compile_with
from pygenn_lite.runtime.instances import InstanceOptions


def x(text: str) -> Any:
    return parse_expression(text).sympy()


def set_(target: str, text: str) -> Assign:
    return Assign(target, x(text))


def at_once(**values: str) -> Update:
    return Update(tuple((name, x(text)) for name, text in values.items()))


def where(condition: str, *body: Any) -> Where:
    return Where(x(condition), tuple(body))


def variables(own: str = "", shared: str = "", target: str = "") -> tuple[Variable, ...]:
    return (
        *(Variable(n, n) for n in own.split()),
        *(Variable(n, n, shared=True) for n in shared.split()),
        *(Variable(n, n, side="target") for n in target.split()),
    )


def kernel(
    name: str, domain: str, known: tuple[Variable, ...], *body: Any, real: str = "double"
) -> Kernel:
    """`domain` as in "population all", "synapses all", "network once"."""
    return Kernel(name, Domain(*domain.split()), known, tuple(body), real)


def added(**names: str) -> tuple[Added, ...]:
    """By owner ("network" for signals): names, some with values, as in ``loss=1.5``."""
    found = []
    for owner, listed in names.items():
        for one in listed.split():
            name, _, value = one.partition("=")
            found.append(Added("" if owner == "network" else owner, name, float(value or 0)))
    return tuple(found)


def extension(key: str, kernels: Sequence[Kernel], *variables: Added, **more: Any) -> Extension:
    return Extension(key, lambda structure: kernels, tuple(variables), **more)


def compiled(
    net: pg.Network,
    made: Extension,
    backend: str = "auto",
    *,
    precision: str = "float64",
    threads: int = 1,
    **instances: Any,
) -> Any:
    options = Options(threads, precision, True, False, True, made)
    return compile_with(net, choose_backend(backend), InstanceOptions(**instances), options)
