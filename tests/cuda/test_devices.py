"""What networks can run on is listed: processor, cards, the emulator; and what is missing."""

from __future__ import annotations

import ctypes
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_card import ATTRIBUTES, FakeCard, use_fake_cupy
from typer.testing import CliRunner

import pygenn_lite as pg
from pygenn_lite.cli.app import app
from pygenn_lite.runtime.cuda import drivers
from pygenn_lite.runtime.cuda.drivers import card_is_usable, packages, system_driver
from pygenn_lite.runtime.cuda.drivers.base import Card
from pygenn_lite.runtime.cuda.drivers.system_driver import SystemCards, find_cards
from pygenn_lite.runtime.devices import devices

H100 = Card("H100", 90, 132, 227 << 10, 228 << 10, 80 << 30, 1_980_000, 50 << 20, "13.0", True)


# ------------------------------------------------------------------ NVIDIA's driver
class FakeLibrary:
    """libcuda.so.1 of a machine with some cards."""

    def __init__(self, cards: int = 2, version: int = 13000, refuses: int = 0) -> None:
        self.cards, self.version, self.refuses = cards, version, refuses

    def cuInit(self, flags: int) -> int:
        return self.refuses

    def cuDriverGetVersion(self, out: Any) -> int:
        out._obj.value = self.version
        return 0

    def cuDeviceGetCount(self, out: Any) -> int:
        out._obj.value = self.cards
        return 0

    def cuDeviceGet(self, out: Any, number: int) -> int:
        out._obj.value = 100 + number
        return 0

    def cuDeviceGetName(self, name: Any, size: int, device: int) -> int:
        name.value = f"Fake {device}".encode()
        return 0

    def cuDeviceTotalMem_v2(self, out: Any, device: int) -> int:
        assert isinstance(out._obj, ctypes.c_size_t)
        out._obj.value = 80 << 30
        return 0

    def cuDeviceGetAttribute(self, out: Any, which: int, device: int) -> int:
        out._obj.value = ATTRIBUTES[which]
        return 0


def opening(library: FakeLibrary) -> Callable[[str], Any]:
    return lambda name: library


def test_cards_are_found_without_any_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "version"
    file.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27\n")
    monkeypatch.setattr(system_driver, "VERSION_FILE", file)
    found = find_cards(opening(FakeLibrary()))
    assert (found.cuda, found.version, found.problem) == ("13.0", "580.65.06", "")
    first, second = found.cards
    assert (first.name, second.name) == ("Fake 100", "Fake 101")
    assert first.compute_capability == 90 and first.shared_per_block == 227 << 10
    assert (
        first.watchdog
        and first.memory_bytes == 80 << 30
        and first.cooperative
        and first.driver_version == "13.0"
    )


def test_why_no_card_is_found_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(system_driver, "VERSION_FILE", tmp_path / "none")

    def nothing(name: str) -> Any:
        raise OSError(name)

    assert "there is no driver of NVIDIA on this machine" in find_cards(nothing).problem
    assert "there is no GPU of NVIDIA" in find_cards(opening(FakeLibrary(cards=0))).problem
    assert "there is no GPU of NVIDIA" in find_cards(opening(FakeLibrary(refuses=100))).problem
    assert "fails with error 801" in find_cards(opening(FakeLibrary(refuses=801))).problem
    assert "different versions" in find_cards(opening(FakeLibrary(refuses=803))).problem
    assert find_cards(opening(FakeLibrary())).version == ""


# ------------------------------------------------------------------ the list
@pytest.fixture
def with_card(monkeypatch: pytest.MonkeyPatch) -> None:
    found = SystemCards((H100,), "13.0", "580.65.06")
    monkeypatch.setattr(system_driver, "find_cards", lambda: found)


def use_cupy(monkeypatch: pytest.MonkeyPatch, build: int = 13020) -> None:
    import sys
    from types import SimpleNamespace

    use_fake_cupy(monkeypatch, FakeCard())
    cuda = sys.modules["cupy"].cuda  # type: ignore[attr-defined]
    cuda.nvrtc = SimpleNamespace(getVersion=lambda: (build // 1000, 5))
    cuda.driver.get_build_version = lambda: build


def test_a_card_that_can_be_used_is_listed(
    with_card: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_cupy(monkeypatch)
    found = pg.devices()
    assert found.missing == () and found.cards == (H100,)
    lines = str(found).splitlines()
    assert lines[0].startswith("processor   ") and f"{found.processor.threads} threads" in lines[0]
    assert lines[1] == (
        "card 0      H100, compute capability 9.0, 80.00 GiB, 132 multiprocessors, "
        "driver 580.65.06 (CUDA 13.0)"
    )
    assert lines[2].startswith("emulator    4 multiprocessors: ")
    assert lines[3].startswith("packages    cupy-cuda13x 14.2.0, NVRTC 13.5")


def test_what_is_missing_is_said_in_words(with_card: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(packages, "installed_wheels", tuple)
    (what,) = devices().missing
    assert "'cupy'" in what and "pip install 'pygenn-lite[cuda]'" in what
    assert f"missing     {what}" in str(devices())


def test_packages_newer_than_the_driver_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    use_cupy(monkeypatch)
    found = SystemCards((H100,), "12.4", "550.1")
    monkeypatch.setattr(system_driver, "find_cards", lambda: found)
    (what,) = devices().missing
    assert "supports CUDA 12.4, the installed packages are for CUDA 13" in what
    use_cupy(monkeypatch, build=12090)
    assert devices().missing == ()


def test_the_command_prints_the_list_or_json(monkeypatch: pytest.MonkeyPatch) -> None:
    use_cupy(monkeypatch)
    none = SystemCards(problem="there is no driver")
    monkeypatch.setattr(system_driver, "find_cards", lambda: none)
    shown = CliRunner().invoke(app, ["devices"])
    assert shown.exit_code == 0 and "missing     there is no driver\n" in shown.stdout
    told = json.loads(CliRunner().invoke(app, ["devices", "--json"]).stdout)
    assert told["missing"] == ["there is no driver"] and told["cards"] == []
    assert told["packages"]["NVRTC"] == "13.5" and told["processor"]["threads"] >= 1
    assert told["emulator"]["multiprocessors"] == 4


def test_a_machine_without_a_compiler_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    use_cupy(monkeypatch)
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert devices().processor.compiler == "" and "no compiler" in str(devices())


# ------------------------------------------------------------------ what "auto" may choose
def test_a_card_is_usable_where_cupy_and_a_card_are(
    with_card: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    use_cupy(monkeypatch)
    assert card_is_usable()
    monkeypatch.setattr(system_driver, "find_cards", SystemCards)
    assert not card_is_usable()
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(system_driver, "find_cards", lambda: SystemCards((H100,)))
    assert not card_is_usable()
    monkeypatch.delitem(sys.modules, "cupy")
    monkeypatch.setattr(drivers, "find_spec", lambda name: None)
    assert not card_is_usable() and "cupy" not in sys.modules


@pytest.mark.parametrize(
    ("wheel", "cuda", "capability", "usable"),
    [
        ("cupy-cuda13x", "13.0", 75, True),
        ("cupy-cuda13x", "12.9", 90, False),
        ("cupy-cuda12x", "13.0", 90, True),
        ("cupy", "12.4", 90, True),
        ("cupy-cuda12x", "12.4", 70, False),
    ],
)
def test_nobody_gets_a_card_unasked_that_would_be_refused(
    monkeypatch: pytest.MonkeyPatch, wheel: str, cuda: str, capability: int, usable: bool
) -> None:
    """Of an older driver, of an older card: the processor is there, too."""
    use_cupy(monkeypatch)
    monkeypatch.setattr(packages, "installed_wheels", lambda: (f"{wheel} 14.2.0",))
    card = dataclasses.replace(H100, compute_capability=capability)
    monkeypatch.setattr(system_driver, "find_cards", lambda: SystemCards((card,), cuda))
    assert card_is_usable() == usable
