# SPDX-License-Identifier: Apache-2.0
"""A table with units: columns of equal length, for spreadsheets, Parquet and xarray.

CSV is that of RFC 4180, the same in every locale; Parquet has the units in its metadata.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from energy_runner import notebook
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session.new_file import new_file
from energy_runner.text_file import as_cell

SCHEMA = "energy-runner/table/1"
_ROWS = 4096  # made into text at once
_SHOWN = 10  # rows in a notebook
Values = npt.NDArray[Any]
# The units of columns, by how their names end; "1" for counts and numbers of things, empty for text.
UNITS = {"_j": "J", "_w": "W", "_per_s": "1/s", "_s": "s", "_ns": "ns", "_us": "us", "_v": "V", "_c": "degC"}


@dataclass(frozen=True)
class Column:
    """One column: its name ends with its unit, `about` says what it is.

    `values` is one-dimensional: float64, int64, bool or text. A missing value is masked, or NaN. `index` marks the
    columns that identify a row: coordinates, not data. `varies` says that each row has its own unit, which
    a column `unit` tells.
    """

    name: str
    values: Values
    about: str
    index: bool = False
    varies: bool = False

    @property
    def unit(self) -> str:
        """Return the unit: "1" for plain numbers, empty for text and booleans, and where each row has its own."""
        if self.values.dtype.kind not in "if" or self.varies:
            return ""
        return next((unit for ending, unit in UNITS.items() if self.name.endswith(ending)), "1")

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Return which values are missing."""
        masked: npt.NDArray[np.bool_] = np.ma.getmaskarray(self.values)
        return masked | np.isnan(np.ma.getdata(self.values)) if self.values.dtype.kind == "f" else masked

    def plain(self) -> Values:
        """Return the values as an ordinary array; integers, if some are missing, become floats with NaN."""
        if not np.ma.isMaskedArray(self.values):
            return self.values
        if not self.missing.any():
            return np.asarray(np.ma.getdata(self.values))
        if self.values.dtype.kind == "U":
            return np.asarray(np.ma.filled(self.values, ""))
        return np.asarray(np.ma.filled(self.values.astype(np.float64), np.nan))


@dataclass(frozen=True)
class Table:
    """A table of `name`: its columns have a value for each row, and each row is one `dimension`.

    `attributes` hold for the whole table; `remarks` say what was left out.
    """

    name: str
    dimension: str
    columns: tuple[Column, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0].values)

    def __repr__(self) -> str:
        return f"<Table of {len(self)} {self.name}: {', '.join(column.name for column in self.columns)}>"

    def _repr_html_(self) -> str:
        virtual = any(column.name == "virtual" and bool(column.values.any()) for column in self.columns)
        facts = [("Rows", str(len(self)) if len(self) <= _SHOWN else f"{len(self)}, the first {_SHOWN} below")]
        rows = zip(*(_texts(column, 0, _SHOWN) for column in self.columns), strict=True)
        return notebook.table(self.name, facts, virtual=virtual, columns=self.names, rows=rows)

    def __getitem__(self, name: str) -> Values:
        """Return a column as an ordinary array; raise `SessionError` for an unknown one."""
        for column in self.columns:
            if column.name == name:
                return column.plain()
        raise SessionError(f"a table of {self.name} has no column {name!r}, only {', '.join(self.names)}")

    @property
    def names(self) -> list[str]:
        """Return the names of the columns."""
        return [column.name for column in self.columns]

    def csv(self) -> str:
        """Return the table as CSV; see `write_csv`."""
        text = io.StringIO(newline="")
        write_csv(self, text)
        return text.getvalue()

    def save(self, path: str | Path, form: str | None = None) -> None:
        """Write the table to a new file: Parquet if its name ends so, else CSV, or as `form` says.

        Raises `ConfigurationError` for a file that exists already, an unknown form, or Parquet without pyarrow.
        """
        save_table(self, Path(path), form)

    def to_xarray(self) -> dict[str, Any]:
        """Return what `xarray.Dataset` is made from: `xarray.Dataset(**table.to_xarray())`.

        Each variable has its unit in `units` and its description in `long_name`, as in the CF conventions.
        """
        parts: dict[str, dict[str, Any]] = {"coords": {}, "data_vars": {}}
        for column in self.columns:
            described = {"long_name": column.about} | ({"units": column.unit} if column.unit else {})
            variable = (self.dimension, column.plain(), described)
            parts["coords" if column.index else "data_vars"][column.name] = variable
        return {**parts, "attrs": dict(self.attributes)}


def joined(parts: Sequence[Values]) -> Values:
    """Return the parts of one column, one after the other, masked where any is."""
    if any(np.ma.isMaskedArray(part) for part in parts):
        return np.asanyarray(np.ma.concatenate(parts))
    return np.concatenate(parts)


def write_csv(table: Table, file: TextIO) -> None:
    """Write a table as CSV: one header line, a point in decimals, nothing where a value is missing.

    `file` must leave line ends as they are (`newline=""`). A float is written so that it reads back exactly, and a
    text that begins like a formula has an apostrophe before it (`as_cell`).
    """
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(as_cell(name) for name in table.names)
    for first in range(0, len(table), _ROWS):
        writer.writerows(zip(*(_texts(c, first, first + _ROWS) for c in table.columns), strict=True))


def _texts(column: Column, first: int, stop: int) -> Iterator[str]:
    values, missing = np.ma.getdata(column.values)[first:stop].tolist(), column.missing[first:stop].tolist()
    kinds: dict[str, Callable[[Any], str]] = {"f": repr, "i": str, "b": lambda value: str(value).lower()}
    shown = kinds.get(column.values.dtype.kind, as_cell)
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
    with new_file(path) as temporary:
        FORMATS[form](table, temporary)
