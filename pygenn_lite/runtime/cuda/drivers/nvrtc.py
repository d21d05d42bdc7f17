"""Compiles kernels with NVIDIA's run-time compiler (NVRTC), which needs no card, no driver and no
header; what it made is kept in the compile cache."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pygenn_lite.errors import CompileError, ToolchainError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime import compile_cache
from pygenn_lite.runtime.cuda.drivers.base import Image, KernelReport
from pygenn_lite.runtime.cuda.drivers.includes import resolved_sources
from pygenn_lite.runtime.cuda.drivers.packages import import_nvrtc
from pygenn_lite.runtime.cuda.occupancy import MOST_THREADS
from pygenn_lite.runtime.cuda.sources import all_sources

log = logging.getLogger(__name__)

# As on the processor: nothing is fused by the compiler, divisions and square roots are rounded as
# IEEE 754 says, small numbers are not flushed to zero.
FLAGS = (
    "-std=c++20",
    "-default-device",  # lambdas too, of which CUDA 12 would say that they are for the host
    "-fmad=false",
    "-prec-div=true",
    "-prec-sqrt=true",
    "-ftz=false",
    "--no-source-include",  # nothing from the working directory
    "--ptxas-options=-v",
)
BINARY, REPORT, MAIN = "image.bin", "report.json", "kernels.cu"

_ENTRY = re.compile(r"Compiling entry function '(\w+)'")
_SPILLED = re.compile(r"(\d+) bytes spill stores")
_REGISTERS = re.compile(r"Used (\d+) registers")
_SHARED = re.compile(r"(\d+) bytes smem")
_TIME = re.compile(r".*Compile time.*\n?")
_BOUNDS = re.compile(r"\.entry (\w+)\s*\([^)]*\)\s*((?:\.\w+ [\d, ]+\s*)*)")
_MOST_THREADS = re.compile(r"\.maxntid (\d+)(?:, (\d+), (\d+))?")
_ERROR = re.compile(r"^(.+?)\((\d+)\): (?:catastrophic )?error:? ?(?:#\S+ )?(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Target:
    """What is compiled for.

    Attributes
    ----------
    architecture : int
        That the compiler knows: 90.
    as_ptx : bool
        Whether the card is newer than that, so that its driver has to finish the work.
    """

    architecture: int
    as_ptx: bool = False

    def __str__(self) -> str:
        return f"{'compute' if self.as_ptx else 'sm'}_{self.architecture}"


def compiler_version() -> str:
    """The version of NVRTC: ``"13.5"``.

    Raises
    ------
    MissingPackageError
        It is not there.
    """
    return ".".join(str(part) for part in import_nvrtc().getVersion())


def known_architectures() -> tuple[int, ...]:
    """Architectures that NVRTC compiles for: 75, 80, ..."""
    return tuple(sorted(int(each) for each in import_nvrtc().getSupportedArchs()))


def target_of_card(compute_capability: int) -> Target:
    """What to compile for a card: its own architecture, or the next lower one, as PTX.

    Raises
    ------
    ToolchainError
        The card is older than all that NVRTC knows.
    """
    known = known_architectures()
    if compute_capability in known:
        return Target(compute_capability)
    lower = [each for each in known if each < compute_capability]
    if not lower:
        raise _unknown(compute_capability, known)
    return Target(lower[-1], as_ptx=True)


def named_target(name: str) -> Target:
    """An architecture as people write it: ``"sm_90"``, ``"90"``, ``"9.0"``.

    Raises
    ------
    ToolchainError
        NVRTC does not know it.
    """
    known = known_architectures()
    digits = name.lower().removeprefix("sm_").removeprefix("compute_").replace(".", "")
    if not digits.isdecimal() or int(digits) not in known:
        raise _unknown(name, known)
    return Target(int(digits))


def compile_kernels(
    source: Mapping[str, str], main: str, target: Target, *, cache: bool = True
) -> Image:
    """Compile kernels for an architecture, or take them from the compile cache.

    Parameters
    ----------
    source : mapping of str to str
        Texts by the names under which they include each other; the package's own templates need
        not be given.
    main : str
        The name of the one to begin with.
    target : Target
    cache : bool
        Whether to look into the compile cache and to keep the result there.

    Returns
    -------
    Image
        With a report of each kernel, from the compiler's log. (The section of a cubin for shared
        memory holds the system's 1 KiB, too, from sm_90 on; the log does not.)

    Raises
    ------
    CompileError
        The compiler refuses.
    ToolchainError
        The compile cache cannot be used.
    MissingPackageError
        NVRTC is not there.
    """
    started = time.perf_counter()
    texts = resolved_sources({**all_sources(), **source}, main)
    flags = (f"-arch=sm_{target.architecture}", *FLAGS)

    def make(folder: Path) -> Image:
        made = _compile(texts, main, target, flags)
        _write(made, texts[main], folder)
        return made

    if cache:
        image = compile_cache.found_or_made(_key(texts, main, target, flags), _read, make)
    else:
        image = _compile(texts, main, target, flags)
    return replace(image, seconds=time.perf_counter() - started)


def _unknown(what: object, known: tuple[int, ...]) -> ToolchainError:
    names = ", ".join(f"sm_{each}" for each in known)
    return ToolchainError(
        f"NVRTC {compiler_version()} does not know the architecture {what!r}",
        hint=f"it knows {names}",
    )


def _key(texts: Mapping[str, str], main: str, target: Target, flags: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for part in (compiler_version(), str(target), *flags, main, *texts, *texts.values()):
        digest.update(part.encode() + b"\0")
    return f"cuda-{digest.hexdigest()[:32]}"


def _write(image: Image, main_text: str, folder: Path) -> None:
    (folder / BINARY).write_bytes(image.binary)
    (folder / MAIN).write_text(main_text, encoding="utf-8")
    about = {
        "kernels": {name: asdict(report) for name, report in image.kernels.items()},
        "target": image.target,
        "flags": image.flags,
        "log": image.log,
    }
    (folder / REPORT).write_text(json.dumps(about), encoding="utf-8")


def _read(folder: Path) -> Image:
    about = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    return Image(
        kernels={name: KernelReport(**report) for name, report in about["kernels"].items()},
        target=about["target"],
        flags=tuple(about["flags"]),
        log=about["log"],
        cached=True,
        binary=(folder / BINARY).read_bytes(),
    )


def _compile(texts: Mapping[str, str], main: str, target: Target, flags: tuple[str, ...]) -> Image:
    nvrtc = import_nvrtc()
    headers = {name: text for name, text in texts.items() if name != main}
    program = nvrtc.createProgram(
        texts[main], main, [t.encode() for t in headers.values()], [n.encode() for n in headers]
    )
    started = time.perf_counter()
    try:
        try:
            nvrtc.compileProgram(program, list(flags))
        except nvrtc.NVRTCError as error:
            raise _refused(texts, str(error), nvrtc.getProgramLog(program)) from None
        said = _TIME.sub("", nvrtc.getProgramLog(program)).strip("\0 \n")
        ptx = bytes(nvrtc.getPTX(program))
        # CuPy takes the last byte, 0, away, as it does of texts: a cubin that lacks it is none.
        binary = ptx if target.as_ptx else bytes(nvrtc.getCUBIN(program)) + b"\0"
    finally:
        nvrtc.destroyProgram(program)
    log.info("compiled %s for %s in %.2f s", main, target, time.perf_counter() - started)
    return Image(
        kernels=_reports(said, ptx), target=str(target), flags=flags, log=said, binary=binary
    )


def _reports(said: str, ptx: bytes) -> dict[str, KernelReport]:
    """What each kernel needs: from the compiler's log, a section for each; the largest block from
    the PTX."""
    bounds = {name: _threads(text) for name, text in _BOUNDS.findall(ptx.decode(errors="replace"))}
    sections = _ENTRY.split(said)[1:]
    return {
        name: KernelReport(
            registers=_number(_REGISTERS, text),
            shared_bytes=_number(_SHARED, text),
            spill_bytes=sum(map(int, _SPILLED.findall(text))),
            threads=bounds.get(name, MOST_THREADS),
        )
        for name, text in sorted(zip(sections[::2], sections[1::2], strict=True))
    }


def _threads(bounds: str) -> int:
    found = _MOST_THREADS.search(bounds)
    if found is None:
        return MOST_THREADS
    return int(found[1]) * int(found[2] or 1) * int(found[3] or 1)


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0


def _refused(texts: Mapping[str, str], status: str, said: str) -> CompileError:
    """The first error with the line it is about; all of them, and the source, in files."""
    whole = f"{said.strip()}\n({status})\n"
    path = _keep_log(texts, whole)
    first = _ERROR.search(said)
    if first is None:
        what = (said.strip().splitlines() or [status])[0]
        return CompileError(f"NVRTC could not compile the kernels: {what}. The whole log: {path}")
    name, line, problem = first[1], int(first[2]), first[3].strip()
    lines: Any = texts.get(name, "").splitlines()
    text = f"\n    {lines[line - 1].strip()}" if 0 < line <= len(lines) else ""
    return CompileError(
        f"NVRTC could not compile {name}, line {line}: {problem}{text}\n  The whole log: {path}",
        hint="it is an error in pygenn_lite: please report it with the log",
    )


def _keep_log(texts: Mapping[str, str], whole: str) -> Path:
    try:
        folder = compile_cache.logs_directory()
    except ToolchainError:  # somewhere, so that it can be read
        folder = Path(tempfile.mkdtemp(prefix="pygenn_lite-log-"))
    name = hashlib.sha256(whole.encode()).hexdigest()[:12]
    path = folder / f"{name}.log"
    with compile_cache.usable():
        path.write_text(whole, encoding="utf-8")
        sources = "\n".join(f"// ---- {title}\n{text}" for title, text in texts.items())
        (folder / f"{name}.cu").write_text(sources, encoding="utf-8")
    return path
