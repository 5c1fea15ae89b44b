# SPDX-License-Identifier: Apache-2.0
"""Any text as a bench file or as `--set KEY=VALUE` gives a bench, or one line that says what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from energy_runner.bench import BenchSpec, load_bench_spec
from energy_runner.bench.changes import parse_changes
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.toml_text import DEEPEST, LONGEST, BoundsError, check_bounds, read_toml
from instruments.links.address import AddressError
from instruments.links.resource import canonical_resource
from tests.support.examples import examples

BENCH = """
name = "desk"
[instruments.psu]
driver = "n6705"
port = "TCPIP0::192.168.1.20::5025::SOCKET"
options = { channel = 1 }
[instruments.uno]
driver = "io-manager"
port = "/dev/ttyACM1"
[roles]
supply = "psu"
sampler = "psu"
edges = "uno"
dut = "uno"
[supply]
voltage_v = 1.8
"""
VALUES = (
    "1" * 5000,
    "-" + "9" * 5000,
    "0x" + "f" * 5000,
    "9" * 400,
    "9" * 30,
    "1e999",
    "nan",
    "true",
    "1979-05-27T07:32:00Z",
    "2026-02-30",
    "[" * 900 + "]" * 900,
    "[" * 20 + "]" * 20,
    "{ a = " * 20 + "1" + "}" * 20,
    '["psu"]',
    '["psu", "uno"]',
    "{ psu = 1 }",
    '""',
    '"a\\u0000b"',
    '"\\u001b[31m"',
    '"a\\nb"',
    f'"{"x" * 3000}"',
    '"' + "tcp://" * 50 + '"',
    f'"GPIB0::{"1" * 5000}::INSTR"',
    f'"USB0::0x{"f" * 5000}::1::A::INSTR"',
    '"\ud800"',
    "\udcff",
    "=",
)
KEYS = (
    "name",
    "roles",
    "roles.supply",
    "instruments",
    "instruments.psu.port",
    "instruments.psu.options",
    "instruments.psu.options.channel",
    "supply.voltage_v",
    "environment.temperature_c",
    "instruments.psu.options" + ".a" * 1000,
    "instruments.psu.calibration.due",
    '""',
    '"\udcff"',
    "\udcff",
    '"a\\u0000"',
    "a" * 3000,
    "[a",
)
hostile = st.one_of(st.sampled_from(VALUES), st.text(max_size=60), st.from_regex(r"[\[\]{}=.,\"'0-9a-f\n#]{0,60}"))


def outcome(load: Any) -> BenchSpec | str:
    """Return the bench, or the one line that refuses it; anything else that is raised fails the test."""
    try:
        found = load()
    except ConfigurationError as error:
        said = str(error)
        assert error.status == ExitStatus.USAGE
        assert said.isprintable(), said
        assert len(said) < 1000, said
        said.encode()
        return said
    assert isinstance(found, BenchSpec)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benches")


def load_text(folder: Path, text: str) -> BenchSpec | str:
    file = folder / "b.toml"
    file.write_text(text, "utf-8", errors="replace")
    return outcome(lambda: load_bench_spec(str(file)))


@settings(deadline=None, max_examples=examples(150))
@given(st.one_of(st.text(max_size=200), st.text("[]{}=.\"'ab01\n", max_size=200)))
@example("a." * 5000 + "a = 1")
@example("x = " + "[" * 100_000)
@example("#" * 40_000)
def test_any_text_is_a_bench_or_refused_in_one_line(place: Path, text: str) -> None:
    load_text(place, text)


@pytest.mark.parametrize("key", KEYS)
def test_a_hostile_value_at_every_kind_of_key(place: Path, key: str) -> None:
    """As a line of the file, and as a change of it."""
    good = place / "good.toml"
    good.write_text(BENCH, "utf-8")
    for value in VALUES:
        load_text(place, f"{key} = {value}\n{BENCH}")
        outcome(lambda text=f"{key}={value}": load_bench_spec(str(good), parse_changes([text])))


@settings(deadline=None, max_examples=examples(200))
@given(st.one_of(st.sampled_from(KEYS), hostile), hostile)
def test_any_change_is_a_bench_or_refused_in_one_line(key: str, value: str) -> None:
    outcome(lambda: load_bench_spec("virtual-lpm01a", parse_changes([f"{key}={value}"])))


HUGE = st.integers(0, 1).map(lambda _: 10**5000)  # hypothesis cannot show the number itself
anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        HUGE,
        st.floats(),
        st.text(),
        st.binary(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
)


@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.sampled_from(KEYS), st.text(max_size=20)), anything)
@example("monitor.options", {1: 2})
@example("monitor.port", "\x00")
def test_any_python_value_is_a_bench_or_refused_in_one_line(key: str, value: Any) -> None:
    outcome(lambda: load_bench_spec("virtual-lpm01a", {key: value}))


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    said = outcome(lambda: load_bench_spec("virtual-lpm01a", {"monitor.options": endless}))
    assert "nested more than" in str(said)


@pytest.mark.parametrize("name", ["a" * 5000, "a\nb\x1b[31m", "\udcff", "a\x00b", ""])
def test_a_name_that_no_file_can_have(name: str) -> None:
    assert "neither a file nor a built-in bench" in str(outcome(lambda: load_bench_spec(name)))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"voltage_v = {'1' * 5000}", ["11111111111111111111... is too large", "9223372036854775807"]),
        (f"voltage_v = 0x{'f' * 5000}", ["line 16", "supply.voltage_v: ", "0xfff", "is too large"]),
        (
            f"voltage_v = {'[' * 20}{']' * 20}",
            ["line 16", "supply.voltage_v.0", f"more than {DEEPEST} deep"],
        ),
        ('voltage_v = "a\\u0000b"', ["line 16", r"'a\x00b' holds '\x00'"]),
        (f"voltage_v = 1 {'#' * LONGEST}", [f"longer than {LONGEST} characters"]),
    ],
)
def test_what_was_given_is_named_with_its_line(place: Path, line: str, words: list[str]) -> None:
    said = str(load_text(place, BENCH.replace("voltage_v = 1.8", line)))
    assert all(word in said for word in ["b.toml", *words]), said


@pytest.mark.parametrize("given_text", ['["psu"]', "3", "{ psu = 1 }", "true"])
def test_a_role_says_what_it_expects(place: Path, given_text: str) -> None:
    said = str(load_text(place, BENCH.replace('supply = "psu"', f"supply = {given_text}")))
    assert "line 11: roles.supply = " in said
    assert 'must be the name of one instrument, such as "psu" or "psu:2"' in said


def test_the_largest_whole_numbers_are_read() -> None:
    assert read_toml(f"a = {2**63 - 1}\nb = -{2**63}") == {"a": 2**63 - 1, "b": -(2**63)}
    for number in (2**63, -(2**63) - 1):
        with pytest.raises(BoundsError, match=r"^a: the whole number -?922337203685477"):
            check_bounds({"a": number})


@pytest.mark.parametrize("digits", [5000, 30])
def test_an_address_with_a_huge_number_is_refused(digits: int) -> None:
    for form in ("GPIB0::{}::INSTR", "GPIB{}::5::INSTR", "TCPIP{}::psu::INSTR", "USB0::1::2::A::{}::INSTR"):
        with pytest.raises(AddressError):
            canonical_resource(form.format("1" * digits))
