"""Pictures of trainings: learning curves, and which class is taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.plotting.axes import legend_above, new_axes, plain, say_nothing, titled
from pygenn_lite.plotting.colors import population_colors
from pygenn_lite.plotting.display import save_figure
from pygenn_lite.plotting.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

MOST_CLASSES = 20  # whose numbers are written into a confusion matrix
VALIDATION = "validation_"


@styled
def learning_curves(history: Any, ax: Axes | None = None, *, column: str = "loss") -> Axes:
    """Draw how loss or accuracy changed from epoch to epoch, in training and in validation.

    Parameters
    ----------
    history : History
        ``trainer.history``.
    ax : Axes, optional
        Where to draw; a new figure by default.
    column : str
        "loss", "accuracy", or any other column of the history.
    """
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    _check_history(history, "learning_curves")
    ax = new_axes(ax, (5.0, 3.2))
    shown = [name for name in (column, VALIDATION + column) if name in history.columns]
    if not shown:
        history[column]  # the history says which there are
    colors = population_colors(["training", "validation"])
    for name in shown:
        label = "validation" if name.startswith(VALIDATION) else "training"
        values, epochs = np.asarray(history[name], float), np.asarray(history["epoch"], float)
        marker = "o" if len(values) <= 30 else None
        ax.plot(epochs, values, color=colors[label], marker=marker, markersize=3, label=label)
    if column == "accuracy":
        ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    elif column == "loss":
        _logarithmic(ax, [np.asarray(history[name], float) for name in shown])
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    ax.set_xlabel("epoch")
    titled(ax, column, _last(history, shown[-1], column))
    if len(shown) > 1:
        legend_above(ax, ncols=2)
    return ax


@styled
def confusion_matrix(
    table: ArrayLike, ax: Axes | None = None, *, names: Sequence[str] = ()
) -> Axes:
    """Draw how often each class was taken for each.

    Colours are shares of the samples of a class, so that rare classes are seen as well.

    Parameters
    ----------
    table : array_like of int, shape (classes, classes)
        Numbers of samples, a row for each class, a column for each prediction:
        ``trainer.evaluate(data).confusion``.
    ax : Axes, optional
        Where to draw; a new figure by default.
    names : sequence of str
        Of the classes; numbers by default.
    """
    counts = np.asarray(table)
    square = counts.ndim == 2 and counts.shape[0] == counts.shape[1] > 0
    if not square or counts.dtype.kind not in "iu" or counts.min() < 0:
        raise ShapeError(
            f"a table of shape {counts.shape}, of {counts.dtype}",
            where=Location.of("confusion_matrix"),
            hint="give numbers of samples, a row and a column for each class: evaluation.confusion",
        )
    classes = len(counts)
    labels = [plain(str(name)) for name in names] or [str(k) for k in range(classes)]
    if len(labels) != classes:
        raise ArgumentError(
            f"{len(labels)} names of {classes} classes",
            where=Location.of("confusion_matrix"),
            hint="give one for each class",
        )
    alone = ax is None
    ax = new_axes(ax, (min(2.2 + 0.42 * classes, 9.0), min(1.5 + 0.38 * classes, 8.0)))
    if alone:
        figure: Any = ax.figure  # no subfigure: it has just been made
        figure.set_layout_engine("compressed")  # squares leave room that nothing else takes
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = ax.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    every = max(1, -(-classes // MOST_CLASSES))
    ticks = range(0, classes, every)
    ax.set_xticks(
        ticks, [labels[k] for k in ticks], rotation=90 if max(map(len, labels)) > 3 else 0
    )
    ax.set_yticks(ticks, [labels[k] for k in ticks])
    ax.tick_params(length=0)
    if classes <= MOST_CLASSES:
        for row, column in zip(*np.nonzero(counts), strict=True):
            ax.text(
                column, row, f"{counts[row, column]}", ha="center", va="center", fontsize="small",
                color="white" if shares[row, column] > 0.5 else "#333333",
            )  # fmt: skip
    ax.figure.colorbar(image, ax=ax, label="share of the class", shrink=0.8)
    ax.set_xlabel("predicted")
    ax.set_ylabel("class")
    total = max(int(counts.sum()), 1)
    titled(ax, f"{np.trace(counts) / total:.2%} of {total:,} right")
    return ax


@styled
def plot_training(
    history: Any,
    path: str | Path | None = None,
    *,
    title: str = "",
    figsize: tuple[float, float] = (9.0, 5.6),
    dpi: float | None = None,
) -> Figure:
    """Draw a training: loss, accuracy, rates of the populations, and how many neurons are silent.

    Parameters
    ----------
    history : History
        ``trainer.history``.
    path : str or Path, optional
        Also write it there; the ending says how.
    title : str
        Above all.
    figsize : pair of float
        Width and height in inches.
    dpi : float, optional
        Dots per inch.
    """
    from pygenn_lite.plotting.picture import new_figure

    _check_history(history, "plot_training")
    figure = new_figure(figsize, dpi, path is None)
    loss, accuracy, rates, silent = figure.subplots(2, 2).ravel()
    learning_curves(history, loss)
    if any("accuracy" in name for name in history.columns):
        learning_curves(history, accuracy, column="accuracy")
    else:
        accuracy.set_axis_off()
    _of_populations(history, rates, "rate.", "mean rates (Hz)")
    _of_populations(history, silent, "silent.", "neurons without a spike")
    for ax in (loss, accuracy):
        ax.set_xlabel("")
    finished(figure, path, title, dpi)
    return figure


def _check_history(history: Any, where: str) -> None:
    if not hasattr(history, "columns"):
        raise ArgumentError(
            f"{history!r:.60} is not a history",
            where=Location.of(where),
            hint="give trainer.history, or pg.History(rows)",
        )


def _of_populations(history: Any, ax: Axes, prefix: str, what: str) -> None:
    """A column for each population, one curve each."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    names = [c.removeprefix(prefix) for c in history.columns if c.startswith(prefix)]
    colors = population_colors(names)
    for name in names:
        ax.plot(history["epoch"], history[prefix + name], color=colors[name], label=plain(name))
    if not names:
        say_nothing(ax, "no spikes were counted")
    if prefix == "silent.":
        ax.yaxis.set_major_formatter(PercentFormatter(1.0))
        ax.set_ylim(-0.03, 1.03)
    elif names:
        highest = max(float(np.nanmax(history[prefix + name])) for name in names)
        ax.set_ylim(0.0, 1.08 * highest or 1.0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    ax.set_xlabel("epoch")
    titled(ax, what)
    if 0 < len(names) <= 4:
        legend_above(ax, ncols=len(names))


def _logarithmic(ax: Axes, curves: list[Any]) -> None:
    """A scale on which a loss that falls by powers of ten is seen to fall."""
    values = np.concatenate(curves)
    values = values[np.isfinite(values)]
    if len(values) and values.min() > 0 and values.max() / values.min() > 20:
        ax.set_yscale("log")
    elif len(values) and values.min() >= 0:
        ax.set_ylim(bottom=0.0)


def _last(history: Any, name: str, column: str) -> str:
    values = np.asarray(history[name], float)
    if not len(values) or not np.isfinite(values[-1]):
        return ""
    return f"{values[-1]:.2%}" if column == "accuracy" else f"{values[-1]:.3g}"


def finished(figure: Figure, path: str | Path | None, title: str, dpi: float | None) -> None:
    """Put the title above, and write the figure where that is wanted."""
    if title:
        figure.suptitle(plain(title), x=0.012, ha="left", fontsize="x-large", fontweight="bold")
    if path is not None:
        save_figure(figure, path, dpi=dpi)
