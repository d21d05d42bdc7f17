"""The pages in a real browser: no errors, no requests, and controls that do their work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from browsing import BROWSER, DRIVER, Browser, opened
from reported import MadeBatch, grid, make_network, make_result, make_table

from pygenn_lite.reports import write_batch_report
from pygenn_lite.runtime.results.recorded_data import Samples

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (BROWSER and DRIVER),
        reason="no browser here: apt-get install chromium chromium-driver",
    ),
]
HOSTILE = "</script><script>alert(1)</script><img src=http://x.invalid/y onerror=alert(2)>$$z$$"


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> MadeBatch:
    values = grid(g=[3.0, 4.0, 5.0], nu_ext=[0.5, 1.0, 2.0, 4.0], seed=[1, 2, 3])
    folder = tmp_path_factory.mktemp("batch")
    return MadeBatch(folder, make_table(values, 30), list(values), kept=[0, 13, 35])


def assert_quiet(browser: Browser, page: Path) -> None:
    assert browser.errors() == []
    assert set(browser.requests()) == {page.as_uri()}


def test_the_report_of_a_run_opens_without_errors_and_asks_for_nothing(tmp_path):
    times = np.arange(50_000) * 0.01
    traces = {"exc": {"V": Samples(times, np.sin(times)[:, None], np.array([3], np.uint32), "mV")}}
    result = make_result(make_network(), traces=traces, weights={"w": np.arange(10.0)})
    page = result.report(tmp_path / "run.html", reference_rates={"exc": 12.0})
    with opened(page, tmp_path / "profile") as browser:
        figures = (
            "return [...document_._all_models.values()].filter(m => m.type === 'Figure').length"
        )
        assert browser.run(figures) >= 5
        assert browser.run("return document.querySelectorAll('math mfrac').length") >= 2
        assert browser.run("return document.querySelectorAll('svg.diagram circle').length") == 2
        assert_quiet(browser, page)


def test_the_heat_map_shows_means_over_repeats_and_changes_with_the_measure(batch, tmp_path):
    page = write_batch_report(batch, tmp_path / "batch.html")
    shown = """
    const data = model("cells").data_source.data
    return Array.from(data.x).map((_, i) => [data.x[i], data.y[i], data.shown[i], data.spread[i]])
    """
    with opened(page, tmp_path / "profile") as browser:
        assert browser.run("return Bokeh.index.find_one(model('cells')).parent.canvas_view != null")
        for measure in ("rates.exc", "cv_isi.exc"):
            browser.choose("Measure", measure)
            groups = batch.table.groupby(["g", "nu_ext"])[measure]
            expected = np.stack([groups.mean(), groups.std()], axis=1)
            cells = np.array(sorted(browser.run(shown), key=lambda c: (c[0], c[1])), float)
            np.testing.assert_allclose(cells[:, 2:], expected, rtol=1e-4)
        browser.choose("Shown", "failed")
        cells = np.array(sorted(browser.run(shown), key=lambda c: (c[0], c[1])), float)
        failed = batch.table.groupby(["g", "nu_ext"])["status"].apply(
            lambda s: (s == "failed").sum()
        )
        assert cells[:, 2].tolist() == failed.tolist()
        assert_quiet(browser, page)


def test_a_click_on_a_cell_shows_the_raster_of_the_nearest_kept_run(batch, tmp_path):
    page = write_batch_report(batch, tmp_path / "batch.html")
    title = "return Bokeh.index.find_one(model('raster')).parent.model.title.text"
    spikes = "return model('raster').data_source.data.t.length"
    with opened(page, tmp_path / "profile") as browser:
        assert browser.wait(lambda: browser.run(spikes)) == 460
        assert "run 0:" not in browser.run(title)  # one in the middle of what is swept
        browser.click("cells", 2, 3)  # g = 5, nu_ext = 4: run 35
        browser.wait(lambda: "run 35: g = 5, nu_ext = 4" in browser.run(title))
        assert browser.run(spikes) == 2 * (100 + 10 * 15)
        assert_quiet(browser, page)


def test_more_dimensions_change_places_and_are_held(tmp_path):
    values = grid(g=[3.0, 4.0], nu_ext=[1.0, 2.0], J=[0.1, 0.2, 0.4])
    table = make_table(values)
    page = write_batch_report(MadeBatch(tmp_path, table, list(values)), tmp_path / "batch.html")
    cells = "const d = model('cells').data_source.data; return Array.from(d.shown)"
    with opened(page, tmp_path / "profile") as browser:
        browser.choose("J", "2")
        one = table[table["J"] == 0.4].sort_values(["nu_ext", "g"])["rates.exc"]
        np.testing.assert_allclose(browser.run(cells), one, rtol=1e-5)
        browser.choose("Along y", "J")
        browser.choose("nu_ext", "0")
        assert len(browser.run(cells)) == 6
        browser.choose("Along x", "J")  # what y was: y becomes another
        assert browser.run("return box('Along y').value") != "J"
        assert_quiet(browser, page)


@pytest.mark.parametrize("kind", ["curve", "points"])
def test_curves_and_points_show_every_run_that_has_a_value(kind, tmp_path):
    rng = np.random.default_rng(1)
    drawn = {"g": rng.uniform(3, 8, 100), "J": rng.uniform(0, 1, 100)}
    values = grid(g=[3.0, 4.0, 6.0], seed=[1, 2, 3]) if kind == "curve" else drawn
    batch = MadeBatch(tmp_path, make_table(values, 10), list(values), kept=[2])
    page = write_batch_report(batch, tmp_path / "batch.html")
    with opened(page, tmp_path / "profile") as browser:
        number = browser.run("return model('points').data_source.data.x.length")
        assert number == 2 * 9 if kind == "curve" else 90
        assert_quiet(browser, page)


def test_those_that_failed_can_be_chosen_in_the_table(batch, tmp_path):
    page = write_batch_report(batch, tmp_path / "batch.html")
    rows = "return model('runs').view.indices.count"
    with opened(page, tmp_path / "profile") as browser:
        assert browser.run(rows) == 36
        browser.choose("Runs", "failed")
        assert browser.wait(lambda: browser.run(rows) == 1)


def test_a_stranger_s_names_run_no_script_and_ask_for_nothing(tmp_path):
    table = make_table({HOSTILE: [1.0, 2.0, 3.0], "model": [HOSTILE, "b", "c"]}, 2)
    table["error"] = table["worker"] = HOSTILE
    table = table.rename(columns={"rates.exc": f"rates.{HOSTILE}"})
    batch = MadeBatch(tmp_path, table, [HOSTILE, "model"], kept=[0])
    page = write_batch_report(batch, tmp_path / "batch.html")
    with opened(page, tmp_path / "profile") as browser:
        assert browser.run("return document.title") == tmp_path.name
        browser.choose("Runs", "failed")
        assert_quiet(browser, page)  # an alert would have stopped the script
