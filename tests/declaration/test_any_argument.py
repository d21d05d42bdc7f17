"""Whatever is given for an argument, it is taken, or refused by an error of ours: none of Python's,
NumPy's or YAML's comes through."""

import datetime
import decimal
import fractions
import warnings

import numpy as np
import pytest
from test_numbers import TAKERS

import pygenn_lite as pg
from pygenn_lite.errors import PygennLiteError


def things():
    """One of many kinds (iterators are used up, so they are made anew)."""
    return [
        object(), len, int, np.float64, np, Ellipsis, slice(3), NotImplemented, None,
        True, np.True_, -1, 0, 2**64, 10**400, -(10**400), 1e308, 1e-320, -0.0, np.nan, np.inf, 1j,
        fractions.Fraction(1, 3), decimal.Decimal("0.1"), np.longdouble("1e4000"),
        datetime.datetime(2020, 1, 1), np.datetime64("2020"), np.timedelta64(1, "s"),
        "", " ", "x" * 20_000, "(" * 200, "\0", "é", "1\n2", "V = 1", "nan", "1e999", "__import__",
        b"1", memoryview(b"ab"), np.void(b"a"), [], (), {}, [[]], [[1], [2, 3]], [True], [None],
        [1, "a"], [10**400], {1: 2}, {1, 2}, range(0), iter([1]), (x for x in [1]),
        np.array([]), np.array(None), np.array([None]), np.array(["a"]), np.array([b"a"]),
        np.array(True), np.array(1j), np.array([10**400], object), np.zeros((0, 2)),
        np.zeros((2, 2, 2)), np.array([[1, 2], [3, 4]]), np.random.default_rng(0),
        np.ma.masked, [np.ma.masked], np.ma.array([1.0, 2.0], mask=[0, 1]),
        pg.LIF(), pg.Delta(), pg.Uniform(0, 1), pg.AllToAll(), pg.parse_expression("i"),
        pg.FrozenArray([1.0, 2.0]), pg.FrozenArray(["a"]), pg.FrozenArray([None]),
    ]  # fmt: skip


def net():
    network = pg.Network(dt=0.1)
    network.population("p", 2, pg.LIF())
    return network


def neuron(**options):
    return pg.NeuronModel("dV/dt = -V/a", **{"parameters": {"a": 1.0}, **options})


def connect(source="p", synapse=None, rule=None, **options):
    return net().connect(source, "p", synapse or pg.Delta(), rule or pg.AllToAll(), **options)


FILE = "populations: {p: {size: 2, model: LIF}}\n"
ARGUMENTS = {
    **{
        name: take
        for name, take in TAKERS.items()
        if name not in ("size", "a scale", "a refractory time")
    },
    "the parameters": lambda x: neuron(parameters=x),
    "the derivatives": pg.NeuronModel,
    "one of the derivatives": lambda x: pg.NeuronModel([x]),
    "the threshold": lambda x: neuron(threshold=x),
    "the refractory period": lambda x: neuron(threshold="V > 1", refractory=x),
    "the inputs": lambda x: neuron(inputs=x),
    "what is clamped": lambda x: neuron(clamp=x),
    "the units": lambda x: neuron(units=x),
    "the integrator": lambda x: neuron(integrator=x),
    "the name of a model": lambda x: neuron(name=x),
    "start values": lambda x: net().population("q", 2, pg.LIF(), initial=x),
    "a start value": lambda x: net().population("q", 2, pg.LIF(), initial={"V": x}),
    "positions": lambda x: net().population("q", 2, pg.LIF(), positions=x),
    "the name of a population": lambda x: net().population(x, 2, pg.LIF()),
    "the model of a population": lambda x: net().population("q", 2, x),
    "spike times": lambda x: net().spike_source("s", 2, x, [0]),
    "spike indices": lambda x: net().spike_source("s", 2, [0.0], x),
    "sources of synapses": lambda x: pg.PairList(x, [0]),
    "rows": lambda x: pg.CSR(x, [0]),
    "a probability by distance": pg.DistanceDependent,
    "a probability": pg.FixedProbability,
    "autapses": pg.AllToAll,
    "a sparse matrix": pg.from_scipy,
    "what is recorded": lambda x: net().record(x),
    "recorded neurons": lambda x: net().populations["p"]["V"][x],
    "the name of a variable": lambda x: net().populations["p"][x],
    "a name in a network": lambda x: net()[x],
    "the source of a group": lambda x: connect(source=x),
    "the rule of a group": lambda x: net().connect("p", "p", pg.Delta(), x),
    "the synapses of a group": lambda x: net().connect("p", "p", x, pg.AllToAll()),
    "the name of a group": lambda x: connect(name=x),
    "storage": lambda x: connect(storage=x),
    "a current": lambda x: net().current("p", x),
    "the input of a current": lambda x: net().current("p", 1.0, x),
    "a step current": lambda x: net().step_current("p", [0.0], x),
    "the variable of an input": lambda x: net().poisson("p", 1.0, weight=1.0, variable=x),
    "a deviation": lambda x: net().noise_current("p", 0.0, x),
    "a trace": lambda x: pg.SynapseModel(pre_trace=x),
    "variables": lambda x: pg.SynapseModel(variables=x),
    "an expression": pg.parse_expression,
    "equations": pg.parse_equations,
    "a network to load": pg.load_network,
    "what is set": lambda x: pg.load_network(FILE, set={"populations.p.initial.V": x}),
    "all that is set": lambda x: pg.load_network(FILE, set=x),
    "a network to dump": pg.dump_network,
    "a rule of learning": lambda x: pg.PairSTDP(pg.Delta(), rule=x),
    "a receptor": pg.PairSTDP,
    "a regime": pg.Izhikevich,
    "a scheme": lambda x: pg.Izhikevich(scheme=x),
    "rates of scaling": lambda x: pg.scale_network(net(), 0.5, x),
    "a backend": lambda x: net().compile(x),
    "a precision": lambda x: net().compile(precision=x),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_any_argument_is_taken_or_refused_by_an_error_of_ours(argument):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for thing in things():
            try:
                ARGUMENTS[argument](thing)
            except PygennLiteError as error:
                assert str(error).strip()


@pytest.fixture(scope="module")
def sim():
    return net().compile(threads=1)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    "act",
    [
        lambda sim, x: sim[x],
        lambda sim, x: sim["p"][x],
        lambda sim, x: sim["p"].__setitem__("V", x),
        lambda sim, x: sim["p"].__setitem__("tau", x),
        lambda sim, x: sim.reset(x),
        lambda sim, x: sim.step(x) if not isinstance(x, int) or x < 10 else None,
    ],
)
def test_so_is_what_is_given_to_a_simulation(sim, act):
    for thing in things():
        try:
            act(sim, thing)
        except PygennLiteError as error:
            assert str(error).strip()
