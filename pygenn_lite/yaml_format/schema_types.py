"""Kinds of values in files: what each takes, and under which name a JSON Schema describes it.

Declared values are numbers, formulas, lists and mappings at once, so that pydantic sees ``Any``;
`Shape` says which definition of `json_shapes` an editor is to hold them against.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

from pygenn_lite.records import dataclass
from pygenn_lite.yaml_format.integrator_forms import check_form

SHAPE = "x-shape"  # stands in for a reference until the whole schema is put together


@dataclass(frozen=True)
class Shape:
    """Marks a type as one that a JSON Schema describes by a definition of `json_shapes`.

    Attributes
    ----------
    name : str
        Of the definition.
    """

    name: str

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        # A new one each time: pydantic 2.8 writes into what it is given.
        return {SHAPE: self.name}


def _text(value: Any) -> Any:
    """Numbers may stand where text is expected: ``refractory: 2``, ``reset: {V: 0}``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("should be a number or a formula of constants")
    return value


def _size(value: Any) -> Any:
    return value if isinstance(value, list) else _number(value)


def _equations(value: Any) -> Any:
    if isinstance(value, dict):
        if all(isinstance(_text(item), str) for item in value.values()):
            return {name: _text(item) for name, item in value.items()}
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    elif value is None or isinstance(value, str):
        return value or ""
    raise ValueError("should be equations: text, a list of lines, or a mapping of names to text")


def _visible(value: Any) -> Any:
    """Names and descriptions are printed, and must not steer a terminal."""
    if isinstance(value, str) and any(unicodedata.category(c) == "Cc" and c != "\n" for c in value):
        raise ValueError("should not hold control characters")
    return value


def _ends(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) != {"population", "neurons"}:
            raise ValueError("should be {population: NAME, neurons: '0:5'}")
        return value
    return _names(value)


def _names(value: Any) -> Any:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("should be the name of a population, or a list of names, or 'all'")
    return names


Number = Annotated[Any, BeforeValidator(_number), Shape("number")]
Positive = Annotated[Any, BeforeValidator(_number), Shape("positive")]
NotNegative = Annotated[Any, BeforeValidator(_number), Shape("not_negative")]
Whole = Annotated[Any, BeforeValidator(_number), Shape("whole_number")]
Text = Annotated[str, BeforeValidator(_text), Shape("text")]
Equations = Annotated[Any, BeforeValidator(_equations), Shape("equations")]
Names = Annotated[Any, BeforeValidator(_names), Shape("names")]
Size = Annotated[Any, BeforeValidator(_size), Shape("size")]
Ends = Annotated[Any, BeforeValidator(_ends), Shape("ends")]
Visible = Annotated[str, BeforeValidator(_visible)]
Name = Annotated[str, StringConstraints(max_length=200), BeforeValidator(_visible)]
Word = Annotated[str, StringConstraints(max_length=64), BeforeValidator(_visible)]
IntegratorForm = Annotated[Any, BeforeValidator(check_form), Shape("integrator")]
# Numbers, formulas, arrays, distributions; or, between lists of populations, matrices of these.
ValueSpec = Annotated[Any, Shape("value")]
SpreadValue = Annotated[Any, Shape("spread_value")]
Numbers = Annotated[list[Any], Shape("numbers")]
Samples = Annotated[list[Any], Shape("samples")]
Model = Annotated[Any, Shape("neuron_model")]
Synapse = Annotated[Any, Shape("synapse_model")]
SpreadSynapse = Annotated[Any, Shape("spread_synapse_model")]
Rule = Annotated[Any, Shape("spread_rule")]
Storage = Annotated[Any, Shape("spread_storage")]
Positions = Annotated[Any, Shape("positions")]
Precision = Annotated[Word, Shape("weight_precision")]
Recorded = Annotated[Any, Shape("recorded")]
