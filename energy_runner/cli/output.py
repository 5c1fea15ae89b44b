# SPDX-License-Identifier: Apache-2.0
"""The output of commands: text and tables for people, or one JSON document for programs."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from energy_runner.wording import printable, visible


def write(text: str) -> None:
    """Write text to stdout and flush it; what would act on a terminal, or its encoding lacks, is escaped.

    It is not an error if the reader stops reading (`| head`); any other failure is an `OSError`.
    """
    if sys.stdout is None:  # closed by the parent process
        return
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(visible(text).encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()


def write_line(text: str) -> None:
    """Write one line, whatever the names in it hold: a line break in a file's name does not make another line."""
    write(f"{printable(text)}\n")


def write_bytes(data: bytes) -> None:
    """Write UTF-8 to stdout unchanged, for a format with its own line ends; on a terminal it is escaped."""
    if sys.stdout is None:
        return
    if sys.stdout.isatty():
        write(data.decode("utf-8").replace("\r\n", "\n"))
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        discard_stdout()


def write_json(document: Any) -> None:
    """Write the one JSON document of a command, in ASCII, so that no console or code page can change it."""
    write(json.dumps(document, indent=2, allow_nan=False) + "\n")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table at most as wide as the terminal; long cells are wrapped, never cut off."""
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
        discard_stdout()


def discard_stdout() -> None:
    """Redirect stdout to the null device; else the interpreter would fail again when it flushes it at exit."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
