"""Rates over a training, against their formulas."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, EquationError, PygennLiteError
from pygenn_lite.training.optimisers import Training

BATCHES = np.arange(400)
FULL = Training(rate=1e-3, epochs=40, batches=10)
S = pg.schedules


def rates(schedule: object, training: Training = FULL, rate: float = 1e-3) -> np.ndarray:
    return pg.optimisers.Adam(rate, schedule=schedule).rates_at(BATCHES, training)


def test_without_a_schedule_the_rate_is_constant() -> None:
    assert (pg.optimisers.Adam(2e-3).rates_at([0, 7]) == 2e-3).all()
    assert (rates(S.Constant(0.5)) == 5e-4).all()


def test_easing_in_is_as_published() -> None:
    """From 1e-6 by 1.05 per batch until the rate is reached."""
    wanted = [min(1e-3, 1e-6 * 1.05**n) for n in BATCHES]
    assert np.allclose(rates(S.EaseIn()), wanted, rtol=1e-12)
    assert rates(S.EaseIn())[141] < 1e-3
    assert rates(S.EaseIn())[142] == pytest.approx(1e-3, rel=1e-15)


def test_easing_in_does_not_overflow_and_leaves_rates_below_its_start() -> None:
    far = pg.optimisers.SGD(0.1, schedule=S.EaseIn()).rates_at([10**9], FULL)
    assert far[0] == pytest.approx(0.1)
    assert rates(S.EaseIn(), Training(1e-7), 1e-7)[0] == pytest.approx(1e-7)


def test_cosine() -> None:
    wanted = [1e-3 * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * n / 400))) for n in BATCHES]
    assert np.allclose(rates(S.Cosine(final=0.1)), wanted, rtol=1e-12)
    half = rates(S.Cosine(epochs=20))
    assert half[100] == pytest.approx(5e-4)
    assert (half[200:] < 1e-19).all()


def test_one_cycle_rises_to_the_rate_and_falls() -> None:
    made = rates(S.OneCycle(rise=0.25))
    assert made[0] == pytest.approx(4e-5)
    assert made[50] == pytest.approx(1e-3 * 0.52)
    assert made[100] == pytest.approx(1e-3) and made.argmax() == 100
    assert made[250] == pytest.approx(5e-4, rel=1e-4)
    assert made[-1] == pytest.approx(4e-9, rel=10)
    assert (np.diff(made[:100]) > 0).all() and (np.diff(made[101:]) < 0).all()


def test_exponential_and_steps() -> None:
    assert np.allclose(rates(S.Exponential(0.9)), 1e-3 * 0.9 ** (BATCHES / 10), rtol=1e-12)
    every = rates(S.Steps(15, factor=0.5))
    assert [every[k] for k in (0, 149, 150, 299, 300)] == [1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4]
    listed = rates(S.Steps([3, 5], factor=0.5))
    assert [listed[k] for k in (29, 30, 49, 50, 399)] == [1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4]


def test_a_plateau_halves_the_rate_again_and_again() -> None:
    def factor(losses: list[float], **options: float) -> float:
        training = Training(1e-3, 40, 10, tuple(losses))
        return (
            float(rates(S.Plateau(**{"patience": 3, "average": 0.0, **options}), training)[0])
            / 1e-3
        )

    assert factor([]) == 1
    assert factor([1.0, 0.9, 0.8, 0.7, 0.6]) == 1
    assert factor([1.0, 1.0, 1.0]) == 1
    assert factor([1.0, 1.0, 1.0, 1.0]) == 0.5
    assert factor([1.0] * 7) == 0.25
    assert factor([1.0, 1.1, 1.1, 0.9, 1.0, 1.0]) == 1
    # the average of a noisy loss that falls still falls
    noisy = [1.0 - 0.02 * k + 0.05 * (-1) ** k for k in range(12)]
    assert factor(noisy, average=0.9) == 1
    assert factor(noisy, patience=1) < 1


def test_functions_of_batch_and_epoch_and_products() -> None:
    assert np.allclose(rates("1/(1 + 0.1*epoch)"), 1e-3 / (1 + 0.01 * BATCHES), rtol=1e-12)
    assert np.allclose(
        rates(S.Function("where(batch < 10, 0.5, 1)"))[8:12] / 1e-3, [0.5, 0.5, 1, 1]
    )
    both = S.EaseIn() * S.Cosine()
    assert np.allclose(rates(both), rates(S.EaseIn()) * rates(S.Cosine()) / 1e-3)


def refused(make: Callable[[], object], error: type[PygennLiteError], *words: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_wrong_schedules_are_refused() -> None:
    refused(
        lambda: S.EaseIn(growth=1.0), ArgumentError, "schedule 'EaseIn'", "growth = 1.0", "above 1"
    )
    refused(lambda: S.Cosine(epochs=0), ArgumentError, "epochs = 0")
    refused(lambda: S.OneCycle(rise=1.0), ArgumentError, "rise = 1.0")
    refused(lambda: S.Steps([2, 2.5]), ArgumentError, "epochs = 2.5")
    refused(lambda: S.Plateau(average=1.0), ArgumentError, "average = 1.0")
    refused(lambda: S.Function("1/iteration"), EquationError, "iteration")
    negative = pg.optimisers.SGD(0.1, schedule="1 - batch/100")
    refused(lambda: negative.rates_at(BATCHES, FULL), ArgumentError, "rate", "batch 101")
