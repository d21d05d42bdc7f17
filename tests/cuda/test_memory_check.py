"""A plan that does not fit a card is refused with its table, and with what would fit."""

from __future__ import annotations

import pytest

from pygenn_lite.codegen.plan.memory import MemoryRow
from pygenn_lite.errors import InsufficientMemoryError
from pygenn_lite.runtime.cuda.drivers.base import Card
from pygenn_lite.runtime.cuda.memory_check import RESERVE, check_card_memory

GIB = 1 << 30
CARD = Card("H100", 90, 132, 227 << 10, 228 << 10, 80 * GIB, 1_980_000, 50 << 20, "13.0", True)
ROWS = [
    MemoryRow("exc", "states", 1000, 1 * GIB),
    MemoryRow("exc_exc", "synapses", 10**9, 79 * GIB, estimated=True),
]


def test_a_plan_that_fits_is_let_pass() -> None:
    check_card_memory(ROWS, CARD, 80 * GIB + RESERVE)
    check_card_memory([], CARD, 0)


def test_a_plan_that_does_not_fit_is_refused_with_its_table() -> None:
    with pytest.raises(InsufficientMemoryError) as raised:
        check_card_memory(ROWS, CARD, 60 * GIB + RESERVE)
    assert str(raised.value) == (
        "the network needs about 80.00 GiB of memory on H100, 60.00 GiB of its 80.00 GiB are "
        "available:\n"
        "   79.00 GiB  exc_exc: synapses (about 1,000,000,000)\n"
        "    1.00 GiB  exc: states (1,000)\n"
        "  hint: a network 75% of this size would fit (pg.scale_network); or use fewer synapses, "
        "constant weights and delays, storage='procedural', or a card with more memory"
    )


@pytest.mark.parametrize(
    ("free", "message"),
    [
        (60 * GIB, "750 instances would fit: run them in groups of so many"),
        (82 << 20, "1 instance would fit"),
        (1 << 20, "not even one instance would fit"),
    ],
)
def test_as_many_instances_as_fit_are_named(free: int, message: str) -> None:
    with pytest.raises(InsufficientMemoryError, match=message) as raised:
        check_card_memory(ROWS, CARD, free + RESERVE, instances=1000)
    assert str(raised.value).startswith("the 1,000 instances need about 80.00 GiB")


def test_a_card_that_others_fill_is_told() -> None:
    with pytest.raises(InsufficientMemoryError, match=r"other processes .*\(nvidia-smi lists them"):
        check_card_memory(ROWS, CARD, RESERVE // 2)
