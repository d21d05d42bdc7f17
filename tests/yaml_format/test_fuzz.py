"""Random and mutated files give a network or an error of ours, never another exception."""

import random
import warnings

import yaml
from helpers_yaml import SMALL
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pygenn_lite.errors import DeclarationError, PygennLiteWarning
from pygenn_lite.models import network_file
from pygenn_lite.yaml_format import dump_network, load_network

EXTRA = """
synapses:
  p: {use: PairSTDP, receptor: {use: ExponentialConductance}, parameters: {rule: additive}}
  q: {on_pre: V_post += weight * u, variables: {u: 1}, pre_trace: {derivatives: dx/dt = -x, on_spike: x += 1}}
inputs:
  - current: {target: exc, value: {by_target: [1]}}
  - step_current: {target: inh, times: [0, 1], values: [1, 2]}
  - noise_current: {target: all, std: 1}
reference_rates: {exc: 1}
"""  # noqa: E501
SEEDS = [SMALL, SMALL.split("inputs:")[0] + EXTRA] + [
    network_file(name).read_text() for name in ("brunel", "stdp", "izhikevich2003")
]
FRAGMENTS = [
    "{", "}", "[", "]", ":", ",", "- ", "\n", "  ", "'", '"', "&a ", "*a", "!!str ", "|", ">", "#",
    "null", "true", "-1", "0", "1e999", ".nan", "1e-400", "{}", "[]", "[[1]]", "{uniform: [0, 1]}",
    "i", "rand()", "all", "exc", "V", "9**9", "{by_source: [1]}", "--- ", "? ", "%", "@", "\t", "~",
    "99999999999999999999999", "x" * 70, "all_to_all", "{pair_list: {pre: [0], post: [0]}}",
    "where(V > 1, 2, 3)", "xi", "weight", "spikes", "1.0.0", "0x1F", "é", "\u2028",
]  # fmt: skip


def load_or_refuse(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PygennLiteWarning)  # strange values may be warned about
        _load_or_refuse(text)


def _load_or_refuse(text):
    try:
        network, run = load_network(text + "\n")
    except DeclarationError as error:
        assert str(error).strip()
        return
    # The declarations of a strange file are written like any other.
    assert load_network(dump_network(network, run))[0] == network


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.sampled_from(range(len(SEEDS))), st.integers(1, 6))
def test_mutated_text(seed, which, changes):
    random_number = random.Random(seed)
    text = SEEDS[which]
    for _ in range(changes):
        start = random_number.randrange(len(text) + 1)
        stop = min(len(text), start + random_number.choice([0, 0, 1, 2, 5, 20]))
        other = random_number.choice(SEEDS)
        at = random_number.randrange(len(other))
        piece = random_number.choice([*FRAGMENTS, other[at : at + random_number.randrange(40)]])
        text = text[:start] + piece + text[stop:]
    load_or_refuse(text)


scalars = st.one_of(
    st.sampled_from(FRAGMENTS),
    st.integers(-3, 100),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(data, here=()):
    yield here
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from places(item, (*here, key))
        else:
            yield (*here, key)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(range(len(SEEDS))), st.booleans())
def test_mutated_data(data, which, delete):
    tree = yaml.safe_load(SEEDS[which])
    place = data.draw(st.sampled_from(sorted(places(tree), key=str)))
    here = tree
    for key in place[:-1]:
        here = here[key]
    if not place:
        tree = data.draw(values)
    elif delete:
        del here[place[-1]]
    else:
        here[place[-1]] = data.draw(values)
    load_or_refuse(yaml.safe_dump(tree, allow_unicode=True))


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.text(alphabet="{}[]:,-&*!|>#%@`'\"\n ab01.~?")))
@example("<<: *a")
@example("\ufeff\u2029")
def test_random_text(text):
    load_or_refuse(text)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(
            st.sampled_from(
                ["populations", "exc", "size", "connections", "[0]", "weight", "inputs", "0", "run",
                 "record", "models", "lif", "constants", "J", "initial", "V", "-1"]
            ), max_size=5,
        ).map(".".join),
    ),
    values,
)  # fmt: skip
def test_random_overrides(path, value):
    try:
        load_network(SMALL, {path: value})
    except DeclarationError as error:
        assert str(error).strip()
