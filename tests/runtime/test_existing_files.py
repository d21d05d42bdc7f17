"""What is written replaces nothing unless asked, one process writes a file at a time, and what was
there before survives whatever goes wrong."""

import errno
import os
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import (
    ArgumentError,
    CheckpointError,
    FileFormatError,
    PygennLiteWarning,
    SimulationError,
)
from pygenn_lite.runtime.results import files, result_file
from pygenn_lite.runtime.results.files import FileClaim, written_at_once

pytestmark = pytest.mark.usefixtures("backend")


def poisson(seed=1, neurons=5):
    net = pg.Network(dt=0.1, seed=seed, name="poisson")
    cells = net.population("p", neurons, pg.PoissonNeuron(rate=100.0))
    net.record(cells.spikes)
    return net.compile(threads=1)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("anew", [False, True])
def test_a_second_run_into_the_same_file_is_refused_and_the_first_result_keeps_its_data(here, anew):
    streamed, kept = poisson(), poisson()
    first, right = streamed.run(100.0, stream_to="trial.h5"), kept.run(100.0)
    if anew:
        streamed.reset(seed=1)
    with pytest.raises(ArgumentError, match=r"trial\.h5 exists already") as caught:
        streamed.run(100.0, stream_to="trial.h5")
    assert "overwrite=True" in str(caught.value)
    assert streamed.time == (0.0 if anew else 100.0)  # refused before the first step
    assert first.spikes["p"].steps.tolist() == right.spikes["p"].steps.tolist()
    assert names(here) == ["trial.h5"]


def test_a_result_whose_file_was_overwritten_says_so_instead_of_showing_other_data(here):
    sim = poisson()
    first, read = (sim.run(100.0, stream_to="trial.h5", overwrite=k > 0) for k in range(2))
    steps = read.spikes["p"].steps
    last = sim.run(100.0, stream_to="trial.h5", overwrite=True)
    with pytest.raises(FileFormatError, match=r"(?s)replaced by another run.*'p' is gone"):
        _ = first.spikes["p"]
    assert read.spikes["p"].steps is steps  # what was read before stays
    assert last.start == 200.0 and last.spikes["p"].steps[0] > 2000
    assert names(here) == ["trial.h5"]


def test_a_file_that_is_to_be_replaced_is_whole_until_the_new_one_is(here):
    sim = poisson()
    before = sim.run(50.0, stream_to="run.h5").spikes["p"].steps
    seen = []

    def look(simulation):
        seen.append(pg.load_result("run.h5").spikes["p"].steps.tolist())
        seen.append(names(here))

    sim.run(50.0, stream_to="run.h5", overwrite=True, callback=look, interval=25.0)
    assert seen[0] == before.tolist()
    assert seen[1] == [".run.h5.lock", "run.h5", "run.h5.part"]
    assert names(here) == ["run.h5"]
    assert pg.load_result("run.h5").start == 50.0


def test_a_relative_path_still_means_the_same_file_after_a_change_of_folder(here, monkeypatch):
    result = poisson().run(50.0, stream_to="run.h5")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    assert len(result.spikes["p"])
    later = poisson().run(
        50.0, stream_to="run.h5", callback=lambda s: os.chdir(here), interval=10.0
    )
    assert len(later.spikes["p"]) and names(here / "elsewhere") == ["run.h5"]


def test_a_result_is_saved_where_it_is_unless_that_was_replaced(here):
    sim = poisson()
    first = sim.run(5.0, stream_to="run.h5")
    before = Path("run.h5").read_bytes()
    assert first.save("run.h5") == Path("run.h5") and Path("run.h5").read_bytes() == before
    sim.run(5.0, stream_to="run.h5", overwrite=True)
    for overwrite in (False, True):
        with pytest.raises(FileFormatError, match="replaced by another run"):
            first.save("run.h5", overwrite=overwrite)
    assert pg.load_result("run.h5").start == 5.0


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("content", [b"my thesis", b"\x89HDF\r\n\x1a\n and then rubbish"])
def test_files_of_others_are_never_replaced(here, overwrite, content):
    Path("thesis").write_bytes(content)
    sim = poisson()
    result = sim.run(5.0)
    for write in (
        lambda: sim.run(5.0, stream_to="thesis", overwrite=overwrite),
        lambda: result.save("thesis", overwrite=overwrite),
        lambda: sim.save("thesis", overwrite=overwrite),
    ):
        with pytest.raises(
            ArgumentError, match=r"is not a (result file|checkpoint) of pygenn_lite"
        ):
            write()
    assert Path("thesis").read_bytes() == content
    assert names(here) == ["thesis"]


def test_a_checkpoint_does_not_replace_a_result_nor_a_result_a_checkpoint(here):
    sim = poisson()
    sim.run(5.0, stream_to="result")
    sim.save("checkpoint")
    with pytest.raises(ArgumentError, match="is not a checkpoint"):
        sim.save("result", overwrite=True)
    with pytest.raises(ArgumentError, match="is not a result file"):
        sim.run(5.0, stream_to="checkpoint", overwrite=True)


def test_saving_twice_needs_to_be_asked_for(here):
    sim = poisson()
    first, second = sim.run(50.0), sim.run(50.0)
    first.save("kept.h5")
    with pytest.raises(ArgumentError, match=r"kept\.h5 exists already"):
        second.save("kept.h5")
    assert pg.load_result("kept.h5").start == 0.0
    second.save("kept.h5", overwrite=True)
    assert pg.load_result("kept.h5").start == 50.0
    sim.save("point")
    with pytest.raises(ArgumentError, match="point exists already"):
        sim.save("point")
    sim.run(5.0, callback=lambda s: s.save("point", overwrite=True), interval=5.0)
    sim.restore("point")
    assert sim.time == 105.0
    assert names(here) == ["kept.h5", "point"]


def test_an_empty_file_is_nothing_to_lose(here):
    for name in ("stream", "save", "point"):
        Path(name).touch()
    sim = poisson()
    sim.run(5.0, stream_to="stream").save("save")
    sim.save("point")
    assert pg.load_result("save").duration == pg.load_result("stream").duration == 5.0


def test_places_that_take_no_file_are_told(here):
    (here / "folder").mkdir()
    os.mkfifo("pipe")
    sim = poisson()
    result = sim.run(5.0)
    for path, message in (
        ("folder", "is a folder"),
        ("pipe", "is not a regular file"),
        ("nowhere/x", "No such file or directory"),
        ("pipe/x", "Not a directory"),
    ):
        for write in (lambda p: sim.run(5.0, stream_to=p), result.save, sim.save):
            with pytest.raises(SimulationError, match=message):
                write(path)
    assert sim.time == 5.0
    assert names(here) == ["folder", "pipe"]


def test_a_link_stays_a_link_to_the_file_that_is_written(here):
    (here / "disk").mkdir()
    Path("run.h5").symlink_to("disk/run.h5")
    Path("point").symlink_to("disk/point")
    sim = poisson()
    for k in range(2):
        sim.run(5.0, stream_to="run.h5", overwrite=k > 0)
        sim.save("point", overwrite=k > 0)
    sim.run(5.0).save("run.h5", overwrite=True)
    assert Path("run.h5").is_symlink() and Path("point").is_symlink()
    assert pg.load_result("disk/run.h5").start == 10.0
    assert names(here / "disk") == ["point", "run.h5"]


def test_files_have_the_permissions_that_other_new_files_have(here):
    sim = poisson()
    mask = os.umask(0o027)
    try:
        sim.run(5.0).save("run.h5")
        sim.save("point")
    finally:
        os.umask(mask)
    assert {stat.S_IMODE(os.stat(name).st_mode) for name in names(here)} == {0o640}
    os.chmod("point", 0o600)
    sim.save("point", overwrite=True)
    assert stat.S_IMODE(os.stat("point").st_mode) == 0o600


@pytest.mark.parametrize("remove", [os.unlink, lambda name: os.replace("other", name)])
def test_a_file_that_is_deleted_or_replaced_while_it_is_written_stops_the_run(
    here, monkeypatch, remove
):
    monkeypatch.setattr(result_file, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(result_file, "FLUSH_SHARE", 0)
    Path("other").write_text("other")
    sim = poisson()
    with pytest.raises(SimulationError, match=r"(?s)run\.h5 cannot be written: somebody deleted"):
        sim.run(1e6, stream_to="run.h5", callback=lambda s: remove("run.h5"), interval=1e3)
    assert sim.time < 1e5
    assert sim.run(5.0).duration == 5.0


# ---------------------------------------------------------------- who writes it

HOLDER = """
import sys
import warnings
from pathlib import Path
from pygenn_lite.runtime.results.files import FileClaim
claim = FileClaim(Path("run.h5"))
print("claimed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(here):
    """Another process that writes run.h5."""
    root = str(Path(pg.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert process.stdout.readline() == b"claimed\n"
    yield process
    process.kill()
    process.communicate()


def test_a_file_that_another_process_writes_is_refused_at_once_and_its_writer_named(holder, here):
    sim = poisson()
    result = sim.run(5.0)
    told = rf"run\.h5 is being written by process {holder.pid} on '.+' since 2\d\d\d-.* UTC"
    for overwrite in (False, True):
        with pytest.raises(SimulationError, match=told):
            sim.run(5.0, stream_to="run.h5", overwrite=overwrite)
        with pytest.raises(SimulationError, match=told):
            result.save("run.h5", overwrite=overwrite)
    Path("alias.h5").symlink_to("run.h5")
    with pytest.raises(SimulationError, match=f"alias.h5 is being written by process {holder.pid}"):
        sim.run(5.0, stream_to="alias.h5")
    holder.kill()  # no chance to tidy up
    holder.communicate()
    assert names(here) == [".run.h5.lock", "alias.h5"]
    sim.run(5.0, stream_to="run.h5")
    assert names(here) == ["alias.h5", "run.h5"]


def test_two_runs_of_one_process_do_not_share_a_file_either(here):
    with pytest.raises(SimulationError, match=f"is being written by process {os.getpid()}"):
        poisson().run(
            5.0, stream_to="run.h5", interval=1.0,
            callback=lambda s: poisson(2).run(5.0, stream_to="run.h5", overwrite=True),
        )  # fmt: skip
    assert pg.load_result("run.h5").interrupted


def test_a_claim_is_given_back_and_a_strange_lock_file_does_no_harm(here):
    Path(".run.h5.lock").write_text("rubbish")
    first = FileClaim(Path("run.h5"))
    os.pwrite(first._descriptor, b"rub", 0)
    with pytest.raises(SimulationError, match="is being written by another process"):
        FileClaim(Path("run.h5"))
    first.release()
    first.release()
    FileClaim(Path("run.h5")).release()
    assert names(here) == []


def test_where_there_are_no_locks_files_are_written_without(here, monkeypatch):
    def none(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files.fcntl, "flock", none)
    assert poisson().run(5.0, stream_to="run.h5").duration == 5.0
    assert names(here) == ["run.h5"]


# ---------------------------------------------------------------- the old one survives

FULL = """
import os, resource, sys
sys.path.insert(0, os.environ["TESTS"])
import pygenn_lite as pg
from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.results import result_file
from test_existing_files import poisson

sim = poisson(seed=2, neurons=200)
result = sim.run(20_000.0, progress=False)
result_file.FLUSH_SECONDS, result_file.FLUSH_SHARE = 0.0, 0
limit = 2_500_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for write in (
    lambda: sim.run(20_000.0, stream_to="old.h5", overwrite=True, progress=False),
    lambda: result.save("old.h5", overwrite=True),
    lambda: result.save("new.h5"),
):
    try:
        write()
    except SimulationError as error:
        print(error.message)
        if "part" in error.message:
            kept = error.result
            print(kept.interrupted, len(kept.spikes["p"]) > 0, kept.path.name)
"""


@pytest.mark.compiled("runs in a process of its own")
def test_an_old_good_file_survives_a_limit_on_file_sizes(here):
    poisson().run(5.0, stream_to="old.h5")
    before = Path("old.h5").read_bytes()
    root = str(Path(pg.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "TESTS": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", FULL], env=environment, capture_output=True, text=True, check=True
    )
    streamed, kept, *saved = done.stdout.splitlines()
    assert "old.h5.part cannot be written: the disk is full, or a limit on file sizes" in streamed
    assert "it holds all up to" in streamed  # the new data, as far as they went
    assert kept == "True True old.h5.part"
    assert len(saved) == 2 and all("h5 cannot be written: the disk is full" in t for t in saved)
    assert not any("holds" in t for t in saved)  # half a copy is of no use to anybody
    assert Path("old.h5").read_bytes() == before
    assert names(here) == ["old.h5", "old.h5.part"]


def test_a_file_that_cannot_even_begin_leaves_nothing_behind(here, monkeypatch):
    sim = poisson()
    result = sim.run(5.0)

    def full(*arguments):
        raise OSError("Can't write: errno = 28, No space left on device")

    monkeypatch.setattr(result_file.sonata, "mark_file", full)
    for write in (lambda: sim.run(5.0, stream_to="run.h5"), lambda: result.save("kept.h5")):
        with pytest.raises(SimulationError, match=r"(?s)No space left.*make room"):
            write()
    assert names(here) == []


def test_samples_that_the_disk_cannot_take_are_told_before_the_run(here, monkeypatch):
    net = pg.Network(dt=0.1)
    net.record(net.population("cells", 100, pg.LIF())["V"])
    sim = net.compile(threads=1)
    with pytest.warns(
        PygennLiteWarning, match=r"run\.h5 will need about .*TiB .*disk is full"
    ) as caught:
        sim.run(1e12, stream_to="run.h5", callback=lambda s: s.stop(), interval=0.1)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.run(1.0, stream_to="short.h5")


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_an_old_good_file_survives_a_disk_that_fails_at_the_last_moment(here, monkeypatch, name):
    sim = poisson()
    sim.run(5.0, stream_to="run.h5").save("copy.h5")
    sim.save("point")
    before = [Path(n).read_bytes() for n in ("run.h5", "copy.h5", "point")]

    def fail(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    owner = os if name == "fsync" else Path
    monkeypatch.setattr(owner, name, fail)
    with pytest.raises(SimulationError, match=r"No space left.*the data are in .*run\.h5\.part"):
        sim.run(5.0, stream_to="run.h5", overwrite=True)
    with pytest.raises(SimulationError, match="No space left"):
        sim.run(5.0).save("copy.h5", overwrite=True)
    with pytest.raises(CheckpointError, match="No space left"):
        sim.save("point", overwrite=True)
    assert [Path(n).read_bytes() for n in ("run.h5", "copy.h5", "point")] == before
    assert names(here) == ["copy.h5", "point", "run.h5", "run.h5.part"]
    assert pg.load_result("run.h5.part").start == 5.0


def test_what_is_written_at_once_appears_whole_or_not_at_all(here):
    with pytest.raises(ZeroDivisionError), written_at_once(Path("a.txt")) as aside:
        aside.write_text("half")
        assert aside.suffix == ".txt"
        raise ZeroDivisionError
    assert names(here) == []
    with written_at_once(Path("a.txt")) as aside:
        aside.write_text("whole")
    assert Path("a.txt").read_text() == "whole" and names(here) == ["a.txt"]


def test_an_old_picture_survives_a_full_disk(here, monkeypatch):
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib.figure import Figure

    result = poisson().run(50.0)
    pg.plotting.plot_result(result, "picture.png")
    before = Path("picture.png").read_bytes()

    def full(figure, path, **options):
        Path(path).write_bytes(b"half a pict")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(SimulationError, match="No space left"):
        pg.plotting.plot_result(result, "picture.png")
    assert Path("picture.png").read_bytes() == before and names(here) == ["picture.png"]


def test_numbers_written_over_numbers_are_the_new_ones(here):
    sim = poisson()
    for k in range(3):
        result = sim.run(100.0, stream_to="run.h5", overwrite=k > 0)
        assert np.array_equal(pg.load_result("run.h5").spikes["p"].times, result.spikes["p"].times)
        assert np.all(result.spikes["p"].times > 100.0 * k)


def test_a_result_that_was_loaded_while_a_run_goes_on_stays_as_it_was(here, monkeypatch):
    monkeypatch.setattr(result_file, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(result_file, "FLUSH_SHARE", 0)
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("p", 5, pg.PoissonNeuron(rate=500.0))
    others = net.population("q", 2, pg.LIF())
    net.record(cells.spikes, others["V"])
    loaded = []

    def look(sim):
        if not loaded:
            loaded.append(pg.load_result("run.h5"))

    whole = net.compile(threads=1).run(60.0, stream_to="run.h5", callback=look, interval=20.0)
    early = loaded[0]
    assert early.interrupted and 0 < early.stop_step <= 200 < whole.stop_step
    steps = whole.spikes["p"].steps
    assert early.spikes["p"].steps.tolist() == steps[steps <= early.stop_step].tolist()
    assert len(early.traces["q"]["V"]) == early.stop_step
