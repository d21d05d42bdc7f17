"""For all tests: no window opens, the cores there are get used, examples are steady, what was left
out is told."""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["BROWSER"] = "true"  # a program that opens no window, for pages that are to be opened
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the workers take all cores already

# Every run draws the same examples, however busy the machine is: a failure is the change's own.
# To look for more: pytest --hypothesis-profile=searching
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("searching", deadline=None)
settings.load_profile("steady")

LEFT_OUT = pytest.StashKey[set[tuple[str, str, str]]]()  # title, line, test
CHOSEN_ONLY = (
    "slow",
    "gpu",
    "compilers",
    "nvrtc",
    "browser",
)  # markers of tests that are run on demand


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = set()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One worker per processor that this process may use.

    pytest-xdist by itself counts the machine's physical cores where psutil is installed: 1 on a
    virtual machine with two hyperthreads, 64 in a container that may use 4.
    """
    from pygenn_lite.runtime.processors import available_cpus

    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return available_cpus()


# ------------------------------------------------------------------ on which backend
# On each of these runs what takes the fixture `backend`, except tests marked with one of the words
# behind it, which say why:
#   compiled: about what only C++ has (threads, what lies in the host's memory, the cache);
#   generated: about what only generated code has, or compared with the interpreter;
#   schedules: runs schedules of an extension (training), which cards do not know;
#   long: would take slow backends too long.
# They may stand at a module, a test or a single parameter, as in
# pytest.param(..., marks=pytest.mark.long("8,000 steps")).
BACKENDS: dict[str, tuple[str, ...]] = {
    "cpp": (),
    "reference": ("generated", "compiled", "long"),
    "cuda": ("compiled", "schedules", "long"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("backends")
    group.addoption(
        "--backends",
        default=",".join(BACKENDS),
        help="on which of them tests run that take the fixture `backend`",
    )
    group.addoption("--cuda-driver", default="emulator", help="cupy, pycuda or emulator")
    group.addoption("--cuda-plan", default="general", help="general, instances, resident or auto")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the fixture `backend` (its own, or its module's by ``usefixtures``) runs on every
    backend."""
    if "backend" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--backends").split(",")
        if unknown := set(chosen) - set(BACKENDS):
            raise pytest.UsageError(f"--backends: there is no {', '.join(sorted(unknown))}")
        metafunc.parametrize("backend", [b for b in BACKENDS if b in chosen], indirect=True)


@pytest.hookimpl(trylast=True)  # of what -k and -m have chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    fit = []
    for item in items:
        if unfit := _unfit(item):
            backend, why = unfit
            name = item.nodeid.partition("[")[0]
            line = f"{name.partition('::')[0]}: {why.name}, {why.args[0]}"
            config.stash[LEFT_OUT].add((f"left out on {backend}", line, name))
        else:
            fit.append(item)
    items[:] = fit


def _unfit(item: pytest.Item) -> tuple[str, pytest.Mark] | None:
    """A test's backend, and the marker for which it leaves the test out."""
    backend = item.callspec.params.get("backend", "") if hasattr(item, "callspec") else ""
    for marker in filter(None, map(item.get_closest_marker, BACKENDS.get(backend, ()))):
        if not marker.args:
            raise pytest.UsageError(f"{item.nodeid}: the marker {marker.name!r} says why")
        return backend, marker
    return None


@pytest.fixture
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The backend that ``net.compile()`` takes in this test; on a card, by the driver and plan of
    ``--cuda-driver`` and ``--cuda-plan``, or the general plan where that cannot run a network."""
    from pygenn_lite.errors import UnsupportedFeatureError
    from pygenn_lite.runtime import backends
    from pygenn_lite.runtime.card_options import CardOptions
    from pygenn_lite.runtime.device import BuildRequest, Device, Report

    option = request.config.getoption
    card = CardOptions(option("--cuda-driver"), plan=option("--cuda-plan"))

    class Chosen(type(backends.choose_backend(request.param))):  # type: ignore[misc]
        def is_available(self) -> bool:
            return True

        def build(self, asked: BuildRequest, report: Report) -> Device:
            if self.name != "cuda":
                return super().build(asked, report)  # type: ignore[no-any-return]
            try:
                return super().build(replace(asked, card=card), report)  # type: ignore[no-any-return]
            except UnsupportedFeatureError as error:
                if "cannot run this network" not in str(error):
                    raise
                name, why = request.node.nodeid.partition("[")[0], error.message.partition(": ")[2]
                title = f"by the plan 'general' instead of {card.plan!r}"
                line = f"{name.partition('::')[0]}: {why}"
                request.config.stash[LEFT_OUT].add((title, line, name))
            general = replace(card, plan="general")  # which runs every network
            return super().build(replace(asked, card=general), report)  # type: ignore[no-any-return]

    others = {name: make for name, make in backends.BACKENDS.items() if name != request.param}
    monkeypatch.setattr(backends, "BACKENDS", {request.param: Chosen, **others})
    return str(request.param)


# ------------------------------------------------------------------ what was left out
def pytest_deselected(items: Iterable[pytest.Item]) -> None:
    for item in items:
        name = item.nodeid.partition("[")[0]
        for marker in filter(item.get_closest_marker, CHOSEN_ONLY):
            title = f"left out; run with: pytest -m {marker}"
            item.config.stash[LEFT_OUT].add((title, name, name))


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)  # a worker tells the controller
    if output is not None:
        output["left_out"] = sorted(session.config.stash[LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    for entry in getattr(node, "workeroutput", {}).get("left_out", ()):
        node.config.stash[LEFT_OUT].add(tuple(entry))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    title = ""
    tests = Counter((title, line) for title, line, _ in config.stash[LEFT_OUT])
    for (section, line), count in sorted(tests.items()):
        if section != title:
            terminalreporter.section(section, sep="-")
            title = section
        terminalreporter.line(line if count == 1 else f"{line} ({count} tests)")


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
