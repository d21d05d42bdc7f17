"""Turns sources into shared objects: engine, builder and other parts once per machine, the kernels
once per structure of network; all at the same time when they are missing, from the compile cache
when they are there. A network needs the engine, and the parts for what it has.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import re
import shlex
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from pygenn_lite.codegen import Signatures
from pygenn_lite.errors import CompileError, ToolchainError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime import compile_cache
from pygenn_lite.runtime.cpp.cache_keys import ENGINE, kernels_key, part_key
from pygenn_lite.runtime.cpp.compilers import Compilers
from pygenn_lite.runtime.cpp.processor import Target, find_target
from pygenn_lite.runtime.cpp.shared_objects import load_library
from pygenn_lite.runtime.cpp.toolchain import (
    Compiler,
    find_compiler,
    first_use_of,
    part_flags,
)
from pygenn_lite.runtime.interrupts import InterruptMemory
from pygenn_lite.runtime.package_sources import TEMPLATES

if TYPE_CHECKING:
    from pygenn_lite.codegen import GeneratedCode

log = logging.getLogger(__name__)

SIGNATURES = "signatures.json"  # beside the kernels

_FLAG_TROUBLE = re.compile(
    r"march|mcpu|mtune|unknown target CPU|no such instruction|unrecognized command|"
    r"unsupported option",
    re.IGNORECASE,
)


@dataclass
class CompiledCode:
    """Where the shared objects of a network are.

    Attributes
    ----------
    parts : dict of str to Path
        Shared objects that are the same for all networks, those that this one needs.
    kernels : Path or None
        Its own; None for one that needs none (spike sources only).
    signatures : Signatures
        What the kernels are called and what they take.
    source : Path or None
        The generated source of the kernels.
    compiler : str
        The command that compiles.
    target : str
        The processor that the code is for.
    compiled : tuple of str
        What had to be compiled now ("engine", "builder", "kernels").
    seconds : float
        What generating and compiling took.
    """

    parts: dict[str, Path]
    kernels: Path | None
    signatures: Signatures
    source: Path | None
    compiler: str = ""
    target: str = ""
    compiled: tuple[str, ...] = ()
    seconds: float = 0.0
    temporary: list[TemporaryFolder] = field(default_factory=list)


class TemporaryFolder:
    """A private directory that goes away with its last user."""

    def __init__(self) -> None:
        with compile_cache.usable(Path(tempfile.gettempdir()), "TMPDIR"):
            self.path = Path(tempfile.mkdtemp(prefix="pygenn_lite-"))
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.path, True)


def compile_code(
    structure_key: str,
    generate: Callable[[], GeneratedCode] | None,
    *,
    parts: Sequence[str] = ("engine",),
    use_cache: bool = True,
    progress: Callable[[str], None] | None = None,
) -> CompiledCode:
    """Provide parts and kernels, compiling what the cache does not hold.

    Parameters
    ----------
    structure_key : str
        Digest of all of the network that decides its generated code.
    generate : callable or None
        Makes source and signatures; called only when the kernels are not in the cache. None: the
        network has no kernels.
    parts : sequence of str
        What the network needs of what is the same for all.
    use_cache : bool
        Whether to look into the compile cache and to keep the kernels there. Parts that are the
        same for all networks are kept in any case where the cache can be used.
    progress : callable, optional
        Called with "engine", "kernels" and so on when their compilation starts.

    Raises
    ------
    ToolchainError
        No compiler, or a compile cache that is not safe.
    CompileError
        The compiler refused; the path of its log is in the message.
    """
    started = time.perf_counter()
    compiler, target = find_compiler(), find_target()
    report = progress or (lambda what: None)
    compiled: list[str] = []
    temporary: list[TemporaryFolder] = []
    compilers = Compilers()

    def make_part(part: str, folder: Path) -> None:
        compiled.append(part)
        report(part)
        source = ENGINE / f"{part}.cpp"
        output = folder / f"{part}.so"
        compile_source(compiler, target, source, output, part, compilers)

    def ready(part: str) -> Path | None:
        try:
            return _ready(part_key(part, compiler, target), f"{part}.so")
        except ToolchainError:
            if use_cache:
                raise
        return None

    def part_entry(part: str) -> Path:
        key = part_key(part, compiler, target)
        try:
            return entry_of(key, lambda folder: make_part(part, folder), f"{part}.so", compilers)
        except ToolchainError:
            if use_cache:
                raise
        return made_for_now(lambda folder: make_part(part, folder))

    def made_for_now(make: Callable[[Path], None]) -> Path:
        folder = TemporaryFolder()
        temporary.append(folder)
        with compile_cache.usable(folder.path, "TMPDIR"):
            make(folder.path)
        return folder.path

    def make_kernels(folder: Path) -> None:
        assert generate is not None
        began = time.perf_counter()
        code = generate()
        interrupts.check()  # it has imported SymPy, where one may be lost
        log.info("generated the kernels' source in %.2f s", time.perf_counter() - began)
        compiled.append("kernels")
        report("kernels")
        source = folder / "kernels.cpp"
        source.write_text(code.source, encoding="utf-8")
        text = json.dumps(code.signatures.to_json())
        (folder / SIGNATURES).write_text(text, encoding="utf-8")
        output = folder / "kernels.so"
        compile_source(compiler, target, source, output, "kernels", compilers)

    folders = {part: ready(part) for part in parts}
    missing = [part for part, folder in folders.items() if folder is None]
    interrupts = InterruptMemory()
    with interrupts, _meanwhile(part_entry, missing, compilers) as made:
        kernels: Path | None = None
        if generate is not None and use_cache:
            key = kernels_key(compiler, target, structure_key)
            kernels = entry_of(key, make_kernels, "kernels.so", compilers)
        elif generate is not None:
            kernels = made_for_now(make_kernels)
        signatures = Signatures()
        if kernels is not None:
            text = (kernels / SIGNATURES).read_text(encoding="utf-8")
            signatures = Signatures.from_json(json.loads(text))
        interrupts.check()
        every = {**folders, **made()}
        objects = {part: folder / f"{part}.so" for part, folder in every.items() if folder}
    return CompiledCode(
        parts=objects,
        kernels=None if kernels is None else kernels / "kernels.so",
        signatures=signatures,
        source=None if kernels is None else kernels / "kernels.cpp",
        compiler=str(compiler),
        target=str(target),
        compiled=tuple(compiled),
        seconds=time.perf_counter() - started,
        temporary=temporary,
    )


@contextlib.contextmanager
def _meanwhile(
    make: Callable[[str], Path], parts: Sequence[str], compilers: Compilers
) -> Iterator[Callable[[], dict[str, Path]]]:
    """Make parts while the block is at work; gives what waits for them. Compilers run as processes
    of their own, so these threads leave the interpreter to SymPy."""
    if not parts:
        with _ended_with_us(compilers):
            yield dict
        return
    from concurrent.futures import ThreadPoolExecutor

    # From the first thread on: the pool's end waits for threads, which wait for their compilers.
    with ThreadPoolExecutor(max_workers=2) as pool, _ended_with_us(compilers):
        futures = {part: pool.submit(make, part) for part in parts}
        yield lambda: {part: future.result() for part, future in futures.items()}


def _ready(key: str, name: str) -> Path | None:
    """The cache entry of a key if it is there and loads."""
    found = compile_cache.find_entry(key)
    if found is None:
        return None
    try:
        load_library(found / name)
    except CompileError:
        return None
    _tell_found(found)
    return found


def _tell_found(entry: Path) -> None:
    log.info("found in the compile cache: %s", entry)


def entry_of(key: str, make: Callable[[Path], None], name: str, compilers: Compilers) -> Path:
    """The cache entry of a key, made if it is not there, and again if the shared object in it does
    not load: several systems may use one home directory, and their libraries differ."""
    found = _found_or_made(key, make, compilers)
    try:
        load_library(found / name)
    except CompileError:
        log.info("%s does not load here; it is compiled again", found / name)
        with compile_cache.entry_lock(key, compilers.check):
            compile_cache.drop_entry(key)
        found = _found_or_made(key, make, compilers)
        load_library(found / name)
    return found


def _found_or_made(key: str, make: Callable[[Path], None], compilers: Compilers) -> Path:
    def made(folder: Path) -> Path | None:
        make(folder)
        return None  # it comes to its place only now

    found = compile_cache.found_or_made(key, Path, made, compilers.check)
    if found is not None:
        return found
    found = compile_cache.find_entry(key)
    if found is None:
        raise CompileError(
            "the compile cache was cleared while a network was being compiled",
            hint="run it again",
        )
    log.info("kept in the compile cache: %s", found)
    return found


@contextlib.contextmanager
def _ended_with_us(compilers: Compilers) -> Iterator[None]:
    """Ctrl-C, and an error in one of them, end all compilers at once."""
    try:
        yield
    except BaseException:
        compilers.stop()
        raise


def compile_source(
    compiler: Compiler,
    target: Target,
    source: Path,
    output: Path,
    part: str,
    compilers: Compilers | None = None,
) -> None:
    """Compile one file into a shared object; plainer flags where the best are not understood."""
    _tell_first_use(compiler)
    output_of_all = ""
    for machine in target.flags(compiler.family):
        command = [
            *compiler.command,
            *part_flags(part, compiler.family),
            *machine,
            f"-I{source.parent}",
            f"-I{TEMPLATES}",
            "-o",
            str(output),
            str(source),
        ]
        log.info("compiling %s with %s %s", part, compiler, shlex.join(machine))
        log.debug("%s", shlex.join(command))
        started = time.perf_counter()
        code, text = (compilers or Compilers()).run(command)
        output_of_all += f"$ {shlex.join(command)}\n{text}\n(exit status {code})\n\n"
        seconds = time.perf_counter() - started
        log.info("%s: exit status %d after %.2f s", part, code, seconds)
        if code == 0:
            return
        if not _FLAG_TROUBLE.search(text):
            break
    _fail(compiler, source, f"the {part}", output_of_all)


_telling = threading.Lock()
_told: set[str] = set()


def _tell_first_use(compiler: Compiler) -> None:
    """Say why the very first compilation takes long (a warning: on standard error by default)."""
    message = first_use_of(compiler)
    with _telling:
        if message is not None and message not in _told:
            _told.add(message)
            log.warning("%s", message)


def _fail(compiler: Compiler, source: Path, what: str, text: str) -> None:
    """Keep the compiler's log (and the source) in files and say where."""
    try:
        folder = compile_cache.logs_directory()
    except ToolchainError:  # somewhere, so that it can be read
        folder = Path(tempfile.mkdtemp(prefix="pygenn_lite-log-"))
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    log_path = folder / f"{name}.log"
    with compile_cache.usable():
        log_path.write_text(text, encoding="utf-8")
        if source.suffix == ".cpp" and TEMPLATES not in source.parents:
            shutil.copy(source, folder / f"{name}.cpp")
    errors = [line.strip() for line in text.splitlines() if "error" in line.lower()]
    first = f"; it says first: {errors[0]}" if errors else ""
    raise CompileError(
        f"{compiler} could not compile {what}{first}. The whole log: {log_path}",
        hint="try another compiler (set CXX; it must support C++20). If that does not help, it is "
        "an error in pygenn_lite: please report it with the log",
    )
