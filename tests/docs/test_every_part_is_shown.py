"""Every part of the library stands in an example that the tests of the documentation run.

What counts is a block of README.md or docs/*.md that runs (python, yaml that is loaded or written
to a file, console with ``run``), or a script in examples/. Prose and outputs do not count.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from test_docs import PAGES, ROOT, Block, blocks_of

import pygenn_lite as pg
from pygenn_lite import models, plotting
from pygenn_lite.cli.app import app
from pygenn_lite.declaration import integrator_records
from pygenn_lite.declaration.connectivity import STORAGE
from pygenn_lite.declaration.language import names
from pygenn_lite.yaml_format.value_forms import DISTRIBUTIONS

SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


def runs(block: Block) -> bool:
    if block.language == "yaml":
        written = any(option.startswith("file=") for option in block.options)
        return written or block.text.startswith("network:")
    if block.language == "python":
        return "elsewhere" not in block.options
    return block.language == "console" and "run" in block.options


def examples(*languages: str) -> str:
    """The text of all examples that run, without comments."""
    blocks = [b for page in PAGES for b in blocks_of(page) if b.language in languages and runs(b)]
    scripts = [path.read_text(encoding="utf-8") for path in SCRIPTS if "python" in languages]
    return re.sub(r"#.*", "", "\n".join([*(b.text for b in blocks), *scripts]))


def kinds_of(base: type) -> list[str]:
    """The public ones below a base, at any depth."""
    below = [
        kind for direct in base.__subclasses__() for kind in (direct, *direct.__subclasses__())
    ]
    return [kind.__name__ for kind in below if kind.__name__ in pg.__all__]


def calls(wanted: Iterable[str]) -> dict[str, str]:
    """Names that Python code uses as ``pg.NAME``, ``net.NAME`` and the like."""
    return {name: rf"\.{name}\b" for name in wanted}


def quoted(wanted: Iterable[str]) -> dict[str, str]:
    return {name: rf"""["']{name}["']""" for name in wanted}


def public_methods(kind: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"]


INPUTS = ("poisson", "current", "step_current", "noise_current", "spike_source")
PYTHON = {
    "models of the library": calls(models.__all__),
    "distributions": calls(kinds_of(pg.Distribution)),
    "connectivity rules": calls([*kinds_of(pg.Connectivity), "from_scipy"]),
    "inputs": calls(INPUTS),
    "integrators": quoted(name for name in integrator_records.INTEGRATORS if name != "auto"),
    "kinds of storage": quoted(name for name in STORAGE if name != "auto"),
    "functions of equations": {
        name: rf"\b{name}\(" for name in names.FUNCTIONS if name not in ("Abs", "Min", "Max")
    },
    "pictures": calls(set(plotting.__all__) - {"plot_result", "population_color"}),
    "methods of a simulation": calls(public_methods(pg.Simulation)),
    "names of pg.data": calls(
        set(pg.data.__all__)
        - {"Augmentation", "DatasetStatistics", "Encoder", "Sample", "StepSpikes"}
    ),
    "methods of a network": calls(set(public_methods(pg.Network)) - {"declaration"}),
}


@pytest.mark.parametrize("parts", PYTHON.values(), ids=PYTHON)
def test_every_part_stands_in_python_that_runs(parts: dict[str, str]) -> None:
    assert parts
    assert_all_shown(parts, examples("python"))


def test_every_network_of_the_library_is_run() -> None:
    text = examples("python", "console")
    wanted = {
        name: rf"""pygenn-lite run {name}\b|load_network\(["']{name}["']"""
        for name in models.network_names()
    }
    assert_all_shown(wanted, text)


def test_the_four_regimes_of_brunel_are_run() -> None:
    wanted = {
        f"g={g}, nu_ext={nu_ext}": rf"\({re.escape(g)}, {re.escape(nu_ext)}\)"
        for g, nu_ext in (("3.0", "2.0"), ("6.0", "4.0"), ("5.0", "2.0"), ("4.5", "0.9"))
    }
    assert_all_shown(wanted, examples("python"))


# Clusters are started in tests/batch/test_clusters.py.
NOT_HERE = {"--help", "--cluster", "--slurm", "--kubernetes"}


def test_every_command_and_option_is_run() -> None:
    wanted = dict(wanted_of_commands(typer.main.get_command(app)))
    assert len(wanted) > 40 and "batch resume --failed" in wanted
    assert_all_shown(wanted, examples("console"))


def wanted_of_commands(command: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """What an example has to show of a command, its options, and the commands below it."""
    typed = rf"pygenn-lite {name}\b".replace("batch run", "batch( run)?")  # may be left out
    if name:
        yield name, typed
        for parameter in command.params:
            words = [word for word in [*parameter.opts, *parameter.secondary_opts] if "-" in word]
            if words and not NOT_HERE & set(words):
                spellings = "|".join(map(re.escape, words))
                yield f"{name} {words[0]}", rf"{typed}.* ({spellings})(?![\w-])"
    for below, inner in getattr(command, "commands", {}).items():
        yield from wanted_of_commands(inner, f"{name} {below}".strip())


def test_every_input_rule_and_distribution_stands_in_a_file_that_is_loaded() -> None:
    rules = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", n).lower() for n in kinds_of(pg.Connectivity)]
    wanted = {name: rf"\b{name}\b" for name in (*rules, *DISTRIBUTIONS)}
    wanted |= {name: rf"(- |{{size: \d+, |{{){name}: *{{" for name in INPUTS}
    assert_all_shown(wanted, examples("yaml"))


def assert_all_shown(wanted: dict[str, str], text: str) -> None:
    gone = missing(wanted, text)
    assert not gone, f"no example that runs shows {', '.join(gone)}"


def missing(wanted: dict[str, str], text: str) -> list[str]:
    """The names whose pattern the text does not hold."""
    assert text
    return [name for name, pattern in wanted.items() if not re.search(pattern, text)]


def test_what_is_not_shown_is_found_missing(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\npg.LIF()\n```\n\n`pg.QIF()`\n\n```text\npg.GIF()\n```\n")
    text = "".join(block.text for block in blocks_of(page) if runs(block))
    assert missing(calls(["LIF", "QIF", "GIF"]), text) == ["QIF", "GIF"]
