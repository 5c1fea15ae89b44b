# SPDX-License-Identifier: Apache-2.0
"""The terminal: a rich console that survives a broken pipe, and plain ASCII where it can show nothing else."""

from typing import TYPE_CHECKING, TextIO

from energy_runner.report.units import BULLET, CROSS, MIDDLE_DOT, MINUS, NOTHING, THIN, TICK
from energy_runner.wording import visible

if TYPE_CHECKING:
    from rich.console import Console

TIMES = "\u00d7"
_SIGNS = "µ±" + TIMES + TICK + CROSS + BULLET + MIDDLE_DOT + MINUS + NOTHING
_PLAIN = str.maketrans(
    {
        "µ": "u",
        "±": "+/-",
        TIMES: "x",
        TICK: "ok",
        CROSS: "FAIL",
        BULLET: "*",
        MIDDLE_DOT: "-",
        MINUS: "-",
        NOTHING: "-",
        "\u03c3": "s",
        "\u221a": "sqrt ",
    }
)


def console(stream: TextIO | None = None) -> "Console":
    """Return a console on `stream` (by default stdout).

    A broken pipe is raised as `BrokenPipeError`; rich would redirect stdout and end the process with status 1.
    """
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Plain(file=stream, highlight=False, emoji=False, markup=False)


def writes_signs(target: "Console") -> bool:
    """Return whether the console's encoding has all the signs used here (µ, ±, tick, cross and others)."""
    try:
        _SIGNS.encode(target.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def shown(text: str, target: "Console") -> str:
    """Return text as the console can write it: nothing in it acts on a terminal.

    Thin spaces become plain ones, which every font has.
    """
    text = visible(text).replace(THIN, " ")
    if writes_signs(target):
        return text
    encoding = "ascii" if target.options.ascii_only else target.encoding
    return text.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)
