"""Finds a C++ compiler. Compiles nothing itself (see build.py)."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import shutil
import sys
from functools import cache
from pathlib import Path

from pygenn_lite.errors import ToolchainError
from pygenn_lite.records import dataclass

HINT = (
    "install a C++20 compiler with the system's package manager (for example "
    "'apt install g++' or 'dnf install gcc-c++'), or run: pip install 'pygenn-lite[compiler]' "
    "(the PyPI package ziglang, which brings clang)"
)

COMMON_FLAGS = (
    "-std=c++20",
    "-fPIC",
    "-shared",
    "-pthread",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-ffp-contract=off",  # what is fused is written so: results must not depend on the compiler
)

EMULATED = "emulated kernels"  # the part that is written for a card; compiled once, run a little
# A large frame must not step over the page behind a fibre's stack; sources are called .cu.
EMULATED_FLAGS = ("-DPGL_EMULATED", "-fstack-clash-protection", "-x", "c++")


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler found on this machine.

    Attributes
    ----------
    command : tuple of str
        What to run, before any flag.
    family : {"gcc", "clang", "zig"}
        Decides small differences in flags.
    identity : str
        Changes when the compiler is exchanged or updated (part of the compile cache's key).
    """

    command: tuple[str, ...]
    family: str
    identity: str

    def __str__(self) -> str:
        return shlex.join(self.command)


def find_compiler() -> Compiler:
    """The compiler to use: ``$CXX``, else g++, clang++, or clang from the PyPI package ziglang.

    Raises
    ------
    ToolchainError
        There is none, or ``$CXX`` names something that cannot be run.
    """
    chosen = os.environ.get("CXX", "").strip()
    if chosen:
        command = tuple(shlex.split(chosen))
        path = shutil.which(command[0])
        if path is None:
            raise ToolchainError(
                f"the environment variable CXX names {chosen!r}, which is not an executable "
                "program",
                hint="unset CXX, or let it name a C++20 compiler",
            )
        return _compiler((path, *command[1:]), Path(path))
    for name in ("g++", "clang++"):
        path = shutil.which(name)
        if path is not None:
            return _compiler((path,), Path(path))
    spec = importlib.util.find_spec("ziglang")
    if spec is not None and spec.origin is not None:
        return _compiler((sys.executable, "-m", "ziglang", "c++"), Path(spec.origin))
    raise ToolchainError("no C++ compiler was found (looked for $CXX, g++, clang++)", hint=HINT)


def _compiler(command: tuple[str, ...], binary: Path) -> Compiler:
    """Identify a compiler by its file, which costs no process start on a warm cache."""
    real = binary.resolve()
    status = real.stat()
    names = " ".join((*(Path(word).name for word in command), real.name))
    family = "zig" if "zig" in names else "clang" if "clang" in names else "gcc"
    identity = f"{shlex.join(command)}|{real}|{status.st_size}|{status.st_mtime_ns}"
    return Compiler(command, family, identity)


def optimisation(part: str, family: str) -> str:
    """How hard to try at a part. The engine, and what it does with synapses, waits for memory or
    runs once: it is as fast, and compiled in half the time, at a low level. The loops that deliver
    are the builder's."""
    if part in ("engine", "synapses", "pool"):
        return "-O1" if family == "gcc" else "-O2"
    return "-O1" if part == EMULATED else "-O3"


def part_flags(part: str, family: str) -> tuple[str, ...]:
    """Flags for a part, but for those that say for which processor."""
    flags = (optimisation(part, family), *COMMON_FLAGS, *family_flags(family))
    return (*flags, *EMULATED_FLAGS) if part == EMULATED else flags


def family_flags(family: str) -> tuple[str, ...]:
    """Flags that only one family of compilers needs."""
    if family == "gcc":
        return ("-pipe",)  # compiler and assembler at the same time
    if family != "zig":
        return ()
    # zig adds checks for undefined behaviour of its own accord.
    plain = ("-fno-sanitize=undefined", "-Wno-unused-command-line-argument")
    library = cpp_library()
    return plain if library is None else (*plain, "-nostdlib++", library)


@cache
def cpp_library() -> str | None:
    """The system's C++ library. SciPy needs it too, so it is there (on Linux); zig would build one
    of its own instead, for minutes. Our sources need none of its headers, only exceptions and
    ``new``, which are the same in all of them."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        ctypes.CDLL("libstdc++.so.6")
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = (line.split(maxsplit=5)[-1] for line in maps.splitlines() if "libstdc++.so" in line)
    return next(found, None)


def first_use_of(compiler: Compiler) -> str | None:
    """What to tell people whose compiler has to prepare itself, once."""
    if compiler.family != "zig" or _zig_cache().exists():
        return None
    if cpp_library() is None:
        return "zig builds a C++ library before it compiles anything: some minutes, once"
    return "zig prepares its libraries: some ten seconds, once"


def _zig_cache() -> Path:
    """Where zig keeps what it has built."""
    chosen = os.environ.get("ZIG_GLOBAL_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(chosen) if chosen else (Path(base) if base else Path.home() / ".cache") / "zig"
