"""The scripts in examples/ run as they stand, are short, say what they show, and show it."""

from __future__ import annotations

import ast
import runpy
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
Names = dict[str, Any]


def rate(names: Names, population: str) -> float:
    return float(names["result"].rates()[population])


# What the picture is there to show, from the names that the script leaves behind.
SHOWN: dict[str, Callable[[Names], bool]] = {
    "action_potential": lambda n: list(n["traces"]["V"].values.max(axis=0) > 0) == [0, 1, 1],
    "adex_firing_patterns": lambda n: np.bincount(n["spikes"].indices)[6] == 1,  # transient
    "checkpoint": lambda n: len(n["branch"].spikes["exc"]) > 2 * len(n["first"].spikes["exc"]),
    "cuba": lambda n: 4.0 < rate(n, "exc") < 8.0,
    "fi_curves": lambda n: n["error"] < 3.0,
    "gamma_oscillation": lambda n: 10.0 < n["peak"] < 25.0,  # the slower of the two
    "inhibitory_plasticity": lambda n: n["counts"][-6:].mean() < n["counts"][:6].mean() / 4,
    "mackey_glass": lambda n: n["first"] < 40.0 and n["counts"].connection_sparsity > 0.89,
    "noise_in_equations": lambda n: abs(n["V"].std() - 3.0) < 0.1,
    "pal_alignment": lambda n: max(n["final"][True]) < 50.0 < 70.0 < min(n["final"][False]),
    "poisson_input": lambda n: 0.9 < n["cv"] < 1.3,
    # fewer Kenyon cells with the mean kept and less noise of single spikes, more with fixed weights
    "rates_against_size": lambda n: (
        n["rates"]["PN", "1/N", 200]["KC"]
        < n["rates"]["PN", "fixed", 100]["KC"]
        < n["rates"]["PN", "fixed", 200]["KC"]
    ),
    "reward_learning": lambda n: n["late"][0] > 1.3 * n["late"][1],
    "shd": lambda n: n["tested"].accuracy > 0.25,  # of 20 classes
    "short_term_plasticity": lambda n: n["jumps"]["depressing"][0] > n["jumps"]["depressing"][1],
    "song_stdp": lambda n: n["groups"][1].mean() > 2 * n["groups"][0].mean(),
    "spatial_network": lambda n: 5.0 < rate(n, "exc") < 40.0,
    "synfire_chain": lambda n: n["reached"][:2] == [0, 0] and n["reached"][2] >= 95,
    "triplet_stdp": lambda n: bool(n["changed"][-1] < 1.0),  # pairs only: depression
}


@pytest.fixture
def no_figures_left() -> Iterator[None]:
    import matplotlib
    import matplotlib.pyplot as plt

    backend = matplotlib.get_backend()
    plt.switch_backend("Agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_draws_what_it_shows(
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    no_figures_left: None,
) -> None:
    from matplotlib.image import imread

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script)])  # not the arguments of pytest
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Early releases of matplotlib with late ones of pyparsing.
        warnings.filterwarnings("ignore", r"'\w+' (argument is )?deprecated", DeprecationWarning)
        names = runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out.strip()
    assert imread(f"{script.stem}.png").std() > 0.05  # not an empty sheet
    if script.stem in SHOWN:
        assert SHOWN[script.stem](names)


@pytest.mark.parametrize("name", ["shd", "ssc"])
def test_the_example_of_speech_reads_published_files(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = str(ROOT / "examples" / "shd.py")
    monkeypatch.setattr(sys, "argv", [script, "--dataset", name, "--data", str(tmp_path)])
    with pytest.raises(pg.errors.ArgumentError, match=f"the files of {name} are missing"):
        runpy.run_path(script, run_name="__main__")


def test_each_example_is_short_and_says_in_its_first_line_what_it_is() -> None:
    assert len(EXAMPLES) >= 15
    assert set(SHOWN) <= {path.stem for path in EXAMPLES}
    for path in EXAMPLES:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") < 60, path.name
        title, empty, *body = (ast.get_docstring(ast.parse(text)) or "").splitlines()
        assert title.endswith((".", "?")) and len(title) < 100 and not empty and body, path.name
