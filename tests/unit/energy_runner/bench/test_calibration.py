# SPDX-License-Identifier: Apache-2.0
"""Calibration points and terms of a bench file: what is refused, with its line, and what is laid over a table."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from energy_runner.api.first_record import first_record
from energy_runner.bench.build import build_bench
from energy_runner.bench.calibration import applied, check_in_force
from energy_runner.bench.calibration_spec import TermSpec
from energy_runner.bench.load import load_bench_spec
from energy_runner.errors import ConfigurationError
from instruments.specifications import as_facts, load
from tests.support.calibrations import BENCH, HIGHER, POINT, TABLE, at, bench, line
from tests.support.small import small_plan


def test_points_become_facts_and_replace_gain_and_offset(tmp_path: Path) -> None:
    spec = bench(tmp_path, BENCH + TABLE + POINT + HIGHER)
    table = applied(spec, "monitor", load("instruments.devices.n6705"))
    assert {"gain", "offset"}.isdisjoint(term.name for term in table.terms)
    assert {"voltage_gain", "voltage_offset", "clock", "noise"} <= {term.name for term in table.terms}
    assert all(term.assumed for term in table.terms), "the whole table was assumed"
    facts = as_facts(table)
    assert facts["replaced"] == ("gain", "offset")
    assert facts["points"][1] == {
        "quantity": "current",
        "unit": "A",
        "low": 0.0,
        "high": 0.1,
        "value": 0.05,
        "correction": 1e-6,
        "U": 2e-7,
        "k": 2.0,
        "date": "2026-01-31",
        "laboratory": "Lab",
        "certificate": "C-1",
    }
    assert applied(spec, "another", table) is table
    assert "points" not in as_facts(load("instruments.devices.n6705"))


def test_a_range_with_points_of_its_own_needs_no_term_for_its_change(tmp_path: Path) -> None:
    wide = POINT.replace("[0.0, 0.1]", "[0.1, 3.0]").replace("value = 0.0", "value = 0.2")
    names = [
        {term.name for term in applied(bench(tmp_path, text), "monitor", load("instruments.devices.n6705")).terms}
        for text in (BENCH + TABLE + POINT, BENCH + TABLE + POINT + wide)
    ]
    assert "range_changes" in names[0]
    assert "range_changes" not in names[1]


TERM = '[[monitor.specification.term]]\nname = "temperature"\nrelative_per_k = 5e-5\nsource = "page 9"\n'


def test_a_term_is_sized_by_the_change_of_temperature(tmp_path: Path) -> None:
    spec = bench(tmp_path, BENCH + TERM + "[environment]\ntemperature_change_k = 3.0\n")
    (term,) = [
        term
        for term in applied(spec, "monitor", load("instruments.devices.n6705")).terms
        if term.name == "temperature"
    ]
    assert term.relative == pytest.approx(1.5e-4)
    assert term.source == "page 9 \u00d7 3 K (environment.temperature_change_k)"


ABOVE = '[[monitor.specification.term]]\nname = "{}"\nabsolute = {}\nunit = "A"\nabove = {}\nsource = "page 9"\n'


@pytest.mark.parametrize(
    ("device", "stated", "count"),
    [
        ("n6705", [("gain", 1e-6, 0.05)], [0.0, 0.05]),
        ("n6705", [("gain", 1e-6, 0.05), ("gain", 1e-6, 0.5)], [0.0, 0.05, 0.5]),
        ("n6705", [("gain", 1e-6, 0.0)], [0.0]),
        ("n6705", [("gain", 1e-6, 0.0), ("gain", 1e-6, 0.5)], [0.0, 0.5]),
        ("n6705", [("range_changes", 1e-6, 0.1)], [0.1]),
        ("n6705", [("range_changes", 1e-6, 0.0)], [0.0]),
        ("n6705", [("range_changes", 1e-6, 0.5)], [0.1, 0.5]),
        ("lpm01a", [("range_changes", 1e-6, 0.05)], [0.05]),  # the table's is of unknown size
    ],
)
def test_terms_of_one_name_with_different_limits_add(
    device: str, stated: list[tuple[str, float, float]], count: list[float], tmp_path: Path
) -> None:
    spec = bench(tmp_path, BENCH + "".join(ABOVE.format(*one) for one in stated))
    table = applied(spec, "monitor", load(f"instruments.devices.{device}"))
    found = [term for term in table.terms if term.name == stated[0][0]]
    assert sorted(term.above for term in found) == count
    assert all(term.relative or term.absolute for term in found)
    kept = [term for term in found if term.source != "page 9"]
    assert all(term.assumed for term in kept), "the whole table was assumed"
    assert any("count beside those of the bench file" in words for words in table.assumptions) is bool(kept)


def test_points_replace_the_makers_terms_also_beside_a_stated_one(tmp_path: Path) -> None:
    spec = bench(tmp_path, BENCH + TABLE + POINT + HIGHER + ABOVE.format("gain", 1e-6, 0.05))
    table = applied(spec, "monitor", load("instruments.devices.n6705"))
    assert [term.above for term in table.terms if term.name == "gain"] == [0.05]


@pytest.mark.parametrize(
    ("change", "words", "key"),
    [
        (("value = 0.05", "value = 0.2"), "value = 0.2 A lies outside its range, 0 to 0.1 A", "[[monitor"),
        (('unit = "A"', 'unit = "mA"'), "unit = 'mA' does not fit current, which is given in A", "[[monitor"),
        (("[0.0, 0.1]", "[0.1, 0.0]"), "is empty", "[[monitor"),
        (("[0.0, 0.1]", "[0.04, 0.2]"), "0 to 0.1 A and 0.04 to 0.2 A overlap", "[[monitor"),
        (("value = 0.05", "value = 0.0"), "two points at 0 A say the same twice", "[[monitor"),
        (
            ("value = 0.05\ncorrection = 1e-6", "value = 0.0\ncorrection = 2e-6"),
            "two points at 0 A contradict each other",
            "[[monitor",
        ),
        (
            ('quantity = "current"\nrange = [0.0, 0.1]', 'quantity = "power"\nrange = [0.0, 0.1]'),
            "unit = 'A' does not fit power",
            "[[monitor",
        ),
        (("U = 2e-7", "U = -2e-7"), "monitor.calibration.point.1.U = -2e-07: must be greater than 0", "U"),
        (("U = 2e-7", "u = 2e-7"), "unknown key 'monitor.calibration.point.1.u'", "u"),
        (("k = 2.0", "k = 2.0\ndate = '2026-02-30'"), "a day that exists", "date"),
    ],
)
def test_a_wrong_point_is_refused_with_its_line(
    change: tuple[str, str], words: str, key: str, tmp_path: Path
) -> None:
    assert change[0] in HIGHER
    text = BENCH + TABLE + POINT + HIGHER.replace(*change)
    with pytest.raises(ConfigurationError) as caught:
        bench(tmp_path, text)
    assert words in str(caught.value)
    assert f"b.toml, line {line(text, key)}" in str(caught.value)


# --- points beside each other -----------------------------------------------------------------------------


def pair(near: str, correction: str, expanded: str = "2e-7", k: str = "2.0") -> str:
    """Return two points: one of 1 µA ± 0.2 µA at 50 mA, and one of `correction` at `near`."""
    changed = HIGHER.replace("value = 0.05\ncorrection = 1e-6", f"value = {near}\ncorrection = {correction}")
    return HIGHER + changed.replace("U = 2e-7", f"U = {expanded}").replace("k = 2.0", f"k = {k}")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (
            pair("0.0500000001", "2e-6"),
            "at 0.05 and 0.0500000001 A contradict each other: their corrections, 1e-06 ",
        ),
        (pair("0.05", "1.5e-6"), "at 0.05 A contradict each other"),
        (pair("0.05", "1.3e-6"), "at 0.05 A say the same twice"),
        (pair("0.0500000001", "1.3e-6"), "at 0.05 and 0.0500000001 A say the same twice"),
        (pair("0.050001", "2e-6"), "at 0.05 and 0.050001 A contradict each other"),
        (pair("0.06", "2e-3"), "at 0.05 and 0.06 A contradict each other"),
        (pair("0.050001", "2e-6", "2e-6", "4.0"), ""),  # U of k = 2 is 1 µA there
        (pair("0.050001", "1.4e-6"), ""),
        (pair("0.051", "2e-6"), ""),
    ],
)
def test_points_whose_correction_jumps_between_them_are_refused(other: str, words: str, tmp_path: Path) -> None:
    """A correction cannot change by more than both U and a tenth of the distance; nor is a reading taken twice."""
    text = BENCH + TABLE + other
    if not words:
        assert bench(tmp_path, text)
        return
    with pytest.raises(ConfigurationError) as caught:
        bench(tmp_path, text)
    first = text.splitlines().index("[[monitor.calibration.point]]") + 1
    assert words in str(caught.value)
    assert f"b.toml, line {line(text, '[[monitor')} (and line {first})" in str(caught.value)


POWER = HIGHER.replace('"current"', '"power"').replace('"A"', '"W"')
VOLTAGE = HIGHER.replace('"current"', '"voltage"').replace('"A"', '"V"')
STATED = '[[monitor.specification.term]]\nname = "drift"\nrelative = 1e-5\nsource = "log"\n'


@pytest.mark.parametrize(
    ("text", "words", "key"),
    [
        (POINT, "the point has no date", "[[monitor"),
        (TABLE + POINT + POWER, "points of current and power would correct the same reading twice", "[[monitor"),
        (TABLE + POWER + VOLTAGE, "points of power hold the voltage already", "[[monitor"),
        (TERM, "environment.temperature_change_k is not given", "[[monitor"),
        (STATED + STATED, "'drift' is stated twice", "[[monitor"),
        (STATED.replace("relative = 1e-5\n", ""), "'drift' needs a size", "[[monitor"),
        (STATED.replace("relative", "absolute"), "'drift' needs a unit", "[[monitor"),
        (TABLE + "interval_days = 365\n", "takes the place of due", "[monitor.cal"),
        (TABLE + "virtual = true\n", "says nothing about a real instrument", ""),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_line(text: str, words: str, key: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bench(tmp_path, BENCH + text)
    assert words in str(caught.value)
    assert not key or f"line {line(BENCH + text, key)}" in str(caught.value)


def test_both_lines_of_a_contradiction_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 21 \(and line 13\)"):
        bench(tmp_path, BENCH + TABLE + POINT + POINT)


def test_only_the_sampler_is_corrected(tmp_path: Path) -> None:
    text = (
        'name = "x"\n[instruments.a]\ndriver = "n6705"\nport = "tcp://10.0.0.1:5025"\n'
        '[instruments.b]\ndriver = "io-manager"\nport = "/dev/ttyACM1"\n'
        '[roles]\nsupply = "a"\nsampler = "a"\nedges = "b"\ndut = "b"\n[supply]\nvoltage_v = 3.0\n'
    )
    points = (TABLE + POINT).replace("monitor", "instruments.b")
    with pytest.raises(ConfigurationError, match=r"line 15: 'b' does not sample on this bench"):
        bench(tmp_path, text + points)
    assert bench(tmp_path, text + points.replace("instruments.b", "instruments.a"))


# --- a file of its own ------------------------------------------------------------------------------------

RECORD = (TABLE + POINT + HIGHER).replace("monitor.", "")
NAMED = BENCH.replace("voltage_v = 3.0", 'voltage_v = 3.0\ncalibration = "cal/2026.toml"')


def test_a_calibration_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "cal").mkdir()
    (tmp_path / "cal" / "2026.toml").write_text(RECORD + "[[residual]]\nvalue = 1.0\n")
    spec = bench(tmp_path, NAMED)
    assert spec == bench(tmp_path, BENCH + TABLE + POINT + HIGHER)
    with pytest.raises(ConfigurationError, match=r"2026\.toml, line 3: the calibration expired on 2027-01-31"):
        check_in_force(spec, at("2028-01-30T12:00:00"))


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, r"b\.toml, line 6: calibration = 'cal/2026\.toml': there is no such file"),
        ("x = [", r"b\.toml, line 6: calibration = 'cal/2026\.toml': "),
        ("[residual]\n", r"b\.toml, line 6: .*it has no table \[calibration\]"),
        (RECORD.replace('"A"', '"mA"'), r"2026\.toml, line 6: .*does not fit current"),
        (RECORD + POINT.replace("monitor.", ""), r"2026\.toml, line 22 \(and line 6\): .*say the same twice"),
        (
            RECORD.replace("U = ", "V = ", 1),
            r"2026\.toml, line 12: unknown key 'monitor\.calibration\.point\.0\.V'",
        ),
    ],
)
def test_a_mistake_in_that_file_is_named_with_its_line(record: str | None, words: str, tmp_path: Path) -> None:
    (tmp_path / "cal").mkdir()
    if record is not None:
        (tmp_path / "cal" / "2026.toml").write_text(record)
    with pytest.raises(ConfigurationError, match=words):
        bench(tmp_path, NAMED)


def test_the_record_of_a_real_bench_names_the_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a rule can judge the day of the run, whatever computer does it later."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    plan = small_plan(tmp_path / "stimuli")
    found = [
        first_record(build_bench(spec, "energy"), plan, "s", "2026-01-31T20:00:00Z").bench.get("time_zone")
        for spec in (
            bench(tmp_path, BENCH),
            bench(tmp_path, 'time_zone = "Europe/Berlin"\n' + BENCH),
            load_bench_spec("virtual-n6705c"),
        )
    ]
    assert found == ["Asia/Kathmandu", "Europe/Berlin", None]


@pytest.mark.parametrize(
    ("name", "unit"), [("clock", "s"), ("offset", "s"), ("gain", "sample"), ("edge_latency", "W"), ("noise", "V")]
)
def test_a_term_in_a_unit_that_does_not_fit_its_name_is_refused(name: str, unit: str) -> None:
    with pytest.raises(ValidationError, match=f"'{name}' cannot be in {unit}"):
        TermSpec(name=name, absolute=1e-6, unit=unit, source="page 1")  # type: ignore[arg-type]
