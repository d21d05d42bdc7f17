"""``pygenn-lite batch`` and the commands below it, with their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pygenn_lite.cli.completion import sweep_files
from pygenn_lite.cli.endings import Finished

DEFAULT = "run"

# Who does the runs, for the commands that do some.
Cluster = Annotated[str, typer.Option(help="A Dask cluster that is there: tcp://head:8786.")]
Slurm = Annotated[
    bool, typer.Option("--slurm", help="Start workers as jobs of Slurm, by dask-jobqueue.")
]
Kubernetes = Annotated[
    bool, typer.Option("--kubernetes", help="Start workers as pods, by dask-kubernetes.")
]
Workers = Annotated[
    int | None, typer.Option(help="Worker processes (or jobs, or pods); 0: this process alone.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]


class FileOrCommand(TyperGroup):
    """A group whose first word may be a file: ``batch x.yaml`` is ``batch run x.yaml``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put in the word that was left out."""
        known = (*self.commands, *ctx.help_option_names)
        if args and args[0] not in known:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Commands, and files."""
        from click.shell_completion import CompletionItem

        files = [CompletionItem(name) for name in sweep_files(incomplete)]
        return [*super().shell_complete(ctx, incomplete), *files]


batch = typer.Typer(
    cls=FileOrCommand,
    help="Sweeps: thousands of runs of a network, from one file. "
    "`pygenn-lite batch FILE` is short for `pygenn-lite batch run FILE`.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@batch.command(DEFAULT)
def run(
    file: Annotated[
        Path,
        typer.Argument(
            help="The sweep file; ./status where its name is that of a command.",
            autocompletion=sweep_files,
        ),
    ],
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Only show how many runs there are, and what they would take."
        ),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Ask nothing: run the scripts it names, at any size."),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the batch; by default named like the file.")
    ] = None,
    cluster: Cluster = "",
    slurm: Slurm = False,
    kubernetes: Kubernetes = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Do all runs of a sweep file; what is done already is not done again."""
    from pygenn_lite.cli.batch_command import BatchWords, run_file

    raise Finished(
        run_file(
            BatchWords(
                file=file, dry_run=dry_run, yes=yes, out=out, cluster=cluster, slurm=slurm,
                kubernetes=kubernetes, workers=workers, quiet=quiet,
            )
        )
    )  # fmt: skip


@batch.command()
def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a batch.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Page to write; report.html in the folder.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write an HTML page about a batch: measures over the swept values, rasters, failures."""
    from pygenn_lite.batch.batch import load_batch
    from pygenn_lite.cli.output import write_line
    from pygenn_lite.cli.pages import report_batch

    write_line(str(report_batch(load_batch(folder), out, show=show)))


@batch.command("resume")
def resume(
    folder: Annotated[Path, typer.Argument(help="The batch's folder.")],
    failed: Annotated[
        bool, typer.Option("--failed", help="Repeat the runs that failed, too.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Ask nothing: run its scripts, load its own classes."),
    ] = False,
    cluster: Cluster = "",
    slurm: Slurm = False,
    kubernetes: Kubernetes = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Do the runs of a batch that did not end yet."""
    from pygenn_lite.cli.batch_command import BatchWords, resume_folder

    words = BatchWords(
        file=folder, yes=yes, cluster=cluster, slurm=slurm, kubernetes=kubernetes,
        workers=workers, quiet=quiet,
    )  # fmt: skip
    raise Finished(resume_folder(words, failed))


@batch.command("status")
def status(folder: Annotated[Path, typer.Argument(help="The batch's folder.")]) -> None:
    """Say how many runs of a batch are done, failed and left."""
    from pygenn_lite.cli.batch_command import status_of

    raise Finished(status_of(folder))
