# SPDX-License-Identifier: Apache-2.0
"""`bench watch`, `bench trust` and `bench chart`: whether a bench still measures as it did."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.bench_commands import BenchArgument, JsonOption, bench
from energy_runner.cli.complete import complete_benchmark
from energy_runner.cli.view_app import BrowserOption, LiveOption, PortOption

SessionsOption = Annotated[
    Path, typer.Option("--sessions", help="Folder of the sweeps and of what was watched.", metavar="DIR")
]


@bench.command()
def watch(
    name: BenchArgument,
    benchmark: Annotated[
        str,
        typer.Option(
            help="Benchmark that the golden DUT runs.", metavar="BENCHMARK", autocompletion=complete_benchmark
        ),
    ] = "demo-keywords",
    count: Annotated[
        int, typer.Option(min=0, help="How often to measure; 0: not at all, only say the state.", metavar="N")
    ] = 1,
    every: Annotated[
        float, typer.Option(min=0.0, help="Hours from one measurement to the next.", metavar="HOURS")
    ] = 0.0,
    stimuli: Annotated[
        Path | None,
        typer.Option("--stimuli", "-s", help="Folder of the stimuli, as for `run`.", metavar="DIR"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the sessions; default: watch/ in --sessions.", metavar="DIR"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of a virtual bench's instrument errors.", metavar="N")] = 0,
    sessions: SessionsOption = Path("sweeps"),
    live: LiveOption = False,
    port: PortOption = 0,
    browser: BrowserOption = True,
    as_json: JsonOption = False,
) -> None:
    """Measure the golden DUT, and say whether the bench has changed.

    Each measurement is a session. After 8 nights the bench is trusted; a shift
    that scatter does not explain puts it out of control, and it takes no point
    of a sweep until `bench trust`. Status 1 while it is out of control.

    \b
    Examples:
      energy-runner bench watch my-bench.toml
      energy-runner bench watch my-bench.toml --benchmark kws01 --count 4 --every 3
      energy-runner bench watch my-bench.toml --count 0     say the state, measure nothing
    """
    from energy_runner.cli.bench_trust import WatchOptions, watch_command
    from energy_runner.cli.watching import Live

    watch = Live(live, port=port, browser=browser)
    options = WatchOptions(name, benchmark, count, every, stimuli, out, seed, sessions, watch)
    raise typer.Exit(watch_command(options, as_json=as_json))


@bench.command()
def trust(
    name: BenchArgument,
    reason: Annotated[
        str, typer.Option(help="What was found and done, for those who read it later.", metavar="TEXT")
    ],
    new_baseline: Annotated[
        bool,
        typer.Option("--new-baseline", help="Compare with the nights that follow, not with those before."),
    ] = False,
    sessions: SessionsOption = Path("sweeps"),
    as_json: JsonOption = False,
) -> None:
    """Say that a bench may be used again; nothing is measured.

    It is compared with the same baseline as before: a shift that is still there
    is found again. With --new-baseline the change is taken for granted, as
    after a calibration or with another golden DUT, and the bench is not
    watched until it has a baseline again. Who, when and why is recorded in
    a file bench-trust-*.json in the folder of the sweeps.

    \b
    Examples:
      energy-runner bench trust my-bench.toml --reason "loose supply lead, tightened"
      energy-runner bench trust my-bench.toml --reason "monitor calibrated" --new-baseline
    """
    from energy_runner.cli.bench_trust import trust_command

    raise typer.Exit(trust_command(name, reason, sessions, new=new_baseline, as_json=as_json))


@bench.command()
def chart(
    name: BenchArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write: .html, .svg, .pdf or .png.", metavar="FILE")
    ],
    sessions: SessionsOption = Path("sweeps"),
    as_json: JsonOption = False,
) -> None:
    """Draw the control chart of a bench.

    Nights against their baseline with limits, changes and decisions; below it
    temperature, supply and how long the bench had been at work. Status 1 while
    the bench is out of control. --json prints the same as data.

    \b
    Examples:
      energy-runner bench chart my-bench.toml --out chart.html
      energy-runner bench chart my-bench.toml --out chart.png
    """
    from energy_runner.cli.bench_trust import chart_command

    raise typer.Exit(chart_command(name, out, sessions, as_json=as_json))
