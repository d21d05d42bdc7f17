"""The schema of files as JSON Schema, for editors and other programs; see ``pygenn-lite schema``.

Draft 7, which all editors know. What pydantic makes of the sections is joined with the definitions
of `json_shapes`, and old keys are added as deprecated ones. A file that fits may still be refused:
whether names are known and equations make sense, only `load_network` can tell.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from pygenn_lite import models
from pygenn_lite.old_names import OLD_NAMES, OldName
from pygenn_lite.yaml_format import schema
from pygenn_lite.yaml_format.json_shapes import Schema, definitions, mapping
from pygenn_lite.yaml_format.library import SYNAPSES, WITH_USE
from pygenn_lite.yaml_format.schema import NetworkFile, NeuronSection, SynapseSection
from pygenn_lite.yaml_format.schema_types import SHAPE

DRAFT = "http://json-schema.org/draft-07/schema#"


def network_schema() -> Schema:
    """JSON Schema (draft 7) of network files.

    Returns
    -------
    dict
        Plain data, as ``json.dumps`` takes it.

    Examples
    --------
    >>> from pygenn_lite.yaml_format.json_schema import network_schema
    >>> network_schema()["title"], network_schema()["required"]
    ('A network of pygenn_lite', ['populations'])
    """
    made = schema_of(NetworkFile, "A network of pygenn_lite")
    made["required"] = ["populations"]
    known = made["definitions"]
    known["InputSection"] |= {"minProperties": 1, "maxProperties": 1}
    names = {"pattern": "^[A-Za-z][A-Za-z0-9_]{0,63}$"}
    for one in (made, known["NeuronSection"], known["SynapseSection"]):
        key = "constants" if one is made else "parameters"
        one["properties"][key]["propertyNames"] = names
    known["SpikeSourceSection"]["oneOf"] = [
        {"required": ["file"], "maxProperties": 1},
        {"required": ["times", "indices"]},
    ]
    known["PopulationSection"]["oneOf"] = [
        {"required": ["size", "model"], "not": {"required": ["spike_source"]}},
        mapping({key_0: {} for key_0 in ("size", "spike_source")}, ("spike_source",)),
    ]
    sections = (NeuronSection, models.NEURONS), (SynapseSection, SYNAPSES)
    for section, registry in sections:
        found = known[section.__name__]
        found["properties"]["use"] = {
            "enum": list(registry), "description": section.model_fields["use"].description,
        }  # fmt: skip
        fitting = WITH_USE[section.__name__]
        others = [key for key in section.model_fields if key not in fitting]
        alone = {"use": {"properties": dict.fromkeys(others, False)}}
        found["dependencies"] = {**found.get("dependencies", {}), **alone}
    for old in OLD_NAMES:
        if old.kind == "key":
            _add_old_key(made, old)
    return made


def schema_of(model: type[BaseModel], title: str) -> Schema:
    """JSON Schema (draft 7) of a file whose sections are pydantic models.

    Parameters
    ----------
    model : type
        The whole file. Types that `schema_types.Shape` marks become references.
    title : str
        What such a file is.
    """
    top, found = _sections_of(model)
    known = definitions()
    waiting = _references([top, found])
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name in known:
            added = {name: known[name]}
        else:  # a section that a definition of `json_shapes` names
            own, inner = _sections_of(getattr(schema, name))
            added = {**inner, name: own}
        found |= added
        waiting |= _references(list(added.values()))
    return {"$schema": DRAFT, **top, "title": title, "definitions": found}


def _sections_of(model: type[BaseModel]) -> tuple[Schema, dict[str, Schema]]:
    """The schema of a section, and of those in it."""
    made = _plain(model.model_json_schema(ref_template="#/definitions/{model}"))
    return made, made.pop("$defs", {})


def _plain(value: Any) -> Any:
    """What pydantic made, with references in place of marks, and without what only repeats."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _plain(item) for key, item in value.items()}
    if isinstance(found.get("title"), str):
        del found["title"]
    default = found.get("default", ...)
    if default is None or isinstance(default, dict | list):  # no more than that it may be missing
        del found["default"]
    if isinstance(found.get("description"), str):
        found["description"] = found["description"].replace("``", "")
    if SHAPE in found:
        found["allOf"] = [{"$ref": f"#/definitions/{found.pop(SHAPE)}"}]
    elif "$ref" in found and len(found) > 1:  # draft 7 ignores what stands beside a reference
        found["allOf"] = [{"$ref": found.pop("$ref")}]
    if set(found) == {"allOf"}:
        return found["allOf"][0]
    return found


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_references, value))
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"].rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*map(_references, value.values()))


def _add_old_key(made: Schema, one: OldName) -> None:
    """Let an old key stand where the new one may, but not beside it."""
    unit = f" ({one.note})" if one.note else ""
    text = f"Old name of {one.new}{unit}; it will be removed in the next release."
    for place in _places(made, one):
        new = place["properties"][one.new]
        place["properties"][one.old] = {
            **new, "deprecated": True, "deprecationMessage": str(one), "description": text,
        }  # fmt: skip
        place["dependencies"] = {
            **place.get("dependencies", {}), one.old: {"not": {"required": [one.new]}},
        }  # fmt: skip
        for option in place.get("oneOf", []):
            if option == {"required": [one.new]}:
                place["oneOf"].append({"required": [one.old]})
                break
        if one.new in place.get("required", []):
            place["required"].remove(one.new)
            place["anyOf"] = [{"required": [one.new]}, {"required": [one.old]}]


_SECTIONS = {
    "inputs": "InputSection",
    "inputs.noise_current": "NoiseCurrentSection",
    "models.*": "NeuronSection",
    "populations.*.model": "NeuronSection",
    "run": "RunSection",
    "run.record": "RecordSection",
}


def _places(made: Schema, one: OldName) -> list[Schema]:
    """The mappings that an old key may stand in."""
    known = made["definitions"]
    if one.where == "the file":
        return [made]
    if one.where == "**.connectivity":
        return [option for option in known["rule"]["anyOf"] if "properties" in option]
    if one.where.startswith("**."):
        kind = one.where.removeprefix("**.")
        kinds = (known[name]["properties"][kind] for name in _DISTRIBUTIONS)
        return [form for made in kinds for form in made["anyOf"] if "properties" in form]
    return [known[_SECTIONS[one.where]]]


_DISTRIBUTIONS = ("distribution", "spread_distribution")
