"""The simulation a user drives: run, look, change, save, continue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pygenn_lite.codegen.plan.memory import MemoryRows
from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.named import Named
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import Number, Whole, plain_number, whole_number
from pygenn_lite.declaration.steps import nearest_steps, times_of
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError
from pygenn_lite.old_names import with_old_arguments
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.device import Device
from pygenn_lite.runtime.live import Live
from pygenn_lite.runtime.precision_checks import PrecisionChecks
from pygenn_lite.runtime.progress import Progress, ProgressFunction
from pygenn_lite.runtime.recording import recording_rows
from pygenn_lite.runtime.results.files import as_path
from pygenn_lite.runtime.results.provenance import provenance_of
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.run_sink import Sink
from pygenn_lite.runtime.results.sink_options import SinkOptions
from pygenn_lite.runtime.results.sinks import RunSinks, check_sinks
from pygenn_lite.runtime.runner import Runner, RunOptions
from pygenn_lite.runtime.views.instance_view import InstanceView, InstanceViews

if TYPE_CHECKING:
    from pygenn_lite.runtime.inspection import Inspection
    from pygenn_lite.runtime.schedule_walker import ScheduleWalker
    from pygenn_lite.runtime.views.group_views import GroupView, PopulationView
    from pygenn_lite.runtime.views.input_views import InputView
    from pygenn_lite.runtime.views.instance_view import View

Callback = Callable[["Simulation"], object]


@dataclass(frozen=True)
class Timings:
    """Wall seconds of ``compile``: deriving and compiling, connecting, all of it."""

    compile: float
    connect: float
    total: float


class Simulation(Live, Named):
    """A network that can run. Made by ``network.compile()``.

    ``simulation["exc"]["V"]`` is a variable or parameter of a population, ``simulation["exc_inh"]``
    a synapse group, ``simulation["poisson_exc"]["rate"]`` the rate of an input (see
    :class:`InputView`); all can be read and set between runs, and nothing is compiled again.

    Attributes
    ----------
    notes : dict of str to str
        Yours; what stands in it when a run begins is part of its result's ``provenance``.
    """

    _axis = False  # whether results and values have an axis of instances

    def __init__(self, device: Device, checks: PrecisionChecks, timings: Timings) -> None:
        self._device, self._instance, self.timings = device, device.instances[0], timings
        self.notes: dict[str, str] = {}
        self._runner = Runner(device, checks)
        self._instances = InstanceViews(device, self._runner.changed)

    # ------------------------------------------------------------------ looking

    @property
    def instances(self) -> Sequence[InstanceView]:
        """All instances; one without an axis of instances."""
        return self._instances

    @property
    def network(self) -> Network:
        """The declaration as it was compiled (a copy); of several instances that of the first."""
        return self._instance.network.copy()

    @property
    def backend(self) -> str:
        """Name of the backend."""
        return self._device.backend

    @property
    def threads(self) -> int:
        """Worker threads."""
        return self._device.threads

    @property
    def precision(self) -> str:
        """Type of states and weights."""
        return self._device.dtype.name

    @property
    def dt(self) -> float:
        """Time step in ms."""
        return self._instance.network.dt

    @property
    def steps_done(self) -> int:
        """Steps since the start."""
        return self._device.step

    @property
    def time(self) -> float:
        """Time in ms."""
        return float(times_of(self.steps_done, self.dt))

    @property
    def build_seconds(self) -> float:
        """Wall seconds that ``compile`` took in total (``timings`` has the parts)."""
        return self.timings.total

    @property
    def synapse_count(self) -> int:
        """Synapses of all groups, of one instance (the first)."""
        groups = self._device.layout.groups
        return sum(self._instance.synapse_count(name) for name in groups)

    @property
    def populations(self) -> dict[str, PopulationView]:
        """All populations by name."""
        return dict(self._instances[0].populations)

    @property
    def groups(self) -> dict[str, GroupView]:
        """All synapse groups by name."""
        return dict(self._instances[0].groups)

    @property
    def inputs(self) -> dict[str, InputView]:
        """All inputs by name."""
        return dict(self._instances[0].inputs)

    def __getitem__(self, name: str) -> View:
        return self._instances[0][name]

    @property
    def names(self) -> list[str]:
        """Populations, synapse groups and inputs: all that ``simulation[name]`` gives."""
        return self._instances[0].names

    def memory(self, duration: float = 0.0) -> MemoryRows:
        """What takes how many bytes.

        Parameters
        ----------
        duration : float
            ms; also what the recorded variables of a run of this length will take (spikes are not
            known before they come).
        """
        from pygenn_lite.runtime.inspection import memory_rows

        steps, start = self._steps(duration), self.steps_done
        recorded = recording_rows(self._device.requests, self._device.dtype, start, start + steps)
        recorded *= len(self._instances)
        rows = memory_rows(self._device, self._instances[0].changed_weights)
        return MemoryRows([*rows, *(row for row in recorded if row.bytes)])

    def inspect(self) -> Inspection:
        """Derived update rules, memory per array, generated source."""
        from pygenn_lite.runtime.inspection import inspect_device

        return inspect_device(self._device, self._instances[0].changed_weights)

    # ------------------------------------------------------------------ running

    @with_old_arguments("Simulation.run")
    def run(
        self,
        duration: Number,
        *,
        progress: ProgressFunction | bool | None = None,
        callback: Callback | None = None,
        interval: Number | None = None,
        stream_to: str | Path | None = None,
        overwrite: bool = False,
        warmup: Number = 0.0,
        keep_weights: bool = False,
        sinks: Iterable[Sink] = (),
        keep: bool = True,
    ) -> Result:
        """Run for some time.

        Parameters
        ----------
        duration : float
            ms; rounded to steps.
        progress : callable, bool or None
            ``progress(what, done, total)`` in ms, or True for a bar; None: a bar on a terminal.
        callback : callable, optional
            Called with the simulation at multiples of ``interval``; may read and set anything.
        interval : float, optional
            ms between callbacks.
        stream_to : path, optional
            Write what is recorded to this HDF5 file while it is produced, instead of keeping it.
        overwrite : bool
            Whether ``stream_to`` may replace a result file; it is replaced when the run ends.
        warmup : float
            ms after which spikes are counted again, so that ``result.rates(warmup)`` is exact
            also where they are not recorded.
        keep_weights : bool
            Whether the result keeps the weights that plastic groups have at the end.
        sinks : sequence of Sink
            What is recorded goes into them as well, during the run.
        keep : bool
            Whether the result keeps what is recorded; else only the sinks get it.

        Returns
        -------
        Result
            With ``interrupted`` set when Ctrl-C (or ``stop``) ended the run early; of several
            instances :class:`InstanceResults`.

        Raises
        ------
        NumericalError
            A state became NaN or infinite. The ``result`` of this error, and of any other that
            ends the run, holds all up to there. One of several instances ends alone, and the error
            is raised when the others have got to the end.
        ArgumentError
            ``stream_to`` names a file that is there already.
        InsufficientMemoryError
            What is to be recorded does not fit into memory: told before the first step. Where
            memory still runs out, what was recorded is kept in the error's ``result``.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 1, pg.LIF())
        >>> drive = net.current(cells, 500.0)
        >>> net.record(cells["V"])
        >>> sim = net.compile(threads=1)
        >>> first, second = sim.run(5.0), sim.run(5.0)  # the second run continues
        >>> second.start, len(second.traces["cells"]["V"].times)
        (5.0, 50)
        >>> seen = []
        >>> result = sim.run(20.0, callback=lambda sim: seen.append(sim.time), interval=10.0)
        >>> seen
        [20.0, 30.0]
        """
        steps = self._steps(duration)
        if (callback is None) != (interval is None):
            raise ArgumentError("give both callback and interval, or neither")
        stride = None if interval is None else self._steps(interval)
        if stride is not None and stride < 1:
            raise ArgumentError(f"interval = {interval} ms is less than a step of {self.dt} ms")
        if not keep and stream_to is not None:
            raise ArgumentError("keep=False, but stream_to names a file", hint="give one of them")
        called = None if callback is None else partial(callback, self)
        options = RunOptions(steps, called, stride, self._steps(warmup), keep_weights)
        path = None if stream_to is None else as_path(stream_to)
        where = SinkOptions(
            path, overwrite, keep_weights, check_sinks(sinks), bool(keep), self._axis
        )
        with self._runner.exclusively("run again"), Progress(progress) as report:
            return self._run(options, where, report)

    def _run(self, options: RunOptions, where: SinkOptions, report: Progress) -> Result:
        self._runner.prepare_changed()
        provenance = provenance_of(self._device, self.notes)
        sinks = RunSinks(self._device, options.steps, provenance, where)
        return cast(Result, self._runner.run(options, sinks, report))

    def step(self, n: Whole = 1) -> Result:
        """Run for ``n`` steps."""
        steps = whole_number(n)
        if steps is None or not 0 <= steps < 2**62:
            raise ArgumentError(
                f"cannot run for {n!r} steps", hint="give a whole number of steps, from 0 on"
            )
        with self._runner.exclusively("run again"):
            return self._run(RunOptions(steps), SinkOptions(axis=self._axis), Progress(False))

    def _run_schedule(
        self, name: str, data: Mapping[str, object] | None = None, duration: float = 0.0
    ) -> ScheduleWalker:
        """Go through a schedule of the extension that this was compiled with; see
        :class:`~pygenn_lite.runtime.schedule_walker.ScheduleWalker`."""
        from pygenn_lite.runtime.schedule_walker import ScheduleWalker

        with self._runner.exclusively("run again"):
            self._runner.prepare_changed()
            walker = ScheduleWalker(self._device, name, data, self._steps(duration))
            walker.run()
        return walker

    def stop(self) -> None:
        """End a run that is under way (from a callback or another thread); its results are kept."""
        self._runner.stop()

    def reset(self, seed: Whole | None = None) -> None:
        """Back to the start: initial states and, in plastic groups, initial weights.

        Connectivity, parameters and the weights of static groups stay as they are.

        Parameters
        ----------
        seed : int, optional
            For initial values and noise of the next run; by default the network's.
        """
        chosen = self._instance.network.seed if seed is None else whole_number(seed)
        if chosen is None or not 0 <= chosen < 2**64:
            raise ArgumentError(
                f"seed = {seed!r} is not a valid seed", hint="give a whole number >= 0"
            )
        self._reset([chosen])

    def _reset(self, seeds: Sequence[int]) -> None:
        with self._runner.exclusively("reset"):
            self._device.initialise(seeds)
            self._all_prepared()

    # ------------------------------------------------------------------ keeping

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write a checkpoint: after ``restore`` the simulation continues with the same spikes.

        A callback may do this, too.

        Parameters
        ----------
        path : path
            Appears when all is written.
        overwrite : bool
            Whether a checkpoint that is there may be replaced. Other files never are.

        Raises
        ------
        ArgumentError
            There is a file already.
        CheckpointError
            The file cannot be written.
        """
        if self._runner.is_running_here:  # between two steps: all is in place
            self._save(path, overwrite)
            return
        with self._runner.exclusively("saved"):
            self._save(path, overwrite)

    def _save(self, path: str | Path, overwrite: bool) -> None:
        from pygenn_lite.runtime.checkpoint import save_checkpoint

        changed = [one.changed_weights for one in self._instances]
        save_checkpoint(self._device, changed, as_path(path), overwrite)

    def restore(self, path: str | Path) -> None:
        """Go to the state of a checkpoint of the same network, written by any backend."""
        from pygenn_lite.runtime.checkpoint import restore_checkpoint

        with self._runner.exclusively("restored"):
            changed = [one.changed_weights for one in self._instances]
            restore_checkpoint(self._device, changed, as_path(path))
            self._all_prepared()

    def _all_prepared(self) -> None:
        """All coefficients have been computed again."""
        self._runner.changed.clear()
        self._runner.checks.parameters_set(self._device.layout.populations)

    # ------------------------------------------------------------------ for the above

    def _steps(self, milliseconds: object) -> int:
        """A time given by the user as steps."""
        number = plain_number(milliseconds)
        if number is not None:
            given = as_float(number)
            if given >= 0 and nearest_steps(given, self.dt) < 2**62:
                return int(nearest_steps(given, self.dt))
        raise ArgumentError(
            f"{milliseconds!r} is not a valid duration", hint="give a number of ms, from 0 on"
        )

    def _instead(self) -> str:
        return (
            "send the Network and compile it where it is to run (compiled code is cached); to "
            "continue from here, save() a checkpoint and restore() it there"
        )

    def __repr__(self) -> str:
        neurons = sum(one.size for one in self._device.layout.populations.values())
        instances = f"{counted(len(self._instances), 'instance')} of " if self._axis else ""
        return (
            f"<Simulation of {instances}{self._instance.network.name or 'a network'}: "
            f"{counted(neurons, 'neuron')}, "
            f"{counted(self.synapse_count, 'synapse')}, {counted(self.threads, 'thread')}, "
            f"{self.precision}, at {self.time:g} ms>"
        )
