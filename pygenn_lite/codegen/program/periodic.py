"""What a network does every so many ms, as an extension of its Program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pygenn_lite.codegen.program.extension import NETWORK, Added, Extension
from pygenn_lite.codegen.program.schedule import Call, Op
from pygenn_lite.codegen.structure.structures import NetworkStructure, statements
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.periodic_update import SUM, PeriodicUpdate, update_location
from pygenn_lite.errors import UnsupportedFeatureError

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.kernel import Kernel


def periodic_extension(network: Network, structure: NetworkStructure) -> Extension | None:
    """The extension that a network's updates make; None where it has none.

    Raises
    ------
    UnsupportedFeatureError
        Weights that belong to another group, or take 16 bits.
    """
    if not network.updates:
        return None
    variables: list[Added] = []
    ops: list[Op] = []
    for update in network.updates:
        _check(update, network, structure)
        variables += _variables(update, network)
        ops += _ops(update, network)
    updates = tuple(network.updates)

    def kernels(of: NetworkStructure) -> list[Kernel]:
        from pygenn_lite.codegen.program.periodic_kernels import periodic_kernels

        return [kernel for update in updates for kernel in periodic_kernels(update, of)]

    text = [(u.name, u.on, statements(u.equations), [n for n, _ in u.parameters]) for u in updates]
    places = [_place(update, structure) for update in updates]
    return Extension(
        f"every {text!r} {places!r}",
        kernels,
        tuple(variables),
        in_step=tuple(ops),
    )


def _variables(update: PeriodicUpdate, network: Network) -> Iterator[Added]:
    for name, value in update.parameters:
        yield Added(NETWORK, f"{update.name}__{name}", value)
    for name in update.summed:
        yield Added(network.groups[update.on].target, f"{update.name}__{SUM}{name}")


def _ops(update: PeriodicUpdate, network: Network) -> Iterator[Op]:
    every = update.steps(network.dt)
    what = f"{update.name} ({update.interval:g} ms)"
    if update.summed:
        target = network.groups[update.on].target
        yield Call(f"{update.name}__clear", target, role=f"{what}: sums begin at 0", every=every)
        yield Call(f"{update.name}__sum", update.on, role=f"{what}: sums", every=every)
    yield Call(f"{update.name}__set", update.on, role=f"{what}: assignments", every=every)


def _place(update: PeriodicUpdate, structure: NetworkStructure) -> object:
    """What else of the structure decides an update's kernels."""
    if update.on in structure.populations:
        return structure.populations[update.on].kernel
    group = structure.groups[update.on]
    return group.kernel, structure.populations[group.target].kernel


def _check(update: PeriodicUpdate, network: Network, structure: NetworkStructure) -> None:
    group = structure.groups.get(update.on)
    if group is not None and network.groups[update.on].weight_precision != "full":
        raise UnsupportedFeatureError(
            "weights of 16 bits cannot change while the network runs",
            where=update_location(update.name),
            hint="declare the group with weight_precision='full'",
        )
    if group is not None and network.groups[update.on].spare:
        raise UnsupportedFeatureError(
            "weights of synapses that come and go cannot change while the network runs",
            where=update_location(update.name),
            hint="connect the group without spare=",
        )
    if group is not None and group.transpose_of:
        raise UnsupportedFeatureError(
            f"its weights are those of {group.transpose_of!r}",
            where=update_location(update.name),
            hint=f"update {group.transpose_of!r}",
        )
