# SPDX-License-Identifier: Apache-2.0
"""With what it was measured: each instrument, its settings and its calibration."""

from typing import Any

from pydantic import Field, StrictBool

from energy_runner.session.document import Model

# What an instrument tells of itself; of each, `NAME_stated` says whether the laboratory told it instead.
IDENTITY = ("make", "model", "serial", "firmware")
_OF_RESULT = frozenset({"sampler", "voltage"})


class CalibrationFacts(Model):
    """The calibration of an instrument."""

    certificate: str = ""
    """Number of the calibration certificate; empty where none is stated."""
    laboratory: str = ""
    """Who calibrated."""
    date: str = ""
    """Day of the calibration, ISO 8601."""
    due: str = ""
    """Day until which it holds, ISO 8601."""
    accredited: StrictBool | None = None
    """Whether that laboratory is accredited for it; null where nobody says."""
    adjusted: StrictBool | None = None
    """Whether the instrument was adjusted then; null where nobody says."""
    used: StrictBool = False
    """Whether points of it corrected the readings of this session."""
    source: str = ""
    """Who says so: `calibration file of the bench`, `stated by the laboratory`, or both, with `; ` between them;
    empty where nobody does."""


class Instrument(Model):
    """An instrument of the bench, as it identified itself."""

    name: str
    """Its name in the bench file."""
    roles: list[str]
    """What it did: `supply`, `sampler`, `voltage` (the energy is computed with the voltage that it was set to, for
    nothing measured one), `edges`, `clock` (its clock timed the windows), `dut`, `thermometer`, `switch`."""
    driver: str
    """Name of its driver."""
    make: str = ""
    """Make, by its own answer, or by the laboratory where it has none to give."""
    model: str = ""
    """Model, likewise."""
    serial: str = ""
    """Serial number, likewise."""
    firmware: str = ""
    """Version of its firmware, likewise."""
    make_stated: StrictBool = False
    """True if the laboratory stated the make, for the instrument does not tell."""
    model_stated: StrictBool = False
    """Likewise for the model."""
    serial_stated: StrictBool = False
    """Likewise for the serial number."""
    firmware_stated: StrictBool = False
    """Likewise for the version of the firmware."""
    virtual: StrictBool
    """True if it was simulated."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Its table in the bench file, without addresses."""
    specification: str = ""
    """The document whose limits entered the uncertainty; empty for an instrument that has no part in it."""
    calibration: CalibrationFacts = CalibrationFacts()
    """Its calibration."""
    in_calibration: StrictBool | None = None
    """Whether the day of the measurement lies within the calibration; null where its dates, or the day, are not
    known."""

    @property
    def in_result(self) -> bool:
        """Return whether the energy was computed from what it read, or from what it was set to."""
        return not _OF_RESULT.isdisjoint(self.roles)


class Equipment(Model):
    """The instruments and the computer."""

    instruments: list[Instrument]
    """The instruments, in the order of their names."""
    computer: str
    """Operating system and processor of the computer."""
    period_s: float | None
    """Sample period, s; null where nothing was sampled."""
    voltage_set_v: float | None
    """Voltage that was set, V; null where it was not, and for several rails, of which the result holds it."""
    current_limit_a: float | None = None
    """Current limit of the supply, A; null where none is stated, and for several rails."""
    signals: list[str] = Field(default_factory=list)
    """What was recorded, each with its unit, and with its rail where there are several."""


class Conditions(Model):
    """Where and how it was measured, as measured or as the laboratory states it."""

    temperature_low_c: float | None = None
    """Lowest temperature, °C."""
    temperature_high_c: float | None = None
    """Highest temperature, °C."""
    temperature_u_k: float | None = None
    """Standard uncertainty of the temperature, K; null where none is stated."""
    temperature_from: str = ""
    """Who says so: the name of the thermometer, `bench file` or `stated by the laboratory`."""
    humidity_percent: float | None = None
    """Relative humidity, %."""
    warm_up_s: float | None = None
    """How long the instruments had been on, s."""
    cool_down_s: float | None = None
    """How long the DUT was without power before, s."""


class SetUp(Model):
    """The set-up and the boundary of the measurement."""

    voltages_v: list[float] = Field(default_factory=list)
    """Voltages at the DUT, of every rail, as they were measured during the run, V."""
    rails: list[str] = Field(default_factory=list)
    """Supply rails of the DUT by name; empty for a single one."""
    sense: str = ""
    """`2-wire` or `4-wire`; empty where nobody says."""
    inside: str = ""
    """What the measured energy feeds."""
    outside: str = ""
    """What of the board it does not feed."""
    jumpers: str = ""
    """Jumpers and switches of the board."""
    isolation: str = ""
    """How the signals to the IO manager are isolated or shifted."""
    cables: str = ""
    """Cables between supply and DUT."""
    debug_probe: str = ""
    """What is known of the debug probe during the windows."""
    supply_off_confirmed: StrictBool | None = None
    """Whether the supply was read back as off at the end; null for a bench that cannot switch it."""
