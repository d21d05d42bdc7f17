"""The engine's kernels compile for cards."""

from __future__ import annotations

from pathlib import Path

import pytest
from device_compiler import TEMPLATES, template_texts

from pygenn_lite.runtime.cuda.drivers.nvrtc import Target, compile_kernels

HAND_MADE = Path(__file__).parent / "hand_made.cu"
KERNELS = {
    *("pgl_deliver", "pgl_restore", "pgl_collect", "pgl_fold", "pgl_train", "pgl_send"),
    *("pgl_sort", "pgl_sample", "pgl_reduce", "pgl_finish", "pgl_advance", "pgl_largest"),
}


@pytest.mark.nvrtc
@pytest.mark.parametrize(
    ("real_bytes", "architecture"), [(4, 75), (4, 80), (4, 90), (8, 90), (4, 100), (4, 120)]
)
def test_all_kernels_compile_without_spills(real_bytes: int, architecture: int) -> None:
    pytest.importorskip("cupy", reason="CuPy is not installed: pip install '.[cuda-test]'")
    engine = (TEMPLATES / "cuda" / "engine.cu").read_text()
    walk = (TEMPLATES / "cuda" / "instances.cu").read_text()
    numbers = {
        "REAL_BYTES": real_bytes,
        "WALK_THREADS": 256,
        "WALK_BLOCKS": 2,
        "WALK_KINDS": -1,
    }
    text = "".join(f"#define PGL_{name} {number}\n" for name, number in numbers.items())
    text += HAND_MADE.read_text().replace('#include "cuda/engine.cu"\n', engine) + walk
    texts = {**template_texts(), "main.cu": text}
    image = compile_kernels(texts, "main.cu", Target(architecture), cache=False)
    assert "warning" not in image.log, image.log
    assert set(image.kernels) >= KERNELS | {"pgl_grant", "pgl_walk_instances", "pgl_end_walk"}
    assert "on_pre_ordered_kernel" in image.kernels
    for name, report in image.kernels.items():
        assert report.spill_bytes == 0, name
        assert report.registers <= (128 if name == "pgl_walk_instances" else 80), name
