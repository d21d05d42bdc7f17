"""The page that documents every key of network files, written from their JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pygenn_lite.yaml_format.json_schema import network_schema

NOTE = "<!-- Written by docs/build.py from the schema. Do not edit. -->\n"
HEAD = """# Keys of network files

Every key, from the schema that `pygenn-lite schema` prints. The page about [files](yaml.md) says
how they work together. Where a value is a *formula*, it is text that may use
[constants](yaml.md#sections). *Spread* values may differ between the connections of lists of
populations: they may also be a matrix, or `{by_source: [...]}` or `{by_target: [...]}`.
"""
SECTIONS = (
    ("the file", ""),
    ("network", "NetworkSection"),
    ("models.NAME", "NeuronSection"),
    ("models.NAME.with_variables", "VariablesSection"),
    ("synapses.NAME", "SynapseSection"),
    ("synapses.NAME.pre_trace, .post_trace", "TraceSection"),
    ("populations.NAME", "PopulationSection"),
    ("populations.NAME.spike_source", "SpikeSourceSection"),
    ("connections[]", "ConnectionSection"),
    ("inputs[]", "InputSection"),
    ("inputs[].poisson", "PoissonSection"),
    ("inputs[].current", "CurrentSection"),
    ("inputs[].step_current", "StepCurrentSection"),
    ("inputs[].noise_current", "NoiseCurrentSection"),
    ("every[]", "UpdateSection"),
    ("run", "RunSection"),
    ("run.record[]", "RecordSection"),
    ("training", "TrainingSection"),
)
WORDS = {
    "number": "number or formula",
    "positive": "number above 0, or formula",
    "not_negative": "number, 0 or more, or formula",
    "whole_number": "whole number or formula",
    "text": "text or number",
    "equations": "equations: text, list of lines, or mapping",
    "names": "name, list of names, or `all`",
    "ends": "name, list of names, `all`, or `{population: NAME, neurons: '0:5'}`",
    "size": "whole number, formula, or list of them",
    "numbers": "list of numbers or formulas",
    "samples": "list of numbers, or of lists",
    "value": "number, formula, list, or [distribution](#distributions)",
    "spread_value": "spread number, formula, list, or [distribution](#distributions)",
    "spread_number": "spread number or formula",
    "spread_probability": "spread number from 0 to 1, or formula",
    "neuron_model": "name, or a mapping as in [models](#modelsname)",
    "synapse_model": "name, or a mapping as in [synapses](#synapsesname)",
    "spread_synapse_model": "spread name, or a mapping as in [synapses](#synapsesname)",
    "spread_rule": "spread [rule](#rules)",
    "spread_storage": "spread `auto`, `sparse`, `dense` or `procedural`",
    "positions": "[positions](#positions)",
    "integrator": "name, or [runge_kutta](#runge_kutta)",
    "recorded": "text, or a mapping as in [run.record[]](#runrecord)",
}


def keys_page() -> str:
    """The whole page."""
    schema = network_schema()
    known = schema["definitions"]
    parts = [NOTE, HEAD]
    for title, name in SECTIONS:
        parts += section(title, known[name] if name else schema, known)
    parts.append("## Distributions\n")
    parts += choices(known["distribution"], known)
    parts.append("## Rules\n")
    parts += choices(_mapping(known["rule"]["anyOf"]), known)
    parts.append("## Positions\n\nA list of points, or one of these.\n")
    parts += choices(_mapping(known["positions"]["anyOf"]), known)
    method = _mapping(known["integrator"]["anyOf"])["properties"]["runge_kutta"]
    parts += section("runge_kutta", method, known)
    parts.append(
        "## Models of the library\n\n`{LIF: {tau: 10}}` is short for `{use: LIF, parameters: "
        "{tau: 10}}`. The parameters of each stand on the page about [models](models.md).\n"
    )
    return "\n".join(parts)


def section(title: str, found: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
    """A heading, what the section is, and its keys as a table."""
    yield f"## {title}\n"
    if found.get("description"):
        yield f"{found['description']}\n"
    yield table(found, known)


def choices(found: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
    """A mapping of which each key is a choice, with what may stand in it."""
    rest = {}
    for name, option in current(found).items():
        if not {"anyOf", "properties"} & set(option):
            rest[name] = option
            continue
        yield f"### {name}\n\n{option['description']}\n"
        forms = option.get("anyOf", [option])
        inner = [form for form in forms if "properties" in form]
        plain = [form for form in forms if form not in [*inner, {"type": "null"}]]
        short = [in_order(form, inner) or words(form, known) for form in plain]
        if short:
            yield f"In short: {', or '.join(short)}.\n"
        if inner and inner[0]["properties"]:
            yield table(inner[0], known)
    if rest:
        yield table({"properties": rest}, known)


def current(found: dict[str, Any]) -> dict[str, Any]:
    """The keys of a mapping without the old ones."""
    return {key: x for key, x in found["properties"].items() if not x.get("deprecated")}


def in_order(form: dict[str, Any], inner: list[dict[str, Any]]) -> str:
    """``[low, high]``: the keys whose values a list gives in their order."""
    if "maxItems" not in form:
        return ""
    return f"`[{', '.join(list(inner[0]['properties'])[: form['maxItems']])}]`"


def table(found: dict[str, Any], known: dict[str, Any]) -> str:
    """The keys of a mapping."""
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    required = [*found.get("required", []), *(found.get("anyOf", [{}])[0].get("required", []))]
    for key, option in current(found).items():
        default = "(needed)" if key in required else shown(option.get("default"))
        cells = (f"`{key}`", words(option, known), default, meaning(option, known))
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def meaning(option: dict[str, Any], known: dict[str, Any]) -> str:
    """What a key says of itself; a section's own words where it has none."""
    if "description" in option:
        return str(option["description"])
    return meaning(known[option["$ref"].rpartition("/")[2]], known)


def shown(default: Any) -> str:
    """A default; nothing where an empty one only says that the key may be missing."""
    return "" if default in (None, "", {}, []) else f"`{default}`"


def words(option: dict[str, Any], known: dict[str, Any]) -> str:
    """What a value may be, in words."""
    if "$ref" in option:
        name = option["$ref"].rpartition("/")[2]
        return WORDS.get(name) or _named(name, known)
    if "allOf" in option:
        return words(option["allOf"][0], known)
    if "anyOf" in option:
        found = [words(form, known) for form in option["anyOf"] if form != {"type": "null"}]
        return " or ".join(dict.fromkeys(found))
    if "enum" in option:
        values = option["enum"]
        return "a name of the [library](models.md)" if len(values) > 9 else _codes(values)
    if "const" in option:
        return f"`{option['const']}`"
    if option.get("type") == "array":
        return f"list of {words(option['items'], known)}"
    if option.get("type") == "object":
        inner = option.get("additionalProperties")
        return f"mapping of names to: {words(inner, known)}" if inner else "mapping"
    names = {
        "string": "text",
        "boolean": "true or false",
        "integer": "whole number",
        "null": "null",
    }
    kinds = option.get("type", "anything")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return " or ".join(names.get(kind, kind) for kind in kinds)


def _named(name: str, known: dict[str, Any]) -> str:
    for title, section_name in SECTIONS:
        if section_name == name:
            anchor = "".join(c for c in title.lower() if c.isalnum() or c in "_ -").replace(
                " ", "-"
            )
            return f"mapping, [as here](#{anchor})"
    return words(known[name], known)


def _codes(values: list[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _mapping(forms: list[dict[str, Any]]) -> dict[str, Any]:
    """The one of several forms that is a mapping."""
    return next(form for form in forms if "properties" in form)
