"""Bars of progress, wherever they are asked for: simulations, trainings, batches, commands."""

from types import SimpleNamespace

import pytest

from pygenn_lite.batch.batch_progress import BatchProgress
from pygenn_lite.batch.work import ChunkReport
from pygenn_lite.cli.progress_bar import ProgressBars
from pygenn_lite.runtime import progress
from pygenn_lite.runtime.progress import Bars, Progress
from pygenn_lite.training.training_bar import Moment, TrainingBar


@pytest.fixture
def drawn(monkeypatch):
    """What is drawn, as (task, done, total, text)."""
    found = []

    class Drawing:
        def add_task(self, text, total):
            found.append(("add", text, total))
            return text

        def update(self, task, completed, total, description=None):
            found.append((task, completed, total, description))

        def stop(self):
            found.append("stop")

    monkeypatch.setattr(progress, "start_bars", Drawing)
    return found


def test_a_bar_for_each_name_ends_with_the_block(drawn):
    with Progress(True) as report:
        report("connecting", 1, 2)
        report("running", 0.5, 3)
    assert drawn == [
        ("add", "connecting", 2), ("connecting", 1, 2, None),
        ("add", "running", 3), ("running", 0.5, 3, None), "stop",
    ]  # fmt: skip


def test_a_training_has_one_bar_whose_text_changes(drawn):
    with TrainingBar(True) as bar:
        bar.show(Moment(2, 3, 10, 40, 2, 0.5, None))
        bar.show(Moment(3, 3, 40, 40, 2, 0.25, 0.75))
    first, last = "epoch 2 of 3: loss 0.5000", "epoch 3 of 3: loss 0.2500, accuracy 75.0%"
    assert drawn == [("add", first, 80), (first, 10, 80, first), (first, 80, 80, last), "stop"]


@pytest.mark.parametrize("looked_at", [True, False])
def test_nothing_is_drawn_where_nobody_looks_or_it_is_over_in_a_moment(
    drawn, monkeypatch, looked_at
):
    monkeypatch.setattr(progress, "somebody_looks", lambda: looked_at)
    for wanted in (None, False):
        with Progress(wanted) as report:
            report("running", 1, 2)
    assert drawn == []
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    with Progress(None) as report:
        report("running", 1, 2)
    assert bool(drawn) == looked_at


def test_a_batch_shows_what_is_left_in_its_bar_or_in_lines(drawn, monkeypatch, capsys):
    monkeypatch.setattr("pygenn_lite.batch.batch_progress.EVERY", 0.0)
    looks = [True, False]
    monkeypatch.setattr("pygenn_lite.batch.batch_progress.somebody_looks", lambda: looks.pop(0))
    for _ in range(2):
        with BatchProgress(5, 1, 0, wanted=True) as shown:
            shown.add(ChunkReport("", 1, 1, 0.0))
            shown.show()
    added, update, stop = drawn
    assert added[1].startswith("2 done, 1 failed, 2 left")
    assert update[1:3] == (3, 5)
    assert stop == "stop"
    assert capsys.readouterr().err.startswith("2 done, 1 failed, 2 left")


def test_a_command_says_each_stage_once_where_there_is_no_terminal(drawn, capsys):
    with ProgressBars(shown=True) as report:
        for done in range(3):
            report("running", done, 3)
    assert capsys.readouterr().err == "running ...\n"
    assert drawn == []


def test_a_closed_output_ends_the_bars_and_nothing_else(monkeypatch):
    def closed(*arguments, **known):
        raise ValueError("I/O operation on closed file")

    monkeypatch.setattr(
        progress, "start_bars", lambda: SimpleNamespace(add_task=closed, stop=closed)
    )
    with Bars(True) as bars:
        bars.show("running", 1, 2)
        assert not bars.shown
        bars.show("running", 2, 2)
