"""A digest of a network from its declaration alone: the same in every process, on every machine and
with every version of Python, so that checkpoints and runs can be told apart by it.

What enters: dt, seed, populations, synapse groups and inputs, in order, with all their values;
numbers by their bits, arrays by type, shape and bits, formulas by their syntax trees. What does
not: the name of the network, what is recorded, units, where in a file something stands, and (of
delays that were not given) the time step that they follow.

A class of the user's own (a rule, a distribution) enters by its module and name and its attributes;
not by its code: who changes what it draws gives it another name, or an attribute that says so.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.declaration.language.equations import Equation, Expression
from pygenn_lite.declaration.language.parser import parse_tree
from pygenn_lite.declaration.neuron_model import NeuronModel
from pygenn_lite.declaration.origins import part_of
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.runge_kutta import RungeKutta
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import DeclarationError, Location

if TYPE_CHECKING:
    from pygenn_lite.declaration.members import Members

VERSION = "pygenn_lite network 2"  # raised when what enters changes


def network_digest(network: Members) -> str:
    """64 hexadecimal digits."""
    digest = hashlib.sha256(VERSION.encode())

    def add(kind: str, parts: Collection[Any]) -> None:
        digest.update(_begin_of_list(parts))
        for part in parts:
            with part_of(Location.of(kind, part.name)):
                for piece in _pieces(part):
                    digest.update(piece)

    for piece in (b"%d(" % 5, *_pieces(network.dt), *_pieces(network.seed)):
        digest.update(piece)
    add("population", network.populations.values())
    add("synapse group", network.groups.values())
    add("input", network.inputs)
    if network.updates:
        add("update", network.updates)
    return digest.hexdigest()


def value_digest(value: Any) -> str:
    """64 hexadecimal digits of one value: a number, text, a distribution, a rule, a model.

    >>> value_digest(3.0) == value_digest(3.0) != value_digest(3)
    True
    """
    digest = hashlib.sha256()
    for piece in _pieces(value):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    """A declaration as bytes; each piece says where it ends, so that no two read alike."""
    if isinstance(value, FrozenArray):
        yield b"array" + value.digest
    elif isinstance(value, Expression):
        yield from _of_expression(value)
    elif isinstance(value, RungeKutta):
        yield _text(str(value))
    elif isinstance(value, (NeuronModel, SynapseModel)):
        yield _of_model(value)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _of_fields(value)
    elif isinstance(value, (tuple, list)):
        yield _begin_of_list(value)
        for item in value:
            yield from _pieces(item)
    elif isinstance(value, str):
        yield _text(value)
    elif isinstance(value, (bool, type(None))):
        yield b"N" if value is None else b"T" if value else b"F"
    elif isinstance(value, int):
        yield b"int %d;" % value
    elif isinstance(value, float):
        yield b"float " + value.hex().encode() + b";"
    elif isinstance(value, (np.ndarray, np.generic)):
        yield b"array" + FrozenArray(value).digest
    elif isinstance(value, dict):
        yield from _pieces(sorted(value.items()))
    else:
        yield from _of_object(value)


def _of_object(value: Any) -> Iterator[bytes]:
    """An object of somebody's own, by its attributes."""
    if callable(value) or not hasattr(value, "__dict__"):
        raise DeclarationError(
            f"a digest cannot tell {value!r:.60} from others of type {type(value).__name__!r}",
            hint="keep what the rule depends on as numbers, text, arrays, lists or objects of "
            "these; compute the rest where it is used",
        )
    yield _text(_class_name(type(value)))
    for key, item in sorted(vars(value).items()):
        yield _text(key)
        yield from _pieces(item)
    yield b"}"


def _class_name(kind: type) -> str:
    """Classes of users may have the same name in different modules."""
    ours = kind.__module__.partition(".")[0] == "pygenn_lite"
    return kind.__name__ if ours else f"{kind.__module__}.{kind.__qualname__}"


def _begin_of_list(items: Collection[Any]) -> bytes:
    return b"%d(" % len(items)


def _of_fields(value: Any) -> Iterator[bytes]:
    yield _text(_class_name(type(value)))
    for field in fields(value):
        # Fields that came later enter where they are used: digests of before stay.
        if "later" in field.metadata and getattr(value, field.name) == field.default:
            continue
        if field.compare and not (_follows_dt(value) and field.name == "delay"):
            yield _text(field.name)
            yield from _pieces(getattr(value, field.name))
    yield b"}"


@lru_cache(maxsize=256)
def _of_model(model: NeuronModel | SynapseModel) -> bytes:
    """Many networks share their models."""
    digest = hashlib.sha256()
    for piece in _of_fields(model):
        digest.update(piece)
    return digest.digest()


def _of_expression(expression: Expression) -> Iterator[bytes]:
    if isinstance(expression, Equation):
        for word in (expression.kind, expression.name, expression.operator):
            yield _text(word)
    yield b"formula"
    yield from _of_node(parse_tree(expression.text))


def _of_node(node: ast.AST) -> Iterator[bytes]:
    """A syntax tree; ``ast.dump`` and ``ast.unparse`` differ between versions of Python."""
    yield _text(type(node).__name__)
    if isinstance(node, ast.Name):
        yield _text(node.id)
    elif isinstance(node, ast.Constant):
        value = node.value
        yield from _pieces(value if isinstance(value, (bool, int, float)) else str(value))
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr_context):
            yield from _of_node(child)
    yield b"}"


def _follows_dt(value: Any) -> bool:
    return isinstance(value, SynapseGroup) and value.one_step


def _text(text: str) -> bytes:
    encoded = text.encode()
    return b"%d:" % len(encoded) + encoded
