"""The page of measures lists what the registry holds."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from pygenn_lite import analysis
from pygenn_lite.analysis import MEASURES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "measures.md"


def test_the_table_is_that_of_the_registry():
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (\w+) \| (\w+) \| (\w+) \| (.+) \|$", page, re.M)
    assert rows == [
        (
            each.name,
            each.unit,
            each.needs,
            "yes" if each.sink else "no",
            "number" if each.scalar else "array",
            each.summary,
        )
        for each in MEASURES.values()
    ]


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_is_found_where_it_says(name):
    measure = MEASURES[name]
    module, _, function = measure.compute.partition(":")
    assert getattr(import_module(module), function) is getattr(analysis, name)
    text = getattr(analysis, name).__doc__
    assert "Parameters" in text and "Returns" in text
    if measure.sink:
        module, _, kind = measure.sink.partition(":")
        assert issubclass(getattr(import_module(module), kind), analysis.MeasureSink)
