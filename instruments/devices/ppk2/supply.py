# SPDX-License-Identifier: Apache-2.0
"""The output of a PPK2 in source mode. It cannot be asked for its state: its current tells whether it is off."""

import math
from collections.abc import Callable

from instruments.clock import Deadline
from instruments.devices.ppk2.box import Box
from instruments.devices.ppk2.dialect import LAST_RESORT, LIMITS, POWER_OFF, POWER_ON, SOURCE, mode, regulator
from instruments.devices.ppk2.stream import NEWEST, Ppk2Stream
from instruments.errors import InstrumentError, Refused, TimedOut
from instruments.roles import AppliedSupply, SupplySettings

# Ten times the smallest current that it is stated to measure; a DUT that draws less is as good as off.
OFF_BELOW_A = 2e-6
OFF_SAMPLES = 2 * NEWEST
CONFIRM_S = 2.0


class Ppk2Supply:
    """A `Supply`. The voltage is read back from the metadata, and not measured; no current limit can be set.

    "Off" is confirmed by a mean current below 2 µA. "On" is confirmed only by an answer to a question that was
    sent after the command, or by the stream that goes on.
    """

    limits = LIMITS

    def __init__(self, box: Box, stream: Callable[[], Ppk2Stream]) -> None:
        self.voltage_v = 0.0
        self._box = box
        self._new_stream = stream

    def configure(self, settings: SupplySettings, deadline: Deadline) -> AppliedSupply:
        """Switch off, set source mode and voltage; raise `Refused` if the metadata then say otherwise."""
        asked = f"configure {self._box.name}"
        low_v, high_v = self.limits.voltage_min_v, self.limits.voltage_max_v
        if not low_v <= settings.voltage_v <= high_v:
            came = f"{settings.voltage_v:g} V is outside what it supplies"
            raise Refused(asked, came, f"a voltage from {low_v} to {high_v} V")
        if settings.current_limit_a is not None:
            raise Refused(asked, "its current limit cannot be set", "leave the current limit out")
        wanted_mv = round(settings.voltage_v * 1000)
        self.off(deadline)
        for command in (mode(SOURCE), regulator(wanted_mv)):
            self._box.send(command, deadline)
        answer = self._box.metadata(deadline)
        for key, wanted in (("mode", SOURCE), ("VDD", wanted_mv)):
            if answer.number(key) != wanted:
                came = f"{key} is {answer.text.get(key.lower(), 'not stated')} in its metadata, not {wanted}"
                raise Refused(asked, came, LAST_RESORT)
        self.voltage_v = wanted_mv / 1000
        return AppliedSupply(self.voltage_v)

    def on(self, deadline: Deadline) -> None:
        """Switch on; raise `TimedOut` if it does not answer afterwards."""
        self._box.send(POWER_ON, deadline)
        if not self._box.running:
            self._box.metadata(deadline)

    def off(self, deadline: Deadline) -> None:
        """Switch off, also during an acquisition; raise `Refused` if a current flows, `TimedOut` for silence."""
        if self._box.running:
            try:
                self._off(deadline.at_most(deadline.remaining_s() / 2))
                return
            except InstrumentError:
                self._box.attempt_stop(deadline.at_most(deadline.remaining_s() / 2))
        self._box.send(POWER_OFF, deadline)
        with self._box.set_aside():
            self._box.start(self._new_stream(), deadline)
            try:
                self._off(deadline)
            finally:
                self._box.stop(deadline)

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return None: a PPK2 does not measure the voltage."""
        return None

    def _off(self, deadline: Deadline) -> None:
        self._box.send(POWER_OFF, deadline)
        limit, came = deadline.at_most(CONFIRM_S), 0
        self._box.receive(limit)  # what had come before the command shows nothing
        current_a = math.nan
        while not limit.expired():
            came += self._box.wait(limit)
            current_a = self._box.newest_a()
            if came >= OFF_SAMPLES and abs(current_a) < OFF_BELOW_A:
                return
        asked = f"switch the output of {self._box.name} off"
        if came < OFF_SAMPLES:
            raise TimedOut(asked, "no samples come that would show it", LAST_RESORT)
        raise Refused(asked, f"{current_a * 1e6:.4g} µA still flow", LAST_RESORT)
