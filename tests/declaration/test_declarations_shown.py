"""Declarations show themselves in one line, and in notebooks as tables and formulas; names that
users gave do no harm there."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

import pygenn_lite as pg
from pygenn_lite import models
from pygenn_lite.declaration.html import MOST_ROWS, table
from pygenn_lite.declaration.language.latex import equation_latex, expression_latex, symbol_latex

LIBRARY = {**models.NEURONS, **models.SYNAPSES, **models.CONTINUOUS, **models.PLASTICITY}


class Page(HTMLParser):
    """Checks that tags are closed in order; collects tags and text."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.texts = [], set(), []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.add(tag)
        assert {name for name, _ in attributes} <= {"style", "colspan"}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def formulas(self):
        return [text[2:-2] for text in self.texts if text.startswith("$$")]


def network():
    net = pg.Network(dt=0.1, seed=1, name="mine")
    exc = net.population("exc", 3200, pg.LIF())
    inh = net.population("inh", 1, pg.LIF(), parameters=dict(tau=np.ones(1)))
    source = net.spike_source("source", 2, [1.0], [0])
    net.connect(source, exc, pg.PairSTDP(), pg.AllToAll(), weight=np.ones((2, 3200)), delay=1.5)
    net.connect(exc, inh, pg.ExponentialCurrent(5.0), pg.PairList(range(3200), [0] * 3200))
    net.poisson(exc, np.full(3200, 9.0), weight=0.1, variable="V", sources=7)
    net.poisson(exc, 8.0, weight=0.1, synapse=pg.ExponentialCurrent(5.0))
    net.current(exc, 1.0)
    net.step_current(exc, [0.0, 1.0], [1.0, 2.0])
    net.noise_current(exc)
    net.record(exc.spikes, exc["V"][:10], inh.spikes)
    return net


def everything(net):
    groups = net.groups.values()
    return [
        net, net.declaration(), *net.populations.values(), *groups, *net.inputs, *net.recordings,
        *(p.model for p in net.populations.values()), *(g.synapse for g in groups),
        *(g.connectivity for g in groups), *pg.LIF().equations,
        pg.parse_expression("x" + "*x" * 50), pg.DistanceDependent("exp(-distance)"),
        net.groups["source_exc"].synapse.pre_trace,
    ]  # fmt: skip


def test_everything_shows_itself_in_one_short_line():
    net = network()
    for thing in everything(net):
        assert "\n" not in repr(thing) and len(repr(thing)) < 200, repr(thing)


@pytest.mark.parametrize("name", LIBRARY)
def test_every_model_shows_itself_in_one_short_line_with_its_name(name):
    text = repr(LIBRARY[name]())
    assert name in text and "\n" not in text and len(text) < 250


def test_lines_say_what_matters():
    net = network()
    assert repr(net) == (
        "<Network mine: 3,203 neurons in 3 populations; 2 synapse groups; dt 0.1 ms, seed 1>"
    )
    assert repr(net.populations["exc"]) == "<Population exc: 3,200 x LIF>"
    assert repr(net.populations["exc"]["V"][:10]) == "<V of exc, 10 of 3,200 neurons>"
    assert repr(net.populations["inh"].spikes) == "<spikes of inh, all 1 neuron>"
    assert repr(net.groups["source_exc"]) == (
        "<SynapseGroup source_exc: source -> exc; PairSTDP; AllToAll(autapses=True)>"
    )
    assert repr(net.inputs[0]) == (
        "<PoissonInput poisson_exc: onto exc; 7 x array of 3,200 Hz, weight 0.1, through V>"
    )
    assert "spikes if V > V_th" in repr(pg.LIF())
    assert repr(pg.NeuronModel("dx/dt = -x")) == "<NeuronModel: x>"
    assert repr(pg.NeuronModel("dx/dt = -x").equations) == "(<dx/dt = -x>,)"
    assert repr(pg.DistanceDependent("exp(-distance)")).startswith(
        "DistanceDependent(probability=<exp(-distance)>, "
    )


def test_str_of_a_network_still_lists_its_parts():
    text = str(network())
    assert "exc: 3200 x LIF" in text and "source_exc: source -> exc, PairSTDP" in text


def test_a_network_is_tables_of_its_parts_in_a_notebook():
    page = Page(network()._repr_html_())
    for text in ("exc", "3,200", "LIF", "PairSTDP", "array of 2 x 3,200", "1.5", "poisson_exc"):
        assert text in page.texts, text
    assert "source \N{RIGHTWARDS ARROW} exc" in page.texts


def test_a_network_of_many_populations_stays_readable():
    net, model = pg.Network(), pg.LIF()
    for k in range(1040):
        net.population(f"p{k}", 10, model)
    html = net._repr_html_()
    assert "and 1,000 more" in html and html.count("<tr>") == 2 + MOST_ROWS
    assert len(repr(net)) < 200


@pytest.mark.parametrize(
    "label", ["<script>alert(1)</script>", "$$\\href{javascript:a}{b}$$", '"&']
)
def test_labels_begin_neither_tags_nor_mathematics(label):
    net = pg.Network(name=label)
    model = pg.NeuronModel("dx/dt = -x/tau", parameters=dict(tau=1.0), name=label)
    net.population("a", 1, model)
    synapse = pg.SynapseModel("dI_syn/dt = -I_syn", inputs="I = I_syn", name=label)
    for html in (net._repr_html_(), model._repr_html_(), synapse._repr_html_()):
        page = Page(html)
        assert "script" not in page.tags
        plain = [text for text in page.texts if not text.startswith("$$")]
        assert all(text in ("$", "\\") for text in plain if "$" in text or "\\" in text)
        assert "javascript" not in "".join(page.formulas)
        assert label in "".join(plain)


def test_tables_escape_every_cell():
    page = Page(table(["<b>"], [["<i>"], [3], [2.5]], caption="<u>"))
    assert page.tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert {"<b>", "<i>", "<u>", "3", "2.5"} <= set(page.texts)


# ------------------------------------------------------------------ formulas


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("V", "V"),
        ("V_th", r"V_{\mathrm{th}}"),
        ("tau_m", r"\tau_{m}"),
        ("Delta_T", r"\Delta_{T}"),
        ("weight", r"\mathrm{weight}"),
        ("xi_1", r"\xi_{1}"),
        ("A_plus_2", r"A_{\mathrm{plus}, 2}"),
        ("tau_eta", r"\tau_{\eta}"),
        ("r_12", "r_{12}"),
        ("Alpha", r"\mathrm{Alpha}"),
        ("omicron", r"\mathrm{omicron}"),
    ],
)
def test_names_become_symbols(name, latex):
    assert symbol_latex(name) == latex


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("dV/dt = -V/tau", r"\frac{d V}{d t}", r"= - \frac{V}{\tau}"),
        ("V = V_r", "V", r"\leftarrow V_{r}"),
        ("w += 1", "w", r"\mathrel{+}= 1"),
        ("w += release*weight", "w", r"\mathrel{+}= \mathrm{release} \, \mathrm{weight}"),
        ("w *= exp(x)", "w", r"\mathrel{*}= e^{x}"),
    ],
)
def test_equations_become_formulas(text, left, right):
    assignments = not text.startswith("d")
    (equation,) = pg.parse_equations(text, assignments=assignments)
    assert equation_latex(equation) == (left, right)


def test_random_numbers_are_called_by_their_names():
    assert r"\mathrm{rand}()" in expression_latex(pg.parse_expression("rand() < p"))


@pytest.mark.parametrize("name", LIBRARY)
def test_every_model_is_formulas_that_can_be_set(name):
    model = LIBRARY[name]()
    page = Page(model._repr_html_())
    parse = MathTextParser("path").parse
    assert page.formulas
    for formula in page.formulas:
        formula = re.sub(r"\\(begin|end)\{aligned\}", "", formula)
        assert formula.count("{") == formula.count("}")
        for line in formula.split(r"\\"):
            if "cases" not in formula:  # matplotlib sets no cases, and no two-column lines
                parse(f"${line.replace('&', '').replace(chr(92) + 'mathrel', '').strip()}$")
    for parameter, _ in model.parameters:
        assert parameter in page.texts


def test_nothing_of_a_model_is_left_out():
    model = pg.NeuronModel(
        "dV/dt = (I - V)/tau", threshold="V > 1", reset="V = 0; n += 1", refractory="V < 2",
        parameters=dict(tau=pg.Uniform(1, 2)), initial=dict(n=0.0),
    )  # fmt: skip
    texts = Page(model._repr_html_()).texts
    for text in ("dynamics", "spike if", "reset", "refractory while", "Uniform(low=1.0, high=2.0)"):
        assert text in texts
    stdp = Page(pg.PairSTDP()._repr_html_()).texts
    for text in ("at a presynaptic spike", "at a postsynaptic spike", "trace of the source neuron"):
        assert text in stdp
    assert len(Page(pg.PairSTDP().pre_trace._repr_html_()).formulas) == 2


def test_sympy_comes_in_only_for_formulas():
    code = (
        "import sys, pygenn_lite as pg\n"
        "net = pg.Network(); net.population('a', 3, pg.LIF())\n"
        "repr(net), repr(pg.LIF()), net._repr_html_()\n"
        "assert 'sympy' not in sys.modules\n"
        "pg.LIF()._repr_html_()\n"
        "assert 'sympy' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
