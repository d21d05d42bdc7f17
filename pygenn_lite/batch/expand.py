"""From a sweep to its runs: counted, combined, constrained, identified, each once. No network is
built for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

from pygenn_lite.batch.sweep_spec import Run, SweepSpec
from pygenn_lite.batch.value_text import as_text
from pygenn_lite.codegen.plan.memory import available_memory, readable
from pygenn_lite.errors import Location, SweepError
from pygenn_lite.runtime.results.provenance import package_version

# Beyond it the command line asks, and Python wants to be told.
MANY_RUNS = 1_000_000
_AT_ONCE = 100_000
RUN_BYTES, ROW_BYTES = 1000, 100  # that a planned run, and a row of a dimension, take, about


def expand(spec: SweepSpec, *, most: int | None = MANY_RUNS) -> list[Run]:
    """All runs of a sweep.

    Parameters
    ----------
    spec : SweepSpec
    most : int, optional
        How many combinations may be tried; None: any number.

    Returns
    -------
    list of Run
        In the order of the dimensions, the last one changing fastest; of several with the same
        identity only the first.

    Raises
    ------
    SweepError
        Too many, or none; or one that is to be kept is none of them.
    """
    check_count(spec, most)
    if spec.search is not None:
        raise SweepError(
            "the runs of a search are not known before it is made", where=Location(spec.origin),
            hint="pg.Search.load(FILE).run(), or pygenn-lite batch FILE",
        )  # fmt: skip
    _check_memory(spec)
    identity = Identity(spec)
    names = spec.names
    runs: list[Run] = []
    seen: set[str] = set()
    for rows in _blocks(spec):
        for values in _allowed(spec, names, rows):
            found = identity.of(values)
            if found not in seen:
                seen.add(found)
                runs.append(Run(len(runs), found, values))
    if not runs:
        conditions = ", ".join(f"'{c.text}'" for c in spec.constraints)
        raise SweepError(
            f"none of the {spec.count:,} combinations fulfils the constraints",
            where=Location(spec.origin), hint=f"look at {conditions}",
        )  # fmt: skip
    _check_kept(spec, runs)
    return runs


def check_count(spec: SweepSpec, most: int | None = MANY_RUNS) -> None:
    """Refuse a sweep of absurd size before anything is made of it.

    Raises
    ------
    SweepError
        With the count, and what makes it.
    """
    if most is not None and spec.count > most:
        factors = " x ".join(f"{d.count:,} ({', '.join(d.names)})" for d in spec.dimensions)
        if spec.search is not None:
            factors = " x ".join(filter(None, [f"{spec.search.runs:,} trials", factors]))
        raise SweepError(
            f"the sweep has {spec.count:,} runs: {factors}",
            where=Location(spec.origin),
            hint=f"more than {most:,} are done only when asked for: --yes, or yes=True in Python",
        )


def _check_memory(spec: SweepSpec) -> None:
    """Refuse a sweep whose plan no memory of this machine holds, whoever asks for it."""
    rows = sum(dimension.count for dimension in spec.dimensions)
    runs = 0 if spec.constraints else spec.count  # they may leave few
    needed, memory = RUN_BYTES * runs + ROW_BYTES * rows, available_memory()
    if memory is not None and needed > memory:
        raise SweepError(
            f"the plan of {spec.count:,} runs would take about {readable(needed)} of memory, and "
            f"there are {readable(memory)}",
            where=Location(spec.origin),
            hint="divide it into several sweeps",
        )


def _check_kept(spec: SweepSpec, runs: Sequence[Run]) -> None:
    """Refuse to keep what there is not: a number or an identity that no run has."""
    known: set[int | str] = {*range(len(runs)), *(run.id for run in runs)}
    for keep in (spec.keep_spikes, spec.keep_traces):
        for run in keep.runs:
            if run not in known:
                raise SweepError(
                    f"keep: there is no run {run!r:.40}", where=Location(spec.origin),
                    hint=f"give numbers from 0 to {len(runs) - 1:,}, or identities as text",
                )  # fmt: skip


def _blocks(spec: SweepSpec) -> Iterator[list[tuple[Any, ...]]]:
    """The combinations, some at a time."""
    combined = product(*(dimension.rows() for dimension in spec.dimensions))
    flat = (tuple(value for row in rows for value in row) for rows in combined)
    while block := list(islice(flat, _AT_ONCE)):
        yield block


def _allowed(
    spec: SweepSpec, names: Sequence[str], rows: list[tuple[Any, ...]]
) -> Iterator[dict[str, Any]]:
    kept: Any = range(len(rows))
    if spec.constraints:
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        masks = [constraint.mask(columns) for constraint in spec.constraints]
        kept = [k for k in kept if all(mask[k] for mask in masks)]
    for k in kept:
        yield dict(zip(names, rows[k], strict=True))


class Identity:
    """Tells runs apart: 16 hexadecimal digits of the network, the values, the way it is run, and
    the version of this package."""

    def __init__(self, spec: SweepSpec) -> None:
        source, run = spec.source, spec.run
        how = (run.duration, run.warmup, run.precision, run.connectivity)
        head = json.dumps([source.digest, [str(part) for part in how], package_version()])
        self._head = hashlib.sha256(head.encode())
        canonical = [(source.canonical(name), name) for name in spec.names]
        self._names = sorted(canonical)
        self._text: dict[Any, str] = {}

    def of(self, values: Mapping[str, Any]) -> str:
        """The identity of the run with these values."""
        digest = self._head.copy()
        for canonical, name in self._names:
            digest.update(f"\0{canonical}\0{self._spelled(values[name])}".encode())
        return digest.hexdigest()[:16]

    def _spelled(self, value: Any) -> str:
        """A value as text, the same for 5 and 5.0."""
        if type(value) is int or type(value) is float:
            return as_text(value)
        try:
            found = self._text.get(value)
        except TypeError:  # a list, say
            return as_text(value)
        if found is None:
            found = self._text[value] = as_text(value)
        return found
