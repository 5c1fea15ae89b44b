# SPDX-License-Identifier: Apache-2.0
"""The limits of a night, by the clock on the wall, also where that is put forward or back."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from energy_runner.sweep.plan.spec import LimitSpec
from energy_runner.sweep.work.limits import Limits
from instruments.clock import NS_PER_S, Clock

BERLIN = ZoneInfo("Europe/Berlin")


class WallClock(Clock):
    """A clock whose time of day a test sets."""

    virtual = True

    def __init__(self, local: datetime) -> None:
        self.utc_s = local.timestamp()
        self.now_s = 0.0

    def now_ns(self) -> int:
        return round(self.now_s * NS_PER_S)

    def utc_ns(self) -> int:
        return round(self.utc_s * NS_PER_S)

    def sleep(self, duration_s: float) -> None:
        self.utc_s += duration_s
        self.now_s += duration_s


def limits(clock: Clock, folder: Path, **keys: object) -> Limits:
    return Limits(LimitSpec.model_validate({"time_zone": "Europe/Berlin", "free_gb": 0.0, **keys}), folder, clock)


def at(*when: int) -> WallClock:
    return WallClock(datetime(*when, tzinfo=BERLIN))  # type: ignore[arg-type]


def test_no_point_is_begun_before_the_night(tmp_path: Path) -> None:
    clock = at(2026, 11, 30, 16, 30)
    night = limits(clock, tmp_path, not_before="18:00", not_after="08:00")
    assert night.wait_s() == 5400.0
    clock.sleep(5400.0)
    assert night.wait_s() == 0.0
    assert night.reached() is None


def test_no_point_is_begun_that_would_end_after_the_night(tmp_path: Path) -> None:
    clock = at(2026, 11, 30, 18, 0)
    night = limits(clock, tmp_path, not_before="18:00", not_after="08:00")
    night.took(1800.0, 0.0)
    clock.sleep(13.4 * 3600)
    assert night.reached() is None
    clock.sleep(0.2 * 3600)
    assert "not_after" in (night.reached() or "")


@pytest.mark.parametrize(
    ("day", "hours"),
    [((2026, 3, 28), 13.0), ((2026, 10, 24), 15.0), ((2026, 11, 30), 14.0)],
    ids=["an hour less", "an hour more", "an ordinary night"],
)
def test_a_night_in_which_the_clocks_change_ends_by_the_wall(
    tmp_path: Path, day: tuple[int, ...], hours: float
) -> None:
    for keys in ({"not_before": "18:00", "not_after": "08:00"}, {"not_after": "08:00"}):
        clock = at(*day, 18, 0)
        night = limits(clock, tmp_path, **keys)
        assert night.wait_s() == 0.0
        clock.sleep(hours * 3600 - 60)
        assert night.reached() is None
        clock.sleep(61)
        assert night.wait_s() == 0.0  # it does not wait for the next night
        assert "not_after = 08:00" in (night.reached() or "")


def test_a_wait_over_the_change_of_the_clocks_is_that_of_the_wall(tmp_path: Path) -> None:
    clock = at(2026, 3, 28, 20, 0)
    morning = limits(clock, tmp_path, not_before="06:00", not_after="09:00")
    assert morning.wait_s() == 9 * 3600


def test_a_night_that_begins_in_the_hour_that_comes_twice_is_not_over_when_it_does(tmp_path: Path) -> None:
    clock = at(2026, 10, 24, 17, 0)
    night = limits(clock, tmp_path, not_before="02:30", not_after="05:00")
    assert night.wait_s() == 9.5 * 3600
    clock.sleep(night.wait_s())
    for _ in range(35):  # 02:30 to 03:00, 02:00 to 03:00 again, and on to 05:00: three hours and a half
        assert (night.wait_s(), night.reached()) == (0.0, None)
        clock.sleep(360.0)
    assert "not_after = 05:00" in (night.reached() or "")


def test_hours_count_by_the_clock_that_nobody_sets(tmp_path: Path) -> None:
    clock = at(2026, 11, 30, 18, 0)
    night = limits(clock, tmp_path, hours=2.0)
    clock.utc_s += 86_400  # somebody sets the time of day
    assert night.reached() is None
    clock.sleep(7200)
    assert "limits.hours" in (night.reached() or "")


def test_energy_and_disk(tmp_path: Path) -> None:
    clock = at(2026, 11, 30, 18, 0)
    night = limits(clock, tmp_path, energy_j=1.0, disk_gb=1e-6)
    night.took(1.0, 0.6)
    assert night.reached() is None
    (tmp_path / "session").mkdir()
    (tmp_path / "session" / "stream.bin").write_bytes(bytes(2000))
    assert night.reached() is None  # it looks at the folder every tenth time
    night.took(1.0, 0.6)
    assert "limits.energy_j" in (night.reached() or "")
    assert "limits.disk_gb" in (limits(clock, tmp_path, disk_gb=1e-6).reached() or "")


def test_a_full_disk(tmp_path: Path) -> None:
    night = limits(at(2026, 11, 30, 18, 0), tmp_path, free_gb=1e9)
    assert "limits.free_gb" in (night.reached() or "")
