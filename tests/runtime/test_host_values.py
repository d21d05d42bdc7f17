"""Random numbers, expressions and values computed on the host."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

import pygenn_lite as pg
from pygenn_lite.declaration.connectivity import Ends
from pygenn_lite.declaration.language.evaluation import evaluate
from pygenn_lite.errors import DeclarationError, EquationError, Location, ShapeError
from pygenn_lite.runtime.values.philox import GroupRandom, neuron_uniforms, philox, stream_of
from pygenn_lite.runtime.values.poisson import EACH, ENTRIES, poisson_table
from pygenn_lite.runtime.values.value_arrays import neuron_values, place_in_row, synapse_values

pytestmark = pytest.mark.usefixtures("backend")


def test_philox_gives_the_published_words():
    # Known answers of Random123 (Salmon et al. 2011), philox4x32-10.
    zero = philox(0, 0, 0, 0, 0)
    assert [hex(w) for w in zero] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    ones = philox(2**64 - 1, 2**32 - 1, 2**48 - 1, 0xFFFF, 2**32 - 1)
    assert [hex(w) for w in ones] == ["0x408f276d", "0x41c83b0e", "0xa20bc7c6", "0x6d5451fd"]


@given(st.integers(0, 2**64 - 1), st.integers(1, 200), st.integers(1, 200))
def test_a_neurons_number_does_not_depend_on_the_size_of_its_population(seed, one, other):
    first, second = (neuron_uniforms(seed, "population:a:V", n) for n in (one, other))
    shared = min(one, other)
    assert np.array_equal(first[:shared], second[:shared])


def test_uniform_numbers_are_uniform():
    u = neuron_uniforms(5, "population:a:V", 100_000)
    assert u.min() > 0 and u.max() < 1
    assert abs(u.mean() - 0.5) < 0.005
    assert abs(np.histogram(u, 10)[0] - 10_000).max() < 500


def test_streams_differ():
    assert stream_of("population:a") != stream_of("population:b")


@given(st.lists(st.integers(0, 5), max_size=40))
def test_places_in_rows_count_from_zero(rows):
    rows = sorted(rows)
    seen: dict[int, int] = {}
    expected = []
    for row in rows:
        expected.append(seen.get(row, 0))
        seen[row] = expected[-1] + 1
    assert place_in_row(np.array(rows, dtype=np.int64)).tolist() == expected


def test_a_synapses_number_depends_on_its_row_and_place_only():
    rows, k = np.array([0, 0, 0, 7, 7]), np.array([0, 1, 5, 0, 1])
    all_of_them = GroupRandom(1, "group:a").synapse_uniforms(1, rows, k)
    assert np.array_equal(
        all_of_them[3:], GroupRandom(1, "group:a").synapse_uniforms(1, rows[3:], k[3:])
    )
    assert len(set(all_of_them)) == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*i + n", [5.0, 7.0, 9.0, 11.0, 13.0]),
        ("where(i < 2, 1, -i)", [1, 1, -2, -3, -4]),
        ("Piecewise((1, i < 1), (2, i < 3), (3, i >= 3))", [1, 2, 2, 3, 3]),
        ("min(i, 2, 3) + max(0, i - 3)", [0, 1, 2, 2, 3]),
        ("exp(-i/n)*cos(pi*i)", np.exp(-np.arange(5) / 5) * (-1.0) ** np.arange(5)),
        ("clip(i, 1, 3)**2", [1, 1, 4, 9, 9]),
        ("exprel(i - 2)", None),
        ("not (i < 2) and i != 4", [0, 0, 1, 1, 0]),
        ("1 < i <= 3", [0, 0, 1, 1, 0]),
        ("Piecewise((i, i < 2), (7, True))", [0, 1, 7, 7, 7]),
        ("Max(Abs(i - 2), Min(i, 1))", [2, 1, 1, 1, 2]),
    ],
)
def test_expressions_are_evaluated(text, expected):
    value = evaluate(pg.parse_expression(text), {"i": np.arange(5), "n": 5})
    if expected is None:
        x = np.arange(5) - 2.0
        expected = np.where(x == 0, 1.0, np.expm1(x) / np.where(x == 0, 1, x))
    np.testing.assert_allclose(np.broadcast_to(value, 5), expected)


def test_a_huge_power_is_infinity_and_no_hang():
    value = evaluate(pg.parse_expression("i**i**i"), {"i": np.array([9.0])})
    assert np.isinf(value).all()


def test_an_unknown_symbol_is_named():
    with pytest.raises(EquationError, match="'j'"):
        evaluate(pg.parse_expression("i + j"), {"i": np.arange(3)})


def neuron(value, size=4, positions=None):
    return neuron_values(
        value, size, seed=1, stream="population:a:V", positions=positions, where=Location("here")
    )


def test_values_of_neurons():
    assert neuron(2.0).tolist() == [2.0] * 4
    assert neuron(pg.FrozenArray([1, 2, 3, 4])).tolist() == [1, 2, 3, 4]
    assert np.array_equal(neuron(pg.Uniform(0, 1)), neuron_uniforms(1, "population:a:V", 4))
    place = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]])
    assert neuron(pg.parse_expression("x + 10*y"), positions=place).tolist() == [10, 32, 54, 76]


def test_values_that_are_not_finite_or_do_not_fit_are_refused():
    with pytest.raises(DeclarationError, match="element 0 is inf"):
        neuron(pg.parse_expression("1/i"))
    with pytest.raises(ShapeError):
        neuron(pg.FrozenArray([1, 2, 3]))


def test_values_of_synapses():
    pre, post = np.array([0, 0, 1, 2]), np.array([1, 2, 0, 0])
    place = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    ends = Ends(3, 3, positions=(place, place))
    options = dict(random=(GroupRandom(1, "group:a"), 1), ends=ends, where=Location("here"))
    distance = synapse_values(pg.parse_expression("distance"), pre, post, **options)
    assert distance.tolist() == [5.0, 10.0, 5.0, 10.0]
    index = synapse_values(pg.parse_expression("10*i_pre + i_post"), pre, post, **options)
    assert index.tolist() == [1, 2, 10, 20]
    matrix = pg.FrozenArray(np.arange(9.0).reshape(3, 3))
    assert synapse_values(matrix, pre, post, **options).tolist() == [1, 2, 3, 6]


@given(st.floats(0.0, 10.0))
def test_a_poisson_table_deals_out_the_poisson_distribution(rate):
    table = poisson_table(rate)
    if table is None:
        assert poisson.sf(ENTRIES - 1, rate) > 1e-10
        return
    threshold, alias = (a.astype(np.int64) for a in table)
    share = threshold.copy()
    np.add.at(share, alias, EACH - threshold)
    np.testing.assert_allclose(share / 2.0**32, poisson.pmf(np.arange(ENTRIES), rate), atol=2e-9)
    assert share.sum() == 2**32


def test_large_rates_have_no_table():
    assert poisson_table(50.0) is None
