"""Batches in one process: each run of a sweep is what it is alone; one that fails is a row with its
error; what is left is done when it is run again."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.batch import chunks, conductor, engine, execute, store
from pygenn_lite.batch.batch import load_batch
from pygenn_lite.batch.engine import BatchStopped, resume_batch, run_batch
from pygenn_lite.batch.options import BatchOptions
from pygenn_lite.batch.store import BatchFolder, new_token
from pygenn_lite.batch.work import ChunkJob, Work
from pygenn_lite.errors import ArgumentError, BatchError, PygennLiteWarning, SweepError

pytestmark = pytest.mark.usefixtures("backend")

HERE = BatchOptions(processes=0, progress=False)
TAU = "populations.exc.parameters.tau"
WEIGHT = "groups.exc_exc.weight"


def network(seed=5):
    net = pg.Network(dt=0.5, seed=seed)
    exc = net.population("exc", 10, pg.LIF(tau=10.0), initial={"V": pg.Uniform(-65.0, -50.0)})
    net.poisson(
        exc, 8.0, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5), name="drive"
    )
    net.connect(exc, exc, pg.ExponentialCurrent(0.5), pg.FixedProbability(0.3), weight=20.0)
    return net


def sweep(values=None, **options):
    values = {TAU: [10.0, 20.0], "seed": [1, 2]} if values is None else values
    given = {"duration": 40.0, "warmup": 10.0, "measure": ["rates", "cv_isi"]}
    return pg.Sweep(network(), values, **{**given, **options})


def same(one, other):
    """Tables that agree in all but when and where."""
    left_out = ["seconds", "worker", "host", "finished"]
    a, b = one.drop(columns=left_out), other.drop(columns=left_out)
    return a.equals(b)


# ------------------------------------------------------------------ known answers
def test_each_run_is_the_single_simulation(tmp_path):
    asked = sweep({TAU: [10.0, 20.0], WEIGHT: [20.0, 40.0], "seed": [1, 2]})
    table = run_batch(asked.spec, tmp_path / "b", HERE).table
    assert list(table["run"]) == list(range(8)) and set(table["status"]) == {"done"}
    for run, row in zip(asked.runs, table.to_dict("records"), strict=True):
        net = asked.network(run)
        net.record(net["exc"].spikes)
        result = net.compile().run(50.0, warmup=10.0)
        assert row[TAU] == run.values[TAU] and row["seed"] == run.values["seed"]
        assert row["rates.exc"] == pg.analysis.rates(result, warmup=10.0)["exc"] > 0
        expected = pg.analysis.cv_isi(result, warmup=10.0)["exc"]
        assert row["cv_isi.exc"] == pytest.approx(expected, nan_ok=True)


def test_a_seed_for_the_synapses_of_all(tmp_path):
    asked = sweep({"seed": [1, 2]}, connectivity="shared", keep={"spikes": "all"})
    batch = run_batch(asked.spec, tmp_path / "b", HERE)
    alone = network(2).compile(connectivity_seed=5)
    single = network(2)
    single.record(single["exc"].spikes)
    alone = single.compile(connectivity_seed=5).run(50.0)
    assert np.array_equal(batch.result(1).spikes["exc"].steps, alone.spikes["exc"].steps)


def test_what_is_kept_is_read_when_it_is_asked_for(tmp_path):
    asked = sweep(keep={"spikes": {"first": 1}, "traces": {"runs": [3]}})
    asked.spec.source.network.record(asked.spec.source.network["exc"]["V"])
    batch = run_batch(asked.spec, tmp_path / "b", HERE)
    assert batch.kept == sorted([asked.runs[0].id, asked.runs[3].id])
    first, last = batch.result(0), batch.result(asked.runs[3].id)
    net = asked.network(0)
    net.recordings.clear()
    net.record(net["exc"].spikes)
    alone = net.compile().run(50.0)
    assert np.array_equal(first.spikes["exc"].steps, alone.spikes["exc"].steps)
    assert list(first.traces) == [] and last.traces["exc"]["V"].values.shape == (100, 10)
    assert "tau: 20" in last.provenance["network"].replace(".0", "")
    with pytest.raises(ArgumentError, match=r"nothing was kept of run 1\n  hint: keep: {spikes"):
        batch.result(1)
    with pytest.raises(ArgumentError, match="run 9 has not ended, or there is none"):
        batch.result(9)


def test_what_is_kept_is_what_is_to_be_recorded_whatever_measures_need(tmp_path):
    asked = sweep(keep={"spikes": "all"}, record=["exc.spikes[:3]", "exc.V[:2]"])
    whole = sweep(keep={"spikes": "all", "traces": "all"})
    some = run_batch(asked.spec, tmp_path / "b", HERE)
    every = run_batch(whole.spec, tmp_path / "c", HERE)
    assert same(some.table, every.table)
    found, train = some.result(1), every.result(1).spikes["exc"]
    mine = train.indices < 3
    assert np.array_equal(found.spikes["exc"].steps, train.steps[mine]) and mine.any()
    assert list(found.traces) == [] and list(found.spikes["exc"].recorded) == [0, 1, 2]


def test_sizes_and_models_that_differ_are_compiled_apart(tmp_path):
    asked = sweep({"populations.exc.size": [5, 10], "dt": [0.5, 1.0], "seed": [1, 2]})
    batch = run_batch(asked.spec, tmp_path / "b", HERE)
    assert batch.status().done == 8 and len(asked.groups) == 4
    assert json.loads((tmp_path / "b/batch.json").read_text())["groups"] == 4


def test_a_batch_without_a_folder_goes_with_its_object():
    batch = run_batch(sweep().spec, None, HERE)
    path = batch.path
    assert len(batch) == len(batch.table) == 4 and path.exists()
    del batch
    assert not path.exists()


def test_what_a_batch_says_of_itself(tmp_path):
    batch = run_batch(sweep().spec, tmp_path / "b", HERE)
    assert repr(batch) == f"<Batch {tmp_path / 'b'}: 4 of 4 runs done>"
    assert batch.swept == [TAU, "seed"] and batch.measures == ["rates.exc", "cv_isi.exc"]
    assert not len(batch.failures) and batch.spec.names == (TAU, "seed")
    assert (batch.table["version"] == pg.__version__).all() and batch.status().left == 0
    assert str(batch.table["finished"].dtype).endswith("UTC]")


# ------------------------------------------------------------------ who reads the table
READERS = {
    "pandas": "import pandas; t = pandas.read_parquet(path); print(len(t), t['rates.exc'].sum())",
    "polars": "import polars; t = polars.read_parquet(path); print(len(t), t['rates.exc'].sum())",
    "duckdb": "import duckdb; print(*duckdb.sql("
    "f'''select count(*), sum(\"rates.exc\") from '{path}' ''').fetchall()[0])",
}


@pytest.mark.parametrize("reader", READERS)
def test_others_read_the_table(reader, tmp_path):
    batch = run_batch(sweep().spec, tmp_path / "b", HERE)
    code = f"path = {str(tmp_path / 'b/table.parquet')!r}; {READERS[reader]}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, total = done.stdout.split()
    assert int(count) == 4 and float(total) == pytest.approx(batch.table["rates.exc"].sum())


# ------------------------------------------------------------------ what fails
def test_a_bad_value_fails_alone(tmp_path):
    good = run_batch(sweep({TAU: [10.0, 20.0]}).spec, tmp_path / "good", HERE)
    batch = run_batch(sweep({TAU: [10.0, -1.0, 20.0]}).spec, tmp_path / "b", HERE)
    assert list(batch.table["status"]) == ["done", "failed", "done"]
    assert "tau = -1, but it must be positive" in batch.failures["error"].iloc[0]
    assert batch.failures[TAU].iloc[0] == -1.0
    done = batch.table[batch.table["status"] == "done"]
    assert list(done["rates.exc"]) == list(good.table["rates.exc"])
    assert batch.status().failed == 1 and repr(batch).endswith("2 of 3 runs done, 1 failed>")


def test_an_instance_that_is_not_finite_fails_alone(tmp_path):
    net = pg.Network(seed=1)
    model = pg.NeuronModel("dV/dt = a*V*V", parameters={"a": 0.0}, initial={"V": 1.0})
    net.population("cell", 1, model)
    path = "populations.cell.parameters.a"
    asked = pg.Sweep(net, {path: [0.0, 1.0, 0.01]}, duration=50.0, measure=["rates"])
    table = run_batch(asked.spec, tmp_path / "b", HERE).table
    assert list(table["status"]) == ["done", "failed", "done"]
    assert table["error"][1].startswith("instance")  # which of its chunk: the values are beside it
    assert "'V' became" in table["error"][1]


def test_what_no_instance_can_be_blamed_for_is_isolated(tmp_path, monkeypatch):
    real, sizes = execute.compile_given, []

    def failing(given, *more):
        sizes.append(len(given))
        if any(one.network["exc"].parameters == (("tau", 13.0),) for one in given):
            raise RuntimeError("out of luck")
        return real(given, *more)

    monkeypatch.setattr(execute, "compile_given", failing)
    monkeypatch.setattr(engine, "TRIED", 0)
    asked = sweep({TAU: [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]})
    table = run_batch(asked.spec, tmp_path / "b", HERE).table
    assert list(table["status"]) == ["done"] * 3 + ["failed"] + ["done"] * 2
    assert table["error"][3] == "RuntimeError: out of luck"


CUSTOM = """
def spikes(result, warmup, scale=1):
    return scale * len(result.spikes["exc"])

def broken(result):
    return 1 / 0

def sometimes(result):
    if result.rates()["exc"] > LIMIT:
        raise ValueError("too many spikes")
    return {"exc": 1.0, "many": [1, 2]}
"""


def test_measures_of_a_script(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "custom.py").write_text(CUSTOM.replace("LIMIT", "1e9"))
    asked = sweep(measure=["rates", {"custom.py:spikes": {"scale": 2}}, "custom.py:sometimes"])
    table = run_batch(asked.spec, tmp_path / "b", HERE).table
    assert (table["spikes"] % 2 == 0).all() and table["spikes"].sum() > 0
    assert (table["sometimes.exc"] == 1.0).all() and list(table["sometimes.many"][0]) == [1, 2]


def test_a_measure_that_fails_is_said_once_and_the_others_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "custom.py").write_text(CUSTOM)
    asked = sweep(measure=["rates", "custom.py:broken"])
    with pytest.warns(PygennLiteWarning) as said:
        table = run_batch(asked.spec, tmp_path / "b", HERE).table
    assert [str(w.message) for w in said] == [
        "the measure 'broken' fails in all of the first runs: ZeroDivisionError: division by zero\n"
        "  hint: such runs are listed as failed; when it is corrected, resume --failed does them "
        "again"
    ]
    assert set(table["status"]) == {"failed"} and (table["rates.exc"] > 0).all()
    assert set(table["error"]) == {"broken: ZeroDivisionError: division by zero"}


def test_failed_runs_are_done_again_when_asked_for(tmp_path, monkeypatch):
    real = execute.compile_given

    def failing(given, *more):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(execute, "compile_given", failing)
    batch = run_batch(sweep().spec, tmp_path / "b", HERE)
    assert batch.status().failed == 4
    monkeypatch.setattr(execute, "compile_given", real)
    assert resume_batch(tmp_path / "b", HERE).status().failed == 4
    again = resume_batch(tmp_path / "b", HERE, failed=True)
    assert again.status().failed == 0 and len(again.table) == 4
    assert same(again.table, run_batch(sweep().spec, tmp_path / "c", HERE).table)


# ------------------------------------------------------------------ stopped, and gone on with
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path, monkeypatch):
    real, chunks = execute.run_chunk, []

    def interrupted(job):
        if chunks:
            raise KeyboardInterrupt
        chunks.append(job)
        return real(job)

    monkeypatch.setattr("pygenn_lite.batch.workers.run_chunk", interrupted)
    message = f"1 of 4 runs are done and kept; continue with: pygenn-lite batch resume {tmp_path}/b"
    with pytest.raises(BatchStopped, match=message):
        run_batch(sweep().spec, tmp_path / "b", HERE)
    assert len(load_batch(tmp_path / "b").table) == 1
    monkeypatch.undo()
    batch = resume_batch(tmp_path / "b", HERE)
    whole = run_batch(sweep().spec, tmp_path / "c", HERE)
    assert same(batch.table, whole.table)


def test_a_batch_that_is_there_is_gone_on_with(tmp_path):
    first = run_batch(sweep().spec, tmp_path / "b", HERE).table
    assert run_batch(sweep().spec, tmp_path / "b", HERE).table.equals(first)


def test_a_process_of_a_former_owner_writes_nothing(tmp_path):
    asked = sweep()
    folder = BatchFolder.create(tmp_path / "b", asked.spec, asked.groups)
    former, token = new_token(), new_token()
    folder.take_over(former)
    job = ChunkJob(Work(asked.spec, str(folder.path), former), asked.runs[:2])
    folder.take_over(token)
    with pytest.raises(BatchError, match="belongs to another process by now"):
        execute.run_chunk(job)
    assert folder.counts().done == 0


def test_parts_become_one_table_while_others_are_done(tmp_path, monkeypatch):
    monkeypatch.setattr(conductor, "JOINED_EVERY", 2)
    monkeypatch.setattr(chunks, "MOST_RUNS", 1)
    asked = sweep({"seed": list(range(7))}).spec
    assert same(
        run_batch(asked, tmp_path / "b", HERE).table, run_batch(asked, tmp_path / "c", HERE).table
    )
    assert not list((tmp_path / "b/parts").iterdir())


def test_how_far_a_batch_of_many_parts_has_got_is_told_by_their_names(tmp_path, monkeypatch):
    run_batch(sweep().spec, tmp_path / "b", HERE)
    folder = BatchFolder(tmp_path / "b")
    rows = [execute.failed_row(run, "no") for run in sweep().runs[:3]]
    parts = folder.part_folder((tmp_path / "b/owner").read_text())
    (tmp_path / "b/table.parquet").unlink()
    for k, row in enumerate(rows):
        parts.write_part(f"{k:016x}", [row], 1)
    exact = folder.counts()
    monkeypatch.setattr(store, "FEW", 0)
    assert folder.counts() == exact == store.Counts(4, 0, 3) and exact.left == 1


# ------------------------------------------------------------------ folders that are refused
def test_a_folder_of_something_else_is_left_as_it_is(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BatchError, match=r"exists and holds no batch; it is left as it is"):
        run_batch(sweep().spec, tmp_path, HERE)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(BatchError, match="there is no batch in this folder"):
        load_batch(tmp_path)


def test_another_sweep_is_not_mixed_in(tmp_path):
    run_batch(sweep().spec, tmp_path / "b", HERE)
    other = sweep({TAU: [10.0, 20.0, 30.0], "seed": [1, 2]})
    with pytest.raises(BatchError, match="holds the batch of another sweep: it differs in runs"):
        run_batch(other.spec, tmp_path / "b", HERE)
    same_number = sweep({TAU: [10.0, 21.0], "seed": [1, 2]})
    with pytest.raises(BatchError, match="holds the batch of another sweep: it differs in plan"):
        run_batch(same_number.spec, tmp_path / "b", HERE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "0.0.1"}, "was begun with version 0.0.1 of pygenn_lite; this is"),
        ({"format": "pygenn_lite batch 0"}, "made by another version of pygenn_lite: its format"),
    ],
)
def test_a_batch_of_another_version_is_refused(change, message, tmp_path):
    run_batch(sweep().spec, tmp_path / "b", HERE)
    about = tmp_path / "b/batch.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), **change}))
    with pytest.raises(BatchError, match=message):
        resume_batch(tmp_path / "b", HERE)
    with pytest.raises(BatchError, match=message):
        run_batch(sweep().spec, tmp_path / "b", HERE)


def test_a_damaged_description_is_refused(tmp_path):
    run_batch(sweep().spec, tmp_path / "b", HERE)
    (tmp_path / "b/batch.json").write_text("{")
    with pytest.raises(BatchError, match=r"batch\.json is not that of a batch of pygenn_lite"):
        load_batch(tmp_path / "b")


def test_two_at_once_are_refused(tmp_path):
    run_batch(sweep().spec, tmp_path / "b", HERE)
    with BatchFolder(tmp_path / "b").claim():
        with pytest.raises(BatchError, match=r"the batch .*b is being run by process \d+ on"):
            resume_batch(tmp_path / "b", HERE)
        assert load_batch(tmp_path / "b").status().done == 4  # looking is allowed


def test_a_full_disk_keeps_what_there_is(tmp_path, monkeypatch):
    import errno

    from pygenn_lite.batch import part_folder

    real, written = part_folder.write_bytes, []

    def full(path, content):
        if written:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        written.append(path)
        real(path, content)

    monkeypatch.setattr(part_folder, "write_bytes", full)
    with pytest.raises(BatchError, match=r"the disk is full: 1 of 4 runs are done and kept"):
        run_batch(sweep().spec, tmp_path / "b", HERE)
    monkeypatch.undo()
    assert resume_batch(tmp_path / "b", HERE).status().done == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (BatchOptions(processes=-1), "processes = -1"),
        (BatchOptions(threads=0), "threads = 0"),
        (BatchOptions(deployer="pbs"), "'pbs' does not start workers"),
        (BatchOptions(cluster="tcp://a:1", deployer="slurm"), "a cluster is given, and slurm"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message, tmp_path):
    with pytest.raises(ArgumentError, match=message):
        run_batch(sweep().spec, tmp_path / "b", options)


def test_an_absurd_number_of_runs_is_refused(tmp_path):
    with pytest.raises(SweepError, match="the sweep has 4 runs"):
        run_batch(sweep().spec, tmp_path / "b", HERE, most=3)
