"""Distances in a periodic box, coordinates and offsets in probabilities and in values."""

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ConnectivityError, EquationError

pytestmark = pytest.mark.usefixtures("backend")

RING = np.arange(100) / 100
BOX = np.random.default_rng(2).uniform(0, 1, (80, 2)) * [1.0, 2.0]


def connections(rule, positions=RING, **options):
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("cells", len(positions), pg.LIF(), positions=positions)
    net.connect(cells, cells, pg.Delta(), rule, name="near", **options)
    assert pg.load_network(pg.dump_network(net))[0] == net
    return net.compile()["near"].connections()


def test_a_ring_has_no_ends():
    rule = pg.DistanceDependent("where(distance < 0.055, 1, 0)", periodic=[1.0])
    near = connections(rule, weight="distance", delay="1 + 10*distance")
    assert np.all(np.bincount(near.pre) == 10) and np.all(np.bincount(near.post) == 10)
    around = (near.post.astype(int) - near.pre.astype(int) + 50) % 100 - 50
    assert set(around) == {*range(-5, 0), *range(1, 6)}
    assert near.weight == pytest.approx(np.abs(around) / 100, rel=1e-5)
    assert near.delay == pytest.approx(1 + np.abs(around) / 10, abs=0.051)


def test_a_torus_takes_the_shortest_way_in_each_coordinate():
    rule = pg.DistanceDependent("where(distance < 0.3, 1, 0)", periodic=(1.0, 2.0))
    near = connections(rule, BOX, weight="10*dx + dy")
    offset = BOX[None, :, :] - BOX[:, None, :]
    images = [offset + np.array([i, 2.0 * j]) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    nearest = np.min([np.linalg.norm(image, axis=-1) for image in images], axis=0)
    expected = np.argwhere((nearest < 0.3) & ~np.eye(len(BOX), dtype=bool))
    assert sorted(zip(near.pre, near.post, strict=True)) == [tuple(pair) for pair in expected]
    shortest = (offset + np.array([0.5, 1.0])) % np.array([1.0, 2.0]) - np.array([0.5, 1.0])
    weight = 10 * shortest[..., 0] + shortest[..., 1]
    assert near.weight == pytest.approx(weight[near.pre, near.post], rel=1e-4, abs=1e-6)


def test_probabilities_read_coordinates_and_offsets():
    ahead = connections(pg.DistanceDependent("where(dx > 0 and dx < 0.035, 1, 0)"))
    assert set(ahead.post.astype(int) - ahead.pre.astype(int)) == {1, 2, 3}
    left = connections(pg.DistanceDependent("where(x_pre < 0.1 and x_post >= 0.9, 1, 0)"))
    assert set(left.pre) == set(range(10)) and set(left.post) == set(range(90, 100))
    even = connections(pg.DistanceDependent("where(i_pre < 2 and i_post < n_post/50, 1, 0)"))
    assert sorted(zip(even.pre, even.post, strict=True)) == [(0, 1), (1, 0)]


def test_the_probability_of_a_distance_is_met():
    near = connections(pg.DistanceDependent("exp(-distance/0.2)", periodic=(1.0, 2.0)), BOX)
    offset = np.abs(BOX[None] - BOX[:, None])
    offset = np.minimum(offset, np.array([1.0, 2.0]) - offset)
    probability = np.exp(-np.linalg.norm(offset, axis=-1) / 0.2) * ~np.eye(len(BOX), dtype=bool)
    spread = np.sqrt((probability * (1 - probability)).sum())
    assert len(near) == pytest.approx(probability.sum(), abs=4 * spread)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda: pg.DistanceDependent("exp(-d)"), "reads 'd'"),
        (lambda: pg.DistanceDependent("rand()"), "is random"),
        (lambda: pg.DistanceDependent("distance", periodic=[1.0, -1.0]), "not a valid box"),
        (lambda: pg.DistanceDependent("distance", periodic=[1.0] * 4), "not a valid box"),
        (lambda: pg.DistanceDependent("0.5", periodic=[1.0, 1.0]), "2 lengths, positions have 1"),
        (lambda: pg.DistanceDependent("where(dy > 0, 1, 0)"), "reads 'dy', but positions have 1"),
    ],
)
def test_what_a_probability_cannot_be_is_refused_by_name(rule, message):
    with pytest.raises(ConnectivityError, match=message):
        connections(rule())


def test_offsets_that_positions_do_not_have_are_refused_in_values():
    with pytest.raises(EquationError, match="unknown symbol 'dy'"):
        connections(pg.AllToAll(), weight="dy")
