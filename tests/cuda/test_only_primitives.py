"""Kernels call the primitives of templates/common/device.hpp and nothing else of CUDA."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from device_compiler import TEMPLATES
from only_primitives import SPIN, violations

import pygenn_lite as pg
from pygenn_lite import codegen

FOLDER = TEMPLATES / "cuda"
# These are the primitives, for cards and in the emulator.
PRIMITIVES = ("on_card.hpp", "on_fibres.hpp", "fibres/")
KERNELS = sorted(
    path.relative_to(FOLDER).as_posix()
    for path in FOLDER.rglob("*.*")
    if not path.relative_to(FOLDER).as_posix().startswith(PRIMITIVES)
)


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_use_primitives_only(name: str) -> None:
    assert violations((FOLDER / name).read_text()) == []


TRAINING = sorted(
    path.name
    for path in (TEMPLATES / "training").glob("*.hpp")
    # for one thread of the processor
    if path.name
    not in (
        "on_thread.hpp",
        "panels.hpp",
        "driver.hpp",
        "exports.hpp",
        "update.hpp",
        "no_update.hpp",
    )
)


@pytest.mark.parametrize("name", TRAINING)
def test_training_uses_primitives_only(name: str) -> None:
    assert violations((TEMPLATES / "training" / name).read_text()) == []


def integrate_and_fire() -> pg.Network:
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("cells", 10, pg.LIF())
    adaptive = net.population("adaptive", 10, pg.AdEx())
    net.connect(cells, adaptive, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=1.0)
    return net


def conductances() -> pg.Network:
    net = pg.Network(dt=0.05, seed=1)
    cells = net.population("cells", 10, pg.HodgkinHuxleySquid())
    net.connect(cells, cells, pg.AlphaConductance(2.0, 0.0), pg.FixedProbability(0.5), weight=0.1)
    return net


def plasticity() -> pg.Network:
    net = pg.Network(dt=1.0, seed=1)
    cells = net.population("cells", 10, pg.Izhikevich())
    net.connect(cells, cells, pg.PairSTDP(), pg.FixedProbability(0.5), weight=0.1)
    return net


@pytest.mark.parametrize("network", [integrate_and_fire, conductances, plasticity])
def test_what_is_rendered_uses_primitives_only(network: Callable[[], pg.Network]) -> None:
    source = codegen.generate_cuda(codegen.network_structure(network())).source
    assert "PGL_LOOP(" in source or "PGL_KERNEL(" in source
    assert violations(source) == []


def test_the_primitives_themselves_would_be_found() -> None:
    """What is looked for is what CUDA calls it."""
    found = violations((FOLDER / "on_card.hpp").read_text())
    for word in ("threadIdx", "__shared__", "__syncthreads", "asm", "atomicAdd", "volatile", SPIN):
        assert any(word in line for line in found), word


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("const int t = threadIdx.x;", "threadIdx; write pgl::thread()"),
        ("const int n = blockDim.x * gridDim.x;", "blockDim; write pgl::thread()"),
        ("__shared__ float x[8];", "__shared__; write PGL_SHARED"),
        ("__syncthreads();", "__syncthreads; write pgl::barrier()"),
        ("__global__ void f() {}", "__global__; write PGL_KERNEL"),
        ('extern "C" void f();', 'extern "C"; write PGL_KERNEL'),
        ("PGL_DEVICE __forceinline__ int f();", "__forceinline__; write PGL_DEVICE"),
        ("const unsigned m = __ballot_sync(~0u, true);", "__ballot_sync; write pgl::ballot()"),
        ("x = __shfl_xor_sync(~0u, x, 1);", "__shfl_xor_sync; write"),
        ("atomicAdd(x, 1);", "atomicAdd; write pgl::atomic_add()"),
        ("const float y = __expf(x);", "__expf; write a primitive"),
        ('asm("bar.sync 0;");', "asm; write a primitive"),
        ("volatile int x = 0;", "volatile; write a primitive"),
        ("x = std::max(x, y);", "std::max; write nothing"),
        ("#include <cuda_fp16.h>", "#include <...>; write nothing"),
        ("while (flag[0] == 0) {\n  }", SPIN),
        ("while (flag[0] == 0);", SPIN),
        ("while (pgl::load_fresh(flag) == 0) { ++n; }", SPIN),
        ("while (seen != 3) seen = pgl::load_fresh(flag);", SPIN),
        ("do { m = pgl::load_message(box); } while (m.step != s);", SPIN),
        ("for (;;) { if (pgl::atomic_exchange(lock, 1) == 0) break; }", SPIN),
        ("while (true) { if (pgl::atomic_add(n, 0) == 5) break; }", SPIN),
        ("while (pgl::atomic_cas(lock, 0, 1) != 0) {}", SPIN),
        ("for (; pgl::load_fresh(flag) == 0;) {}", SPIN),
    ],
)
def test_what_is_planted_is_found(line: str, what: str) -> None:
    (found,) = violations(f"// a comment\nPGL_LOOP(f, A, 32) {{\n  {line}\n}}\n")[:1]
    assert found.startswith("3: ") and what in found


@pytest.mark.parametrize(
    "line",
    [
        "// threadIdx.x, asm, volatile",
        "/* __syncthreads();\n while (x) {} */",
        "{# atomicAdd in a template's comment #}",
        'const char* text = "__shared__";',
        "float* __restrict x = args.x;",
        "for (int64_t i = pgl::first(); i < n; i += pgl::stride()) pgl::atomic_add(x + i, 1);",
        "while (low < high) { pgl::atomic_add(x + low, 1); ++low; }",
        "while (n < count && list[n] == value) ++n;",
        "do { x /= 2; ++n; } while (x > 1);",
        "for (;;) { pgl::wait_message(box, ++step); if (pgl::load_fresh(stop)) break; }",
        "const bool newly = true; const int renewed = 1, masm = 2;",
    ],
)
def test_what_kernels_may_do_is_not_found(line: str) -> None:
    assert violations(f"PGL_LOOP(f, A, 32) {{\n  {line}\n}}\n") == []
