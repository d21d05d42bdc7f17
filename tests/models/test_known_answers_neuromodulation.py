"""Plasticity under a third factor: one pair of spikes and one reward, in closed form."""

import numpy as np
import pytest
from helpers_models import EXACT, forced_population

import pygenn_lite as pg
from pygenn_lite.errors import ModelError, PygennLiteError

pytestmark = pytest.mark.usefixtures("backend")

LAG, WAIT = 10.0, 80.0


def one_pair(rule, *, first="pre", dt=0.1, cell=None):
    """A simulation of one synapse after a pair of spikes `LAG` ms apart and `WAIT` ms more."""
    net = pg.Network(dt=dt)
    times = {"pre": 10.0, "post": 10.0 + LAG} if first == "pre" else {"pre": 10.0 + LAG, "post": 10}
    pre = net.spike_source("pre", 1, [times["pre"] - dt], [0])
    if cell is None:
        post = forced_population(net, "post", [[times["post"]]])
    else:
        post = net.population("post", 1, cell)
        trigger = net.spike_source("trigger", 1, [times["post"] - dt], [0])
        net.connect(trigger, post, pg.Delta(), pg.AllToAll(), weight=1000.0, delay=dt)
    net.connect(pre, post, rule, pg.AllToAll(), weight=1.0, delay=dt, name="learning")
    return net


@pytest.mark.parametrize(("first", "jump"), [("pre", 0.1), ("post", -0.15)])
def test_dopamine_turns_one_pair_into_the_closed_forms_change(first, jump):
    rule = pg.DopamineSTDP(pg.Delta(), w_min=-10.0, w_max=10.0)
    errors = []
    for dt in (0.2, 0.1):
        sim = one_pair(rule, first=first, dt=dt).compile(**EXACT)
        sim.run(10.0 + LAG + WAIT)
        c = jump * np.exp(-LAG / 20.0) * np.exp(-WAIT / 1000.0)
        assert sim["learning"]["c"][0] == pytest.approx(c, rel=1e-9)
        assert sim["learning"]["weight"][0] == 1.0, "no dopamine, no change"
        sim["learning"]["d"] = 0.5
        sim.run(200.0)
        tau = 1 / (1 / 1000.0 + 1 / 200.0)
        change = sim["learning"]["weight"][0] - 1.0
        exact = c * 0.5 * tau * (1 - np.exp(-200.0 / tau))
        assert change == pytest.approx(exact, rel=1.05 * dt / 400.0)
        errors.append(change - exact)
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.01), "of first order in the step"


def test_a_dopamine_of_the_cell_is_raised_by_spikes_and_by_the_host():
    cell = pg.NeuronModel(
        "dV/dt = -V/10", threshold="V > 500", reset="V = 0"
    ).with_variables("dd/dt = -d/tau_d", parameters={"tau_d": 200.0})  # fmt: skip
    rule = pg.DopamineSTDP(pg.Delta(), w_max=10.0, dopamine="d")
    weights = []
    for scheduled in (True, False):
        net = one_pair(rule, cell=cell)
        times = [100.0 - 0.1] if scheduled else []
        reward = net.spike_source("reward", 1, times, [0] * len(times))
        net.connect(reward, net.populations["post"], pg.Delta("d"), pg.AllToAll(), weight=0.5,
                    delay=0.1)  # fmt: skip
        sim = net.compile(**EXACT)

        def raise_it(sim, scheduled=scheduled):
            if not scheduled and sim.time == 100.0:
                sim["post"]["d"] += 0.5

        sim.run(300.0, callback=raise_it, interval=50.0)
        weights.append(sim["learning"]["weight"][0])
    tau, c = 1 / (1 / 1000.0 + 1 / 200.0), 0.1 * np.exp(-LAG / 20.0) * np.exp(-WAIT / 1000.0)
    exact = 1.0 + c * 0.5 * tau * (1 - np.exp(-200.0 / tau))
    assert weights == pytest.approx([exact, exact], abs=1e-3 * (exact - 1))
    assert weights[0] == pytest.approx(weights[1], rel=1e-12)


@pytest.mark.parametrize("dt", [1.0, 0.1])
@pytest.mark.parametrize(("first", "jump"), [("pre", 1.0), ("post", -1.0)])
def test_a_reward_turns_one_pair_into_the_closed_forms_change_with_any_step(first, jump, dt):
    rule = pg.RewardSTDP(pg.Delta(), tau_e=40.0, learning_rate=0.02, w_min=-10.0, w_max=10.0)
    sim = one_pair(rule, first=first, dt=dt).compile(**EXACT)
    sim.run(10.0 + LAG + WAIT)
    e = jump * np.exp(-LAG / 20.0) * np.exp(-WAIT / 40.0)
    assert sim["learning"]["weight"][0] == 1.0, "no reward, no change"
    sim["learning"]["reward"] = 3.0
    sim.run(30.0)
    sim["learning"]["reward"] = -1.0  # punished
    sim.run(20.0)
    tau, fall = 40.0, np.exp(-30.0 / 40.0)
    gained = 0.02 * e * tau * (3.0 * (1 - fall) - fall * (1 - np.exp(-20.0 / 40.0)))
    assert sim["learning"]["weight"][0] - 1.0 == pytest.approx(gained, rel=1e-9)


@pytest.mark.parametrize(
    ("rule", "factor", "value"), [(pg.DopamineSTDP, "d", 0.02), (pg.RewardSTDP, "reward", 1.0)]
)
def test_every_spike_of_either_side_cuts_the_weight_at_its_bounds(rule, factor, value):
    net = pg.Network(dt=0.1, seed=2)
    pre = net.spike_source("pre", 1, np.arange(10.0, 400.0, 10.0), [0] * 39)
    post = forced_population(net, "post", [np.arange(15.0, 400.0, 10.0)])
    for name, w_max in (("cut", 1.0), ("free", 1000.0)):
        learning = rule(pg.Delta(), A_minus=0.0, w_max=w_max)
        net.connect(pre, post, learning, pg.AllToAll(), weight=0.9, name=name)
    sim = net.compile(**EXACT)
    for name in ("cut", "free"):
        sim[name][factor] = value
    sim.run(350.0)
    assert sim["free"]["weight"][0] > 3.0
    for _ in range(9):  # a spike of either side every 5 ms
        sim.run(5.0)
        assert 1.0 <= sim["cut"]["weight"][0] < 1.3


def test_variables_are_added_to_any_model_with_derivatives():
    plain = pg.AdEx()
    cell = plain.with_variables("dd/dt = -d/tau_d + b_d", parameters=dict(tau_d=200.0, b_d=0.0),
                                initial=dict(d=1.0))  # fmt: skip
    assert cell.state_names == (*plain.state_names, "d") and cell.domains == plain.domains
    assert (cell.threshold, cell.reset, cell.clamp) == (plain.threshold, plain.reset, plain.clamp)
    with pytest.raises(ModelError, match="'V' is used twice"):
        plain.with_variables("dV/dt = -V/10")
    with pytest.raises(ModelError, match=r"with_variables: .* update rule"):
        pg.NeuronModel(update="V = 0.9*V").with_variables("dd/dt = -d/10")


def test_a_dopamine_that_the_target_does_not_have_is_refused_by_name():
    with pytest.raises(PygennLiteError, match="d_post"):
        one_pair(pg.DopamineSTDP(dopamine="d"), cell=pg.LIF()).compile()


def test_networks_with_a_third_factor_come_back_equal_from_yaml():
    cell = pg.LIF().with_variables("dd/dt = -d/tau_d", parameters={"tau_d": 200.0})
    net = one_pair(pg.DopamineSTDP(dopamine="d"), cell=cell)
    net.connect(
        net.populations["pre"], net.populations["post"], pg.RewardSTDP(), pg.AllToAll(), name="r"
    )
    assert pg.load_network(pg.dump_network(net))[0] == net
    text = """
models:
  cell: {use: LIF, with_variables: {derivatives: dd/dt = -d/tau_d, parameters: {tau_d: 200}}}
populations: {a: {size: 3, model: cell}}
synapses:
  learn: {use: DopamineSTDP, receptor: {use: Delta}, parameters: {dopamine: d, w_max: 2}}
connections: [{source: a, target: a, synapse: learn, connectivity: all_to_all}]
"""
    read = pg.load_network(text)[0]
    assert read.populations["a"].model == cell
    assert read.groups["a_a"].synapse == pg.DopamineSTDP(pg.Delta(), dopamine="d", w_max=2.0)
