"""Results and batches to report on, made by hand: nothing is compiled."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas

import pygenn_lite as pg
from pygenn_lite.runtime.results.recorded_data import SpikeCounts, SpikeTrain


def make_network() -> pg.Network:
    """80 and 20 neurons that excite and inhibit each other."""
    net = pg.Network(dt=0.1, seed=7, name="small")
    exc = net.population("exc", 80, pg.LIF(tau=20.0))
    inh = net.population("inh", 20, pg.LIF())
    net.connect(exc, inh, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.1), weight=1.0)
    net.connect(inh, exc, pg.ExponentialCurrent(10.0), pg.FixedProbability(0.2), weight=-2.0)
    net.current(exc, 400.0)
    net.record(exc.spikes, inh.spikes, exc["V"][:3])
    return net


def make_result(network: pg.Network, number: int = 500, **changes: object) -> pg.Result:
    """A run of 500 ms with spikes drawn at random."""
    rng = np.random.default_rng(1)
    sizes = {name: p.size for name, p in network.populations.items()}
    trains = {}
    for name, size in sizes.items():
        steps = np.sort(rng.integers(1, 5001, number))
        indices = rng.integers(0, size, number).astype(np.uint32)
        trains[name] = SpikeTrain(steps, indices, 0.1, range(size))
    counts = SpikeCounts(np.array([0, 5000]), {name: np.array([0, number]) for name in sizes})
    given: dict[str, object] = {
        "dt": 0.1, "start_step": 0, "stop_step": 5000, "sizes": sizes, "spikes": trains,
        "traces": {}, "counts": counts, "fully_recorded": frozenset(sizes), "name": network.name,
    }  # fmt: skip
    if "provenance" not in changes:
        given["provenance"] = {
            "seed": 7, "host": "bench", "command": "pygenn-lite run small",
            "network": pg.dump_network(network),
        }  # fmt: skip
    return pg.Result(**{**given, **changes})  # type: ignore[arg-type]


# ------------------------------------------------------------------ batches


@dataclasses.dataclass
class Counts:
    """How far a batch has come."""

    planned: int
    done: int
    failed: int


class MadeBatch:
    """A batch that nobody ran: a table, and one result that stands for all runs that were kept."""

    def __init__(
        self, path: Path, table: pandas.DataFrame, swept: Sequence[str], kept: Sequence[int] = ()
    ) -> None:
        self.path, self.table, self.swept = path, table, list(swept)
        known = ("run", "id", "status", "error", "seconds", "worker", "host", "finished", "version")
        self.measures = [n for n in table.columns if n not in (*known, *swept)]
        self.kept = [str(table["id"].iloc[row]) for row in kept]
        self.left = 5
        self._network: pg.Network | None = None

    def result(self, run: int | str) -> pg.Result:
        number = int(self.table.loc[self.table["id"] == run, "run"].iloc[0])
        if self._network is None:
            self._network = make_network()
        return make_result(self._network, 100 + 10 * (number % 20), provenance={})

    def status(self) -> Counts:
        done, failed = (int((self.table["status"] == s).sum()) for s in ("done", "failed"))
        return Counts(len(self.table) + self.left, done, failed)


def make_table(values: Mapping[str, Any], fail_every: int = 0) -> pandas.DataFrame:
    """A table of runs whose measures follow from their swept values."""
    number = len(next(iter(values.values())))
    rng = np.random.default_rng(3)
    runs = np.arange(number)
    columns = [np.asarray(v, float) for v in values.values() if not isinstance(v[0], str)]
    drive = sum(column / max(np.abs(column).max(), 1e-9) for column in columns)
    failed = (runs % fail_every == fail_every - 1) if fail_every else np.zeros(number, bool)
    rates = 20.0 * drive + rng.normal(0, 0.5, number)
    start = pandas.Timestamp("2026-11-27T10:00:00Z")
    return pandas.DataFrame(
        {
            "run": runs,
            "id": [f"{n:016x}" for n in runs],
            **values,
            "status": np.where(failed, "failed", "done"),
            "error": np.where(failed, "V became NaN at 12.3 ms", ""),
            "rates.exc": np.where(failed, np.nan, rates),
            "rates.inh": np.where(failed, np.nan, 1.5 * rates),
            "cv_isi.exc": np.where(failed, np.nan, np.tanh(rates / 20)),
            "seconds": rng.gamma(20.0, 0.002, number),
            "worker": [f"worker-{n % 2}" for n in runs],
            "host": "bench",
            "finished": start + pandas.to_timedelta(runs * 0.02, unit="s"),
            "version": "0.1.0",
        }
    )


def grid(**levels: Sequence[Any]) -> dict[str, Any]:
    """All combinations, the last name the fastest."""
    found = list(itertools.product(*levels.values()))
    return {name: [row[n] for row in found] for n, name in enumerate(levels)}
