"""Searches: known answers are found, the same trials are made whatever comes between, trials end
early by Optuna's rule, and what is wrong in one is said."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.batch import chunks, execute, workers
from pygenn_lite.batch.engine import BatchStopped, resume_batch, run_batch
from pygenn_lite.batch.options import BatchOptions
from pygenn_lite.batch.search.looking import look_times
from pygenn_lite.batch.search.proposals import limits_of
from pygenn_lite.batch.search.trials import first_front
from pygenn_lite.errors import ArgumentError, BatchError
from pygenn_lite.reports.search_plots import search_parts

HERE = BatchOptions(processes=0, progress=False)
DRIVE, OTHER = "inputs.drive.value", "inputs.other.value"
TAU, C, V_REST, V_RESET, V_TH, T_REF = 10.0, 250.0, -65.0, -65.0, -50.0, 2.0
SAME = ["seconds", "worker", "host", "finished"]


def network(drive=500.0):
    net = pg.Network(dt=0.1, seed=5)
    model = pg.LIF(tau=TAU, C=C, E_L=V_REST, V_r=V_RESET, V_th=V_TH, t_ref=T_REF)
    for name, current in (("cell", "drive"), ("second", "other")):
        net.current(net.population(name, 1, model), drive, name=current)
    return net


def search(parameters=None, **options):
    given = {"targets": {"rates.cell": 40.0}, "runs": 40, "duration": 1000.0, "seed": 3}
    for name in ("maximise", "minimise", "several"):
        if name in options:
            del given["targets"]
            break
    parameters = {DRIVE: {"uniform": [200.0, 1000.0]}} if parameters is None else parameters
    return pg.Search(network(), parameters, **{**given, **options})


def equal(one, other):
    """Tables that agree in all but when and where."""
    return one.drop(columns=SAME).equals(other.drop(columns=SAME))


# ------------------------------------------------------------------ known answers
def current_for(rate):
    """The current (pA) with which a LIF neuron has a rate (Hz): its f-I curve,
    1/f = t_ref + tau ln((V_inf - V_r)/(V_inf - V_th)), solved for V_inf = V_rest + I tau/C."""
    ratio = math.exp((1000.0 / rate - T_REF) / TAU)
    v_inf = (ratio * V_TH - V_RESET) / (ratio - 1)
    return (v_inf - V_REST) * C / TAU


def test_the_current_for_a_rate():
    batch = search({DRIVE: {"uniform": [300.0, 600.0]}}, runs=80).run(processes=0)
    assert current_for(39.0) < batch.best[DRIVE] < current_for(41.0)
    assert batch.best.objective == pytest.approx(0.0, abs=(1 / 40) ** 2)
    assert len(batch.table) == 80 and set(batch.table["state"]) == {"complete"}
    row = batch.table.iloc[batch.best.trial]
    assert row["rates.cell"] == pytest.approx(40.0, abs=1.0)
    assert row["objective"] == batch.best.objective == batch.table["objective"].min()
    assert np.allclose(batch.table["objective"], (batch.table["rates.cell"] / 40.0 - 1) ** 2)
    assert batch.best.runs == (batch.best.trial,)
    assert str(batch.best).startswith(f"{DRIVE} = ") and "; objective " in str(batch.best)


def test_the_front_of_two_objectives():
    varied = {DRIVE: {"integers": [3, 9]}, OTHER: {"choice": [300, 500, 700]}}
    given = [
        {"maximise": "rates.cell"},
        {"minimise": "rates.second"},
        {"targets": {"rates.cell": {"value": 0, "scale": 1}}},
    ]
    asked = search(varied, several=given, runs=40, together=20, duration=50.0)
    for name in (DRIVE, OTHER):
        assert name in asked.names
    batch = asked.run(processes=0, progress=False)
    found = {(one.objective[0], one.objective[1]) for one in batch.front}
    rows = batch.table.to_dict("records")
    reached = [(r["rates.cell"], r["rates.second"], r["rates.cell"] ** 2) for r in rows]
    expected = {
        (a, b) for a, b, c in reached
        if not any(x >= a and y <= b and z <= c and (x, y, z) != (a, b, c) for x, y, z in reached)
    }  # fmt: skip
    assert found == expected
    assert "objective.rates.cell" in batch.table and "objective.targets" in batch.table
    with pytest.raises(ArgumentError, match="several objectives, and no best trial"):
        _ = batch.best


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12), st.booleans())
def test_the_front_is_what_nothing_is_better_than(points, up):
    def better(one, other):
        pairs = [(one[0], other[0]), (one[1], other[1]) if up else (-one[1], -other[1])]
        return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)

    expected = [k for k, p in enumerate(points) if not any(better(q, p) for q in points)]
    assert first_front(points, [True, up]) == expected


def test_each_trial_is_the_single_simulation(backend):
    batch = search(runs=4, duration=40.0, measure=["rates", "cv_isi"]).run(processes=0)
    for row in batch.table.to_dict("records"):
        result = network(row[DRIVE]).compile().run(40.0)
        assert row["rates.cell"] == pg.analysis.rates(result)["cell"]


def test_trials_of_several_runs_count_by_their_means():
    beside = {"zip": {OTHER: [300.0, 700.0]}}
    asked = search(
        {DRIVE: {"choice": [400.0, 600.0]}},
        sweep=beside,
        runs=2,
        duration=200.0,
        maximise="rates.second",
        together=2,
    )
    batch = asked.run(processes=0, progress=False)
    assert list(batch.table["trial"]) == [0, 0, 1, 1] and list(batch.table["run"]) == [0, 1, 2, 3]
    assert list(batch.table[OTHER]) == [300.0, 700.0] * 2
    mean = batch.table["rates.second"][:2].mean()
    assert list(batch.table["objective"]) == [mean] * 4 and batch.best.objective == mean
    assert batch.best.runs == (0, 1) and list(batch.best) == [DRIVE]


# ------------------------------------------------------------------ the same again
def test_the_same_seed_makes_the_same_trials():
    one, other, third = (search(runs=15, duration=50.0, seed=s).run(processes=0) for s in (1, 1, 2))
    assert equal(one.table, other.table)
    assert not np.allclose(one.table[DRIVE], third.table[DRIVE])


@pytest.mark.parametrize("sampler", ["tpe", "random", "nsga2"])
def test_a_search_that_was_stopped_goes_on_as_if_it_was_not(sampler, tmp_path, monkeypatch):
    asked = search(runs=20, duration=30.0, sampler=sampler, together=5)
    whole = run_batch(asked.spec, tmp_path / "whole", HERE).table
    done, real = [], execute.run_chunk
    monkeypatch.setattr(chunks, "MOST_RUNS", 2)  # more than 5 chunks, however fast this machine is

    def stopping(job):
        if len(done) == 5:
            raise KeyboardInterrupt
        done.append(job)
        return real(job)

    monkeypatch.setattr(workers, "run_chunk", stopping)
    with pytest.raises(BatchStopped, match=r"of 20 runs are done and kept"):
        run_batch(asked.spec, tmp_path / "b", HERE)
    before = pg.load_batch(tmp_path / "b").status().done
    assert 0 < before < 20
    monkeypatch.setattr(workers, "run_chunk", real)
    assert equal(resume_batch(tmp_path / "b", HERE).table, whole)
    again = run_batch(asked.spec, tmp_path / "b", HERE)  # nothing is left
    assert equal(again.table, whole) and again.status().left == 0
    assert pq.read_table(tmp_path / "b/table.parquet").to_pandas().equals(again.table)


KILLED = """
import os, sys
from pathlib import Path
from pygenn_lite.batch import chunks, execute, workers
from tests.batch.test_search import HERE, search
from pygenn_lite.batch.engine import run_batch
done, real = [], execute.run_chunk
def killing(job):
    if len(done) == 3:
        os._exit(7)
    done.append(job)
    return real(job)
workers.run_chunk = killing
asked = search(runs=15, duration=30.0, together=5)
run_batch(asked.spec, Path(sys.argv[1]), HERE)
"""


def test_a_search_that_was_killed_goes_on(tmp_path):
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "b")], cwd=root)
    assert done.returncode == 7 and 0 < pg.load_batch(tmp_path / "b").status().done < 15
    resumed = resume_batch(tmp_path / "b", HERE).table
    assert equal(resumed, search(runs=15, duration=30.0, together=5).run(processes=0).table)


def test_other_proposals_than_those_recorded_are_refused(tmp_path, monkeypatch):
    from pygenn_lite.batch.search import proposals

    asked = search(runs=6, duration=20.0, together=3)
    real = execute.run_chunk
    monkeypatch.setattr(workers, "run_chunk", lambda job: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(BatchStopped):
        run_batch(asked.spec, tmp_path / "b", HERE)
    monkeypatch.setattr(workers, "run_chunk", real)
    asking = proposals.Proposals.ask
    monkeypatch.setattr(
        proposals.Proposals, "ask", lambda self, n: [{DRIVE: 300.0 + k} for k in range(n)]
    )
    refused = r"trial 0 has other values than when the search was begun: another version of Optuna"
    with pytest.raises(BatchError, match=refused + r"(.|\n)*begun with \d"):
        resume_batch(tmp_path / "b", HERE)
    monkeypatch.setattr(proposals.Proposals, "ask", asking)
    assert resume_batch(tmp_path / "b", HERE).status().done == 6


def test_a_folder_of_another_search_is_refused(tmp_path):
    run_batch(search(runs=2, duration=10.0).spec, tmp_path / "b", HERE)
    with pytest.raises(BatchError, match="the batch of another sweep: it differs in search"):
        run_batch(search(runs=2, duration=10.0, seed=4).spec, tmp_path / "b", HERE)


# ------------------------------------------------------------------ what fails
def test_trials_that_fail_are_told(tmp_path):
    path = "populations.cell.parameters.tau"
    asked = search({path: {"choice": [10.0, -1.0]}}, runs=8, duration=100.0, sampler="random")
    batch = run_batch(asked.spec, tmp_path / "b", HERE)
    bad = batch.table[batch.table[path] == -1.0]
    assert 0 < len(bad) < 8 and set(bad["state"]) == {"failed"} == set(bad["status"])
    assert all("tau = -1, but it must be positive" in text for text in bad["error"])
    assert batch.best == {path: 10.0}
    with pytest.raises(BatchError, match="trials of a search that failed are not repeated"):
        resume_batch(tmp_path / "b", HERE, failed=True)


def test_how_trials_that_failed_are_done_again_is_said_as_it_is(tmp_path):
    options = {"measure": ["power_spectrum"], "runs": 2, "duration": 20.0}
    message = "'power_spectrum' fails(.|\n)*corrected, begin the search anew in another folder"
    with pytest.warns(pg.errors.PygennLiteWarning, match=message):
        run_batch(search(**options).spec, tmp_path / "b", HERE)


def test_a_search_without_any_objective():
    batch = search({DRIVE: {"uniform": [0.0, 1.0]}}, runs=3, duration=20.0,
                   minimise="cv_isi.cell").run(processes=0)  # fmt: skip
    assert set(batch.table["state"]) == {"undefined"} and batch.front == []
    with pytest.raises(ArgumentError, match="no trial of the search has an objective"):
        _ = batch.best


def test_values_that_occur_again_are_not_simulated_again(monkeypatch):
    done, real = [], execute.run_chunk

    def counting(job):
        done.extend(job.runs)
        return real(job)

    monkeypatch.setattr(workers, "run_chunk", counting)
    batch = search({DRIVE: {"integers": [4, 6]}}, runs=12, duration=50.0).run(processes=0)
    assert len(done) == batch.table[DRIVE].nunique() <= 3
    assert len(batch.table) == 12 == batch.table["id"].nunique()
    assert (batch.table.groupby(DRIVE)["rates.cell"].nunique() == 1).all()


def test_a_column_that_no_run_has(tmp_path):
    (tmp_path / "m.py").write_text("def mine(result):\n    return {'first': 1.0, 'last': 2.0}\n")
    asked = search(minimise="mine.frist", measure=[f"{tmp_path}/m.py:mine"], runs=2, duration=10.0)
    refused = (
        r"no run has the column 'mine\.frist' that is searched for; did you mean 'mine\.first'"
    )
    with pytest.raises(BatchError, match=refused):
        asked.run(processes=0)


def test_a_sweep_has_no_best():
    batch = pg.Sweep(network(), {DRIVE: [1.0]}, duration=5.0).run(processes=0)
    with pytest.raises(ArgumentError, match="this was a sweep, not a search"):
        _ = batch.best


# ------------------------------------------------------------------ pruning
courses = st.lists(
    st.lists(st.floats(0, 9, width=16), min_size=3, max_size=3), min_size=1, max_size=8
)


@settings(max_examples=30, deadline=None)
@given(courses, st.lists(st.floats(0, 9, width=16), min_size=3, max_size=3),
       st.sampled_from([25.0, 50.0, 75.0]), st.booleans(), st.integers(1, 6))  # fmt: skip
def test_trials_end_by_the_rule_of_optuna(before, course, percentile, up, startup):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    pruner = optuna.pruners.PercentilePruner(percentile, n_startup_trials=startup)
    study = optuna.create_study(direction="maximize" if up else "minimize", pruner=pruner)
    for known in before:
        steps = dict(enumerate(known))
        study.add_trial(optuna.trial.create_trial(value=known[-1], intermediate_values=steps))
    limits = limits_of(before, [1.0, 2.0, 3.0], percentile, startup, is_maximised=up)
    trial = study.ask()
    for step, value in enumerate(course):
        trial.report(value, step)
        best = max(course[: step + 1]) if up else min(course[: step + 1])
        limit = limits[step][1]
        assert trial.should_prune() == (best < limit if up else best > limit)


def pruned(**options):
    return search(prune={"every": 100.0, "startup": 4}, runs=16, duration=400.0, warmup=100.0,
                  together=4, **options)  # fmt: skip


def test_trials_that_do_worse_than_most_end_early(monkeypatch):
    batch = pruned().run(processes=0)
    table = batch.table
    assert look_times(pruned().spec.search, 100.0, 400.0) == (200.0, 300.0, 400.0)
    ended = table[table["state"] == "pruned"]
    assert 0 < len(ended) < 12 and set(ended["status"]) == {"done"}
    assert batch.best.trial in set(table["trial"][table["state"] == "complete"])
    complete = table[table["state"] == "complete"]
    assert (
        all(len(course) == 3 for course in complete["course"]) and complete["pruned"].isna().all()
    )
    for row in ended.to_dict("records"):
        assert row["pruned"] in (200.0, 300.0, 400.0)
        assert len(row["course"]) == (row["pruned"] - 100.0) / 100.0
        short = pg.Sweep(
            network(), {DRIVE: [row[DRIVE]]}, duration=row["pruned"] - 100.0, warmup=100.0
        )
        assert row["rates.cell"] == short.run(processes=0).table["rates.cell"][0]
        assert row["objective"] == row["course"][-1]


def test_which_trials_end_does_not_depend_on_who_goes_with_them(monkeypatch):
    from pygenn_lite.batch.chunks import Chunks

    whole = pruned().run(processes=0).table
    monkeypatch.setattr(Chunks, "_size", lambda self, pending: 1)
    alone = pruned().run(processes=0).table
    assert equal(whole, alone)


def test_a_simulation_whose_trials_have_all_ended_stops(monkeypatch):
    steps, real = [], execute._Chunk._run

    def watched(self, sim, *rest):
        found = real(self, sim, *rest)
        steps.append(sim.steps_done)
        return found

    monkeypatch.setattr(execute._Chunk, "_run", watched)
    from pygenn_lite.batch.chunks import Chunks

    monkeypatch.setattr(Chunks, "_size", lambda self, pending: 1)
    table = pruned().run(processes=0).table
    assert steps == [5000 if math.isnan(t) else 10 * t for t in table["pruned"]]


def test_the_report_shows_how_a_search_came_closer(tmp_path):
    batch = search(runs=6, duration=20.0, maximise="rates.cell").run(processes=0)
    page = batch.report(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "best so far" in page and "pruned" not in batch.table
    (plot,) = search_parts(batch.table, (batch.path / "batch.json").read_text())
    (line,) = plot.model.select({"name": "best"})
    shown = line.data_source.data["y"]
    assert np.allclose(shown, np.maximum.accumulate(batch.table["objective"]))
    swept = pg.Sweep(network(), {DRIVE: [1.0]}, duration=5.0).run(processes=0)
    assert search_parts(swept.table, "{}") == []
