"""The commands and their options. What they do stands in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pygenn_lite.cli.batch_commands import batch
from pygenn_lite.cli.completion import (
    backend_names,
    library_names,
    network_names_or_files,
    precision_names,
    schema_names,
    task_names_or_files,
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
        str, typer.Option(help="auto, cpp or cuda.", autocompletion=backend_names)
    ] = "auto",
    driver: Annotated[
        str,
        typer.Option(help="Of --backend cuda: cupy, pycuda, or emulator (no GPU is needed)."),
    ] = "auto",
    device: Annotated[int, typer.Option(min=0, help="Of --backend cuda: the GPU's number.")] = 0,
    plan: Annotated[
        str,
        typer.Option(help="Of --backend cuda: general, instances or resident; auto chooses."),
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
            live=not verbose, driver=driver, device=device, plan=plan,
        )
    )  # fmt: skip
    raise Finished(code)


@app.command()
def train(
    task: Annotated[
        str,
        typer.Argument(
            help="A task of the library, a YAML file with a section training:, or "
            "script.py:function. None with --resume.",
            autocompletion=task_names_or_files,
        ),
    ] = "",
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs altogether.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Samples per update.")] = None,
    rate: Annotated[float | None, typer.Option(min=0, help="Learning rate.")] = None,
    hidden: Annotated[int | None, typer.Option(min=1, help="Hidden neurons.")] = None,
    samples: Annotated[int | None, typer.Option(min=1, help="Training samples.")] = None,
    data: Annotated[
        str | None, typer.Option(help="Folder of the data set's files, of tasks that need one.")
    ] = None,
    gradient: Annotated[str | None, typer.Option(help="exact or surrogate.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the network and the samples' order.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=4096, help="Worker threads.")] = None,
    backend: Annotated[
        str, typer.Option(help="auto, cpp or cuda.", autocompletion=backend_names)
    ] = "auto",
    driver: Annotated[
        str, typer.Option(help="Of --backend cuda: cupy, pycuda, or emulator.")
    ] = "auto",
    precision: Precision = "float32",
    out: Annotated[
        Path | None, typer.Option(help="Folder for results; results/TASK by default.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the files of an earlier one in --out.")
    ] = False,
    resume: Annotated[
        Path | None, typer.Option(help="Continue the training in this folder.")
    ] = None,
    picture: Annotated[
        bool | None,
        typer.Option("--picture/--no-picture", help="Draw pictures; by default without --json."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train a network; test it; write it, its learning curves and a checkpoint."""
    from pygenn_lite.cli.train_command import TrainOptions, train

    options = TrainOptions(
        task=task, epochs=epochs, batch=batch, rate=rate, hidden=hidden, samples=samples,
        data=data, gradient=gradient, seed=seed, threads=threads, backend=backend, driver=driver,
        precision=precision, out=out, overwrite=overwrite, resume=resume, picture=picture,
        quiet=quiet, json=json,
    )  # fmt: skip
    raise Finished(train(options))


@app.command()
def inspect(
    network: Name,
    set_: Set = None,
    precision: Precision = "float32",
    scale: Scale = None,
    source: Annotated[bool, typer.Option("--source", help="Print the generated source.")] = False,
    adjoint: Annotated[
        bool, typer.Option("--adjoint", help="Print how gradients are computed, as formulas.")
    ] = False,
    trial: Annotated[
        str | None,
        typer.Option(
            help="Print a step of training, forwards and backwards: exact, or the name of a "
            "surrogate, such as superspike."
        ),
    ] = None,
    backend: Annotated[
        str, typer.Option(help="cpp, or cuda: kernels for GPUs; no GPU is needed.")
    ] = "cpp",
    arch: Annotated[
        str | None,
        typer.Option(
            help="With --backend cuda: sm_75, sm_80, sm_90, sm_100, sm_120, ...",
            show_default="sm_90",
        ),
    ] = None,
) -> None:
    """Show a network: update rules as formulas, arrays with bytes, generated source."""
    from pygenn_lite.cli.inspect_command import (
        Inspected,
        inspect_adjoint,
        inspect_network,
        inspect_trial,
    )

    if trial is not None:
        inspect_trial(network, tuple(set_ or ()), scale, trial)
        return
    if adjoint:
        inspect_adjoint(network, tuple(set_ or ()), scale)
        return
    inspect_network(
        Inspected(
            network=network, changes=tuple(set_ or ()), precision=precision, scale=scale,
            source=source, backend=backend, architecture=arch,
        )
    )  # fmt: skip


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
def measures() -> None:
    """List the measures of results: unit, what they need, whether they stream."""
    from pygenn_lite.cli.measure_list import show_measures

    show_measures()


@app.command()
def devices(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """List what networks can run on here: processor, GPUs; what is missing to use a GPU."""
    from pygenn_lite.cli.devices_command import show_devices

    show_devices(as_json)


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
def convert(
    result: Annotated[Path, typer.Argument(help="A result file, or its folder.")],
    target: Annotated[
        Path, typer.Argument(help="What to write: .nwb, .csv, .parquet, or .pkl (a Neo block).")
    ],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
) -> None:
    """Write a result in the format of another tool: all spikes and recorded variables."""
    from pygenn_lite.exchange import convert_file

    for path in convert_file(result, target, overwrite):
        write_line(str(path))


@app.command()
def schema(
    kind: Annotated[
        str, typer.Argument(help="Of which files: network, sweep.", autocompletion=schema_names)
    ] = "network",
    out: Annotated[
        Path | None, typer.Option(help="Write it to this file instead of printing it.")
    ] = None,
) -> None:
    """Print the JSON Schema of network files or sweeps, by which editors complete and check."""
    from pygenn_lite.cli.schema_command import show_schema

    show_schema(kind, out)


@app.command()
def report(
    result: Annotated[Path, typer.Argument(help="A result file, or the folder it is in.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Page to write; report.html beside the file.")
    ] = None,
    warmup: Annotated[float | None, typer.Option(help="ms that rates leave out.")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write an HTML page about a result: activity, measures, network, formulas, origin."""
    from pygenn_lite.cli.pages import report_file

    write_line(str(report_file(result, out, warmup=warmup, show=show)))


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


app.add_typer(batch, name="batch")
