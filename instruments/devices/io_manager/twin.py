# SPDX-License-Identifier: Apache-2.0
"""The IO manager's twin: the Arduino UNO between host and DUT, with its grammar, timing and faults.

Source: protocols, "Arduino IO manager 1.0.3". The UNO's microsecond counter runs on a ceramic resonator with an
error of up to 0.5 %; the twin draws that error from the seed.
"""

from collections.abc import Callable

from instruments.world.cable import HostPort
from instruments.world.dut import PIN_HOLD_NS, TwinDut
from instruments.world.wire import Wire
from instruments.world.world import World

HOST_BAUD = 115200
RESONATOR_LIMIT = 5e-3
MICROS_STEP_US = 4
RESET_NS = 1_300_000_000  # time of the UNO's boot loader after a reset by DTR
RECEIVE_FIFO_BYTES = 64
USB_LATENCY_NS = (200_000, 1_200_000)
VERSION = "1.0.3"


class VirtualIoManager:
    """An UNO whose host side is `port`; opening that port resets it, as DTR does."""

    def __init__(self, world: World, name: str, dut: TwinDut, dut_baud: int = 9600) -> None:
        self.world = world
        self.port = HostPort(world, name, self._from_host, on_open=self._opened, on_dtr=self._reset)
        self._dut = dut
        rng = world.rng("io manager")
        self.rate_error = 0.0 if world.ideal else float(rng.uniform(-RESONATOR_LIMIT, RESONATOR_LIMIT))
        self._latency = world.noise_after(rng, "io manager")
        # A mismatch of the two baud rates turns every byte into another one.
        self._garbles = dut_baud != dut.baud
        self._to_dut = Wire(world, "io>dut", dut_baud, self._reaches_dut, dut.receiving_starts)
        # The fault switches "host>io-manager" and "io-manager>host" already act on the cable, so not here again.
        self._from_usb = Wire(world, "usb>uno", HOST_BAUD, self._take)
        self._to_usb = Wire(world, "uno>usb", HOST_BAUD, self._reaches_usb)
        self._last_arrival_ns = 0
        self._fifo = bytearray()
        self._dut_line = bytearray()
        self._collided = False
        self._ready_ns = 0
        self._boot_ns = 0
        self._timer = False
        self._both_edges = False
        dut.attach(self._from_dut)
        world.on_edge(self._edge)

    # --- host side ----------------------------------------------------------------------------------------

    def _opened(self) -> None:
        if self.port.dtr:
            self._reset()

    def _reset(self) -> None:
        self._boot_ns = self.world.clock.now_ns()
        self._ready_ns = self._boot_ns + RESET_NS
        self._timer = False
        self._both_edges = False
        self._collided = False
        self._fifo.clear()
        self._dut_line.clear()
        self._from_usb.drop()
        self._to_usb.drop()

    @property
    def _deaf(self) -> bool:
        """Return whether the board is still booting, or hangs."""
        now_ns = self.world.clock.now_ns()
        return now_ns < self._ready_ns or self.world.faults.is_silent(self.port.device, now_ns)

    def _from_host(self, data: bytes) -> None:
        self._from_usb.send(data)

    def _take(self, data: bytes) -> None:
        if self._deaf:
            return
        for byte in data:
            if byte == ord("%"):
                command = self._fifo.decode("latin-1")
                self._fifo.clear()
                self._run(command)
            elif len(self._fifo) < RECEIVE_FIFO_BYTES - 1:
                self._fifo.append(byte)

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._to_usb.send(f"{line}\r\n".encode("latin-1"))

    def _reaches_usb(self, data: bytes) -> None:
        latency_ns = 0 if self.world.ideal else int(self._latency.integers(*USB_LATENCY_NS))
        at_ns = max(self.world.clock.now_ns() + latency_ns, self._last_arrival_ns + 1)
        self._last_arrival_ns = at_ns
        self.world.clock.call_at(at_ns, lambda: self.port.emit(data))

    # --- commands -----------------------------------------------------------------------------------------

    def _run(self, command: str) -> None:
        word, _, rest = command.partition(" ")
        handlers: dict[str, Callable[[str], None]] = {
            "name": lambda _: self._say("m-name-io"),
            "version": lambda _: self._say(f"m-version-{VERSION}"),
            "res": self._set_polarity,
            "enable-timer": lambda _: self._set_timer(True),
            "disable-timer": lambda _: self._set_timer(False),
            "tm": self._set_mode,
            "et": lambda _: self._say("e-[EMON Triggering not supported]"),
            "help": lambda _: self._say(f"IoTConnect IO Manager {VERSION}", "name            version"),
        }
        handler = handlers.get(word)
        if self.world.faults.refuses(f"io {command}"):
            self._say(f"e-[Refused by a fault switch: {word}]", "m-ready")
        elif word == "dut":
            self._pass_through(rest)
        elif handler is None:
            self._say(f"e-[Unknown command: {word}]", "m-ready")
        else:
            handler(rest)
            self._say("m-ready")

    def _set_polarity(self, level: str) -> None:
        self._say(f"m-reset-polarity-{level}" if level in {"0", "1"} else "e-res-?#args?")

    def _set_timer(self, enabled: bool) -> None:
        self._timer = enabled
        self._say("m-timer-enabled" if enabled else "m-timer-disabled")

    def _set_mode(self, mode: str) -> None:
        if mode not in {"0", "1"}:
            self._say("e-tm-?#args?")
            return
        self._both_edges = mode == "1"
        self._timer = False
        word = "CHANGE" if self._both_edges else "FALLING"
        self._say(f"m-timestmp-mode-{word}", "m-[Timer disabled after mode change]")

    # --- DUT side -----------------------------------------------------------------------------------------

    def _pass_through(self, command: str) -> None:
        self._say(f"m-dut-passthrough({command})", "m-ready")
        if self._dut.talking:  # half duplex: the soft UART cannot receive while it sends; both are garbled
            self._collided = True
            command = command[::-1]
        self._to_dut.send(f"{command}%".encode("latin-1"))

    def _reaches_dut(self, data: bytes) -> None:
        self._dut.receive(bytes((byte ^ 0xA5) for byte in data) if self._garbles else data)

    def _from_dut(self, data: bytes) -> None:
        if self._deaf:
            return
        data = self.world.faults.pass_through("dut>io", data)
        if self._garbles:
            data = bytes((byte ^ 0xA5) | 0x80 for byte in data)
        if self._collided:
            self._collided = False
            self._say("e-?" + data[: len(data) // 2].decode("latin-1"))
            return
        self._dut_line += data
        while b"\n" in self._dut_line:
            line, _, rest = self._dut_line.partition(b"\n")
            self._dut_line = bytearray(rest)
            self._say("[dut]: " + line.rstrip(b"\r").decode("latin-1"))
        if len(self._dut_line) > RECEIVE_FIFO_BYTES:
            self._say("[dut]: " + self._dut_line.decode("latin-1"))
            self._dut_line.clear()

    def _edge(self, at_ns: int) -> None:
        if self._deaf or not self._timer:
            return
        self._report(at_ns)
        if self._both_edges:
            rises_ns = at_ns + PIN_HOLD_NS
            self.world.clock.call_at(rises_ns, lambda: self._report(rises_ns))

    def _report(self, at_ns: int) -> None:
        step = 1 if self.world.ideal else MICROS_STEP_US
        elapsed_us = (at_ns - self._boot_ns) / 1e3 * (1.0 + self.rate_error)
        self._say(f"m-lap-us-{(int(elapsed_us / step) * step) & 0xFFFFFFFF}")
