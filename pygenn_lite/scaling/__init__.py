"""Weights for networks of another size, or for the rates that populations are to have."""

from pygenn_lite.scaling.fit_result import FitResult, FitStep, Target
from pygenn_lite.scaling.mean_field import mean_field_rates
from pygenn_lite.scaling.network_scaling import scale_network
from pygenn_lite.scaling.rate_fit import fit_weights
from pygenn_lite.scaling.siegert import siegert_rate
from pygenn_lite.scaling.weight_scaling import scale_weights

__all__ = [
    "FitResult",
    "FitStep",
    "Target",
    "fit_weights",
    "mean_field_rates",
    "scale_network",
    "scale_weights",
    "siegert_rate",
]
