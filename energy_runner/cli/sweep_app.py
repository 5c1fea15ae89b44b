# SPDX-License-Identifier: Apache-2.0
"""`sweep …`: plan a night, run it, see how it stands, read its table."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.sweep_options import (
    BenchesOption,
    CatalogueOption,
    JsonOption,
    JunitOption,
    LeaseOption,
    OutOption,
    PlanArgument,
    SchedulerOption,
    SweepArgument,
)
from energy_runner.cli.sweep_reading_app import reading
from energy_runner.cli.view_app import BrowserOption, LiveOption, PortOption

sweep = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Measure many points alone, overnight.\n\n"
    "A plan (TOML) says which settings are measured in which order; each point\n"
    "is a normal session. What was done is in a catalogue, so that a night goes\n"
    "on where it stopped.\n\n"
    "Examples:\n\n"
    "\b\n"
    "  energy-runner sweep plan night.toml --bench my-bench.toml   what would be done\n"
    "  energy-runner sweep run night.toml --bench my-bench.toml\n"
    "  energy-runner sweep status                                  how it stands\n"
    "  energy-runner sweep resume --bench my-bench.toml            after a power cut\n"
    "  energy-runner sweep table --out night.csv",
)

sweep.add_typer(reading)


@sweep.command("plan")
def plan(
    plan: PlanArgument,
    benches: BenchesOption,
    every: Annotated[bool, typer.Option("--all", "-a", help="List every different setting.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a plan would do, without measuring anything.

    Tries every different setting on every bench, shows the points with the
    time and the disk that they will need, and names axes that nothing reads.

    \b
    Examples:
      energy-runner sweep plan night.toml --bench my-bench.toml
      energy-runner sweep plan night.toml -b left=a.toml -b right=b.toml --all
    """
    from energy_runner.cli.sweep_commands import plan_command

    raise typer.Exit(plan_command(plan, benches, every=every, as_json=as_json))


@sweep.command("run")
def run(
    plan: PlanArgument,
    benches: BenchesOption,
    catalogue: CatalogueOption = "",
    out: OutOption = Path("sweeps"),
    lease_s: LeaseOption = 30.0,
    scheduler: SchedulerOption = "",
    junit: JunitOption = None,
    live: LiveOption = False,
    port: PortOption = 0,
    browser: BrowserOption = True,
    as_json: JsonOption = False,
) -> None:
    """Measure all points of a plan, with one process a bench.

    Ctrl-C, or a closed terminal, ends the points in progress with the supplies
    off; `sweep resume` goes on. Status 0 if every point is done and valid, 1 if
    some are not or a limit was reached, 3 if benches failed and points are
    left, 4 if it was interrupted.

    \b
    Examples:
      energy-runner sweep run night.toml --bench my-bench.toml
      energy-runner sweep run night.toml -b left=a.toml -b right=b.toml --out nights/
      energy-runner sweep run night.toml -b my-bench.toml --live --no-browser
      energy-runner sweep run night.toml -b left=a.toml --scheduler dask://pc1:8786
    """
    from energy_runner.cli.sweep_commands import NightOptions, run_command
    from energy_runner.cli.watching import Live

    watch = Live(live, port=port, browser=browser)
    options = NightOptions(catalogue, out, lease_s, junit, as_json, scheduler, watch)
    raise typer.Exit(run_command(plan, benches, options))


@sweep.command("resume")
def resume(
    benches: BenchesOption,
    sweep: SweepArgument = "",
    catalogue: CatalogueOption = "",
    out: OutOption = Path("sweeps"),
    lease_s: LeaseOption = 30.0,
    scheduler: SchedulerOption = "",
    again: Annotated[bool, typer.Option("--again", help="Try points once more that were set aside.")] = False,
    junit: JunitOption = None,
    live: LiveOption = False,
    port: PortOption = 0,
    browser: BrowserOption = True,
    as_json: JsonOption = False,
) -> None:
    """Go on with a sweep that stopped.

    After Ctrl-C, a power cut, a full disk, an unplugged monitor.

    Finished points stay; half-done ones are recorded as such and measured
    again. Benches that were quarantined take points again.

    \b
    Examples:
      energy-runner sweep resume --bench my-bench.toml
      energy-runner sweep resume night -b my-bench.toml --again
    """
    from energy_runner.cli.sweep_commands import NightOptions, resume_command
    from energy_runner.cli.watching import Live

    watch = Live(live, port=port, browser=browser)
    options = NightOptions(catalogue, out, lease_s, junit, as_json, scheduler, watch)
    raise typer.Exit(resume_command(sweep, benches, options, again=again))


@sweep.command("stop")
def stop(
    sweep: SweepArgument = "",
    catalogue: CatalogueOption = "",
    out: OutOption = Path("sweeps"),
    now: Annotated[bool, typer.Option("--now", help="Do not wait for the end of the points in progress.")] = False,
) -> None:
    """Let a sweep end after the points in progress.

    It reaches the workers of all computers.

    \b
    Examples:
      energy-runner sweep stop
      energy-runner sweep stop night --now
    """
    from energy_runner.cli.sweep_commands import stop_command

    raise typer.Exit(stop_command(sweep, catalogue, out, now=now))


@sweep.command("status")
def status(
    sweep: SweepArgument = "",
    catalogue: CatalogueOption = "",
    out: OutOption = Path("sweeps"),
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Show it again and again until it ends.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Status 1 unless every point is done and valid, as for CI servers.")
    ] = False,
    junit: JunitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how a sweep stands.

    Points, benches, what failed, and when it may end.

    \b
    Examples:
      energy-runner sweep status
      energy-runner sweep status night --follow
      energy-runner sweep status night --check --junit points.xml
    """
    from energy_runner.cli.sweep_commands import status_command

    shown = status_command(sweep, catalogue, out, follow=follow, check=check, junit=junit, as_json=as_json)
    raise typer.Exit(shown)


@sweep.command("list")
def list_sweeps(
    catalogue: CatalogueOption = "", out: OutOption = Path("sweeps"), as_json: JsonOption = False
) -> None:
    """List the sweeps of a catalogue, the latest last.

    \b
    Example:
      energy-runner sweep list --out nights/
    """
    from energy_runner.cli.sweep_commands import list_command

    raise typer.Exit(list_command(catalogue, out, as_json=as_json))


@sweep.command("rebuild")
def rebuild(
    folders: Annotated[list[Path], typer.Argument(help="Folders with the sessions of sweeps.", metavar="DIR")],
    catalogue: Annotated[
        str, typer.Option("--catalogue", help="New catalogue, or one without these sweeps.", metavar="FILE|URL")
    ],
    as_json: JsonOption = False,
) -> None:
    """Make a catalogue again from the folders of the sessions alone.

    For a catalogue that was lost or damaged. What is finished in the folders
    counts as finished; everything else is measured again by `sweep resume`.

    \b
    Example:
      energy-runner sweep rebuild sweeps/ --catalogue sweeps/again.sqlite
    """
    from energy_runner.cli.sweep_commands import rebuild_command

    raise typer.Exit(rebuild_command(folders, catalogue, as_json=as_json))


@sweep.command("begin")
def begin(
    plan: PlanArgument,
    benches: BenchesOption,
    catalogue: CatalogueOption = "",
    out: OutOption = Path("sweeps"),
) -> None:
    """Enter a sweep into the catalogue, and print its id.

    Nothing is measured.

    For `sweep serve`, on this computer and on others. The plan is tried out on
    all benches that are given.

    \b
    Example:
      energy-runner sweep begin night.toml -b left=left.toml -b right=right.toml
    """
    from energy_runner.cli.sweep_commands import begin_command

    raise typer.Exit(begin_command(plan, benches, catalogue, out))


@sweep.command("serve")
def serve(
    sweep: Annotated[str, typer.Argument(help="Id of the sweep.", metavar="SWEEP")],
    bench: Annotated[str, typer.Option("--bench", "-b", help="Bench.", metavar="[NAME=]BENCH")],
    catalogue: CatalogueOption = "",
    out: OutOption = Path("sweeps"),
    lease_s: LeaseOption = 30.0,
    word: Annotated[
        Path | None,
        typer.Option(help="File for why it ended, for `sweep run`.", metavar="FILE", show_default=False),
    ] = None,
    tied: Annotated[
        bool,
        typer.Option("--tied", help="End when the standard input does, for `sweep worker`."),
    ] = False,
) -> None:
    """Serve a sweep on one bench of this computer.

    It ends when nothing is left that the bench could measure.

    `sweep run` starts one such process a bench. Start further ones by hand on
    other computers that reach the same catalogue.

    \b
    Example:
      energy-runner sweep serve night-20261130-5f0c2a91 -b lab2=my-bench.toml --catalogue postgresql://lab@pc1/sweeps
    """
    from energy_runner.cli.sweep_commands import serve_command

    raise typer.Exit(serve_command(sweep, bench, catalogue, out, lease_s, word, tied=tied))


@sweep.command("worker")
def worker(
    scheduler: Annotated[
        str, typer.Option("--scheduler", help="The dask scheduler: dask://pc1:8786.", metavar="dask://HOST:PORT")
    ],
    bench: Annotated[str, typer.Option("--bench", "-b", help="Bench.", metavar="[NAME=]BENCH")],
    catalogue: CatalogueOption = "",
    out: OutOption = Path("sweeps"),
) -> None:
    """Offer a bench of this computer to sweeps.

    Other computers start them, through a dask scheduler.

    Until Ctrl-C, which ends a point in progress with the supply off. What is
    measured is in the catalogue, which this computer must reach, and the
    sessions are in its own folder.

    \b
    Example:
      energy-runner sweep worker --scheduler dask://pc1:8786 -b left=my-bench.toml \\
        --catalogue postgresql://lab@pc1/sweeps
    """
    from energy_runner.cli.sweep_commands import worker_command

    raise typer.Exit(worker_command(scheduler, bench, catalogue, out))
