"""The commands and their options. What they do stands in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pygenn_lite.cli.completion import (
    backend_names,
    library_names,
    network_names_or_files,
    precision_names,
)
from pygenn_lite.cli.endings import Finished
from pygenn_lite.cli.output import write_line

app = typer.Typer(
    help="Spiking networks declared as equations, compiled and run fast.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped by Ctrl-C, 143 by SIGTERM. "
    "--debug shows tracebacks.",
)

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME_OR_FILE",
        help="A library network, a file, or - for standard input.",
        autocompletion=network_names_or_files,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a place, e.g. populations.exc.size=9",
    ),
]
Scale = Annotated[
    float | None,
    typer.Option(help="Scale neurons and synapses per neuron, keeping mean inputs and variances."),
]
Precision = Annotated[str, typer.Option(help="float32 or float64.", autocompletion=precision_names)]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose", "-v", count=True, help="Say what is done, and how long it takes; -vv: more."
    ),
]


def _version(wanted: bool) -> None:
    if wanted:
        import pygenn_lite

        write_line(f"pygenn-lite {pygenn_lite.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Spiking networks declared as equations, compiled and run fast."""


@app.command()
def run(
    network: Name,
    set_: Set = None,
    duration: Annotated[float | None, typer.Option(help="ms, after the warm-up.")] = None,
    warmup: Annotated[float | None, typer.Option(help="ms before rates are counted.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random numbers.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=4096, help="Worker threads.")] = None,
    backend: Annotated[
        str, typer.Option(help="auto or cpp.", autocompletion=backend_names)
    ] = "auto",
    precision: Precision = "float32",
    scale: Scale = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for results; results/NAME by default.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the files of an earlier run in --out.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record/--no-record", help="Record, or only count spikes.")
    ] = True,
    picture: Annotated[
        bool | None,
        typer.Option(
            "--picture/--no-picture", help="Draw a picture; by default, unless there is --json."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    verbose: Verbose = 0,
) -> None:
    """Simulate a network; print its rates; write spikes and a picture."""
    from pygenn_lite.cli.logs import show_logs
    from pygenn_lite.cli.run_command import RunOptions, run_network

    show_logs(verbose)
    code = run_network(
        RunOptions(
            network=network, changes=tuple(set_ or ()), duration=duration, warmup=warmup,
            seed=seed, threads=threads, backend=backend, precision=precision, scale=scale,
            out=out, overwrite=overwrite, record=record, picture=picture, quiet=quiet, json=json,
            live=not verbose,
        )
    )  # fmt: skip
    raise Finished(code)


@app.command()
def inspect(
    network: Name,
    set_: Set = None,
    precision: Precision = "float32",
    scale: Scale = None,
    source: Annotated[bool, typer.Option("--source", help="Print the generated source.")] = False,
) -> None:
    """Show a network: update rules as formulas, arrays with bytes, generated source."""
    from pygenn_lite.cli.inspect_command import inspect_network

    inspect_network(network, tuple(set_ or ()), precision=precision, scale=scale, source=source)


@app.command()
def models(
    name: Annotated[
        str | None,
        typer.Argument(help="One model or network, in full.", autocompletion=library_names),
    ] = None,
) -> None:
    """List what the library holds, or show one of it."""
    from pygenn_lite.cli.library_list import show_library

    show_library(name)


@app.command()
def plot(
    result: Annotated[Path, typer.Argument(help="A result file, or the folder it is in.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Picture to write: .png, .svg or .pdf.")
    ] = None,
    start: Annotated[float | None, typer.Option(help="Begin of the window, ms.")] = None,
    stop: Annotated[float | None, typer.Option(help="End of the window, ms.")] = None,
    warmup: Annotated[float | None, typer.Option(help="ms that mean rates leave out.")] = None,
    bin_ms: Annotated[float, typer.Option(help="Width of the bins of rates over time, ms.")] = 5.0,
    size: Annotated[
        tuple[float, float] | None, typer.Option(help="Width and height of the picture, inches.")
    ] = None,
    dpi: Annotated[float | None, typer.Option(help="Dots per inch.")] = None,
) -> None:
    """Draw a result: raster, rates, traces, weights of plastic groups."""
    from pygenn_lite.cli.pictures import plot_file

    look = {"start": start, "stop": stop, "bin_ms": bin_ms, "figsize": size, "dpi": dpi}
    write_line(str(plot_file(result, out, warmup=warmup, **look)))


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Delete all compiled code.")] = False,
) -> None:
    """Show the compile cache, or clear it."""
    from pygenn_lite.codegen.plan.memory import readable
    from pygenn_lite.runtime.compile_cache import (
        cache_directory,
        cache_entries,
        cache_size,
        clear_cache,
    )

    if clear:
        write_line(f"{readable(clear_cache())} freed in {cache_directory()}")
    else:
        entries, size = cache_entries(), readable(cache_size())
        write_line(f"{cache_directory()}: {entries} networks and engines, {size}")
