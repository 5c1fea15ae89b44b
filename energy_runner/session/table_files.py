# SPDX-License-Identifier: Apache-2.0
"""Tables as files: CSV after RFC 4180, the same in every locale, and Parquet with units in its metadata."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.session.table import SCHEMA, Column, Table

_ROWS = 4096  # made into text at once


def write_csv(table: Table, file: TextIO) -> None:
    """Write a table as CSV: one header line, a point in decimals, nothing where a value is missing.

    `file` must leave line ends as they are (`newline=""`). A float is written so that it reads back exactly.
    """
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(table.names)
    for first in range(0, len(table), _ROWS):
        writer.writerows(zip(*(_texts(c, first, first + _ROWS) for c in table.columns), strict=True))


def csv_text(table: Table) -> str:
    """Return a table as CSV."""
    text = io.StringIO(newline="")
    write_csv(table, text)
    return text.getvalue()


def _texts(column: Column, first: int, stop: int) -> Iterator[str]:
    values, missing = np.ma.getdata(column.values)[first:stop].tolist(), column.missing[first:stop].tolist()
    kinds: dict[str, Callable[[Any], str]] = {"f": repr, "i": str, "b": lambda value: str(value).lower()}
    shown = kinds.get(column.values.dtype.kind, str)
    return ("" if gone else shown(value) for value, gone in zip(values, missing, strict=True))


def write_parquet(table: Table, path: Path) -> None:
    """Write a table as Parquet; each field's metadata has its `unit` and `description`.

    Raises `ConfigurationError` without pyarrow.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ConfigurationError("Parquet needs pyarrow. Try: pip install 'energy-runner[tables]'") from None
    arrays, fields = [], []
    for column in table.columns:
        array = pa.array(np.ma.getdata(column.values), mask=column.missing)
        arrays.append(array)
        fields.append(
            pa.field(column.name, array.type, metadata={"unit": column.unit, "description": column.about})
        )
    about = {**table.attributes, "schema": SCHEMA, "remarks": json.dumps(list(table.remarks))}
    pq.write_table(pa.table(arrays, schema=pa.schema(fields, metadata=about)), path)


def _write_csv_file(table: Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_csv(table, file)


FORMATS: dict[str, Callable[[Table, Path], None]] = {"csv": _write_csv_file, "parquet": write_parquet}


def save_table(table: Table, path: Path, form: str | None = None) -> None:
    """Write a table to a new file, whole or not at all; `form` is one of `FORMATS`, by default by the name.

    Raises `ConfigurationError` for an unknown form, for a file that exists already and for Parquet without
    pyarrow, `BenchFault` if the file cannot be written.
    """
    form = form or ("parquet" if path.suffix.lower() == ".parquet" else "csv")
    if form not in FORMATS:
        raise ConfigurationError(f"a table cannot be written as {form!r} (known: {', '.join(FORMATS)})")
    if path.exists():
        raise ConfigurationError(f"{path}: exists already, and nothing is overwritten. Try another name")
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        try:
            FORMATS[form](table, temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise BenchFault(f"{path}: cannot be written ({error.strerror or error})") from None
