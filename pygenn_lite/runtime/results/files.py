"""Files that are written whole or not at all, by one process at a time, and never over something
that was not to be replaced."""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from pygenn_lite.errors import ArgumentError, SimulationError

RESULT_FILE = "result.h5"  # in the folder of a run
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def as_path(given: object) -> Path:
    """A path as the user gave it.

    Raises
    ------
    ArgumentError
    """
    if isinstance(given, (str, os.PathLike)) and "\0" not in str(given) and str(given):
        with contextlib.suppress(TypeError):  # of a path in bytes
            return Path(given)
    raise ArgumentError(f"{given!r} is not a path", hint="give the name of a file")


def is_disk_full(error: BaseException) -> bool:
    """Whether there is no room for what was to be written (HDF5 gives the number only as text; our
    own errors say it in words)."""
    if getattr(error, "errno", None) in FULL:
        return True
    signs = ("No space left", "the disk is full", *(f"errno = {n}," for n in FULL))
    return any(sign in str(error) for sign in signs)


def harmless_name(text: str, otherwise: str) -> str:
    """A network's name as a file's: it may come from an untrusted source, and hold anything."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text)[:60].strip("_") or otherwise


def real_path(path: Path) -> Path:
    """Where a file really lies: what a link points to is written, not the link replaced."""
    return Path(os.path.realpath(path))


def check_regular(path: Path, kind: str) -> None:
    """Refuse a path that is there and is not a file: ``kind`` says what is to be written.

    Raises
    ------
    ArgumentError
    """
    if path.is_dir():
        raise ArgumentError(
            f"{path} is a folder, not a place for a {kind}", hint="name a file in it"
        )
    if path.exists() and not path.is_file():
        raise ArgumentError(f"{path} is not a regular file", hint="name another file")


def check_replaceable(
    path: Path, *, overwrite: bool, is_ours: Callable[[Path], bool], kind: str, hint: str
) -> bool:
    """Refuse to write onto something that exists, unless asked to replace one of our own files.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Whether the user asked to replace it.
    is_ours : callable
        Whether an existing file is one that we wrote.
    kind : str
        What is to be written, in words.
    hint : str
        What to do instead of overwriting.

    Returns
    -------
    bool
        Whether there is something to replace; an empty file (as made by tempfile) is nothing.

    Raises
    ------
    ArgumentError
    """
    check_regular(path, kind)
    if not path.exists() or path.stat().st_size == 0:
        return False
    if not is_ours(path):
        raise ArgumentError(
            f"{path} exists and is not a {kind} of pygenn_lite; it is left as it is",
            hint="name another file, or delete this one yourself",
        )
    if not overwrite:
        raise ArgumentError(f"the {kind} {path} exists already", hint=hint)
    return True


def name_beside(target: Path) -> Path:
    """A name for a file that will take the place of another; with the same ending, and hidden."""
    return target.with_name(f".{target.stem[:100]}.{os.urandom(4).hex()}{target.suffix}")


@contextlib.contextmanager
def written_at_once(path: Path) -> Iterator[Path]:
    """A file beside ``path``, with the same ending, that takes its place when the block is done.

    When the block fails, what was there before is left as it was, and the other is deleted.
    """
    target = real_path(path)
    if target.exists() and not target.is_file():
        raise FileExistsError(errno.EEXIST, "there is something that is not a regular file")
    aside = name_beside(target)
    try:
        os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except OSError as error:  # the name that the user knows
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        yield aside
        put_in_place(aside, target)
    finally:
        aside.unlink(missing_ok=True)


def put_in_place(aside: Path, target: Path) -> None:
    """Let a file that is written take the place of another, also if the power fails meanwhile."""
    with aside.open("rb") as written:
        os.fsync(written.fileno())
    if target.exists():
        shutil.copymode(target, aside)
    aside.replace(target)


class FileClaim:
    """The right to write a file, which no other process, and no other run, has meanwhile.

    A lock file ``.NAME.lock`` beside it says who has it; the system lets go of the lock when the
    process ends, however it ends. File systems without locks are used without.

    Parameters
    ----------
    path : Path
        The file that will be written.

    Raises
    ------
    SimulationError
        Somebody else is writing it.
    """

    def __init__(self, path: Path) -> None:
        target = real_path(path)
        self._lock = target.with_name(f".{target.name}.lock")
        self._descriptor: int | None = None
        while self._descriptor is None:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            try:
                self._take(descriptor, path)
            except BaseException:
                os.close(descriptor)
                raise
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(_this_process()).encode(), 0)

    def release(self) -> None:
        """Let others write the file."""
        if self._descriptor is not None:
            self._lock.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # explicitly: a forked child has a copy
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self, descriptor: int, path: Path) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SimulationError(
                f"{path} is being written by {_holder(descriptor)}",
                hint="wait until it ends, or give each run a file of its own",
            ) from None
        except OSError:  # no locks here
            self._descriptor = descriptor
            return
        with contextlib.suppress(FileNotFoundError):
            # Whoever had it before may have deleted this very file just now.
            if os.path.samestat(os.fstat(descriptor), os.stat(self._lock)):
                self._descriptor = descriptor
                return
        os.close(descriptor)


def _this_process() -> dict[str, str | int]:
    now = datetime.datetime.now(datetime.UTC)
    return {"pid": os.getpid(), "host": os.uname().nodename, "since": f"{now:%Y-%m-%d %H:%M:%S}"}


def _holder(descriptor: int) -> str:
    try:
        found = json.loads(os.pread(descriptor, 4096, 0))
        return (
            f"process {int(found['pid'])} on {str(found['host'])[:80]!r} since "
            f"{str(found['since'])[:40]} UTC"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
