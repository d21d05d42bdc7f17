"""Synapses that come and go while weights are trained: the rule itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.training.deep_rewiring import rewired_synapses, signs_of_new


def drawn(seed: int, sizes: tuple[int, int], density: float) -> tuple[np.ndarray, np.ndarray]:
    return np.nonzero(np.random.default_rng(seed).random(sizes) < density)


@given(st.integers(0, 99), st.integers(1, 9), st.integers(1, 9), st.floats(0, 1), st.floats(0, 1))
def test_the_number_of_synapses_stays_and_no_pair_has_two(
    seed: int, n_pre: int, n_post: int, density: float, part: float
) -> None:
    pre, post = drawn(seed, (n_pre, n_post), density)
    dormant = np.random.default_rng(seed + 1).random(len(pre)) < part
    made = rewired_synapses(
        (pre, post), dormant, (n_pre, n_post), pg.DeepRewiring().random("w", seed)
    )
    codes = made.pre * n_post + made.post
    assert len(codes) == len(pre)
    assert (np.diff(codes) > 0).all()
    kept = made.origin >= 0
    assert kept.sum() == (~dormant).sum()
    assert (made.pre[kept] == pre[made.origin[kept]]).all()
    assert (made.post[kept] == post[made.origin[kept]]).all()
    assert not dormant[made.origin[kept]].any()


def test_values_go_with_their_synapses() -> None:
    pre, post = drawn(0, (5, 6), 0.5)
    weights = np.arange(1.0, len(pre) + 1)
    dormant = weights % 3 == 0
    made = rewired_synapses((pre, post), dormant, (5, 6), pg.DeepRewiring().random("w", 0))
    carried = made.carried(weights)
    matrix = np.zeros((5, 6))
    matrix[pre, post] = np.where(dormant, 0, weights)
    assert (carried[made.origin >= 0] == matrix[made.pre, made.post][made.origin >= 0]).all()
    assert (carried[made.origin < 0] == 0).all()
    slots = made.carried(np.stack([weights, -weights]), fresh=7.0)
    assert (slots[:, made.origin < 0] == 7).all()


def test_new_places_are_uniform() -> None:
    """Chi-squared over 30 free places, 4,000 draws of 2."""
    pre, post = drawn(1, (6, 7), 0.3)
    counts = np.zeros((6, 7))
    dormant = np.zeros(len(pre), bool)
    dormant[:2] = True
    for number in range(4000):
        made = rewired_synapses((pre, post), dormant, (6, 7), pg.DeepRewiring().random("w", number))
        new = made.origin < 0
        counts[made.pre[new], made.post[new]] += 1
    stay = ~dormant
    assert (counts[pre[stay], post[stay]] == 0).all()
    free = 42 - stay.sum()
    expected = 8000 / free
    chi = ((counts[counts > 0] - expected) ** 2 / expected).sum()
    assert (counts > 0).sum() == free
    assert chi < free + 4 * np.sqrt(2 * free)


def test_the_same_number_gives_the_same_synapses_and_another_group_others() -> None:
    pre, post = drawn(2, (30, 40), 0.1)
    dormant = np.arange(len(pre)) % 4 == 0

    def codes(group: str, number: int, seed: int = 0) -> list[int]:
        random = pg.DeepRewiring(seed=seed).random(group, number)
        made = rewired_synapses((pre, post), dormant, (30, 40), random)
        return (made.pre * 40 + made.post).tolist()

    assert codes("w", 3) == codes("w", 3)
    assert len({tuple(codes(*k)) for k in (("w", 3), ("w", 4), ("v", 3), ("w", 3, 1))}) == 4


def test_new_synapses_get_a_sign_at_random_or_their_source_s() -> None:
    pre, post = drawn(3, (20, 50), 0.3)
    weights = np.where(pre % 2 == 0, 1.0, -1.0)
    dormant = np.arange(len(pre)) % 2 == 0
    for signs in ("random", "source"):
        rewiring = pg.DeepRewiring(signs=signs)
        random = rewiring.random("w", 0)
        made = rewired_synapses((pre, post), dormant, (20, 50), random)
        found = signs_of_new(rewiring, made, weights, random)
        new = made.origin < 0
        assert (found[~new] == weights[made.origin[~new]]).all()
        right = found[new] == np.where(made.pre[new] % 2 == 0, 1, -1)
        assert right.all() if signs == "source" else 0.3 < right.mean() < 0.7


@pytest.mark.parametrize(
    "wrong", [{"every": 0}, {"seed": -1}, {"signs": "dale"}, {"noise": -1.0}, {"every": 1.5}]
)
def test_wrong_values_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match=f"DeepRewiring: {next(iter(wrong))} = "):
        pg.DeepRewiring(**wrong)
