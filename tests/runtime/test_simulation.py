"""Driving a simulation: run, look, change, stop, reset."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from importlib import import_module

import helpers_runtime as helpers
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen.plan import memory as plan
from pygenn_lite.errors import (
    InsufficientMemoryError,
    NumericalError,
    ShapeError,
    SimulationError,
)

DECAY = pg.NeuronModel("dV/dt = -V/tau", parameters=dict(tau=10.0), initial=dict(V=1.0))


pytestmark = pytest.mark.usefixtures("backend")


def balanced():
    return helpers.balanced_network(neurons=200)


RUNS = {}  # by backend: made once


@pytest.fixture
def first(backend):
    """A simulation and its first run, of 60 ms."""
    if backend not in RUNS:
        sim = balanced().compile(threads=1)
        RUNS[backend] = sim, sim.run(60.0)
    return RUNS[backend]


@pytest.mark.compiled("threads")
@pytest.mark.parametrize("threads", [2, 3])
def test_spikes_and_traces_do_not_depend_on_threads(first, threads):
    result = balanced().compile(threads=threads).run(60.0)
    assert helpers.same_spikes(result, first[1])
    assert len(result.spikes["exc"]) > 100
    assert np.array_equal(result.traces["exc"]["V"].values, first[1].traces["exc"]["V"].values)


def test_spikes_do_not_depend_on_how_a_run_is_cut(first):
    sim = balanced().compile(threads=1)
    parts = [sim.run(50.1), sim.step(7), sim.run(9.2)]
    steps = np.concatenate([p.spikes["exc"].steps for p in parts])
    assert steps.tolist() == first[1].spikes["exc"].steps.tolist()
    values = np.concatenate([p.traces["exc"]["V"].values for p in parts])
    assert np.array_equal(values, first[1].traces["exc"]["V"].values)
    assert sim.time == 60.0 and sim.steps_done == 600


def test_spikes_come_by_time_then_index(first):
    train = first[1].spikes["exc"]
    order = np.lexsort((train.indices, train.steps))
    assert np.array_equal(order, np.arange(len(train)))
    assert train.times[0] == train.steps[0] / 10


def test_slices_are_recorded(first):
    result = first[1]
    assert set(result.spikes["inh"].indices % 2) == {0}
    assert result.traces["exc"]["V"].indices.tolist() == list(range(7))
    assert result.traces["exc"]["V"].times[[0, 1, -1]].tolist() == [0.0, 0.1, 59.9]


def test_reset_repeats_the_run_and_another_seed_does_not(first):
    sim, run = first
    sim.reset()
    assert sim.time == 0.0
    assert helpers.same_spikes(sim.run(60.0), run)
    connections = sim["exc_inh"].connections()
    sim.reset(seed=99)
    other = sim.run(60.0)
    assert not helpers.same_spikes(other, run)
    assert np.array_equal(sim["exc_inh"].connections().post, connections.post)
    sim.reset()
    assert helpers.same_spikes(sim.run(60.0), run)


def test_reset_restores_weights_that_learned():
    sim = helpers.plastic_network(neurons=50).compile()
    before = np.asarray(sim["learning"]["weight"])
    first = sim.run(100.0)
    assert not np.array_equal(before, sim["learning"]["weight"])
    sim.reset()
    assert np.array_equal(before, sim["learning"]["weight"])
    assert helpers.same_spikes(sim.run(100.0), first)


@pytest.mark.compiled("threads")
def test_plastic_runs_do_not_depend_on_threads():
    results, weights = [], []
    for threads in (1, 2, 3):
        sim = helpers.plastic_network().compile(threads=threads)
        results.append(sim.run(300.0))
        weights.append(np.asarray(sim["learning"]["weight"]))
    assert len(results[0].spikes["exc"]) > 50
    assert helpers.same_spikes(results[0], results[1])
    assert helpers.same_spikes(results[0], results[2])
    assert np.array_equal(weights[0], weights[1]) and np.array_equal(weights[0], weights[2])


def test_rates_are_counted_with_and_without_recording():
    recorded = helpers.balanced_network(neurons=100).compile().run(250.0)
    silent = helpers.balanced_network(neurons=100, recorded=False).compile().run(250.0)
    assert silent.rates() == pytest.approx(recorded.rates())
    assert silent.rates(100.0) == pytest.approx(recorded.rates(100.0))
    train = recorded.spikes["exc"]
    expected = np.count_nonzero(train.times > 100.0) / 80 / 0.15
    assert recorded.rates(100.0)["exc"] == pytest.approx(expected)
    assert list(silent.spikes) == []
    with pytest.raises(KeyError, match="recorded"):
        silent.spikes["exc"]


def test_rates_that_were_not_counted_are_refused():
    sim = helpers.balanced_network(neurons=100, recorded=False).compile()
    result = sim.run(200.0)
    counts = np.diff(result.counts.totals["exc"])
    assert result.rates(50.0)["exc"] == pytest.approx(counts[1] / 80 / 0.1)
    with pytest.raises(SimulationError, match=r"(?s)after 150 ms.*hint: record"):
        result.rates(150.0)
    assert sim.run(0.0).rates() == dict(exc=0.0, inh=0.0)


# ---------------------------------------------------------------- state and parameters


def test_states_can_be_read_and_set():
    net = pg.Network(dt=0.1)
    net.population("a", 200, DECAY)
    sim = net.compile(precision="float64")
    view = sim["a"]
    view["V"][10:20] = 3.0
    view["V"][0] += 1.0
    view["V"] *= 2.0
    assert view["V"].shape == (200,) and view["V"].dtype == np.float64
    assert view["V"][[0, 1, 15]].tolist() == [4.0, 2.0, 6.0]
    sim.run(10.0)
    np.testing.assert_allclose(view["V"][[0, 1, 15]], np.array([4, 2, 6]) / np.e, rtol=1e-12)
    assert (view["V"] + 1).shape == (200,)
    assert "V" in view.names and len(view) == 200


def test_a_changed_parameter_changes_the_propagator():
    net = pg.Network(dt=0.1)
    net.population("a", 3, DECAY)
    sim = net.compile(precision="float64")
    assert sim["a"]["tau"].shape == ()
    sim["a"]["tau"][...] = 5.0
    sim.run(10.0)
    np.testing.assert_allclose(sim["a"]["V"], np.exp(-2.0), rtol=1e-12)
    sim["a"]["tau"] = 10.0
    sim.reset()
    sim.run(10.0)
    np.testing.assert_allclose(sim["a"]["V"], np.exp(-1.0), rtol=1e-12)


def test_parameters_that_differ_can_be_set_one_by_one():
    net = pg.Network(dt=0.1)
    net.population("a", 100, DECAY, parameters=dict(tau=np.full(100, 10.0)))
    sim = net.compile(precision="float64", threads=2)
    sim["a"]["tau"][50:] = 20.0
    sim.run(10.0)
    np.testing.assert_allclose(sim["a"]["V"][0], np.exp(-1.0), rtol=1e-12)
    np.testing.assert_allclose(sim["a"]["V"][99], np.exp(-0.5), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("nope", 1.0, SimulationError),
        ("V", [1.0, 2.0], ShapeError),
        ("V", np.nan, SimulationError),
        ("tau", [1.0, 2.0, 3.0], ShapeError),
    ],
)
def test_what_cannot_be_set_is_refused(name, value, error):
    net = pg.Network()
    net.population("a", 3, DECAY)
    sim = net.compile()
    with pytest.raises(error):
        sim["a"][name] = value


def test_unknown_names_are_listed(first):
    with pytest.raises(SimulationError, match="exc_inh"):
        first[0]["nobody"]


def test_receptor_variables_have_the_models_names(first):
    group = first[0]["exc_inh"]
    assert "I_syn" in group.names
    assert group["I_syn"].shape == (40,)
    assert float(np.asarray(group["tau"])) == 5.0


# ---------------------------------------------------------------- during a run


def test_callbacks_come_at_multiples_and_may_change_things():
    net = pg.Network(dt=0.1)
    net.population("a", 2, DECAY)
    sim = net.compile()
    seen = []

    def look(simulation):
        seen.append(simulation.time)
        simulation["a"]["V"] = 1.0

    sim.run(0.3)
    sim.run(3.0, callback=look, interval=1.0)
    assert seen == [1.0, 2.0, 3.0]
    with pytest.raises(SimulationError, match="both"):
        sim.run(1.0, callback=look)


def test_an_error_in_a_callback_leaves_the_simulation_usable():
    net = pg.Network(dt=0.1)
    net.population("a", 2, DECAY)
    sim = net.compile()

    def fail(simulation):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sim.run(3.0, callback=fail, interval=1.0)
    assert sim.time == 1.0
    assert sim.run(1.0).duration == 1.0


def test_stop_ends_a_run_and_keeps_its_results():
    sim = balanced().compile()
    result = sim.run(1000.0, callback=lambda s: s.stop(), interval=50.0)
    assert result.interrupted and result.duration == 50.0
    assert not sim.run(10.0).interrupted


def test_ctrl_c_ends_a_run_at_a_step_and_keeps_its_results():
    sim = balanced().compile()
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.warns(RuntimeWarning, match="interrupted at") as caught:
        result = sim.run(10_000_000.0)
    assert caught[0].filename == __file__
    assert result.interrupted and 0 < result.duration < 10_000_000.0
    assert result.stop_step == sim.steps_done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def run_and_let_go(simulation, answers):
    try:
        simulation.run(5.0)
    except SimulationError as error:
        answers.put(str(error))
    simulation.reset(seed=9)  # a new engine, made here
    answers.put(len(simulation.run(100.0).spikes["exc"]) > 0)


@pytest.mark.compiled("threads do not survive a fork")
def test_a_forked_process_is_told_to_compile_for_itself():
    context = multiprocessing.get_context("fork")
    sim = helpers.balanced_network().compile(threads=2)
    answers = context.Queue()
    child = context.Process(target=run_and_let_go, args=(sim, answers), daemon=True)
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert "compile the network in the process that runs it" in answers.get(timeout=5)
    assert answers.get(timeout=5) is True
    assert sim.run(5.0).duration == 5.0


def test_progress_reaches_the_end():
    calls = []
    sim = balanced().compile(progress=lambda *call: calls.append(call))
    assert calls[-1] == ("connecting", 100, 100)
    calls.clear()
    sim.run(50.0, progress=lambda *call: calls.append(call))
    assert calls[-1] == ("simulating", 50.0, 50.0)


def test_nan_is_located():
    model = pg.NeuronModel(
        "dx/dt = x*x*rate\ndy/dt = -y",
        parameters=dict(rate=1.0),
        initial=dict(x=0.0, y=1.0),
        integrator="euler",
    )
    net = pg.Network(dt=0.1)
    population = net.population("grows", 300, model)
    net.record(population["x"][:1])
    sim = net.compile()
    sim["grows"]["x"][257] = 5.0
    with pytest.raises(NumericalError) as error:
        sim.run(100.0)
    text = str(error.value)
    assert "'x'" in text and "'grows'" in text and "neuron 257" in text and " ms" in text
    assert error.value.result.interrupted
    assert len(error.value.result.traces["grows"]["x"]) == sim.steps_done
    sim.reset()
    assert sim.run(1.0).duration == 1.0


def test_infinity_is_found_in_a_variable_that_only_resets_change():
    model = pg.NeuronModel(
        "dV/dt = 1", threshold="V > 0.55", reset="V = 0; a *= 1e10", initial=dict(a=1.0)
    )
    net = pg.Network(dt=0.1)
    net.population("p", 1, model)
    with pytest.raises(NumericalError, match=r"'a' became inf at 2\.[4-9] ms"):
        net.compile().run(20.0)


def test_an_exponential_that_runs_away_is_told_how_to_be_bounded():
    net = pg.Network(dt=0.1)
    net.population(
        "p", 1, pg.NeuronModel("dV/dt = exp(V) - w; dw/dt = (V - w)/20", threshold="V > 1e30")
    )
    with pytest.raises(NumericalError) as error:
        net.compile().run(20.0)
    assert "bound an exponential that grows, as in exp(min(x, 10))" in error.value.hint


def test_nan_is_let_through_when_the_check_is_off():
    model = pg.NeuronModel("dx/dt = x*x", initial=dict(x=5.0), integrator="euler")
    net = pg.Network(dt=0.1)
    net.population("grows", 3, model)
    sim = net.compile(check_finite=False)
    sim.run(20.0)
    assert not np.isfinite(sim["grows"]["x"]).any()


@pytest.mark.parametrize("threshold", ["x > 1", "x >= 1", "not (x <= 1)", "x*w > 1", "abs(x) > 1"])
@pytest.mark.parametrize("refractory", [None, 1.0])
def test_what_is_not_a_number_does_not_spike_when_the_check_is_off(threshold, refractory):
    model = pg.NeuronModel(
        "dx/dt = 1e-6*log(w - 0.95); dw/dt = -w", threshold=threshold, reset="x = 0",
        refractory=refractory, initial=dict(x=[0.5, 2.0], w=1.0),
    )  # fmt: skip
    net = pg.Network(dt=0.1)
    net.record(net.population("cells", 2, model).spikes)
    sim = net.compile(check_finite=False)
    spikes = sim.run(2.0).spikes["cells"]
    assert np.isnan(sim["cells"]["x"]).all()
    assert spikes.indices.tolist() == [1] and spikes.steps.tolist() == [1]  # before it is NaN


# ---------------------------------------------------------------- compiling


@pytest.mark.compiled("the plan of memory")
def test_a_plan_that_does_not_fit_is_refused_with_its_table(monkeypatch):
    monkeypatch.setattr(plan, "available_memory", lambda: 100 << 20)
    net = pg.Network()
    exc = net.population("exc", 50_000, pg.LIF())
    net.connect(
        exc,
        exc,
        pg.ExponentialCurrent(tau=5.0),
        pg.FixedProbability(0.1),
        weight=pg.Normal(1.0, 0.1),
    )
    with pytest.raises(InsufficientMemoryError, match="exc_exc: synapses \\(about 250,000,000\\)"):
        net.compile()


@pytest.mark.compiled("the cache")
def test_values_do_not_enter_the_cache_key():
    from pygenn_lite import codegen

    def key(size, tau, dt, seed, weight):
        net = pg.Network(dt=dt, seed=seed)
        a = net.population("a", size, DECAY, parameters=dict(tau=tau))
        net.connect(a, a, pg.Delta(), pg.FixedProbability(0.1), weight=weight)
        return codegen.network_structure(net).key

    assert key(10, 5.0, 0.1, 0, 1.0) == key(99, 7.0, 0.2, 3, 2.0)


@pytest.mark.compiled("the cache")
def test_a_warm_start_imports_no_sympy():
    code = """
import sys, pygenn_lite as pg
net = pg.Network(dt=0.1)
exc = net.population("exc", 100, pg.LIF())
net.connect(exc, exc, pg.ExponentialCurrent(tau=5.0), pg.FixedProbability(0.1), weight=1.0)
net.record(exc.spikes)
net.compile().run(10.0)
print("sympy" in sys.modules, "jinja2" in sys.modules)
"""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.compiled("runs in a process of its own")
def test_a_run_without_synapses_imports_nothing_that_it_does_not_use():
    code = """
import sys, pygenn_lite as pg
net = pg.Network(dt=0.1)
exc = net.population("exc", 100, pg.LIF())
net.compile(backend="cpp", progress=False).run(1.0, progress=False)
print(*(name.removeprefix("pygenn_lite.") for name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    unused = {
        "declaration.changes",
        "declaration.digest",
        "declaration.html",
        "declaration.paths",
        "runtime.checkpoint",
        "runtime.coupling_checks",
        "runtime.cpp.connecting",
        "runtime.cpp.input_tables",
        "runtime.cpp.instance_pool",
        "runtime.cpp.stores",
        "runtime.cpp.synapse_memory",
        "runtime.inspection",
        "runtime.results.binning",
        "runtime.results.instance_results",
        "runtime.results.result_reader",
        "runtime.values.drawing",
        "runtime.views.group_views",
        "runtime.views.input_views",
        "yaml_format",
    }
    assert unused & set(done.stdout.split()) == set()
    for name in unused:  # they have not been renamed
        import_module(f"pygenn_lite.{name}")


@pytest.mark.compiled("the cache")
def test_without_the_cache_the_network_runs_too():
    net = pg.Network()
    net.population("a", 3, DECAY)
    sim = net.compile(cache=False)
    assert sim.run(1.0).duration == 1.0
    assert "neuron0_update" in sim.inspect().source


@pytest.mark.compiled("source text")
def test_inspection_shows_rules_memory_and_source(first):
    shown = first[0].inspect()
    assert "dV/dt" in shown.rules
    assert shown.integrators["exc"]["V"]
    assert "neuron0_update" in shown.source
    assert any(row.what == "synapses" and row.bytes > 0 for row in shown.memory)
    assert "exc_exc" in str(shown)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, SystemExit])
@pytest.mark.compiled("millions of synapses on their way")
def test_an_error_of_the_progress_function_ends_the_connecting(error):
    net = pg.Network()
    exc = net.population("exc", 20_000, pg.LIF())
    for _ in range(4):
        net.connect(
            exc,
            exc,
            pg.ExponentialCurrent(tau=5.0),
            pg.FixedProbability(0.01),
            weight=pg.Normal(1.0, 0.1),
        )

    def interrupt(what, done, total):
        if what == "connecting":
            raise error("mine")

    with pytest.raises(error, match="mine"):
        net.compile(progress=interrupt)


@pytest.mark.compiled("runs in a process of its own")
def test_ctrl_c_while_connecting_is_a_keyboard_interrupt_and_nothing_else(tmp_path):
    # In a process of its own: Python tells of exceptions that are lost only on stderr.
    script = """
import os, signal, threading
import pygenn_lite as pg
net = pg.Network(dt=0.1)
cells = net.population("cells", 6000, pg.LIF())
net.connect(cells, cells, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.9),
            weight=pg.Normal(1.0, 0.1), delay=pg.Uniform(0.1, 9.0), storage="sparse")
small = pg.Network(dt=0.1)
two = small.population("cells", 2, pg.LIF())
small.connect(two, two, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=pg.Normal(1.0, 0.1),
              delay=pg.Uniform(0.1, 9.0))
small.compile()
begun = []
def progress(what, done, total):
    if what == "connecting" and not begun:
        begun.append(what)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    net.compile(progress=progress)
except KeyboardInterrupt:
    print("interrupted")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


def test_a_simulation_gives_its_memory_back_at_once():
    import gc
    import weakref

    sim = helpers.plastic_network().compile()
    sim.run(10.0)
    gone = weakref.ref(sim._device)
    gc.disable()
    try:
        del sim
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.compiled("the compiled builder")
def test_a_network_is_compiled_with_the_parts_that_it_needs():
    def parts(net, **options):
        return [*net.compile(threads=1, **options)._device.loaded.code.parts]

    alone = pg.Network(dt=0.1)
    alone.population("cells", 10, DECAY)
    assert parts(alone) == ["engine"]
    assert parts(alone, instances=2) == ["engine", "pool"]
    net = helpers.balanced_network()
    assert parts(net) == ["engine", "builder", "synapses"]
    assert parts(net, accumulator="int32") == ["engine", "builder", "synapses", "coded_delivery"]
    half = alone.copy()
    adds = pg.SynapseModel(on_pre="V_post += weight")
    rule, weight = pg.FixedProbability(0.5), pg.Uniform(0.0, 1.0)
    half.connect("cells", "cells", adds, rule, weight=weight, weight_precision="float16")
    assert parts(half) == ["engine", "builder", "synapses", "coded_delivery"]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux tells")
@pytest.mark.compiled("threads")
def test_a_run_leaves_the_callers_processors_as_they_were():
    before = os.sched_getaffinity(0)
    sim = helpers.balanced_network().compile(threads=2)
    sim.run(5.0)
    assert os.sched_getaffinity(0) == before
    if len(before) > 1:  # fewer processors than threads, and some that are left
        try:
            os.sched_setaffinity(0, {min(before)})
            sim.run(5.0)
            assert os.sched_getaffinity(0) == {min(before)}
        finally:
            os.sched_setaffinity(0, before)


def test_a_message_about_a_missing_name_lists_the_names_that_the_user_wrote():
    net = helpers.plastic_network()
    net.noise_current("exc", 0.0, 1.0)
    with pytest.raises(SimulationError, match="no variable or parameter 'W'") as caught:
        net.compile()["exc"]["W"]
    assert "__" not in str(caught.value)
    for name in ("'V'", "'tau'", "'I_syn'", "'x'", "'tau_plus'"):
        assert name in caught.value.hint


def test_values_for_each_neuron_do_not_fit_a_shared_parameter():
    net = pg.Network()
    net.population("a", 10, pg.LIF())
    with pytest.raises(ShapeError, match=r"all share this value.*declare it with one value for"):
        net.compile()["a"]["tau"] = np.ones(10)


def test_a_division_by_zero_is_named_among_the_cures_of_nan():
    net = pg.Network()
    net.population("a", 10, pg.NeuronModel("dV/dt = -V/tau + I", parameters=dict(tau=0.0)))
    with pytest.raises(NumericalError, match="division by zero"):
        net.compile().run(1.0)
