"""Plasticity against plain loops over the spikes of one synapse at a time."""

import numpy as np
import pytest
from helpers_models import EXACT, forced_population, grid_times, silent_lif, stack_pairs, trains

import pygenn_lite as pg
from pygenn_lite.models import (
    Delta,
    ExponentialConductance,
    ExponentialCurrent,
    PairSTDP,
    TripletSTDP,
    TsodyksMarkram,
    VogelsSTDP,
)

pytestmark = pytest.mark.usefixtures("backend")

DT = 0.1
SOURCES, TARGETS = 6, 5


def _learn(synapse, pre, post, *, delay, weight, duration, precision="float64", forced=False):
    """Run all-to-all plastic synapses between given trains; return their Connections."""
    net = pg.Network(dt=DT)
    if forced:  # a population with its own traces, instead of a source
        source = forced_population(net, "pre", pre)
    else:
        source = net.spike_source("pre", len(pre), *trains(pre))
    target = forced_population(net, "post", post)
    i, j = (grid.ravel() for grid in np.meshgrid(range(len(pre)), range(len(post)), indexing="ij"))
    net.connect(
        source, target, synapse, pg.PairList(i, j), weight=weight, delay=delay, name="learning"
    )
    sim = net.compile(precision=precision, threads=1)
    sim.run(duration)
    return sim["learning"].connections()


def _random_trains(seed, duration=300.0):
    rng = np.random.default_rng(seed)
    pre = [grid_times(rng, n, duration) for n in (1, 5, 20, 40, 0, 60)]
    post = [grid_times(rng, n, duration) for n in (3, 12, 30, 60, 0)]
    delay = rng.integers(1, 60, SOURCES * TARGETS) * DT
    weight = rng.uniform(0.2, 0.8, SOURCES * TARGETS)
    return pre, post, delay, weight


def _events(pre, post, delay):
    """The synapse's events in steps: (step, kind), presynaptic (0) before postsynaptic (1)."""
    (a, b), lag = stack_pairs([pre, post]), round(delay / DT)
    return sorted([(int(s) + lag, 0) for s in a] + [(int(s), 1) for s in b])


def _pair(events, w, rule, pairing, p):
    x = y = 0.0  # traces, as of step `last`
    last = 0
    for step, kind in events:
        x *= np.exp(-(step - last) * DT / p["tau_plus"])
        y *= np.exp(-(step - last) * DT / p["tau_minus"])
        last = step
        if kind == 0:
            w -= p["A_minus"] * y * (p["w_max"] if rule == "additive" else w - p["w_min"])
            x = x + 1 if pairing == "all_to_all" else 1.0
        else:
            w += p["A_plus"] * x * (p["w_max"] if rule == "additive" else p["w_max"] - w)
            y = y + 1 if pairing == "all_to_all" else 1.0
        w = min(max(w, p["w_min"]), p["w_max"])
    return w


def _triplet(events, w, p, pairing="all_to_all"):
    r1 = r2 = o1 = o2 = 0.0
    last = 0
    for step, kind in events:
        gap = (step - last) * DT
        last = step
        r1, r2 = r1 * np.exp(-gap / p["tau_plus"]), r2 * np.exp(-gap / p["tau_x"])
        o1, o2 = o1 * np.exp(-gap / p["tau_minus"]), o2 * np.exp(-gap / p["tau_y"])
        if kind == 0:
            w -= o1 * (p["A2_minus"] + p["A3_minus"] * r2)
            r1, r2 = (r1 + 1, r2 + 1) if pairing == "all_to_all" else (1.0, 1.0)
        else:
            w += r1 * (p["A2_plus"] + p["A3_plus"] * o2)
            o1, o2 = (o1 + 1, o2 + 1) if pairing == "all_to_all" else (1.0, 1.0)
        w = min(max(w, p["w_min"]), p["w_max"])
    return w


def _vogels(events, w, p):
    x = y = 0.0
    last = 0
    for step, kind in events:
        decay = np.exp(-(step - last) * DT / p["tau_stdp"])
        x, y, last = x * decay, y * decay, step
        if kind == 0:
            w += p["eta"] * (y - 2 * p["target_rate"] / 1000 * p["tau_stdp"])
            x += 1
        else:
            w += p["eta"] * x
            y += 1
        w = min(max(w, p["w_min"]), p["w_max"])
    return w


def _against_the_loop(synapse, loop, seed, **options):
    pre, post, delay, weight = _random_trains(seed)
    made = _learn(synapse, pre, post, delay=delay, weight=weight, duration=320.0, **options)
    start = {(k // TARGETS, k % TARGETS): (delay[k], weight[k]) for k in range(len(delay))}
    assert len(made.weight) == SOURCES * TARGETS
    expected, before = np.empty(len(made.weight)), np.empty(len(made.weight))
    for k, (i, j) in enumerate(zip(made.pre, made.post, strict=True)):
        d, before[k] = start[int(i), int(j)]
        expected[k] = loop(_events(pre[i], post[j], d), before[k])
    assert np.abs(expected - before).max() > 1e-3
    tolerance = 1e-11 if options.get("precision", "float64") == "float64" else 3e-6
    np.testing.assert_allclose(made.weight, expected, atol=tolerance)


@pytest.mark.parametrize(
    ("gap", "change"), [(10.0, 0.0060653), (-10.0, -0.0063686), (1.0, 0.0095123)]
)
def test_pair_stdp_window_has_the_known_values(gap, change):
    arrival = 60.0
    made = _learn(
        PairSTDP(), [[arrival - 1.5]], [[arrival + gap]], delay=1.5, weight=0.5, duration=100.0
    )
    exact = 0.01 * np.exp(-gap / 20) if gap > 0 else -0.0105 * np.exp(gap / 20)
    assert made.weight[0] - 0.5 == pytest.approx(exact, abs=1e-13)
    assert exact == pytest.approx(change, abs=1e-7)


def test_pair_stdp_window_at_every_gap():
    gaps = np.setdiff1d(np.round(np.arange(-50, 50.1, 2.5), 1), [0.0])
    pre, post = [[70.0]], [[72.0 + gap] for gap in gaps]
    made = _learn(PairSTDP(), pre, post, delay=2.0, weight=0.5, duration=150.0)
    g = gaps[made.post]
    exact = np.where(g > 0, 0.01 * np.exp(-np.abs(g) / 20), -0.0105 * np.exp(-np.abs(g) / 20))
    np.testing.assert_allclose(made.weight - 0.5, exact, atol=1e-13)


def test_of_two_spikes_at_one_time_the_presynaptic_one_comes_first():
    made = _learn(PairSTDP(), [[30.0]], [[31.0]], delay=1.0, weight=0.5, duration=50.0)
    assert made.weight[0] - 0.5 == pytest.approx(0.01, abs=1e-14)


PAIR = dict(A_plus=0.05, A_minus=0.06, tau_plus=17.0, tau_minus=34.0, w_min=0.1, w_max=0.9)
TRIPLET = dict(
    A2_plus=5e-3,
    A3_plus=6.2e-3,
    A2_minus=7e-3,
    A3_minus=4e-3,
    tau_plus=16.8,
    tau_x=101.0,
    tau_minus=33.7,
    tau_y=125.0,
    w_min=0.0,
    w_max=1.0,
)
VOGELS = dict(eta=0.02, target_rate=8.0, tau_stdp=20.0, w_min=0.0, w_max=5.0)


@pytest.mark.parametrize("pairing", ["all_to_all", "nearest"])
@pytest.mark.parametrize("rule", ["additive", "multiplicative"])
def test_pair_stdp_agrees_with_a_plain_loop(rule, pairing):
    synapse = PairSTDP(rule=rule, pairing=pairing, **PAIR)
    _against_the_loop(synapse, lambda e, w: _pair(e, w, rule, pairing, PAIR), seed=1)


def test_pair_stdp_agrees_in_single_precision_and_from_neurons_with_traces():
    synapse = PairSTDP(ExponentialConductance(), **PAIR)
    loop = lambda e, w: _pair(e, w, "additive", "all_to_all", PAIR)  # noqa: E731
    _against_the_loop(synapse, loop, seed=2, precision="float32", forced=True)


@pytest.mark.parametrize("pairing", ["all_to_all", "nearest"])
def test_triplet_stdp_agrees_with_a_plain_loop(pairing):
    synapse = TripletSTDP(pairing=pairing, **TRIPLET)
    _against_the_loop(synapse, lambda e, w: _triplet(e, w, TRIPLET, pairing), seed=3)


@pytest.mark.long("30,000 steps")
def test_triplet_stdp_of_a_pairing_protocol_has_its_closed_form():
    # 60 pairs at frequency rho, as Pfister and Gerstner's figure 2: geometric sums of triplets.
    p = dict(TRIPLET, A2_plus=5e-10, A3_plus=6.2e-3, A2_minus=7e-3, A3_minus=2.3e-4)
    period, gap, n = 50.0, 10.0, 60
    post_times = 20.0 + period * np.arange(n)
    made = _learn(
        TripletSTDP(**dict(p, w_min=-100.0, w_max=100.0)),
        [post_times - gap - 1.0],
        [post_times],
        delay=1.0,
        weight=0.0,
        duration=post_times[-1] + 10,
    )

    def before(k, tau, lag=0.0):  # a trace just before event k of a train of this period
        return sum(np.exp(-(m * period + lag) / tau) for m in range(1, k + 1))

    change = 0.0
    for k in range(n):
        o1 = before(k, p["tau_minus"], -gap)
        r1 = np.exp(-gap / p["tau_plus"]) * (1 + before(k, p["tau_plus"]))
        change -= o1 * (p["A2_minus"] + p["A3_minus"] * before(k, p["tau_x"]))
        change += r1 * (p["A2_plus"] + p["A3_plus"] * before(k, p["tau_y"]))
    assert made.weight[0] == pytest.approx(change, abs=1e-11)


@pytest.mark.parametrize(
    ("rule", "parameters", "options"),
    [
        (PairSTDP, PAIR, dict(rule="additive")),
        (PairSTDP, PAIR, dict(rule="multiplicative", pairing="nearest")),
        (TripletSTDP, TRIPLET, {}),
        (VogelsSTDP, VOGELS, {}),
    ],
)
def test_inhibitory_weights_learn_as_the_mirror_image_of_excitatory_ones(rule, parameters, options):
    """Negative weights between -w_max and -w_min grow in size where positive ones grow."""
    pre, post, delay, weight = _random_trains(5)
    p = {**parameters, **options}
    mirrored = {**p, "w_min": -p["w_max"], "w_max": -p["w_min"]}
    runs = dict(delay=delay, duration=320.0)
    excitatory = _learn(rule(Delta("V"), **p), pre, post, weight=weight, **runs)
    inhibitory = _learn(rule(Delta("V"), **mirrored), pre, post, weight=-weight, **runs)
    assert np.abs(excitatory.weight - weight.mean()).max() > 0.01
    np.testing.assert_allclose(inhibitory.weight, -excitatory.weight, atol=1e-13)


def test_an_inhibitory_weight_grows_by_the_bound_it_grows_towards():
    made = _learn(
        PairSTDP(Delta(), A_plus=0.1, A_minus=0.1, w_min=-10.0, w_max=0.0),
        [[1.0]],
        [[5.0]],
        delay=0.1,
        weight=-5.0,
        duration=10.0,
    )
    assert made.weight[0] == pytest.approx(-5.0 - 0.1 * 10 * np.exp(-3.9 / 20), abs=1e-12)


def test_vogels_plasticity_agrees_with_a_plain_loop():
    synapse = VogelsSTDP(ExponentialConductance(10.0, E_rev=-80.0), **VOGELS)
    _against_the_loop(synapse, lambda e, w: _vogels(e, w, VOGELS), seed=4)


def stationary_resources(rate, U=0.5, tau_rec=800.0):
    left = np.exp(-1000 / rate / tau_rec)
    return (1 - left) / (1 - (1 - U) * left)


def _releases(train, U, tau_rec, tau_facil):
    """Released fraction at each spike, by the recursion over intervals."""
    R, u, last, releases = 1.0, 0.0, None, []
    for spike in train:
        if last is not None:
            R = 1 - (1 - R) * np.exp(-(spike - last) / tau_rec)
            u = u * np.exp(-(spike - last) / tau_facil) if tau_facil else 0.0
        u = u + U * (1 - u)
        releases.append(u * R)
        R -= u * R
        last = spike
    return np.array(releases)


def _potential(arrivals, amplitudes, t, tau_m=10.0, tau_s=2.0, C=250.0):
    s = t[:, None] - np.asarray(arrivals)[None, :]
    s = np.where(s > 0, s, 0.0)
    psp = (np.exp(-s / tau_m) - np.exp(-s / tau_s)) / (1 / tau_s - 1 / tau_m) / C
    return psp @ amplitudes


@pytest.mark.parametrize("tau_facil", [0.0, 530.0])
def test_tsodyks_markram_agrees_with_a_plain_recursion(tau_facil):
    U, tau_rec, weight = 0.3, 130.0, 250.0
    rng = np.random.default_rng(6)
    lists = [grid_times(rng, n, 200.0) for n in (1, 4, 15, 60)]
    net = pg.Network(dt=DT)
    source = net.spike_source("s", 4, *trains(lists))
    target = net.population("p", 4, silent_lif())
    synapse = TsodyksMarkram(ExponentialCurrent(2.0), U=U, tau_rec=tau_rec, tau_facil=tau_facil)
    delays = np.array([0.1, 3.0, 0.7, 12.5])
    net.connect(source, target, synapse, pg.OneToOne(), weight=weight, delay=1.2, name="same")
    net.connect(
        source,
        target,
        synapse,
        pg.PairList(np.arange(4), np.arange(4)),
        weight=-weight,
        delay=delays,
        name="different",
    )
    net.record(target["V"])
    result = net.compile(**EXACT).run(230.0)
    trace = result.traces["p"]["V"]
    for k, train in enumerate(lists):
        amplitudes = weight * _releases(train, U, tau_rec, tau_facil)
        t = np.asarray(trace.times)
        expected = _potential(train + 1.2, amplitudes, t) - _potential(
            train + delays[k], amplitudes, t
        )
        np.testing.assert_allclose(trace.values[:, k], expected, atol=1e-11)


@pytest.mark.long("120,000 steps")
def test_tsodyks_markram_has_the_known_stationary_resources():
    rates = [1.0, 5.0, 20.0, 50.0]
    known = [0.832795, 0.362266, 0.114252, 0.048190]
    np.testing.assert_allclose([stationary_resources(r) for r in rates], known, atol=1e-6)
    lists = [np.arange(1, 12 * rate + 1) * 1000 / rate for rate in rates]
    net = pg.Network(dt=DT)
    source = net.spike_source("s", 4, *trains(lists))
    target = net.population("p", 4, silent_lif(tau=1.0))
    net.connect(source, target, TsodyksMarkram(Delta()), pg.OneToOne(), weight=1.0, delay=DT)
    net.record(target["V"])
    values = net.compile(**EXACT).run(12001.0).traces["p"]["V"].values
    for k, (train, R) in enumerate(zip(lists, known, strict=True)):
        arrival = round(train[-1] / DT) + 1
        # The potential has forgotten earlier spikes but for exp(-20): the jump is U R.
        jump = values[arrival - 1 : arrival + 2, k].max() - values[arrival - 1, k]
        decayed = (1.0, np.exp(-DT))
        assert min(abs(jump - 0.5 * R * d) for d in decayed) < 2e-6


def test_a_static_synapse_and_a_rule_without_effect_give_the_same_potentials():
    net = pg.Network(dt=DT)
    rng = np.random.default_rng(8)
    source = net.spike_source("s", 10, *trains([grid_times(rng, 20, 100.0) for _ in range(10)]))
    traces = []
    for name, synapse in (
        ("static", ExponentialCurrent(3.0)),
        ("plastic", PairSTDP(ExponentialCurrent(3.0), A_plus=0.0, A_minus=0.0, w_max=100.0)),
    ):
        target = net.population(name, 4, silent_lif())
        net.connect(source, target, synapse, pg.AllToAll(), weight=50.0, delay=1.7)
        traces.append(target)
    net.record(*(target["V"] for target in traces))
    result = net.compile(**EXACT).run(110.0)
    static, plastic = (result.traces[name]["V"].values for name in ("static", "plastic"))
    assert np.abs(static).max() > 1
    np.testing.assert_allclose(plastic, static, atol=1e-12)
