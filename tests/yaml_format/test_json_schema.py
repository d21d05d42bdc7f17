"""The JSON Schema takes what loading takes, and refuses what a schema can refuse."""

import copy
import sys
from pathlib import Path

import pytest
import yaml
from helpers_yaml import SMALL
from jsonschema import Draft7Validator
from test_messages import MISTAKES

import pygenn_lite as pg
from pygenn_lite import models
from pygenn_lite.batch.sweep_file import sweep_schema
from pygenn_lite.old_names import OLD_NAMES
from pygenn_lite.yaml_format.json_schema import network_schema
from pygenn_lite.yaml_format.json_shapes import parameter_texts
from pygenn_lite.yaml_format.load import read_document

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))
from test_docs import PAGES, blocks_of

SCHEMA = network_schema()
VALIDATOR = Draft7Validator(SCHEMA)
BLOCKS = {
    f"{page.stem}:{block.line}": block.text
    for page in PAGES
    for block in blocks_of(page)
    if block.language == "yaml" and block.text.startswith("network:")
}


def refused(data):
    """The places that do not fit."""
    return [error.json_path for error in VALIDATOR.iter_errors(data)]


def small(**changes):
    """The small network of the tests, with keys of its sections changed."""
    data = yaml.safe_load(SMALL)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = data
        for name in parents:
            place = place[int(name) if isinstance(place, list) else name]
        place[last] = value
    return data


def test_the_schema_is_one_of_draft_7():
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", models.network_names())
def test_the_networks_of_the_library_fit(name):
    assert refused(read_document(name).data) == []


@pytest.mark.parametrize("text", BLOCKS.values(), ids=BLOCKS)
def test_the_files_of_the_pages_fit(text):
    data = read_document(text).data
    sweep = Draft7Validator(sweep_schema())
    errors = (
        sweep.iter_errors(data)
        if {"sweep", "optimise"} & set(data)
        else VALIDATOR.iter_errors(data)
    )
    assert [error.json_path for error in errors] == []


def test_the_schema_of_sweeps_knows_its_keys():
    schema = sweep_schema()
    Draft7Validator.check_schema(schema)
    sweep = {"network": "brunel", "sweep": {"grid": {"g": [3, 4]}}}
    bad = {**sweep, "swep": 1, "run": {"duration": [3]}, "keep": {"spike": "all"}}
    assert [*Draft7Validator(schema).iter_errors(sweep)] == []
    places = {error.json_path for error in Draft7Validator(schema).iter_errors(bad)}
    assert places == {"$", "$.run.duration", "$.keep"}


@pytest.mark.parametrize(
    ("measure", "record", "constraints"),
    [
        ("rates", "exc.spikes", "g < 3.5"),
        ({"fano_factor": {"window": 20}}, ["exc.spikes"], ["g < 3.5", "g > 2"]),
        (["rates", {"fano_factor": {"window": 20}}], [], []),
    ],
)
def test_one_may_stand_without_the_brackets_of_a_list(measure, record, constraints, tmp_path):
    data = {
        "network": "brunel", "sweep": {"grid": {"g": [3, 4]}, "constraints": constraints},
        "measure": measure, "record": record,
    }  # fmt: skip
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(data))
    assert pg.Sweep.load(tmp_path / "sweep.yaml").spec.measures
    assert [*Draft7Validator(sweep_schema()).iter_errors(data)] == []
    wrong = {**data, "measure": 3, "record": [3]}
    assert len([*Draft7Validator(sweep_schema()).iter_errors(wrong)]) == 2


@pytest.mark.parametrize("name", models.network_names())
def test_what_is_written_fits(name):
    assert refused(yaml.safe_load(pg.dump_network(*pg.load_network(name)))) == []


# Of the mistakes that loading answers, those that show in the shape of the file.
IN_SHAPE = [
    mistake for mistake in MISTAKES
    if mistake[3] in (
        "did you mean 'threshold'?", "did you mean 'name'?", "did you mean 'duration'",
        "did you mean 'populations'", "whole number", "'size' is missing", "mean 'uniform'?",
        "'high' is missing", "takes 2 numbers", "'rate' is missing", "should be text, not a list",
        "did you mean 'poisson'?", "format: 1", "'ExponentialCurrent' has no parameter",
        "probability'?", "outside [0, 1]", "time in ms", "not a valid time step", "mean 'rk4'?",
        "does not go with 'use'", "pygenn-lite models", "write model: NAME", "'interval'?",
    )
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "where", "words"), IN_SHAPE)
def test_a_mistake_in_the_shape_is_refused(right, wrong, where, words):
    assert refused(yaml.safe_load(SMALL)) == []
    assert refused(yaml.safe_load(SMALL.replace(right, wrong, 1)))


def test_enough_mistakes_are_held_against_the_schema():
    assert len(IN_SHAPE) > 20


WRONG = [
    (
        {"connections__0__connectivity": {"fixed_total_number": {"n": 3, "probability": 0.5}}},
        "both",
    ),
    ({"connections__0__connectivity": {"pair_list": {"pre": [0]}}}, "a list is missing"),
    ({"connections__0__connectivity": {"pair_list": {"file": "x.txt", "pre": [0]}}}, "a file too"),
    ({"connections__0__connectivity": "fixed_probability"}, "no probability"),
    ({"connections__0__connectivity": {"fixed_probability": 0.5, "one_to_one": {}}}, "two rules"),
    ({"connections__0__storage": "fast"}, "no such storage"),
    ({"connections__0__weight_precision": "half"}, "no such precision"),
    ({"connections__0__source": {"population": "exc"}}, "no neurons"),
    ({"connections__0__weight": {"normal": [0, 1], "uniform": [0, 1]}}, "two distributions"),
    ({"connections__0__weight": {"by_source": 3}}, "no list"),
    ({"inputs": [{}]}, "no input"),
    (
        {
            "inputs": [
                {
                    "current": {"target": "exc", "value": 1},
                    "poisson": {"target": "exc", "rate": 1, "weight": 1, "variable": "V"},
                }
            ]
        },
        "two",
    ),
    ({"populations__s": {"spike_source": {"times": [1]}}}, "no indices"),
    ({"populations__s": {"spike_source": {"file": "x.npz"}, "model": "lif"}}, "a model too"),
    ({"populations__exc__positions": {"circle": 3}}, "no such positions"),
    ({"models__lif__integrator": {"runge_kutta": {"a": [[]]}}}, "no weights"),
    ({"constants": {"a b": 3}}, "not a name"),
    ({"run__warmup": True}, "not a number"),
    ({"populations": None}, "nothing"),
]


@pytest.mark.filterwarnings("ignore::pygenn_lite.old_names.PygennLiteDeprecationWarning")
@pytest.mark.parametrize("changes", [w[0] for w in WRONG], ids=[w[1] for w in WRONG])
def test_a_shape_that_loading_refuses_is_refused(changes):
    data = small(**changes)
    with pytest.raises(pg.PygennLiteError):
        pg.load_network(yaml.safe_dump(data, sort_keys=False))
    assert refused(data)


RIGHT = [
    {"connections__0__connectivity": {"fixed_probability": {"p": 0.5, "autapses": False}}},
    {"connections__0__connectivity": {"distance_dependent": "exp(-distance/100)"}},
    {"connections__0__connectivity": {"by_target": ["one_to_one", {"fixed_in_degree": 3}]}},
    {"connections__0__connectivity": [[{"fixed_probability": 0}], ["all_to_all"]]},
    {"connections__0__weight": {"normal": [{"by_target": [1, "2*J"]}, 0.1], "factor": -1}},
    {"connections__0__weight": [["J"], [{"lognormal": {"mu": 0, "sigma": 1}}]]},
    {"connections__0__source": {"population": "exc", "neurons": "0:5"}},
    {"connections__0__synapse": {"PairSTDP": {"w_max": 2, "receptor": "ExponentialCurrent"}}},
    {"models__lif__derivatives": ["dV/dt = -V/tau", "dw/dt = -w"]},
    {"models__lif__reset": {"V": 0}},
    {"models__lif__refractory": 2},
    {"models__lif__integrator": {"runge_kutta": {"a": [[], ["2/3"]], "b": ["1/4", 0.75]}}},
    {"populations__exc__size": [1, 2, 4]},
    {"populations__exc__positions": {"grid": {"shape": [2, 4], "spacing": 10}}},
    {"populations__exc__positions": [[0, 1], [2, 3]]},
    {"populations__s": {"size": 3, "spike_source": {"times": [1], "indices": [0]}}},
    {"run__record": ["exc.spikes", {"what": "exc.V[:10]", "interval": 1}]},
    {"network__dt": "1/10"},
]


@pytest.mark.parametrize("changes", RIGHT, ids=lambda changes: next(iter(changes)))
def test_short_forms_and_long_ones_fit(changes):
    assert refused(small(**changes)) == []


# Where an old key may stand, by the table's section and the new key.
NEW = {
    ("**.connectivity", "pair_list"): {
        "connections__0__connectivity": {"pair_list": {"pre": [0], "post": [1]}}
    },
    ("inputs", "step_current"): {
        "inputs": [{"step_current": {"target": "exc", "times": [0], "values": [1]}}]
    },
    ("**.normal", "std"): {"connections__0__weight": {"normal": {"mean": 0, "std": 1}}},
    ("**.truncated_normal", "std"): {
        "populations__exc__initial": {"V": {"truncated_normal": {"mean": 0, "std": 1, "low": -1}}}
    },
    ("inputs.noise_current", "std"): {"inputs": [{"noise_current": {"target": "exc", "std": 1}}]},
    ("models.*", "clamp"): {"models__lif__clamp": ["V"]},
    ("populations.*.model", "clamp"): {
        "populations__exc__model": {"derivatives": "dV/dt = -V", "clamp": ["V"]}
    },
    ("run", "warmup"): {"run": {"warmup": 3}},
    ("the file", "reference_rates"): {"reference_rates": {"exc": 3}},
    ("run", "interval"): {"run": {"interval": 1}},
    ("run.record", "interval"): {"run__record": [{"what": "exc.V", "interval": 1}]},
}


@pytest.mark.parametrize(
    "one", [one for one in OLD_NAMES if one.kind == "key"], ids=lambda one: f"{one.where}.{one.new}"
)
def test_an_old_key_fits_but_not_beside_the_new_one(one):
    changes = NEW[one.where, one.new]
    assert refused(small(**changes)) == []
    assert refused(renamed(small(**changes), one.new, one.old)) == []
    assert refused(renamed(small(**changes), one.new, one.old, keep=True))


def renamed(data, new, old, keep=False):
    """A document with a key's old name, beside the new one if that is to be kept."""
    if isinstance(data, list):
        return [renamed(item, new, old, keep) for item in data]
    if not isinstance(data, dict):
        return data
    found = {key: renamed(item, new, old, keep) for key, item in data.items()}
    if new in found:
        found[old] = found[new] if keep else found.pop(new)
    return found


def test_every_old_key_is_marked_as_one():
    marked = {name for name, _, option in properties(SCHEMA) if option and option.get("deprecated")}
    assert marked == {one.old for one in OLD_NAMES if one.kind == "key"}


def properties(schema):
    """All keys: name, section, what is said of them."""
    waiting = [("the file", schema)]
    while waiting:
        title, found = waiting.pop()
        if isinstance(found, list):
            waiting += [(title, item) for item in found]
        elif isinstance(found, dict):
            inner = found.get("properties")
            if isinstance(inner, dict) and "anyOf" not in inner:
                yield from ((name, title, option) for name, option in inner.items())
            waiting += [(key, item) for key, item in found.items()]


def test_every_key_is_described():
    sections = {"by_source", "by_target", "runge_kutta"}  # described where they are used
    for name, title, option in properties(SCHEMA):
        if option is False or name in sections:
            continue
        described = option.get("description") or "$ref" in option
        assert described or option == {}, f"{title}: {name}"


def test_the_description_of_a_models_parameter_is_that_of_its_docstring():
    assert parameter_texts(pg.LIF)["tau"] == "Membrane time constant, ms."
    assert parameter_texts(pg.LIF)["V_th"].startswith("Resting, threshold and reset")
    known = SCHEMA["definitions"]["neuron_model"]["anyOf"][2]["properties"]["LIF"]
    assert known["description"] == "Leaky integrate-and-fire neuron driven by currents."
    assert known["anyOf"][0]["properties"]["tau"]["description"] == "Membrane time constant, ms."


def test_the_schema_is_a_copy_each_time():
    first = network_schema()
    kept = copy.deepcopy(first)
    first["properties"].clear()
    assert network_schema() == kept
