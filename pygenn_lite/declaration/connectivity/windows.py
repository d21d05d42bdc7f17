"""Connectivity between maps, that is populations of a shape (channels, height, width): convolution
and pooling."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity.base import (
    Connectivity,
    Count,
    Indices,
    RandomNumbers,
    YamlForm,
)
from pygenn_lite.declaration.connectivity.ends import Ends
from pygenn_lite.declaration.numeric import plain_array, whole_number
from pygenn_lite.declaration.values import FrozenArray, Value
from pygenn_lite.errors import ConnectivityError, Location, ShapeError
from pygenn_lite.records import dataclass

Shape = tuple[int, ...]
Windows = tuple[Indices, Indices, Indices]


class SharedKernel(FrozenArray):
    """Weights of a convolution: the kernel, and what it gives each synapse.

    Attributes
    ----------
    kernel : ndarray of float64, shape (out, in, height, width)
    places : ndarray of int
        Of each synapse, where its weight stands in the flat kernel.
    """

    def __init__(self, kernel: npt.NDArray[np.float64], places: Indices) -> None:
        super().__init__(kernel.ravel()[places])
        self.kernel, self.places = kernel, places

    def __reduce__(self) -> tuple[object, ...]:
        return SharedKernel, (self.kernel, self.places)


@dataclass(frozen=True, init=False)
class _WindowRule(Connectivity):
    """Each target reads a window of the source's maps."""

    not_procedural: ClassVar[str] = "connectivity between maps cannot be procedural"

    def bound(self, source: Shape, target: Shape, where: Location) -> Connectivity:
        """The rule with the shapes of its populations, which must fit.

        Raises
        ------
        ConnectivityError
            A population has no shape, or the target's is another than the windows give.
        """
        for shape, what in ((source, "source"), (target, "target")):
            if len(shape) != 3:
                raise ConnectivityError(
                    f"{type(self).__name__} needs maps, but the {what} has "
                    f"{f'shape {shape}' if shape else 'no shape'}",
                    where=where,
                    hint="declare the population with (channels, height, width) as its size; "
                    "parts of populations have no shape",
                )
        made = copy.copy(self)
        object.__setattr__(made, "_shapes", (source, target))
        size, stride, padding = made._window()
        room = [n + 2 * padding - k for n, k in zip(source[1:], size, strict=True)]
        if min(room) < 0:
            raise ConnectivityError(
                f"windows of {size[0]} x {size[1]} do not fit on maps of shape {source} with "
                f"padding {padding}",
                where=where,
                hint="use smaller windows, or more padding",
            )
        given = [n // stride + 1 for n in room]
        expected = (made._channels(), *given)
        if expected != target:
            raise ConnectivityError(
                f"the target has shape {target}, but windows of {size[0]} x {size[1]} on maps of "
                f"shape {source} with stride {stride} and padding {padding} give {expected}",
                where=where,
                hint=f"give the target the size {expected}",
            )
        return made

    def count(self, ends: Ends) -> Count:
        """As many as the windows hold."""
        return Count(float(len(self.pairs(ends, None)[0])))

    def numbered(self, n_pre: int) -> int:
        """In the order of the windows' places."""
        return len(self._pairs()[0])

    @property
    def repeats(self) -> bool:
        """Never."""
        return False

    def pairs(self, ends: Ends, random: RandomNumbers | None) -> tuple[Indices, Indices]:
        """By place in the window, then by target."""
        return self._pairs()[:2]

    def _window(self) -> tuple[tuple[int, int], int, int]:
        """Height and width, stride, padding."""
        raise NotImplementedError

    def _channels(self) -> int:
        """Of the target."""
        raise NotImplementedError

    def _pairs(self) -> Windows:
        """Sources, targets, and places in the kernel."""
        raise NotImplementedError

    @property
    def shapes(self) -> tuple[Shape, Shape]:
        """Of source and target."""
        found: tuple[Shape, Shape] | None = getattr(self, "_shapes", None)
        assert found is not None, "bound() comes first"
        return found

    def _places(self) -> Windows:
        """Of one map onto one map: pixels of the source and of the target, places in the window."""
        (_, height, width), (_, rows, columns) = self.shapes
        size, stride, padding = self._window()
        y, x = np.divmod(np.arange(size[0] * size[1])[:, None], size[1])
        row, column = np.divmod(np.arange(rows * columns)[None, :], columns)
        in_y, in_x = row * stride + y - padding, column * stride + x - padding
        inside = (in_y >= 0) & (in_y < height) & (in_x >= 0) & (in_x < width)
        source, target = in_y * width + in_x, np.broadcast_to(row * columns + column, in_y.shape)
        place = np.broadcast_to(y * size[1] + x, in_y.shape)
        return source[inside], target[inside], place[inside]


@dataclass(frozen=True, init=False)
class Convolution(_WindowRule):
    """Every map of the target is the source's maps convolved with a kernel of its own.

    Source and target have a shape (channels, height, width). The weight is an array of shape
    (channels of the target, channels of the source, height, width of the kernel), or one number;
    target pixel (o, y, x) gets ``sum W[o, i, k, l] in[i, y*stride + k - padding, x*stride + l -
    padding]``, as in machine learning (the kernel is not turned).

    Parameters
    ----------
    kernel : int or pair of int
        Height and width.
    stride, padding : int
        Pixels between windows; pixels of nothing around the source's maps.
    shared : bool
        Whether the pixels of a map share one kernel: such weights do not change during a run.
        False: a locally connected layer, whose synapses begin with the kernel's weights and may
        each learn by themselves.

    Examples
    --------
    >>> net = pg.Network()
    >>> image = net.spike_source("image", (2, 28, 28), [1.0], [0])
    >>> maps = net.population("maps", (8, 24, 24), pg.LIF())
    >>> group = net.connect(
    ...     image, maps, pg.Delta(), pg.Convolution(5), weight=np.ones((8, 2, 5, 5))
    ... )
    """

    yaml: ClassVar[YamlForm] = YamlForm(
        "convolution", "kernel", ("stride", "padding", "shared"), all_of=("kernel",)
    )

    kernel: tuple[int, int]
    stride: int = 1
    padding: int = 0
    shared: bool = field(default=True, metadata={"later": True})

    def __init__(
        self, kernel: int | Sequence[int], stride: int = 1, padding: int = 0, shared: bool = True
    ) -> None:
        object.__setattr__(self, "kernel", _pair(kernel, "kernel", Location.of("Convolution")))
        object.__setattr__(self, "stride", _whole(stride, "stride", Location.of("Convolution"), 1))
        object.__setattr__(
            self, "padding", _whole(padding, "padding", Location.of("Convolution"), 0)
        )
        object.__setattr__(self, "shared", shared)
        self.__post_init__()

    @property
    def kernel_shape(self) -> Shape:
        """Of the weights: target's channels, source's channels, height, width."""
        source, target = self.shapes
        return (target[0], source[0], *self.kernel)

    def expand(self, weight: Value, where: Location) -> Value:
        """A kernel as the weights of all synapses."""
        if isinstance(weight, (int, float)):
            return weight
        if not isinstance(weight, FrozenArray):
            raise ConnectivityError(
                f"a convolution's weights are its kernel, but {weight} gives every synapse its own",
                where=where,
                hint=f"give an array of shape {self.kernel_shape}, or one number",
            )
        given = weight.kernel if isinstance(weight, SharedKernel) else weight.array
        if given.ndim == 1 and len(given) == self.numbered(0):
            return weight
        kernel = plain_array(given, "the kernel", where)
        if kernel.shape != self.kernel_shape:
            raise ShapeError(
                f"the kernel has shape {kernel.shape}, but needs {self.kernel_shape}",
                where=where,
                hint="channels of the target, channels of the source, height, width",
            )
        shared = SharedKernel(kernel, self._pairs()[2])
        return shared if self.shared else FrozenArray(shared.array)

    def weights_of(
        self, kernel: npt.NDArray[np.float64], pre: Indices, post: Indices, where: Location
    ) -> npt.NDArray[np.float64]:
        """What a kernel gives the synapses from `pre` to `post`.

        Parameters
        ----------
        kernel : ndarray, shape (out, in, height, width)
        pre, post : ndarray of int, [synapses]
            Pairs that this rule connects, in any order.

        Raises
        ------
        ShapeError
            The kernel has another shape.
        """
        shared = self.expand(FrozenArray(kernel), where)
        assert isinstance(shared, SharedKernel)
        n_post = math.prod(self.shapes[1])
        known_pre, known_post, _ = self._pairs()
        known = known_pre.astype(np.int64) * n_post + known_post
        order = np.argsort(known)
        wanted = pre.astype(np.int64) * n_post + post
        return shared.array[order[np.searchsorted(known[order], wanted)]]

    def entries(self, pre: Indices, post: Indices) -> Indices:
        """Which entry of the kernel, counted through, each synapse has.

        Parameters
        ----------
        pre, post : ndarray of int, [synapses]
            Pairs that this rule connects, in any order.
        """
        number = np.arange(math.prod(self.kernel_shape), dtype=np.float64)
        kernel = number.reshape(self.kernel_shape)
        return self.weights_of(kernel, pre, post, Location.of("Convolution")).astype(np.int64)

    def _window(self) -> tuple[tuple[int, int], int, int]:
        return self.kernel, self.stride, self.padding

    def _channels(self) -> int:
        return self.shapes[1][0]

    def _pairs(self) -> Windows:
        (n_in, height, width), (n_out, rows, columns) = self.shapes
        source, target, place = self._places()
        out, into = np.arange(n_out)[:, None, None], np.arange(n_in)[None, :, None]
        shape = (n_out, n_in, len(source))
        pre = np.broadcast_to(into * height * width + source, shape)
        post = np.broadcast_to(out * rows * columns + target, shape)
        where = (out * n_in + into) * self.kernel[0] * self.kernel[1] + place
        return pre.ravel(), post.ravel(), where.ravel()


@dataclass(frozen=True, init=False)
class Pooling(_WindowRule):
    """Every pixel of the target reads a window of the same map of the source.

    With one weight for all it adds up what arrives (sum, mean). A neuron that fires at the first
    spike and not again, ``threshold="V > 0.5"`` with a weight of 1 and an endless refractory
    period, passes on the earliest spike of its window: the maximum, where the first is the largest.

    Parameters
    ----------
    size : int or pair of int
        Height and width of the window.
    stride : int, optional
        Pixels between windows; by default the height of the window.
    padding : int
        Pixels of nothing around the source's maps.
    """

    yaml: ClassVar[YamlForm] = YamlForm("pooling", "size", ("stride", "padding"), all_of=("size",))

    size: tuple[int, int]
    stride: int = 1
    padding: int = 0

    def __init__(
        self, size: int | Sequence[int], stride: int | None = None, padding: int = 0
    ) -> None:
        window = _pair(size, "size", Location.of("Pooling"))
        step = window[0] if stride is None else stride
        object.__setattr__(self, "size", window)
        object.__setattr__(self, "stride", _whole(step, "stride", Location.of("Pooling"), 1))
        object.__setattr__(self, "padding", _whole(padding, "padding", Location.of("Pooling"), 0))

    def _window(self) -> tuple[tuple[int, int], int, int]:
        return self.size, self.stride, self.padding

    def _channels(self) -> int:
        return self.shapes[0][0]

    def _pairs(self) -> Windows:
        (channels, height, width), (_, rows, columns) = self.shapes
        source, target, place = self._places()
        channel = np.arange(channels)[:, None]
        pre, post = channel * height * width + source, channel * rows * columns + target
        return pre.ravel(), post.ravel(), np.broadcast_to(place, pre.shape).ravel()


def _pair(given: Any, what: str, where: Location) -> tuple[int, int]:
    number = whole_number(given)
    pair = [number, number] if number is not None else list(given) if np.ndim(given) == 1 else []
    if len(pair) != 2:
        raise ConnectivityError(
            f"{what} = {given!r} is not a size",
            where=where,
            hint=f"write {what}=5 or {what}=(5, 3)",
        )
    return _whole(pair[0], what, where, 1), _whole(pair[1], what, where, 1)


def _whole(given: Any, what: str, where: Location, least: int) -> int:
    number = whole_number(given)
    if number is None or number < least:
        raise ConnectivityError(
            f"{what} = {given!r}", where=where, hint=f"give a whole number >= {least}"
        )
    return number
