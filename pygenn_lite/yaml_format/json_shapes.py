"""What the values of a file look like in a JSON Schema: numbers or formulas, distributions, rules,
models of the library, each in all of its forms. `schema_types` says where each may stand.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from pygenn_lite import models
from pygenn_lite.declaration.connectivity import RULES, STORAGE, WEIGHT_PRECISIONS, YamlForm
from pygenn_lite.declaration.integrator_records import INTEGRATORS
from pygenn_lite.yaml_format.library import SYNAPSES
from pygenn_lite.yaml_format.value_forms import DISTRIBUTIONS, fields_of

Schema = dict[str, Any]
_DISTRIBUTION_TEXTS = {
    "uniform": "Uniform in [low, high).",
    "normal": "Gaussian.",
    "truncated_normal": "Gaussian between two limits: drawn again until inside.",
    "lognormal": "exp of a Gaussian with mean mu and standard deviation sigma.",
    "exponential": "Exponential.",
    "gamma": "Gamma; its mean is shape*scale.",
    "binomial": "Successes in n trials.",
    "low": "Lower limit.",
    "high": "Upper limit.",
    "mean": "Mean.",
    "std": "Standard deviation.",
    "mu": "Mean of the logarithm.",
    "sigma": "Standard deviation of the logarithm.",
    "shape": "Shape parameter.",
    "scale": "Scale parameter.",
    "n": "Number of trials.",
    "p": "Probability of success.",
}
_RULE_TEXTS = {
    "all_to_all": "Every source neuron with every target neuron.",
    "one_to_one": "Neuron i with neuron i.",
    "fixed_probability": "Each pair independently with probability p.",
    "fixed_total_number": "A fixed number of synapses between random neurons.",
    "fixed_in_degree": "A fixed number of synapses onto each target neuron.",
    "fixed_out_degree": "A fixed number of synapses from each source neuron.",
    "pair_list": "The pairs of neurons that are listed, or stand in a file.",
    "csr": "Rows of targets, one after the other (compressed sparse rows).",
    "convolution": "Each map of the target is the source's maps convolved with a kernel.",
    "pooling": "Windows of a map onto one neuron each.",
    "transpose": "The synapses and weights of another connection in the opposite direction.",
    "distance_dependent": "Each pair with a probability that depends on the neurons' positions.",
    "p": "Probability of each pair, 0 to 1.",
    "n": "Number of synapses.",
    "probability": "Probability of each pair; where it depends on distance, a formula of it.",
    "autapses": "Whether a neuron may be connected with itself.",
    "multapses": "Whether a pair may have more than one synapse.",
    "pre": "Source neuron of each synapse.",
    "post": "Target neuron of each synapse.",
    "file": "A .npz, .csv or .txt file with these columns, beside the network's file.",
    "row_begin": "Where the targets of each source neuron begin; one number more than neurons.",
    "targets": "Target neurons, row after row.",
    "kernel": "Height and width of the kernel.",
    "size": "Height and width of a window.",
    "stride": "Pixels from one window to the next.",
    "padding": "Pixels of nothing around the source's maps.",
    "shared": "Whether the pixels of a map share one kernel.",
    "of": "Name of the other connection.",
    "factor": "What its weights are multiplied by.",
    "max_distance": "Pairs further apart are not connected.",
    "periodic": "Lengths of a box whose opposite sides are one, for each coordinate.",
}
_ARGUMENTS_OF_MODELS = ("initial", "integrator", "receptor")


def ref(name: str) -> Schema:
    """A reference to a definition."""
    return {"$ref": f"#/definitions/{name}"}


def either(*options: Schema) -> Schema:
    """Any of several forms."""
    return {"anyOf": list(options)}


def mapping(
    properties: Mapping[str, Schema], required: tuple[str, ...] = (), **more: Any
) -> Schema:
    """A mapping with known keys only."""
    needed = {"required": list(required)} if required else {}
    return {
        "type": "object", "properties": dict(properties), "additionalProperties": False,
        **needed, **more,
    }  # fmt: skip


def array(items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": items, **more}


def one_of(properties: Mapping[str, Schema], extra: Mapping[str, Schema] | None = None) -> Schema:
    """A mapping with exactly one of some keys, and any of the extra ones."""
    choices = [{"required": [name]} for name in properties]
    return mapping({**properties, **(extra or {})}, oneOf=choices)


def spread(item: Schema, name: str) -> Schema:
    """What may differ between the connections of lists of populations: ``name`` is this form."""
    again = array(ref(name))
    return either(
        item,
        mapping({"by_source": again}, ("by_source",)),
        mapping({"by_target": again}, ("by_target",)),
        array(again),
    )


def definitions() -> dict[str, Schema]:
    """All definitions that `schema_types.Shape` refers to, and what they refer to themselves."""
    formula = {"type": "string", "description": "A formula of constants."}
    number = {"type": "number"}
    plain = {
        "number": either(number, formula),
        "positive": either({**number, "exclusiveMinimum": 0}, formula),
        "not_negative": either({**number, "minimum": 0}, formula),
        "whole_number": either({"type": "integer", "minimum": 0}, formula),
        "text": {"type": ["string", "number"]},
        "equations": _equations(),
        "names": either({"type": "string"}, array({"type": "string"}, minItems=1)),
        "ends": _ends(),
        "size": either(
            {"type": "integer", "minimum": 1}, formula, array(ref("whole_number"), minItems=1)
        ),
        "numbers": array(ref("number")),
        "samples": array(either(ref("number"), ref("numbers"))),
        "integrator": _integrator(),
        "positions": _positions(),
        "weight_precision": {"enum": list(WEIGHT_PRECISIONS)},
        "recorded": either({"type": "string"}, ref("RecordSection")),
        "spread_storage": spread({"enum": list(STORAGE)}, "spread_storage"),
    }
    return plain | _values() | _models() | _rules()


def _equations() -> Schema:
    line = {"type": ["string", "number"]}
    return either(
        {"type": ["string", "null"]},
        array({"type": "string"}),
        {"type": "object", "additionalProperties": line},
    )


def _ends() -> Schema:
    part = mapping(
        {
            "population": {"type": "string", "description": "Name of the population."},
            "neurons": {
                "anyOf": [{"type": ["string", "integer"]}, ref("numbers")],
                "description": "Which of its neurons: '0:5', or a list of indices.",
            },
        },
        ("population", "neurons"),
    )
    return either(ref("names"), part)


def _integrator() -> Schema:
    numbers = array({"type": ["number", "string"]})
    tableau = {
        "a": {**array(numbers), "description": "Rows of coefficients, one per stage."},
        "b": {**numbers, "description": "Weights of the stages."},
        "c": {**numbers, "description": "Times of the stages; sums of the rows where not given."},
    }
    own = {**mapping(tableau, ("a", "b")), "description": "A method by its tableau."}
    return either(
        {"enum": sorted({"auto", *INTEGRATORS})}, mapping({"runge_kutta": own}, ("runge_kutta",))
    )


def _positions() -> Schema:
    corner = ref("numbers")
    grid = mapping(
        {
            "shape": {**ref_list("whole_number"), "description": "Neurons along each axis."},
            "spacing": described("number", "Distance of neighbours."),
        },
        ("shape",),
        description="On a grid, ordered like a C array.",
    )
    box = mapping(
        {
            "low": {"allOf": [corner], "description": "One corner."},
            "high": {"allOf": [corner], "description": "The opposite corner."},
        },
        ("low", "high"),
        description="Drawn in a box.",
    )
    file = {"type": "string", "description": "A file with columns x and y."}
    return either(
        array(either(ref("number"), ref("numbers"))),
        one_of({"grid": grid, "uniform": box, "file": file}),
        {"type": "null"},
    )


def ref_list(name: str) -> Schema:
    """A list of what a definition describes."""
    return array(ref(name))


def described(name: str, text: str, **more: Any) -> Schema:
    """A reference with a description of its own (beside ``$ref`` it would be ignored)."""
    return {"allOf": [ref(name)], "description": text, **more}


def _values() -> dict[str, Schema]:
    """Values, and values that may differ between the connections of a list."""
    listed = array(either(ref("number"), ref("rows")))
    spread_item = either(
        ref("number"), ref("spread_distribution"), ref("array_file"), array(ref("spread_value")),
        mapping({"by_source": ref_list("spread_value")}, ("by_source",)),
        mapping({"by_target": ref_list("spread_value")}, ("by_target",)),
    )  # fmt: skip
    return {
        "value": either(ref("number"), listed, ref("distribution"), ref("array_file")),
        "array_file": mapping(
            {
                "file": {"type": "string", "description": "An .npz file beside the network's."},
                "array": {"type": "string", "description": "The name of an array in it."},
            },
            ("file", "array"),
        ),
        "rows": array(either(ref("number"), ref("rows"))),
        "distribution": _distribution("number"),
        "spread_number": spread(ref("number"), "spread_number"),
        "spread_distribution": _distribution("spread_number"),
        "spread_value": spread_item,
    }


def _distribution(number: str) -> Schema:
    kinds = {}
    for name, kind in DISTRIBUTIONS.items():
        names, required = fields_of(kind)
        by_name = {each: described(number, _DISTRIBUTION_TEXTS[each]) for each in names}
        forms = [
            array(ref(number), minItems=required, maxItems=len(names)),
            mapping(by_name, names[:required]),
        ]
        if required == 1:
            forms.insert(0, ref("number"))
        kinds[name] = {"anyOf": forms, "description": _DISTRIBUTION_TEXTS[name]}
    return one_of(
        kinds,
        {
            "factor": described(number, "What is drawn is multiplied by this."),
            "offset": described(number, "What is added to it."),
        },
    )


def _models() -> dict[str, Schema]:
    neurons, synapses = ref("NeuronSection"), ref("SynapseSection")
    synapse = either({"type": ["string", "null"]}, synapses, one_of(_inline(SYNAPSES)))
    return {
        "neuron_model": either({"type": "string"}, neurons, one_of(_inline(models.NEURONS))),
        "synapse_model": synapse,
        "spread_synapse_model": spread(ref("synapse_model"), "spread_synapse_model"),
    }


def _inline(registry: Mapping[str, Callable[..., Any]]) -> dict[str, Schema]:
    """``{LIF: {tau: 10}}``: models of the library with their parameters."""
    found = {}
    for name, make in registry.items():
        texts = parameter_texts(make)
        properties: dict[str, Schema] = {
            key: described("spread_value", texts.get(key, f"Parameter {key}."))
            for key in inspect.signature(make).parameters
            if key not in _ARGUMENTS_OF_MODELS
        }
        known = inspect.signature(make).parameters
        if "initial" in known:
            properties["initial"] = {
                "type": "object", "additionalProperties": ref("spread_value"),
                "description": "Values at the start, by variable.",
            }  # fmt: skip
        if "receptor" in known:
            properties["receptor"] = described("synapse_model", "What its spikes act through.")
        summary = (inspect.getdoc(make) or name).split("\n")[0].replace("``", "")
        found[name] = {"anyOf": [mapping(properties), {"type": "null"}], "description": summary}
    return found


def parameter_texts(make: Callable[..., Any]) -> dict[str, str]:
    """What the docstring of a model says of each parameter (NumPy's form)."""
    texts: dict[str, str] = {}
    names: list[str] = []
    _, _, section = (inspect.getdoc(make) or "").partition("Parameters\n----------\n")
    for line in section.splitlines():
        if re.match(r"-{3,}$", line):  # the next section
            break
        if re.match(r"\w+(, \w+)*( :.*)?$", line):
            names = re.split(r", ", line.partition(" :")[0])
        elif line.startswith("    "):
            for name in names:
                texts[name] = f"{texts.get(name, '')} {line.strip()}".strip().replace("``", "")
    return texts


def _rules() -> dict[str, Schema]:
    forms = [rule.yaml for rule in RULES if rule.yaml is not None]
    alone = sorted(form.name for form in forms if not (form.bare or form.all_of or form.one_of))
    kinds = {form.name: _rule(form) for form in forms}
    return {
        "rule": either({"enum": alone}, one_of(kinds), {"type": "null"}),
        "spread_rule": spread(ref("rule"), "spread_rule"),
        "spread_probability": spread(
            either({"type": "number", "minimum": 0, "maximum": 1}, {"type": "string"}),
            "spread_probability",
        ),
    }


def _rule(form: YamlForm) -> Schema:
    options = {key: _option(form, key) for key in form.known}
    needed = [{"required": list(form.all_of)}] if form.all_of else []
    if form.columns:
        more: Schema = {"oneOf": [{"required": ["file"], "maxProperties": 1}, *needed]}
    elif form.one_of:
        more = {"oneOf": [{"required": [key]} for key in form.one_of]}
    else:
        required = form.all_of or ((form.bare,) if form.bare else ())
        more = {"required": list(required)} if required else {}
    forms = [mapping(options, **more)]
    if form.bare:
        forms.insert(0, {key: x for key, x in options[form.bare].items() if key != "description"})
    elif not form.all_of:
        forms.append({"type": "null"})
    return {"anyOf": forms, "description": _RULE_TEXTS[form.name]}


def _option(form: YamlForm, key: str) -> Schema:
    text = {"description": _RULE_TEXTS[key]}
    if key in ("autapses", "multapses", "shared"):
        return {"type": "boolean", **text}
    if key in ("file", "of"):
        return {"type": "string", **text}
    if key in ("pre", "post", "row_begin", "targets"):
        return {**ref_list("whole_number"), **text}
    if key == "periodic":
        return {"anyOf": [ref("number"), ref("numbers")], **text}
    if key in ("kernel", "size"):
        return {"anyOf": [ref("whole_number"), ref_list("whole_number")], **text}
    if key == "p" or (key == "probability" and form.bare != "probability"):
        return described("spread_probability", text["description"])
    return described("spread_number", text["description"])
