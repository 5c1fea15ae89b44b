# SPDX-License-Identifier: Apache-2.0
"""The options and the help text of `power-test`."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.complete import complete_bench, complete_key


def power_test(
    paths: Annotated[
        list[Path],
        typer.Argument(help="A testcase.yaml, sample.yaml or tests.yaml; or a folder with some.", metavar="PATH"),
    ],
    bench: Annotated[
        str,
        typer.Option(
            "--bench",
            "-b",
            help="Built-in bench, or a bench file.",
            metavar="NAME|FILE",
            autocompletion=complete_bench,
        ),
    ],
    tests: Annotated[
        list[str] | None,
        typer.Option("--test", help="Only this test case; may be given several times.", metavar="NAME"),
    ] = None,
    expected_unit: Annotated[
        str,
        typer.Option(
            help="Unit of expected_rms_values: mA as documented, or 0.1mA as Zephyr's own script compares them.",
            metavar="mA|0.1mA",
        ),
    ] = "mA",
    count_hz: Annotated[
        float,
        typer.Option(
            help="Samples per second that the counts in a case are of; a faster monitor's are averaged.",
            metavar="HZ",
        ),
    ] = 1000.0,
    from_off: Annotated[
        bool, typer.Option("--from-off/--keep-on", help="Switch the DUT on as a measurement begins, or before.")
    ] = True,
    flash: Annotated[
        str,
        typer.Option(
            help="Command that puts a case's firmware on the DUT, e.g. 'west flash -d build/{test}'.",
            metavar="COMMAND",
            show_default=False,
        ),
    ] = "",
    fail_undecided: Annotated[
        bool, typer.Option("--fail-undecided", help="Fail, too, what cannot be told for its uncertainty.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the recordings; default: recordings/.", metavar="DIR"),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write JUnit XML.", metavar="FILE", show_default=False)
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
    seed: Annotated[int, typer.Option(help="Seed of a virtual bench's instrument errors.", metavar="N")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """Run power test cases of Zephyr's twister.

    Takes their YAML unchanged, divides the current of each case into phases
    at its peaks, and compares the RMS current of each with what is expected.
    A case fails only if a phase is outside its tolerance beyond the
    uncertainty, or if peaks are missing.

    \b
    Examples:
      energy-runner power-test tests/subsys/pm/power_states -b my-bench.toml
      energy-runner power-test tests/ -b b.toml --expected-unit 0.1mA --junit p.xml
      energy-runner power-test tests/ -b b.toml --flash "west flash -d out/{test}"
    """
    from energy_runner.cli.power_test_command import PowerTestOptions, power_test_command

    options = PowerTestOptions(
        paths=tuple(paths),
        bench=bench,
        tests=tuple(tests or ()),
        unit=expected_unit,
        count_hz=count_hz,
        from_off=from_off,
        flash=flash,
        fail_undecided=fail_undecided,
        out=out,
        junit=junit,
        seed=seed,
        settings=tuple(settings or ()),
        as_json=as_json,
    )
    raise typer.Exit(power_test_command(options))
