"""One line per commit and machine: appends what `results.json` holds to `history.csv`.

Run it after `run.py`. A line that the same commit and machine already have is replaced.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

from variant import OURS

FOLDER = Path(__file__).resolve().parent
CONDITIONS = ("commit", "date", "cpu", "cores", "code")
KEY = ("commit", "cpu", "code")


def main() -> int:
    """Write the lines of all kinds of machines in results.json."""
    results = json.loads((FOLDER / "results.json").read_text())
    path = FOLDER / "history.csv"
    old = list(csv.DictReader(path.open())) if path.exists() else []
    lines = {_key(line): line for line in old}
    for kind in results["kinds"].values():
        for line in lines_of(kind):
            lines[_key(line)] = {**lines.get(_key(line), {}), **line}
    write(path, list(lines.values()))
    return 0


def lines_of(kind: dict[str, Any]) -> list[dict[str, str]]:
    """Ours of one kind of machine: wall seconds per simulated second, by variant and threads."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for name, variant in kind["variants"].items():
        conditions = {key: str(variant["conditions"].get(key, "")) for key in CONDITIONS}
        line = found.setdefault(_key(conditions), conditions)
        for row in variant["rows"]:
            if row["simulator"] == OURS and row.get("per_second"):
                line[f"{name}, {row['threads']} threads"] = f"{row['per_second']:.4g}"
    return list(found.values())


def write(path: Path, lines: list[dict[str, str]]) -> None:
    """All lines, with a column for everything that one of them has."""
    columns = [*CONDITIONS, *sorted({key for line in lines for key in line} - set(CONDITIONS))]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(lines, key=lambda line: (line["date"], line["commit"])))


def _key(line: dict[str, str]) -> tuple[str, ...]:
    return tuple(line.get(key, "") for key in KEY)


if __name__ == "__main__":
    sys.exit(main())
