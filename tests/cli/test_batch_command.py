"""``pygenn-lite batch``: words, questions, the dry run, exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pygenn_lite.cli import batch_command, questions

SWEEP = """\
network: small.yaml
sweep:
  grid: {constants.p: [0.1, 0.2], populations.exc.size: [40, 80]}
  random: {seed: {repeat: 3}}
run: {duration: 20}
"""
WITH_SCRIPT = SWEEP + 'measure: ["custom.py:mine"]\n'
SCRIPT = "import pathlib\npathlib.Path('ran').touch()\ndef mine(result): return 1.0\n"
ABSURD = "network: small.yaml\nsweep: {grid: {p: {linspace: [0, 1, 1000000000000]}}}\n"


@pytest.fixture
def sweep(here: Path) -> Path:
    Path("sweep.yaml").write_text(SWEEP)
    Path("script.yaml").write_text(WITH_SCRIPT)
    Path("absurd.yaml").write_text(ABSURD)
    Path("custom.py").write_text(SCRIPT)
    return here


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """A terminal at which somebody answers; gives the questions that were asked."""
    asked: list[str] = []

    def answer(word: bool):  # type: ignore[no-untyped-def]
        monkeypatch.setattr(batch_command, "can_ask", lambda: True)
        monkeypatch.setattr(batch_command, "agreed", lambda text: asked.append(text) or word)
        return asked

    return answer


def test_a_dry_run_shows_what_there_is_to_do(sweep: Path, call) -> None:  # type: ignore[no-untyped-def]
    code, out, err = call("batch", "sweep.yaml", "--dry-run")
    assert code == 0 and "error" not in err
    lines = out.splitlines()
    assert lines[:6] == [
        "12 runs of small, 20 ms after 20 ms of warm-up",
        "  constants.p           0.1, 0.2",
        "  populations.exc.size  40, 80",
        "  seed                  3, 4, 5",
        "1 network to compile, for 2 groups of runs",
        "  6 runs with populations.exc.size=40",
    ]
    assert "by a trial run, a network takes" in out
    assert "altogether on" in lines[-1]
    assert sorted(p.name for p in sweep.iterdir()) == [
        "absurd.yaml", "custom.py", "script.yaml", "small.yaml", "sweep.yaml",
    ]  # fmt: skip


def test_the_word_run_may_be_left_out(sweep: Path, call) -> None:  # type: ignore[no-untyped-def]
    words = ("sweep.yaml", "--dry-run")
    heads = {
        call("batch", *start, *order)[1].splitlines()[0]
        for start in ((), ("run",))
        for order in (words, words[::-1])
    }
    assert heads == {"12 runs of small, 20 ms after 20 ms of warm-up"}


def test_a_file_with_the_name_of_a_command_needs_its_folder(sweep: Path, call) -> None:  # type: ignore[no-untyped-def]
    Path("run").write_text(SWEEP)
    assert call("batch", "./run", "--dry-run")[0] == 0
    assert call("batch", "run", "--dry-run")[0] == 2


def test_help_names_the_commands(call) -> None:  # type: ignore[no-untyped-def]
    for words in (("batch", "--help"), ("batch", "-h")):
        code, out, _ = call(*words)
        assert code == 0
        assert "pygenn-lite batch run FILE" in " ".join(out.split())
    assert "--dry-run" in call("batch", "run", "--help")[1]


def test_what_is_wrong_with_the_file_ends_with_2(sweep: Path, call) -> None:  # type: ignore[no-untyped-def]
    Path("sweep.yaml").write_text(SWEEP.replace("constants.p", "q"))
    code, out, err = call("batch", "sweep.yaml")
    assert (code, out) == (2, "")
    assert err.startswith("error: sweep.yaml:3:10 (sweep.grid.q): the network has nothing called")
    assert call("batch", "gone.yaml")[::2] == (2, "error: gone.yaml: the file is not there\n")


def test_values_none_of_which_makes_a_network_end_with_2(sweep: Path, call) -> None:  # type: ignore[no-untyped-def]
    Path("sweep.yaml").write_text(SWEEP.replace("[0.1, 0.2]", "[7]"))
    code, out, err = call("batch", "sweep.yaml", "--dry-run")
    assert (code, out) == (2, "")
    assert "probability 7.0 lies outside [0, 1]" in err


def test_a_script_is_named_before_it_runs(sweep: Path, call) -> None:  # type: ignore[no-untyped-def]
    code, _, err = call("batch", "script.yaml", "--dry-run")
    assert code == 0
    assert err == f"script.yaml runs the code of {sweep / 'custom.py'}\n"


def test_at_a_terminal_a_script_runs_after_a_yes(sweep: Path, call, terminal) -> None:  # type: ignore[no-untyped-def]
    asked = terminal(False)
    code, out, err = call("batch", "script.yaml", "--dry-run")
    assert (code, out) == (1, "")
    assert asked == ["run it?"]
    assert err.endswith("custom.py\nnothing was run\n")
    assert not Path("ran").exists()
    terminal(True)
    assert call("batch", "script.yaml", "--dry-run")[0] == 0
    assert len(asked) == 2
    assert call("batch", "script.yaml", "--dry-run", "--yes")[0] == 0
    assert len(asked) == 2


def test_a_sweep_without_scripts_asks_nothing(sweep: Path, call, terminal) -> None:  # type: ignore[no-untyped-def]
    asked = terminal(False)
    assert call("batch", "sweep.yaml", "--dry-run")[0] == 0
    assert asked == []


def test_an_absurd_size_is_shown_and_asked_about(sweep: Path, call, terminal) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = call("batch", "absurd.yaml", "--dry-run")
    assert code == 0
    assert out.startswith("1,000,000,000,000 runs of small")
    assert "only counted" in out
    code, _, err = call("batch", "absurd.yaml")  # nobody to ask
    assert code == 2
    assert "has 1,000,000,000,000 runs" in err and "--yes" in err
    asked = terminal(False)
    code, out, err = call("batch", "absurd.yaml")
    assert (code, out, err) == (1, "", "nothing was run\n")
    assert asked == ["the sweep has 1,000,000,000,000 runs; do them all?"]


def test_two_places_for_the_work_exclude_each_other(sweep: Path, call) -> None:  # type: ignore[no-untyped-def]
    code, _, err = call("batch", "sweep.yaml", "--slurm", "--cluster", "tcp://head:8786")
    assert code == 2
    assert "--cluster and --slurm exclude each other" in err


@pytest.mark.parametrize(
    ("answer", "yes"), [("y\n", True), ("YES\n", True), ("\n", False), ("", False)]
)
def test_only_a_yes_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str, yes: bool
) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert questions.agreed("run it?") is yes
    assert capsys.readouterr().err == "run it? [y/N]\n"
    assert not questions.can_ask()


def test_a_shell_is_offered_commands_and_files(sweep: Path) -> None:
    import typer

    from pygenn_lite.cli.app import app

    command = typer.main.get_command(app).commands["batch"]  # type: ignore[attr-defined]
    context = command.make_context("batch", ["run", "sweep.yaml"])
    found = {item.value for item in command.shell_complete(context, "")}
    assert {"run", "sweep.yaml", "script.yaml"} <= found


SEARCH = """\
network: small.yaml
optimise:
  parameters: {p: {uniform: [0.1, 0.3]}}
  maximise: rates.exc
  runs: 4
run: {duration: 20, warmup: 0}
"""


def test_a_search_says_what_is_best(sweep: Path, call) -> None:  # type: ignore[no-untyped-def]
    Path("search.yaml").write_text(SEARCH)
    words = ("batch", "search.yaml", "--workers", "0")
    code, out, err = call(*words)
    lines = out.splitlines()
    assert code == 0 and lines[0] == "search"
    assert lines[1].startswith("best: p = 0.") and "; objective " in lines[1]
    assert call("batch", "status", "search")[1].startswith(
        "small: 4 runs: 4 done, 0 failed, 0 left"
    )
    assert call("batch", "resume", "search")[1] == out
    code, _, err = call("batch", "resume", "--failed", "search")
    assert code == 1 and "trials of a search that failed are not repeated" in err
    assert call(*words, "--dry-run")[1].splitlines()[1].startswith("  p  4 random values, uniform")
