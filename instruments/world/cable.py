# SPDX-License-Identifier: Apache-2.0
"""The cable between the host and a twin: the twin's end, and the link at the host's end."""

from collections.abc import Callable

from instruments.clock import Deadline, VirtualClock
from instruments.errors import Unavailable
from instruments.world.world import World


class HostPort:
    """The twin's end of a cable to the host.

    `dtr` is the level of that output of the host while the port is open. `device` names the twin in the fault
    switches ("dut", "io-manager", "monitor"). `on_receive(data)` is called when the host sends, `on_open()` when
    it opens the port, `on_dtr()` when it asserts DTR of an open one. `refresh()` is called before the host reads,
    so that a streaming twin can emit everything that is due by now.
    """

    def __init__(
        self,
        world: World,
        device: str,
        on_receive: Callable[[bytes], None],
        on_open: Callable[[], None] = lambda: None,
        refresh: Callable[[], None] = lambda: None,
        *,
        on_dtr: Callable[[], None] = lambda: None,
    ) -> None:
        self.world = world
        self.device = device
        self.is_open = False
        self.dtr = False
        self._on_receive = on_receive
        self._on_open = on_open
        self._refresh = refresh
        self._on_dtr = on_dtr
        self._out = bytearray()
        self._opened_ns = 0

    @property
    def unplugged(self) -> bool:
        """Return whether the cable is unplugged."""
        return self.world.faults.is_unplugged(self.device, self.world.clock.now_ns())

    @property
    def lost(self) -> bool:
        """Return whether the cable is unplugged, or was since the port was opened: it must be opened again."""
        return self.world.faults.was_unplugged(self.device, self._opened_ns, self.world.clock.now_ns())

    def emit(self, data: bytes) -> None:
        """Make bytes readable for the host at once; a closed port or an unplugged cable loses them."""
        now_ns = self.world.clock.now_ns()
        if self.is_open and not self.unplugged and not self.world.faults.is_silent(self.device, now_ns):
            self._out += self.world.faults.pass_through(f"{self.device}>host", data)

    def open(self, *, dtr: bool = True) -> None:
        """Open the port, as the host does; operating systems assert DTR unless they are told not to."""
        self.is_open = True
        self.dtr = dtr
        self._opened_ns = self.world.clock.now_ns()
        self._out.clear()
        self.world.faults.opened(self.device, dtr=dtr)
        self._on_open()

    def assert_dtr(self) -> None:
        """Assert DTR of the open port, as the host does after it has released it."""
        if not self.unplugged:
            self.world.faults.stuck_until_reset.discard(self.device)
            self._on_dtr()

    def close(self) -> None:
        """Close the port, as the host does; unread bytes are lost."""
        self.is_open = False
        self._out.clear()

    def receive(self, data: bytes) -> None:
        """Pass bytes from the host to the twin; an unplugged cable loses them."""
        if self.unplugged or self.world.faults.is_deaf(self.device):
            return
        self._on_receive(self.world.faults.pass_through(f"host>{self.device}", data))

    def pending(self) -> bool:
        """Return whether there are bytes for the host to read."""
        self._refresh()
        return bool(self._out)

    def take(self, max_bytes: int) -> bytes:
        """Return up to `max_bytes` bytes for the host and remove them."""
        self._refresh()
        data = bytes(self._out[:max_bytes])
        del self._out[:max_bytes]
        return data


class CableLink:
    """The host's end: a `Link` that advances virtual time while it waits."""

    def __init__(self, name: str, clock: VirtualClock, port: HostPort, *, dtr: bool = True) -> None:
        self.name = name
        self._dtr = dtr
        self._clock = clock
        self._port = port

    def open(self, deadline: Deadline) -> None:
        """Open the twin's port; raise `Unavailable` if the cable is unplugged."""
        if self._port.unplugged:
            raise Unavailable(f"open {self.name}", "no such port", "check the cable")
        self._port.open(dtr=self._dtr)

    def close(self) -> None:
        """Close the twin's port."""
        self._port.close()

    def pulse_dtr(self, pause: Callable[[], None]) -> bool:
        """Release DTR of the twin's port and assert it; it is left as it was opened."""
        self._check("set DTR of")
        pause()
        self._port.assert_dtr()
        pause()
        return True

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`."""
        self._check("write to")
        self._port.receive(data)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived; advance virtual time until the first byte or the deadline."""
        self._check("read from")
        self._clock.run_until(lambda: self._port.pending() or self._port.lost, deadline)
        self._check("read from")
        return self._port.take(max_bytes)

    def _check(self, action: str) -> None:
        if not self._port.is_open:
            raise Unavailable(f"{action} {self.name}", "the port is not open")
        if self._port.lost:
            raise Unavailable(f"{action} {self.name}", "the device is gone", "check the cable and start again")
