"""The records of training programs in ctypes: templates/training/records.h, in its order."""

from __future__ import annotations

import ctypes as c

ABI_VERSION = 1
NONE = 0xFFFFFFFF

# layouts of a group's weights (pgl_training_layout), and what is wanted of it
DENSE, SPARSE, SHARED = range(3)
WEIGHTS, DELAYS = 1, 2
TARGETS, ENTRIES = 1, 2  # that rows have once (pgl_training_once)
# modes of a run (pgl_training_mode)
FORWARD, BACKWARD, UPDATE = 1, 2, 4
# faults (pgl_training_fault_kind), and where a number was found that is not finite
FINE, NO_ROOM, NOT_FINITE = range(3)
STATE, ADJOINT, LOSS = range(3)


class Population(c.Structure):
    """pgl_training_population"""

    _fields_ = [
        ("n", c.c_uint32),
        ("stride", c.c_uint32),
        ("input", c.c_uint32),
        ("room", c.c_uint32),
        ("kept", c.c_uint32),
        ("sent", c.c_uint32),
        ("sent_kept", c.c_uint32),
        ("sorted", c.c_uint32),
        ("kept_stride", c.c_uint32),
        ("neuron_steps", c.c_uint32),
        ("shared", c.c_void_p),
        ("own", c.c_void_p),
        ("shared_double", c.c_void_p),
        ("own_double", c.c_void_p),
        ("shared_gradient", c.c_void_p),
        ("own_gradient", c.c_void_p),
        ("initial", c.c_void_p),
        ("gradient", c.c_void_p),
        ("initial_gradient", c.c_void_p),
        ("mean_counts", c.c_void_p),
        ("count_sums", c.c_void_p),
        ("count_totals", c.c_void_p),
        ("state", c.c_uint64),
        ("before", c.c_uint64),
        ("history", c.c_uint64),
        ("adjoint", c.c_uint64),
        ("sums", c.c_uint64),
        ("back", c.c_uint64),
        ("recorded", c.c_uint64),
        ("begin", c.c_uint64),
        ("index", c.c_uint64),
        ("counts", c.c_uint64),
        ("left", c.c_uint64),
        ("flags", c.c_uint64),
        ("sent_now", c.c_uint64),
        ("kept_rows", c.c_uint64),
        ("sent_rows", c.c_uint64),
        ("row_begin", c.c_uint64),
        ("row_step", c.c_uint64),
    ]


class Group(c.Structure):
    """pgl_training_group"""

    _fields_ = [
        ("source", c.c_uint32),
        ("target", c.c_uint32),
        ("into", c.c_uint32),
        ("layout", c.c_uint32),
        ("wanted", c.c_uint32),
        ("delay", c.c_uint32),
        ("stride", c.c_uint32),
        ("n_weights", c.c_uint32),
        ("ring", c.c_uint32),
        ("stream", c.c_uint32),
        ("once", c.c_uint32),
        ("longest", c.c_uint32),
        ("n_synapses", c.c_uint64),
        ("dropout", c.c_double),
        ("weight", c.c_void_p),
        ("back_weight", c.c_void_p),
        ("panels", c.c_void_p),
        ("delays", c.c_void_p),
        ("row_begin", c.c_void_p),
        ("target_of", c.c_void_p),
        ("weight_of", c.c_void_p),
        ("gradient", c.c_void_p),
        ("delay_gradient", c.c_void_p),
        ("waiting", c.c_uint64),
        ("sums", c.c_uint64),
        ("dropped", c.c_uint64),
        ("listed", c.c_uint64),
    ]


class Spikes(c.Structure):
    """pgl_training_spikes"""

    _fields_ = [
        ("first", c.c_void_p),
        ("begin", c.c_void_p),
        ("index", c.c_void_p),
    ]


class Values(c.Structure):
    """pgl_training_values"""

    _fields_ = [
        ("population", c.c_uint32),
        ("into", c.c_uint32),
        ("stride", c.c_uint32),
        ("constant", c.c_uint32),
        ("values", c.c_void_p),
        ("gradient", c.c_void_p),
    ]


class Data(c.Structure):
    """pgl_training_data"""

    _fields_ = [
        ("spikes", c.c_void_p),
        ("values", c.c_void_p),
        ("n_spikes", c.c_uint32),
        ("n_values", c.c_uint32),
        ("samples", c.c_uint64),
        ("labels", c.c_void_p),
        ("targets", c.c_void_p),
        ("target_size", c.c_uint64),
        ("given", c.c_void_p),
        ("given_size", c.c_uint64),
        ("replayed", c.c_void_p),
    ]


class Link(c.Structure):
    """pgl_training_link"""

    _fields_ = [
        ("value", c.c_void_p),
        ("gradient", c.c_void_p),
        ("population", c.c_uint32),
        ("own", c.c_uint32),
        ("place", c.c_uint32),
        ("reserved", c.c_uint32),
    ]


class Delays(c.Structure):
    """pgl_training_delays"""

    _fields_ = [
        ("value", c.c_void_p),
        ("steps", c.c_void_p),
        ("n", c.c_uint64),
        ("lead", c.c_uint32),
        ("longest", c.c_uint32),
    ]


class Program(c.Structure):
    """pgl_training_program"""

    _fields_ = [
        ("version", c.c_uint32),
        ("real_bytes", c.c_uint32),
        ("n_populations", c.c_uint32),
        ("n_groups", c.c_uint32),
        ("together", c.c_uint32),
        ("steps", c.c_uint32),
        ("dt", c.c_double),
        ("populations", c.c_void_p),
        ("groups", c.c_void_p),
        ("optimise", c.c_void_p),
        ("constants", c.c_void_p),
        ("slots", c.c_void_p),
        ("slot_bytes", c.c_uint64),
        ("n_slots", c.c_uint32),
        ("reserved3", c.c_uint32),
        ("scratch", c.c_uint64),
        ("status", c.c_uint64),
        ("links", c.c_void_p),
        ("delays", c.c_void_p),
        ("n_links", c.c_uint32),
        ("n_delays", c.c_uint32),
        ("first_batch", c.c_uint32),
        ("reserved2", c.c_uint32),
    ]


class Status(c.Structure):
    """pgl_training_status"""

    _fields_ = [
        ("fault", c.c_uint32),
        ("where", c.c_uint32),
        ("population", c.c_uint32),
        ("neuron", c.c_uint32),
        ("step", c.c_uint32),
        ("number", c.c_uint32),
        ("tangential", c.c_uint32),
        ("reserved", c.c_uint32),
    ]


class Run(c.Structure):
    """pgl_training_run"""

    _fields_ = [
        ("order", c.c_void_p),
        ("n", c.c_uint64),
        ("batch", c.c_uint32),
        ("mode", c.c_uint32),
        ("seed", c.c_uint64),
        ("epoch", c.c_uint64),
        ("update", c.c_uint64),
        ("rates", c.c_void_p),
        ("clip", c.c_double),
        ("done", c.c_void_p),
        ("stop", c.c_void_p),
        ("loss", c.c_void_p),
        ("outputs", c.c_void_p),
        ("metrics", c.c_void_p),
        ("prediction", c.c_void_p),
        ("spikes", c.c_void_p),
        ("tangential", c.c_void_p),
        ("norm", c.c_void_p),
        ("fault_position", c.c_uint64),
        ("fault", Status),
    ]


ALL: dict[str, type[c.Structure]] = {
    "pgl_training_population": Population,
    "pgl_training_group": Group,
    "pgl_training_spikes": Spikes,
    "pgl_training_values": Values,
    "pgl_training_data": Data,
    "pgl_training_link": Link,
    "pgl_training_delays": Delays,
    "pgl_training_program": Program,
    "pgl_training_status": Status,
    "pgl_training_run": Run,
}
