"""Calls kernels compiled for the emulator: what ctypes must know of them, and of faults."""

from __future__ import annotations

import ctypes as c
from collections.abc import Mapping
from pathlib import Path

from pygenn_lite.errors import DeviceError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.shared_objects import load_library
from pygenn_lite.runtime.cuda.drivers.base import KernelReport

REFUSED = 2  # what a launch gives that has not begun; 1: a fault ended it


class _Kernel(c.Structure):
    """As in templates/cuda/fibres/records.hpp."""


_Kernel._fields_ = [
    ("name", c.c_char_p),
    ("body", c.c_void_p),
    ("threads", c.c_int32),
    ("args_bytes", c.c_int32),
    ("loop", c.c_int32),
    ("line", c.c_int32),
    ("next", c.POINTER(_Kernel)),
]


class _Fault(c.Structure):
    """As in templates/cuda/fibres/records.hpp."""

    _fields_ = (
        ("text", c.c_char * 6144),
        ("hint", c.c_char * 512),
        ("file", c.c_char_p),
        ("line", c.c_int32),
        ("block", c.c_int32),
        ("thread", c.c_int32),
        ("step", c.c_int64),
    )


@dataclass(frozen=True)
class Limits:
    """What the emulated card has for a launch, and in which order it runs its threads.

    Attributes
    ----------
    shared_bytes : int
        Shared memory of a block, at most.
    resident : int
        Blocks that run at the same time, at most.
    backwards : bool
        Whether the last block and the last thread come first.
    """

    shared_bytes: int
    resident: int
    backwards: bool = False


class EmulatedKernel:
    """A kernel in a shared object."""

    def __init__(self, module: EmulatedModule, record: _Kernel) -> None:
        self.name = record.name.decode()
        self.is_loop = bool(record.loop)
        self.report = KernelReport(0, 0, 0, record.threads)
        self._module = module
        self._launch = module.library.pgl_emulated_launch
        self._address = c.addressof(record)

    def launch(
        self, grid: tuple[int, int], threads: int, args: bytes, shared_bytes: int, limits: Limits
    ) -> DeviceError | None:
        """Run it to its end; the fault that ended it, if one did.

        Raises
        ------
        DeviceError
            It cannot be launched so.
        """
        result = self._launch(
            self._address,
            args,
            len(args),
            grid[0],
            grid[1],
            threads,
            shared_bytes,
            limits.shared_bytes,
            limits.resident,
            limits.backwards,
        )
        if result == 0:
            return None
        error = self._module.error(self.name)
        if result == REFUSED:
            raise error
        return error


class EmulatedModule:
    """The kernels of a shared object.

    Parameters
    ----------
    path : Path
    source : mapping of str to str
        The texts that it was compiled from, as far as they are known: messages quote them.
    """

    def __init__(self, path: Path, source: Mapping[str, str]) -> None:
        self.library = load_library(path)
        self._source = source
        self.library.pgl_emulated_launch.argtypes = (
            *(c.c_void_p, c.c_char_p, c.c_int64),
            *(c.c_int,) * 7,
        )
        self.library.pgl_emulated_kernels.restype = c.POINTER(_Kernel)
        self.library.pgl_emulated_fault.restype = c.POINTER(_Fault)
        self.kernels: dict[str, EmulatedKernel] = {}
        entry = self.library.pgl_emulated_kernels()
        while entry:
            kernel = EmulatedKernel(self, entry.contents)
            self.kernels[kernel.name] = kernel
            entry = entry.contents.next

    def kernel(self, name: str) -> EmulatedKernel:
        """One of them; KeyError where there is none of this name."""
        return self.kernels[name]

    def error(self, kernel: str) -> DeviceError:
        """What was wrong with the last launch that failed, with the line of its source."""
        fault = self.library.pgl_emulated_fault().contents
        text = fault.text.decode(errors="replace")
        quoted = self._line(fault.file.decode(errors="replace"), fault.line)
        if quoted:
            text += f"\n  {fault.line} | {quoted}"
        hint = fault.hint.decode(errors="replace")
        return DeviceError(text, where=Location.of("kernel", kernel), hint=hint)

    def _line(self, file: str, number: int) -> str:
        """A line of the sources, "" where it is not known."""
        for name, text in self._source.items():
            if file and Path(file).name == Path(name).name:
                lines = text.splitlines()
                return lines[number - 1].strip() if 0 < number <= len(lines) else ""
        return ""
