"""Compiles the sources of kernels for cards by the machine's own compiler, for the emulator: into a
shared object in the compile cache."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath

from pygenn_lite.errors import ToolchainError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.building import TemporaryFolder, compile_source, entry_of
from pygenn_lite.runtime.cpp.compilers import Compilers
from pygenn_lite.runtime.cpp.processor import Target, find_target, machine_identity
from pygenn_lite.runtime.cpp.toolchain import EMULATED, Compiler, find_compiler, part_flags
from pygenn_lite.runtime.package_sources import TEMPLATES, digest_of

OBJECT = "emulated.so"


@dataclass(frozen=True)
class EmulatedCode:
    """A shared object of emulated kernels.

    Attributes
    ----------
    path : Path
    target : str
        The processor that it is for.
    flags : tuple of str
        Of the compiler, but for those that depend on the processor.
    compiled : bool
        Whether it had to be compiled now.
    temporary : TemporaryFolder or None
        Where it lies when it is not kept in the compile cache.
    """

    path: Path
    target: str
    flags: tuple[str, ...]
    compiled: bool
    temporary: TemporaryFolder | None = None


def compile_emulated(source: Mapping[str, str], main: str, *, cache: bool) -> EmulatedCode:
    """Provide the shared object of some kernels.

    Parameters
    ----------
    source : mapping of str to str
        Texts by the names under which they include each other; what is not among them is taken
        from the package's templates.
    main : str
        The name of the one to begin with.
    cache : bool
        Whether to look into the compile cache and to keep it there.

    Raises
    ------
    ToolchainError
        No compiler, or a compile cache that is not safe.
    CompileError
        The compiler refused; the path of its log is in the message.
    """
    compiler, target, compilers = find_compiler(), find_target(), Compilers()
    flags = part_flags(EMULATED, compiler.family)
    compiled = False

    def make(folder: Path) -> None:
        nonlocal compiled
        compiled = True
        written = TemporaryFolder()
        _write(source, written.path)
        output = folder / OBJECT
        compile_source(compiler, target, written.path / main, output, EMULATED, compilers)

    if cache:
        key = _key(compiler, target, flags, source, main)
        folder = entry_of(key, make, OBJECT, compilers)
        return EmulatedCode(folder / OBJECT, str(target), flags, compiled)
    temporary = TemporaryFolder()
    make(temporary.path)
    return EmulatedCode(temporary.path / OBJECT, str(target), flags, compiled, temporary)


def _write(source: Mapping[str, str], folder: Path) -> None:
    """Put texts into files, each under its name."""
    for name, text in source.items():
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise ToolchainError(f"{name!r} is not the name of a source inside of a folder")
        path = folder / parts
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _key(
    compiler: Compiler, target: Target, flags: tuple[str, ...], source: Mapping[str, str], main: str
) -> str:
    """Cache key: the texts, what of the package they may include, compiler and machine."""
    digest = hashlib.sha256()
    for part in (compiler.identity, machine_identity(), target.name, *flags, main):
        digest.update(part.encode() + b"\0")
    for name, text in sorted(source.items()):
        digest.update(name.encode() + b"\0" + text.encode() + b"\0")
    digest.update(_templates_digest().encode())
    return f"emulated-{digest.hexdigest()[:32]}"


@cache
def _templates_digest() -> str:
    """Of the templates that sources may include without giving them."""
    return digest_of(
        *sorted(
            p for part in ("common", "cuda", "training") for p in (TEMPLATES / part).rglob("*.h*")
        )
    )
