# SPDX-License-Identifier: Apache-2.0
"""`segment`, `phases` and `use`: a closer look at what was measured."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.complete import complete_session

inspect = typer.Typer(rich_markup_mode=None)

SessionArgument = Annotated[
    Path, typer.Argument(help="Folder of the session.", metavar="SESSION", autocompletion=complete_session)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
WindowOption = Annotated[
    int | None, typer.Option("--window", "-w", min=1, help="Only this window, from 1.", metavar="N")
]


def complete_between(incomplete: str) -> list[str]:
    """Return the resting states whose names begin with `incomplete`."""
    return [word for word in ("idle", "sleep", "off") if word.startswith(incomplete)]


def _quantity(flag: str, text: str, unit: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(flag, help=text, metavar=unit, show_default=False)
    return option


@inspect.command()
def segment(session: SessionArgument, window: WindowOption = None, as_json: JsonOption = False) -> None:
    """Find the single inferences inside each window.

    Their boundaries are found from the repetition in the trace. Shows the
    median, the 5th and 95th percentile, outliers, drift and warm-up, the idle
    level and the energy above it. None of this replaces the score. Status 1 if
    a window is not resolved, or if its trace shows another number of inferences
    than the session states.

    \b
    Examples:
      energy-runner segment SESSION
      energy-runner segment SESSION --window 2 --json
    """
    from energy_runner.cli.segment_command import segment_command

    raise typer.Exit(segment_command(session, window, as_json=as_json))


@inspect.command()
def phases(
    session: SessionArgument,
    edges: Annotated[
        Path | None,
        typer.Option(
            help="CSV with the edges of GPIO pins, one pin per phase: pin,time_s,level. Without it, constant "
            "levels are looked for in the trace and labelled as estimated.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    active_low: Annotated[bool, typer.Option("--active-low", help="A phase lasts while its pin is low.")] = False,
    window: WindowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure named phases, such as pre-processing and inference.

    The edges from a logic analyzer mark when each phase began and ended, in
    seconds since the start of the trace. Without edges the phases are estimated
    from changes of the level inside a window, and labelled so. Status 1 if an
    edge is missing or in doubt.

    \b
    Examples:
      energy-runner phases SESSION --edges pins.csv
      energy-runner phases SESSION --window 1
    """
    from energy_runner.cli.phases_command import phases_command

    raise typer.Exit(phases_command(session, edges, active_low=active_low, window=window, as_json=as_json))


@inspect.command()
def use(
    session: SessionArgument,
    per_hour: Annotated[str | None, _quantity("--per-hour", "Inferences per hour.", "X")] = None,
    period_s: Annotated[
        str | None, _quantity("--period-s", "Seconds from one inference to the next.", "X")
    ] = None,
    between: Annotated[
        str,
        typer.Option(
            help="State of the board in between: idle, sleep or off.",
            metavar="STATE",
            autocompletion=complete_between,
        ),
    ] = "idle",
    rest_uw: Annotated[
        str | None, _quantity("--rest-uw", "Power in between, in µW; default: the session's idle level.", "X")
    ] = None,
    boot_mj: Annotated[str | None, _quantity("--boot-mj", "Energy of waking up or booting, in mJ.", "X")] = None,
    boot_ms: Annotated[str | None, _quantity("--boot-ms", "Duration of waking up or booting, in ms.", "X")] = None,
    capacity_mah: Annotated[
        str | None, _quantity("--capacity-mah", "Capacity of the battery, in mAh.", "X")
    ] = None,
    battery_v: Annotated[str | None, _quantity("--battery-v", "Voltage of the battery, in V.", "X")] = None,
    usable: Annotated[str | None, _quantity("--usable", "Usable share of the capacity; default: 1.", "X")] = None,
    efficiency: Annotated[
        str | None,
        _quantity("--efficiency", "Efficiency of the converter, above 0 and at most 1; default: 1.", "X"),
    ] = None,
    self_discharge: Annotated[
        str | None, _quantity("--self-discharge", "Share of the capacity lost in a year; default: 0.", "X")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Calculate the energy per day and the life of a battery.

    Uses the session's measured energy per inference and its idle level, for a
    duty cycle that you give. Every quantity may have a standard uncertainty
    (3.2+-0.1), which is propagated.

    \b
    Examples:
      energy-runner use SESSION --per-hour 60
      energy-runner use SESSION --period-s 10 --between sleep --rest-uw 4.2+-0.3
      energy-runner use SESSION --per-hour 60 --capacity-mah 225+-10 --battery-v 3.0
    """
    from energy_runner.cli.use_command import UseOptions, use_command

    options = UseOptions(
        session=session,
        per_hour=per_hour,
        period_s=period_s,
        between=between,
        rest_uw=rest_uw,
        boot_mj=boot_mj,
        boot_ms=boot_ms,
        capacity_mah=capacity_mah,
        battery_v=battery_v,
        usable=usable,
        efficiency=efficiency,
        self_discharge=self_discharge,
    )
    raise typer.Exit(use_command(options, as_json=as_json))
