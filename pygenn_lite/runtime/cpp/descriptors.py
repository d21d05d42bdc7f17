"""Synapse groups as the C++ builder's records describe them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity import SharedKernel
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.values.group_description import GroupDescription


def native_group(
    description: GroupDescription,
    shard_begin: npt.NDArray[np.uint32],
    arena_offset: npt.NDArray[np.uint32],
    table: bool = False,
) -> abi.Group:
    """pgl_group; valid as long as the description lives. With a `table`, weights are places in
    the group's kernel."""
    rule, weight, kernel = _rule(description), description.weight, None
    if table:
        shared, structure = description.group.weight, description.structure
        assert isinstance(shared, SharedKernel) and structure is not None
        weight = shared.places[structure.given].astype(np.float64)
        kernel = np.ascontiguousarray(shared.kernel.ravel())
        description.kept.append(kernel)
    description.kept += [shard_begin, arena_offset]
    return abi.Group(
        stream=description.stream,
        n_target=description.n_post,
        rule=rule,
        weight=_distribution(description, weight),
        weight_table=None if kernel is None else kernel.ctypes.data,
        weight_table_size=0 if kernel is None else len(kernel),
        delay=_distribution(description, description.delay),
        shard_begin=shard_begin.ctypes.data,
        arena_offset=arena_offset.ctypes.data,
    )


def _rule(description: GroupDescription) -> abi.Rule:
    same = description.group.source == description.group.target
    rule = description.group.connectivity
    native = abi.Rule(autapses=1, multapses=1, same_population=int(same))
    if description.structure is not None:
        native.kind = abi.EXPLICIT
        row_begin = np.zeros(description.n_pre + 1, dtype=np.int64)
        np.cumsum(
            np.bincount(description.structure.pre, minlength=description.n_pre), out=row_begin[1:]
        )
        targets = np.ascontiguousarray(description.structure.post, dtype=np.uint32)
        description.kept += [row_begin, targets]
        native.row_begin, native.targets = row_begin.ctypes.data, targets.ctypes.data
        return native
    form = rule.native(description.n_pre, description.n_post)
    assert form is not None, rule  # else it has a structure
    native.kind, native.n, native.p = abi.RULES[form.kind], form.n, form.p
    native.autapses, native.multapses = int(form.autapses), int(form.multapses)
    return native


def _distribution(description: GroupDescription, value: Any) -> abi.Distribution:
    if isinstance(value, np.ndarray):
        # An empty array may have no address, and the builder takes none for a mistake.
        values = np.ascontiguousarray(value if len(value) else np.zeros(1), dtype=np.float64)
        description.kept.append(values)
        return abi.Distribution(kind=abi.VALUES, values=values.ctypes.data)
    native = value.native() if isinstance(value, Distribution) else None
    if native is not None:
        return abi.Distribution(**{**vars(native), "kind": abi.DISTRIBUTIONS[native.kind]})
    return abi.Distribution(kind=abi.CONSTANT, a=float(value))
