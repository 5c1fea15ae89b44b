"""The cable between the host and a twin: the twin's end, and the link at the host's end."""

from collections.abc import Callable

from instruments.clock import Deadline, VirtualClock
from instruments.errors import Unavailable
from instruments.world.world import World


class HostPort:
    """The twin's end of a cable to the host.

    `box` names the twin in the fault switches ("dut", "io-manager", "monitor"). `on_receive(data)` is called when
    the host sends, `on_open()` when it opens the port. `refresh()` lets a streaming twin put out everything
    that is due by now; it is called before the host looks.
    """

    def __init__(
        self,
        world: World,
        box: str,
        on_receive: Callable[[bytes], None],
        on_open: Callable[[], None] = lambda: None,
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        self.world = world
        self.box = box
        self.is_open = False
        self._on_receive = on_receive
        self._on_open = on_open
        self._refresh = refresh
        self._out = bytearray()

    @property
    def unplugged(self) -> bool:
        """Return whether the cable is out."""
        return self.world.faults.is_unplugged(self.box, self.world.clock.now_ns())

    def emit(self, data: bytes) -> None:
        """Put bytes where the host can read them now; a closed port or a pulled cable loses them."""
        now_ns = self.world.clock.now_ns()
        if self.is_open and not self.unplugged and not self.world.faults.is_silent(self.box, now_ns):
            self._out += self.world.faults.pass_through(f"{self.box}>host", data)

    def open(self) -> None:
        """Let the host open the port."""
        self.is_open = True
        self._out.clear()
        self._on_open()

    def close(self) -> None:
        """Let the host close the port; what it did not read is gone."""
        self.is_open = False
        self._out.clear()

    def receive(self, data: bytes) -> None:
        """Take bytes that the host sends."""
        self._on_receive(self.world.faults.pass_through(f"host>{self.box}", data))

    def pending(self) -> bool:
        """Return whether there is something for the host to read."""
        self._refresh()
        return bool(self._out)

    def take(self, max_bytes: int) -> bytes:
        """Hand over up to `max_bytes` bytes to the host."""
        self._refresh()
        data = bytes(self._out[:max_bytes])
        del self._out[:max_bytes]
        return data


class CableLink:
    """The host's end: a `Link` whose waiting lets virtual time pass."""

    def __init__(self, name: str, clock: VirtualClock, port: HostPort) -> None:
        self.name = name
        self._clock = clock
        self._port = port

    def open(self, deadline: Deadline) -> None:
        """Plug in."""
        if self._port.unplugged:
            raise Unavailable(f"open {self.name}", "no such port", "check the cable")
        self._port.open()

    def close(self) -> None:
        """Unplug."""
        self._port.close()

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`."""
        self._check("write to")
        self._port.receive(data)

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        """Return what has arrived, letting time pass until the first byte or the deadline."""
        self._check("read from")
        self._clock.run_until(lambda: self._port.pending() or self._port.unplugged, deadline)
        self._check("read from")
        return self._port.take(max_bytes)

    def _check(self, deed: str) -> None:
        if not self._port.is_open:
            raise Unavailable(f"{deed} {self.name}", "the port is not open")
        if self._port.unplugged:
            raise Unavailable(f"{deed} {self.name}", "the device is gone", "check the cable and start again")
