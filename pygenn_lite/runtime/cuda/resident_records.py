"""Records that kernels of the plan "resident" are given, in ctypes: the structs of
templates/cuda/resident, in their order."""

from __future__ import annotations

import ctypes as c

Address = c.c_uint64
MOST_RECEPTORS = 4


class Population(c.Structure):
    """pgl_resident_population"""

    _fields_ = [
        ("start", c.c_uint32),
        ("size", c.c_uint32),
        ("kernels", c.c_uint32),
        ("inbox", c.c_int32 * MOST_RECEPTORS),
        ("reserved", c.c_uint32),
    ]


class Sampler(c.Structure):
    """pgl_resident_sampler"""

    _fields_ = [
        ("population", c.c_uint32),
        ("variable", c.c_uint32),
        ("every", c.c_uint32),
        ("n", c.c_uint32),
        ("rows", c.c_uint64),
        ("places", Address),
        ("out", Address),
    ]


class End(c.Structure):
    """pgl_resident_end"""

    _fields_ = [
        ("done", c.c_int64),
        ("fault_step", c.c_int64),
        ("fault", c.c_uint64),
        ("spikes", c.c_uint32),
        ("heard", c.c_uint32),
    ]


class Run(c.Structure):
    """pgl_resident"""

    _fields_ = [
        ("card", Address),
        ("instance", Address),
        ("populations", Address),
        ("samplers", Address),
        ("heads", Address),
        ("tails_at", Address),
        ("tails", Address),
        ("messages", Address),
        ("spilled", Address),
        ("log", Address),
        ("ends", Address),
        ("first", c.c_int64),
        ("steps", c.c_uint32),
        ("tag", c.c_uint32),
        ("n_populations", c.c_uint32),
        ("n_samplers", c.c_uint32),
        ("places", c.c_uint32),
        ("numbers", c.c_uint32),
        ("columns", c.c_uint32),
        ("slots_mask", c.c_uint32),
        ("log_room", c.c_uint32),
        ("sample_every", c.c_uint32),
        ("weight_shift", c.c_uint32),
        ("reserved", c.c_uint32),
    ]


class Unpacking(c.Structure):
    """pgl_unpacking"""

    _fields_ = [
        ("run", Run),
        ("last", c.c_int64),
        ("blocks", c.c_uint32),
        ("reserved", c.c_uint32),
    ]


class Group(c.Structure):
    """pgl_resident_group"""

    _fields_ = [("group", Address), ("target_start", c.c_uint32), ("receptor", c.c_uint32)]


class Found(c.Structure):
    """pgl_slicing_found"""

    _fields_ = [
        ("tail_units", c.c_uint64),
        ("next_unit", c.c_uint64),
        ("bits", c.c_uint32),
        ("largest", c.c_uint32),
    ]


class Slicing(c.Structure):
    """pgl_slicing"""

    _fields_ = [
        ("groups", Address),
        ("found", Address),
        ("most", Address),
        ("least", Address),
        ("heads", Address),
        ("tails_at", Address),
        ("tails", Address),
        ("n_groups", c.c_uint32),
        ("start", c.c_uint32),
        ("size", c.c_uint32),
        ("blocks", c.c_uint32),
        ("places", c.c_uint32),
        ("numbers", c.c_uint32),
        ("lag", c.c_uint32),
        ("weight_shift", c.c_uint32),
    ]
