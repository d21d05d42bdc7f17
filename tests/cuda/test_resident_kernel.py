"""The kernel of the plan "resident" for cards: it compiles, and the microcircuit's needs no memory
for registers that do not suffice."""

from __future__ import annotations

import re

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen import network_structure
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.network_plan import NetworkPlan, plan_network
from pygenn_lite.codegen.plan.resident_layout import (
    PACKED,
    WIDE,
    CardLimits,
    plan_resident,
    static_bytes,
)
from pygenn_lite.codegen.render.resident import render_resident
from pygenn_lite.runtime.cuda.code import CardSource, all_sources, generate
from pygenn_lite.runtime.cuda.drivers.base import KernelReport
from pygenn_lite.runtime.cuda.drivers.nvrtc import compile_kernels, named_target
from pygenn_lite.runtime.cuda.resident_plan import declared_kinds, run_source, support_source

pytestmark = pytest.mark.nvrtc
H100 = CardLimits(132, 227 << 10, 80 * 10**9)


@pytest.fixture(scope="module")
def microcircuit() -> tuple[NetworkPlan, CardSource]:
    net, _ = pg.load_network("microcircuit")
    structure = network_structure(net, "float32")
    source = generate(structure)
    described = Described(net, structure, source.signatures, np.dtype("float32"))
    return plan_network(described), source


def report_of(
    circuit: tuple[NetworkPlan, CardSource], target: str, synapse: int, threads: int = 0
) -> KernelReport:
    plan, source = circuit
    layout = plan_resident(plan, H100)
    text = run_source(source, plan, layout, synapse, declared_kinds(plan.described.network))
    if threads:
        text = re.sub(r"(PGL_KERNEL\(\w+, \w+, )\d+", rf"\g<1>{threads}", text)
    texts = {**all_sources(), "resident.cu": text}
    image = compile_kernels(texts, "resident.cu", named_target(target), cache=False)
    return image.kernels["pgl_resident_run"]


@pytest.mark.parametrize("synapse", [WIDE, PACKED])
@pytest.mark.parametrize("target", ["sm_80", "sm_90", "sm_100"])
def test_the_microcircuit_needs_no_memory_for_registers(
    microcircuit: tuple[NetworkPlan, CardSource], target: str, synapse: int
) -> None:
    report = report_of(microcircuit, target, synapse)
    assert report.threads == 768 and report.spill_bytes == 0
    assert report.registers <= 80
    layout = plan_resident(microcircuit[0], H100)
    assert 0 <= static_bytes(layout) - report.shared_bytes < 64


def test_a_thousand_threads_need_none_either(
    microcircuit: tuple[NetworkPlan, CardSource],
) -> None:
    report = report_of(microcircuit, "sm_90", WIDE, 1024)
    assert report.spill_bytes == 0 and report.registers == 64


@pytest.mark.parametrize("target", ["sm_75", "sm_120"])
def test_it_compiles_for_the_oldest_and_the_newest(
    microcircuit: tuple[NetworkPlan, CardSource], target: str
) -> None:
    assert report_of(microcircuit, target, WIDE).threads == 768


def test_what_no_model_changes_compiles(microcircuit: tuple[NetworkPlan, CardSource]) -> None:
    texts = {**all_sources(), "support.cu": support_source(microcircuit[0])}
    image = compile_kernels(texts, "support.cu", named_target("sm_90"), cache=False)
    assert set(image.kernels) == {
        "pgl_resident_clear",
        "pgl_resident_measure",
        "pgl_resident_slice_packed",
        "pgl_resident_slice_wide",
        "pgl_resident_unpack",
    }
    assert not any(report.spill_bytes for report in image.kernels.values())


def test_only_kinds_of_inputs_that_occur_are_compiled(
    microcircuit: tuple[NetworkPlan, CardSource],
) -> None:
    plan, source = microcircuit
    assert declared_kinds(plan.described.network) == 1
    layout = plan_resident(plan, H100)
    assert run_source(source, plan, layout, WIDE, 1).startswith("#define PGL_POISSON_KINDS 1\n")
    text = render_resident(source.text, plan, layout, WIDE)
    assert "Shape<19, 5, 1, WideSynapse, Neuron>" in text
