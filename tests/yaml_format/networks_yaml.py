"""Networks drawn by hypothesis from the whole vocabulary, and networks that hold all of it.

What is drawn comes from the package's own tables, so that a function, a distribution or a rule that
is added there is drawn here without a word.
"""

from functools import cache

import numpy as np
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.declaration.connectivity import RULES, STORAGE
from pygenn_lite.declaration.integrator_records import integrator_names
from pygenn_lite.declaration.language.vocabulary import CONSTANTS, FUNCTIONS, RANDOM
from pygenn_lite.yaml_format.value_forms import DISTRIBUTIONS

SIZE = 3
number = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -65.0, 1e-30, 1e30, 0.1, 1 / 3, 5e-324]),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30),
)
positive = st.one_of(st.sampled_from([0.5, 2.0, 20.0]), st.floats(0.01, 1e3))
LITERALS = ["0", "1", "2.5", "1e-30", "1e300", "7", "0x10", "1_000", ".5", "5.", "1e3", *CONSTANTS]


def formulas(symbols, depth=3, random=False):
    """Text of numbers that depend on `symbols`."""
    return _formulas(tuple(symbols), depth, random)


def conditions(symbols, depth=1, random=False):
    """Text of conditions."""
    return _conditions(tuple(symbols), depth, random)


@cache
def _formulas(symbols, depth, random):
    leaf = st.sampled_from([*symbols, *symbols, *LITERALS, *(["rand()", "randn()"] * random)])
    if depth == 0:
        return leaf
    part = formulas(symbols, depth - 1, random)
    truth = conditions(symbols, depth - 1, random)
    forms = [
        leaf,
        st.tuples(part, st.sampled_from("+-*/"), part).map("({0[0]}) {0[1]} ({0[2]})".format),
        st.tuples(part, st.sampled_from(["2", "-1", "1/2", *symbols])).map(
            "({0[0]})**{0[1]}".format
        ),
        part.map("-({})".format),
        st.tuples(part, truth, part).map("({0[0]} if {0[1]} else {0[2]})".format),
    ]
    for name, function in FUNCTIONS.items():
        if name == "where":
            forms.append(st.tuples(truth, part, part).map("where({0[0]}, {0[1]}, {0[2]})".format))
        elif name == "Piecewise":
            pair = st.tuples(part, truth).map("({0[0]}, {0[1]})".format)
            forms.append(st.tuples(pair, part).map("Piecewise({0[0]}, ({0[1]}, True))".format))
        elif name not in RANDOM:
            many = st.lists(part, min_size=function.least, max_size=min(function.most, 3))
            forms.append(many.map(lambda parts, name=name: f"{name}({', '.join(parts)})"))
    return st.one_of(forms)


@cache
def _conditions(symbols, depth, random):
    part = formulas(symbols, max(depth - 1, 0), random)
    compare = st.tuples(part, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), part).map(
        "(({0[0]}) {0[1]} ({0[2]}))".format
    )
    if depth == 0:
        return compare
    inner = conditions(symbols, depth - 1, random)
    return st.one_of(
        compare,
        st.tuples(part, part, part).map("(({0[0]}) < ({0[1]}) <= ({0[2]}))".format),
        inner.map("(not {})".format),
        inner.map("(~{})".format),
        st.tuples(inner, st.sampled_from(["and", "or", "&", "|"]), inner).map(
            "({0[0]} {0[1]} {0[2]})".format
        ),
    )


def distributions():
    """Every distribution."""
    pair = st.tuples(number, number).map(sorted)
    forms = {
        "uniform": pair.map(lambda ends: pg.Uniform(*ends)),
        "normal": st.builds(pg.Normal, number, positive),
        "truncated_normal": st.builds(
            lambda mean, std, low, high: pg.TruncatedNormal(mean, std, mean - low, mean + high),
            st.floats(-5, 5), positive, st.sampled_from([1.0, np.inf]),
            st.sampled_from([2.0, np.inf]),
        ),
        "lognormal": st.builds(pg.LogNormal, st.floats(-5, 5), st.floats(0, 2)),
        "exponential": st.builds(pg.Exponential, positive),
        "gamma": st.builds(pg.Gamma, positive, positive),
        "binomial": st.builds(pg.Binomial, st.integers(0, 9), st.floats(0, 1)),
    }  # fmt: skip
    assert set(forms) == set(DISTRIBUTIONS), "draw the new distribution here, too"
    plain = st.one_of(*forms.values())
    scale = st.floats(-100, 100)
    forms["scaled"] = st.builds(lambda d, factor, add: factor * d + add, plain, scale, scale)
    return st.one_of(list(forms.values()))


def neuron_values(symbols=("i", "n"), size=SIZE):
    """What a parameter or start value may be."""
    each = st.lists(number, min_size=size, max_size=size)
    return st.one_of(number, each, distributions(), usable(formulas(symbols)))


def synapse_values(symbols, count):
    """What a weight may be: of explicit synapses also one number each."""
    each = st.lists(number, min_size=count or 0, max_size=count or 0)
    matrix = st.lists(st.lists(number, min_size=SIZE, max_size=SIZE), min_size=SIZE, max_size=SIZE)
    forms = [number, matrix, distributions(), usable(formulas(symbols))]
    return st.one_of([*forms, each] if count is not None else forms)


def usable(texts):
    """Those that Python takes: no constant part beyond double precision, ..."""

    def taken(text):
        try:
            pg.parse_expression(text)
        except pg.errors.EquationError:
            return False
        return True

    return texts.filter(taken)


def rules():
    """Every connectivity rule between two populations of SIZE neurons."""
    flag, count = st.booleans(), st.integers(0, SIZE - 1)
    index = st.lists(st.integers(0, SIZE - 1), max_size=4)
    forms = {
        pg.AllToAll: st.builds(pg.AllToAll, flag),
        pg.OneToOne: st.just(pg.OneToOne()),
        pg.FixedProbability: st.builds(pg.FixedProbability, st.floats(0, 1), flag),
        pg.FixedTotalNumber: st.one_of(
            st.builds(pg.FixedTotalNumber, count, autapses=flag, multapses=flag),
            st.builds(pg.FixedTotalNumber, probability=st.floats(0, 0.3), autapses=flag),
        ),
        pg.FixedInDegree: st.builds(pg.FixedInDegree, count, flag, flag),
        pg.FixedOutDegree: st.builds(pg.FixedOutDegree, count, flag, flag),
        pg.PairList: index.flatmap(
            lambda pre: st.builds(
                lambda post: pg.PairList(pre, post),
                st.lists(st.integers(0, SIZE - 1), min_size=len(pre), max_size=len(pre)),
            )
        ),
        pg.CSR: index.map(lambda targets: pg.CSR([0, *[len(targets)] * SIZE], targets)),
        pg.DistanceDependent: st.builds(
            pg.DistanceDependent,
            st.one_of(
                st.sampled_from(["exp(-distance/3)", "0.5", "cos(pi*distance)**2"]),
                usable(formulas(["distance"], 2)).filter(_probability),
            ),
            st.sampled_from([None, 2.0]),
            flag,
        ),
    }  # fmt: skip
    maps = {pg.Convolution, pg.Pooling}  # between shapes: tests/runtime/test_convolution.py
    of_others = {pg.Transpose}  # needs another group: tests/oracle/test_transpose.py
    assert {*forms, *maps, *of_others} == set(RULES), "draw the new rule here, too"
    return st.one_of(list(forms.values()))


def _probability(text):
    try:
        pg.DistanceDependent(text)
    except pg.errors.PygennLiteError:
        return False
    return True


RALSTON = pg.RungeKutta([[], ["2/3"]], ["1/4", "3/4"])


@st.composite
def neuron_models(draw):
    """A model in every option."""
    known = ["V", "w", "k", "tau", "a", "I", "J", "t", "dt"]
    discrete = draw(st.booleans())
    symbols = [name for name in known if name != "k" or not discrete]
    term = draw(usable(formulas(symbols, 2, random=discrete)))
    body = (
        {"update": f"V = ({term}) + tau*a*I*J"}
        if discrete
        else {"derivatives": f"dV/dt = (k - V)/tau + ({term}) + xi\nk = I + J*a"}
    )
    refractory = st.one_of(
        st.sampled_from([None, 2.0, "tau/2"]), conditions(["V", "w", "a"]).map(str)
    )
    return pg.NeuronModel(
        **body,
        threshold=draw(usable(conditions(["V", "w", "a"], 2, random=True))),
        reset=f"V = a; w {draw(st.sampled_from(['=', '+=', '-=', '*=', '/=']))} 2",
        refractory=draw(usable(refractory.filter(lambda r: r is not None)) | st.none()),
        parameters={"tau": draw(neuron_values()), "a": draw(neuron_values())},
        initial={"V": draw(neuron_values()), "w": 0},
        inputs=("I", "J"),
        clamp=draw(st.sampled_from([None, (), ("V",), ("w", "V")])),
        integrator=draw(st.sampled_from([*integrator_names(), RALSTON])),
        name=draw(st.sampled_from(["", "a b", "null", "1e5", "yes: no"])),
        units=draw(st.sampled_from([{}, {"V": "mV"}, {"w": "yes", "V": "1: 2"}])),
    )


@st.composite
def synapse_models(draw):
    """A model in every option."""
    trace = st.sampled_from(
        [None, ("dx/dt = -x/tau", "x += 1", None), ("", "x = t*pi", {"x": -1.0})]
    )
    pre, post = draw(trace), draw(trace)
    rename = {"x": "y"}
    post = post and (
        post[0].replace("x", "y"),
        post[1].replace("x", "y"),
        {rename[key]: value for key, value in post[2].items()} if post[2] else None,
    )
    known = ["u", "tau", "weight", *(["x"] if pre else []), *(["y"] if post else [])]
    jump = draw(usable(formulas(known, 2)))
    flow = draw(st.sampled_from(["", "du/dt = -u/tau", "dweight/dt = -weight"]))
    event_driven = draw(st.booleans())
    chosen = integrator_names(synapses=True) if flow and not event_driven else ("auto",)
    return pg.SynapseModel(
        "dq/dt = -q/tau\ns = q*pi",
        inputs=draw(st.sampled_from(["I = s", "I += s; J = q"])),
        on_pre=draw(st.sampled_from([f"u += {jump}; q += weight*u", "V_post += weight", ""])),
        on_post=draw(st.sampled_from(["", f"weight = {jump}"])),
        pre_trace=pre and pg.SynapticTrace(*pre),
        post_trace=post and pg.SynapticTrace(*post),
        synapse_derivatives=flow,
        event_driven=event_driven,
        integrator=draw(st.sampled_from(chosen)),
        parameters={"tau": draw(positive)},
        initial={"q": draw(neuron_values())},
        variables={"u": draw(st.one_of(number, distributions()))},
        name=draw(st.sampled_from(["", "plastic", "~"])),
    )


@st.composite
def networks(draw):
    """A network of two populations, a spike source, groups, inputs and recordings."""
    net = pg.Network(dt=draw(st.sampled_from([0.1, 0.05, 1 / 3])), seed=draw(st.integers(0, 9)))
    first, second, model = draw(neuron_models()), draw(neuron_models()), draw(synapse_models())
    space = np.arange(3.0 * SIZE).reshape(SIZE, 3) / 3
    a = net.population("a", SIZE, first, positions=space)
    names = ("i", "n", "x", "y", "z")
    b = net.population(
        "on", SIZE, second, initial={"V": draw(neuron_values(names))},
        parameters={"a": draw(neuron_values(names))}, positions=space,
    )  # fmt: skip
    s = net.spike_source("s", SIZE, [0.1, 7.0], [2, 0])
    ends = ["i_pre", "i_post", "n_pre", "x_pre", "z_post", "distance"]
    for source in draw(st.lists(st.sampled_from([a, b, s]), max_size=2)):
        rule = draw(rules())
        spaced = source is not s
        if isinstance(rule, pg.DistanceDependent) and not spaced:
            continue
        explicit = {pg.PairList: "pre", pg.CSR: "targets"}.get(type(rule))
        count = len(getattr(rule, explicit)) if explicit else None
        try:
            net.connect(
                source, b, draw(st.sampled_from([model, pg.Delta(), pg.ExponentialCurrent(3.0)])),
                rule, weight=draw(synapse_values(ends if spaced else ends[:3], count)),
                delay=draw(st.sampled_from([None, 2.0, "1 + i_pre*pi", pg.Uniform(1, 2)])),
                storage=draw(st.sampled_from(STORAGE)),
                name=draw(st.sampled_from([None, None, f"g{len(net.groups)}"])),
            )  # fmt: skip
        except pg.errors.DeclarationError:
            continue  # limits that lie too far out, a rule that cannot be fulfilled
    rate = st.one_of(positive, st.sampled_from(["1 + i", "2 + sin(2*pi*i/n)"]), st.just([1, 2, 3]))
    driven = draw(st.sampled_from([{"variable": "w"}, {"synapse": model}]))
    net.poisson(a, draw(rate), weight=draw(neuron_values()), sources=draw(rate), **driven)
    net.current(a, draw(neuron_values()), "J")
    times = draw(st.sampled_from([[], [0.5], [0.0, 1.5]]))
    each = st.lists(number, min_size=SIZE, max_size=SIZE)
    rows = st.lists(draw(st.sampled_from([number, each])), min_size=len(times), max_size=len(times))
    net.step_current(b, times, draw(rows), name="step")
    net.noise_current(b, draw(neuron_values()), draw(rate))
    net.record(a.spikes, b.spikes[1:], b["w"][::2], interval=draw(st.integers(1, 3)) * net.dt)
    net.record(s.spikes[1], a["V"], a["w"][[2, 0]], b.spikes[[0, 1]])
    for group in net.groups.values():
        if group.synapse is model:
            net.record(group["q"][:2], interval=2 * net.dt)
    return net
