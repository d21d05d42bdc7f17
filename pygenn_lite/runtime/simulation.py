"""The simulation a user drives: run, look, change, save, go on."""

from __future__ import annotations

import contextlib
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.codegen.plan.memory import MemoryRows
from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.named import Named, as_name
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import Number, Whole, plain_number, whole_number
from pygenn_lite.declaration.steps import nearest_steps, times_of
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, FileFormatError, PygennLiteWarning, SimulationError
from pygenn_lite.runtime.checkpoint import restore_checkpoint, save_checkpoint
from pygenn_lite.runtime.cpp.machine import Machine
from pygenn_lite.runtime.inspection import Inspection, inspect_machine, memory_rows
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.live import Live
from pygenn_lite.runtime.progress import Progress, ProgressFunction
from pygenn_lite.runtime.recording import recording_rows
from pygenn_lite.runtime.results.files import as_path
from pygenn_lite.runtime.results.provenance import provenance_of
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.sinks import open_sink
from pygenn_lite.runtime.run_loop import RunLoop
from pygenn_lite.runtime.views.group_views import GroupView, PopulationView
from pygenn_lite.runtime.views.input_views import InputView, input_views
from pygenn_lite.runtime.views.parameters import Parameters

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.memory_sink import MemorySink
    from pygenn_lite.runtime.results.result_file import ResultFile

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

    def __init__(self, machine: Machine, timings: Timings) -> None:
        self._machine, self.timings = machine, timings
        self.notes: dict[str, str] = {}
        self._changed: set[str] = set()
        self._stop_wanted = False
        self._alone = threading.Lock()  # held by what must not meet another: run, reset, restore
        self._runner: int | None = None  # the thread that runs
        parameters = Parameters(machine, self._changed)
        self._populations = {
            name: PopulationView(machine, memory, parameters)
            for name, memory in machine.populations.items()
        }
        self._groups = {
            name: GroupView(
                machine,
                machine.groups[name],
                machine.synapses.get(name),
                self._populations[group.source],
                self._populations[group.target],
                parameters,
            )
            for name, group in machine.network.groups.items()
        }

        self._inputs = input_views(machine.network.inputs, self._populations)

    # ------------------------------------------------------------------ looking

    @property
    def network(self) -> Network:
        """The declaration as it was compiled (a copy)."""
        return self._machine.network.copy()

    @property
    def backend(self) -> str:
        """Name of the backend."""
        return self._machine.backend

    @property
    def threads(self) -> int:
        """Worker threads."""
        return self._machine.threads

    @property
    def precision(self) -> str:
        """Type of states and weights."""
        return self._machine.real.name

    @property
    def dt(self) -> float:
        """Time step in ms."""
        return self._machine.network.dt

    @property
    def steps_done(self) -> int:
        """Steps since the start."""
        return int(self._machine.engine.step_get(self._machine.pointer))

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
        return sum(group.size for group in self._machine.groups.values())

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
        recorded = recording_rows(self._machine.requests, self._machine.real, start, start + steps)
        return MemoryRows([*memory_rows(self._machine), *(row for row in recorded if row.bytes)])

    def inspect(self) -> Inspection:
        """Derived update rules, memory per array, generated source."""
        return inspect_machine(self._machine)

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
        with self._nothing_else("run once more"), Progress(progress) as report:
            self._prepare_changed()
            sink = open_sink(
                self._machine,
                steps,
                provenance_of(self._machine, self.notes),
                stream_to=None if stream_to is None else as_path(stream_to),
                overwrite=overwrite,
                keep_weights=keep_weights,
            )
            return self._advance(
                steps, sink, report, callback, stride, self._steps(settle), keep_weights
            )

    def step(self, n: Whole = 1) -> Result:
        """Run for ``n`` steps."""
        steps = whole_number(n)
        if steps is None or not 0 <= steps < 2**62:
            raise ArgumentError(
                f"cannot run for {n!r} steps", hint="give a whole number of steps, from 0 on"
            )
        with self._nothing_else("run once more"):
            self._prepare_changed()
            sink = open_sink(self._machine, steps, provenance_of(self._machine, self.notes))
            return self._advance(steps, sink, Progress(False))

    def stop(self) -> None:
        """End a run that is under way (from a callback or another thread); its results are kept."""
        self._stop_wanted = True
        if self._runner is not None:
            self._machine.engine.stop(self._machine.pointer)

    def reset(self, seed: Whole | None = None) -> None:
        """Back to the start: initial states and, in plastic groups, initial weights.

        Connectivity, parameters and the weights of static groups stay as they are.

        Parameters
        ----------
        seed : int, optional
            For initial values and noise of the next run; by default the network's.
        """
        machine = self._machine
        chosen = machine.network.seed if seed is None else whole_number(seed)
        if chosen is None or not 0 <= chosen < 2**64:
            raise ArgumentError(
                f"seed = {seed!r} is not a valid seed", hint="give a whole number >= 0"
            )
        with self._nothing_else("reset"):
            for synapses in machine.synapses.values():
                synapses.initialise()
            machine.initialise(chosen)
            self._changed.clear()

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
        if self._runner == threading.get_ident():  # between two steps: all is in place
            save_checkpoint(self._machine, as_path(path), overwrite)
            return
        with self._nothing_else("saved"):
            save_checkpoint(self._machine, as_path(path), overwrite)

    def restore(self, path: str | Path) -> None:
        """Go to the state of a checkpoint of the same network."""
        with self._nothing_else("restored"):
            restore_checkpoint(self._machine, as_path(path))
            self._changed.clear()

    # ------------------------------------------------------------------ the loop

    def _advance(
        self,
        steps: int,
        sink: MemorySink | ResultFile,
        report: Progress,
        callback: Callback | None = None,
        every: int | None = None,
        settle: int = 0,
        keep_weights: bool = False,
    ) -> Result:
        start = self.steps_done
        checks = self._machine.checks
        checks.run_begins(start + steps)
        run = RunLoop(self._machine, sink, start, steps, start + settle, keep_weights)
        self._stop_wanted, self._runner = False, threading.get_ident()
        signals = InterruptWatch()
        started = time.perf_counter()

        def result() -> Result:
            self._runner = None
            seconds = time.perf_counter() - started
            return run.finish(seconds, interrupted=run.left > 0, sizes=self._sizes())

        try:
            with signals:
                while run.left and not self._stop_wanted and not signals.seen:
                    done = run.chunk(every)
                    report("simulating", run.done * self.dt, steps * self.dt)
                    if done and callback is not None and every and run.step % every == 0:
                        callback(self)
                        self._prepare_changed()
        except BaseException as error:
            with contextlib.suppress(SimulationError, FileFormatError, AttributeError, MemoryError):
                error.result = result()  # type: ignore[attr-defined]
            raise
        finished = result()
        checks.run_ended()
        if signals.seen:
            warnings.warn(
                f"interrupted at {self.time:g} ms, {run.left * self.dt:g} ms before the end; the "
                "results up to there are kept (result.interrupted is True)",
                PygennLiteWarning,
                stacklevel=3,
            )
        return finished

    @contextlib.contextmanager
    def _nothing_else(self, doing: str) -> Iterator[None]:
        """Refuse what would change a state that a run is working on, in a callback, too."""
        if not self._alone.acquire(blocking=False):
            raise SimulationError(
                f"the simulation is already running and cannot be {doing} meanwhile",
                hint="let the run end, or end it with stop(), first",
            )
        try:
            yield
        finally:
            self._alone.release()

    def _prepare_changed(self) -> None:
        """Compute what follows from parameters that were set."""
        if self._changed:
            self._machine.prepare(self._changed)
            self._changed.clear()

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

    def _sizes(self) -> dict[str, int]:
        return {name: view.size for name, view in self._populations.items()}

    def _instead(self) -> str:
        return (
            "send the Network and compile it where it is to run (compiled code is cached); to go "
            "on from here, save() a checkpoint and restore() it there"
        )

    def __repr__(self) -> str:
        return (
            f"<Simulation of {self._machine.network.name or 'a network'}: "
            f"{counted(sum(self._sizes().values()), 'neuron')}, "
            f"{counted(self.synapse_count, 'synapse')}, {counted(self.threads, 'thread')}, "
            f"{self.precision}, at {self.time:g} ms>"
        )
