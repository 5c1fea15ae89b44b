# SPDX-License-Identifier: Apache-2.0
"""`bench …` and `instruments …`: benches and their instruments, without a measurement."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.complete import complete_bench, complete_benchmark, complete_driver

bench = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Show, examine, switch off or serve a bench.\n\n"
    "Examples:\n\n"
    "\b\n"
    "  energy-runner bench show virtual-lpm01a --out my-bench.toml\n"
    "  energy-runner bench doctor my-bench.toml",
)
instruments = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Show which instruments can be used, and where they are.\n\n"
    "Example:\n\n"
    "\b\n"
    "  energy-runner instruments list",
)

BenchArgument = Annotated[
    str, typer.Argument(help="Built-in bench, or a bench file.", metavar="BENCH", autocompletion=complete_bench)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@bench.command("list")
def list_benches(as_json: JsonOption = False) -> None:
    """List built-in benches and the bench files here.

    \b
    Example:
      energy-runner bench list
    """
    from energy_runner.cli.bench_show import list_command

    list_command(as_json=as_json)


@bench.command()
def show(
    name: BenchArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write it to FILE, which must not exist yet.", metavar="FILE"),
    ] = None,
) -> None:
    """Print or write a bench file, as a start for your own.

    \b
    Example:
      energy-runner bench show virtual-lpm01a --out my-bench.toml
    """
    from energy_runner.cli.bench_show import show_command

    show_command(name, out)


@bench.command()
def doctor(
    name: BenchArgument,
    keep: Annotated[
        Path | None,
        typer.Option(help="Write how late edges lie among the samples to FILE.", metavar="FILE"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Examine a bench and name what is wrong.

    Asks every device to identify itself, powers the DUT up, looks for one
    pulse of its timestamp pin, lets it infer a few times to see how late its
    edges lie among the samples, and powers it down. Status 3 if anything is
    wrong. To count the delay of the edges in a run's uncertainty, keep it in
    FILE, and put `edge_delay = "FILE"` above all tables of the bench file.

    \b
    Examples:
      energy-runner bench doctor my-bench.toml
      energy-runner bench doctor my-bench.toml --keep delay.toml
    """
    from energy_runner.cli.bench_doctor import doctor_command

    raise typer.Exit(doctor_command(name, keep, as_json=as_json))


@bench.command()
def off(name: BenchArgument) -> None:
    """Switch the DUT's supply off and confirm it.

    Works whatever an earlier run left behind, even a killed one, which it names
    first. Tries for 30 s, opens the instrument anew each time, and says how much
    time is left; Ctrl-C does not end it early. Status 3 if the supply may still
    be on; 4 if it was interrupted and the supply is confirmed off.

    \b
    Example:
      energy-runner bench off my-bench.toml
    """
    from energy_runner.cli.bench_doctor import off_command

    raise typer.Exit(off_command(name))


@bench.command()
def verify(
    name: BenchArgument,
    resistance: Annotated[float, typer.Option(help="Known resistor in the DUT's place, ohm.", metavar="OHM")],
    resistance_u: Annotated[
        float, typer.Option(help="Its expanded uncertainty (k = 2), ohm.", metavar="OHM")
    ] = 0.0,
    voltage: Annotated[
        float | None,
        typer.Option(help="Voltage at the resistor, by a reference; else the bench's own.", metavar="V"),
    ] = None,
    voltage_u: Annotated[float, typer.Option(help="Its expanded uncertainty (k = 2).", metavar="V")] = 0.0,
    pulse: Annotated[
        float | None, typer.Option(help="For how long the resistor conducts in each period.", metavar="S")
    ] = None,
    period: Annotated[float | None, typer.Option(help="From one pulse to the next.", metavar="S")] = None,
    pulse_u: Annotated[
        float, typer.Option(help="Expanded uncertainty (k = 2) of the pulse's duration.", metavar="S")
    ] = 0.0,
    seconds: Annotated[float, typer.Option(help="How long to measure.", metavar="S")] = 5.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of a virtual bench.", metavar="N")] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the facts.", metavar="DIR")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the bench with a known resistor or pulse load.

    Connect the load in place of the DUT. The supply is switched on, the load
    sampled, and the supply switched off again. Prints E_n, the difference over
    the combined uncertainty; status 1 if it is beyond 1.

    \b
    Examples:
      energy-runner bench verify my-bench.toml --resistance 100.02 --resistance-u 0.01
      energy-runner bench verify my-bench.toml --resistance 100 --resistance-u 0.1 --pulse 0.002 --period 0.01
    """
    from energy_runner.api.known_loads import KnownLoad
    from energy_runner.cli.bench_verify import verify_command

    load = KnownLoad(resistance, resistance_u, voltage, voltage_u, pulse, period, pulse_u)
    raise typer.Exit(verify_command(name, load, seconds=seconds, seed=seed, out=out, as_json=as_json))


@bench.command()
def calibrate(
    name: BenchArgument,
    file: Annotated[
        Path, typer.Option("--file", "-f", help="Dated record: the point is added to it.", metavar="FILE")
    ],
    quantity: Annotated[str, typer.Option(help="current or voltage.", metavar="QUANTITY")] = "current",
    low_high: Annotated[
        tuple[float, float] | None,
        typer.Option("--range", help="Lowest and highest reading of the range it belongs to.", metavar="LOW HIGH"),
    ] = None,
    current: Annotated[
        float | None, typer.Option(help="Current by a source measure unit or meter in series.", metavar="A")
    ] = None,
    current_u: Annotated[float, typer.Option(help="Its expanded uncertainty (k = 2).", metavar="A")] = 0.0,
    resistance: Annotated[
        float | None, typer.Option(help="Known resistor in the DUT's place, ohm.", metavar="OHM")
    ] = None,
    resistance_u: Annotated[
        float, typer.Option(help="Its expanded uncertainty (k = 2), ohm.", metavar="OHM")
    ] = 0.0,
    voltage: Annotated[float | None, typer.Option(help="Voltage at it by a reference.", metavar="V")] = None,
    voltage_u: Annotated[float, typer.Option(help="Its expanded uncertainty (k = 2).", metavar="V")] = 0.0,
    laboratory: Annotated[str, typer.Option(help="Who calibrates.", metavar="TEXT")] = "in-house",
    certificate: Annotated[
        str, typer.Option(help="Number of the record; by default day and serial number.", metavar="TEXT")
    ] = "",
    interval_days: Annotated[
        int, typer.Option(min=1, max=36500, help="For how long the record is in force.", metavar="DAYS")
    ] = 365,
    seconds: Annotated[float, typer.Option(help="How long to measure.", metavar="S")] = 5.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of a virtual bench.", metavar="N")] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the facts.", metavar="DIR")] = None,
    as_json: JsonOption = False,
) -> None:
    """Take a point of calibration by a reference.

    Connect the reference in place of the DUT: a source measure unit that
    sinks a known current, or a known resistor with a reference voltmeter at
    it. Each call adds one point to the record, which a bench file takes in
    with `calibration = "FILE"`. The supply is off at the end.

    \b
    Examples:
      energy-runner bench calibrate my-bench.toml -f 2026.toml --range -0.001 0.1 --current 0.02 --current-u 2e-6
      energy-runner bench calibrate my-bench.toml -f 2026.toml --resistance 100.02 --resistance-u 0.01 \\
        --voltage 3.0011 --voltage-u 0.0002
    """
    from energy_runner.api.calibrations import Certificate, Reference
    from energy_runner.api.known_loads import KnownLoad
    from energy_runner.cli.bench_verify import calibrate_command

    load = KnownLoad(resistance, resistance_u, voltage, voltage_u) if resistance is not None else None
    reference = Reference(quantity, current, current_u, load)
    found = Certificate(laboratory, certificate, interval_days)
    options = {"reading_range": low_high, "certificate": found, "seconds": seconds, "seed": seed, "out": out}
    raise typer.Exit(calibrate_command(name, reference, file, options, as_json=as_json))


@bench.command()
def serve(
    name: BenchArgument,
    write: Annotated[
        Path | None,
        typer.Option("--write", "-w", help="Write a bench file with the served ports to FILE.", metavar="FILE"),
    ] = None,
    benchmark: Annotated[
        str,
        typer.Option(
            help="Benchmark that the virtual DUT runs.", metavar="BENCHMARK", autocompletion=complete_benchmark
        ),
    ] = "kws01",
    mode: Annotated[
        str, typer.Option("--mode", "-m", help="How its firmware is built: energy or performance.", metavar="MODE")
    ] = "energy",
    model: Annotated[
        Path | None, typer.Option(help="int8 .tflite file with which the DUT answers.", metavar="FILE")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of instrument errors and noise.", metavar="N")] = 0,
    tcp_port: Annotated[
        int, typer.Option(min=0, max=65535, help="TCP port of an SCPI monitor; 0: any free one.", metavar="PORT")
    ] = 0,
    seconds: Annotated[
        float | None, typer.Option(min=0.0, help="End after this many seconds.", metavar="S")
    ] = None,
) -> None:
    """Serve a virtual bench in real time for any program.

    Serial devices appear as pseudo-terminals, an SCPI monitor as a TCP port of
    this computer. Ctrl-C ends it (status 0).

    \b
    Examples:
      energy-runner bench serve virtual-lpm01a --benchmark demo-keywords --write served.toml
      energy-runner run demo-keywords --bench served.toml              (in another terminal)
    """
    from energy_runner.cli.bench_serve import ServeOptions, serve_command

    options = ServeOptions(
        name=name,
        write=write,
        benchmark=benchmark,
        mode=mode,
        model=model,
        seed=seed,
        tcp_port=tcp_port,
        seconds=seconds,
    )
    raise typer.Exit(serve_command(options))


@instruments.command("list")
def list_instruments(
    search: Annotated[
        bool, typer.Option(help="Also look for USB, GPIB and LAN instruments, which takes some seconds.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """List drivers, and what is plugged in or on the network.

    Shows serial ports, and the VISA resources of USB, GPIB and LAN instruments,
    by the names that a bench file takes. Nothing is opened. If it cannot look
    for some kind of instrument, it says so, and what to install.

    \b
    Examples:
      energy-runner instruments list
      energy-runner instruments list --no-search
    """
    from energy_runner.cli.bench_show import instruments_command

    instruments_command(search=search, as_json=as_json)


@instruments.command("show")
def show_instrument(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a driver or of a model, e.g. lpm01a or NGU401.",
            metavar="DRIVER",
            autocompletion=complete_driver,
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Show a driver: what it plays and samples, and its specification.

    \b
    Examples:
      energy-runner instruments show lpm01a
      energy-runner instruments show NGU401 --json
    """
    from energy_runner.cli.bench_show import instrument_command

    instrument_command(name, as_json=as_json)
