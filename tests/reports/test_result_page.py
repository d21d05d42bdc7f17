"""The page about a single run: what it says, what it holds, how large it is, and that names of a
stranger stay text."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest
from pages import ReadPage, array_of, document_of, models_of
from reported import make_network, make_result

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.reports import ReportOptions, result_page
from pygenn_lite.runtime.results.final_weights import final_weights
from pygenn_lite.runtime.results.recorded_data import Samples, SpikeCounts, SpikeTrain

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&$$x$$\\(y\\)"


@pytest.fixture(scope="module")
def usual_html() -> str:
    return result_page(make_result(make_network()))


@pytest.fixture(scope="module")
def usual(usual_html: str) -> ReadPage:
    return ReadPage(usual_html)


def plots_titled(html: str) -> list[str]:
    titles = [p.get("title") for p in models_of(document_of(html), "Figure")]
    return [t["attributes"]["text"] for t in titles if t and "text" in t.get("attributes", {})]


def test_the_page_says_what_was_run_where_and_how(usual):
    for said in (
        "small",
        "500 ms",
        "pygenn-lite run small",
        "bench",
        "exc_inh",
        "FixedProb",
    ):
        assert said in usual.text
    for heading in ("Activity", "Measures", "Network", "Equations", "Plan"):
        assert heading in usual.text


def test_equations_are_mathml_and_update_rules_text(usual_html, usual):
    assert len(usual.elements("math")) >= 5
    assert "<mfrac><mrow><mi>d</mi><mrow><mi>V</mi></mrow></mrow>" in usual_html
    assert "V <- where(waiting, V" in usual.text


def test_the_plan_lists_the_memory_of_the_arrays(usual):
    text = usual.text
    assert re.search(r"Memory: [\d.,]+ \w+ \(largest arrays\)", text)
    assert re.search(r"exc_inh\s+synapses", text)


def test_no_element_of_the_page_asks_another_machine(usual_html, usual):
    for tag, attributes in usual.tags:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            target = attributes.get(name) or ""
            assert target.startswith(("#", "data:")) or not target, (tag, name, target)
    (policy,) = [m["content"] for m in usual.elements("meta") if m.get("http-equiv")]
    assert policy is not None and policy.startswith("default-src 'none'; script-src 'nonce-")
    head = usual_html[: usual_html.index("<body>")]
    assert "@import" not in head and "url(" not in head


def test_only_scripts_with_the_nonce_run_and_it_is_new_each_time(usual_html, result):
    nonces = set()
    for html in (usual_html, result_page(result)):
        page = ReadPage(html)
        (policy,) = [m["content"] for m in page.elements("meta") if m.get("http-equiv")]
        (allowed,) = re.findall(r"'nonce-([^']+)'", policy or "")
        assert {s.get("nonce") for s in page.elements("script")} == {allowed}
        nonces.add(allowed)
    assert len(nonces) == 2


@pytest.mark.parametrize("where", ["name", "population", "provenance", "network", "key", "weights"])
def test_names_of_a_stranger_stay_text(network, usual, where):
    changes: dict[str, object] = {}
    clean = make_result(network)
    if where == "name":
        changes["name"] = HOSTILE
    elif where == "population":
        changes |= {
            "sizes": {HOSTILE: 80},
            "spikes": {HOSTILE: clean.spikes["exc"]},
            "fully_recorded": frozenset([HOSTILE]),
            "traces": {HOSTILE: {HOSTILE: samples(10)}},
            "counts": SpikeCounts(np.array([0, 5000]), {HOSTILE: np.array([0, 500])}),
        }
    elif where == "weights":
        changes["weights"] = {HOSTILE: np.arange(10.0)}
    else:
        key = HOSTILE if where == "key" else where if where == "network" else "command"
        changes["provenance"] = {**clean.provenance, key: f"{HOSTILE}\nsecond: line"}
    html = result_page(make_result(network, **changes))
    page = ReadPage(html)
    assert len(page.scripts) == len(usual.scripts)
    assert not page.elements("img")
    assert not [
        1 for _, attributes in page.tags if any(name.startswith("on") for name in attributes)
    ]
    assert "<script>alert" not in html


def samples(number: int) -> Samples:
    times = np.arange(number) * 0.1
    values = np.sin(times)[:, None] * np.ones(7, np.float32)
    return Samples(times, values, np.arange(7, dtype=np.uint32), "mV")


def test_names_are_not_taken_for_mathematics(network):
    """Bokeh would fetch a library for it."""
    html = result_page(make_result(network, traces={HOSTILE: {"$$x$$": samples(10)}}))
    texts = re.findall(r'"(?:text|axis_label)":"([^"]*)"', html)
    assert any("x" in text for text in texts)
    assert not [text for text in texts if "$$" in text or "\\\\(" in text]


def test_a_raster_holds_every_spike_of_a_small_run(usual_html, usual):
    assert "All 1,000 recorded spikes" in usual.text
    lengths = [
        len(array_of(dict(source["data"]["entries"])["x"]))
        for source in models_of(document_of(usual_html), "ColumnDataSource")
        if set(dict(source["data"]["entries"])) == {"x", "y"}
    ]
    assert lengths[:2] == [500, 500]


def test_a_raster_of_many_spikes_is_thinned_says_so_and_stays_small(network):
    html = result_page(make_result(network, 300_000))
    text = ReadPage(html).text
    (shown, total) = re.findall(r"neuron: ([\d,]+) of ([\d,]+) spikes", text)[0]
    assert total == "600,000"
    assert 10_000 < int(shown.replace(",", "")) <= 80_000
    assert len(html) < 3_500_000


def test_traces_are_thinned_to_minima_and_maxima_and_say_so(network):
    traces: Mapping[str, Mapping[str, Samples]] = {"exc": {"V": samples(100_000)}}
    html = result_page(make_result(network, traces=traces))
    text = ReadPage(html).text
    assert "Minima and maxima of 100,000 samples; 2 more were recorded." in text
    assert "V of exc" in plots_titled(html)
    assert len(html) < 2_500_000


def test_weights_of_plastic_groups_are_histograms_also_of_large_groups(network):
    rng = np.random.default_rng(1)
    large = final_weights(rng.normal(size=4_100_000).astype(np.float32))
    weights = {"learning": rng.normal(size=1000), "large": large, "none": np.zeros(0)}
    html = result_page(make_result(network, weights=weights))
    assert {"learning", "large"} <= set(plots_titled(html))
    assert "none" not in plots_titled(html)
    assert "4,100,000 synapses at the end of the run." in ReadPage(html).text


def test_rates_leave_out_the_warmup_and_stand_beside_the_reference(result):
    html = result_page(result, ReportOptions(warmup=100.0, reference_rates={"exc": 12.5}))
    assert "Mean rates after 100 ms" in plots_titled(html)
    (source,) = [
        dict(s["data"]["entries"])
        for s in models_of(document_of(html), "ColumnDataSource")
        if "reference" in dict(s["data"]["entries"])
    ]
    assert source["rate"] == pytest.approx(list(result.rates(100.0).values()))
    assert source["reference"][0] == 12.5


def test_measures_of_the_spikes_are_drawn_and_their_means_are_a_table(usual_html, usual, result):
    assert {
        "Rates of neurons", "Interspike intervals", "Regularity", "Spectra of population rates",
    } <= set(plots_titled(usual_html))  # fmt: skip
    for name, value in pg.analysis.cv_isi(result).items():
        assert re.search(rf"{name}\s+[\d.]+\s+{value:.4g}\s", usual.text)


def test_shares_of_neurons_by_rate_add_up_to_one(usual_html):
    entries = [
        {name: array_of(column) for name, column in source["data"]["entries"]}
        for source in models_of(document_of(usual_html), "ColumnDataSource")
    ]
    sums = [float(e["y"].sum()) for e in entries if set(e) == {"x", "y"} and len(e["y"]) < 60]
    assert sums[:2] == pytest.approx([1.0, 1.0])


def test_a_run_that_is_too_short_for_a_spectrum_has_none(network):
    short = make_result(network, stop_step=4000)
    assert "Spectra of population rates" not in plots_titled(result_page(short))
    assert "Regularity" in plots_titled(result_page(short))


def test_a_result_without_spikes_has_no_empty_plots(network):
    html = result_page(quiet(network))
    assert "No spikes were recorded; they were counted." in ReadPage(html).text
    assert plots_titled(html) == ["Mean rates"]


def quiet(network: pg.Network) -> pg.Result:
    return make_result(network, spikes={}, fully_recorded=frozenset())


def test_a_result_that_does_not_keep_its_network_says_why(network):
    note = "# not kept: its arrays have more than 1,000,000 bytes"
    for text, said in (
        (note, "its arrays have more than"),
        ("", "does not keep its network"),
    ):
        page = ReadPage(result_page(make_result(network, provenance={"network": text})))
        assert said in page.text
        assert "Equations" not in page.text


def test_a_network_that_cannot_be_read_is_told_and_the_rest_is_there(network):
    broken = "network: {name: x}\npopulations: {exc: {size: -3, model: nowhere}}"
    page = ReadPage(result_page(make_result(network, provenance={"network": broken})))
    assert "The network of this result cannot be read:" in page.text
    assert "Activity" in page.text


def test_a_report_is_written_by_the_result_and_replaces_an_older_one(result, tmp_path):
    target = tmp_path / "page.html"
    target.write_text("old")
    assert result.report(target, warmup=50.0, title="A title") == target
    text = target.read_text()
    assert text.startswith("<!DOCTYPE html>") and "<h1>A title</h1>" in text
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_a_warmup_as_long_as_the_run_is_refused(result, tmp_path):
    with pytest.raises(
        ArgumentError, match="a warm-up time of 500 ms leaves nothing of a run of 500"
    ):
        result.report(tmp_path / "page.html", warmup=500.0)


def test_a_name_that_no_browser_opens_as_a_page_is_refused(result, tmp_path):
    with pytest.raises(ArgumentError, match=r"cannot write a report as .*page.png.*\n.*\.html"):
        result.report(tmp_path / "page.png")


def test_a_folder_that_is_not_there_is_told(result, tmp_path):
    with pytest.raises(SimulationError, match=r"cannot write .*: No such file"):
        result.report(tmp_path / "nowhere" / "page.html")


def test_few_neurons_are_drawn_as_upright_lines(network):
    train = SpikeTrain(np.array([10, 20]), np.array([0, 3], np.uint32), 0.1, range(5))
    few = make_result(
        network, sizes={"exc": 5}, spikes={"exc": train},
        counts=SpikeCounts(np.array([0, 5000]), {"exc": np.array([0, 2])}),
    )  # fmt: skip
    assert models_of(document_of(result_page(few)), "Segment")
