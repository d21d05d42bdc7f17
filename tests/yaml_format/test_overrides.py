"""Any place of a file can be changed by its path, and a wrong path is answered."""

import numpy as np
import pytest
from helpers_yaml import SMALL, small

import pygenn_lite as pg
from pygenn_lite.errors import DeclarationError
from pygenn_lite.models import network_names
from pygenn_lite.yaml_format import load_network
from pygenn_lite.yaml_format.load import read_document


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("populations.exc.size", 100, small("size: 8", "size: 100")),
        ("constants.J", 1, small("J: 0.5", "J: 1")),
        ("connections[0].weight", "g", small("weight: J\n", "weight: g\n")),
        ("connections.0.weight", "g", small("weight: J\n", "weight: g\n")),
        ("connections.inhibition.weight", 7, small("weight: J_inh", "weight: 7")),
        ("connections[-1].weight", 7, small("weight: J_inh", "weight: 7")),
        ("connections[0].synapse.ExponentialCurrent.tau", 9, small("{tau: 5}", "{tau: 9}")),
        ("inputs.drive.rate", 3, small("rate: 10", "rate: 3")),
        ("inputs[0].poisson.rate", 3, small("rate: 10", "rate: 3")),
        ("models.lif.parameters.tau", 9, small("tau: 20", "tau: 9")),
        ("populations.exc.initial.V.uniform[0]", -70, small("[-60,", "[-70,")),
        ("populations.exc.initial.V", {"normal": (1, 2)},
         small("uniform: [-60, -50]", "normal: [1, 2]")),
        ("populations.inh.parameters.tau", 9,
         small("size: 2, model: lif", "size: 2, model: lif, parameters: {tau: 9}")),
        ("network.seed", np.int64(5), small("seed: 3", "seed: 5")),
        ("run.record", ["inh.spikes"], small('exc.spikes, "exc.V[:4]"', "inh.spikes")),
    ],
)  # fmt: skip
def test_a_change_by_path_is_a_change_of_the_text(path, value, text):
    assert load_network(SMALL, {path: value})[0] == load_network(text)[0]


def test_arrays_are_values_too():
    net, _ = load_network(SMALL, {"populations.exc.initial.V": np.arange(8.0)})
    assert net.populations["exc"].initial == (("V", pg.FrozenArray(np.arange(8.0))),)


def test_an_alias_is_a_copy_that_changes_alone():
    text = small("{uniform: [-60, -50]}}", "&v {uniform: [-60, -50]}}").replace(
        "size: 2, model: lif", "size: 2, model: lif, initial: {V: *v}"
    )
    net, _ = load_network(text, {"populations.exc.initial.V.uniform[1]": 0})
    assert net.populations["exc"].initial == (("V", pg.Uniform(-60, 0)),)
    assert net.populations["inh"].initial == (("V", pg.Uniform(-60, -50)),)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("populations.exd.size", "no population is called 'exd'; did you mean 'exc'"),
        ("populations.exc.sise", "unknown key 'sise'; did you mean 'size'"),
        ("constants.JJ", "no constant is called 'JJ'; did you mean 'J'"),
        ("connections[5].weight", "connections has 2 entries"),
        ("connections.inhibtion.weight", "did you mean 'inhibition'"),
        ("connections[0].wieght", "did you mean 'weight'"),
        ("population.exc.size", "did you mean 'populations'"),
        ("populations.exc.size.more", "populations.exc.size holds a single value"),
        ("network.sead", "did you mean 'seed'"),
        ("populations.exc.initial.V.uniform[2]", "has 2 entries"),
        ("populations.exc.parameters.taw", "the model has no 'taw'; did you mean 'tau'"),
        ("models.lif.threshhold", "did you mean 'threshold'"),
        ("a..b", "is not a valid path"),
        ("", "is not a valid path"),
        ("[0]", "unknown key '0'"),
        ("populations.exc.size]", "is not a valid path"),
    ],
)
def test_a_wrong_path_is_answered_with_the_nearest(path, message):
    with pytest.raises(DeclarationError) as caught:
        load_network(SMALL, {path: 1})
    assert message in str(caught.value)


def test_a_wrong_value_names_the_path():
    with pytest.raises(DeclarationError, match=r"--set \(populations\.exc\.size\)"):
        load_network(SMALL, {"populations.exc.size": "many"})


def test_a_parameter_that_the_model_does_not_read_is_refused():
    with pytest.raises(DeclarationError, match=r"--set .*'tua'; did you mean 'tau'\?"):
        load_network(SMALL, {"models.lif.parameters.tua": 3})


@pytest.mark.parametrize("name", network_names())
def test_a_parameter_that_no_model_of_the_library_network_has_is_refused(name):
    models = read_document(name).data["models"]
    with pytest.raises(DeclarationError, match="no_such_thing"):
        load_network(name, {f"models.{next(iter(models))}.parameters.no_such_thing": 3})


@pytest.mark.parametrize(
    ("path", "value"), [("connections[0].delay", -1), ("network.seed", 10**23)]
)
def test_a_value_that_does_not_fit_is_reported_for_the_change_not_for_the_file(path, value):
    with pytest.raises(DeclarationError) as caught:
        load_network(SMALL, {path: value})
    assert str(caught.value).startswith(f"--set ({path})")


def test_what_python_declares_may_be_set_in_a_file():
    changes = {
        "populations.exc.initial.V": pg.Normal(-55.0, 1.0),
        "populations.exc.size": np.int64(6),
        "connections[0].connectivity": pg.FixedProbability(np.float32(0.25)),
        "connections[0].weight": np.array(2),
    }
    net, _ = load_network(SMALL, changes)
    exc = net.populations["exc"]
    assert exc.size == 6 and dict(exc.initial) == {"V": pg.Normal(-55.0, 1.0)}
    group = net.groups["exc_exc"]
    assert group.connectivity == pg.FixedProbability(0.25) and group.weight == 2.0
    with pytest.raises(DeclarationError, match="masked entries"):
        load_network(SMALL, {"connections[0].weight": np.ma.array([1.0], mask=[1])})


def test_an_entry_counted_from_the_end_is_named_as_it_stands_in_the_file():
    with pytest.raises(DeclarationError, match=r"--set \(connections\[1\]\.weight\)"):
        load_network(SMALL, {"connections[-1].weight": "nonsense"})
