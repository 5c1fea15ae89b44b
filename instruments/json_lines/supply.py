# SPDX-License-Identifier: Apache-2.0
"""A supply that is set, switched and read back through a JSON server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from instruments.clock import Deadline
from instruments.errors import InstrumentError, Refused
from instruments.json_lines.messages import flag, number
from instruments.roles import AppliedSupply, SupplyLimits, SupplySettings

OFF_BELOW_V = 0.5
_SETTLES_S = 1.0  # no document says how soon the state follows
_LOOK_S = 0.05


class Ask(Protocol):
    """Ask for a command about one device; return the data of the answer."""

    def __call__(self, command: str, deadline: Deadline, **data: Any) -> Mapping[str, Any]:
        """Return the data of the answer."""


@dataclass(frozen=True)
class JsonSupplyDialect:
    """One device's commands for its supply; each answer of a query has its figure under `value`.

    Voltage (V) and limit (A) must be read back to `within`. `put_back` undoes what another program may have left;
    a device that has no such command has nothing to undo, and `unknown(error)` says whether that is what it
    answers.
    """

    put_back: tuple[tuple[str, Mapping[str, Any]], ...]
    unknown: Callable[[InstrumentError], bool]
    set_voltage: str
    voltage: str
    set_limit: str
    limit: str
    switch: str
    is_on: str
    measure: tuple[str, Mapping[str, Any]]
    default_limit_a: float
    within: float


class JsonSupply:
    """A `Supply`; `wanted` says whether it was switched on and not off again."""

    def __init__(self, name: str, ask: Ask, limits: SupplyLimits, dialect: JsonSupplyDialect) -> None:
        self.limits = limits
        self.wanted = False
        self.voltage_v = 0.0
        self._name = name
        self._ask = ask
        self._dialect = dialect

    def configure(self, settings: SupplySettings, deadline: Deadline) -> AppliedSupply:
        """Switch off, undo what others left, set voltage and limit; raise `Refused` for what it cannot have."""
        limit_a = self._dialect.default_limit_a if settings.current_limit_a is None else settings.current_limit_a
        self._check("voltage", settings.voltage_v, self.limits.voltage_min_v, self.limits.voltage_max_v, "V")
        self._check("current limit", limit_a, 0.0, self.limits.current_max_a or limit_a, "A")
        self.off(deadline)
        for command, data in self._dialect.put_back:
            try:
                self._ask(command, deadline, **data)
            except Refused as error:
                if not self._dialect.unknown(error):
                    raise
        self._ask(self._dialect.set_voltage, deadline, value=settings.voltage_v)
        self._ask(self._dialect.set_limit, deadline, value=limit_a)
        self.voltage_v = self._read_back(self._dialect.voltage, settings.voltage_v, deadline)
        return AppliedSupply(self.voltage_v, self._read_back(self._dialect.limit, limit_a, deadline))

    def on(self, deadline: Deadline) -> None:
        """Switch the supply on and confirm it by read-back."""
        self._ask(self._dialect.switch, deadline, enable=True)
        self._confirm(True, deadline)
        self.wanted = True

    def off(self, deadline: Deadline) -> None:
        """Switch the supply off and check that the voltage falls, even while recording; if need be, try once more.

        Raises `Refused` or the last error if the supply is still not known to be off.
        """
        self.wanted = False
        try:
            self._off(deadline.at_most(deadline.remaining_s() / 2))
        except InstrumentError:
            self._off(deadline)

    def is_on(self, deadline: Deadline) -> bool:
        """Return the state by read-back."""
        return flag(self._ask(self._dialect.is_on, deadline), "value")

    def measured_voltage_v(self, deadline: Deadline) -> float | None:
        """Return the voltage measured at the output (V)."""
        return self._measure(deadline)

    def _measure(self, deadline: Deadline) -> float:
        command, data = self._dialect.measure
        return number(self._ask(command, deadline, **data), "value")

    def _off(self, deadline: Deadline) -> None:
        self._ask(self._dialect.switch, deadline, enable=False)
        self._confirm(False, deadline)
        # The state only repeats the command; the voltage shows a stuck relay or a second supply on the DUT.
        limit_v = max(OFF_BELOW_V, self.voltage_v / 2)
        while not abs(voltage_v := self._measure(deadline)) <= limit_v:
            if deadline.remaining_s() < 2 * _LOOK_S:
                raise Refused(
                    f"switch the supply of {self._name} off",
                    f"{self._dialect.is_on} says off, but the output is at {voltage_v:.3f} V",
                    "unplug the DUT before touching it: a relay sticks, or something else feeds it",
                )
            deadline.clock.sleep(_LOOK_S)

    def _read_back(self, query: str, asked: float, deadline: Deadline) -> float:
        """Return what the device says is set; raise `Refused` if that is not what was asked for."""
        applied = number(self._ask(query, deadline), "value")
        if not abs(applied - asked) <= self._dialect.within:
            advice = "a value that the device can be set to, and no other program that sets it"
            raise Refused(f"set {asked:g} at {self._name}", f"{query} says {applied:g}", advice)
        return applied

    def _check(self, what: str, value: float, low: float, high: float, unit: str) -> None:
        if not low <= value <= high:
            came = f"{value:g} {unit} is outside what it supplies"
            raise Refused(f"set the {what} of {self._name}", came, f"{low:g} to {high:g} {unit}")

    def _confirm(self, wanted: bool, deadline: Deadline) -> None:
        soon = deadline.at_most(_SETTLES_S)
        while self.is_on(deadline) is not wanted:
            if not soon.expired():
                soon.clock.sleep(min(_LOOK_S, soon.remaining_s()))
                continue
            asked = f"switch the supply of {self._name} {'on' if wanted else 'off'}"
            came = f"{self._dialect.is_on} says that it is {'off' if wanted else 'on'}"
            raise Refused(
                asked, came, "look at the device: is its mains adapter plugged in, has its output tripped?"
            )
