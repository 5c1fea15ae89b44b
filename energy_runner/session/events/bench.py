# SPDX-License-Identifier: Apache-2.0
"""The devices of a bench: what they are, how they were set, and what surrounds them."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from energy_runner.session.events.base import Event, Rail


class DeviceIdentified(Event):
    """A device answered with its identity."""

    kind: Literal["box-identified"] = "box-identified"
    box: str
    """Name of the device in the bench."""
    identity: dict[str, Any]
    """What it answered: `make`, `model`, `serial`, `firmware`, `virtual` and anything else that it reported."""


class MonitorConfigured(Event):
    """The sampler reported its settings; `accuracy` holds the specification that goes with them.

    `sampler` and `supply` name the instruments that play these roles; an empty `supply` means that no instrument
    on the bench feeds the DUT.
    """

    kind: Literal["monitor-configured"] = "monitor-configured"
    voltage_set_v: float
    """Output voltage that was set, V."""
    period_s: float
    """Sample period, s."""
    signals: list[dict[str, Any]]
    """Signals in the trace, each with `name`, `unit`, `kind` (mean or instant) and `period_s`."""
    captures_edges: StrictBool
    """True if it sees the edges of the timestamp pin."""
    starts_on_edge: StrictBool
    """True if its acquisition starts at the first edge."""
    accuracy: dict[str, Any]
    """The specification that goes with these settings, with its sources."""
    sampler: str = "monitor"
    """Name of the instrument that samples."""
    supply: str = "monitor"
    """Name of the instrument that feeds the DUT; empty if none on the bench does."""
    current_limit_a: float | None = None
    """Current limit of the supply, A; null where it does not tell of one."""
    largest: list[dict[str, Any]] = Field(default_factory=list)
    """Largest readings that there can be, each with `value`, `unit`, `lasting` and `source`."""
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""
    uncounted: Annotated[str, Field(exclude_if=lambda uncounted: not uncounted)] = ""
    """Why samples may be missing that nobody can count, in words; left out where they are counted."""


class SupplySwitched(Event):
    """The DUT's supply was switched, and the instrument that feeds it confirmed it."""

    kind: Literal["supply-switched"] = "supply-switched"
    on: StrictBool
    """True: on; false: off."""
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""


class VoltageMeasured(Event):
    """The monitor measured the voltage at its output."""

    kind: Literal["voltage-measured"] = "voltage-measured"
    voltage_v: float
    """Voltage at the output, V."""
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""


class SupplySettled(Event):
    """After the power-up, the voltage has been near the set one for as long as the plan says."""

    kind: Literal["supply-settled"] = "supply-settled"
    voltage_v: float
    """Voltage that was measured last, V."""
    voltage_set_v: float
    """Voltage that was set, V."""
    within_v: float
    """How near it had to be, V."""
    waited_s: float
    """How long that took, s."""
    rail: Rail = ""
    """Name of the rail that it is about; left out where the DUT has one only."""


class TemperatureMeasured(Event):
    """The thermometer measured the temperature of the surroundings."""

    kind: Literal["temperature-measured"] = "temperature-measured"
    temperature_c: float
    """Temperature, °C."""
    u_k: float | None
    """Its standard uncertainty, K; null where nobody stated it."""
    thermometer: str = ""
    """Name of the instrument that measured it."""


class SwitchTurned(Event):
    """The switch was turned; from now on the debug probe, or what else hangs on it, is on or off.

    Until 0.1.0 it was only written where the switch confirmed it.
    """

    kind: Literal["switch-turned"] = "switch-turned"
    on: StrictBool
    """True: on; false: off."""
    confirmed: StrictBool = True
    """True: the switch says so, read back; false: it cannot tell."""
    switch: str = ""
    """Name of the instrument that was turned."""


class SwitchRead(Event):
    """The switch was asked how it stands."""

    kind: Literal["switch-read"] = "switch-read"
    on: StrictBool | None
    """True: on; false: off; null: it cannot tell, or did not answer."""
    switch: str = ""
    """Name of the instrument that was asked."""
