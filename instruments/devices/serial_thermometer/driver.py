# SPDX-License-Identifier: Apache-2.0
"""A board that prints temperatures in lines on a serial port, unasked or when it is sent a request."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from instruments.clock import Clock, Deadline, to_ns
from instruments.devices.serial_thermometer.protocol import ANY_NUMBER, Reading
from instruments.devices.serial_thermometer.readings import Readings
from instruments.errors import TimedOut
from instruments.links.answers import await_answer, discard
from instruments.links.base import Link
from instruments.roles import Identity, Instrument, Temperature, Thermometer
from instruments.thermometry import ThermometerOptions, check_probe, checked, in_celsius

# Of what waits to be read: an operating system keeps some 4000 bytes of a serial port and drops what comes then.
_MOST_WAITING_BYTES = 2000
FRESH_S = 3.0  # so old a reading may be where no newer one was printed: a room changes in minutes


def _pattern(text: str) -> str:
    try:
        groups = re.compile(text).groups
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if groups != 1:
        raise ValueError(f"has {groups} groups, and one is to be the temperature")
    return text


class Options(ThermometerOptions):
    """Options: `pattern` finds the temperature in a line, in `unit`; `request` is sent for one, with CR LF."""

    pattern: Annotated[str, Field(max_length=200), AfterValidator(_pattern)] = Field(
        default=ANY_NUMBER, description="regular expression with one group; by default the first number in a line"
    )
    request: Annotated[str, Field(max_length=100, pattern=r"^[ -~]*$")] = Field(
        default="", description="what is sent for a line; by default nothing"
    )
    unit: Literal["C", "F", "K"] = Field(default="C", description="unit of the number")


class SerialThermometer(Instrument):
    """A `Thermometer`."""

    def __init__(self, link: Link, clock: Clock, options: Options | None = None) -> None:
        self.name = link.name
        self._link = link
        self._clock = clock
        self._options = options or Options()
        self._readings = Readings(self._options.pattern)
        self._last: Reading | None = None
        self._last_ns = 0

    def thermometer(self, channel: str = "") -> Thermometer:
        """Return the thermometer."""
        return self

    def open(self, deadline: Deadline) -> Identity:
        """Open the port and wait for the first temperature: these boards have no other way to say who they are."""
        self._last = None
        self._readings.clear(mid_line=True)
        self._link.open(deadline)
        try:
            now = self.read(deadline)
        except BaseException:
            self._link.close()
            raise
        seen = (("temperature", f"{now.value_c:.2f} °C"),)
        return Identity("thermometer", model="serial thermometer", detail=seen)

    def close(self) -> None:
        """Release the port."""
        self._link.close()

    def read(self, deadline: Deadline) -> Temperature:
        """Return the newest temperature that was printed, at most `FRESH_S` seconds ago, or else the next one."""
        asked = f"read a temperature from {self.name}"
        reading: Reading | None = None
        if self._options.request:
            self._request(deadline)
        else:
            reading = self._waiting() or self._fresh()
        if reading is None:
            reading = await_answer(self._link, self._newest, deadline, self.while_waiting)
        if reading is None:
            raise TimedOut(asked, "no line with a temperature came", "check port, baud and options.pattern")
        value_c = in_celsius(reading.value, self._options.unit)
        check_probe(asked, value_c, reading.line)
        return checked(asked, value_c, reading.line, self._options)

    def _waiting(self) -> Reading | None:
        """Return the newest reading that waits to be read; None where so much waits that the newest was lost."""
        data = self._link.read(self._clock.deadline(0.0), _MOST_WAITING_BYTES)
        if len(data) < _MOST_WAITING_BYTES:
            return self._newest(data)
        discard(self._link, self._clock)
        self._readings.clear(mid_line=True)
        return None

    def _request(self, deadline: Deadline) -> None:
        discard(self._link, self._clock)
        self._readings.clear(mid_line=False)
        self._link.write(f"{self._options.request}\r\n".encode("ascii"), deadline)

    def _newest(self, data: bytes) -> Reading | None:
        found = self._readings.feed(data)
        if not found:
            return None
        self._last, self._last_ns = found[-1], self._clock.now_ns()
        return found[-1]

    def _fresh(self) -> Reading | None:
        return self._last if self._clock.now_ns() - self._last_ns <= to_ns(FRESH_S) else None
