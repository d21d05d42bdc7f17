"""Synapses that depend on the distance of their neurons: drawn by the host, and expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity import DistanceDependent
from pygenn_lite.declaration.population import Population, SynapseGroup
from pygenn_lite.errors import ConnectivityError
from pygenn_lite.runtime.values.expressions import evaluate
from pygenn_lite.runtime.values.philox import philox, stream_of, to_uniform
from pygenn_lite.runtime.values.value_arrays import Positions, synapse_names

IntArray = npt.NDArray[np.integer]
PURPOSE_STRUCTURE = 0
PAIRS_AT_ONCE = 1 << 21
MOST_PAIRS_COUNTED = 1 << 19  # of larger groups, so many pairs stand for all
PAIR_BYTES = 110  # for a while, of each pair that is looked at; measured: 77 to 103
ROUNDING = 1e-9  # by how much a computed probability may leave [0, 1]


def draw_by_distance(
    group: SynapseGroup, source: Population, target: Population, seed: int
) -> tuple[IntArray, IntArray]:
    """Sources and targets: each pair on its own, some rows at a time; words are numbered by target
    within a row."""
    stream = stream_of(f"group:{group.name}")
    blocks = np.arange((target.size + 3) // 4)
    rows_at_once = max(1, PAIRS_AT_ONCE // target.size)
    found_pre, found_post = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for begin in range(0, source.size, rows_at_once):
        rows = np.arange(begin, min(begin + rows_at_once, source.size))
        words = philox(seed, blocks[None, :], rows[:, None], PURPOSE_STRUCTURE, stream)
        uniforms = to_uniform(words.reshape(len(rows), -1)[:, : target.size])
        pre, post = (a.ravel() for a in np.broadcast_arrays(rows[:, None], np.arange(target.size)))
        probability = _probabilities(group, source, target, pre, post)
        chosen = uniforms.ravel() < probability
        found_pre.append(pre[chosen])
        found_post.append(post[chosen])
    return np.concatenate(found_pre), np.concatenate(found_post)


def expected_by_distance(group: SynapseGroup, source: Population, target: Population) -> float:
    """Expected number of synapses; of large groups as far as some of the pairs tell."""
    pairs = source.size * target.size
    if pairs <= MOST_PAIRS_COUNTED:
        pre, post = np.divmod(np.arange(pairs), max(target.size, 1))
        return float(_probabilities(group, source, target, pre, post).sum())
    random = np.random.default_rng(0)  # any: the same figure every time
    pre, post = (random.integers(0, p.size, MOST_PAIRS_COUNTED) for p in (source, target))
    return float(_probabilities(group, source, target, pre, post).mean() * pairs)


def bytes_to_draw(n_source: int, n_target: int) -> int:
    """Bytes that drawing takes for a while, beside the synapses."""
    return min(n_source * n_target, max(PAIRS_AT_ONCE, n_target)) * PAIR_BYTES


def positions_of(population: Population) -> Positions:
    """Positions of a population's neurons."""
    if population.positions is None:
        return None
    return np.asarray(population.positions, dtype=np.float64)


def _probabilities(
    group: SynapseGroup, source: Population, target: Population, pre: IntArray, post: IntArray
) -> npt.NDArray[np.float64]:
    """Probability of each of some pairs; 0 where they cannot be connected."""
    rule = group.connectivity
    assert isinstance(rule, DistanceDependent)
    where = (positions_of(source), positions_of(target))
    if where[0] is None or where[1] is None or where[0].shape[1] != where[1].shape[1]:
        raise ConnectivityError(
            "distances need positions of both populations, with as many coordinates",
            where=f"synapse group {group.name!r}: connectivity",
            hint="give both populations positions of shape (size, 1 to 3)",
        )
    names = dict(synapse_names(rule.probability, pre, post, where, (source.size, target.size)))
    possible = np.ones(len(pre), dtype=bool)
    if rule.max_distance is not None:
        difference = where[0][pre] - where[1][post]
        possible &= np.sum(difference**2, axis=-1) <= rule.max_distance**2
    if not rule.autapses and group.source == group.target:
        possible &= pre != post
    probability = np.broadcast_to(evaluate(rule.probability, names), pre.shape)
    _check_probability(probability, possible, names, rule, group)
    return np.where(possible, probability, 0.0)


def _check_probability(
    probability: npt.NDArray[np.float64],
    possible: npt.NDArray[np.bool_],
    names: Mapping[str, Any],
    rule: DistanceDependent,
    group: SynapseGroup,
) -> None:
    """Only of pairs that may be connected: 1/distance is infinite where autapses are ruled out."""
    bad = possible & ~((probability >= -ROUNDING) & (probability <= 1 + ROUNDING))
    if not np.any(bad):
        return
    first = int(np.argmax(bad))
    at = f" at distance {names['distance'][first]:g}" if "distance" in names else ""
    raise ConnectivityError(
        f"the probability {rule.probability.text!r} is {probability[first]:g}{at}",
        where=f"synapse group {group.name!r}: connectivity",
        hint=f"it must lie between 0 and 1: write clip({rule.probability.text}, 0, 1), or set "
        "max_distance",
    )
