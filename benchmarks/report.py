"""From measurements to ratios, and to the tables of RESULTS.md."""

from __future__ import annotations

import statistics
from typing import Any

from contest import Entry
from variant import OURS, Variant

REACH_TWO_THREADS = 1.7
NUMBERS_FROM = 16000  # neurons from which two threads are to be that much faster


def variant_record(
    variant: Variant, entries: list[Entry], duration: float, conditions: dict[str, str]
) -> dict[str, Any]:
    """Everything about one variant, as it goes into results.json."""
    rows = [_row(variant, entry, duration) for entry in entries]
    _check_rates(variant, rows)
    return {
        "title": variant.title,
        "dt": variant.dt,
        "duration": duration,
        "warmup": variant.warmup,
        "conditions": conditions,
        "rows": rows,
        "ratios": _ratios(variant, rows),
        "speed_up": _speed_up(variant, rows),
        "reach": variant.reach_text or (f">= {variant.reach:g}" if variant.reach else ""),
        "neurons": variant.neurons,
        "real_time": variant.real_time,
    }


def _row(variant: Variant, entry: Entry, duration: float) -> dict[str, Any]:
    contestant, seconds = entry.contestant, entry.seconds
    row: dict[str, Any] = {
        "label": contestant.label,
        "simulator": contestant.simulator,
        "threads": contestant.threads,
        "precision": contestant.precision,
        "seconds": seconds,
        "build_seconds": entry.build_seconds,
        "peak_mib": entry.peak_mib,
        "rates": entry.rates,
        "versions": entry.versions,
        "error": entry.error,
    }
    if seconds and not entry.error:
        row["per_second"] = statistics.median(seconds) / (duration / 1000)
        if variant.neurons:
            steps = duration / variant.dt
            row["nanoseconds"] = statistics.median(seconds) * 1e9 / (variant.neurons * steps)
    return row


def _check_rates(variant: Variant, rows: list[dict[str, Any]]) -> None:
    """Mark rows whose rates differ from ours by more than the variant allows."""
    ours = [row["rates"] for row in rows if row["simulator"] == OURS and row["rates"]]
    for row in rows:
        row["rates_differ"] = []
        if not ours or not row["rates"] or row["simulator"] == OURS:
            continue
        for name, rate in row["rates"].items():
            expected = statistics.fmean(rates[name] for rates in ours)
            if abs(rate - expected) > max(variant.slack, variant.tolerance * expected):
                row["rates_differ"].append(f"{name} {rate:.2f} Hz, ours {expected:.2f} Hz")


def _ratios(variant: Variant, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ours against the fastest peer with as many threads."""
    found = []
    timed = [row for row in rows if "per_second" in row]
    for ours in timed:
        peers = [
            row for row in timed if row["simulator"] != OURS and row["threads"] == ours["threads"]
        ]
        if ours["simulator"] != OURS or not peers:
            continue
        if variant.reach_text.startswith("float32 against Brian2"):
            peers = [row for row in peers if row["simulator"] == "brian2"] or peers
        best = min(peers, key=lambda row: row["per_second"])
        ratio = best["per_second"] / ours["per_second"]
        # The wanted ratios are for float32, our default.
        wanted = variant.reach if ours["precision"] == "float32" else None
        found.append(
            {
                "ours": ours["label"],
                "peer": best["label"],
                "ratio": ratio,
                "wanted": wanted,
                "ours_per_second": ours["per_second"],
                "peer_per_second": best["per_second"],
            }
        )
    return found


def _speed_up(variant: Variant, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ours with two threads against ours with one."""
    timed = {
        (row["precision"], row["threads"]): row["per_second"]
        for row in rows
        if row["simulator"] == OURS and "per_second" in row
    }
    size = variant.options.get("size") or round(77169 * variant.options.get("scale", 0))
    wanted = REACH_TWO_THREADS if size >= NUMBERS_FROM else None
    return [
        {
            "precision": precision,
            "ratio": timed[precision, 1] / timed[precision, 2],
            "wanted": wanted,
        }
        for precision in sorted({p for p, _ in timed})
        if (precision, 1) in timed and (precision, 2) in timed
    ]


def rates_agree(record: dict[str, Any]) -> bool:
    """Whether the simulators did comparable work."""
    return not any(row["rates_differ"] for row in record["rows"])


# ---------------------------------------------------------------------- text


def _versus(value: float, wanted: float | None, least: bool = True) -> str:
    if wanted is None:
        return ""
    met = value >= wanted if least else value <= wanted
    return f"{'>=' if least else '<='} {wanted:g} {'reached' if met else '**missed**'}"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def summary_lines(results: dict[str, Any]) -> list[str]:
    """The table of ratios over all variants."""
    rows = []
    for record in results["variants"].values():
        for ratio in record["ratios"]:
            rows.append(
                [
                    record["title"],
                    ratio["ours"],
                    f"{ratio['ours_per_second']:.4g}",
                    ratio["peer"],
                    f"{ratio['peer_per_second']:.4g}",
                    f"{ratio['ratio']:.1f}",
                    _versus(ratio["ratio"], ratio["wanted"]),
                ]
            )
        if record["real_time"]:
            for row in record["rows"]:
                if row["simulator"] == OURS and "per_second" in row:
                    factor = f"{row['per_second']:.3g}"
                    rows.append(
                        [
                            record["title"],
                            row["label"],
                            factor,
                            "real time",
                            "1",
                            "",
                            record["reach"],
                        ]
                    )
    return _table(
        ["network", "ours", "s per s", "fastest peer", "s per s", "ratio", "wanted"], rows
    )


def speed_up_lines(results: dict[str, Any]) -> list[str]:
    """The table of ours with two threads against one."""
    rows = [
        [
            record["title"],
            entry["precision"],
            f"{entry['ratio']:.2f}",
            _versus(entry["ratio"], entry["wanted"]),
        ]
        for record in results["variants"].values()
        for entry in record["speed_up"]
    ]
    return _table(["network", "precision", "2 threads against 1", "wanted"], rows)


def variant_lines(record: dict[str, Any]) -> list[str]:
    """The table of one variant."""
    rows = []
    for row in record["rows"]:
        if "per_second" not in row:
            rows.append([row["label"], "not measured: " + row["error"].splitlines()[0]])
            continue
        scale = record["duration"] / 1000
        low, high = min(row["seconds"]) / scale, max(row["seconds"]) / scale
        rates = row["rates"].values()
        cells = [
            row["label"],
            f"{row['per_second']:.4g}",
            f"{low:.4g} - {high:.4g}",
            str(len(row["seconds"])),
            f"{row['build_seconds']:.1f}",
            "-" if row["simulator"] == "brian2" else f"{row['peak_mib']:.0f}",
            " ".join(f"{rate:.2f}" for rate in rates)
            + (" (**differ**)" if row["rates_differ"] else ""),
        ]
        if record["neurons"]:
            cells.append(f"{row['nanoseconds']:.2f}")
        rows.append(cells)
    head = ["simulator", "s per s", "range", "n", "build s", "peak MiB", "rates, Hz"]
    if record["neurons"]:
        head.append("ns per neuron and step")
    rows = [row + [""] * (len(head) - len(row)) for row in rows]
    c = record["conditions"]
    versions = sorted(
        {f"{k} {v}" for row in record["rows"] for k, v in row["versions"].items() if k != "numpy"}
    )
    text = (
        f"dt {record['dt']:g} ms, {record['duration']:g} ms a repeat after "
        f"{record['warmup']:g} ms; {c['date']}, commit {c.get('commit', 'unknown')}, "
        f"load before {c['load_before']}; " + ", ".join(versions)
    )
    if record["reach"]:
        text += f"; wanted: {record['reach']}"
    return [f"### {record['title']}", "", text + ".", "", *_table(head, rows)]


def first_step_lines(record: dict[str, Any]) -> list[str]:
    """The table of start-up times."""
    rows = []
    for row in record["rows"]:
        title = f"{row['title']}, {'warm' if row['warm'] else 'cold'}"
        if row["median"] is None:
            rows.append([title, "not measured", "", ""])
            continue
        rows.append(
            [
                title,
                f"{row['median']:.2f}",
                f"{min(row['seconds']):.2f} - {max(row['seconds']):.2f}",
                _versus(row["median"], row["reach"], least=False),
            ]
        )
    c = record["conditions"]
    return [
        "### From a fresh process to the first step, one population of 1,000 LIF neurons",
        "",
        f"Seconds; {c['date']}, load before {c['load_before']}.",
        "",
        *_table(["simulator", "median", "range", "wanted"], rows),
    ]


def results_text(results: dict[str, Any]) -> str:
    """All of RESULTS.md: the kind of machine that was measured last, then the others."""
    lines = [
        "# Results",
        "",
        "Written by `benchmarks/run.py`; `results.json` beside it holds every single time. Seconds",
        "of wall time per second of biological time (medians), building and warm-up outside. The",
        "contestants of a table ran in one go and took turns. A ratio is the time of the fastest",
        "peer with the same number of threads over ours; the machine may be shared, so believe",
        "ratios rather than times.",
        "",
        "- Brian2: C++ standalone, its own flags (-O3 -ffast-math -march=native). GeNN: its CPU",
        "  backend with -O3 -ffast-math -march=native, one thread. NEST: the wheel of PyPI.",
        "",
    ]
    present = results["present"]
    for kind in sorted(results["kinds"], key=lambda kind: kind != present):
        lines += _kind_lines(kind, results["kinds"][kind], carried_over=kind != present)
    return "\n".join(lines)


def _kind_lines(kind: str, results: dict[str, Any], *, carried_over: bool) -> list[str]:
    """All tables of one kind of machine, each line's conditions first."""
    records = list(results["variants"].values())
    every = [record["conditions"] for record in records]
    if results.get("first_step"):
        every.append(results["first_step"]["conditions"])
    machines = {
        f"{c['cpu']}; {c['cores']} cores, {c['memory_gib']} GiB; {c['system']}; "
        f"{c['compiler']}; Python {c['python']}"
        for c in every
    }
    lines = [f"# On {kind}", "", *[f"- {machine}" for machine in sorted(machines)]]
    if carried_over:
        when = sorted({f"{c['date']}, commit {c.get('commit', 'unknown')}" for c in every})
        lines += ["- **Carried over**, not measured with the tables above: " + "; ".join(when)]
    lines += [""]
    if records:
        lines += ["## Ratios", "", *summary_lines(results), ""]
        lines += ["## Two threads", "", *speed_up_lines(results), "", "## Times", ""]
        for record in records:
            lines += [*variant_lines(record), ""]
    if results.get("first_step"):
        lines += [*first_step_lines(results["first_step"]), ""]
    return lines
