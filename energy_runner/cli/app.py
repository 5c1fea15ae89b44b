# SPDX-License-Identifier: Apache-2.0
"""The commands, with their options and help texts."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli import bench_commands, bench_trust_commands  # noqa: F401 - adds its commands
from energy_runner.cli.certificate_app import certificates as certificates_app
from energy_runner.cli.certificate_app import certifying
from energy_runner.cli.complete import (
    complete_bench,
    complete_benchmark,
    complete_key,
    complete_mode,
)
from energy_runner.cli.inspect_app import inspect
from energy_runner.cli.judging_app import judging
from energy_runner.cli.keys_app import keys as keys_app
from energy_runner.cli.power_test_app import power_test
from energy_runner.cli.publish_app import publish
from energy_runner.cli.rules_commands import (
    RuleSetOption,
)
from energy_runner.cli.rules_commands import rules as rules_app
from energy_runner.cli.run_options import (
    CommandOption,
    CoolDownOption,
    FlashOption,
    FlashTimeoutOption,
    ImageOption,
    SettleOption,
    SettleShareOption,
    SettleTimeoutOption,
    SettleVoltOption,
)
from energy_runner.cli.sessions_app import sessions as sessions_app
from energy_runner.cli.shared_options import (
    AllOption,
    BaselineOption,
    FailOnOption,
    JsonOption,
    WriteBaselineOption,
)
from energy_runner.cli.stimuli_commands import stimuli as stimuli_app
from energy_runner.cli.sweep_app import sweep as sweep_app
from energy_runner.cli.verify_app import verifying
from energy_runner.cli.view_app import BrowserOption, ControlOption, LiveOption, PortOption, viewing

# Rich help panels cost a quarter of a second at every start, and plain help is as readable.
app = typer.Typer(
    name="energy-runner",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Measure how many microjoules one inference of a tiny neural network costs, and prove it.\n\n"
    "First steps:\n\n"
    "\b\n"
    "  energy-runner demo                 measure a virtual board, no hardware needed\n"
    "  energy-runner instruments list     list what is plugged in or on the network\n"
    "  energy-runner bench list           list the benches\n"
    "  energy-runner run demo-keywords --bench virtual-lpm01a\n"
    "  energy-runner sessions list        list what was measured\n\n"
    "Exit status:\n\n"
    "\b\n"
    "  0  valid\n"
    "  1  measured, but a rule failed\n"
    "  2  usage or configuration; nothing was switched on\n"
    "  3  bench fault; the supply was switched off, or it is said that it may be on\n"
    "  4  interrupted; the supply is confirmed off",
)
app.add_typer(judging)
app.add_typer(inspect)
app.add_typer(sessions_app, name="sessions")
app.add_typer(stimuli_app, name="stimuli")
app.add_typer(publish)
app.add_typer(rules_app, name="rules")
app.command("power-test")(power_test)
app.add_typer(bench_commands.bench, name="bench")
app.add_typer(bench_commands.instruments, name="instruments")
app.add_typer(sweep_app, name="sweep")
app.add_typer(certifying)
app.add_typer(verifying)
app.add_typer(viewing)
app.add_typer(certificates_app, name="certificates")
app.add_typer(keys_app, name="keys")


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


BenchOption = Annotated[
    str,
    typer.Option(
        "--bench",
        "-b",
        help="Built-in bench, or a bench file.",
        metavar="NAME|FILE",
        autocompletion=complete_bench,
    ),
]


@app.command()
def run(
    benchmark: Annotated[
        str,
        typer.Argument(
            help="kws01, vww01, ic01, ic02, ad01; or one that needs no download: demo-keywords, demo-figure, "
            "demo-shapes, demo-machine.",
            metavar="BENCHMARK",
            autocompletion=complete_benchmark,
        ),
    ],
    bench: BenchOption,
    stimuli: Annotated[
        Path | None,
        typer.Option(
            "--stimuli",
            "-s",
            help="Folder with y_labels.csv and the input files; default: those from `stimuli fetch`, or of a demo "
            "benchmark.",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    mode: Annotated[
        str,
        typer.Option(
            "--mode", "-m", help="energy, performance or accuracy.", metavar="MODE", autocompletion=complete_mode
        ),
    ] = "energy",
    model: Annotated[
        Path | None,
        typer.Option(
            help="int8 .tflite file with which a virtual DUT answers.", metavar="FILE", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Empty folder for the session; default: a new one in sessions/.", metavar="DIR"
        ),
    ] = None,
    inferences: Annotated[
        int | None,
        typer.Option(
            "--inferences", "-n", help="Inferences per window; default: found by a short trial.", metavar="N"
        ),
    ] = None,
    warmups: Annotated[
        int | None,
        typer.Option(help="Inferences before each window; default: as the benchmark says.", metavar="N"),
    ] = None,
    read_back: Annotated[
        bool, typer.Option(help="Compare each stimulus in the DUT byte for byte before it is used.")
    ] = True,
    limit: Annotated[
        int | None,
        typer.Option(help="Accuracy: only the first N files; the result is then not valid.", metavar="N"),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Seed of a virtual bench's instrument errors and noise.", metavar="N")
    ] = 0,
    wait_temperature_c: Annotated[
        tuple[float, float] | None,
        typer.Option(
            help="Energy: wait before power-up until the bench's thermometer shows LOW to HIGH °C.",
            metavar="LOW HIGH",
            show_default=False,
        ),
    ] = None,
    wait_temperature_s: Annotated[
        float | None,
        typer.Option(
            help="Give up waiting after so many seconds; default: an hour.", metavar="S", show_default=False
        ),
    ] = None,
    commands: CommandOption = None,
    flash: FlashOption = None,
    image: ImageOption = None,
    flash_timeout_s: FlashTimeoutOption = None,
    cool_down_s: CoolDownOption = None,
    settle_s: SettleOption = None,
    settle_v: SettleVoltOption = None,
    settle_share: SettleShareOption = None,
    settle_timeout_s: SettleTimeoutOption = None,
    rule_set: RuleSetOption = "",
    voltage: Annotated[
        float | None,
        typer.Option(
            help="Supply voltage in volt, in place of the bench file's.", metavar="V", show_default=False
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(help="Samples per second, in place of the bench file's.", metavar="HZ", show_default=False),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Set a key of the bench file for this run; may be given several times.",
            metavar="KEY=VALUE",
            show_default=False,
            autocompletion=complete_key,
        ),
    ] = None,
    fail_on: FailOnOption = None,
    baseline: BaselineOption = None,
    write_baseline: WriteBaselineOption = None,
    live: LiveOption = False,
    control: ControlOption = False,
    port: PortOption = 0,
    browser: BrowserOption = True,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a benchmark on a bench.

    In energy mode it powers the DUT up, loads five stimuli, lets the DUT infer
    for at least ten seconds with each, powers it down, and states the median
    energy of one inference with its uncertainty and the verdict of every rule.
    Ctrl-C, or a closed terminal, ends a run with the supply off.

    \b
    Examples:
      energy-runner run demo-keywords --bench virtual-lpm01a
      energy-runner run kws01 --bench virtual-lpm01a --stimuli stimuli/
      energy-runner run kws01 --bench my-bench.toml --mode performance --stimuli stimuli/
      energy-runner run demo-keywords -b virtual-lpm01a --voltage 2.5 --set monitor.sample_rate_hz=5000
      energy-runner run demo-keywords -b virtual-lpm01a --command "clock 40000000"
      energy-runner run ad01 -b my-bench.toml -s stimuli/ -n 1500 --out sessions/ad01-3V0
      energy-runner run kws01 -b my-bench.toml --live --control
      energy-runner run kws01 -b my-bench.toml --fail-on "energy_per_inference +2%" --baseline main.json
    """
    from energy_runner.cli.run_command import RunOptions, run_command
    from energy_runner.cli.watching import Live

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
        wait_temperature_c=wait_temperature_c,
        wait_temperature_s=wait_temperature_s,
        preparation={
            "commands": commands,
            "flash": flash,
            "image": image,
            "flash_timeout_s": flash_timeout_s,
            "cool_down_s": cool_down_s,
            "settle_s": settle_s,
            "settle_v": settle_v,
            "settle_share": settle_share,
            "settle_timeout_s": settle_timeout_s,
        },
        rule_set=rule_set,
        voltage=voltage,
        rate=rate,
        settings=tuple(settings or ()),
        fail_on=tuple(fail_on or ()),
        baseline=baseline,
        write_baseline=write_baseline,
        as_json=as_json,
        every=every,
        live=Live(live, control, port, browser),
    )
    raise typer.Exit(run_command(options))


@app.command()
def demo(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Empty folder for the session; default: a new one in sessions/.", metavar="DIR"
        ),
    ] = None,
    bench: BenchOption = "virtual-lpm01a",
    seed: Annotated[int, typer.Option(help="Seed of the bench's instrument errors and noise.", metavar="N")] = 0,
    live: LiveOption = False,
    control: ControlOption = False,
    port: PortOption = 0,
    browser: BrowserOption = True,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a virtual board; no hardware needed.

    Five windows of ten seconds in virtual time take a second or two. Every
    file and display says that the run is virtual.

    \b
    Examples:
      energy-runner demo
      energy-runner demo --bench virtual-n6705c --seed 7
    """
    from energy_runner.cli.run_command import demo_command
    from energy_runner.cli.watching import Live

    watch = Live(live, control, port, browser)
    raise typer.Exit(demo_command(bench, out, seed, watch, as_json=as_json, every=every))
