"""Schedules of extensions on every backend: loops, rhythms, ends, reductions, records."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_programs import added, compiled, extension, kernel, set_, variables

import pygenn_lite as pg
from pygenn_lite.codegen.program.extension import SpikeRecord, StateRecord
from pygenn_lite.codegen.program.extension_ops import (
    Combine,
    Keep,
    Present,
    Recall,
    Restart,
    Shuffle,
    Simulated,
)
from pygenn_lite.codegen.program.schedule import Call, Exchange, Loop, Reduce, Schedule
from pygenn_lite.codegen.program.until import Until
from pygenn_lite.errors import ArgumentError, NumericalError, SimulationError

SCHEDULE = pytest.mark.schedules("loops, records, reductions")
LEAK = pg.NeuronModel("dV/dt = (drive - V)/tau", parameters=dict(tau=10.0, drive=2.0))


def one_population(size=130, model=LEAK, **more):
    net = pg.Network(dt=0.5, seed=3)
    net.population("cells", size, model, **more)
    return net


def value(sim, name, owner="", instance=0):
    return sim._device.programs.read(instance, owner, name)


@SCHEDULE
def test_loops_end_where_a_signal_says_so(backend):
    """Epochs of batches: a signal grows by 1 in every second batch, and by 10 at the end of each
    epoch, until it is above 30."""
    grow = kernel("grow", "network once", variables(shared="total"), set_("total", "total + 1"))
    leap = kernel("leap", "network once", variables(shared="total"), set_("total", "total + 10"))
    batches = Loop(
        "batches", (Call("grow", "", every=2, offset=1), Exchange(every=2, offset=1)), count=5
    )
    schedule = Schedule(
        (
            Loop(
                "epochs",
                (batches, Call("leap", ""), Exchange()),
                count=9,
                until=Until("total", ">", 30.0),
            ),
        )
    )
    made = extension(
        "loops", [grow, leap], *added(network="total=0.5"), schedules=dict(count=schedule)
    )
    sim = compiled(one_population(), made, backend)
    walker = sim._run_schedule("count")
    assert float(value(sim, "total")) == 0.5 + 3 * (2 + 10)
    assert walker.passes == {"epochs": 3, "batches": 15}
    assert "until total > 30" in str(schedule)


@SCHEDULE
def test_reductions_are_known_to_kernels_in_the_same_step(backend):
    """The mean of V pulls every V: what a simulation alone cannot do, in its own steps."""
    pull = kernel(
        "pull",
        "population all",
        variables("V offset", "mean"),
        set_("V", "V + (mean - V)*0.1 + offset"),
    )
    reduce = Reduce("cells", "mean", "mean", "V")
    peak = Reduce("cells", "max", "peak", "V", index_into="who")
    ops = (reduce, peak, Exchange(), Call("pull", "cells"), Simulated())
    made = extension(
        "means", [pull], *added(network="mean peak who", cells="offset=0.25"),
        schedules=dict(pulled=Schedule((Loop("steps", ops),))),
    )  # fmt: skip
    V0 = np.linspace(-1.0, 1.0, 130)
    found = []
    for threads in (1, 2):
        sim = compiled(one_population(initial=dict(V=V0)), made, backend, threads=threads)
        sim._run_schedule("pulled", duration=5.0)
        assert sim.time == 5.0
        found.append(sim["cells"]["V"][:])
        assert float(value(sim, "who")) == 129.0
    V, decay = V0.copy(), np.exp(-0.5 / 10)
    for _ in range(10):
        V = V + (V.mean() - V) * 0.1 + 0.25
        V = 2.0 + (V - 2.0) * decay
    np.testing.assert_allclose(found[0], V, rtol=1e-13)
    np.testing.assert_array_equal(found[0], found[1])
    sim.run(5.0)  # the simulation by itself again
    np.testing.assert_allclose(sim["cells"]["V"][:], 2.0 + (V - 2.0) * decay**10, rtol=1e-13)


def test_steps_of_a_simulation_reduce_where_there_is_no_other_schedule(backend):
    reduce = Reduce("cells", "mean", "mean", "V")
    made = extension("in_step", [], *added(network="mean"), in_step=(reduce, Exchange()))
    V0 = np.linspace(-1.0, 2.0, 130)
    sim = compiled(one_population(initial=dict(V=V0)), made, backend)
    sim.run(sim.dt)
    assert float(value(sim, "mean")) == pytest.approx(V0.mean(), rel=1e-14)


@SCHEDULE
def test_a_number_of_the_whole_network_is_added_up_population_by_population(backend):
    net = one_population(130, initial=dict(V="0.001*i"))
    net.population("others", 3, LEAK, initial=dict(V=[1.0, 2.0, 4.0]))
    ops = (
        Reduce("cells", "sum", "total", "V"),
        Reduce("others", "sum", "total", "V", add=True),
        Reduce("cells", "sum", "map", "V", begin=64, end=128),
        Exchange(),
    )
    made = extension(
        "network", [], *added(network="total map"),
        schedules=dict(sum=Schedule((Loop("batches", ops),))),
    )  # fmt: skip
    for threads in (1, 2):
        sim = compiled(net, made, backend, threads=threads)
        sim._run_schedule("sum")
        sim._run_schedule("sum")  # not added to what was there before
        assert float(value(sim, "total")) == pytest.approx(0.001 * 129 * 65 + 7, rel=1e-14)
        assert float(value(sim, "map")) == pytest.approx(
            0.001 * np.arange(64, 128).sum(), rel=1e-14
        )


@SCHEDULE
def test_winners_of_feature_maps_are_marked(backend):
    values = np.random.default_rng(4).normal(size=(4, 5, 6))
    reduce = Reduce(
        "cells",
        "winners",
        "found",
        "V",
        winners=3,
        radius=1,
        shape=(4, 5, 6),
        mask="won",
        least=0.0,
    )
    made = extension(
        "winners", [], *added(network="found", cells="won"),
        schedules=dict(choose=Schedule((Loop("batches", (reduce, Exchange())),))),
    )  # fmt: skip
    sim = compiled(one_population(120, initial=dict(V=values.ravel())), made, backend)
    sim._run_schedule("choose")
    won = np.flatnonzero(value(sim, "won", "cells"))
    assert float(value(sim, "found")) == len(won) == 3
    assert values.argmax() in won and len(set(won // 30)) == 3


@SCHEDULE
def test_a_state_is_kept_every_few_steps_and_recalled_on_the_way_back(backend):
    """The sum over kept states, met last first, tells their order."""
    fold = kernel(
        "fold", "population all", variables("seen folded"), set_("folded", "folded*2 + seen")
    )
    forward = Loop(
        "steps",
        (Simulated("arrivals"), Keep("cells", ("V",), "states", every=3), Simulated("flow")),
    )
    back = Loop(
        "steps",
        (Recall("cells", ("seen",), "states", every=3), Call("fold", "cells", every=3)),
        direction=-1,
    )
    made = extension(
        "kept", [fold], *added(cells="seen folded"),
        schedules=dict(there_and_back=Schedule((Loop("batches", (Restart(), forward, back)),))),
        states=(StateRecord("states", "cells", 1, room=4, every=3),),
    )  # fmt: skip
    found = []
    for threads in (1, 2):
        sim = compiled(one_population(), made, backend, threads=threads)
        sim._run_schedule("there_and_back", duration=5.0)
        found.append(value(sim, "folded", "cells"))
    V = 2.0 - 2.0 * np.exp(-0.05 * np.array([9, 6, 3, 0]))
    np.testing.assert_allclose(found[0], V @ [8.0, 4.0, 2.0, 1.0], rtol=1e-13)
    np.testing.assert_array_equal(found[0], found[1])
    assert "states: record of states" in str(sim.inspect())


@SCHEDULE
@pytest.mark.parametrize("room", [400, 399])
def test_a_record_of_spikes_that_is_full_says_so(backend, room):
    fires = pg.NeuronModel("dV/dt = 0.5", threshold="V > 0.9", reset="V = 0")
    loop = Loop("batches", (Restart(), Loop("steps", (Simulated(),))))
    made = extension(
        "record", [], schedules=dict(run=Schedule((loop,))), spikes=(SpikeRecord("cells", room),)
    )  # fmt: skip
    sim = compiled(one_population(100, fires), made, backend)
    if room == 400:
        sim._run_schedule("run", duration=8.0)  # four spikes of each
        sim._run_schedule("run", duration=8.0)
    else:
        with pytest.raises(SimulationError, match=r"holds 399, and .* there are 400") as caught:
            sim._run_schedule("run", duration=8.0)
        assert "'cells'" in str(caught.value) and "room" in str(caught.value)


@SCHEDULE
def test_samples_are_presented_in_an_order_that_is_shuffled(backend):
    """Each instance gets its own: spikes of a source, a current, and a target."""
    net = pg.Network(dt=0.5, seed=3)
    source = net.spike_source("in", 3, [], [])
    cells = net.population("cells", 3, pg.NeuronModel("dV/dt = I", inputs="I"))
    net.connect(
        source, cells, pg.SynapseModel(on_pre="V_post += weight"), pg.OneToOne(), weight=1.0
    )
    net.step_current(cells, times=[0.0, 1.0], values=np.zeros((2, 3)), name="drive")
    add = kernel("add", "population all", variables("V sum goal"), set_("sum", "sum + V*goal"))
    body = (
        Restart(),
        Present("spikes", "in", order="order"),
        Present("currents", "drive", order="order"),
        Present("goals", "cells", "goal", order="order"),
        Loop("steps", (Simulated(),), count=6),
        Call("add", "cells"),
    )
    epochs = Loop("epochs", (Shuffle("order"), Loop("batches", body, count=2)), count=3)
    made = extension(
        "samples", [add], *added(cells="sum goal"), schedules=dict(epochs=Schedule((epochs,)))
    )
    trains = [(np.full(k, 1.0), np.arange(k)) for k in range(4)]
    data = dict(
        spikes=pg.SpikeTensor(trains, 3),
        currents=np.arange(24.0).reshape(4, 2, 3),
        goals=np.arange(12.0).reshape(4, 3) + 1,
        order=np.arange(4),
    )
    sim = compiled(net, made, backend, instances=2, seeds=[3, 3])
    sim._run_schedule("epochs", data)
    total = sum(value(sim, "sum", "cells", k) for k in (0, 1))
    each = np.array(
        [(np.arange(3) < k) + data["currents"][k, 0] + 2 * data["currents"][k, 1] for k in range(4)]
    )
    np.testing.assert_allclose(total, 3 * (each * data["goals"]).sum(0), rtol=1e-12)
    del data["goals"]
    with pytest.raises(ArgumentError, match="needs data 'goals'"):
        sim._run_schedule("epochs", data)


@SCHEDULE
def test_values_of_instances_are_combined(backend):
    loop = Loop(
        "batches", (Combine("cells", "V", "mean"), Combine("", "loss", "sum", into="first"))
    )
    made = extension(
        "combined", [], *added(network="loss=1.5"), schedules=dict(mean=Schedule((loop,)))
    )
    net = one_population(3, initial=dict(V=1.0))
    values = {"populations.cells.initial.V": [1.0, 2.0, 6.0]}
    sim = compiled(net, made, backend, instances=3, values=values)
    sim._run_schedule("mean")
    np.testing.assert_array_equal(sim["cells"]["V"][:], 3.0)
    assert [float(value(sim, "loss", instance=k)) for k in range(3)] == [4.5, 0.0, 0.0]


@SCHEDULE
def test_a_variable_that_stops_being_finite_ends_the_schedule(backend):
    grows = pg.NeuronModel("dV/dt = V**2", initial=dict(V=1.0))
    made = extension("grows", [], schedules=dict(run=Schedule((Loop("steps", (Simulated(),)),))))
    sim = compiled(one_population(3, grows), made, backend)
    with pytest.raises(NumericalError, match=r"'cells', neuron 0.*'V' became"):
        sim._run_schedule("run", duration=20.0)


@pytest.mark.parametrize(
    ("ops", "more", "message"),
    [
        ((Call("grow", "nobody"),), {}, "'run', kernel grow: there is no 'nobody'"),
        ((Keep("cells", ("V",), "states"),), {}, "uses a record 'states': there is none"),
        (
            (Keep("cells", ("V", "V"), "states"),),
            dict(states=(StateRecord("states", "cells", 1, room=4),)),
            "does not fit record 'states'",
        ),
        ((), dict(spikes=(SpikeRecord("nobody", 5),)), "spikes of 'nobody' are recorded"),
    ],
)
def test_an_extension_that_speaks_of_what_is_not_there_is_refused(ops, more, message):
    made = extension("wrong", [], schedules=dict(run=Schedule((Loop("steps", ops),))), **more)
    with pytest.raises(ValueError, match=message):
        compiled(one_population(3), made, "reference")
