"""``<<`` takes over what another mapping says; copies keep the lines they were written on."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.errors import DeclarationError, FileFormatError
from pygenn_lite.yaml_format.document import parse_document

NETWORK = """\
models:
  lif: &lif
    derivatives: dV/dt = (E_L - V + I)/tau
    threshold: V > V_th
    reset: V = E_L
    parameters: &values {tau: 20, E_L: -65, V_th: -50}
  slow:
    <<: *lif
    reset: V = E_L - 5
    parameters: {<<: *values, tau: 40}
populations:
  exc: &population {size: 8, model: lif, initial: {V: -60}}
  inh: {<<: *population, model: slow}
"""


def data_of(text):
    return parse_document(text).data


def test_a_model_is_another_one_with_changes():
    network, _ = pg.load_network(NETWORK)
    slow, lif = (network.populations[name].model for name in ("inh", "exc"))
    assert dict(slow.parameters) == {**dict(lif.parameters), "tau": 40}
    assert [str(e) for e in slow.equations] == [str(e) for e in lif.equations]
    assert str(slow.reset[0]) != str(lif.reset[0])
    assert network.populations["inh"].size == 8


def test_an_override_of_what_was_taken_over_changes_the_one_place():
    network, _ = pg.load_network(
        NETWORK, {"models.slow.parameters.E_L": -70, "populations.exc.size": 9}
    )
    values = [dict(p.model.parameters)["E_L"] for p in network.populations.values()]
    assert values == [-65, -70]
    assert [p.size for p in network.populations.values()] == [9, 8]


def test_a_mistake_in_what_was_taken_over_is_named_with_the_line_it_stands_on():
    text = NETWORK.replace("initial: {V: -60}", "initial: {V: sixty}")
    with pytest.raises(DeclarationError) as caught:
        pg.load_network(text)
    assert str(caught.value).startswith("<text>:12:52 (populations.exc.initial.V): unknown name")
    text = NETWORK.replace("{<<: *population, ", "{<<: *population, intial: 3, ")
    with pytest.raises(DeclarationError) as caught:
        pg.load_network(text)
    assert str(caught.value).startswith("<text>:13:26 (populations.inh.intial): unknown key")
    # Only the copy is wrong: 'slow' has no 'V_th', and the line is that of what was taken over.
    text = NETWORK.replace("model: slow}", "model: other}").replace(
        "populations:", "  other: {derivatives: dU/dt = -U}\npopulations:"
    )
    with pytest.raises(DeclarationError) as caught:
        pg.load_network(text)
    assert "<text>:13:52 (populations.inh.initial.V)" in str(caught.value)


def test_a_place_inside_an_alias_is_named_with_the_line_it_stands_on():
    text = (
        "models:\n  a: {derivatives: dV/dt = -V/tau, parameters: &p\n      {tau: 1}}\n"
        "  b: {derivatives: dV/dt = -V/q, parameters: *p}\n"
        "  c: {derivatives: dV/dt = -V/tau, parameters: {<<: *p,\n    tau: one}}\n"
    )
    with pytest.raises(DeclarationError, match=r"<text>:4:7 \(models\.b\.derivatives\)"):
        pg.load_network(text)
    with pytest.raises(DeclarationError, match=r"<text>:6:5 \(models\.c\.parameters\.tau\)"):
        pg.load_network(text.replace("V/q", "V/tau"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a {x: 1}\nb: {<<: *a, <<: *a}", "<text>:2:13: '<<' is given twice; it was given"),
        ("a: &a 3\nb: {<<: *a}", "<text>:2:9: '<<' takes a mapping"),
        ("a: &a [{x: 1}, 2]\nb: {<<: *a}", "<text>:2:9: '<<' takes a mapping"),
        ("a: &a {<<: *a}", "<text>:1:12: '*a' stands inside what it names"),
        ("b: {<<: *a}", "<text>:1:9: nothing is named '&a'"),
        ("b: {<<: }", "<text>:1:9: '<<' takes a mapping"),
    ],
)
def test_what_cannot_be_merged_is_refused_with_its_place(text, message):
    with pytest.raises(FileFormatError) as caught:
        data_of(text)
    assert str(caught.value).startswith(message)


def test_exploding_merges_are_refused_like_exploding_aliases():
    lines = ["a0: &a0 {x: [" + "1, " * 99 + "1]}"]
    for n in range(1, 12):
        merges = ", ".join(f"k{i}: {{<<: *a{n - 1}}}" for i in range(9))
        lines.append(f"a{n}: &a{n} {{{merges}}}")
    with pytest.raises(FileFormatError, match=r"more than 2,000,000 values|levels deep"):
        data_of("\n".join(lines))


def test_in_quotes_it_is_a_key_like_any_other():
    assert data_of('{"<<": {a: 1}}') == {"<<": {"a": 1}}


keys = st.sampled_from("abcd")
mappings = st.dictionaries(keys, st.integers(0, 9), max_size=4)


@given(one=mappings, two=mappings, own=mappings, where=st.integers(0, 4), several=st.booleans())
def test_merging_agrees_with_another_parser(one, two, own, where, several):
    """PyYAML, for documents that both accept."""
    items = [f"{key}: {value}" for key, value in own.items()]
    items.insert(min(where, len(items)), "<<: [*one, *two]" if several else "<<: *two")
    text = f"one: &one {one}\ntwo: &two {two}\nown: {{{', '.join(items)}}}\n".replace("'", "")
    ours, theirs = data_of(text), yaml.safe_load(text)
    assert ours == theirs
    if not several:  # the order in which equations and populations would stand
        assert list(ours["own"]) == list(theirs["own"])
