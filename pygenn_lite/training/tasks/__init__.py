"""Tasks: networks, data and settings that are known to work, as plain scripts of the package. Read
them, copy them: ``pygenn-lite train NAME`` trains them."""

from __future__ import annotations

from collections.abc import Callable

from pygenn_lite.training.tasks.digits import digits
from pygenn_lite.training.tasks.mnist import fashion_mnist, mnist
from pygenn_lite.training.tasks.shd import shd, shd_like
from pygenn_lite.training.tasks.yin_yang import yin_yang
from pygenn_lite.training.training_task import TrainingTask

__all__ = ["TASKS", "digits", "fashion_mnist", "mnist", "shd", "shd_like", "yin_yang"]

TASKS: dict[str, Callable[..., TrainingTask]] = {
    "yin_yang": yin_yang,
    "digits": digits,
    "mnist": mnist,
    "fashion_mnist": fashion_mnist,
    "shd": shd,
    "shd_like": shd_like,
}
