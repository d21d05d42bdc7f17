"""The plan "instances": what it gives is what the plan "general" gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg


def network() -> pg.Network:
    """Noise, a train, static synapses and plastic ones."""
    net = pg.Network(dt=0.1, seed=5)
    start = {"V": pg.Uniform(-65.0, -50.0)}
    excitatory = net.population("excitatory", 40, pg.LIF(), initial=start)
    inhibitory = net.population("inhibitory", 10, pg.LIF())
    given = net.spike_source("given", 5, np.arange(1, 31, 0.5), np.arange(60) * 7 % 5)
    net.current(excitatory, 500.0)
    net.poisson(excitatory, rate=500.0, weight=30.0, synapse=pg.ExponentialCurrent(2.0))
    near, far = pg.ExponentialCurrent(2.0), pg.ExponentialCurrent(5.0)
    half = pg.FixedProbability(0.5)
    delay = pg.Uniform(0.1, 2.0)
    net.connect(excitatory, inhibitory, near, half, weight=300.0, delay=delay)
    net.connect(inhibitory, excitatory, far, half, weight=-200.0, delay=0.1)
    rule = pg.PairSTDP(near, w_max=300.0)
    net.connect(given, excitatory, rule, half, weight=100.0, delay=delay, name="learning")
    net.record(excitatory.spikes, inhibitory.spikes, given.spikes, excitatory["V"][:3])
    return net


@pytest.mark.parametrize("accumulator", ["float", "int32"])
@pytest.mark.parametrize("instances", [1, 3])
def test_it_gives_the_bits_of_the_general_plan(accumulator: str, instances: int) -> None:
    options: Any = {"driver": "emulator", "accumulator": accumulator, "instances": instances}
    results = []
    for plan in ("instances", "general"):
        sim = network().compile("cuda", plan=plan, **options)
        assert f"plan {plan}" in sim.inspect().plan
        results.append([one for many in (sim.run(20.0), sim.run(15.0)) for one in many])
    for one, other in zip(*results, strict=True):
        for name in ("excitatory", "inhibitory", "given"):
            assert len(one.spikes[name]) > 5
            assert np.array_equal(one.spikes[name].times, other.spikes[name].times)
            assert np.array_equal(one.spikes[name].indices, other.spikes[name].indices)
        ours, theirs = (r.traces["excitatory"]["V"].values for r in (one, other))
        assert np.array_equal(ours, theirs)


def test_it_refuses_networks_that_are_too_large() -> None:
    net = pg.Network(dt=0.1)
    net.population("many", 5000, pg.LIF())
    with pytest.raises(pg.errors.UnsupportedFeatureError) as raised:
        net.compile("cuda", driver="emulator", plan="instances")
    assert "an instance has 5,000 neurons; a block works on 4,096 at most" in str(raised.value)


@pytest.mark.parametrize("plan", ["instances", "general"])
def test_rows_are_drawn_at_every_spike_beside_stored_ones(plan: str) -> None:
    def run(backend: str, **options: Any) -> pg.Result:
        net = pg.Network(dt=0.1, seed=3)
        senders = net.population("senders", 50, pg.LIF(), initial={"V": pg.Uniform(-65.0, -50.0)})
        others = net.population("others", 30, pg.LIF())
        net.current(senders, 700.0)
        current = pg.ExponentialCurrent(5.0)
        delay, weight = pg.Uniform(0.1, 2.0), pg.Normal(200.0, 20.0)
        half = pg.FixedProbability(0.5)
        net.connect(
            senders, others, current, half, weight=weight, delay=delay, storage="procedural"
        )
        net.connect(senders, others, current, pg.FixedProbability(0.2), weight=100.0, delay=1.0)
        net.record(others.spikes)
        return net.compile(backend, accumulator="int32", **options).run(30.0)

    card, cpu = run("cuda", driver="emulator", plan=plan), run("cpp")
    assert len(card.spikes["others"]) > 100
    assert np.array_equal(card.spikes["others"].times, cpu.spikes["others"].times)
    assert np.array_equal(card.spikes["others"].indices, cpu.spikes["others"].indices)
