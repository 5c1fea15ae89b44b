# SPDX-License-Identifier: Apache-2.0
"""What commands print: text and tables for a person, or one JSON document for a program."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any


def write(text: str) -> None:
    """Write text to stdout and flush it; signs that its encoding lacks are written out.

    A reader that went away (`| head`) is no error of ours; any other failure is an `OSError`.
    """
    if sys.stdout is None:  # closed by whoever started us
        return
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        nobody_listens()


def write_bytes(data: bytes) -> None:
    """Write bytes to stdout as they are: line ends and encoding are those of a file format."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        nobody_listens()


def write_json(document: Any) -> None:
    """Write the one JSON document of a command, in ASCII: it is the same in every console and code page."""
    write(json.dumps(document, indent=2, allow_nan=False) + "\n")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table that is as wide as the terminal; long cells are broken, never cut off."""
    if sys.stdout is None:
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from energy_runner.report.console import console, shown, writes_signs

    out = console()
    table = Table(box=box.SIMPLE_HEAD if writes_signs(out) else box.ASCII, pad_edge=False)
    for column in columns:
        table.add_column(shown(column, out), overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell, out)) for cell in row))
    try:
        out.print(table)
        sys.stdout.flush()
    except BrokenPipeError:
        nobody_listens()


def hush_libraries() -> None:
    """Keep pyjls' own log lines off stderr; what they mean reaches the user as an error or a finding."""
    import logging

    logging.getLogger("pyjls").addHandler(logging.NullHandler())


def nobody_listens() -> None:
    """Point stdout at nothing; else the interpreter meets the same error again when it flushes at its end."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
