"""Compiles sources for a card by NVRTC, which needs no card."""

from __future__ import annotations

from pathlib import Path

import pytest

from pygenn_lite.runtime.cuda.drivers.nvrtc import Target, compile_kernels
from pygenn_lite.runtime.cuda.sources import all_sources

TEMPLATES = Path(__file__).resolve().parents[2] / "pygenn_lite" / "templates"


def template_texts() -> dict[str, str]:
    """All that kernels may include, by name."""
    return dict(all_sources())


def compile_for_device(source: str, target: Target) -> str:
    """The PTX, or "" where the target is a processor."""
    pytest.importorskip("cupy", reason="CuPy is not installed: pip install '.[cuda-test]'")
    texts = {**template_texts(), "main.cu": source}
    image = compile_kernels(texts, "main.cu", target, cache=False)
    assert "warning" not in image.log, image.log
    if target.as_ptx:
        return image.binary.decode()
    assert len(image.binary) > 1000
    return ""
