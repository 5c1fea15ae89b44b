# SPDX-License-Identifier: Apache-2.0
"""`bench verify` and `bench calibrate` as they are called: status, text, JSON, and the bench file."""

import json
from pathlib import Path

import pytest

from energy_runner.errors import ExitStatus
from tests.support.cli import Call

LOADED = """name = "loaded"
[monitor]
driver = "lpm01a"
port = "virtual"
voltage_v = 3.0
[io_manager]
port = "virtual"
[virtual]
load_ohm = 150.0
"""
REFERENCE = ("--resistance", "150", "--resistance-u", "0.001")


@pytest.fixture
def bench(tmp_path: Path) -> str:
    (tmp_path / "loaded.toml").write_text(LOADED, "utf-8")
    return "loaded.toml"


def test_a_resistor_that_agrees_and_one_that_does_not(bench: str, call: Call) -> None:
    status, out, err = call("bench", "verify", bench, *REFERENCE, "--seconds", "0.5", "--out", "v")
    assert (status, err) == (ExitStatus.VALID, "")
    assert "ok    supply is off: confirmed by monitor\n" in out
    assert "they agree" in out
    assert "The bench's own voltage is in both; their difference is known to ± " in out
    assert "VIRTUAL" in out
    assert Path("v/verification.json").exists()
    status, out, _ = call("bench", "verify", bench, "--resistance", "180", "--seconds", "0.5")
    assert status == ExitStatus.RULE_FAILED
    assert "THEY DISAGREE" in out
    assert list(Path("verifications").glob("*-loaded-virtual/journal.jsonl"))


def test_one_json_document(bench: str, call: Call) -> None:
    status, out, _ = call("bench", "verify", bench, *REFERENCE, "--seconds", "0.5", "--json")
    found = json.loads(out)
    assert status == ExitStatus.VALID
    assert found["agrees"]
    assert found["virtual"]
    assert found["E_n"] == pytest.approx((found["measured_w"] - found["known_w"]) / found["U_difference_w"])
    assert abs(found["E_n"]) <= 1
    assert found["voltage_shared"]
    assert found["load"]["resistance_ohm"] == 150.0
    assert {"name", "u", "sensitivity"} <= set(found["components"][0])


def test_a_record_that_the_bench_file_takes_in(bench: str, call: Call) -> None:
    words = ("bench", "calibrate", bench, "-f", "cal.toml", *REFERENCE, "--voltage-u", "2e-4", "--seconds", "0.5")
    status, out, _ = call(*words, "--range", "0", "0.06")
    assert status == ExitStatus.VALID
    assert out.count("Point 1: at 0.0") == 1
    taken = LOADED.replace("voltage_v = 3.0", 'voltage_v = 3.0\ncalibration = "cal.toml"')
    Path(bench).write_text(taken, "utf-8")
    status, out, _ = call("bench", "verify", bench, *REFERENCE, "--seconds", "0.5", "--json")
    assert status == ExitStatus.VALID
    sources = [row["source"] for row in json.loads(out)["components"]]
    assert "certificate 2000-01-01-twin-0-0, in-house, 2000-01-01" in sources
    # The journal of that folder holds the points as they were applied.
    journal = Path(json.loads(out)["folder"], "journal.jsonl").read_text("utf-8")
    assert '"points":[{"quantity":"current"' in journal.replace(" ", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify", "loaded.toml", "--resistance", "0"), "resistance"),
        (("verify", "virtual-lpm01a", "--resistance", "10"), "load_ohm"),
        (("calibrate", "loaded.toml", "-f", "c.toml", "--range", "0", "1"), "there is no reference"),
        (("calibrate", "loaded.toml", "-f", "c.toml", *REFERENCE, "--voltage-u", "1e-3"), "--range"),
    ],
)
def test_what_cannot_be_done_is_one_line(words: tuple[str, ...], said: str, bench: str, call: Call) -> None:
    status, out, err = call("bench", *words)
    assert (status, out) == (ExitStatus.USAGE, "")
    assert said in err
    assert len(err.splitlines()) == 1
