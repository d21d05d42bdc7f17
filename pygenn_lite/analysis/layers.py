"""What benchmarks count of connections: each synapse group, or read-out, as a layer of weights.

Benchmarks of machine learning count a layer as a matrix in which absent synapses are zeros, as
NeuroBench's harness does (Yik et al., Nature Communications 2025; its package 2.3.0). So several
synapses of one pair are one weight, their sum. A convolution counts as its kernel.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity import Convolution, Transpose
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.errors import ShapeError
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.runtime.values.connections import Connections
    from pygenn_lite.runtime.views.group_views import GroupView

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layer:
    """A layer of connections, as benchmarks count it.

    Attributes
    ----------
    name : str
        Of the synapse group, or as it was called.
    source, target : str
        Populations; empty for what is not one.
    weights, zeros : int
        Entries of its matrix (or kernel), and those that are 0.
    pairs : int
        Operations of one step if no input and no weight were 0.
    fan_out : ndarray of int64, [inputs]
        Weights that are not 0, by input: operations that one spike costs.
    synapses : int
        That are stored, those of weight 0 included.
    spikes : bool
        Whether its inputs are spikes; else they are numbers at every step.
    """

    name: str
    source: str
    target: str
    weights: int
    zeros: int
    pairs: int
    fan_out: Counts
    synapses: int
    spikes: bool = True


def dense_layer(name: str, weights: npt.ArrayLike) -> Layer:
    """A layer given by its matrix: a read-out, say, that the simulation does not contain.

    Parameters
    ----------
    name : str
    weights : array, [outputs, inputs]

    Raises
    ------
    ShapeError
        It is not a matrix.

    Examples
    --------
    >>> layer = pg.analysis.dense_layer("read-out", [[0.5, 0.0, 1.0]])
    >>> layer.weights, layer.zeros, layer.fan_out.tolist()
    (3, 1, [1, 0, 1])
    """
    matrix = np.asarray(weights, dtype=np.float64)
    if matrix.ndim != 2:
        raise ShapeError(
            f"the weights of {name!r} have shape {matrix.shape}",
            hint="give a matrix [outputs, inputs]",
        )
    filled = np.count_nonzero(matrix, axis=0).astype(np.int64)
    size = matrix.size
    return Layer(name, "", "", size, size - int(filled.sum()), size, filled, size, spikes=False)


def layer_of(view: GroupView, group: SynapseGroup) -> Layer:
    """A synapse group as it is now: with its drawn synapses and present weights.

    Parameters
    ----------
    view : GroupView
        Of a simulation.
    group : SynapseGroup
        Its declaration.
    """
    synapses, (n_pre, n_post) = view.connections(), _sizes(view, group)
    pre, weight = _pairs(synapses, view.shape[1])
    filled = np.bincount(pre[weight != 0], minlength=view.shape[0]).astype(np.int64)
    pairs = n_pre * n_post
    weights, zeros = pairs, pairs - int(filled.sum())
    rule = group.connectivity
    if isinstance(rule, Convolution):
        pairs = len(pre)
        if rule.shared:
            weights, zeros = _kernel(rule, pre, synapses.post, weight)
        else:
            weights, zeros = pairs, pairs - int(filled.sum())
    if isinstance(rule, Transpose):
        weights = zeros = 0  # they are those of another group
    return Layer(
        view.name, group.source, group.target, weights, zeros, pairs, filled, len(synapses),
        spikes=not group.synapse.continuous,
    )  # fmt: skip


def _sizes(view: GroupView, group: SynapseGroup) -> tuple[int, int]:
    """Neurons that are connected, where these are parts of populations."""
    parts = zip(group.connectivity.parts, view.shape, strict=True)
    pre, post = (size if part is None else len(part) for part, size in parts)
    return pre, post


def _pairs(synapses: Connections, n_post: int) -> tuple[Counts, npt.NDArray[np.float64]]:
    """Source and weight of each pair that is connected; synapses come by pre, then post."""
    pre = synapses.pre.astype(np.int64)
    key = pre * n_post + synapses.post
    first = np.flatnonzero(np.diff(key, prepend=-1))
    if len(first) == len(key):
        return pre, synapses.weight
    return pre[first], np.add.reduceat(synapses.weight, first)


def _kernel(
    rule: Convolution,
    pre: Counts,
    post: npt.NDArray[np.integer],
    weight: npt.NDArray[np.float64],
) -> tuple[int, int]:
    """Entries of a convolution's kernel, and those that are 0."""
    used = np.unique(rule.entries(pre, post.astype(np.int64))[weight != 0])
    entries = math.prod(rule.kernel_shape)
    return entries, entries - len(used)
