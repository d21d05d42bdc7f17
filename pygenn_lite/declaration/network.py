"""Network: the declaration as a whole. It grows by `population`, `connect`, ... ; all its parts are
immutable, and it is equal to another network with equal parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, Unpack, overload

from numpy.typing import ArrayLike

from pygenn_lite import hooks
from pygenn_lite.declaration.checks import check_dt, check_seed
from pygenn_lite.declaration.compile_options import CompileOptions, OneEach
from pygenn_lite.declaration.connectivity import Connectivity
from pygenn_lite.declaration.inputs import Input
from pygenn_lite.declaration.language.names import check_label, nearest
from pygenn_lite.declaration.members import AnyPopulation, free_name
from pygenn_lite.declaration.named import as_name
from pygenn_lite.declaration.network_declaration import NetworkDeclaration
from pygenn_lite.declaration.network_inputs import WithInputs
from pygenn_lite.declaration.network_parts import (
    declare_group,
    declare_population,
    declare_spike_source,
    with_step,
)
from pygenn_lite.declaration.neuron_model import NeuronModel
from pygenn_lite.declaration.numeric import Number, Whole
from pygenn_lite.declaration.origins import Origins
from pygenn_lite.declaration.population import Population, SynapseGroup
from pygenn_lite.declaration.progress_function import ProgressFunction
from pygenn_lite.declaration.recorded import Recording
from pygenn_lite.declaration.summary import counted, line
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.values import ValueLike, ValuesLike
from pygenn_lite.errors import NetworkError
from pygenn_lite.old_names import with_old_names

if TYPE_CHECKING:
    from pygenn_lite.declaration.paths import NetworkValues

    # the types of what `compile` hands down
    from pygenn_lite.runtime.instance_simulation import InstanceSimulation
    from pygenn_lite.runtime.simulation import Simulation


NetworkPart: TypeAlias = Population | SynapseGroup | Input


@with_old_names
class Network(WithInputs):
    """A network under declaration.

    Parameters
    ----------
    dt : float
        Time step in ms.
    seed : int
        Seed of all random numbers, 0 to 2^64 - 1.
    name : str
        For messages and files.

    Attributes
    ----------
    origins : dict
        Where in a file its parts stand, for messages only: no part of equality.

    Examples
    --------
    >>> net = pg.Network(dt=0.1, seed=1)
    >>> cells = net.population("cells", 3, pg.LIF())
    >>> drive = net.current(cells, [300.0, 400.0, 500.0])  # pA
    >>> net.record(cells.spikes)
    >>> result = net.compile(threads=1).run(1000.0)
    >>> np.bincount(result.spikes["cells"].indices, minlength=3)
    array([ 0, 33, 63])
    """

    def __init__(self, dt: Number = 0.1, seed: Whole = 0, name: str = "") -> None:
        super().__init__()
        self._dt, self._seed = check_dt(dt), check_seed(seed)
        self.name = check_label(name, "network", NetworkError)
        self.recordings: list[Recording] = []
        self.origins: Origins = {}

    @property
    def dt(self) -> float:
        """Time step in ms; delays that were not given stay one step when it changes."""
        return self._dt

    @dt.setter
    def dt(self, dt: Number) -> None:
        step = check_dt(dt)
        groups = {name: with_step(group, step) for name, group in self.groups.items()}
        self._dt, self.groups = step, groups

    @property
    def seed(self) -> int:
        """Seed of all random numbers."""
        return self._seed

    @seed.setter
    def seed(self, seed: Whole) -> None:
        self._seed = check_seed(seed)

    # ------------------------------------------------------------------ declaring

    def population(
        self,
        name: str,
        size: Whole | Sequence[int],
        model: NeuronModel,
        *,
        initial: ValuesLike = None,
        parameters: ValuesLike = None,
        positions: ArrayLike | None = None,
    ) -> Population:
        """Add `size` neurons of a model.

        Parameters
        ----------
        size : int, or tuple of int
            A tuple is a shape, e.g. (channels, height, width), for convolutions and pooling.
        initial, parameters : mapping
            Values that differ from the model's.
        positions : array, shape (size, 1..3)
            For expressions of x, y, z and distance-dependent connectivity.

        Examples
        --------
        >>> net = pg.Network()
        >>> exc = net.population(
        ...     "exc", 800, pg.LIF(), initial=dict(V=pg.Uniform(-65.0, -50.0)),
        ...     parameters=dict(t_ref=3.0),
        ... )
        >>> exc.size, exc["V"][:10].size
        (800, 800)
        """
        self._new_name(name, "population")
        population = declare_population(name, size, model, initial, parameters, positions)
        self.populations[name] = population
        return population

    def spike_source(
        self, name: str, size: Whole | Sequence[int], times: ArrayLike, indices: ArrayLike
    ) -> Population:
        """Add a population that replays spikes: neuron ``indices[k]`` at ``times[k]`` (ms).

        Examples
        --------
        >>> net = pg.Network()
        >>> source = net.spike_source("source", 2, times=[5.0, 7.5, 7.5], indices=[0, 0, 1])
        >>> source.size
        2
        """
        self._new_name(name, "population")
        self.populations[name] = declare_spike_source(name, size, times, indices)
        return self.populations[name]

    def connect(
        self,
        source: AnyPopulation,
        target: AnyPopulation,
        synapse: SynapseModel,
        connectivity: Connectivity,
        *,
        weight: ValueLike = 1.0,
        delay: ValueLike | None = None,
        name: str | None = None,
        storage: str = "auto",
        weight_precision: str = "full",
        spare: int = 0,
    ) -> SynapseGroup:
        """Add synapses from `source` to `target`.

        Parameters
        ----------
        source, target : Population, part of one, or str
            Of parts, ``exc[:5]``, the rule and the values count within them.
        weight : Value
            A number, an array (one per synapse of a list), a distribution, or an expression
            of i_pre, i_post, x_pre, ..., distance.
        delay : Value
            ms, at least dt; rounded to steps. By default one step, whatever dt is.
        storage : {"auto", "sparse", "dense", "procedural"}
            Procedural synapses are not stored but drawn again at every spike.
        weight_precision : {"full", "float16", "int16"}
            Of static weights that are stored: that of the simulation, half precision, or whole
            numbers of 16 bits times a scale that follows from the largest.
        spare : int
            Room for so many more synapses of each source neuron, for ``add_synapses`` between runs:
            of static synapses with one delay. Such a network has one thread per instance.

        Examples
        --------
        >>> net = pg.Network()
        >>> exc, inh = net.population("exc", 80, pg.LIF()), net.population("inh", 20, pg.LIF())
        >>> group = net.connect(
        ...     exc, inh, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.1),
        ...     weight=pg.Normal(20.0, 2.0), delay="1 + 0.01*i_pre",
        ... )
        >>> group.name
        'exc_inh'
        """
        ends, parts = self._ends(source, target)
        if name is None:
            name = free_name("_".join(e.name for e in ends), {*self.groups, *self.populations})
        self._new_name(name, "synapse group")
        group = declare_group(
            name,
            ends,
            parts,
            synapse,
            connectivity,
            weight=weight,
            delay=delay,
            storage=storage,
            weight_precision=weight_precision,
            spare=spare,
            dt=self.dt,
        )
        self.groups[name] = group
        return group

    # ------------------------------------------------------------------ as a value

    def declaration(self) -> NetworkDeclaration:
        """The network as one immutable value."""
        return NetworkDeclaration(
            self.dt,
            self.seed,
            self.name,
            tuple(self.populations.values()),
            tuple(self.groups.values()),
            tuple(self.inputs),
            tuple(self.recordings),
            tuple(self.updates),
        )

    def copy(self) -> Network:
        """A network of the same declarations, that later ones do not change."""
        other = Network(self.dt, self.seed, self.name)
        other.populations, other.groups = dict(self.populations), dict(self.groups)
        other.inputs, other.recordings = list(self.inputs), list(self.recordings)
        other.updates = list(self.updates)
        other._input_names = set(self._input_names)
        other.origins = dict(self.origins)
        return other

    @property
    def values(self) -> NetworkValues:
        """All values by their paths.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 10, pg.LIF(tau=20.0))
        >>> net.values["populations.cells.parameters.tau"]
        20.0
        >>> [path for path in net.values if path.startswith("populations.cells.initial")]
        ['populations.cells.initial.V']
        """
        from pygenn_lite.declaration.paths import NetworkValues

        return NetworkValues(self)

    def with_values(self, values: Mapping[str, object]) -> Network:
        """A network in which some values differ, by their paths (``network.values`` lists them).

        Parameters
        ----------
        values : mapping of str to value
            Paths such as ``populations.exc.parameters.tau``, ``populations.exc.size``,
            ``groups.exc_inh.weight``, ``groups.exc_inh.connectivity.p``, ``inputs.drive.rate``; in
            a name, ``*`` stands for any characters: ``groups.*.synapse.parameters.tau``.

        Raises
        ------
        NetworkError
            A path leads nowhere: with the nearest that exists.
        DeclarationError
            A value does not fit; the message names its path.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 10, pg.LIF(tau=20.0))
        >>> slow = net.with_values({"populations.cells.parameters.tau": 40.0})
        >>> slow.values["populations.cells.parameters.tau"]
        40.0
        """
        from pygenn_lite.declaration.changes import change_values

        other = self.copy()
        change_values(other, values)
        return other

    def digest(self) -> str:
        """A digest of all that decides what the network does, the same in every process.

        64 hexadecimal digits of dt, seed, populations, synapse groups and inputs, in the order in
        which they were declared. The network's name and what is recorded do not enter; a class of
        your own (a rule) enters by its module, name and attributes, not by its code.

        Raises
        ------
        DeclarationError
            A rule has an attribute, such as a function, that nothing tells from another.

        Examples
        --------
        >>> net = pg.Network(seed=1)
        >>> cells = net.population("cells", 10, pg.LIF())
        >>> before = net.digest()
        >>> net.record(cells.spikes)
        >>> net.digest() == before, len(before)
        (True, 64)
        """
        from pygenn_lite.declaration.digest import network_digest

        return network_digest(self)

    @property
    def names(self) -> list[str]:
        """Populations, synapse groups and inputs: all that ``network[name]`` gives."""
        return list(self._named())

    def __getitem__(self, name: str) -> NetworkPart:
        name = as_name(name)
        named = self._named()
        if name not in named:
            raise NetworkError(
                f"no population, synapse group or input {name!r}{nearest(str(name), named)}",
                hint=f"there are {list(named)}",
            )
        return named[name]

    def _named(self) -> dict[str, NetworkPart]:
        inputs = {one.name: one for one in self.inputs}
        return {**self.populations, **self.groups, **inputs, **self.populations, **self.groups}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and self.declaration() == other.declaration()

    def __hash__(self) -> int:
        return hash(self.declaration())

    def __repr__(self) -> str:
        neurons = sum(population.size for population in self.populations.values())
        sizes = f"{counted(neurons, 'neuron')} in {counted(len(self.populations), 'population')}"
        groups = counted(len(self.groups), "synapse group")
        return line("Network", self.name, sizes, groups, f"dt {self.dt:g} ms, seed {self.seed}")

    def _repr_html_(self) -> str:
        return str(hooks.call("network_html", self))

    def __str__(self) -> str:
        lines = [f"Network {self.name!r}, dt {self.dt} ms, seed {self.seed}"]
        lines += [
            f"  {p.name}: {p.size} x {p.model.name or 'neurons'}" for p in self.populations.values()
        ]
        lines += [
            f"  {g.name}: {g.source} -> {g.target}, {g.synapse.name}, {g.connectivity}"
            for g in self.groups.values()
        ]
        lines += [f"  {i.name}: {type(i).__name__} -> {i.target}" for i in self.inputs]
        lines += [f"  {u.name}: {u.on} every {u.interval:g} ms" for u in self.updates]
        return "\n".join(lines)

    @overload
    def compile(
        self, backend: str = ..., *, instances: None = ..., **options: Unpack[CompileOptions]
    ) -> Simulation: ...
    @overload
    def compile(
        self,
        backend: str = ...,
        *,
        instances: Whole,
        seeds: Sequence[Whole] | None = ...,
        values: Mapping[str, OneEach] | None = ...,
        connectivity: str = ...,
        **options: Unpack[CompileOptions],
    ) -> InstanceSimulation: ...

    def compile(
        self,
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
    ) -> Simulation | InstanceSimulation:
        """Derive, compile and load this network: its options are those of
        :func:`pygenn_lite.compile_network`."""
        given = dict(locals())
        del given["self"]
        compiled: Simulation | InstanceSimulation = hooks.call("compile_network", self, **given)
        return compiled
