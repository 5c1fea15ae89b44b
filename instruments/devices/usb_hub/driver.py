# SPDX-License-Identifier: Apache-2.0
"""A USB hub that switches the power of single ports, through the program uhubctl where it is installed.

Its port in a bench file is `vendor:LOCATION`, the hub's location as uhubctl prints it, such as `vendor:1-1.4`. The
read-back is the hub's own word for the port. It does not see the contact: hubs exist that say `off` and keep 5 V
on the pins, and some systems switch a port on again after seconds (uhubctl, README, "Frequently asked questions"),
which is why a run reads it back after every window.
"""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from instruments.clock import Clock, Deadline, RealClock
from instruments.devices.usb_hub.protocol import (
    LOCATION,
    PortStatus,
    failure,
    is_on,
    parse_status,
    power_arguments,
    status_arguments,
)
from instruments.errors import Refused
from instruments.links.vendor import VendorLink
from instruments.roles import Identity, Instrument, Switch

PROGRAM = "uhubctl"
TURN_S = 0.05
LONGEST_S = 10.0  # it takes a second or two, and much longer when a device does not answer for its name
_KILLED_S = 1.0


class Options(BaseModel):
    """Options of a hub: `hub_port` is the port that the probe is plugged into, from 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hub_port: int = Field(default=1, ge=1, le=14, description="the port of the hub, from 1")


class Finished(NamedTuple):
    """How a program ended: its status, what it printed, and what it printed on its error output."""

    code: int
    out: str
    errors: str


class Uhubctl:
    """The program uhubctl. `while_waiting` is called while it runs."""

    def __init__(self, location: str) -> None:
        """Find the program; raise `ImportError`, as for any library that is missing, if it is not installed."""
        self._path = shutil.which(PROGRAM)
        if self._path is None:
            raise ImportError(f"the program {PROGRAM} is not installed (Debian, Homebrew: package {PROGRAM})")
        self.while_waiting: Callable[[], None] = lambda: None

    def run(self, arguments: Sequence[str], timeout_s: float) -> Finished:
        """Run the program to its end; raise `TimeoutError` and kill it if that takes longer than `timeout_s`."""
        process = subprocess.Popen(  # noqa: S603 - no shell; the arguments are numbers and a checked location
            [str(self._path), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        try:
            limit = RealClock().deadline(timeout_s)
            while not limit.expired():  # what is looked after meanwhile takes its time, too
                with suppress(subprocess.TimeoutExpired):
                    out, errors = process.communicate(timeout=TURN_S)
                    return Finished(process.returncode, out, errors)
                self.while_waiting()
            raise TimeoutError(f"{PROGRAM} did not end within {timeout_s:g} s")
        finally:
            if process.returncode is None:
                process.kill()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_KILLED_S)
            for pipe in (process.stdout, process.stderr):  # a child of it may still hold their other ends
                if pipe is not None:
                    pipe.close()


class UsbHub(Instrument):
    """One port of a hub: a `Switch`."""

    def __init__(self, link: VendorLink, clock: Clock, options: Options | None = None) -> None:
        self.name = link.name
        self._link = link
        self._port = (options or Options()).hub_port

    def switch(self, channel: str = "") -> Switch:
        """Return the port."""
        return self

    def open(self, deadline: Deadline) -> Identity:
        """Find program, hub and port; the port stays as it is."""
        if not LOCATION.fullmatch(self._link.address):
            raise Refused(
                f"open {self.name}",
                f"'{self._link.address}' is no location of a hub",
                "vendor:1-1, as uhubctl says",
            )
        self._link.open(Uhubctl)
        try:
            found = self._status(deadline)
            on = is_on(found, self._port)
        except BaseException:
            self._link.close()
            raise
        device = next((one.device for one in found if one.port == self._port and one.device), "nothing")
        return Identity(
            "usb-hub",
            model=found[0].description,
            virtual=found[0].description.endswith("TWIN"),
            detail=(("location", self._link.address), ("port", "on" if on else "off"), ("plugged in", device)),
        )

    def close(self) -> None:
        """Forget the program; the port stays as it is."""
        self._link.close()

    def turn(self, on: bool, deadline: Deadline) -> None:
        """Switch the port and compare with the hub's word for it."""
        asked = f"turn port {self._port} of {self.name} {'on' if on else 'off'}"
        self._run(asked, power_arguments(self._link.address, self._port, on), deadline)
        if self.is_on(deadline) != on:
            raise Refused(
                asked, f"the hub says that it is {'off' if on else 'on'}", "another port or hub: few can switch"
            )

    def is_on(self, deadline: Deadline) -> bool | None:
        """Return whether the hub says that the port has power."""
        return is_on(self._status(deadline), self._port)

    def _status(self, deadline: Deadline) -> list[PortStatus]:
        asked = f"read the status of port {self._port} of {self.name}"
        return parse_status(self._run(asked, status_arguments(self._link.address, self._port), deadline))

    def _run(self, asked: str, arguments: list[str], deadline: Deadline) -> str:
        self._link.device.while_waiting = self.while_waiting
        time_s = deadline.at_most(LONGEST_S).remaining_s()
        code, out, errors = self._link.call(self._link.device.run, arguments, timeout_s=time_s)
        if code != 0:
            raise failure(asked, code, errors or out)
        return str(out)
