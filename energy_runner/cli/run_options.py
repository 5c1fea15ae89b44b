# SPDX-License-Identifier: Apache-2.0
"""The options of `run` that say what happens to the DUT before it is measured."""

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
