# SPDX-License-Identifier: Apache-2.0
"""CSV and Parquet of a trace: exact digits, missing samples, fewer rows, and what the header says."""

import json
import math

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.traces.model import INSTANTS
from energy_runner.traces.writers import csv_file
from energy_runner.traces.writers.csv_file import SPREADSHEET_ROWS, decimals
from energy_runner.traces.writers.model import OutSignal, Source
from tests.support.outgoing import HOSTILE, outgoing, read_csv, written

FLOATS = hnp.arrays(np.float32, st.integers(1, 40), elements=st.floats(width=32, allow_infinity=False))


@given(values=FLOATS)
def test_a_recorded_sample_reads_back_to_its_last_bit(values, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("exact")
    written(outgoing(values), folder / "t.csv", "csv")
    _, header, rows = read_csv(folder / "t.csv")
    assert header == ["time (s)", "power (W)"]
    assert np.array_equal(rows[:, 1].astype(np.float32), values, equal_nan=True)
    written(outgoing(values), folder / "t.parquet", "parquet")
    read = pq.read_table(folder / "t.parquet").column("power_w")
    assert read.null_count == np.count_nonzero(np.isnan(values))
    assert np.array_equal(read.to_numpy(), values, equal_nan=True)


def test_a_computed_signal_keeps_the_joules_to_a_billionth(tmp_path) -> None:
    energy_j = np.random.default_rng(1).uniform(1e-9, 1e-3, 5000).astype(np.float32)
    step_s = 1.0000123e-5
    signals = (
        OutSignal("energy", "J", "recorded", lambda first, stop: energy_j[first:stop]),
        OutSignal("power", "W", "converted", lambda a, b: energy_j[a:b].astype(np.float64) / step_s, "computed"),
    )
    told = written(outgoing(energy_j, step_s, signals=signals), tmp_path / "t.csv", "csv")
    comments, header, rows = read_csv(tmp_path / "t.csv")
    assert header == ["time (s)", "energy (J)", "power (W)"]
    assert "# power is computed: computed" in comments
    assert told.remarks == ["power has 12 digits; what was recorded is exact"]
    exact = math.fsum(energy_j.astype(np.float64))
    assert math.fsum(rows[:, 1]) == pytest.approx(exact, rel=1e-9)
    assert math.fsum(rows[:, 2]) * step_s == pytest.approx(exact, rel=1e-11)
    period_s = (rows[-1, 0] - rows[0, 0]) / (len(rows) - 1)
    assert period_s == pytest.approx(step_s, rel=1e-6)
    assert np.max(np.abs(rows[:, 0] - np.arange(5000) * step_s)) <= step_s / 1000


@pytest.mark.parametrize(
    ("step_s", "places"), [(1.0, 0), (1e-3, 3), (1e-5, 5), (5e-7, 7), (1.25e-4, 6), (2.0, 0), (1.024e-5, 8)]
)
def test_round_periods_have_short_times(step_s: float, places: int) -> None:
    assert decimals(step_s) == places


@given(st.floats(1e-9, 1e3))
def test_times_are_written_within_a_thousandth_of_a_sample(step_s: float) -> None:
    assert 0.5 * 10.0 ** -decimals(step_s) <= max(step_s / 1000, 1e-9 * step_s) or step_s * 10 ** decimals(
        step_s
    ) == pytest.approx(round(step_s * 10 ** decimals(step_s)), rel=1e-9)


def test_missing_samples_stay_missing(tmp_path) -> None:
    values = np.array([1.0, np.nan, 3.0])
    written(outgoing(values), tmp_path / "t.csv", "csv")
    assert (tmp_path / "t.csv").read_text().splitlines()[-3:] == ["0.000,1", "0.001,", "0.002,3"]


@given(values=FLOATS, every=st.integers(2, 7), block=st.sampled_from([4, 16, 1 << 16]))
def test_a_row_of_several_samples_is_their_mean(values, every, block, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("means") / "t.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "BLOCK", block)
        patch.setattr("energy_runner.traces.writers.model.BLOCK", block)
        told = written(outgoing(values), path, "csv", every=every)
    comments, header, rows = read_csv(path)
    assert header == ["time (s)", "power (W)", "samples"]
    assert any(f"{every} samples" in line for line in comments)
    assert told.rows == len(rows) == math.ceil(len(values) / every)
    for number, row in enumerate(rows):
        part = values[number * every : (number + 1) * every].astype(np.float64)
        there = part[~np.isnan(part)]
        assert row[2] == len(there)
        if len(there):
            assert row[1] == pytest.approx(there.mean(), rel=1e-9, abs=1e-9 * np.abs(there).max())
        else:
            assert math.isnan(row[1])


def test_as_many_samples_a_row_as_fit(tmp_path) -> None:
    assert written(outgoing(np.ones(1001)), tmp_path / "t.csv", "csv", most_rows=100).rows <= 100
    assert written(outgoing(np.ones(99)), tmp_path / "u.csv", "csv", most_rows=100).rows == 99


def test_too_many_rows_for_a_spreadsheet_are_said(tmp_path) -> None:
    told = written(outgoing(np.ones(SPREADSHEET_ROWS)), tmp_path / "t.csv", "csv")
    assert any("one row for 2 samples" in one for one in told.remarks)


def test_a_simulated_session_says_so(tmp_path) -> None:
    out = outgoing(np.ones(3), virtual=True, zero_utc_ns=1_735_689_600_123_456_789, windows=((1, 0.5, 2.25),))
    written(out, tmp_path / "t.csv", "csv")
    comments, _, _ = read_csv(tmp_path / "t.csv")
    assert comments[0].startswith("# SIMULATED trace of made-by-hand")
    assert "# sampled by Acme M1 serial 42 firmware 1.0" in comments
    assert "# second 0 is 2025-01-01T00:00:00.123456+00:00" in comments
    assert "# window 1: 0.000500000000 s to 0.002250000000 s" in comments
    written(out, tmp_path / "t.parquet", "parquet")
    schema = pq.read_schema(tmp_path / "t.parquet")
    assert schema.metadata[b"simulated"] == b"true"
    assert schema.metadata[b"title"].startswith(b"SIMULATED")
    assert json.loads(schema.metadata[b"windows"]) == [
        {"window": 1, "start_s": 0.0005, "stop_s": pytest.approx(0.00225)}
    ]
    assert schema.field("power_w").metadata[b"unit"] == b"W"
    column = pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(0).column(1)
    assert (column.compression, "BYTE_STREAM_SPLIT" in column.encodings) == ("ZSTD", True)


def test_hostile_texts_stay_in_their_comment(tmp_path) -> None:
    written(outgoing(np.ones(2), session=HOSTILE, remarks=(HOSTILE,)), tmp_path / "t.csv", "csv")
    comments, header, rows = read_csv(tmp_path / "t.csv")
    assert header == ["time (s)", "power (W)"]
    assert len(rows) == 2
    assert not any(sign in line for line in comments for sign in ',;\t"\x00\x1b\r')
    written(outgoing(np.ones(2), session=HOSTILE, remarks=(HOSTILE,)), tmp_path / "t.parquet", "parquet")
    assert pq.read_table(tmp_path / "t.parquet").num_rows == 2


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match=r"energy-runner\[tables\]"):
        written(outgoing(np.ones(2)), tmp_path / "t.parquet", "parquet")
    assert list(tmp_path.iterdir()) == []


def test_lines_above_the_rows_count_for_a_spreadsheet(tmp_path) -> None:
    rows = SPREADSHEET_ROWS - 3
    told = written(outgoing(np.ones(rows)), tmp_path / "t.csv", "csv")
    assert len((tmp_path / "t.csv").read_text().splitlines()) > SPREADSHEET_ROWS
    assert any("more than a spreadsheet opens" in one for one in told.remarks)
    assert not written(outgoing(np.ones(rows)), tmp_path / "u.csv", "csv", most_rows=10**6).remarks[1:]


@pytest.mark.parametrize("every", [2**63 - 1, 2**63, 10**30])
def test_a_row_of_more_samples_than_a_number_holds_is_that_of_all(every: int, tmp_path) -> None:
    told = written(outgoing(np.arange(5, dtype=np.float32)), tmp_path / "t.csv", "csv", every=every)
    assert told.rows == 1
    assert read_csv(tmp_path / "t.csv")[2].tolist() == [[0.0, 2.0, 5.0]]


@pytest.mark.parametrize("name", ["=1+1", "a,b", HOSTILE.replace("\ud800", "")])
def test_a_name_of_a_signal_cannot_be_a_formula_or_another_row(name: str, tmp_path) -> None:
    values = np.ones(3, dtype=np.float32)
    signals = (OutSignal(name, name, "recorded", lambda first, stop: values[first:stop]),)
    for number, options in enumerate(({}, {"every": 2})):
        written(outgoing(values, signals=signals), tmp_path / f"{number}.csv", "csv", **options)
        _, header, rows = read_csv(tmp_path / f"{number}.csv")
        assert len(header) == rows.shape[1] == 2 + number
        assert all(text.isprintable() and not text.startswith(("=", "+", "-", "@")) for text in header)
    written(outgoing(values, signals=signals), tmp_path / "t.parquet", "parquet")
    assert all(text.isprintable() for text in pq.read_schema(tmp_path / "t.parquet").names)


def test_who_measured_is_one_short_line_of_the_metadata(tmp_path) -> None:
    source = Source(HOSTILE.replace("\ud800", "") * 10_000, "M", "1", "2")
    written(outgoing(np.ones(3), source=source), tmp_path / "t.parquet", "parquet")
    told = pq.read_schema(tmp_path / "t.parquet").metadata[b"instrument"].decode()
    assert told.isprintable()
    assert len(told) <= 300


def test_means_of_readings_at_an_instant_are_no_readings_at_an_instant(tmp_path) -> None:
    out = outgoing(np.ones(10), instants=True)
    written(out, tmp_path / "t.csv", "csv")
    told = written(out, tmp_path / "u.csv", "csv", every=5)
    assert any(INSTANTS in line for line in read_csv(tmp_path / "t.csv")[0])
    assert not any(INSTANTS in line for line in read_csv(tmp_path / "u.csv")[0])
    assert any("at an instant" in one for one in told.remarks)


def test_joules_alone_have_no_mean(tmp_path) -> None:
    signals = (OutSignal("energy", "J", "recorded", lambda first, stop: np.ones(stop - first, np.float32)),)
    with pytest.raises(SessionError, match="there is no mean to write"):
        written(outgoing(np.ones(3), signals=signals), tmp_path / "t.csv", "csv", every=2)
    assert list(tmp_path.iterdir()) == []
