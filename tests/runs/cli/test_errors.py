# SPDX-License-Identifier: Apache-2.0
"""Wrong input: one clear line that names the file, key or port, the right exit status, nothing half-written."""

import errno
import json
import os
import socket
import subprocess
import sys
from typing import Any

import pytest
import serial

from energy_runner.bench import load_bench_spec
from energy_runner.bench.lock import lock_bench
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from instruments.links.serial_link import SerialLink
from tests.support.places import ROOT
from tests.support.refusals import REAL, VIRTUAL, run_words, the_line

# --- what the user gave -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("name", "name ="), ["b.toml, line 2: not valid TOML"]),
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
        ({"--bench": "stimuli"}, ["'stimuli'", "is a folder. Try: a bench file in it"]),
        ({"--mode": "energie"}, ["'energie'", "did you mean 'energy'", "accuracy"]),
        ({"--stimuli": "nowhere"}, ["nowhere: no such folder", "--stimuli"]),
        ({"--stimuli": "stimuli/y_labels.csv"}, ["stimuli/y_labels.csv: no such folder"]),
        ({"--stimuli": "."}, ["y_labels.csv", "kws01"]),
        ({"--limit": "3"}, ["--limit 3", "--mode accuracy"]),
        ({"--model": "no.tflite"}, ["no.tflite", "the path of the model"]),
        ({"--model": "stimuli/y_labels.csv"}, ["stimuli/y_labels.csv", ".tflite"]),
        ({"--bench": "real.toml", "--model": "no.tflite"}, ["--model", "real DUT"]),
        ({"--out": "stimuli"}, ["stimuli: is not empty", "--out"]),
        ({"--out": "stimuli/y_labels.csv"}, ["stimuli/y_labels.csv: no session folder"]),
        ({"-n": "0"}, ["--inferences 0", "from 1"]),
        ({"--warmups": "-1"}, ["--warmups -1", "from 0"]),
        ({"--seed": "-1"}, ["--seed -1", "from 0"]),
        ({"--mode": "accuracy", "--limit": "0"}, ["--limit 0", "from 1"]),
        ({"--seed": "dice"}, ["--seed dice: must be a whole number", "energy-runner run --help"]),
        ({"-n": "1.5"}, ["--inferences 1.5: must be a whole number"]),
        ({"--voltage": "3,0"}, ["--voltage 3,0: must be a number, with a decimal point: 3.0"]),
        ({"--rate": "fast"}, ["--rate fast: must be a number. Try"]),
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
        (lambda s: (s / "y_labels.csv").write_text("a:b:c\n"), ["y_labels.csv, line 1: 1 field ", "'a:b:c'"]),
        (lambda s: (s / "y_labels.csv").write_text("../a.bin,12,1\n"), ["line 1: '../a.bin' is not a plain file"]),
        (lambda s: (s / "y_labels.csv").write_bytes(b"\xff\xb5"), ["y_labels.csv: line 1: not text in UTF-8"]),
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
        (
            ("check", "stimuli"),
            [
                "stimuli: is not a session folder: it holds no record.json. A session holds record.json, journal",
                "Try: energy-runner sessions list DIR",
            ],
        ),
        (("analyze", "."), [".: is not a session folder"]),
        (("sessions", "list", "nowhere"), ["nowhere: no such folder"]),
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
    assert [finding["ok"] for finding in found["findings"]] == [False, False, False, True]  # and what there is
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
    changed = record | {"outcome": "running", "reason": "", "supply_off_confirmed": None, "seal": None}
    (place / "s" / "record.json").write_text(json.dumps(changed), "utf-8")
    for derived in ("result.json", "report.html"):
        (place / "s" / derived).unlink()
    capsys.readouterr()
    assert run_app(app, ["analyze", "s"]) == 3
    line = the_line(capsys.readouterr().err)
    assert "killed" in line
    assert "energy-runner bench off" in line
