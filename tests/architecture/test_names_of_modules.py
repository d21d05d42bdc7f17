"""pytest takes modules of tests by their names alone: two of one name stop the whole suite."""

from __future__ import annotations

from collections import Counter
from pathlib import Path


def test_no_two_modules_of_tests_have_one_name() -> None:
    names = Counter(path.name for path in Path(__file__).parents[1].rglob("*.py"))
    assert {name for name, count in names.items() if count > 1} <= {"conftest.py"}
