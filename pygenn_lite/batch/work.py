"""What a process needs to do some runs of a sweep, and what it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import field

from pygenn_lite.batch.sweep_spec import Run, SweepSpec
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Work:
    """What all chunks of a batch have in common; it is sent to each process once.

    Attributes
    ----------
    spec : SweepSpec
    folder : str
        The batch's; empty where a process cannot write there: what is to be written is part of its
        answer.
    token : str
        Of whoever asks for it; nothing is written once the folder belongs to another.
    threads : int
        Of one process.
    """

    spec: SweepSpec
    folder: str
    token: str
    threads: int | None = None


@dataclass(frozen=True)
class ChunkJob:
    """Runs that are done together, as instances of as few compiled networks as they need."""

    work: Work
    runs: Sequence[Run]

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of these runs: what their part is called."""
        return chunk_digest(self.runs)


@dataclass(frozen=True)
class ChunkReport:
    """What came of a chunk, for whoever plans the next.

    Attributes
    ----------
    digest : str
    done, failed : int
        Runs.
    seconds : float
        Wall time of all.
    preparing : float
        Of these, those that went into compiling.
    bytes_each : int
        Memory of one run, about.
    resident : int
        Most memory that the process had, bytes.
    worker : str
    faults : mapping of str to int
        Errors of measures, and how many runs had them.
    files : mapping of str to bytes
        What is to be written, by names in the folder, where the process could not do it.
    """

    digest: str
    done: int
    failed: int
    seconds: float
    preparing: float = 0.0
    bytes_each: int = 0
    resident: int = 0
    worker: str = ""
    faults: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


def chunk_digest(runs: Sequence[Run]) -> str:
    """16 hexadecimal digits of the identities of some runs."""
    return hashlib.sha256(" ".join(run.id for run in runs).encode()).hexdigest()[:16]
