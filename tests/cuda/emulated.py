"""Kernels of a source on the emulated card."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver


class Emulated:
    """The kernels of a source on the emulator; arrays go there and come back around a launch."""

    def __init__(self, text: str, backwards: bool = False) -> None:
        self.driver = EmulatorDriver(backwards=backwards)
        image = self.driver.compile({"test.cu": text}, "test.cu", cache=True)
        self.module = self.driver.load(image)

    def launch(
        self,
        name: str,
        grid: tuple[int, int],
        threads: int,
        layout: str,
        *values: Any,
        shared: int = 0,
        cooperative: bool = False,
    ) -> None:
        """``layout`` as for struct.pack; arrays are uploaded, and downloaded into themselves."""
        arrays = [v for v in values if isinstance(v, np.ndarray)]
        memories = [self.driver.allocate(a.nbytes) for a in arrays]
        for array, memory in zip(arrays, memories, strict=True):
            self.driver.upload(memory.address, array)
        addresses = iter(memories)
        plain = [next(addresses).address if isinstance(v, np.ndarray) else v for v in values]
        self.driver.launch(
            self.module.kernel(name),
            grid,
            threads,
            struct.pack(layout, *plain),
            shared_bytes=shared,
            cooperative=cooperative,
        )
        self.driver.synchronise()
        for array, memory in zip(arrays, memories, strict=True):
            self.driver.download(memory.address, array)
