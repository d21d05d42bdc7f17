"""Finds, reads, changes and builds a network file: the whole way from a name to a Network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from pygenn_lite.declaration import Network
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import FileFormatError, Location
from pygenn_lite.models import network_file, network_names
from pygenn_lite.yaml_format.document import MAX_CHARACTERS, Document, parse_document
from pygenn_lite.yaml_format.network_builder import build_network
from pygenn_lite.yaml_format.old_keys import rename_old_keys
from pygenn_lite.yaml_format.overrides import apply_overrides
from pygenn_lite.yaml_format.settings import RunSettings


def load_network(
    source: str | Path | IO[Any], set: Mapping[str, Any] | None = None
) -> tuple[Network, RunSettings]:
    """Load a network from the library, a YAML file, or YAML text.

    Parameters
    ----------
    source : str, Path or open file
        A name of the library (``"microcircuit"``), a file, or text of several lines. Of an open
        file (``sys.stdin``, say) all is read that is left. Files that the network names are looked
        for beside it; for text, and a stream that is not a file, in the working directory.
    set : mapping of str to value, optional
        Changes by path, e.g. ``{"populations.exc.size": 100, "connections[0].weight": 2.0}``.

    Returns
    -------
    network : Network
        The declaration.
    settings : RunSettings
        How to run it, and reference rates (published ones, say).

    Raises
    ------
    DeclarationError
        Naming file, line and key, and the nearest known name.

    Examples
    --------
    >>> network, settings = load_network('''
    ... models: {lif: {use: LIF}}
    ... populations: {exc: {size: 10, model: lif}}
    ... run: {duration: 20}
    ... ''')
    >>> network.populations["exc"].size, settings.duration
    (10, 20.0)
    """
    document = read_document(source)
    rename_old_keys(document, changed=False)
    apply_overrides(document, {} if set is None else set)
    rename_old_keys(document)
    return build_network(document)


def read_document(source: str | Path | IO[Any]) -> Document:
    """Parse the YAML of a library name, a file, or text."""
    if hasattr(source, "read") and not isinstance(source, str | Path):
        return _read_stream(source)
    if isinstance(source, str) and ("\n" in source or ": " in source):
        return parse_document(source)
    return read_document_file(find_network_file(source))


def read_document_file(path: Path) -> Document:
    """Parse the YAML of a file."""
    try:
        if path.stat().st_size > MAX_CHARACTERS:
            raise FileFormatError(
                f"the file is larger than {MAX_CHARACTERS:,} bytes",
                where=Location(str(path)),
                hint="keep large arrays in a file of their own and name it",
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileFormatError(
            f"cannot read the file: {error.strerror}", where=Location(str(path))
        ) from None
    except UnicodeDecodeError:
        raise _not_text(str(path)) from None
    return parse_document(text, str(path), path.parent)


def _read_stream(stream: IO[Any]) -> Document:
    name = str(getattr(stream, "name", "<stream>"))
    try:
        text = stream.read(MAX_CHARACTERS + 1)
        text = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        raise _not_text(name) from None
    except (OSError, ValueError) as error:
        raise FileFormatError(f"cannot read the file: {error}", where=Location(name)) from None
    path = Path(name)
    return parse_document(text, name, path.parent if path.is_file() else None)


def _not_text(name: str) -> FileFormatError:
    return FileFormatError(
        "the file is not UTF-8 text",
        where=Location(name),
        hint="give a network as YAML; a result file is drawn by 'pygenn-lite plot'",
    )


def find_network_file(source: object) -> Path:
    """Return the file of a library name or path.

    Raises
    ------
    FileFormatError
        With the nearest name of the library.
    """
    if not isinstance(source, (str, Path)):
        raise FileFormatError(
            f"{source!r} is not a name, a file or the text of a network",
            where=Location.of("load_network"),
            hint="give the name of a library network, a path, or YAML text",
        )
    if isinstance(source, str) and source in network_names():
        return network_file(source)
    hint = f"known networks: {', '.join(network_names())}; or give a YAML file"
    shown = str(source)[:200]
    try:
        path = Path(source)
        if "\0" in shown:
            raise ValueError("a NUL byte")
        if path.is_file():
            return path
        if path.is_dir():
            raise FileFormatError(f"'{shown}' is a folder, not a network file", hint=hint)
    except (ValueError, OSError):  # or a name longer than the system allows
        raise FileFormatError(f"{shown!r} is not a valid file name", hint=hint) from None
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        raise FileFormatError(f"there is no file '{shown}'", hint=hint)
    near = nearest(shown, network_names())
    raise FileFormatError(f"no network is called '{shown}'{near}", hint=hint)
