# SPDX-License-Identifier: Apache-2.0
"""`bench list`, `bench show`, `instruments list`, `instruments show`: what there is."""

import json
import tomllib
from dataclasses import replace
from typing import Any

import pytest

from energy_runner.api import instruments
from energy_runner.bench import load_bench_spec
from instruments.links.resource import canonical_resource
from instruments.links.search import FoundResource, Search
from instruments.links.serial_link import SerialPortInfo, list_serial_ports
from instruments.registry import drivers


def test_what_bench_show_prints_is_a_bench_file(call, tmp_path):
    status, out, _ = call("bench", "show", "virtual-n6705c")
    assert status == 0
    (tmp_path / "mine.toml").write_text(out, "utf-8")
    assert load_bench_spec("mine.toml") == load_bench_spec("virtual-n6705c")
    assert call("bench", "show", "mine.toml")[1] == out


def test_bench_list_shows_good_files_and_what_is_wrong_with_others(call, tmp_path):
    (tmp_path / "good.toml").write_text('name = "g"\ndescription = "mine"\n[dut]\nport = "/dev/x"\n', "utf-8")
    (tmp_path / "wrong.toml").write_text('name = "w"\n[dut]\nprt = "/dev/x"\n', "utf-8")
    monitor = '[monitor]\ndriver = "lpm01b"\nport = "/dev/y"\nvoltage_v = 3.0\n'
    (tmp_path / "driver.toml").write_text(f'name = "d"\n[dut]\nport = "/dev/x"\n{monitor}', "utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "no bench"\n', "utf-8")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    rows = {row["name"]: row for row in json.loads(call("bench", "list", "--json")[1])}
    assert {"virtual-ideal", "virtual-lpm01a", "virtual-n6705c", "good.toml"} <= rows.keys()
    assert rows["good.toml"]["problem"] is None
    assert rows["wrong.toml"]["problem"].startswith("line 3: unknown key 'dut.prt'; did you mean 'port'?")
    assert "'lpm01b' is unknown" in rows["driver.toml"]["problem"]
    assert not {"pyproject.toml", "binary.toml"} & rows.keys()
    table = call("bench", "list")[1]
    assert max(map(len, table.splitlines())) <= 80
    assert "cannot be used" in table


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"name = 'x'\n[monitor\n", "line 2: the bracket of a table"),
        (b"name = 'x'\n[monitor] # the PowerShield\n", "line 2: monitor.driver is missing"),
        (b"[instruments.psu]\ndriver = 'n6705'\n", "name is missing"),
        (b"name = 'x'\n[supply]\nvolts = 3\n", "line 3: unknown key 'supply.volts'"),
        (b"name = '\xff'\n[dut]\n", "cannot be read as text"),
    ],
    ids=["bracket", "comment", "instruments", "supply", "not-utf-8"],
)
def test_bench_list_shows_a_bench_file_whatever_is_wrong_with_it(text, problem, call, tmp_path):
    (tmp_path / "x.toml").write_bytes(text)
    (tmp_path / "other.toml").write_bytes(b"[tool.monitor]\n[project]\nname = 'no bench'\n")
    rows = {row["name"]: row for row in json.loads(call("bench", "list", "--json")[1])}
    assert problem in rows["x.toml"]["problem"]
    assert "other.toml" not in rows


def test_serial_ports_are_those_with_hardware_behind_them(monkeypatch):
    from serial.tools import list_ports
    from serial.tools.list_ports_common import ListPortInfo

    def found(name: str, **facts: Any) -> ListPortInfo:
        port = ListPortInfo(name, skip_link_detection=True)
        for key, value in facts.items():
            setattr(port, key, value)
        return port

    usb = {"vid": 0x0483, "pid": 0x5740, "hwid": "USB", "description": "PowerShield", "serial_number": "12"}
    built_in = {"hwid": "ACPI", "description": None}
    ports = [found("/dev/ttyS0"), found("/dev/ttyACM1", **usb), found("/dev/ttyACM0", **built_in)]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    assert list_serial_ports() == [
        SerialPortInfo("/dev/ttyACM0", "", "", ""),
        SerialPortInfo("/dev/ttyACM1", "0483:5740", "PowerShield", "12"),
    ]


def test_instruments_list_tells_what_a_usb_id_may_be(call, monkeypatch):
    ports = [
        SerialPortInfo("/dev/ttyACM0", "0483:5740", "PowerShield", "1234"),
        SerialPortInfo("COM7", "", "", ""),
    ]
    monkeypatch.setattr(instruments, "list_serial_ports", lambda: ports)
    found = json.loads(call("instruments", "list", "--no-search", "--json")[1])
    assert {driver["name"] for driver in found["drivers"]} >= {"lpm01a", "n6705"}
    assert "LPM01A" in found["serial_ports"][0]["likely"]
    assert found["serial_ports"][1]["likely"] == ""
    assert "/dev/ttyACM0" in call("instruments", "list", "--no-search")[1]
    monkeypatch.setattr(instruments, "list_serial_ports", list)
    shown = call("instruments", "list", "--no-search")[1]
    assert "No serial port was found" in shown
    assert "Not looked for: USB, GPIB and LAN instruments: not asked for" in shown


def test_instruments_list_shows_what_was_found_and_what_was_not_looked_for(call, monkeypatch):
    found = FoundResource("TCPIP::10.0.0.7::5025::SOCKET", "Keysight N6705C \x1b[31m")
    search = Search((found,), ("USB instruments (USBTMC): try `pip install pyusb`",))
    monkeypatch.setattr(instruments, "search_resources", lambda timeout_s: search)
    status, out, err = call("instruments", "list")
    assert (status, err) == (0, "")
    assert "TCPIP::10.0.0.7::5025::SOCKET" in out
    assert "Keysight N6705C \\x1b[31m" in out
    assert "Not looked for: USB instruments (USBTMC): try `pip install pyusb`" in out
    document = json.loads(call("instruments", "list", "--json")[1])
    assert document["resources"] == [{"resource": found.resource, "says": found.says}]
    assert document["not_searched"] == list(search.not_searched)


@pytest.mark.parametrize("driver", ["lpm01a", "n6705"])
def test_instruments_show_has_limits_and_sources(driver, call):
    status, out, _ = call("instruments", "show", driver)
    assert status == 0
    assert "gain" in out
    table = out.partition("\nSpecification (")[2].splitlines()[1:]
    assert max(len(line) for line in table if not line.startswith("assumed")) <= 80


def test_a_model_is_shown_by_the_makers_name(call):
    assert call("instruments", "show", "ngu401") == call("instruments", "show", "ngu")
    facts = json.loads(call("instruments", "show", "N6705C", "--json")[1])
    assert facts["name"] == "n6705"
    assert facts["rates_hz"] == [1 / 60, 100e3]
    assert "N6705C" in facts["models"]


def test_an_instrument_whose_library_is_not_there_says_what_to_install(call, monkeypatch):
    lacking = replace(drivers()["ngu"], name="lacking", extra="tables", library="no_such_library")
    monkeypatch.setattr(instruments, "drivers", lambda: {"lacking": lacking})
    words = "pip install 'energy-runner[tables]'"
    assert f"lacking needs a library: {words}" in call("instruments", "list", "--no-search")[1]
    assert words in call("instruments", "show", "lacking")[1]


def test_an_instrument_of_a_vendors_library_is_addressed_by_its_serial_number(call):
    assert "vendor:002122" in call("instruments", "show", "js220")[1]
    assert "baud" not in call("instruments", "show", "js220")[1]


@pytest.mark.parametrize("spec", drivers().values(), ids=lambda spec: spec.name)
def test_instruments_show_gives_an_address_and_every_option_with_its_default(spec, call):
    status, out, _ = call("instruments", "show", spec.name)
    assert status == 0
    lines = out.splitlines()
    [port] = [line for line in lines if line.startswith("port:")]
    assert " 0 baud" not in port  # of a server there is no speed
    for name, field in spec.options_model().model_fields.items():
        [said] = [line for line in lines if line[16:].startswith(f"{name}: ")]
        if field.default not in (None, "") and "by default" not in said:
            assert "default: " in said
    # What it prints for a bench file is one.
    at = lines.index("  [instruments.NAME]")
    table = tomllib.loads("\n".join(lines[at : at + 3]))["instruments"]["NAME"]
    assert table["driver"] == spec.name
    assert table["port"] == "virtual" or canonical_resource(table["port"])


def test_rates_are_written_without_powers_of_ten(call):
    assert "one of 1000000, 500000, 200000" in call("instruments", "show", "JS220")[1]
    assert "100000 Hz, and no other" in call("instruments", "show", "PPK2")[1]
