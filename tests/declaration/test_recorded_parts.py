"""What is recorded is chosen as from a NumPy array, in one form for each choice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.errors import NetworkError

SIZE = 12


def cells():
    net = pg.Network(dt=0.1)
    return net.population("p", SIZE, pg.LIF())


slices = st.slices(SIZE).filter(lambda s: (s.step or 1) > 0)
lists = st.lists(st.integers(-SIZE, SIZE - 1), max_size=8)
masks = st.lists(st.booleans(), min_size=SIZE, max_size=SIZE)


def numpy_choice(neurons, key):
    whole = not isinstance(key, slice)
    return np.unique(neurons[np.asarray(key, dtype=None if len(key) else int) if whole else key])


@settings(deadline=None)
@given(st.one_of(slices, lists, masks), st.one_of(slices, lists, st.integers(0, SIZE - 1)))
def test_neurons_are_those_that_numpy_chooses_also_from_what_was_chosen(first, second):
    population = cells()
    expected = numpy_choice(np.arange(SIZE), first)
    things = population.spikes, population["V"]
    try:
        things = [thing[first] for thing in things]
    except NetworkError as error:
        assert "beyond the last" in str(error)
        return
    for thing in things:
        assert list(thing.neurons) == expected.tolist()
        if isinstance(second, list):
            second = [k for k in second if -len(expected) <= k < len(expected)]
        if isinstance(second, int):
            second = [second] if second < len(expected) else []
        try:
            again = thing[second]
        except NetworkError as error:
            assert "beyond the last" in str(error)
            continue
        assert list(again.neurons) == numpy_choice(expected, second).tolist()


@settings(deadline=None)
@given(lists, st.randoms())
def test_equal_choices_are_equal_however_they_are_written(indices, random):
    population = cells()
    other = [*indices, *indices[:2]]
    random.shuffle(other)
    mask = np.zeros(SIZE, bool)
    mask[np.array(indices, int)] = True
    one, two, three = (population["V"][key] for key in (indices, np.array(other, int), mask))
    assert one == two == three and hash(one) == hash(two) == hash(three)


@settings(deadline=None)
@given(st.lists(st.one_of(slices, lists, masks), max_size=3), st.floats(0.1, 9.0))
def test_choices_are_written_to_a_file_and_read_back_equal(keys, interval):
    net = pg.Network(dt=0.1)
    population = net.population("p", SIZE, pg.LIF())
    for key in keys:
        try:
            things = population.spikes[key], population["V"][key]
        except NetworkError:
            continue
        net.record(*things, interval=interval)
    again, _ = pg.load_network(pg.dump_network(net))
    assert again.recordings == net.recordings


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ([1, 12], "index 12 is out of range"),
        ([-13], "index -13 is out of range"),
        (12, "index 12 is out of range"),
        ([True, False], "mask of true and false"),
        ([1.5], "whole numbers"),
        ([[1, 2], [3, 4]], "whole numbers|one-dimensional"),
        (["a"], "list of neurons"),
        ("V", "neither a slice nor a list"),
        (None, "neither a slice nor a list"),
        (slice(None, None, -1), "must go forwards"),
        (slice("a", None), "is not a slice of neurons"),
        (np.ma.masked_array([1, 2], mask=[True, False]), "masked"),
    ],
)
def test_what_chooses_no_neurons_is_refused_with_the_place(key, message):
    for thing, place in ((cells().spikes, r"p\.spikes"), (cells()["V"], r"p\.V")):
        with pytest.raises(NetworkError, match=rf"{place}: .*({message})"):
            thing[key]


@pytest.mark.parametrize("text", ["p.V[1, x]", "p.V[1,, 2]", "p.V[1, 99]"])
def test_lists_in_files_that_cannot_be_read_name_their_place(text):
    source = f"""
network: {{name: n}}
populations: {{p: {{size: 12, model: LIF}}}}
run: {{record: ["{text}"]}}
"""
    with pytest.raises(pg.PygennLiteError, match=r"run\.record\[0\]"):
        pg.load_network(source)


def test_positions_are_an_array_that_nobody_can_write_to():
    net = pg.Network(dt=0.1)
    places = np.random.default_rng(0).uniform(size=(5, 2))
    near = net.population("near", 5, pg.LIF(), positions=places)
    nowhere = net.population("nowhere", 5, pg.LIF())
    assert isinstance(near.positions, np.ndarray) and nowhere.positions is None
    assert near.positions.shape == (5, 2) and np.array_equal(near.positions, places)
    assert near.positions.mean(axis=0).shape == (2,)
    with pytest.raises(ValueError, match="read-only"):
        near.positions[0] = 0.0
    places[0] = 7.0
    assert near.positions[0, 0] < 1.0
    again, _ = pg.load_network(pg.dump_network(net))
    assert again == net and hash(again) == hash(net)
    assert np.array_equal(again.populations["near"].positions, near.positions)
