"""Where a spike is within its step, and how fast the threshold was crossed."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_programs import compiled, extension

import pygenn_lite as pg
from pygenn_lite.codegen.program.extension import SpikeRecord
from pygenn_lite.codegen.program.extension_ops import Restart, Simulated
from pygenn_lite.codegen.program.schedule import Loop, Schedule
from pygenn_lite.errors import EquationError

pytestmark = pytest.mark.schedules("times of spikes within a step")

RUN = Schedule((Loop("batches", (Restart(), Loop("steps", (Simulated(),)))),))


def located(net, backend, how="linear", **more):
    made = extension(
        "located", [], schedules=dict(run=RUN), crossings=dict(cells=how),
        spikes=(SpikeRecord("cells", 1000, (("spike_offset", "spike_offset"),)),),
    )  # fmt: skip
    return compiled(net, made, backend, **more)


@pytest.mark.parametrize("more", [{}, {"refractory": 2.0}], ids=["plain", "refractory"])
def test_the_crossing_is_exact_to_the_second_order_of_the_step(backend, more):
    """Neurons that spike once."""
    model = pg.NeuronModel(
        "dV/dt = (drive - V)/10", threshold="V > 1", reset="V = -100",
        parameters=dict(drive=3.0), **more,
    )  # fmt: skip
    drive = np.linspace(1.5, 4.0, 70)
    time = 10 * np.log(drive / (drive - 1))  # V = drive (1 - exp(-t/10)) reaches 1
    errors = []
    for dt in (0.4, 0.2, 0.1):
        net = pg.Network(dt=dt)
        cells = net.population("cells", 70, model, parameters=dict(drive=drive))
        net.record(cells)
        sim = located(net, backend)
        spikes = sim.run(12.0).spikes["cells"]
        offset = sim._device.programs.read(0, "cells", "spike_offset")
        found = np.empty(70)
        found[spikes.indices] = spikes.times - dt
        errors.append(np.abs(found + offset * dt - time).max())
    assert errors[0] < 2e-3 and errors[1] < errors[0] / 3 and errors[2] < errors[1] / 3
    speed = sim._device.programs.read(0, "cells", "spike_speed")
    np.testing.assert_allclose(speed, (drive - 1) / 10, rtol=0.02)


def test_networks_that_ask_for_it_have_kernels_of_their_own(backend):
    """Equal populations of which one is located: spikes stay the same."""
    net = pg.Network(dt=0.1, seed=2)
    for name in ("cells", "others"):
        population = net.population(name, 70, pg.LIF(), initial=dict(V=pg.Uniform(-60.0, -50.0)))
        net.current(population, 500.0)
        net.record(population)
    plain = net.compile(backend, threads=1, precision="float64").run(30.0)
    result = located(net, backend).run(30.0)
    for name in ("cells", "others"):
        assert len(plain.spikes[name].times) > 100
        np.testing.assert_array_equal(result.spikes[name].times, plain.spikes[name].times)


def test_a_threshold_without_a_sign_is_refused(backend):
    net = pg.Network(dt=0.1)
    net.population("cells", 3, pg.NeuronModel("dV/dt = 1", threshold="rand() < 0.5", reset="V = 0"))
    with pytest.raises(EquationError, match=r"'cells'.*located within a step.*it is drawn"):
        located(net, backend)


def test_newtons_method_finds_the_crossing_to_rounding(backend):
    """A membrane with a synaptic current, as LIF neurons with exponential currents are."""
    dt = 0.5
    model = pg.NeuronModel(
        ["dV/dt = (I - V)/tau", "dI/dt = -I/5"], threshold="V > 1 + 0*tau", reset="V = -100",
        parameters=dict(tau=20.0), initial=dict(I=0.0), inputs=(),
    )  # fmt: skip
    start, tau = np.linspace(9.0, 20.0, 70), np.linspace(15.0, 25.0, 70)

    def V(t):
        return start * 5 / (5 - tau) * (np.exp(-t / 5) - np.exp(-t / tau))

    low, high = np.zeros(70), np.full(70, 7.0)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = np.where(V(middle) < 1, middle, low), np.where(V(middle) < 1, high, middle)
    net = pg.Network(dt=dt)
    cells = net.population("cells", 70, model, parameters=dict(tau=tau), initial=dict(I=start))
    net.record(cells)
    sim = located(net, backend, "newton")
    spikes = sim.run(15.0).spikes["cells"]
    read = sim._device.programs.read
    found = np.empty(70)
    found[spikes.indices] = spikes.times - dt
    found += read(0, "cells", "spike_offset") * dt
    np.testing.assert_allclose(found, low, rtol=1e-11)
    slope = (start * np.exp(-low / 5) - 1) / tau
    np.testing.assert_allclose(read(0, "cells", "spike_speed"), slope, rtol=1e-9)


def test_newtons_method_is_refused_where_the_flow_is_not_linear(backend):
    net = pg.Network(dt=0.1)
    net.population("cells", 3, pg.NeuronModel("dV/dt = V**2 + 1", threshold="V > 1", reset="V = 0"))
    with pytest.raises(EquationError, match=r"'cells'.*Newton's method: V must follow a linear"):
        located(net, backend, "newton")
