# SPDX-License-Identifier: Apache-2.0
"""A table with units: columns of equal length, for spreadsheets, Parquet and xarray."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from energy_runner.errors import SessionError

SCHEMA = "energy-runner/table/1"
Values = npt.NDArray[Any]
# The units of columns, by how their names end; "1" for counts and numbers of things, empty for text.
UNITS = {"_j": "J", "_w": "W", "_per_s": "1/s", "_s": "s", "_ns": "ns", "_us": "us"}


@dataclass(frozen=True)
class Column:
    """One column: its name ends with its unit, `about` says what it is.

    `values` is one-dimensional: float64, int64, bool or text. A missing value is masked, or NaN. `index` marks the
    columns that identify a row: coordinates, not data.
    """

    name: str
    values: Values
    about: str
    index: bool = False

    @property
    def unit(self) -> str:
        """Return the unit: that of a quantity, "1" for other numbers, empty for text and booleans."""
        if self.values.dtype.kind not in "if":
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
        """Return the table as CSV; see `energy_runner.session.table_files`."""
        from energy_runner.session.table_files import csv_text

        return csv_text(self)

    def save(self, path: str | Path, form: str | None = None) -> None:
        """Write the table to a new file: Parquet if its name ends so, else CSV, or as `form` says.

        Raises `ConfigurationError` for a file that exists already, an unknown form, or Parquet without pyarrow.
        """
        from energy_runner.session.table_files import save_table

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
