# SPDX-License-Identifier: Apache-2.0
"""The supply of an LPM01A, set, switched and read back through the shield's shell.

Source: UM2269 Rev 6, "Commands" (`volt`, `pwr`).
"""

from collections.abc import Callable

from instruments.clock import Deadline
from instruments.devices.lpm01a.protocol import number
from instruments.devices.lpm01a.shell import POWER_CYCLE, Lpm01aShell
from instruments.errors import InstrumentError, ProtocolViolation, Refused
from instruments.roles import AppliedSupply, SupplyLimits, SupplySettings

LIMITS = SupplyLimits(voltage_min_v=1.8, voltage_max_v=3.3)


class Lpm01aSupply:
    """A `Supply`; `make_quiet(error, deadline)` ends an acquisition that prevents switching off."""

    limits = LIMITS

    def __init__(self, shell: Lpm01aShell, make_quiet: Callable[[InstrumentError, Deadline], None]) -> None:
        self.voltage_v = LIMITS.voltage_max_v
        self._shell = shell
        self._make_quiet = make_quiet

    def configure(self, settings: SupplySettings, deadline: Deadline) -> AppliedSupply:
        """Switch off and set the voltage; raise `Refused` for settings that the shield does not support."""
        asked = f"configure {self._shell.name}"
        if not LIMITS.voltage_min_v <= settings.voltage_v <= LIMITS.voltage_max_v:
            raise Refused(
                asked,
                f"{settings.voltage_v:g} V is outside what it supplies",
                f"a voltage from {LIMITS.voltage_min_v} to {LIMITS.voltage_max_v} V",
            )
        if settings.current_limit_a is not None:
            raise Refused(asked, "its current limit cannot be set", "leave the current limit out")
        voltage_mv = round(settings.voltage_v * 1000)
        self._shell.ask("pwr off", deadline)
        self._shell.ask(f"volt {voltage_mv}m", deadline)
        self.voltage_v = voltage_mv / 1000
        return AppliedSupply(self.voltage_v)

    def on(self, deadline: Deadline) -> None:
        """Switch the supply on and confirm it with `pwr get`."""
        self._shell.ask("pwr on nostatus", deadline)
        self._confirm("on", deadline)

    def off(self, deadline: Deadline) -> None:
        """Switch the supply off and confirm it, even during an acquisition.

        If that fails, end the acquisition, take host control again and try once more; raise `Refused` or the last
        error if the supply is still not known to be off.
        """
        try:
            half = deadline.at_most(deadline.remaining_s() / 2)
            self._shell.ask("pwr off", half)
            self._confirm("off", half)
        except InstrumentError as error:
            self._make_quiet(error, deadline)
            self._shell.ask("pwr off", deadline)
            self._confirm("off", deadline)

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the voltage at the output in volt, from `volt get` (`3292-03` is 3.292 V)."""
        text = self._shell.ask("volt get", deadline)
        try:
            return number(text)
        except ValueError as error:
            raise ProtocolViolation(f"ask {self._shell.name} for its voltage", f"it answered '{text}'") from error

    def _confirm(self, wanted: str, deadline: Deadline) -> None:
        state = self._shell.ask("pwr get", deadline)
        if state.split()[:1] != [wanted]:
            came = f"`pwr get` answers '{state}'"
            raise Refused(f"switch the supply of {self._shell.name} {wanted}", came, POWER_CYCLE)
