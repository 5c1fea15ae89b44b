"""Wrong input: one clear line that names the file, key or port, the right exit status, nothing half-written."""

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import serial

from energy_runner import api
from energy_runner.api import runs
from energy_runner.bench import load_bench_spec
from energy_runner.bench.lock import lock_bench
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.session.journal import JournalWriter
from instruments.links.serial_link import SerialLink
from tests.support.places import ROOT

REAL = """
name = "desk"
[monitor]
driver = "lpm01a"
port = "/dev/no-such-monitor"
voltage_v = 3.0
[io_manager]
port = "/dev/no-such-arduino"
"""
VIRTUAL = REAL.replace("/dev/no-such-monitor", "virtual").replace("/dev/no-such-arduino", "virtual")

Refused = Callable[..., str]


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """An empty folder with stimuli, to be in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / ".state"))
    (tmp_path / "stimuli").mkdir()
    write_demo_stimuli(tmp_path / "stimuli")
    (tmp_path / "real.toml").write_text(REAL, "utf-8")
    (tmp_path / "virtual.toml").write_text(VIRTUAL, "utf-8")
    return tmp_path


@pytest.fixture
def refused(place, capsys) -> Refused:
    """Call the command line; it must end with `status` and one line on stderr, which is returned."""

    def call(status: int, *words: str) -> str:
        before = everything_in(place)
        assert run_app(app, list(words)) == status
        out, err = capsys.readouterr()
        assert out == ""
        line = the_line(err)
        if status == 2:
            assert everything_in(place) == before, "something was left behind"
            assert err.count("\n") == 1
        status_of_json = run_app(app, [*words, "--json"])
        out, err = capsys.readouterr()
        document = json.loads(out)
        if document["schema"] == "energy-runner/error/1":
            assert document["status"] == status_of_json
            assert f"energy-runner: {document['error']}" == the_line(err)
        # `report`, `bench show`, `off` and `serve` print no result and know no --json.
        assert status_of_json == status or "--json" in document["error"]
        return line

    return call


def everything_in(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


def the_line(err: str) -> str:
    """Return the one line that says what is wrong; before it only lines of phases may stand."""
    *phases, line = err.splitlines()
    assert line.startswith("energy-runner: ")
    assert not any("energy-runner" in phase or "Traceback" in phase for phase in phases), err
    return line


def run_words(**changes: str) -> tuple[str, ...]:
    words = {"benchmark": "kws01", "--bench": "virtual.toml", "--stimuli": "stimuli"} | changes
    benchmark = words.pop("benchmark")
    return ("run", benchmark, *(part for pair in words.items() for part in pair))


# --- what the user gave -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("name", "name ="), ["b.toml: not valid TOML", "line 2"]),
        (("voltage_v", "voltage"), ["unknown key 'monitor.voltage'", "'voltage_v'"]),
        (("[monitor]", "[[monitor]]"), ["monitor must be a table"]),
        (('port = "/dev/no-such-arduino"', ""), ["io_manager.port is missing"]),
        (('driver = "lpm01a"', 'driver = "lpm01b"'), ["monitor.driver: 'lpm01b'", "lpm01a"]),
        (("3.0", "5.0"), ["monitor.voltage_v = 5", "1.8 to 3.3 V"]),
        (("voltage_v", "options = { baud_rate = 1 }\nvoltage_v"), ["monitor.options", "baud_rate"]),
    ],
)
def test_a_wrong_bench_file(change, words, refused, place):
    assert change[0] in REAL
    (place / "b.toml").write_text(REAL.replace(*change), "utf-8")
    line = refused(2, *run_words(**{"--bench": "b.toml"}))
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"benchmark": "kws02"}, ["'kws02'", "did you mean 'kws01'", "vww01"]),
        ({"--bench": "virtual-lpm02a"}, ["'virtual-lpm02a'", "did you mean 'virtual-lpm01a'"]),
        ({"--bench": "stimuli"}, ["'stimuli'", "neither a file nor a built-in bench"]),
        ({"--mode": "energie"}, ["'energie'", "did you mean 'energy'", "accuracy"]),
        ({"--stimuli": "nowhere"}, ["nowhere: no such folder", "--stimuli"]),
        ({"--stimuli": "stimuli/y_labels.csv"}, ["stimuli/y_labels.csv: no such folder"]),
        ({"--stimuli": "."}, ["y_labels.csv", "kws01"]),
        ({"--limit": "3"}, ["limit = 3", "--mode accuracy"]),
        ({"--model": "no.tflite"}, ["no.tflite", "--model"]),
        ({"--model": "stimuli/y_labels.csv"}, ["stimuli/y_labels.csv", ".tflite"]),
        ({"--bench": "real.toml", "--model": "no.tflite"}, ["--model", "real DUT"]),
        ({"--out": "stimuli"}, ["stimuli: is not empty", "--out"]),
        ({"--out": "stimuli/y_labels.csv"}, ["stimuli/y_labels.csv: no session folder"]),
        ({"-n": "0"}, ["inferences = 0", "from 1"]),
        ({"--warmups": "-1"}, ["warmups = -1", "from 0"]),
        ({"--seed": "-1"}, ["seed = -1", "from 0"]),
        ({"--mode": "accuracy", "--limit": "0"}, ["limit = 0", "from 1"]),
        ({"--seed": "dice"}, ["--seed", "valid integer", "energy-runner run --help"]),
        ({"--sede": "1"}, ["--sede", "energy-runner run --help"]),
        ({"benchmark": "vww01"}, ["y_labels.csv, line 1: 12 classes, but vww01 has 2"]),
    ],
)
def test_a_wrong_option(given, words, refused):
    line = refused(2, *run_words(**given))
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: (s / "demo_3.bin").unlink(), ["stimuli/demo_3.bin: no such file", "y_labels.csv"]),
        (lambda s: (s / "demo_3.bin").write_bytes(b"short"), ["stimuli/demo_3.bin: 5 bytes", "490"]),
        (lambda s: (s / "y_labels.csv").write_text("a;b;c\n"), ["y_labels.csv, line 1: 1 fields", "'a;b;c'"]),
        (lambda s: (s / "y_labels.csv").write_text("../a.bin,12,1\n"), ["line 1: '../a.bin' is not a plain file"]),
        (lambda s: (s / "y_labels.csv").write_bytes(b"\xff\xfe"), ["y_labels.csv: this is not text"]),
        (lambda s: (s / "y_labels.csv").write_text("demo_0.bin,12,1\n"), ["lists 1 stimuli, not 5"]),
        (lambda s: (s / "y_labels.csv").write_text(""), ["y_labels.csv: the label file is empty"]),
    ],
)
def test_wrong_stimuli(spoil, words, refused, place):
    spoil(place / "stimuli")
    line = refused(2, *run_words())
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("runn",), ["'runn'", "'run'", "energy-runner --help"]),
        (("run",), ["'BENCHMARK'", "energy-runner run --help"]),
        (("run", "kws01", "--bench", "real.toml"), ["--stimuli"]),
        (("bench", "doktor", "real.toml"), ["'doktor'", "energy-runner bench --help"]),
        (("demo", "--bench", "real.toml"), ["real.toml", "energy-runner run"]),
        (("bench", "show", "reel.toml"), ["'reel.toml'", "virtual-lpm01a"]),
        (("bench", "off", "nomonitor.toml"), ["no [monitor]"]),
        (("bench", "serve", "real.toml"), ["real instruments", "virtual"]),
        (("bench", "serve", "virtual-ideal"), ["virtual-ideal", "virtual-lpm01a"]),
        (("bench", "serve", "virtual-lpm01a", "--mode", "accuracy"), ["--mode accuracy"]),
        (("bench", "serve", "virtual-lpm01a", "--benchmark", "kws1"), ["'kws1'", "did you mean 'kws01'"]),
        (("bench", "serve", "virtual-lpm01a", "--tcp-port", "5025"), ["--tcp-port 5025", "pseudo-terminal"]),
        (("bench", "serve", "virtual-n6705c", "--tcp-port", "70000"), ["--tcp-port", "65535"]),
        (("bench", "serve", "virtual-n6705c", "--write", "no/b.toml"), ["--write no/b.toml", "No such file"]),
        (("instruments", "show", "lpm01"), ["'lpm01'", "lpm01a"]),
        (("analyze", "nowhere"), ["nowhere: no such session folder"]),
        (("check", "stimuli"), ["stimuli/record.json: cannot be read"]),
        (("report", "real.toml"), ["real.toml: no such session folder"]),
    ],
    ids=" ".join,
)
def test_wrong_words(words, said, refused, place):
    (place / "nomonitor.toml").write_text('name = "n"\n[io_manager]\nport = "/dev/x"\n', "utf-8")
    line = refused(2, *words)
    for word in said:
        assert word in line


def test_configuration_errors_leave_nothing_in_a_process_of_its_own_either(place):
    done = subprocess.run(
        [sys.executable, "-m", "energy_runner", *run_words(benchmark="kws02"), "--json"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert json.loads(done.stdout) == {
        "schema": "energy-runner/error/1",
        "status": 2,
        "error": done.stderr.removeprefix("energy-runner: ").rstrip("\n"),
    }
    assert not (place / "sessions").exists()


# --- what stands on the bench -----------------------------------------------------------------------------


def test_a_port_that_does_not_exist(refused, place):
    line = refused(3, *run_words(**{"--bench": "real.toml"}))
    assert "monitor (/dev/no-such-monitor): No such file or directory" in line
    assert "energy-runner instruments list" in line
    assert "never switched on by this run" in line
    sessions = list((place / "sessions").iterdir())
    assert f"What was recorded is in sessions/{sessions[0].name}" in line or len(sessions) == 2
    for session in sessions:
        record = json.loads((session / "record.json").read_text("utf-8"))
        assert record["outcome"] == "bench-fault"
        assert json.loads((session / "result.json").read_text("utf-8"))["valid"] is False


def test_doctor_and_off_name_every_missing_port(place, capsys):
    assert run_app(app, ["bench", "doctor", "real.toml"]) == 3
    out, err = capsys.readouterr()
    assert err == ""
    assert "FAIL  power monitor answers: open monitor (/dev/no-such-monitor)" in out
    assert "FAIL  IO manager answers: open io-manager (/dev/no-such-arduino)" in out
    assert "FAIL  supply is off: not known" in out
    assert run_app(app, ["bench", "doctor", "real.toml", "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["well"] is False
    assert [finding["ok"] for finding in found["findings"]] == [False, False, False]
    assert run_app(app, ["bench", "off", "real.toml"]) == 3
    assert "/dev/no-such-monitor" in the_line(capsys.readouterr().err)


def test_no_permission(refused, monkeypatch):
    def denied(self: Any) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port /dev/no-such-monitor: Permission denied")

    monkeypatch.setattr(serial.Serial, "open", denied)
    line = refused(3, *run_words(**{"--bench": "real.toml"}))
    assert "/dev/no-such-monitor" in line
    assert "Permission denied" in line
    assert "dialout" in line


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_a_port_in_use(refused, place):
    from instruments.clock import RealClock

    master, slave = os.openpty()
    other = SerialLink("other", os.ttyname(slave), 115200)
    try:
        other.open(RealClock().deadline(1.0))
        (place / "busy.toml").write_text(REAL.replace("/dev/no-such-monitor", os.ttyname(slave)), "utf-8")
        line = refused(3, *run_words(**{"--bench": "busy.toml"}))
        assert os.ttyname(slave) in line
        assert "close the other program that uses the port" in line
    finally:
        other.close()
        os.close(slave)
        os.close(master)


def test_a_bench_in_use_leaves_no_session(refused, place):
    with lock_bench(load_bench_spec("real.toml"), "session /elsewhere"):
        for words in (run_words(**{"--bench": "real.toml"}), ("bench", "off", "real.toml")):
            line = refused(3, *words)
            assert "bench 'desk' is in use: session /elsewhere" in line
    assert not list((place / "sessions").iterdir())


def test_a_tcp_port_in_use(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        line = refused(3, "bench", "serve", "virtual-n6705c", "--tcp-port", str(number))
    assert f"--tcp-port {number}: Address already in use" in line
    assert "another number" in line


@pytest.mark.parametrize(
    ("virtual", "said"),
    [
        ('firmware = "performance"', ["built for performance mode", "flash the energy build", "supply is off"]),
        ("line_baud = 4800", ["m-ready", "baud", "supply is off"]),
    ],
)
def test_wrong_firmware_and_wrong_baud(virtual, said, refused, place):
    (place / "b.toml").write_text(f"{VIRTUAL}[virtual]\n{virtual}\n", "utf-8")
    line = refused(3, *run_words(**{"--bench": "b.toml"}))
    for word in said:
        assert word in line


def test_a_failed_run_gives_its_result_as_json(place, capsys):
    (place / "b.toml").write_text(f'{VIRTUAL}[virtual]\nfirmware = "performance"\n', "utf-8")
    assert run_app(app, [*run_words(**{"--bench": "b.toml", "--out": "s"}), "--json"]) == 3
    out, _ = capsys.readouterr()
    result = json.loads(out)
    assert (result["outcome"], result["valid"]) == ("bench-fault", False)
    assert result.pop("session") == "s"
    assert result == json.loads((place / "s" / "result.json").read_text("utf-8"))
    # The session is complete and can be read like any other.
    assert run_app(app, ["analyze", "s"]) == 3
    assert "flash the energy build" in the_line(capsys.readouterr().err)
    assert run_app(app, ["check", "s"]) == 1
    assert run_app(app, ["report", "s"]) == 0


def test_a_killed_run_is_told(place, capsys):
    (place / "b.toml").write_text(f'{VIRTUAL}[virtual]\nfirmware = "performance"\n', "utf-8")
    run_app(app, run_words(**{"--bench": "b.toml", "--out": "s"}))
    record = json.loads((place / "s" / "record.json").read_text("utf-8"))
    changed = record | {"outcome": "running", "reason": "", "supply_off_confirmed": None}
    (place / "s" / "record.json").write_text(json.dumps(changed), "utf-8")
    capsys.readouterr()
    assert run_app(app, ["analyze", "s"]) == 3
    line = the_line(capsys.readouterr().err)
    assert "killed" in line
    assert "energy-runner bench off" in line


# --- hostile sessions -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A session to spoil copies of."""
    folder = tmp_path_factory.mktemp("whole")
    write_demo_stimuli(folder)
    api.run(api.load_bench("virtual-ideal"), api.plan("kws01", stimuli=folder), out=folder / "s")
    return folder / "s"


@pytest.fixture
def session(whole, place) -> Path:
    """A copy of a session, as `s` in the folder where we are."""
    return Path(shutil.copytree(whole, place / "s"))


@pytest.mark.parametrize(
    ("file", "data", "said"),
    [
        ("record.json", b"{", "s/record.json: document: Invalid JSON"),
        ("record.json", b"\xff\x00", "s/record.json: document: Invalid JSON"),
        ("record.json", b'{"a":' + b"[" * 100_000, "s/record.json: document: Invalid JSON: recursion"),
        ("record.json", None, "s/record.json: cannot be read"),
        ("journal.jsonl", None, "s/journal.jsonl: cannot be read"),
        ("journal.jsonl", b"\xff\xfe\n", "s/journal.jsonl, line 1: not an event"),
        ("journal.jsonl", b'{"kind":"\\u001b[2J"}\n', "s/journal.jsonl, line 1: not an event"),
    ],
)
def test_a_damaged_session(file, data, said, session, refused):
    (session / file).unlink()
    if data is not None:
        (session / file).write_bytes(data)
    for command in ("analyze", "check", "report"):
        line = refused(2, command, "s")
        assert "\x1b" not in line
        assert said in line


@pytest.mark.parametrize("command", ["analyze", "check", "report"])
def test_an_impossible_fact_is_told_with_the_session(command, session, refused):
    journal = session / "journal.jsonl"
    journal.write_text(journal.read_text("utf-8").replace('"half_width":0.0', '"half_width":"NaN"'), "utf-8")
    assert "s: the journal holds" in refused(2, command, "s")


def test_a_session_without_a_trace_has_no_score(session, capsys):
    (session / "trace.jls").write_bytes(b"no trace at all" * 100)
    assert run_app(app, ["analyze", "s", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["energy_per_inference_j"] is None
    assert err == ""


@pytest.mark.usefixtures("session")
def test_unknown_rules_and_rules_that_say_nothing(refused):
    assert "did you mean 'spread'" in refused(2, "check", "s", "--rules", "spred")
    line = refused(2, "check", "s", "--rules", "accuracy-target")
    assert "accuracy-target says nothing" in line
    assert "--accuracy-session" in line
    assert "nowhere: no such session" in refused(2, "check", "s", "--accuracy-session", "nowhere")


# --- a full disk ------------------------------------------------------------------------------------------


class FullDisk:
    """A file on a disk with `room` bytes left: the last write is short, the next one fails."""

    def __init__(self, file: Any, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, data: bytes) -> int:
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = data[: self._room]
        self._room -= len(taken)
        return int(self._file.write(taken))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("room", [0, 1, 2_000, 60_000, 120_000])
def test_a_disk_that_fills_up_during_a_run(room, place, capsys, monkeypatch):
    benches = []
    begin, build_bench = JournalWriter.__init__, runs.build_bench

    def begin_full(self: Any, path: Path) -> None:
        begin(self, path)
        self._file = FullDisk(self._file, room)

    def opened(*given: Any, **named: Any) -> Any:
        benches.append(build_bench(*given, **named))
        return benches[-1]

    monkeypatch.setattr(JournalWriter, "__init__", begin_full)
    monkeypatch.setattr(runs, "build_bench", opened)
    assert run_app(app, [*run_words(**{"--out": "s"})]) == 3
    line = the_line(capsys.readouterr().err)
    assert "s/journal.jsonl" in line
    assert "No space left on device" in line
    assert "free disk space" in line
    twin = benches[0].twin
    assert not twin.world.powered
    assert not any(port.is_open for port in twin.ports().values())
    record = json.loads((place / "s" / "record.json").read_text("utf-8"))
    assert record["outcome"] == "bench-fault"
    assert (place / "s" / "journal.jsonl").stat().st_size == room
    # What had been recorded can be read.
    monkeypatch.undo()
    monkeypatch.chdir(place)
    assert run_app(app, ["analyze", "s"]) == 3


def test_a_disk_without_room_for_the_record_either(whole, place):
    """No file may grow beyond the first record's size and a little more; the last record has to say more."""
    resource = pytest.importorskip("resource", reason="Windows cannot limit the size of files")
    record = json.loads((whole / "record.json").read_text("utf-8")) | {"truth": None, "outcome": "running"}
    limit = len(json.dumps(record, indent=2)) + 50
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "energy_runner",
            *run_words(**{"--bench": "virtual-ideal", "--out": "s"}),
            "--json",
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "s/record.json: cannot be written (File too large)" in the_line(done.stderr)
    assert "the supply is off" in the_line(done.stderr)
    assert json.loads(done.stdout)["status"] == 3
    assert json.loads((place / "s" / "record.json").read_text("utf-8"))["outcome"] == "running"
