"""A stand-in for CuPy's module of NVIDIA's run-time compiler, for machines without it and for what
the real one does not do."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from pygenn_lite.runtime.cuda.drivers import packages

LOG = """\
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '{name}' for '{arch}'
ptxas info    : Function properties for {name}
ptxas         .     8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 400 bytes smem, 368 bytes cmem[0]
ptxas info    : Compile time = 17.758 ms
\0"""
PTX = ".visible .entry {name}(\n\t.param .u64 a\n)\n.maxntid {threads}, 1, 1\n{{\n}}\n"


class NVRTCError(RuntimeError):
    pass


class FakeNvrtc:
    """Compiles what names one kernel as ``kernel NAME THREADS``; refuses with ``refuses``."""

    NVRTCError = NVRTCError

    def __init__(self, version: tuple[int, int] = (13, 5), refuses: str = "") -> None:
        self.version, self.refuses = version, refuses
        self.compiled: list[tuple[str, tuple[str, ...]]] = []  # source, flags
        self.open: dict[int, SimpleNamespace] = {}

    def getVersion(self) -> tuple[int, int]:
        return self.version

    def getSupportedArchs(self) -> tuple[int, ...]:
        return (75, 80, 90)

    def createProgram(self, source: str, name: str, headers: Any, names: Any) -> int:
        assert all(isinstance(each, bytes) for each in (*headers, *names))
        self.open[len(self.compiled) + 1] = SimpleNamespace(source=source, arch="", log="")
        return len(self.compiled) + 1

    def compileProgram(self, program: int, flags: list[str]) -> None:
        made = self.open[program]
        self.compiled.append((made.source, tuple(flags)))
        made.arch = flags[0].removeprefix("-arch=")
        if self.refuses:
            made.log = self.refuses
            raise NVRTCError("NVRTC_ERROR_COMPILATION (6)")
        made.name, made.threads = re.findall(r"kernel (\w+) (\d+)", made.source)[0]
        made.log = LOG.format(name=made.name, arch=made.arch)

    def getProgramLog(self, program: int) -> str:
        return self.open[program].log

    def getPTX(self, program: int) -> bytes:
        made = self.open[program]
        return PTX.format(name=made.name, threads=made.threads).encode()

    def getCUBIN(self, program: int) -> bytes:
        return b"\x7fELF " + self.open[program].arch.encode()

    def destroyProgram(self, program: int) -> None:
        del self.open[program]


def use_fake_nvrtc(monkeypatch: pytest.MonkeyPatch, fake: FakeNvrtc) -> FakeNvrtc:
    from pygenn_lite.runtime.cuda.drivers import nvrtc

    monkeypatch.setattr(packages, "import_nvrtc", lambda: fake)
    monkeypatch.setattr(nvrtc, "import_nvrtc", lambda: fake)
    return fake
