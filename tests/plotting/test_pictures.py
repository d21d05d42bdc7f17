"""Pictures show what was recorded, also of large networks, and files are what their names say."""

import base64
import io
import re
import subprocess
import sys
import time
from types import SimpleNamespace

import matplotlib.image
import matplotlib.pyplot
import numpy as np
import pytest
from helpers_plotting import made_up
from matplotlib.figure import Figure

import pygenn_lite as pg
from pygenn_lite import plotting
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.runtime.results.final_weights import final_weights
from pygenn_lite.runtime.results.recorded_data import SpikeTrain

NAMES = ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
SIZES = [20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948]
RATES = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    matplotlib.pyplot.close("all")


@pytest.fixture(scope="module")
def full_scale():
    return made_up(dict(zip(NAMES, SIZES, strict=True)), dict(zip(NAMES, RATES, strict=True)))


def small(**options):
    return made_up({"exc": 80, "inh": 20}, {"exc": 10, "inh": 20}, **options)


def dots(ax):
    return [np.asarray(collection.get_offsets()) for collection in ax.collections]


def test_a_raster_of_a_small_network_shows_every_spike():
    result = small()
    ax = plotting.raster(result)
    exc, inh = dots(ax)
    assert np.array_equal(exc[:, 0], result.spikes["exc"].times)
    assert np.array_equal(exc[:, 1], result.spikes["exc"].indices)
    assert np.array_equal(inh[:, 1], 80 + result.spikes["inh"].indices)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["exc", "inh"]


def test_a_raster_at_full_scale_thins_all_populations_alike(full_scale):
    ax = plotting.raster(full_scale)
    assert "every 20th neuron" in ax.get_title(loc="left")
    for name, shown in zip(NAMES, dots(ax), strict=True):
        share = len(shown) / len(full_scale.spikes[name])
        assert share == pytest.approx(1 / 20, rel=0.35)
    assert ax.get_ylim()[0] == pytest.approx(77169 / 20, rel=0.01)


@pytest.mark.parametrize("recorded", [range(20, 80, 3), np.array([2, 3, 17, 60, 79], np.uint32)])
def test_a_raster_has_rows_for_the_recorded_neurons_alone(recorded):
    whole = small()
    train = whole.spikes["exc"]
    kept = np.isin(train.indices, recorded)
    part = SpikeTrain(train.steps[kept], train.indices[kept], 0.1, recorded)
    whole.spikes._entries["exc"] = part
    ax = plotting.raster(whole)
    rows = [list(recorded).index(neuron) for neuron in part.indices]
    assert list(dots(ax)[0][:, 1]) == rows
    assert list(dots(ax)[1][:, 1]) == list(len(recorded) + whole.spikes["inh"].indices)
    assert ax.get_ylim() == (len(recorded) + 20 - 0.5, -0.5)
    alone = plotting.raster(whole, populations=["exc"])
    labels = {text.get_text() for text in alone.get_yticklabels()} - {""}
    assert labels and {int(label) for label in labels} <= set(recorded)


def test_a_line_parts_the_bands_of_a_raster_between_their_rows():
    result = small()
    ax = plotting.raster(result)
    (line,) = [each for each in ax.lines if len(each.get_xdata()) == 2]
    assert set(line.get_ydata()) == {result.sizes["exc"] - 0.5}


def test_recorded_neurons_of_a_large_population_are_all_shown():
    result = made_up({"exc": 50_000}, {"exc": 10.0})
    train = result.spikes["exc"]
    kept = train.indices < 50
    part = SpikeTrain(train.steps[kept], train.indices[kept], 0.1, range(50))
    result.spikes._entries["exc"] = part
    ax = plotting.raster(result)
    assert len(dots(ax)[0]) == kept.sum() and "every" not in ax.get_title("left")


def test_a_raster_of_wild_activity_stays_drawable():
    result = made_up({"exc": 2000}, {"exc": 400.0})
    ax = plotting.raster(result)
    assert len(dots(ax)[0]) <= 60_000


def test_a_long_run_shows_its_last_second():
    assert plotting.raster(small(duration=5000.0)).get_xlim() == (4000.0, 5000.0)
    assert plotting.raster(small(duration=5000.0), start=100, stop=300).get_xlim() == (100, 300)


def test_a_run_that_continues_another_keeps_its_time():
    assert plotting.raster(small(start=10_000)).get_xlim() == (1000.0, 2000.0)


def test_rate_curves_integrate_to_the_mean_rate():
    result = small()
    ax = plotting.rate_curves(result, bin_ms=10.0)
    curve = ax.lines[0].get_ydata()
    assert len(curve) == 100
    assert np.mean(curve) == pytest.approx(result.rates()["exc"], rel=1e-9)


def test_bars_are_the_rates_and_diamonds_the_reference_rates():
    result = small()
    ax = plotting.population_rates(result, reference_rates={"exc": 9.0, "unknown": 1.0})
    assert [bar.get_width() for bar in ax.patches] == list(result.rates().values())
    assert list(ax.lines[0].get_xdata()) == [9.0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["exc", "inh"]


def test_rates_without_any_spike_can_be_drawn():
    plotting.population_rates({"exc": 0.0})
    figure = plotting.plot_result(made_up({"exc": 5}, {"exc": 0.0}))
    figure.canvas.draw()


def test_traces_show_the_chosen_neurons():
    result = small(traces=[("exc", "V")])
    assert len(plotting.traces(result, "exc", "V").lines) == 3
    ax = plotting.traces(result, "exc", "V", neurons=[1])
    assert np.array_equal(ax.lines[0].get_ydata(), _thinned(result)[1])


def _thinned(result):
    from pygenn_lite.plotting.variables import _envelope

    trace = result.traces["exc"]["V"]
    return _envelope(trace.times, trace.values[:, 1])


def test_times_and_counts_may_be_numpys():
    result = small(traces=[("exc", "V")])
    window = dict(start=np.float32(100.0), stop=np.array(300.0), warmup=np.int64(150))
    assert plotting.raster(result, most_neurons=np.int64(50), **window).get_xlim() == (100, 300)
    for neurons in (2, np.array(2), [2], np.array([2]), range(2, 3), iter([2])):
        assert len(plotting.traces(result, "exc", "V", neurons=neurons, **window).lines) == 1


def test_a_long_trace_keeps_its_extremes():
    from pygenn_lite.plotting.variables import _envelope

    values = np.zeros(1_000_000)
    values[[123_457, 999_000]] = [30.0, -7.0]
    times, kept = _envelope(np.arange(1e6), values)
    assert len(times) <= 8000
    assert times[kept == 30.0] == [123_457]
    assert kept.min() == -7.0
    assert np.all(np.diff(times) >= 0)


def test_a_weight_histogram_counts_every_synapse():
    weights = np.random.default_rng(0).normal(1, 0.1, 1000)
    ax = plotting.weight_histogram(weights)
    assert sum(bar.get_height() for bar in ax.patches) == 1000
    group = SimpleNamespace(connections=None, name="exc_inh")

    class Group(SimpleNamespace):
        def __getitem__(self, key):
            return {"weight": weights}[key]

    ax = plotting.weight_histogram(Group(**vars(group)))
    assert ax.get_title(loc="left") == f"1,000 weights of exc_inh, mean {weights.mean():.4g}"
    assert list(ax.lines[0].get_xdata()) == [weights.mean()] * 2


def test_a_weight_histogram_shows_what_is_kept_of_a_large_group(monkeypatch):
    weights = np.random.default_rng(0).normal(1, 0.1, 1000)
    monkeypatch.setattr("pygenn_lite.runtime.results.final_weights.MOST_WEIGHTS", 999)
    kept = final_weights(weights)
    ax = plotting.weight_histogram(kept, name="large")
    assert len(kept) == sum(bar.get_height() for bar in ax.patches) == 1000
    assert ax.get_title(loc="left").startswith("1,000 weights of large, mean ")


def test_what_has_no_weights_is_refused_with_a_cure():
    net = pg.Network()
    cells = net.population("exc", 3, pg.LIF())
    net.connect(cells, cells, pg.Delta(), pg.AllToAll(), weight=1.0, delay=1.0)
    sim = net.compile(progress=False)
    for wrong in (sim, sim["exc"], "weights"):
        with pytest.raises(ArgumentError, match=r"has no weights\s+hint: give a synapse group"):
            plotting.weight_histogram(wrong)


def test_axes_of_the_user_are_drawn_into_and_settings_left_alone():
    before = dict(matplotlib.rcParams)
    ax = Figure().add_subplot()
    assert plotting.raster(small(), ax) is ax
    plotting.plot_result(small(traces=[("exc", "V"), ("inh", "V")]))
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("ending", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_picture_is_written_in_the_form_of_its_name(tmp_path, ending, magic):
    path = tmp_path / f"picture.{ending}"
    plotting.plot_result(small(), path, title="a $title_ with signs")
    assert path.read_bytes().startswith(magic)


def test_the_full_picture_at_full_scale_is_drawn_in_seconds(tmp_path, full_scale):
    start = time.process_time()
    plotting.plot_result(
        full_scale, tmp_path / "a.png", reference_rates=dict(zip(NAMES, RATES, strict=True))
    )
    assert time.process_time() - start < 10.0


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda result, path: plotting.raster(result, populations=["no"]), "spikes of 'no'"),
        (lambda result, path: plotting.traces(result, "exc", "V"), "was not recorded"),
        (lambda result, path: plotting.raster(result, start=50, stop=10), "nothing to draw"),
        (lambda result, path: plotting.plot_result(result, path / "a.xyz"), "end the name in"),
        (lambda result, path: plotting.plot_result(result, path / "no" / "a.png"), "cannot write"),
        (lambda result, path: plotting.raster(small(recorded=())), "no spikes were recorded"),
        (lambda result, path: plotting.raster(result, populations="no"), "spikes of 'no'"),
        (lambda result, path: plotting.rate_curves(result, bin_ms=0.0), "bins of 0.0 ms"),
        (lambda result, path: plotting.rate_curves(result, bin_ms=-5), "bins of -5 ms"),
        (lambda result, path: plotting.plot_result(result, figsize=(3.0, 0.0)), "figsize = "),
        (lambda result, path: plotting.plot_result(result, figsize=5), "figsize = 5"),
        (lambda result, path: plotting.raster(result, most_neurons=0), "most_neurons = 0"),
        (lambda result, path: plotting.raster(result, start="x"), "start = 'x' is not a time"),
        (lambda result, path: plotting.raster(result, stop=np.nan), "stop = nan is not a time"),
        (lambda result, path: plotting.plot_result(result, warmup=-5), "warmup = -5"),
        (lambda result, path: plotting.population_rates(result, warmup="x"), "warmup = 'x'"),
        (lambda result, path: plotting.weight_histogram(np.ones(3), bins=0), "bins = 0"),
        (lambda result, path: plotting.weight_histogram(np.ones(3), bins=2.5), "bins = 2.5"),
        (lambda result, path: plotting.isi_histogram(result, bins=None), "bins = None"),
        (lambda result, path: plotting.isi_histogram(result, longest=-1.0), "longest = -1.0"),
        (lambda result, path: plotting.isi_histogram(result, warmup=np.inf), "warmup = inf"),
        (lambda result, path: plotting.plot_result(result, dpi=0), "dpi = 0"),
        (lambda result, path: plotting.plot_result(result, path / "a.png", dpi="x"), "dpi = 'x'"),
        (
            lambda result, path: plotting.traces(
                small(traces=[("exc", "V")]), "exc", "V", neurons=[1, 70]
            ),
            "'V' of 'exc' was not recorded of neuron 70",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(draw, message, tmp_path):
    with pytest.raises(SimulationError, match=message):
        draw(small(), tmp_path)


def test_a_result_without_recorded_spikes_still_shows_its_rates():
    figure = plotting.plot_result(small(recorded=(), traces=[("exc", "V")]))
    assert len(figure.axes) == 2


def test_pictures_need_no_display_and_no_pyplot():
    code = (
        "import sys; from pygenn_lite import plotting\n"
        "ax = plotting.population_rates({'exc': 1.0})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("options", "dots"), [({}, 300), ({"dpi": 60}, 60)])
def test_what_is_pixels_within_a_vector_file_is_fine_enough_for_print(tmp_path, options, dots):
    plotting.save_figure(plotting.raster(small()).figure, tmp_path / "a.svg", **options)
    widths = re.findall(r'<image .*?width="([\d.]+)"', (tmp_path / "a.svg").read_text(), re.DOTALL)
    assert widths
    image = re.search(r"base64,([^\"]+)", (tmp_path / "a.svg").read_text()).group(1)
    pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(image)), format="png").shape[1]
    assert pixels / (float(widths[0]) / 72) == pytest.approx(dots, rel=0.02)
