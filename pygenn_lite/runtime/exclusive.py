"""What must not be done twice at the same time: by two threads, or in a callback of itself."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from pygenn_lite.errors import SimulationError


class Exclusive:
    """Lets one in, and refuses the others: they do not wait.

    Parameters
    ----------
    what : str
        Who is busy: "the simulation".
    hint : str
    """

    def __init__(self, what: str, hint: str) -> None:
        self._what, self._hint = what, hint
        self._alone = threading.Lock()

    @contextlib.contextmanager
    def __call__(self, doing: str) -> Iterator[None]:
        """Be the only one in a block.

        Raises
        ------
        SimulationError
            Somebody else is in one.
        """
        if not self._alone.acquire(blocking=False):
            raise SimulationError(
                f"{self._what} is already running and cannot be {doing} until it has finished",
                hint=self._hint,
            )
        try:
            yield
        finally:
            self._alone.release()
