"""What a shell offers to complete a word of the command line with."""

from __future__ import annotations

from pathlib import Path


def network_names_or_files(incomplete: str) -> list[str]:
    """Networks of the library, and YAML files and folders that begin like this."""
    from pygenn_lite.models import network_names

    folder = Path(incomplete) if incomplete.endswith("/") else Path(f"{incomplete}x").parent
    files: list[str] = []
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                files.append(f"{path}/")
            elif path.suffix in (".yaml", ".yml"):
                files.append(str(path))
    return _matching([*network_names(), *files], incomplete)


def library_names(incomplete: str) -> list[str]:
    """Models and networks of the library."""
    from pygenn_lite import models

    registries = (*models.LIBRARY.values(), models.network_names())
    return _matching([name for registry in registries for name in registry], incomplete)


def backend_names(incomplete: str) -> list[str]:
    """Backends."""
    from pygenn_lite.runtime.backends import BACKENDS

    return _matching(["auto", *BACKENDS], incomplete)


def precision_names(incomplete: str) -> list[str]:
    """Types of numbers."""
    from pygenn_lite.runtime.backends import PRECISIONS

    return _matching(PRECISIONS, incomplete)


def _matching(names: list[str] | tuple[str, ...], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
