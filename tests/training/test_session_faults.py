"""What goes wrong in a training is found, located, and leaves what is trained as it was before the
batch; Ctrl-C leaves everything whole."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from training_networks import STEPS, layers, samples

from pygenn_lite.errors import NumericalError, SimulationError
from pygenn_lite.runtime.training.program_threads import ProgramThreads, _Call
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training import losses, optimisers


@pytest.fixture(scope="module")
def session() -> TrainingSession:
    return TrainingSession(
        layers(), loss=losses.CrossEntropy("out.V"), steps=STEPS, batch=20,
        optimiser=optimisers.Adam(5.0),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _from_the_start(session):
    start = session.state()
    yield
    session.restore(start)


def test_a_state_that_explodes_is_located_and_changes_nothing(session):
    data = session.stage(samples())
    weights = session.parameters["groups.w_in.weight"].copy()
    weights[:, 7] = 3e38
    session.set("groups.w_in.weight", weights)
    with pytest.raises(NumericalError, match=r"(?s)is not finite at .* ms of sample \d") as found:
        session.run(data)
    assert "population 'hidden', neuron 7" in str(found.value)
    np.testing.assert_array_equal(session.parameters["groups.w_in.weight"], weights)
    assert session.updates == 0


def test_a_gradient_that_explodes_is_located_and_changes_nothing(session):
    data = session.stage(samples())
    weights = np.zeros((12, 3))
    weights[:, 0] = 1e36
    session.set("groups.w_out.weight", weights)
    before = session.parameters["groups.w_in.weight"]
    with pytest.raises(NumericalError, match=r"explodes|not finite"):
        session.run(data)
    np.testing.assert_array_equal(session.parameters["groups.w_in.weight"], before)
    assert session.updates == 0


def test_updates_before_a_fault_are_counted(session):
    data, weights = session.stage(samples()), session.parameters["groups.w_in.weight"]
    with pytest.raises(NumericalError, match=r"sample [45]"):
        session.run(data, rates=[1.0, 1e38, 1.0])
    assert session.updates == 2
    assert np.any(session.parameters["groups.w_in.weight"] != weights)


def test_a_state_from_before_an_explosion_trains_as_if_there_had_been_none(session):
    data, start = session.stage(samples()), session.state()
    wanted = session.run(data).losses
    session.restore(start)
    with pytest.raises(NumericalError):
        session.run(data, rates=[1.0, 1e38, 1.0])
    session.restore(start)
    np.testing.assert_array_equal(session.run(data).losses, wanted)


def test_ctrl_c_before_a_run_begins_leaves_all_as_it_was(session, monkeypatch):
    data, start, check = session.stage(samples()), session.state(), session._runner._check

    def interrupted(given):
        _thread.interrupt_main()
        check(given)

    monkeypatch.setattr(session._runner, "_check", interrupted)
    outcome = session.run(data)
    assert outcome.interrupted and len(outcome) == 0
    for name, array in start.items():
        np.testing.assert_array_equal(array, session.state()[name], name)


def test_ctrl_c_ends_a_run_between_batches(session):
    data = session.stage(samples(60))
    order = np.tile(np.arange(60), 4000)

    def interrupt() -> None:
        time.sleep(0.3)
        _thread.interrupt_main()

    threading.Thread(target=interrupt).start()
    outcome = session.run(data, order)
    assert outcome.interrupted and len(outcome) == 20 * session.updates < len(order)
    assert np.all(np.isfinite(outcome.losses))
    assert not session.run(data).interrupted


def test_what_another_signal_raises_ends_a_run_behind_a_batch_that_is_counted(session):
    def ring(number, frame):
        raise TimeoutError("enough")

    data, before = session.stage(samples()), signal.signal(signal.SIGUSR1, ring)
    order, rates = np.tile(np.arange(60), 20000), np.full(60000, 1e-3)
    timer = threading.Timer(1.0, signal.raise_signal, [signal.SIGUSR1])
    try:
        timer.start()
        with pytest.raises(TimeoutError, match="enough"):
            session.run(data, order, rates=rates)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)
    kept = session.state()
    assert 0 < session.updates < 60000
    wanted = session.run(data).losses
    session.restore(kept)
    np.testing.assert_array_equal(session.run(data).losses, wanted)


def test_a_signal_that_comes_when_a_call_begins_gives_it_up_or_waits_for_it():
    calls = []
    call = _Call(lambda: calls.append(1))
    assert call.give_up()
    call.run()
    assert not calls and not call.finished.is_set()
    call = _Call(lambda: calls.append(2))
    call.run()
    assert not call.give_up() and calls == [2] and call.finished.is_set()


def test_threads_that_the_system_does_not_give_are_told():
    library = SimpleNamespace(
        pgl_training_create=lambda count: None, pgl_last_error=lambda: b"only 3 of 4000 threads"
    )
    with pytest.raises(SimulationError, match="only 3 of 4000 threads"):
        ProgramThreads(library, 4000)


def test_ctrl_c_in_the_last_batch_is_not_lost(session, monkeypatch):
    data, run = session.stage(samples(40)), session._program.run

    def interrupted(*given):
        ended = run(*given)
        given[3].seen = True
        return ended

    monkeypatch.setattr(session._program, "run", interrupted)
    outcome = session.run(data)
    assert outcome.interrupted and len(outcome) == 40
