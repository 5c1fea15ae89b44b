# SPDX-License-Identifier: Apache-2.0
"""Edges from a table of times or a logic recording beside the trace, and what is said of wrong ones."""

import shutil
from pathlib import Path
from typing import Any

import pytest

import energy_runner as er
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session import events as ev
from energy_runner.traces.edges import read_times, understood
from energy_runner.traces.logic import edges_of
from tests.support.trace_files import texts
from tests.support.trace_files.make import FOLDER
from tests.support.trace_files.wave import EDGES_S, JOULES, Wave

TRACE = FOLDER / "keithley.csv"


def imported(folder: Path, edges: object, **more: Any) -> er.Session:
    given = {"voltage_v": 3.0, "inferences": 30} | more
    return er.import_trace(given.pop("trace", TRACE), folder / "s", edges=edges, **given)  # type: ignore[arg-type]


def captured(session: er.Session) -> list[ev.EdgeCaptured]:
    return [event for event in session.journal() if isinstance(event, ev.EdgeCaptured)]


@pytest.mark.parametrize("which", ["falling", "rising"])
def test_an_edge_among_lost_rows_may_be_anywhere_in_the_gap(which: str, tmp_path: Path) -> None:
    """Rising edges were given half a sample, whatever was lost around them."""
    lost = range(395, 405)
    rows = [f"{k * 5},5,{int((k < 400) == (which == 'falling'))}" for k in range(900) if k not in lost]
    rows += [f"{k * 5},5,{int((k < 1000) == (which == 'rising'))}" for k in range(900, 1100)]
    rows += [f"{k * 5},5,{int((k >= 1100) == (which == 'rising'))}" for k in range(1100, 1200)]
    trace = texts.table(tmp_path / "t.csv", "time (ms),current (mA),pin", rows)
    session = er.import_trace(trace, tmp_path / "s", edges="pin", edge=which, voltage_v=3.0, inferences=1)
    first, *_ = captured(session)
    assert (first.position, first.half_width) == (400.5, 5.5)


@pytest.mark.parametrize(("unit", "scale"), [("s", 1.0), ("ms", 1e3), ("us", 1e6)])
def test_times_in_any_unit(unit: str, scale: float, tmp_path: Path) -> None:
    session = imported(tmp_path, texts.write_times(tmp_path / "t.csv", unit, scale))
    assert [event.position for event in captured(session)] == pytest.approx([s * 200 for s in EDGES_S], rel=1e-9)
    assert [window.energy_j for window in session.result().windows] == pytest.approx(JOULES, rel=1e-6)


def test_an_edge_is_as_wide_as_the_digits_of_its_time(tmp_path: Path) -> None:
    times = texts.table(tmp_path / "t.csv", "time (s)", ["1.00", "2.50"])
    (first, _) = captured(imported(tmp_path, times))
    assert first.half_width == pytest.approx((0.005 + 0.5e-6) * 200)


def test_starts_and_stops_in_two_columns(tmp_path: Path) -> None:
    times = texts.table(tmp_path / "t.csv", "stop (ms);start (ms);note", ["2500;1000;a", "5000,0;3500;b"])
    session = imported(tmp_path, times)
    assert [window.energy_j for window in session.result().windows] == pytest.approx(JOULES, rel=1e-6)


def test_the_unit_of_times_can_be_told(tmp_path: Path) -> None:
    times = texts.table(tmp_path / "t.csv", "t", ["1000", "2500"])
    with pytest.raises(SessionError, match=r"states a unit of time.*columns=times=ms"):
        imported(tmp_path, times)
    assert len(captured(imported(tmp_path, times, columns={"times": "ms"}))) == 2


def test_times_without_a_name_and_without_a_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1000\n2500")
    assert len(captured(imported(tmp_path, tmp_path / "t.csv", columns={"times": "ms"}))) == 2


WRONG = {
    "a word": (["1", "later"], "line 3, column 'time \\(s\\)': a number is needed, and there is 'later'"),
    "back": (["2", "1"], "row 2 of its data is not later than the one before it"),
    "nothing": (["1", "nan"], "row 2 of its data has no time"),
    "odd": (["1", "2", "3"], r"3 falling edges are no pairs \(1 s, 2 s, 3 s\)"),
    "beyond": (["1", "900"], "an edge at 900 s from the first sample is not in the trace, which lasts 6 s"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_table_is_refused_by_what_is_there(what: str, tmp_path: Path) -> None:
    rows, words = WRONG[what]
    with pytest.raises(SessionError, match=words):
        imported(tmp_path, texts.table(tmp_path / "t.csv", "time (s)", rows))
    assert not (tmp_path / "s").exists()


def test_times_count_by_the_clock_of_the_trace(tmp_path: Path) -> None:
    rows = [f"{100 + time:.3f},{current * 1e3:.3f}" for time, current in zip(Wave().times_s, Wave().current_a,
                                                                             strict=True)]  # fmt: skip
    trace = texts.table(tmp_path / "a.csv", "time (s),current (mA)", rows)
    times = texts.table(tmp_path / "t.csv", "time (s)", [f"{100 + edge}" for edge in EDGES_S])
    session = imported(tmp_path, times, trace=trace)
    assert [window.energy_j for window in session.result().windows] == pytest.approx(JOULES, rel=1e-6)


@pytest.mark.parametrize(("name", "signal"), [("logic.sr", "D1"), ("logic.vcd", "D0")])
def test_a_logic_recording_counts_from_the_beginning_of_both(name: str, signal: str, tmp_path: Path) -> None:
    found = edges_of(FOLDER / name, signal.lower())
    assert found.falling == pytest.approx(EDGES_S, abs=1e-5)
    assert found.rising == pytest.approx([edge + 0.05 for edge in EDGES_S], abs=1e-5)
    assert 0 < found.half_width <= 0.5e-5
    session = imported(tmp_path, f"{FOLDER / name}:{signal}")
    assert [window.energy_j for window in session.result().windows] == pytest.approx(JOULES, rel=1e-6)


def test_a_signal_of_the_logic_file_that_has_the_name_of_the_trace(tmp_path: Path) -> None:
    for source, name in ((TRACE, "run.csv"), (FOLDER / "logic.vcd", "run.vcd")):
        shutil.copy(source, tmp_path / name)
    session = imported(tmp_path, "D0", trace=tmp_path / "run.csv")
    assert len(session.result().windows) == 2
    with pytest.raises(SessionError, match=r"has no signal 'D7'. There are: D0, D1"):
        er.import_trace(tmp_path / "run.csv", tmp_path / "b", edges="D7", voltage_v=3.0, inferences=1)


def test_the_signal_must_be_named_where_there_are_several() -> None:
    with pytest.raises(SessionError, match=r"was not said. There are: D0, D1. Try: logic.vcd:D0"):
        edges_of(FOLDER / "logic.vcd", "")


def test_rising_edges_count_if_they_are_asked_for(tmp_path: Path) -> None:
    session = imported(tmp_path, "D0", trace=FOLDER / "ppk2.csv", edge="rising")
    positions = [event.position for event in captured(session)]
    assert positions == pytest.approx([(s + 0.05) * 200 + 0.5 for s in EDGES_S])
    with pytest.raises(SessionError, match=r"no rising edge, and 4 falling. Try: another signal, or edge=falling"):
        er.import_trace(
            TRACE, tmp_path / "b", edges=FOLDER / "times.csv", edge="rising", voltage_v=3.0, inferences=1
        )


@pytest.mark.parametrize("edges", ["no.sr:D0", "no.vcd", "here/no.csv", "x.csv:D1"])
def test_a_file_of_edges_that_is_not_there(edges: str) -> None:
    with pytest.raises(SessionError, match="there is no such file with edges"):
        understood(TRACE, edges)


def test_a_table_that_is_not_there_and_no_column_either(tmp_path: Path) -> None:
    with pytest.raises(
        SessionError, match=r"none.csv: there is no such file with times; .* has no column 'none.csv'"
    ):
        imported(tmp_path, "none.csv")


def test_a_column_may_be_called_like_a_file(tmp_path: Path) -> None:
    assert understood(TRACE, "pin.csv").inside == "pin.csv"
    assert understood(TRACE, "GPI:1").inside == "GPI:1"


def test_windows_need_the_number_of_their_inferences(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="inferences=N"):
        imported(tmp_path, "D0", trace=FOLDER / "ppk2.csv", inferences=None)
    assert not (tmp_path / "s").exists()


VCDS = {
    "no scale": ("$var wire 1 ! D0 $end\n$enddefinitions $end\n#0 1!\n", "states no time scale"),
    "an odd scale": ("$timescale 3 parsec $end\n", "line 1: the time scale is '3 parsec'"),
    "time goes back": (
        "$timescale 1ns $end\n$var wire 1 ! D0 $end\n$enddefinitions $end\n#9\n#3\n",
        "line 5: the time goes",
    ),
    "no time": (
        "$timescale 1ns $end\n$var wire 1 ! D0 $end\n$enddefinitions $end\n#x\n",
        "line 4: '#x' is no time",
    ),
    "prose": ("Dear all\n", "line 1: 'Dear' is no VCD"),
}


@pytest.mark.parametrize("what", VCDS)
def test_a_vcd_that_is_none(what: str, tmp_path: Path) -> None:
    text, words = VCDS[what]
    (tmp_path / "a.vcd").write_text(text)
    with pytest.raises(SessionError, match=words):
        edges_of(tmp_path / "a.vcd", "D0")


def test_a_state_that_is_not_known_is_no_edge(tmp_path: Path) -> None:
    head = "$timescale 1 ns $end $var wire 1 ! D0 $end $enddefinitions $end\n"
    (tmp_path / "a.vcd").write_text(head + "#0 x!\n#5 0!\n#6 1!\n#7 z!\n#8 0!\n")
    found = edges_of(tmp_path / "a.vcd", "D0")
    assert (found.falling * 1e9).tolist() == pytest.approx([8])
    assert (found.rising * 1e9).tolist() == pytest.approx([6])


def test_a_logic_recording_alone_is_no_trace(tmp_path: Path) -> None:
    for name in ("logic.sr", "logic.vcd"):
        with pytest.raises(SessionError, match=f"holds logic signals and no current.*{name}:SIGNAL"):
            er.import_trace(FOLDER / name, tmp_path / "s", voltage_v=3.0)


def test_a_table_of_times_is_read_to_its_end(tmp_path: Path) -> None:
    many = texts.table(tmp_path / "t.csv", "time (s)", [f"{k / 1000:.3f}" for k in range(50_000)])
    assert len(read_times(many).falling) == 50_000


@pytest.mark.parametrize(
    ("names", "rows", "words"),
    [
        ("time (s)", ["1.0", "1.0"], "row 2 of its data is not later than the one before it"),
        (
            "start (s),stop (s)",
            ["1.0,3.0", "2.0,4.0"],
            "row 2 of its data starts before another window has stopped",
        ),
        (
            "start (s),stop (s)",
            ["2.0,4.0", "1.0,3.0"],
            "row 1 of its data starts before another window has stopped",
        ),
    ],
)
def test_windows_that_overlap_or_last_no_time_are_refused(
    names: str, rows: list[str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(SessionError, match=words):
        imported(tmp_path, texts.table(tmp_path / "t.csv", names, rows))


def test_edges_of_another_recording_say_what_is_taken_for_granted(tmp_path: Path) -> None:
    told = {"voltage_v": 3.0, "inferences": 30}
    other = er.import_trace(FOLDER / "n6705.dlog", tmp_path / "a", edges="logic.sr:D1", **told)  # type: ignore[arg-type]
    own = er.import_trace(FOLDER / "ppk2.csv", tmp_path / "b", edges="D0", **told)  # type: ignore[arg-type]
    said = [any("counts as begun with the trace" in note for note in one.record.notes) for one in (other, own)]
    assert said == [True, False]
