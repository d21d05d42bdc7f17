"""Small networks that the tests of the runtime share."""

import pygenn_lite as pg

LIF = pg.NeuronModel(
    "dV/dt = (E_L - V + I) / tau",
    threshold="V > V_th",
    reset="V = V_r",
    refractory="t_ref",
    parameters=dict(tau=20.0, E_L=-49.0, V_th=-50.0, V_r=-60.0, t_ref=5.0),
    initial=dict(V=pg.Uniform(-60.0, -50.0)),
    name="lif",
)


def balanced_network(seed=1, neurons=1000, recorded=True):
    """Excitatory and inhibitory neurons with drawn weights and delays; all of it fires."""
    net = pg.Network(dt=0.1, seed=seed, name="balanced")
    exc = net.population("exc", neurons * 4 // 5, LIF)
    inh = net.population("inh", neurons // 5, LIF, parameters=dict(tau=pg.Normal(20.0, 1.0)))
    for source, mean, tau in ((exc, 2.0, 5.0), (inh, -10.0, 10.0)):
        for target in (exc, inh):
            net.connect(
                source,
                target,
                pg.ExponentialCurrent(tau=tau),
                pg.FixedProbability(0.05),
                weight=pg.Normal(mean, abs(mean) / 10),
                delay=pg.Uniform(0.2, 3.0),
            )
    net.poisson(exc, 100.0, weight=1.0, synapse=pg.ExponentialCurrent(tau=5.0), sources=5)
    net.poisson(inh, pg.Uniform(50.0, 150.0), weight=0.5, variable="V")
    if recorded:
        net.record(exc.spikes, inh.spikes[::2], exc["V"][:7])
    return net


def plastic_network(seed=3, neurons=200):
    """A learning group with delays that differ, and a static one."""
    net = pg.Network(dt=0.1, seed=seed, name="plastic")
    exc = net.population("exc", neurons, LIF)
    net.connect(
        exc,
        exc,
        pg.models.PairSTDP(),
        pg.FixedProbability(0.1, autapses=False),
        weight=pg.Uniform(0.2, 0.6),
        delay=pg.Uniform(0.5, 2.0),
        name="learning",
    )
    net.poisson(exc, 50.0, weight=1.0, variable="V", sources=4)
    net.record(exc.spikes)
    return net


def same_spikes(first, second):
    """Whether two results hold the same spikes, exactly."""
    assert set(first.spikes) == set(second.spikes)
    return all(
        first.spikes[p].steps.tolist() == second.spikes[p].steps.tolist()
        and first.spikes[p].indices.tolist() == second.spikes[p].indices.tolist()
        for p in first.spikes
    )
