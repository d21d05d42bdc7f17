"""For which processor code is compiled: this machine's, or an older level of x86-64 on request.

Results do not depend on it, bit for bit: sums of products are fused explicitly (see
codegen/render/cpp_printer.py and templates/common/fused.hpp), nothing else is.
"""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from pathlib import Path

from pygenn_lite.errors import ToolchainError
from pygenn_lite.records import dataclass

VARIABLE = "PYGENN_LITE_MARCH"
NATIVE = "native"

_V2 = ("cx16", "lahf_lm", "pni", "popcnt", "sse4_1", "sse4_2", "ssse3")
_V3 = (*_V2, "abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave")
# Levels of x86-64, with what the system calls their extensions.
LEVELS: dict[str, tuple[str, ...]] = {"x86-64-v2": _V2, "x86-64-v3": _V3}


@dataclass(frozen=True)
class Target:
    """What code is compiled for.

    Attributes
    ----------
    name : {"native", "x86-64-v2", "x86-64-v3"}
    extensions : tuple of str
        Extensions of the instruction set that the code may use, as the system calls them; empty
        where it does not tell.
    """

    name: str
    extensions: tuple[str, ...]

    def flags(self, family: str) -> tuple[tuple[str, ...], ...]:
        """Sets of compiler flags, best first; a later one serves where a compiler does not know
        those before. For a level that was asked for there is one."""
        if self.name != NATIVE:
            return ((f"-march={self.name.replace('-', '_') if family == 'zig' else self.name}",),)
        if _is_x86():
            choices: list[tuple[str, ...]] = [("-march=native", "-mprefer-vector-width=512")]
            if {"avx2", "fma"} <= set(self.extensions):
                choices.append(("-march=x86_64_v3" if family == "zig" else "-march=x86-64-v3",))
        else:
            choices = [("-mcpu=native",)]
        return (*choices, ())

    def __str__(self) -> str:
        if not _is_x86() or not self.extensions:
            return self.name
        known = set(self.extensions)
        if "fma" not in known:
            return f"{self.name} (no fused multiply-add: computed by many instructions, slow)"
        widest = "AVX-512" if "avx512f" in known else "AVX2" if "avx2" in known else "AVX"
        return f"{self.name} ({widest})"


def find_target() -> Target:
    """The target that ``$PYGENN_LITE_MARCH`` names, else this machine's own processor.

    Raises
    ------
    ToolchainError
        It names none, or one whose code this processor cannot run.
    """
    name = os.environ.get(VARIABLE, "").strip() or NATIVE
    if name == NATIVE:
        return Target(NATIVE, processor_features())
    choices = ", ".join([NATIVE, *LEVELS])
    if name not in LEVELS:
        raise ToolchainError(
            f"the environment variable {VARIABLE} names {name!r}, which is not a known target",
            hint=f"choose one of {choices}, or unset it",
        )
    if not _is_x86():
        raise ToolchainError(
            f"the environment variable {VARIABLE} asks for {name}, which this processor, "
            f"{platform.machine()}, cannot run",
            hint="unset it",
        )
    missing = sorted(set(LEVELS[name]) - set(processor_features()))
    if missing and processor_features():
        raise ToolchainError(
            f"the environment variable {VARIABLE} asks for {name}, which this processor cannot "
            f"run: it lacks {', '.join(missing)}",
            hint=f"unset it, or choose another of {choices}",
        )
    return Target(name, LEVELS[name])


def _is_x86() -> bool:
    return platform.machine().lower() in ("x86_64", "amd64", "i686")


@cache
def processor_features() -> tuple[str, ...]:
    """Instruction set extensions of the processor, where the system tells (Linux); sorted."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() in ("flags", "features"):
            return tuple(sorted(value.split()))
    return ()


@cache
def machine_identity() -> str:
    """Digest of what code compiled for this machine depends on: a home directory may be shared by
    machines with different processors."""
    parts = (platform.system(), platform.machine(), platform.libc_ver()[1], *processor_features())
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
