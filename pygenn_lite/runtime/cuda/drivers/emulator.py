"""The driver that emulates a card: the same kernels, compiled by the machine's own compiler, every
thread a fibre (templates/cuda/on_fibres.hpp). It needs no card and no package of NVIDIA, and finds
faults that a card would keep to itself."""

from __future__ import annotations

import ctypes as c
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pygenn_lite.codegen.plan.memory import available_memory
from pygenn_lite.errors import DeviceError, InsufficientMemoryError, Location
from pygenn_lite.runtime.cpp.emulated_kernels import compile_emulated
from pygenn_lite.runtime.cuda.drivers.base import Array, Card, Image, Kernel, Launch
from pygenn_lite.runtime.cuda.drivers.emulated_memory import EmulatedMemory, Ranges
from pygenn_lite.runtime.cuda.drivers.emulated_module import (
    EmulatedKernel,
    EmulatedModule,
    Limits,
)
from pygenn_lite.runtime.cuda.drivers.includes import resolved_sources
from pygenn_lite.runtime.cuda.drivers.launching import check_contiguous

MULTIPROCESSORS = 4
SHARED_BYTES = 100 << 10
SMALL_BYTES = 1 << 20  # for so much the system is not asked what is left


class EmulatorDriver:
    """Runs kernels on the processor, one thread after another.

    Kernels are over when a launch returns. A fault is kept until ``synchronise`` or ``download``
    raises it, as on a card; launches after it do nothing. Unlike a card's, this driver can be used
    again then.

    Parameters
    ----------
    device : int
        There is only device 0.
    backwards : bool
        Whether the last block and the last thread come first: what kernels compute must not
        depend on it.

    Raises
    ------
    DeviceError
        Another device than 0.
    """

    name = "emulator"

    def __init__(self, device: int = 0, *, backwards: bool = False) -> None:
        if device != 0:
            raise DeviceError(
                f"there is no emulated card {device}", hint="the emulator has one card, number 0"
            )
        self.card = Card(
            name="emulated card",
            compute_capability=90,
            multiprocessors=MULTIPROCESSORS,
            shared_per_block=SHARED_BYTES,
            shared_per_multiprocessor=SHARED_BYTES,
            memory_bytes=self.free_bytes(),
            clock_khz=1_000_000,
            l2_bytes=1 << 20,
            driver_version="none",
            cooperative=True,
        )
        self.limits = Limits(SHARED_BYTES, MULTIPROCESSORS, backwards)
        self._ranges = Ranges()
        self._fault: DeviceError | None = None
        self._sources: dict[Path, Mapping[str, str]] = {}
        self._kept: list[Any] = []  # folders of code that is not in the cache

    def compile(self, source: Mapping[str, str], main: str, *, cache: bool) -> Image:
        """Compile by the machine's own compiler; templates of the package need not be given."""
        began = time.perf_counter()
        source = resolved_sources(source, main)
        code = compile_emulated(source, main, cache=cache)
        self._kept.append(code.temporary)
        self._sources[code.path] = source
        kernels = EmulatedModule(code.path, source).kernels
        return Image(
            kernels={name: kernel.report for name, kernel in kernels.items()},
            target=code.target,
            flags=code.flags,
            seconds=time.perf_counter() - began,
            cached=not code.compiled,
            path=code.path,
        )

    def load(self, image: Image) -> EmulatedModule:
        """The kernels of an image of this driver."""
        if image.path is None:
            raise DeviceError(
                f"the emulator cannot load code for {image.target}",
                hint="compile it by the driver that loads it",
            )
        return EmulatedModule(image.path, self._sources.get(image.path, {}))

    def allocate(self, bytes: int) -> EmulatedMemory:
        """Memory of the host, all zero."""
        if bytes > SMALL_BYTES and bytes > self.free_bytes():
            raise InsufficientMemoryError(
                f"{bytes:,} bytes are asked for, the emulated card has {self.free_bytes():,} left "
                "(it is this machine's own memory)"
            )
        return self._ranges.allocate(bytes)

    def free_bytes(self) -> int:
        """What this machine has left; 1 TiB where it does not tell."""
        left = available_memory()
        return 1 << 40 if left is None else left

    def upload(self, address: int, array: Array) -> None:
        """Copy a contiguous array."""
        check_contiguous(array)
        self._ranges.check(address, array.nbytes, "an upload")
        c.memmove(address, array.ctypes.data, array.nbytes)

    def download(self, address: int, out: Array) -> None:
        """Copy into a contiguous array; raises the fault of a kernel that ran before."""
        check_contiguous(out, writable=True)
        self.synchronise()
        self._ranges.check(address, out.nbytes, "a download")
        c.memmove(out.ctypes.data, address, out.nbytes)

    def fill(self, address: int, bytes: int, value: int = 0) -> None:
        """Set each of so many bytes."""
        self._ranges.check(address, bytes, "a fill")
        c.memset(address, value, bytes)

    def copy(self, to: int, source: int, bytes: int) -> None:
        """Copy between ranges that do not overlap."""
        self._ranges.check(to, bytes, "a copy")
        self._ranges.check(source, bytes, "a copy")
        c.memmove(to, source, bytes)

    def launch(
        self,
        kernel: Kernel,
        grid: tuple[int, int],
        threads: int,
        args: bytes,
        *,
        shared_bytes: int = 0,
        cooperative: bool = False,
    ) -> None:
        """Run a kernel to its end."""
        if self._fault is not None:
            return
        if cooperative and grid[0] * grid[1] > self.limits.resident:
            raise DeviceError(
                f"{grid[0] * grid[1]} blocks are to run at the same time, the emulated card takes "
                f"{self.limits.resident}",
                where=Location.of("kernel", kernel.name),
                hint="launch as many blocks as there are multiprocessors",
            )
        assert isinstance(kernel, EmulatedKernel)
        self._fault = kernel.launch(grid, threads, args, shared_bytes, self.limits)

    def record(self, launches: Sequence[Launch]) -> EmulatedRecording:
        """Launches to be done again and again: a loop."""
        return EmulatedRecording(self, tuple(launches))

    @property
    def is_faulty(self) -> bool:
        """Whether a fault is kept, so that launches do nothing."""
        return self._fault is not None

    def synchronise(self) -> None:
        """Raise the fault that ended a kernel, if there is one."""
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault

    def event(self) -> EmulatedEvent:
        """A new event."""
        return EmulatedEvent()

    def active_blocks(self, kernel: Kernel, threads: int, shared_bytes: int = 0) -> int:
        """One block runs on a multiprocessor."""
        return 1


class EmulatedRecording:
    """Launches, as a loop."""

    def __init__(self, driver: EmulatorDriver, launches: tuple[Launch, ...]) -> None:
        self._driver, self._launches = driver, launches

    def run(self, times: int) -> None:
        """Do all of them in their order, so many times."""
        for _ in range(times):
            if self._driver.is_faulty:
                return
            for one in self._launches:
                self._driver.launch(
                    one.kernel,
                    one.grid,
                    one.threads,
                    one.args,
                    shared_bytes=one.shared_bytes,
                    cooperative=one.cooperative,
                )


class EmulatedEvent:
    """The time at which it was recorded: whatever was asked before is over then."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def record(self) -> None:
        """Let it stand behind all that was asked so far."""
        self._seconds = time.perf_counter()

    def seconds_since(self, other: EmulatedEvent) -> float:
        """Time between another event and this one."""
        return self._seconds - other._seconds
