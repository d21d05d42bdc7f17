"""clang from the PyPI package ziglang, where the system has no compiler."""

import importlib.util
import logging
import sys

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.runtime.cpp import building, cache_keys, toolchain

ZIG = toolchain.Compiler((sys.executable, "-m", "ziglang", "c++"), "zig", "1")
NEEDS_ZIG = pytest.mark.skipif(
    importlib.util.find_spec("ziglang") is None, reason="the extra [compiler] is not installed"
)


def network():
    net = pg.Network(dt=0.1, seed=3)
    exc = net.population("exc", 80, pg.LIF(initial={"V": pg.Uniform(-65.0, -50.0)}))
    net.poisson(exc, 1500.0, weight=150.0, synapse=pg.ExponentialCurrent(5.0))
    net.connect(
        exc, exc, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.2), weight=pg.Normal(20.0, 3.0)
    )
    net.record(exc.spikes)
    net.record(exc["V"])
    return net


@NEEDS_ZIG
def test_zig_gives_the_same_bits(monkeypatch):
    expected = network().compile(threads=1).run(30.0)
    monkeypatch.setenv("CXX", f"{sys.executable} -m ziglang c++")
    result = network().compile(threads=1).run(30.0)
    assert result.spikes["exc"].times.size > 20
    assert np.array_equal(result.spikes["exc"].times, expected.spikes["exc"].times)
    assert np.array_equal(result.spikes["exc"].indices, expected.spikes["exc"].indices)
    found, wanted = (r.traces["exc"]["V"].values for r in (result, expected))
    assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize(
    "library, words", [("/lib/libstdc++.so.6", "seconds, once"), (None, "minutes, once")]
)
def test_the_first_compilation_says_why_it_takes_long(
    monkeypatch, tmp_path, caplog, library, words
):
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(tmp_path / "zig"))
    monkeypatch.setattr(toolchain, "cpp_library", lambda: library)
    monkeypatch.setattr(building, "_told", set())
    with caplog.at_level(logging.WARNING, logger="pygenn_lite"):
        building._tell_first_use(ZIG)
        building._tell_first_use(ZIG)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert words in caplog.text
    (tmp_path / "zig").mkdir()
    assert toolchain.first_use_of(ZIG) is None


def test_other_compilers_need_no_preparation():
    assert toolchain.first_use_of(toolchain.Compiler(("g++",), "gcc", "1")) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system's library on Linux")
def test_zig_need_not_build_a_library_where_the_system_has_one():
    assert toolchain.cpp_library() is not None  # SciPy, which is installed, needs it too
    assert "-nostdlib++" in toolchain.family_flags("zig")


def test_no_header_of_the_cpp_library_is_included():
    for path in cache_keys.TEMPLATES.rglob("*"):
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            included = [line.split("<")[1] for line in lines if line.startswith("#include <")]
            assert all(name.split(">")[0].endswith(".h") for name in included), path
