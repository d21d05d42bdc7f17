"""``pg.losses``: what a network is trained for.

Losses are descriptions; sums of them, with factors, are losses as well.
"""

from pygenn_lite.training.losses.custom import (
    Custom,
    Read,
    at_each_time,
    first_spike_time,
    integral,
    maximum,
    spike_count,
)
from pygenn_lite.training.losses.loss import Loss
from pygenn_lite.training.losses.of_counts import (
    SpikeCountCrossEntropy,
    SpikeCountMeanSquare,
    SpikeRateMeanSquare,
)
from pygenn_lite.training.losses.of_spike_times import (
    FirstSpikeCrossEntropy,
    FirstSpikeMeanSquare,
    SpikeTimeMeanSquare,
)
from pygenn_lite.training.losses.of_variables import (
    CrossEntropy,
    IntegralCrossEntropy,
    MaximumCrossEntropy,
    StepCrossEntropy,
    TraceMeanSquare,
)
from pygenn_lite.training.losses.regularisers import (
    Rate,
    Silence,
    SilentMargin,
    Sparsity,
    WeightPenalty,
)

__all__ = [
    "CrossEntropy",
    "Custom",
    "FirstSpikeCrossEntropy",
    "FirstSpikeMeanSquare",
    "IntegralCrossEntropy",
    "Loss",
    "MaximumCrossEntropy",
    "Rate",
    "Read",
    "Silence",
    "SilentMargin",
    "Sparsity",
    "SpikeCountCrossEntropy",
    "SpikeCountMeanSquare",
    "SpikeRateMeanSquare",
    "SpikeTimeMeanSquare",
    "StepCrossEntropy",
    "TraceMeanSquare",
    "WeightPenalty",
    "at_each_time",
    "first_spike_time",
    "integral",
    "maximum",
    "spike_count",
]
