# SPDX-License-Identifier: Apache-2.0
"""The twin of a Numato Lab USB relay module with two relays: echoes, answers, prompts.

Its relay 0 carries the debug probe's supply, and is on when the world begins.
"""

from instruments.devices.relay_numato.protocol import NAMES
from instruments.world.cable import HostPort
from instruments.world.world import World

RELAYS = 2
_MOST_INPUT = 100


class VirtualNumatoRelay:
    """The module; `port` is its end of the cable to the host, `on` its relays."""

    def __init__(self, world: World, name: str = "relay") -> None:
        self.world = world
        self.port = HostPort(world, name, self._receive, on_open=self._opened)
        self.on = dict.fromkeys(NAMES[:RELAYS], True)
        self._untouched = True
        self._input = b""

    def _opened(self) -> None:
        """Be found as others left us, if a fault says so."""
        if self._untouched and self.world.faults.left_over.get("switch") == "off":
            self.on = dict.fromkeys(self.on, False)
        self._untouched = False

    def _receive(self, data: bytes) -> None:
        self._input += data
        while b"\r" in self._input:
            line, _, self._input = self._input.partition(b"\r")
            text = line.decode("latin-1").strip()
            said = self._obey(text.split())
            self.port.emit(f"{text}\n\r{said}{chr(10) + chr(13) if said else ''}>".encode("latin-1"))
        self._input = self._input[-_MOST_INPUT:]

    def _obey(self, words: list[str]) -> str:
        match words:
            case ["ver"]:
                return "A0M08.01"
            case ["id", "get"]:
                return f"TWIN{self.world.seed % 10_000:04d}"
            case ["relay", "read", relay] if relay in self.on:
                return "on" if self.on[relay] else "off"
            case ["relay", ("on" | "off") as state, relay] if relay in self.on:
                if not self.world.faults.refuses(f"relay {state}"):
                    before, self.on[relay] = self.on[relay], state == "on" or self.world.faults.switch_stays_on
                    if self.on[relay] and not before:
                        self.world.faults.replugged()
                return ""
            case _:
                return ""
