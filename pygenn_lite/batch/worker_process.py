"""A worker process of this machine, which ends with the process that started it:
``python -m pygenn_lite.batch.worker_process ADDRESS NAME CPUS``."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Sequence

from pygenn_lite.optional import require

ENDS_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def main(arguments: Sequence[str]) -> None:
    """Work until the scheduler ends.

    Parameters
    ----------
    arguments : sequence of str
        Address of the scheduler, the worker's name, numbers of its processors joined by commas
        (nothing: any).
    """
    address, name, cpus = arguments
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(ENDS_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:  # it ended just before
            return
        if cpus:
            os.sched_setaffinity(0, [int(cpu) for cpu in cpus.split(",")])
    asyncio.run(_work(address, name))


async def _work(address: str, name: str) -> None:
    distributed = require("distributed", "batch", "batches on several processes")
    async with distributed.Worker(
        address,
        nthreads=1,
        name=name,
        memory_limit=0,
        dashboard=False,
        death_timeout=30,
        silence_logs=50,
    ) as worker:
        await worker.finished()


if __name__ == "__main__":
    main(sys.argv[1:])
