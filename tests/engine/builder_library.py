"""Compiles the builder and the common headers alone, and drives them through ctypes."""

from __future__ import annotations

import ctypes as c
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from pygenn_lite.runtime.cpp import abi, shared_objects

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "pygenn_lite" / "templates"
FLAGS = ["-std=c++20", "-march=native", "-ffp-contract=off", "-fno-math-errno"]
FLAGS += ["-fno-trapping-math", "-Wall", "-Wextra", f"-I{TEMPLATES}"]


def compiler() -> list[str]:
    found = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if found is None:
        pytest.skip("no C++ compiler on this machine")
    return found.split()


def run_compiler(arguments: list[str]) -> str:
    done = subprocess.run(
        [*compiler(), *FLAGS, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def builder(made_once: Callable[[str, Callable[[Path], Any]], Path]) -> c.CDLL:
    source = str(HERE / "builder.cpp")
    out = made_once(
        "builder.so",
        lambda to: run_compiler(["-O1", "-fPIC", "-shared", "-pthread", source, "-o", str(to)]),
    )
    library = c.CDLL(str(out))
    return shared_objects.Builder(library).library


def agreement(observed: np.ndarray, expected: np.ndarray) -> float:
    """p value of a chi-square test.

    (`scipy.stats.chisquare` also wants the sums to be equal to many digits, which tails cut off
    are not; it can be told not to only since SciPy 1.16.)
    """
    expected = np.maximum(expected, 1e-9)
    statistic = np.sum((observed - expected) ** 2 / expected)
    return float(stats.chi2.sf(statistic, len(observed) - 1))


def address(array: np.ndarray) -> c.c_void_p:
    return c.c_void_p(array.ctypes.data)


def bounds_of(size: int, shards: int) -> np.ndarray:
    blocks = -(-size // 64)
    ends = [min(size, 64 * (blocks * s // shards)) for s in range(shards)] + [size]
    return np.array(ends, np.uint32)


def constant(value: float) -> dict[str, Any]:
    return {"kind": abi.CONSTANT, "a": value}


def normal(mean: float, sd: float) -> dict[str, Any]:
    return {"kind": abi.NORMAL, "a": mean, "b": sd}


def truncated(mean: float, sd: float, low: float = -np.inf, high: float = np.inf) -> dict[str, Any]:
    return {"kind": abi.TRUNCATED_NORMAL, "a": mean, "b": sd, "low": low, "high": high}


def values(array: np.ndarray) -> dict[str, Any]:
    return {"kind": abi.VALUES, "values": np.ascontiguousarray(array, np.float64)}


def rule(kind: int, *, autapses: bool = True, multapses: bool = True, same: bool = False,
         p: float = 0.0, n: int = 0) -> dict[str, Any]:  # fmt: skip
    return {"kind": kind, "autapses": autapses, "multapses": multapses,
            "same_population": same, "p": p, "n": n}  # fmt: skip


def explicit(pre: np.ndarray, post: np.ndarray, n_source: int) -> dict[str, Any]:
    order = np.argsort(pre, kind="stable")
    begin = np.searchsorted(np.asarray(pre)[order], np.arange(n_source + 1)).astype(np.int64)
    targets = np.ascontiguousarray(np.asarray(post)[order], np.uint32)
    return {"kind": abi.EXPLICIT, "row_begin": begin, "targets": targets}


@dataclass
class Spec:
    """One group; the defaults make a dull one."""

    n_target: int
    rule: dict[str, Any]
    weight: dict[str, Any] = field(default_factory=lambda: constant(1.0))
    delay: dict[str, Any] = field(default_factory=lambda: constant(1.0))
    stream: int = 7
    offset: int = 0  # of the arena, in every shard


class Groups:
    """The C form of some groups, kept alive."""

    def __init__(self, specs: list[Spec], shards: int) -> None:
        self.alive: list[np.ndarray] = []
        self.array = (abi.Group * len(specs))()
        for group, spec in zip(self.array, specs, strict=True):
            group.stream, group.n_target = spec.stream, spec.n_target
            for part, given in (
                (group.rule, spec.rule), (group.weight, spec.weight), (group.delay, spec.delay)
            ):  # fmt: skip
                for name, value in given.items():
                    setattr(
                        part, name, self.keep(value) if isinstance(value, np.ndarray) else value
                    )
            group.shard_begin = self.keep(bounds_of(spec.n_target, shards))
            group.arena_offset = self.keep(np.full(shards, spec.offset, np.uint32))

    def keep(self, array: np.ndarray) -> int:
        self.alive.append(array)
        return array.ctypes.data


class Store:
    """A built store; `read` gives pre, post, delay in steps, weight."""

    def __init__(self, library: c.CDLL, n_source: int, specs: list[Spec], *,
                 flags: int = abi.STORE_WEIGHTS, shards: int = 2, threads: int = 2, dt: float = 0.1,
                 max_delay: int = 1000, seed: int = 12345, real_bytes: int = 8,
                 progress: Any = None) -> None:  # fmt: skip
        self.library, self.shards, self.real_bytes = library, shards, real_bytes
        groups = Groups(specs, shards)
        self.pointer = library.pgl_store_build(
            n_source, shards, len(specs), groups.array, flags, dt, max_delay, seed, threads,
            real_bytes, progress, None,
        )  # fmt: skip
        if not self.pointer:
            raise ValueError(library.pgl_last_error().decode())

    def __del__(self) -> None:
        if self.pointer:
            self.library.pgl_store_destroy(self.pointer)

    def size(self, group: int = 0) -> int:
        return int(self.library.pgl_store_group_size(self.pointer, group))

    def read(self, group: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        n = self.size(group)
        out = (np.empty(n, np.uint32), np.empty(n, np.uint32), np.empty(n, np.uint16), np.empty(n))
        code = self.library.pgl_store_read(self.pointer, group, *(address(part) for part in out))
        assert code == 0, self.library.pgl_last_error()
        return out

    def positions(self, group: int = 0) -> tuple[np.ndarray, np.ndarray]:
        n = self.size(group)
        out = (np.empty(n, np.uint32), np.empty(n, np.uint32))
        code = self.library.pgl_store_positions(self.pointer, group, *(address(p) for p in out))
        assert code == 0, self.library.pgl_last_error()
        return out

    def shard(self, index: int) -> abi.StoreView:
        view = abi.StoreView()
        assert self.library.pgl_store_shard(self.pointer, index, c.byref(view)) == 0
        return view

    def array(self, index: int, name: str, dtype: Any, n: int) -> np.ndarray:
        where = getattr(self.shard(index), name)
        if n == 0:
            return np.empty(0, dtype)
        assert where, f"shard {index} has no {name}"
        return np.frombuffer((c.c_char * (n * np.dtype(dtype).itemsize)).from_address(where), dtype)
