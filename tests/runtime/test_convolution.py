"""Convolution and pooling between maps: against SciPy and NumPy, and what is refused."""

import numpy as np
import pytest
from scipy import signal

import pygenn_lite as pg
from pygenn_lite.errors import (
    ConnectivityError,
    NetworkError,
    ShapeError,
    UnsupportedFeatureError,
)

pytestmark = pytest.mark.usefixtures("backend")

SILENT = pg.NeuronModel("dV/dt = 0*V", initial=dict(V=0.0))
RNG = np.random.default_rng(4)


def potential(image, shape, rule, weight, threads=1, **options):
    """The target's potential after every pixel of the image has spiked as often as it says."""
    pixels = np.repeat(np.arange(image.size), image.ravel())
    times = np.concatenate([1.0 + 0.5 * np.arange(n) for n in image.ravel()])
    order = np.argsort(times, kind="stable")
    net = pg.Network(dt=0.5)
    source = net.spike_source("image", image.shape, times[order], pixels[order])
    maps = net.population("maps", shape, SILENT)
    net.connect(source, maps, pg.Delta(), rule, weight=weight, name="made", **options)
    assert pg.load_network(pg.dump_network(net))[0] == net
    sim = net.compile(precision="float64", threads=threads)
    sim.run(10.0)
    assert sim["maps"].shape == shape
    return np.asarray(sim["maps"]["V"]).reshape(sim["maps"].shape)


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("kernel", [(5, 5), (3, 2)])
def test_a_convolution_is_the_correlation_of_scipy(kernel, padding):
    image = RNG.integers(0, 4, (2, 9, 8))
    weight = RNG.normal(size=(3, 2, *kernel))
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    expected = np.array([
        sum(signal.correlate2d(padded[i], weight[o, i], mode="valid") for i in range(2))
        for o in range(3)
    ])  # fmt: skip
    rule = pg.Convolution(kernel, padding=padding)
    assert potential(image, expected.shape, rule, weight) == pytest.approx(expected)
    assert potential(image, expected.shape, rule, weight, threads=2) == pytest.approx(expected)


def test_a_convolution_with_a_stride_is_the_loop_that_defines_it():
    image, weight = RNG.integers(0, 3, (2, 11, 10)), RNG.normal(size=(2, 2, 3, 3))
    stride, padding = 2, 1
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    expected = np.zeros((2, 6, 5))
    for o, y, x in np.ndindex(expected.shape):
        window = padded[:, y * stride : y * stride + 3, x * stride : x * stride + 3]
        expected[o, y, x] = np.sum(window * weight[o])
    found = potential(image, expected.shape, pg.Convolution(3, stride=2, padding=1), weight)
    assert found == pytest.approx(expected)


def test_delays_and_one_weight_for_all_go_with_a_convolution():
    image = RNG.integers(0, 2, (1, 6, 6))
    expected = signal.correlate2d(image[0], np.full((3, 3), 0.5), mode="valid")[None]
    found = potential(image, (1, 4, 4), pg.Convolution(3), 0.5, delay=pg.Uniform(0.5, 4.0))
    assert found == pytest.approx(expected)


def test_sum_pooling_adds_up_each_window():
    image = RNG.integers(0, 4, (3, 8, 6))
    expected = image.reshape(3, 4, 2, 3, 2).sum(axis=(2, 4))
    assert potential(image, (3, 4, 3), pg.Pooling(2), 1.0) == pytest.approx(expected)
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    expected = padded.reshape(3, 5, 2, 4, 2).sum(axis=(2, 4))
    assert potential(image, (3, 5, 4), pg.Pooling(2, padding=1), 1.0) == pytest.approx(expected)
    overlapping = [[image[:, y : y + 3, x : x + 3].sum(axis=(1, 2)) for x in (0, 1, 2, 3)]
                   for y in range(6)]  # fmt: skip
    found = potential(image, (3, 6, 4), pg.Pooling(3, stride=1), 1.0)
    assert found == pytest.approx(np.moveaxis(overlapping, -1, 0))


def test_a_neuron_that_fires_once_passes_on_the_first_spike_of_its_window():
    first = RNG.permutation(2 * 4 * 4).reshape(2, 4, 4) + 1.0  # each pixel fires once
    net = pg.Network(dt=1.0)
    times = first.ravel()
    order = np.argsort(times)
    source = net.spike_source("image", (2, 4, 4), times[order], order)
    once = pg.NeuronModel("dV/dt = 0*V", threshold="V > 0.5", reset="V = -1e6")
    pooled = net.population("pooled", (2, 2, 2), once)
    net.connect(source, pooled, pg.Delta(), pg.Pooling(2), weight=1.0, delay=1.0)
    net.record(pooled.spikes)
    spikes = net.compile().run(40.0).spikes["pooled"]
    expected = first.reshape(2, 2, 2, 2, 2).min(axis=(2, 4)).ravel()
    assert np.array_equal(np.argsort(spikes.indices), np.argsort(np.argsort(expected)))
    late = spikes.times[np.argsort(spikes.indices)] - expected
    assert np.ptp(late) == 0 and 1.0 <= late[0] <= 2.0


def test_kernels_are_set_by_path_and_recorded_maps_keep_their_places():
    net = pg.Network(dt=0.5, seed=1)
    image = net.spike_source("image", (1, 5, 5), [1.0], [12])
    maps = net.population("maps", (2, 3, 3), SILENT)
    weight = np.arange(18.0).reshape(2, 1, 3, 3)
    net.connect(image, maps, pg.Delta(), pg.Convolution(3), weight=weight, name="made")
    net.record(maps["V"])
    turned = weight[:, :, ::-1, ::-1]
    trace = net.compile().run(5.0).traces["maps"]["V"].values.reshape(-1, *maps.shape)
    assert np.array_equal(trace[-1], turned[:, 0])  # a point spreads as the turned kernel
    changed = net.with_values({"groups.made.weight": 2 * weight})
    trace = changed.compile().run(5.0).traces["maps"]["V"].values.reshape(-1, *maps.shape)
    assert np.array_equal(trace[-1], 2 * turned[:, 0])


def layers(source=(2, 9, 8), target=(3, 5, 4)):
    net = pg.Network()
    return net, net.spike_source("a", source, [], []), net.population("b", target, SILENT)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda n, a, b: n.connect(a, b, pg.Delta(), pg.Convolution(3), weight=1.0),
         ConnectivityError, r"the target has shape \(3, 5, 4\).*give \(3, 7, 6\)"),
        (lambda n, a, b: n.connect(a, b, pg.Delta(), pg.Pooling(2), weight=1.0),
         ConnectivityError, r"give \(2, 4, 4\)"),
        (lambda n, a, b: n.connect(a, b, pg.Delta(), pg.Convolution(5),
                                   weight=np.ones((2, 3, 5, 5))),
         ShapeError, r"shape \(2, 3, 5, 5\), but needs \(3, 2, 5, 5\)"),
        (lambda n, a, b: n.connect(a[:5], b, pg.Delta(), pg.Convolution(5), weight=1.0),
         ConnectivityError, "(?s)the source has no shape.*parts of populations have no shape"),
        (lambda n, a, b: n.connect(a, b, pg.Delta(), pg.Pooling(10), weight=1.0),
         ConnectivityError, r"windows of 10 x 10 do not fit on maps of shape \(2, 9, 8\)"),
        (lambda n, a, b: n.connect(a, b, pg.Delta(), pg.Convolution(5), weight=pg.Normal(0, 1)),
         ConnectivityError, r"(?s)weights are its kernel.*an array of shape \(3, 2, 5, 5\)"),
        (lambda n, a, b: n.connect(a, b, pg.Delta(), pg.Convolution(5), weight="i_pre"),
         ConnectivityError, "gives every synapse its own"),
        (lambda n, a, b: n.connect(a, b, pg.Delta(), pg.Convolution(5), weight=1.0,
                                   storage="procedural").name and n.compile(),
         pg.errors.UnsupportedFeatureError, "between maps cannot be procedural"),
        (lambda n, a, b: pg.Convolution(0), ConnectivityError, "kernel = 0"),
        (lambda n, a, b: pg.Convolution((3, 3, 3)), ConnectivityError, "is not a size"),
        (lambda n, a, b: pg.Convolution(3, stride=0), ConnectivityError, "stride = 0"),
        (lambda n, a, b: n.population("c", (2, 0, 3), SILENT), NetworkError, "is not a shape"),
    ],
)  # fmt: skip
def test_maps_that_do_not_fit_are_refused_by_name(make, error, message):
    with pytest.raises(error, match=message):
        make(*layers())


def test_a_shared_kernel_does_not_learn_and_says_what_to_write():
    net, a, b = layers()
    kernel = RNG.uniform(0.2, 0.8, (3, 2, 5, 5))
    with pytest.raises(UnsupportedFeatureError) as caught:
        net.connect(a, b, pg.PairSTDP(), pg.Convolution(5), weight=kernel, name="learning")
    for word in (
        "synapse group 'learning': a kernel that all pixels share",
        "Convolution((5, 5), shared=False)",
        "with_values({'groups.learning.weight': kernel})",
    ):
        assert word in str(caught.value)
    resource = pg.TsodyksMarkram(pg.Delta())  # its weights stay
    net.connect(a, b, resource, pg.Convolution(5), weight=kernel)


def test_synapses_of_a_locally_connected_layer_learn_each_by_themselves():
    """They begin with the kernel's weights."""
    net, a, b = layers()
    kernel, rule = RNG.uniform(0.2, 0.8, (3, 2, 5, 5)), pg.Convolution(5, shared=False)
    net.connect(a, b, pg.PairSTDP(pg.Delta()), rule, weight=kernel, name="learning")
    net.connect(a, b, pg.Delta(), pg.Convolution(5), weight=kernel, name="shared")
    assert pg.load_network(pg.dump_network(net))[0] == net
    sim = net.compile(precision="float64")
    assert sim.groups["learning"].size == 3 * 2 * 25 * 20
    assert np.array_equal(sim.groups["learning"]["weight"], sim.groups["shared"]["weight"])
    with pytest.raises(ConnectivityError, match="shared = 'no' is neither True nor False"):
        pg.Convolution(5, shared="no")


@pytest.mark.parametrize("storage", ["auto", "sparse"])
def test_weights_can_be_set_as_a_kernel(storage):
    first, second = RNG.normal(size=(2, 3, 2, 3, 3))

    def simulation(kernel):
        net = pg.Network()
        source, maps = (
            net.population("a", (2, 6, 7), SILENT),
            net.population("b", (3, 6, 7), SILENT),
        )
        rule = pg.Convolution(3, padding=1)
        net.connect(source, maps, pg.Delta(), rule, weight=kernel, name="made", storage=storage)
        return net.compile(precision="float64")

    sim, expected = simulation(first), simulation(second).groups["made"].connections()
    sim["made"]["weight"] = second
    found = sim["made"].connections()
    assert np.array_equal(found.pre, expected.pre) and np.array_equal(found.post, expected.post)
    assert np.array_equal(found.weight, expected.weight)
    with pytest.raises(ShapeError, match=r"shape \(3, 2, 3, 4\), but needs \(3, 2, 3, 3\)"):
        sim["made"]["weight"] = np.ones((3, 2, 3, 4))
