"""Whatever NumPy gives for a number or an array is taken as what it is, or refused in words."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.declaration.numeric import plain_array, plain_number, whole_number
from pygenn_lite.errors import PygennLiteError

SCALARS = [np.float64(2.0), np.float32(2.0), np.float16(2), np.int64(2), np.uint8(2), np.array(2.0)]
NO_SCALARS = [True, np.True_, 2j, np.complex64(2), "2", None, np.array([2.0]), np.ma.masked, [2]]


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def two():
    net = pg.Network(dt=0.1)
    return net, net.population("p", 2, pg.LIF())


def group(**options):
    net, p = two()
    return net.connect(p, p, pg.Delta(), pg.AllToAll(), **options)


def recorded_at(ms):
    net, p = two()
    net.record(p["V"], interval=ms)
    return net.recordings[0].interval


def poisson(rate):
    net, p = two()
    return net.poisson(p, rate, weight=1, variable="V")


TAKERS = {
    "dt": lambda x: pg.Network(dt=x).dt,
    "seed": lambda x: pg.Network(seed=x).seed,
    "size": lambda x: pg.Network().population("p", x, pg.LIF()).size,
    "a parameter": lambda x: pg.LIF(tau=x).parameter("tau"),
    "a refractory time": lambda x: float(
        pg.NeuronModel("dV/dt = 0", threshold="V > 1", refractory=x).refractory.text
    ),
    "a right side": lambda x: float(pg.NeuronModel({"V": x}).equations[0].text),
    "low": lambda x: pg.Uniform(x, 5.0).low,
    "an in-degree": lambda x: pg.FixedInDegree(x).n,
    "a bound of a rule": lambda x: pg.PairSTDP(w_max=x).parameter("w_max"),
    "a scale": lambda x: pg.scale_network(two()[0], x, {"p": 1.0}).populations["p"].size / 2,
    "max_distance": lambda x: pg.DistanceDependent("0.1", x).max_distance,
    "weight": lambda x: group(weight=x).weight,
    "delay": lambda x: group(delay=x).delay,
    "rate": lambda x: poisson(x).rate,
    "interval": recorded_at,
}


@pytest.mark.parametrize("what", TAKERS)
@pytest.mark.parametrize("number", SCALARS, ids=lambda x: f"{type(x).__name__}")
def test_numpy_scalars_and_arrays_of_no_dimension_are_numbers(what, number):
    assert TAKERS[what](number) == 2
    assert type(TAKERS[what](number)) in (int, float)


@pytest.mark.parametrize("what", sorted(set(TAKERS) - {"max_distance"}))
@pytest.mark.parametrize("given", NO_SCALARS, ids=repr)
def test_what_is_no_number_is_refused(what, given):
    array = isinstance(given, (list, np.ndarray)) and not isinstance(given, np.ma.MaskedArray)
    if array and what in ("a parameter", "weight", "delay", "rate"):
        return  # an array: its shape is looked at
    if given in ("2", None) and what not in ("dt", "seed", "size", "low", "an in-degree"):
        return  # a formula; the default
    with pytest.raises(PygennLiteError):
        TAKERS[what](given)


@pytest.mark.parametrize("p", [np.float32(0.5), np.array(0.5), np.int64(1), np.array(0)])
def test_probabilities_are_kept_as_floats(p):
    for rule in (pg.FixedProbability(p), pg.FixedTotalNumber(probability=p * 0.5)):
        probability = rule.p if isinstance(rule, pg.FixedProbability) else 2 * rule.probability
        assert type(probability) is float and probability == float(p)
        net, population = two()
        net.connect(population, population, pg.Delta(), rule)
        assert pg.load_network(pg.dump_network(net))[0] == net


def test_a_time_step_in_single_precision_is_what_it_shows():
    assert pg.Network(dt=np.float32(0.1)).dt == 0.1
    assert pg.Network(dt=np.array(0.1, np.float32)).dt == 0.1


def test_a_delay_of_one_step_in_single_precision_is_taken():
    for step in (0.1, 0.3, 0.7):
        net = pg.Network(dt=step)
        p = net.population("p", 2, pg.LIF())
        net.connect(p, p, pg.Delta(), pg.OneToOne(), delay=np.array([step, step], np.float32))


ARRAYS = {
    "big-endian": np.array([1.0, 2.0, 3.0], ">f8"),
    "every second": np.array([1.0, 9, 2, 9, 3])[::2],
    "backwards": np.array([3, 2, 1], np.int16)[::-1],
    "float32": np.array([1, 2, 3], np.float32),
    "objects": np.array([1, 2.0, np.float32(3)], object),
    "a list": [1, 2.0, np.float32(3)],
    "a tuple of arrays": (np.array(1.0), np.array(2.0), np.array(3.0)),
    "a range": range(1, 4),
    "a masked array without masked entries": np.ma.array([1.0, 2.0, 3.0], mask=False),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_any_layout_are_values(name):
    net = pg.Network()
    given = ARRAYS[name]
    p = net.population("p", 3, pg.LIF(tau=given))
    assert dict(p.model.parameters)["tau"].array.tolist() == [1.0, 2.0, 3.0]
    assert p.model == pg.LIF(tau=[1.0, 2.0, 3.0])


def test_the_order_in_memory_is_no_part_of_a_matrix():
    net, p = two()
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
    a = net.connect(p, p, pg.Delta(), pg.AllToAll(), weight=np.asfortranarray(matrix), name="a")
    b = net.connect(p, p, pg.Delta(), pg.AllToAll(), weight=matrix.T.copy().T, name="b")
    assert a.weight == b.weight and a.weight.array.tolist() == matrix.tolist()
    assert net == pg.load_network(pg.dump_network(net))[0]


REFUSED = {
    "masked": (np.ma.array([1.0, 2.0], mask=[0, 1]), "masked entries"),
    "rows of masked": ([np.ma.array([1.0, 2.0], mask=[0, 1])], "masked entries"),
    "complex": (np.array([1.0, 2j]), "complex"),
    "text": (np.array(["1", "2"]), "text, not numbers"),
    "a mask": (np.array([True, False]), "true or false"),
    "dates": (np.array(["2020-01-01", "2020-01-02"], "M8[D]"), "dates"),
    "time spans": (np.array([1, 2], "m8[ms]"), "time spans"),
    "objects": (np.array([1.0, "a"], object), "not an array of numbers"),
    "objects of text": (np.array(["1", "2"], object), "not an array of numbers"),
    "ragged": ([[1.0], [1.0, 2.0]], "not an array of numbers"),
    "a generator": ((x for x in (1.0, 2.0)), "not a number or an array"),
    "a set": ({1.0, 2.0}, "not a number or an array"),
    "not finite": (np.array([1.0, np.nan]), "NaN or infinite"),
    "records": (np.zeros(2, [("a", float)]), "not an array of numbers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arrays_that_are_no_numbers_are_refused_as_values(name):
    given, message = REFUSED[name]
    net, p = two()
    for declare in (
        lambda: pg.LIF(tau=given),
        lambda: net.connect(p, p, pg.Delta(), pg.OneToOne(), weight=given),
        lambda: net.current(p, given),
    ):
        with pytest.raises(PygennLiteError, match=message):
            declare()
    if name != "not finite":
        for declare in (
            lambda: net.step_current(p, [0.0, 1.0], given),
            lambda: net.step_current(p, given, [0.0, 1.0]),
            lambda: net.spike_source("s", 2, given, [0, 1]),
            lambda: net.population("q", 2, pg.LIF(), positions=given),
        ):
            with pytest.raises(PygennLiteError, match=message):
                declare()


def test_numbers_with_a_unit_are_refused():
    class Quantity(np.ndarray):
        """As Brian2's and Astropy's: a plain array of SI units underneath."""

        dim = "second"

    for given in (np.array([0.02, 0.01]).view(Quantity), np.array(0.02).view(Quantity)):
        with pytest.raises(PygennLiteError, match="has a unit") as caught:
            pg.LIF(tau=given)
        assert "quantity / unit" in caught.value.hint
    with pytest.raises(PygennLiteError, match="not a valid time step"):
        pg.Network(dt=np.array(1e-4).view(Quantity))


def test_numbers_whose_units_cancel_are_numbers():
    class Dimension:
        is_dimensionless = True

    class Quantity(np.ndarray):
        dim = Dimension()

    class Ratio:
        magnitude, units, dimensionless = 3.0, "", True

        def __array__(self, dtype=None, copy=None):
            return np.array(3.0, dtype)

    assert pg.LIF(tau=np.array([3.0, 4.0]).view(Quantity)) == pg.LIF(tau=[3.0, 4.0])
    assert pg.LIF(tau=Ratio()) == pg.LIF(tau=3.0)


def test_a_tensor_that_cannot_be_given_as_an_array_is_refused_in_words():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    with pytest.raises(PygennLiteError, match="not an array of numbers"):
        pg.LIF(tau=Tensor())


MASK = np.array([True, False])


@pytest.mark.parametrize(
    "declare",
    [
        lambda net, p: pg.PairList(MASK, MASK),
        lambda net, p: pg.PairList([True, False], [0, 1]),
        lambda net, p: pg.CSR(np.array([False, True, True]), [0]),
        lambda net, p: net.spike_source("s", 2, [1.0, 2.0], MASK),
    ],
)
def test_a_mask_is_never_taken_for_indices(declare):
    with pytest.raises(PygennLiteError, match="mask of true and false") as caught:
        declare(*two())
    assert "flatnonzero" in caught.value.hint


@pytest.mark.parametrize("index", [True, np.True_, 0.5, "0", None, 1j])
def test_what_is_no_index_records_nothing(index):
    net, p = two()
    for thing in (p["V"], p.spikes):
        with pytest.raises(PygennLiteError):
            net.record(thing[index])


def test_indices_in_any_layout_are_indices():
    expected = pg.PairList([0, 1, 1], [1, 0, 1])
    for kind in (np.uint8, np.int32, ">i4", np.float32, object):
        assert pg.PairList(np.array([0, 1, 1], kind), np.array([1, 0, 1], kind)[::1]) == expected
    assert pg.PairList(range(3), (0, 1, 2)) == pg.PairList([0, 1, 2], [0, 1, 2])
    for wrong in ([0.5], [[0]], [-(2**60) + 0.5], np.array([np.nan]), np.ma.array([0], mask=[1])):
        with pytest.raises(PygennLiteError):
            pg.PairList(wrong, [0])


def test_given_arrays_may_change_afterwards():
    values = np.array([1.0, 2.0])
    net = pg.Network()
    p = net.population("p", 2, pg.LIF(), initial={"V": values})
    values[:] = 7.0
    assert dict(p.initial)["V"].array.tolist() == [1.0, 2.0]
    values.flags.writeable = False
    net.population("q", 2, pg.LIF(), initial={"V": values})


@pytest.mark.parametrize(
    ("given", "number", "whole"),
    [(3, 3, 3), (3.0, 3.0, 3), (np.float32(2.5), 2.5, None), (2**80, 2**80, 2**80),
     (np.array(3), 3, 3), (1e300, 1e300, None), (True, None, None), ("3", None, None)],
)  # fmt: skip
def test_numbers_keep_their_kind(given, number, whole):
    assert plain_number(given) == number
    assert whole_number(given) == whole


class Series:
    """As that of pandas: no array, but given as one."""

    def __array__(self, dtype=None, copy=None):
        return np.array([1, 2], dtype)


def test_what_gives_itself_as_an_array_is_one():
    assert plain_array(Series(), "x").tolist() == [1.0, 2.0]
    assert pg.LIF(tau=Series()) == pg.LIF(tau=[1.0, 2.0])


def test_networks_and_models_are_copied_and_sent():
    net, p = two()
    net.connect(p, p, pg.PairSTDP(pg.ExponentialCurrent(5.0)), pg.PairList([0], [1]), weight=[0.5])
    net.record(p.spikes)
    for again in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net), copy.copy(net)):
        assert again == net
        assert hash(again) == hash(net)


def test_an_array_is_not_written_as_text_to_be_taken():
    class Long(np.ndarray):
        def __str__(self):
            raise AssertionError("this takes longer than all else")

    assert plain_array(np.arange(3.0).view(Long), "it").tolist() == [0.0, 1.0, 2.0]
