# SPDX-License-Identifier: Apache-2.0
"""`stimuli fetch` and `stimuli show`: the inputs of a benchmark."""

from pathlib import Path
from typing import Annotated, Any

import typer

from energy_runner.cli.complete import complete_benchmark

stimuli = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Fetch the stimuli of a benchmark, or look for them.\n\n"
    "Example:\n\n"
    "\b\n"
    "  energy-runner stimuli fetch kws01 --from https://example.org/kws01",
)

BenchmarkArgument = Annotated[
    str, typer.Argument(help="Benchmark.", metavar="BENCHMARK", autocompletion=complete_benchmark)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@stimuli.command("fetch")
def fetch_stimuli(
    benchmark: BenchmarkArgument,
    source: Annotated[
        str,
        typer.Option("--from", help="Folder or archive (.zip, .tar.gz), local or on the web.", metavar="URL|DIR"),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for the stimuli; default: where `run` looks.",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch the stimuli of a benchmark.

    The official stimuli belong to others; fetch them only if you are allowed to.
    Sizes are checked, and hashes where they are known. Files that exist are not
    fetched again, so an interrupted fetch can be resumed.

    \b
    Examples:
      energy-runner stimuli fetch kws01 --from https://example.org/kws01
      energy-runner stimuli fetch ic01 --from ~/Downloads/ic01.zip
    """
    from energy_runner import api
    from energy_runner.cli.output import write, write_json, write_line

    with _Bar() as bar:
        fetched = api.fetch_stimuli(benchmark, source, out, progress=bar.show)
    if as_json:
        write_json(
            {
                "schema": "energy-runner/stimuli/1",
                "benchmark": benchmark,
                "folder": str(fetched.folder),
                "stimuli": fetched.stimuli,
                "fetched": fetched.came,
                "labels_pinned": fetched.labels_pinned,
                "stimuli_pinned": fetched.stimuli_pinned,
            }
        )
        return
    write_line(f"{fetched.stimuli} stimuli of {benchmark} are in {fetched.folder} ({fetched.came} fetched now)")
    if not fetched.stimuli_pinned:
        labels = "the label file is the official one, but " if fetched.labels_pinned else ""
        write(f"Not pinned: {labels}the hashes of the official stimuli are not known here, and not checked\n")


@stimuli.command("show")
def show_stimuli(
    benchmark: BenchmarkArgument,
    folder: Annotated[
        Path | None,
        typer.Option("--stimuli", "-s", help="Look here instead of where `run` looks.", metavar="DIR"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show where the stimuli are, and whether the set is complete.

    Status 1 if one is missing, 2 if there are none.

    \b
    Example:
      energy-runner stimuli show kws01
    """
    from energy_runner import api
    from energy_runner.cli.output import write_json, write_line
    from energy_runner.errors import ExitStatus

    found = api.look_for_stimuli(benchmark, folder)
    missing = found.missing
    facts: dict[str, Any] = {
        "schema": "energy-runner/stimuli/1",
        "benchmark": found.benchmark,
        "folder": str(found.folder),
        "stimuli": found.stimuli,
        "whole_set": found.whole_set,
        "missing": list(missing),
    }
    if as_json:
        write_json(facts)
    else:
        write_line(
            f"{found.benchmark}: {found.stimuli} stimuli in {found.folder}; a complete set has {found.whole_set}"
        )
        write_line(
            f"{len(missing)} {'is' if len(missing) == 1 else 'are'} missing, the first {missing[0]}"
            if missing
            else "All of them are there"
        )
    raise typer.Exit(ExitStatus.RULE_FAILED if missing else ExitStatus.VALID)


class _Bar:
    """A progress bar on stderr with the time left; nothing where stderr is not a terminal."""

    def __enter__(self) -> "_Bar":
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        console = Console(stderr=True)
        columns = (BarColumn(), MofNCompleteColumn(), "files", TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._progress.start()
        self._task = self._progress.add_task("stimuli", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done: int, total: int) -> None:
        """Show that `done` of `total` files are there."""
        self._progress.update(self._task, completed=done, total=total)
