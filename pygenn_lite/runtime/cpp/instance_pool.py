"""Threads over which the instances of a device are spread: each takes the next one, runs its engine
for as many steps as are wanted, and takes another. Engines run outside Python's lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class InstancePool:
    """So many threads, the caller's among them; they live as long as one call of ``run``."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def run(self, work: Callable[[T], int], things: Sequence[T]) -> list[int]:
        """``work`` of each thing, in their order.

        Raises
        ------
        BaseException
            What the first that failed raised, when all have ended.
        """
        if len(things) <= 1 or self.threads == 1:
            return [work(thing) for thing in things]
        done = [0] * len(things)
        left = iter(range(len(things)))
        lock = threading.Lock()
        raised: list[BaseException] = []

        def take() -> None:
            while not raised:
                with lock:
                    index = next(left, None)
                if index is None:
                    return
                try:
                    done[index] = work(things[index])
                except BaseException as error:  # noqa: BLE001  (raised where all threads meet)
                    raised.append(error)

        others = [threading.Thread(target=take) for _ in range(self.threads - 1)]
        for thread in others:
            thread.start()
        take()
        for thread in others:
            thread.join()
        if raised:
            raise raised[0]
        return done
