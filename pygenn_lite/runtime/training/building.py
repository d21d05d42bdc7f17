"""Turns a training program into a shared object: once per structure, loss and rules of update, from
the compile cache when it is there. Its key is known before SymPy is imported."""

from __future__ import annotations

import ctypes as c
import hashlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pygenn_lite.codegen.trial.trial_signature import TrialSignature
from pygenn_lite.errors import CompileError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime import compile_cache
from pygenn_lite.runtime.cpp.building import TemporaryFolder, compile_source, entry_of
from pygenn_lite.runtime.cpp.compilers import Compilers
from pygenn_lite.runtime.cpp.processor import find_target, machine_identity
from pygenn_lite.runtime.cpp.shared_objects import load_library
from pygenn_lite.runtime.cpp.toolchain import find_compiler, part_flags
from pygenn_lite.runtime.interrupts import InterruptMemory
from pygenn_lite.runtime.package_sources import TEMPLATES, digest_of, generators

log = logging.getLogger(__name__)

SIGNATURE, SOURCE, OBJECT = "signature.json", "training.cpp", "training.so"
PART = "training"
Generate = Callable[[], tuple[str, TrialSignature]]


@dataclass(frozen=True)
class CompiledTraining:
    """A training program, compiled.

    Attributes
    ----------
    library : ctypes.CDLL
    signature : TrialSignature
    source : str
        The generated text.
    compiled : bool
        Whether it had to be compiled now.
    seconds : float
        What generating and compiling took.
    kept : TemporaryFolder or None
        Where the shared object is, if not in the compile cache.
    """

    library: c.CDLL
    signature: TrialSignature
    source: str
    compiled: bool
    seconds: float
    kept: TemporaryFolder | None = None


def compile_training(
    decides: Sequence[str], generate: Generate, use_cache: bool = True
) -> CompiledTraining:
    """Provide a training program, compiling what the cache does not hold.

    Parameters
    ----------
    decides : sequence of str
        All that decides the generated source.
    generate : callable
        Makes the source and its signature; called only when the cache does not have it.
    use_cache : bool

    Raises
    ------
    ToolchainError, CompileError
        No compiler, an unsafe cache, or what the compiler refused.
    """
    started, made, temporary = time.perf_counter(), [], None
    compilers, interrupts = Compilers(), InterruptMemory()

    def make(folder: Path) -> None:
        source, signature = generate()
        interrupts.check()  # it has imported SymPy, where one may be lost
        made.append(folder)
        (folder / SOURCE).write_text(source, encoding="utf-8")
        (folder / SIGNATURE).write_text(json.dumps(signature.to_json()), encoding="utf-8")
        compiler, target = find_compiler(), find_target()
        compile_source(compiler, target, folder / SOURCE, folder / OBJECT, PART, compilers)

    with interrupts:
        try:
            if use_cache:
                folder = entry_of(training_key(decides), make, OBJECT, compilers)
            else:
                temporary = TemporaryFolder()
                folder = temporary.path
                make(folder)
        except BaseException:
            compilers.stop()
            raise
        interrupts.check()
    signature = TrialSignature.from_json(json.loads((folder / SIGNATURE).read_text("utf-8")))
    return CompiledTraining(
        load_library(folder / OBJECT),
        signature,
        (folder / SOURCE).read_text(encoding="utf-8"),
        bool(made),
        time.perf_counter() - started,
        temporary,
    )


def training_source(
    decides: Sequence[str], generate: Generate, use_cache: bool = True
) -> tuple[str, TrialSignature]:
    """The source of a program that a driver of cards compiles, and its signature: generated, or
    taken from the compile cache."""
    if not use_cache:
        return generate()

    def read(folder: Path) -> tuple[str, TrialSignature]:
        signature = TrialSignature.from_json(json.loads((folder / SIGNATURE).read_text("utf-8")))
        return (folder / SOURCE).read_text(encoding="utf-8"), signature

    def make(folder: Path) -> tuple[str, TrialSignature]:
        source, signature = generate()
        (folder / SOURCE).write_text(source, encoding="utf-8")
        (folder / SIGNATURE).write_text(json.dumps(signature.to_json()), encoding="utf-8")
        return source, signature

    digest = hashlib.sha256(chr(0).join((digest_of(*training_sources()), *decides)).encode())
    key = f"training-source-{digest.hexdigest()[:32]}"
    return compile_cache.found_or_made(key, read, make)


def training_key(decides: Sequence[str]) -> str:
    """Cache key of a training program."""
    compiler, target = find_compiler(), find_target()
    everything = (
        compiler.identity,
        machine_identity(),
        target.name,
        *part_flags(PART, compiler.family),
        digest_of(*training_sources()),
        *decides,
    )
    return f"training-{hashlib.sha256(chr(0).join(everything).encode()).hexdigest()[:32]}"


def training_sources() -> tuple[Path, ...]:
    """All files of the package that decide a training program."""
    folders = (TEMPLATES / "training", TEMPLATES / "common")
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return tuple(sorted({*found, *generators()}))


def check_version(library: c.CDLL, expected: int) -> None:
    """Refuse a program of another version of the C ABI.

    Raises
    ------
    CompileError
    """
    version = int(library.pgl_training_version())
    if version != expected:
        raise CompileError(
            f"the compiled training program speaks version {version} of its C ABI, this "
            f"pygenn_lite speaks {expected}",
            hint="run 'pygenn-lite cache --clear', then try again",
        )
