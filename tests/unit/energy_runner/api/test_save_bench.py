# SPDX-License-Identifier: Apache-2.0
"""`bench show NAME --out FILE` writes what reads back as the same bench, and never over another file."""

from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.bench import built_in_names
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ConfigurationError

CALIBRATED = """name = "desk"
[monitor]
driver = "n6705"
port = "TCPIP0::192.168.1.20::5025::SOCKET"
voltage_v = 1.8
calibration = "c.toml"
[io_manager]
port = "/dev/ttyACM1"
"""


@pytest.mark.parametrize("name", built_in_names())
def test_it_reads_back_as_the_same_bench(name: str, tmp_path: Path) -> None:
    file = tmp_path / "my-bench.toml"
    assert er.save_bench(name, file) == file
    assert er.load_bench(file) == er.load_bench(name)
    data = file.read_bytes()
    assert data.decode() == er.bench_text(name)
    assert b"\r" not in data
    assert data.isascii() or not data.startswith(b"\xef\xbb\xbf")


def test_an_empty_file_is_filled_and_any_other_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.toml"
    file.touch()
    assert run_app(app, ["bench", "show", "virtual-ideal", "--out", str(file)]) == 0
    assert f"{file} is written" in capsys.readouterr().out
    before = file.read_bytes()
    assert run_app(app, ["bench", "show", "virtual-n6705c", "--out", str(file)]) == 2
    assert "exists already. Try: another name" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_file_of_another_encoding_becomes_utf_8(tmp_path: Path) -> None:
    (tmp_path / "windows.toml").write_bytes(er.bench_text("virtual-ideal").replace("\n", "\r\n").encode("utf-16"))
    er.save_bench(tmp_path / "windows.toml", tmp_path / "own.toml")
    assert (tmp_path / "own.toml").read_text("utf-8") == er.bench_text("virtual-ideal")


def test_a_bench_that_would_be_another_elsewhere_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[calibration]\ncalibrated_on = "2026-03-31"\n', "utf-8")
    (tmp_path / "b.toml").write_text(CALIBRATED, "utf-8")
    (tmp_path / "else").mkdir()
    with pytest.raises(ConfigurationError, match="there is no such file"):
        er.save_bench(tmp_path / "b.toml", tmp_path / "else/b.toml")
    (tmp_path / "else/c.toml").write_text('[calibration]\ncalibrated_on = "2025-03-31"\n', "utf-8")
    with pytest.raises(ConfigurationError, match="would not be the same bench there"):
        er.save_bench(tmp_path / "b.toml", tmp_path / "else/b.toml")
    assert not (tmp_path / "else/b.toml").exists()
    er.save_bench(tmp_path / "b.toml", tmp_path / "other.toml")


@pytest.mark.parametrize("name", [".", "no/such/folder/b.toml"])
def test_a_place_that_cannot_be_written_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        er.save_bench("virtual-ideal", tmp_path / name)
    assert str(caught.value).isprintable()
