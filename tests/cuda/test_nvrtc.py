"""Kernels are compiled from texts in memory; what they need of a card is read from the compiler's
log; what was compiled is found again."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from fake_nvrtc import FakeNvrtc, use_fake_nvrtc

from pygenn_lite.errors import CompileError, ToolchainError
from pygenn_lite.runtime import compile_cache
from pygenn_lite.runtime.cuda.drivers import nvrtc
from pygenn_lite.runtime.cuda.drivers.base import Image, KernelReport
from pygenn_lite.runtime.cuda.drivers.includes import resolved_sources
from pygenn_lite.runtime.cuda.drivers.nvrtc import (
    Target,
    compile_kernels,
    named_target,
    target_of_card,
)

TARGETS = [75, 80, 90, 100, 120]
KERNELS = """
#include "parts/twice.hpp"
struct Args { float* x; int n; };
extern "C" __global__ void __launch_bounds__(256) shares(const Args args) {
  __shared__ float kept[100];
  extern __shared__ float more[];
  kept[threadIdx.x % 100] = more[threadIdx.x] = args.x[threadIdx.x];
  __syncthreads();
  args.x[threadIdx.x] = twice(kept[args.n]) + more[args.n];
}
extern "C" __global__ void __launch_bounds__(1024) spills(const Args args) {
  float a[90];
  for (int i = 0; i < 90; ++i) a[i] = args.x[threadIdx.x + i * 1024];
  __syncthreads();
  for (int i = 0; i < 90; ++i) args.x[threadIdx.x + i * 1024] = a[i] * a[(i + 1) % 90];
}
extern "C" __global__ void anything(const Args args) { args.x[0] = 1.0f; }
"""
TWICE = '#pragma once\n#include "one.hpp"\n__device__ float twice(float x) { return one(x) * 2; }\n'
ONE = "#pragma once\n__device__ float one(float x) { return x; }\n"
SOURCE = {"main.cu": KERNELS, "parts/twice.hpp": TWICE, "parts/one.hpp": ONE, "unused.hpp": "?"}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYGENN_LITE_CACHE", str(tmp_path))


# ------------------------------------------------------------------ texts that include each other
def test_a_text_is_included_by_its_full_name() -> None:
    found = resolved_sources(SOURCE, "main.cu")
    assert list(found) == ["main.cu", "parts/twice.hpp", "parts/one.hpp"]
    assert '#include "parts/one.hpp"' in found["parts/twice.hpp"]
    assert found["parts/twice.hpp"].count("\n") == TWICE.count("\n")


def test_a_text_is_looked_for_beside_the_one_that_includes_it_first() -> None:
    texts = {"a/x": '#include "y"\n# include  "../b/y"', "a/y": "", "b/y": "", "y": ""}
    found = resolved_sources(texts, "a/x")
    assert found["a/x"] == '#include "a/y"\n# include  "b/y"' and list(found) == [
        "a/x",
        "a/y",
        "b/y",
    ]
    assert list(resolved_sources({"a/x": '#include "y"', "y": ""}, "a/x")) == ["a/x", "y"]


def test_what_is_not_given_is_left_to_the_compiler() -> None:
    texts = {"x": '#ifdef HOST\n#include "host.h"\n#include <stdint.h>\n#endif\n'}
    assert resolved_sources(texts, "x") == texts


def test_texts_that_include_each_other_in_a_circle_are_found_once() -> None:
    texts = {"x": '#include "y"', "y": '#include "x"'}
    assert resolved_sources(texts, "x") == texts


# ------------------------------------------------------------------ with NVRTC
def end_of_headers(elf: bytes) -> int:
    """Tables of segments and of sections stand last in a file that is whole."""
    segments, sections = struct.unpack_from("<QQ", elf, 0x20)
    sizes = struct.unpack_from("<4H", elf, 0x36)
    return max(segments + sizes[0] * sizes[1], sections + sizes[2] * sizes[3])


@pytest.fixture
def real() -> None:
    pytest.importorskip("cupy", reason="CuPy is not installed: pip install '.[cuda-test]'")


@pytest.mark.nvrtc
@pytest.mark.parametrize("architecture", TARGETS)
def test_registers_spills_and_shared_memory_are_reported(real: None, architecture: int) -> None:
    image = compile_kernels(SOURCE, "main.cu", Target(architecture))
    assert image.target == f"sm_{architecture}" and image.binary.startswith(b"\x7fELF")
    assert len(image.binary) >= end_of_headers(image.binary)
    shares, spills = image.kernels["shares"], image.kernels["spills"]
    assert set(image.kernels) == {"shares", "spills", "anything"}
    assert shares.shared_bytes == 400 and shares.spill_bytes == 0 and shares.threads == 256
    assert spills.registers == 64 and spills.spill_bytes > 100 and spills.threads == 1024
    assert image.kernels["anything"].threads == 1024
    assert all(0 < each.registers <= 255 for each in image.kernels.values())


@pytest.mark.nvrtc
def test_a_newer_card_gets_ptx(real: None) -> None:
    image = compile_kernels(SOURCE, "main.cu", target_of_card(125))
    assert image.target == "compute_121" and b".target sm_121" in image.binary
    assert image.kernels["shares"].shared_bytes == 400


@pytest.mark.nvrtc
def test_what_was_compiled_is_found_again(real: None) -> None:
    first = compile_kernels(SOURCE, "main.cu", Target(90))
    again = compile_kernels(SOURCE, "main.cu", Target(90))
    assert (first.cached, again.cached) == (False, True)
    assert (again.binary, again.kernels, again.log) == (first.binary, first.kernels, first.log)
    assert not compile_kernels(SOURCE, "main.cu", Target(90), cache=False).cached


@pytest.mark.nvrtc
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"main.cu": KERNELS + "int broken = ;\n"}, r"main\.cu, line 18: .*\n    int broken = ;"),
        (
            {"parts/one.hpp": ONE + "\n__device__ int f() { return q; }"},
            r'parts/one\.hpp, line 4: identifier "q" is undefined\n'
            r"    __device__ int f\(\) { return q; }\n  The whole log: ",
        ),
        ({"main.cu": '#include "nowhere.h"'}, r"main\.cu, line 1: .*\"nowhere\.h\""),
    ],
)
def test_an_error_is_shown_with_its_line(real: None, changed: dict[str, str], message: str) -> None:
    with pytest.raises(CompileError, match=f"NVRTC could not compile {message}"):
        compile_kernels({**SOURCE, **changed}, "main.cu", Target(90))
    assert compile_cache.cache_entries() == 0
    (log,) = compile_cache.logs_directory().glob("*.log")
    assert "NVRTC_ERROR_COMPILATION" in log.read_text()
    assert "// ---- main.cu" in log.with_suffix(".cu").read_text()


@pytest.mark.nvrtc
def test_headers_of_the_working_directory_are_not_used(
    real: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stray.h").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CompileError, match=r"stray\.h"):
        compile_kernels({"main.cu": '#include "stray.h"\n'}, "main.cu", Target(90))


# ------------------------------------------------------------------ without
def test_the_log_and_the_ptx_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use_fake_nvrtc(monkeypatch, FakeNvrtc())
    source = {"k.cu": '// kernel one 128\n#include "x"', "x": "", "y": "kernel two 1"}
    image = compile_kernels(source, "k.cu", Target(90))
    assert image.kernels == {"one": KernelReport(40, 400, 12, 128)}
    assert image.binary == b"\x7fELF sm_90\0" and "Compile time" not in image.log
    assert "-fmad=false" in image.flags and image.flags[0] == "-arch=sm_90"
    ptx = compile_kernels(source, "k.cu", Target(80, as_ptx=True))
    assert ptx.target == "compute_80" and b".maxntid 128" in ptx.binary
    assert len(fake.compiled) == 2 and not fake.open


def test_whatever_decides_the_code_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    source = {"k.cu": '// kernel one 128\n#include "x"', "x": "", "y": ""}

    def compiled(changed: dict[str, str], target: Target = Target(90)) -> Image:  # noqa: B008
        return compile_kernels({**source, **changed}, "k.cu", target)

    fake = use_fake_nvrtc(monkeypatch, FakeNvrtc())
    assert not compiled({}).cached
    assert compiled({}).cached and compiled({"y": "other"}).cached
    assert not compiled({"x": "other"}).cached
    assert not compiled({}, Target(80)).cached
    assert not compiled({}, Target(90, as_ptx=True)).cached
    fake.version = (13, 6)
    assert not compiled({}).cached


def test_a_damaged_entry_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    use_fake_nvrtc(monkeypatch, FakeNvrtc())
    source = {"k.cu": "kernel one 128"}
    compile_kernels(source, "k.cu", Target(90))
    (entry,) = compile_cache.open_cache().glob("cuda-*")
    assert (entry / "kernels.cu").read_text() == "kernel one 128"
    (entry / "image.bin").write_bytes(b"")
    assert not compile_kernels(source, "k.cu", Target(90)).cached
    assert compile_kernels(source, "k.cu", Target(90)).cached


def test_errors_of_other_forms_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    use_fake_nvrtc(monkeypatch, FakeNvrtc(refuses="nvrtc: error: something else\n"))
    with pytest.raises(CompileError, match="the kernels: nvrtc: error: something else"):
        compile_kernels({"k.cu": "kernel one 128"}, "k.cu", Target(90), cache=False)


def test_an_unwritable_cache_does_not_hide_the_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("PYGENN_LITE_CACHE", str(blocked))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    use_fake_nvrtc(monkeypatch, FakeNvrtc(refuses="k.cu(1): error: no\n"))
    with pytest.raises(CompileError, match=r"k\.cu, line 1: no\n    kernel one 128"):
        compile_kernels({"k.cu": "kernel one 128"}, "k.cu", Target(90), cache=False)


@pytest.mark.parametrize("name", ["sm_90", "90", "9.0", "SM_90", "compute_90"])
def test_architectures_are_named_as_people_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_fake_nvrtc(monkeypatch, FakeNvrtc())
    assert named_target(name) == Target(90)


def test_unknown_architectures_are_refused_with_those_that_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_fake_nvrtc(monkeypatch, FakeNvrtc())
    for name in ("sm_70", "sm_91", "volta", ""):
        with pytest.raises(ToolchainError) as raised:
            named_target(name)
        assert str(raised.value) == (
            f"NVRTC 13.5 does not know the architecture {name!r}\n"
            "  hint: it knows sm_75, sm_80, sm_90"
        )
    with pytest.raises(ToolchainError, match="does not know the architecture 70"):
        target_of_card(70)


def test_a_card_gets_its_own_code_or_ptx(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use_fake_nvrtc(monkeypatch, FakeNvrtc())
    assert target_of_card(80) == Target(80)
    assert target_of_card(86) == Target(80, as_ptx=True)
    assert target_of_card(200) == Target(90, as_ptx=True)
    assert nvrtc.compiler_version() == "13.5" and fake.compiled == []
