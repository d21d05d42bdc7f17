"""Synapse groups as the user sees them: every kind of weight, delay, rule and storage."""

import numpy as np
import pytest
from scipy import sparse

import pygenn_lite as pg
from pygenn_lite.errors import (
    ConnectivityError,
    PygennLiteError,
    ShapeError,
    SimulationError,
    UnsupportedFeatureError,
)

pytestmark = pytest.mark.usefixtures("backend")

CELL = pg.NeuronModel("dV/dt = (I - V)/tau", parameters=dict(tau=10.0), initial=dict(V=0.0))
CURRENT = pg.ExponentialCurrent(tau=5.0)


def connected(rule, weight=1.0, delay=1.0, n_pre=30, n_post=200, threads=2, **options):
    """One group and its simulation."""
    net = pg.Network(dt=0.1, seed=4)
    places = np.random.default_rng(0).uniform(0, 100, (n_pre + n_post, 2))
    pre = net.population("pre", n_pre, CELL, positions=places[:n_pre])
    post = net.population("post", n_post, CELL, positions=places[n_pre:])
    net.connect(pre, post, CURRENT, rule, weight=weight, delay=delay, name="group", **options)
    sim = net.compile(threads=threads, precision="float64")
    return sim["group"], places[:n_pre], places[n_pre:]


PAIRS = (np.array([5, 0, 5, 29, 5]), np.array([199, 7, 0, 64, 199]))


def test_explicit_pairs_keep_their_weights_and_delays():
    weight, delay = np.arange(5.0), np.array([1.0, 0.2, 0.3, 0.4, 0.5])
    found = connected(pg.PairList(*PAIRS), weight, delay)[0].connections()
    assert found.pre.tolist() == [0, 5, 5, 5, 29]
    assert found.post.tolist() == [7, 0, 199, 199, 64]
    assert found.delay.tolist() == [0.2, 0.3, 0.5, 1.0, 0.4]
    assert found.weight.tolist() == [1.0, 2.0, 4.0, 0.0, 3.0]


def test_compressed_rows_are_the_same_synapses():
    order = np.lexsort((PAIRS[1], PAIRS[0]))
    rows = np.searchsorted(PAIRS[0][order], np.arange(31))
    one = connected(pg.CSR(rows, PAIRS[1][order]), np.arange(5.0)[order])[0].connections()
    two = connected(pg.PairList(*PAIRS), np.arange(5.0))[0].connections()
    assert one.post.tolist() == two.post.tolist()
    assert sorted(one.weight) == sorted(two.weight)


def test_a_sparse_matrix_comes_back():
    matrix = sparse.random(30, 200, 0.1, random_state=1, format="csr")
    rule, weight = pg.from_scipy(matrix)
    found = connected(rule, weight)[0].connections()
    back = sparse.coo_matrix((found.weight, (found.pre, found.post)), (30, 200))
    assert abs(back - matrix).max() == 0


@pytest.mark.parametrize("storage", ["sparse", "dense"])
def test_a_weight_matrix_comes_back(storage):
    matrix = np.random.default_rng(1).normal(size=(30, 200))
    group = connected(pg.AllToAll(), matrix, storage=storage)[0]
    assert np.array_equal(np.asarray(group["weight"]), matrix.ravel())


def test_a_matrix_gives_the_weights_of_drawn_pairs():
    matrix = np.arange(6000.0).reshape(30, 200)
    found = connected(pg.FixedProbability(0.1), matrix)[0].connections()
    assert 400 < len(found) < 800
    assert np.array_equal(found.weight, matrix[found.pre, found.post])


@pytest.mark.parametrize("delay", [1.0, pg.Uniform(0.5, 2.0)])
def test_expressions_of_index_and_distance(delay):
    group, pre, post = connected(pg.FixedInDegree(10), "2*i_pre + exp(-distance/50)", delay)
    found = group.connections()
    assert len(found) == 2000
    distance = np.linalg.norm(pre[found.pre] - post[found.post], axis=1)
    np.testing.assert_allclose(found.weight, 2.0 * found.pre + np.exp(-distance / 50))


def test_delays_may_follow_the_distance():
    group, pre, post = connected(pg.FixedProbability(0.2), 1.0, "0.1 + distance/100")
    found = group.connections()
    distance = np.linalg.norm(pre[found.pre] - post[found.post], axis=1)
    steps = np.floor((0.1 + distance / 100) / 0.1 + 0.5)
    np.testing.assert_allclose(found.delay, steps / 10)


def test_drawn_delays_and_weights_do_not_change_the_structure():
    plain = connected(pg.FixedProbability(0.2))[0].connections()
    gamma = connected(pg.FixedProbability(0.2), pg.Gamma(2.0, 3.0), pg.Gamma(4.0, 0.2))[0]
    found = gamma.connections()
    assert np.array_equal(plain.pre, found.pre) and np.array_equal(plain.post, found.post)
    assert found.weight.mean() == pytest.approx(6.0, rel=0.1)
    assert found.delay.mean() == pytest.approx(0.8, rel=0.1)
    assert found.delay.min() >= 0.1


def test_binomial_weights_are_whole_numbers():
    weight = np.asarray(connected(pg.AllToAll(), pg.Binomial(10, 0.3))[0]["weight"])
    assert np.array_equal(weight, np.round(weight))
    assert weight.mean() == pytest.approx(3.0, rel=0.05)


def test_distance_dependent_connections_follow_the_probability():
    group, pre, post = connected(pg.DistanceDependent("exp(-distance/30)", max_distance=80.0))
    found = group.connections()
    distance = np.linalg.norm(pre[:, None] - post[None], axis=2)
    probability = np.where(distance <= 80.0, np.exp(-distance / 30), 0.0)
    mean, sd = probability.sum(), np.sqrt((probability * (1 - probability)).sum())
    assert abs(len(found) - mean) < 4 * sd
    assert distance[found.pre, found.post].max() <= 80.0


def test_distances_need_positions():
    net = pg.Network()
    a = net.population("a", 10, CELL)
    with pytest.raises(ConnectivityError, match="positions"):
        net.connect(a, a, CURRENT, pg.DistanceDependent("exp(-distance)"))
        net.compile()


@pytest.mark.parametrize(
    ("weight", "delay"), [(2.0, 1.0), (pg.Normal(2.0, 0.1), 1.0), (2.0, pg.Uniform(0.5, 2.0))]
)
def test_connections_do_not_depend_on_threads_or_storage(weight, delay):
    found = [
        connected(pg.FixedProbability(0.2), weight, delay, threads=t)[0].connections()
        for t in (1, 2, 3)
    ]
    group = connected(pg.FixedProbability(0.2), weight, delay, storage="procedural")[0]
    found.append(group.connections())
    for other in found[1:]:
        for field in ("pre", "post", "delay", "weight"):
            assert np.array_equal(getattr(other, field), getattr(found[0], field))


def test_dense_and_procedural_storage_deliver_what_sparse_storage_does():
    def voltages(storage, rule, weight, delay=0.5, threads=2):
        net = pg.Network(dt=0.1, seed=2)
        source = net.spike_source("source", 40, np.arange(40) * 0.3 + 0.1, np.arange(40))
        cells = net.population("cells", 300, CELL)
        net.connect(source, cells, CURRENT, rule, weight=weight, delay=delay, storage=storage)
        sim = net.compile(threads=threads)
        sim.run(30.0)
        return np.asarray(sim["cells"]["V"])

    for rule, weight in (
        (pg.AllToAll(), 1.5),
        (pg.AllToAll(), pg.Normal(1.0, 0.1)),
        (pg.FixedProbability(0.3), 1.5),
        (pg.FixedProbability(0.3), pg.Uniform(0, 1)),
    ):
        sparse_result = voltages("sparse", rule, weight)
        assert np.abs(sparse_result).max() > 0.1
        for storage in ("dense", "procedural", "auto"):
            assert np.array_equal(sparse_result, voltages(storage, rule, weight)), storage
    for delay in (pg.Uniform(0.1, 12.0), pg.TruncatedNormal(1.5, 0.75, 0.1)):
        for rule, weight in (
            (pg.FixedOutDegree(70), pg.Normal(1.0, 0.1)),
            (pg.FixedTotalNumber(3000), 1.5),
        ):
            sparse_result = voltages("sparse", rule, weight, delay)
            assert np.abs(sparse_result).max() > 0.1
            for threads in (1, 2, 3):
                drawn = voltages("procedural", rule, weight, delay, threads)
                assert np.array_equal(sparse_result, drawn)


def test_drawn_synapses_go_on_from_a_checkpoint(tmp_path):
    """Also those whose spikes have arrived at some of their targets only."""

    def simulation():
        net = pg.Network(dt=0.1, seed=2)
        source = net.spike_source("source", 40, np.arange(40) * 0.3 + 0.1, np.arange(40))
        cells = net.population("cells", 300, CELL)
        net.connect(source, cells, CURRENT, pg.FixedProbability(0.3), weight=pg.Uniform(0, 1),
                    delay=pg.Uniform(0.1, 12.0), storage="procedural")  # fmt: skip
        return net.compile(threads=2)

    whole, first, second = simulation(), simulation(), simulation()
    whole.run(20.0)
    first.run(7.0)
    first.save(tmp_path / "there")
    second.restore(tmp_path / "there")
    second.run(13.0)
    assert np.array_equal(whole["cells"]["V"], second["cells"]["V"])
    first.reset()
    first.run(20.0)
    assert np.array_equal(whole["cells"]["V"], first["cells"]["V"])


@pytest.mark.compiled("what lies in memory")
@pytest.mark.parametrize(
    ("rule", "weight", "expected"),
    [
        (pg.AllToAll(), 1.0, "dense"),
        (pg.FixedProbability(0.9), pg.Uniform(0, 1), "dense"),
        (pg.FixedProbability(0.9), 1.0, "sparse"),
        (pg.FixedProbability(0.6), pg.Uniform(0, 1), "sparse"),
        (pg.FixedInDegree(25, multapses=False), pg.Uniform(0, 1), "dense"),
        (pg.FixedInDegree(25), pg.Uniform(0, 1), "sparse"),
        (pg.FixedOutDegree(180, multapses=False), "i_pre + i_post", "dense"),
    ],
)
def test_the_smaller_storage_is_chosen(rule, weight, expected):
    def simulation(storage):
        net = pg.Network(dt=0.1, seed=4)
        pre, post = (net.population(n, s, CELL) for n, s in (("pre", 30), ("post", 200)))
        net.connect(pre, post, CURRENT, rule, weight=weight, delay=1.0, name="g", storage=storage)
        sim = net.compile()
        (row,) = [row for row in sim.memory() if row.what == "synapses"]
        return sim["g"].connections(), row.bytes

    (one, size), (two, sparse_size) = simulation("auto"), simulation("sparse")
    assert (size < sparse_size) == (expected == "dense")
    for field in ("pre", "post", "delay", "weight"):
        assert np.array_equal(getattr(one, field), getattr(two, field)), field


@pytest.mark.parametrize("weight", [pg.Normal(1.0, 0.1), 1.0])
def test_weights_can_be_set(weight):
    group = connected(pg.FixedProbability(0.2), weight)[0]
    group["weight"] = 3.0
    assert set(np.asarray(group["weight"])) == {3.0}
    if weight == 1.0:
        with pytest.raises(SimulationError, match="share one weight"):
            group["weight"] = np.arange(float(len(group)))
    else:
        group["weight"] = np.arange(float(len(group)))
        assert np.array_equal(group["weight"], np.arange(float(len(group))))
        group["weight"][:5] = -1.0
        assert np.asarray(group["weight"])[:6].tolist() == [-1.0] * 5 + [5.0]
    with pytest.raises(ShapeError):
        group["weight"] = [1.0, 2.0]


def test_variables_of_plastic_synapses_are_in_the_order_of_connections():
    model = pg.SynapseModel(
        on_pre="count += 1; V_post += weight", variables=dict(count=0.0, tag="i_pre")
    )
    net = pg.Network(dt=0.1)
    source = net.spike_source("source", 5, [1.0, 2.0, 2.0], [3, 3, 1])
    cells = net.population("cells", 200, CELL)
    net.connect(source, cells, model, pg.FixedProbability(0.3), weight=0.0, delay=0.5, name="g")
    sim = net.compile(threads=2)
    sim.run(5.0)
    found = sim["g"].connections()
    assert np.array_equal(np.asarray(sim["g"]["tag"]), found.pre)
    assert np.array_equal(sim["g"]["count"], np.array([0, 1, 0, 2, 0])[found.pre])
    sim["g"]["count"] = np.arange(float(len(found)))
    assert np.array_equal(sim["g"]["count"], np.arange(float(len(found))))
    sim.reset()
    assert not np.asarray(sim["g"]["count"]).any()


LEARNING = dict(
    on_pre="weight = weight + x*tau/20; V_post += 0*V_max_post",
    on_post="weight = weight - y",
    pre_trace=pg.SynapticTrace("dx/dt = -x/tau", on_spike="x += 1"),
    post_trace=pg.SynapticTrace("dy/dt = -y/tau_y", on_spike="y += 1"),
)


def learning(tau=20.0, second=None):
    """One group that learns, or two; the target never fires."""
    model = pg.NeuronModel(
        "dV/dt = (I - V)/tau",
        threshold="V > V_max",
        reset="V = 0",
        parameters=dict(tau=10.0, V_max=1e9),
    )
    net = pg.Network(dt=0.1)
    source = net.spike_source("source", 1, [1.0, 11.0], [0, 0])
    cells = net.population("cells", 2, model)
    for name, value in (("g", tau), ("h", second)):
        if value is not None:
            synapse = pg.SynapseModel(parameters=dict(tau=value, tau_y=7.0), **LEARNING)
            net.connect(source, cells, synapse, pg.AllToAll(), weight=0.0, delay=1.0, name=name)
    return net.compile(precision="float64")


def test_a_parameter_of_code_and_trace_changes_in_both():
    declared, changed = learning(tau=5.0), learning(tau=20.0)
    changed["g"]["tau"] = 5.0
    for sim in (declared, changed):
        sim.run(20.0)
    assert float(changed["g"]["tau"][()]) == float(changed["source"]["tau__pre0"][()]) == 5.0
    assert float(changed["cells"]["tau"][()]) == 10.0  # the neuron's own
    expected = (1.0 + (1.0 + np.exp(-2.0))) * 5.0 / 20.0
    for sim in (declared, changed):
        np.testing.assert_allclose(sim["g"]["weight"], expected, rtol=1e-12)
    changed["source"]["tau__pre0"] = 4.0
    assert float(changed["g"]["tau"][()]) == 4.0


def test_a_parameter_that_others_share_is_changed_for_all_or_not_at_all():
    sim = learning(tau=20.0, second=20.0)
    with pytest.raises(SimulationError, match=r"(?s)shared with h.*\['source'\]\['g.tau'\]"):
        sim["g"]["tau"] = 5.0
    assert float(sim["g"]["tau"][()]) == float(sim["source"]["tau__pre0"][()]) == 20.0
    sim["source"]["tau__pre0"] = 5.0
    assert float(sim["g"]["tau"][()]) == float(sim["h"]["tau"][()]) == 5.0
    apart = learning(tau=20.0, second=21.0)
    apart["g"]["tau"] = 5.0
    assert float(apart["h"]["tau"][()]) == 21.0
    apart["g"]["tau_y"] = 3.0  # of one trace, and of nothing else: as with a receptor
    assert float(apart["h"]["tau_y"][()]) == 3.0


def test_a_neurons_parameter_that_synapses_read_changes_there_too():
    sim = learning()
    sim["cells"]["V_max"] = 100.0
    assert float(sim["g"]["V_max_post"][()]) == 100.0
    sim["g"]["V_max_post"] = 200.0
    assert float(sim["cells"]["V_max"][()]) == 200.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("tau", "tau_y", "weight", "u") for value in (np.nan, -np.inf)),
        ("weight", 1e300),  # is infinity in float32
        ("u", 1e300),
        ("weight", "heavy"),
        ("u", "much"),
        ("tau", None),
    ],
)
def test_values_of_synapses_are_finite_numbers(name, value):
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 3, CELL)
    options = {**LEARNING, "on_pre": "weight = weight + x*tau + u"}
    model = pg.SynapseModel(parameters=dict(tau=20.0, tau_y=7.0), variables=dict(u=1.0), **options)
    net.connect(cells, cells, model, pg.AllToAll(), weight=0.5, name="g")
    sim = net.compile()
    before = np.asarray(sim["g"][name])
    with pytest.raises(PygennLiteError, match=rf"finite|NaN or infinity|{name}"):
        sim["g"][name] = value
    assert np.array_equal(sim["g"][name], before)


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (pg.FixedInDegree(5), dict(storage="procedural")),
        (pg.FixedOutDegree(5), dict(storage="dense")),
        (pg.FixedProbability(0.1), dict(storage="dense", delay=pg.Uniform(1, 2))),
        (pg.FixedProbability(0.1), dict(storage="procedural", weight=pg.Gamma(1, 1))),
        (pg.FixedProbability(0.1), dict(storage="procedural", delay="1 + 0.1*i_pre")),
    ],
)
def test_storage_that_does_not_fit_is_refused_by_name(rule, options):
    with pytest.raises(UnsupportedFeatureError, match=options["storage"].removesuffix("d")):
        connected(rule, **options)


def test_event_driven_variables_are_read_as_of_now_and_set_from_now_on():
    model = pg.SynapseModel(
        on_pre="trace += 1; V_post += weight",
        synapse_derivatives="dtrace/dt = -trace/tau_trace",
        parameters=dict(tau_trace=10.0),
        variables=dict(trace=0.0),
    )

    def make():
        net = pg.Network(dt=0.1)
        source = net.spike_source("source", 2, [1.0, 30.0], [0, 0])
        cells = net.population("cells", 100, CELL)
        net.connect(source, cells, model, pg.AllToAll(), weight=0.0, delay=0.5, name="g")
        return net.compile(precision="float64")

    sim = make()
    sim.run(11.5)
    found = sim["g"].connections()
    expected = np.where(found.pre == 0, np.exp(-1.0), 0.0)
    np.testing.assert_allclose(np.asarray(sim["g"]["trace"]), expected, rtol=1e-12)
    sim["g"]["trace"] = 2.0
    sim.run(10.0)
    np.testing.assert_allclose(np.asarray(sim["g"]["trace"]), 2.0 * np.exp(-1.0), rtol=1e-12)

    looked, untouched = make(), make()
    for _ in range(40):
        looked.run(1.0)
        looked["g"]["trace"].mean()
        untouched.run(1.0)
    assert np.array_equal(looked["g"]["trace"], untouched["g"]["trace"])


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        ("2*exp(-distance)", "is 2 at distance 0"),
        ("distance/4 - 0.5", "is -0.5 at distance 0"),
        ("log(distance - 1)", "is nan at distance 0"),
        ("1/distance", "is inf at distance 0"),
    ],
)
def test_a_probability_outside_of_0_to_1_is_refused(probability, shown):
    net = pg.Network()
    exc = net.population("exc", 3, pg.LIF(), positions=[0.0, 1.0, 2.0])
    rule = pg.DistanceDependent(probability, autapses=True)
    net.connect(exc, exc, pg.ExponentialCurrent(5.0), rule)
    with pytest.raises(ConnectivityError) as caught:
        net.compile()
    assert "'exc_exc'" in str(caught.value)
    assert shown in str(caught.value)


def test_a_probability_counts_only_where_a_synapse_is_possible():
    net = pg.Network()
    exc = net.population("exc", 3, pg.LIF(), positions=[0.0, 1.0, 2.0])
    rule = pg.DistanceDependent("1/distance", autapses=False)
    group = net.connect(exc, exc, pg.ExponentialCurrent(5.0), rule)
    assert len(net.compile()[group.name].connections()) >= 4


@pytest.mark.parametrize(
    ("rule", "delay"),
    [
        (pg.FixedProbability(0.0), "0.1 + 0.1*i_pre"),
        (pg.FixedProbability(0.0), pg.Gamma(2.0, 1.0)),
        (pg.PairList([], []), np.zeros(0)),
    ],
)
@pytest.mark.parametrize("synapse", [pg.PairSTDP(), CURRENT])
def test_a_group_without_synapses_can_be_read_run_and_saved(tmp_path, rule, delay, synapse):
    net = pg.Network(dt=0.1)
    cells = net.population("p", 5, CELL if synapse is CURRENT else pg.LIF())
    net.connect(cells, cells, synapse, rule, delay=delay, weight="1 + i_pre", name="g")
    sim = net.compile()
    assert len(sim["g"].connections()) == len(np.asarray(sim["g"]["weight"])) == 0
    sim.run(1.0)
    sim.save(tmp_path / "point.npz")
    sim.restore(tmp_path / "point.npz")


# The rule's own bounds are warned of, too; that is tested with the domains.
BEYOND_THE_BOUNDS = pytest.mark.filterwarnings("ignore:.*it is kept between w_min")


@pytest.mark.parametrize(
    "weight", [1e39, -1e39, pg.Uniform(0.0, 1e39), pg.Normal(1e39, 1.0), np.full(10, 1e39), "1e39"]
)
@pytest.mark.parametrize("synapse", [pg.PairSTDP(), CURRENT])
@BEYOND_THE_BOUNDS
def test_weights_beyond_the_precision_are_refused_by_name(weight, synapse):
    net = pg.Network(dt=0.1)
    cells = net.population("p", 10, CELL if synapse is CURRENT else pg.LIF())
    net.connect(cells, cells, synapse, pg.PairList(range(10), range(10)), weight=weight, name="g")
    with pytest.raises(PygennLiteError, match=r"group 'g': a weight .* too large for float32"):
        net.compile()


@pytest.mark.parametrize("synapse", [pg.PairSTDP(), CURRENT])
@pytest.mark.parametrize("weight", [1e39, "x", [1e39] * 10])
@BEYOND_THE_BOUNDS
def test_weights_that_are_none_are_refused_when_they_are_set(weight, synapse):
    net = pg.Network(dt=0.1)
    cells = net.population("p", 10, CELL if synapse is CURRENT else pg.LIF())
    net.connect(cells, cells, synapse, pg.OneToOne(), weight=1.0, name="g")
    sim = net.compile()
    with pytest.raises(PygennLiteError, match="g"):
        sim["g"]["weight"] = weight
    with pytest.raises(PygennLiteError, match="g"):
        sim["g"]["weight"][...] = weight
    assert set(np.asarray(sim["g"]["weight"])) == {1.0}
