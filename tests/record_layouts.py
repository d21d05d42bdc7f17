"""Where C++ places the fields of structures, for records in ctypes that mirror them."""

from __future__ import annotations

import ctypes as c
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pygenn_lite.runtime.cpp.toolchain import find_compiler

TEMPLATES = Path(__file__).parents[1] / "pygenn_lite" / "templates"
PRINTS = """
#include <cstddef>
#include <cstdio>
%s
int main() {
  std::printf("{");
%s
  std::printf("\\"\\": 0}");
}
"""


def layouts_in_cpp(
    folder: Path, includes: str, records: Mapping[str, type[c.Structure]], *numbers: str
) -> dict[str, int]:
    """Sizes by structure, offsets by structure and field, and further numbers by expression."""
    wanted = {name: f"sizeof({name})" for name in records}
    for name, record in records.items():
        for field in record._fields_:
            wanted[f"{name}.{field[0]}"] = f"offsetof({name}, {field[0]})"
    wanted |= {number: f"size_t({number})" for number in numbers}
    lines = (f'  std::printf("\\"{name}\\": %zu, ", {value});' for name, value in wanted.items())
    source, program = folder / "print.cpp", folder / "print"
    source.write_text(PRINTS % (includes, "\n".join(lines)))
    command = [*find_compiler().command, "-std=c++20", f"-I{TEMPLATES}", str(source)]
    subprocess.run([*command, "-o", str(program)], check=True)
    printed = subprocess.run([str(program)], check=True, capture_output=True, text=True)
    found: dict[str, int] = json.loads(printed.stdout)
    return found


def assert_alike(name: str, record: type[c.Structure], laid_out: Mapping[str, int]) -> None:
    """A record has the fields of a structure, where they are in C++, and lacks none."""
    assert c.sizeof(record) == laid_out[name]
    for field in record._fields_:
        assert getattr(record, field[0]).offset == laid_out[f"{name}.{field[0]}"], field[0]
    last = getattr(record, record._fields_[-1][0])
    assert last.offset + last.size + c.alignment(record) > c.sizeof(record)
