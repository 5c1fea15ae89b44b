# SPDX-License-Identifier: Apache-2.0
"""The twin of a board with a DS18B20: it prints `T=23.06` once a second, in steps of a sixteenth of a kelvin.

Its error is drawn within ± 0.5 K (DS18B20 data sheet, -10 to 85 °C). With the probe open it prints `T=-127.00`.
It prints while its port is open: what nobody reads is lost, as by a board whose computer is asleep.
"""

from instruments.clock import to_ns
from instruments.world.cable import HostPort
from instruments.world.world import World

ACCURACY_K = 0.5
PERIOD_NS = to_ns(1.0)
_STEP_K = 1.0 / 16.0
_GREETING = b"DS18B20 on pin 2\r\n"


class VirtualSerialThermometer:
    """The board; `port` is its end of the cable to the host."""

    def __init__(self, world: World, name: str = "thermometer") -> None:
        self.world = world
        self.port = HostPort(world, name, lambda data: None, on_open=self._opened)
        self._error_k = 0.0 if world.ideal else float(world.rng(f"{name} error").uniform(-1, 1)) * ACCURACY_K
        self._opened_times = 0

    def _opened(self) -> None:
        self._opened_times += 1
        self.port.emit(_GREETING)
        self._print_after(self._opened_times)

    def _print_after(self, opened: int) -> None:
        self.world.clock.call_after(PERIOD_NS, lambda: self._print(opened))

    def _print(self, opened: int) -> None:
        if not self.port.is_open or opened != self._opened_times:
            return
        steps = round((self.world.room_c() + self._error_k) / _STEP_K)
        value = -127.0 if self.world.faults.probe_open else steps * _STEP_K
        if not self.world.faults.refuses("line"):
            self.port.emit(f"T={value:.2f}\r\n".encode())
        self._print_after(opened)
