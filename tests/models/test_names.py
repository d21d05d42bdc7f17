"""What `names` lists, what completes, and what can be read are one set for every library model, and
each of them can be set, or says why not."""

import numpy as np
import pytest
from test_library_runs import DRIVE

import pygenn_lite as pg
from pygenn_lite import models
from pygenn_lite.errors import PygennLiteError


def neurons():
    """Every neuron model (the kernels of `test_library_runs`)."""
    net = pg.Network(dt=0.1, seed=3)
    for name in DRIVE:
        population = net.population(name, 3, models.NEURONS[name]())
        net.current(population, [0.0, 1.0, 2.0])
    net.population("PoissonNeuron", 5, models.PoissonNeuron(rate=100.0))
    return net


def synapses(rule):
    """A rule with every receptor."""
    net = pg.Network(dt=0.1, seed=4)
    source = net.spike_source("s", 6, [1.0], [0])
    for name, make in models.SYNAPSES.items():
        target = net.population(name, 4, models.LIFConductance(t_ref=1.0))
        net.current(target, 110.0)
        synapse = make() if rule is None else models.PLASTICITY[rule](make())
        net.connect(source, target, synapse, pg.AllToAll(), weight=0.5, delay=1.3)
    return net


def check_names(view, declared):
    names = view.names
    assert len(names) == len(set(names))
    assert set(declared) <= set(names)
    assert list(view) == names == view._ipython_key_completions_()
    for name in names:
        before = np.array(view[name])
        assert np.all(np.isfinite(before))
        try:
            view[name] = before
        except PygennLiteError as error:
            assert error.hint
        assert np.array_equal(np.asarray(view[name]), before), name
    for wrong in (*(f"{name}_" for name in names), "", "V__r7", "weight "):
        with pytest.raises(PygennLiteError) as caught:
            view[wrong]
        assert all(name in caught.value.hint for name in names if "__" not in name)


def check_all(sim):
    for name in sim.names:
        assert name in sim.network.populations or name in sim.groups or name in sim.inputs
    assert sim._ipython_key_completions_() == list(sim) == sim.names
    assert {*sim.populations, *sim.groups, *sim.inputs} == set(sim.names)
    for name, population in sim.network.populations.items():
        parameters = [n for n, _ in getattr(population.model, "parameters", ())]
        check_names(sim[name], [*population.names, *parameters])
    for name, group in sim.network.groups.items():
        model = group.synapse
        traces = [t for t in (model.pre_trace, model.post_trace) if t]
        declared = ["weight", *(n for n, _ in model.variables), *(n for n, _ in model.parameters)]
        declared += [*model.state_names, *(n for t in traces for n in t.state_names)]
        check_names(sim[name], declared)
        for variable in group.names:
            assert np.array_equal(sim[name][variable], sim[name][variable][:])
    for one in sim.network.inputs:
        check_names(sim[one.name], [])


@pytest.mark.usefixtures("backend")
def test_names_of_every_neuron_model_are_those_that_work():
    check_all(neurons().compile(precision="float64", threads=1))


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("rule", [None, *models.PLASTICITY])
def test_names_of_every_rule_with_every_receptor_are_those_that_work(rule):
    check_all(synapses(rule).compile(precision="float64", threads=1))


@pytest.mark.usefixtures("backend")
def test_names_of_inputs_are_those_that_work():
    net = pg.Network(dt=0.1)
    p = net.population("p", 3, pg.LIF())
    net.poisson(p, 5.0, weight=1.0, variable="V")
    net.current(p, 1.0)
    net.step_current(p, [0.0, 1.0], [1.0, 2.0])
    net.noise_current(p, 0.0, 1.0)
    sim = net.compile(precision="float64", threads=1)
    values = ["rate", "sources", "weight"], ["value"], ["values"], ["mean", "std"]
    for one, declared in zip(net.inputs, values, strict=True):
        check_names(sim[one.name], declared)
    with pytest.raises(PygennLiteError, match="did you mean 'current_p'"):
        sim["curent_p"]


def test_what_a_declaration_lists_can_be_recorded_and_nothing_else():
    for net in (neurons(), synapses("PairSTDP")):
        for thing in (*net.populations.values(), *net.groups.values()):
            assert thing._ipython_key_completions_() == list(thing) == thing.names
            for name in thing.names:
                net.record(thing[name])
            for wrong in ("", "nothing", *(f"{name}_" for name in thing.names)):
                with pytest.raises(PygennLiteError):
                    thing[wrong]


@pytest.mark.usefixtures("backend")
def test_a_network_gives_its_parts_by_name_and_lists_them():
    net = synapses("PairSTDP")
    net.current("Delta", 1.0, name="drive")
    net.current("Delta", 1.0, name="s")  # an input may be called like a population
    assert net.names == list(net) == net._ipython_key_completions_()
    assert net.names == [*net.populations, *net.groups, *(i.name for i in net.inputs[:-1])]
    assert all(net[name].name == name for name in net.names)
    assert net["s"] is net.populations["s"] and net["drive"] is net.inputs[-2]
    assert net.compile(precision="float64", threads=1).names == net.names
    with pytest.raises(PygennLiteError, match="did you mean 'drive'"):
        net["driv"]


@pytest.mark.usefixtures("backend")
def test_keys_of_results_complete():
    net = pg.Network(dt=0.1)
    p = net.population("p", 3, pg.LIF())
    net.record(p.spikes, p["V"])
    result = net.compile(precision="float64", threads=1).run(1.0)
    for recorded in (result.spikes, result.traces, result.traces["p"]):
        assert recorded._ipython_key_completions_() == list(recorded)
