"""What ``batch.json`` says of a batch: made from its sweep, read, compared with another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pygenn_lite.batch.search.search_about import search_description
from pygenn_lite.batch.sweep_spec import Group, SweepSpec
from pygenn_lite.batch.value_text import as_text
from pygenn_lite.batch.work import chunk_digest
from pygenn_lite.errors import BatchFolderError, Location
from pygenn_lite.runtime.card_options import NO_CARD
from pygenn_lite.runtime.results.provenance import package_version

FORMAT = "pygenn_lite batch 1"
ABOUT = "batch.json"
MAY_DIFFER = ("optuna", "cluster")  # in what continues a batch


def about_batch(spec: SweepSpec, groups: Sequence[Group]) -> dict[str, Any]:
    """What the folder of a sweep will say; what continues the batch must say the same."""
    how, search = spec.run, spec.search
    runs = [run for group in groups for run in group.runs]
    return {
        "format": FORMAT,
        "version": package_version(),
        "network": spec.source.name,
        "digest": spec.source.digest,
        "runs": len(runs),
        "groups": len(groups),
        "plan": chunk_digest(sorted(runs, key=lambda run: run.index)),
        **({} if search is None else search_description(spec, search)),
        "swept": list(spec.names),
        "measures": {request.name: as_text(dict(request.options)) for request in spec.measures},
        "keep": {"spikes": spec.keep_spikes.text, "traces": spec.keep_traces.text},
        "record": list(spec.record),
        "cluster": dict(spec.cluster),
        "run": {
            "duration": how.duration,
            "warmup": how.warmup,
            "backend": how.backend,
            "precision": how.precision,
            "connectivity": how.connectivity,
            **({"card": asdict(how.card)} if how.card != NO_CARD else {}),
        },
    }


def read_about(path: Path) -> dict[str, Any]:
    """What a folder says of its batch.

    Raises
    ------
    BatchFolderError
        There is no batch, or one in another format.
    """
    where = Location(str(path))
    try:
        found = json.loads((path / ABOUT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BatchFolderError(
            "there is no batch in this folder", where=where, hint="pygenn-lite batch FILE makes one"
        ) from None
    except (ValueError, NotADirectoryError):
        found = {}
    if not isinstance(found, dict) or "format" not in found:
        raise BatchFolderError(
            f"{ABOUT} is not that of a batch of pygenn_lite",
            where=where,
            hint="give the folder of a batch",
        )
    if found["format"] != FORMAT:
        raise BatchFolderError(
            f"the batch was made by another version of pygenn_lite: its format is "
            f"{found['format']!r:.60}, not {FORMAT!r}",
            where=where,
            hint="use that version, or run the sweep again in another folder",
        )
    return found


def check_same(path: Path, about: Mapping[str, Any]) -> None:
    """Refuse to continue the batch of another sweep, or of another version.

    Raises
    ------
    BatchFolderError
        With the first that differs.
    """
    found, where = read_about(path), Location(str(path))
    if found.get("version") != about["version"]:
        raise other_version(path, found.get("version"))
    different = [n for n in about if n not in MAY_DIFFER and found.get(n) != about[n]]
    if different:
        raise BatchFolderError(
            f"the folder holds the batch of another sweep: it differs in {different[0]}",
            where=where,
            hint="give another folder, or delete this one yourself",
        )


def other_version(path: Path, begun: Any) -> BatchFolderError:
    """Return (not raise) the error that a batch was begun with another version."""
    return BatchFolderError(
        f"the batch was begun with version {begun!s:.40} of pygenn_lite; this is "
        f"{package_version()}",
        where=Location(str(path)),
        hint="resume it with that version, or run the sweep again in another folder",
    )
