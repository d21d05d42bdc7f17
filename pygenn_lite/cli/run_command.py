"""``pygenn-lite run``: simulate, report, write files."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.cli.endings import DONE, FAILED, command_line, disk_message, say
from pygenn_lite.cli.networks import load
from pygenn_lite.cli.outcome import SUMMARY_FILE, Outcome
from pygenn_lite.cli.output import write_line
from pygenn_lite.cli.patience import Drawing
from pygenn_lite.cli.progress_bar import ProgressBars
from pygenn_lite.cli.result_folder import result_folder
from pygenn_lite.cli.signals import note_interrupt
from pygenn_lite.declaration import Network, SpikeSource
from pygenn_lite.errors import (
    FileFormatError,
    Location,
    NumericalError,
    SimulationError,
)
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.files import RESULT_FILE, harmless_name, written_at_once

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result

log = logging.getLogger(__name__)

PICTURE_FILE = "picture.png"
FILES = (RESULT_FILE, PICTURE_FILE, SUMMARY_FILE)


@dataclass(frozen=True)
class RunOptions:
    """What the command line asks for."""

    network: str
    changes: tuple[str, ...] = ()
    duration: float | None = None
    warmup: float | None = None
    seed: int | None = None
    threads: int | None = None
    backend: str = "auto"
    driver: str = "auto"
    device: int = 0
    plan: str = "auto"
    precision: str = "float32"
    scale: float | None = None
    out: Path | None = None
    overwrite: bool = False
    record: bool = True
    picture: bool | None = None
    quiet: bool = False
    json: bool = False
    live: bool = True  # progress bars, which would not go with lines of a log between them


def run_network(options: RunOptions) -> int:
    """Do it; return the exit code."""
    from pygenn_lite.codegen.plan.memory import peak_memory
    from pygenn_lite.runtime.backends import check_precision, choose_backend
    from pygenn_lite.runtime.card_options import card_options
    from pygenn_lite.runtime.interrupts import InterruptWatch

    network, settings = load(options.network, options.changes, options.scale, options.seed)
    duration = _time("duration", options.duration, settings.duration)
    warmup = _time("warmup", options.warmup, settings.warmup)
    chosen = choose_backend(options.backend)  # refused before a folder is made
    card_options(chosen.name, options.driver, options.device, options.plan)
    check_precision(options.precision)
    _choose_recordings(network, options.record)
    folder = None
    if options.record or options.out:
        name = harmless_name(network.name, "network")
        folder = result_folder(options.out, name, FILES, options.overwrite)
    stream = folder / RESULT_FILE if folder is not None and network.recordings else None
    with ProgressBars(shown=not options.quiet, live=options.live) as progress:
        simulation = network.compile(
            backend=options.backend, threads=options.threads, precision=options.precision,
            progress=progress, driver=options.driver, device=options.device, plan=options.plan,
        )  # fmt: skip
        _log_build(simulation)
        simulation.notes["command"] = command_line()
        try:
            # Whoever presses Ctrl-C twice to be sure still gets the results of the first.
            with InterruptWatch():
                kept = dict(stream_to=stream, warmup=warmup, keep_weights=folder is not None)
                kept["overwrite"] = options.overwrite
                result, error = _simulate(simulation, warmup + duration, progress, kept)
                progress.close()
                outcome = Outcome(network, settings, duration, warmup, simulation, result)
                outcome.scale = options.scale or 1.0
                outcome.peak_bytes = peak_memory()
                _finish(outcome, options, folder, stream)
        except KeyboardInterrupt:
            say("stopped at once; the results are not complete")
            return note_interrupt()
    return _said_how_it_ended(outcome, error, folder)


def _log_build(simulation: Any) -> None:
    timings = simulation.timings
    log.info(
        "built in %.2f s: derived and compiled in %.2f s, connected %s synapses in %.2f s",
        timings.total, timings.compile, f"{simulation.synapse_count:,}", timings.connect,
    )  # fmt: skip
    log.info(
        "%d neurons in %s, %s worker threads",
        sum(view.size for view in simulation.populations.values()), simulation.precision,
        simulation.threads,
    )  # fmt: skip
    if log.isEnabledFor(logging.DEBUG):
        for row in simulation.memory():
            log.debug("memory: %s: %s, %s bytes", row.name, row.what, f"{row.bytes:,}")


def _simulate(
    simulation: Any, duration: float, progress: ProgressBars, kept: dict[str, Any]
) -> tuple[Result, NumericalError | None]:
    """Run; where the numbers leave the finite, the result up to there and the error."""
    with warnings.catch_warnings():
        # The run says in a warning that it was interrupted; here that is said at the end.
        warnings.filterwarnings("ignore", message="interrupted at", category=RuntimeWarning)
        try:
            log.info("simulating %g ms", duration)
            result = simulation.run(duration, progress=progress, **kept)
            log.info("simulated %g ms in %.2f s", result.duration, result.simulate_seconds)
            return result, None
        except NumericalError as fault:
            return fault.result, fault  # type: ignore[attr-defined]


def _said_how_it_ended(outcome: Outcome, error: NumericalError | None, folder: Path | None) -> int:
    """Say what kept the run from its end; return the exit code."""
    result = outcome.result
    if error is not None:
        say(f"error: {error}")
        if outcome.files:
            say(f"the results up to there are kept in '{folder}'")
        return FAILED
    if result.interrupted:
        reached = f"interrupted at {result.start + result.duration:g} ms"
        say(f"{reached}; the results up to there are kept" + (f" in '{folder}'" if folder else ""))
        return note_interrupt()
    return DONE


def _time(name: str, given: float | None, otherwise: float) -> float:
    if given is None:
        return otherwise
    if not 0 <= given < 1e12:
        raise FileFormatError(
            f"{given:g} is not a valid time", where=Location(f"--{name}"), hint="give ms, 0 to 1e12"
        )
    return given


def _choose_recordings(network: Network, record: bool) -> None:
    """Record what the file says; all spikes if it says nothing; nothing if not wanted."""
    if not record:
        network.recordings.clear()
    elif not network.recordings:
        for population in network.populations.values():
            if not isinstance(population.model, SpikeSource):
                network.record(population.spikes)


def _finish(
    outcome: Outcome, options: RunOptions, folder: Path | None, stream: Path | None
) -> None:
    """Write what was found and say it; what takes longest, the picture, comes last.

    For a JSON object, which is read by programs, a picture is only drawn when asked for.
    """
    wanted = not options.json if options.picture is None else options.picture
    if folder is not None:
        _write_summary(outcome, folder, stream)
    if not options.json and not options.quiet:
        from pygenn_lite.cli.report import print_report

        print_report(outcome)
    if wanted and folder is not None:
        _draw(outcome, options, folder)
    if folder is not None:
        _remove_stale(outcome, folder)
    if options.json:
        write_line(json.dumps(outcome.summary()))


def _write_summary(outcome: Outcome, folder: Path, stream: Path | None) -> None:
    path = folder / SUMMARY_FILE
    outcome.files += [path] if stream is None else [stream, path]
    known: dict[str, Any] = {"reference_rates_hz": dict(outcome.settings.reference_rates)}
    known["scale"] = outcome.scale
    known |= {"seed": outcome.network.seed, "provenance": dict(outcome.result.provenance)}
    text = json.dumps({**outcome.summary(), **known}, indent=2)
    try:
        with written_at_once(path) as aside:
            aside.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SimulationError(disk_message(error)) from error


def _remove_stale(outcome: Outcome, folder: Path) -> None:
    """Remove what a run that was to be overwritten has left and this one has not replaced."""
    for name in FILES:
        if folder / name not in outcome.files:
            (folder / name).unlink(missing_ok=True)


def _draw(outcome: Outcome, options: RunOptions, folder: Path) -> None:
    picture = folder / PICTURE_FILE
    warmup = 0.0 if None in outcome.rates().values() else outcome.warmup
    scale = f" at scale {outcome.scale:g}" if outcome.scale != 1.0 else ""
    try:
        with Drawing(shown=not options.quiet):
            from pygenn_lite import plotting

            plotting.plot_result(
                outcome.result, picture, warmup=warmup,
                reference_rates=outcome.settings.reference_rates,
                title=f"{outcome.network.name or folder.name}{scale}",
            )  # fmt: skip
    except OSError as error:
        raise SimulationError(disk_message(error)) from error
    outcome.files.append(picture)
    if not options.json and not options.quiet:
        from pygenn_lite.cli.report import print_file

        print_file(picture)
