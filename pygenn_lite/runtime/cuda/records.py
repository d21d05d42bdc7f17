"""Records that kernels on a card are given, in ctypes: the structs of templates/cuda/records.hpp
and templates/common/records.h, in their order. Pointers are addresses on the card, as numbers."""

from __future__ import annotations

import ctypes as c
from typing import Any

import numpy as np

# kinds of operations: pgl_op_kind of templates/cpp/engine/abi.h, and those that only a card has
OP_DELIVER, OP_ARRIVE, OP_FIRE, OP_SEND, OP_SAMPLE = range(5)
OP_NEURONS, OP_SPIKING_NEURONS, OP_SYNAPSES, OP_SPIKING_TARGETS = range(5, 9)
OP_REDUCE, OP_EXCHANGE = 9, 10
OP_ONCE, OP_COLLECT = 13, 20
OP_FOLD, OP_SORT, OP_TRAIN, OP_ADVANCE, OP_FINISH, OP_TRACE = range(32, 38)
REDUCTIONS = {"sum": 0, "mean": 1, "max": 2, "first": 3, "spikes": 4, "winners": 5}
NO_FUNCTION = 0xFFFFFFFF
NO_FAULT = 0xFFFFFFFFFFFFFFFF

Address = c.c_uint64


class Poisson(c.Structure):
    """pgl_poisson"""

    _fields_ = [
        ("kind", c.c_int32),
        ("stream", c.c_uint32),
        ("rate", c.c_double),
        ("rates", Address),
        ("threshold", Address),
        ("alias", Address),
    ]


class Timed(c.Structure):
    """pgl_timed"""

    _fields_ = [
        ("rows", c.c_int64),
        ("begin", Address),
        ("values", Address),
        ("stride", c.c_int64),
    ]


class Repeats(c.Structure):
    """pgl_repeats"""

    _fields_ = [("n", c.c_uint64), ("step", Address), ("source", Address)]


class Past(c.Structure):
    """pgl_past"""

    _fields_ = [
        ("state", Address),
        ("base", Address),
        ("stride", c.c_uint64),
        ("mask", c.c_uint64),
        ("repeats", Address),
        ("repeated", Address),
    ]


class Inbox(c.Structure):
    """pgl_inbox"""

    _fields_ = [
        ("variable", Address),
        ("later", Address),
        ("now", Address),
        ("mask", c.c_uint64),
        ("per_unit", c.c_double),
        ("largest", c.c_int64),
        ("number", c.c_int32),
        ("reserved", c.c_uint32),
    ]


class Population(c.Structure):
    """pgl_population"""

    _fields_ = [
        ("arrays", Address),
        ("scalars", Address),
        ("poisson", Address),
        ("timed", Address),
        ("seed", c.c_uint64),
        ("dt", c.c_double),
        ("count", c.c_uint32),
        ("stream", c.c_uint32),
        ("spikes", Address),
        ("spike_counts", Address),
        ("slots_mask", c.c_uint32),
        ("room", c.c_uint32),
        ("train_steps", Address),
        ("train_neurons", Address),
        ("train_size", c.c_uint64),
        ("has_train", c.c_int32),
        ("number", c.c_uint32),
        ("totals", Address),
        ("total", Address),
        ("past", Address),
        ("inboxes", Address),
        ("n_past", c.c_uint32),
        ("n_inboxes", c.c_uint32),
        ("marks", Address),
        ("train_next", Address),
    ]


class Synapses(c.Structure):
    """pgl_synapses"""

    _fields_ = [
        ("variables", Address),
        ("post", Address),
        ("pre", Address),
        ("inboxes", Address),
        ("scalars", Address),
        ("source", Address),
        ("target", Address),
        ("row_begin", Address),
        ("targets", Address),
        ("delays", Address),
        ("sources", Address),
        ("present", Address),
        ("post_begin", Address),
        ("post_position", Address),
        ("post_source", Address),
        ("codes", Address),
        ("table", Address),
        ("drawn", Address),
        ("scratch", Address),
        ("common_weight", c.c_double),
        ("code_scale", c.c_double),
        ("code_kind", c.c_int32),
        ("common_delay", c.c_uint32),
        ("min_delay", c.c_uint32),
        ("max_delay", c.c_uint32),
        ("n_source", c.c_uint32),
        ("n_target", c.c_uint32),
        ("n_synapses", c.c_uint32),
        ("columns", c.c_uint32),
        ("lead", c.c_int32),
        ("sets", c.c_uint32),
        ("dt", c.c_double),
        ("transpose_of", Address),
        ("factor", c.c_double),
        ("skips_itself", c.c_int32),
        ("reserved", c.c_uint32),
    ]


class Sampler(c.Structure):
    """pgl_sampler"""

    _fields_ = [
        ("variable", Address),
        ("indices", Address),
        ("out", Address),
        ("rows", c.c_uint64),
        ("n", c.c_uint32),
        ("every", c.c_uint32),
    ]


class SpikeLog(c.Structure):
    """pgl_spike_log"""

    _fields_ = [
        ("population", c.c_uint32),
        ("begin", c.c_uint32),
        ("end", c.c_uint32),
        ("stride", c.c_uint32),
        ("room", c.c_uint64),
        ("entries", Address),
        ("size", Address),
    ]


class CardReduction(c.Structure):
    """pgl_card_reduction"""

    _fields_ = [
        ("how", c.c_int32),
        ("add", c.c_int32),
        ("begin", c.c_uint32),
        ("end", c.c_uint32),
        ("values", Address),
        ("value", Address),
        ("index", Address),
        ("scratch", Address),
        ("mask", Address),
        ("least", c.c_double),
        ("winners", c.c_uint32),
        ("radius", c.c_int32),
        ("channels", c.c_uint32),
        ("height", c.c_uint32),
        ("width", c.c_uint32),
        ("reserved", c.c_uint32),
    ]


class Instance(c.Structure):
    """pgl_instance"""

    _fields_ = [
        ("populations", Address),
        ("groups", Address),
        ("samplers", Address),
        ("logs", Address),
        ("n_populations", c.c_uint32),
        ("n_groups", c.c_uint32),
        ("n_samplers", c.c_uint32),
        ("n_logs", c.c_uint32),
        ("fault", Address),
        ("fault_step", Address),
        ("halted", Address),
    ]


class CardOp(c.Structure):
    """pgl_card_op"""

    _fields_ = [
        ("kind", c.c_int32),
        ("index", c.c_uint32),
        ("every", c.c_uint32),
        ("offset", c.c_uint32),
        ("function", c.c_uint32),
        ("ahead", c.c_uint32),
        ("args", Address),
    ]


class Card(c.Structure):
    """pgl_card"""

    _fields_ = [
        ("instances", Address),
        ("ops", Address),
        ("n_instances", c.c_uint32),
        ("n_ops", c.c_uint32),
        ("step", Address),
        ("paused", Address),
    ]


class Launch(c.Structure):
    """pgl_launch"""

    _fields_ = [("card", Address), ("first", c.c_uint32), ("count", c.c_uint32)]


class Restoring(c.Structure):
    """pgl_restoring"""

    _fields_ = [
        ("card", Address),
        ("first", c.c_uint32),
        ("count", c.c_uint32),
        ("sent", c.c_int64),
        ("now", c.c_int64),
    ]


class Sizes(c.Structure):
    """pgl_sizes"""

    _fields_ = [("values", Address), ("n", c.c_uint64), ("largest", Address)]


class Walk(c.Structure):
    """pgl_walk"""

    _fields_ = [
        ("card", Address),
        ("granted", Address),
        ("orders", Address),
        ("asked", c.c_int64),
    ]


ALL: dict[str, type[c.Structure]] = {
    "pgl_poisson": Poisson,
    "pgl_timed": Timed,
    "pgl_repeats": Repeats,
    "pgl_past": Past,
    "pgl_inbox": Inbox,
    "pgl_population": Population,
    "pgl_synapses": Synapses,
    "pgl_sampler": Sampler,
    "pgl_spike_log": SpikeLog,
    "pgl_card_reduction": CardReduction,
    "pgl_instance": Instance,
    "pgl_card_op": CardOp,
    "pgl_card": Card,
    "pgl_launch": Launch,
    "pgl_restoring": Restoring,
    "pgl_sizes": Sizes,
}
"""By their names in C++."""


def dtype_of(record: type[c.Structure]) -> np.dtype[Any]:
    """The same as a structured type of arrays."""
    return np.dtype(record)


def row_of(record: c.Structure) -> Any:
    """The same as an entry of such an array."""
    return np.frombuffer(bytes(record), dtype_of(type(record)))[0]
