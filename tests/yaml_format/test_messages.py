"""Every mistake in a file is answered with file, line, key, and what to write instead."""

import re

import pytest
from helpers_yaml import SMALL, small

from pygenn_lite.errors import DeclarationError, PygennLiteError
from pygenn_lite.yaml_format import load_network

MISTAKES = [
    ("threshold:", "treshold:", "<text>:6 (models.lif.treshold)", "did you mean 'threshold'?"),
    ("network: {name", "network: {nmae", "<text>:1 (network.nmae)", "did you mean 'name'?"),
    ("run: {duration", "run: {duratoin", "<text>:23 (run.duratoin)", "did you mean 'duration'"),
    ("populations:\n", "population:\n", "<text>:10 (population)", "did you mean 'populations'"),
    ("/ tau\n", "/ tua\n", "<text>:5 (models.lif.derivatives)", "'tua' in dV/dt"),
    ("/ tau\n", "/ tua\n", "dV/dt", "did you mean 'tau'?"),
    ("V_th\n    reset", "V_ht\n    reset", "threshold", "did you mean 'V_th'?"),
    ("reset: V = V_r", "reset: tau = 3", "<text>:7 (models.lif.reset)", "parameter 'tau'"),
    ("model: lif, initial", "model: lfi, initial", "<text>:11 (populations.exc.model)", "'lif'?"),
    ("size: 8", "size: 0", "<text>:11 (populations.exc.size)", "whole number"),
    ("size: 8", "size: 2.5", "populations.exc.size", "whole number"),
    ("size: 8, ", "", "<text>:11 (populations.exc)", "'size' is missing"),
    ("{V: {uniform", "{U: {uniform", "populations.exc", "the model has no 'U'"),
    ("uniform: [-60", "unifrom: [-60", "populations.exc.initial.V.unifrom", "mean 'uniform'?"),
    ("[-60, -50]", "[-60]", "populations.exc.initial.V.uniform", "'high' is missing"),
    ("[-60, -50]", "[-60, -50, 3]", "populations.exc.initial.V.uniform", "takes 2 numbers"),
    ("[-60, -50]", "[-50, -60]", "initial.V.uniform", "low must not exceed high"),
    ("target: [exc, inh]", "target: [exc, ihn]", "<text>:15 (connections[0].target[1])", "'inh'?"),
    ("source: exc\n", "source: ecx\n", "<text>:14 (connections[0].source)", "mean 'exc'?"),
    ("target: [exc, inh]", "target: [exc, exc]", "connections[0].target", "twice"),
    ("ExponentialCurrent", "ExponentialCurent", "<text>:16 (connections[0].synapse", "Current'?"),
    ("{tau: 5}", "{tua: 5}", "connections[0].synapse", "'ExponentialCurrent' has no parameter"),
    ("fixed_probability", "fixed_probabilty", "<text>:17 (connections[0].con", "probability'?"),
    ("probability: 0.5", "probability: 1.5", "connections[0].connectivity", "outside [0, 1]"),
    ("delay: 0.1", "delay: 0.05", "<text>:19 (connections[0].delay)", "below the step"),
    ("delay: 0.1", "delay: -1", "connections[0]", "negative"),
    ("weight: J\n", "weight: K\n", "<text>:18 (connections[0].weight)", "unknown name 'K'"),
    ("J_inh: -g*J", "J_inh: -g*j_inh", "constants.J_inh", "unknown name 'j_inh'"),
    ("J: 0.5, g: 4", "J: g, g: J", "constants", "need each other"),
    ("J: 0.5", "J: 1/0", "constants.J", "no real value"),
    ("J: 0.5", "i: 0.5", "constants.i", "has a meaning"),
    ("name: inhibition", "name: exc", "connections[1]", "used twice"),
    ("poisson:", "poison:", "<text>:22 (inputs[0].poison)", "did you mean 'poisson'?"),
    ("rate: 10", "rate: -10", "inputs[0].poisson", "negative rate"),
    (", rate: 10", "", "inputs[0].poisson", "'rate' is missing"),
    ("exc.spikes", "ecx.spikes", "<text>:23 (run.record[0])", "mean 'exc'?"),
    ("exc.V[:4]", "exc.U[:4]", "<text>:23 (run.record[1])", "no state variable 'U'"),
    ("exc.V[:4]", "exc[4].V", "run.record[1]", "cannot read what to record"),
    ("duration: 50", "duration: -1", "run.duration", "time in ms"),
    ("duration: 50", "duration: long", "run.duration", "unknown name 'long'"),
    ("dt: 0.1", "dt: -0.1", "network", "not a valid time step"),
    ("seed: 3", "seed: -3", "network.seed", "whole number"),
    ("{name: small", "{name: [1]", "network.name", "should be text, not a list"),
    ("populations:\n", "populations:\n  exc: {size: 1, model: lif}\n", "<text>:12", "given twice"),
    ("tau: 20,", "tau: 20", "<text>:9", "not valid YAML"),
    ("models:\n", "models:\n\t", "<text>:4", "not valid YAML"),
    ("network: {name", "format: 2\nnetwork: {name", "<text>:1 (format)", "format: 1"),
    ("parameters: {tau", "parameters: {dt: 3, tau", "models.lif", "reserved"),
    ("parameters: {tau", "parameters: {tau_m: 3, V: 1, tau", "models.lif", "used twice"),
    ("refractory: t_ref", "integrator: rk5", "models.lif", "'rk5' is not a valid integrator"),
    (
        "derivatives: dV",
        "derivatives: |\n      # leak\n      du/dt = 1\n      dV",
        "<text>:8",
        "tua",
    ),
]


DV = "dV/dt = (E_L - V + I) / tau"
LEAK = "(E_L - V + I) / tau"
RULE = "{fixed_probability: 0.5}"
SYNAPSE = "{ExponentialCurrent: {tau: 5}}"
MISTAKES += [
    (SYNAPSE, "{use: ExponentialCurrent, integrator: rk4}", "integrator", "does not go with 'use'"),
    ("threshold: V > V_th", "threshold: V", "<text>:6 (models.lif.threshold)", "not a condition"),
    ("{tau: 20,", "{tau: 20, dt: 3,", "<text>:9 (models.lif.parameters.dt)", "reserved"),
    ("refractory: t_ref", "integrator: rk5", "<text>:8 (models.lif.integrator)", "mean 'rk4'?"),
    ("tau: 20", "tau: 10ms", "<text>:9 (models.lif.parameters.tau)", "units are not written"),
    ("tau: 20", "tau: 20 mV", "<text>:9 (models.lif.parameters.tau)", "units are not written"),
    (LEAK, f"{LEAK}*(10*ms)", "<text>:5 (models.lif.derivatives)", "units are not written"),
    ("dV/dt", "V", "<text>:7 (models.lif.reset)", "write dV/dt = ..."),
    ("seed: 3", f"seed: {10**23}", "<text>:1 (network.seed)", "2^64"),
    (RULE, "{fixed_in_degree: 3, multapses: false}", "<text>:17", "{n: ..., multapses: ...}}"),
    (SYNAPSE, "{use: Foo}", "<text>:16 (connections[0].synapse.use)", "pygenn-lite models"),
    ("size: 8, model: lif, ", "size: 8, ", "<text>:11 (populations.exc)", "write model: NAME"),
    ("{tau: 20,", "{tau: 20, tua: 3,", "<text>:9 (models.lif.parameters.tua)", "mean 'tau'?"),
    ("E_L - V + I", "E_L - V", "<text>:14 (connections[0]), synapse group 'exc_exc'", "input 'I'"),
    (SYNAPSE, "{on_pre: V_post += weight, parameters: {q: 1}}", "(connections[0].synapse)", "'q'"),
    ("    threshold: V > V_th\n", "", "<text>:6 (models.lif.reset)", "without a threshold"),
    ("exc.V[:4]", "exc.V[20:30]", "<text>:23 (run.record[1])", "beyond the last neuron"),
    # Equations, in each form in which they can be written
    (DV, f"|\n      {DV}\n\n      dw/dt = w/tua", "<text>:8 (models.lif.derivatives)", "'tua'"),
    (
        DV,
        f"\n      - {DV}\n\n      - dw/dt = w/tua",
        "<text>:8 (models.lif.derivatives[1])",
        "'tua'",
    ),
    (DV, f"['{DV}', 'dw/dt = w/tua']", "<text>:5 (models.lif.derivatives[1])", "'tua' in dw/dt"),
    (DV, f'"{DV}\\ndw/dt = w/tua"', "<text>:5 (models.lif.derivatives)", "'tua' in dw/dt"),
    (DV, f"\n      V: {LEAK}\n\n      w: w/tua", "<text>:8 (models.lif.derivatives.w)", "'tua'"),
    # Items of lists, and names deep in mappings
    ("[exc.spikes, ", "[exc.spikes,\n  ecx.spikes,\n  ", "<text>:24 (run.record[1])", "'exc'?"),
    (
        '"exc.V[:4]"',
        "\n  {what: exc.V, intervall: 3}",
        "<text>:24 (run.record[1].intervall)",
        "'interval'?",
    ),
    (
        "[-60, -50]",
        "[-60,\n    fifty]",
        "<text>:12 (populations.exc.initial.V.uniform[1])",
        "'fifty'",
    ),
    (
        SYNAPSE,
        "{ExponentialCurrent:\n    {tua: 5}}",
        "<text>:17 (connections[0].synapse.ExponentialCurrent.tua)",
        "'tau'?",
    ),
    (
        SYNAPSE,
        "\n      PairSTDP:\n        receptor:\n          ExponentialCurrent:\n            tua: 5",
        "<text>:20 (connections[0].synapse.PairSTDP.receptor.ExponentialCurrent.tua)",
        "'tau'?",
    ),
    (
        SYNAPSE,
        "\n      on_pre: I_post += x_pre\n      pre_trace:\n        derivatives: dx/dt = x/tua\n"
        "        on_spike: x += 1",
        "<text>:19 (connections[0].synapse.pre_trace.derivatives)",
        "'tua' in dx/dt",
    ),
    (
        "model: lif}",
        "model: lif,\n   initial: {U: 3}}",
        "<text>:13 (populations.inh.initial.U)",
        "no 'U'",
    ),
    (
        "model: lif}",
        "model: lif,\n   parameters: {tua: 3}}",
        "<text>:13 (populations.inh.parameters.tua)",
        "'tau'?",
    ),
    (
        "model: lif}",
        "model: lif,\n   parameters: {tau: [1]}}",
        "<text>:13 (populations.inh.parameters.tau)",
        "shape (1,)",
    ),
    (
        "populations:\n",
        "populations:\n  s:\n    spike_source:\n      times: [1]\n      indices: []\n",
        "<text>:13 (populations.s.spike_source.times)",
        "times (1,) and indices (0,)",
    ),
    # Parts of what differs between the connections of one entry
    (
        "weight: J\n",
        "weight:\n      - [1]\n      - [K]\n",
        "<text>:20 (connections[0].weight[1][0])",
        "unknown name 'K'",
    ),
    (
        "weight: J\n",
        "weight: {by_target: [1,\n      {normal: [1, K]}]}\n",
        "<text>:19 (connections[0].weight.by_target[1].normal[1])",
        "unknown name 'K'",
    ),
    (
        "delay: 0.1\n",
        "delay:\n      - [0.1]\n      - [0.01]\n",
        "<text>:21 (connections[0].delay[1][0])",
        "below the step",
    ),
    (
        SYNAPSE,
        "{ExponentialCurrent: {tau: {by_target: [1,\n    two]}}}",
        "<text>:17 (connections[0].synapse.ExponentialCurrent.tau.by_target[1])",
        "unknown name 'two'",
    ),
]
FOUND_BY_COMPILING = [
    (
        f"dV/dt = {LEAK}",
        f"|\n      # leak\n      dV/dt = {LEAK} + xi**2",
        "<text>:7 (models.lif",
        "in xi",
    ),
    (LEAK, f"{LEAK} + V*V\n    integrator: exact", "<text>:6 (models.lif.int", "'exact' needs"),
    (LEAK, f"{LEAK} + V*V\n    integrator: exponential_euler", "<text>:6 (models.lif.int", "V**2"),
    (LEAK, f"{LEAK} + xi\n    integrator: rk4", "<text>:6 (models.lif.integrator)", "white noise"),
    (LEAK, f"{LEAK} + xi**2", "<text>:5 (models.lif.derivatives)", "linear in xi"),
    ("refractory: t_ref", "refractory: t_ref - 9", "<text>:8 (models.lif.refractory)", "-4 ms"),
    (
        "refractory: t_ref",
        "refractory: V + t_ref",
        "<text>:8 (models.lif.refractory)",
        "depends on ['V']",
    ),
    ("weight: J\n", "weight: 1/i_pre\n", "<text>:18 (connections[0].weight)", "element 0 is inf"),
    ("weight: 1, ", "weight: 1/i, ", "<text>:22 (inputs[0].poisson.weight)", "element 0 is inf"),
    ("rate: 10", "rate: 1/i", "<text>:22 (inputs[0].poisson.rate)", "element 0 is inf"),
    ("rate: 10", "rate: -i", "<text>:22 (inputs[0].poisson.rate)", "a rate is negative"),
    ("{V: {uniform: [-60, -50]}}", "{V: 1/i}", "<text>:11 (populations.exc.initial.V)", "is inf"),
    ("delay: 0.1", "delay: 0.1 - i_pre", "<text>:19 (connections[0].delay)", "negative"),
    (
        RULE,
        "{distance_dependent: {probability: exp(-distance)}}",
        "<text>:17 (connections[0].connectivity)",
        "need positions",
    ),
    (
        RULE,
        "{fixed_in_degree: 3}\n    storage: procedural",
        "<text>:18 (connections[0].storage)",
        "cannot be procedural",
    ),
    (
        RULE,
        "{pair_list: {pre: [0, 0], post: [1, 1]}}\n    storage: dense",
        "<text>:18 (connections[0].storage)",
        "one synapse per pair",
    ),
    (
        SYNAPSE,
        "{derivatives: dg/dt = -g/tau, inputs: J = g, on_pre: g += weight, parameters: {tau: 5}}",
        "<text>:16 (connections[0].synapse.inputs)",
        "drives the input 'J'",
    ),
    (
        SYNAPSE,
        "{derivatives: dg/dt = -g, inputs: I = g*(U - V), on_pre: g += weight}",
        "<text>:16 (connections[0].synapse.inputs)",
        "unknown symbol 'U'",
    ),
    (SYNAPSE, "{on_pre: U += weight}", "<text>:16 (connections[0].synapse)", "adds to 'U'"),
    (
        SYNAPSE,
        "{on_pre: weight += u, synapse_derivatives: du/dt = -u**2, variables: {u: 1}}",
        "<text>:16 (connections[0].synapse.synapse_derivatives)",
        "not linear in u",
    ),
]


def without_columns(error):
    """The message as it was before columns were told, so that the tables above can be read."""
    return re.sub(r"(<text>:\d+):\d+", r"\1", str(error))


def assert_points_at_what_it_names(text, error):
    """Line and column lead to the key that the path ends with, or to an item of a list."""
    found = re.match(r"<text>:(\d+):(\d+) \((.*?)\)(?:[:,]|$)", str(error))
    if found is None:  # a line of an equation's own, or no place at all
        return
    line, column, path = int(found[1]), int(found[2]), found[3]
    there = text.splitlines()[line - 1][column - 1 :]
    key = re.search(r"(\w+)(?:\[\d+\])*$", path)[1]
    listed = path.endswith("]") or key in ("connections", "inputs")
    before = text.splitlines()[line - 1][: column - 1]
    if listed:
        assert re.search(r"(^|[\[,-])\s*[\"']?$", before) or there.startswith(key), (path, there)
    else:
        assert there.startswith(key), (path, there)


@pytest.mark.parametrize(("old", "new", "place", "message"), FOUND_BY_COMPILING)
def test_a_mistake_that_compiling_finds_is_named_with_its_place(old, new, place, message):
    text = small(old, new)
    if "pair_list" in new:
        text = text.replace("target: [exc, inh]", "target: exc")
    network, _ = load_network(text)
    with pytest.raises(PygennLiteError) as caught:
        network.compile()
    assert place in without_columns(caught.value)
    assert message in str(caught.value)
    assert_points_at_what_it_names(text, caught.value)
    assert "__" not in str(caught.value)
    assert caught.value.hint


def test_where_a_network_was_declared_is_no_part_of_it():
    assert load_network(SMALL)[0] == load_network("\n\n" + SMALL)[0]


def test_an_impossible_truncated_normal_weight_is_named_with_its_place():
    with pytest.raises(DeclarationError, match=r"connections\[0\].*one value in a million"):
        load_network(small("weight: J\n", "weight: {truncated_normal: [0, 1, 50, 60]}\n"))


@pytest.mark.parametrize(("old", "new", "place", "message"), MISTAKES)
def test_a_mistake_is_named_with_its_place(old, new, place, message):
    text = small(old, new)
    if new.startswith("derivatives: |"):
        text = text.replace("/ tau", "/ tua")
    with pytest.raises(DeclarationError) as caught:
        load_network(text)
    assert place in without_columns(caught.value)
    assert message in str(caught.value)
    assert_points_at_what_it_names(text, caught.value)


def test_a_file_is_named_by_its_path(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(small("size: 8", "sise: 8"))
    with pytest.raises(DeclarationError, match=r"mine\.yaml:11:9 .*did you mean 'size'"):
        load_network(file)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("microcirkuit", "did you mean 'microcircuit'"),
        ("missing.yaml", "no file 'missing.yaml'"),
        ("/", "is a folder"),
        ("a\0b", "not a valid file name"),
        ("x" * 5000, "not a valid file name|no network"),
    ],
)
def test_a_missing_network_is_answered_with_the_nearest(name, message):
    with pytest.raises(DeclarationError, match=message):
        load_network(name)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "image.yaml"
    file.write_bytes(b"\x89PNG\xff\xfe\x00\x01")
    with pytest.raises(DeclarationError, match="not UTF-8"):
        load_network(file)


def test_the_small_file_itself_is_right():
    assert len(load_network(SMALL)[0].groups) == 3


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("run: {record: [e.V[:10]]}", "put text that holds any of [ ] { } , : # & * in quotes"),
        ("m: {threshold: V > 1 ? 1 : 0}", "put text that holds any of [ ] { } , : # & * in quotes"),
        ("populations:\n\te: {size: 3}", "indent with spaces, not tabs"),
        ("populations: {}\n  e: {size: 3}", "indent with spaces"),
    ],
)
def test_text_that_is_no_yaml_is_told_what_to_write(text, hint):
    with pytest.raises(PygennLiteError, match="not valid YAML") as caught:
        load_network(f"{text}\n")
    assert hint in caught.value.hint


def test_a_result_file_in_the_place_of_a_network_is_told_who_draws_it(tmp_path):
    (tmp_path / "result.h5").write_bytes(b"\x89HDF\r\n")
    with pytest.raises(PygennLiteError, match="not UTF-8 text") as caught:
        load_network(tmp_path / "result.h5")
    assert "pygenn-lite plot" in caught.value.hint
