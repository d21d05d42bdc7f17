"""Intervals, weights by source and target, and maps: what is drawn are the right numbers."""

import numpy as np
import pytest
from helpers_plotting import made_up

import pygenn_lite as pg
from pygenn_lite import plotting
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.results.recorded_data import RecordedByName, SpikeCounts, SpikeTrain
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.values.connections import Connections


def of_spikes(trains, sizes, steps=10_000, start=0):
    """A result with given spikes: pairs of arrays (steps, indices) by population."""
    recorded = {
        name: SpikeTrain(np.asarray(t), np.asarray(i, dtype=np.uint32), 0.1)
        for name, (t, i) in trains.items()
    }
    ends = np.array([start, start + steps])
    counts = SpikeCounts(ends, {name: np.array([0, len(t)]) for name, (t, _) in trains.items()})
    return Result(
        0.1,
        start,
        start + steps,
        sizes,
        RecordedByName(recorded, "spikes"),
        {},
        counts,
        frozenset(trains),
    )


def curve(ax, place=0):
    data = ax.patches[place].get_data()
    return np.asarray(data.values), np.asarray(data.edges)


# ------------------------------------------------------------------ intervals


def test_a_regular_neuron_has_one_interval():
    ax = plotting.isi_histogram(of_spikes({"a": (np.arange(100, 9000, 100), [0] * 89)}, {"a": 1}))
    values, edges = curve(ax)
    (place,) = np.flatnonzero(values)
    assert edges[place] < 10.0 < edges[place + 1]
    assert values[place] * (edges[place + 1] - edges[place]) == pytest.approx(1.0)
    assert ax.get_legend().get_texts()[0].get_text() == "a (CV 0.00)"


def test_intervals_are_those_of_single_neurons_as_a_loop_finds_them():
    result = made_up({"exc": 30, "inh": 5}, {"exc": 40.0, "inh": 80.0})
    ax = plotting.isi_histogram(result, bins=20, longest=1000.0)
    for place, name in enumerate(("exc", "inh")):
        train, intervals, variations = result.spikes[name], [], []
        for neuron in range(result.sizes[name]):
            own = np.diff(np.sort(train.times[train.indices == neuron]))
            intervals += list(own)
            if len(own) >= 3:
                variations.append(np.std(own) / np.mean(own))
        values, edges = curve(ax, place)
        wanted, _ = np.histogram(intervals, bins=edges)
        assert values * np.diff(edges) * len(intervals) == pytest.approx(wanted)
        assert wanted.sum() == len(intervals)
        label = ax.get_legend().get_texts()[place].get_text()
        assert label == f"{name} (CV {np.mean(variations):.2f})"


def test_a_poisson_process_has_a_variation_of_one_and_an_exponential_density():
    result = made_up({"exc": 50}, {"exc": 50.0}, duration=20_000.0)
    ax = plotting.isi_histogram(result, longest=100.0)
    values, edges = curve(ax)
    middles = (edges[:-1] + edges[1:]) / 2
    assert values[:20] == pytest.approx(0.05 * np.exp(-middles[:20] / 20.0), rel=0.12)
    assert float(ax.get_legend().get_texts()[0].get_text()[-5:-1]) == pytest.approx(1.0, abs=0.03)


def test_few_long_intervals_do_not_squeeze_the_others_and_this_is_said():
    steps = np.cumsum([100] * 500 + [9000, 100])
    ax = plotting.isi_histogram(of_spikes({"a": (steps, [0] * 502)}, {"a": 1}, steps=70_000))
    assert ax.get_xlim()[1] < 15.0
    assert ax.get_title("left") == "interspike intervals, longest 1 % not shown"
    whole = plotting.isi_histogram(made_up({"a": 1}, {"a": 30.0}), longest=900.0)
    assert whole.get_title("left") == "interspike intervals"


def test_intervals_from_the_warmup_time_are_left_out():
    trains = {"a": ([10, 20, 30, 1000, 1500, 2000, 2500], [0] * 7)}
    values, edges = curve(plotting.isi_histogram(of_spikes(trains, {"a": 1}), warmup=50.0))
    (place,) = np.flatnonzero(values)
    assert edges[place] < 50.0 < edges[place + 1]


def test_without_two_spikes_of_a_neuron_there_are_no_intervals():
    ax = plotting.isi_histogram(of_spikes({"a": ([10, 20], [0, 1])}, {"a": 2}))
    assert [text.get_text() for text in ax.texts] == ["no intervals"]
    assert ax.get_legend().get_texts()[0].get_text() == "a"
    ax.figure.canvas.draw()


# ------------------------------------------------------------------ weights


def connections(pre, post, weight):
    return Connections(
        np.asarray(pre, np.uint32), np.asarray(post, np.uint32), np.ones(len(pre)),
        np.asarray(weight, float),
    )  # fmt: skip


def test_a_weight_matrix_has_sources_as_rows_and_adds_up_multapses():
    ax = plotting.weight_matrix(connections([0, 0, 2], [1, 1, 3], [1.0, 2.0, -5.0]))
    (image,) = ax.images
    shown = image.get_array()
    assert shown.shape == (3, 4)
    assert shown[0, 1] == 3.0 and shown[2, 3] == -5.0
    assert shown.mask.sum() == 10
    assert image.get_clim() == (-5.0, 5.0)
    assert ax.get_title("left") == "weights, 3 synapses"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("target neuron", "source neuron")


def test_cells_of_a_large_matrix_show_weights_per_pair_also_at_the_edge():
    pre, post = np.divmod(np.arange(7 * 5), 5)
    ax = plotting.weight_matrix(connections(pre, post, np.full(35, 2.0)), most_cells=3)
    assert np.all(ax.images[0].get_array() == 2.0)
    assert ax.images[0].get_array().shape == (3, 2)
    assert ax.get_xlim() == (-0.5, 4.5) and ax.get_ylim() == (6.5, -0.5)
    assert "3 x 3 neurons" in ax.figure.axes[1].get_ylabel()


def test_a_synapse_group_is_drawn_with_all_its_neurons():
    net = pg.Network(seed=1)
    pre, post = (net.population(name, 10, pg.LIF()) for name in ("exc", "inh"))
    net.connect(pre, post, pg.Delta(), pg.PairList([3], [4]), weight=2.0, delay=1.0)
    sim = net.compile(progress=False)
    assert sim["exc_inh"].shape == (10, 10)
    ax = plotting.weight_matrix(sim["exc_inh"])
    assert ax.images[0].get_array().shape == (10, 10)
    assert ax.images[0].get_array()[3, 4] == 2.0
    assert ax.get_title("left") == "weights of exc_inh, 1 synapse"


def test_a_matrix_without_synapses_can_be_drawn():
    plotting.weight_matrix(connections([], [], []), shape=(3, 4)).figure.canvas.draw()


# ------------------------------------------------------------------ maps


def placed(positions):
    return pg.Network().population("exc", len(positions), pg.LIF(), positions=positions)


def test_a_map_shows_neurons_where_they_are_in_the_colours_of_their_values():
    positions = np.random.default_rng(1).uniform(size=(20, 2))
    ax = plotting.spatial_map(placed(positions), np.arange(20.0), label="V (mV)")
    dots = ax.collections[-1]
    assert np.allclose(dots.get_offsets(), positions)
    assert list(dots.get_array()) == list(range(20))
    assert ax.figure.axes[1].get_ylabel() == "V (mV)"
    assert ax.get_aspect() == 1.0


def test_a_map_of_a_result_shows_rates_of_recorded_neurons():
    spikes = ([5, 1000, 2000, 3000], [1, 1, 1, 2])
    result = of_spikes({"exc": spikes}, {"exc": 3}, steps=10_000)
    population = placed(np.arange(6.0).reshape(3, 2))
    dots = plotting.spatial_map(population, result).collections[-1]
    assert list(dots.get_array()) == [0.0, 3.0, 1.0]
    settled = plotting.spatial_map(population, result, warmup=150.0).collections[-1]
    assert np.allclose(settled.get_array(), [0.0, 1 / 0.85, 1 / 0.85])
    train = result.spikes["exc"]
    part = SpikeTrain(train.steps, train.indices, 0.1, recorded=range(1, 3))
    result.spikes._entries["exc"] = part
    assert list(plotting.spatial_map(population, result).collections[-1].get_array()) == [3.0, 1.0]


def test_maps_have_one_to_three_dimensions():
    flat = plotting.spatial_map(placed(np.arange(5.0)[:, None]), np.arange(5.0) ** 2)
    assert np.allclose(flat.collections[0].get_offsets(), [[k, k * k] for k in range(5)])
    deep = plotting.spatial_map(placed(np.zeros((5, 3))))
    assert "seen along z" in deep.get_title("left")


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plotting.spatial_map(pg.Network().population("a", 3, pg.LIF())), "no positions"),
        (lambda: plotting.spatial_map(placed(np.zeros((3, 2))), [1.0]), "3 neurons"),
        (lambda: plotting.weight_matrix("exc_inh"), "has no synapses"),
        (lambda: plotting.weight_matrix(connections([5], [5], [1]), shape=(3, 9)), "at least"),
        (lambda: plotting.isi_histogram(made_up({"a": 3}, {"a": 9.0}), bins=0), "bins = 0"),
    ],
)
def test_what_cannot_be_drawn_is_said(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()
