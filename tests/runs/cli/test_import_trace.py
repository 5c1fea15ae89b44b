# SPDX-License-Identifier: Apache-2.0
"""`import trace`: from a file of another tool to a session that every command reads; `import PATH` as before."""

import json
from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.cli.trace_commands import told_columns
from energy_runner.errors import ConfigurationError
from instruments.clock import VirtualClock
from tests.support.cli import Call
from tests.support.published_sessions import write_eembc
from tests.support.trace_files import texts
from tests.support.trace_files.make import FOLDER
from tests.support.trace_files.wave import JOULES


def _run(call: Call, *words: object) -> tuple[int, str, str]:
    return call(*(str(word) for word in words))


def test_a_trace_becomes_a_session_that_every_command_reads(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "s"
    given = ("--edges", "D0", "--voltage", "3", "--inferences", "30")
    status, told, _ = _run(call, "import", "trace", FOLDER / "ppk2.csv", *given, "--out", out, "--json")
    document = json.loads(told)
    assert status == 1  # two windows of 1.5 s are no score of the suite
    assert document["folder"] == str(out)
    assert [window["energy_j"] for window in document["result"]["windows"]] == pytest.approx(JOULES, rel=1e-6)
    assert {path.name for path in out.iterdir()} == {
        "record.json", "journal.jsonl", "trace.jls", "result.json", "report.html",
    }  # fmt: skip
    for words, expected in (
        (("check", out, "--rule-set", "lab"), 0),
        (("analyze", out), 1),
        (("report", out), 0),
        (("segment", out), 1),
        (("phases", out), 0),
        (("use", out, "--per-hour", "60"), 0),
        (("export", "table", out), 0),
        (("compare", out, out), 0),
        (("sessions", "list", tmp_path), 0),
    ):
        assert _run(call, *words)[0] == expected, words


def test_a_trace_without_edges_can_be_looked_at(call: Call, tmp_path: Path) -> None:
    status, told, _ = _run(call, "import", "trace", FOLDER / "otii.csv", "--out", tmp_path / "s")
    assert status == 1
    assert "No score" in told
    assert _run(call, "phases", tmp_path / "s")[0] == 0
    assert _run(call, "report", tmp_path / "s")[0] == 0


def test_units_and_rates_are_told_by_options(call: Call, tmp_path: Path) -> None:
    given = (
        "--columns",
        "time=ms,current=uA",
        "--voltage",
        "3",
        "--edges",
        "pin",
        "-n",
        "30",
        "--instrument",
        "js220",
    )
    assert _run(call, "import", "trace", FOLDER / "generic.csv", *given, "--out", tmp_path / "a")[0] == 1
    session = er.load_session(tmp_path / "a")
    assert [w.energy_j for w in session.result().windows] == pytest.approx(JOULES, rel=1e-6)
    assert session.record.origin is not None
    assert session.record.origin.instrument == "Joulescope JS220"
    bare = texts.table(tmp_path / "b.csv", "current (uA)", ["100"] * 50)
    assert _run(call, "import", "trace", bare, "--voltage", "3", "--rate", "1000", "--out", tmp_path / "b")[0] == 1


def test_messages_name_the_options(call: Call, tmp_path: Path) -> None:
    for words, message in (
        ((FOLDER / "ppk2.csv",), "Try: --voltage V"),
        ((FOLDER / "generic.csv", "--voltage", "3"), "Try: --columns time=ms,pin=uA"),
        ((FOLDER / "ppk2.csv", "--voltage", "3", "--edges", "D0"), "Try: --inferences N"),
        ((FOLDER / "ppk2.csv", "--columns", "time"), "Try: --columns time=ms,current=uA"),
        ((tmp_path / "none.csv",), "none.csv: cannot be read"),
    ):
        status, _, error = _run(call, "import", "trace", *words, "--out", tmp_path / "s")
        assert status == 2
        assert message in " ".join(error.split())
        assert not (tmp_path / "s").exists()


def test_import_path_goes_on_working(call: Call, tmp_path: Path) -> None:
    published = write_eembc(tmp_path / "kws/energy")
    for number, words in enumerate((("import",), ("import", "session"))):
        status, told, _ = _run(call, *words, published, "--out", tmp_path / f"s{number}", "--json")
        assert status == 0
        assert json.loads(told)["folder"] == str(tmp_path / f"s{number}")
    assert _run(call, "import", "--out", tmp_path / "s2", published)[0] == 0


def test_without_out_a_folder_is_made(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert _run(call, "import", "trace", FOLDER / "otii.csv")[0] == 1
    assert sorted(path.name for path in (tmp_path / "sessions").iterdir()) == ["otii", "otii-2"]


def test_it_says_how_long_it_will_take(tmp_path: Path) -> None:
    clock = VirtualClock()
    seen: list[tuple[float, float | None]] = []

    def slow(done: float, left_s: float | None) -> None:
        seen.append((done, left_s))
        clock.sleep(10.0)

    path = texts.write_ppk2_csv(tmp_path / "p.csv", texts.Wave(100_000.0))
    er.import_trace(path, tmp_path / "s", voltage_v=3.0, progress=slow, clock=clock)
    (first, unknown), (second, left_s) = seen[:2]
    assert unknown is None
    assert 0 < first < second <= 1
    assert left_s == pytest.approx(10.0 * (1 - second) / (second - first), rel=0.01)


@pytest.mark.parametrize("text", ["time", "=ms", "time=", "time=ms,,"])
def test_columns_that_are_not_told_well(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not NAME=UNIT"):
        told_columns(text)


def test_names_of_columns_may_hold_equals_signs() -> None:
    assert told_columns("a=b=ms, current = uA") == {"a=b": "ms", "current": "uA"}
    assert told_columns("") == {}
