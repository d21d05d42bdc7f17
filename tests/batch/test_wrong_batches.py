"""What a user may get wrong in a sweep: one clear message, and nothing lost."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

import pygenn_lite as pg
from pygenn_lite.batch import batch_about, store
from pygenn_lite.batch.engine import resume_batch, run_batch
from pygenn_lite.batch.options import BatchOptions
from pygenn_lite.errors import (
    ArgumentError,
    BatchError,
    InputError,
    PygennLiteWarning,
    SweepError,
)

pytestmark = pytest.mark.usefixtures("backend")

HERE = BatchOptions(processes=0, progress=False)
SCRIPT = """\
import sys
def nothing(result): pass
def leaves(result): sys.exit(3)
def rates(result): return 1.0
def text(result): return {"a": "many"}
def ragged(result): return [[1.0], [2.0, 3.0]]
def status(result): return 1.0
def seed(result): return 1.0
def state(result): return 1.0
def mixed(result): return 2.0 if result.provenance["seed"] == 1 else [3.0, 4.0]
"""


def sweep(tmp_path: Path, measure: list[object], **options: object) -> pg.Sweep:
    net = pg.Network(dt=0.5, seed=5)
    net.population("cells", 4, pg.PoissonNeuron(rate=200.0))
    (tmp_path / "custom.py").write_text(SCRIPT)
    return pg.Sweep(
        net, {"seed": [1, 2, 3]}, duration=50.0, measure=measure, **{"warmup": 0.0, **options}
    )


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ("nothing", "nothing: nothing returns nothing\n  hint: end the function with: return"),
        ("leaves", "leaves: SystemExit: 3"),
        ("text", "text: text.a returns 'many', which is neither a number nor an array of them"),
        ("ragged", r"ragged: ragged returns [[1.0], [2.0, 3.0]], which is neither a number"),
    ],
)
def test_a_measure_without_a_number_fails_the_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measure: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = sweep(tmp_path, ["rates", f"custom.py:{measure}"])
    with pytest.warns(PygennLiteWarning, match=f"the measure '{measure}' fails"):
        table = run_batch(asked.spec, tmp_path / "b", HERE).table
    assert set(table["status"]) == {"failed"} and table["error"][0].startswith(message)
    assert (table["rates.cells"] > 0).all()


def test_a_script_that_leaves_is_a_run_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leaving.py").write_text("import sys\nsys.exit(4)\ndef f(result): return 1.0\n")
    asked = sweep(tmp_path, ["leaving.py:f"])
    with pytest.warns(PygennLiteWarning, match="leaving.py:2: the script cannot be imported"):
        table = run_batch(asked.spec, tmp_path / "b", HERE).table
    assert table["error"].str.contains("SystemExit: 4").all()


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ([{"synchrony": {"bin": 5.0}}], "the measure 'synchrony' has no option 'bin'.*bin_ms"),
        ([len], r"should be the name of a measure(.|\n)*in a file.*'custom\.py:my_measure'"),
        ([{"rates": {"window": 5.0}}], "the measure 'rates' has no option 'window'"),
        (
            ["rates", "custom.py:rates"],
            "'custom.py:rates' and 'rates' would both be called 'rates'",
        ),
        (["custom.py:status"], "'status' is another column of the table of results"),
        (["custom.py:state"], "'state' is another column of the table of results"),
        (["custom.py:seed"], "'seed' is another column of the table of results"),
    ],
)
def test_measures_that_cannot_be_are_refused_before_any_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measure: list[object], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((SweepError, ArgumentError), match=message) as caught:
        sweep(tmp_path, measure)
    assert "(measure" in str(caught.value) and isinstance(caught.value, InputError)


def test_what_no_run_can_record_is_refused_before_any_run(tmp_path: Path) -> None:
    options: dict[str, Any] = {"record": ["cells.W"], "keep": {"traces": "all"}}
    message = "pg.Sweep, record: cells.W: no state variable 'W'"
    asked = sweep(tmp_path, ["rates"], **options)
    for ask in (lambda: asked.run(tmp_path / "b", processes=0), asked.dry_run):
        with pytest.raises(SweepError, match=message):
            ask()
    net = pg.Network()
    net.current(net.population("cells", 1, pg.LIF()), 500.0, name="drive")
    search = pg.Search(
        net, {"inputs.drive.value": {"uniform": [0.0, 1.0]}}, maximise="rates.cells", **options
    )
    with pytest.raises(SweepError, match=r"pg\.Search, record: cells\.W: no state"):
        search.run(tmp_path / "b", processes=0)
    assert not (tmp_path / "b").exists()


def test_a_run_that_there_is_not_is_said_to_be_none(tmp_path: Path) -> None:
    asked = sweep(tmp_path, ["rates"])
    batch = asked.run(processes=0)
    for ask in (lambda: batch.result("b" * 16), lambda: asked.network(3)):
        with pytest.raises(ArgumentError, match="there is no run"):
            ask()
    with pytest.raises(ArgumentError, match="nothing was kept of run 0"):
        batch.result(0)


def test_options_that_a_measure_has_are_taken(tmp_path: Path) -> None:
    asked = sweep(tmp_path, [{"fano_factor": {"window": 10.0}}, {"correlation": {"bin_ms": 2.0}}])
    assert [dict(m.options) for m in asked.spec.measures] == [{"window": 10.0}, {"bin_ms": 2.0}]


def test_a_measure_that_is_a_number_or_a_list_is_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = sweep(tmp_path, ["custom.py:mixed"]).spec  # the first run is a chunk of its own
    table = run_batch(asked, tmp_path / "b", HERE).table
    assert list(table["mixed"]) == ["2.0", "[3.0, 4.0]", "[3.0, 4.0]"]


def test_curves_have_a_column_for_each_axis(tmp_path: Path) -> None:
    asked = sweep(tmp_path, [{"binned_counts": {"bin_ms": 25.0}}], keep={"spikes": "all"})
    batch = run_batch(asked.spec, tmp_path / "b", HERE)
    expected = pg.analysis.binned_counts(batch.result(0), bin_ms=25.0)["cells"]
    assert batch.measures == ["binned_counts.cells.x", "binned_counts.cells.y"]
    assert list(batch.table["binned_counts.cells.x"][0]) == list(expected.x) == [12.5, 37.5]
    assert list(batch.table["binned_counts.cells.y"][0]) == list(expected.y)


@pytest.mark.parametrize("beside", [False, True])
def test_a_search_has_more_columns_of_its_own(tmp_path: Path, beside: bool) -> None:
    (tmp_path / "net.yaml").write_text(
        "constants: {state: 10, other: 1}\nmodels: {lif: {use: LIF, parameters: {tau: state}}}\n"
        "populations: {cells: {size: 4, model: lif}}\nrun: {duration: 20}\n"
    )
    varied = "other" if beside else "state"
    parts = {"sweep": {"grid": {"state": [10, 20]}}} if beside else {}
    with pytest.raises(SweepError, match="'state' is a column of the table of results"):
        pg.Search(
            tmp_path / "net.yaml", {varied: {"uniform": [5.0, 20.0]}}, maximise="rates.cells",
            **parts,
        )  # fmt: skip


def test_a_swept_name_that_is_a_column_of_the_table(tmp_path: Path) -> None:
    text = (
        "constants: {status: 10}\nmodels: {lif: {use: LIF, parameters: {tau: status}}}\n"
        "populations: {cells: {size: 4, model: lif}}\nrun: {duration: 20}\n"
    )
    (tmp_path / "net.yaml").write_text(text)
    message = r"'status' is a column of the table of results\n  hint: write constants\.status"
    with pytest.raises(SweepError, match=message):
        pg.Sweep(tmp_path / "net.yaml", {"status": [10, 20]})
    batch = run_batch(
        pg.Sweep(tmp_path / "net.yaml", {"constants.status": [10, 20]}).spec, None, HERE
    )
    assert list(batch.table["constants.status"]) == [10, 20]


def test_a_disk_that_is_full_when_spikes_are_kept_fails_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = sweep(tmp_path, ["rates"], keep={"spikes": "all"})
    with monkeypatch.context() as patch:
        raise_full(patch)
        message = r"b: the disk is full: 0 of 3 runs are done and kept.*\n  hint: make room"
        with pytest.raises(BatchError, match=message):
            run_batch(asked.spec, tmp_path / "b", HERE)
    batch = resume_batch(tmp_path / "b", HERE)
    assert list(batch.table["status"]) == ["done"] * 3 and len(batch.kept) == 3


def test_a_disk_that_is_full_when_a_batch_begins_leaves_what_can_be_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, real = sweep(tmp_path, ["rates"]).spec, store.write_bytes
    for name in (store.SWEEP, store.PLAN, batch_about.ABOUT):

        def write(path: Path, content: bytes, full: str = name) -> None:
            if path.name == full:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(path, content)

        monkeypatch.setattr(store, "write_bytes", write)
        message = r"b: the batch cannot be begun: No space left on device\n  hint: make room"
        with pytest.raises(BatchError, match=message):
            run_batch(asked, tmp_path / "b", HERE)
    monkeypatch.undo()
    assert run_batch(asked, tmp_path / "b", HERE).status().done == 3


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BatchError, match="file/b: the batch cannot be begun: Not a directory"):
        run_batch(sweep(tmp_path, ["rates"]).spec, tmp_path / "file" / "b", HERE)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"measure": [{"fano_factor": {"window": 25.0}}]}, "measures"),
        ({"keep": {"spikes": {"first": 2}}}, "keep"),
        ({"record": ["cells.spikes[:2]"]}, "record"),
    ],
)
def test_what_is_measured_or_kept_does_not_change_within_a_batch(
    tmp_path: Path, change: dict[str, Any], part: str
) -> None:
    given = {"measure": [{"fano_factor": {"window": 10.0}}], "keep": {"spikes": {"first": 1}}}
    run_batch(sweep(tmp_path, **given).spec, tmp_path / "b", HERE)
    assert run_batch(sweep(tmp_path, **given).spec, tmp_path / "b", HERE).status().done == 3
    with pytest.raises(BatchError, match=f"of another sweep: it differs in {part}"):
        run_batch(sweep(tmp_path, **{**given, **change}).spec, tmp_path / "b", HERE)


def raise_full(patch: pytest.MonkeyPatch) -> None:
    """As `Result.save` says it, which knows it from HDF5."""

    def save(*_: object, **__: object) -> None:
        raise pg.errors.SimulationError(
            "r.h5 cannot be written: the disk is full, or a limit on file sizes is reached"
        )

    patch.setattr(pg.Result, "save", save)


def test_a_table_that_is_damaged(tmp_path: Path) -> None:
    asked = sweep(tmp_path, ["rates"])
    batch = run_batch(asked.spec, tmp_path / "b", HERE)
    whole, path = batch.table, tmp_path / "b" / "table.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BatchError, match=r"table.parquet: the table is damaged: .*\n  hint: move"):
        run_batch(asked.spec, tmp_path / "b", HERE)
    path.unlink()
    again = run_batch(asked.spec, tmp_path / "b", HERE).table
    assert list(again["rates.cells"]) == list(whole["rates.cells"])


def test_folders_of_no_batch_are_bad_input(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="there is no batch in this folder"):
            pg.load_batch(path)


@pytest.mark.parametrize("address", ["head", "tcp://head", "foo://head:8786", "tcp://head:x"])
def test_what_is_no_address_of_a_cluster(tmp_path: Path, address: str) -> None:
    message = r"is not the address of a cluster\n  hint: give that of its scheduler, with the port"
    with pytest.raises(ArgumentError, match=message):
        sweep(tmp_path, ["rates"]).run(tmp_path / "b", cluster=address)
    assert not (tmp_path / "b").exists()
