"""A schedule as the engine takes it: names become numbers, kernels become addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any

from pygenn_lite.codegen.program.schedule import (
    Arrive,
    Call,
    Collect,
    Deliver,
    Exchange,
    Fire,
    Op,
    Reduce,
    Sample,
    Send,
)
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp import abi

NO_NUMBER = 0xFFFFFFFF


@dataclass
class Numbers:
    """What an engine calls things.

    Attributes
    ----------
    populations : dict of str to int
    deliveries : dict of str to int
        Of static groups; those that share a store share a number.
    groups : dict of str to int
        Of groups with kernels.
    """

    populations: dict[str, int] = field(default_factory=dict)
    deliveries: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)


def engine_ops(
    step: Iterable[Op],
    numbers: Numbers,
    address: Callable[[str], int | None],
    arguments: Mapping[tuple[str, str], Any] | None = None,
    others: Callable[[Op], abi.Op | None] = lambda op: None,
) -> Any:
    """The operations of a step as an array of ``pgl_op``.

    Parameters
    ----------
    step : iterable of Op
    numbers : Numbers
    address : callable
        Gives the address of a kernel by its name.
    arguments : mapping, optional
        By kernel and what it runs on: an array of the kernel's arguments, one per shard, where
        they are not those of the population or group. By signal and population: the description
        of a reduction. The caller keeps them alive.
    others : callable
        Gives the record of an operation that only extensions have.
    """
    records: list[abi.Op] = []
    delivered: set[int] = set()
    for op in step:
        if isinstance(op, Deliver):
            number = numbers.deliveries[op.group]
            if number not in delivered:
                records.append(_record(op, abi.OP_DELIVER, number))
            delivered.add(number)
        elif isinstance(op, Collect):
            records.append(_record(op, abi.OP_COLLECT, 0))
        elif isinstance(op, Call):
            records.append(_call(op, numbers, address, arguments or {}))
        elif isinstance(op, Arrive):
            records.append(_record(op, abi.OP_ARRIVE, numbers.groups[op.group]))
        elif isinstance(op, Fire):
            records.append(_record(op, abi.OP_FIRE, numbers.populations[op.population]))
        elif isinstance(op, Send):
            records.append(_record(op, abi.OP_SEND, numbers.populations[op.population]))
        elif isinstance(op, Sample):
            records.append(_record(op, abi.OP_SAMPLE, 0))
        elif isinstance(op, Exchange):
            records.append(_record(op, abi.OP_EXCHANGE, 0))
        elif isinstance(op, Reduce):
            record = _record(op, abi.OP_REDUCE, numbers.populations[op.population])
            record.args = abi.address_of((arguments or {})[op.into, op.population])
            records.append(record)
        else:
            other = others(op)
            if other is None:
                raise UnsupportedFeatureError(f"the C++ engine has no operation like {op!r}")
            records.append(other)
    return (abi.Op * len(records))(*records)


def _call(
    op: Call,
    numbers: Numbers,
    address: Callable[[str], int | None],
    arguments: Mapping[tuple[str, str], Any],
) -> abi.Op:
    spiking = op.visit == "spiking"
    if not op.on:
        record = _record(op, abi.OP_ONCE, 0)
    elif op.on in numbers.populations:
        kind = abi.OP_SPIKING_NEURONS if spiking else abi.OP_NEURONS
        record = _record(op, kind, numbers.populations[op.on])
    else:
        kind = abi.OP_SPIKING_TARGETS if spiking else abi.OP_SYNAPSES
        # Kernels over static groups have arguments, and need no number.
        record = _record(op, kind, numbers.groups.get(op.on, NO_NUMBER))
    record.function = address(op.kernel)
    own = arguments.get((op.kernel, op.on))
    record.args = None if own is None else abi.address_of(own)
    return record


def reduction(
    op: Reduce, size: int, values: Any, signals: Mapping[str, Any], mask: Any = None
) -> abi.Reduction:
    """The description of a reduction for the engine.

    Parameters
    ----------
    op : Reduce
    size : int
        Neurons of the population.
    values : array of c_void_p, or None
        By shard: the variable.
    signals : mapping of str to ctypes.c_double
        Where shared signals stand.
    mask : array of c_void_p, optional
        By shard: the variable that marks winners.
    """
    end = size if op.end is None else op.end
    channels, height, width = op.shape or (end - op.begin, 1, 1)
    return abi.Reduction(
        how=abi.REDUCTIONS[op.how],
        add=op.add,
        begin=op.begin,
        end=end,
        values=None if values is None else abi.address_of(values),
        value=abi.address_of(signals[op.into]),
        index=abi.address_of(signals[op.index_into]) if op.index_into else None,
        winners=op.winners,
        radius=op.radius,
        channels=channels,
        height=height,
        width=width,
        least=op.least,
        mask=None if mask is None else abi.address_of(mask),
    )


def _record(op: Op, kind: int, index: int) -> abi.Op:
    return abi.Op(kind=kind, index=index, every=op.every, offset=op.offset)
