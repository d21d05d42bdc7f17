"""What a shell offers to complete a word of the command line with."""

from __future__ import annotations

from pathlib import Path


def network_names_or_files(incomplete: str) -> list[str]:
    """Networks of the library, and YAML files and folders that begin like this."""
    from pygenn_lite.models import network_names

    return _matching([*network_names(), *_files(incomplete)], incomplete)


def task_names_or_files(incomplete: str) -> list[str]:
    """Tasks of the library, and YAML files and folders that begin like this."""
    from pygenn_lite.training.tasks import TASKS

    return _matching([*TASKS, *_files(incomplete)], incomplete)


def sweep_files(incomplete: str) -> list[str]:
    """YAML files and folders that begin like this."""
    return _matching(_files(incomplete), incomplete)


def _files(incomplete: str) -> list[str]:
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
    return files


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


def schema_names(incomplete: str) -> list[str]:
    """Kinds of files that have a schema."""
    from pygenn_lite.cli.schema_command import KINDS

    return _matching([*KINDS], incomplete)


def _matching(names: list[str] | tuple[str, ...], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
