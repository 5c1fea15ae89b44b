# SPDX-License-Identifier: Apache-2.0
"""The table of a sweep: one row a point, its settings as columns, figures in SI units.

It is a `Table` like those of windows and inferences, so CSV and Parquet are written in one place. The same rows
give the same bytes.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import json_bytes
from energy_runner.session.new_file import new_file
from energy_runner.session.table import SCHEMA, Column, Table, Values
from energy_runner.sweep.reading.settings import axes_of, is_number, value_text
from energy_runner.sweep.rows import PointRow, Scalar
from energy_runner.version import version
from energy_runner.wording import shown

JSON_SCHEMA = "energy-runner/sweep-table/1"
FORMS = ("csv", "parquet", "json")
_SAFE_INTEGER = 2**53  # up to here a float holds every integer
_LARGEST = 2**63 - 1


def _verdict(row: PointRow) -> str | None:
    return None if row.valid is None else "valid" if row.valid else "not valid"


# Name, kind of value (text, integer, float, bool), the value, and what it is.
_Field = tuple[str, str, Callable[[PointRow], Any], str]
# Settings stand after the first group.
_FIRST: tuple[_Field, ...] = (
    ("sweep", "U", lambda row: row.sweep, "Id of the sweep."),
    ("point", "i", lambda row: row.number, "Number of the point in the plan, from 1."),
    ("order", "i", lambda row: row.order, "Its place in the night, from 1."),
    ("kind", "U", lambda row: row.kind, "point, or reference for a measurement of the reference point."),
    ("repeat", "i", lambda row: row.repeat, "Which repeat of its settings it is, from 1."),
)
_THEN: tuple[_Field, ...] = (
    ("state", "U", lambda row: row.state, "waiting, running, done or set-aside."),
    ("verdict", "U", _verdict, "valid or not valid, by the rule set; empty without a result."),
    ("energy_per_inference_j", "f", lambda row: row.energy_j, "Median energy of one inference, J."),
    ("energy_per_inference_u_j", "f", lambda row: row.u_j, "Its standard uncertainty, J."),
    ("energy_per_inference_expanded_u_j", "f", lambda row: row.U_j, "Its expanded uncertainty, J, for 95 %."),
    ("coverage_factor", "f", lambda row: row.k, "Expanded over standard uncertainty."),
    ("degrees_of_freedom", "f", lambda row: row.dof, "Of the uncertainty; empty for infinitely many."),
    ("uncertainty_complete", "b", lambda row: row.complete, "True: nothing is known to be missing from it."),
    ("latency_s", "f", lambda row: row.latency_s, "Mean duration of one inference, s."),
    ("latency_u_s", "f", lambda row: row.u_latency_s, "Its standard uncertainty, s."),
    ("accuracy", "f", lambda row: row.accuracy, "Value of the benchmark's metric."),
    ("accuracy_metric", "U", lambda row: row.metric, "top1, in percent, or auc, a fraction."),
    ("temperature_c", "f", lambda row: row.temperature_c, "Mean temperature of the surroundings, °C."),
    ("benchmark", "U", lambda row: row.benchmark, "Id of the benchmark."),
    ("mode", "U", lambda row: row.mode, "What was measured: energy, performance or accuracy."),
    ("virtual", "b", lambda row: row.virtual, "True: simulated, no measurement."),
    ("outcome", "U", lambda row: row.outcome, "How the run ended."),
    ("bench", "U", lambda row: row.bench, "The bench as the sweep calls it."),
    ("bench_trust", "U", lambda row: row.bench_trust, "trusted, out of control or not watched."),
    ("monitor", "U", lambda row: row.monitor, "Driver and serial number of the instrument that sampled."),
    ("started_utc", "U", lambda row: row.started_utc, "Beginning by the host's clock, ISO 8601."),
    ("attempts", "i", lambda row: row.attempts, "Attempts at the point."),
    ("reason", "U", lambda row: row.reason or None, "Why it was set aside, or is not finished."),
    ("remarks", "U", lambda row: "; ".join(row.remarks) or None, "What else is to be known of it."),
    ("session", "U", lambda row: row.session, "The session's id."),
    ("folder", "U", lambda row: row.folder, "The session's folder."),
    ("software", "U", lambda row: row.software, "The program that measured."),
)
_FIXED = {name for name, *_ in (*_FIRST, *_THEN)}
_TYPES: dict[str, Any] = {"i": np.int64, "f": np.float64, "b": np.bool_, "U": np.str_}
_ZEROS: dict[str, Any] = {"i": 0, "f": 0.0, "b": False, "U": ""}


def sweep_table(rows: Sequence[PointRow]) -> Table:
    """Return the table of all points, in the order of the night.

    An axis has a column of its own name, or `axis_NAME` where a column of the table has that name already. Raises
    `ConfigurationError` if there is no row.
    """
    if not rows:
        raise ConfigurationError("the sweep has no points, so there is no table")
    ordered = sorted(rows, key=lambda row: (row.sweep, row.order, row.number, row.repeat))
    axes = axes_of(ordered)
    names = axis_columns(axes)
    columns = [_column(field, ordered, index=True) for field in _FIRST]
    columns += [_axis(names[axis], axis, ordered) for axis in axes]
    columns += [_column(field, ordered, index=field[0] == "session") for field in _THEN]
    virtual = any(row.virtual for row in ordered)
    sweeps = ", ".join(dict.fromkeys(row.sweep for row in ordered))
    return Table(
        name="points",
        dimension="point_of_sweep",
        columns=tuple(columns),
        attributes={
            "schema": SCHEMA,
            "title": f"{'SIMULATED ' if virtual else ''}points of sweep {sweeps}",
            "source": f"energy-runner {version()}",
        },
    )


def axis_columns(axes: Iterable[str]) -> dict[str, str]:
    """Return the column's name of each axis; no two differ only in case, which some readers do not tell apart."""
    taken = {name.casefold() for name in _FIXED}
    names: dict[str, str] = {}
    for axis in axes:
        name, number = axis, 1
        while not name or name.casefold() in taken:
            name, number = (f"axis_{axis}" if number == 1 else f"axis_{axis}_{number}"), number + 1
        taken.add(name.casefold())
        names[axis] = name
    return names


def _column(field: _Field, rows: Sequence[PointRow], *, index: bool) -> Column:
    name, kind, value, about = field
    return Column(name, _values([value(row) for row in rows], kind), about, index=index)


def _axis(name: str, axis: str, rows: Sequence[PointRow]) -> Column:
    values = [row.values.get(axis) for row in rows]
    kind = _kind([value for value in values if value is not None])
    plain = values if kind != "U" else [None if value is None else value_exact(value) for value in values]
    return Column(name, _values(plain, kind), f"Setting of the axis {axis}.", index=True)


def _kind(values: Sequence[Scalar]) -> str:
    """Return the type that holds all values of an axis without loss: truth, integer, float, or else text."""
    if values and all(isinstance(value, bool) for value in values):
        return "b"
    if not values or not all(is_number(value) for value in values):
        return "U"
    whole = [value for value in values if isinstance(value, int)]
    if len(whole) == len(values):
        return "i" if all(-_LARGEST <= value <= _LARGEST for value in whole) else "U"
    return "f" if all(abs(value) <= _SAFE_INTEGER for value in whole) else "U"


def value_exact(value: Scalar) -> str:
    """Return a value as text with every digit."""
    return repr(value) if isinstance(value, float) else value_text(value)


def _values(values: Sequence[Any], kind: str) -> Values:
    if kind == "U":  # lone surrogates, which no file can hold, are written out
        values = [None if text is None else text.encode(errors="backslashreplace").decode() for text in values]
    plain = np.array([_ZEROS[kind] if value is None else value for value in values], dtype=_TYPES[kind])
    mask = [value is None for value in values]
    return np.ma.masked_array(plain, mask=mask) if any(mask) else plain


def table_json(table: Table) -> dict[str, Any]:
    """Return a table as a JSON document: its columns with units, and its rows as objects; null where none is."""
    texts = [
        [None if gone else _json(value) for value, gone in zip(plain, column.missing.tolist(), strict=True)]
        for column in table.columns
        for plain in [np.ma.getdata(column.values).tolist()]
    ]
    return {
        "schema": JSON_SCHEMA,
        "title": table.attributes.get("title", ""),
        "columns": [{"name": c.name, "unit": c.unit, "about": c.about} for c in table.columns],
        "rows": [dict(zip(table.names, row, strict=True)) for row in zip(*texts, strict=True)],
    }


def _json(value: Any) -> Any:
    if isinstance(value, float) and not np.isfinite(value):
        return repr(value)  # JSON has no infinity; an axis may
    return value


def save_sweep_table(table: Table, path: Path, form: str | None = None) -> None:
    """Write a table to a new file: CSV, Parquet or JSON, by `form` or else by the ending of its name.

    Raises `ConfigurationError` for an unknown form, a file that exists already, and Parquet without pyarrow;
    `BenchFault` if it cannot be written.
    """
    form = form or form_of(path)
    if form not in FORMS:
        raise ConfigurationError(f"a table cannot be written as {shown(form)!r} (known: {', '.join(FORMS)})")
    if form != "json":
        table.save(path, form)
        return
    with new_file(path) as temporary:
        temporary.write_bytes(json_bytes(table_json(table)))


def form_of(path: Path) -> str:
    """Return the form that a file's name asks for; CSV for any other ending than `.parquet` and `.json`."""
    ending = path.suffix.lower().removeprefix(".")
    return ending if ending in FORMS else "csv"
