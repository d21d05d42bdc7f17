"""For all tests: no window opens, the cores there are get used, examples are steady, what was left
out is told."""

from __future__ import annotations

import fcntl
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the workers take all cores already

# Every run draws the same examples, however busy the machine is: a failure is the change's own.
# To look for more: pytest --hypothesis-profile=searching
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("searching", deadline=None)
settings.load_profile("steady")

LEFT_OUT = pytest.StashKey[set[tuple[str, str]]]()
CHOSEN_ONLY = ("slow", "gpu", "compilers", "nvrtc")  # markers of tests that are run on demand


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = set()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One worker per processor that this process may use.

    pytest-xdist by itself counts the machine's physical cores where psutil is installed: 1 on a
    virtual machine with two hyperthreads, 64 in a container that may use 4.
    """
    from pygenn_lite.runtime.cpp.toolchain import available_cpus

    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return available_cpus()


# ------------------------------------------------------------------ on which backend
BACKENDS = ("cpp", "reference")  # on each of these runs what takes the fixture `backend`


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the fixture `backend` (its own, or its module's by ``usefixtures``) runs on every
    backend. With the marker ``compiled``, which says why, it runs on compiled ones only."""
    if "backend" in metafunc.fixturenames:
        compiled = any(metafunc.definition.iter_markers("compiled"))
        names = [name for name in BACKENDS if not (compiled and name == "reference")]
        metafunc.parametrize("backend", names, indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The backend that ``net.compile()`` takes in this test."""
    from pygenn_lite.runtime import backends

    class Chosen(type(backends.choose_backend(request.param))):  # type: ignore[misc]
        def is_available(self) -> bool:
            return True

    others = {name: make for name, make in backends.BACKENDS.items() if name != request.param}
    monkeypatch.setattr(backends, "BACKENDS", {request.param: Chosen, **others})
    return str(request.param)


# ------------------------------------------------------------------ what was left out
def pytest_deselected(items: Iterable[pytest.Item]) -> None:
    for item in items:
        name = item.nodeid.partition("[")[0]
        for marker in CHOSEN_ONLY:
            if item.get_closest_marker(marker):
                item.config.stash[LEFT_OUT].add((marker, name))


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)  # a worker tells the controller
    if output is not None:
        output["left_out"] = sorted(session.config.stash[LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    for marker, name in getattr(node, "workeroutput", {}).get("left_out", ()):
        node.config.stash[LEFT_OUT].add((marker, name))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    by_marker: dict[str, list[str]] = defaultdict(list)
    for marker, name in sorted(config.stash[LEFT_OUT]):
        by_marker[marker].append(name)
    for marker, names in by_marker.items():
        terminalreporter.section(f"left out; run with: pytest -m {marker}", sep="-")
        for name in names:
            terminalreporter.line(name)


# ------------------------------------------------------------------ what is made once
@pytest.fixture(scope="session")
def made_once(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str, Callable[[Path], Any]], Path]:
    """A function that makes a file once for all workers of a session: `made_once(name, make)`."""
    common = tmp_path_factory.getbasetemp()
    folder = common if worker_id == "master" else common.parent

    def once(name: str, make: Callable[[Path], Any]) -> Path:
        path = folder / name
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                aside = folder / f"{name}.making"
                make(aside)
                aside.rename(path)
        return path

    return once
