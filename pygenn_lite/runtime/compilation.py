"""From a declared network to a simulation that can run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.plan.accumulators import check_accumulator
from pygenn_lite.declaration.compile_options import OneEach
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import Whole, whole_number
from pygenn_lite.declaration.origins import located_in
from pygenn_lite.errors import ArgumentError, Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.backends import check_precision, choose_backend
from pygenn_lite.runtime.device import Backend, BuildRequest
from pygenn_lite.runtime.instances import InstanceOptions, PlannedInstances, plan_instances
from pygenn_lite.runtime.precision_checks import PrecisionChecks
from pygenn_lite.runtime.progress import Progress, ProgressFunction
from pygenn_lite.runtime.simulation import Simulation, Timings

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.extension import Extension


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
) -> Simulation:
    """Generate, compile, connect and load a network; also called as ``network.compile()``.

    Parameters
    ----------
    network : Network
    backend : {"auto", "cpp", "reference"}
        "cpp" compiles C++ for this machine. "reference" interprets the same rules with NumPy:
        it needs no compiler, and is hundreds of times slower.
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
    check_precision(precision)
    check_accumulator(accumulator)
    workers = whole_number(threads)
    if threads is not None and (workers is None or not 1 <= workers <= 4096):
        raise ArgumentError(f"threads = {threads!r}", hint="give a number from 1 to 4096")
    if not network.populations:
        raise ArgumentError("the network has no population", hint="declare one")
    options = Options(workers, precision, check_finite, progress, cache, accumulator=accumulator)
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


def compile_with(
    network: Network, backend: Backend, asked: InstanceOptions, options: Options
) -> Simulation:
    """The same from checked arguments, and, for those who make them, with an extension."""
    started = time.perf_counter()
    with located_in(network.origins), Progress(options.progress) as report:
        # Copies: what is declared later is not part of what runs, and of its checkpoints.
        planned = plan_instances(network, asked, options.precision, options.check_finite)
        _check_shared(network, planned.shared)
        derived = time.perf_counter() - started
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
        )
        device = backend.build(request, report)
        checks = PrecisionChecks(device)
        if network.groups:
            from pygenn_lite.runtime.coupling_checks import check_coupling

            check_coupling(device)
    whole_time = time.perf_counter() - started
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
