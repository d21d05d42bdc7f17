"""What a hint advises is possible where it is given, and works."""

import ctypes
from pathlib import Path

import pytest

import pygenn_lite as pg
from pygenn_lite.codegen import derive_program, network_structure
from pygenn_lite.errors import PygennLiteError
from pygenn_lite.runtime.cpp.shared_objects import load_library


def derived(model, **options):
    net = pg.Network(dt=0.1)
    net.population("p", 2, model, **options)
    return derive_program(network_structure(net))


def plastic(**options):
    """Synapse code that reads a threshold that differs between neurons."""
    model = pg.NeuronModel(
        "dV/dt = -V\n" + options.pop("more", ""), threshold="V > V_th", **options
    )
    net = pg.Network(dt=0.1)
    p = net.population("p", 2, model)
    reader = pg.SynapseModel(on_pre="x += V_th_post", variables={"x": 0.0})
    net.connect(p, p, reader, pg.AllToAll())
    return network_structure(net)


LEAK = "dV/dt = -V/tau"
CASES = {
    "a name of white noise": (
        lambda: pg.NeuronModel("dV/dt = -V*xi_a", parameters={"xi_a": 1.0}),
        "begin with xi_ are white noise; choose another",
        lambda: pg.NeuronModel("dV/dt = -V*a", parameters={"a": 1.0}),
    ),
    "a reserved name": (
        lambda: pg.NeuronModel("dV/dt = -V*while_", parameters={"while": 1.0}),
        "choose another name, e.g. 'while_'",
        lambda: pg.NeuronModel("dV/dt = -V*while_", parameters={"while_": 1.0}),
    ),
    "a long step": (
        lambda: pg.Network(dt=1e6),
        "below 1e6",
        lambda: pg.Network(dt=9e5),
    ),
    "a start value of a parameter": (
        lambda: pg.NeuronModel(LEAK, parameters={"tau": 1.0}, initial={"tau": 2.0}),
        "parameters={'tau': ...}",
        lambda: pg.NeuronModel(LEAK, parameters={"tau": 2.0}),
    ),
    "a long formula of a value": (
        lambda: pg.LIF(tau="+".join(["i"] * 6000)),
        "in values by an array",
        lambda: pg.LIF(tau=[6000.0, 6001.0]),
    ),
    "a deep formula of an equation": (
        lambda: pg.NeuronModel(f"dV/dt = {'(' * 61}V{')' * 61}"),
        "in equations by auxiliary definitions",
        lambda: pg.NeuronModel(f"dV/dt = {'(' * 31}a{')' * 31}\na = {'(' * 30}V{')' * 30}"),
    ),
    "noise and an integrator that has none": (
        lambda: derived(pg.NeuronModel("dV/dt = -V**2 + xi", integrator="rk4")),
        "integrator='euler_maruyama'",
        lambda: derived(pg.NeuronModel("dV/dt = -V**2 + xi", integrator="euler_maruyama")),
    ),
    "an integrator for linear equations": (
        lambda: derived(pg.NeuronModel("dV/dt = -V**2", integrator="exact")),
        "'exponential_euler', 'rk4'",
        lambda: derived(pg.NeuronModel("dV/dt = -V**2", integrator="rk4")),
    ),
    "synapses that read a parameter per neuron": (
        lambda: plastic(parameters={"V_th": [1.0, 2.0]}),
        "state variable: give it an initial value instead, and dV_th/dt = 0",
        lambda: plastic(initial={"V_th": [1.0, 2.0]}, more="dV_th/dt = 0"),
    ),
    "a random value": (
        lambda: pg.Network().population("p", 2, pg.LIF(), initial={"V": "rand()"}),
        "Uniform(0, 1)",
        lambda: pg.Network().population("p", 2, pg.LIF(), initial={"V": pg.Uniform(0, 1)}),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_hint_can_be_followed(name):
    wrong, hint, right = CASES[name]
    with pytest.raises(PygennLiteError) as caught:
        wrong()
    assert hint in caught.value.hint
    right()


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("failed to map segment from shared object: Operation not permitted", "PYGENN_LITE_CACHE"),
        ("failed to map segment from shared object", "PYGENN_LITE_CACHE"),
        ("invalid ELF header", "cache --clear"),
        ("undefined symbol: _ZTVN10__cxxabiv117__class_type_infoE", "g++, not gcc"),
    ],
)
def test_compiled_code_that_may_not_run_where_it_lies_is_told_so(monkeypatch, reason, hint):
    def refuse(path):
        raise OSError(f"{path}: {reason}")

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    with pytest.raises(PygennLiteError, match="cannot be loaded") as caught:
        load_library(Path("kernels.so"))
    assert hint in caught.value.hint
