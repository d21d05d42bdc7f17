"""The CUDA backend, by name: whether it can be used, and who brings a network up on a card.
Nothing else of it is imported before it is chosen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pygenn_lite.runtime.device import BuildRequest, Report

if TYPE_CHECKING:
    from pygenn_lite.runtime.cuda.device import CardDevice

DEVICES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg")  # one of them is there where a card is


class CudaBackend:
    """Kernels on a GPU (templates/cuda), or on the emulated one."""

    name = "cuda"

    def is_available(self) -> bool:
        """Where CuPy is installed and finds a card."""
        if not any(os.path.exists(path) for path in DEVICES):  # what every start asks
            return False
        from pygenn_lite.runtime.cuda.drivers import card_is_usable

        return card_is_usable()

    def build(self, request: BuildRequest, report: Report) -> CardDevice:
        """Generate, compile, connect and load."""
        from pygenn_lite.runtime.cuda.bringing_up import bring_up

        return bring_up(request, report)
