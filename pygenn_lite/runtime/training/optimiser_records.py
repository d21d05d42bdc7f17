"""The records of optimisers in ctypes: those of templates/training/optimise.hpp, in its order."""

from __future__ import annotations

import ctypes as c

from pygenn_lite.codegen.trial.optimiser import MOST_SETTINGS

CHUNK = 4096
"""How many numbers a block takes at once; arrays are counted in chunks."""
NORMS, LEVELS = 1, 2
"""What arrays may ask for besides an update: largest norms, quantisation."""


class TrainedArray(c.Structure):
    """The numbers of one path, in rows."""

    _fields_ = [
        ("value", c.c_void_p),
        ("used", c.c_void_p),
        ("gradient", c.c_void_p),
        ("slots", c.c_void_p),
        ("lower", c.c_void_p),
        ("upper", c.c_void_p),
        ("frozen", c.c_void_p),
        ("stored", c.c_uint64),
        ("rows", c.c_uint32),
        ("columns", c.c_uint32),
        ("stride", c.c_uint32),
        ("first_chunk", c.c_uint32),
        ("chunks", c.c_uint32),
        ("levels", c.c_uint32),
        ("per_row", c.c_uint32),
        ("twin", c.c_uint32),
        ("scales", c.c_void_p),
        ("rate_factor", c.c_double),
        ("decay_factor", c.c_double),
        ("l1", c.c_double),
        ("l2", c.c_double),
        ("low", c.c_double),
        ("high", c.c_double),
        ("most_row", c.c_double),
        ("most_column", c.c_double),
    ]


class OptimiserUpdate(c.Structure):
    """What is the same for all arrays in an update."""

    _fields_ = [
        ("rate", c.c_double),
        ("number", c.c_double),
        ("scale", c.c_double),
        ("weight_decay", c.c_double),
        ("clip_value", c.c_double),
        ("clip_norm", c.c_double),
        ("norm_of_all", c.c_uint32),
        ("settings", c.c_double * MOST_SETTINGS),
    ]


class OptimiseArgs(c.Structure):
    """What the kernels of an update are given."""

    _fields_ = [
        ("arrays", c.c_void_p),
        ("count", c.c_uint32),
        ("chunks", c.c_uint32),
        ("limits", c.c_uint32),
        ("reserved", c.c_uint32),
        ("sums", c.c_void_p),
        ("largest", c.c_void_p),
        ("norms", c.c_void_p),
        ("update", OptimiserUpdate),
    ]
