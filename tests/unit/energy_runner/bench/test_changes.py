# SPDX-License-Identifier: Apache-2.0
"""`--set KEY=VALUE`: any key of a bench file for one run, checked as if the file said so."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.bench import load_bench_spec
from energy_runner.bench.changes import changed, in_words, parse_changes
from energy_runner.cli.option_names import with_options
from energy_runner.errors import ConfigurationError
from tests.support.small import FOUR_INSTRUMENTS


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("monitor.voltage_v=2.5", "monitor.voltage_v", 2.5),
        ("monitor.voltage_v = 3", "monitor.voltage_v", 3),
        ("monitor.port=COM3", "monitor.port", "COM3"),
        ("monitor.port=/dev/ttyACM0", "monitor.port", "/dev/ttyACM0"),
        ("monitor.port=TCPIP::10.0.0.5::5025::SOCKET", "monitor.port", "TCPIP::10.0.0.5::5025::SOCKET"),
        ('name="2026"', "name", "2026"),
        ("io_manager.timestamps=false", "io_manager.timestamps", False),
        ("monitor.options={channel = 2}", "monitor.options", {"channel": 2}),
        ("monitor.calibration.due=2026-03-31", "monitor.calibration.due", date(2026, 3, 31)),
        ("description=a = b", "description", "a = b"),
        ("description=", "description", ""),
        ("name=1\nother=2", "name", "1\nother=2"),
    ],
)
def test_a_value_is_toml_or_else_a_text(text, key, value):
    assert parse_changes([text]) == {key: value}


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["monitor.voltage_v"], "is not KEY=VALUE"),
        (["=3"], "is not KEY=VALUE"),
        (["name=a", "name=b"], "is given twice"),
        ([f"a=0x{'f' * 5000}"], r"^changes: a=0xf+\.\.\.: the whole number 0xf+\.\.\. is too large"),
        (["name=\udcff"], r"^changes: name=\\udcff: '\\udcff' holds '\\udcff', which is not text"),
    ],
)
def test_what_is_no_change(texts, words):
    with pytest.raises(ConfigurationError, match=words):
        parse_changes(texts)


@pytest.mark.parametrize("key", ["a..b", ".a", "a.", "a b", "a = 1\nb", "[a", "a # b", '"a'])
def test_a_key_that_is_none(key):
    with pytest.raises(ConfigurationError, match="is not a key of a bench file"):
        changed({}, {key: 1})


def test_a_key_leads_through_tables_which_are_made_where_they_are_missing():
    table = {"monitor": {"voltage_v": 3.0, "port": "x"}}
    new = changed(table, {"monitor.voltage_v": 2.5, "environment.temperature_c": 23, 'instruments."my psu".x': 1})
    assert new == {
        "monitor": {"voltage_v": 2.5, "port": "x"},
        "environment": {"temperature_c": 23},
        "instruments": {"my psu": {"x": 1}},
    }
    assert table == {"monitor": {"voltage_v": 3.0, "port": "x"}}, "the table itself stays as it was"
    with pytest.raises(ConfigurationError, match=r"monitor.port is no table"):
        changed(table, {"monitor.port.x": 1})


@given(st.text(max_size=40), st.text(max_size=40))
def test_hostile_text_is_a_change_or_refused_in_one_line(key, value):
    try:
        changed({"monitor": {"port": "x"}}, parse_changes([f"{key}={value}"]))
    except ConfigurationError:
        return


def test_a_changed_bench_is_checked_like_any_other():
    assert load_bench_spec("virtual-lpm01a", {"monitor.voltage_v": 2.5}).monitor.voltage_v == 2.5
    for changes, words in (
        ({"monitor.voltage_v": 99.0}, ["monitor.voltage_v = 99.0", "less than or equal to 20"]),
        ({"monitor.voltage": 2.5}, ["unknown key 'monitor.voltage'", "did you mean 'voltage_v'"]),
        ({"dut.port": "/dev/x"}, ["monitor.port, io_manager.port are still 'virtual', and dut.port is"]),
        ({"monitor.voltage_v": "3,0"}, ["monitor.voltage_v = '3,0'", "with a decimal point"]),
    ):
        with pytest.raises(ConfigurationError) as refused:
            load_bench_spec("virtual-lpm01a", changes)
        assert all(word in str(refused.value) for word in words), str(refused.value)
        assert str(refused.value).startswith(f"built-in bench virtual-lpm01a{in_words(changes)}")


def test_what_was_changed_in_words():
    assert in_words({}) == ""
    assert in_words({"monitor.voltage_v": 2.5, "name": "x"}) == ' with monitor.voltage_v = 2.5, name = "x"'


@pytest.mark.parametrize(
    ("bench", "key", "words"),
    [
        (FOUR_INSTRUMENTS, "monitor.voltage_v", "[instruments.*] and [roles]. Try: --set supply.voltage_v=..."),
        (FOUR_INSTRUMENTS, "monitor.sample_rate_hz", "Try: --set sampler.sample_rate_hz=..."),
        (FOUR_INSTRUMENTS, "monitor.port", "[instruments.*] and [roles], and no [monitor]"),
        ("virtual-lpm01a", "supply.voltage_v", "this bench has [monitor]. Try: --set monitor.voltage_v=..."),
        ("virtual-lpm01a", "sampler.x", "this bench has [monitor], and no [sampler]"),
    ],
)
def test_a_key_of_the_other_form_names_the_one_of_this_bench(bench, key, words):
    with pytest.raises(ConfigurationError) as refused:
        load_bench_spec(bench, {key: 2.5})
    assert with_options(refused.value).startswith(f"--set {key}: this bench has ")
    assert words in with_options(refused.value)
    if bench == FOUR_INSTRUMENTS:
        assert load_bench_spec(bench, {"supply.voltage_v": 2.5}).supply.voltage_v == 2.5
