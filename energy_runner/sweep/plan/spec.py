# SPDX-License-Identifier: Apache-2.0
"""`plan.toml`: what a sweep measures, in which order, and when it waits, stops and tries again."""

import math
import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from energy_runner.bench.spec import Text
from energy_runner.bench.table import Table
from energy_runner.bench.time_zone import ZoneName
from energy_runner.sweep.ladder import ATTEMPTS, FAILURES_IN_A_ROW, LADDER

Scalar = str | int | float | bool
Order = Literal["random", "blocks", "as-written"]
# Not a path: sessions and folders are named after it.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
MOST_VALUES = 10_000
MOST_POINTS = 100_000
PLACE = "{value}"
IMAGE = "{image}"  # as in the flashing command of a run
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _scalar(value: object) -> object:
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("a text, a finite number, true or false")


def _time_of_day(value: object) -> object:
    """Return a time of day as `HH:MM`, given as a text or as a TOML time."""
    text = value if isinstance(value, str) else str(value)[:5]
    if not _CLOCK.fullmatch(text):
        raise ValueError('a time of day such as "18:00"')
    return text


Value = Annotated[Scalar, BeforeValidator(_scalar)]
TimeOfDay = Annotated[str, BeforeValidator(_time_of_day)]
Settings = dict[Text, Value]
Choice = dict[Text, Annotated[Value | list[Value], Field()]]


class RangeSpec(Table):
    """`range` of an axis: from `start` to `stop`, both included; whole numbers in whole steps stay whole."""

    start: int | float
    """First value."""
    stop: int | float
    """Last value."""
    step: int | float | None = Field(default=None)
    """Distance of two values; the last one is the last that is not beyond `stop`."""
    count: int | None = Field(default=None, ge=2, le=MOST_VALUES)
    """How many values, evenly spaced."""

    @model_validator(mode="after")
    def _one_of_both(self) -> "RangeSpec":
        if (self.step is None) == (self.count is None):
            raise ValueError("give either step or count")
        if self.step is not None:
            span = self.stop - self.start
            if self.step == 0 or span / self.step < 0:
                raise ValueError(f"step = {self.step:g} does not lead from {self.start:g} to {self.stop:g}")
            if span / self.step >= MOST_VALUES:
                raise ValueError(f"step = {self.step:g} makes more than {MOST_VALUES} values")
        return self

    def values(self) -> list[int | float]:
        """Return its values; those of a step are rounded to what the step can mean."""
        if self.count is not None:
            share = (self.stop - self.start) / (self.count - 1)
            return [float(f"{self.start + share * number:.12g}") for number in range(self.count)]
        step = self.step or 1.0
        if isinstance(self.start, int) and isinstance(step, int):
            return [self.start + step * index for index in range(int((self.stop - self.start) // step) + 1)]
        number = math.floor((self.stop - self.start) / step + 1e-9)
        return [float(f"{self.start + step * index:.12g}") for index in range(number + 1)]


class AxisSpec(Table):
    """`[axes.NAME]`: what one axis changes, and its values.

    One of `sets`, `command` and `flash` says what it changes.
    """

    sets: Text | None = None
    """An option of `run` (such as `voltage`), `bench`, or a key of its file: `bench.monitor.voltage_v`."""
    command: Text | None = None
    """A command for the DUT, with `{value}` where the value goes: `clock {value}`."""
    flash: Text | None = None
    """A program that flashes the DUT, with `{image}` where the value is a file, else with `{value}`."""
    values: list[Value] | None = Field(default=None, max_length=MOST_VALUES)
    """Its values."""
    range: RangeSpec | None = None
    """Its values as a range of numbers."""

    @model_validator(mode="after")
    def _complete(self) -> "AxisSpec":
        ways = [name for name in ("sets", "command", "flash") if getattr(self, name) is not None]
        if len(ways) != 1:
            given = f"not {' and '.join(ways)}" if ways else "it has none of them"
            raise ValueError(f'an axis has one of sets, command and flash ({given}), such as sets = "voltage"')
        if (self.values is None) == (self.range is None):
            raise ValueError("an axis has either values or a range, such as values = [1.8, 3.0]")
        if self.values is not None and not self.values:
            raise ValueError("values is empty, so the sweep would have no point")
        seen: set[tuple[bool, Scalar]] = set()
        for one in self.all_values():
            if (isinstance(one, bool), one) in seen:
                raise ValueError(f"the value {one!r} is given twice")
            seen.add((isinstance(one, bool), one))
        template = self.command or self.flash
        places = (PLACE, IMAGE) if self.flash is not None else (PLACE,)
        if template is not None and not any(place in template for place in places):
            raise ValueError(f"{ways[0]} has no {' or '.join(places)}, so nothing reads the axis")
        return self

    def all_values(self) -> list[Scalar]:
        """Return its values in the order of the file."""
        if self.range is not None:
            return list(self.range.values())
        return list(self.values or ())


class ReferenceSpec(Table):
    """`[reference]`: the settings that are measured again and again, and how often on each bench."""

    values: Settings = Field(default_factory=dict)
    """The value of each axis; where one is missing, the axis's first."""
    every_points: int | None = Field(default=None, ge=1)
    """After so many points on a bench; it is measured at a bench's beginning and end, too."""
    every_hours: float | None = Field(default=None, gt=0.0, le=1000.0)
    """Or after so many hours."""


class WaitSpec(Table):
    """`[wait]`: what each point waits for."""

    temperature_c: list[float] | None = Field(default=None, min_length=2, max_length=2)
    """Lowest and highest temperature at the bench's thermometer, °C."""
    temperature_s: float | None = Field(default=None, gt=0.0)
    """How long to wait for it, s."""
    cool_down_s: float | None = Field(default=None, ge=0.0, le=86_400.0)
    """How long the DUT is without power before it is switched on, s."""
    settle_s: float | None = Field(default=None, gt=0.0)
    """How long the measured voltage of the supply must have been near the set one before the DUT is used, s."""
    settle_v: float | None = Field(default=None, gt=0.0)
    """How near, V."""
    settle_share: float | None = Field(default=None, gt=0.0)
    """How near, as a share of the set voltage."""
    settle_timeout_s: float | None = Field(default=None, gt=0.0)
    """How long to wait for it, s."""


class LimitSpec(Table):
    """`[limits]`: when a sweep begins, and when it stops by itself."""

    not_before: TimeOfDay | None = None
    """Time of day from which on points are begun, `HH:MM`."""
    not_after: TimeOfDay | None = None
    """Time of day after which no point is begun that would not end before it."""
    time_zone: ZoneName | None = None
    """The time zone of both, such as `Europe/Berlin`; by default this computer's."""
    hours: float | None = Field(default=None, gt=0.0)
    """Hours from the beginning of this run of the sweep after which no point is begun."""
    disk_gb: float | None = Field(default=None, gt=0.0)
    """Size of the sweep's folder, GB, beyond which no point is begun."""
    free_gb: float = Field(default=1.0, ge=0.0)
    """Space on the disk, GB, below which no point is begun."""
    energy_j: float | None = Field(default=None, gt=0.0)
    """Energy that the DUT drew in all windows, J, beyond which no point is begun."""
    failures_in_a_row: int = Field(default=FAILURES_IN_A_ROW, ge=1, le=1000)
    """Points that fail one after the other on a bench before the bench is quarantined."""
    attempts: int = Field(default=ATTEMPTS, ge=1, le=100)
    """Runs at a point on one bench before it is set aside."""
    retry_invalid: int = Field(default=1, ge=0, le=100)
    """How often a point is measured again that was measured, but is not valid."""


class RecoverySpec(Table):
    """`[recovery]`: what is done between two attempts at a point."""

    ladder: list[Text] = Field(default=list(LADDER))
    """The steps, one before each attempt after the first; `[]` for none."""
    usb_power_command: Text | None = None
    """A program that switches a USB port off and on: `uhubctl -l 1-1 -p 2 -a cycle`."""


class NotifySpec(Table):
    """`[notify]`: who is told."""

    urls: list[Text] = Field(default_factory=list)
    """Addresses as Apprise writes them, or `$NAME` for one that is in the environment and not in every session."""
    on: list[Literal["end", "trouble"]] = Field(default=["end", "trouble"])
    """When: at the end, at trouble."""


class PlanSpec(Table):
    """A whole plan."""

    name: Name
    """Name of the sweep: letters, digits, `-` and `_`."""
    description: str = ""
    """What it is for, for people."""
    benchmark: Text = "demo-keywords"
    """Benchmark of all points, where no axis sets it."""
    mode: Literal["energy", "performance", "accuracy"] = "energy"
    """Mode of all points, where no axis sets it."""
    seed: int = Field(default=0, ge=0, le=2**63 - 1)
    """Seed of the random order, and of the errors of virtual benches."""
    order: Order = "random"
    """`random`; `blocks`: every repeat is a block of its own, in random order; or `as-written`."""
    group_by: list[Text] = Field(default_factory=list)
    """Axes that are slow to change: points with the same value of them are measured together."""
    repeats: int = Field(default=1, ge=1, le=10_000)
    """How often each point is measured."""
    settings: Settings = Field(default_factory=dict)
    """What is the same for all points; keys as for `sets` of an axis."""
    axes: dict[Text, AxisSpec] = Field(default_factory=dict, max_length=32)
    """The axes by name."""
    zip: list[list[Text]] = Field(default_factory=list)
    """Axes that change together, value by value, in place of every combination."""
    exclude: list[Choice] = Field(default_factory=list)
    """Points that are left out: `{voltage = 1.8, clock = [64, 80]}`."""
    include: list[Settings] = Field(default_factory=list)
    """Points beside the combinations, each with a value for every axis."""
    reference: ReferenceSpec | None = None
    """The reference point."""
    wait: WaitSpec = WaitSpec()
    """Conditions to wait for."""
    limits: LimitSpec = LimitSpec()
    """When it stops."""
    recovery: RecoverySpec = RecoverySpec()
    """What is tried when a point fails."""
    notify: NotifySpec = NotifySpec()
    """Who is told."""
