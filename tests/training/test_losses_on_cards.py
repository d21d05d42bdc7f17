"""Losses on the emulated card, where a block has many threads: the bits of the processor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_losses_in_trials import DURATION, SAMPLES, data, network

import pygenn_lite as pg
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training.surrogates import as_surrogate

L = pg.losses
EXACT = (
    L.FirstSpikeCrossEntropy("early", tau=2.0, alpha=0.1)
    + L.CrossEntropy("early.V", shape="exponential")
    + L.StepCrossEntropy("out.V")
    + L.MaximumCrossEntropy("out.V")
    + L.SilentMargin("silent")
    + L.Rate("early", 2.0)
)
SURROGATE = (
    L.SpikeCountCrossEntropy("early")
    + L.FirstSpikeCrossEntropy("early", tau=2.0)
    + L.SpikeRateMeanSquare("early")
    + L.Silence("silent", 1.0)
    + L.Sparsity("early", 0.5)
)


@pytest.mark.parametrize("gradient", ["exact", "surrogate"])
def test_cards_give_the_bits_of_the_processor(gradient: str) -> None:
    found: list[dict[str, Any]] = []
    exact = gradient == "exact"
    for backend in ("cpp", "cuda"):
        made = TrainingSession(
            network(1.0, *(("out",) if exact else ()), "silent", "early"),
            loss=EXACT if exact else SURROGATE,
            steps=round(DURATION),
            batch=SAMPLES,
            gradient=gradient,
            surrogate=None if exact else as_surrogate(None),
            backend=backend,
            driver="emulator" if backend == "cuda" else "auto",
        )
        outcome = made.run(made.stage(data()))
        results = {"losses": outcome.losses, "outputs": outcome.outputs, **outcome.metrics}
        found.append({**results, **dict(made.gradients)})
    processor, card = found
    assert processor.keys() == card.keys() and len(processor) > 6
    for name, values in processor.items():
        np.testing.assert_array_equal(values, card[name], err_msg=name)
        if name.startswith("groups") and "w_out" not in name:
            assert np.abs(values).max() > 0, name
