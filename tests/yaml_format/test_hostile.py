"""A file from an unknown source runs no code, reads no other file, and cannot exhaust the
machine."""

import time

import numpy as np
import pytest
import yaml
from helpers_yaml import small

from pygenn_lite.errors import DeclarationError
from pygenn_lite.yaml_format import document, load_network


def laughs(depth: int, per_level: int = 9) -> str:
    lines = ['a0: &a0 ["lol"]']
    for level in range(1, depth):
        uses = ", ".join([f"*a{level - 1}"] * per_level)
        lines.append(f"a{level}: &a{level} [{uses}]")
    return "\n".join(lines)


HOSTILE = {
    "a python object": ("!!python/object/apply:os.system ['touch /tmp/pwned']\n", "tags such as"),
    "a python name": ("a: !!python/name:os.system\n", "tags such as"),
    "a binary": ("network:\n  name: !!binary aGVsbG8=\n", "tags such as"),
    "a set": ("network: !!set {a, b}\n", "tags such as"),
    "a tagged key": ("!!python/name:os.system : 3\nb: 2\n", "tags such as"),
    "a billion laughs": (laughs(20), "more than 100,000 values"),
    "deep aliases": (laughs(40, 1), "levels deep"),
    "an alias within itself": ("a: &a [*a]\n", "inside what it names"),
    "an unknown alias": ("a: *b\n", "not valid YAML|nothing is named"),
    "deep nesting": ("a: " + "[" * 100_000 + "\n", "levels deep"),
    "deep mappings": ("{a: " * 50_000 + "\n", "levels deep"),
    "deep nesting within a block": (
        "x:\n  - b: " + "{a: [" * 5_000 + "\n",
        "<text>:2.*levels deep",
    ),
    "deep nesting line by line": ("a: " + "[\n" * 5_000, "levels deep"),
    "deep lists of lists": ("- " * 5_000 + "\n", "levels deep"),
    "deep keys of keys": ("? " * 5_000 + "\n", "levels deep|a key must be a word"),
    "deep indentation": (
        "\n".join(" " * depth + "a:" for depth in range(2_000)) + "\n",
        "levels deep",
    ),
    "deep nesting that is closed": ("a: " + "[" * 2_000 + "]" * 2_000 + "\n", "levels deep"),
    "deep nesting beside quotes": ('a: [\'[\', "]\\"", ' + "[" * 2_000 + "\n", "levels deep"),
    "an open quote with brackets": ("a: '" + "[" * 2_000 + "\n", "not valid YAML: .*end of stream"),
    "quoted brackets before an error": (f"a: ['{'[' * 50}', @]\n", "not valid YAML: .*'@'|token"),
    "an escape beyond Unicode": ('a: "\\UFFFFFFFF"\n', "not valid YAML"),
    "a list as key": ("? [1, 2]\n: 3\n", "a key must be a word"),
    "a long key": ("k" * 500 + ": 3\n", "a key of 500 characters"),
    "a long number": ("network: {seed: " + "9" * 10_000 + "}\n", "10000 digits"),
    "two documents": ("a: 1\n---\nb: 2\n", "second document"),
    "a merge key": ("x: &x {dt: 1}\nnetwork: {<<: *x}\n", "unknown key"),
    "nothing": ("\n\n", "should be a mapping"),
    "a list": ("- 1\n- 2\n", "should be a mapping"),
    "control characters": ("a: \x07\nb: 1\n", "not valid YAML"),
    "a surrogate": ("a: \ud800\nb: 1\n", "not valid YAML"),
    "a huge size": (small("size: 8", "size: 1e300"), "populations.exc"),
    "a huge slice": (small("[:4]", "[:99999999999999999999]"), "not a slice"),
    "an infinite dt": (small("dt: 0.1", "dt: .inf"), "not a valid time step"),
    "a NaN": (small("weight: J_inh", "weight: .nan"), "NaN or infinite"),
    "a power tower": (small("J: 0.5", "J: 9**9**9**9"), "too large"),
    "an overflow": (small("J: 0.5", "J: exp(1000)"), "too large"),
    "an import": (small("J: 0.5", "J: __import__('os').system('id')"), "does not belong"),
    "an attribute": (small("/ tau\n", "/ tau.__class__\n"), "attribute"),
    "a call in a model": (small("/ tau\n", "/ open(tau)\n"), "unknown function 'open'"),
    "a subscript": (small("/ tau\n", "/ tau[0]\n"), "does not belong"),
    "a lambda": (small("J: 0.5", "J: '(lambda: 0)()'"), "does not belong|not allowed"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_refused_at_once(kind, monkeypatch):
    _is_refused_at_once(kind, monkeypatch)


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_refused_also_where_pyyaml_has_no_libyaml(kind, monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    _is_refused_at_once(kind, monkeypatch)


def _is_refused_at_once(kind, monkeypatch):
    monkeypatch.setattr(document, "MAX_NODES", 100_000)  # the true limit takes seconds to reach
    text, message = HOSTILE[kind]
    start = time.process_time()
    with pytest.raises(DeclarationError, match=message):
        load_network(text if "\n" in text else text + "\n")
    assert time.process_time() - start < 30.0  # it neither hangs nor grows


def test_brackets_within_text_are_no_nesting():
    brackets = "[" * 1_500
    text = f"a: ['{brackets}', \"{brackets}\"]\nb: |\n  {brackets}\nc: x{brackets}\n# {brackets}\n"
    data = document.parse_document(text).data
    assert data == {"a": [brackets, brackets], "b": brackets + "\n", "c": "x" + brackets}


def test_the_deepest_nesting_allowed_is_read():
    deepest = document.MAX_DEPTH
    assert document.parse_document("[" * deepest + "]" * deepest).data is not None
    with pytest.raises(DeclarationError, match=f"more than {deepest} levels deep"):
        document.parse_document("[" * (deepest + 1) + "]" * (deepest + 1))


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a/b", "a;rm -rf ~", "$(id)", "`id`", "int main(){", "a\nb", "é", "a b",
     "x" * 65, "", "1a", '"', "a.b", "%s", "\\n"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["population", "parameter", "connection", "input", "constant"])
def test_names_that_are_no_names_never_pass(name, place):
    import json

    quoted = json.dumps(name)
    text = {
        "population": small("  exc: {size", f"  {quoted}: {{size"),
        "parameter": small("{tau: 20", f"{{{quoted}: 1, tau: 20"),
        "connection": small("name: inhibition", f"name: {quoted}"),
        "input": small("name: drive", f"name: {quoted}"),
        "constant": small("{J: 0.5", f"{{{quoted}: 1, J: 0.5"),
    }[place]
    with pytest.raises(DeclarationError):
        load_network(text)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("/etc/passwd", "not allowed"),
        ("../outside.csv", "outside the folder"),
        ("a/../../outside.csv", "outside the folder"),
        ("link.csv", "outside the folder"),
        ("trains.pkl", "no known kind"),
        ("missing.csv", "no file 'missing.csv'"),
        ("bad.csv", "cannot read 'bad.csv'"),
        ("three.csv", "3 columns"),
        ("pickled.npz", "cannot read 'pickled.npz'"),
        ("broken.npz", "cannot read 'broken.npz'"),
        ("empty.npz", "no array 'times'"),
        ("fraction.csv", "whole numbers"),
        ("range.csv", "out of range"),
    ],
)
def test_data_files_are_read_from_the_own_folder_only(tmp_path, file, message):
    folder = tmp_path / "own"
    folder.mkdir()
    (tmp_path / "outside.csv").write_text("1, 0\n")
    (folder / "link.csv").symlink_to(tmp_path / "outside.csv")
    (folder / "trains.pkl").write_text("")
    (folder / "bad.csv").write_text("a, b\n")
    (folder / "three.csv").write_text("1, 2, 3\n")
    (folder / "fraction.csv").write_text("1, 0.5\n")
    (folder / "range.csv").write_text("1, 7\n")
    (folder / "broken.npz").write_bytes(b"PK\x03\x04 nothing")
    np.savez(folder / "pickled.npz", times=np.array([print], dtype=object), indices=[0])
    np.savez(folder / "empty.npz", other=[1])
    network = folder / "net.yaml"
    network.write_text(f"populations: {{s: {{size: 2, spike_source: {{file: {file}}}}}}}\n")
    with pytest.raises(DeclarationError, match=message):
        load_network(network)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("pygenn_lite.yaml_format.load.MAX_CHARACTERS", 10)
    file = tmp_path / "huge.yaml"
    file.write_text(small())
    with pytest.raises(DeclarationError, match="larger than 10 bytes"):
        load_network(file)


def test_a_long_text_is_refused(monkeypatch):
    monkeypatch.setattr(document, "MAX_CHARACTERS", 100)
    with pytest.raises(DeclarationError, match="more than 100"):
        load_network(small())
