# SPDX-License-Identifier: Apache-2.0
"""What tables of strangers hold: read as it is meant, or refused by the line and what is there."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import energy_runner as er
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session import events as ev
from tests.support.trace_files import texts
from tests.support.trace_files.reading import edges, read
from tests.support.trace_files.wave import Wave

HEAD = "time (ms),current (uA)"
ROWS = [f"{k},{100 + k}" for k in range(50)]


def file(folder: Path, *lines: str, end: str = "\n", begin: bytes = b"") -> Path:
    path = folder / "t.csv"
    path.write_bytes(begin + end.join([*lines, ""]).encode())
    return path


@pytest.fixture(params=[False, True], ids=["pyarrow", "plain"])
def plain(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


READ_ALIKE: dict[str, Callable[[Path], Path]] = {
    "a BOM": lambda p: file(p, HEAD, *ROWS, begin=b"\xef\xbb\xbf"),
    "Windows": lambda p: file(p, HEAD, *ROWS, end="\r\n"),
    "an old Macintosh": lambda p: file(p, HEAD, *ROWS, end="\r"),
    "quotes": lambda p: file(p, '"time (ms)","current (uA)"', *ROWS),
    "quoted numbers": lambda p: file(p, HEAD, *[",".join(f'"{c}"' for c in row.split(",")) for row in ROWS]),
    "semicolons": lambda p: file(p, HEAD.replace(",", ";"), *[row.replace(",", ";") for row in ROWS]),
    "tabs": lambda p: file(p, HEAD.replace(",", "\t"), *[row.replace(",", "\t") for row in ROWS]),
    "a decimal comma": lambda p: file(
        p, HEAD.replace(",", ";"), *[row.replace(",", ",0;") + ",0" for row in ROWS]
    ),
    "comments before": lambda p: file(p, "# a tool, its version", "#", HEAD, *ROWS),
    "comments among": lambda p: file(p, HEAD, *ROWS[:9], "# a remark, with commas, 3", *ROWS[9:]),
    "blank lines": lambda p: file(p, "", HEAD, "", *ROWS[:9], "", *ROWS[9:], ""),
    "names in a comment": lambda p: file(p, "# " + HEAD, *ROWS),
    "a preamble": lambda p: file(p, "Device,none", "Samples,50", "", HEAD, *ROWS),
    "units in a line of their own": lambda p: file(p, "time,current", "ms,uA", *ROWS),
    "seconds": lambda p: file(p, "Time [s],i[mA]", *[f"{k / 1000},{(100 + k) / 1000}" for k in range(50)]),
    "microseconds": lambda p: file(p, "t_us,current_A", *[f"{k * 1000},{(100 + k)}e-6" for k in range(50)]),
    "an empty last column": lambda p: file(p, HEAD + ",", *[row + "," for row in ROWS]),
    "more columns": lambda p: file(p, HEAD + ",note", *[row + ",ok" for row in ROWS]),
    "a Greek letter": lambda p: file(p, "time (ms),current (µA)", *ROWS),
}


@pytest.mark.parametrize("what", READ_ALIKE)
def test_the_same_table_in_other_clothes(what: str, tmp_path: Path, plain: bool) -> None:
    values, opened = read(READ_ALIKE[what](tmp_path), plain=plain)
    assert values == pytest.approx((100 + np.arange(50)) * 1e-6)
    assert opened.head.period_s == 0.001


def test_latin_1_is_read_as_windows_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("\n".join(["time (ms),current (µA)", *ROWS, ""]).encode("latin-1"))
    assert len(read(path)[0]) == 50


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a word": (
        lambda p: file(p, HEAD, *ROWS[:9], "9,many", *ROWS[10:]),
        r"line 11, column 'current \(uA\)'.*'many'",
    ),
    "a column too few": (lambda p: file(p, HEAD, *ROWS[:9], "9", *ROWS[10:]), r"line 11 has 1 columns \('9'\)"),
    "a column too many": (lambda p: file(p, HEAD, *ROWS[:9], "9,1,2", *ROWS[10:]), "line 11 has 3 columns"),
    "time goes back": (
        lambda p: file(p, HEAD, *ROWS[:9], "3,1", *ROWS[9:]),
        r"line 11 .*goes back from 0.008",
    ),
    "time jumps": (
        lambda p: file(p, HEAD, *ROWS[:9], "1000000000,1"),
        r"line 11 .*jumps from 0.008 s to 1000000 s",
    ),
    "no time": (lambda p: file(p, HEAD, *ROWS[:9], ",1", *ROWS[9:]), "line 11 .*has no time"),
    "no unit": (
        lambda p: file(p, "time,current", *ROWS),
        "no column states.*'time', 'current'.*columns=time=ms,current=uA",
    ),
    "no names": (lambda p: file(p, *ROWS), "no column states.*'1', '2'"),
    "two currents": (lambda p: file(p, HEAD + ",b (mA)", *[r + ",1" for r in ROWS]), "two columns hold a current"),
    "a voltage only": (lambda p: file(p, "time (s),v (V)", *ROWS), "no column states that it is a current"),
    "names and numbers": (lambda p: file(p, HEAD + ",x", *ROWS), "line 2 has 2 columns .* line 1 are 3"),
    "the same name twice": (lambda p: file(p, "a,a", *ROWS), "names two columns 'a'"),
    "UTF-16": (lambda p: file(p, "x", begin=b"\xff\xfe"), "UTF-16"),
    "bytes": (lambda p: file(p, "\0\1"), "neither text nor of a format"),
    "prose": (lambda p: file(p, "Dear all,", "no trace today."), "no table of numbers.*'Dear all,'"),
    "nothing": (file, "no table of numbers|is empty"),
    "an endless line": (lambda p: file(p, "1" * 100_000), "line 1 has no end within 65536 bytes"),
    "an endless line later": (
        lambda p: file(p, HEAD, *ROWS * 400, "1" * 200_000),
        r"line 20002 has 1 columns \('1111",
    ),
    "one time only": (lambda p: file(p, HEAD, *["7,1"] * 30), "no times in column"),
    "no clock at all": (lambda p: file(p, "a (uA)", *["7"] * 30), "neither a column of time nor a sample rate"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_by_the_line_and_what_is_there(what: str, tmp_path: Path, plain: bool) -> None:
    write, words = REFUSED[what]
    with pytest.raises(SessionError, match=words) as caught:
        read(write(tmp_path), plain=plain)
    assert "t.csv" in str(caught.value)


def test_what_is_told_must_be_there_and_must_not_contradict(tmp_path: Path) -> None:
    path = file(tmp_path, HEAD + ",x", *[row + ",1" for row in ROWS])
    for columns, words in (
        ({"volt": "V"}, r"no column 'volt'. There are: 'time \(ms\)', 'current \(uA\)', 'x'"),
        ({"time": "ms", "current": "mA"}, "states another unit than 'mA'"),
        ({"time": "ms", "current": "furlong"}, "'furlong' for column 'current' is no unit. Try: s, ms"),
    ):
        with pytest.raises(SessionError, match=words):
            read(path, columns=columns)
    with pytest.raises(SessionError, match=r"no column 'pin' for edges. There are: x"):
        edges(path, "pin")


def test_a_column_of_edges_holds_states(tmp_path: Path) -> None:
    path = file(tmp_path, HEAD + ",x", *[f"{row},{k}" for k, row in enumerate(ROWS)])
    with pytest.raises(SessionError, match=r"holds 2 \(line 4 \('2,102,2'\)\); 0 and 1 are needed"):
        edges(path, "x")


@pytest.mark.parametrize("words", [("1", "0"), ("true", "false"), ("High", "Low"), ("1.0", "0.0")])
def test_states_are_written_in_many_ways(words: tuple[str, str], tmp_path: Path, plain: bool) -> None:
    states = [words[0]] * 10 + [words[1]] * 5 + [words[0]] * 35
    path = file(tmp_path, HEAD + ",x", *[f"{row},{state}" for row, state in zip(ROWS, states, strict=True)])
    found = edges(path, "X", plain=plain)
    assert (found.falling.tolist(), found.rising.tolist()) == ([10.5], [15.5])


def test_a_last_line_that_was_cut_is_left_out_and_told(tmp_path: Path, plain: bool) -> None:
    path = file(tmp_path, HEAD, *ROWS)
    path.write_bytes(path.read_bytes()[:-2])
    values, opened = read(path, plain=plain)
    assert len(values) == 49
    assert opened.findings == ["line 51, the last one, has no end: it may be cut off, and is left out ('49,14')"]


def test_rows_with_the_same_time_count_once(tmp_path: Path, plain: bool) -> None:
    values, opened = read(file(tmp_path, HEAD, *ROWS[:20], ROWS[19], *ROWS[20:]), plain=plain)
    assert len(values) == 50
    assert opened.findings == ["1 rows repeat the time of the row before them, and are left out"]


@pytest.mark.parametrize("cell", ["", "nan", "NaN", "null", "--", '""'])
def test_a_missing_reading_is_a_lost_sample(cell: str, tmp_path: Path, plain: bool) -> None:
    values, _ = read(file(tmp_path, HEAD, *ROWS[:9], f"9,{cell}", *ROWS[10:]), plain=plain)
    assert np.flatnonzero(np.isnan(values)).tolist() == [9]


def told(session: er.Session, kind: type[ev.Event]) -> list[Any]:
    return [event for event in session.journal() if isinstance(event, kind)]


@pytest.mark.parametrize("cell", ["1e9", "1000000000", "-1e9", "9.9e37", "1e400", "inf"])
def test_a_reading_that_cannot_be_counts_as_over_range(cell: str, tmp_path: Path) -> None:
    path = file(tmp_path, HEAD, *ROWS[:9], f"9,{cell}", *ROWS[10:])
    session = er.import_trace(path, tmp_path / "s", voltage_v=3.0)
    assert [(event.at, event.count) for event in told(session, ev.SamplesOverRange)] == [(9, 1)]
    assert [(event.after, event.before) for event in told(session, ev.SamplesLost)] == [(9, 10)]


def test_currents_below_zero_stay_as_they_are(tmp_path: Path, plain: bool) -> None:
    values, _ = read(file(tmp_path, HEAD, *ROWS[:9], "9,-3.5", *ROWS[10:]), plain=plain)
    assert values[9] == pytest.approx(-3.5e-6)


def test_a_refused_file_leaves_no_folder(tmp_path: Path) -> None:
    path = file(tmp_path, HEAD, *ROWS[:9], "9,many")
    with pytest.raises(SessionError):
        er.import_trace(path, tmp_path / "s", voltage_v=3.0)
    with pytest.raises(ConfigurationError, match="voltage_v=V"):
        er.import_trace(texts.write_ppk2_csv(tmp_path / "p.csv"), tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_resampled_export_says_so(tmp_path: Path) -> None:
    _, opened = read(texts.write_ppk2_csv(tmp_path / "p.csv", Wave(1000.0)))
    assert opened.head.remarks == ("a PPK2 takes 100000 samples a second, this export has 1000: it was resampled",)


def test_a_rate_that_is_stated_before_the_table_must_agree_with_the_times(tmp_path: Path) -> None:
    _, opened = read(file(tmp_path, "Sample rate,2 kHz", "", HEAD, *ROWS))
    assert "1000 samples a second, and 2000 are stated" in opened.head.remarks[0]


def test_a_told_rate_stands_in_for_times(tmp_path: Path) -> None:
    values, opened = read(file(tmp_path, "current (uA)", *["7"] * 30), rate_hz=500.0)
    assert (len(values), opened.head.period_s) == (30, 0.002)


def test_times_may_be_dates_in_nanoseconds(tmp_path: Path, plain: bool) -> None:
    start = 1_700_000_000_000_000_000
    rows = [f"{start + 10_000 * k},{k}" for k in range(5000) if k not in range(2000, 2010)]
    values, opened = read(file(tmp_path, "time (ns),current (uA)", *rows), plain=plain)
    assert opened.head.period_s == 1e-5
    assert np.flatnonzero(np.isnan(values)).tolist() == list(range(2000, 2010))


def test_a_told_rate_must_be_that_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="has 1000 samples a second, and 500 was told"):
        read(file(tmp_path, HEAD, *ROWS), rate_hz=500.0)


def test_a_told_rate_counts_where_times_are_too_coarse(tmp_path: Path) -> None:
    rows = [f"{k // 40},{k}" for k in range(50)]
    values, opened = read(file(tmp_path, "time (s),current (uA)", *rows), rate_hz=40.0)
    assert (len(values), opened.head.period_s) == (50, 0.025)


def test_without_pyarrow_the_numbers_are_the_same_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("energy_runner.traces.text.rows.has_pyarrow", lambda: False)
    session = er.import_trace(file(tmp_path, HEAD, *ROWS), tmp_path / "s", voltage_v=3.0)
    assert any("install energy-runner[tables]" in note for note in session.record.notes)
    with session.trace() as trace:
        assert trace.read("current", 0, 50) == pytest.approx((100 + np.arange(50)) * 1e-6)


def test_joules_in_each_sample_are_read_only_if_told(tmp_path: Path) -> None:
    path = file(tmp_path, HEAD + ",energy (uJ)", *[row + ",2" for row in ROWS])
    assert [one.name for one in read(path)[1].head.signals] == ["current"]
    values, opened = read(path, columns={"time": "ms", "energy": "uJ"})
    assert [one.name for one in opened.head.signals] == ["energy"]
    assert values == pytest.approx(np.full(50, 2e-6))


@pytest.mark.parametrize("rate_hz", [1e-300, 1e-12])
def test_a_told_rate_is_one_that_a_monitor_can_have(rate_hz: float, tmp_path: Path) -> None:
    table = file(tmp_path, "current (uA)", *["5"] * 50)
    with pytest.raises(ConfigurationError, match="1e-5 to 1e9 are needed"):
        er.import_trace(table, tmp_path / "s", voltage_v=3.0, rate_hz=rate_hz)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("rate", ["1e-200 Hz", "1e-9 Hz"])
def test_a_stated_rate_is_one_that_a_monitor_can_have(rate: str, tmp_path: Path) -> None:
    table = file(tmp_path, f"Sample rate,{rate}", "", "Voltage[V],Current[A]", *["3.0,0.001"] * 50)
    with pytest.raises(SessionError, match="no sample rate of a power monitor"):
        er.import_trace(table, tmp_path / "s")
    assert not (tmp_path / "s").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(SessionError, match="not a regular file"):
        er.import_trace(tmp_path / "t.csv", tmp_path / "s", voltage_v=3.0)
    assert not (tmp_path / "s").exists()
