"""Values outside their domain: refused by name wherever they are given."""

import warnings

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite import models
from pygenn_lite.errors import ArgumentError, InputError, ModelError, PygennLiteWarning

POSITIVE, NOT_NEGATIVE, FRACTION = (-5.0, 0.0), (-5.0,), (-0.1, 1.5)
BAD = {
    "LIF": dict(tau=POSITIVE, C=POSITIVE, t_ref=NOT_NEGATIVE),
    "LIFConductance": dict(C=POSITIVE, g_L=NOT_NEGATIVE, t_ref=NOT_NEGATIVE),
    "AdEx": dict(C=POSITIVE, g_L=NOT_NEGATIVE, D_T=POSITIVE, tau_w=POSITIVE, t_ref=NOT_NEGATIVE),
    "QIF": dict(tau=POSITIVE, t_ref=NOT_NEGATIVE),
    "AdaptiveThresholdLIF": dict(tau=POSITIVE, C=POSITIVE, tau_theta=POSITIVE, t_ref=NOT_NEGATIVE),
    "GIF": dict(
        tau=POSITIVE,
        C=POSITIVE,
        D_V=POSITIVE,
        escape_rate=NOT_NEGATIVE,
        tau_eta=POSITIVE,
        tau_gamma=POSITIVE,
        t_ref=NOT_NEGATIVE,
    ),
    "FitzHughNagumo": dict(tau=POSITIVE),
    "ResonateFire": dict(decay=NOT_NEGATIVE),
    "PoissonNeuron": dict(rate=NOT_NEGATIVE),
    "HodgkinHuxleySquid": dict(C=POSITIVE, g_Na=NOT_NEGATIVE, g_K=NOT_NEGATIVE, g_L=NOT_NEGATIVE),
    "TraubMilesHH": dict(
        C=POSITIVE, g_Na=NOT_NEGATIVE, g_K=NOT_NEGATIVE, g_L=NOT_NEGATIVE, t_ref=NOT_NEGATIVE
    ),
    "ExponentialCurrent": dict(tau=POSITIVE),
    "AlphaCurrent": dict(tau=POSITIVE),
    "ExponentialConductance": dict(tau=POSITIVE),
    "AlphaConductance": dict(tau=POSITIVE),
    "PairSTDP": dict(tau_plus=POSITIVE, tau_minus=POSITIVE, w_min=(2.0,), w_max=(-1.0,)),
    "TripletSTDP": dict(
        tau_plus=POSITIVE,
        tau_x=POSITIVE,
        tau_minus=POSITIVE,
        tau_y=POSITIVE,
        w_min=(2.0,),
        w_max=(-1.0,),
    ),
    "VogelsSTDP": dict(tau_stdp=POSITIVE, target_rate=NOT_NEGATIVE, w_min=(200.0,), w_max=(-1.0,)),
    "DopamineSTDP": dict(
        tau_plus=POSITIVE,
        tau_minus=POSITIVE,
        tau_c=POSITIVE,
        tau_d=POSITIVE,
        w_min=(2.0,),
        w_max=(-1.0,),
    ),
    "RewardSTDP": dict(
        tau_plus=POSITIVE, tau_minus=POSITIVE, tau_e=POSITIVE, w_min=(2.0,), w_max=(-1.0,)
    ),
    "TsodyksMarkram": dict(U=FRACTION, tau_rec=POSITIVE, tau_facil=NOT_NEGATIVE),
}
CASES = [(m, p, v) for m, given in BAD.items() for p, values in given.items() for v in values]


@pytest.mark.parametrize(("model", "parameter", "value"), CASES)
def test_a_value_outside_its_domain_is_refused_by_name(model, parameter, value):
    with pytest.raises(ModelError) as caught:
        models.find_model(model)(**{parameter: value})
    assert caught.value.where == model
    assert f"{parameter} = {value:g}" in caught.value.message
    assert caught.value.hint


def test_the_ends_of_the_domains_are_allowed():
    pg.LIF(t_ref=0.0), pg.LIFConductance(g_L=0.0), pg.PoissonNeuron(rate=0.0)
    pg.TsodyksMarkram(U=1.0, tau_facil=0.0), pg.TsodyksMarkram(U=0.0)
    pg.PairSTDP(w_min=0.5, w_max=0.5), pg.Izhikevich(a=-0.02, b=-1.0)


@pytest.mark.parametrize("value", ["10", "ten", None, True, np.nan, np.inf, [1.0], 1j, b"1"])
@pytest.mark.parametrize(
    ("model", "parameter"),
    [("TsodyksMarkram", "tau_facil"), ("ExponentialCurrent", "tau"), ("PairSTDP", "A_plus")],
)
def test_a_synapses_parameter_is_one_finite_number(model, parameter, value):
    with pytest.raises(
        ModelError, match=f"{model}: {parameter} = .* (is not a number|is not finite)"
    ):
        models.find_model(model)(**{parameter: value})


def test_numbers_of_numpy_are_numbers():
    expected = pg.ExponentialCurrent(5.0)
    for value in (5, np.float32(5), np.int64(5), np.array(5.0)):
        assert pg.ExponentialCurrent(value) == expected


@pytest.mark.parametrize(
    "tau",
    [
        [10.0, -1.0, 5.0],
        pg.Normal(10.0, 5.0),
        pg.Uniform(-1.0, 5.0),
        pg.TruncatedNormal(10.0, 5.0, high=20.0),
        pg.Binomial(3, 0.5),
        "-10",
    ],
)
def test_arrays_and_distributions_are_held_against_the_domain(tau):
    with pytest.raises(ModelError, match=r"LIF: tau.*but it must be positive"):
        pg.LIF(tau=tau)


@pytest.mark.parametrize(
    "tau",
    [
        [10.0, 1.0],
        pg.Normal(10.0, 2.0),
        pg.Uniform(0.0, 5.0),
        pg.TruncatedNormal(10.0, 5.0, low=1.0),
        pg.LogNormal(2.0, 1.0),
        pg.Exponential(10.0),
        pg.Gamma(2.0, 5.0),
        "10 + i",
    ],
)
def test_what_lies_inside_is_taken(tau):
    assert isinstance(pg.LIF(tau=tau), pg.NeuronModel)


@pytest.mark.parametrize(
    "distribution",
    [
        pg.Uniform(-1.0, 2.0),
        pg.Normal(3.0, 2.0),
        pg.TruncatedNormal(3.0, 2.0, low=1.0),
        pg.TruncatedNormal(0.0, 1.0, low=9.0, high=10.0),
        pg.TruncatedNormal(0.0, 1.0, high=-9.0),
        pg.LogNormal(1.0, 0.5),
        pg.Exponential(2.0),
        pg.Gamma(2.0, 3.0),
        pg.Binomial(40, 0.3),
    ],
)
def test_almost_nothing_is_drawn_beyond_a_distributions_reach(distribution):
    low, high = distribution.reach()
    drawn = distribution.ppf(np.array([2e-6, 0.5, 1 - 2e-6]))
    assert low <= drawn[0] < drawn[1] < drawn[2] <= high


def test_parameters_of_a_population_are_held_against_its_model():
    net = pg.Network()
    with pytest.raises(InputError, match="population 'p': tau = -1, but it must be positive"):
        net.population("p", 3, pg.LIF(), parameters=dict(tau=-1.0))


def conductances(weight="1.0 + i_pre", C="100.0 + i"):
    """Ten neurons, connected by a conductance that is drawn and a rule that is written out."""
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("cells", 10, pg.LIFConductance(C=C))
    random, every = pg.FixedProbability(0.5), pg.AllToAll()
    net.connect(cells, cells, pg.ExponentialConductance(), random, weight=weight, name="random")
    rule = pg.PairSTDP(pg.ExponentialConductance(10.0, E_rev=-80.0), w_max=20.0)
    net.connect(cells, cells, rule, every, weight=weight, name="learning")
    return net


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(C="5.0 - i"), r"population 'cells': C\[5\] = 0, but it must be positive"),
        (dict(weight="1.0 - i_pre"), r"synapse group .*: weight\[\d+\] = -1, but it must be 0 or"),
    ],
)
def test_formulas_are_held_against_the_domain_once_they_are_numbers(given, message):
    with pytest.raises(ArgumentError, match=message):
        conductances(**given).compile(threads=1)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("owner", "name", "value", "message"),
    [
        ("cells", "C", -1.0, r"population 'cells': C\[0\] = -1"),
        ("cells", "g_L", -2.0, "population 'cells': g_L = -2"),
        ("random", "tau", 0.0, "synapse group .*: tau = 0, but it must be positive"),
        ("learning", "tau_plus", -1.0, "synapse group 'learning': tau_plus = -1"),
        ("random", "weight", -1.0, "synapse group 'random': weight = -1, but it must be 0 or more"),
        ("learning", "weight", -1.0, "synapse group 'learning': weight = -1"),
    ],
)
def test_what_is_set_between_runs_is_held_against_the_domain(owner, name, value, message):
    sim = conductances().compile(threads=1)
    before = np.array(sim[owner][name])
    with pytest.raises(ArgumentError, match=message):
        sim[owner][name] = value
    np.testing.assert_array_equal(np.asarray(sim[owner][name]), before)
    sim[owner][name] = before


@pytest.mark.parametrize(
    "weight",
    [-1.0, pg.Normal(1.0, 0.5), pg.Uniform(-1.0, 1.0), -np.ones((10, 10)), np.float32(-1)],
)
@pytest.mark.parametrize(
    "synapse",
    [
        pg.ExponentialConductance(),
        pg.AlphaConductance(),
        pg.TsodyksMarkram(pg.ExponentialConductance()),
    ],
)
def test_negative_weights_onto_a_conductance_are_refused(synapse, weight):
    net = pg.Network()
    cells = net.population("cells", 10, pg.LIFConductance())
    with pytest.raises(InputError, match=r"synapse group 'bad': weight.*it must be 0 or more"):
        net.connect(cells, cells, synapse, pg.AllToAll(), weight=weight, name="bad")
    if np.ndim(weight) < 2:
        with pytest.raises(InputError, match=r"Poisson input 'bad': weight.*it must be 0 or more"):
            net.poisson(cells, 10.0, weight=weight, synapse=synapse, name="bad")


def test_a_rule_may_not_learn_a_negative_conductance():
    with pytest.raises(ModelError, match=r"w_min = -1 .*the receptor needs weights that are 0 or"):
        pg.VogelsSTDP(pg.ExponentialConductance(), w_min=-1.0)


@pytest.mark.parametrize(
    "weight", [30.0, -0.5, pg.Uniform(0.0, 2.0), pg.Normal(0.5, 0.2), np.full((2, 2), 1.5)]
)
@pytest.mark.parametrize("rule", [pg.PairSTDP, pg.TripletSTDP, pg.VogelsSTDP])
def test_weights_beyond_a_rules_bounds_are_warned_of_by_name(rule, weight):
    net = pg.Network()
    cells = net.population("cells", 2, pg.LIF())
    with pytest.warns(
        PygennLiteWarning, match="'g': weight.* between w_min = 0 and w_max = 1"
    ) as w:
        net.connect(cells, cells, rule(w_max=1.0), pg.AllToAll(), weight=weight, name="g")
    assert len(w) == 1
    assert "set w_min and w_max" in str(w[0].message)
    assert w[0].filename == __file__


@pytest.mark.usefixtures("backend")
def test_formulas_beyond_a_rules_bounds_are_warned_of_at_compile():
    with pytest.warns(PygennLiteWarning, match=r"'learning': weight\[\d+\] = 21,"):
        conductances(weight="12.0 + i_pre").compile(threads=1)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_weights_within_a_rules_bounds_are_not_warned_of(precision):
    net = pg.Network()
    cells = net.population("cells", 2, pg.LIF())
    rule = pg.PairSTDP(w_min=-0.3, w_max=0.7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.connect(cells, cells, rule, pg.AllToAll(), weight=0.7, name="a")
        net.connect(cells, cells, rule, pg.AllToAll(), weight=pg.Uniform(-0.3, 0.7), name="b")
        sim = net.compile(threads=1, precision=precision)
        sim["a"]["weight"] = np.array(sim["a"]["weight"])  # 0.7 in single precision is more


@pytest.mark.usefixtures("backend")
def test_bounds_that_change_between_runs_are_those_that_count():
    sim = conductances().compile(threads=1)
    learning = sim["learning"]
    with pytest.warns(PygennLiteWarning, match="between w_min = 0 and w_max = 20"):
        learning["weight"] = 30.0
    with pytest.raises(ArgumentError, match="w_min = 0 and w_max = -1: the lower bound exceeds"):
        learning["w_max"] = -1.0
    assert float(learning["w_max"]) == 20.0
    learning["w_max"] = 40.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learning["weight"] = 30.0
    with pytest.warns(PygennLiteWarning, match="between w_min = 0 and w_max = 40"):
        learning["weight"] = 50.0


def test_domains_are_no_part_of_a_models_identity():
    made = pg.LIF()
    plain = pg.NeuronModel(
        {"V": "(E_L - V)/tau + I/C"},
        threshold="V > V_th",
        reset="V = V_r",
        refractory="t_ref",
        parameters=dict(made.parameters),
        initial=dict(made.initial),
        name="LIF",
    )
    assert made.parameters == plain.parameters
    assert made == pg.LIF()
    assert made.domains
    assert not plain.domains
