"""Connectivity rules: which source neuron has a synapse with which target neuron.

A rule is a class, and all that any stage needs to know of it is said there: see `Connectivity`.
"""

from pygenn_lite.declaration.connectivity.base import (
    STORAGE,
    WEIGHT_PRECISIONS,
    Connectivity,
    Count,
    Indices,
    NativeRule,
    RandomNumbers,
    YamlForm,
)
from pygenn_lite.declaration.connectivity.between import Between, between
from pygenn_lite.declaration.connectivity.common_rules import (
    AllToAll,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    OneToOne,
)
from pygenn_lite.declaration.connectivity.distance import DistanceDependent
from pygenn_lite.declaration.connectivity.ends import Ends
from pygenn_lite.declaration.connectivity.lists import CSR, PairList, from_scipy
from pygenn_lite.declaration.connectivity.transpose import Transpose
from pygenn_lite.declaration.connectivity.windows import Convolution, Pooling, SharedKernel

RULES: tuple[type[Connectivity], ...] = (
    AllToAll,
    OneToOne,
    FixedProbability,
    FixedTotalNumber,
    FixedInDegree,
    FixedOutDegree,
    PairList,
    CSR,
    DistanceDependent,
    Convolution,
    Pooling,
    Transpose,
)

__all__ = [
    "CSR",
    "RULES",
    "STORAGE",
    "WEIGHT_PRECISIONS",
    "AllToAll",
    "Between",
    "Connectivity",
    "Convolution",
    "Count",
    "DistanceDependent",
    "Ends",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FixedTotalNumber",
    "Indices",
    "NativeRule",
    "OneToOne",
    "PairList",
    "Pooling",
    "RandomNumbers",
    "SharedKernel",
    "Transpose",
    "YamlForm",
    "between",
    "from_scipy",
]
