"""What is said where a package is missing that only some work needs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pygenn_lite.errors import InputError, MissingPackageError
from pygenn_lite.optional import require


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_what_is_there_is_imported() -> None:
    import json.decoder

    assert require("json.decoder", "batch", "tables") is json.decoder


def test_what_is_missing_is_named_with_what_needs_it_and_what_to_install() -> None:
    with pytest.raises(MissingPackageError) as caught:
        require("no_such_package.part", "batch", "tables of results")
    assert str(caught.value) == (
        "the package 'no_such_package' is not installed; it is needed for tables of results\n"
        "  hint: pip install 'pygenn-lite[batch]'"
    )
    assert not isinstance(caught.value, InputError)  # another environment would do


def test_a_module_that_a_version_lacks_is_named(folder: Path) -> None:
    (folder / "old_package").mkdir()
    (folder / "old_package" / "__init__.py").write_text("")
    message = r"'old_package' has no module 'old_package\.new'"
    with pytest.raises(MissingPackageError, match=message):
        require("old_package.new", "exchange", "files of others")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import part_that_nobody_has", "No module named 'part_that_nobody_has'"),
        ("raise ImportError('compiled for another NumPy')", "compiled for another NumPy"),
    ],
)
def test_what_is_there_and_broken_says_why(folder: Path, text: str, said: str) -> None:
    (folder / "broken_package.py").write_text(text)
    try:
        with pytest.raises(MissingPackageError) as caught:
            require("broken_package", "batch", "searches")
    finally:
        sys.modules.pop("broken_package", None)
    assert f"'broken_package' cannot be imported: {said}; it is needed for" in str(caught.value)
