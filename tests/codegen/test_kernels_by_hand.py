"""Kernels that no builder of ours makes render and are interpreted as they stand: no renderer, no
template and no interpreter knows a kernel by name."""

from __future__ import annotations

import numpy as np
import pytest
from kernels_by_hand import Elements, call, compiled, interpret

from pygenn_lite.codegen.program.kernel import (
    Add,
    Assign,
    Check,
    Domain,
    Emit,
    Kernel,
    LinearFlow,
    Update,
    Where,
)
from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.declaration.language.equations import parse_expression

POPULATION, SYNAPSES = Domain("population"), Domain("synapses")
RANDOM = np.random.default_rng(7)


def x(text):
    return parse_expression(text).sympy()


def variables(own="", shared="", target="", **more):
    return (
        *(Variable(n, n) for n in own.split()),
        *(Variable(n, n, shared=True) for n in shared.split()),
        *(Variable(n, n, side="target") for n in target.split()),
    )


def kernel(name, domain, known, body, **more):
    return Kernel(name, domain, known, tuple(body), "double", **more)


def check(kernels, elements, expected, folder, spikes=()):
    """Both backends give what NumPy gives, and the same spikes."""
    library = compiled(kernels, folder)
    for run in (lambda k, e: call(library, k, e), interpret):
        found, emitted = elements.copy(), []
        for one in kernels:
            emitted += run(one, found)
        for name, values in expected.items():
            np.testing.assert_allclose(found.values[name], values, rtol=1e-13, err_msg=name)
        assert emitted == list(spikes)


def test_weights_are_normalised_over_the_synapses_of_each_target(tmp_path):
    """Three kernels on two domains, as a schedule would call them every 10 ms."""
    target = "total factor"
    kernels = [
        kernel("sum_up", SYNAPSES, variables("weight", target=target), [Add("total", x("weight"))]),
        kernel(
            "compare", POPULATION, variables(target, "goal"),
            [Assign("factor", x("where(total > 0, goal/total, 1)")), Assign("total", x("0*goal"))],
        ),
        kernel(
            "scale", SYNAPSES, variables("weight", target=target),
            [Assign("weight", x("weight*factor"))],
        ),
    ]  # fmt: skip
    post = RANDOM.integers(0, 70, 500)
    post[post == 3] = 4  # a neuron without synapses
    weight = RANDOM.uniform(0.1, 1.0, 500)
    values = {"weight": weight, "total": np.zeros(70), "factor": np.ones(70), "goal": 2.0}
    sums = np.bincount(post, weight, 70)
    library = compiled(kernels, tmp_path)
    for run in (lambda k, e: call(library, k, e), interpret):
        synapses = Elements(dict(values), 500, post=post).copy()
        run(kernels[0], synapses)
        np.testing.assert_allclose(synapses.values["total"], sums, rtol=1e-13)
        neurons = Elements(synapses.values, 70)
        run(kernels[1], neurons)
        synapses.values.update(neurons.values)
        run(kernels[2], synapses)
        after = np.bincount(post, synapses.values["weight"], 70)
        np.testing.assert_allclose(after[sums > 0], 2.0, rtol=1e-12)
        assert not synapses.values["total"].any() and synapses.values["factor"][3] == 1.0


def test_a_backward_step_of_an_adjoint(tmp_path):
    """LIF with exponential current, on the grid; the jump where the neuron had spiked."""
    known = variables("lam_V lam_I drive spiked price crossing", "alpha beta tau_m tau_s")
    flow = Update(
        (
            (
                "lam_I",
                x(
                    "drive + (lam_I - drive)*beta"
                    " + tau_m/(tau_m - tau_s)*(lam_V - drive)*(alpha - beta)"
                ),
            ),
            ("lam_V", x("drive + (lam_V - drive)*alpha")),
        )
    )
    jump = Where(x("spiked > 0.5"), (Assign("lam_V", x("lam_V + (lam_V + price)/crossing")),))
    size = 130
    v = {n: RANDOM.normal(size=size) for n in ("lam_V", "lam_I", "drive", "price")}
    v |= {"spiked": (RANDOM.uniform(size=size) < 0.1) * 1.0, "crossing": np.full(size, 0.3)}
    v |= {"alpha": 0.9, "beta": 0.7, "tau_m": 20.0, "tau_s": 5.0}
    new_I = v["drive"] + (v["lam_I"] - v["drive"]) * 0.7
    new_I = new_I + 20 / 15 * (v["lam_V"] - v["drive"]) * 0.2
    new_V = v["drive"] + (v["lam_V"] - v["drive"]) * 0.9
    jumped = np.where(v["spiked"] > 0.5, new_V + (new_V + v["price"]) / 0.3, new_V)
    backward = kernel("backward", POPULATION, known, [flow, jump])
    expected = {"lam_V": jumped, "lam_I": new_I}
    check([backward], Elements(v, size), expected, tmp_path)


def test_an_optimisers_step_over_weights_and_its_shared_schedule(tmp_path):
    """Adam on the synapses of a group; its step count and rate live on the network."""
    network = kernel(
        "advance", Domain("network", "once"), variables("", "rate beta1 beta2 k decay scale"),
        [
            Assign("k", x("k + 1")),
            Assign("rate", x("rate*decay")),
            Assign("scale", x("rate*sqrt(1 - beta2**k)/(1 - beta1**k)")),
        ],
    )  # fmt: skip
    step = kernel(
        "adam", SYNAPSES, variables("weight gradient m v", "rate beta1 beta2 k decay scale"),
        [
            Update((("m", x("beta1*m + (1 - beta1)*gradient")),
                    ("v", x("beta2*v + (1 - beta2)*gradient**2")))),
            Assign("weight", x("max(weight - scale*m/(sqrt(v) + 1e-8), 0)")),
            Assign("gradient", x("0*scale")),
        ],
    )  # fmt: skip
    w, g, m, v = (RANDOM.uniform(0.0, 0.02, 100) for _ in range(4))
    shared = {"rate": 0.1, "beta1": 0.9, "beta2": 0.999, "k": 4.0, "decay": 0.5, "scale": 0.0}
    values = {"weight": w, "gradient": g, "m": m, "v": v, **shared}
    scale = 0.05 * np.sqrt(1 - 0.999**5) / (1 - 0.9**5)
    m2, v2 = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    w2 = np.maximum(w - scale * m2 / (np.sqrt(v2) + 1e-8), 0)
    elements = Elements(values, 100, post=np.zeros(100, int))
    expected = {"weight": w2, "m": m2, "v": v2, "k": 5.0, "rate": 0.05, "gradient": np.zeros(100)}
    check([network, step], elements, expected, tmp_path)


def test_a_flow_over_a_time_that_each_element_has_for_itself(tmp_path):
    """Spike offsets within a step, say; tau_m = tau_s is not a special case."""
    flow = LinearFlow(
        ("V", "I"), (), ((0, 0, x("-1/tau_m")), (0, 1, x("1/tau_m")), (1, 1, x("-1/tau_s"))),
        ((0, 0, "P_VV"), (0, 1, "P_VI"), (1, 1, "P_II")), (),
    )  # fmt: skip
    move = kernel(
        "move", POPULATION, variables("V I offset", "tau_m tau_s"),
        [flow.over(x("offset*dt")), Update((("V", x("P_VV*V + P_VI*I")), ("I", x("P_II*I"))))],
    )  # fmt: skip
    V, current, offset = (RANDOM.uniform(size=70) for _ in range(3))
    values = {"V": V, "I": current, "offset": offset, "tau_m": 5.0, "tau_s": 5.0}
    h = offset * 0.5
    decay = np.exp(-h / 5)
    expected = {"V": decay * V + h / 5 * decay * current, "I": decay * current}
    check([move], Elements(values, 70), expected, tmp_path)


SPIKES = [3, 64, 129]


@pytest.mark.parametrize("temporary", [False, True], ids=["screened", "one by one"])
def test_a_kernel_that_emits_spikes(temporary, tmp_path):
    """Looked at in blocks where the condition is about what is stored, else one by one."""
    condition = x("V > 1")
    body = [Update((("V", x("V + dt*rate")),)), Check(("V",), ("V",))]
    if temporary:
        body.insert(1, Assign("excess", x("V - 1")))
        condition = x("excess > 0")
    spike = Where(condition, (Assign("V", x("V - 1")), Assign("count", x("count + 1")), Emit()))
    known = variables("V count", "rate")
    fire = kernel("fire", POPULATION, known, [*body, spike], fires=True)
    V = np.full(130, 0.25)
    V[SPIKES] = 0.75
    values = {"V": V, "count": np.zeros(130), "rate": 1.0}
    end = V + 0.5
    expected = {"V": np.where(end > 1, end - 1, end), "count": 1.0 * (end > 1)}
    check([fire], Elements(values, 130), expected, tmp_path, SPIKES)


def test_time_meets_values_of_elements(tmp_path):
    """What depends on t alone is computed once, in double precision."""
    known = variables("V phase", "omega")
    body = [Assign("V", x("V + sin(omega*t + phase) + cos(omega*t)"))]
    V, phase = RANDOM.uniform(size=(2, 65))
    values = {"V": V, "phase": phase, "omega": 0.3}
    elements = Elements(values, 65, step=1001)
    at = 0.3 * 1001 * 0.5
    expected = {"V": V + np.sin(at + phase) + np.cos(at)}
    check([kernel("wave", POPULATION, known, body)], elements, expected, tmp_path)


@pytest.mark.parametrize(
    ("domain", "body", "message"),
    [
        (POPULATION, [Assign("V", x("V + missing"))], "missing"),
        (POPULATION, [Assign("tau", x("2*tau"))], "shared"),
        (POPULATION, [Add("V", x("tau"))], "target neurons"),
        (POPULATION, [Where(x("V > 1"), (Emit(),))], "nobody asks"),
        (POPULATION, [Where(x("V > 1"), (Assign("a", x("V")),)), Assign("V", x("a"))], "'a'"),
        (SYNAPSES, [Assign("y", x("V"))], "other neurons"),
        (SYNAPSES, [Add("y", x("V*y"))], "no particular order"),
    ],
)
def test_a_kernel_that_cannot_run_is_refused_where_it_is_made(domain, body, message):
    with pytest.raises(ValueError, match=message):
        kernel("wrong", domain, variables("V", "tau", "y"), body)


def test_a_domain_is_visited_only_in_ways_that_it_has():
    with pytest.raises(ValueError, match="arrival"):
        Domain("population", "arrival")
