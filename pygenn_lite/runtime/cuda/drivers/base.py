"""The one interface between what runs on a card and who talks to the card.

A driver compiles kernels, loads them, has memory, copies, launches and waits. There are three:
CuPy, PyCUDA, and the emulator, which runs the same kernels on the processor. Whoever uses a driver
sees what is listed here and nothing else: addresses are numbers, arguments of a kernel are the
bytes of one plain structure.

All that is asked of a card is done in the order in which it was asked for, on one stream. Launches,
``fill``, ``copy`` and ``upload`` need not be over when the call returns (the array of an upload may
be changed then); ``download`` and ``synchronise`` wait for all that was asked before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from pygenn_lite.records import dataclass

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Card:
    """What a card is.

    Attributes
    ----------
    name : str
    compute_capability : int
        Ten times the number that NVIDIA gives: 90 for 9.0.
    multiprocessors : int
    shared_per_block : int
        Shared memory that a kernel may have at most, if it asks for so much, bytes.
    shared_per_multiprocessor : int
        Bytes.
    memory_bytes : int
    clock_khz : int
        Highest clock of the multiprocessors.
    l2_bytes : int
        Of the cache that all multiprocessors share.
    driver_version : str
        Of the system's driver, as the CUDA version that it supports: "13.0".
    cooperative : bool
        Whether a launch can be refused unless all of its blocks run at the same time.
    watchdog : bool
        Whether the system ends kernels that run for seconds, since the card draws a screen, too.
    """

    name: str
    compute_capability: int
    multiprocessors: int
    shared_per_block: int
    shared_per_multiprocessor: int
    memory_bytes: int
    clock_khz: int
    l2_bytes: int
    driver_version: str
    cooperative: bool
    watchdog: bool = False


@dataclass(frozen=True)
class KernelReport:
    """What a kernel needs of a card, as its compiler says.

    Attributes
    ----------
    registers : int
        Of a thread; 0 where there are none to count (the emulator).
    shared_bytes : int
        Of constant size, of a block; what a launch asks for comes on top of it.
    spill_bytes : int
        What a thread stores in memory since registers do not suffice.
    threads : int
        Of a block, at most.
    """

    registers: int
    shared_bytes: int
    spill_bytes: int
    threads: int


@dataclass(frozen=True)
class Image:
    """Compiled kernels, to be loaded by the driver that compiled them.

    Attributes
    ----------
    kernels : mapping of str to KernelReport
        By name.
    target : str
        What it was compiled for: ``"sm_90"``, ``"compute_90"``; a processor.
    flags : tuple of str
        Of the compiler.
    log : str
        What the compiler said.
    seconds : float
        Wall time of compiling, or of finding it in the compile cache.
    cached : bool
        Whether it was found there.
    binary : bytes
        A cubin, or PTX; b"" where ``path`` says where the code is.
    path : Path or None
        The shared object of the emulator.
    """

    kernels: Mapping[str, KernelReport]
    target: str
    flags: tuple[str, ...] = ()
    log: str = ""
    seconds: float = 0.0
    cached: bool = False
    binary: bytes = b""
    path: Path | None = None


class Kernel(Protocol):
    """A function that a driver can launch."""

    @property
    def name(self) -> str: ...
    @property
    def report(self) -> KernelReport: ...


class Module(Protocol):
    """Kernels on a card."""

    def kernel(self, name: str) -> Kernel:
        """One of them.

        Raises
        ------
        KeyError
            There is none of this name.
        """
        ...


class Memory(Protocol):
    """Memory of a card, given back when nothing refers to it any longer."""

    @property
    def address(self) -> int: ...
    @property
    def bytes(self) -> int: ...


@dataclass(frozen=True)
class Launch:
    """A kernel and what it is launched with.

    Attributes
    ----------
    kernel : Kernel
    grid : tuple of int
        Blocks in x and y.
    threads : int
        Of a block.
    args : bytes
        The kernel's one argument.
    shared_bytes : int
        Dynamic shared memory of a block, beside what the kernel has anyway.
    cooperative : bool
        Whether all blocks must run at the same time.
    """

    kernel: Kernel
    grid: tuple[int, int]
    threads: int
    args: bytes
    shared_bytes: int = 0
    cooperative: bool = False


class Recorded(Protocol):
    """Launches that were recorded once, to be done again and again."""

    def run(self, times: int) -> None:
        """Do all of them in their order, so many times; does not wait for the end."""
        ...


class Event(Protocol):
    """A point in the order of what a card does."""

    def record(self) -> None:
        """Let it stand behind all that was asked so far."""
        ...

    def seconds_since(self, other: Any) -> float:
        """Time between another event of this driver and this one; waits for both."""
        ...


class Driver(Protocol):
    """Who talks to one card.

    Attributes
    ----------
    name : str
        ``"cupy"``, ``"pycuda"`` or ``"emulator"``.
    card : Card
    """

    name: str
    card: Card

    def compile(self, source: Mapping[str, str], main: str, *, cache: bool) -> Image:
        """Compile for this card, or take it from the compile cache.

        Parameters
        ----------
        source : mapping of str to str
            Texts by the names under which they include each other (``"common/exp.hpp"``).
        main : str
            The name of the one to begin with.
        cache : bool
            Whether to look into the compile cache and to keep it there.

        Raises
        ------
        CompileError
            The compiler refuses: its message, the line and its text.
        ToolchainError
            There is no compiler, or it does not know this card.
        """
        ...

    def load(self, image: Image) -> Module:
        """Bring compiled kernels onto the card.

        Raises
        ------
        DeviceError
            The card does not take them.
        """
        ...

    def allocate(self, bytes: int) -> Memory:
        """Memory, all zero; one byte where none is asked for.

        Raises
        ------
        InsufficientMemoryError
            There is not so much.
        """
        ...

    def free_bytes(self) -> int:
        """What ``allocate`` could still give."""
        ...

    def upload(self, address: int, array: Array) -> None:
        """Copy a contiguous array to the card."""
        ...

    def download(self, address: int, out: Array) -> None:
        """Fill a contiguous array from the card."""
        ...

    def fill(self, address: int, bytes: int, value: int = 0) -> None:
        """Set each of so many bytes."""
        ...

    def copy(self, to: int, source: int, bytes: int) -> None:
        """Copy on the card, between ranges that do not overlap."""
        ...

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
        """Launch a kernel behind all that was asked before; see `Launch` for the parameters.

        Raises
        ------
        DeviceError
            The card refuses the launch: too many threads, registers, too much shared memory, or
            blocks that cannot all run at the same time.
        """
        ...

    def record(self, launches: Sequence[Launch]) -> Recorded:
        """Launches as one thing to be run many times: a CUDA graph where the driver has them, else
        a loop. The arguments stay as they are; kernels find the step in the card's memory."""
        ...

    def synchronise(self) -> None:
        """Wait until all that was asked is done.

        Raises
        ------
        DeviceError
            It failed: the card is lost, a kernel ran too long, read or wrote where it may not, or
            the emulator found a fault. The kernels that may have done it are named.
        """
        ...

    def event(self) -> Event:
        """A new event."""
        ...

    def active_blocks(self, kernel: Kernel, threads: int, shared_bytes: int = 0) -> int:
        """Blocks of a kernel that run on one multiprocessor at the same time: the driver's own
        answer where it has one, else that of `pygenn_lite.runtime.cuda.occupancy`."""
        ...
