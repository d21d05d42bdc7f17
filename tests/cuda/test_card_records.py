"""Records in ctypes are those of templates/cuda/records.hpp: of the same sizes, fields where they
are."""

from __future__ import annotations

import ctypes as c

import pytest
from record_layouts import assert_alike, layouts_in_cpp

from pygenn_lite.runtime.cuda import records


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    folder = tmp_path_factory.mktemp("records")
    return layouts_in_cpp(folder, '#include "cuda/records.hpp"', records.ALL)


@pytest.mark.parametrize("name", records.ALL)
def test_a_record_is_laid_out_as_in_cpp(name: str, laid_out: dict[str, int]) -> None:
    assert_alike(name, records.ALL[name], laid_out)


def test_as_a_type_of_arrays_it_has_the_same_fields() -> None:
    dtype = records.dtype_of(records.Launch)
    assert dtype.itemsize == c.sizeof(records.Launch)
    assert dtype.names == ("card", "first", "count")
