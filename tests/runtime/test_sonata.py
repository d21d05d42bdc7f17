"""Result files are read by SONATA's own reader."""

import numpy as np
import pytest

import pygenn_lite as pg

pytestmark = pytest.mark.usefixtures("backend")

libsonata = pytest.importorskip("libsonata", reason="SONATA's reader is part of the test extra")


def network():
    net = pg.Network(dt=0.1, seed=1)
    exc = net.population("exc", 40, pg.PoissonNeuron(rate=200.0))
    inh = net.population("inh", 10, pg.LIF(), initial={"V": pg.Uniform(-70.0, -50.0)})
    group = net.connect(exc, inh, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=30.0, name="g")
    net.record(exc.spikes, inh.spikes[[1, 5, 6]], inh["V"][[1, 5, 7]], interval=0.3)
    net.record(inh["V"], interval=5.0)
    net.record(group["I_syn"][:2])
    return net.compile(threads=1)


@pytest.fixture(scope="module", params=["streamed", "saved"])
def both(request, tmp_path_factory):
    """A result, and a file of it; the run does not begin at 0."""
    sim = network()
    sim.run(0.7)
    path = tmp_path_factory.mktemp("sonata") / "run.h5"
    if request.param == "streamed":
        return sim.run(60.0, stream_to=path), str(path)
    result = sim.run(60.0)
    result.save(path)
    return result, str(path)


def test_spikes_are_read_by_libsonata(both):
    result, path = both
    reader = libsonata.SpikeReader(path)
    assert sorted(reader.get_population_names()) == ["exc", "inh"]
    for name, train in result.spikes.items():
        population = reader[name]
        assert population.sorting == "by_time"
        found = population.get_dict()
        assert np.array_equal(found["timestamps"], train.times)
        assert np.array_equal(found["node_ids"], train.indices)
    assert len(result.spikes["exc"]) > 100 and len(result.spikes["inh"])
    node = int(result.spikes["exc"].indices[0])
    chosen = reader["exc"].get(node_ids=[node], tstart=10.0, tstop=40.0)
    times = result.spikes["exc"].times[result.spikes["exc"].indices == node]
    assert [t for _, t in chosen] == [t for t in times if 10.0 <= t <= 40.0]


@pytest.mark.parametrize("kind", ["SomaReportReader", "ElementReportReader"])
def test_samples_are_read_as_reports_by_libsonata(both, kind):
    result, path = both
    reader = getattr(libsonata, kind)(path)
    names = {"inh": ("inh", "V"), "inh.V_every_5ms": ("inh", "V_every_5ms"), "g": ("g", "I_syn")}
    assert set(reader.get_population_names()) == set(names)
    for name, (owner, variable) in names.items():
        trace, population = result.traces[owner][variable], reader[name]
        found = population.get()
        assert np.array_equal(population.get_node_ids(), trace.indices)
        assert np.allclose(found.times, trace.times, atol=1e-9)
        assert np.array_equal(found.data, trace.values)
        begin, end, interval = population.times
        assert begin == pytest.approx(trace.times[0]) and population.time_units == "ms"
        assert end == pytest.approx(trace.times[-1] + interval)
        assert population.data_units == ("mV" if owner == "inh" else "unknown")


def test_a_part_without_neurons_does_no_harm(tmp_path):
    net = pg.Network(dt=0.1)
    cells = net.population("p", 5, pg.LIF())
    net.record(cells.spikes[:0], cells["V"][:0])
    net.compile(threads=1).run(1.0, stream_to=tmp_path / "run.h5")
    assert libsonata.SpikeReader(str(tmp_path / "run.h5"))["p"].get() == []
