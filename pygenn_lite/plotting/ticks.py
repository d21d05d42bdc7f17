"""Labels of bands and of single neurons beside an axis. Imports matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rcParams
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FixedLocator, Formatter, MaxNLocator

from pygenn_lite.plotting.axes import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from numpy.typing import ArrayLike

LINE_HEIGHT = 1.25  # of a line of text, in sizes of its font


def label_neurons(ax: Axes, neurons: Mapping[str, Sequence[int]]) -> None:
    """Label the rows of single neurons: by their numbers in one population, else by name, too."""
    if len(neurons) > 1:
        labels = [f"{short(name)}[{number}]" for name, each in neurons.items() for number in each]
        label_bands(ax.yaxis, range(len(labels)), [1.0] * len(labels), labels)
        return
    ((name, numbers),) = neurons.items()
    ax.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    ax.yaxis.set_major_formatter(NeuronFormatter(numbers))
    ax.set_ylabel(short(name) if len(numbers) <= 10 else f"neuron of {short(name)}")


def label_bands(
    axis: Axis, centres: ArrayLike, heights: Sequence[float], names: Sequence[str]
) -> None:
    """Label bands of an axis in their middles, and leave out what would cover another label."""
    places = np.asarray(centres, dtype=float).tolist()
    axis.set_major_locator(BandLocator(places, heights))
    axis.set_major_formatter(BandFormatter(dict(zip(places, map(short, names), strict=True))))
    axis.set_tick_params(length=0)


class BandLocator(FixedLocator):
    """Ticks in the middles of bands, as many as have room for their labels when the picture is
    drawn; those of high bands go before those of low ones."""

    def __init__(self, centres: Sequence[float], heights: Sequence[float]) -> None:
        super().__init__(list(centres))
        self.order = [centres[k] for k in sorted(range(len(centres)), key=lambda k: -heights[k])]
        self.points = FontProperties(size=rcParams["ytick.labelsize"]).get_size_in_points()

    def __call__(self) -> Any:
        """Return the places of the ticks."""
        axis: Any = self.axis
        low, high = sorted(axis.get_view_interval())
        pixels = max(axis.axes.bbox.height, 1.0)
        apart = self.points * LINE_HEIGHT * axis.axes.figure.dpi / 72 * (high - low) / pixels
        kept: list[float] = []
        for place in self.order:
            if all(abs(place - other) >= apart for other in kept):
                kept.append(place)
        return sorted(kept)


class BandFormatter(Formatter):
    """Names of bands by their middles."""

    def __init__(self, texts: Mapping[float, str]) -> None:
        self.texts = dict(texts)

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the name of the band."""
        return self.texts.get(float(x), "")


class NeuronFormatter(Formatter):
    """Numbers of neurons by their rows."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = numbers

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the number of the neuron in a row."""
        return f"{self.numbers[round(x)]}" if 0 <= x <= len(self.numbers) - 1 else ""
