# SPDX-License-Identifier: Apache-2.0
"""A meter of current leaves the voltage to the supply, and the supply's limits are in the budget."""

from pathlib import Path

import pytest

from energy_runner.bench import load_bench_spec
from energy_runner.bench.calibration import CalibrationError
from energy_runner.bench.spec import BenchSpec
from energy_runner.bench.supply_limits import with_supply
from energy_runner.errors import ConfigurationError
from instruments.specifications import Specification, SpecificationTerm, load

BENCH = """
name = "meter-behind-supply"

[instruments.psu]
driver = "{supply}"
port = "virtual"
{stated}
[instruments.meter]
driver = "dmm7510"
port = "virtual"

[instruments.relay]
driver = "io-manager"
port = "virtual"

[roles]
supply = "psu"
sampler = "meter"
edges = "relay"
dut = "relay"

[supply]
voltage_v = 3.0
"""
STATED = """
[[instruments.psu.specification.term]]
name = "{name}"
relative = 0.001
source = "certificate 12"
"""
METER = load("instruments.devices.dmm7510")
# What each maker states of the voltage as set: share of it, volts.
SUPPLIES = {
    "dp800": (0.0005, 0.02),
    "spd": (0.0003, 0.01),
    "n6705": (0.00025, 1.8e-3),
    "smu2400": (0.00015, 2.4e-3),
    "lpm01a": (0.01, 0.0),
}


def bench(tmp_path: Path, supply: str = "dp800", stated: str = "") -> BenchSpec:
    file = tmp_path / "bench.toml"
    file.write_text(BENCH.format(supply=supply, stated=stated), "utf-8")
    return load_bench_spec(str(file))


def voltage(table: Specification) -> list[SpecificationTerm]:
    return [term for term in table.terms if term.name == "supply_voltage"]


@pytest.mark.parametrize(("supply", "limit"), SUPPLIES.items(), ids=list(SUPPLIES))
def test_the_limits_of_the_supply_count_for_a_meter_of_current(
    supply: str, limit: tuple[float, float], tmp_path: Path
) -> None:
    found = with_supply(bench(tmp_path, supply), METER, ["current"], "meter", "psu")
    [term] = voltage(found)
    assert (term.relative, term.absolute) == limit
    assert term.source.startswith("psu: ")
    assert found.terms[: len(METER.terms)] == METER.terms
    assert "drops on the way" in found.assumptions[-1]


def test_what_the_supplys_table_only_assumes_stays_assumed(tmp_path: Path) -> None:
    [term] = voltage(with_supply(bench(tmp_path), METER, ["current"], "meter", "psu"))
    assert term.assumed
    [term] = voltage(with_supply(bench(tmp_path, "smu2400"), METER, ["current"], "meter", "psu"))
    assert not term.assumed


def test_what_the_supplys_table_cannot_size_stays_unknown(tmp_path: Path) -> None:
    found = with_supply(bench(tmp_path), METER, ["current"], "meter", "psu")
    [unknown] = [term for term in found.terms if term.name == "supply_temperature"]
    assert not unknown.relative
    assert not unknown.absolute


def test_a_limit_that_the_bench_file_states_takes_the_place_of_the_makers(tmp_path: Path) -> None:
    spec = bench(tmp_path, stated=STATED.format(name="supply_voltage"))
    [term] = voltage(with_supply(spec, METER, ["current"], "meter", "psu"))
    assert (term.relative, term.absolute, term.source, term.assumed) == (0.001, 0.0, "psu: certificate 12", False)


def test_other_terms_of_a_supply_that_does_not_sample_are_refused(tmp_path: Path) -> None:
    with pytest.raises((CalibrationError, ConfigurationError), match="'psu' does not sample on this bench"):
        bench(tmp_path, stated=STATED.format(name="gain"))


@pytest.mark.parametrize(
    ("signals", "sampled_by", "fed_by"),
    [
        (["current", "voltage"], "meter", "psu"),
        (["power"], "meter", "psu"),
        (["energy"], "meter", "psu"),
        (["current"], "meter", ""),
        (["current"], "psu", "psu"),
    ],
)
def test_where_the_voltage_is_not_left_to_a_supply_nothing_is_added(
    signals: list[str], sampled_by: str, fed_by: str, tmp_path: Path
) -> None:
    assert with_supply(bench(tmp_path), METER, signals, sampled_by, fed_by) == METER


def test_a_supply_whose_table_does_not_state_the_voltage_as_set_leaves_it_unknown(tmp_path: Path) -> None:
    assert with_supply(bench(tmp_path, "ngu"), METER, ["current"], "meter", "psu") == METER
    none = Specification("none: the twin itself, without any error")
    assert with_supply(bench(tmp_path), none, ["current"], "meter", "psu") == none
