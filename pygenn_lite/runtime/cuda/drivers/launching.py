"""What all drivers of real cards do alike: check what is asked of a card, and remember which
kernels are running, so that an error can name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pygenn_lite.codegen.plan.memory import readable
from pygenn_lite.errors import ArgumentError, DeviceError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda.drivers.base import Array, Card, KernelReport
from pygenn_lite.runtime.cuda.occupancy import PLAIN_SHARED


@dataclass
class LoadedKernel:
    """A function of a module on a card.

    Attributes
    ----------
    name : str
    report : KernelReport
    handle : object
        What the driver launches.
    module : object
        Kept as long as the kernel is.
    opted_in : int
        Dynamic shared memory for which the card is prepared, bytes.
    """

    name: str
    report: KernelReport
    handle: Any
    module: Any
    opted_in: int = 0


class Unfinished:
    """Names of the kernels whose end nobody has waited for, in the order of their launch."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def add(self, name: str) -> None:
        """One was launched."""
        self._names[name] = None

    def clear(self) -> None:
        """All are over."""
        self._names.clear()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)


def check_launch(card: Card, kernel: LoadedKernel, threads: int, shared_bytes: int) -> None:
    """Refuse a launch that the card would refuse in fewer words.

    Raises
    ------
    DeviceError
    """
    report = kernel.report
    if not 1 <= threads <= report.threads:
        raise DeviceError(
            f"the kernel {kernel.name!r} was compiled for blocks of up to {report.threads} "
            f"threads, and is launched with {threads}",
            hint="use smaller blocks",
        )
    asked = report.shared_bytes + shared_bytes
    if asked > card.shared_per_block:
        raise DeviceError(
            f"the kernel {kernel.name!r} asks for {readable(asked)} of shared memory a block, "
            f"{card.name} has {readable(card.shared_per_block)}",
            hint="use fewer neurons a block, or plan='general'",
        )


def opt_in_needed(kernel: LoadedKernel, shared_bytes: int) -> bool:
    """Whether the card has to be told that a kernel will ask for so much shared memory."""
    return (
        kernel.report.shared_bytes + shared_bytes > PLAIN_SHARED and shared_bytes > kernel.opted_in
    )


def check_contiguous(array: Array, *, writable: bool = False) -> None:
    """Refuse an array that is not one piece of memory.

    Raises
    ------
    ArgumentError
    """
    if not isinstance(array, np.ndarray) or not array.flags.c_contiguous:
        raise ArgumentError("only contiguous arrays are copied to and from a card")
    if writable and not array.flags.writeable:
        raise ArgumentError("the array that is to be filled cannot be written")


def version_text(number: int) -> str:
    """CUDA's number of a version in words: 13020 is 13.2.

    Examples
    --------
    >>> version_text(12090)
    '12.9'
    """
    return f"{number // 1000}.{number % 1000 // 10}"
