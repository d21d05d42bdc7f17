"""The site has every page, its links lead somewhere, and it needs nothing from elsewhere.

CI builds the whole site (``mkdocs build --strict``); here its parts are tested, without MkDocs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


@pytest.fixture
def gallery(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import gallery

    yield gallery
    sys.modules.pop("gallery", None)


def pages_in(navigation) -> list[str]:
    if isinstance(navigation, str):
        return [navigation]
    parts = navigation.values() if isinstance(navigation, dict) else navigation
    return [page for part in parts for page in pages_in(part)]


def prose_of(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    """As GitHub and MkDocs make them of headings."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def test_each_page_stands_once_in_the_navigation_and_kinds_of_pages_are_kept_apart() -> None:
    listed = [page for page in pages_in(SITE["nav"]) if not page.startswith("gallery/")]
    assert sorted(listed) == [page.name for page in PAGES]
    kinds = [next(iter(entry)) for entry in SITE["nav"]]
    assert kinds == [
        "Home",
        "Tutorials",
        "How to",
        "Gallery",
        "Explanation",
        "Contributing",
        "Reference",
    ]


def test_each_page_is_named_on_the_first_one() -> None:
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert {page.name for page in PAGES} - {"index.md"} == set(re.findall(r"\((\w+\.md)\)", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(
        r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    ):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors_of(file), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_site_has_a_place_for_each_link_out_of_the_pages(page: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import hooks

    hooks.for_the_site(page.read_text(encoding="utf-8"))


def test_the_gallery_has_every_example_once_and_knows_what_each_uses(gallery) -> None:
    shown = gallery.examples()
    assert set(shown) == {path.stem for path in (ROOT / "examples").glob("*.py")}
    window = shown["stdp_window"]
    assert window.title.startswith("The window of pair STDP")
    assert {"PairSTDP", "Delta", "NeuronModel", ".connect", ".spike_source"} <= window.names
    assert ".savefig" not in window.names and ".plot" not in window.names  # of matplotlib
    assert window.code.startswith("import matplotlib") and '"""' not in window.code
    entries = gallery.api_entries()
    assert entries["PairSTDP"] == "models.md#pairstdp"
    assert entries[".connect"] == "api.md#networkconnect"
    for target in entries.values():
        page, _, anchor = target.partition("#")
        assert anchor in anchors_of(ROOT / "docs" / page), target


def test_an_example_that_the_gallery_does_not_list_is_told(gallery, monkeypatch) -> None:
    gallery.examples.cache_clear()
    monkeypatch.setitem(gallery.SECTIONS, "Neurons", ("action_potential", "no_such_script"))
    with pytest.raises(ValueError, match=r"no_such_script.*own_model"):
        gallery.examples()


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    pytest.importorskip("material", reason="pip install '.[docs]'")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    built = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert built >= {page.with_suffix(".html").name for page in PAGES}
    for script in (ROOT / "examples").glob("*.py"):
        assert built >= {f"gallery/{script.stem}.html", f"gallery/{script.stem}.png"}
    for page in tmp_path.rglob("*.html"):
        if (
            page.parent.name == "pictures"
        ):  # a report: what it asks for, a browser tells (tests/reports)
            continue
        assert not re.search(r'(src|rel="stylesheet" href)="?https?:', page.read_text("utf-8"))


def test_the_site_fetches_nothing_from_elsewhere() -> None:
    assert SITE["theme"]["font"] is False
    for file in (ROOT / "mkdocs.yml", ROOT / "docs" / "site.css", *PAGES):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"(@import|<script|!\[[^]]*\]\(http|url\(http)", text), file.name


def test_each_entry_of_the_reference_names_the_examples_that_use_it(gallery) -> None:
    text = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    entry = text.split("### TripletSTDP\n")[1].split("\n### ")[0]
    assert "Used in [triplet_stdp](../examples/triplet_stdp.py)\n" in entry
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    entry = text.split("#### Network.step_current\n")[1].split("\n#### ")[0]
    assert "[action_potential](../examples/action_potential.py)" in entry
    entry = text.split("#### Simulation.restore\n")[1].split("\n#### ")[0]
    assert re.findall(r"examples/(\w+)\.py", entry) == ["checkpoint"]
    assert [e.path.stem for e in gallery.users_of("scale_network")] == ["microcircuit_tenth"]
