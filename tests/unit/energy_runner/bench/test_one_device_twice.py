# SPDX-License-Identifier: Apache-2.0
"""Two instruments of one bench cannot be one device, however its address is written."""

from pathlib import Path

import pytest

from energy_runner.bench import BenchSpec, build_bench, load_bench_spec
from energy_runner.bench.occupied import channel_of
from energy_runner.bench.spec import InstrumentSpec
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ConfigurationError, ExitStatus
from instruments.links.serial_link import SerialLink

BENCH = """name = "desk"
[instruments.psu]
driver = "{driver}"
port = "{psu}"
{options}
[instruments.uno]
driver = "io-manager"
port = "{uno}"
[roles]
supply = "psu"
sampler = "psu"
edges = "uno"
dut = "uno"
[supply]
voltage_v = 1.8
"""
SHORT = """name = "desk"
[monitor]
driver = "lpm01a"
port = "{monitor}"
voltage_v = 1.8
[io_manager]
port = "{relay}"
[dut]
port = "{dut}"
"""


def refusal(text: str, folder: Path, changes: dict[str, str] | None = None) -> str:
    file = folder / "b.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_bench_spec(str(file), changes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def linked(tmp_path: Path) -> tuple[str, str]:
    """Return a port and a name as in /dev/serial/by-id that leads to it."""
    port, by_id = tmp_path / "ttyACM0", tmp_path / "usb-ST_PowerShield-if00"
    port.touch()
    by_id.symlink_to(port)
    return str(port), str(by_id)


def test_a_port_and_a_link_to_it_are_one_with_both_keys_and_lines(linked, tmp_path: Path) -> None:
    port, by_id = linked
    for one, other in ((port, by_id), (by_id, port)):
        said = refusal(BENCH.format(driver="lpm01a", psu=one, uno=other, options=""), tmp_path)
        assert "b.toml, line 8 (and line 4): port " in said
        assert "is given twice, for psu and uno: instruments.psu.port = '" in said
        assert "and instruments.uno.port = '" in said
        assert "one device" in said


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        ((0, 1, 2), ["monitor.port", "io_manager.port"]),
        ((0, 2, 1), ["monitor.port", "dut.port"]),
        ((2, 0, 1), ["io_manager.port", "dut.port"]),
    ],
)
def test_the_short_form_names_its_own_keys(linked, tmp_path: Path, order, keys) -> None:
    monitor, relay, dut = ((*linked, "/dev/ttyS91")[place] for place in order)
    text = SHORT.format(monitor=monitor, relay=relay, dut=dut)
    said = refusal(text, tmp_path)
    assert all(f"{key} = '" in said for key in keys), said


def test_a_port_that_a_change_gives_twice_has_the_line_of_the_other(linked, tmp_path: Path) -> None:
    text = SHORT.format(monitor=linked[0], relay="/dev/ttyS91", dut="/dev/ttyS92")
    said = refusal(text, tmp_path, {"io_manager.port": linked[1]})
    assert "io_manager.port = '" in said
    assert "(and line 4)" in said


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tcp://psu:5025", "TCPIP0::PSU::5025::SOCKET"),
        ("COM3", "ASRLcom3::INSTR"),
        ("COM3", r"\\\\.\\COM3"),
        ("/dev/ttyS91", "/dev/../dev//ttyS91"),
        ("/dev/ttyS91", "ASRL/dev/ttyS91::INSTR"),
        ("tcp://localhost:7", "tcp://127.0.0.1:7"),
    ],
)
def test_two_spellings_of_an_address_are_one(one: str, other: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("os.name", "posix")
    said = refusal(BENCH.format(driver="lpm01a", psu=one, uno=other, options=""), tmp_path)
    assert "is given twice" in said


def test_the_command_line_ends_with_status_2_before_anything_opens(linked, tmp_path: Path, monkeypatch) -> None:
    def opened(*arguments: object) -> None:
        raise AssertionError("a port was opened")

    monkeypatch.setattr(SerialLink, "open", opened)
    file = tmp_path / "desk.toml"
    file.write_text(SHORT.format(monitor=linked[0], relay="/dev/ttyS91", dut=linked[1]), "utf-8")
    words = ["run", "demo-keywords", "--bench", str(file), "--out", str(tmp_path / "s")]
    assert run_app(app, words) == ExitStatus.USAGE


def test_a_channel_does_not_save_a_mainframe_from_another_driver(tmp_path: Path) -> None:
    text = BENCH.format(
        driver="n6705", psu="tcp://psu:5025", uno="socket://psu:5025", options="options = { channel = 2 }"
    )
    said = refusal(text, tmp_path)
    assert "of which they use channel 2 and all of it" in said


def test_a_bench_that_was_not_loaded_from_a_file_is_checked_before_anything_is_built(linked) -> None:
    spec = BenchSpec.model_validate(
        {
            "name": "desk",
            "monitor": {"driver": "lpm01a", "port": linked[0], "voltage_v": 3.0},
            "io_manager": {"port": linked[1]},
        }
    )
    with pytest.raises(ConfigurationError, match="is given twice, for monitor and io-manager"):
        build_bench(spec)


@pytest.mark.parametrize(
    ("driver", "options", "channel"),
    [
        ("n6705", {}, "1"),
        ("n6705", {"channel": 3}, "3"),
        ("n6705", {"channel": 2**70}, "1180591620717411303424"),
        ("lpm01a", {"channel": 3}, ""),
        ("unheard-of", {"channel": 3}, ""),
    ],
)
def test_the_channel_is_that_of_the_drivers_options(driver: str, options: dict[str, int], channel: str) -> None:
    assert channel_of(InstrumentSpec(driver=driver, port="tcp://psu:5025", options=options)) == channel
