# SPDX-License-Identifier: Apache-2.0
"""Qoitech Otii Arc or Ace through the Otii server: it feeds the DUT, records, and dates edges on its input GPI1.

The server is the Otii application or `otii_server`, on TCP port 1905. It is asked in its own JSON lines, so that
every byte is in the journal and every wait has a deadline. The maker's client cannot promise that: its time-outs
are fixed or absent, and it takes any notice of the server for the answer. A test lets it talk to our twin.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline
from instruments.devices.otii import dialect, protocol
from instruments.devices.otii.dialect import CURRENT, PIN, VOLTAGE
from instruments.devices.otii.recorder import Recorder
from instruments.errors import InstrumentError, Refused
from instruments.firmware import check_version
from instruments.json_lines.dialogue import JsonDialogue
from instruments.json_lines.messages import flag, text, whole
from instruments.json_lines.supply import JsonSupply
from instruments.links.base import Link
from instruments.oldest_firmware import OTII
from instruments.roles import (
    AppliedSampling,
    EdgeSource,
    Identity,
    Instrument,
    Sampler,
    SamplerCapabilities,
    SamplingSettings,
    StreamItem,
    Supply,
    signals,
)
from instruments.scpi.identity import TWIN_SERIAL
from instruments.specifications import Specification, load, with_noise_at

CLOSE_S = 2.0
DEVICES_S = 5  # how long the server may look for devices that are starting
USER, PASSWORD = "OTII_USERNAME", "OTII_PASSWORD"  # names that the maker's client reads, too
_NOISE_PERIOD_S = 250e-6  # what the noise in the tables holds for


class Options(BaseModel):
    """`device`: its id, name or serial number, or the end of one; "" takes the only one of its kind."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    device: str = Field(default="", description="its id, name or serial number; not needed for the only one")


class Otii(Instrument):
    """`Supply`, and `Sampler` of `current` and `voltage`, and edges of GPI1 among its samples.

    An Arc reads current four times for each reading of voltage. A sample is one reading of the voltage and the
    mean of the readings of current in the same time: nothing is held or interpolated. That a reading is the mean
    since the one before is assumed. Each recording stays in the application's project, unsaved.
    """

    model = dialect.ARC
    rates = model.rates
    capabilities = SamplerCapabilities()  # readings stay in the computer that runs the server

    def __init__(self, link: Link, clock: Clock, options: Options | None = None) -> None:
        self.name = link.name
        self._clock = clock
        self._wanted = (options or Options()).device
        self._id = ""
        self._dialogue = JsonDialogue(link, protocol.refusal)
        self._supply = JsonSupply(self.name, self._ask, self.model.limits, dialect.SUPPLY)
        self._recorder = Recorder(self._dialogue, self._ask, self._supply, clock)
        self._give_back: list[tuple[str, dict[str, Any]]] = []
        self._period_s, self._readings = _NOISE_PERIOD_S, 1

    def supply(self, channel: str = "") -> Supply:
        """Return the supply."""
        return self._supply

    def sampler(self, channel: str = "") -> Sampler:
        """Return the sampler."""
        return self

    def edges(self, channel: str = "") -> EdgeSource:
        """Return the edges on GPI1."""
        return self._recorder

    def open(self, deadline: Deadline) -> Identity:
        """Connect, log in if need be, reserve a licence, find the device, end a recording left running."""
        self._give_back = []
        greeting = self._dialogue.open(deadline)
        check_version(self.name, OTII, str(greeting.data.get("otii_version", "")))
        self._may_automate(deadline)
        found = self._dialogue.ask("otii_get_devices", deadline, within_s=DEVICES_S + 3.0, timeout=DEVICES_S)
        device = protocol.chosen(protocol.devices(found), self.model.kind, self._wanted)
        self._id = device.id
        with suppress(Refused):  # before Otii 3.5.2, devices were always part of the project
            self._ask("arc_add_to_project", deadline, within_s=10.0)
        left = self._recorder.adopt_project(deadline)
        version = self._ask("arc_get_version", deadline)
        detail = {"name": device.name, "hardware": text(version, "hw_version")}
        detail |= {"otii": text({"otii_version": "", **greeting.data}, "otii_version")}
        detail |= {"ended": "a recording that was running"} if left else {}
        virtual = device.kind == protocol.SIMULATOR or device.serial.startswith(TWIN_SERIAL)
        firmware, model = text(version, "fw_version"), f"Otii {device.kind}"
        return Identity("monitor", "Qoitech", model, device.serial, firmware, virtual, tuple(detail.items()))

    def close(self) -> None:
        """End a recording, give back what was reserved, and release the link."""
        deadline = self._clock.deadline(CLOSE_S)
        try:
            with suppress(InstrumentError):
                if self._recorder.running:
                    self._recorder.stop(deadline)
            while self._give_back:
                command, ids = self._give_back.pop()
                with suppress(InstrumentError):
                    self._dialogue.ask(command, deadline, **ids)
        finally:
            self._recorder.running = False
            self._dialogue.close()

    def configure(self, settings: SamplingSettings, deadline: Deadline) -> AppliedSampling:
        """Record current, voltage and GPI1; the rates are read back."""
        rate_hz = self.rates.checked(settings.sample_rate_hz)
        for channel in (CURRENT, VOLTAGE, PIN):
            self._ask("arc_enable_channel", deadline, channel=channel, enable=True)
        self._ask("arc_enable_exp_port", deadline, enable=True)
        low_v, high_v = dialect.EXPANSION_V
        self._ask("arc_set_exp_voltage", deadline, value=min(max(self._supply.voltage_v, low_v), high_v))
        self._set_rate((round(rate_hz),) if rate_hz else self.model.default_hz, deadline)
        current_hz, voltage_hz = (
            whole(self._ask("arc_get_channel_samplerate", deadline, channel=name), "value", dialect.MOST_HZ)
            for name in (CURRENT, VOLTAGE)
        )
        self._readings = protocol.readings_each(current_hz, voltage_hz, dialect.READINGS_AT_ONCE)
        self._period_s = 1.0 / current_hz
        return AppliedSampling(signals("current", "voltage", period_s=self._period_s))

    def specification(self) -> Specification:
        """Return the limits, with the noise of one sample."""
        return with_noise_at(load(self.model.specification), self._period_s, _NOISE_PERIOD_S, power=-0.5)

    def start(self, deadline: Deadline) -> None:
        """Begin a recording; its first sample has index 0."""
        self._recorder.start(self._period_s * self._readings, self._readings, deadline)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what was recorded since the last call."""
        return self._recorder.poll(deadline)

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the recording and return the rest of it; no document ties the server's sums to all readings."""
        return self._recorder.stop(deadline)

    def _ask(self, command: str, deadline: Deadline, **data: Any) -> Mapping[str, Any]:
        """Ask about the device."""
        return self._dialogue.ask(command, deadline, device_id=self._id, **data)

    def _set_rate(self, wanted: Sequence[int], deadline: Deadline) -> None:
        """Set the first rate that the device takes; an Arc has only one."""
        if not self.model.default_hz:
            return
        for rate_hz in wanted:
            try:
                for channel in (CURRENT, VOLTAGE):
                    self._ask("arc_set_channel_samplerate", deadline, channel=channel, value=rate_hz)
                return
            except Refused as error:
                refused = error
        raise refused

    def _may_automate(self, deadline: Deadline) -> None:
        """Log in by the environment unless somebody is, reserve a licence unless one is; both until `close`."""
        ask = self._dialogue.ask
        if not flag(ask("otii_is_logged_in", deadline), "logged_in"):
            user, password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
            if not (user and password):
                came, advice = f"nobody is logged in, and {USER} is not set", "log in in the Otii application"
                raise Refused(f"open {self.name}", came, advice)
            ask("otii_login", deadline, secret=True, username=user, password=password)
            self._give_back.append(("otii_logout", {}))
        if not flag(ask("otii_has_license", deadline, license_type=protocol.AUTOMATION), "has_license"):
            licence = protocol.free_licence(ask("otii_get_licenses", deadline))
            ask("otii_reserve_license", deadline, license_id=licence)
            self._give_back.append(("otii_return_license", {"license_id": licence}))


class OtiiAce(Otii):
    """An Otii Ace, whose sample rate can be set for both channels."""

    model = dialect.ACE
    rates = model.rates
