"""A session and what is around it: other threads, processes, and sessions of its network."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_networks import STEPS, layers, samples

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training import losses, optimisers

HERE = Path(__file__).parent


def _session(net: pg.Network | None = None, **options: Any) -> TrainingSession:
    given = {"batch": 20, "optimiser": optimisers.Adam(5.0), "threads": 2, **options}
    loss = losses.CrossEntropy("out.V")
    return TrainingSession(net or layers(), loss=loss, steps=STEPS, backend="cpp", **given)


@pytest.fixture(scope="module")
def session() -> TrainingSession:
    return _session()


def _in_thread(call: Any) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(call())
        except SimulationError as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, found


def test_a_session_that_runs_refuses_other_threads_and_goes_on(session):
    data, start = session.stage(samples()), session.state()
    order = np.tile(np.arange(60), 2000)
    thread, found = _in_thread(lambda: session.run(data, order))
    assert not thread.join(0.05) and thread.is_alive()
    for call in (
        lambda: session.run(data), lambda: session.set("groups.w_in.weight", 1.0),
        session.state, lambda: session.restore(start),
    ):  # fmt: skip
        with pytest.raises(SimulationError, match="the session is already running"):
            call()
    thread.join(60)
    assert len(found[0]) == len(order)
    session.restore(start)
    assert len(session.run(data)) == 60


def test_two_sessions_of_a_network_run_side_by_side_without_seeing_each_other():
    net = layers()
    wanted = _session(net)
    order = np.tile(np.arange(60), 20)
    wanted.run(wanted.stage(samples()), order)
    made = [_session(net), _session(net)]
    both = [_in_thread(lambda one=one: one.run(one.stage(samples()), order)) for one in made]
    for thread, found in both:
        thread.join(60)
        assert len(found[0]) == len(order)
    for one in made:
        for name, array in wanted.state().items():
            np.testing.assert_array_equal(array, one.state()[name], name)


def _run_in_child(session: TrainingSession, answers: Any) -> None:
    try:
        session.run(session.stage(samples()))
    except SimulationError as error:
        answers.put(str(error))
    made = _session()
    answers.put(len(made.run(made.stage(samples()))))


def test_a_forked_process_is_told_to_make_its_own_session(session):
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_run_in_child, args=(session, answers), daemon=True)
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert "make the session in the process that runs it" in answers.get(timeout=5)
    assert answers.get(timeout=5) == 60
    assert len(session.run(session.stage(samples()))) == 60


LEFT = """
import threading, time
import numpy as np
import pygenn_lite as pg
from training_networks import STEPS, layers, samples
from pygenn_lite.runtime.training.session import TrainingSession

session = TrainingSession(
    layers(), loss=pg.losses.CrossEntropy("out.V"), steps=STEPS, batch=20,
    optimiser=pg.optimisers.Adam(5.0), threads=2, backend="cpp")
data, order = session.stage(samples()), np.tile(np.arange(60), 100_000)
threading.Thread(target=lambda: session.run(data, order), daemon=True).start()
time.sleep(0.3)
"""


def test_a_process_that_ends_does_not_wait_for_a_run_on_another_thread():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(HERE)])}
    command = [sys.executable, "-c", LEFT]
    assert subprocess.run(command, env=environment, timeout=60, check=False).returncode == 0


def test_a_session_is_not_pickled_and_says_what_to_do(session):
    kept = pickle.loads(pickle.dumps(session.parameters))
    assert type(kept) is dict and list(kept) == list(session.parameters)
    with pytest.raises(SimulationError, match=r"(?s)cannot be copied or pickled.*state\(\)"):
        pickle.dumps(session)


def test_a_network_that_changes_afterwards_leaves_the_session_as_it_was():
    net = layers()
    made = _session(net)
    net.population("late", 2, pg.LIF())
    assert set(made.trained_network().populations) == {"source", "hidden", "out"}
    assert len(made.run(made.stage(samples()))) == 60


@pytest.mark.parametrize("options", [{"batch": 1}, {"in_flight": 1}, {"threads": 7, "batch": 3}])
def test_few_samples_in_flight_and_many_threads_give_the_same(options):
    data = samples(7)
    batch = options.get("batch", 20)
    found = []
    for given in ({"batch": batch, "threads": 1}, {"batch": batch, **options}):
        made = _session(**given)
        made.run(made.stage(data))
        found.append(made.state())
    for name, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][name], name)


def test_orders_without_samples_are_runs_of_nothing(session):
    data, start = session.stage(samples()), session.state()
    outcome = session.run(data, [])
    assert len(outcome) == 0 and not outcome.interrupted
    for name, array in start.items():
        np.testing.assert_array_equal(array, session.state()[name], name)
    with pytest.raises(ArgumentError, match="the data does not have"):
        session.run(data, [[0]])
