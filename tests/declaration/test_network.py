"""Networks are plain data that is checked as it grows."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen import network_structure
from pygenn_lite.errors import (
    ConnectivityError,
    DeclarationError,
    ModelError,
    NetworkError,
    PygennLiteWarning,
    ShapeError,
)


def small():
    net = pg.Network(dt=0.1, seed=3)
    a = net.population("a", 10, pg.LIF())
    b = net.population("b", 5, pg.LIF(), initial={"V": np.linspace(-60, -50, 5)})
    net.connect(
        a, b, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.5), weight=pg.Normal(1, 0.1)
    )
    net.poisson(b, 100.0, weight=1.0, variable="V")
    net.record(a.spikes, b["V"][:3], interval=0.2)
    return net


def test_equal_networks_are_equal_hash_alike_and_pickle():
    assert small() == small()
    assert hash(small()) == hash(small())
    assert pickle.loads(pickle.dumps(small())) == small()
    other = small()
    other.current("a", 1.0)
    assert other != small()


def test_declaring_a_network_imports_nothing_heavy():
    code = (
        "import sys; from pygenn_lite import Network; "
        "heavy = {'sympy', 'scipy', 'jinja2', 'matplotlib', 'h5py', 'pydantic', 'rich', 'typer'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def declare(action):
    net = small()
    action(net, net.populations["a"], net.populations["b"])


SYNAPSE = pg.ExponentialCurrent(5.0)


@pytest.mark.parametrize(
    ("action", "error", "words"),
    [
        (lambda n, a, b: n.population("a", 3, pg.LIF()), NetworkError, ["'a'", "twice"]),
        (lambda n, a, b: n.population("c", 0, pg.LIF()), NetworkError, ["size"]),
        (lambda n, a, b: n.population("c", 3, "LIF"), NetworkError, ["neuron model"]),
        (lambda n, a, b: n.population("../c", 3, pg.LIF()), DeclarationError, ["../c"]),
        (
            lambda n, a, b: n.population("c", 3, pg.LIF(), initial={"V": [1.0, 2.0]}),
            ShapeError,
            ["V", "(3,)", "(2,)"],
        ),
        (
            lambda n, a, b: n.population("c", 3, pg.LIF(), parameters={"tau_n": 1.0}),
            NetworkError,
            ["tau_n", "did you mean"],
        ),
        (lambda n, a, b: a["W"], NetworkError, ["'W'", "['V']"]),
        (lambda n, a, b: n.connect("c", b, SYNAPSE, pg.AllToAll()), NetworkError, ["'c'"]),
        (lambda n, a, b: n.connect(a, b, SYNAPSE, pg.OneToOne()), ConnectivityError, ["10 and 5"]),
        (lambda n, a, b: pg.FixedProbability(1.5), ConnectivityError, ["1.5", "[0, 1]"]),
        (lambda n, a, b: pg.FixedInDegree(-1), ConnectivityError, ["-1"]),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.FixedInDegree(11, multapses=False)),
            ConnectivityError,
            ["10 sources", "multapses"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.PairList([0, 10], [0, 1])),
            ConnectivityError,
            ["source index 10"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.PairList([0, 1], [0, -1])),
            ConnectivityError,
            ["target index -1"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.PairList([0], [0]), weight=[1.0, 2.0]),
            ShapeError,
            ["weight", "1 synapses"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.FixedProbability(0.1), weight=[1.0]),
            ShapeError,
            ["weight"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.AllToAll(), delay=-1.0),
            NetworkError,
            ["-1.0 ms", "negative"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.AllToAll(), delay=0.05),
            NetworkError,
            ["0.05", "below the step"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.AllToAll(), delay=1e9),
            NetworkError,
            ["65,000"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.AllToAll(), weight="exp(-distance)"),
            DeclarationError,
            ["distance"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.AllToAll(), storage="dens"),
            NetworkError,
            ["'dens'", "'dense'"],
        ),
        (lambda n, a, b: n.poisson(b, -1.0, weight=1, variable="V"), NetworkError, ["negative"]),
        (lambda n, a, b: n.poisson(b, 1.0, weight=1), NetworkError, ["either"]),
        (lambda n, a, b: n.current(b, 1.0, "J"), NetworkError, ["'J'", "['I']"]),
        (lambda n, a, b: n.step_current(b, [0, 1], [1.0]), ShapeError, ["(2,)", "(1,)"]),
        (lambda n, a, b: n.step_current(b, [1, 0], [1.0, 2.0]), NetworkError, ["rise", "sort"]),
        (
            lambda n, a, b: n.connect(a, b, pg.ExponentialCurrent, pg.AllToAll()),
            NetworkError,
            ["ExponentialCurrent is not a synapse model", "write ExponentialCurrent(...)"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.AllToAll),
            NetworkError,
            ["AllToAll is not a connectivity rule", "write AllToAll(...), with parentheses"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, "all_to_all"),
            NetworkError,
            ["the text 'all_to_all' is not a connectivity rule", "in YAML only"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, 0.1),
            NetworkError,
            ["float is not a connectivity rule", "hint: give a rule, e.g. FixedProbability(0.1)"],
        ),
        (
            lambda n, a, b: n.population("c", 3, pg.LIF),
            NetworkError,
            ["LIF is not a neuron model", "write LIF(...), with parentheses"],
        ),
        (
            lambda n, a, b: n.record(b["spike"]),
            NetworkError,
            ["no state variable 'spike'", "spikes are recorded as .spikes"],
        ),
        (
            lambda n, a, b: n.connect(a, b, SYNAPSE, pg.AllToAll(), delay=pg.Uniform(-3, -1)),
            NetworkError,
            ["a lowest delay of -3.0 ms is negative"],
        ),
        (lambda n, a, b: n.spike_source("s", 2, [1.0], [2]), NetworkError, ["out of range"]),
        (lambda n, a, b: n.spike_source("s", 2, [-1.0], [0]), NetworkError, ["negative"]),
        (lambda n, a, b: n.record(3), NetworkError, ["cannot record"]),
        (lambda n, a, b: n.record(a.spikes, interval=0.0), NetworkError, ["interval"]),
        (lambda n, a, b: n.record(a.spikes, interval=0.04), NetworkError, ["interval", "0.1 ms"]),
        (lambda n, a, b: pg.Network(dt=0.0), NetworkError, ["dt"]),
        (lambda n, a, b: pg.Network(seed=-1), NetworkError, ["seed"]),
        (lambda n, a, b: pg.Uniform(2.0, 1.0), DeclarationError, ["low"]),
        (lambda n, a, b: pg.Normal(0.0, -1.0), DeclarationError, ["std"]),
        (lambda n, a, b: pg.Binomial(3.5, 0.5), DeclarationError, ["whole"]),
    ],
)
def test_what_does_not_fit_is_refused_by_name(action, error, words):
    with pytest.raises(error) as caught:
        declare(action)
    for word in words:
        assert word in str(caught.value)


def test_slices_of_recordings_follow_python():
    net = small()
    a = net.populations["a"]
    assert list(a.spikes[2:8:3].neurons) == [2, 5]
    assert list(a["V"][-2:].neurons) == [8, 9]


def test_fixed_total_number_follows_potjans_and_diesmann():
    rule = pg.FixedTotalNumber(probability=0.1009)
    n = rule.total(20683, 20683)
    assert n == round(np.log(1 - 0.1009) / np.log1p(-1 / 20683**2))


DEAF = pg.NeuronModel("dV/dt = -V/tau", parameters={"tau": 10.0})


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    "drive",
    [
        lambda net, a: net.current(a, 1.0, name="drive"),
        lambda net, a: net.step_current(a, [0.0], [1.0], name="drive"),
        lambda net, a: net.noise_current(a, name="drive"),
        lambda net, a: net.poisson(
            a, 1.0, weight=1.0, synapse=pg.ExponentialCurrent(5.0), name="drive"
        ),
        lambda net, a: net.connect(
            a, a, pg.ExponentialCurrent(5.0), pg.AllToAll(autapses=True), name="drive"
        ),
    ],
)
def test_driving_an_input_that_no_equation_reads_is_refused(drive):
    net = pg.Network()
    drive(net, net.population("a", 2, DEAF))
    with pytest.raises(NetworkError, match=r"'drive'.*'I'.*no equation reads\n  hint: use I in"):
        net.compile()


@pytest.mark.usefixtures("backend")
def test_a_parameter_that_nothing_reads_is_refused():
    net = pg.Network()
    model = pg.NeuronModel("dV/dt = -V/tau", parameters={"tau": 10.0, "tau_n": 3.0})
    net.population("a", 2, model)
    with pytest.raises(NetworkError, match="nothing reads the parameter 'tau_n'; did you mean"):
        net.compile()


def test_a_parameter_may_be_read_by_synapses_only():
    model = pg.NeuronModel(
        "dV/dt = (I - V)/tau", parameters={"tau": 10.0, "E_rev": 3.0, "gain": 2.0}
    )
    synapse = pg.SynapseModel(
        "dg/dt = -g/tau", inputs="I = g*(E_rev - V)", on_pre="g += weight*gain_pre",
        parameters={"tau": 5.0},
    )  # fmt: skip
    net = pg.Network()
    a = net.population("a", 2, model)
    net.connect(a, a, synapse, pg.AllToAll(autapses=True))
    assert network_structure(net).kernels


@pytest.mark.parametrize("part", [{"reset": "V = 0"}, {"refractory": 2.0}])
def test_what_happens_at_a_spike_needs_a_threshold(part):
    with pytest.raises(ModelError, match="without a threshold"):
        pg.NeuronModel("dV/dt = -V/10", **part)


def test_a_recording_beyond_the_last_neuron_is_refused():
    a = small().populations["a"]
    for beyond in (slice(20, 30), slice(10, None)):
        with pytest.raises(NetworkError, match="beyond the last neuron"):
            a["V"][beyond]
    assert not a["V"][:0].neurons


@pytest.mark.parametrize("weight", [5.0, [[5.0] * 3] * 3, pg.Uniform(0.0, 1.0), "i_pre"])
def test_a_weight_that_nothing_reads_is_told(weight):
    net = pg.Network()
    p = net.population("p", 3, pg.LIF())
    own = pg.SynapseModel("dg/dt = -g/3", inputs="I = g", on_pre="g += w", variables={"w": 1.0})
    with pytest.warns(PygennLiteWarning, match="'g': a weight is given, but nothing") as told:
        net.connect(p, p, own, pg.AllToAll(), weight=weight, name="g")
    assert told[0].filename == __file__


@pytest.mark.parametrize(
    "model",
    [
        pg.SynapseModel("dg/dt = -g/3", inputs="I = g", on_pre="g += 1"),
        pg.SynapseModel(on_pre="V_post += 1", on_post="weight = 2*weight"),
        pg.TsodyksMarkram(),
        pg.Delta(),
    ],
)
def test_a_weight_that_is_read_or_not_given_is_not_remarked_on(model):
    net = pg.Network()
    p = net.population("p", 3, pg.LIF())
    net.connect(p, p, model, pg.AllToAll(), **({"weight": 2.0} if model.uses_weight else {}))
