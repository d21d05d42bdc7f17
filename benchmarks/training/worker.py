"""Measures one contestant in a process of its own: prints a line of JSON."""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import time

from contestants import CONTESTANTS
from task import Task


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=CONTESTANTS)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--batches", type=int, default=4)
    parser.add_argument("--recurrent", action="store_true")
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    task = Task(asked.steps, asked.batch, asked.recurrent, asked.batches)
    began = time.perf_counter()
    batch = CONTESTANTS[asked.name](task)
    losses = [batch(0)]
    first = time.perf_counter() - began
    losses.append(batch(1))
    times: list[float] = []
    while sum(times) < asked.seconds or len(times) < 3:
        before = time.perf_counter()
        losses.append(batch(len(losses)))
        times.append(time.perf_counter() - before)
    print(
        json.dumps(
            {
                "name": asked.name,
                "samples_per_s": task.batch / statistics.median(times),
                "fastest": task.batch / min(times),
                "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "first_batch_s": first,
                "losses": [losses[0], losses[-1]],
                "batches": len(times),
                "cores": len(os.sched_getaffinity(0)),
                "hidden_spikes": getattr(batch, "spikes", None),
            }
        )
    )


if __name__ == "__main__":
    main()
