"""From a declared network to a simulation that can run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.plan.accumulators import check_accumulator
from pygenn_lite.declaration.checks import check_seed
from pygenn_lite.declaration.compile_options import OneEach
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import Whole, whole_number
from pygenn_lite.declaration.origins import located_in
from pygenn_lite.errors import ArgumentError, Location, NetworkError, UnsupportedFeatureError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.backends import check_precision, choose_backend
from pygenn_lite.runtime.card_options import NO_CARD, CardOptions, card_options
from pygenn_lite.runtime.device import Backend, BuildRequest
from pygenn_lite.runtime.given_networks import GivenNetwork, apart, given_network, plan_given
from pygenn_lite.runtime.instances import InstanceOptions, PlannedInstances, plan_instances
from pygenn_lite.runtime.precision_checks import PrecisionChecks
from pygenn_lite.runtime.progress import Progress, ProgressFunction
from pygenn_lite.runtime.simulation import Simulation, Timings

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.extension import Extension
    from pygenn_lite.runtime.instance_simulation import InstanceSimulation


def compile_network(
    network: Network,
    backend: str = "auto",
    *,
    threads: int | None = None,
    precision: str = "float32",
    accumulator: str = "float",
    check_finite: bool = True,
    progress: ProgressFunction | bool | None = None,
    cache: bool = True,
    instances: Whole | None = None,
    seeds: Sequence[Whole] | None = None,
    values: Mapping[str, OneEach] | None = None,
    connectivity: str = "own",
    connectivity_seed: Whole | None = None,
    driver: str = "auto",
    device: Whole = 0,
    plan: str = "auto",
) -> Simulation:
    """Generate, compile, connect and load a network; also called as ``network.compile()``.

    Parameters
    ----------
    network : Network
    backend : {"auto", "cuda", "cpp", "reference"}
        "cuda" runs on a GPU. "cpp" compiles C++ for this machine. "reference" interprets the same
        rules with NumPy: it needs no compiler, and is hundreds of times slower. "auto": the first
        of them that this machine has.
    threads : int, optional
        Worker threads; by default as many as are worthwhile for a network of this size. Results do
        not depend on it.
    precision : {"float32", "float64"}
    accumulator : {"float", "int32"}
        How what arrives through static synapses in a step is summed. "int32": in whole numbers,
        with 2^-20 of the largest weight or less as a unit; such sums depend on no order, so that
        they are the same bits on every backend. A sum that does not fit ends the run.
    check_finite : bool
        Whether to look for NaN and infinity in every step.
    progress : callable, bool or None
        ``progress(what, done, total)``, or True for a bar; None: a bar when on a terminal.
    cache : bool
        Whether to keep the compiled kernels for next time. Without it no usable cache is needed.
    instances : int, optional
        So many copies of the network in one simulation, each with its own seed, state, random
        numbers and spikes. Results, views, recordings and checkpoints then have an axis for them.
    seeds : sequence of int, optional
        One for each instance; by default the network's seed, seed + 1, ...
    values : mapping of str to sequence, optional
        What differs between instances: by path (see ``network.values``) one value for each.
    connectivity : {"own", "shared"}
        Whether each instance draws its synapses with its own seed, or all have those that are
        drawn with ``connectivity_seed``.
    connectivity_seed : int, optional
        Seed of connectivity, drawn weights and delays. By default the seed of an instance, where
        it is shared the network's.
    driver : {"auto", "cupy", "pycuda", "emulator"}
        Of ``backend="cuda"``: who talks to the card. "emulator" runs the same kernels on the
        processor, on any machine, and slowly.
    device : int
        Of ``backend="cuda"``: the card's number.
    plan : {"auto", "general", "instances", "resident"}
        Of ``backend="cuda"``: how steps run. "auto": the fastest that can run the network.

    Returns
    -------
    Simulation

    Raises
    ------
    ArgumentError, ShapeError, NetworkError
        Not one seed or value for each instance; a path that leads nowhere, or to what instances
        cannot differ in (a size, a model, dt).
    InsufficientMemoryError
        The network, or so many instances of it, does not fit into memory.

    Examples
    --------
    >>> net = pg.Network(seed=1)
    >>> cells = net.population("cells", 2, pg.LIF())
    >>> drive = net.current(cells, 400.0)
    >>> sim = pg.compile_network(net, threads=1, precision="float64")
    >>> sim.precision, sim.threads, sim.time
    ('float64', 1, 0.0)
    """
    chosen = choose_backend(backend)
    _check_populations(network)
    card = card_options(chosen.name, driver, device, plan)
    options = checked_options(
        Options(
            threads, precision, check_finite, progress, cache, accumulator=accumulator, card=card
        )
    )
    asked = InstanceOptions(instances, seeds, values, connectivity, connectivity_seed)
    return compile_with(network, chosen, asked, options)


@dataclass(frozen=True)
class Options:
    """How a network is compiled; see :func:`compile_network`. ``extension``: what else is."""

    threads: int | None = None
    precision: str = "float32"
    check_finite: bool = True
    progress: ProgressFunction | bool | None = None
    cache: bool = True
    extension: Extension | None = None
    accumulator: str = "float"
    card: CardOptions = NO_CARD


def compile_networks(
    networks: Sequence[Network],
    backend: str = "auto",
    *,
    threads: int | None = None,
    precision: str = "float32",
    check_finite: bool = True,
    progress: ProgressFunction | bool | None = None,
    connectivity_seed: Whole | None = None,
    driver: str = "auto",
    device: Whole = 0,
    plan: str = "auto",
) -> InstanceSimulation:
    """Compile several networks of one structure together: each is an instance of one simulation.

    Instance k is what ``networks[k].compile()`` gives, bit for bit. Synapses are laid down once
    where all networks have the same: rules, delays, positions and seed are equal. Their weights
    may differ all the same.

    Parameters
    ----------
    networks : sequence of Network
    backend, threads, precision, check_finite, progress, driver, device, plan
        As in :func:`compile_network`.
    connectivity_seed : int, optional
        Seed of connectivity, drawn weights and delays of all; by default that of each network.

    Returns
    -------
    InstanceSimulation

    Raises
    ------
    ArgumentError
        There is no network, or something else among them.
    NetworkError
        Two of them differ in more than values: a size, a model, dt, what is recorded.

    Examples
    --------
    >>> def network(current):
    ...     net = pg.Network(seed=1)
    ...     cells = net.population("cells", 2, pg.LIF())
    ...     net.current(cells, current)
    ...     return net
    >>> sim = pg.compile_networks([network(300.0), network(500.0)])
    >>> sim.run(1000.0).rates()["cells"]
    array([ 0., 63.])
    """
    chosen, started = choose_backend(backend), time.perf_counter()
    card = card_options(chosen.name, driver, device, plan)
    options = checked_options(Options(threads, precision, check_finite, progress, card=card))
    seed = None if connectivity_seed is None else check_seed(connectivity_seed)
    given = []
    for network in _checked_networks(networks):
        with located_in(network.origins):
            given.append(given_network(network.copy(), precision, check_finite, seed))
    return compile_given(given, chosen, options, time.perf_counter() - started)


def compile_given(
    given: Sequence[GivenNetwork], backend: Backend, options: Options, derived: float = 0.0
) -> InstanceSimulation:
    """The same of networks with their structures, which took ``derived`` seconds to find.

    Raises
    ------
    NetworkError
        Two of them are not alike.
    """
    planned = plan_given(given)
    with located_in(planned.networks[0].origins):
        try:
            made = compile_planned(planned, backend, options, derived)
        except (NetworkError, UnsupportedFeatureError):
            if not planned.own_weights:
                raise
            # Weights that cannot be an instance's own where synapses are shared.
            made = compile_planned(apart(planned), backend, options, derived)
    return cast("InstanceSimulation", made)


def _checked_networks(networks: Sequence[Network]) -> Sequence[Network]:
    if isinstance(networks, (Network, str)) or not isinstance(networks, Sequence) or not networks:
        raise ArgumentError(
            f"{networks!r:.60} is not a list of networks", hint="write [first, second]"
        )
    for network in networks:
        if not isinstance(network, Network):
            raise ArgumentError(f"{network!r:.60} among the networks is none")
        _check_populations(network)
    return networks


def _check_populations(network: Network) -> None:
    if not network.populations:
        raise ArgumentError("the network has no population", hint="declare one")


def checked_options(options: Options) -> Options:
    """Options whose values are sensible.

    Raises
    ------
    ArgumentError
    """
    check_precision(options.precision)
    check_accumulator(options.accumulator)
    workers = whole_number(options.threads)
    if options.threads is not None and (workers is None or not 1 <= workers <= 4096):
        raise ArgumentError(f"threads = {options.threads!r}", hint="give a number from 1 to 4096")
    return replace(options, threads=workers)


def compile_with(
    network: Network, backend: Backend, asked: InstanceOptions, options: Options
) -> Simulation:
    """The same from checked arguments, and, for those who make them, with an extension."""
    started = time.perf_counter()
    with located_in(network.origins):
        # Copies: what is declared later is not part of what runs, and of its checkpoints.
        planned = plan_instances(network, asked, options.precision, options.check_finite)
        _check_shared(network, planned.shared)
        return compile_planned(planned, backend, options, time.perf_counter() - started)


def compile_planned(
    planned: PlannedInstances, backend: Backend, options: Options, derived: float = 0.0
) -> Simulation:
    """The same of instances that are planned, which took ``derived`` seconds."""
    started, network = time.perf_counter(), planned.networks[0]
    with Progress(options.progress) as report:
        extension = _extension(network, planned, options.extension)
        request = BuildRequest(
            planned.networks,
            _extended(planned.structures, extension),
            options.precision,
            options.threads,
            options.cache,
            planned.connectivity_seeds,
            planned.shared,
            extension,
            options.accumulator,
            planned.own_weights,
            options.card,
        )
        device = backend.build(request, report)
        checks = PrecisionChecks(device)
        if network.groups:
            from pygenn_lite.runtime.coupling_checks import check_coupling

            check_coupling(device)
    whole_time = time.perf_counter() - started + derived
    timings = Timings(derived + device.code.seconds, device.connect_seconds, whole_time)
    if not planned.axis:
        return Simulation(device, checks, timings)
    from pygenn_lite.runtime.instance_simulation import InstanceSimulation

    return InstanceSimulation(device, checks, timings)


def _extension(
    network: Network, planned: PlannedInstances, given: Extension | None
) -> Extension | None:
    """What is compiled besides: what is given, and what the network does every so many ms."""
    if not network.updates:
        return given
    from pygenn_lite.codegen.program.extension import joined
    from pygenn_lite.codegen.program.periodic import periodic_extension

    return joined(given, periodic_extension(network, planned.structures[0]))


def _extended(
    structures: Sequence[NetworkStructure], extension: Extension | None
) -> Sequence[NetworkStructure]:
    if extension is None:
        return structures
    from pygenn_lite.codegen.program.extension import check_extension, with_crossings

    check_extension(extension, structures[0])
    if not extension.crossings:
        return structures
    return tuple(with_crossings(structure, extension) for structure in structures)


def _check_shared(network: Network, shared: bool) -> None:
    """Synapses that come and go belong to one instance."""
    for group in network.groups.values() if shared else ():
        if group.spare:
            raise UnsupportedFeatureError(
                "instances share their synapses, but these come and go in each by itself",
                where=Location.of("synapse group", group.name).entry("spare"),
                hint="compile with connectivity='own', or connect without spare=",
            )
