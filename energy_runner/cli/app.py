"""The table of commands."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli import bench_commands

# Rich help panels cost a quarter of a second at every start; plain ones are as readable.
app = typer.Typer(
    name="energy-runner",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Tell how many microjoules one inference of a tiny neural network costs, and prove it.\n\n"
    "First steps:\n\n"
    "\b\n"
    "  energy-runner demo                 measure a virtual board, no hardware needed\n"
    "  energy-runner bench list           which benches there are\n"
    "  energy-runner run kws01 --bench my-bench.toml --stimuli DIR\n\n"
    "Exit status: 0 valid, 1 measured but a rule failed, 2 usage or configuration,\n"
    "3 bench fault, 4 interrupted.",
)
app.add_typer(bench_commands.bench, name="bench")
app.add_typer(bench_commands.instruments, name="instruments")

SessionArgument = Annotated[Path, typer.Argument(help="Folder of the session.", metavar="SESSION")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def _version(wanted: bool) -> None:
    if wanted:
        from energy_runner.version import version

        typer.echo(f"energy-runner {version()}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def _complete_benchmark(incomplete: str) -> list[str]:
    from energy_runner.benchmarks.catalogue import list_benchmarks

    return [b.id for b in list_benchmarks() if b.id.startswith(incomplete)]


def _complete_bench(incomplete: str) -> list[str]:
    from energy_runner.bench import built_in_names

    files = sorted(str(path) for path in Path().glob(f"{incomplete}*.toml"))
    return [name for name in built_in_names() if name.startswith(incomplete)] + files


BenchOption = Annotated[
    str, typer.Option("--bench", "-b", help="Built-in bench, or a bench file.", autocompletion=_complete_bench)
]


@app.command()
def run(
    benchmark: Annotated[
        str, typer.Argument(help="kws01, vww01, ic01, ic02 or ad01.", autocompletion=_complete_benchmark)
    ],
    bench: BenchOption,
    stimuli: Annotated[Path, typer.Option("--stimuli", "-s", help="Folder with y_labels.csv and the input files.")],
    mode: Annotated[str, typer.Option("--mode", "-m", help="energy, performance or accuracy.")] = "energy",
    model: Annotated[
        Path | None, typer.Option(help="int8 .tflite file with which a virtual DUT answers.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the session; default: a new one in sessions/.")
    ] = None,
    inferences: Annotated[
        int | None, typer.Option("--inferences", "-n", min=1, help="Inferences a window; default: a trial finds out.")
    ] = None,
    warmups: Annotated[
        int | None, typer.Option(min=0, help="Inferences before each window; default: the benchmark's.")
    ] = None,
    read_back: Annotated[
        bool, typer.Option(help="Compare each stimulus in the DUT byte for byte before it is used.")
    ] = True,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Accuracy: use only the first LIMIT files (the result is then not valid).")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of a virtual bench's instrument errors and noise.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure a benchmark on a bench.

    \b
    Examples:
      energy-runner run kws01 --bench virtual-lpm01a --stimuli stimuli/
      energy-runner run kws01 --bench my-bench.toml --mode performance --stimuli stimuli/
      energy-runner run ad01 -b my-bench.toml -s stimuli/ -n 1500 --out sessions/ad01-3V0
    """
    from energy_runner.cli.run_command import RunOptions, run_command

    options = RunOptions(
        benchmark=benchmark,
        bench=bench,
        stimuli=stimuli,
        mode=mode,
        model=model,
        out=out,
        inferences=inferences,
        warmups=warmups,
        read_back=read_back,
        limit=limit,
        seed=seed,
        as_json=as_json,
    )
    raise typer.Exit(run_command(options))


@app.command()
def demo(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the session.")] = None,
    bench: BenchOption = "virtual-lpm01a",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the virtual bench.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure a virtual board: five windows of ten seconds, in a second or two, without any hardware.

    \b
    Examples:
      energy-runner demo
      energy-runner demo --bench virtual-n6705c --seed 7
    """
    from energy_runner.cli.run_command import demo_command

    raise typer.Exit(demo_command(bench, out, seed, as_json=as_json))


@app.command()
def analyze(session: SessionArgument, as_json: JsonOption = False) -> None:
    """Derive the result again from a session's facts, and write result.json.

    The same facts give the same bytes, on any day and any machine.

    \b
    Example:
      energy-runner analyze sessions/20261123T093000Z-kws01-energy
    """
    from energy_runner.cli.session_commands import analyze_command

    raise typer.Exit(analyze_command(session, as_json=as_json))


@app.command()
def check(
    session: SessionArgument,
    rules: Annotated[
        list[str] | None, typer.Option("--rules", "-r", help="Check only this rule; may be given several times.")
    ] = None,
    accuracy_session: Annotated[
        Path | None, typer.Option(help="Accuracy session of the same firmware, for the accuracy rule.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a session against the rules; status 1 if one fails.

    \b
    Examples:
      energy-runner check SESSION
      energy-runner check SESSION --rules spread --rules window-length
    """
    from energy_runner.cli.session_commands import check_command

    raise typer.Exit(check_command(session, rules or [], accuracy_session, as_json=as_json))


@app.command()
def report(
    session: SessionArgument,
    plots: Annotated[bool, typer.Option(help="Write plots/*.png too (needs the extra 'plots').")] = False,
) -> None:
    """Write report.html again: one file that opens offline.

    \b
    Example:
      energy-runner report SESSION --plots
    """
    from energy_runner.cli.session_commands import report_command

    raise typer.Exit(report_command(session, plots=plots))

