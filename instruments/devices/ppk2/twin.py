# SPDX-License-Identifier: Apache-2.0
"""The twin of a PPK2: its commands, its metadata, and the supply of the world's DUT in source mode.

It keeps the device's traps: metadata in pieces, with `-nan` and a resistor of 0; no answer to any other command;
an output that nothing tells the state of; after a stop the last words come late, so that a start right afterwards
mixes them with its own. It is off when it is plugged in, and an ampere meter whose path is open measures nothing.
Unlike a real PPK2 it states a key `Twin`.
"""

from instruments.clock import Scheduled
from instruments.devices.ppk2.calibration import DEFAULTS, END, parse_metadata
from instruments.devices.ppk2.dialect import AMPERE, LIMITS, SOURCE
from instruments.devices.ppk2.protocol import COUNTER_WRAPS
from instruments.devices.ppk2.twin_stream import Ppk2Errors, WordStream
from instruments.world.cable import HostPort
from instruments.world.world import World

PIECE_BYTES = 64
PIECE_EVERY_NS = 2_000_000
STALE_NS = 20_000_000
LATE_NS = 20_000_000  # how long after a stop the last words come
ARGUMENTS = {0x0C: 1, 0x0D: 2, 0x11: 1, 0x25: 5}  # bytes after an opcode; all others have none
# Spread of the coefficients of one unit around the defaults, relative, and what the small terms are about.
SPREAD = {"R": 0.02, "GS": 0.3, "GI": 0.02, "UG": 0.0}
SMALL = {"O": 60.0, "S": 5e-8, "I": 1e-7}


class VirtualPpk2:
    """One PPK2 whose D0 sees the timestamp pin; the host is at the other end of `port`.

    `missing` are keys of the metadata that this unit states as `-nan`, `zero` those that it states as 0.
    """

    def __init__(
        self,
        world: World,
        name: str = "monitor",
        *,
        missing: tuple[str, ...] = ("UG0", "GS4"),
        zero: tuple[str, ...] = ("R3",),
    ) -> None:
        self.port = HostPort(world, name, self._receive, self._opened, self._refresh)
        self.world = world
        self.errors = Ppk2Errors.draw(world)
        self.mode, self.voltage_mv, self.on = AMPERE, 3000, False
        self._coefficients = self._drawn(missing, zero)
        self._stream: WordStream | None = None
        self._counter = int(world.rng("ppk2 counter").integers(COUNTER_WRAPS))
        self._command = b""
        self._stale = True
        self._late = b""
        self._wake: Scheduled | None = None
        world.on_edge(self._edge)

    def _drawn(self, missing: tuple[str, ...], zero: tuple[str, ...]) -> dict[str, str]:
        """Return the coefficients as the metadata state them."""
        rng, table = self.world.rng("ppk2 coefficients"), {}
        for key, defaults in DEFAULTS.items():
            for i, default in enumerate(defaults):
                drawn = default * (1 + SPREAD.get(key, 0.0) * rng.uniform(-1, 1)) if key in SPREAD else 0.0
                drawn += SMALL.get(key, 0.0) * rng.uniform(0, 1)
                name = f"{key}{i}"
                table[name] = "-nan" if name in missing else "0.0000" if name in zero else f"{drawn:.12f}"
        return table

    def metadata_text(self) -> bytes:
        """Return the reply to the request for metadata."""
        lines = {"Calibrated": "0", **self._coefficients, "VDD": self.voltage_mv, "HW": 9173, "mode": self.mode}
        lines |= {"IA": 56, "Twin": f"twin-{self.world.seed}"}
        return "".join(f"{key}: {value}\n" for key, value in lines.items()).encode() + END + b"\n"

    # --- the stream ---------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Emit what is due; if nothing is, wake a waiting host when something will be."""
        if self._stream is None:
            return
        now_ns = self.world.clock.now_ns()
        data = self._stream.data(now_ns)
        if data:
            self.port.emit(data)
        elif self._wake is None:
            self._wake = self.world.clock.call_at(self._stream.due_ns(), self._woken)

    def _woken(self) -> None:
        self._wake = None

    def _edge(self, at_ns: int) -> None:
        if self._stream is not None:
            self._stream.edge(at_ns)

    def _start(self, ago_ns: int = 0) -> None:
        self.port.emit(self._take_late())
        self._stop()
        found = parse_metadata(self.metadata_text())
        began_ns = self.world.clock.now_ns() - ago_ns
        self._stream = WordStream(self.world, self.errors, found, began_ns, self._counter)
        self._feed()

    def _stop(self) -> None:
        stream, self._stream = self._stream, None
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if stream is None:
            return
        self._late = stream.data(self.world.clock.now_ns(), everything=True)
        self._counter = stream.counter
        self.world.clock.call_after(LATE_NS, lambda: self.port.emit(self._take_late()))

    def _take_late(self) -> bytes:
        late, self._late = self._late, b""
        return late

    # --- commands -----------------------------------------------------------------------------------------

    def _opened(self) -> None:
        faults = self.world.faults
        if self._stale:
            self.mode = int(faults.left_over.get("mode", self.mode))
            self.voltage_mv = int(faults.left_over.get("VDD", self.voltage_mv))
        if self._stale and faults.stale_stream:
            self.mode, self.on = SOURCE, True
            self._start(STALE_NS)
            self.port.emit(b"\x5a\x01")  # the port opens in the middle of a word
        self._stale = False

    def _receive(self, data: bytes) -> None:
        if self.world.faults.is_silent(self.port.device, self.world.clock.now_ns()):
            return
        self._command += data
        while self._command:
            needed = 1 + ARGUMENTS.get(self._command[0], 0)
            if len(self._command) < needed:
                return
            command, self._command = self._command[:needed], self._command[needed:]
            self._refresh()  # what is due before the command goes out before its effect
            self._run(command[0], command[1:])

    def _run(self, opcode: int, arguments: bytes) -> None:
        refuses = self.world.faults.refuses
        match opcode:
            case 0x06 if not refuses("start"):
                self._start()
            case 0x07:
                self._stop()
            case 0x0C if not refuses("power"):
                self.on = arguments == b"\x01"
                self._feed()
            case 0x0D if not refuses("VDD"):
                low, high = LIMITS.voltage_min_v * 1000, LIMITS.voltage_max_v * 1000
                self.voltage_mv = int(min(max(int.from_bytes(arguments, "big"), low), high))
                self._feed()
            case 0x11 if arguments[0] in (AMPERE, SOURCE) and not refuses("mode"):
                self.mode = arguments[0]
                self._feed()
            case 0x19:
                self._answer(self.metadata_text())
            case _:
                pass  # whatever it does not know, it ignores without a word

    def _answer(self, text: bytes) -> None:
        """Send text in pieces."""
        for i in range(0, len(text), PIECE_BYTES):
            piece = text[i : i + PIECE_BYTES]
            delay_ns = (1 + i // PIECE_BYTES) * PIECE_EVERY_NS
            self.world.clock.call_after(delay_ns, lambda piece=piece: self.port.emit(piece))  # type: ignore[misc]

    def _feed(self) -> None:
        """Let the DUT feel the settings; in ampere mode another supply feeds it."""
        voltage_v = self.voltage_mv / 1000
        if self._stream is not None:
            self._stream.supply_v = voltage_v
            self._stream.connected = self.on or self.mode == SOURCE
        if self.mode != SOURCE:
            return
        if self.on:
            self.world.set_supply(True, voltage_v + self.errors.supply_v)
        elif self.world.powered and not self.world.faults.power_stays_on:
            self.world.set_supply(False, 0.0)
