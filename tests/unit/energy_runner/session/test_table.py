# SPDX-License-Identifier: Apache-2.0
"""Tables as CSV, Parquet and arrays: what is written reads back, missing values and units included."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session import table as tables
from energy_runner.session.table import Column, Table, joined
from energy_runner.text_file import from_cell, rows_of

TEXTS = np.array(["a,b", 'say "hi"', "two\r\nlines", "µ ü", ""])


def small() -> Table:
    count = np.ma.masked_array(np.array([1, 2, 3, 4, 5]), mask=[0, 1, 0, 0, 0])
    return Table(
        "windows",
        "window",
        (
            Column("file", TEXTS, "The file.", index=True),
            Column("window", np.arange(1, 6), "The number.", index=True),
            Column("energy_j", np.array([0.1, 1e-300, np.nan, -0.0, 1 / 3]), "The energy, J."),
            Column("inferences", count, "How many."),
            Column("virtual", np.array([True, False, True, True, True]), "Simulated."),
        ),
        {"title": "made up"},
        ("something is left out",),
    )


def test_csv_is_rfc_4180_with_a_header_and_nothing_for_what_is_missing() -> None:
    text = small().csv()
    assert text.split("\r\n")[0] == "file,window,energy_j,inferences,virtual"
    assert text.endswith(",1,0.1,1,true\r\n".replace("1,0.1,1", "5,0.3333333333333333,5"))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[0] for row in rows[1:]] == TEXTS.tolist()
    assert [row[2] for row in rows[1:]] == ["0.1", "1e-300", "", "-0.0", "0.3333333333333333"]
    assert [row[3] for row in rows[1:]] == ["1", "", "3", "4", "5"]
    assert '"say ""hi"""' in text


@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=False),
            st.text(st.characters(blacklist_categories=["Cs"], min_codepoint=1), max_size=8),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_csv_reads_back_exactly(values: list[tuple[float, str]]) -> None:
    numbers, texts = zip(*values, strict=True)
    table = Table("t", "row", (Column("x_j", np.array(numbers), ""), Column("text", np.array(texts), "")))
    rows = list(csv.reader(io.StringIO(table.csv(), newline="")))[1:]
    assert [float(row[0]) for row in rows] == list(numbers)
    assert [from_cell(row[1]) for row in rows] == np.array(texts).tolist()
    assert not [row[1] for row in rows if row[1].startswith(FORMULAS)]


FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.mark.parametrize("start", FORMULAS)
def test_no_text_of_a_cell_begins_like_a_formula_and_numbers_stay_numbers(start: str) -> None:
    texts = np.array([f"{start}cmd|' /C calc'!A0", "a.bin", f"'{start}x", "'quoted", f"a{start}b"])
    numbers = np.array([-1.5, 1.0, -2e-9, 0.0, -0.0])
    columns = (Column("file", texts, ""), Column("x_j", numbers, ""), Column("n", np.array([-1, 2, 3, 4, 5]), ""))
    text = Table("t", "row", columns).csv()
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [row[0] for row in rows] == [f"'{texts[0]}", "a.bin", f"''{start}x", "'quoted", f"a{start}b"]
    assert [from_cell(row[0]) for row in rows] == texts.tolist()
    if start not in "\t\r\n":  # blanks around a cell do not count there
        assert [row.cells[0] for row in rows_of(text, (3,))][1:] == texts.tolist()
    assert [row[1] for row in rows] == ["-1.5", "1.0", "-2e-09", "0.0", "-0.0"]
    assert [row[2] for row in rows] == ["-1", "2", "3", "4", "5"]


def test_a_lone_surrogate_is_written_out() -> None:
    table = Table("t", "row", (Column("file", np.array(["a\udcff"]), ""),))
    assert table.csv().encode() == b"file\r\na\\udcff\r\n"


def test_many_rows_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small().csv()
    monkeypatch.setattr(tables, "_ROWS", 2)
    assert small().csv() == whole


def test_parquet_has_units_and_nulls(tmp_path: Path) -> None:
    table = small()
    table.save(tmp_path / "t.parquet")
    read = pq.read_table(tmp_path / "t.parquet")
    assert read.column("energy_j").to_pylist() == [0.1, 1e-300, None, -0.0, 1 / 3]
    assert read.column("inferences").to_pylist() == [1, None, 3, 4, 5]
    assert read.column("file").to_pylist() == TEXTS.tolist()
    assert [str(field.type) for field in read.schema] == ["string", "int64", "double", "int64", "bool"]
    assert read.schema.field("energy_j").metadata == {b"unit": b"J", b"description": b"The energy, J."}
    assert read.schema.field("file").metadata[b"unit"] == b""
    assert read.schema.metadata[b"schema"] == b"energy-runner/table/1"
    assert json.loads(read.schema.metadata[b"remarks"]) == ["something is left out"]


def test_xarray_takes_it_with_units() -> None:
    data = xr.Dataset(**small().to_xarray())
    assert dict(data.sizes) == {"window": 5}
    assert set(data.coords) == {"file", "window"}
    assert data.energy_j.attrs == {"units": "J", "long_name": "The energy, J."}
    assert data.inferences.attrs["units"] == "1"
    assert "units" not in data.virtual.attrs
    assert np.isnan(data.inferences.values[1])
    assert data.inferences.values[2] == 3
    assert float(data.energy_j.sel(window=5)) == 1 / 3
    assert data.attrs == {"title": "made up"}


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("energy_j", "J"),
        ("energy_u_j", "J"),
        ("mean_power_w", "W"),
        ("throughput_per_s", "1/s"),
        ("start_s", "s"),
        ("host_ns", "ns"),
        ("lap_us", "us"),
        ("inferences", "1"),
    ],
)
def test_the_unit_of_a_column_is_in_its_name(name: str, unit: str) -> None:
    assert Column(name, np.zeros(1), "").unit == unit
    assert Column(name, np.array(["text"]), "").unit == ""


def test_a_column_is_reached_by_its_name() -> None:
    table = small()
    assert table["window"].tolist() == [1, 2, 3, 4, 5]
    assert len(table) == 5
    assert repr(table).startswith("<Table of 5 windows: file, window")
    with pytest.raises(SessionError, match="no column 'energy', only file, window, energy_j"):
        table["energy"]


def test_parts_are_joined_with_what_is_missing() -> None:
    masked = np.ma.masked_array([1, 2], mask=[True, False])
    both = joined([masked, np.array([3])])
    assert both.tolist() == [None, 2, 3]
    assert joined([np.array(["a"]), np.array(["longer"])]).tolist() == ["a", "longer"]


@pytest.mark.parametrize(
    ("name", "form", "beginning"),
    [
        ("a.csv", None, b"file,"),
        ("a.parquet", None, b"PAR1"),
        ("a.PARQUET", None, b"PAR1"),
        ("a.txt", "parquet", b"PAR1"),
        ("a", None, b"file,"),
    ],
)
def test_the_form_is_as_the_name_ends_or_as_asked(tmp_path: Path, name: str, form: str | None, beginning: bytes):
    small().save(tmp_path / name, form)
    assert (tmp_path / name).read_bytes().startswith(beginning)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_nothing_is_overwritten_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("mine", "utf-8")
    with pytest.raises(ConfigurationError, match="exists already"):
        small().save(tmp_path / "a.csv")
    with pytest.raises(ConfigurationError, match=r"as 'xlsx' \(known: csv, parquet\)"):
        small().save(tmp_path / "b.xlsx", "xlsx")

    def full(table: Table, path: Path) -> None:
        path.write_text("half", "utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(tables.FORMATS, "csv", full)
    with pytest.raises(Exception, match="No space left"):
        small().save(tmp_path / "c.csv")
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [("a.csv", "mine")]


def test_without_pyarrow_the_message_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'energy-runner\[tables\]'"):
        small().save(tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []
