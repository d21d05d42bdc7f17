"""Runs the contestants of a variant in one go: each in its own process, taking turns."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from variant import OURS, Contestant, Variant

HERE = Path(__file__).resolve().parent
Say = Callable[[str], None]


@dataclass
class Settings:
    """How to measure."""

    peers_python: str | None
    repeats: int = 5
    patience: float = 15.0  # seconds; slower repeats are taken twice only
    seed: int = 3
    optional: bool = False
    only: frozenset[str] = frozenset()
    duration: float | None = None

    def takes_part(self, contestant: Contestant) -> bool:
        if self.only and contestant.simulator not in self.only:
            return False
        if contestant.optional and not self.optional:
            return False
        return contestant.simulator == OURS or self.peers_python is not None


class WorkerError(Exception):
    """A contestant could not be built or run."""


class Worker:
    """A process that holds one built network."""

    def __init__(
        self,
        settings: Settings,
        simulator: str,
        case: str,
        options: dict[str, Any],
        checkout: Path = HERE.parent,
        variables: Mapping[str, str] = MappingProxyType({}),
    ):
        python = sys.executable if simulator == OURS else settings.peers_python
        assert python is not None
        request = {"case": case, "simulator": simulator, "options": options}
        environment = {**os.environ, **variables}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # users have compiled modules
        if simulator == OURS:
            paths = [str(checkout), environment.get("PYTHONPATH", "")]
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        self.log = open(Path(options["directory"]) / "log.txt", "a+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [python, str(HERE / "worker.py"), json.dumps(request)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=options["directory"],
            env=environment,
        )

    def ask(self, what: str) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"do": what}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        reply = json.loads(line) if line else {"error": f"ended without an answer to {what!r}"}
        if "error" in reply:
            raise WorkerError(reply["error"] + self._log_tail())
        return dict(reply)

    def _log_tail(self) -> str:
        self.log.seek(0)
        return "\n" + "".join(self.log.readlines()[-8:])

    def close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


@dataclass
class Entry:
    """What a contestant of a variant achieved."""

    contestant: Contestant
    seconds: list[float] = field(default_factory=list)
    build_seconds: float = 0.0
    rates: dict[str, float] = field(default_factory=dict)
    peak_mib: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    error: str = ""


def run_variant(variant: Variant, settings: Settings, say: Say) -> list[Entry]:
    """Measure all contestants of a variant: built one after another, then taking turns."""
    entries: list[Entry] = []
    workers: dict[int, Worker] = {}
    directory = tempfile.mkdtemp(prefix="benchmark-")
    try:
        for number, contestant in enumerate(filter(settings.takes_part, variant.contestants)):
            entry = Entry(contestant)
            entries.append(entry)
            place = os.path.join(directory, str(number))
            os.mkdir(place)
            workers[number] = Worker(
                settings,
                contestant.simulator,
                variant.case,
                worker_options(variant, contestant, settings, place),
            )
            say(f"  building {contestant.label}")
            _try(entry, lambda n=number, e=entry: _build(workers[n], e), say)
        for turn in range(settings.repeats):
            # Everyone is first, second, ... in turn, so that a drifting clock favours nobody.
            order = [(k + turn) % len(entries) for k in range(len(entries))]
            for k in order:
                entry = entries[k]
                slow = len(entry.seconds) >= 2 and max(entry.seconds) > settings.patience
                if entry.error or slow:
                    continue
                _try(entry, lambda n=k, e=entry: _simulate(workers[n], e), say)
                if not entry.error:
                    say(f"  {entry.contestant.label}: {entry.seconds[-1]:.4g} s")
        for k, entry in enumerate(entries):
            if not entry.error:
                _try(entry, lambda n=k, e=entry: _rates(workers[n], e), say)
    finally:
        for worker in workers.values():
            worker.close()
        shutil.rmtree(directory, ignore_errors=True)
    return entries


def worker_options(
    variant: Variant, contestant: Contestant, settings: Settings, directory: str
) -> dict[str, Any]:
    return {
        "threads": contestant.threads,
        "precision": contestant.precision,
        "warmup": variant.warmup,
        "duration": settings.duration or variant.duration,
        "dt": variant.dt,
        "seed": settings.seed,
        "directory": directory,
        "case": dict(variant.options),
    }


def _build(worker: Worker, entry: Entry) -> None:
    reply = worker.ask("build")
    entry.build_seconds, entry.versions = reply["build_seconds"], reply["versions"]


def _simulate(worker: Worker, entry: Entry) -> None:
    entry.seconds.append(worker.ask("simulate")["seconds"])


def _rates(worker: Worker, entry: Entry) -> None:
    reply = worker.ask("rates")
    entry.rates, entry.peak_mib = reply["rates"], reply["peak_mib"]


def _try(entry: Entry, action: Callable[[], None], say: Say) -> None:
    try:
        action()
    except WorkerError as error:
        entry.error = str(error)
        say(f"  {entry.contestant.label} failed: {error}")


def first_steps(settings: Settings, say: Say) -> list[dict[str, Any]]:
    """Time from starting a process to its first step, with empty and with filled caches."""
    from cases.first_step import STARTS

    directory = tempfile.mkdtemp(prefix="benchmark-")
    rows = [
        {**start._asdict(), "seconds": [], "error": ""}
        for start in STARTS
        if settings.takes_part(Contestant(start.simulator.removesuffix("_cython")))
    ]
    try:
        for turn in range(-1, settings.repeats):  # turn -1 fills the caches
            for row in rows:
                if row["error"] or (turn < 0 and not row["warm"]):
                    continue
                place = os.path.join(directory, row["simulator"])
                if not row["warm"]:
                    place += f"-{turn}"
                os.makedirs(place, mode=0o700, exist_ok=True)
                try:
                    seconds = first_step(settings, row["simulator"], place)
                except WorkerError as error:
                    row["error"] = str(error)
                    say(f"  {row['title']} failed: {error}")
                    continue
                if turn >= 0:
                    row["seconds"].append(seconds)
                    say(f"  {row['title']}, {'warm' if row['warm'] else 'cold'}: {seconds:.3f} s")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    for row in rows:
        row["median"] = statistics.median(row["seconds"]) if row["seconds"] else None
    return rows


def first_step(
    settings: Settings,
    simulator: str,
    directory: str,
    checkout: Path = HERE.parent,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> float:
    """Seconds from starting a process to its first step."""
    precision = "float32" if simulator in (OURS, "genn") else "float64"
    dt = 0.1
    options = {
        "threads": 1,
        "precision": precision,
        "warmup": 0.0,
        "duration": dt,
        "dt": dt,
        "seed": settings.seed,
        "directory": directory,
        "case": {},
    }
    start = time.perf_counter()
    worker = Worker(settings, simulator, "first_step", options, checkout, variables)
    try:
        worker.ask("build")
        worker.ask("simulate")
        return time.perf_counter() - start
    finally:
        worker.close()
