# SPDX-License-Identifier: Apache-2.0
"""The status registers of a SCPI twin, and what is asked of them.

Sources: IEEE 488.2-1992, chapter 11 (status byte, standard event status) and SCPI-1999, volume 1, chapter 9, and
volume 2, chapter 20 (`STATus`: condition, transition filters, event, enable).
"""

from collections.abc import Callable
from typing import Any

from instruments.scpi.twin_errors import ScpiError

REGISTER_BITS = 0x7FFF  # bit 15 is never used
# Standard event status register.
OPERATION_COMPLETE, QUERY_ERROR, DEVICE_ERROR, EXECUTION_ERROR, COMMAND_ERROR, POWER_ON = 1, 4, 8, 16, 32, 128
# Status byte; bit 4 (message available) is set by the server that sends the answers.
ERROR_QUEUE, QUESTIONABLE, MESSAGE, EVENT, MASTER, OPERATION = 4, 8, 16, 32, 64, 128


def event_of(code: int) -> int:
    """Return the bit of the standard event status that an error sets."""
    if -200 < code <= -100:
        return COMMAND_ERROR
    if -300 < code <= -200:
        return EXECUTION_ERROR
    return QUERY_ERROR if -500 < code <= -400 else DEVICE_ERROR


class StatusRegister:
    """A condition, the filters through which its changes become events, and which events are summed up."""

    def __init__(self) -> None:
        self.condition = self.event = 0
        self.preset()

    def preset(self) -> None:
        """Do as `STATus:PRESet` says: every rise is an event, and none is summed up."""
        self.enable, self.rises, self.falls = 0, REGISTER_BITS, 0

    def set_condition(self, bits: int) -> None:
        """Take the state as it is now; what has changed since the last time becomes an event if it may."""
        changed = bits ^ self.condition
        self.event |= changed & ((bits & self.rises) | (~bits & self.falls)) & REGISTER_BITS
        self.condition = bits & REGISTER_BITS

    def take_event(self) -> int:
        """Return the events since the last call."""
        event, self.event = self.event, 0
        return event

    @property
    def summary(self) -> bool:
        """Return whether an event that is enabled has happened."""
        return bool(self.event & self.enable)

    def handlers(self, header: str) -> dict[str, Callable[[Any], str | None]]:
        """Return its commands, such as those of `STATus:OPERation`."""

        def put(name: str) -> Callable[[Any], None]:
            return lambda call: setattr(self, name, whole(call.number(), 0xFFFF) & REGISTER_BITS)

        def told(name: str) -> Callable[[Any], str]:
            return lambda call: f"{getattr(self, name):+d}"

        table: dict[str, Callable[[Any], str | None]] = {
            f"{header}[:EVENt]?": lambda call: f"{self.take_event():+d}",
            f"{header}:CONDition?": lambda call: f"{self.condition:+d}",
        }
        for word, name in {"ENABle": "enable", "PTRansition": "rises", "NTRansition": "falls"}.items():
            table[f"{header}:{word}"] = put(name)
            table[f"{header}:{word}?"] = told(name)
        return table


class StatusSystem:
    """The status of one instrument: standard event register, status byte, OPERation and QUEStionable."""

    def __init__(self, waiting_errors: Callable[[], int]) -> None:
        self.operation, self.questionable = StatusRegister(), StatusRegister()
        self.event, self.event_enable, self.service_enable = POWER_ON, 0, 0
        self._waiting_errors = waiting_errors

    def clear(self) -> None:
        """Do as `*CLS` says: no event has happened; what is enabled stays so."""
        self.event = self.operation.event = self.questionable.event = 0

    def byte(self) -> int:
        """Return the status byte, with the master summary."""
        bits = ERROR_QUEUE * bool(self._waiting_errors()) | QUESTIONABLE * self.questionable.summary
        bits |= EVENT * bool(self.event & self.event_enable) | OPERATION * self.operation.summary
        return bits | MASTER * bool(bits & self.service_enable)

    def preset(self) -> None:
        """Do as `STATus:PRESet` says."""
        self.operation.preset()
        self.questionable.preset()

    def handlers(self) -> dict[str, Callable[[Any], str | None]]:
        """Return the commands of all registers."""
        return {
            "*ESE": lambda call: setattr(self, "event_enable", whole(call.number(), 255)),
            "*ESE?": lambda call: f"{self.event_enable:+d}",
            "*ESR?": lambda call: f"{self._take_event():+d}",
            "*SRE": lambda call: setattr(self, "service_enable", whole(call.number(), 255) & ~MASTER),
            "*SRE?": lambda call: f"{self.service_enable:+d}",
            "*STB?": lambda call: f"{self.byte():+d}",
            "*OPC": lambda call: self.happened(OPERATION_COMPLETE),
            "STATus:PRESet": lambda call: self.preset(),
            **self.operation.handlers("STATus:OPERation"),
            **self.questionable.handlers("STATus:QUEStionable"),
        }

    def happened(self, bits: int) -> None:
        """Latch bits of the standard event status."""
        self.event |= bits

    def _take_event(self) -> int:
        event, self.event = self.event, 0
        return event


def whole(value: float, most: int) -> int:
    """Return a parameter as a whole number from 0 to `most`; refuse any other."""
    if not 0 <= value <= most:
        raise ScpiError(-222)
    return int(value)
