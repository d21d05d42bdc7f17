"""Opens the shared objects that are the same for all networks, compares versions, and gives every
function of the C ABI its types; calls release the GIL while they run."""

from __future__ import annotations

import ctypes as c
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pygenn_lite.errors import CompileError, SimulationError
from pygenn_lite.runtime.cpp.abi import (
    ABI_VERSION,
    Fault,
    Group,
    Op,
    Pointers,
    PopulationArgs,
    StoreView,
    Sums,
    SynapseArgs,
    Walking,
)

_V, _U32, _I32, _I64, _U64, _F64 = (
    c.c_void_p,
    c.c_uint32,
    c.c_int32,
    c.c_int64,
    c.c_uint64,
    c.c_double,
)
_GROUP = c.POINTER(Group)

# name: (result, arguments)
Functions = dict[str, tuple[Any, tuple[Any, ...]]]
COMMON_FUNCTIONS: Functions = {
    "pgl_abi_version": (_I32, ()),
    "pgl_last_error": (c.c_char_p, ()),
}
ENGINE_FUNCTIONS: Functions = {
    "pgl_engine_create": (_V, (_U32, _U32, _U32, _U32, _I32)),
    "pgl_engine_destroy": (None, (_V,)),
    "pgl_population_add": (_I32, (_V, _U32, _V, _V, _V, c.POINTER(PopulationArgs))),
    "pgl_source_set": (_I32, (_V, _U32, _I64, _V, _V)),
    "pgl_expose_add": (_I32, (_V, _U32, _V, _V, _U64, _U64, _V, _V)),
    "pgl_schedule_set": (_I32, (_V, c.POINTER(Op), _I64)),
    "pgl_schedule_create": (_V, (_V, c.POINTER(Op), _I64)),
    "pgl_schedule_destroy": (None, (_V,)),
    "pgl_schedule_use": (_I32, (_V, _V)),
    "pgl_record_spikes": (_I32, (_V, _U32, _U32, _U32, _U32)),
    "pgl_record_variable": (_I32, (_V, _U32, Pointers, _V, _U32, _U32)),
    "pgl_spikes_count": (_I64, (_V, _I32)),
    "pgl_spikes_drain": (_I32, (_V, _I32, _V, _V)),
    "pgl_samples_count": (_I64, (_V, _I32)),
    "pgl_samples_drain": (_I32, (_V, _I32, _V, _V)),
    "pgl_total_spikes": (_I32, (_V, _V)),
    "pgl_totals_of": (_I32, (Pointers, _I64, _V)),
    "pgl_spike_totals": (_I32, (_V, _U32, _V)),
    "pgl_spike_totals_import": (_I32, (_V, _U32, _V)),
    "pgl_run": (_I64, (_V, _I64)),
    "pgl_try_run": (_I64, (_V, _I64)),
    "pgl_stop": (None, (_V,)),
    "pgl_step_get": (_I64, (_V,)),
    "pgl_step_set": (None, (_V, _I64)),
    "pgl_fault_get": (_I32, (_V, c.POINTER(Fault))),
    "pgl_faults_of": (None, (Pointers, _I64, _V)),
    "pgl_tape_start": (_I32, (_V, Pointers)),
    "pgl_tape_count": (_I64, (_V, _U32)),
    "pgl_engine_error": (c.c_char_p, (_V,)),
    "pgl_inflight_count": (_I64, (_V, _U32)),
    "pgl_inflight_export": (_I32, (_V, _U32, _V, _V)),
    "pgl_inflight_import": (_I32, (_V, _U32, _I64, _V, _V)),
}
SYNAPSE_FUNCTIONS: Functions = {
    "pgl_sums_set": (_I32, (_V, c.POINTER(Sums))),
    "pgl_static_add": (_I32, (_V, _U32, _V, Pointers, _I32)),
    "pgl_static_weights_set": (_I32, (_V, _U32, Pointers, c.POINTER(_F64))),
    "pgl_synapse_add": (_I32, (_V, _U32, _U32, _V, _V, c.POINTER(SynapseArgs), _I32)),
}
BUILDER_FUNCTIONS: Functions = {
    "pgl_store_build": (
        _V,
        (_U32, _U32, _U32, _GROUP, _U32, _F64, _U32, _U64, _U32, _I32, _V, _V),
    ),
    "pgl_store_destroy": (None, (_V,)),
    "pgl_delay_maximum": (_I64, (_U32, _GROUP, _F64, _U64, _U32)),
    "pgl_store_group_size": (_I64, (_V, _U32)),
    "pgl_store_bytes": (_U64, (_V,)),
    "pgl_store_read": (_I32, (_V, _U32, _V, _V, _V, _V)),
    "pgl_store_write_weights": (_I32, (_V, _U32, _V)),
    "pgl_store_rounding": (_I32, (_V, c.POINTER(_F64), c.POINTER(_F64))),
    "pgl_store_read_places": (_I32, (_V, _U32, _V)),
    "pgl_store_write_table": (_I32, (_V, _V, _U64)),
    "pgl_store_set_common_weight": (_I32, (_V, _F64)),
    "pgl_store_positions": (_I32, (_V, _U32, _V, _V)),
    "pgl_store_shard": (_I32, (_V, _U32, c.POINTER(StoreView))),
}
CODED_FUNCTIONS: Functions = {
    "pgl_store_deliver_coded": (None, (_V,)),
}
POOL_FUNCTIONS: Functions = {
    "pgl_pool_create": (_V, (_U32,)),
    "pgl_pool_destroy": (None, (_V,)),
    "pgl_pool_run": (_I32, (_V, _V, Pointers, _I64, _I64, c.POINTER(_I64))),
    "pgl_pool_stop": (None, (_V,)),
}
PROGRAM_FUNCTIONS: Functions = {
    "pgl_reductions_set": (None, (_V,)),
    "pgl_gathers_create": (_V, ()),
    "pgl_gathers_destroy": (None, (_V,)),
    "pgl_gathers_clear": (None, (_V,)),
    "pgl_walk": (_I32, (_V, _V, c.POINTER(Op), _I64, _I64, _I64, _I32)),
    "pgl_pool_walk": (_I32, (_V, c.POINTER(Walking), _I64, _I64, _I64, _I32, c.POINTER(_I32))),
    "pgl_keep": (None, (_V, _U32, _I64)),
    "pgl_recall": (None, (_V, _U32, _I64)),
}


class _Library:
    """Typed functions of a shared object; ``check`` turns a refusal into an exception."""

    part: ClassVar[str]
    functions: ClassVar[Functions]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Open it and make sure that it speaks this ABI."""
        library = load_library(path)
        version = int(library.pgl_abi_version())
        if version != ABI_VERSION:
            raise CompileError(
                f"the compiled {cls.part} {path} speaks version {version} of the C ABI, this "
                f"pygenn_lite speaks {ABI_VERSION}",
                hint="run 'pygenn-lite cache --clear', then try again",
            )
        return cls(library)

    @classmethod
    def load_from(cls, parts: Mapping[str, Path]) -> Self | None:
        """Open it if it is among the parts that a network needs."""
        return cls.load(parts[cls.part]) if cls.part in parts else None

    def __init__(self, library: c.CDLL) -> None:
        self.library = library
        for name, (result, arguments) in {**COMMON_FUNCTIONS, **self.functions}.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = arguments

    def __getattr__(self, name: str) -> Any:
        return getattr(self.library, f"pgl_{name}")

    def last_error(self) -> str:
        """Message of the last call that failed on this thread."""
        message = self.library.pgl_last_error()
        return message.decode(errors="replace") if message else "no message"

    def check(self, result: int | None, what: str) -> int:
        """``result`` of a call, unless it says failure."""
        if result is None or result < 0:
            raise SimulationError(f"{what}: {self.last_error()}")
        return result

    def call(self, name: str, *arguments: Any) -> int:
        """What the function of this name gives; an exception where it says failure."""
        return self.check(getattr(self, name)(*arguments), name.replace("_", " "))


class Engine(_Library):
    """The engine: the run loop and recording."""

    part = "engine"
    functions = ENGINE_FUNCTIONS


class Synapses(_Library):
    """Hands synapses to engines, with what their steps do with them."""

    part = "synapses"
    functions = SYNAPSE_FUNCTIONS


class Builder(_Library):
    """The builder: makes the stores of synapses that the engine walks."""

    part = "builder"
    functions = BUILDER_FUNCTIONS


class CodedDelivery(_Library):
    """Delivers weights of 16 bits, and sums in whole numbers."""

    part = "coded_delivery"
    functions = CODED_FUNCTIONS


class Pool(_Library):
    """Threads over which engines are spread."""

    part = "pool"
    functions = POOL_FUNCTIONS


class Programs(_Library):
    """What extensions need beside the engine: schedules that run backwards, or once."""

    part = "programs"
    functions = PROGRAM_FUNCTIONS


def load_library(path: Path) -> c.CDLL:
    """Open a shared object of ours."""
    try:
        return c.CDLL(str(path))
    except OSError as error:
        hint = "run 'pygenn-lite cache --clear', then try again"
        if "failed to map" in str(error) or "Operation not permitted" in str(error):
            hint = (
                "programs may not run from there (a file system mounted noexec?): set "
                "PYGENN_LITE_CACHE to a directory from which they may"
            )
        elif "undefined symbol" in str(error):  # of the C++ library, which a C compiler leaves out
            hint = "if CXX names a C compiler, let it name the C++ one: g++, not gcc; else " + hint
        raise CompileError(
            f"the compiled code {path} cannot be loaded: {error}", hint=hint
        ) from error


def symbol_address(library: c.CDLL, name: str | None) -> int | None:
    """Address of a function in a shared object (None stays None)."""
    if name is None:
        return None
    return c.cast(getattr(library, name), c.c_void_p).value
