"""SONATA files in the manner of the published examples, in both spellings, become networks."""

import json

import h5py
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.exchange import import_sonata

pytestmark = pytest.mark.usefixtures("backend")

REFUSED, DAMAGED = pg.errors.UnsupportedFeatureError, pg.errors.FileFormatError

CONDUCTANCE = pg.LIFConductance(integrator="rk4")
ADEX = pg.AdEx(V_cut=0.0, integrator="rk4")

WORDS = {  # as the text of the format has it, and as its examples do
    "text": ("point_neuron", "node_id_to_ranges", "range_to_edge_id", np.uint32),
    "examples": ("point_process", "node_id_to_range", "range_id_edge_id", np.uint16),
}
LIF_A = {"tau_m": 12.0, "C_m": 200.0, "E_L": -60.0, "V_th": -50.0, "V_reset": -62.0,
         "t_ref": 1.0, "tau_syn_ex": 3.0, "tau_syn_in": 6.0, "V_m": -60.0}  # fmt: skip


def write(folder, spelling="text", **changes):
    """Two populations: `cells` (types 1 and 2, which differ in C_m), driven by virtual nodes."""
    kind, ranges, edges_of, group_id = WORDS[spelling]
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models" / "a.json").write_text(json.dumps(changes.get("a", LIF_A)))
    (folder / "models" / "b.json").write_text(json.dumps({**LIF_A, "C_m": 250.0}))
    (folder / "models" / "static.json").write_text("{}")
    template = changes.get("template", "nest:iaf_psc_exp")
    kind = changes.get("kind", kind)
    (folder / "node_types.csv").write_text(
        "node_type_id model_type model_template dynamics_params pop_name\n"
        f'1 {kind} {template} a.json "layer 4"\n'
        f"2 {kind} {template} b.json NULL\n"
    )
    (folder / "drive_types.csv").write_text("node_type_id model_type\n7 virtual\n")
    (folder / "edge_types.csv").write_text(
        "edge_type_id target_query source_query syn_weight delay model_template dynamics_params\n"
        f"10 * * -40.0 1.5 {changes.get('synapse', 'static_synapse')} static.json\n"
        "11 * * 900.0 2.0 NULL NULL\n"
    )
    with h5py.File(folder / "nodes.h5", "w") as file:
        cells = file.create_group("nodes/cells")
        cells["node_type_id"] = np.array([1, 2, 1, 2, 1])
        cells["node_id"] = np.array([10, 11, 12, 14, 13])
        cells["node_group_id"] = np.array([0, 1, 0, 0, 1], group_id)
        cells["node_group_index"] = np.array([0, 1, 1, 2, 0], np.uint64)
        cells["0/x"] = [1.0, 2.0, 3.0]
        cells["1/x"] = [50.0, 40.0]
        cells["1/dynamics_params/E_L"] = [-59.0, -58.0]  # of rows 4 and 1; others by type
        if changes.get("bad_index"):
            cells["node_group_index"][0] = 9
    with h5py.File(folder / "drive.h5", "w") as file:
        drive = file.create_group("nodes/lgn-on")
        drive["node_type_id"] = np.full(4, 7)
        drive["node_group_id"] = np.zeros(4, group_id)
        drive["node_group_index"] = np.arange(4)
        drive.create_group("0")
    with h5py.File(folder / "edges.h5", "w") as file:
        edges(file, "cells_to_cells", ("cells", "cells"), 10, [10, 12, 14, 11], [11, 13, 10, 10])
        inner = file["edges/cells_to_cells"]
        inner["edge_group_id"][2:] = 1
        inner["edge_group_index"][2:] = [1, 0]
        inner["0/syn_weight"] = [-30.0, 35.0]
        inner["1/delay"] = [2.5, 0.5]  # their weight is the type's
        index = inner.create_group("indices/source_to_target")
        index[ranges], index[edges_of] = np.zeros((15, 2)), np.zeros((0, 2))
        edges(file, "lgn_to_cells", ("lgn-on", "cells"), 11, [0, 1, 2, 3, 3], [10, 11, 12, 13, 14])
    with h5py.File(folder / "lgn.h5", "w") as file:
        file["spikes/lgn-on/timestamps"] = [1.0, 2.0, 3.0, 4.0, 9.0]
        file["spikes/lgn-on/node_ids"] = [0, 1, 2, 3, 0]
    configs(folder, changes)
    return folder / "config.json"


def edges(file, name, ends, kind, pre, post):
    group = file.create_group(f"edges/{name}")
    for side, end, ids in zip(("source", "target"), ends, (pre, post), strict=True):
        group[f"{side}_node_id"] = np.array(ids, np.uint64)
        group[f"{side}_node_id"].attrs["node_population"] = end
    group["edge_type_id"] = np.full(len(pre), kind)
    group["edge_group_id"] = np.zeros(len(pre), np.uint16)
    group["edge_group_index"] = np.arange(len(pre))
    group.create_group("0")


def configs(folder, changes):
    circuit = {
        "manifest": {"$BASE_DIR": "${configdir}", "$MODELS": "$BASE_DIR/models"},
        "components": {"point_neuron_models_dir": "$MODELS", "synaptic_models_dir": "$MODELS"},
        "networks": {
            "nodes": [
                {"nodes_file": "$BASE_DIR/nodes.h5", "node_types_file": "$BASE_DIR/node_types.csv"},
                {"nodes_file": "drive.h5", "node_types_file": "${BASE_DIR}/drive_types.csv"},
            ],
            "edges": [{"edges_file": "edges.h5", "edge_types_file": "edge_types.csv"}],
        },
    }
    simulation = {
        "manifest": {"$OUT": "./output"},
        "run": {"tstop": 30.0, "dt": 0.1},
        "inputs": {
            "lgn": {"input_type": "spikes", "module": "h5", "input_file": "lgn.h5",
                    "node_set": "lgn-on"},
            "pulse": {"input_type": "current_clamp", "module": "IClamp", "node_set": "few",
                      "amp": 300.0, "delay": 5.0, "duration": 10.0},
        },
        "node_sets": {"few": {"population": "cells", "node_id": [14, 10]}, "both": ["few"]},
        "reports": {"V": {"cells": "both", "variable_name": "V_m", "dt": 0.5}},
        "output": {"output_dir": "$OUT"},
    }  # fmt: skip
    for place, value in changes.get("simulation", {}).items():
        section, _, key = place.partition(".")
        simulation[section] = {key: value} if key else value
    circuit.update(changes.get("circuit", {}))
    whole = {"network": "circuit_config.json", "simulation": "simulation_config.json"}
    files = {"circuit_config": circuit, "simulation_config": simulation, "config": whole}
    for name, data in files.items():
        (folder / f"{name}.json").write_text(json.dumps(data))


def by_hand():
    """What the files say, declared here."""
    net = pg.Network(dt=0.1)
    values = dict(tau=12.0, E_L=[-60.0, -58.0, -60.0, -60.0, -59.0], V_th=-50.0, V_r=-62.0,
                  t_ref=1.0, C=[200.0, 250.0, 200.0, 250.0, 200.0])  # fmt: skip
    cells = net.population("cells", 5, pg.LIF(), parameters=values, initial={"V": -60.0})
    lgn = net.spike_source("lgn_on", 4, [1.0, 2.0, 3.0, 4.0, 9.0], [0, 1, 2, 3, 0])
    excite, inhibit = pg.ExponentialCurrent(3.0), pg.ExponentialCurrent(6.0)
    net.connect(cells, cells, excite, pg.PairList([2], [4]), weight=35.0, delay=1.5)
    net.connect(cells, cells, inhibit, pg.PairList([0, 3, 1], [1, 0, 0]),
                weight=[-30.0, -40.0, -40.0], delay=[1.5, 0.5, 2.5], name="inhibiting")  # fmt: skip
    net.connect(lgn, cells, excite, pg.PairList([0, 1, 2, 3, 3], [0, 1, 2, 4, 3]), weight=900.0,
                delay=2.0)  # fmt: skip
    net.step_current(cells[[0, 3]], [5.0, 15.0], [300.0, 0.0])
    net.record(cells.spikes, cells["V"][[0, 3]], interval=0.5)
    return net


@pytest.mark.parametrize("spelling", WORDS)
def test_files_in_both_spellings_do_what_they_say(spelling, tmp_path):
    net, settings = import_sonata(write(tmp_path, spelling))
    assert settings.duration == 30.0 and net.dt == 0.1
    assert list(net.populations) == ["cells", "lgn_on"]
    assert net.populations["cells"].positions.ravel().tolist() == [1.0, 40.0, 2.0, 3.0, 50.0]
    result, expected = (n.compile(threads=1).run(30.0) for n in (net, by_hand()))
    assert len(expected.spikes["cells"]) >= 3
    assert np.array_equal(result.spikes["cells"].steps, expected.spikes["cells"].steps)
    assert np.array_equal(result.spikes["cells"].indices, expected.spikes["cells"].indices)
    ours, theirs = (r.traces["cells"]["V"] for r in (result, expected))
    assert np.array_equal(ours.indices, theirs.indices) and len(ours) == len(theirs)
    assert np.allclose(ours.values, theirs.values, atol=1e-4)


def test_a_population_of_several_templates_is_divided(tmp_path):
    config = write(tmp_path)
    table = (tmp_path / "node_types.csv").read_text()
    table = table.replace("2 point_neuron nest:iaf_psc_exp b", "2 point_neuron nest:aeif_psc_exp c")
    (tmp_path / "node_types.csv").write_text(table)
    (tmp_path / "models" / "c.json").write_text('{"tau_syn_ex": 4.0, "V_peak": 10}')
    with h5py.File(tmp_path / "nodes.h5", "a") as file:
        file["nodes/cells/node_group_id"][...] = 0
        file["nodes/cells/node_group_index"][...] = [0, 0, 1, 1, 2]
    net, _ = import_sonata(config)
    sizes = {name: p.size for name, p in net.populations.items()}
    assert sizes == {"cells_1": 3, "cells_2": 2, "lgn_on": 4}
    assert net.populations["cells_2"].model == ADEX
    assert dict(net.populations["cells_2"].parameters)["V_cut"] == 10.0
    ends = {(g.source, g.target, g.synapse.parameter("tau")): len(g.connectivity.pre)
            for g in net.groups.values()}  # fmt: skip
    assert ends == {
        ("cells_1", "cells_2", 2.0): 1,
        ("cells_1", "cells_1", 3.0): 1,
        ("cells_2", "cells_1", 6.0): 2,
        ("lgn_on", "cells_1", 3.0): 3,
        ("lgn_on", "cells_2", 4.0): 2,
    }


@pytest.mark.parametrize(
    ("template", "parameters", "model", "values", "synapses"),
    [
        ("nest:iaf_psc_alpha", {"tau_syn_in": 4.0}, pg.LIF(), {"tau": 10.0, "V_th": -55.0},
         (pg.AlphaCurrent(2.0), pg.AlphaCurrent(4.0))),
        ("nest:iaf_psc_delta", {"C_m": 1.0}, pg.LIF(), {"C": 1.0, "t_ref": 2.0}, (pg.Delta(),) * 2),
        ("nest:iaf_cond_exp", {"g_L": 12.0}, CONDUCTANCE, {"g_L": 12.0, "V_r": -60.0},
         (pg.ExponentialConductance(0.2, 0.0), pg.ExponentialConductance(2.0, -85.0))),
        ("nest:iaf_cond_alpha", {"E_in": -75.0}, CONDUCTANCE, {"g_L": 16.6667},
         (pg.AlphaConductance(0.2, 0.0), pg.AlphaConductance(2.0, -75.0))),
        ("nest:aeif_cond_alpha", {"Delta_T": 3.0}, ADEX, {"D_T": 3.0, "V_r": -60.0},
         (pg.AlphaConductance(0.2, 0.0), pg.AlphaConductance(2.0, -85.0))),
        ("pyNN:IF_curr_exp", {"cm": 0.5, "tau_syn_I": 7.0}, pg.LIF(), {"C": 500.0, "tau": 20.0},
         (pg.ExponentialCurrent(5.0), pg.ExponentialCurrent(7.0))),
        ("pynn:IF_cond_exp", {"cm": 0.4, "tau_m": 10.0}, CONDUCTANCE, {"g_L": 40.0},
         (pg.ExponentialConductance(5.0, 0.0), pg.ExponentialConductance(5.0, -70.0))),
    ],
)  # fmt: skip
def test_templates_have_their_units_and_defaults(
    tmp_path, template, parameters, model, values, synapses
):
    path = write(tmp_path, template=template, a=parameters, simulation={"reports": {}})
    with h5py.File(tmp_path / "nodes.h5", "a") as file:
        file["nodes/cells/node_type_id"][...] = 1
        del file["nodes/cells/1/dynamics_params"]
    net, _ = import_sonata(path)
    cells = net.populations["cells"]
    assert cells.model == model
    assert {name: dict(cells.parameters)[name] for name in values} == values
    excite, inhibit = synapses
    assert net.groups["lgn_to_cells"].synapse == excite
    factor = 1000.0 if template.lower().startswith("pynn") else 1.0
    assert net.groups["lgn_to_cells"].weight == 900.0 * factor
    if excite != inhibit:
        group = net.groups["cells_to_cells_inh"]
        sign = 1.0 if "Conductance" in inhibit.name else -1.0
        assert group.synapse == inhibit
        assert group.weight.array.tolist() == [sign * factor * w for w in (30.0, 40.0, 40.0)]


def test_a_template_of_the_users_own_is_taken(tmp_path):
    from pygenn_lite.exchange.sonata_models import Cell

    def glif(p):
        synapse = pg.ExponentialCurrent(p.one("tau_syn_ex", 1.0))
        known = {"tau": p("tau_m", 1.0), "C": p("C_m", 1.0)}
        for name in ("E_L", "V_th", "V_reset", "t_ref", "tau_syn_in", "V_m"):
            p(name, 0.0)
        return Cell(pg.LIF(), known, {}, synapse, synapse, 5.0)

    path = write(tmp_path, template="nest:glif_psc", simulation={"reports": {}})
    net, _ = import_sonata(path, templates={"nest:glif_psc": glif}, dt=0.5)
    assert net.dt == 0.5 and net["current_cells"].value == 5.0
    assert net.groups["cells_to_cells"].synapse == pg.ExponentialCurrent(3.0)


def test_spikes_of_a_table_and_several_synapses_of_an_edge_are_read(tmp_path):
    (tmp_path / "lgn.csv").write_text(
        "timestamps population node_ids\n3.5 lgn-on 2\n1.25 lgn-on 0\n7 elsewhere 0\n"
    )
    entry = {"input_type": "spikes", "module": "csv", "input_file": "lgn.csv", "node_set": "x"}
    path = write(tmp_path, simulation={"inputs.lgn": entry})
    with h5py.File(tmp_path / "edges.h5", "a") as file:
        file["edges/lgn_to_cells/0/nsyns"] = np.array([1, 2, 3, 1, 1], np.uint8)
    net, _ = import_sonata(path)
    source = net.populations["lgn_on"].model
    assert source.times.array.tolist() == [3.5, 1.25] and source.indices.array.tolist() == [2, 0]
    weights = net.groups["lgn_to_cells"].weight.array
    assert weights.tolist() == [900.0, 1800.0, 2700.0, 900.0, 900.0]


def test_what_is_not_enabled_is_left_out(tmp_path):
    entry = {"input_type": "current_clamp", "module": "noise", "enabled": False}
    reports = {"x": {"cells": "few", "variable_name": "g_ex", "enabled": False}}
    write(tmp_path, simulation={"inputs.x": entry, "reports": reports})
    circuit = json.loads((tmp_path / "circuit_config.json").read_text())
    circuit["networks"]["edges"][0]["enabled"] = False
    (tmp_path / "circuit_config.json").write_text(json.dumps(circuit))
    net, _ = import_sonata(tmp_path / "config.json")
    assert net.groups == {} and len(net.populations) == 2


CLAMP = {"input_type": "current_clamp", "module": "IClamp", "amp": 1.0, "delay": 0.0,
         "duration": 1.0}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "kind", "text"),
    [
        ({"template": "nest:glif_psc"}, REFUSED,
         r"no model for the template 'nest:glif_psc'.*templates=.*nest:iaf_psc_exp"),
        ({"kind": "biophysical"}, REFUSED, "model type 'biophysical'.*point neurons"),
        ({"a": {**LIF_A, "tau_M": 3.0}}, REFUSED,
         r"iaf_psc_exp has no parameter 'tau_M'.*did you mean 'tau_m'"),
        ({"synapse": "stdp_synapse"}, REFUSED, "template 'stdp_synapse'.*static"),
        ({"bad_index": True}, DAMAGED, r"0/x has 3 entries, but rows up to 9"),
        ({"simulation": {"inputs.x": {**CLAMP, "module": "noise"}}}, REFUSED,
         "input 'x' has the type 'current_clamp' and the module 'noise'"),
        ({"simulation": {"inputs.x": {**CLAMP, "amp": "big", "node_set": "few"}}}, DAMAGED,
         "input 'x': amp = 'big'"),
        ({"simulation": {"inputs.x": {**CLAMP, "node_set": {"population": "gone"}}}}, DAMAGED,
         "no node meets the node set"),
        ({"simulation": {"inputs.x": {"input_type": "spikes", "module": "nwb"}}},
         REFUSED, "input 'x' has the module 'nwb'"),
        ({"simulation": {"reports.V": {"cells": "few", "variable_name": "g_ex"}}},
         REFUSED, "variable 'g_ex'.*it has .*enabled"),
        ({"simulation": {"run": {"tstop": "long"}}}, DAMAGED, "tstop = 'long'"),
        ({"circuit": {"networks": {}}}, DAMAGED, "no networks"),
        ({"circuit": {"network": "config.json"}}, DAMAGED, "name each other in a circle"),
        ({"circuit": {"manifest": {"$BASE_DIR": "$MODELS", "$MODELS": "$BASE_DIR"}}}, DAMAGED,
         "of the manifest is defined by itself"),
        ({"circuit": {"components": {"x_dir": "$WHERE"}}}, DAMAGED, r"\$WHERE is in no manif"),
        ({"circuit": {"components": {}}}, DAMAGED, "'a.json' is in no folder of components"),
    ],
)  # fmt: skip
def test_what_cannot_be_mapped_is_refused_by_name(changes, kind, text, tmp_path):
    path = write(tmp_path, **changes)
    with pytest.raises(kind, match=f"(?s){text}"):
        import_sonata(path)


def put(place, values):
    def change(folder):
        name, _, inner = place.partition(":")
        with h5py.File(folder / name, "a") as file:
            if inner in file:
                del file[inner]
            if values is not None:
                file[inner] = values

    return change


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (put("edges.h5:edges/lgn_to_cells/source_node_id", [0, 1, 2, 3, 4]), DAMAGED,
         "source_node_id does not say its node_population"),
        (put("nodes.h5:nodes/cells/node_id", [10, 11, 12, 13, 99]), DAMAGED,
         "node 14 of 'cells' is not in the nodes file"),
        (put("nodes.h5:nodes", [1]), DAMAGED, "no group /nodes"),
        (put("nodes.h5:nodes/cells/node_type_id", None), DAMAGED, "no model for the|lacks"),
        (put("nodes.h5:nodes/cells/node_group_id", [0, 0]), DAMAGED, "has 2 rows, not 5"),
        (put("edges.h5:edges/cells_to_cells/0/weight_function", np.array(["f"] * 4, "S1")),
         REFUSED, "computed by the function 'f'"),
        (put("edges.h5:edges/cells_to_cells/0/receptor_type", [3, 3, 3, 3]),
         REFUSED, "receptor type '3'"),
        (put("lgn.h5:spikes", None), DAMAGED, "no group /spikes"),
        (lambda folder: (folder / "edges.h5").write_bytes(b"x"), DAMAGED, "cannot read the"),
        (lambda folder: (folder / "nodes.h5").unlink(), DAMAGED, "cannot read the file"),
        (lambda folder: (folder / "config.json").write_text("{"), DAMAGED, "not JSON"),
        (lambda folder: (folder / "config.json").write_text("[]"), DAMAGED, "not a mapping"),
        (lambda folder: (folder / "node_types.csv").write_text("a b\n1 2\n"), DAMAGED,
         "line 2: no number 'node_type_id'"),
    ],
)  # fmt: skip
def test_damaged_files_are_refused(change, kind, text, tmp_path):
    path = write(tmp_path)
    change(tmp_path)
    with pytest.raises(kind, match=f"(?s){text}"):
        import_sonata(path)
