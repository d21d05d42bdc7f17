"""Every figure of the CUDA backend on one card: correctness first, then speed, then a table.

    python benchmarks/gpu.py                            # all of it, under 9 minutes
    python benchmarks/gpu.py --list
    python benchmarks/gpu.py pd14 instances --driver pycuda
    python benchmarks/gpu.py --driver emulator --small   # without a card, in minutes

What is measured is written to ``gpu.json`` as soon as it is known, and printed as a table at the
end. Each case has a process of its own and a limit of time, so that one that fails, loses the card
or hangs costs no other; what no time is left for (``--minutes``) is left out. GeNN's figures in the
table were measured on an H100 with GeNN 5.4 and CUDA 13 in November 2026.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import card_cases as cases
from machine import conditions


@dataclass(frozen=True)
class Row:
    """A case, what is wanted, what a peer needs, and the seconds that it may take."""

    case: cases.Case
    title: str
    reach: str
    peer: str = ""
    limit: float = 90.0


ROWS = {
    "launches": Row(cases.launches, "what a driver does", "passes"),
    "same-bits": Row(cases.same_bits, "spikes of the processor, by each plan", "passes"),
    "training": Row(cases.training, "bits of the processor, in training", "passes", limit=120.0),
    "copy": Row(cases.copy_bandwidth, "copying in the card's memory", ""),
    "pd14": Row(cases.pd14, "PD14 full scale", "<= 0.03, then < 0.0256", "GeNN 5.4: 0.202 (H100)"),
    "pd14-ready": Row(
        cases.pd14_ready, "PD14, declared to ready, warm", "<= 0.5 s", "GeNN 5.4: 7.0 s"
    ),
    "delivery": Row(cases.delivery, "10^6 LIF x 1,000 synapses, 10 Hz", ">= 50 % of copying"),
    "stdp": Row(cases.stdp, "Izhikevich 100,000 x 1,000, STDP", "<= 0.15"),
    "instances": Row(cases.instances, "1,000 instances of CUBA-1000", ">= 100 x two CPU threads"),
    "first-step": Row(
        cases.first_step, "first step, nothing compiled", "<= 2 s", "GeNN, nvcc: 9.8 s"
    ),
    "suite": Row(cases.suite, "the suite's simulations", "passes", limit=300.0),
}


def table(found: dict[str, Any]) -> str:
    """Markdown."""
    lines = ["| work | peer | reach | measured |", "|---|---|---|---|"]
    for name, row in ROWS.items():
        if name not in found:
            continue
        got = found[name]
        measured = (
            f"failed: {got['error'].splitlines()[-1]}"
            if "error" in got
            else f"{got['value']:.4g} {got['unit']}"
        )
        if "range" in got:
            measured += " ({:.4g} to {:.4g})".format(*got["range"])
        lines.append(f"| {row.title} | {row.peer} | {row.reach} | {measured} |")
    return "\n".join(lines)


def card(setting: cases.Setting) -> dict[str, Any]:
    """Which card, with which driver; the card itself is not made use of."""
    from pygenn_lite.runtime.cuda.drivers import open_driver
    from pygenn_lite.runtime.cuda.drivers.system_driver import find_cards

    if setting.driver == "emulator":
        described = open_driver(setting.driver).card
    else:
        found = find_cards()
        if not 0 <= setting.device < len(found.cards):
            raise SystemExit(found.problem or f"there is no card {setting.device}")
        described = found.cards[setting.device]
    fields = ("name", "compute_capability", "multiprocessors", "clock_khz", "driver_version")
    return {"driver": setting.driver, **{f: getattr(described, f) for f in fields}}


def measured(name: str, limit: float) -> dict[str, Any]:
    """The answer of a case's own process, which gets the options of this one."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")
        command = [sys.executable, __file__, *sys.argv[1:], f"--answer={answer}", f"--case={name}"]
        process = subprocess.Popen(command, start_new_session=True)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            return {"error": f"not over after {limit:.0f} s"}
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # what it has started, too
                process.wait()
        if answer.exists():
            return json.loads(answer.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
        return {"error": f"its process ended with {process.returncode}"}


def answered(setting: cases.Setting, name: str) -> dict[str, Any]:
    """What a case finds, or its error."""
    try:
        return ROWS[name].case(setting)
    except Exception as error:  # noqa: BLE001 -- the table says it
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"[-300:]}


def options_given() -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="cases; all by default")
    parser.add_argument("--list", action="store_true", help="list the cases and stop")
    parser.add_argument("--driver", default="cupy", choices=("cupy", "pycuda", "emulator"))
    parser.add_argument("--device", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="sizes for the emulator")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=9.0, help="for all cases together")
    parser.add_argument("--out", type=Path, default=cases.HERE / "gpu.json")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.names) - set(ROWS):
        parser.error(f"no case {', '.join(sorted(unknown))}; --list shows them")
    return options


def main() -> int:
    """Measure and print."""
    options = options_given()
    if options.list:
        print("\n".join(f"{name:12s} {row.title}" for name, row in ROWS.items()))
        return 0
    setting = cases.Setting(options.driver, options.device, options.small, options.repeats)
    if options.case:
        found = answered(setting, options.case)
        options.answer.write_text(json.dumps(found), encoding="utf-8")
        return 0
    record: dict[str, Any] = {"conditions": conditions(), "card": card(setting), "found": {}}
    began = time.perf_counter()
    for name in options.names or ROWS:
        started = time.perf_counter()
        left = began + 60.0 * options.minutes - started
        found = {"error": "no time was left"}
        if left > 0:
            found = measured(name, min(left, ROWS[name].limit))
        record["found"][name] = {**found, "took": round(time.perf_counter() - started, 1)}
        options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(name, record["found"][name], flush=True)
    print("\n" + ", ".join(f"{k} {v}" for k, v in record["card"].items()))
    print(table(record["found"]))
    return int(any("error" in found for found in record["found"].values()))


if __name__ == "__main__":
    sys.exit(main())
