# SPDX-License-Identifier: Apache-2.0
"""What people write in their first TOML file is named in words that say what to write instead."""

import re

import pytest

from energy_runner.toml_text import TomlSyntaxError, read_toml

SLIPS = {
    "voltage_v = 3,0": "3,0: write a decimal point: 3.0",
    "voltage_v = 3.0 V": "'3.0 V': a number has no unit: voltage_v = 3.0",
    "voltage_v = 3V  # at the DUT": "'3V': a number has no unit: voltage_v = 3",
    "sample_rate_hz = 1k": "'1k': a number has no unit: sample_rate_hz = 1",
    "resistance = 100 Ω": "'100 Ω': a number has no unit: resistance = 100",
    "port = /dev/ttyACM0": 'a text stands between quotation marks: port = "/dev/ttyACM0"',
    "port = COM3": 'a text stands between quotation marks: port = "COM3"',
    "driver = lpm01a # shield": 'a text stands between quotation marks: driver = "lpm01a"',
    'port = "\\\\.\\COM3"': "a text with a backslash stands between single quotation marks: port = '\\\\.\\COM3'",
    'calibration = "C:\\lab\\cal.toml"': "single quotation marks: calibration = 'C:\\lab\\cal.toml'",
    "dtr = False": "'False': write true or false, in small letters",
    "dtr = off": "'off': write true or false, in small letters",
    "driver = “lpm01a”": 'use straight quotation marks: driver = "lpm01a"',
    "driver = „lpm01a“": 'use straight quotation marks: driver = "lpm01a"',
    'driver = "lpm01a': "a quotation mark is missing",
    'driver = lpm01a"': "a quotation mark is missing",
    "voltage_v: 3.0": "write = after a key: voltage_v = 3.0",
    "monitor:": "a table's name stands in brackets: [monitor]",
    "voltage_v 3.0": "= is missing after the key: voltage_v = 3.0",
    "voltage_v =": "the value of voltage_v is missing",
    "; the shield": "a comment begins with #",
    "// the shield": "a comment begins with #",
    "[monitor": "the bracket of a table's name is not closed",
    '{"name": "desk"}': "this looks like JSON",
    "a = 1": "a key or table is given twice",
}


@pytest.mark.parametrize("line", SLIPS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_slip_is_named_with_its_line(line: str, end: str) -> None:
    with pytest.raises(TomlSyntaxError) as caught:
        read_toml(end.join(["a = 0", line, "z = 1", ""]))
    assert caught.value.line == 2
    assert SLIPS[line] in str(caught.value)
    assert caught.value.of("desk.toml").startswith("desk.toml, line 2: ")


@pytest.mark.parametrize("line", ["voltage_v =", "[monitor", "port = COM3", 'driver = "lpm01a'])
def test_a_slip_in_the_last_line_has_a_line_too(line: str) -> None:
    with pytest.raises(TomlSyntaxError) as caught:
        read_toml(f"a = 0\n{line}")
    assert caught.value.line == 2
    assert SLIPS[line] in str(caught.value)


@pytest.mark.parametrize("text", ["a = [1,\nb = 2", "a = 0x", "a = 2026-13-01", "a = '''", 'a = "\\ud800"', "=1"])
def test_what_is_not_recognised_is_still_one_line(text: str) -> None:
    with pytest.raises(TomlSyntaxError) as caught:
        read_toml(text)
    assert re.fullmatch(r"(line \d+: )?[^\n]+", str(caught.value))


@pytest.mark.parametrize("length", [1_000, 30_000])
@pytest.mark.parametrize("piece", ["a", "=", '"', "\\", "3 ", "3,", " ", "[", "“", "a.b "])
def test_long_lines_are_looked_at_quickly(piece: str, length: int) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_toml(f"a = ! {piece * (length // len(piece))}")
