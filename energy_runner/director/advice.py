"""What to say beside an error when two instruments seem to be plugged into each other's ports.

A power monitor that says nothing may be the IO manager: neither understands the other's commands, so both stay
silent, and the error alone would send the user to cables and firmware.
"""

from collections.abc import Callable

from energy_runner.bench import Bench
from instruments.clock import Clock
from instruments.devices.io_manager.driver import IoManager
from instruments.errors import InstrumentError
from instruments.links.base import Transport
from instruments.links.tap import Direction

MONITOR = "monitor"
ASK_S = 4.0
KEPT_BYTES = 4096
# What only an IO manager says (Arduino IO manager 1.0.3).
IO_MANAGER_SAYS = (b"m-name-io", b"m-dut-passthrough", b"[dut]: ")

Connect = Callable[[str, int], Transport]  # port and baud to a link that is not open yet


class Heard:
    """The first bytes that came from the monitor's port; it listens to a bench from now on."""

    def __init__(self, bench: Bench) -> None:
        self.from_monitor = bytearray()
        bench.listen(self.bytes_passed)

    def bytes_passed(self, box: str, direction: Direction, data: bytes) -> None:
        """Keep what comes from the monitor."""
        if box == MONITOR and direction == "rx" and len(self.from_monitor) < KEPT_BYTES:
            self.from_monitor += data[:KEPT_BYTES]


def _serial_port(port: str, baud: int) -> Transport:
    from instruments.links.serial_port import SerialPort

    return SerialPort("the monitor's port", port, baud)


def advised(reason: str, bench: Bench, heard: Heard, connect: Connect = _serial_port) -> str:
    """Return why a run failed, with the advice that monitor and IO manager seem to be swapped where they do.

    The bench's ports must be closed again. If the monitor was silent, its port is opened once more and asked
    whether an IO manager is there; whatever goes wrong with that, `reason` comes back as it is.
    """
    monitor, io_manager = bench.spec.monitor, bench.spec.io_manager
    if monitor is None or io_manager is None or bench.twin is not None:
        return reason
    said = bytes(heard.from_monitor)
    found = any(mark in said for mark in IO_MANAGER_SAYS)
    if not found and not said:
        found = _io_manager_answers(connect(monitor.port, io_manager.baud), bench.clock)
    if not found:
        return reason
    return (
        f"{reason}. An IO manager answers on monitor.port ({monitor.port}): monitor.port and io_manager.port seem "
        "to be swapped in the bench file. Try: exchange them, then energy-runner bench doctor"
    )


def _io_manager_answers(link: Transport, clock: Clock) -> bool:
    io_manager = IoManager(link, clock)
    try:
        io_manager.open(clock.deadline(ASK_S))
    except (InstrumentError, OSError):
        return False
    finally:
        io_manager.close()
    return True
