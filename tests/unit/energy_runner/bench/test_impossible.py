# SPDX-License-Identifier: Apache-2.0
"""What cannot be ends with status 2, names its key or option, and opens nothing."""

from collections.abc import Iterator

import pytest

from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.bench.changes import parse_changes
from energy_runner.bench.spec import BenchSpec
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ConfigurationError, ExitStatus
from instruments.links.serial_link import SerialLink
from instruments.world.cable import CableLink

LONG = "'" + "x" * 5000 + "'"
IMPOSSIBLE = [
    "-1",
    "nan",
    "inf",
    "-inf",
    "1e300",
    "9223372036854775807",
    "9223372036854775808",
    LONG,
    "'3,3'",
    "[]",
]
TABLES = ("monitor", "io_manager", "dut", "virtual")
# Numbers that no table of the short form has.
LONG_FORM = ("supply.voltage_v", "supply.current_limit_a", "sampler.sample_rate_hz", "instruments.feed.baud")
OPTIONS = {
    "--inferences": ("0", "-1", "2147483648", "9223372036854775808", "nan", "1e300", "3,3"),
    "--warmups": ("-1", "2147483648", "9223372036854775808", "nan", "1e300"),
    "--limit": ("0", "-1", "2147483648", "9223372036854775808", "nan"),
    "--seed": ("-1", "9223372036854775808", "nan", "1e300"),
    "--voltage": ("0", "-1", "nan", "inf", "1e300", "3,3", "2147483648"),
    "--rate": ("0", "-1", "nan", "inf", "1e300", "2147483648", "1,5"),
}


@pytest.fixture(autouse=True)
def nothing_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*arguments: object) -> None:
        raise AssertionError("a link was opened")

    for link in (CableLink, SerialLink):
        monkeypatch.setattr(link, "open", opened)


def numbers() -> Iterator[str]:
    """Yield every key of a bench file that holds a number, as its table lists them."""
    for table in TABLES:
        model = BenchSpec.model_fields[table].annotation
        model = next((one for one in getattr(model, "__args__", ()) if one is not type(None)), model)
        for name, field in model.model_fields.items():
            if any(kind in str(field.annotation) for kind in ("int", "float")):
                yield f"{table}.{name}"


KEYS = list(numbers())


def refusal(bench: str, key: str, value: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        build_bench(load_bench_spec(bench, parse_changes([f"{key}={value}"])), "energy")
    return str(caught.value)


def test_the_keys_are_those_that_hold_numbers() -> None:
    assert {"monitor.baud", "monitor.sample_rate_hz", "dut.boot_timeout_s", "virtual.load_ohm"} <= set(KEYS)


@pytest.mark.parametrize("value", IMPOSSIBLE)
def test_no_number_of_a_bench_file_is_impossible(value: str) -> None:
    for key in KEYS:
        said = refusal("virtual-lpm01a", key, value)
        assert key.rpartition(".")[2] in said
        assert "\n" not in said
        assert len(said) < 500


@pytest.mark.parametrize("value", IMPOSSIBLE)
@pytest.mark.parametrize("bench", ["virtual-n6705c", "virtual-ideal"])
def test_what_a_monitor_has_not_is_known_before_it_is_opened(bench: str, value: str) -> None:
    for key in (
        "monitor.voltage_v",
        "monitor.sample_rate_hz",
        "monitor.current_limit_a",
        "monitor.options.channel",
    ):
        assert key.rpartition(".")[2] in refusal(bench, key, value)


@pytest.mark.parametrize("key", LONG_FORM)
def test_the_long_form_is_as_strict(key: str, four_instruments: str) -> None:
    for value in (*IMPOSSIBLE, "0"):
        assert key.rpartition(".")[2] in refusal(four_instruments, key, value)


@pytest.fixture
def four_instruments() -> str:
    from tests.support.small import FOUR_INSTRUMENTS

    return FOUR_INSTRUMENTS


@pytest.mark.parametrize("key", ["name", "monitor.port", "monitor.driver", "monitor.backend", "dut.port"])
def test_no_text_of_a_bench_file_is_longer_than_anyone_needs(key: str) -> None:
    said = refusal("virtual-lpm01a", key, LONG)
    assert key in said
    assert len(said) < 500


@pytest.mark.parametrize(
    ("bench", "key", "value", "possible"),
    [
        ("virtual-lpm01a", "monitor.sample_rate_hz", "3000", "one of 5000, 2000, 1000"),
        ("virtual-lpm01a", "monitor.current_limit_a", "0.1", "leave it out"),
        ("virtual-n6705c", "monitor.current_limit_a", "4.0", "3 A"),
        ("virtual-n6705c", "monitor.sample_rate_hz", "100001", "100000 Hz"),
        ("virtual-ideal", "monitor.sample_rate_hz", "3", "whole number of ns"),
    ],
)
def test_what_is_possible_is_named(bench: str, key: str, value: str, possible: str) -> None:
    said = refusal(bench, key, value)
    assert f"{key} = " in said
    assert possible in said


@pytest.mark.parametrize(("option", "values"), OPTIONS.items())
def test_options_that_cannot_be_end_with_status_2(
    option: str, values: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    for value in values:
        words = ["run", "demo-keywords", "--bench", "virtual-lpm01a", "--out", str(tmp_path / "s"), option, value]
        assert run_app(app, words) == ExitStatus.USAGE, value
        said = capsys.readouterr().err
        key = {"--voltage": "voltage", "--rate": "rate"}.get(option, option)
        assert key in said
        assert said.count("\n") == 1
        assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("option", ["--seconds", "--tcp-port", "--seed"])
def test_a_served_bench_that_cannot_be_is_refused_as_well(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    for value in ("-1", "nan", "1e300"):
        assert run_app(app, ["bench", "serve", "virtual-lpm01a", option, value]) == ExitStatus.USAGE
        said = capsys.readouterr().err
        assert f"{option} {value}" in said.replace("1e+300", "1e300")
        assert "must be " in said
        assert "Input should" not in said


@pytest.mark.parametrize("written", ["3,3", "-0,5", " 1,8  # volts"])
def test_a_decimal_comma_in_a_bench_file_is_named(written: str, tmp_path) -> None:
    file = tmp_path / "desk.toml"
    table = '[monitor]\ndriver = "lpm01a"\nport = "virtual"\n'
    file.write_text(f'name = "desk"\n{table}voltage_v = {written}\n[io_manager]\nport = "virtual"\n', "utf-8")
    with pytest.raises(ConfigurationError, match=r"desk\.toml, line 5: .*write a decimal point: -?[0-9]\.[0-9]\."):
        load_bench_spec(str(file))
