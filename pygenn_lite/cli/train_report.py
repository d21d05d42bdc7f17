"""The summary that a training prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pygenn_lite.cli.output import make_console
from pygenn_lite.cli.report import print_file

if TYPE_CHECKING:
    from pygenn_lite.cli.train_outcome import TrainOutcome


def print_training(outcome: TrainOutcome) -> None:
    """Print accuracy, loss, rates, time and files."""
    from rich.markup import escape
    from rich.table import Table

    console = make_console()
    history, evaluation = outcome.trainer.history, outcome.evaluation
    last = history.rows[-1] if len(history) else {}
    tested = "training data" if outcome.task.test is None else "test"
    table = Table(title=escape(outcome.name), title_justify="left")
    for column in ("data", "samples", "loss", "accuracy"):
        table.add_column(column, justify="left" if column == "data" else "right")
    if "loss" in last:
        accuracy = _share(last.get("accuracy"))
        table.add_row("last epoch", "", f"{last['loss']:.4f}", accuracy)
    if "validation_loss" in last:
        accuracy = _share(last.get("validation_accuracy"))
        table.add_row("validation", "", f"{last['validation_loss']:.4f}", accuracy)
    if evaluation is not None:
        known = None if evaluation.labels is None else evaluation.accuracy
        number = f"{len(evaluation.losses):,}"
        table.add_row(tested, number, f"{evaluation.loss:.4f}", _share(known))
    console.print(table)
    seconds = sum(row["seconds"] for row in history)
    lines = [("trained", f"{len(history)} epochs in {seconds:.1f} s")]
    if evaluation is not None:
        for name, rate in evaluation.rates.items():
            silent = evaluation.silent.get(name, 0.0)
            lines.append((name, f"{rate:.3g} Hz, {silent:.0%} of its neurons silent"))
    for label, text in lines:
        console.print(f"{escape(label):>16}  {text}", soft_wrap=True)
    for place, path in enumerate(outcome.files):
        print_file(path, "" if place else "files")


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"
