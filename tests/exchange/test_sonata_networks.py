"""Networks go to SONATA files and come back with the same spikes; SONATA's reader reads them."""

import json

import h5py
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.exchange import export_sonata, import_sonata

pytestmark = pytest.mark.usefixtures("backend")

libsonata = pytest.importorskip("libsonata", reason="SONATA's reader is part of the test extra")


def recurrent():
    net = pg.Network(dt=0.1, seed=3, name="recurrent")
    model = pg.LIF(tau=pg.Uniform(8.0, 12.0), initial={"V": pg.Uniform(-65.0, -50.0)})
    exc = net.population("exc", 40, model, positions=np.arange(80.0).reshape(40, 2))
    inh = net.population("inh", 10, pg.LIF(E_L="-65 + 0.1*i"), parameters={"C": 200.0})
    syn = pg.ExponentialCurrent(5.0)
    net.connect(exc, inh, syn, pg.FixedProbability(0.3), weight=pg.Normal(60.0, 5.0),
                delay=pg.Uniform(0.5, 3.0))  # fmt: skip
    net.connect(inh, exc, syn, pg.FixedInDegree(4), weight=-50.0, delay=1.5)
    net.connect(exc, exc, pg.PairSTDP(syn, w_max=40.0), pg.FixedProbability(0.2), weight=20.0,
                name="learning")  # fmt: skip
    net.poisson(exc, 8.0, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5))
    net.record(exc.spikes, inh.spikes[:5], inh["V"][:2])
    return net


def with_source():
    net = pg.Network(dt=0.2, seed=5)
    source = net.spike_source("source", 3, [1.0, 2.0, 2.0, 7.4], [0, 2, 1, 0])
    other = net.spike_source("other", 2, [3.0], [1])
    cells = net.population("cells", 12, pg.LIFConductance(), initial={"V": "-60 + 0.7*i"})
    net.connect(source, cells, pg.ExponentialConductance(5.0), pg.AllToAll(), weight=40.0)
    net.connect(
        other, cells, pg.AlphaConductance(3.0, -80.0), pg.FixedInDegree(1), weight=9.0, delay=2.0
    )
    net.connect(cells, cells, pg.ExponentialConductance(2.0), pg.AllToAll(), storage="dense",
                weight="1 + i_pre*0.3")  # fmt: skip
    net.current(cells, 60.0)
    net.record(cells.spikes, cells["V"])
    return net


def images():
    net = pg.Network(dt=0.5, seed=2)
    low = net.population("low", (1, 5, 5), pg.PoissonNeuron(rate=200.0))
    high = net.population("high", (2, 3, 3), pg.LIF())
    kernel = np.linspace(20.0, 200.0, 18).reshape(2, 1, 3, 3)
    net.connect(low, high, pg.Delta(), pg.Convolution((3, 3)), weight=kernel / 20)
    net.record(low.spikes, high.spikes)
    return net


def same_results(one, other):
    for name in one.spikes:
        assert np.array_equal(one.spikes[name].steps, other.spikes[name].steps)
        assert np.array_equal(one.spikes[name].indices, other.spikes[name].indices)
    for owner, variables in one.traces.items():
        for name, samples in variables.items():
            assert np.array_equal(samples.values, other.traces[owner][name].values)
    return sum(len(train) for train in one.spikes.values())


@pytest.mark.parametrize("make", [recurrent, with_source, images])
def test_a_network_comes_back_with_the_same_spikes(make, tmp_path):
    sim = make().compile(threads=1)
    folder = export_sonata(sim, tmp_path / "circuit", duration=60.0)
    back, settings = import_sonata(folder / "simulation_config.json")
    assert settings.duration == 60.0 and (back.dt, back.seed) == (sim.dt, sim.network.seed)
    assert list(back.populations) == list(sim.network.populations)
    again = back.compile(threads=1)
    for name, group in sim.groups.items():
        ours, theirs = group.connections(), again.groups[name].connections()
        for what in ("pre", "post", "weight", "delay"):
            assert np.array_equal(getattr(ours, what), getattr(theirs, what)), (name, what)
    assert same_results(sim.run(60.0), again.run(60.0)) > 10


def test_one_of_several_instances_is_written(tmp_path):
    net = with_source()
    sim = net.compile(threads=1, instances=2, values={"populations.cells.parameters.C": [200, 150]})
    folder = export_sonata(sim, tmp_path / "a", instance=1)
    back, _ = import_sonata(folder / "simulation_config.json")
    assert dict(back.populations["cells"].parameters)["C"] == 150.0
    assert same_results(sim.run(30.0)[1], back.compile(threads=1).run(30.0)) > 5
    with pytest.raises(pg.errors.ArgumentError, match=r"(?s)no instance 2.*from 0 to 1"):
        export_sonata(sim, tmp_path / "b", instance=2)


def test_a_group_without_synapses_comes_back(tmp_path):
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 3, pg.LIF())
    group = net.connect(cells, cells, pg.ExponentialCurrent(5.0), pg.PairList([], []), name="none")
    net.record(group["I_syn"])
    back, _ = import_sonata(export_sonata(net.compile(threads=1), tmp_path) / "circuit_config.json")
    assert list(back.groups) == ["none"] and back.groups["none"].synapse == group.synapse
    assert back.compile(threads=1).run(1.0).traces["none"]["I_syn"].values.shape == (10, 3)


def test_weights_and_states_are_those_of_the_moment(tmp_path):
    sim = recurrent().compile(threads=1)
    sim.run(20.0)
    sim["exc_inh"]["weight"] = 7.0
    back, _ = import_sonata(export_sonata(sim, tmp_path) / "circuit_config.json")
    again = back.compile(threads=1)
    assert np.array_equal(again["learning"]["weight"], sim["learning"]["weight"])
    assert np.array_equal(again["exc"]["V"], sim["exc"]["V"])
    assert np.all(np.asarray(again["exc_inh"]["weight"]) == 7.0)


def test_values_of_the_file_come_before_those_of_the_type(tmp_path):
    folder = export_sonata(with_source().compile(threads=1), tmp_path)
    types = (folder / "node_types.csv").read_text()
    assert " C g_L " in types and " 200.0 10.0 " in types
    (folder / "node_types.csv").write_text(types.replace(" 200.0 10.0 ", " 150.0 10.0 "))
    assert import_sonata(folder / "circuit_config.json")[0].populations["cells"].parameters[0] == (
        "C", 150.0,
    )  # fmt: skip
    with h5py.File(folder / "nodes.h5", "a") as file:
        file["nodes/cells/0/dynamics_params/C"] = np.linspace(100.0, 200.0, 12)
    value = dict(import_sonata(folder / "circuit_config.json")[0].populations["cells"].parameters)
    assert np.array_equal(value["C"].array, np.linspace(100.0, 200.0, 12))


# ------------------------------------------------------------------ SONATA's own reader
def test_libsonata_reads_nodes_and_edges(tmp_path):
    sim = recurrent().compile(threads=1)
    folder = export_sonata(sim, tmp_path)
    nodes = libsonata.NodeStorage(str(folder / "nodes.h5"))
    assert nodes.population_names == {"exc", "inh"}
    exc = nodes.open_population("exc")
    everyone = libsonata.Selection([(0, 40)])
    assert exc.size == 40 and exc.attribute_names == {"x", "y"}
    tau = exc.get_dynamics_attribute("tau", everyone)
    assert np.array_equal(tau, np.asarray(sim["exc"]["tau"]))
    assert np.array_equal(exc.get_attribute("y", everyone), np.arange(1.0, 80.0, 2.0))
    edges = libsonata.EdgeStorage(str(folder / "edges.h5"))
    assert edges.population_names == {"exc_inh", "inh_exc", "learning"}
    for name, source, target in (("exc_inh", 40, 10), ("inh_exc", 10, 40), ("learning", 40, 40)):
        population, synapses = edges.open_population(name), sim.groups[name].connections()
        whole = libsonata.Selection([(0, population.size)])
        assert np.array_equal(population.source_nodes(whole), synapses.pre)
        assert np.array_equal(population.target_nodes(whole), synapses.post)
        for node in range(source):
            found = population.efferent_edges([node]).flatten()
            assert np.array_equal(np.sort(found), np.flatnonzero(synapses.pre == node))
        for node in range(target):
            found = population.afferent_edges([node]).flatten()
            assert np.array_equal(np.sort(found), np.flatnonzero(synapses.post == node))
    inward = edges.open_population("exc_inh")
    weight = inward.get_attribute("syn_weight", libsonata.Selection([(0, inward.size)]))
    assert np.array_equal(weight, sim["exc_inh"].connections().weight)


def test_libsonata_reads_the_configuration_and_the_inputs(tmp_path):
    folder = export_sonata(with_source().compile(threads=1), tmp_path, duration=25.0)
    circuit = libsonata.CircuitConfig.from_file(str(folder / "circuit_config.json"))
    assert circuit.node_populations == {"source", "other", "cells"}
    assert circuit.node_population_properties("source").type == "virtual"
    assert circuit.edge_population("source_cells").size == 36
    simulation = libsonata.SimulationConfig.from_file(str(folder / "simulation_config.json"))
    assert (simulation.run.tstop, simulation.run.dt) == (25.0, 0.2)
    (name,) = simulation.list_input_names
    spikes = libsonata.SpikeReader(simulation.input(name).spike_file)["source"].get_dict()
    assert np.allclose(spikes["timestamps"], [1.0, 2.0, 2.0, 7.4])
    sets = libsonata.NodeSets.from_file(str(folder / "node_sets.json"))
    assert sets.names == {"source", "other", "cells"}


# ------------------------------------------------------------------ what is refused
def test_a_folder_is_not_replaced_unless_asked_for(tmp_path):
    sim = with_source().compile(threads=1)
    folder = export_sonata(sim, tmp_path / "a")
    with pytest.raises(pg.errors.ArgumentError, match=r"(?s)holds a circuit already.*overwrite"):
        export_sonata(sim, folder)
    export_sonata(sim, folder, overwrite=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.txt").write_text("mine")
    with pytest.raises(pg.errors.ArgumentError, match="something else than a circuit"):
        export_sonata(sim, tmp_path / "b", overwrite=True)
    with pytest.raises(pg.errors.ArgumentError, match="is not a folder"):
        export_sonata(sim, tmp_path / "b" / "mine.txt")
    with pytest.raises(pg.errors.ArgumentError, match="duration = 'long'"):
        export_sonata(sim, tmp_path / "c", duration="long")


def test_a_transpose_of_weights_that_learn_is_refused(tmp_path):
    net = pg.Network(dt=0.1)
    low = net.population("low", 4, pg.RateNeuron())
    high = net.population("high", 2, pg.RateNeuron())
    up = pg.SynapseModel(continuous="I_post += weight*r_pre", event_driven=False,
                         synapse_derivatives="dweight/dt = -weight/100")  # fmt: skip
    net.connect(low, high, up, pg.AllToAll(), weight=0.5)
    net.connect(high, low, pg.RateSynapse(), pg.Transpose("low_high"))
    with pytest.raises(pg.errors.UnsupportedFeatureError, match="'low_high', transposed, which"):
        export_sonata(net.compile(threads=1), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_models_that_do_not_fit_the_nodes_are_refused(tmp_path):
    folder = export_sonata(with_source().compile(threads=1), tmp_path)
    models = (folder / "network.yaml").read_text()
    (folder / "network.yaml").write_text(models.replace("size: 12", "size: 13"))
    with pytest.raises(pg.errors.FileFormatError, match=r"'cells' has 12 nodes.*13"):
        import_sonata(folder / "circuit_config.json")
    (folder / "network.yaml").write_text(models)
    table = (folder / "node_types.csv").read_text()
    (folder / "node_types.csv").write_text(table.replace("pygenn_lite:cells", "pygenn_lite:other_"))
    with pytest.raises(pg.errors.FileFormatError, match="has no population 'other_'"):
        import_sonata(folder / "circuit_config.json")
    config = json.loads((folder / "circuit_config.json").read_text())
    (folder / "node_types.csv").write_text(table)
    del config["components"]
    (folder / "circuit_config.json").write_text(json.dumps(config))
    with pytest.raises(pg.errors.FileFormatError, match=r"'network.yaml' is in no folder of comp"):
        import_sonata(folder / "circuit_config.json")
