"""What a network file says is what the network is."""

import io

import numpy as np
import pytest
from helpers_yaml import SMALL, small

import pygenn_lite as pg
from pygenn_lite.errors import DeclarationError, FileFormatError
from pygenn_lite.yaml_format import load_network


def load(text, **changes):
    return load_network(text, changes)[0]


def test_yaml_and_python_give_identical_networks():
    lif = pg.NeuronModel(
        derivatives="dV/dt = (E_L - V + I) / tau",
        threshold="V > V_th", reset="V = V_r", refractory="t_ref",
        parameters=dict(tau=20.0, E_L=-49.0, V_th=-50.0, V_r=-60.0, t_ref=5.0),
    )  # fmt: skip
    net = pg.Network(dt=0.1, seed=3, name="small")
    exc = net.population("exc", 8, lif, initial=dict(V=pg.Uniform(-60.0, -50.0)))
    inh = net.population("inh", 2, lif)
    for target in (exc, inh):
        net.connect(
            exc, target, pg.ExponentialCurrent(tau=5.0), pg.FixedProbability(0.5),
            weight=0.5, delay=0.1,
        )  # fmt: skip
    net.connect(inh, exc, pg.Delta(), pg.AllToAll(), weight=-2.0, name="inhibition")
    for target in (exc, inh):
        net.poisson(target, 10.0, weight=1.0, variable="V", name=f"drive_{target.name}")
    net.record(exc.spikes, exc["V"][:4])
    assert load(SMALL) == net


def test_the_settings_come_with_the_network():
    text = small() + "reference_rates: {exc: 5.5}\nfull_scale_rates: {exc: 2*3, inh: 4}\n"
    _, settings = load_network(text)
    assert (settings.duration, settings.warmup) == (50.0, 0.0)
    assert settings.reference_rates == {"exc": 5.5}
    assert settings.full_scale_rates == {"exc": 6.0, "inh": 4.0}


def test_constants_may_use_each_other_in_any_order():
    text = small("J: 0.5, g: 4, J_inh: -g*J", "J_inh: -g*J, g: 2**2, J: sqrt(0.25)")
    assert load(text) == load(SMALL)


def test_a_constant_in_a_formula_keeps_its_sign():
    text = small("weight: J_inh", 'weight: "i_pre * J_inh**2"')
    assert load(text).groups["inhibition"].weight.text == "i_pre * (-2.0) ** 2"


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("{uniform: [0, 1]}", pg.Uniform(0, 1)),
        ("{uniform: {low: 0, high: J}}", pg.Uniform(0, 0.5)),
        ("{normal: [1, 2]}", pg.Normal(1, 2)),
        ("{truncated_normal: [1, 2, 0]}", pg.TruncatedNormal(1, 2, 0)),
        ("{truncated_normal: {mean: 1, std: 2, high: 9}}", pg.TruncatedNormal(1, 2, high=9)),
        ("{lognormal: [1, 2]}", pg.LogNormal(1, 2)),
        ("{exponential: 3}", pg.Exponential(3)),
        ("{gamma: [1, 2]}", pg.Gamma(1, 2)),
        ("{binomial: [5, 0.5]}", pg.Binomial(5, 0.5)),
        ("1e-5", 1e-5),
        ("2*g", 8.0),
        ("[[1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 1, 1, 1, 1, 1, 1]]",
         pg.FrozenArray(np.array([np.arange(1.0, 9.0), np.ones(8)]))),
    ],
)  # fmt: skip
def test_every_form_of_a_value(given, value):
    text = small("weight: J_inh", f"weight: {given}")
    assert load(text).groups["inhibition"].weight == value


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("all_to_all", pg.AllToAll()),
        ("{all_to_all: {autapses: false}}", pg.AllToAll(autapses=False)),
        ("{fixed_probability: {p: 0.1, autapses: false}}", pg.FixedProbability(0.1, False)),
        ("{fixed_total_number: 12}", pg.FixedTotalNumber(12)),
        ("{fixed_total_number: {probability: 0.1}}", pg.FixedTotalNumber(probability=0.1)),
        ("{fixed_in_degree: {n: 2, multapses: false}}", pg.FixedInDegree(2, multapses=False)),
        ("{fixed_out_degree: g}", pg.FixedOutDegree(4)),
        ("{pair_list: {pre: [0, 1], post: [7, 0]}}", pg.PairList([0, 1], [7, 0])),
        ("{csr: {row_begin: [0, 1, 3], targets: [7, 0, 1]}}", pg.CSR([0, 1, 3], [7, 0, 1])),
    ],
)
def test_every_connectivity_rule(given, rule):
    text = small("connectivity: all_to_all", f"connectivity: {given}")
    assert load(text).groups["inhibition"].connectivity == rule


def test_one_to_one_and_distances_on_a_grid():
    text = small("size: 8, model: lif,", "size: 8, model: lif, positions: {grid: {shape: [4, 2]}},")
    text = text.replace("all_to_all", "one_to_one").replace(
        "source: inh, target: exc", "source: inh, target: inh"
    )
    text = text.replace("{fixed_probability: 0.5}", '{distance_dependent: "exp(-distance/g)"}')
    text = text.replace("target: [exc, inh]", "target: exc")
    net = load(text)
    assert net.groups["inhibition"].connectivity == pg.OneToOne()
    assert net.groups["exc_exc"].connectivity == pg.DistanceDependent("exp(-distance/4.0)")
    assert net.populations["exc"].positions.shape == (8, 2)


def test_positions_in_a_box_follow_the_seed():
    box = "size: 8, model: lif, positions: {uniform: {low: [0, 2], high: [1, 3]}},"
    text = small("size: 8, model: lif,", box)
    first, again = load(text), load(text)
    assert first == again
    positions = first.populations["exc"].positions
    assert positions.min(axis=0) == pytest.approx([0, 2], abs=0.9)
    assert np.all((positions >= [0, 2]) & (positions < [1, 3]))
    other = load(text, **{"network.seed": 4}).populations["exc"].positions
    assert not np.array_equal(other, positions)


def matrix_file(**changes):
    entry = {
        "probability": "[[0.1, 0.2], [0, 0.4]]",
        "weight": "{normal: [{by_source: [J, -J]}, 0]}",
        "delay": "{by_target: [1, 2]}",
        **changes,
    }
    return f"""
constants: {{J: 0.5}}
models: {{lif: {{use: LIF}}}}
populations: {{a: {{size: 10, model: lif}}, b: {{size: 20, model: lif}}}}
connections:
  - source: [a, b]
    target: [a, b]
    synapse: ExponentialCurrent
    connectivity: {{fixed_probability: {entry["probability"]}}}
    weight: {entry["weight"]}
    delay: {entry["delay"]}
"""


def test_matrices_have_targets_in_rows_and_zero_connects_nothing():
    groups = load(matrix_file()).groups
    assert {name: group.connectivity.p for name, group in groups.items()} == {
        "a_a": 0.1, "b_a": 0.2, "b_b": 0.4,
    }  # fmt: skip
    assert groups["a_a"].weight == pg.Normal(0.5, 0)
    assert groups["b_a"].weight == pg.Normal(-0.5, 0)
    assert (groups["b_a"].delay, groups["b_b"].delay) == (1.0, 2.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"probability": "[[0.1, 0.2]]"},
        {"probability": "[[0.1, 0.2], [0.3]]"},
        {"weight": "{by_source: [1, 2, 3]}"},
        {"delay": "{by_target: 1}"},
        {"weight": "[{normal: [0, 1]}, {normal: [0, 1]}]"},
    ],
)
def test_a_matrix_of_another_shape_is_refused(changes):
    with pytest.raises(DeclarationError, match=r"2 rows \(targets a, b\) of 2 columns"):
        load(matrix_file(**changes))


def test_the_microcircuit_is_the_published_one():
    net, settings = load_network("microcircuit")
    assert sum(population.size for population in net.populations.values()) == 77169
    assert len(net.groups) == 55  # 64 less the nine whose probability is zero
    total = sum(
        group.connectivity.total(
            net.populations[group.source].size, net.populations[group.target].size
        )
        for group in net.groups.values()
    )
    assert total == pytest.approx(298_880_941, rel=1e-4)
    assert settings.full_scale_rates["L5I"] == 8.633
    assert net.groups["L4E_L23E"].weight.mean == pytest.approx(2 * 87.8085)
    assert net.groups["L4I_L23E"].delay == pg.TruncatedNormal(0.75, 0.375, 0.1)


def test_spike_trains_are_given_in_the_file_or_beside_it(tmp_path):
    np.savez(tmp_path / "trains.npz", times=[1.0, 2.5], indices=[1, 0])
    (tmp_path / "trains.csv").write_text("1.0, 1\n2.5, 0\n")
    networks = []
    for trains in ("times: [1, 2.5], indices: [1, 0]", "file: trains.npz", "file: trains.csv"):
        file = tmp_path / "net.yaml"
        file.write_text(f"populations: {{stim: {{size: 2, spike_source: {{{trains}}}}}}}")
        networks.append(load_network(file)[0])
    assert networks[0] == networks[1] == networks[2]
    assert networks[0].populations["stim"].model.times.array.tolist() == [1.0, 2.5]


def test_library_models_take_words_receptors_and_initial_values():
    text = small("synapse: Delta", "synapse: plastic").replace("J_inh}", "0.2}") + (
        "synapses:\n"
        "  plastic: {use: PairSTDP, receptor: base, parameters: {w_max: g, rule: multiplicative}}\n"
        "  base: {use: ExponentialConductance, parameters: {tau: 7},\n"
        "         initial: {g: {normal: [1, 0]}}}\n"
    )
    made = load(text).groups["inhibition"].synapse
    base = pg.models.ExponentialConductance(7.0, initial=pg.Normal(1, 0))
    assert made == pg.models.PairSTDP(base, w_max=4.0, rule="multiplicative")


@pytest.mark.parametrize(
    ("text", "start", "stop", "step"),
    [("exc.V[2]", 2, 3, 1), ("exc['V'][1:7:2]", 1, 7, 2), ("exc.V[-2:]", 6, 8, 1)],
)
def test_slices_of_recordings(text, start, stop, step):
    net = load(small('"exc.V[:4]"', f'{{what: "{text}", interval: 0.5}}'))
    recording = net.recordings[1]
    assert (recording.what.start, recording.what.stop, recording.what.step) == (start, stop, step)
    assert recording.interval == 0.5


def test_plain_scalars_are_read_as_yaml_12():
    from pygenn_lite.yaml_format.document import parse_fragment

    text = "[no, on, 1:30, 010, 1e5, .5, 0x10, 2001-01-01, ~, true, -.inf]"
    assert parse_fragment(text, "") == [
        "no", "on", "1:30", 10, 1e5, 0.5, "0x10", "2001-01-01", None, True, float("-inf"),
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["r", "rb"])
def test_an_open_file_is_read_with_what_lies_beside_it(tmp_path, mode):
    (tmp_path / "spikes.csv").write_text("1.0,0\n2.0,1\n")
    path = tmp_path / "network.yaml"
    path.write_text("populations: {s: {spike_source: {file: spikes.csv}}}\n")
    with path.open(mode) as stream:
        network, settings = load_network(stream)
    assert network.populations["s"].size == 2
    assert settings.source == str(path)


def test_a_stream_that_is_no_text_is_refused():
    with pytest.raises(FileFormatError, match="not UTF-8 text"):
        load_network(io.BytesIO(b"\xff\xfe"))


def test_a_distribution_takes_a_factor_and_an_offset():
    net = load(
        "constants: {g: -4}\n"
        "models: {lif: {use: LIF}}\n"
        "populations: {a: {size: 10, model: lif}}\n"
        "synapses: {jump: {use: Delta}}\n"
        "connections:\n"
        "  - {source: a, target: a, synapse: jump, connectivity: all_to_all,\n"
        "     weight: {lognormal: [0, 0.5], factor: g, offset: 1 - g}}\n"
    )
    assert net.groups["a_a"].weight == -4 * pg.LogNormal(0.0, 0.5) + 5


def test_a_constant_may_be_0_wherever_it_is_a_factor():
    constants = "constants: {J: 0, a: -5*J, b: J*5, c: a*b}\n"
    text = f"{constants}populations: {{cells: {{size: 1, model: LIF, initial: {{V: 'c + a*2'}}}}}}"
    network, _ = pg.load_network(text)
    assert network.values["populations.cells.initial.V"] == 0.0
    with pytest.raises(pg.PygennLiteError, match="too small to be told from zero"):
        pg.load_network(text.replace("J: 0", "J: 0, d: 1e-200*1e-200"))
