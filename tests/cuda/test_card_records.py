"""Records in ctypes are those of templates/cuda/records.hpp: of the same sizes, fields where they
are."""

from __future__ import annotations

import ctypes as c
import json
import subprocess
from pathlib import Path

import pytest

from pygenn_lite.runtime.cpp.toolchain import find_compiler
from pygenn_lite.runtime.cuda import records

TEMPLATES = Path(__file__).parents[2] / "pygenn_lite" / "templates"
PRINTS = """
#include <cstddef>
#include <cstdio>
#include "cuda/records.hpp"
int main() {
  std::printf("{");
%s
  std::printf("\\"\\": 0}");
}
"""


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Sizes by struct, offsets by struct and field, as the compiler says."""
    wanted = {name: f"sizeof({name})" for name in records.ALL}
    for name, record in records.ALL.items():
        for field in record._fields_:
            wanted[f"{name}.{field[0]}"] = f"offsetof({name}, {field[0]})"
    lines = (f'  std::printf("\\"{name}\\": %zu, ", {value});' for name, value in wanted.items())
    folder = tmp_path_factory.mktemp("records")
    source, program = folder / "print.cpp", folder / "print"
    source.write_text(PRINTS % "\n".join(lines))
    command = [*find_compiler().command, "-std=c++20", f"-I{TEMPLATES}", str(source)]
    subprocess.run([*command, "-o", str(program)], check=True)
    printed = subprocess.run([str(program)], check=True, capture_output=True, text=True)
    found: dict[str, int] = json.loads(printed.stdout)
    return found


@pytest.mark.parametrize("name", records.ALL)
def test_a_record_is_laid_out_as_in_cpp(name: str, laid_out: dict[str, int]) -> None:
    record = records.ALL[name]
    assert c.sizeof(record) == laid_out[name]
    for field in record._fields_:
        assert getattr(record, field[0]).offset == laid_out[f"{name}.{field[0]}"], field[0]
    last = getattr(record, record._fields_[-1][0])
    assert last.offset + last.size + c.alignment(record) > c.sizeof(record)  # none is missing


def test_as_a_type_of_arrays_it_has_the_same_fields() -> None:
    dtype = records.dtype_of(records.Launch)
    assert dtype.itemsize == c.sizeof(records.Launch)
    assert dtype.names == ("card", "first", "count")
