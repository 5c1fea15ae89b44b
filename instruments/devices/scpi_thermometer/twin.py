# SPDX-License-Identifier: Apache-2.0
"""The twin of a SCPI thermometer with a probe in the room of the world.

Its error is drawn within the limit that a bench file may state as `accuracy_k = 0.2`. With the probe open it
answers 9.9E37.
"""

from instruments.scpi.identity import TWIN_SERIAL
from instruments.scpi.twin_core import Call, ScpiCore
from instruments.world.cable import HostPort
from instruments.world.world import World

ACCURACY_K = 0.2
_OPEN = "+9.90000000E+37"


class VirtualScpiThermometer:
    """The thermometer; `port` is its end of the cable to the host."""

    def __init__(self, world: World, name: str = "thermometer") -> None:
        self.world = world
        self.port = HostPort(world, name, self._receive)
        self._error_k = 0.0 if world.ideal else float(world.rng(f"{name} error").uniform(-1, 1)) * ACCURACY_K
        identity = f"energy-runner,SCPI thermometer,{TWIN_SERIAL}{world.seed},1.0"
        handlers = {
            "*IDN?": lambda call: identity,
            "SYSTem:LOCal": lambda call: None,
            "MEASure[:SCALar]:TEMPerature?": self._temperature,
            "FETCh?": self._temperature,
        }
        self._core = ScpiCore(handlers, world.faults.refuses)

    def _receive(self, data: bytes) -> None:
        self.port.emit(self._core.feed(data))

    def _temperature(self, call: Call) -> str:
        return _OPEN if self.world.faults.probe_open else f"{self.world.room_c() + self._error_k:+.8E}"
