"""Networks of the library: their declarations against the papers, their rates against other
simulators. Tolerances come from the spread between networks that the known answers give."""

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen.plan.memory import available_memory

pytestmark = [
    pytest.mark.usefixtures("backend"),
    pytest.mark.long("thousands of neurons, or a minute of learning"),
]

POPULATIONS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")


def _rates(name, duration, warmup, changes=None, **options):
    """Mean rates by population, Hz, after the warm-up; and the result itself."""
    net, _ = pg.load_network(name, changes)
    result = net.compile(**options).run(warmup + duration)
    rates = {}
    for population, spikes in result.spikes.items():
        counted = np.count_nonzero(spikes.times > warmup)
        rates[population] = 1000 * counted / duration / net.populations[population].size
    return rates, result


def _mean(rates, net_sizes):
    total = sum(rates[name] * size for name, size in net_sizes.items())
    return total / sum(net_sizes.values())


@pytest.mark.parametrize(
    ("g", "nu_ext", "known", "tolerance"),
    [
        (3.0, 2.0, 333.1, 0.01),
        (6.0, 4.0, 57.95, 0.02),
        (5.0, 2.0, 37.38, 0.02),
        (4.5, 0.9, 5.96, 0.08),  # slow oscillations: the rate of 400 ms varies
    ],
)
def test_brunel_network_has_the_rate_of_each_regime(g, nu_ext, known, tolerance):
    duration = 100.0 if g == 3.0 else 400.0
    rates, _ = _rates("brunel", duration, 100.0, {"constants.g": g, "constants.nu_ext": nu_ext})
    assert _mean(rates, dict(exc=10_000, inh=2_500)) == pytest.approx(known, rel=tolerance)


def test_brunel_regimes_differ_in_synchrony_and_irregularity():
    synchronous, regular = _rates("brunel", 100.0, 100.0, {"constants.g": 3})
    asynchronous, irregular = _rates("brunel", 300.0, 100.0, {"constants.g": 5})
    assert _irregularity(irregular.spikes["exc"], 100.0) > 5 * _irregularity(
        regular.spikes["exc"], 100.0
    )
    assert synchronous["exc"] > asynchronous["exc"]


def _irregularity(spikes, warmup):
    """Mean coefficient of variation of the intervals of neurons with at least 4 spikes."""
    kept = spikes.times > warmup
    times, indices = spikes.times[kept], spikes.indices[kept]
    order = np.lexsort((times, indices))
    times, indices = times[order], indices[order]
    variations = []
    for train in np.split(times, np.flatnonzero(np.diff(indices)) + 1)[:2000]:
        if len(train) >= 4:
            intervals = np.diff(train)
            variations.append(intervals.std() / intervals.mean())
    return np.mean(variations)


def test_cuba_rate_is_that_of_other_simulators():
    rates, result = _rates("cuba", 1000.0, 0.0)
    # 20 networks elsewhere: 5.597 +- 0.216 Hz
    assert _mean(rates, dict(exc=3200, inh=800)) == pytest.approx(5.597, abs=4 * 0.216)
    assert 0.3 < _irregularity(result.spikes["exc"], 0.0) < 1.0


def test_cobahh_rate_is_that_of_other_simulators():
    rates, _ = _rates("cobahh", 1000.0, 0.0)
    # 5 networks elsewhere: 37.5 +- 2.7 Hz
    assert _mean(rates, dict(exc=3200, inh=800)) == pytest.approx(37.5, abs=4 * 2.7)


def test_izhikevich_network_has_the_published_rates():
    exc, inh = [], []
    for seed in range(4):
        rates, _ = _rates("izhikevich2003", 1000.0, 0.0, {"network.seed": seed}, threads=1)
        exc.append(rates["exc"])
        inh.append(rates["inh"])
    # 20 networks elsewhere: 7.58 +- 0.18 and 7.33 +- 0.24 Hz
    assert np.mean(exc) == pytest.approx(7.58, abs=4 * 0.18 / 2)
    assert np.mean(inh) == pytest.approx(7.33, abs=4 * 0.24 / 2)


def test_stdp_network_settles_by_competition():
    net, _ = pg.load_network("stdp", {"constants.A": 0.02})
    sim = net.compile(threads=1)
    before = np.asarray(sim["learning"].connections().weight) / 0.015
    early = sim.run(2_000.0).spikes["neuron"].times.size / 2
    late_result = sim.run(60_000.0)
    late = np.count_nonzero(late_result.spikes["neuron"].times > 42_000.0) / 20
    after = np.asarray(sim["learning"].connections().weight) / 0.015
    assert before.min() >= 0 and before.max() <= 1
    assert after.min() >= 0 and after.max() <= 1
    # Uniform at first; then most weights near a bound, and the rate has come down.
    assert np.mean((before < 0.2) | (before > 0.8)) == pytest.approx(0.4, abs=0.08)
    assert np.mean((after < 0.2) | (after > 0.8)) > 0.5
    assert late < 0.5 * early
    assert late > 1


def test_inhibitory_plasticity_brings_the_rate_near_its_target():
    net, _ = pg.load_network("vogels2011", {"constants.eta": 0.2})
    sim = net.compile()
    early = sim.run(100.0).rates()["exc"]
    sim.run(1_900.0)
    late = sim.run(1_000.0).rates()["exc"]
    # 3 Hz is the target; correlations within the network keep it a little above.
    assert early > 20
    assert 3.0 < late < 5.0
    weights = np.asarray(sim["learning"].connections().weight)
    assert weights.min() >= 0 and 1 < weights.mean() < 4


def test_microcircuit_has_the_published_numbers():
    net, settings = pg.load_network("microcircuit")
    assert tuple(net.populations) == POPULATIONS
    sizes = [net.populations[name].size for name in POPULATIONS]
    assert sizes == [20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948]
    assert sum(sizes) == 77_169
    total = 0
    for group in net.groups.values():
        n_pre, n_post = net.populations[group.source].size, net.populations[group.target].size
        p = group.connectivity.probability
        total += round(np.log1p(-p) / np.log1p(-1 / (n_pre * n_post)))
        excitatory = group.source.endswith("E")
        doubled = (group.source, group.target) == ("L4E", "L23E")
        mean = 87.8085 * ((2 if doubled else 1) if excitatory else -4)
        assert group.weight == pg.Normal(mean, 0.1 * abs(mean)) or np.allclose(
            [group.weight.mean, group.weight.std], [mean, 0.1 * abs(mean)], rtol=1e-12
        )
        delay = 1.5 if excitatory else 0.75
        assert group.delay == pg.TruncatedNormal(delay, delay / 2, low=0.1)
        assert group.connectivity.autapses and group.connectivity.multapses
    assert len(net.groups) == 64 - 9
    assert 2.98e8 < total < 3.00e8
    sources = [
        round(i.sources if np.isscalar(i.sources) else i.sources.array[0]) for i in net.inputs
    ]
    assert sources == [1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100]
    assert settings.reference_rates["L4E"] == 4.414
    assert dict(settings.full_scale_rates) == dict(settings.reference_rates)


NEST_AT_A_TENTH = dict(
    zip(POPULATIONS, (0.49, 2.12, 3.98, 5.01, 6.55, 7.79, 0.84, 7.02), strict=True)
)


def test_microcircuit_at_a_tenth_has_the_rates_of_nest():
    net, settings = pg.load_network("microcircuit")
    small = pg.scale_network(net, 0.1, settings.full_scale_rates)
    result = small.compile().run(3500.0)
    rates = result.rates(warmup=500.0)
    for name, rate in NEST_AT_A_TENTH.items():
        # One seed there, one here, 3 s: 10 %, or 0.15 Hz for the quiet populations.
        assert rates[name] == pytest.approx(rate, rel=0.1, abs=0.15), name


def test_microcircuit_at_a_quarter_comes_nearer_to_the_published_rates():
    """Scaling keeps mean and variance of the inputs, not their correlations: what that costs layer
    2/3 must lie between a tenth and the full network; the other layers hardly feel it."""
    net, settings = pg.load_network("microcircuit")
    quarter = pg.scale_network(net, 0.25, settings.full_scale_rates)
    rates = quarter.compile().run(2500.0).rates(warmup=500.0)
    for name, rate in settings.reference_rates.items():
        if name.startswith("L23"):
            assert NEST_AT_A_TENTH[name] < rates[name] < rate, name
        else:
            assert rates[name] == pytest.approx(rate, rel=0.08, abs=0.1), name


@pytest.mark.slow
def test_microcircuit_at_full_scale_has_the_published_rates():
    available = available_memory()
    if available is not None and available < 3 * 2**30:
        pytest.skip("NOT TESTED: the microcircuit at full scale, which needs 2 GiB of memory")
    net, settings = pg.load_network("microcircuit")
    rates = net.compile().run(5500.0).rates(warmup=500.0)
    for name, rate in settings.reference_rates.items():
        assert rates[name] == pytest.approx(rate, rel=0.1, abs=0.15 if rate < 1.5 else 0), name
