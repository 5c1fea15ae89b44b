# SPDX-License-Identifier: Apache-2.0
"""What a lab writes into its first bench file: the message names the file, the line and what to write instead."""

from pathlib import Path

import pytest

from energy_runner.bench.build import build_bench
from energy_runner.bench.load import load_bench_spec
from energy_runner.errors import ConfigurationError

GOOD = """name = "desk"

[monitor]
driver = "lpm01a"
port = "/dev/ttyACM0"
voltage_v = 3.0
sample_rate_hz = 1000

[io_manager]
port = "/dev/ttyACM1"
"""

MISTAKES = {
    ("3.0", "5.0"): "line 6: monitor.voltage_v = 5 is outside what lpm01a can supply. Try: 1.8 to 3.3 V",
    ("1000", "1234"): "line 7: monitor.sample_rate_hz = 1234: lpm01a has no such rate. Try: one of 5000",
    ("3.0", '"3.0"'): "line 6: monitor.voltage_v = '3.0': must be a number, without quotation marks: 3.0",
    ("3.0", '3.0\nbaud = "115200"'): "must be a whole number, without quotation marks: 115200",
    ("3.0", '3.0\nbaud = "9.6k"'): "must be a whole number. ",
    ("3.0", '3.0\ndtr = "off"'): "must be true or false, without quotation marks: false",
    ('"lpm01a"', '"LPM01A"'): "'LPM01A' is unknown; did you mean 'lpm01a'?",
    ('"lpm01a"', '"X-NUCLEO-LPM01A"'): "did you mean 'lpm01a'?",
    ('"lpm01a"', '"N6705C"'): "did you mean 'n6705'?",
    ("/dev/ttyACM0", "COM3:"): "line 5: monitor.port = 'COM3:': a port of Windows has no colon here. Try: COM3.",
    ("/dev/ttyACM1", "/dev/ttyACM0"): "Try: give each its own port: `energy-runner instruments list`",
}


def said_of(text: str, file: Path) -> str:
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        build_bench(load_bench_spec(str(file)), "energy")
    return f"{caught.value}. "


@pytest.mark.parametrize("change", MISTAKES)
def test_a_first_mistake(change: tuple[str, str], tmp_path: Path) -> None:
    assert change[0] in GOOD
    assert MISTAKES[change] in said_of(GOOD.replace(*change), tmp_path / "desk.toml")


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file_is_called_empty(text: str, tmp_path: Path) -> None:
    assert "desk.toml: the file is empty. Try: energy-runner bench show" in said_of(text, tmp_path / "desk.toml")


def test_a_misspelt_file_is_looked_for_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-bench.toml").write_text(GOOD, "utf-8")
    (tmp_path / "benches").mkdir()
    for given, words in {
        "my-bnech.toml": "did you mean 'my-bench.toml'?",
        "my-bench": "did you mean 'my-bench.toml'?",
        "LPM01A": "lpm01a'?",
        "benches": "is a folder. Try: a bench file in it",
        "nowhere/my-bench.toml": "Try: energy-runner bench list",
    }.items():
        with pytest.raises(ConfigurationError) as caught:
            load_bench_spec(given)
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('name = "desk"', 'name = "desk"\nvoltage_v = 3.3'), "'voltage_v'; did you mean 'monitor.voltage_v'"),
        (("[io_manager]", "[io_manager]\nsample_rate_hz = 5"), "did you mean 'monitor.sample_rate_hz'"),
        (("3.0", "3.0\ntimestamps = true"), "did you mean 'io_manager.timestamps'?"),
        (("voltage_v", "volatge_v"), "did you mean 'voltage_v'?"),
    ],
)
def test_a_key_in_the_wrong_table_is_sent_to_its_own(change: tuple[str, str], words: str, tmp_path: Path) -> None:
    assert words in said_of(GOOD.replace(*change), tmp_path / "desk.toml")
