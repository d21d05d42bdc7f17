"""Records in ctypes are the structures of templates/training: of the same sizes, fields where they
are."""

from __future__ import annotations

import pytest
from record_layouts import assert_alike, layouts_in_cpp

from pygenn_lite.runtime.training import optimiser_records
from pygenn_lite.runtime.training import training_records as records

INCLUDES = """
#include "training/on_thread.hpp"
#include "training/records.h"
using real = float;
#include "training/optimise.hpp"
"""
OF_OPTIMISERS = {
    "pgl::training::TrainedArray": optimiser_records.TrainedArray,
    "pgl::training::OptimiserUpdate": optimiser_records.OptimiserUpdate,
    "pgl::training::OptimiseArgs": optimiser_records.OptimiseArgs,
}
ALL = {**records.ALL, **OF_OPTIMISERS}
NUMBERS = {
    "PGL_TRAINING_ABI": records.ABI_VERSION,
    "pgl::training::kChunk": optimiser_records.CHUNK,
    "pgl::training::kNorms": optimiser_records.NORMS,
    "pgl::training::kLevels": optimiser_records.LEVELS,
    "pgl::training::kMostSettings": optimiser_records.MOST_SETTINGS,
}


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    return layouts_in_cpp(tmp_path_factory.mktemp("records"), INCLUDES, ALL, *NUMBERS)


@pytest.mark.parametrize("name", ALL)
def test_a_record_is_laid_out_as_in_cpp(name: str, laid_out: dict[str, int]) -> None:
    assert_alike(name, ALL[name], laid_out)


def test_numbers_are_those_of_cpp(laid_out: dict[str, int]) -> None:
    assert {name: laid_out[name] for name in NUMBERS} == NUMBERS
