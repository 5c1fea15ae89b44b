# SPDX-License-Identifier: Apache-2.0
"""Bench files: what is accepted, and how a mistake is told in one line that names the file and the key."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.bench.load import built_in_names, load_bench_spec
from energy_runner.bench.spec import parse_mode
from energy_runner.bench.wiring import Player, wiring
from energy_runner.errors import ConfigurationError

GOOD = """
name = "desk 3"

[monitor]
driver = "lpm01a"
port = "/dev/ttyACM0"
voltage_v = 3.0

[io_manager]
port = "/dev/ttyACM1"
"""


def said_of(text: str, folder: Path) -> str:
    file = folder / "my-bench.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_bench_spec(str(file))
    said = str(caught.value)
    assert "\n" not in said
    assert re.match(rf"{re.escape(str(file))}(, line [0-9]+( \(and line [0-9]+\))?)?: ", said)
    assert ". Try: " in said or said.endswith("Give it a port")
    return said


def test_a_good_file_is_taken(tmp_path):
    (tmp_path / "b.toml").write_text(GOOD, "utf-8")
    spec = load_bench_spec(str(tmp_path / "b.toml"))
    assert spec.monitor is not None
    assert spec.monitor.voltage_v == 3.0
    assert not spec.is_virtual
    assert spec.dut.energy_baud == 9600


def test_whole_numbers_are_numbers_too(tmp_path):
    (tmp_path / "b.toml").write_text(GOOD.replace("3.0", "3"), "utf-8")
    monitor = load_bench_spec(str(tmp_path / "b.toml")).monitor
    assert monitor is not None
    assert isinstance(monitor.voltage_v, float)


@pytest.mark.parametrize("name", built_in_names())
def test_every_built_in_bench_is_good_and_virtual(name):
    spec = load_bench_spec(name)
    assert spec.name == name
    assert spec.is_virtual
    assert spec.description


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("desk 3", 'desk 3"'), ["a quotation mark is missing", "line 2"]),
        (
            ("voltage_v", "voltag_v"),
            ["unknown key 'monitor.voltag_v'", "did you mean 'voltage_v'?", "sample_rate_hz"],
        ),
        (("[io_manager]", "[io_manger]"), ["unknown key 'io_manger'", "did you mean 'io_manager'?"]),
        (('port = "/dev/ttyACM0"\n', ""), ["monitor.port is missing"]),
        (('name = "desk 3"', ""), ["name is missing"]),
        (("3.0", '"3 V"'), ["monitor.voltage_v = '3 V': must be a number"]),
        (("3.0", '"3.0"'), ["monitor.voltage_v = '3.0': must be a number"]),
        (("3.0", "true"), ["monitor.voltage_v = true: must be a number"]),
        (("3.0", "-3.0"), ["monitor.voltage_v = -3.0: must be greater than 0"]),
        (("3.0", "nan"), ["monitor.voltage_v = nan: must be a finite number"]),
        (("/dev/ttyACM1", ""), ["io_manager.port must not be empty"]),
        (("/dev/ttyACM1", "/dev/ttyACM0"), ["port '/dev/ttyACM0' is given twice"]),
        (("/dev/ttyACM1", "virtual"), ["line 10: io_manager.port is still 'virtual', and monitor.port is real"]),
        (('[io_manager]\nport = "/dev/ttyACM1"', ""), ["the DUT cannot be reached", "dut.port", "[io_manager]"]),
        (("3.0", "3.0\noptions = { channel = [1] }"), ["monitor.options.channel = [1]: must be a text, a number"]),
        (("[io_manager]", "dut = 3\n[io_manager]"), ["unknown key 'monitor.dut'"]),
    ],
)
def test_a_mistake_is_told_in_one_line(change, words, tmp_path):
    assert change[0] in GOOD
    said = said_of(GOOD.replace(*change), tmp_path)
    for word in words:
        assert word in said


def test_a_table_that_is_no_table(tmp_path):
    assert "monitor must be a table: [monitor]" in said_of('name = "x"\nmonitor = "lpm01a"\n', tmp_path)


def test_further_mistakes_are_counted_and_the_misspelt_key_comes_first(tmp_path):
    said = said_of(GOOD.replace("voltage_v", "volts").replace("driver", "drivr"), tmp_path)
    assert "unknown key 'monitor." in said
    assert "(and 3 more)" in said


def test_virtual_settings_are_for_virtual_benches(tmp_path):
    assert "[virtual] is only for benches" in said_of(GOOD + "[virtual]\nideal = true\n", tmp_path)


def test_a_key_cannot_break_the_line(tmp_path):
    assert r"'vol\ntage\x1b[31m'" in said_of('"vol\\ntage\\u001b[31m" = 1\n' + GOOD, tmp_path)


def test_deep_nesting_is_a_mistake_like_any_other(tmp_path):
    assert "nested more than" in said_of("a = " + "[" * 10_000, tmp_path)


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"b\.toml: cannot be read as text"):
        load_bench_spec(str(tmp_path / "b.toml"))


def test_an_unknown_bench_names_the_nearest_and_all_others():
    with pytest.raises(ConfigurationError, match="did you mean 'virtual-lpm01a'") as caught:
        load_bench_spec("virtual-lpm01")
    assert "virtual-n6705c" in str(caught.value)
    with pytest.raises(ConfigurationError, match="neither a file nor a built-in bench"):
        load_bench_spec("no\0such")


def test_modes():
    assert [parse_mode(mode) for mode in ("energy", "performance", "accuracy")] == [
        "energy",
        "performance",
        "accuracy",
    ]
    with pytest.raises(ConfigurationError, match="did you mean 'energy'"):
        parse_mode("energie")


@pytest.mark.parametrize(
    ("dut", "mode", "route"),
    [
        ("", "energy", "io-manager"),
        ("", "performance", "io-manager"),
        ('[dut]\nport = "/dev/ttyACM2"\n', "energy", "io-manager"),
        ('[dut]\nport = "/dev/ttyACM2"\n', "accuracy", "direct"),
        ('[dut]\nport = "/dev/ttyACM2"\naccuracy = "io-manager"\n', "accuracy", "io-manager"),
        ('[dut]\nport = "/dev/ttyACM2"\nenergy = "direct"\n', "energy", "direct"),
    ],
)
def test_which_route_to_the_dut(dut, mode, route, tmp_path):
    (tmp_path / "b.toml").write_text(GOOD + dut, "utf-8")
    assert wiring(load_bench_spec(str(tmp_path / "b.toml")), mode).dut == Player(
        "dut" if route == "direct" else route
    )


def test_a_route_that_is_not_there(tmp_path):
    (tmp_path / "b.toml").write_text(GOOD + '[dut]\nperformance = "direct"\n', "utf-8")
    with pytest.raises(ConfigurationError, match=r"dut\.performance = 'direct' needs dut\.port"):
        wiring(load_bench_spec(str(tmp_path / "b.toml")), "performance")


@settings(deadline=None)  # it reads files
@given(st.text(max_size=200))
def test_any_text_is_a_bench_or_one_line(tmp_path_factory, text):
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        said = load_bench_spec(str(file)).name
    except ConfigurationError as error:
        said = str(error)
    assert re.match(rf"{re.escape(str(file))}(, line [0-9]+)?: ", said), (
        "200 characters are too few for a good bench file"
    )


# --- calibration and surroundings ---------------------------------------------------------------------------

REAL = """
name = "desk"
[monitor]
driver = "lpm01a"
port = "/dev/ttyACM0"
voltage_v = 3.0
[dut]
port = "/dev/ttyACM2"
"""


def test_calibration_and_surroundings_are_facts_of_the_bench(tmp_path):
    text = REAL + (
        "[monitor.calibration]\ncalibrated_on = 2026-01-31\ndue = '2027-01-31'\nlaboratory = 'Lab'\n"
        "certificate = 'C-1'\n[environment]\ntemperature_c = 23.5\n"
    )
    (tmp_path / "bench.toml").write_text(text)
    facts = load_bench_spec(str(tmp_path / "bench.toml")).model_dump(mode="json", exclude_none=True)
    assert facts["monitor"]["calibration"] == {
        "calibrated_on": "2026-01-31",
        "due": "2027-01-31",
        "laboratory": "Lab",
        "certificate": "C-1",
    }
    assert facts["environment"] == {"temperature_c": 23.5}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("[monitor.calibration]\ncalibrated_on = 2027-01-31\ndue = 2026-01-31", "lies before calibrated_on"),
        ("[monitor.calibration]\ndue = '2026-02-30'", "a day that exists"),
        ("[monitor.calibration]\ndue = 'next year'", "a day such as 2026-03-31"),
        ("[monitor.calibration]\ndue = 20260331", "a day such as 2026-03-31"),
        ("[monitor.calibration]\ndue = 2026-03-31T10:00:00", "a day such as 2026-03-31"),
        (
            "[monitor.calibration]\nlab = 'Lab'",
            "(known here: calibrated_on, due, interval_days, laboratory, certificate, serial, virtual, point)",
        ),
        ("[environment]\ntemperature_c = 300.0", "temperature_c"),
        ("[environment]\ntemperature_c = nan", "temperature_c"),
        ("[environment]\ntemperature = 23.0", "did you mean 'temperature_c'?"),
    ],
)
def test_what_cannot_be_a_calibration_is_said(lines, words, tmp_path):
    (tmp_path / "bench.toml").write_text(f"{REAL}{lines}\n")
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        load_bench_spec(str(tmp_path / "bench.toml"))


def test_a_twin_has_neither(tmp_path):
    text = REAL.replace("/dev/ttyACM0", "virtual").replace("/dev/ttyACM2", "virtual")
    (tmp_path / "bench.toml").write_text(text + "[environment]\ntemperature_c = 23.0\n")
    with pytest.raises(ConfigurationError, match="neither a calibration nor surroundings"):
        load_bench_spec(str(tmp_path / "bench.toml"))


def test_the_plan_of_a_sweep_in_place_of_a_bench_file_is_named_as_one(tmp_path: Path) -> None:
    (tmp_path / "night.toml").write_text('name = "night"\n[axes.v]\nsets = "voltage"\nvalues = [3.0]\n')
    with pytest.raises(ConfigurationError, match=r"the plan of a sweep.*PLAN --bench BENCH"):
        load_bench_spec(str(tmp_path / "night.toml"))
