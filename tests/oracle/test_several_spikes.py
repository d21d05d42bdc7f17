"""Several spikes of one neuron in one step act as if they came one after another.

Only the train of a spike source can hold them. What is right is computed in plain loops.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers_oracle import both

import pygenn_lite as pg

pytestmark = pytest.mark.usefixtures("backend")

DT = 0.1
STILL = pg.NeuronModel("dV/dt = 0*I", threshold="V > 1e6", reset="V = 0")
SHORT_TERM = dict(U=0.4, tau_rec=30.0, tau_facil=20.0)


def released(steps):
    """Parts of the weight that spikes at these steps release, by the equations of the model."""
    u, resources, last, parts = 0.0, 1.0, 0, []
    for step in sorted(steps):
        elapsed = (step - last) * DT
        u *= np.exp(-elapsed / SHORT_TERM["tau_facil"])
        resources = 1 - (1 - resources) * np.exp(-elapsed / SHORT_TERM["tau_rec"])
        u += SHORT_TERM["U"] * (1 - u)
        parts.append(u * resources)
        resources -= u * resources
        last = step
    return parts


def one_source(times, synapse, weight=1.0, delay=DT, target=STILL):
    net = pg.Network(dt=DT)
    source = net.spike_source("source", 1, times, np.zeros(len(times), int))
    cell = net.population("cell", 1, target)
    net.connect(source, cell, synapse, pg.AllToAll(), weight=weight, delay=delay, name="group")
    return net


@pytest.mark.parametrize(
    "times",
    [
        [1.0] * 2,
        [0.0] * 3,  # at the very beginning
        [1.0, 1.02, 0.97, 3.0, 3.0],  # these round to one step
        [0.0, 0.0, 0.1, 0.1, 0.1, 0.4, 0.4, 2.0, 5.0, 5.0],
    ],
)
@pytest.mark.parametrize("delay", [DT, 1.3])
def test_short_term_plasticity_releases_from_what_the_spike_before_left(times, delay):
    expected = sum(released(np.rint(np.array(times) / DT)))
    net = one_source(times, pg.TsodyksMarkram(pg.Delta(), **SHORT_TERM), delay=delay)
    run = both(net, 70)
    assert run.states["cell"]["V"][0] == pytest.approx(expected, rel=1e-12)


def test_the_same_through_a_current_whose_arrivals_come_at_the_beginning_of_a_step():
    times = [1.0, 1.0, 2.0, 2.0, 2.0]
    synapse = pg.TsodyksMarkram(pg.ExponentialCurrent(1e12), **SHORT_TERM)
    run = both(one_source(times, synapse), 40)
    found = next(v[0] for n, v in run.states["cell"].items() if n.startswith("I_syn"))
    assert found == pytest.approx(sum(released([10, 10, 20, 20, 20])), rel=1e-9)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_each_of_k_arrivals_sees_the_trace_as_its_own_spike_left_it(k):
    """The trace counts spikes: arrivals see 1, 2, ..., k."""
    counting = pg.SynapseModel(
        on_pre="seen += x; last = x; V_post += weight*x",
        pre_trace=pg.SynapticTrace("", "x += 1"),
        variables=dict(seen=0.0, last=0.0),
    )
    run = both(one_source([2.0] * k, counting, weight=2.0, delay=0.5), 40)
    assert run.synapses["group"]["seen"][0] == k * (k + 1) / 2
    assert run.synapses["group"]["last"][0] == k
    assert run.states["cell"]["V"][0] == k * (k + 1)


def test_a_postsynaptic_spike_meets_what_the_last_of_them_left():
    rule = pg.PairSTDP(pg.Delta(), A_plus=0.01, A_minus=0.0, tau_plus=20.0, w_max=100.0)
    net = one_source([1.0] * 3, rule, weight=1.0, target=pg.NeuronModel(
        "dV/dt = 1", threshold="V > 3.95", reset="V = -1e9"))  # fmt: skip
    run = both(net, 60)
    (post,) = run.spikes["cell"][0]
    expected = 1.0 + 100 * 0.01 * 3 * np.exp(-(post * DT - 1.1) / 20)
    assert run.synapses["group"]["weight"][0] == pytest.approx(expected, rel=1e-12)


def test_the_triplet_rule_counts_the_first_of_two_spikes_for_the_second():
    """Post at 10.0, two arrivals at 20.1; of the rule only the pre-pre-post term is on."""
    net = pg.Network(dt=DT)
    source = net.spike_source("source", 1, [20.0, 20.0], [0, 0])
    trigger = net.spike_source("trigger", 1, [9.9], [0])
    still = pg.NeuronModel("dz/dt = 0", threshold="z > 100", reset="z = 0")
    post = net.population("post", 1, still)
    net.connect(trigger, post, pg.Delta("z"), pg.AllToAll(), weight=500.0)
    rule = pg.TripletSTDP(pg.Delta("z"), A2_minus=0.0, A3_minus=0.5)
    net.connect(source, post, rule, pg.AllToAll(), weight=0.9, name="group")
    run = both(net, 250)
    assert run.spikes["post"][0].tolist() == [100]
    expected = 0.9 - 0.5 * np.exp(-10.1 / 33.7) * (0 + 1)
    assert run.synapses["group"]["weight"][0] == pytest.approx(expected, rel=1e-9)


def many_sources(seed=4):
    """Trains with up to four spikes of a neuron in a step, through many synapses and delays."""
    rng = np.random.default_rng(seed)
    n, m = 150, 70
    steps, neurons = rng.integers(0, 60, 400), rng.integers(0, n, 400)
    copies = rng.integers(1, 5, 400)
    steps, neurons = np.repeat(steps, copies), np.repeat(neurons, copies)
    pre, post = rng.integers(0, n, 2000), rng.integers(0, m, 2000)
    delays = rng.integers(1, 30, 2000)
    net = pg.Network(dt=DT)
    source = net.spike_source("source", n, steps * DT, neurons)
    cells = net.population("cells", m, STILL)
    net.connect(
        source, cells, pg.TsodyksMarkram(pg.Delta(), **SHORT_TERM), pg.PairList(pre, post),
        weight=1.0, delay=delays * DT,
    )  # fmt: skip
    expected = np.zeros(m)
    for k in range(2000):
        mine = np.sort(steps[neurons == pre[k]])
        expected[post[k]] += sum(released(mine))
    return net, expected


@pytest.mark.parametrize("threads", [1, 3])
def test_trains_of_many_neurons_with_many_delays(threads):
    net, expected = many_sources()
    run = both(net, 100, threads=threads)
    np.testing.assert_allclose(run.states["cells"]["V"], expected, rtol=1e-10)


def test_a_run_saved_while_such_spikes_are_on_their_way_goes_on_as_if_it_had_not_been(tmp_path):
    expected = many_sources()[1]
    first = many_sources()[0].compile(precision="float64")
    first.run(4.0)
    first.save(tmp_path / "saved.h5")
    second = many_sources()[0].compile(precision="float64")
    second.restore(tmp_path / "saved.h5")
    second.run(6.0)
    np.testing.assert_allclose(second["cells"]["V"], expected, rtol=1e-10)


@pytest.mark.compiled("what lies in memory")
def test_what_such_spikes_left_is_listed_with_the_memory_only_where_there_are_any():
    def rows(times):
        net = one_source(times, pg.TsodyksMarkram(pg.Delta(), **SHORT_TERM))
        inspected = net.compile(precision="float64").inspect()
        return {row.what: row.count for row in inspected.memory if row.name == "source"}

    assert not any("spikes of one step" in what for what in rows([1.0, 2.0]))
    twice = rows([1.0, 1.0, 2.0, 2.0, 2.0])
    assert [n for what, n in twice.items() if "spikes of one step" in what] == [3]
