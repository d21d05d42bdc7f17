"""The simulation a user drives: run, look, change, save, go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pygenn_lite.codegen.plan.memory import MemoryRows
from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.named import Named, as_name
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import Number, Whole, plain_number, whole_number
from pygenn_lite.declaration.steps import nearest_steps, times_of
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.checkpoint import restore_checkpoint, save_checkpoint
from pygenn_lite.runtime.device import Device
from pygenn_lite.runtime.inspection import Inspection, inspect_device, memory_rows
from pygenn_lite.runtime.live import Live
from pygenn_lite.runtime.precision_checks import PrecisionChecks
from pygenn_lite.runtime.progress import Progress, ProgressFunction
from pygenn_lite.runtime.recording import recording_rows
from pygenn_lite.runtime.results.files import as_path
from pygenn_lite.runtime.results.provenance import provenance_of
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.sinks import open_sink
from pygenn_lite.runtime.runner import Runner, RunOptions
from pygenn_lite.runtime.views.group_views import GroupView, PopulationView, Viewed
from pygenn_lite.runtime.views.input_views import InputView, input_views

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

    def __init__(self, device: Device, checks: PrecisionChecks, timings: Timings) -> None:
        self._device, self._instance, self.timings = device, device.instances[0], timings
        self.notes: dict[str, str] = {}
        self._runner = Runner(device, checks)
        self._viewed = viewed = Viewed.of(device, 0, self._runner.changed)
        self._populations = {
            name: PopulationView(viewed, layout)
            for name, layout in device.layout.populations.items()
        }
        self._groups = {
            name: GroupView(
                viewed, name, self._populations[group.source], self._populations[group.target]
            )
            for name, group in self._instance.network.groups.items()
        }
        self._inputs = input_views(viewed, self._populations)

    # ------------------------------------------------------------------ looking

    @property
    def network(self) -> Network:
        """The declaration as it was compiled (a copy)."""
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
        return self._device.real.name

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
        """Wall seconds that ``compile`` took in all (``timings`` has the parts)."""
        return self.timings.total

    @property
    def synapse_count(self) -> int:
        """Synapses of all groups."""
        return sum(group.size for group in self._groups.values())

    @property
    def populations(self) -> dict[str, PopulationView]:
        """All populations by name."""
        return dict(self._populations)

    @property
    def groups(self) -> dict[str, GroupView]:
        """All synapse groups by name."""
        return dict(self._groups)

    @property
    def inputs(self) -> dict[str, InputView]:
        """All inputs by name."""
        return dict(self._inputs)

    def __getitem__(self, name: str) -> Any:
        name = as_name(name)
        for named in (self._populations, self._groups, self._inputs):
            if name in named:
                return named[name]
        raise ArgumentError(
            f"no population, synapse group or input {name!r}{nearest(str(name), self.names)}",
            hint=f"there are {self.names}",
        )

    @property
    def names(self) -> list[str]:
        """Populations, synapse groups and inputs: all that ``simulation[name]`` gives."""
        return list(dict.fromkeys([*self._populations, *self._groups, *self._inputs]))

    def memory(self, duration: float = 0.0) -> MemoryRows:
        """What takes how many bytes.

        Parameters
        ----------
        duration : float
            ms; also what the recorded variables of a run of this length will take (spikes are not
            known before they come).
        """
        steps, start = self._steps(duration), self.steps_done
        recorded = recording_rows(self._device.requests, self._device.real, start, start + steps)
        rows = memory_rows(self._device, self._viewed.changed_weights)
        return MemoryRows([*rows, *(row for row in recorded if row.bytes)])

    def inspect(self) -> Inspection:
        """Derived update rules, memory per array, generated source."""
        return inspect_device(self._device, self._viewed.changed_weights)

    # ------------------------------------------------------------------ running

    def run(
        self,
        duration: Number,
        *,
        progress: ProgressFunction | bool | None = None,
        callback: Callback | None = None,
        every: Number | None = None,
        stream_to: str | Path | None = None,
        overwrite: bool = False,
        settle: Number = 0.0,
        keep_weights: bool = False,
    ) -> Result:
        """Run for some time.

        Parameters
        ----------
        duration : float
            ms; rounded to steps.
        progress : callable, bool or None
            ``progress(what, done, total)`` in ms, or True for a bar; None: a bar on a terminal.
        callback : callable, optional
            Called with the simulation at multiples of ``every``; may read and set anything.
        every : float, optional
            ms between callbacks.
        stream_to : path, optional
            Write what is recorded to this HDF5 file while it is produced, instead of keeping it.
        overwrite : bool
            Whether ``stream_to`` may replace a result file; it is replaced when the run ends.
        settle : float
            ms after which spikes are counted once more, so that ``result.rates(settle)`` is exact
            also where they are not recorded.
        keep_weights : bool
            Whether the result keeps the weights that plastic groups have at the end.

        Returns
        -------
        Result
            With ``interrupted`` set when Ctrl-C (or ``stop``) ended the run early.

        Raises
        ------
        NumericalError
            A state became NaN or infinite. The ``result`` of this error, and of any other that
            ends the run, holds all up to there.
        ArgumentError
            ``stream_to`` names a file that is there already.
        MemoryPlanError
            What is to be recorded does not fit into memory: told before the first step. Where
            memory runs out all the same, what was recorded is kept in the error's ``result``.

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
        >>> result = sim.run(20.0, callback=lambda sim: seen.append(sim.time), every=10.0)
        >>> seen
        [20.0, 30.0]
        """
        steps = self._steps(duration)
        if (callback is None) != (every is None):
            raise ArgumentError("give both callback and every, or neither")
        stride = None if every is None else self._steps(every)
        if stride is not None and stride < 1:
            raise ArgumentError(f"every = {every} ms is less than a step of {self.dt} ms")
        with self._runner.exclusively("run once more"), Progress(progress) as report:
            self._runner.prepare_changed()
            sink = open_sink(
                self._device,
                steps,
                provenance_of(self._device, self.notes),
                stream_to=None if stream_to is None else as_path(stream_to),
                overwrite=overwrite,
                keep_weights=keep_weights,
            )
            called = None if callback is None else partial(callback, self)
            options = RunOptions(steps, called, stride, self._steps(settle), keep_weights)
            return self._runner.run(options, sink, report)

    def step(self, n: Whole = 1) -> Result:
        """Run for ``n`` steps."""
        steps = whole_number(n)
        if steps is None or not 0 <= steps < 2**62:
            raise ArgumentError(
                f"cannot run for {n!r} steps", hint="give a whole number of steps, from 0 on"
            )
        with self._runner.exclusively("run once more"):
            self._runner.prepare_changed()
            sink = open_sink(self._device, steps, provenance_of(self._device, self.notes))
            return self._runner.run(RunOptions(steps), sink, Progress(False))

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
        with self._runner.exclusively("reset"):
            self._device.initialise([chosen])
            self._all_prepared()

    # ------------------------------------------------------------------ keeping

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write a checkpoint: after ``restore`` the simulation goes on with the same spikes.

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
        save_checkpoint(self._device, [self._viewed.changed_weights], as_path(path), overwrite)

    def restore(self, path: str | Path) -> None:
        """Go to the state of a checkpoint of the same network, written by any backend."""
        with self._runner.exclusively("restored"):
            restore_checkpoint(self._device, [self._viewed.changed_weights], as_path(path))
            self._all_prepared()

    def _all_prepared(self) -> None:
        """All coefficients have been computed again."""
        self._runner.changed.clear()
        self._runner.checks.parameters_set(self._populations)

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
            "send the Network and compile it where it is to run (compiled code is cached); to go "
            "on from here, save() a checkpoint and restore() it there"
        )

    def __repr__(self) -> str:
        return (
            f"<Simulation of {self._instance.network.name or 'a network'}: "
            f"{counted(sum(view.size for view in self._populations.values()), 'neuron')}, "
            f"{counted(self.synapse_count, 'synapse')}, {counted(self.threads, 'thread')}, "
            f"{self.precision}, at {self.time:g} ms>"
        )
