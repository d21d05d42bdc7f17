"""What came of a training of the command line: files, pictures, summary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.files import written_at_once

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result
    from pygenn_lite.training.trainer import Trainer
    from pygenn_lite.training.trainer_evaluation import Evaluation
    from pygenn_lite.training.training_task import TrainingTask

HISTORY_FILE = "metrics.csv"
CHECKPOINT_FILE = "checkpoint.npz"
NETWORK_FILE = "network.yaml"
SUMMARY_FILE = "training.json"
CURVES_FILE = "learning_curves.png"
SAMPLES_FILE = "samples.png"
CONFUSION_FILE = "confusion_matrix.png"
FILES = (
    SUMMARY_FILE, HISTORY_FILE, CHECKPOINT_FILE, NETWORK_FILE, CURVES_FILE, SAMPLES_FILE,
    CONFUSION_FILE,
)  # fmt: skip


@dataclass
class TrainOutcome:
    """A training, and what is written of it.

    Attributes
    ----------
    task : TrainingTask
    trainer : Trainer
    folder : Path
    options : mapping
        Of the command line.
    """

    task: TrainingTask
    trainer: Trainer
    folder: Path
    options: Mapping[str, Any]
    evaluation: Evaluation | None = None
    files: list[Path] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)
    before: list[Result] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the task."""
        return self.task.name or self.task.network.name or "network"

    @property
    def test(self) -> Any:
        """What it is evaluated with: test data, else those of the training."""
        return self.task.train if self.task.test is None else self.task.test

    def note_before(self, samples: int) -> None:
        """Simulate some samples, of different classes, with the values that there are now."""
        labels = self.test.labels
        if labels is None:
            self.shown = list(range(min(samples, len(self.test))))
        else:
            firsts = np.unique(labels, return_index=True)[1]
            self.shown = [int(k) for k in firsts[:samples]]
        self.before = self._results()

    def _results(self) -> list[Result]:
        return [self.trainer.result(self.test, sample) for sample in self.shown]

    def evaluate(self) -> None:
        """Evaluate with the test data."""
        self.evaluation = self.trainer.evaluate(self.test)

    def summary(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        history = self.trainer.history
        last = history.rows[-1] if len(history) else {}
        found = None if self.evaluation is None else self.evaluation.to_dict()
        options = {k: str(v) if isinstance(v, Path) else v for k, v in self.options.items()}
        return {
            "task": self.name, "epochs": len(history), "interrupted": self.trainer.interrupted,
            "seconds": sum(row["seconds"] for row in history), "last_epoch": last,
            "tested_with": "training data" if self.task.test is None else "test data",
            "test": found, "files": [str(path) for path in self.files], "options": options,
        }  # fmt: skip

    def write_summary(self) -> None:
        """Write it beside the other files."""
        text = json.dumps(self.summary(), indent=2)
        with written_at_once(self.folder / SUMMARY_FILE) as aside:
            aside.write_text(text + "\n", encoding="utf-8")

    def write_all(self) -> None:
        """Write history, checkpoint and trained network."""
        from pygenn_lite.yaml_format.array_files import save_network

        self.files = [
            self.trainer.history.to_csv(self.folder / HISTORY_FILE),
            self.trainer.save(self.folder / CHECKPOINT_FILE, overwrite=True),
            *save_network(self.trainer.network, self.folder / NETWORK_FILE, overwrite=True),
            self.folder / SUMMARY_FILE,
        ]
        self.write_summary()

    def draw(self) -> list[Path]:
        """Draw learning curves, samples before and after, and the confusion matrix."""
        from pygenn_lite import plotting

        drawn = []
        if len(self.trainer.history):
            drawn.append(self.folder / CURVES_FILE)
            plotting.plot_training(self.trainer.history, drawn[-1], title=self.name)
        if self.shown:
            drawn.append(self.folder / SAMPLES_FILE)
            rows = {"before": self.before, "after": self._results()}
            plotting.plot_samples(
                rows, drawn[-1], names=[self._name_of(k) for k in self.shown], title=self.name,
                classes=self.test.class_names,
            )  # fmt: skip
        if self.evaluation is not None and self.evaluation.labels is not None:
            drawn.append(self.folder / CONFUSION_FILE)
            names = self.evaluation.class_names
            ax = plotting.confusion_matrix(self.evaluation.confusion, names=names)
            figure: Any = ax.figure
            plotting.save_figure(figure, drawn[-1])
        self.files += drawn
        return drawn

    def _name_of(self, sample: int) -> str:
        labels, names = self.test.labels, self.test.class_names
        if labels is None:
            return f"sample {sample}"
        return names[labels[sample]] if names else f"class {labels[sample]}"
