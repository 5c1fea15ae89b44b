# SPDX-License-Identifier: Apache-2.0
"""`[….calibration]` and `[….specification]`: what is known of an instrument beyond its maker's table."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from energy_runner.bench.table import Day, Table
from energy_runner.session.days import days_after, days_between
from instruments.roles import UNITS

YEAR_DAYS = 365
Quantity = Literal["current", "voltage", "power", "energy"]
Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Field(ge=-1e6, le=1e6)]


class PointSpec(Table):
    """`[[….calibration.point]]`: at the reading `value`, `correction` is to be added to it (VIM 2.53).

    All points with the same `range` belong together: between two of them the correction is interpolated.
    """

    quantity: Quantity
    """What was calibrated: current, voltage, power, or the energy of one sample."""
    range: Annotated[list[Number], Field(min_length=2, max_length=2)]
    """Lowest and highest reading that this point and its neighbours speak of, in `unit`."""
    value: Number
    """The reading at which the point was taken, in `unit`."""
    correction: Number
    """What is to be added to the reading, in `unit`."""
    unit: Text
    """A, V, W or J, as the quantity has it."""
    U: float = Field(gt=0.0, le=1e6)
    """Expanded uncertainty of the correction, in `unit`."""
    k: float = Field(ge=1.0, le=10.0)
    """Coverage factor of `U`."""
    date: Day | None = None
    """Day on which it was taken, from which its time in force counts; by default the table's `calibrated_on`."""
    laboratory: Text | None = None
    """Who took it; by default the table's `laboratory`."""
    certificate: Text | None = None
    """Number of its certificate; by default the table's `certificate`."""

    @model_validator(mode="after")
    def _fits(self) -> "PointSpec":
        unit = UNITS[self.quantity]
        if self.unit != unit:
            raise ValueError(f"unit = '{self.unit[:20]}' does not fit {self.quantity}, which is given in {unit}")
        low, high = self.range
        if not low < high:
            raise ValueError(f"range = [{low:g}, {high:g}] is empty: give the lowest reading, then the highest")
        if not low <= self.value <= high:
            raise ValueError(f"value = {self.value:g} {unit} lies outside its range, {low:g} to {high:g} {unit}")
        return self


# Units that fit a term, by its name; a term of any other name is one of readings.
_READINGS = ("A", "V", "W", "J")
_TIMES = ("s", "sample")
_FITTING: dict[str, tuple[str, ...]] = {
    "gain": ("A", "W", "J"),
    "offset": ("A", "W", "J"),
    "noise": ("A", "W", "J"),
    "quantisation": ("A", "W", "J"),
    "clock": (),
    "voltage_gain": ("V",),
    "voltage_offset": ("V",),
    "supply_voltage": ("V",),
    "burden_voltage": ("V", "Ohm"),
    "edge_latency": _TIMES,
    "trigger_latency": _TIMES,
}


class CalibrationSpec(Table):
    """`[….calibration]`: when, by whom and until when an instrument was calibrated; days are `YYYY-MM-DD`."""

    calibrated_on: Day | None = None
    """Day of the calibration."""
    due: Day | None = None
    """Last day on which it is in force."""
    interval_days: int | None = Field(default=None, gt=0, le=36500)
    """For how many days it is in force from `calibrated_on` on, where no `due` is given."""
    laboratory: Text | None = None
    """Who calibrated."""
    certificate: Text | None = None
    """Number of the certificate."""
    serial: Text | None = None
    """Serial number of the instrument; a run with another one is refused."""
    virtual: bool | None = None
    """True for the calibration of a twin."""
    point: list[PointSpec] | None = Field(default=None, max_length=200)
    """The corrections that it found."""

    @model_validator(mode="after")
    def _in_order(self) -> "CalibrationSpec":
        if self.calibrated_on is not None and self.due is not None and self.due < self.calibrated_on:
            raise ValueError(f"due ({self.due}) lies before calibrated_on ({self.calibrated_on})")
        if self.interval_days is not None and (self.due is not None or self.calibrated_on is None):
            raise ValueError("interval_days counts from calibrated_on, and takes the place of due")
        return self

    def last_day_of(self, point: PointSpec) -> str | None:
        """Return the last day on which a point is in force; None where it has no day to count from, and no `due`.

        Each point is in force for as long as the calibration, from its own day on, and never after `due`: for
        `interval_days`, for the time from `calibrated_on` to `due`, or else for a year, as the rule `calibration`.
        """
        taken = point.date or self.calibrated_on
        if taken is None:
            return self.due
        days = self.interval_days or YEAR_DAYS
        if self.due is not None and self.calibrated_on is not None:
            days = days_between(self.calibrated_on, self.due)
        try:
            last = days_after(taken, days)
        except ValueError:  # beyond the calendar
            return self.due
        return last if self.due is None else min(last, self.due)


class TermSpec(Table):
    """`[[….specification.term]]`: ± (`relative` × reading + `absolute`), as in a driver's `specification.toml`.

    `relative_per_k` and `absolute_per_k` are counted for `environment.temperature_change_k`.
    """

    name: Text
    """Name of the term; without `above` it takes the place of the driver's own terms of that name."""
    relative: float = Field(default=0.0, ge=0.0, le=1e3)
    """Share of the reading."""
    absolute: float = Field(default=0.0, ge=0.0, le=1e6)
    """Size in `unit`."""
    relative_per_k: float = Field(default=0.0, ge=0.0, le=1e3)
    """Share of the reading for each kelvin since the last self-calibration."""
    absolute_per_k: float = Field(default=0.0, ge=0.0, le=1e6)
    """Size in `unit` for each kelvin since the last self-calibration."""
    unit: Literal["", "A", "V", "W", "J", "Ohm", "s", "sample"] = ""
    """Unit of `absolute` and `above`."""
    above: float = Field(default=0.0, ge=0.0, le=1e6)
    """The term counts only while the reading is larger, in `unit`, beside those with another `above`."""
    hold_s: float = Field(default=0.0, ge=0.0, le=1e3)
    """How long it still counts after such a reading, s: an instrument may be slow to leave a larger range."""
    source: Text
    """The document that states it, with its page."""
    assumed: bool = False
    """True if no document states it."""

    @model_validator(mode="after")
    def _has_a_size(self) -> "TermSpec":
        if not (self.relative or self.absolute or self.per_k):
            raise ValueError(
                f"'{self.name[:40]}' needs a size: relative, absolute, relative_per_k or absolute_per_k"
            )
        if (self.absolute or self.absolute_per_k or self.above) and not self.unit:
            raise ValueError(f"'{self.name[:40]}' needs a unit")
        fitting = _FITTING.get(self.name, _READINGS)
        if self.unit and self.unit not in fitting:
            wanted = ", ".join(fitting) if fitting else "none: it is relative"
            raise ValueError(f"'{self.name[:40]}' cannot be in {self.unit}; what fits: {wanted}")
        return self

    @property
    def per_k(self) -> bool:
        """Return whether it grows with the change of temperature."""
        return bool(self.relative_per_k or self.absolute_per_k)


class SpecificationSpec(Table):
    """`[….specification]`: what is stated about this instrument in place of its maker's table."""

    term: list[TermSpec] | None = Field(default=None, max_length=50)
    """The terms."""
