"""Data to train on: spikes of many samples, encoders, augmentations, and datasets by name."""

from __future__ import annotations

from pygenn_lite.training.data.augmentations import (
    Augmentation,
    Blend,
    DropSpikes,
    Jitter,
    ShiftChannels,
    augmented,
)
from pygenn_lite.training.data.concatenation import concatenate, delay_line, superposed
from pygenn_lite.training.data.dataset_statistics import DatasetStatistics
from pygenn_lite.training.data.delta_encoder import Delta
from pygenn_lite.training.data.encoder import EncodedSpikes, Encoder, encode
from pygenn_lite.training.data.from_arrays import from_dense, from_trains
from pygenn_lite.training.data.from_frameworks import from_loader, from_tonic
from pygenn_lite.training.data.images import digits, fashion_mnist, mnist
from pygenn_lite.training.data.latency_encoder import Latency
from pygenn_lite.training.data.loading import load_dataset
from pygenn_lite.training.data.n_mnist import n_mnist
from pygenn_lite.training.data.population_encoder import PopulationCode
from pygenn_lite.training.data.rate_encoder import Rate
from pygenn_lite.training.data.sample import Sample
from pygenn_lite.training.data.shd_like import shd_like
from pygenn_lite.training.data.speech import shd, ssc
from pygenn_lite.training.data.spike_dataset import SpikeDataset
from pygenn_lite.training.data.step_spikes import StepSpikes
from pygenn_lite.training.data.yin_yang_points import yin_yang, yin_yang_class, yin_yang_points

__all__ = [
    "Augmentation",
    "Blend",
    "DatasetStatistics",
    "Delta",
    "DropSpikes",
    "EncodedSpikes",
    "Encoder",
    "Jitter",
    "Latency",
    "PopulationCode",
    "Rate",
    "Sample",
    "ShiftChannels",
    "SpikeDataset",
    "StepSpikes",
    "augmented",
    "concatenate",
    "delay_line",
    "digits",
    "encode",
    "fashion_mnist",
    "from_dense",
    "from_loader",
    "from_tonic",
    "from_trains",
    "load_dataset",
    "mnist",
    "n_mnist",
    "shd",
    "shd_like",
    "ssc",
    "superposed",
    "yin_yang",
    "yin_yang_class",
    "yin_yang_points",
]
