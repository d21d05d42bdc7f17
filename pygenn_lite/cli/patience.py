"""Says that a picture is being drawn, where that takes long enough to wonder."""

from __future__ import annotations

import threading

from pygenn_lite.cli.endings import say

PATIENCE_SECONDS = 0.5


class Drawing:
    """A block that draws a picture; after half a second it says so, and how to do without."""

    def __init__(self, shown: bool) -> None:
        message = "drawing the picture ... (--no-picture leaves it out)"
        self._timer = threading.Timer(PATIENCE_SECONDS, say, [message])
        self._timer.daemon = True
        self._shown = shown

    def __enter__(self) -> None:
        if self._shown:
            self._timer.start()

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
