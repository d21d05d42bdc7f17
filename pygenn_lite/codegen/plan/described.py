"""What a plan is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.codegen.program.signature import Signatures, Variable
from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.declaration.network import Network
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.extension import Extension


@dataclass(frozen=True)
class Described:
    """A network, its structure, the signatures of its kernels, the type of real numbers, what is
    compiled with it, and how what arrives in a step is summed (see `accumulators`)."""

    network: Network
    structure: NetworkStructure
    signatures: Signatures
    dtype: np.dtype[Any]
    extension: Extension | None = None
    accumulator: str = "float"

    def width(self, variable: Variable) -> int:
        """Bytes of one value."""
        dtype = variable.dtype == "real"
        return self.dtype.itemsize if dtype else np.dtype(variable.dtype).itemsize
