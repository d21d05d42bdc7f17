"""Pictures can go into a paper: labels where they belong, one colour for each population, one axis
of time, words for what is shown and what is not, the user's settings, embedded fonts."""

import pickle
from itertools import pairwise

import matplotlib
import matplotlib.style
import numpy as np
import pytest
from helpers_plotting import made_up
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from pygenn_lite import plotting
from pygenn_lite.plotting.axes import ordinal
from pygenn_lite.plotting.colors import neuron_colors, population_colors


def even(number, size=10, rate=10.0, **options):
    names = [f"a{k:02d}" for k in range(number)]
    return made_up(dict.fromkeys(names, size), dict.fromkeys(names, rate), **options)


def two(**options):
    return made_up({"exc": 80, "inh": 20}, {"exc": 10, "inh": 20}, **options)


def drawn(ax):
    ax.figure.canvas.draw()
    return ax


def labels_by_place(ax):
    """Texts beside the y axis with their vertical extents in data coordinates."""
    to_data = drawn(ax).transData.inverted()
    found = {}
    for text in ax.get_yticklabels():
        if text.get_text():
            box = text.get_window_extent()
            found[text.get_text()] = sorted(to_data.transform([(0, box.y0), (0, box.y1)])[:, 1])
    return found


# ------------------------------------------------------------------ labels


@pytest.mark.parametrize(
    ("number", "figsize"),
    [(2, None), (8, (4.0, 3.0)), (32, None), (60, (4.0, 3.0)), (150, None)],
)
def test_labels_stand_within_their_band_and_cover_no_other(number, figsize):
    raster, _, bars = plotting.plot_result(even(number, size=12), figsize=figsize).axes
    for ax, height in ((bars, 1), (raster, 12)):
        found = labels_by_place(ax)
        two_pixels = 2 * number * height / ax.bbox.height
        assert len(found) >= min(number, 8)
        for text, (low, high) in found.items():
            centre = height * int(text[1:]) + (height - 1) / 2
            assert abs((low + high) / 2 - centre) < max(0.75 * height, two_pixels)
        extents = sorted(found.values())
        assert all(above[1] <= below[0] for above, below in pairwise(extents))


def test_high_bands_are_labelled_before_low_ones():
    sizes = {"large": 1000, **{f"small{k}": 3 for k in range(20)}, "other": 1000}
    ax = plotting.raster(made_up(sizes, dict.fromkeys(sizes, 1.0)))
    assert {"large", "other"} <= set(labels_by_place(ax))


def test_few_neurons_are_labelled_one_by_one():
    ax = plotting.raster(made_up({"exc": 3, "inh": 2}, {"exc": 10, "inh": 10}))
    assert list(labels_by_place(ax)) == ["exc[0]", "exc[1]", "exc[2]", "inh[0]", "inh[1]"]
    alone = plotting.raster(made_up({"exc": 3}, {"exc": 10}))
    assert list(labels_by_place(alone)) == ["0", "1", "2"]
    assert alone.get_ylabel() == "exc"


def test_the_axis_of_one_population_counts_its_neurons_in_whole_numbers():
    ax = plotting.raster(made_up({"exc": 900}, {"exc": 10}), most_neurons=100)
    found = labels_by_place(ax)
    assert all(text.isdigit() for text in found) and len(found) >= 3
    for text, (low, high) in found.items():
        assert int(text) == pytest.approx(9 * (low + high) / 2, abs=9)
    assert "every 9th neuron" in ax.get_title(loc="left")


@pytest.mark.parametrize(
    ("number", "word"),
    [(2, "2nd"), (3, "3rd"), (11, "11th"), (15, "15th"), (21, "21st"), (112, "112th")],
)
def test_ordinals_are_english(number, word):
    assert ordinal(number) == word


# ------------------------------------------------------------------ colours


def test_a_population_has_one_colour_throughout_a_figure():
    result = two(traces=[("inh", "V"), ("exc", "V")])
    raster, curves, inh_trace, exc_trace, bars = plotting.plot_result(result).axes
    colors = [to_hex(bar.get_facecolor()) for bar in bars.patches]
    assert [to_hex(dots.get_facecolor()[0]) for dots in raster.collections] == colors
    assert [to_hex(line.get_color()) for line in curves.lines] == colors
    assert to_hex(exc_trace.lines[0].get_color()) == colors[0]
    assert to_hex(inh_trace.lines[0].get_color()) == colors[1]


def test_a_part_of_the_populations_keeps_the_colours_of_the_whole():
    ax = plotting.raster(two(), populations=["inh"])
    assert to_hex(ax.collections[0].get_facecolor()[0]) == population_colors(["exc", "inh"])["inh"]
    curves = plotting.rate_curves(two(recorded=["inh"]))
    assert curves.lines[0].get_color() == population_colors(["exc", "inh"])["inh"]


@pytest.mark.parametrize("number", [1, 8, 9, 12, 60, 200])
@pytest.mark.parametrize("name", ["a{}", "e{}E", "i{}I"])
def test_no_two_populations_have_the_same_colour(number, name):
    names = [name.format(k) for k in range(number)]
    assert len(set(population_colors(names).values())) == number
    with matplotlib.style.context("dark_background"):
        assert len(set(population_colors(names).values())) == number


def test_neurons_have_colours_of_their_own_and_of_no_other_population():
    result = two(traces=[("exc", "V"), ("inh", "V")])
    figure = plotting.plot_result(result)
    exc, inh = ([to_hex(line.get_color()) for line in ax.lines] for ax in figure.axes[2:4])
    assert len({*exc, *inh}) == 6
    assert len(set(neuron_colors("#000000", 9))) == 9


# ------------------------------------------------------------------ time


def test_all_that_goes_over_time_has_one_axis_of_time():
    result = two(traces=[("exc", "V"), ("inh", "V")])
    raster, *others, _ = plotting.plot_result(result, start=200, stop=400).axes
    drawn(raster)
    for ax in others:
        assert ax.get_xlim() == raster.get_xlim() == (200, 400)
        left, right = ax.get_position().intervalx
        assert (left, right) == pytest.approx(tuple(raster.get_position().intervalx), abs=1e-6)
    assert [ax.get_xlabel() for ax in (raster, *others)] == ["", "", "", "time (ms)"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start": 500}, "500\N{EN DASH}1000 of 1000 ms"),
        ({"start": 100, "stop": 300}, "100\N{EN DASH}300 of 1000 ms"),
    ],
)
def test_the_window_shown_is_said_once(options, said):
    result = two(traces=[("exc", "V")])
    titles = [ax.get_title("left") for ax in plotting.plot_result(result, **options).axes]
    assert [said in title for title in titles] == [True, False, False, False]
    assert said in plotting.traces(result, "exc", **options).get_title("left")
    assert said in plotting.rate_curves(result, **options).get_title("left")


def test_a_whole_run_needs_no_words_for_the_window():
    titles = [ax.get_title("left") for ax in plotting.plot_result(two()).axes]
    assert titles == ["spikes", "population rates, bins of 5 ms", "mean rates"]


def test_the_last_second_of_a_long_run_is_called_so():
    title = plotting.raster(two(duration=5000.0)).get_title("left")
    assert title == "spikes, 4000\N{EN DASH}5000 of 5000 ms"
    later = plotting.raster(two(start=10_000), stop=1500).get_title("left")
    assert later == "spikes, 1000\N{EN DASH}1500 of 1000\N{EN DASH}2000 ms"


def test_warmup_time_is_shaded_and_left_out_of_the_rates():
    figure = plotting.plot_result(two(start=1000, traces=[("exc", "V")]), warmup=300.0)
    *times, bars = figure.axes
    for ax in times:
        (shade,) = ax.patches
        box = shade.get_extents().transformed(ax.transData.inverted())
        assert tuple(box.intervalx) == pytest.approx((100.0, 400.0))
        assert ax.get_xlim() == (100.0, 1100.0)
    assert times[0].get_title("left") == "spikes, warm-up shaded"
    assert bars.get_title("left") == "mean rates after 300\N{NO-BREAK SPACE}ms"


def test_warmup_time_out_of_sight_is_not_marked():
    ax = plotting.raster(two(), warmup=300.0, start=400.0)
    assert not ax.patches and "warm-up" not in ax.get_title("left")


# ------------------------------------------------------------------ words


def test_silence_is_said():
    figure = plotting.plot_result(made_up({"exc": 5}, {"exc": 0.0}))
    raster, curves, bars = figure.axes
    for ax in (raster, curves):
        assert [text.get_text() for text in ax.texts] == ["no spikes"]
    assert bars.get_xlim() == (0, 1) and curves.get_ylim() == (0, 1)
    assert "no spikes" not in [
        t.get_text() for ax in plotting.plot_result(two()).axes for t in ax.texts
    ]


def test_a_receptor_is_drawn_in_no_population_s_colour_and_counts_neurons_not_synapses():
    lines = plotting.traces(two(traces=[("rec", "g")]), "rec", "g").get_lines()
    assert [line.get_label() for line in lines] == ["neuron 0", "neuron 1", "neuron 2"]
    assert not {to_hex(line.get_color()) for line in lines} & {
        to_hex(color) for color in population_colors(["exc", "inh"]).values()
    }


def test_rates_are_told_with_as_many_digits_whatever_the_last_is():
    told = plotting.population_rates({"a": 5.9, "b": 5.88, "c": 123.4, "d": 1234.0, "e": 0.0}).texts
    assert [text.get_text() for text in told] == ["5.90", "5.88", "123", "1.23e+03", "0"]


def test_reference_rates_are_called_so_beside_what_was_simulated():
    exc, inh = two().rates().values()
    ax = plotting.population_rates(two(), reference_rates={"exc": 9.0})
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["(reference)"]
    assert [text.get_text() for text in ax.texts] == [f"{exc:#.3g} (9)", f"{inh:#.3g}"]
    legend = drawn(ax).get_legend().get_window_extent()
    assert not any(legend.overlaps(bar.get_window_extent()) for bar in ax.patches)
    assert not any(legend.overlaps(text.get_window_extent()) for text in ax.texts)


def test_titles_and_numbers_of_a_picture_do_not_overlap():
    rates = {"exc": 9.0, "inh": 12.0}
    for figsize in (None, (3.3, 2.5)):
        figure = plotting.plot_result(two(), reference_rates=rates, warmup=100.0, figsize=figsize)
        figure.canvas.draw()
        boxes = [ax._left_title.get_window_extent() for ax in figure.axes]
        boxes += [figure._suptitle.get_window_extent()]
        assert not any(a.overlaps(b) for place, a in enumerate(boxes) for b in boxes[place + 1 :])
        assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width for box in boxes)


def test_names_with_dollars_are_no_mathematics():
    result = made_up({"a$b": 30, "c$d": 30}, {"a$b": 10, "c$d": 10}, traces=[("a$b", "V")])
    drawn(plotting.plot_result(result, title="costs $5 or $6").axes[0])


# ------------------------------------------------------------------ settings


def test_the_users_settings_come_before_ours():
    with matplotlib.rc_context({"font.size": 14, "axes.titleweight": "light"}):
        ax = plotting.raster(two())
    assert ax.xaxis.label.get_size() == 14
    assert ax._left_title.get_weight() == "light"
    assert plotting.raster(two()).xaxis.label.get_size() == 9


def test_a_style_sheet_gives_background_and_colours():
    with matplotlib.style.context("dark_background"):
        figure = plotting.plot_result(two())
    bars = figure.axes[2]
    assert to_hex(bars.get_facecolor()) == "#000000"
    assert [to_hex(bar.get_facecolor()) for bar in bars.patches] == ["#8dd3c7", "#feffb3"]
    assert to_hex(bars.spines["left"].get_edgecolor()) == "#ffffff"


def test_a_figure_looks_the_same_whenever_it_is_drawn():
    figure = plotting.plot_result(two())
    with matplotlib.rc_context({"font.size": 30}):
        figure.canvas.draw()
        sizes = {label.get_size() for label in figure.axes[1].get_xticklabels()}
    assert sizes == {9.0}


def test_size_resolution_and_bins_are_the_users(tmp_path):
    figure = plotting.plot_result(
        two(), tmp_path / "a.png", figsize=(6.0, 4.0), dpi=50, bin_ms=20.0
    )
    assert tuple(figure.get_size_inches()) == (6.0, 4.0)
    assert matplotlib.image.imread(tmp_path / "a.png").shape[:2] == (200, 300)
    assert len(figure.axes[1].lines[0].get_ydata()) == 50
    plotting.save_figure(figure, tmp_path / "b.png", dpi=25)
    assert matplotlib.image.imread(tmp_path / "b.png").shape[:2] == (100, 150)
    with matplotlib.rc_context({"savefig.dpi": 10}):
        plotting.save_figure(figure, tmp_path / "c.png")
    assert matplotlib.image.imread(tmp_path / "c.png").shape[:2] == (40, 60)


@pytest.mark.parametrize("save", [plotting.save_figure, lambda figure, path: figure.savefig(path)])
def test_files_hold_truetype_fonts(tmp_path, save):
    with matplotlib.rc_context({"pdf.compression": 0}):
        save(plotting.population_rates({"exc": 3.0}).figure, tmp_path / "a.pdf")
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf


def test_text_of_vector_files_can_be_edited(tmp_path):
    figure = plotting.population_rates({"exc": 3.0}).figure
    plotting.save_figure(figure, tmp_path / "a.svg")
    assert "mean rates" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    plotting.save_figure(figure, tmp_path / "a.eps")
    assert b"/FontType 42" in (tmp_path / "a.eps").read_bytes()


def test_a_vector_file_of_many_spikes_stays_small(tmp_path):
    plotting.plot_result(made_up({"exc": 4000}, {"exc": 14.0}), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").stat().st_size < 1_000_000


def test_every_spike_of_few_neurons_is_a_line_in_a_vector_file():
    (marks,) = plotting.raster(made_up({"exc": 5}, {"exc": 20.0})).collections
    assert not marks.get_rasterized()
    assert np.ptp(marks.get_paths()[0].vertices[:, 0]) == 0


def test_a_figure_can_be_pickled_and_looks_the_same():
    figure = plotting.plot_result(two(traces=[("exc", "V")]))
    again = pickle.loads(pickle.dumps(figure))
    pixels = []
    for each in (figure, again):
        canvas = FigureCanvasAgg(each)
        canvas.draw()
        pixels.append(np.asarray(canvas.buffer_rgba()))
    assert np.array_equal(*pixels) and pixels[0].std() > 0


@pytest.mark.parametrize(("groups", "width"), [(1, 3.3), (2, 3.3), (3, 3.3), (4, 4.5)])
def test_all_parts_fit_into_one_column_of_a_paper(groups, width, recwarn):
    result = two(traces=[("exc", "V")])
    weights = np.random.default_rng(0).normal(1.0, 0.1, 1000)
    result.weights = {f"g{k}": weights for k in range(groups)}
    figure = plotting.plot_result(result, figsize=(width, 4.5))
    figure.canvas.draw()
    assert len(figure.axes) == 4 + groups
    assert [str(warning.message) for warning in recwarn] == []
    boxes = [ax.get_window_extent() for ax in figure.axes]
    assert all(min(box.width, box.height) > 10 for box in boxes)
    assert not any(a.overlaps(b) for place, a in enumerate(boxes) for b in boxes[place + 1 :])
    titles = [ax._left_title.get_window_extent() for ax in figure.axes[:4]]
    assert not any(title.overlaps(box) for title in titles for box in boxes)


def test_long_names_and_titles_stay_within_the_figure():
    names = [f"layer_23_excitatory_cells_of_area_{k}" for k in "AB"]
    result = made_up(dict.fromkeys(names, 40), dict.fromkeys(names, 10.0))
    figure = plotting.plot_result(result, title="what was simulated, " * 12)
    figure.canvas.draw()
    wanted = {f"layer_23\N{HORIZONTAL ELLIPSIS}f_area_{k}" for k in "AB"}
    assert labels_by_place(figure.axes[0]).keys() == wanted
    title = figure._suptitle.get_window_extent()
    assert title.x1 <= figure.bbox.width and title.y1 <= figure.bbox.height
    assert not any(title.overlaps(ax._left_title.get_window_extent()) for ax in figure.axes)
