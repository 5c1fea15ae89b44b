# SPDX-License-Identifier: Apache-2.0
"""A supply that is set, switched and read back through a shell, even during an acquisition."""

from collections.abc import Callable
from dataclasses import dataclass

from instruments.clock import Deadline
from instruments.errors import InstrumentError, ProtocolViolation, Refused
from instruments.roles import AppliedSupply, SupplyLimits, SupplySettings
from instruments.shell.acquisition import Acquisition


@dataclass(frozen=True)
class ShellSupplyDialect:
    """One instrument's commands for its supply; it has no current limit to be set.

    In `set_voltage`, `{voltage_mv}` is replaced by the voltage in whole millivolts. The answer to `state` begins
    with `on` or `off`; the one to `measure` is a voltage that `number` reads (V) or refuses with `ValueError`.
    """

    limits: SupplyLimits
    set_voltage: str
    on: str
    off: str
    state: str
    measure: str
    number: Callable[[str], float]


class ShellSupply:
    """A `Supply`; an acquisition that prevents switching off is ended."""

    def __init__(self, acquisition: Acquisition, dialect: ShellSupplyDialect) -> None:
        self.limits = dialect.limits
        self.voltage_v = dialect.limits.voltage_max_v
        self._dialect = dialect
        self._shell = acquisition.dialogue
        self._hush = acquisition.hush
        self._make_quiet = acquisition.make_quiet

    def configure(self, settings: SupplySettings, deadline: Deadline) -> AppliedSupply:
        """Switch off and set the voltage; raise `Refused` for settings that it does not support."""
        asked = f"configure {self._shell.name}"
        low_v, high_v = self.limits.voltage_min_v, self.limits.voltage_max_v
        if not low_v <= settings.voltage_v <= high_v:
            raise Refused(
                asked,
                f"{settings.voltage_v:g} V is outside what it supplies",
                f"a voltage from {low_v} to {high_v} V",
            )
        if settings.current_limit_a is not None:
            raise Refused(asked, "its current limit cannot be set", "leave the current limit out")
        voltage_mv = round(settings.voltage_v * 1000)
        self._shell.ask(self._dialect.off, deadline)
        self._shell.ask(self._dialect.set_voltage.format(voltage_mv=voltage_mv), deadline)
        self.voltage_v = voltage_mv / 1000
        return AppliedSupply(self.voltage_v)

    def on(self, deadline: Deadline) -> None:
        """Switch the supply on and confirm it by read-back."""
        self._shell.ask(self._dialect.on, deadline)
        self._confirm("on", deadline)

    def off(self, deadline: Deadline) -> None:
        """Switch the supply off and confirm it, even during an acquisition.

        If that fails, end the acquisition, take host control again and try once more; raise `Refused` or the last
        error if the supply is still not known to be off.
        """
        try:
            half = deadline.at_most(deadline.remaining_s() / 2)
            self._hush(half)
            self._shell.ask(self._dialect.off, half)
            self._confirm("off", half)
        except InstrumentError as error:
            self._make_quiet(error, deadline)
            self._shell.ask(self._dialect.off, deadline)
            self._confirm("off", deadline)

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the voltage at the output (V)."""
        text = self._shell.ask(self._dialect.measure, deadline)
        try:
            return self._dialect.number(text)
        except ValueError as error:
            raise ProtocolViolation(f"ask {self._shell.name} for its voltage", f"it answered '{text}'") from error

    def _confirm(self, wanted: str, deadline: Deadline) -> None:
        state = self._shell.ask(self._dialect.state, deadline)
        if state.split()[:1] != [wanted]:
            asked = f"switch the supply of {self._shell.name} {wanted}"
            came = f"`{self._dialect.state}` answers '{state}'"
            raise Refused(asked, came, self._shell.dialect.last_resort)
