"""What a network becomes on a card is told where there is none."""

from __future__ import annotations

import pytest

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.cuda.block_size import KernelNeeds
from pygenn_lite.runtime.cuda.drivers.base import KernelReport
from pygenn_lite.runtime.cuda.drivers.nvrtc import named_target
from pygenn_lite.runtime.cuda.occupancy import ARCHITECTURES, occupancy
from pygenn_lite.runtime.cuda.planned_launches import PlannedLaunch
from pygenn_lite.runtime.cuda.sizing import sizes_of, table_of_launches
from pygenn_lite.runtime.cuda.without_a_card import model_card, on_card


@pytest.mark.parametrize("compute_capability", sorted(ARCHITECTURES))
def test_every_architecture_has_a_card_that_stands_for_it(compute_capability):
    card, limits = model_card(compute_capability), ARCHITECTURES[compute_capability]
    assert card.compute_capability == compute_capability and card.multiprocessors >= 40
    assert card.shared_per_block == limits.shared_per_block < card.l2_bytes < card.memory_bytes


def test_an_unknown_architecture_is_refused():
    with pytest.raises(ArgumentError, match="70"):
        model_card(70)


def planned(elements, *, threads=0, count=1):
    return PlannedLaunch("k", "network", "does it", ("a", "b"), 0, count, elements, threads=threads)


def test_a_launch_fills_the_card_and_no_more():
    card = model_card(90)
    report = KernelReport(registers=32, shared_bytes=0, spill_bytes=0, threads=256)
    few = sizes_of(planned(10), report, card, 1)
    assert few.grid == (1, 1) and few.threads == 64
    many = sizes_of(planned(100_000_000, count=2), report, card, 3)
    threads = many.grid[0] * many.grid[1] * many.threads
    assert many.grid[1] == 6 and 2048 <= threads / card.multiprocessors < 4096
    assert many.occupancy == occupancy(90, many.threads, 32, 0)
    fixed = sizes_of(planned(5000, threads=128), report, card, 1)
    assert fixed.threads == 128 and fixed.reason == "one block"


def test_a_kernel_bounds_its_blocks():
    report = KernelReport(registers=200, shared_bytes=0, spill_bytes=0, threads=64)
    assert sizes_of(planned(1_000_000), report, model_card(90), 1).threads == 64
    assert KernelNeeds(1, 200).waits_for == "memory"


def test_the_table_says_what_kernels_need():
    report = KernelReport(registers=40, shared_bytes=1024, spill_bytes=8, threads=256)
    text = table_of_launches([sizes_of(planned(1000), report, model_card(80), 1)])
    head, row, _, reason = text.splitlines()
    assert head.split() == [
        "kernel", "of", "blocks", "threads", "registers", "shared", "spilled", "occupancy"
    ]  # fmt: skip
    assert row.startswith("k") and "a, b" in row and "1,024 B" in row and "8 B" in row
    assert reason.startswith("k: does it; 64 threads")


@pytest.mark.nvrtc
@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
def test_kernels_of_a_network_are_compiled_and_sized(architecture):
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 10_000, pg.LIF())
    net.connect(cells, cells, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.1), weight=1.0)
    structure = codegen.network_structure(net)
    found = on_card(net, structure, "float32", named_target(architecture))
    assert f"compiled for {architecture}" in str(found)
    update = next(name for name in found.reports if "update" in name)
    assert found.reports[update].registers > 0 and found.reports[update].spill_bytes == 0
    assert update in found.launches and "pgl_deliver" in found.launches
    assert update.removesuffix("_kernel") in found.source
