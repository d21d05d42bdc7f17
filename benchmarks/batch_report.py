"""Time and size of the report of a batch: ``python benchmarks/batch_report.py [RUNS]``.

The batch is made by hand: a grid of two values with five seeds, three measures, every 97th run
failed, 100 runs kept with 20,000 spikes each. The time is that of a fresh process, from the import
of the reports on; that which it takes to make the results is not counted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reports"))
from reported import MadeBatch, grid, make_network, make_result, make_table

import pygenn_lite as pg


class Prepared(MadeBatch):
    """Its results are made beforehand."""

    one: pg.Result

    def result(self, run: int | str) -> pg.Result:
        return self.one


def main() -> None:
    """Write the page once, and print what it took."""
    import numpy as np

    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seeds = 5
    side = max(2, round((runs / seeds) ** 0.5))
    values = grid(
        g=np.linspace(3, 8, side), nu_ext=np.geomspace(0.5, 4, runs // seeds // side),
        seed=range(seeds),
    )  # fmt: skip
    table = make_table(values, fail_every=97)
    with tempfile.TemporaryDirectory() as folder:
        kept = range(0, len(table), max(1, len(table) // 100))
        batch = Prepared(Path(folder), table, list(values), kept=kept)
        batch.one = make_result(make_network(), 10_000, provenance={})
        start = time.perf_counter()
        from pygenn_lite.reports import write_batch_report

        path = write_batch_report(batch, Path(folder) / "report.html")
        seconds = time.perf_counter() - start
        size = path.stat().st_size / 1e6
        print(f"{len(table):,} runs, {len(batch.kept)} kept: {seconds:.2f} s, {size:.2f} MB")


if __name__ == "__main__":
    main()
