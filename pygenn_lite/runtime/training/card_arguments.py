"""What kernels of training on a card are given, in ctypes: structures of kernels.hpp and card.hpp
in templates/training, in their order."""

from __future__ import annotations

import ctypes as c

from pygenn_lite.runtime.training import training_records as records


class ChunkArgs(c.Structure):
    """ChunkArgs of templates/training/kernels.hpp."""

    _fields_ = [
        ("program", c.c_void_p),
        ("data", c.c_void_p),
        ("run", c.c_void_p),
        ("first_slot", c.c_uint32),
        ("n", c.c_uint32),
        ("first_position", c.c_uint64),
        ("group", c.c_uint32),
        ("gradients", c.c_uint32),
    ]


class CheckArgs(c.Structure):
    """CheckArgs of templates/training/card.hpp."""

    _fields_ = [("of", ChunkArgs), ("found", c.c_void_p)]


class Found(c.Structure):
    """Found of templates/training/card.hpp."""

    _fields_ = [("position", c.c_uint64), ("status", records.Status)]


class Report(c.Structure):
    """What is read back of a batch: its first fault, and the norm of the gradient of the update
    before."""

    _fields_ = [("found", Found), ("norm", c.c_double)]


class ScratchArgs(c.Structure):
    """ScratchArgs of templates/training/card.hpp."""

    _fields_ = [("sizes", c.c_void_p), ("reals", c.c_void_p), ("steps", c.c_uint32)]
