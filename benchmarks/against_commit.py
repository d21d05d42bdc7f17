"""Measures this checkout beside another commit, in one run: every contestant twice, taking turns.

    python benchmarks/against_commit.py f46c38a update-lif pd14-10
    python benchmarks/against_commit.py f46c38a pd14-full --march x86-64-v3 --threads 2
    python benchmarks/against_commit.py f46c38a first-step

The cases are this checkout's; only the package is exchanged. Prints the fastest repeat of each side
and their ratio: above 1, this checkout is faster.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contest import Settings, Worker, WorkerError, first_step, worker_options
from run import FIRST_STEP, variants
from variant import OURS, Variant

HERE = Path(__file__).resolve().parent
# Older commits do not support PYGENN_LITE_MARCH: this compiler exchanges the flags they use.
EXCHANGING_COMPILER = """#!/bin/sh
for flag; do
  shift
  case "$flag" in
    -march=native) set -- "$@" -march={march} ;;
    -mprefer-vector-width=512) ;;
    *) set -- "$@" "$flag" ;;
  esac
done
exec {compiler} "$@"
"""


@dataclass
class Side:
    """One of the two checkouts."""

    title: str
    checkout: Path
    environment: dict[str, str]


def main() -> int:
    options = arguments()
    known = variants()
    unknown = [n for n in options.names if n not in known and n != FIRST_STEP]
    if unknown:
        print(f"unknown: {', '.join(unknown)}", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="against-")))
        before = stack.enter_context(checked_out(options.commit, place))
        sides = [
            Side(options.commit, before, environment_for(options.march, before, place)),
            Side("here", HERE.parent, environment_for(options.march, HERE.parent, place)),
        ]
        for name in options.names:
            if name == FIRST_STEP:
                measure_first_step(sides, options.repeats, place)
            else:
                measure(known[name], sides, options, place)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("commit", help="commit to compare with, or a folder that has it")
    parser.add_argument("names", nargs="+", help=f"variants of run.py, or {FIRST_STEP}")
    parser.add_argument("--march", default="native", help="native, x86-64-v3 or x86-64-v2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, help="only contestants with so many threads")
    parser.add_argument("--duration", type=float, help="ms a repeat, instead of the variant's")
    return parser.parse_args()


@contextlib.contextmanager
def checked_out(commit: str, place: Path) -> Iterator[Path]:
    """A folder with the package as it was."""
    if Path(commit, "pygenn_lite").is_dir():
        yield Path(commit).resolve()
        return
    folder = place / "checkout"
    git = ["git", "-C", str(HERE.parent), "worktree"]
    subprocess.run([*git, "add", "--detach", str(folder), commit], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=False, capture_output=True)


def environment_for(march: str, checkout: Path, place: Path) -> dict[str, str]:
    """Variables that make a checkout compile for a target."""
    if march == "native" or (checkout / "pygenn_lite/runtime/target.py").exists():
        return {"PYGENN_LITE_MARCH": march}
    wrapper = place / "g++"
    compiler = os.environ.get("CXX") or shutil.which("g++") or "c++"
    wrapper.write_text(EXCHANGING_COMPILER.format(march=march, compiler=compiler))
    wrapper.chmod(0o755)
    return {"CXX": str(wrapper)}


def measure(variant: Variant, sides: list[Side], options: argparse.Namespace, place: Path) -> None:
    """All of our contestants of a variant, on both sides."""
    print(f"{variant.title} ({options.march})", flush=True)
    settings = Settings(peers_python=None, duration=options.duration)
    for contestant in variant.contestants:
        if contestant.simulator != OURS or options.threads not in (None, contestant.threads):
            continue
        workers: list[Worker] = []
        seconds: list[list[float]] = [[], []]
        try:
            for side in sides:
                folder = Path(tempfile.mkdtemp(dir=place))
                given = worker_options(variant, contestant, settings, str(folder))
                worker = Worker(
                    settings, OURS, variant.case, given, side.checkout, side.environment
                )
                workers.append(worker)
                worker.ask("build")
            for turn in range(options.repeats):
                for k in (0, 1) if turn % 2 == 0 else (1, 0):
                    seconds[k].append(workers[k].ask("simulate")["seconds"])
        except WorkerError as error:
            print(f"  {contestant.label}: failed: {error}", flush=True)
            continue
        finally:
            for worker in workers:
                worker.close()
        show(contestant.label, sides, seconds, scale(variant, options.duration))


def scale(variant: Variant, duration: float | None) -> tuple[float, str]:
    """What a second of a repeat is worth, and in what."""
    ms = duration or variant.duration
    if variant.neurons:
        return 1e9 / (ms / variant.dt) / variant.neurons, "ns per neuron and step"
    return 1e3 / ms, "times real time"


def measure_first_step(sides: list[Side], repeats: int, place: Path) -> None:
    """Fresh process to the first step, with an empty and with a filled cache."""
    print("fresh process to the first step of 1,000 LIF neurons", flush=True)
    settings = Settings(peers_python=None)
    cold: list[list[float]] = [[], []]
    warm: list[list[float]] = [[], []]
    for turn in range(repeats):
        for k in (0, 1) if turn % 2 == 0 else (1, 0):
            folder = tempfile.mkdtemp(dir=place)
            for seconds in (cold[k], warm[k], warm[k]):
                took = first_step(settings, OURS, folder, sides[k].checkout, sides[k].environment)
                seconds.append(took)
    show("cold", sides, cold, (1.0, "s"))
    show("warm", sides, warm, (1.0, "s"))


def show(
    label: str, sides: list[Side], seconds: list[list[float]], unit: tuple[float, str]
) -> None:
    factor, name = unit
    before, here = (min(values) * factor for values in seconds)
    print(
        f"  {label:32} {sides[0].title} {before:8.3f}, here {here:8.3f} {name}; "
        f"ratio {before / here:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
