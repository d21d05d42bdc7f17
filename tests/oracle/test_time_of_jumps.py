"""The rules of docs/time.md for jumps: when they act, what sees them, where refractoriness ends.

Times are counted by hand; the interpreter and compiled code are both held to them.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers_oracle import both

import pygenn_lite as pg

pytestmark = pytest.mark.usefixtures("backend")

DT = 0.1
STILL = pg.NeuronModel("dV/dt = 0*I", threshold="V > 10", reset="V = 0")
LEAKY = pg.NeuronModel("dV/dt = -V/10.0", threshold="V > 10", reset="V = 0")
COUNTED = pg.SynapseModel(
    on_pre="V_post += weight; count += 1", variables=dict(count=0.0), name="counted"
)
KINDS = {
    "static": pg.Delta(),
    "stdp": pg.PairSTDP(pg.Delta(), A_plus=0.0, A_minus=0.0, w_min=-100.0, w_max=100.0),
    "short_term": pg.TsodyksMarkram(pg.Delta(), U=1.0, tau_rec=1e-3),
    "counted": COUNTED,
    "every_step": pg.SynapseModel(
        on_pre="V_post += weight*c; c += 0",
        synapse_derivatives="dc/dt = 0*c",
        variables=dict(c=1.0),
        event_driven=False,
    ),
}


def steps_of(run, name):
    return run.spikes[name][0].tolist()


def jumps(net, target, synapse, times, weight, delay=DT):
    """Jumps of one neuron, which arrive at the given times (from `delay` on)."""
    name = f"source{len(net.populations)}"
    source = net.spike_source(name, 1, np.asarray(times) - delay, np.zeros(len(times), int))
    return net.connect(source, target, synapse, pg.AllToAll(), weight=weight, delay=delay)


# ---------------------------------------------------------------- what carries a jump


@pytest.mark.parametrize("weight", [20.0, 10.05])  # 10.05 would have decayed a step later
def test_a_jump_across_the_threshold_makes_a_spike_of_its_own_time_whatever_carries_it(weight):
    net = pg.Network(dt=DT)
    for name, synapse in KINDS.items():
        jumps(net, net.population(name, 1, LEAKY), synapse, [2.0, 3.1], weight, delay=1.0)
    run = both(net, 50)
    for name in KINDS:
        assert steps_of(run, name) == [20, 31], name
        assert run.traces[name]["V"][20, 0] == 0.0  # recorded as it is at that time: reset


def test_a_jump_is_recorded_at_its_own_time_whatever_carries_it():
    net = pg.Network(dt=DT)
    for name, synapse in KINDS.items():
        jumps(net, net.population(name, 1, LEAKY), synapse, [2.0], 5.0)
    run = both(net, 30)
    for name in KINDS:
        trace = run.traces[name]["V"][:, 0]
        assert np.all(trace[:20] == 0.0), name
        np.testing.assert_allclose(trace[20:], 5 * np.exp(-np.arange(10) * DT / 10), rtol=1e-12)


def test_opposite_jumps_at_one_time_cancel_whatever_carries_them():
    net = pg.Network(dt=DT)
    for up, increasing in KINDS.items():
        for down, falling in KINDS.items():
            cell = net.population(f"{up}_{down}", 1, LEAKY)
            jumps(net, cell, increasing, [1.0], 20.0)
            jumps(net, cell, falling, [1.0], -20.0, delay=0.4)
    run = both(net, 15)
    for name in run.spikes:
        if "_" in name:
            assert steps_of(run, name) == [], name
            assert np.abs(run.traces[name]["V"]).max() < 1e-12, name


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_network_spikes_alike_whatever_carries_its_jumps(threads):
    def spikes(synapse):
        net = pg.Network(dt=DT, seed=5)
        cells = net.population(
            "cells", 150, pg.LIF(t_ref=0.3), initial=dict(V=pg.Uniform(-65, -51))
        )
        delays = pg.Uniform(DT, 2.0)
        net.poisson(cells, 9000.0, weight=0.3, variable="V")
        net.connect(
            cells,
            cells,
            synapse,
            pg.FixedProbability(0.1),
            weight=pg.Uniform(-2.0, 4.0),
            delay=delays,
        )
        net.record(cells.spikes)
        return net.compile(precision="float64", threads=threads).run(30.0).spikes["cells"]

    static, plastic = spikes(pg.Delta()), spikes(COUNTED)
    assert len(static.steps) > 300
    assert np.array_equal(static.steps, plastic.steps)
    assert np.array_equal(static.indices, plastic.indices)


def test_a_run_that_is_saved_between_departure_and_arrival_goes_on_as_if_it_had_not_been(tmp_path):
    def network():
        net = pg.Network(dt=DT, seed=3)
        cells = net.population("cells", 3, LEAKY)
        for k, delay in enumerate([0.1, 0.4, 1.0]):
            source = net.spike_source(f"s{k}", 3, [0.5, 0.6, 0.7, 0.9], [0, 1, 2, 0])
            net.connect(source, cells, COUNTED, pg.OneToOne(), weight=6.0 + k, delay=delay)
        net.record(cells.spikes)
        return net

    def pairs(result):
        return list(zip(result.spikes["cells"].steps, result.spikes["cells"].indices, strict=True))

    whole = network().compile(precision="float64")
    expected = pairs(whole.run(3.0))
    assert len(expected) > 3
    for stop in (5, 6, 8, 9, 10, 15):
        first = network().compile(precision="float64")
        begun = pairs(first.run(stop * DT))
        first.save(tmp_path / f"{stop}.h5")
        second = network().compile(precision="float64")
        second.restore(tmp_path / f"{stop}.h5")
        assert begun + pairs(second.run(3.0 - stop * DT)) == expected, stop
        for name in ("s0_cells", "s1_cells", "s2_cells"):
            assert np.array_equal(second[name]["count"], whole[name]["count"]), (stop, name)


# ---------------------------------------------------------------- what synapses see


def test_on_pre_sees_its_target_as_integrated_to_the_arrival_before_the_reset():
    looking = pg.SynapseModel(
        on_pre="before = V_post; V_post += weight; after = V_post",
        variables=dict(before=0.0, after=0.0),
    )
    net = pg.Network(dt=DT)
    cell = net.population("cell", 1, LEAKY, initial=dict(V=8.0))
    first = jumps(net, cell, looking, [1.0], 1.0).name
    second = jumps(net, cell, looking, [1.0], 4.0).name  # not what another adds at that time
    run = both(net, 12)
    flowed = 8.0 * np.exp(-1.0 / 10)
    assert steps_of(run, "cell") == [10]
    assert run.synapses[first]["before"][0] == pytest.approx(flowed, rel=1e-12)
    assert run.synapses[first]["after"][0] == pytest.approx(flowed + 1, rel=1e-12)
    assert run.synapses[second]["before"][0] == pytest.approx(flowed, rel=1e-12)


def test_on_pre_that_adds_nothing_the_threshold_sees_finds_its_target_after_the_reset():
    looking = pg.SynapseModel(on_pre="seen = V_post", variables=dict(seen=7.0))
    net = pg.Network(dt=DT)
    cell = net.population("cell", 1, LEAKY)
    group = jumps(net, cell, looking, [1.0], 1.0).name
    jumps(net, cell, pg.Delta(), [1.0], 20.0)
    run = both(net, 12)
    assert steps_of(run, "cell") == [10]
    assert run.synapses[group]["seen"][0] == 0.0


def test_a_spike_that_an_arrival_makes_comes_after_it_for_plasticity():
    net = pg.Network(dt=DT)
    cell = net.population("cell", 1, LEAKY)
    rule = pg.PairSTDP(
        pg.Delta(), A_plus=0.05, A_minus=0.06, tau_plus=20.0, tau_minus=20.0, w_max=100.0
    )
    group = jumps(net, cell, rule, [1.0, 3.0], 20.0, delay=0.3).name
    run = both(net, 40)
    assert steps_of(run, "cell") == [10, 30]
    # The first spike meets its own arrival; the second arrival meets that spike, and is met with
    # the first by the spike it makes.
    decayed = np.exp(-2.0 / 20)
    expected = 20.0 + 100 * (0.05 - 0.06 * decayed + 0.05 * (1 + decayed))
    assert run.synapses[group]["weight"][0] == pytest.approx(expected, rel=1e-12)


def test_on_post_jumps_its_target_after_the_reset_and_no_threshold_is_tested_again():
    back = pg.SynapseModel(on_pre="weight += 0", on_post="V_post += 11*weight")
    net = pg.Network(dt=DT)
    cell = net.population("cell", 1, STILL)
    standing = net.population(
        "standing", 1, pg.NeuronModel(
            "dV/dt = 0*I", threshold="V > 10", reset="V = 0", refractory=0.3
        ),
    )  # fmt: skip
    for target in (cell, standing):
        jumps(net, target, pg.Delta(), [1.0], 20.0)
        idle = net.spike_source(f"idle_{target.name}", 1, [], [])
        net.connect(idle, target, back, pg.AllToAll(), weight=1.0)
    run = both(net, 14)
    assert steps_of(run, "cell") == [10, 11, 12, 13, 14]  # reset to 0, then 11: found a step later
    assert run.traces["cell"]["V"][10, 0] == 11.0
    assert steps_of(run, "standing") == [10]  # it is refractory when on_post comes
    assert not run.traces["standing"]["V"].any()


# ---------------------------------------------------------------- refractoriness


def clamped(steps):
    return pg.NeuronModel(
        "dV/dt = I",
        threshold="V > 10",
        reset="V = 0",
        refractory="r",
        parameters=dict(r=steps * DT),
    )


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_jumps_act_from_the_very_end_of_refractoriness_on(steps):
    arrivals = np.arange(11, 19)  # a spike at step 10; a second jump at one of these
    net = pg.Network(dt=DT)
    for name, synapse in KINDS.items():
        for arrival in arrivals:
            cell = net.population(f"{name}_{arrival}", 1, clamped(steps))
            jumps(net, cell, synapse, [1.0, arrival * DT], 20.0)
    run = both(net, 20)
    for name in KINDS:
        for arrival in arrivals:
            expected = [10, arrival] if arrival >= 10 + steps else [10]
            assert steps_of(run, f"{name}_{arrival}") == expected, (name, arrival)


@pytest.mark.parametrize("steps", [0, 1, 2, 7])
def test_poisson_jumps_are_taken_in_again_at_the_end_of_refractoriness(steps):
    net = pg.Network(dt=DT, seed=2)
    cell = net.population("cell", 3, clamped(steps))
    net.poisson(cell, 1e6, weight=20.0, variable="V")  # 100 expected in a step: never none
    run = both(net, 40)
    period = max(steps, 1)
    for k in range(3):
        mine = run.spikes["cell"][0][run.spikes["cell"][1] == k]
        assert mine.tolist() == list(range(1, 41, period))


def test_currents_and_receptors_act_from_the_very_end_of_refractoriness_on():
    net = pg.Network(dt=DT)
    timed = net.population("timed", 1, clamped(5))
    jumps(net, timed, pg.Delta(), [1.0], 20.0)
    net.step_current(timed, [1.2, 1.5], [3.0, 1.0])  # refractory until 1.5
    driven = net.population("driven", 1, clamped(5))
    jumps(net, driven, pg.Delta(), [1.0], 20.0)
    jumps(net, driven, pg.ExponentialCurrent(2.0), [1.5], 1.0)
    run = both(net, 25)
    after = np.arange(10) * DT
    for name, expected in (("timed", after), ("driven", 2 * (1 - np.exp(-after / 2)))):
        trace = run.traces[name]["V"][:, 0]
        assert not trace[10:16].any(), name
        np.testing.assert_allclose(trace[15:25], expected, rtol=1e-12, atol=1e-15)


def test_a_condition_of_refractoriness_is_read_before_what_stands_still_jumps():
    """u falls by 1 in each step from 3.5 on: 0.5 at step 13, where the condition ends."""
    model = pg.NeuronModel(
        update="u = max(u - 1, 0); V = V",
        threshold="V > 10", reset="V = 0; u = 3.5", refractory="u > 1", clamp=("V",),
        initial=dict(u=0.0, V=0.0),
    )  # fmt: skip
    net = pg.Network(dt=DT)
    for name in ("static", "counted"):
        for arrival in range(11, 16):
            cell = net.population(f"{name}_{arrival}", 1, model)
            jumps(net, cell, KINDS[name], [1.0, arrival * DT], 20.0)
    run = both(net, 20)
    for name in ("static", "counted"):
        for arrival in range(11, 16):
            expected = [10, arrival] if arrival >= 13 else [10]
            assert steps_of(run, f"{name}_{arrival}") == expected, (name, arrival)


def test_a_condition_on_what_moves_sees_its_jumps():
    """Refractory while V > 5, V free to move: a jump keeps the neuron refractory."""
    model = pg.NeuronModel("dV/dt = 0*I", threshold="V > 10", reset="V = 6", refractory="V > 5")
    net = pg.Network(dt=DT)
    kept, freed = net.population("kept", 1, model), net.population("freed", 1, model)
    for cell, weights in ((kept, (20.0, 30.0)), (freed, (20.0, -2.0, 30.0))):
        for k, weight in enumerate(weights):
            jumps(net, cell, KINDS["counted"], [1.0 + k * DT], weight)
    run = both(net, 15)
    assert steps_of(run, "kept") == [10]
    assert steps_of(run, "freed") == [10, 12]
