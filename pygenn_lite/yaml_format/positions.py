"""Positions of neurons: listed, on a grid, drawn in a box, or read from a file."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.marks import Place

_KINDS = ("grid", "uniform", "file")


def read_positions(
    context: Context, given: Any, place: Place, size: int, name: str, seed: int
) -> NDArray[np.float64] | None:
    """Return one row of 1 to 3 coordinates for each neuron.

    Forms: a list of points; ``{grid: {shape: [20, 20], spacing: 10}}``, ordered like a C array;
    ``{uniform: {low: [0, 0], high: [1, 1]}}``, drawn from the network's seed and the population's
    name; ``{file: positions.csv}``.
    """
    if given is None:
        return None
    document = context.document
    if isinstance(given, list):
        points = [
            context.numbers(point if isinstance(point, list) else [point], (*place, index))
            for index, point in enumerate(given)
        ]
        if len({len(point) for point in points}) != 1:
            raise document.error(place, "points must have the same number of coordinates")
        return np.array(points)
    if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) not in _KINDS:
        raise document.error(
            place,
            f"should be a list of points, or one of {', '.join(_KINDS)}",
            "write {grid: {shape: [20, 20], spacing: 10}}",
        )
    kind, options = next(iter(given.items()))
    inner = (*place, kind)
    if kind == "file":
        if not isinstance(options, str):
            raise document.error(inner, "'file' should be the name of a file")
        return np.stack(context.columns(options, inner, ("x", "y")), axis=1).astype(np.float64)
    if not isinstance(options, dict):
        raise document.error(inner, f"'{kind}' takes a mapping")
    if kind == "grid":
        _known_keys(context, options, inner, ("shape", "spacing"), ("shape",))
        shape = [int(n) for n in context.whole_numbers(options["shape"], (*inner, "shape"))]
        if not 1 <= len(shape) <= 3 or min(shape) < 1 or math.prod(shape) != size:
            raise document.error(
                (*inner, "shape"), f"a grid of {shape} does not have {size} places"
            )
        spacing = context.number(options.get("spacing", 1.0), (*inner, "spacing"))
        axes = np.meshgrid(*[np.arange(n, dtype=np.float64) for n in shape], indexing="ij")
        return np.stack([axis.ravel() for axis in axes], axis=1) * spacing
    _known_keys(context, options, inner, ("low", "high"), ("low", "high"))
    low = context.numbers(options["low"], (*inner, "low"))
    high = context.numbers(options["high"], (*inner, "high"))
    if low.shape != high.shape or not 1 <= len(low) <= 3 or np.any(low > high):
        raise document.error(inner, "'low' and 'high' should be corners of 1 to 3 coordinates")
    digest = hashlib.sha256(f"positions:{name}".encode()).digest()
    key = [seed, int.from_bytes(digest[:8], "little")]
    generator = np.random.Generator(np.random.Philox(key=np.array(key, dtype=np.uint64)))
    return low + (high - low) * generator.random((size, len(low)))


def _known_keys(
    context: Context,
    options: dict[str, Any],
    place: Place,
    known: tuple[str, ...],
    needed: tuple[str, ...],
) -> None:
    for key in options:
        if key not in known:
            raise context.document.error(
                (*place, key), f"unknown key '{key}'{nearest_or_all(key, known)}"
            )
    for key in needed:
        if key not in options:
            raise context.document.error(place, f"the key '{key}' is missing")
