"""One contestant in a process of its own: builds, then simulates when told.

Reads one JSON command a line, answers each with one JSON line:
``{"do": "build"}``, ``{"do": "simulate"}`` (one repeat), ``{"do": "rates"}``. What the simulators
print goes to standard error. Runs under the peers' interpreters: standard library and NumPy only.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from importlib import import_module
from typing import Any

from variant import Options


def build(request: dict[str, Any]) -> Any:
    """Build the network that `request` describes."""
    case = import_module(f"cases.{request['case']}")
    options = Options(**request["options"])
    return getattr(case, f"on_{request['simulator']}")(options)


def answer(running: Any, command: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """Carry out one command."""
    if command["do"] == "simulate":
        return {"seconds": running.simulate(request["options"]["duration"])}
    if command["do"] == "rates":
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"rates": running.rates(), "peak_mib": peak}
    raise ValueError(f"unknown command {command!r}")


def main() -> int:
    # Libraries print to standard output: the answers go to a copy of it, the rest to stderr.
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    request = json.loads(sys.argv[1])
    running: Any = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command["do"] == "build":
                running = build(request)
                running.warmup(request["options"]["warmup"])
                reply = {"build_seconds": running.build_seconds, "versions": running.versions()}
            else:
                reply = answer(running, command, request)
        except Exception as error:  # noqa: BLE001 - told to the driver, which drops the contestant
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)
    return 0


if __name__ == "__main__":
    # Some simulators fail while the interpreter shuts down; the answers are out by then.
    status = main()
    sys.stderr.flush()
    os._exit(status)
