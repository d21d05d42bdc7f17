"""``pygenn-lite schema``: the JSON Schema of network files and of sweeps, for editors."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from pygenn_lite.cli.output import write_line
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.runtime.results.files import as_path, check_replaceable, written_at_once

KINDS = {
    "network": "pygenn_lite.yaml_format.json_schema:network_schema",
    "sweep": "pygenn_lite.batch.sweep_file:sweep_schema",
}


def show_schema(kind: str, out: Path | None) -> None:
    """Print the schema of one kind of file, or write it.

    Raises
    ------
    ArgumentError
        There is no such kind, or the file is there and is not a schema of ours.
    SimulationError
        The file cannot be written.
    """
    if kind not in KINDS:
        raise ArgumentError(f"there is no schema '{kind}'{nearest_or_all(kind, KINDS)}")
    module, _, function = KINDS[kind].partition(":")
    text = json.dumps(getattr(import_module(module), function)(), indent=2)
    if out is None:
        write_line(text)
        return
    check_replaceable(as_path(out), overwrite=True, is_ours=_is_schema, kind="JSON Schema", hint="")
    try:
        with written_at_once(out) as path:
            path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SimulationError(f"cannot write {out}: {error.strerror}") from None
    write_line(str(out))


def _is_schema(path: Path) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and str(found.get("title", "")).endswith("of pygenn_lite")
