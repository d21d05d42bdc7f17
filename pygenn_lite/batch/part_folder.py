"""What a process writes while it does runs: the part of the table for each chunk, and files of what
was kept. Nothing is written once the folder belongs to another."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pygenn_lite.batch.tables import as_bytes, table_of, write_bytes
from pygenn_lite.batch.work import Work
from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import BatchError
from pygenn_lite.runtime.results.provenance import NetworkText, Provenance
from pygenn_lite.runtime.results.result import Result

PARTS, KEPT, LEASE = "parts", "runs", "owner"
_NAME = re.compile(r"([0-9a-f]{16})-(\d+)-(\d+)\.parquet")


class PartFolder:
    """A batch's folder, as who does runs sees it.

    Parameters
    ----------
    path : Path or None
        None: what is to be written is kept in `files`.
    token : str
        Of whoever asked for the runs.
    """

    def __init__(self, path: Path | None, token: str) -> None:
        self.path, self.token = path, token
        self.files: dict[str, bytes] = {}

    @classmethod
    def of(cls, work: Work) -> PartFolder:
        """That of a batch."""
        return cls(Path(work.folder) if work.folder else None, work.token)

    def written(self, digest: str) -> tuple[int, int] | None:
        """How many runs of a chunk were done, and how many failed; None: it is not written."""
        if self.path is not None:
            for part in (self.path / PARTS).glob(f"{digest}-*.parquet"):
                counts = counts_of(part.name)
                if counts is not None:
                    return counts
        return None

    def write_part(self, digest: str, rows: Sequence[dict[str, Any]], failed: int) -> None:
        """Write the rows of a chunk, all at once.

        Raises
        ------
        BatchError
            The folder belongs to another by now.
        """
        content = as_bytes(table_of(rows))
        self._write(f"{PARTS}/{digest}-{len(rows) - failed}-{failed}.parquet", content)

    def keep(self, run: str, network: Network, result: Result) -> None:
        """Write the file of what a run recorded."""
        given, left_out = result.provenance, ("instance", "seeds")
        known = {key: partial(given.__getitem__, key) for key in given if key not in left_out}
        own = Provenance({**known, "network": NetworkText(network), "run": run})
        result = replace(result, provenance=own)
        name = f"{KEPT}/{run}.h5"
        if self.path is not None:
            self._check_owner()
            result.save(self.path / name, overwrite=True)
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "result.h5"
            result.save(path)
            self.files[name] = path.read_bytes()

    def _write(self, name: str, content: bytes) -> None:
        if self.path is None:
            self.files[name] = content
            return
        self._check_owner()
        write_bytes(self.path / name, content)

    def _check_owner(self) -> None:
        assert self.path is not None
        owner = (self.path / LEASE).read_text(encoding="utf-8")
        if owner != self.token:
            raise BatchError(
                f"{self.path} belongs to another process by now; what was done for the former one "
                "is not written"
            )


def counts_of(name: str) -> tuple[int, int] | None:
    """How many runs of a part were done, and how many failed, from its name."""
    match = _NAME.fullmatch(name)
    return None if match is None else (int(match[2]), int(match[3]))
