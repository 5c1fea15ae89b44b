# SPDX-License-Identifier: Apache-2.0
"""The table of a sweep reads back digit by digit, in each form, and no cell of it is a formula."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.reading.table import axis_columns, save_sweep_table, sweep_table, table_json
from energy_runner.sweep.rows import PointRow, Scalar
from energy_runner.text_file import from_cell
from tests.support.sweep_rows import Monitor, night

ROWS = night({"voltage_v": [1.8, 3.0], "model": ["kws", "=vww"], "cache": [True, False]}, Monitor(), 1)


def _read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _row(number: int, values: Mapping[str, Scalar], **more: object) -> PointRow:
    return replace(PointRow("s", number, number, "point", 1, values, "waiting"), **more)


def test_csv_reads_back_the_same_figures() -> None:
    lines = _read(sweep_table(ROWS).csv())
    assert len(lines) == len(ROWS)
    for line, row in zip(lines, ROWS, strict=True):
        assert float(line["energy_per_inference_j"]) == row.energy_j
        assert float(line["energy_per_inference_expanded_u_j"]) == row.U_j
        assert float(line["latency_s"]) == row.latency_s
        assert float(line["voltage_v"]) == row.values["voltage_v"]
        assert from_cell(line["model"]) == row.values["model"]
        assert line["cache"] == str(row.values["cache"]).lower()
        assert (line["verdict"], line["session"], line["bench"]) == ("valid", row.session, row.bench)
        assert (int(line["point"]), int(line["order"]), int(line["attempts"])) == (row.number, row.order, 1)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_no_text_is_taken_for_a_formula(sign: str) -> None:
    evil = f'{sign}HYPERLINK("x")'
    row = _row(1, {evil: evil, "number": -3}, reason=evil, bench=evil, remarks=(evil,), session=evil)
    cells = next(csv.reader(io.StringIO(sweep_table([row]).csv(), newline="")))
    assert not [cell for cell in cells if cell.startswith(sign)]
    line = _read(sweep_table([row]).csv())[0]
    assert line["number"] == "-3"
    for name in (f"'{evil}", "reason", "bench", "remarks", "session"):
        assert not line[name].startswith(sign)
        assert from_cell(line[name]) == evil


def test_the_same_rows_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    for number, rows in enumerate((ROWS, list(reversed(ROWS)))):
        for form in ("csv", "parquet", "json"):
            save_sweep_table(sweep_table(rows), tmp_path / f"{number}.{form}")
    for form in ("csv", "parquet", "json"):
        assert (tmp_path / f"0.{form}").read_bytes() == (tmp_path / f"1.{form}").read_bytes()


def test_parquet_has_units_and_the_same_figures(tmp_path: Path) -> None:
    save_sweep_table(sweep_table(ROWS), tmp_path / "night.parquet")
    read = pq.read_table(tmp_path / "night.parquet")
    assert read["energy_per_inference_j"].to_pylist() == [row.energy_j for row in ROWS]
    assert read["cache"].to_pylist() == [row.values["cache"] for row in ROWS]
    units = {field.name: (field.metadata or {}).get(b"unit") for field in read.schema}
    assert (units["latency_s"], units["energy_per_inference_u_j"], units["temperature_c"]) == (b"s", b"J", b"degC")
    assert units["voltage_v"] == b"V"


def test_json_has_null_where_nothing_is_known(tmp_path: Path) -> None:
    waiting = _row(1, {"clock_mhz": 48}, reason="the DUT does not answer", state="set-aside", attempts=3)
    path = tmp_path / "night.json"
    save_sweep_table(sweep_table([waiting, _row(2, {})]), path)
    document = json.loads(path.read_text())
    first, second = document["rows"]
    assert first["state"] == "set-aside"
    assert first["reason"] == "the DUT does not answer"
    assert first["energy_per_inference_j"] is None
    assert first["clock_mhz"] == 48
    assert second["clock_mhz"] is None
    assert {"name": "latency_s", "unit": "s", "about": "Mean duration of one inference, s."} in document["columns"]


def test_an_axis_never_takes_the_place_of_another_column() -> None:
    names = axis_columns(["Session", "voltage_v", "VOLTAGE_V", "axis_session", ""])
    assert names == {
        "Session": "axis_Session",
        "voltage_v": "voltage_v",
        "VOLTAGE_V": "axis_VOLTAGE_V",
        "axis_session": "axis_axis_session",
        "": "axis_",
    }
    table = sweep_table([_row(1, {"session": 5, "state": "on"})])
    assert len({name.casefold() for name in table.names}) == len(table.names)
    assert table["axis_session"].tolist() == [5]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1, 2.5], ["1.0", "2.5"]),
        ([1, True], ["1", "true"]),
        ([2**53 + 1, 0.1], ["9007199254740993", "0.1"]),
        ([2**70, 1], ["1180591620717411303424", "1"]),
        (["1", 1], ["1", "1"]),
        ([0.1 + 0.2, 1.0], ["0.30000000000000004", "1.0"]),
        ([0.1 + 0.2, "auto"], ["0.30000000000000004", "auto"]),
    ],
)
def test_values_of_an_axis_lose_nothing(values: list[Scalar], wanted: list[str]) -> None:
    rows = [_row(number, {"x": value}) for number, value in enumerate(values)]
    assert [line["x"] for line in _read(sweep_table(rows).csv())] == wanted


def test_infinity_is_written_and_surrogates_do_no_harm(tmp_path: Path) -> None:
    rows = [_row(1, {"x": float("inf")}, reason="bad \udcff byte")]
    assert table_json(sweep_table(rows))["rows"][0]["x"] == "inf"
    for form in ("csv", "parquet", "json"):
        save_sweep_table(sweep_table(rows), tmp_path / f"x.{form}")


def test_nothing_is_overwritten_and_virtual_points_say_so(tmp_path: Path) -> None:
    table = sweep_table([replace(row, virtual=True) for row in ROWS])
    assert table.attributes["title"].startswith("SIMULATED")
    assert table["virtual"].all()
    for form in ("csv", "json"):
        save_sweep_table(table, tmp_path / f"x.{form}")
        with pytest.raises(ConfigurationError, match="exists already"):
            save_sweep_table(table, tmp_path / f"x.{form}")
    with pytest.raises(ConfigurationError, match="known: csv, parquet, json"):
        save_sweep_table(table, tmp_path / "y.csv", "xls")


@pytest.mark.parametrize("form", ["csv", "parquet", "json"])
def test_a_link_to_nowhere_is_a_name_that_is_taken(form: str, tmp_path: Path) -> None:
    link = tmp_path / f"x.{form}"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="exists already"):
        save_sweep_table(sweep_table(ROWS), link)
    assert [one.name for one in tmp_path.iterdir()] == [link.name]


def test_a_sweep_without_points_has_no_table() -> None:
    with pytest.raises(ConfigurationError, match="no points"):
        sweep_table([])
