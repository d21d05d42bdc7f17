"""The options of ``Network.compile`` that one simulation and several instances have in common."""

from __future__ import annotations

from typing import TypedDict

from pygenn_lite.declaration.numeric import Whole
from pygenn_lite.declaration.progress_function import ProgressFunction


class CompileOptions(TypedDict, total=False):
    """See :func:`pygenn_lite.compile_network`."""

    threads: int | None
    precision: str
    check_finite: bool
    progress: ProgressFunction | bool | None
    cache: bool
    connectivity_seed: Whole | None
