# SPDX-License-Identifier: Apache-2.0
"""Cells of a table in text."""

import csv
import re

# What stands for a missing reading. pyarrow compares these with a whole cell, so both readers have one list.
MISSING = ("", "NaN", "nan", "NAN", "-nan", "null", "NULL", "NA", "N/A", "#N/A", "--", "-")
TRUE = ("true", "True", "TRUE", "high", "High", "HIGH", "1")
FALSE = ("false", "False", "FALSE", "low", "Low", "LOW", "0")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
_ODD = re.compile(r"[+-]?(?:inf|infinity)", re.IGNORECASE)
SHOWN = 40


def split(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line, without quotes and blanks around them."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        cells = line.split(delimiter)
    return [cell.strip() for cell in cells]


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, with a point or a comma; digits of inputs (`0000000X`) are none."""
    return _NUMBER.fullmatch(cell) is not None or _ODD.fullmatch(cell) is not None


def is_data(cell: str) -> bool:
    """Return whether a cell can stand in a line of data: a number, nothing, a state, or states of inputs."""
    return is_number(cell) or cell in MISSING or cell in TRUE or cell in FALSE or is_states(cell)


def is_states(cell: str) -> bool:
    """Return whether a cell holds the states of eight inputs: `1` high, `0` low, `X` both, `-` not read."""
    return len(cell) == 8 and set(cell) <= set("01X-")


def number(cell: str, decimal: str) -> float:
    """Return a cell as a number, NaN where it is missing; raises `ValueError` for anything else."""
    if cell in MISSING:
        return float("nan")
    if decimal == ",":
        if "." in cell:
            raise ValueError(cell)
        cell = cell.replace(",", ".")
    if not (_NUMBER.fullmatch(cell) or _ODD.fullmatch(cell)):
        raise ValueError(cell)
    return float(cell)


def state(cell: str) -> float:
    """Return a state as 1 or 0, NaN where it is missing; raises `ValueError` for anything else."""
    if cell in MISSING:
        return float("nan")
    if cell in TRUE or cell in FALSE:
        return float(cell in TRUE)
    raise ValueError(cell)


def shown(cell: str) -> str:
    """Return what stands in a file, shortened for a message."""
    words = cell if len(cell) <= SHOWN else cell[: SHOWN - 3] + "..."
    return repr(words)
