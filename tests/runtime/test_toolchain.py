"""Finding a compiler, and saying so when there is none or it fails."""

import os
import re
import stat
import subprocess
import sys

import pytest

from pygenn_lite.errors import CompileError, ToolchainError
from pygenn_lite.runtime import compile_cache, processors
from pygenn_lite.runtime.cpp import building, cache_keys, processor, toolchain
from pygenn_lite.runtime.cpp.processor import find_target


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A PATH of its own, empty, and no ziglang."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)
    return folder


def program(folder, name, script="exit 0"):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_without_a_compiler_both_cures_are_named(programs):
    with pytest.raises(ToolchainError) as error:
        toolchain.find_compiler()
    assert "package manager" in str(error.value)
    assert "pip install 'pygenn-lite[compiler]'" in str(error.value)


def test_without_a_compiler_compile_says_so(programs, monkeypatch, tmp_path):
    import pygenn_lite as pg

    monkeypatch.setenv("PYGENN_LITE_CACHE", str(tmp_path / "cache"))
    net = pg.Network()
    net.population("exc", 10, pg.LIF())
    with pytest.raises(ToolchainError, match="no C\\+\\+ compiler"):
        net.compile()


def test_gpp_comes_before_clang(programs):
    program(programs, "clang++")
    assert toolchain.find_compiler().family == "clang"
    program(programs, "g++")
    assert toolchain.find_compiler().family == "gcc"


def test_cxx_comes_first_and_may_hold_arguments(programs, monkeypatch):
    program(programs, "g++")
    chosen = program(programs, "mine")
    monkeypatch.setenv("CXX", "mine --special")
    assert toolchain.find_compiler().command == (str(chosen), "--special")


def test_a_cxx_that_is_no_program_is_named(programs, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ToolchainError, match="no-such-compiler"):
        toolchain.find_compiler()


def test_ziglang_serves_where_the_system_has_no_compiler(programs, monkeypatch):
    class Spec:
        origin = __file__

    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: Spec)
    compiler = toolchain.find_compiler()
    assert compiler.family == "zig"
    assert compiler.command[1:] == ("-m", "ziglang", "c++")


def test_an_updated_compiler_has_another_identity(programs):
    path = program(programs, "g++")
    before = toolchain.find_compiler().identity
    path.write_text("#!/bin/sh\nexit 1 # newer\n")
    assert toolchain.find_compiler().identity != before


def test_flags_fall_back_when_the_machine_is_unknown_to_the_compiler(
    programs, monkeypatch, tmp_path
):
    monkeypatch.setenv("PYGENN_LITE_CACHE", str(tmp_path / "cache"))
    script = (
        'case "$*" in *-march=*|*-mcpu=*) echo "error: bad value for -march" >&2; exit 1;; esac\n'
        'while [ "$1" != "-o" ]; do shift; done\n: > "$2"'
    )
    program(programs, "g++", script)
    source, output = tmp_path / "a.cpp", tmp_path / "a.so"
    source.write_text("")
    building.compile_source(toolchain.find_compiler(), find_target(), source, output, "kernels")
    assert output.exists()


def test_a_compile_failure_says_ours_first_and_keeps_the_log(programs, monkeypatch, tmp_path):
    monkeypatch.setenv("PYGENN_LITE_CACHE", str(tmp_path / "cache"))
    program(programs, "g++", 'echo "a.cpp:1: error: expected a miracle" >&2; exit 1')
    source = tmp_path / "a.cpp"
    source.write_text("nonsense")
    with pytest.raises(CompileError, match="could not compile the kernels") as error:
        building.compile_source(
            toolchain.find_compiler(), find_target(), source, tmp_path / "a.so", "kernels"
        )
    logs = list(compile_cache.logs_directory().glob("*.log"))
    assert len(logs) == 1
    assert str(logs[0]) in str(error.value)
    assert "expected a miracle" in logs[0].read_text()
    assert next(compile_cache.logs_directory().glob("*.cpp")).read_text() == "nonsense"


@pytest.mark.parametrize(
    ("of", "what", "other"),
    [
        (processor.platform, "system", "Plan9"),
        (processor.platform, "machine", "riscv64"),
        (processor.platform, "libc_ver", ("glibc", "9.9")),
        (processor, "processor_features", ("avx", "telepathy")),
    ],
)
def test_the_machine_can_be_told_from_others(of, what, other, monkeypatch):
    identity = processor.machine_identity.__wrapped__  # not the one found before
    here = processor.machine_identity()
    assert identity() == here
    monkeypatch.setattr(of, what, lambda: other)
    assert identity() != here


def test_code_for_one_machine_is_not_found_on_another(monkeypatch):
    compiler = toolchain.Compiler(("g++",), "gcc", "1")
    before = cache_keys.kernels_key(compiler, find_target(), "a")
    monkeypatch.setattr(cache_keys, "machine_identity", lambda: "another")
    assert cache_keys.kernels_key(compiler, find_target(), "a") != before


@pytest.mark.parametrize(
    ("allowed", "quota", "usable"),
    [
        (8, "max 100000", 8),
        (8, "250000 100000", 2),
        (8, "50000 100000", 1),
        (2, "800000 100000", 2),
        (3, None, 3),
        (3, "nonsense", 3),
    ],
)
def test_usable_processors_are_those_of_the_affinity_within_the_quota(
    allowed, quota, usable, monkeypatch, tmp_path
):
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(
        processors.os, "sched_getaffinity", lambda pid: set(range(allowed)), raising=False
    )
    monkeypatch.setattr(processors, "Path", lambda text: tmp_path / text.rpartition("/")[2])
    assert processors.available_cpus() == usable


def test_keys_tell_structures_and_compilers_apart():
    one = toolchain.Compiler(("g++",), "gcc", "1")
    two = toolchain.Compiler(("g++",), "gcc", "2")
    here = find_target()
    keys = {cache_keys.kernels_key(c, here, s) for c in (one, two) for s in ("a", "b")}
    assert len(keys) == 4
    assert cache_keys.part_key("engine", one, here) not in keys


def test_all_that_kernels_include_is_in_their_key():
    """Else an upgrade would meet kernels that were compiled from older headers."""
    known, pending = (
        set(cache_keys.kernel_sources()),
        [cache_keys.TEMPLATES / "cpp" / "kernels.cpp.jinja"],
    )
    seen = set()
    while pending:
        path = pending.pop()
        assert path in known
        seen.add(path)
        names = re.findall(r'(?:#|{% )include "(.+?)"', path.read_text(encoding="utf-8"))
        for name in names:
            found = [p for p in (cache_keys.TEMPLATES / name, path.parent / name) if p.is_file()]
            assert found, f"{name} of {path}"
            pending += set(found) - seen
    assert cache_keys.TEMPLATES / "cpp" / "flags.hpp" in seen and len(seen) > 10


def test_importing_the_declaration_is_light():
    code = (
        "import sys, numpy; before = set(sys.modules); "  # NumPy 1 has more
        "from pygenn_lite import Network; "
        "heavy = {'sympy', 'jinja2', 'matplotlib', 'h5py', 'pydantic', 'rich', 'scipy', "
        "'numpy.ma', 'uuid', 'html'}; "
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"
