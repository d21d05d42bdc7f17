"""The library's neurons against a solver of high order, over their range, in both precisions."""

from functools import cache

import numpy as np
import pytest
from high_order_models import ADEX, CASES, DURATION, NAUD, known

import pygenn_lite as pg

# (number of spikes, first, last) for each current, by LSODA with tolerances of 1e-9: what
# high_order_models.py prints.
KNOWN = {
    "adex_cut_low": [(1, 49.377, 49.377), (5, 11.729, 81.321), (40, 1.719, 97.446)],
    "adex": [(1, 49.441, 49.441), (5, 11.791, 81.642), (40, 1.771, 99.455)],
    "adex_cut_at_0": [(1, 49.441, 49.441), (5, 11.791, 81.642), (40, 1.771, 99.455)],
    "izhikevich_regular": [(2, 5.382, 71.872), (6, 1.803, 80.667), (32, 0.576, 95.998)],
    "izhikevich_chattering": [(9, 5.382, 98.719), (24, 1.803, 97.995), (110, 0.576, 99.227)],
    "izhikevich_fast": [(7, 5.511, 99.829), (33, 1.809, 98.963), (134, 0.576, 99.973)],
    "qif": [(2, 31.316, 94.148), (6, 7.754, 86.294), (32, 1.471, 98.881)],
    "squid_rk4": [(6, 2.376, 88.223), (9, 1.271, 94.324), (12, 0.759, 95.834)],
    "squid": [(6, 2.376, 88.223), (9, 1.271, 94.324), (12, 0.759, 95.834)],
    "traub_miles_rk4": [(3, 5.502, 68.809), (9, 2.447, 99.092), (27, 0.837, 99.626)],
    "traub_miles": [(3, 5.502, 68.809), (9, 2.447, 99.092), (27, 0.837, 99.626)],
    "fitzhugh_nagumo": [(3, 3.291, 89.634), (3, 2.376, 80.065), (3, 1.367, 82.329)],
    "lif_conductance": [(1, 47.958, 47.958), (8, 8.109, 99.874), (14, 2.107, 94.501)],
    "adaptive_threshold": [(2, 32.189, 70.729), (5, 13.863, 85.202), (19, 2.862, 95.214)],
}
# By how many steps an interval may be too long. An upstroke needs a step or two to be noticed;
# exponential Euler, of first order, stretches the intervals of cells with ion channels by more.
STRETCH = dict.fromkeys(CASES, 1.0) | {
    **{name: 3.0 for name in CASES if name.startswith(("adex", "izhikevich"))},
    "squid": 17.0,
    "traub_miles": 22.0,
}


@cache
def trains(backend: str, precision: str, dt: float) -> dict[str, list[np.ndarray]]:
    """Spike times of all cases, for each current, from one network."""
    net = pg.Network(dt=dt)
    for name, case in CASES.items():
        cells = net.population(name, len(case.currents), case.model)
        net.current(cells, np.array(case.currents))
        net.record(cells.spikes)
    spikes = net.compile(backend, precision=precision, threads=1).run(DURATION).spikes
    return {
        name: [spikes[name].times[spikes[name].indices == k] for k in range(len(case.currents))]
        for name, case in CASES.items()
    }


@pytest.mark.long("5,000 steps of all neuron models")
@pytest.mark.parametrize("dt", [0.02, 0.05])
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_spikes_are_those_of_a_solver_of_high_order(backend, name, precision, dt):
    late = STRETCH[name] * dt
    for times, (count, first, last) in zip(
        trains(backend, precision, dt)[name], KNOWN[name], strict=True
    ):
        assert abs(len(times) - count) <= max(1, 0.15 * count)
        assert -1e-3 <= times[0] - first <= late
        if count > 1:
            longer = (times[-1] - times[0]) / (len(times) - 1) - (last - first) / (count - 1)
            assert abs(longer) <= late


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_known_spikes_are_what_the_solver_gives(name):
    np.testing.assert_allclose(known(CASES[name]), KNOWN[name], atol=2e-3)


def adex_runs(models, currents, duration, precision):
    """Spike counts and last w of several AdEx populations of one network."""
    net = pg.Network(dt=0.1)
    for name, model in models.items():
        net.current(net.population(name, len(currents), model), currents)
    sim = net.compile(precision=precision, threads=1)
    sim.run(duration)
    return {name: (sim[name].spike_counts(), np.asarray(sim[name]["w"])) for name in models}


CUTS = {"follows": None, **{f"cut_{k}": cut for k, cut in enumerate((-40, -20, 0, 20, 60))}}


@pytest.mark.usefixtures("backend")
@pytest.mark.long("5,000 steps of 6 populations")
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_adex_fires_the_patterns_of_naud_wherever_it_is_cut(precision):
    expected = [51, 10, 10, 9, 36, 26, 1, 27]  # LSODA, cut at V_T + 10 D_T
    values = dict(zip(ADEX, NAUD.T, strict=False))
    start = dict(V=NAUD[:, 2], w=0.0)
    models = {name: pg.AdEx(**values, V_cut=cut, initial=start) for name, cut in CUTS.items()}
    for name, (counts, _) in adex_runs(models, NAUD[:, -1], 500.0, precision).items():
        np.testing.assert_allclose(counts, expected, atol=2, err_msg=name)


@pytest.mark.usefixtures("backend")
@pytest.mark.long("5,000 steps of 6 populations")
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_adex_whose_threshold_moves_is_cut_where_it_belongs(precision):
    values = dict(V_T=np.array([-50.4, -50.4, -35.0]), D_T=np.array([2.0, 0.5, 2.0]))
    models = {name: pg.AdEx(**values, V_cut=cut) for name, cut in CUTS.items()}
    # At -40 and -20 mV the third neuron would be cut below its threshold.
    models = {name: models[name] for name in ("follows", "cut_2", "cut_3", "cut_4")}
    currents = np.array([1000.0, 1500.0, 1500.0])
    for name, (counts, w) in adex_runs(models, currents, 500.0, precision).items():
        np.testing.assert_allclose(counts, [17, 36, 16], atol=1, err_msg=name)
        assert np.all(np.abs(w) < 1000.0), name


@pytest.mark.usefixtures("backend")
def test_the_cut_of_adex_follows_its_threshold_between_runs():
    counts = []
    for declared, later in ((-35.0, None), (-50.4, -35.0)):
        net = pg.Network(dt=0.1)
        net.current(net.population("cells", 1, pg.AdEx(b=0.0, V_T=declared)), 1500.0)
        sim = net.compile(precision="float64", threads=1)
        if later is not None:
            sim["cells"]["V_T"] = later
        sim.run(100.0)
        counts.append(int(sim["cells"].spike_counts()[0]))
    assert counts[0] == counts[1] >= 5


@pytest.mark.usefixtures("backend")
@pytest.mark.long("3,000 steps with many arrivals")
def test_a_higher_cut_changes_nothing_where_conductances_are_strong():
    """Ten times the leak: what lies low, at V_T + 5 D_T, would be pulled back from there."""
    net = pg.Network(dt=0.1, seed=3)
    rng = np.random.default_rng(1)
    times, indices = np.sort(rng.uniform(1, 290, 6000)), rng.integers(0, 50, 6000)
    source = net.spike_source("source", 50, times, indices)
    names = ("follows", "cut_2", "cut_4")
    for name in names:
        cells = net.population(name, 50, pg.AdEx(V_cut=CUTS[name]))
        net.current(cells, np.linspace(0.0, 2000.0, 50))
        for kind, synapse, delay in (
            ("excites", pg.ExponentialConductance(3.0, E_rev=0.0), 0.1),
            ("inhibits", pg.ExponentialConductance(10.0, E_rev=-80.0), 1.0),
            ("jumps", pg.Delta(), 3.0),
        ):
            weight = dict(excites="2 + 2*i_pre", inhibits="5 + i_pre", jumps="0.4*i_pre")[kind]
            label = f"{name}_{kind}"
            net.connect(
                source, cells, synapse, pg.OneToOne(), weight=weight, delay=delay, name=label
            )
    sim = net.compile(precision="float32", threads=1)
    sim.run(300.0)
    counts, w = ([f(sim[name]) for name in names] for f in (lambda v: v.spike_counts(), _largest_w))
    assert counts[0].sum() > 1000
    for other in (1, 2):
        np.testing.assert_allclose(counts[other].sum(), counts[0].sum(), rtol=0.03)
        assert w[other] == pytest.approx(w[0], rel=0.05)


def _largest_w(view):
    return float(np.abs(np.asarray(view["w"])).max())


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
def test_upstrokes_stay_harmless_at_coarse_steps(dt, precision):
    """The last step of an upstroke shows potentials that no trajectory has. They must not drive
    the slow variable, whatever the step."""
    currents = np.array([20.0, 100.0])
    net = pg.Network(dt=dt)
    fast = pg.Izhikevich("fast_spiking", scheme="equations")
    regular = pg.Izhikevich(scheme="equations")
    for name, model in (("fast", fast), ("regular", regular)):
        net.current(net.population(name, 2, model), currents)
    sharp = pg.AdEx(D_T=0.2, V_cut=60.0, a=10.0)
    net.current(net.population("adex", 2, sharp), 40 * currents)
    net.current(net.population("qif", 2, pg.QIF(tau=0.01)), currents)
    sim = net.compile(precision=precision, threads=1)
    sim.run(100.0)
    # Highest u with LSODA: 20.6 and 83.0.
    assert np.all(np.asarray(sim["fast"]["u"]) < 21.0)
    assert np.all(np.asarray(sim["regular"]["u"]) < 84.0)
    assert np.all(np.asarray(sim["adex"]["w"]) < 6000.0)
    if dt < 1:  # LSODA: 6
        assert abs(int(sim["regular"].spike_counts()[0]) - 6) <= 1
    assert np.all(np.isfinite(np.asarray(sim["qif"]["V"])))
