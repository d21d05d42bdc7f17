"""Measures training beside Spyx and snnTorch, and writes TRAINING.md and training.json.

    python benchmarks/training_peers.py --peers-python /path/to/python
    python benchmarks/training_peers.py --tasks T100 --only "Spyx,pygenn_lite, exact" --seconds 5

Run it with the interpreter that has pygenn_lite's dependencies. The peers live in an environment of
their own (``pip install spyx snntorch torch``, no CUDA), whose interpreter is given by
--peers-python or the environment variable PEERS_PYTHON; without one only pygenn_lite is measured.
Each contestant trains the same samples in a process of its own, one after another (see
training/task.py and training/contestants.py).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from machine import conditions

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "training"))

from contestants import CONTESTANTS, OF_PEERS, WITH_DELAYS  # noqa: E402

OF_DELAYS = "T1000-feed-forward"
DELAYS = "; with delays each synapse from the input has one of its own, trained as well"
TASKS = {
    "T100": ("feed-forward, T 100, batch 128", ["--steps", "100", "--batch", "128"]),
    OF_DELAYS: (
        "feed-forward, T 1,000, batch 32" + DELAYS,
        ["--steps", "1000", "--batch", "32"],
    ),
    "T1000": (
        "recurrent, T 1,000, batch 32",
        ["--steps", "1000", "--batch", "32", "--recurrent"],
    ),
}
RESULTS = HERE / "training.json"
PAGE = HERE / "TRAINING.md"


def main() -> int:
    """Measure, and write what was measured."""
    asked = arguments()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for task in asked.tasks.split(","):
        found = results[task] = {"conditions": conditions(), "seconds": asked.seconds, "rows": []}
        for name in asked.only.split(";") if asked.only else contestants_of(task):
            row = measured(name, task, asked)
            if row is not None:
                found["rows"].append(row)
                print(line_of(row), flush=True)
    if not asked.dry:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(page(results), encoding="utf-8")
    return 0


def contestants_of(task: str) -> list[str]:
    """Those with delays are beside those without in one task only."""
    return [name for name in CONTESTANTS if task == OF_DELAYS or name not in WITH_DELAYS]


def arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--tasks", default=",".join(TASKS), help="names, with commas")
    parser.add_argument("--only", default="", help="contestants, with semicolons")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--batches", type=int, default=4, help="that differ")
    parser.add_argument("--peers-python", default=os.environ.get("PEERS_PYTHON"))
    parser.add_argument("--dry", action="store_true", help="write nothing")
    return parser.parse_args()


def measured(name: str, task: str, asked: argparse.Namespace) -> dict[str, Any] | None:
    """What one contestant says; None if it cannot be run."""
    python = asked.peers_python if name in OF_PEERS else sys.executable
    if python is None:
        return None
    shape = [*TASKS[task][1], "--batches", str(asked.batches), "--seconds", str(asked.seconds)]
    command = [python, str(HERE / "training" / "worker.py"), name, *shape]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        print(f"{name}: left out ({last[0]})", file=sys.stderr)
        return None
    row: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return row


def line_of(row: dict[str, Any]) -> str:
    """A row of the table."""
    return (
        f"| {row['name']} | {row['samples_per_s']:,.0f} | {row['mib']:,.0f} | "
        f"{row['first_batch_s']:.1f} | {row['losses'][0]:.3f}, {row['losses'][1]:.3f} |"
    )


def page(results: dict[str, Any]) -> str:
    """TRAINING.md."""
    parts = [
        "<!-- Written by benchmarks/training_peers.py. Do not edit. -->\n",
        "# Training beside Spyx and snnTorch\n",
        "700 inputs (synthetic spikes in the manner of SHD), 256 current-based LIF neurons, 20 "
        "leaky read-outs; cross-entropy, Adam; the same samples and initial weights for all. Each "
        "contestant trained in a process of its own. Samples per second are medians over batches; "
        "memory is the largest of the process; the time to the first batch holds imports, data, "
        "compilation. The loss is Spyx's integral over the whole trial. Of when hidden spikes come "
        "it hardly depends, so that exact gradients teach hidden neurons little of it "
        "(docs/losses.md): speed is compared here; what is learnt stands in docs/speed.md. "
        "`python benchmarks/training_peers.py --peers-python PYTHON`\n",
    ]
    for task, found in results.items():
        at = found["conditions"]
        parts += [
            f"## {TASKS[task][0]}\n",
            f"{at['cpu']}, {at['cores']} cores, {at['memory_gib']} GiB; {at['compiler']}, Python "
            f"{at['python']}; {at['date']}, commit {at['commit']}, "
            f"load before {at['load_before']}; "
            f"{found['seconds']:g} s each.\n",
            "| | samples/s | MiB | first batch, s | loss, first and last batch |",
            "|---|---|---|---|---|",
            *(line_of(row) for row in found["rows"]),
            "",
        ]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
