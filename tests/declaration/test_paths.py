"""Every value of a network has a path: to read it, to list it, and to get a network in which it
differs; a wrong path, or a value that does not fit, is answered by its path."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.declaration.paths import NetworkValues
from pygenn_lite.errors import DeclarationError, NetworkError, ShapeError
from pygenn_lite.yaml_format import dump_network, load_network


def network(**changes):
    """The same network as a function of what the tests change by path."""
    given = {
        "tau": 20.0, "size": 8, "V": pg.Uniform(-60.0, -50.0), "weight": pg.Normal(2.0, 0.1),
        "p": 0.5, "tau_syn": 5.0, "rate": 10.0, "delay": None, "dt": 0.1, "seed": 3,
        "times": [1.0, 2.0], "indices": [0, 1], "current": 100.0, "values": [1.0, 2.0], "std": 3.0,
    } | changes  # fmt: skip
    net = pg.Network(dt=given["dt"], seed=given["seed"])
    exc = net.population(
        "exc", given["size"], pg.LIF(), initial={"V": given["V"]}, parameters={"tau": given["tau"]}
    )
    inh = net.population("inh", 2, pg.LIF())
    source = net.spike_source("source", 3, given["times"], given["indices"])
    net.connect(
        exc, inh, pg.ExponentialCurrent(given["tau_syn"]), pg.FixedProbability(given["p"]),
        weight=given["weight"], delay=given["delay"],
    )  # fmt: skip
    net.connect(source, exc, pg.Delta(), pg.AllToAll(), weight=1.0, delay=1.5)
    net.poisson(exc, given["rate"], weight=1.0, variable="V", name="drive")
    net.current(inh, given["current"], name="constant")
    net.step_current(inh, [0.0, 5.0], given["values"], name="steps")
    net.noise_current(inh, 0.0, given["std"], name="noise")
    net.record(exc.spikes, exc["V"][3:5], net["exc_inh"]["I_syn"])
    return net


@pytest.mark.parametrize(
    ("path", "value", "same"),
    [
        ("populations.exc.parameters.tau", 30.0, {"tau": 30.0}),
        ("populations.exc.size", 5, {"size": 5}),
        ("populations.exc.initial.V", -58.0, {"V": -58.0}),
        ("populations.exc.initial.V.low", -62.0, {"V": pg.Uniform(-62.0, -50.0)}),
        ("groups.exc_inh.weight", 7.0, {"weight": 7.0}),
        ("connections[0].weight", 7.0, {"weight": 7.0}),
        ("groups[-2].weight.mean", 7.0, {"weight": pg.Normal(7.0, 0.1)}),
        ("groups.exc_inh.connectivity.p", 0.25, {"p": 0.25}),
        ("groups.exc_inh.delay", 2.0, {"delay": 2.0}),
        ("groups.exc_inh.synapse.parameters.tau", 9.0, {"tau_syn": 9.0}),
        ("inputs.drive.rate", 3.0, {"rate": 3.0}),
        ("inputs.constant.value", 3.0, {"current": 3.0}),
        ("inputs.steps.values", [3.0, 4.0], {"values": [3.0, 4.0]}),
        ("inputs.noise.std", 3.5, {"std": 3.5}),
        ("populations.source.spike_source", ([4.0], [2]), {"times": [4.0], "indices": [2]}),
        ("network.dt", 0.05, {"dt": 0.05}),
        ("network.seed", np.int64(4), {"seed": 4}),
    ],
)
def test_a_value_changed_by_path_is_the_value_declared(path, value, same):
    net, declared = network(), network(**same)
    changed = net.with_values({path: value})
    assert changed == declared and changed != net
    assert changed.digest() == declared.digest() != net.digest()
    assert net == network()  # which has not changed


@pytest.mark.parametrize(
    ("recorded", "last"),
    [
        (lambda cells: cells.spikes[:5], 4),
        (lambda cells: cells["V"][6:], 9),
        (lambda cells: cells["V"][[1, 7]], 7),
        (lambda cells: cells.spikes[::2], 8),
    ],
)
def test_a_recording_of_some_neurons_does_not_shrink_unseen(recorded, last):
    net = pg.Network()
    cells = net.population("cells", 10, pg.LIF())
    net.record(recorded(cells))
    before = list(net.recordings[0].what.neurons)
    larger = net.with_values({"populations.cells.size": 30})
    assert list(larger.recordings[0].what.neurons) == before
    just = net.with_values({"populations.cells.size": last + 1})
    assert list(just.recordings[0].what.neurons) == before
    with pytest.raises(NetworkError, match=f"up to neuron {last}: {last} are left") as caught:
        net.with_values({"populations.cells.size": last})
    assert f"give the population {last + 1} neurons or more" in str(caught.value.hint)
    assert "populations.cells.size" in str(caught.value)


def test_a_recording_of_all_neurons_follows_the_size():
    net = pg.Network()
    net.record(net.population("cells", 10, pg.LIF()).spikes)
    for size in (4, 30):
        changed = net.with_values({"populations.cells.size": size})
        assert len(changed.recordings[0].what.neurons) == size


def test_both_halves_of_spike_trains_change_together():
    changed = network().with_values(
        {
            "populations.source.spike_source.times": [1.0, 2.0, 3.0],
            "populations.source.spike_source.indices": [0, 0, 1],
        }
    )
    assert changed == network(times=[1.0, 2.0, 3.0], indices=[0, 0, 1])


def test_a_star_changes_all_that_match():
    net = network()
    changed = net.with_values({"populations.*.parameters.tau": 11.0})
    values = changed.values
    assert {path: values[path] for path in values if path.endswith(".tau") and "pop" in path} == {
        "populations.exc.parameters.tau": 11.0,
        "populations.inh.parameters.tau": 11.0,
    }
    assert changed.values["groups.exc_inh.synapse.parameters.tau"] == 5.0
    with pytest.raises(NetworkError, match="no value matches"):
        net.with_values({"groups.*.parameters.nothing": 1})


def test_every_value_can_be_put_back_where_it_was_read():
    net = network()
    for path, value in net.values.items():
        if value is not None:
            changed = net.with_values({path: value})
            assert dict(changed.values) == dict(net.values), path


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("populations.exd.size", "populations has no 'exd'; did you mean 'exc'"),
        ("population.exc.size", "no 'population' in a network; did you mean 'populations'"),
        ("populations.exc.parameters.taw", "no 'taw'; did you mean 'tau'"),
        ("groups.exc_inh.wieght", "did you mean 'weight'"),
        ("groups[7].weight", "groups has no '7'; known: exc_inh, source_exc"),
        ("groups.exc_inh.weight.meen", "did you mean 'mean'"),
        ("populations.exc.size.more", "populations.exc.size holds a single value"),
        ("populations.exc", "add one of size, model, positions, parameters, initial"),
        ("a..b", "is not a valid path"),
        ("", "is not a valid path"),
        (3, "3 is not a path"),
    ],
)
def test_a_wrong_path_is_answered_with_the_nearest(path, message):
    with pytest.raises(NetworkError) as caught:
        network().with_values({path: 1})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "error", "message"),
    [
        ("populations.exc.parameters.tau", -1.0, DeclarationError, "must be positive"),
        ("populations.exc.parameters.tau", [1.0, 2.0], ShapeError, "needs (8,)"),
        ("populations.exc.size", 0, DeclarationError, "size = 0"),
        ("groups.*.synapse.parameters.tau", -1.0, DeclarationError, "must be positive"),
        ("groups.exc_inh.synapse.parameters.tau", [1.0, 2.0], DeclarationError, "one number"),
        ("groups.exc_inh.connectivity.p", 2.0, DeclarationError, "outside [0, 1]"),
        ("network.dt", 2.0, DeclarationError, "below the step"),
        ("network.seed", -1, DeclarationError, "not a valid seed"),
        ("inputs.drive.rate", -1.0, DeclarationError, "negative rate"),
        ("populations.source.spike_source", 3.0, DeclarationError, "a pair of times and indices"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_path(path, value, error, message):
    with pytest.raises(error) as caught:
        network().with_values({path: value})
    shown = path.replace("*", "exc_inh")
    assert str(caught.value).startswith(f"values ({shown})") and message in str(caught.value)


def test_a_size_that_a_matrix_of_weights_does_not_fit_is_named():
    net = pg.Network()
    exc, inh = net.population("exc", 4, pg.LIF()), net.population("inh", 2, pg.LIF())
    net.connect(exc, inh, pg.Delta(), pg.AllToAll(), weight=np.ones((4, 2)))
    with pytest.raises(ShapeError, match=r"values \(populations\.exc\.size\), synapse group"):
        net.with_values({"populations.exc.size": 5})


def test_files_and_networks_use_the_same_words():
    text = dump_network(network())
    for path, value in {
        "populations.exc.parameters.tau": 30.0,
        "populations.exc.size": 5,
        "populations.exc.initial.V": -58.0,
        "groups.exc_inh.weight": 7.0,
        "connections.exc_inh.delay": 3.0,
        "inputs.drive.rate": 3.0,
        "network.seed": 9,
    }.items():
        in_file, _ = load_network(text, {path: value})
        changed = network().with_values({path: value})
        assert in_file.digest() == changed.digest(), path


def test_values_complete_and_say_what_they_are():
    values = network().values
    assert isinstance(values, NetworkValues) and "populations.exc.size" in values
    assert "populations.exc" not in values and 3 not in values
    assert values._ipython_key_completions_() == list(values)
    assert repr(values) == f"<{len(values)} values of a network, by path>"
    assert len(values.matching("inputs.*.rate")) == 1


def test_a_delay_that_was_not_given_is_one_step_of_whatever_length():
    net = network()
    assert net["exc_inh"].delay == 0.1 and net["source_exc"].delay == 1.5
    net.dt = 0.05
    assert net["exc_inh"].delay == 0.05 and net["source_exc"].delay == 1.5
    assert net == network(dt=0.05)
    assert net.with_values({"network.dt": 0.2})["exc_inh"].delay == 0.2
    given = network(delay=0.1)
    given.dt = 0.05
    assert given["exc_inh"].delay == 0.1
    assert load_network(dump_network(net))[0] == net
    with pytest.raises(NetworkError, match="below the step"):
        net.dt = 2.0
    assert net.dt == 0.05 and net["exc_inh"].delay == 0.05


def test_a_longer_step_and_the_delays_that_fit_it_change_together():
    net = network()
    (group,) = (name for name in net.groups if name.startswith("source"))
    changed = net.with_values({"network.dt": 2.0, f"groups.{group}.delay": 4.0})
    assert (changed.dt, changed.groups[group].delay) == (2.0, 4.0)
    shorter = changed.with_values({"network.dt": 0.1, f"groups.{group}.delay": 0.5})
    assert (shorter.dt, shorter.groups[group].delay) == (0.1, 0.5)
    assert shorter.groups["exc_inh"].delay == 0.1
    with pytest.raises(DeclarationError, match=r"network\.dt.*below the step"):
        net.with_values({"network.dt": 2.0})


def test_a_population_cannot_become_smaller_than_the_part_that_is_connected():
    net = pg.Network()
    cells = net.population("cells", 10, pg.LIF())
    net.connect(cells[:3], cells[5:8], pg.Delta(), pg.AllToAll(), name="some")
    assert net.with_values({"populations.cells.size": 8})["some"].connectivity.parts
    message = r"(?s)cells\.size.*target is \[5:8:1\], of a population of 7.*8 neurons or more"
    with pytest.raises(DeclarationError, match=message):
        net.with_values({"populations.cells.size": 7})
