"""The compile cache: private, atomic, safe with several processes."""

import errno
import multiprocessing
import os
import shutil
import stat
import time
from pathlib import Path

import pytest

import pygenn_lite as pg
from pygenn_lite.errors import CompileError, ToolchainError
from pygenn_lite.runtime import compile_cache
from pygenn_lite.runtime.cpp import building


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    root = tmp_path / "cache"
    monkeypatch.setenv("PYGENN_LITE_CACHE", str(root))
    return root


def make_entry(key="kernels-abc", content="x"):
    with compile_cache.new_entry(key) as folder:
        (folder / "content").write_text(content)
    return compile_cache.find_entry(key)


def test_the_cache_is_private_to_the_user(own_cache):
    make_entry()
    assert stat.S_IMODE(own_cache.stat().st_mode) == 0o700
    assert stat.S_IMODE((own_cache / compile_cache.LAYOUT / "kernels-abc").stat().st_mode) == 0o700


def test_entries_are_private_whatever_the_umask():
    before = os.umask(0o000)
    try:
        entry = make_entry()
    finally:
        os.umask(before)
    assert (entry / "content").read_text() == "x"
    assert all(path.stat().st_mode & 0o022 == 0 for path in entry.iterdir())


def test_an_existing_directory_keeps_its_mode_and_what_is_in_it(own_cache):
    own_cache.mkdir(mode=0o755)
    for name in ("venv", "v2-notes", "v1notes"):
        (own_cache / name).mkdir()
        (own_cache / name / "thesis.txt").write_text("all of it")
    layout = compile_cache.open_cache()
    (layout / "mine-by-hand").mkdir()
    (layout / "notes.txt").write_text("mine")
    make_entry()
    assert compile_cache.cache_entries() == 1 and compile_cache.clear_cache() > 0
    assert stat.S_IMODE(own_cache.stat().st_mode) == 0o755
    assert stat.S_IMODE(layout.stat().st_mode) == 0o700
    kept = {str(path.relative_to(own_cache)) for path in own_cache.rglob("*")}
    names = ("venv", "v2-notes", "v1notes")
    files = {f"{name}/thesis.txt" for name in names}
    assert kept == {*names, *files, "v1", "v1/mine-by-hand", "v1/notes.txt"}


def test_the_xdg_directory_is_used_when_nothing_else_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("PYGENN_LITE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert compile_cache.cache_directory() == tmp_path / "xdg" / "pygenn_lite"


def test_an_entry_appears_only_when_it_is_complete():
    with pytest.raises(RuntimeError), compile_cache.new_entry("kernels-half") as folder:
        (folder / "content").write_text("half")
        assert compile_cache.find_entry("kernels-half") is None
        raise RuntimeError("the compiler failed")
    assert compile_cache.find_entry("kernels-half") is None
    assert not list(compile_cache.open_cache().glob(".making-*"))


def test_the_first_of_two_equal_entries_stays():
    with compile_cache.new_entry("kernels-twice") as slow:
        (slow / "content").write_text("slow")
        make_entry("kernels-twice", "fast")
    assert (compile_cache.find_entry("kernels-twice") / "content").read_text() == "fast"


@pytest.mark.parametrize("mode", [0o770, 0o775, 0o1777, 0o2775])
def test_in_a_directory_that_others_can_write_a_private_folder_is_used(own_cache, mode):
    own_cache.mkdir()
    own_cache.chmod(mode)
    (own_cache / "other").write_text("of a colleague")
    entry = make_entry()
    private = own_cache / f"user-{os.geteuid()}"
    assert entry.is_relative_to(private) and compile_cache.cache_directory() == private
    assert all(path.stat().st_mode & 0o777 == 0o700 for path in (private, entry.parent, entry))
    assert stat.S_IMODE(own_cache.stat().st_mode) == mode
    assert compile_cache.cache_entries() == 1 and compile_cache.clear_cache() > 0
    assert (own_cache / "other").read_text() == "of a colleague"


def test_a_cache_that_was_open_to_others_is_left_for_a_private_one(own_cache):
    make_entry()
    (own_cache / compile_cache.LAYOUT).chmod(0o775)
    assert compile_cache.find_entry("kernels-abc") is None
    assert make_entry().is_relative_to(own_cache / f"user-{os.geteuid()}")


@pytest.mark.parametrize("mode", [0o707, 0o777])
def test_where_everybody_can_exchange_the_cache_it_is_refused(own_cache, mode):
    own_cache.mkdir()
    own_cache.chmod(mode)
    with pytest.raises(ToolchainError, match="everybody can write") as caught:
        compile_cache.open_cache()
    assert "under your home directory" in caught.value.hint


def test_a_private_folder_that_somebody_else_has_made_is_refused(own_cache, monkeypatch):
    user = os.getuid() + 1
    own_cache.mkdir()
    own_cache.chmod(0o1777)
    (own_cache / f"user-{user}").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(ToolchainError, match="belongs to another user") as caught:
        compile_cache.open_cache()
    assert "directory of your own" in caught.value.hint


def test_an_entry_that_others_could_have_written_is_made_again():
    entry = make_entry(content="old")
    (entry / "content").chmod(0o666)
    assert compile_cache.find_entry("kernels-abc") is None
    compile_cache.drop_entry("kernels-abc")  # as compiling does
    assert (make_entry(content="new") / "content").read_text() == "new"


def test_no_hint_advises_to_delete_anything(own_cache, tmp_path, monkeypatch):
    hints = []
    for prepare in (
        lambda: own_cache.symlink_to(tmp_path),
        lambda: own_cache.write_text("a file"),
        lambda: (own_cache.mkdir(), own_cache.chmod(0o777)),
        lambda: (own_cache.mkdir(), (own_cache / "v1").symlink_to(tmp_path)),
    ):
        prepare()
        with pytest.raises(ToolchainError) as caught:
            compile_cache.open_cache()
        hints.append(caught.value.hint)
        own_cache.unlink() if not own_cache.is_dir() or own_cache.is_symlink() else shutil.rmtree(
            own_cache
        )
    assert all(hints)
    assert not any(word in hint for hint in hints for word in ("rm ", "delete", "remove", "chmod"))


def test_a_linked_cache_is_refused(own_cache, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    own_cache.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ToolchainError, match="symbolic link"):
        compile_cache.open_cache()


def test_a_linked_file_in_an_entry_is_refused(tmp_path):
    entry = make_entry()
    (tmp_path / "evil.so").write_text("evil")
    (entry / "kernels.so").symlink_to(tmp_path / "evil.so")
    with pytest.raises(ToolchainError, match="symbolic link"):
        compile_cache.find_entry("kernels-abc")


def test_a_cache_below_a_directory_that_everybody_can_write_is_refused(tmp_path, monkeypatch):
    common = tmp_path / "common"
    common.mkdir()
    common.chmod(0o777)
    monkeypatch.setenv("PYGENN_LITE_CACHE", str(common / "cache"))
    with pytest.raises(ToolchainError, match="everybody can write"):
        compile_cache.open_cache()
    common.chmod(0o1777)  # sticky, as /tmp is: only owners can rename
    compile_cache.open_cache()


def test_a_cache_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PYGENN_LITE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ToolchainError, match="PYGENN_LITE_CACHE"):
        compile_cache.open_cache()


@pytest.mark.parametrize("key", ["", "../evil", "a/b", "a\0b", "ä", "."])
def test_keys_cannot_leave_the_cache(key):
    with pytest.raises(ValueError, match="not a cache key"):
        compile_cache.find_entry(key)


def test_clearing_frees_what_the_size_says(own_cache):
    make_entry(content="x" * 1000)
    older = own_cache / "v0" / "kernels-old"
    older.mkdir(parents=True)
    (older / "content").write_text("y" * 500)
    (older / compile_cache.SUMS).write_text("")
    assert compile_cache.cache_size() >= 1500
    assert compile_cache.cache_entries() == 1
    assert compile_cache.clear_cache() >= 1500
    assert compile_cache.cache_size() == 0
    assert compile_cache.cache_entries() == 0


def test_clearing_a_cache_that_is_not_there_is_no_error():
    assert compile_cache.clear_cache() == 0


@pytest.mark.parametrize("damage", [b"", b"y", None])
def test_a_damaged_entry_is_not_found_and_can_be_made_again(damage):
    content = make_entry() / "content"
    if damage is None:
        content.unlink()
    else:
        content.write_bytes(damage)
    assert compile_cache.find_entry("kernels-abc") is None
    compile_cache.drop_entry("kernels-abc")
    assert (make_entry() / "content").read_text() == "x"


def test_a_lock_that_cannot_be_had_is_named():
    locks = compile_cache.open_cache() / "locks"
    (locks / "kernels-abc.lock").mkdir(parents=True)
    with (
        pytest.raises(ToolchainError, match=r"(?s)Is a directory.*PYGENN_LITE_CACHE"),
        compile_cache.entry_lock("kernels-abc"),
    ):
        pass


def test_a_full_disk_is_named():
    with (
        pytest.raises(ToolchainError, match="No space left"),
        compile_cache.new_entry("kernels-abc"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert compile_cache.find_entry("kernels-abc") is None


@pytest.fixture(scope="module")
def compiled_cache(tmp_path_factory):
    """A cache that holds what ``alone`` needs."""
    root = tmp_path_factory.mktemp("compiled") / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYGENN_LITE_CACHE", str(root))
        alone().compile()
    return root


def alone():
    net = pg.Network(dt=0.1)
    net.population("cells", 3, pg.NeuronModel("dV/dt = -V/tau", parameters=dict(tau=10.0)))
    return net


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("kernels.so", "half"),
        ("kernels.so", "foreign"),
        ("engine.so", "half"),
        ("signatures.json", "half"),
        ("signatures.json", "missing"),
    ],
)
def test_what_is_damaged_or_does_not_load_is_compiled_again(
    compiled_cache, own_cache, name, damage, monkeypatch
):
    shutil.copytree(compiled_cache, own_cache)
    (path,) = own_cache.rglob(name)
    whole = path.read_bytes()
    path.unlink()  # what this process has loaded from there stays as it is
    if damage != "missing":
        path.write_bytes(whole[: len(whole) // 2] if damage == "half" else b"of another system")
    if damage == "foreign":
        (path.parent / compile_cache.SUMS).write_bytes(compile_cache._sums(path.parent))
    made = []
    one = building.compile_source
    monkeypatch.setattr(building, "compile_source", lambda *a: made.append(a[2].name) or one(*a))
    assert alone().compile().run(1.0).duration == 1.0
    assert made == ["engine.cpp" if name == "engine.so" else "kernels.cpp"]
    assert path.read_bytes()[:4] == whole[:4] and path.stat().st_size > len(whole) // 2
    alone().compile()
    assert len(made) == 1


def test_a_temporary_folder_that_cannot_be_had_is_named(compiled_cache, own_cache, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    shutil.copytree(compiled_cache, own_cache)
    monkeypatch.setattr(building.tempfile, "mkdtemp", full)
    with pytest.raises(ToolchainError, match=r"(?s)No space left.*TMPDIR"):
        alone().compile(cache=False)


def test_without_the_cache_none_is_needed(monkeypatch):
    monkeypatch.setenv("PYGENN_LITE_CACHE", "/proc/none")
    net = alone()
    net.connect("cells", "cells", pg.SynapseModel(on_pre="V_post += weight"), pg.AllToAll())
    with pytest.raises(ToolchainError, match=r"(?s)cannot be used.*cache=False"):
        net.compile()
    sim = net.compile(cache=False)
    assert sim.run(1.0).duration == 1.0
    code = sim._device.loaded.code
    folders = {path.parent for path in code.parts.values()}
    assert all(folder.exists() for folder in folders)


def test_where_the_cache_cannot_be_used_the_compilers_log_is_kept_elsewhere(monkeypatch):
    monkeypatch.setenv("PYGENN_LITE_CACHE", "/proc/none")
    monkeypatch.setattr(building.Compilers, "run", lambda self, command: (1, "error: no"))
    with pytest.raises(CompileError, match=r"error: no\. The whole log: (.*)\.log"):
        alone().compile(cache=False)


def compile_slowly(made: str) -> None:
    key = "kernels-shared"
    with compile_cache.entry_lock(key):
        if compile_cache.find_entry(key) is None:
            with compile_cache.new_entry(key) as folder:
                time.sleep(0.05)
                (folder / "content").write_text("done")
            Path(made, str(os.getpid())).write_text("")


def test_several_processes_make_an_entry_once(tmp_path):
    made = tmp_path / "made"
    made.mkdir()
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=compile_slowly, args=(str(made),)) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [w.exitcode for w in workers] == [0] * 6
    assert len(list(made.iterdir())) == 1
