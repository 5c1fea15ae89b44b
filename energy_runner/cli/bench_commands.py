"""`bench …` and `instruments …`: the boxes, without measuring anything."""

from pathlib import Path
from typing import Annotated

import typer

bench = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Show, examine, switch off or serve a bench."
)
instruments = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Which instruments can be used.")

BenchArgument = Annotated[str, typer.Argument(help="Built-in bench, or a bench file.", metavar="BENCH")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@bench.command("list")
def list_benches(as_json: JsonOption = False) -> None:
    """List the built-in benches and the bench files of this folder.

    \b
    Example:
      energy-runner bench list
    """
    from energy_runner.cli.bench_show import list_command

    list_command(as_json=as_json)


@bench.command()
def show(name: BenchArgument) -> None:
    """Print a bench file; a built-in one is a good start for your own.

    \b
    Example:
      energy-runner bench show virtual-lpm01a > my-bench.toml
    """
    from energy_runner.cli.bench_show import show_command

    show_command(name)


@bench.command()
def doctor(name: BenchArgument, as_json: JsonOption = False) -> None:
    """Ask every box who it is, power the DUT up and down, look for the timestamp pulse, name what is wrong.

    \b
    Example:
      energy-runner bench doctor my-bench.toml
    """
    from energy_runner.cli.bench_doctor import doctor_command

    raise typer.Exit(doctor_command(name, as_json=as_json))


@bench.command()
def off(name: BenchArgument) -> None:
    """Switch the DUT's supply off and confirm it, whatever an earlier run left behind.

    \b
    Example:
      energy-runner bench off my-bench.toml
    """
    from energy_runner.cli.bench_doctor import off_command

    raise typer.Exit(off_command(name))


@bench.command()
def serve(
    name: BenchArgument,
    write: Annotated[
        Path | None, typer.Option("--write", "-w", help="Write a bench file with the served ports here.")
    ] = None,
    benchmark: Annotated[str, typer.Option(help="What the virtual DUT runs.")] = "kws01",
    mode: Annotated[str, typer.Option("--mode", "-m", help="How its firmware is built: energy or performance.")] = (
        "energy"
    ),
    model: Annotated[Path | None, typer.Option(help="int8 .tflite file with which the DUT answers.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of instrument errors and noise.")] = 0,
    tcp_port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port of an SCPI monitor; 0: any free one.")] = 0,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="End after so many seconds.")] = None,
) -> None:
    """Serve a virtual bench in real time, on pseudo-terminals and TCP, for any program to use. Ctrl-C ends it.

    \b
    Example:
      energy-runner bench serve virtual-lpm01a --write served.toml
      energy-runner run kws01 --bench served.toml --stimuli DIR        (in another terminal)
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
def list_instruments(as_json: JsonOption = False) -> None:
    """List the power monitors that have a driver, and the serial ports of this computer.

    \b
    Example:
      energy-runner instruments list
    """
    from energy_runner.cli.bench_show import instruments_command

    instruments_command(as_json=as_json)


@instruments.command("show")
def show_instrument(name: Annotated[str, typer.Argument(help="Name of a driver, e.g. lpm01a.")]) -> None:
    """Show one driver: how it is connected, how it sees edges, its limits of error and their sources.

    \b
    Example:
      energy-runner instruments show lpm01a
    """
    from energy_runner.cli.bench_show import instrument_command

    instrument_command(name)
