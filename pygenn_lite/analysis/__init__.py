"""Measures of spike trains and signals, of whole results or piece by piece during a run.

Each takes a Result (and gives a dict by population), spike trains, or plain arrays of spike times
(and gives one value). Those that can be computed during a run have a sink of the same name in
`MEASURES`.
"""

from __future__ import annotations

from pygenn_lite.analysis.benchmark_table import BenchmarkCounts, benchmark_counts
from pygenn_lite.analysis.correlograms import autocorrelogram, cross_correlogram
from pygenn_lite.analysis.curve import Curve
from pygenn_lite.analysis.distances import (
    isi_distance,
    spike_distance,
    van_rossum_distance,
    victor_purpura_distance,
)
from pygenn_lite.analysis.firing_rates import rates, spike_counts
from pygenn_lite.analysis.layers import Layer, dense_layer
from pygenn_lite.analysis.local_variation import cv2, lv, lvr
from pygenn_lite.analysis.pair_correlation import correlation, correlation_matrix
from pygenn_lite.analysis.phases import phase_locking_value, vector_strength
from pygenn_lite.analysis.population_synchrony import synchrony, synchrony_chi
from pygenn_lite.analysis.registry import MEASURES, Measure, find_measure, measure
from pygenn_lite.analysis.scores import classification_accuracy, mse, r2, smape
from pygenn_lite.analysis.silent_bins import (
    Avalanches,
    avalanche_exponent,
    avalanches,
    branching_parameter,
    power_law_exponent,
)
from pygenn_lite.analysis.sinks.measure_sink import MeasureSink
from pygenn_lite.analysis.spectra import coherence, power_spectrum
from pygenn_lite.analysis.spike_bins import binned_counts
from pygenn_lite.analysis.spike_intervals import cv_isi, isi, isi_histogram, mean_isi
from pygenn_lite.analysis.trains import SpikeTrains, spike_trains
from pygenn_lite.analysis.variability import fano_factor, fano_factor_of_neurons
from pygenn_lite.analysis.workload import (
    activation_sparsity,
    membrane_updates,
    neuron_updates,
    synaptic_events,
)

__all__ = [
    "MEASURES",
    "Avalanches",
    "BenchmarkCounts",
    "Curve",
    "Layer",
    "Measure",
    "MeasureSink",
    "SpikeTrains",
    "activation_sparsity",
    "autocorrelogram",
    "avalanche_exponent",
    "avalanches",
    "benchmark_counts",
    "binned_counts",
    "branching_parameter",
    "classification_accuracy",
    "coherence",
    "correlation",
    "correlation_matrix",
    "cross_correlogram",
    "cv2",
    "cv_isi",
    "dense_layer",
    "fano_factor",
    "fano_factor_of_neurons",
    "find_measure",
    "isi",
    "isi_distance",
    "isi_histogram",
    "lv",
    "lvr",
    "mean_isi",
    "measure",
    "membrane_updates",
    "mse",
    "neuron_updates",
    "phase_locking_value",
    "power_law_exponent",
    "power_spectrum",
    "r2",
    "rates",
    "smape",
    "spike_counts",
    "spike_distance",
    "spike_trains",
    "synaptic_events",
    "synchrony",
    "synchrony_chi",
    "van_rossum_distance",
    "vector_strength",
    "victor_purpura_distance",
]
