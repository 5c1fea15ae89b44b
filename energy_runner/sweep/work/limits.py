# SPDX-License-Identifier: Apache-2.0
"""When a worker may begin a point: the time of night, the disk, the energy, the hours."""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from energy_runner.bench.time_zone import host_zone
from energy_runner.session.days import zone
from energy_runner.sweep.plan.spec import LimitSpec
from instruments.clock import NS_PER_S, Clock

_DISK_EVERY = 10  # points between two looks at the size of a folder, which takes time


@dataclass
class Limits:
    """The limits of a plan on one worker; all times of day are those of the plan's time zone."""

    spec: LimitSpec
    folder: Path
    clock: Clock
    energy_j: float = 0.0
    _began_ns: int = 0
    _durations_s: list[float] = field(default_factory=list)
    _size_b: int = 0
    _until_look: int = 0
    _was_night: bool = False

    def __post_init__(self) -> None:
        self._began_ns = self.clock.now_ns()

    def took(self, duration_s: float, energy_j: float) -> None:
        """Take note of a point: how long it took, s, and what the DUT drew in its windows, J."""
        self._durations_s = [*self._durations_s[-19:], duration_s]
        self.energy_j += energy_j

    def wait_s(self) -> float:
        """Return for how many seconds no point may be begun yet; 0 if one may."""
        if self.spec.not_before is None:
            return 0.0
        now = self._now()
        if self.spec.not_after is not None:
            self._was_night = self._was_night or self._is_night(now)
            if self._was_night:  # when that night is over the sweep ends; it does not wait for the next one
                return 0.0
        elif now.time() >= _time(self.spec.not_before):
            return 0.0
        begin = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        hour, minute = map(int, self.spec.not_before.split(":"))
        begin = begin.replace(hour=hour, minute=minute)
        if begin <= now:
            begin += timedelta(days=1)
        return max(0.0, (begin.astimezone(UTC) - now.astimezone(UTC)).total_seconds())

    def reached(self) -> str | None:
        """Return which limit keeps the next point from being begun, None if none does."""
        spec = self.spec
        if spec.hours is not None and self._hours() >= spec.hours:
            return f"limits.hours = {spec.hours:g}: so many hours have passed"
        if spec.energy_j is not None and self.energy_j >= spec.energy_j:
            return f"limits.energy_j = {spec.energy_j:g}: the DUT has drawn {self.energy_j:.3g} J in its windows"
        return self._night_is_over() or self._disk()

    def _hours(self) -> float:
        return (self.clock.now_ns() - self._began_ns) / NS_PER_S / 3600

    def _night_is_over(self) -> str | None:
        spec = self.spec
        if spec.not_after is None:
            return None
        now = self._now()
        longest_s = max(self._durations_s, default=0.0)
        end = (now.astimezone(UTC) + timedelta(seconds=longest_s)).astimezone(now.tzinfo)
        if spec.not_before is None:
            # Without a beginning the night began when the worker did.
            began = (now.astimezone(UTC) - timedelta(hours=self._hours())).astimezone(now.tzinfo)
            over = _next(began, _time(spec.not_after)) <= end.astimezone(UTC)
        else:
            over = not self._is_night(now) or not self._is_night(end)
        return f"limits.not_after = {spec.not_after}: the next point would not end before it" if over else None

    def _is_night(self, now: datetime) -> bool:
        # As moments: at the end of summer time the clock on the wall shows one hour twice, and a night that begins
        # in it would be over when that hour comes again.
        begin, end = (_at(now, _time(text or "00:00")) for text in (self.spec.not_before, self.spec.not_after))
        moment = now.astimezone(UTC)
        return begin <= moment < end if begin < end else moment >= begin or moment < end

    def _disk(self) -> str | None:
        spec = self.spec
        free_b = shutil.disk_usage(self.folder).free
        if free_b < spec.free_gb * 1e9:
            return f"limits.free_gb = {spec.free_gb:g}: {free_b / 1e9:.2f} GB are free at {self.folder}"
        if spec.disk_gb is None:
            return None
        if self._until_look <= 0:
            self._size_b = sum(_size_b(path) for path in self.folder.rglob("*"))
            self._until_look = _DISK_EVERY
        self._until_look -= 1
        if self._size_b >= spec.disk_gb * 1e9:
            return f"limits.disk_gb = {spec.disk_gb:g}: {self.folder} holds {self._size_b / 1e9:.2f} GB"
        return None

    def _now(self) -> datetime:
        moment = datetime.fromtimestamp(self.clock.utc_ns() / NS_PER_S, UTC)
        return moment.astimezone(zone(self.spec.time_zone or host_zone()))


def _size_b(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # another worker's temporary file, which has gone meanwhile
        return 0


def _time(text: str) -> time:
    hour, minute = map(int, text.split(":"))
    return time(hour, minute)


def _at(day: datetime, moment: time) -> datetime:
    """Return when on that day a clock on the wall shows `moment` for the first time, in UTC."""
    return day.replace(hour=moment.hour, minute=moment.minute, second=0, microsecond=0, fold=0).astimezone(UTC)


def _next(after: datetime, moment: time) -> datetime:
    """Return the next time that a clock on the wall shows `moment`, in UTC."""
    found = after.replace(hour=moment.hour, minute=moment.minute, second=0, microsecond=0, fold=0)
    if found <= after:
        found += timedelta(days=1)
    return found.astimezone(UTC)
