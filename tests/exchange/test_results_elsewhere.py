"""Results go to Neo, pandas, xarray and NWB, and are read back there: the same spikes, samples and
times."""

import datetime
import sys

import numpy as np
import pytest

import pygenn_lite as pg

pytestmark = pytest.mark.usefixtures("backend")


def network():
    net = pg.Network(dt=0.1, seed=1, name="small")
    exc = net.population("exc", 20, pg.PoissonNeuron(rate=100.0))
    inh = net.population("inh", 10, pg.LIF(), initial={"V": pg.Uniform(-70.0, -50.0)})
    group = net.connect(exc, inh, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=30.0, name="g")
    net.record(exc.spikes, inh.spikes[[1, 5, 6]], inh["V"][[1, 5, 7]], interval=0.3)
    net.record(inh["V"], interval=5.0)
    net.record(group["I_syn"][:2])
    return net


def one(tmp_path_factory):
    sim = network().compile(threads=1)
    sim.run(0.7)  # the result does not begin at 0
    return sim.run(40.0)


def several(tmp_path_factory):
    return network().compile(threads=1, instances=2).run(30.0)


def from_file(tmp_path_factory):
    return pg.load_result(one(None).save(tmp_path_factory.mktemp("exchange") / "one.h5"))


def several_from_file(tmp_path_factory):
    path = several(None).save(tmp_path_factory.mktemp("exchange") / "several.h5")
    return pg.load_instances(path)


@pytest.fixture(scope="module", params=[one, from_file, several_from_file])
def results(request, tmp_path_factory):
    return request.param(tmp_path_factory)


def runs_of(results):
    return list(results) if isinstance(results, pg.InstanceResults) else [results]


def spikes_of(result, population, neuron):
    train = result.spikes[population]
    return train.times[train.indices == neuron]


RECORDED = {"exc": range(20), "inh": [1, 5, 6]}
TRACES = [("inh", "V", "mV"), ("inh", "V_every_5ms", "mV"), ("g", "I_syn", "")]


# ------------------------------------------------------------------ Neo
def test_neo_has_a_segment_per_run_and_a_train_per_recorded_neuron(results):
    import quantities as pq

    block, runs = results.to_neo(), runs_of(results)
    assert block.name == "small" and block.annotations["dt_ms"] == 0.1
    assert len(block.segments) == len(runs)
    for segment, result in zip(block.segments, runs, strict=True):
        names = [(t.annotations["population"], t.annotations["index"]) for t in segment.spiketrains]
        assert names == [(p, i) for p, neurons in RECORDED.items() for i in neurons]
        for train, (population, index) in zip(segment.spiketrains, names, strict=True):
            assert np.array_equal(
                train.rescale("ms").magnitude, spikes_of(result, population, index)
            )
            assert train.t_start == result.start * pq.ms and train.units == pq.ms
            assert float(train.t_stop) == result.start + result.duration
        assert segment.annotations["seed"] == result.provenance["seed"]


def test_neo_has_the_samples_with_units_and_rate(results):
    for segment, result in zip(results.to_neo().segments, runs_of(results), strict=True):
        signals = {signal.name: signal for signal in segment.analogsignals}
        assert set(signals) == {f"{owner}.{variable}" for owner, variable, _ in TRACES}
        for owner, variable, unit in TRACES:
            signal, samples = signals[f"{owner}.{variable}"], result.traces[owner][variable]
            assert np.array_equal(signal.magnitude, samples.values)
            assert np.allclose(signal.times.rescale("ms").magnitude, samples.times, atol=1e-9)
            assert signal.dimensionality.string == (unit or "dimensionless")
            assert np.array_equal(signal.array_annotations["index"], samples.indices)
        assert signals["g.I_syn"].annotations["synapse_group"] == "g"


def test_a_neo_file_gives_the_spikes_back(results, tmp_path):
    import neo

    path = tmp_path / "run.pkl"
    neo.io.PickleIO(str(path)).write_block(results.to_neo())
    block = neo.io.PickleIO(str(path)).read_block()
    for k, result in enumerate(runs_of(results)):
        times, indices = pg.exchange.read_spikes(block, "inh", instance=k)
        train = result.spikes["inh"]
        order = np.lexsort((indices, times))
        assert np.array_equal(times[order], train.times)
        assert np.array_equal(indices[order], train.indices)


def test_a_result_comes_back_from_neo(results):
    back = pg.exchange.from_neo(results.to_neo())
    for found, result in zip(runs_of(back), runs_of(results), strict=True):
        assert (found.start_step, found.stop_step) == (result.start_step, result.stop_step)
        assert found.sizes == {name: result.sizes[name] for name in found.sizes}
        assert found.fully_recorded == {"exc"}
        assert found.rates() == {name: result.rates()[name] for name in found.sizes}
        for name, train in result.spikes.items():
            assert np.array_equal(found.spikes[name].steps, train.steps)
            assert np.array_equal(found.spikes[name].indices, train.indices)
            assert np.array_equal(found.spikes[name].recorded, train.recorded)
        for owner, variable, unit in TRACES:
            ours, samples = result.traces[owner][variable], found.traces[owner][variable]
            assert np.array_equal(samples.times, ours.times) and samples.unit == unit
            assert np.array_equal(samples.values, ours.values)


# ------------------------------------------------------------------ pandas
def test_tables_of_pandas_hold_all_spikes_and_samples(results):
    spikes, traces = results.to_pandas()
    with_instances = isinstance(results, pg.InstanceResults)
    columns = ["time", "population", "neuron", *(["instance"] if with_instances else [])]
    assert list(spikes.columns) == columns
    for k, result in enumerate(runs_of(results)):
        own = spikes[spikes["instance"] == k] if with_instances else spikes
        assert own["time"].is_monotonic_increasing
        for name, train in result.spikes.items():
            of_name = own[own["population"] == name]
            assert np.array_equal(of_name["time"], train.times)
            assert np.array_equal(of_name["neuron"], train.indices)
        for owner, variable, unit in TRACES:
            frame, samples = traces[f"{owner}.{variable}"], result.traces[owner][variable]
            assert frame.attrs["unit"] == unit
            part = frame[k] if with_instances else frame
            assert np.array_equal(part.index, samples.times) and part.index.name == "time"
            assert np.array_equal(part.columns, samples.indices)
            assert np.array_equal(part.to_numpy(), samples.values)


# ------------------------------------------------------------------ xarray
def test_the_tree_of_xarray_holds_all_spikes_and_samples(results):
    tree = results.to_xarray()
    with_instances = isinstance(results, pg.InstanceResults)
    assert tree.attrs["dt_ms"] == 0.1
    for k, result in enumerate(runs_of(results)):
        for name, train in result.spikes.items():
            spikes = tree[f"{name}/spikes"]
            assert np.array_equal(spikes["recorded"], train.recorded)
            if with_instances:
                spikes = spikes.to_dataset()
                spikes = spikes.isel(spike=spikes["instance_of_spike"] == k)
            assert np.array_equal(spikes["time"], train.times)
            assert np.array_equal(spikes["neuron"], train.indices)
            assert spikes["time"].attrs["units"] == "ms"
        for owner, variable, unit in TRACES:
            data = tree[f"{owner}/{variable}"][variable]
            samples = result.traces[owner][variable]
            assert data.dims == (*(("instance",) if with_instances else ()), "time", "neuron")
            assert data.attrs.get("units", "") == unit
            data = data.isel(instance=k) if with_instances else data
            assert np.array_equal(data["time"], samples.times)
            assert np.array_equal(data["neuron"], samples.indices)
            assert np.array_equal(data, samples.values)


def test_an_instance_that_ended_early_is_filled_with_nan():
    net = pg.Network(dt=1.0)
    model = pg.NeuronModel("dx/dt = k*x*x", parameters={"k": 0.0}, initial={"x": 1.0})
    cells = net.population("cells", 1, model)
    net.record(cells["x"])
    sim = net.compile(instances=2, values={"populations.cells.parameters.k": [0.0, 9.0]})
    with pytest.raises(pg.errors.NumericalError) as caught:
        sim.run(50.0)
    data = caught.value.result.to_xarray()["cells/x"]["x"]
    assert data.shape == (2, 50, 1)
    ended = len(caught.value.result[1].traces["cells"]["x"])
    assert ended < 50 and np.isnan(data[1, ended:]).all() and not np.isnan(data[0]).any()


# ------------------------------------------------------------------ NWB
@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
def test_an_nwb_file_holds_all_spikes_and_samples(results, tmp_path):
    import pynwb

    path = results.to_nwb(tmp_path / "run.nwb", experimenter="A. Scientist")
    with_instances = isinstance(results, pg.InstanceResults)
    assert pynwb.validate(path=str(path)) == []
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        file = io.read()
        assert file.session_description == "simulation of small"
        assert file.experimenter == ("A. Scientist",)
        assert "populations:" in file.source_script and "seed: 1" in file.notes
        assert (
            f"{file.session_start_time:%Y-%m-%dT%H:%M:%SZ}"
            == runs_of(results)[0].provenance["date"]
        )
        units = file.units.to_dataframe()
        assert file.units.resolution == 0.1e-3
        for k, result in enumerate(runs_of(results)):
            own = units[units["instance"] == k] if with_instances else units
            for name, neurons in RECORDED.items():
                rows = own[own["population"] == name]
                assert list(rows["neuron"]) == list(neurons)
                for neuron, times in zip(rows["neuron"], rows["spike_times"], strict=True):
                    assert np.array_equal(times, spikes_of(result, name, neuron) / 1000.0)
                for observed in rows["obs_intervals"]:
                    bounds = [result.start / 1000, (result.start + result.duration) / 1000]
                    assert observed.tolist() == [bounds]
            for owner, variable, unit in TRACES:
                name = f"{owner}.{variable}" + (f".{k}" if with_instances else "")
                series, samples = file.acquisition[name], result.traces[owner][variable]
                assert np.array_equal(series.data[:], samples.values)
                assert (series.unit, series.conversion) == (
                    ("V", 1e-3) if unit else ("unknown", 1.0)
                )
                times = series.starting_time + np.arange(len(samples)) / series.rate
                assert np.allclose(times, samples.times / 1000.0, atol=1e-12)


def test_spikes_of_an_nwb_file_drive_a_network(results, tmp_path):
    path = results.to_nwb(tmp_path / "run.nwb")
    instance = 1 if isinstance(results, pg.InstanceResults) else None
    times, indices = pg.exchange.read_spikes(path, "exc", instance=instance)
    result = runs_of(results)[instance or 0]
    net = pg.Network(dt=0.1)
    source = net.spike_source("source", 20, times, indices)
    net.record(source.spikes)
    replayed = net.compile(threads=1).run(41.0).spikes["source"]
    assert np.array_equal(replayed.steps, result.spikes["exc"].steps)
    assert np.array_equal(replayed.indices, result.spikes["exc"].indices)


def test_a_result_without_spikes_or_provenance_becomes_a_file(tmp_path):
    import pynwb

    net = pg.Network(dt=0.1)
    cells = net.population("cells", 2, pg.LIF())
    net.record(cells["V"])
    result = net.compile(threads=1).run(1.0)
    result.provenance = {}
    with pynwb.NWBHDF5IO(str(result.to_nwb(tmp_path / "a.nwb")), "r") as io:
        file = io.read()
        assert file.units is None and list(file.acquisition) == ["cells.V"]
        assert file.session_start_time == datetime.datetime.fromtimestamp(0, datetime.UTC)


def test_rates_of_samples_are_exact_in_later_runs(tmp_path):
    import pynwb

    net = pg.Network(dt=0.1)
    cells = net.population("cells", 2, pg.LIF())
    net.record(cells["V"])
    sim = net.compile(threads=1)
    sim.run(50.0)
    result = sim.run(1.0)  # 50.1 - 50.0 is not 0.1
    with pynwb.NWBHDF5IO(str(result.to_nwb(tmp_path / "a.nwb")), "r") as io:
        series = io.read().acquisition["cells.V"]
        assert (series.rate, series.starting_time) == (10_000.0, 0.05)
    assert result.to_neo().segments[0].analogsignals[0].sampling_period == 0.1


# ------------------------------------------------------------------ what is refused
@pytest.fixture(scope="module")
def small():
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 2, pg.LIF())
    net.record(cells.spikes)
    return net.compile(threads=1).run(1.0)


def test_a_file_is_not_replaced_unless_asked_for(small, tmp_path):
    path = small.to_nwb(tmp_path / "a.nwb")
    with pytest.raises(pg.errors.ArgumentError, match=r"the NWB file .* exists already"):
        small.to_nwb(path)
    small.to_nwb(path, overwrite=True)
    other = tmp_path / "b.nwb"
    other.write_text("mine")
    with pytest.raises(pg.errors.ArgumentError, match="is not a NWB file of pygenn_lite"):
        small.to_nwb(other, overwrite=True)
    assert other.read_text() == "mine"


def test_a_field_that_nwb_does_not_have_is_refused(small, tmp_path):
    with pytest.raises(pg.errors.ArgumentError, match=r"(?s)not take these.*'labb'.*experimenter"):
        small.to_nwb(tmp_path / "a.nwb", labb="mine")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "ask"),
    [
        ("neo", lambda result, path: result.to_neo()),
        ("pandas", lambda result, path: result.to_pandas()),
        ("xarray", lambda result, path: result.to_xarray()),
        ("pynwb", lambda result, path: result.to_nwb(path / "a.nwb")),
        ("neo.io", lambda result, path: pg.exchange.read_spikes(__file__)),
    ],
)
def test_a_package_that_is_missing_is_named_with_its_extra(
    small, tmp_path, monkeypatch, module, ask
):
    monkeypatch.setitem(sys.modules, module, None)
    text = rf"(?s)'{module.partition('.')[0]}'.*pip install 'pygenn-lite\[exchange\]'"
    with pytest.raises(pg.errors.MissingPackageError, match=text):
        ask(small, tmp_path)
