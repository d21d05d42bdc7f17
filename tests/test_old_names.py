"""Old public names work, and warn once, with the new name."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import pygenn_lite as pg
from pygenn_lite import errors, plotting
from pygenn_lite.errors import PygennLiteDeprecationWarning
from pygenn_lite.old_names import OLD_NAMES, OldName, new_option, warn_old_name, with_old_arguments

INLINE = "  slow: {size: 1, model: {derivatives: dV/dt = -V, KEY: [V]}}"
MODEL = """
models: {slow: {derivatives: dV/dt = -V, KEY: [V]}}
populations: {exc: {size: 1, model: slow}}
"""
VALUE = "inputs: [{current: {target: exc, value: IT}}]"
CURRENT = "inputs: [{KEY: {target: exc, times: [0, 1], values: [2, 3]}}]"
MODULES = {"pg": "pygenn_lite", "pg.errors": "pygenn_lite.errors"}
HINT = errors.NetworkError("wrong", hint="write 5")


def declared(declare: Callable[[pg.Network, pg.Population], Any]) -> Any:
    """What is declared in a network of two neurons."""
    net = pg.Network()
    return declare(net, net.population("cells", 2, pg.LIF()))


NOISE = declared(lambda net, cells: net.noise_current(cells, std=2.0))


def noisy() -> pg.Network:
    """A network with a noise current."""
    return declared(lambda net, cells: (net.noise_current(cells, std=2.0), net)[1])


@cache
def simulation() -> Any:
    """Two neurons, and two instances of them, that have run."""
    net = pg.Network()
    cells = net.population("cells", 2, pg.LIF(), positions=[[0.0], [1.0]])
    net.current(cells, 500.0)
    net.record(cells.spikes, cells["V"])
    return net.compile(backend="reference"), net.compile(backend="reference", instances=2)


@cache
def results() -> tuple[Any, Any]:
    one, two = simulation()
    return one.run(40.0), two.run(40.0)


def run(**options: Any) -> list[float]:
    """When the neurons spike in a run; counted from its start."""
    one, _ = simulation()
    one.reset()
    spikes: list[float] = one.run(20.0, **options).spikes["cells"].times.tolist()
    return spikes


def called(**options: Any) -> list[float]:
    """When a callback is called in a run."""
    seen: list[float] = []
    one, _ = simulation()
    one.reset()
    one.run(20.0, callback=lambda sim: seen.append(sim.time), **options)
    return seen


def recorded(**options: Any) -> list[Any]:
    net = pg.Network()
    net.record(net.population("cells", 2, pg.LIF())["V"], **options)
    return net.recordings


def bare(**options: Any) -> frozenset[str]:
    result = pg.Result(
        dt=0.1, start_step=0, stop_step=1, sizes={}, spikes={}, traces={}, counts=None, **options
    )
    return result.fully_recorded


def draw(function: Callable[..., Any], *more: Any) -> Callable[..., str]:
    """Calls a function of pictures: the kind of what it gives."""
    return lambda **options: type(function(results()[0], *more, **options)).__name__


def cells() -> Any:
    return simulation()[0].network["cells"]


# What takes a warm-up, and what takes reference rates: how it is called.
WITH_WARMUP: dict[str, Callable[..., Any]] = {
    "Simulation.run": run,
    "Result.rates": lambda **options: results()[0].rates(**options),
    "InstanceResults.rates": lambda **options: str(results()[1].rates(**options)),
    "plotting.isi_histogram": draw(plotting.isi_histogram),
    "plotting.spatial_map": lambda **options: (
        type(plotting.spatial_map(cells(), results()[0], **options)).__name__
    ),
    "plotting.raster": draw(plotting.raster),
    "plotting.rate_curves": draw(plotting.rate_curves),
    "plotting.traces": draw(plotting.traces, "cells"),
}
WITH_RATES: dict[str, Callable[..., Any]] = {
    "Result.plot": draw(pg.Result.plot),
    "plotting.population_rates": draw(plotting.population_rates),
    "plotting.plot_result": draw(plotting.plot_result),
    "RunSettings": pg.RunSettings,
}
# What has an old attribute, is called with an old argument, or is reached by an old path: gives
# what the old name gives, and what the new one does.
USES: dict[tuple[str, str, str], Callable[[], tuple[Any, Any]]] = {
    ("attribute", "PygennLiteError", "cure"): lambda: (HINT.cure, HINT.hint),
    ("attribute", "Network", "timed_current"): lambda: (
        declared(lambda net, cells: net.timed_current(cells, [0.0, 1.0], [2.0, 3.0])),
        declared(lambda net, cells: net.step_current(cells, [0.0, 1.0], [2.0, 3.0])),
    ),
    ("argument", "Normal", "sd"): lambda: (pg.Normal(sd=2.0), pg.Normal(std=2.0)),
    ("argument", "TruncatedNormal", "sd"): lambda: (
        pg.TruncatedNormal(1.0, sd=2.0, low=0.0),
        pg.TruncatedNormal(1.0, std=2.0, low=0.0),
    ),
    ("argument", "NoiseCurrent", "sd"): lambda: (
        pg.NoiseCurrent("noise", "cells", "I", mean=0.0, sd=2.0),
        pg.NoiseCurrent("noise", "cells", "I", mean=0.0, std=2.0),
    ),
    ("argument", "Network.noise_current", "sd"): lambda: (
        declared(lambda net, cells: net.noise_current(cells, sd=2.0)),
        NOISE,
    ),
    ("attribute", "Normal", "sd"): lambda: (pg.Normal(0.0, 3.0).sd, 3.0),
    ("attribute", "TruncatedNormal", "sd"): lambda: (pg.TruncatedNormal(0.0, 3.0).sd, 3.0),
    ("attribute", "NoiseCurrent", "sd"): lambda: (NOISE.sd, 2.0),
    ("argument", "NeuronModel", "hold"): lambda: (
        pg.NeuronModel("dV/dt = -V", hold=["V"]),
        pg.NeuronModel("dV/dt = -V", clamp=["V"]),
    ),
    ("attribute", "NeuronModel", "hold"): lambda: (pg.LIF().hold, ("V",)),
    **{
        ("argument", where, "settle"): lambda call=call: (call(settle=1.0), call(warmup=1.0))
        for where, call in {**WITH_WARMUP, **WITH_RATES}.items()
    },
    **{
        ("argument", where, "published"): lambda call=call: (
            call(published={"cells": 9.0}),
            call(reference_rates={"cells": 9.0}),
        )
        for where, call in WITH_RATES.items()
    },
    ("attribute", "RunSettings", "settle"): lambda: (pg.RunSettings(warmup=5.0).settle, 5.0),
    ("attribute", "RunSettings", "published"): lambda: (
        pg.RunSettings(reference_rates={"a": 1.0}).published,
        {"a": 1.0},
    ),
    ("option", "pygenn-lite", "--settle"): lambda: (new_option("--settle=5"), "--warmup=5"),
    ("argument", "Simulation.run", "every"): lambda: (called(every=5.0), called(interval=5.0)),
    ("argument", "Network.record", "every"): lambda: (
        recorded(every=20),
        recorded(interval=20 * 0.1),
    ),
    ("attribute", "Result", "whole"): lambda: (results()[0].whole, {"cells"}),
    ("argument", "Result", "whole"): lambda: (bare(whole={"a"}), bare(fully_recorded={"a"})),
    ("path", "paths to values", "sd"): lambda: (
        noisy().values["inputs.noise_cells.sd"],
        2.0,
    ),
}

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
    ("**.normal", "sd"): (
        VALUE.replace("IT", "{normal: {mean: 0, sd: 2}}"),
        VALUE.replace("IT", "{normal: [0, 2]}"),
    ),
    ("**.truncated_normal", "sd"): (
        VALUE.replace("IT", "{truncated_normal: {mean: 1, sd: 2}}"),
        VALUE.replace("IT", "{truncated_normal: {mean: 1, std: 2}}"),
    ),
    ("inputs.noise_current", "sd"): (
        "inputs: [{noise_current: {target: exc, sd: 2}}]",
        "inputs: [{noise_current: {target: exc, std: 2}}]",
    ),
    ("populations.*.model", "hold"): (
        INLINE.replace("KEY", "hold"),
        INLINE.replace("KEY", "clamp"),
    ),
    ("models.*", "hold"): (MODEL.replace("KEY", "hold"), MODEL.replace("KEY", "clamp")),
    ("run", "every"): ("run: {record: [exc.V], every: 10}", "run: {record: [exc.V], interval: 1}"),
    ("run.record", "every"): (
        "run: {record: [{what: exc.V, every: 10}]}",
        "run: {record: [{what: exc.V, interval: 1}]}",
    ),
    ("run", "settle"): ("run: {settle: 5}", "run: {warmup: 5}"),
    ("the file", "published"): ("published: {exc: 5}", "reference_rates: {exc: 5}"),
    ("inputs", "timed_current"): (
        CURRENT.replace("KEY", "timed_current"),
        CURRENT.replace("KEY", "step_current"),
    ),
}


def values(one: OldName) -> tuple[Any, Any]:
    """What the old name gives, and the new one."""
    if one.kind == "name":
        module = import_module(MODULES[one.where])
        return getattr(module, one.old), getattr(module, one.new)
    if one.kind == "key":
        old, new = FILES[one.where, one.old]
        start = "" if old.startswith("\nmodels") else FILE
        return pg.load_network(start + old), pg.load_network(start + new)
    return USES[one.kind, one.where, one.old]()


@pytest.mark.parametrize("one", OLD_NAMES, ids=lambda one: f"{one.where}-{one.old}")
def test_an_old_name_gives_what_the_new_one_gives_and_warns_once(
    one: OldName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
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
    new = repr(one.new)
    return {"key": new, "path": new, "option": one.new}.get(one.kind, f"{one.where}.{one.new}")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_offers_no_old_names(module: str) -> None:
    offered = dir(import_module(MODULES[module]))
    assert not [one.old for one in OLD_NAMES if one.where == module and one.old in offered]


def test_a_name_that_never_was_is_not_an_old_one() -> None:
    with pytest.raises(AttributeError, match="no attribute 'UnsupportedFoo'"):
        _ = errors.UnsupportedFoo


def test_an_argument_by_both_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from pygenn_lite import old_names

    one = OldName("argument", "f", "old", "new")
    monkeypatch.setattr(old_names, "OLD_NAMES", (one,))
    monkeypatch.setitem(old_names._TABLE, ("argument", "f", "old"), one)

    @with_old_arguments("f")
    def f(new: int = 0) -> int:
        return new

    with pytest.warns(PygennLiteDeprecationWarning, match=r"f\(old=\) is now f\(new=\)"):
        assert f(old=3) == 3
    with (
        pytest.warns(PygennLiteDeprecationWarning),
        pytest.raises(TypeError, match="'new' and its old name 'old'"),
    ):
        f(new=3, old=3)


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


@pytest.mark.usefixtures("backend")
def test_old_names_of_values_can_be_set() -> None:
    net = pg.Network()
    net.noise_current(net.population("cells", 2, pg.LIF()), std=2.0, name="noise")
    with pytest.warns(PygennLiteDeprecationWarning, match="'std'"):
        changed = net.with_values({"inputs.noise.sd": 3.0})
    assert changed.inputs[0].std == 3.0
    sim = net.compile(backend="reference")
    with pytest.warns(PygennLiteDeprecationWarning, match="'std'"):
        sim["noise"]["sd"] = 4.0
    with pytest.warns(PygennLiteDeprecationWarning, match="'std'"):
        assert sim["noise"]["sd"][()] == 4.0


def test_old_intervals_of_files_are_counted_in_steps_of_the_file() -> None:
    text = FILE + "network: {dt: 0.2}\nrun: {record: [exc.V], every: 2*k}\nconstants: {k: 5}"
    for changes, interval in (({}, 2.0), ({"network.dt": 0.1}, 1.0), ({"run.every": 1}, 0.2)):
        with pytest.warns(PygennLiteDeprecationWarning, match=r"'every' \(run\) is now 'interval'"):
            network, _ = pg.load_network(text, set=changes)
        assert network.recordings[0].interval == interval
    new = text.replace("every: 2*k", "interval: 5")
    with pytest.warns(PygennLiteDeprecationWarning):
        assert pg.load_network(new, set={"run.every": 10})[0].recordings[0].interval == 2.0


def test_a_unit_that_has_changed_is_said() -> None:
    with pytest.warns(
        PygennLiteDeprecationWarning, match=r"record\(interval=\), in ms instead of st"
    ):
        recorded(every=20)
