"""The C ABI in ctypes: constants and structs of templates/cpp/engine/abi.h, in its order. Its
functions are those of `shared_objects`."""

from __future__ import annotations

import ctypes as c
from typing import Any

ABI_VERSION = 11

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
        ("weighted", c.c_int32),
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


def address_of(value: Any) -> int:
    """Address of a ctypes object."""
    return c.addressof(value)
