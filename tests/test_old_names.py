"""Old public names work, and warn once, with the new name."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

import pygenn_lite as pg
from pygenn_lite import errors
from pygenn_lite.errors import PygennLiteDeprecationWarning
from pygenn_lite.old_names import OLD_NAMES, OldName, warn_old_name, with_old_arguments

CURRENT = "inputs: [{KEY: {target: exc, times: [0, 1], values: [2, 3]}}]"
MODULES = {"pg": "pygenn_lite", "pg.errors": "pygenn_lite.errors"}
# What has an old attribute, and what is called with an old argument: gives its value, and that of
# the new name.
USES: dict[tuple[str, str], Callable[[], tuple[Any, Any]]] = {}


def use(where: str, old: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        USES[where, old] = function
        return function

    return register


@use("PygennLiteError", "cure")
def cure() -> tuple[Any, Any]:
    error = errors.NetworkError("wrong", hint="write 5")
    return error.cure, error.hint  # type: ignore[attr-defined]


FILE = """
models: {lif: {use: LIF}}
synapses: {current: {use: ExponentialCurrent}}
populations:
  exc: {size: 2, model: lif}
"""
GROUP = "connections: [{source: exc, target: exc, synapse: current, connectivity: RULE}]"
# By section and key: what stands in a file with the old key and, by the new one, without it.
FILES: dict[tuple[str, str], tuple[str, str]] = {
    ("**.connectivity", "explicit"): (
        GROUP.replace("RULE", "{explicit: {pre: [0], post: [1]}}"),
        GROUP.replace("RULE", "{pair_list: {pre: [0], post: [1]}}"),
    ),
    ("inputs", "timed_current"): (
        CURRENT.replace("KEY", "timed_current"),
        CURRENT.replace("KEY", "step_current"),
    ),
}


@use("Network", "timed_current")
def timed_current() -> tuple[Any, Any]:
    nets = [pg.Network(), pg.Network()]
    cells = [net.population("cells", 2, pg.LIF()) for net in nets]
    old = nets[0].timed_current(cells[0], [0.0, 1.0], [2.0, 3.0])  # type: ignore[attr-defined]
    return old, nets[1].step_current(cells[1], [0.0, 1.0], [2.0, 3.0])


def values(one: OldName) -> tuple[Any, Any]:
    """What the old name gives, and the new one."""
    if one.kind == "name":
        module = import_module(MODULES[one.where])
        return getattr(module, one.old), getattr(module, one.new)
    if one.kind == "key":
        old, new = FILES[one.where, one.old]
        return pg.load_network(FILE + old), pg.load_network(FILE + new)
    return USES[one.where, one.old]()


@pytest.mark.parametrize("one", OLD_NAMES, ids=lambda one: f"{one.where}-{one.old}")
def test_an_old_name_gives_what_the_new_one_gives_and_warns_once(one: OldName) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        old, new = values(one)
    assert old is new or old == new
    [warning] = [w for w in caught if issubclass(w.category, DeprecationWarning)]
    assert issubclass(warning.category, PygennLiteDeprecationWarning)
    assert one.old in str(warning.message) and f"is now {_spelled(one)}" in str(warning.message)
    if one.kind == "key":
        assert re.match(r"<text>:\d+:\d+ \(", str(warning.message))
    assert warning.filename == __file__, "the warning names the user's line"


def _spelled(one: OldName) -> str:
    if one.kind == "argument":
        return f"{one.where}({one.new}=)"
    return {"key": repr(one.new), "option": one.new}.get(one.kind, f"{one.where}.{one.new}")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_offers_no_old_names(module: str) -> None:
    offered = dir(import_module(MODULES[module]))
    assert not [one.old for one in OLD_NAMES if one.where == module and one.old in offered]


def test_a_name_that_never_was_is_not_an_old_one() -> None:
    with pytest.raises(AttributeError, match="no attribute 'UnsupportedFoo'"):
        _ = errors.UnsupportedFoo  # type: ignore[attr-defined]


def test_an_argument_by_both_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from pygenn_lite import old_names

    one = OldName("argument", "f", "old", "new")
    monkeypatch.setattr(old_names, "OLD_NAMES", (one,))
    monkeypatch.setitem(old_names._TABLE, ("argument", "f", "old"), one)

    @with_old_arguments("f")
    def f(new: int = 0) -> int:
        return new

    with pytest.warns(PygennLiteDeprecationWarning, match=r"f\(old=\) is now f\(new=\)"):
        assert f(old=3) == 3  # type: ignore[call-arg]
    with (
        pytest.warns(PygennLiteDeprecationWarning),
        pytest.raises(TypeError, match="'new' and its old name 'old'"),
    ):
        f(new=3, old=3)  # type: ignore[call-arg]


def test_a_warning_about_a_file_names_its_line() -> None:
    with pytest.warns(PygennLiteDeprecationWarning, match=r"^net\.yaml:3: .*PygennLiteError\.hint"):
        assert warn_old_name("attribute", "PygennLiteError", "cure", place="net.yaml:3") == "hint"


def test_all_of_it_is_one_package() -> None:
    assert pg.errors.PygennLiteDeprecationWarning is PygennLiteDeprecationWarning


def test_an_old_key_beside_the_new_one_is_refused() -> None:
    rule = "{explicit: {pre: [0], post: [1]}, pair_list: {pre: [0], post: [1]}}"
    with (
        pytest.warns(PygennLiteDeprecationWarning),
        pytest.raises(errors.FileFormatError, match="'explicit' is the old name of 'pair_list'"),
    ):
        pg.load_network(FILE + GROUP.replace("RULE", rule))


def test_errors_below_an_old_key_name_its_line() -> None:
    text = FILE + GROUP.replace("RULE", "\n    {explicit: {pre: [0],\n    post: [0.5]}}")
    with (
        pytest.warns(PygennLiteDeprecationWarning, match=r"^<text>:7:6 \(conn"),
        pytest.raises(errors.DeclarationError, match=r"<text>:8.*pair_list.*whole"),
    ):
        pg.load_network(text)


def test_a_path_to_a_place_of_a_file_may_have_old_keys() -> None:
    changed = {"connections[0].connectivity.explicit.post": [0]}
    new = FILE + GROUP.replace("RULE", "{pair_list: {pre: [0], post: [1]}}")
    with pytest.warns(PygennLiteDeprecationWarning, match="'pair_list'"):
        network, _ = pg.load_network(new, set=changed)
    assert network.groups["exc_exc"].connectivity == pg.PairList([0], [0])
