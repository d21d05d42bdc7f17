"""From the structure of a network to its continuous systems (see `system_records`)."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.codegen.structure.parts import Part
from pygenn_lite.codegen.structure.structures import (
    GroupBinding,
    NetworkStructure,
    PopulationBinding,
    Statement,
    SynapseStructure,
)
from pygenn_lite.codegen.structure.symbol_paths import paths_of_symbols
from pygenn_lite.codegen.systems.signed_threshold import signed_threshold
from pygenn_lite.codegen.systems.sympy_errors import equations_of
from pygenn_lite.codegen.systems.system import (
    System,
    assignments,
    build_system,
    continuous,
    symbol,
)
from pygenn_lite.codegen.systems.system_records import (
    Jump,
    NetworkSystems,
    NeuronSystem,
    Parameter,
    SynapseSystem,
)
from pygenn_lite.codegen.systems.transmission import transmitted
from pygenn_lite.errors import Location


def systems_of(structure: NetworkStructure) -> NetworkSystems:
    """The continuous systems of a network.

    Raises
    ------
    EquationError
        An equation has no meaning.
    """
    built = []
    for kernel in structure.kernels:
        with equations_of(kernel):
            built.append(build_system(kernel))
    return NetworkSystems(
        {
            name: _neuron_system(structure, binding, built[binding.kernel])
            for name, binding in structure.populations.items()
            if binding.kernel is not None
        },
        {
            name: _static_system(binding)
            if binding.kernel is None
            else _synapse_system(binding, structure.synapse_kernels[binding.kernel])
            for name, binding in structure.groups.items()
        },
    )


def _neuron_system(
    structure: NetworkStructure, binding: PopulationBinding, system: System
) -> NeuronSystem:
    assert binding.kernel is not None
    kernel = structure.kernels[binding.kernel]
    g, no_g = signed_threshold(system.threshold, system.draws)
    spikes = system.on_pre_spike
    return NeuronSystem(
        population=binding.name,
        states=system.states,
        f=system.derivatives,
        update=system.update,
        threshold=system.threshold,
        g=g,
        no_g=no_g,
        reset=(*system.reset, *spikes),
        after_spike=system.on_post_spike,
        refractory=system.refractory,
        refractory_is_condition=kernel.refractory_is_condition,
        clamped=system.clamped,
        noise=system.noise,
        timed=tuple(Part("timed", k).symbol("value") for k in range(len(kernel.timed))),
        draws=system.draws,
        events=tuple(
            (declared.name, target, Part("poisson", k).symbol("weight"))
            for k, (declared, (target, _)) in enumerate(
                zip(binding.poisson, kernel.poisson, strict=True)
            )
        ),
        parameters=tuple(
            _parameter(binding, s, kernel.names[s], shared)
            for s, shared in system.parameters.items()
        ),
        called=paths_of_symbols(structure, binding.name),
    )


def _parameter(
    binding: PopulationBinding, symbol: str, named: tuple[str, Part], shared: bool
) -> Parameter:
    name, part = named
    owner, *others = binding.owners.get(part, (binding.name,))
    return Parameter(owner, name, symbol, shared, others=tuple(others))


def _static_system(binding: GroupBinding) -> SynapseSystem:
    variable = symbol(binding.target_variable)
    jump = Jump(binding.target_variable, "target", variable + symbol("weight"))
    return SynapseSystem(
        group=binding.name,
        source=binding.source,
        target=binding.target,
        static=True,
        variables=(),
        f={},
        on_arrival=(jump,),
        on_post_spike=(),
        pre={},
        post={binding.target_variable: binding.target_variable},
        parameters=_per_synapse(binding.name, ("weight", "delay")),
    )


def _synapse_system(binding: GroupBinding, structure: SynapseStructure) -> SynapseSystem:
    where = Location.of("synapse group", structure.name)
    derivatives, _ = continuous(structure.equations, {}, where)

    def jumps(statements: tuple[Statement, ...]) -> tuple[Jump, ...]:
        return tuple(
            Jump(name, "target" if name in structure.post else "synapse", value)
            for name, value in assignments(statements, where)
        )

    on_arrival, on_post = jumps(structure.on_pre), jumps(structure.on_post)
    changing = {*derivatives, *(j.variable for j in (*on_arrival, *on_post))}
    own = [n for n in structure.synapse if n in binding.initial]
    if binding.transpose_of:
        own.remove("weight")
    constant = tuple(n for n in own if n not in changing)
    return SynapseSystem(
        group=binding.name,
        source=binding.source,
        target=binding.target,
        static=False,
        variables=tuple(n for n in own if n in changing),
        f=derivatives,
        transmitted=transmitted(structure, where),
        on_arrival=on_arrival,
        on_post_spike=on_post,
        pre=dict(binding.pre),
        post={n: s for n, s in binding.post.items() if n in _read_or_added(structure)},
        parameters=(
            *_per_synapse(binding.name, (*constant, "delay")),
            *(Parameter(binding.name, n, n, True) for n in structure.scalars),
        ),
        weights_of=binding.transpose_of,
        factor=binding.factor,
    )


def _read_or_added(structure: SynapseStructure) -> set[str]:
    """Symbols of the target, without what only kernels need (sums, the refractory counter)."""
    sums = {f"{name}__sum" for name in structure.summed} | {n for _, n in structure.sinks}
    return set(structure.post) - sums - {"refractory"}


def _per_synapse(group: str, names: Iterable[str]) -> tuple[Parameter, ...]:
    return tuple(Parameter(group, name, name, False) for name in names)
