"""The page about a batch: counts, failures, plots that fit the sweep, and the data they hold."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from pages import ReadPage, array_of, document_of, models_of
from reported import MadeBatch, grid, make_table

from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.reports import batch_page, write_batch_report

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&$$x$$"
G, NU = [3.0, 4.0, 5.0], [0.5, 1.0, 2.0, 4.0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("batches") / "brunel_sweep"
    path.mkdir()
    (path / "sweep.yaml").write_text("network: brunel  # as the user wrote it\n")
    (path / "batch.json").write_text(json.dumps({"version": "0.1.0", "digest": "abc123"}))
    return path


@pytest.fixture(scope="module")
def batch(folder: Path) -> MadeBatch:
    table = make_table(grid(g=G, nu_ext=NU, seed=[1, 2]), fail_every=12)
    return MadeBatch(folder, table, ["g", "nu_ext", "seed"], kept=[0, 7, 23])


@pytest.fixture(scope="module")
def html(batch: MadeBatch) -> str:
    return batch_page(batch)


def columns_of(html: str) -> dict[str, object]:
    """The data source that holds the runs."""
    sources = [dict(s["data"]["entries"]) for s in models_of(document_of(html), "ColumnDataSource")]
    (found,) = [source for source in sources if "status" in source]
    return found


def selects_of(html: str) -> dict[str, list[str]]:
    """What the select boxes offer."""
    found = models_of(document_of(html), "Select")
    return {s["title"]: [option[0] for option in s["options"]] for s in found}


def test_the_page_says_how_many_runs_there_are_and_where_they_come_from(html, batch):
    text = ReadPage(html).text
    for what, number in (("runs planned", 29), ("done", 22), ("failed", 2), ("left", 5)):
        assert re.search(rf"{what}\s+{number}\b", text), what
    for said in ("brunel_sweep", "as the user wrote it", "abc123", "bench", "0.1.0"):
        assert said in text


def test_failures_are_told_with_their_message_and_the_values_of_one(html):
    text = ReadPage(html).text
    assert "2 runs failed" in text and "V became NaN at 12.3 ms" in text
    assert "run 11: g = 3, nu_ext = 2, seed = 2" in text or "run 11: g = 4" in text


def test_a_sweep_of_two_dimensions_is_a_heat_map_of_each_measure(html, batch):
    assert selects_of(html)["Measure"] == ["rates.exc", "rates.inh", "cv_isi.exc"]
    assert models_of(document_of(html), "Rect")
    columns = columns_of(html)
    assert np.array_equal(array_of(columns["codes 0"]), np.repeat([0, 1, 2], 8))
    assert np.array_equal(array_of(columns["codes 1"]), np.tile(np.repeat([0, 1, 2, 3], 2), 3))
    np.testing.assert_allclose(
        array_of(columns["rates.exc"]), batch.table["rates.exc"].to_numpy(), rtol=1e-6
    )


def test_units_of_measures_are_said(html):
    labels = {
        name: label
        for s in models_of(document_of(html), "Select")
        if s["title"] == "Measure"
        for name, label in s["options"]
    }
    assert labels == {
        "rates.exc": "rates.exc (Hz)", "rates.inh": "rates.inh (Hz)", "cv_isi.exc": "cv_isi.exc",
    }  # fmt: skip


def test_more_dimensions_have_boxes_that_choose_axes_and_hold_the_others(folder):
    values = grid(g=G, nu_ext=NU, rule=["pair", "triplet"], seed=[1, 2])
    html = batch_page(MadeBatch(folder, make_table(values), list(values)))
    boxes = selects_of(html)
    assert boxes["Along x"] == boxes["Along y"] == ["g", "nu_ext", "rule"]
    assert boxes["rule"] == ["", "0", "1"]


def test_a_sweep_of_one_dimension_is_curves_with_spread(folder):
    values = grid(nu_ext=NU, seed=[1, 2, 3])
    html = batch_page(MadeBatch(folder, make_table(values), list(values)))
    assert not models_of(document_of(html), "Rect")
    assert models_of(document_of(html), "Patches") and models_of(document_of(html), "MultiLine")
    assert selects_of(html)["Measure"] == ["rates", "cv_isi"]


def test_sampled_values_are_points(folder):
    rng = np.random.default_rng(1)
    values = {"g": rng.uniform(3, 8, 200), "J": rng.uniform(0, 1, 200), "seed": np.arange(200)}
    html = batch_page(MadeBatch(folder, make_table(values), list(values)))
    assert not models_of(document_of(html), "Rect")
    assert selects_of(html)["Along y"] == ["g", "J"]


def test_columns_that_change_together_are_one_dimension(folder):
    values = {"tau": [5.0, 10.0, 20.0] * 4, "C": [50.0, 100.0, 200.0] * 4, "seed": list(range(12))}
    html = batch_page(MadeBatch(folder, make_table(values), list(values)))
    assert "tau, C" in [a.get("axis_label") for a in models_of(document_of(html), "LinearAxis")]


def test_a_sweep_of_seeds_alone_is_shown_along_the_seed(folder):
    html = batch_page(MadeBatch(folder, make_table({"seed": [1, 2, 3]}), ["seed"]))
    assert models_of(document_of(html), "Patches")


def test_runs_without_anything_swept_have_a_page(folder):
    table = make_table({"g": [3.0]})
    html = batch_page(MadeBatch(folder, table, []))
    assert "Nothing was swept" in ReadPage(html).text


def test_rasters_of_kept_runs_are_in_the_page_and_thinned_to_fit(html):
    sources = [dict(s["data"]["entries"]) for s in models_of(document_of(html), "ColumnDataSource")]
    (spikes,) = [s for s in sources if set(s) == {"t", "row", "population"}]
    assert len(array_of(spikes["t"])) == 2 * (100 + 170 + 130)
    assert "The nearest of 3 runs." in ReadPage(html).text


def test_a_kept_run_that_cannot_be_read_is_told(folder):
    class Damaged(MadeBatch):
        def result(self, run):
            if run.endswith("7"):
                raise SimulationError("damaged")
            return super().result(run)

    values = grid(g=G, nu_ext=NU)
    html = batch_page(Damaged(folder, make_table(values), list(values), kept=[0, 7]))
    text = ReadPage(html).text
    assert "The nearest of 1 runs; 1 more were kept and are not in this page." in text


def test_texts_of_a_stranger_stay_text(folder, tmp_path):
    table = make_table({HOSTILE: [1.0, 2.0, 3.0, 4.0], "model": [HOSTILE, "b", "c", "d"]}, 2)
    table["error"] = table["worker"] = table["host"] = HOSTILE
    table = table.rename(columns={"rates.exc": f"rates.{HOSTILE}"})
    (tmp_path / "sweep.yaml").write_text(HOSTILE)
    (tmp_path / "batch.json").write_text(json.dumps({HOSTILE: HOSTILE, "list": [1]}))
    html = batch_page(MadeBatch(tmp_path, table, [HOSTILE, "model"], kept=[0]))
    page = ReadPage(html)
    assert not page.elements("img")
    assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]
    assert len({s.get("nonce") for s in page.elements("script")}) == 1
    assert "<script>alert" not in html


def test_a_damaged_description_of_the_batch_is_left_out(batch, tmp_path):
    (tmp_path / "batch.json").write_text("{")
    again = MadeBatch(tmp_path, batch.table, batch.swept)
    assert "brunel" not in ReadPage(batch_page(again)).text


def test_a_page_of_ten_thousand_runs_is_small(folder):
    values = grid(g=np.linspace(3, 8, 50), nu_ext=np.geomspace(0.5, 4, 40), seed=range(5))
    table = make_table(values, fail_every=3)
    html = batch_page(MadeBatch(folder, table, list(values), kept=range(0, 10_000, 500)))
    assert len(table) == 10_000 and len(html) < 10_000_000


def test_a_batch_whose_runs_have_not_ended_has_no_page_yet(batch):
    empty = MadeBatch(batch.path, batch.table.iloc[:0], batch.swept)
    with pytest.raises(SimulationError, match=r"no run of .* has ended yet\n  hint: wait"):
        batch_page(empty)


def test_the_page_is_written_where_asked_and_its_name_must_be_that_of_a_page(batch, tmp_path):
    assert write_batch_report(batch, tmp_path / "x.html").read_text().startswith("<!DOCTYPE html>")
    with pytest.raises(ArgumentError, match=r"cannot write a report as .*x\.pdf"):
        write_batch_report(batch, tmp_path / "x.pdf")
