"""What is said of files with users' data that are missing or broken: nothing here downloads
anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pygenn_lite.errors import ArgumentError, FileFormatError, Location, PygennLiteError


def existing_folder(folder: str | Path, name: str, url: str, files: Sequence[str]) -> Path:
    """The folder of a dataset.

    Raises
    ------
    ArgumentError
        There is none.
    """
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise missing_files(path, name, url, files)
    return path


def missing_files(folder: Path, name: str, url: str, files: Sequence[str]) -> ArgumentError:
    """The error where files of a dataset are missing: where to get them, and what the folder should
    look like."""
    layout = "".join(f"\n    {folder}/{file}" for file in files)
    there = "is not a folder" if not folder.is_dir() else "does not hold them"
    return ArgumentError(
        f"the files of {name} are missing: {folder} {there}",
        where=Location.of(name),
        hint=f"get them from {url}, so that there are{layout}",
    )


def checked_part(part: str, parts: Sequence[str], name: str) -> str:
    """A part of a dataset: "train", "test", ...

    Raises
    ------
    ArgumentError
        It has no such part.
    """
    if part not in parts:
        raise ArgumentError(
            f"part = {part!r}", where=Location.of(name), hint=f"give one of {', '.join(parts)}"
        )
    return part


def broken_file(path: Path, what: str, url: str = "") -> FileFormatError:
    """The error where a file is there, and is not what it should be."""
    again = f"get it again from {url}" if url else "get the file again"
    return FileFormatError(what, where=Location(str(path)), hint=again)


@contextmanager
def named_file(path: Path, hint: str) -> Iterator[None]:
    """What does not fit among data of a file (a label, a channel) is said of that file.

    Raises
    ------
    FileFormatError
    """
    try:
        yield
    except FileFormatError:
        raise
    except (TypeError, ValueError) as error:  # arrays of another kind or shape
        message = f"it cannot be read: {error}"
        raise FileFormatError(message, where=Location(str(path)), hint=hint) from error
    except PygennLiteError as error:
        where = error.where.inside(Location(str(path)))
        raise FileFormatError(error.message, where=where, hint=hint) from error
