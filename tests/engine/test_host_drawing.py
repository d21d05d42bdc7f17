"""What the host draws is what the compiled builder draws, synapse by synapse."""

from __future__ import annotations

import ctypes as c
import math
from fractions import Fraction

import numpy as np
import pytest
from builder_library import Spec, Store
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.declaration.connectivity import RULES, Connectivity, Ends
from pygenn_lite.errors import ConnectivityError
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.values import compiled_math
from pygenn_lite.runtime.values.drawing import draw_pairs
from pygenn_lite.runtime.values.philox import GroupRandom
from pygenn_lite.runtime.values.splitting import shared_out

RANDOM = GroupRandom(12345, "group:ab")
# Transpose draws nothing of its own: all pairs, as AllToAll does.
NATIVE = [
    rule for rule in RULES if rule.native is not Connectivity.native and rule is not pg.Transpose
]
SIZES, FLAGS = st.integers(1, 200), st.booleans()


def assert_both_draw_the_same(
    library: c.CDLL, rule: Connectivity, ends: Ends, random: GroupRandom = RANDOM
) -> None:
    """Pairs of host and builder, both in canonical order."""
    rule.validate(ends.n_pre, ends.n_post, ends.same_population)
    pre, post = draw_pairs(rule, ends, random)
    assert np.all(np.diff(pre) >= 0)
    native = rule.native(ends.n_pre, ends.n_post)
    assert native is not None
    form = {
        "kind": abi.RULES[native.kind], "n": native.n, "p": native.p,
        "autapses": native.autapses, "multapses": native.multapses,
        "same_population": ends.same_population,
    }  # fmt: skip
    spec = Spec(ends.n_post, form, stream=random.stream)
    built_pre, built_post, *_ = Store(library, ends.n_pre, [spec], seed=random.seed).read()
    order = np.lexsort((post, pre))
    np.testing.assert_array_equal(pre[order], built_pre)
    np.testing.assert_array_equal(post[order], built_post)


@pytest.mark.parametrize("kind", NATIVE)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.tuples(SIZES, SIZES), same=FLAGS, n=st.integers(0, 150), p=st.floats(0, 1),
    autapses=FLAGS, multapses=FLAGS, seed=st.integers(0, 2**64 - 1),
)  # fmt: skip
@example(sizes=(90, 140), same=False, n=100, p=1e-6, autapses=True, multapses=False, seed=2**64 - 1)
@example(sizes=(140, 140), same=True, n=10, p=0.5, autapses=False, multapses=True, seed=0)
@example(sizes=(1, 1), same=True, n=0, p=0.0, autapses=False, multapses=False, seed=0)
def test_the_host_draws_what_the_builder_draws(
    builder, kind, sizes, same, n, p, autapses, multapses, seed
):
    n_pre, n_post = (sizes[0], sizes[0]) if same or kind is pg.OneToOne else sizes
    rule = {
        pg.AllToAll: lambda: pg.AllToAll(autapses),
        pg.OneToOne: pg.OneToOne,
        pg.FixedProbability: lambda: pg.FixedProbability(p, autapses),
        pg.FixedTotalNumber: lambda: pg.FixedTotalNumber(n * 7, None, autapses, multapses),
        pg.FixedInDegree: lambda: pg.FixedInDegree(n, autapses, multapses),
        pg.FixedOutDegree: lambda: pg.FixedOutDegree(n, autapses, multapses),
    }[kind]()
    try:
        rule.validate(n_pre, n_post, same)
    except ConnectivityError:
        assume(False)
    ends = Ends(n_pre, n_post, same)
    assert_both_draw_the_same(builder, rule, ends, GroupRandom(seed, "group:x"))


@pytest.mark.parametrize("multapses", [True, False])
@pytest.mark.parametrize("n", [3_000, 300_000, 620_000])
def test_many_synapses_are_shared_out_alike(builder, n, multapses):
    rule = pg.FixedTotalNumber(n, multapses=multapses)
    assert_both_draw_the_same(builder, rule, Ends(700, 900))


@pytest.mark.parametrize("p", [1e-7, 1e-4, 0.01])
def test_large_sparse_rows_are_drawn_alike(builder, p):
    assert_both_draw_the_same(builder, pg.FixedProbability(p), Ends(300, 200_000))


def test_shares_add_up():
    for room in (0, 50):
        shares = shared_out(1, 2, 4000, 100, room)
        assert shares.sum() == 4000 and (room == 0 or shares.max() <= room)


numbers = st.floats(1e-100, 1e100) | st.floats(-1e100, -1e-100)


@given(numbers, numbers, numbers)
def test_a_fused_operation_rounds_once(a, b, c):
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    assert float(compiled_math.fma(a, b, c)) == float(exact)


@given(st.floats(1e-300, 1e300))
def test_logarithms_are_good_to_a_unit_in_the_last_place(x):
    assert abs(float(compiled_math.log(x)) - math.log(x)) <= math.ulp(math.log(x))


@given(st.floats(-700, 700))
def test_exponentials_are_good_to_two_units_in_the_last_place(x):
    assert abs(float(compiled_math.exp(x)) - math.exp(x)) <= 2 * math.ulp(math.exp(x))
