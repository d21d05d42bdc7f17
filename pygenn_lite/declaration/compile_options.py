"""The options of ``Network.compile`` that one simulation and several instances have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.numeric import Whole
from pygenn_lite.declaration.progress_function import ProgressFunction
from pygenn_lite.declaration.values import ValueLike

OneEach: TypeAlias = Sequence[ValueLike] | NDArray[np.generic]
"""A value for each instance, along the first axis of an array."""


class CompileOptions(TypedDict, total=False):
    """See :func:`pygenn_lite.compile_network`."""

    threads: int | None
    precision: str
    accumulator: str
    check_finite: bool
    progress: ProgressFunction | bool | None
    cache: bool
    connectivity_seed: Whole | None
    driver: str
    device: Whole
    plan: str
