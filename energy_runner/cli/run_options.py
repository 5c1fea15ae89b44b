# SPDX-License-Identifier: Apache-2.0
"""The options of `run` that say what happens to the DUT before it is measured."""

from pathlib import Path
from typing import Annotated

import typer

CommandOption = Annotated[
    list[str] | None,
    typer.Option(
        "--command",
        help="Send this to the DUT before its first stimulus, such as 'clock 80000000'; may be given several "
        "times.",
        metavar="TEXT",
        show_default=False,
    ),
]
FlashOption = Annotated[
    str | None,
    typer.Option(
        help="Flash the DUT first with this program, such as 'openocd -f board.cfg -c \"program {image} verify "
        "exit\"'.",
        metavar="COMMAND",
        show_default=False,
    ),
]
ImageOption = Annotated[
    Path | None,
    typer.Option(
        help="File that is flashed, such as build/kws.elf: {image} stands for it, and its SHA-256 is recorded.",
        metavar="FILE",
        show_default=False,
    ),
]
FlashTimeoutOption = Annotated[
    float | None,
    typer.Option(
        help="End the flashing program after so many seconds, such as 30; default: two minutes.",
        metavar="S",
        show_default=False,
    ),
]
CoolDownOption = Annotated[
    float | None,
    typer.Option(
        help="Keep the DUT without power for so many seconds before it is switched on, such as 60.",
        metavar="S",
        show_default=False,
    ),
]
SettleOption = Annotated[
    float | None,
    typer.Option(
        help="Wait after power-up until the measured voltage has been near the set one for so many seconds, such "
        "as 2 with --settle-v 0.02.",
        metavar="S",
        show_default=False,
    ),
]
SettleVoltOption = Annotated[
    float | None,
    typer.Option(help="How near, in volt, such as 0.02.", metavar="V", show_default=False),
]
SettleShareOption = Annotated[
    float | None,
    typer.Option(help="Or how near, as a share of it, such as 0.01.", metavar="SHARE", show_default=False),
]
SettleTimeoutOption = Annotated[
    float | None,
    typer.Option(
        help="Give up waiting for it after so many seconds, such as 10; default: a minute.",
        metavar="S",
        show_default=False,
    ),
]
