# SPDX-License-Identifier: Apache-2.0
"""The days of a calibration and of each of its points: when they are in force, in the laboratory's time zone."""

from pathlib import Path

import pytest

from energy_runner.bench.calibration import check_in_force, zone_of
from energy_runner.bench.load import load_bench_spec
from energy_runner.errors import ConfigurationError
from energy_runner.session.days import days_after
from tests.support.calibrations import BENCH, HIGHER, POINT, TABLE, at, bench, line


@pytest.mark.parametrize(
    ("zone", "moment", "in_force"),
    [
        ("UTC", "2027-01-31T23:59:00", True),
        ("UTC", "2027-02-01T00:01:00", False),
        ("Asia/Tokyo", "2027-01-31T14:59:00", True),
        ("Asia/Tokyo", "2027-01-31T15:01:00", False),
        ("America/Los_Angeles", "2027-02-01T07:59:00", True),
        ("America/Los_Angeles", "2027-02-01T08:01:00", False),
        ("UTC+05:30", "2027-01-31T18:31:00", False),
    ],
)
def test_a_calibration_expires_with_the_day_of_the_laboratory(
    zone: str, moment: str, in_force: bool, tmp_path: Path
) -> None:
    text = f'time_zone = "{zone}"\n' + BENCH + TABLE + POINT
    spec = bench(tmp_path, text)
    if in_force:
        check_in_force(spec, at(moment))
        return
    with pytest.raises(ConfigurationError) as caught:
        check_in_force(spec, at(moment))
    assert f"line {line(text, 'due')}: the calibration expired on 2027-01-31, and today is 2027-02-01" in str(
        caught.value
    )


def test_an_interval_counts_from_the_day_of_the_calibration(tmp_path: Path) -> None:
    text = 'time_zone = "UTC"\n' + BENCH + TABLE.replace("due = 2027-01-31", "interval_days = 28") + POINT
    spec = bench(tmp_path, text)
    check_in_force(spec, at("2026-02-28T12:00:00"))
    with pytest.raises(ConfigurationError, match="line 11: the calibration expired on 2026-02-28"):
        check_in_force(spec, at("2026-03-01T12:00:00"))


@pytest.mark.parametrize(
    ("table", "date", "last"),
    [
        ("calibrated_on = 2026-01-31\ndue = 2027-01-31", "1999-01-31", "2000-01-31"),
        ("calibrated_on = 2026-01-31\ndue = 2027-01-31", "2025-11-30", "2026-11-30"),
        ("calibrated_on = 2026-01-31\ndue = 2027-01-31", "2026-03-31", "2027-01-31"),
        ("calibrated_on = 2026-01-31\ninterval_days = 10", "2026-03-31", "2026-02-10"),  # that of the other point
        ("calibrated_on = 2026-03-31\ninterval_days = 10", "2026-01-31", "2026-02-10"),
        ("calibrated_on = 2026-01-31", "1999-01-31", "2000-01-31"),
        ("due = 2027-01-31", "1999-01-31", "2000-01-31"),
        ("calibrated_on = 2026-01-31", "2026-01-31", "2027-01-31"),
        ("calibrated_on = 2026-01-31\ndue = 9999-12-31", "2026-03-31", ""),
    ],
)
def test_a_point_is_in_force_for_as_long_as_its_calibration(
    table: str, date: str, last: str, tmp_path: Path
) -> None:
    """Counted from its own day, and never after `due`; for a year where the calibration does not say."""
    rest = TABLE.partition("due = 2027-01-31\n")
    own = POINT if "calibrated_on" in table else ""
    text = BENCH + f"[monitor.calibration]\n{table}\n{rest[2]}" + own + HIGHER + f"date = {date}\n"
    spec = bench(tmp_path, 'time_zone = "UTC"\n' + text)
    if not last:
        check_in_force(spec, at("2500-01-01T12:00:00"))
        return
    newest = "2026-03-31"  # of all points: before that day one of them is of tomorrow
    if last >= newest:
        check_in_force(spec, at(f"{last}T23:59:59"))
    with pytest.raises(ConfigurationError, match=rf"line \d+: .* expired on {last}, and today is"):
        check_in_force(spec, at(max(days_after(last, 1), newest)))


def test_a_point_of_tomorrow_is_refused(tmp_path: Path) -> None:
    spec = bench(tmp_path, 'time_zone = "UTC"\n' + BENCH + TABLE + POINT)
    with pytest.raises(
        ConfigurationError, match="line 14: the point was taken on 2026-01-31, but today is 2026-01-30"
    ):
        check_in_force(spec, at("2026-01-30T12:00:00"))


def test_without_points_a_rule_judges_the_days(tmp_path: Path) -> None:
    check_in_force(bench(tmp_path, 'time_zone = "UTC"\n' + BENCH + TABLE), at("2030-01-01T00:00:00"))


def test_a_zone_that_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 1: time_zone = 'Europe/Atlantis': .*IANA"):
        bench(tmp_path, 'time_zone = "Europe/Atlantis"\n' + BENCH)


def test_the_zone_of_this_computer_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    assert zone_of(bench(tmp_path, BENCH)) == "Asia/Kathmandu"
    assert zone_of(load_bench_spec("virtual-lpm01a")) == "UTC"
