"""Variables of single synapses recorded over time: in memory and in a file."""

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import NetworkError

pytestmark = pytest.mark.usefixtures("backend")


def learning(record=lambda group: [group["weight"]], interval=1.0, **options):
    net = pg.Network(dt=0.1, seed=2)
    pre = net.population("pre", 20, pg.PoissonNeuron(rate=100.0))
    post = net.population("post", 4, pg.LIF(V_th=-64.0))
    rule = pg.RewardSTDP(A_minus=0.5, reward=1.0, w_max=1e3)
    group = net.connect(pre, post, rule, pg.FixedProbability(0.5), weight=50.0, name="learning")
    net.record(*record(group), interval=interval, **options)
    return net


def test_samples_are_what_a_callback_reads_at_the_same_times():
    sim = learning().compile(threads=2)
    seen = {}
    start = sim["learning"]["weight"][:]
    result = sim.run(20.0, callback=lambda s: seen.update({s.time: s["learning"]["weight"][:]}),
                     interval=1.0)  # fmt: skip
    trace = result.traces["learning"]["weight"]
    assert trace.times == pytest.approx(np.arange(20.0))
    assert np.array_equal(trace.values[0], start)
    for time, values in zip(trace.times[1:], trace.values[1:], strict=True):
        assert np.array_equal(values, seen[round(float(time), 6)])
    assert len(trace.indices) == sim["learning"].size and np.ptp(trace.values) > 0
    again = sim.run(5.0).traces["learning"]["weight"]
    assert again.times == pytest.approx(np.arange(20.0, 25.0))
    assert np.array_equal(again.values[0], seen[20.0])


@pytest.mark.parametrize("key", [slice(None, 5), slice(2, None, 7), [3, 1, 8], 4])
def test_some_synapses_in_the_order_of_connections(key, tmp_path):
    whole = learning().compile().run(10.0).traces["learning"]["weight"]
    net = learning(lambda group: [group["weight"][key], group["e"][key]])
    assert pg.load_network(pg.dump_network(net))[0] == net
    sim = net.compile()
    sim.run(10.0, stream_to=tmp_path / "run.h5")
    result = pg.load_result(tmp_path / "run.h5")
    trace = result.traces["learning"]["weight"]
    chosen = np.sort(np.atleast_1d(np.arange(sim["learning"].size)[key]))
    assert np.array_equal(trace.indices, chosen)
    assert np.array_equal(trace.values, whole.values[:, chosen])
    assert result.traces["learning"]["e"].values.shape == trace.values.shape


def test_intervals_have_names_of_their_own_and_spikes_stay_the_same():
    net = learning(lambda group: [group["weight"][:2]], interval=0.7)
    net.record(net.groups["learning"]["weight"][:3], interval=5.0)
    net.record(net.populations["post"].spikes, net.populations["post"]["V"], interval=0.3)
    result = net.compile().run(30.0)
    assert result.traces["learning"]["weight"].values.shape == (43, 2)
    assert result.traces["learning"]["weight_every_5ms"].values.shape == (6, 3)
    bare = learning(lambda group: [], interval=0.1)
    bare.record(bare.populations["post"].spikes)
    other = bare.compile().run(30.0)
    assert np.array_equal(result.spikes["post"].steps, other.spikes["post"].steps)


def test_what_cannot_be_recorded_of_synapses_is_refused_by_name():
    net = learning()
    group = net.groups["learning"]
    with pytest.raises(NetworkError, match="from 0 on"):
        group["weight"][-5:]
    with pytest.raises(NetworkError, match="from 0 on"):
        group["weight"][[True, False]]
    with pytest.raises(NetworkError, match="its synapses have"):
        group["wieght"]
    other = pg.Network()
    with pytest.raises(NetworkError, match="no synapse group 'learning'"):
        other.record(group["weight"])
    net.record(group["weight"][[100_000]])
    with pytest.raises(NetworkError, match="synapse 100000 is recorded, but there are"):
        net.compile().run(1.0)


def test_each_of_listed_synapses_must_be_there_a_slice_ends_where_they_do():
    """Two numbers of a list are evenly spaced: they must not pass for a slice, which is cut."""
    net = learning(lambda group: [group["weight"][[0, 100_000]]])
    with pytest.raises(NetworkError, match="synapse 100000 is recorded, but there are"):
        net.compile().run(1.0)
    copy = pg.load_network(pg.dump_network(net))[0]
    with pytest.raises(NetworkError, match="synapse 100000 is recorded, but there are"):
        copy.compile().run(1.0)
    net = learning(lambda group: [group["weight"][:100_000]])
    sim = net.compile()
    assert sim.run(1.0).traces["learning"]["weight"].values.shape[1] == sim["learning"].size


def test_recordings_of_synapses_are_shown_and_counted_before_the_run():
    net = learning()
    assert "weight of synapses" in net.compile().inspect().recording
    assert "learning.weight" in pg.dump_network(net)
