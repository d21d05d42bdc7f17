"""Generated C++ is accepted by a compiler, whatever users call their variables."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from helpers_codegen import LIF, STDP, one_population

from pygenn_lite.codegen import derive_program, generate, network_structure
from pygenn_lite.codegen.passes.reserved_names import template_names
from pygenn_lite.codegen.render.cpp import view_of
from pygenn_lite.declaration import (
    AllToAll,
    Network,
    NeuronModel,
    OneToOne,
    SynapseModel,
    SynapticTrace,
)
from pygenn_lite.errors import EquationError, ToolchainError
from pygenn_lite.runtime.cpp.cache_keys import TEMPLATES
from pygenn_lite.runtime.cpp.toolchain import find_compiler


def accepted(network: Network) -> None:
    """The compiler finds nothing wrong with the kernels of a network."""
    try:
        compiler = find_compiler()
    except ToolchainError:
        pytest.skip("no compiler")
    source = generate(network_structure(network)).source
    command = [*compiler.command, "-std=c++20", "-fsyntax-only", f"-I{TEMPLATES}", "-xc++", "-"]
    done = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_names_that_the_templates_use_themselves_are_free_for_users():
    model = NeuronModel(
        """
        dn/dt = (step - n + I + any)/time; di/dt = a*n - i
        V_ = n*2; dV/dt = M_PI - V_ - V; dV_base/dt = -V_base*PGL_BLOCK
        """,
        threshold="n > flags and V_ > count and t > left",
        reset="n = left; i += fault + rand(); j = n; lane = i",
        refractory="block",
        parameters={
            "step": 1.0, "any": 2.0, "time": 3.0, "a": 4.0, "flags": 5.0, "count": 6.0,
            "left": [0.1] * 10, "fault": 7.0, "block": 2.0, "M_PI": 3.0, "PGL_BLOCK": 1.0,
        },
        initial={"n": 0.0, "j": 0.0, "lane": 1.0},
    )  # fmt: skip
    synapse = SynapseModel(
        "ds/dt = -s/position",
        inputs="I = s*INT32_MAX",
        on_pre="s += weight*source; target = target + n*entry; V_post += target",
        on_post="target = arrival + y*j_post",
        pre_trace=SynapticTrace("dn/dt = -n/n_spikes", on_spike="n += 1"),
        post_trace=SynapticTrace("dy/dt = -y/position", on_spike="y += 1"),
        parameters={
            "position": 1.0, "INT32_MAX": 2.0, "n_spikes": 3.0, "source": 1.0, "entry": 1.0,
            "arrival": 1.0,
        },
        variables={"target": 0.0},
    )  # fmt: skip
    network = one_population(model, synapse, SynapseModel(on_pre="n_post += weight"))
    network.poisson("p", 10.0, weight=1.0, variable="n")
    accepted(network)


def test_every_feature_of_kernels_compiles():
    network = one_population(LIF, STDP)
    model = NeuronModel(
        "dV/dt = (J - V + max(w, 0)*sin(t))/tau + xi; dw/dt = where(t > t_on, 1, V) - w**1.5",
        threshold="V > 1 and rand() < exp((V - 2)/tau)*dt",
        reset="V = randn(); w += 1",
        refractory="V > 0.5 or t < 3",
        inputs=("J",),
        parameters={"tau": [1.0] * 7, "t_on": 5.0},
    )
    other = network.population("q", 7, model)
    learning = SynapseModel(
        "dg/dt = -g/tau",
        inputs="J = g*(E - V)",
        on_pre="g += weight*u; u *= 0.5",
        synapse_derivatives="du/dt = (U - u)/tau_u",
        parameters={"tau": 2.0, "E": 1.0, "U": 0.5, "tau_u": 9.0},
        variables={"u": 0.5},
    )
    network.connect("p", other, learning, AllToAll(), delay=1.0)
    every_step = SynapseModel(
        on_pre="w_post += weight*V_pre*delay",
        synapse_derivatives="dc/dt = -c*V_post; dweight/dt = c*V_pre - weight",
        event_driven=False,
        variables={"c": 1.0},
    )
    network.connect(other, other, every_step, OneToOne())
    weakening = SynapseModel(on_pre="V_post += weight; weight = 0.9*weight + V_post - V_post")
    network.connect("p", "p", weakening, OneToOne())
    source = network.spike_source("s", 3, [1.0], [0])
    network.connect(source, "p", STDP, AllToAll())
    network.poisson("p", 1e3, weight=0.1, variable="V")
    network.noise_current(other, 0.0, 1.0, "J")
    network.step_current("p", [0.0, 1.0], [1.0, 2.0])
    network.step_current(other, [0.0], [[1.0] * 7], "J")
    network.current(other, 3.0, "J")
    accepted(network)


def test_how_a_value_is_reached_is_said_by_templates_alone():
    """So that those of another backend can say it otherwise."""
    model = NeuronModel(
        "dV/dt = sin(w*t)*k - V + I; dy/dt = V**2",
        threshold="V > t/k and y > 1",
        refractory="t_ref",
        clamp=(),
        parameters={"w": 1.0, "k": 2.0, "t_ref": 1.0},
    )
    program = derive_program(network_structure(one_population(model, STDP)))
    text = "".join(repr(view_of(kernel)) for kernel in program.kernels)
    for access in ("args", "->", "_[", "lane", "arrays["):
        assert access not in text, access
    accepted(one_population(model, STDP))


def test_resets_and_traces_see_what_derivatives_see():
    """Inputs that are drawn or change in time in a reset; dt in a postsynaptic trace."""
    import pygenn_lite as pg

    model = pg.NeuronModel(
        "dV/dt = 1.0", threshold="V > 0.25", reset="V = 0; w = I", initial=dict(w=0.0)
    )
    net = pg.Network(dt=0.1, seed=3)
    cells = net.population("cells", 5, model)
    net.step_current(cells, [0.0, 0.2], np.array([[1.0] * 5, [2.0, 3.0, 4.0, 5.0, 6.0]]))
    trace = pg.SynapticTrace("", "y += dt")
    synapse = pg.SynapseModel(on_pre="V_post += 0*y", post_trace=trace)
    net.connect(cells, cells, synapse, pg.AllToAll())
    sim = net.compile()
    sim.step(3)
    assert np.asarray(sim["cells"]["w"]).tolist() == [2.0, 3.0, 4.0, 5.0, 6.0]
    sim.step(1)
    assert np.allclose(sim["cells"]["y"], 0.1)

    net = pg.Network(dt=0.1, seed=3)
    cells = net.population("cells", 5, model)
    net.noise_current(cells, 1.0, 0.5)
    seen = net.population("seen", 5, pg.NeuronModel(update="u = I", initial=dict(u=0.0)))
    net.noise_current(seen, 1.0, 0.5)
    sim = net.compile()
    sim.step(3)
    drawn = np.asarray(sim["cells"]["w"])
    assert len(set(drawn.tolist())) == 5 and np.all(np.abs(drawn - 1.0) < 4.0)


def test_every_name_of_the_templates_is_free_for_users():
    """The list is taken from the templates, so that it cannot fall behind them."""
    names = [n for n in sorted(template_names()) if n.isidentifier() and "_" not in n]
    free = []
    for name in names:
        try:
            free.append(
                NeuronModel(f"d{name}/dt = 1", threshold=f"{name} > 3", reset=f"{name} = 0")
            )
        except EquationError:
            continue  # a reserved word
    assert {"row", "column", "flags", "lane"} <= {m.state_names[0] for m in free}
    net = Network(dt=0.1)
    for k, model in enumerate(free):
        net.population(f"p{k}", 3, model)
    accepted(net)
