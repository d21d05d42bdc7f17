"""The library: every model can be made, is plain data, and is found by name."""

import importlib
import inspect
import pickle
import pkgutil
import re

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite import models
from pygenn_lite.declaration import NeuronModel, SynapseModel
from pygenn_lite.errors import DeclarationError, ModelError

LIBRARY = {name: make for kind in models.LIBRARY.values() for name, make in kind.items()}


@pytest.mark.parametrize("name", LIBRARY)
def test_every_model_is_plain_data_with_a_source(name):
    made = LIBRARY[name]()
    assert isinstance(made, NeuronModel if name in models.NEURONS else SynapseModel)
    assert made.name == name
    assert made == LIBRARY[name]()
    assert hash(made) == hash(LIBRARY[name]())
    assert pickle.loads(pickle.dumps(made)) == made
    assert models.find_model(name) is LIBRARY[name]
    documentation = inspect.getdoc(LIBRARY[name])
    assert "Parameters" in documentation or not inspect.signature(LIBRARY[name]).parameters


def test_every_function_that_makes_a_model_is_in_the_library():
    """One that its module does not list would be missing, or a module that nobody names."""
    for info in pkgutil.iter_modules(models.__path__):
        module = importlib.import_module(f"pygenn_lite.models.{info.name}")
        for name, made in inspect.getmembers(module, inspect.isfunction):
            if made.__module__ == module.__name__ and name[0].isupper():
                assert LIBRARY[name] is made is getattr(pg, name)


@pytest.mark.parametrize("name", models.PLASTICITY)
@pytest.mark.parametrize("receptor", models.SYNAPSES)
def test_every_rule_is_composed_with_every_receptor(name, receptor):
    base = models.SYNAPSES[receptor]()
    made = models.PLASTICITY[name](base)
    assert base.is_static
    assert not made.is_static
    assert made.equations == base.equations
    assert made.inputs == base.inputs


def test_a_rule_refuses_a_plastic_receptor_and_says_why():
    with pytest.raises(DeclarationError, match="static synapse"):
        models.PairSTDP(models.TsodyksMarkram())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: models.Izhikevich("regular"), "unknown regime 'regular'"),
        (lambda: models.Izhikevich(scheme="euler"), "unknown scheme 'euler'"),
        (lambda: models.PairSTDP(rule="mixed"), "unknown rule 'mixed'"),
        (lambda: models.PairSTDP(pairing="all"), "unknown pairing 'all'"),
        (lambda: models.TripletSTDP(pairing="all"), "unknown pairing 'all'"),
        (lambda: models.Izhikevich(["chattering"]), "unknown regime"),
        (lambda: models.LIF(initial=3), "initial must be a mapping"),
        (lambda: models.find_model("Izikevich"), "did you mean 'Izhikevich'"),
        (lambda: models.network_file("microcirkuit"), "did you mean 'microcircuit'"),
    ],
)
def test_wrong_names_are_answered_with_the_right_ones(make, message):
    with pytest.raises(DeclarationError, match=message):
        make()


def test_the_networks_are_all_there():
    assert set(models.network_names()) >= {
        "brunel",
        "cobahh",
        "cuba",
        "izhikevich2003",
        "izhikevich_sparse",
        "microcircuit",
        "mushroom_body",
        "stdp",
        "vogels2011",
    }
    for name in models.network_names():
        assert models.network_file(name).is_file()


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda: pg.PairSTDP(pg.ExponentialCurrent), ["PairSTDP", "'?ExponentialCurrent", "hint"]),
        (lambda: pg.TripletSTDP(5.0), ["TripletSTDP", "5.0 is not a synapse model"]),
        (lambda: pg.VogelsSTDP("ExponentialCurrent"), ["VogelsSTDP", "is not a synapse model"]),
        (lambda: pg.TsodyksMarkram(5.0), ["TsodyksMarkram", "is not a synapse model"]),
        (
            lambda: pg.Delta(5.0),
            ["Delta: .*5.0, which is not a valid name", "Delta\\('V'\\).*weight="],
        ),
        (lambda: pg.LIF(taum=10), ["LIF: no parameter 'taum'; did you mean 'tau'", "V_th"]),
        (lambda: pg.LIF(10), ["LIF", "positional", "by name"]),
        (lambda: pg.from_scipy(np.ones((3, 3))), ["ndarray is not a scipy.sparse", "csr_array"]),
        (lambda: pg.load_network(3), ["3 is not a name, a file or the text"]),
    ],
)
def test_a_typical_mistake_is_answered_in_the_librarys_words(mistake, words):
    with pytest.raises(pg.PygennLiteError) as caught:
        mistake()
    for word in words:
        assert re.search(word, str(caught.value))


def test_a_misspelt_model_is_answered_with_the_nearest():
    with pytest.raises(AttributeError, match="did you mean 'LIF'"):
        pg.Lif()


def test_a_rate_unit_has_one_time_constant():
    with pytest.raises(ModelError, match="'tau' is used twice"):
        pg.RateNeuron(parameters=dict(tau=3.0))
