"""The compile cache: shared objects we compiled, in a directory that only the user can write.

What lies there is loaded and run, so nothing is used that others own or could have written: where
the chosen directory is theirs, or writable by them, a folder of our own in it is used instead.
Entries are directories made aside and renamed into place whole, with digests of their files: what
a full disk or a crash has damaged is not found. A lock per entry keeps several processes from
compiling the same thing. It does not depend on what it holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from pygenn_lite.errors import ToolchainError

log = logging.getLogger(__name__)
Value = TypeVar("Value")

LAYOUT = "v1"  # changes when the meaning of an entry does; older layouts are only ever deleted
SUMS = "sums"  # the file of an entry that holds the digests of the others
_LAYOUT = re.compile(r"v\d+", re.ASCII)
_ENTRY = re.compile(r"[a-z0-9]+-[A-Za-z0-9-]+", re.ASCII)
LOOK_SECONDS = 0.05  # between looks at a lock that another process holds


def cache_directory() -> Path:
    """Where compiled code is kept: ``$PYGENN_LITE_CACHE``, else the user's cache directory; where
    that is not the user's own, or others can write to it, the folder ``user-<uid>`` in it."""
    chosen = os.environ.get("PYGENN_LITE_CACHE")
    if chosen:
        root = Path(chosen).expanduser().absolute()
    else:
        base = os.environ.get("XDG_CACHE_HOME")
        home = Path(base).expanduser() if base and os.path.isabs(base) else Path.home() / ".cache"
        root = home / "pygenn_lite"
    shared = any(_shared(path) for path in (root, root / LAYOUT))
    return root / f"user-{os.geteuid()}" if shared else root


def open_cache() -> Path:
    """The directory of entries, made if need be (0700).

    Raises
    ------
    ToolchainError
        It is a link, everybody can exchange it, or its place in a shared directory is taken.
    """
    with usable():
        root = cache_directory()
        root.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            root.mkdir(mode=0o700)
        check_private(root)
        for ancestor in root.resolve().parents:
            _check_ancestor(ancestor)
        layout = root / LAYOUT
        with contextlib.suppress(FileExistsError):
            layout.mkdir(mode=0o700)
        check_private(layout)
    return layout


@contextlib.contextmanager
def usable(place: Path | None = None, setting: str = "PYGENN_LITE_CACHE") -> Iterator[None]:
    """Tell what the system refuses at a place for compiled code (by default the cache), and which
    variable says where that is."""
    try:
        yield
    except OSError as error:
        what = f"the compile cache {cache_directory()}" if place is None else f"{place}"
        raise ToolchainError(
            f"{what} cannot be used: {error.strerror or error}",
            hint=f"set {setting} to a directory that you can write to and that has room"
            + (", or compile with cache=False" if place is None else ""),
        ) from error


def check_private(path: Path) -> None:
    """Refuse a file or directory that somebody else owns or can write (or a link)."""
    status = path.lstat()
    hint = "set PYGENN_LITE_CACHE to a directory of your own, or compile with cache=False"
    reason = ""
    if stat.S_ISLNK(status.st_mode):
        reason = f"is a symbolic link (to {path.resolve()})"
        hint = "set PYGENN_LITE_CACHE to the directory itself, if it is yours"
    elif status.st_uid != os.geteuid():
        reason = f"belongs to another user (uid {status.st_uid})"
    elif status.st_mode & 0o022:
        reason = f"can be written by others (mode {stat.S_IMODE(status.st_mode):04o})"
    if reason:
        raise ToolchainError(f"the compile cache is not safe: {path} {reason}", hint=hint)


def _shared(path: Path) -> bool:
    """Whether a directory is there that is not ours, or that others can write to."""
    try:
        status = path.lstat()
    except OSError:  # not there, or none of our business: opening it will tell
        return False
    theirs = status.st_uid != os.geteuid() or bool(status.st_mode & 0o022)
    return stat.S_ISDIR(status.st_mode) and theirs


def _check_ancestor(path: Path) -> None:
    """Whoever may rename entries of a directory above could exchange the cache for their own."""
    status = path.stat()
    if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
        raise ToolchainError(
            f"the compile cache is not safe: everybody can write to {path}, above it",
            hint="set PYGENN_LITE_CACHE to a directory under your home directory",
        )


def find_entry(key: str) -> Path | None:
    """The directory of a complete entry; None where there is none, or a damaged one."""
    entry = open_cache() / _checked_key(key)
    if not entry.is_dir():
        return None
    with usable():
        try:
            parts = [entry, *entry.iterdir()]
            if any(_ours_but_open(path) for path in parts):
                return None  # what others could have changed is made again
            for path in parts:
                check_private(path)
            if (entry / SUMS).read_bytes() != _sums(entry):
                return None
        except FileNotFoundError:  # never written, or just cleared away
            return None
    with contextlib.suppress(OSError):
        os.utime(entry)  # last use, for people who want to tidy up by age
    return entry


def _ours_but_open(path: Path) -> bool:
    status = path.lstat()
    ours = status.st_uid == os.geteuid() and not stat.S_ISLNK(status.st_mode)
    return ours and bool(status.st_mode & 0o022)


@contextlib.contextmanager
def entry_lock(key: str, check: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock of one entry: other processes that want to make it wait.

    ``check`` is called while waiting, and may raise to give up.
    """
    locks = open_cache() / "locks"
    with usable():
        with contextlib.suppress(FileExistsError):
            locks.mkdir(mode=0o700)
        check_private(locks)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(locks / f"{_checked_key(key)}.lock", flags, 0o600)
    try:
        with usable():
            _wait_for_lock(descriptor, key, check)
        yield
    finally:
        os.close(descriptor)  # releases the lock, as does the end of the process


def _wait_for_lock(descriptor: int, key: str, check: Callable[[], None]) -> None:
    """Lock a file. A thread that the system makes wait for a lock cannot be called off, so this one
    looks again and again."""
    said = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if not said:
                log.info("waiting for another process that is making %s", key)
            said = True
            check()
            time.sleep(LOOK_SECONDS)


@contextlib.contextmanager
def new_entry(key: str) -> Iterator[Path]:
    """A directory to fill; at the end of the block it becomes the entry, in one step.

    When the block raises, nothing of it stays.
    """
    layout = open_cache()
    entry = layout / _checked_key(key)
    with usable():
        aside = Path(tempfile.mkdtemp(prefix=".making-", dir=layout))  # mkdtemp gives 0700
        try:
            yield aside
            (aside / SUMS).write_bytes(_sums(aside))
            for path in aside.iterdir():  # where the umask is 002 compilers let the group write
                path.chmod(path.stat().st_mode & ~0o022)
            try:
                aside.rename(entry)
            except OSError:
                if not entry.is_dir():
                    raise
                # Another process was faster; its entry has the same key, hence the same contents.
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def found_or_made(
    key: str,
    read: Callable[[Path], Value],
    make: Callable[[Path], Value],
    check: Callable[[], None] = lambda: None,
) -> Value:
    """What an entry holds: read from it, or made and written by the first process that needs it.

    Parameters
    ----------
    key : str
    read : callable
        Gets the directory of a complete entry.
    make : callable
        Gets a directory to fill; when it raises, nothing is kept.
    check : callable
        See `entry_lock`.
    """
    found = find_entry(key)
    if found is None:
        with entry_lock(key, check):
            found = find_entry(key)  # another process may have made it meanwhile
            if found is None:
                drop_entry(key)  # a damaged one would stand in the way
                with new_entry(key) as folder:
                    return make(folder)
    log.info("found in the compile cache: %s", found)
    return read(found)


def drop_entry(key: str) -> None:
    """Forget an entry: one that is damaged, or does not load."""
    shutil.rmtree(open_cache() / _checked_key(key), ignore_errors=True)


def logs_directory() -> Path:
    """Where compilers' logs go."""
    logs = open_cache() / "logs"
    with usable():
        with contextlib.suppress(FileExistsError):
            logs.mkdir(mode=0o700)
        check_private(logs)
    return logs


def cache_size() -> int:
    """Bytes in the cache, all layouts."""
    total = 0
    for part in (part for layout in _layouts() for part in _parts(layout)):
        for folder, _, files in os.walk(part):
            for name in files:
                with contextlib.suppress(OSError):
                    total += os.lstat(os.path.join(folder, name)).st_size
    return total


def cache_entries() -> int:
    """Number of complete entries in the present layout."""
    layout = cache_directory() / LAYOUT
    if not layout.is_dir():
        return 0
    return sum(1 for part in _parts(layout) if _ENTRY.fullmatch(part.name))


def clear_cache() -> int:
    """Delete all compiled code, of older versions too, and nothing else; gives the bytes freed."""
    if not cache_directory().is_dir():
        return 0
    open_cache()  # refuses what is not ours
    freed = cache_size()
    for layout in _layouts():
        for part in _parts(layout):
            shutil.rmtree(part, ignore_errors=True)
        with contextlib.suppress(OSError):  # something else lies in it
            layout.rmdir()
    return freed - cache_size()


def _layouts() -> list[Path]:
    """The directories of entries, of this and of older versions."""
    root = cache_directory()
    found = sorted(root.iterdir()) if root.is_dir() else []
    return [p for p in found if _LAYOUT.fullmatch(p.name) and p.is_dir() and not p.is_symlink()]


def _parts(layout: Path) -> list[Path]:
    """What we made in a layout. (The cache may be put where other things lie.)"""
    return [
        path
        for path in layout.iterdir()
        if not path.is_symlink()
        and path.is_dir()
        and (
            path.name in ("locks", "logs")
            or path.name.startswith(".making-")
            or (_ENTRY.fullmatch(path.name) and (path / SUMS).is_file())
        )
    ]


def _sums(entry: Path) -> bytes:
    """Digests of the files of an entry, one a line."""
    lines = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(entry.iterdir())
        if path.name != SUMS
    )
    return "".join(lines).encode()


def _checked_key(key: str) -> str:
    if not key or not all(c.isascii() and (c.isalnum() or c == "-") for c in key):
        raise ValueError(f"not a cache key: {key!r}")
    return key
