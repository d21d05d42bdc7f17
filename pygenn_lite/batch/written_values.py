"""Values of a sweep as YAML writes them -> what a declaration takes: distributions, formulas,
rules, models."""

from __future__ import annotations

from typing import Any

import numpy as np

from pygenn_lite.declaration.paths import Place as ValuePlace
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.library import ModelRegistry
from pygenn_lite.yaml_format.marks import Place
from pygenn_lite.yaml_format.rule_forms import read_rule
from pygenn_lite.yaml_format.value_forms import read_value

_AS_IT_STANDS = frozenset({"storage", "name", "spike_source", "times", "indices", "values"})
_WHOLE = frozenset({"size", "seed"})


def declared_value(registry: ModelRegistry, of: ValuePlace, value: Any, place: Place) -> Any:
    """A value for a place of a network.

    Parameters
    ----------
    registry : ModelRegistry
        The models of the network's file, and its constants.
    of : ValuePlace
        Where the value is to stand: it decides what words and mappings mean there.
    value : Any
        A number, text, a list or a mapping; anything else (of Python) is taken as it is.
    place : Place
        Where messages say that it was written.

    Raises
    ------
    FileFormatError
        It means nothing there.
    """
    context, keys = registry.context, of.keys
    if not isinstance(value, str | list | dict) or keys[-1] in _AS_IT_STANDS:
        return value
    if keys == ("model",):
        return registry.neuron(value, place)
    if keys == ("synapse",):
        return registry.synapse(value, place)
    if keys == ("connectivity",):
        return read_rule(context, value, place, listed=False)
    if keys == ("positions",) and isinstance(value, list):
        return np.asarray(value, dtype=np.float64)
    if keys[-1] in _WHOLE:
        return value if isinstance(value, list) else context.whole_number(value, place)
    return read_value(context, value, place)


def empty_registry(context: Context) -> ModelRegistry:
    """Of a network that no file declares: the models of the library alone."""
    return ModelRegistry(context, {}, {})
