"""Measures pygenn_lite beside Brian2, NEST and GeNN, and writes RESULTS.md and results.json.

    python benchmarks/run.py --list
    python benchmarks/run.py cuba-4k pd14-10 --peers-python /path/to/python
    python benchmarks/run.py all

Run it with the interpreter that has pygenn_lite's dependencies. The peers live in an environment of
their own (``pip install brian2 nest-simulator``; GeNN is built from its source, if wanted), whose
interpreter is given by --peers-python or the environment variable PEERS_PYTHON; without one only
pygenn_lite is measured. A peer that cannot be built is reported and left out.

Exit code 1: the simulators' rates differ by more than a variant allows, so that the times would not
be comparable, or pygenn_lite itself failed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from contest import Settings, first_steps, run_variant
from machine import conditions, kind_of
from report import (
    first_step_lines,
    rates_agree,
    results_text,
    speed_up_lines,
    summary_lines,
    variant_lines,
    variant_record,
)
from variant import OURS, Variant

HERE = Path(__file__).resolve().parent
CASES = ("cuba", "cobahh", "pd14", "izhikevich", "neuron_update", "scaling")
FIRST_STEP = "first-step"


def variants() -> dict[str, Variant]:
    """All variants by name."""
    found = (v for case in CASES for v in import_module(f"cases.{case}").VARIANTS)
    return {variant.name: variant for variant in found}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("names", nargs="*", help="variants, or 'all' (without scaling-*)")
    parser.add_argument("--list", action="store_true", help="list the variants and stop")
    parser.add_argument(
        "--peers-python",
        default=os.environ.get("PEERS_PYTHON"),
        help="interpreter of the environment with Brian2, NEST, GeNN",
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--patience",
        type=float,
        default=15.0,
        help="a contestant that needs more seconds than this is measured twice only",
    )
    parser.add_argument(
        "--only", default="", help="simulators, with commas: pygenn_lite,brian2,nest,genn"
    )
    parser.add_argument("--all", action="store_true", help="optional contestants too (NEST, PD14)")
    parser.add_argument("--duration", type=float, help="ms a repeat, instead of the variant's")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument(
        "--results",
        type=Path,
        default=HERE / "results.json",
        help="where results are kept; RESULTS.md is written beside it",
    )
    return parser.parse_args()


def load(path: Path) -> dict[str, Any]:
    """What is known of all kinds of machines, that of the latest one under "present"."""
    results = dict(json.loads(path.read_text())) if path.exists() else {"kinds": {}}
    if "kinds" not in results:  # written when there was one kind
        kind = kind_of(next(iter(results["variants"].values()))["conditions"])
        results = {"kinds": {kind: results}, "present": kind}
    return results


def save(results: dict[str, Any], path: Path, order: list[str]) -> None:
    """Write both files, the variants in their usual order."""
    for of_kind in results["kinds"].values():
        known = of_kind["variants"]
        of_kind["variants"] = {name: known[name] for name in order if name in known}
    path.write_text(json.dumps(results, indent=1) + "\n")
    (path.parent / "RESULTS.md").write_text(results_text(results))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    options = arguments()
    known = variants()
    if options.list or not options.names:
        for variant in known.values():
            print(f"{variant.name:24} {variant.title}")
        print(f"{FIRST_STEP:24} fresh process to first step, cold and warm")
        return 0
    names = options.names
    if names == ["all"]:
        names = [name for name in known if not name.startswith("scaling-")] + [FIRST_STEP]
    unknown = [name for name in names if name not in known and name != FIRST_STEP]
    if unknown:
        say(f"unknown: {', '.join(unknown)}; --list shows the names")
        return 2
    settings = Settings(
        peers_python=options.peers_python,
        repeats=options.repeats,
        patience=options.patience,
        seed=options.seed,
        optional=options.all,
        only=frozenset(filter(None, options.only.split(","))),
        duration=options.duration,
    )
    failed = False
    for name in names:
        results = load(options.results)
        say(f"{name}:")
        before = conditions()
        kind = results["present"] = kind_of(before)
        of_kind = results["kinds"].setdefault(kind, {"variants": {}, "first_step": None})
        if name == FIRST_STEP:
            record = {"rows": first_steps(settings, say), "conditions": before}
            of_kind["first_step"] = record
            failed |= any(row["error"] for row in record["rows"] if row["simulator"] == OURS)
            print("\n".join(first_step_lines(record)), flush=True)
        else:
            variant = known[name]
            entries = run_variant(variant, settings, say)
            duration = settings.duration or variant.duration
            record = variant_record(variant, entries, duration, before)
            of_kind["variants"][name] = record
            failed |= any(e.error for e in entries if e.contestant.simulator == OURS)
            failed |= not rates_agree(record)
            print("\n".join(_variant_text(record)), flush=True)
        save(results, options.results, list(known))
    return 1 if failed else 0


def _variant_text(record: dict[str, Any]) -> list[str]:
    alone = {"variants": {"": record}}
    lines = [*variant_lines(record), ""]
    if record["ratios"] or record["real_time"]:
        lines += [*summary_lines(alone), ""]
    if record["speed_up"]:
        lines += [*speed_up_lines(alone), ""]
    for row in record["rows"]:
        lines += [f"rates differ: {row['label']}: {text}" for text in row["rates_differ"]]
    return lines


if __name__ == "__main__":
    sys.exit(main())
