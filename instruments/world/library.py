# SPDX-License-Identifier: Apache-2.0
"""The cable between the host and a twin that is reached through its vendor's library: calls instead of bytes.

The twin stands in for the library's object. Each call on it also crosses the twin's cable, as one line out and one
back, so whatever befalls cables befalls calls too: the fault switches of the world (unplugged, silent), and the
links that tests put between a driver and its twin.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from instruments.clock import VirtualClock
from instruments.links.base import Link
from instruments.links.tap import ByteListener
from instruments.links.vendor import VendorLink
from instruments.world.cable import CableLink, HostPort
from instruments.world.world import World

USUAL_S = 1.0  # how long a call waits that is given no time-out of its own
DONE = b"done\n"
# Keywords by which libraries take a time-out in seconds.
_TIME_OUTS = ("timeout", "timeout_s")


class LibraryPort(HostPort):
    """The twin's end of the cable; `make()` returns what stands in for the library's object.

    `address` is what the driver finds the twin by, such as its serial number. A stand-in hands over data only
    while the port `is_reached`: a program that was killed leaves its subscriptions behind, not its port.
    """

    def __init__(
        self,
        world: World,
        device: str,
        address: str,
        make: Callable[[], object],
        on_open: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(world, device, self._take_note, on_open)
        self.address = address
        self.make = make
        self._asked = b""

    @property
    def is_reached(self) -> bool:
        """Return whether what the twin says now arrives at the host."""
        now_ns = self.world.clock.now_ns()
        return self.is_open and not self.lost and not self.world.faults.is_silent(self.device, now_ns)

    def take_asked(self) -> bytes:
        """Return the line of the last call, as it arrived, and forget it."""
        asked, self._asked = self._asked, b""
        return asked

    def _take_note(self, data: bytes) -> None:
        self._asked += data


class LibraryLink(VendorLink):
    """A `VendorLink` to a twin. `around` may wrap the cable in another link, as that of any twin.

    A call whose line is not what was sent, or whose answer is not, raises `ValueError` as a library does that
    cannot make sense of what it got; one that is not answered by its time-out raises `TimeoutError`.
    """

    def __init__(
        self,
        name: str,
        clock: VirtualClock,
        port: LibraryPort,
        *,
        around: Callable[[Link], Link] = lambda link: link,
        listener: ByteListener | None = None,
    ) -> None:
        super().__init__(name, port.address, stand_in=self._plugged, listener=listener)
        self._clock = clock
        self._port = port
        self._cable = around(CableLink(name, clock, port))

    def close(self) -> None:
        """Release the stand-in and the cable; safe to call twice."""
        try:
            super().close()
        finally:
            self._cable.close()

    def call[**P, R](self, function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
        """Call `function` across the cable and return its result; record the call and the result."""
        return super().call(self._across(function), *arguments, **options)

    def call_in_secret[**P, R](self, function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
        """Call `function` across the cable and return its result; record only its name."""
        return super().call_in_secret(self._across(function), *arguments, **options)

    def _plugged(self, address: str) -> object:
        self._cable.open(self._clock.deadline(USUAL_S))
        return self._port.make()

    def _across[**P, R](self, function: Callable[P, R]) -> Callable[P, R]:
        name = getattr(function, "__name__", type(function).__name__)

        @wraps(function)
        def carried(*arguments: P.args, **options: P.kwargs) -> R:
            deadline = self._clock.deadline(_time_out_s(options))
            asked = f"{name}\n".encode("ascii", "backslashreplace")
            self._port.take_asked()
            self._cable.write(asked, deadline)
            if self._port.take_asked() != asked:
                raise ValueError(f"{name}: the device does not understand")
            result = function(*arguments, **options)
            self._port.emit(DONE)
            answer = self._cable.read(deadline)
            if not answer:
                raise TimeoutError(f"{name} timed out")
            if answer != DONE:
                raise ValueError(f"{name}: what came back makes no sense")
            return result

        return carried


def _time_out_s(options: Mapping[str, Any]) -> float:
    given = [options[key] for key in _TIME_OUTS if isinstance(options.get(key), int | float)]
    return float(given[0]) if given else USUAL_S
