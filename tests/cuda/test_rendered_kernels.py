"""Kernels that are rendered for a card compile, for every card and for the emulator."""

from __future__ import annotations

import re
from functools import cache

import pytest
from device_compiler import template_texts
from networks_for_cards import KINDS, NETWORKS

import pygenn_lite as pg
from pygenn_lite import codegen, models
from pygenn_lite.codegen.passes.reserved_names import spelled, template_names
from pygenn_lite.codegen.program.extension import Extension, with_crossings
from pygenn_lite.codegen.program.kernel import Domain, Kernel
from pygenn_lite.codegen.program.program import Program
from pygenn_lite.codegen.render.cuda import cuda_functions, render_cuda
from pygenn_lite.errors import EquationError, UnsupportedFeatureError
from pygenn_lite.runtime.cuda.drivers.base import Image
from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver
from pygenn_lite.runtime.cuda.drivers.nvrtc import compile_kernels, named_target

ARCHITECTURES = ("sm_75", "sm_80", "sm_90", "sm_100", "sm_120")


@cache
def code_of(name: str) -> codegen.GeneratedCode:
    net = NETWORKS[name]()
    structure = codegen.network_structure(net)
    return codegen.generate_cuda(structure, _extension(net, structure))


def _extension(net: pg.Network, structure: codegen.NetworkStructure) -> Extension | None:
    from pygenn_lite.codegen.program.periodic import periodic_extension

    return periodic_extension(net, structure)


def compiled(source: str, architecture: str) -> Image:
    pytest.importorskip("cupy", reason="CuPy is not installed: pip install '.[cuda-test]'")
    texts = {**template_texts(), "network.cu": source}
    return compile_kernels(texts, "network.cu", named_target(architecture), cache=False)


def expected_kernels(code: codegen.GeneratedCode) -> set[str]:
    return {f"{name}_kernel" for name in cuda_functions(code.signatures)}


# ------------------------------------------------------------------ with NVRTC
@pytest.mark.nvrtc
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_model_compiles_for_every_card_without_spills(name: str, architecture: str) -> None:
    image = compiled(code_of(name).source, architecture)
    assert "warning" not in image.log, image.log
    assert image.kernels.keys() == expected_kernels(code_of(name))
    assert not {n: report for n, report in image.kernels.items() if report.spill_bytes}
    assert all(report.shared_bytes == 0 for report in image.kernels.values())


@pytest.mark.nvrtc
@pytest.mark.parametrize("name", ["neurons", "rules"])
def test_steps_of_neurons_do_not_spill_with_1024_threads_either(name: str) -> None:
    """64 registers: only what is prepared once before the run does not fit. (Kernels over synapses
    run in small blocks.)"""
    source = code_of(name).source.replace("pgl_launch, 128)", "pgl_launch, 1024)")
    image = compiled(source, "sm_90")
    spilled = {n for n, report in image.kernels.items() if report.spill_bytes}
    assert not {n for n in spilled if re.fullmatch(r"neuron\d+_(integrate|update|after)_kernel", n)}
    assert all(report.registers <= 64 for report in image.kernels.values())


@pytest.mark.nvrtc
def test_the_structures_compile_by_themselves() -> None:
    source = f"#define PGL_STRUCTURES_ONLY\n{code_of('neurons').source}"
    assert not compiled(source, "sm_90").kernels


# ------------------------------------------------------------------ with the emulator
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_kernel_compiles_for_the_emulator(name: str) -> None:
    driver, code = EmulatorDriver(), code_of(name)
    image = driver.compile({"network.cu": code.source}, "network.cu", cache=True)
    assert image.kernels.keys() == expected_kernels(code)


# ------------------------------------------------------------------ without either
def test_kernels_are_numbered_as_the_signatures_list_them() -> None:
    for name in KINDS:
        code = code_of(name)
        dispatched = re.findall(r"case (\d+): visitor\.template visit<(\w+)>\(\)", code.source)
        names = cuda_functions(code.signatures)
        assert dispatched == [(str(k), n) for k, n in enumerate(names)]
        assert set(names) == set(re.findall(r"kVisit = .*", code.source) and names)
        assert len(names) == code.source.count("static constexpr pgl::Visit kVisit")
        for n in names:
            assert f"struct {n} {{" in code.source


def test_signatures_are_those_of_other_backends() -> None:
    structure = codegen.network_structure(NETWORKS["coupling"]())
    assert codegen.generate_cuda(structure).signatures == codegen.generate(structure).signatures


def free_names() -> list[str]:
    """Names that stand in the templates and that a user may take."""
    free = []
    for name in sorted(template_names("cuda")):
        if "_" in name or not name.isidentifier():
            continue
        try:
            pg.NeuronModel(f"d{name}/dt = -{name}")
        except EquationError:
            continue  # a reserved word
        free.append(name)
    return free


def test_every_name_of_the_templates_is_free_for_users() -> None:
    """The list is taken from the templates, so that it cannot fall behind them."""
    names = free_names()
    assert {"population", "sink", "state", "Neuron", "step"} <= {*names}
    net = pg.Network(dt=0.1)
    states = "; ".join(f"d{name}/dt = -{name}" for name in names)
    tens = (names[k : k + 10] for k in range(0, len(names), 10))
    every = " + ".join(f"({' + '.join(ten)})" for ten in tens)
    net.population("states", 3, pg.NeuronModel(states, threshold=f"{every} > 3"))
    parameters = dict.fromkeys(names, 1.0)
    for name, given in (("shared", {}), ("each", dict.fromkeys(names, pg.Uniform(0.0, 1.0)))):
        model = pg.NeuronModel(f"dV/dt = {every}", parameters=parameters)
        net.population(name, 3, model, parameters=given)
    target = net.population("target", 3, pg.LIF())
    model = pg.SynapseModel(
        on_pre=f"V_post += weight*({every})",
        synapse_derivatives="; ".join(f"d{name}/dt = -{name}" for name in names[::2]),
        variables=dict.fromkeys(names[::2], 0.0), parameters=dict.fromkeys(names[1::2], 1.0),
    )  # fmt: skip
    net.connect(target, target, model, pg.AllToAll())
    source = codegen.generate_cuda(codegen.network_structure(net)).source
    image = EmulatorDriver().compile({"network.cu": source}, "network.cu", cache=True)
    assert len(image.kernels) == source.count("static constexpr pgl::Visit kVisit") > 4


def test_spelling_needs_no_program() -> None:
    assert spelled("V", "cuda") == "V" and spelled("population", "cuda") == "population__u"
    assert spelled("columns") == "columns__u" and spelled("PGL_LOOP", "cuda") == "PGL_LOOP__u"
    assert spelled("V__sum", "cuda") == "V__sum"


def test_what_differs_from_step_to_step_is_told() -> None:
    source = code_of("integrators").source
    assert source.count("kSharedByTime = true") == 4  # sin(t)
    assert "kSharedByTime = true" not in code_of("brunel").source


def test_random_numbers_and_inputs_are_drawn_apart() -> None:
    drawn = re.search(r"struct Drawn \{(.*?)\};", code_of("randomness").source, re.S)
    assert drawn is not None
    assert {"normal__xi", "count__0", "count__1", "count__2"} <= set(re.findall(r"\w+", drawn[1]))
    assert "randn" not in drawn[1]  # of the reset: for those alone that spike


def test_spikes_that_carry_values_are_refused() -> None:
    net = pg.Network(dt=0.1)
    net.population("cells", 3, pg.LIF())
    located = Extension("located", lambda structure: (), crossings={"cells": "linear"})
    structure = with_crossings(codegen.network_structure(net), located)
    with pytest.raises(UnsupportedFeatureError, match=r"'neuron0_update'.*spike_offset") as caught:
        codegen.generate_cuda(structure, located)
    assert "backend='cpp'" in str(caught.value)


def test_a_kernel_of_the_network_alone_is_prepared_once() -> None:
    from pygenn_lite.codegen.program.kernel import Assign
    from pygenn_lite.codegen.program.signature import Variable
    from pygenn_lite.declaration.language.equations import parse_expression

    known = tuple(Variable(n, n, shared=True) for n in ("rate", "count"))
    body = (Assign("rate", parse_expression("rate*0.5 + count").sympy()),)
    kernel = Kernel("decays", Domain("network", "once"), known, body, scattered=True)
    source = render_cuda(Program((), (), added=(kernel,)))
    assert "*static_cast<double*>(arrays[0]) = rate;" in source
    assert "if (first == 0)" in source
    image = EmulatorDriver().compile({"network.cu": source}, "network.cu", cache=True)
    assert image.kernels.keys() == {"decays_kernel"}


def test_every_model_of_the_library_is_among_the_networks() -> None:
    text = "\n".join(code_of(name).source for name in ("neurons", "rules"))
    assert text.count("// neuron kernel") >= len(models.NEURONS)
    assert text.count("// synapse kernel") >= len(models.PLASTICITY)
