"""The C ABI in ctypes: a mirror of templates/cpp/engine/abi.h, in its order. Nothing else.

``load_engine``, ``load_builder``, ``load_synapses`` and ``load_programs`` open the shared objects
that are the same for all networks, compare versions and give every function its types; calls
release the GIL while they run.
"""

from __future__ import annotations

import ctypes as c
from pathlib import Path
from typing import Any, ClassVar

from pygenn_lite.errors import CompileError, SimulationError

ABI_VERSION = 10

# kinds of distributions and rules, flags of stores
CONSTANT, UNIFORM, NORMAL, TRUNCATED_NORMAL, LOG_NORMAL, EXPONENTIAL, VALUES = range(7)
DISTRIBUTIONS = {  # by the kind of a NativeDistribution
    "uniform": UNIFORM,
    "normal": NORMAL,
    "truncated_normal": TRUNCATED_NORMAL,
    "log_normal": LOG_NORMAL,
    "exponential": EXPONENTIAL,
}
ALL_TO_ALL, ONE_TO_ONE, FIXED_PROBABILITY, FIXED_TOTAL, FIXED_IN, FIXED_OUT, EXPLICIT = range(7)
RULES = {  # by the kind of a NativeRule
    "all_to_all": ALL_TO_ALL,
    "one_to_one": ONE_TO_ONE,
    "fixed_probability": FIXED_PROBABILITY,
    "fixed_total": FIXED_TOTAL,
    "fixed_in": FIXED_IN,
    "fixed_out": FIXED_OUT,
}
STORE_WEIGHTS, STORE_TRANSPOSED, STORE_SOURCES, STORE_DELAYS = 1, 2, 4, 8
STORE_DENSE, STORE_PROCEDURAL, STORE_PADDED = 16, 32, 512
STORE_HALF, STORE_FIXED, STORE_TABLE = 64, 128, 256  # weights of 16 bits
# kinds of operations (pgl_op_kind)
OP_DELIVER, OP_ARRIVE, OP_FIRE, OP_SEND, OP_SAMPLE = range(5)
OP_NEURONS, OP_SPIKING_NEURONS, OP_SYNAPSES, OP_SPIKING_TARGETS = range(5, 9)
OP_REDUCE, OP_EXCHANGE, OP_GATHER, OP_SHARD, OP_ONCE = range(9, 14)
OP_COLLECT = 20
# kinds of reductions (pgl_reduction_kind)
REDUCTIONS = {"sum": 0, "mean": 1, "max": 2, "first": 3, "spikes": 4, "winners": 5}

Pointers = c.POINTER(c.c_void_p)


class Poisson(c.Structure):
    """pgl_poisson"""

    _fields_ = [
        ("kind", c.c_int32),
        ("stream", c.c_uint32),
        ("rate", c.c_double),
        ("rates", c.c_void_p),
        ("threshold", c.c_void_p),
        ("alias", c.c_void_p),
    ]


class Timed(c.Structure):
    """pgl_timed"""

    _fields_ = [
        ("rows", c.c_int64),
        ("begin", c.c_void_p),
        ("values", c.c_void_p),
        ("stride", c.c_int64),
    ]


class PopulationArgs(c.Structure):
    """pgl_population_args"""

    _fields_ = [
        ("arrays", c.c_void_p),
        ("scalars", c.c_void_p),
        ("poisson", c.c_void_p),
        ("timed", c.c_void_p),
        ("count", c.c_uint32),
        ("first", c.c_uint32),
        ("seed", c.c_uint64),
        ("stream", c.c_uint32),
        ("n_arrays", c.c_uint32),
        ("dt", c.c_double),
    ]


class Sum(c.Structure):
    """pgl_sum"""

    _fields_ = [
        ("begin", c.c_uint32),
        ("count", c.c_uint32),
        ("population", c.c_uint32),
        ("first", c.c_uint32),
    ]


class Sums(c.Structure):
    """pgl_sums"""

    _fields_ = [
        ("sums", c.c_void_p),
        ("per_unit", c.c_void_p),
        ("of", c.c_void_p),
        ("n", c.c_int64),
        ("arena", c.c_void_p),
    ]


class Fault(c.Structure):
    """pgl_fault"""

    _fields_ = [
        ("set", c.c_int32),
        ("variable", c.c_int32),
        ("population", c.c_uint32),
        ("neuron", c.c_uint32),
        ("step", c.c_int64),
    ]


class Repeats(c.Structure):
    """pgl_repeats"""

    _fields_ = [("n", c.c_uint64), ("step", c.c_void_p), ("source", c.c_void_p)]


class Ring(c.Structure):
    """pgl_ring"""

    _fields_ = [
        ("base", c.c_void_p),
        ("stride", c.c_uint64),
        ("mask", c.c_uint64),
        ("repeats", c.c_void_p),
        ("repeated", c.c_void_p),
    ]


class SynapseArgs(c.Structure):
    """pgl_synapse_args"""

    _fields_ = [
        ("synapse", c.c_void_p),
        ("post", c.c_void_p),
        ("pre", c.c_void_p),
        ("scalars", c.c_void_p),
        ("target", c.c_void_p),
        ("delay", c.c_void_p),
        ("source", c.c_void_p),
        ("post_begin", c.c_void_p),
        ("post_position", c.c_void_p),
        ("post_source", c.c_void_p),
        ("common_delay", c.c_uint32),
        ("first", c.c_uint32),
        ("n_synapses", c.c_uint32),
        ("wide_target", c.c_int32),
        ("dt", c.c_double),
        ("row_begin", c.c_void_p),
        ("present", c.c_void_p),
        ("scratch", c.c_void_p),
        ("n_source", c.c_uint32),
        ("columns", c.c_uint32),
        ("sets", c.c_uint32),
        ("of_shards", c.c_uint32),
        ("of", c.c_void_p),
        ("of_begin", c.c_void_p),
        ("factor", c.c_double),
    ]


class Op(c.Structure):
    """pgl_op"""

    _fields_ = [
        ("kind", c.c_int32),
        ("index", c.c_uint32),
        ("every", c.c_uint32),
        ("offset", c.c_uint32),
        ("function", c.c_void_p),
        ("args", c.c_void_p),
    ]


class Reduction(c.Structure):
    """pgl_reduction"""

    _fields_ = [
        ("how", c.c_int32),
        ("add", c.c_int32),
        ("begin", c.c_uint32),
        ("end", c.c_uint32),
        ("values", c.c_void_p),
        ("value", c.c_void_p),
        ("index", c.c_void_p),
        ("winners", c.c_uint32),
        ("radius", c.c_int32),
        ("channels", c.c_uint32),
        ("height", c.c_uint32),
        ("width", c.c_uint32),
        ("least", c.c_double),
        ("mask", c.c_void_p),
    ]


class Gather(c.Structure):
    """pgl_gather"""

    _fields_ = [
        ("general", c.c_int32),
        ("factor", c.c_int32),
        ("scale", c.c_double),
        ("values", c.c_void_p),
        ("back", c.c_void_p),
        ("gradient_of", c.c_void_p),
        ("gradient", c.c_void_p),
        ("again", c.c_void_p),
        ("of_all", c.c_int32),
        ("reserved", c.c_int32),
    ]


class Once(c.Structure):
    """pgl_once"""

    _fields_ = [("arrays", c.c_void_p), ("dt", c.c_double)]


class Tape(c.Structure):
    """pgl_tape"""

    _fields_ = [
        ("room", c.c_uint64),
        ("n", c.c_uint32),
        ("reserved", c.c_uint32),
        ("values", c.c_void_p),
        ("back", c.c_void_p),
    ]


class Walking(c.Structure):
    """pgl_walking"""

    _fields_ = [
        ("engine", c.c_void_p),
        ("gathers", c.c_void_p),
        ("ops", c.c_void_p),
        ("n", c.c_int64),
    ]


class Kept(c.Structure):
    """pgl_kept"""

    _fields_ = [
        ("n", c.c_uint32),
        ("real_bytes", c.c_uint32),
        ("every", c.c_uint32),
        ("slots", c.c_uint32),
        ("shards", c.c_uint32),
        ("reserved", c.c_uint32),
        ("counts", c.c_void_p),
        ("arrays", c.c_void_p),
        ("room", c.c_void_p),
    ]


class Distribution(c.Structure):
    """pgl_distribution"""

    _fields_ = [
        ("kind", c.c_int32),
        ("a", c.c_double),
        ("b", c.c_double),
        ("low", c.c_double),
        ("high", c.c_double),
        ("factor", c.c_double),
        ("offset", c.c_double),
        ("affine", c.c_int32),
        ("values", c.c_void_p),
    ]


class Rule(c.Structure):
    """pgl_rule"""

    _fields_ = [
        ("kind", c.c_int32),
        ("autapses", c.c_int32),
        ("multapses", c.c_int32),
        ("same_population", c.c_int32),
        ("p", c.c_double),
        ("n", c.c_int64),
        ("row_begin", c.c_void_p),
        ("targets", c.c_void_p),
    ]


class Group(c.Structure):
    """pgl_group"""

    _fields_ = [
        ("stream", c.c_uint32),
        ("n_target", c.c_uint32),
        ("rule", Rule),
        ("weight", Distribution),
        ("delay", Distribution),
        ("shard_begin", c.c_void_p),
        ("weight_table", c.c_void_p),
        ("weight_table_size", c.c_uint64),
        ("arena_offset", c.c_void_p),
    ]


class StoreView(c.Structure):
    """pgl_store_view"""

    _fields_ = [
        ("weight", c.c_void_p),
        ("target", c.c_void_p),
        ("delay", c.c_void_p),
        ("source", c.c_void_p),
        ("post_begin", c.c_void_p),
        ("post_position", c.c_void_p),
        ("post_source", c.c_void_p),
        ("n_synapses", c.c_uint32),
        ("wide_target", c.c_int32),
        ("row_begin", c.c_void_p),
    ]


ProgressFunction = c.CFUNCTYPE(c.c_int32, c.c_int64, c.c_int64, c.c_void_p)

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
    "pgl_record_spikes": (_I32, (_V, _U32, _U32, _U32, _U32)),
    "pgl_record_variable": (_I32, (_V, _U32, Pointers, _V, _U32, _U32)),
    "pgl_spikes_count": (_I64, (_V, _I32)),
    "pgl_spikes_drain": (_I32, (_V, _I32, _V, _V)),
    "pgl_samples_count": (_I64, (_V, _I32)),
    "pgl_samples_drain": (_I32, (_V, _I32, _V, _V)),
    "pgl_total_spikes": (_I32, (_V, _V)),
    "pgl_spike_totals": (_I32, (_V, _U32, _V)),
    "pgl_spike_totals_import": (_I32, (_V, _U32, _V)),
    "pgl_run": (_I64, (_V, _I64)),
    "pgl_stop": (None, (_V,)),
    "pgl_step_get": (_I64, (_V,)),
    "pgl_step_set": (None, (_V, _I64)),
    "pgl_fault_get": (_I32, (_V, c.POINTER(Fault))),
    "pgl_tape_start": (_I32, (_V, Pointers)),
    "pgl_tape_count": (_I64, (_V, _U32)),
    "pgl_engine_error": (c.c_char_p, (_V,)),
    "pgl_pool_create": (_V, (_U32,)),
    "pgl_pool_destroy": (None, (_V,)),
    "pgl_pool_run": (_I32, (_V, Pointers, _I64, _I64, c.POINTER(_I64))),
    "pgl_pool_stop": (None, (_V,)),
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
PROGRAM_FUNCTIONS: Functions = {
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

    functions: ClassVar[Functions] = {}

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

    functions: ClassVar[Functions] = ENGINE_FUNCTIONS


class Synapses(_Library):
    """Hands synapses to engines, with what their steps do with them."""

    functions: ClassVar[Functions] = SYNAPSE_FUNCTIONS


class Builder(_Library):
    """The builder: makes the stores of synapses that the engine walks."""

    functions: ClassVar[Functions] = BUILDER_FUNCTIONS


class Programs(_Library):
    """What extensions need beside the engine: schedules that run backwards, or once."""

    functions: ClassVar[Functions] = PROGRAM_FUNCTIONS


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


def load_engine(path: Path) -> Engine:
    """Open the engine and make sure that it speaks this ABI."""
    return Engine(_load_checked(path, "engine"))


def load_builder(path: Path) -> Builder:
    """Open the builder and make sure that it speaks this ABI."""
    return Builder(_load_checked(path, "builder"))


def load_synapses(path: Path) -> Synapses:
    """Open what engines do with synapses and make sure that it speaks this ABI."""
    return Synapses(_load_checked(path, "part for synapses"))


def load_programs(path: Path) -> Programs:
    """Open the programs and make sure that they speak this ABI."""
    return Programs(_load_checked(path, "programs"))


def _load_checked(path: Path, what: str) -> c.CDLL:
    library = load_library(path)
    version = int(library.pgl_abi_version())
    if version != ABI_VERSION:
        raise CompileError(
            f"the compiled {what} {path} speaks version {version} of the C ABI, this "
            f"pygenn_lite speaks {ABI_VERSION}",
            hint="run 'pygenn-lite cache --clear', then try again",
        )
    return library


def address_of(value: Any) -> int:
    """Address of a ctypes object."""
    return c.addressof(value)


def symbol_address(library: c.CDLL, name: str | None) -> int | None:
    """Address of a function in a shared object (None stays None)."""
    if name is None:
        return None
    return c.cast(getattr(library, name), c.c_void_p).value
