# SPDX-License-Identifier: Apache-2.0
"""The twin of the enhanced interface board: its menu, its relay without a time-out, its queues of 100 bytes.

Source: the board's firmware (github.com/mlcommons/tiny, benchmark/interface), in protocols "Enhanced interface
board". How long it takes to restart, and that its crystal is 50 ppm off at most, is assumed.

The fault switch `left_over = {"setbaud": "115200"}` says which speed another program left in its flash. A command
that a fault switch refuses ("io " and its beginning) is answered as an unknown one: with `m-ready` alone.
"""

from collections import deque
from collections.abc import Callable, Sequence

from instruments.devices.interface_board.protocol import (
    DEFAULT_BAUD,
    FALLS,
    MOST_BAUD,
    MOST_EDGES,
    MOST_TICK,
    NAME,
    QUEUE_BYTES,
    RECORDING,
    RELAY_ENDS,
    RELAY_PREFIX,
    RISES,
)
from instruments.world.cable import HostPort
from instruments.world.dut import PIN_HOLD_NS, TwinDut
from instruments.world.wire import Wire
from instruments.world.world import World

HOST_BAUD = 115_200
RESET_NS = 1_000_000_000
LINE_QUEUE = 20  # lines between the task that listens to the DUT and the menu
USB_LATENCY_NS = (200_000, 1_200_000)
CRYSTAL_LIMIT = 50e-6
TICK_NS = 10_000
TICKS_PER_MS = 100
APART_MS = 10  # a detection this close to the one before is left out
MOST_DETECTIONS = 10_000
_LONGEST = 4096  # the firmware's strings are unlimited; this keeps hostile input from filling the memory
_END_OF_LINE = b"\r\n"


class VirtualInterfaceBoard:
    """A board whose host side is `port`; opening that port resets nothing.

    `flash_writes` counts what wears out, `dropped` the bytes that its queues lost. `files` are those of its SD
    card with their length in seconds. The DUT's timestamp pin is wired to WW_DET_IN and to DUT_DUTY_CYCLE, whose
    `rises` and `falls` are in ticks of 10 µs; its timer runs at `rate` times the true one. `press_reset()` is
    the black button.
    """

    def __init__(self, world: World, name: str, dut: TwinDut, line_baud: int = DEFAULT_BAUD) -> None:
        del line_baud  # the speed is what stands in the board's flash
        self.world = world
        self.port = HostPort(world, name, self._from_host)
        self.flash_writes = 0
        self.dropped = 0
        self.files: dict[str, float] = {"test.wav": 1.0}
        self.rises: list[int] = []
        self.falls: list[int] = []
        self._dut = dut
        self._rng = world.rng("interface board")
        self.rate = 1.0 + (0.0 if world.ideal else float(self._rng.uniform(-CRYSTAL_LIMIT, CRYSTAL_LIMIT)))
        self._rng = world.noise_after(self._rng, "interface board")
        self._flash: int | None = None
        self._from_usb = Wire(world, "usb>board", HOST_BAUD, self._take)
        self._to_usb = Wire(world, "board>usb", HOST_BAUD, self._reaches_usb)
        self._to_dut = Wire(world, "io>dut", DEFAULT_BAUD, self._reaches_dut, dut.receiving_starts)
        self._last_arrival_ns = 0
        self._ready_ns = 0
        self._life = 0
        # Order decides: the first word that a command begins with takes it, and answers it or does not.
        self._menu: dict[str, Callable[[str], object]] = {
            "dut": self._relay,
            "name": lambda _: self._answer(f"{NAME}\r\n"),
            "ls": lambda _: self._answer("".join(f"{file}\r\n" for file in self.files)),
            "play": self._play,
            "setbaud": self._set_baud,
            "checkbaud": lambda _: self._answer(f"baud is: {self.baud}\n"),
            "record_detections": lambda _: self._record(),
            "print_detections": lambda _: self._print_detections(),
            "print_dutycycle": lambda _: self._print_duty_cycle(),
        }
        self._clear()
        dut.attach(self._from_dut)
        world.on_edge(self.sees_edge)

    @property
    def baud(self) -> int:
        """Return the speed of the DUT's UART in bits per second."""
        left = self.world.faults.left_over.get("setbaud", str(DEFAULT_BAUD))
        baud = int(left) if self._flash is None else self._flash
        return baud if 0 < baud <= MOST_BAUD else DEFAULT_BAUD

    def press_reset(self) -> None:
        """Restart the board: whatever it waited for is forgotten."""
        self._life += 1
        self._ready_ns = self.world.clock.now_ns() + RESET_NS
        self._clear()
        for wire in (self._from_usb, self._to_usb, self._to_dut):
            wire.drop()

    def _clear(self) -> None:
        self._command = bytearray()
        self._host_queue = bytearray()
        self._dut_queue = bytearray()
        self._line = bytearray()  # of the DUT, up to now
        self._end = bytearray()  # the part of its line end that has come
        self._lines: deque[bytes] = deque()
        self._busy = False  # the menu is: with a relay, or a file
        self._relaying = False
        self._sending = False
        self._zero_ns = self.world.clock.now_ns()
        self._detections: list[int] = []  # in ms
        self.rises.clear()
        self.falls.clear()

    # --- host side ----------------------------------------------------------------------------------------

    @property
    def _deaf(self) -> bool:
        now_ns = self.world.clock.now_ns()
        return now_ns < self._ready_ns or self.world.faults.is_silent(self.port.device, now_ns)

    def _from_host(self, data: bytes) -> None:
        self._from_usb.send(data)

    def _take(self, data: bytes) -> None:
        if self._deaf:
            return
        for byte in data:
            if len(self._host_queue) < QUEUE_BYTES:
                self._host_queue.append(byte)
            else:
                self.dropped += 1
            self._serve()

    def _serve(self) -> None:
        """Handle what the host sent, while the menu has nothing else to do."""
        while self._host_queue and not self._busy:
            byte = self._host_queue.pop(0)
            if byte == ord("%"):
                command = self._command.decode("latin-1")
                self._command.clear()
                self._handle(command)
            elif len(self._command) < _LONGEST:
                self._command.append(byte)

    def _handle(self, command: str) -> None:
        word = next((word for word in self._menu if command.startswith(word)), None)
        if word is None or self.world.faults.refuses(f"io {command}"):
            self._answer("")
        elif command == word:
            self._menu[word]("")
        elif len(command) > len(word) + 1 and command[len(word)] == " ":
            self._menu[word](command[len(word) + 1 :])

    def _say(self, text: str) -> int:
        """Send text with blocking calls; return when the last byte is out (ns)."""
        return self._to_usb.send(text.encode("latin-1"))

    def _answer(self, text: str) -> int:
        return self._say(f"{text}m-ready\r\n")

    def _reaches_usb(self, data: bytes) -> None:
        latency_ns = 0 if self.world.ideal else int(self._rng.integers(*USB_LATENCY_NS))
        at_ns = max(self.world.clock.now_ns() + latency_ns, self._last_arrival_ns + 1)
        self._last_arrival_ns = at_ns
        self.world.clock.call_at(at_ns, lambda: self.port.emit(data))

    def _later(self, at_ns: int, action: Callable[[], None]) -> None:
        """Do something at `at_ns`, unless the board restarts before."""
        life = self._life
        self.world.clock.call_at(at_ns, lambda: action() if life == self._life else None)

    # --- commands -----------------------------------------------------------------------------------------

    def _set_baud(self, text: str) -> None:
        try:
            baud = int(text)
        except ValueError:  # the firmware's conversion throws, and nothing catches it
            self._busy = True
            return
        self._flash = baud
        self.flash_writes += 1
        self._busy = True
        self._later(self._answer(f"set baud to: {text}\n"), self.press_reset)

    def _play(self, file: str) -> None:
        self._busy = True
        length_s = self.files.get(file) if file else 0.0
        begun_ns = self._say(f"Attempting to play {file}\n")

        def end() -> None:
            self._busy = False
            self._answer(
                "succeeded.\n"
                if length_s is not None
                else "Error playing file. Check that the file exists and is a 2-channel wav file.\n"
            )
            self._serve()

        self._later(begun_ns + round((length_s or 0.0) * 1e9), end)

    def _record(self) -> None:
        """Zero the timer first, and clear the records only when the answer is out: edges in between are lost."""
        self._zero_ns = self.world.clock.now_ns()
        self._later(self._say(f"{RECORDING}\r\n"), self._recording)
        self._busy = True

    def _recording(self) -> None:
        self._busy = False
        for record in (self._detections, self.rises, self.falls):
            record.clear()
        self._answer("")
        self._serve()

    def _print_detections(self) -> None:
        rows = "".join(f"{at_ms},\r\n" for at_ms in self._detections)
        self._answer(f"Detection Timestamps (ms)\r\n{rows}")

    def _print_duty_cycle(self) -> None:
        """Print starts and stops, eight a line; `m-ready` follows on the last line unless that is full."""
        self._answer(f"{RISES}\r\n{_rows(self.rises)}\r\n{FALLS}\r\n{_rows(self.falls)}")

    def _tick(self) -> int:
        return int((self.world.clock.now_ns() - self._zero_ns) * self.rate / TICK_NS) & MOST_TICK

    def sees_edge(self, _: int) -> None:
        """Take a pulse of the timestamp pin, which falls now."""
        if self._deaf:
            return
        self._detect(self._tick() // TICKS_PER_MS)
        self._note(self.falls)
        self._later(self.world.clock.now_ns() + PIN_HOLD_NS, lambda: self._note(self.rises))

    def _note(self, record: list[int]) -> None:
        if len(record) < MOST_EDGES:
            record.append(self._tick())

    def _detect(self, at_ms: int) -> None:
        """Note a detection as the firmware does; the first is compared with the memory before, here a zero."""
        before_ms = self._detections[-1] if self._detections else 0
        apart = before_ms < (at_ms - APART_MS) & MOST_TICK or before_ms > at_ms
        if apart and len(self._detections) < MOST_DETECTIONS:
            self._detections.append(at_ms)

    # --- DUT side -----------------------------------------------------------------------------------------

    def _relay(self, command: str) -> None:
        self._busy = True
        told_ns = self._say(f"m-dut-passthrough({command})\r\nm-ready\r\n")
        self._later(told_ns, lambda: self._begin(command))

    def _begin(self, command: str) -> None:
        self._to_dut.baud = self.baud
        self._to_dut.send(f"{command}%".encode("latin-1"))
        self._relaying = True
        self._listen()

    def _reaches_dut(self, data: bytes) -> None:
        self._dut.receive(bytes(byte ^ 0xA5 for byte in data) if self._garbles else data)

    @property
    def _garbles(self) -> bool:
        """Return whether the two ends of the DUT's UART differ in speed, which makes every byte another one."""
        return self.baud != self._dut.baud

    def _from_dut(self, data: bytes) -> None:
        if self._deaf:
            return
        data = self.world.faults.pass_through("dut>io", data)
        if self._garbles:
            data = bytes((byte ^ 0xA5) | 0x80 for byte in data)
        for byte in data:
            if len(self._dut_queue) < QUEUE_BYTES:
                self._dut_queue.append(byte)
            else:
                self.dropped += 1
            self._listen()

    def _listen(self) -> None:
        """Take bytes of the DUT out of their queue, while a relay is on and its lines find room."""
        while self._dut_queue and self._relaying and len(self._lines) < LINE_QUEUE:
            self._match(self._dut_queue.pop(0))
        self._pass_on()

    def _match(self, byte: int) -> None:
        """Look for CR LF byte by byte; after CR CR the firmware does not recognise the LF."""
        if byte == _END_OF_LINE[len(self._end)]:
            self._end.append(byte)
            if self._end == _END_OF_LINE:
                line = bytes(self._line)
                self._line.clear()
                self._end.clear()
                self._lines.append(line)
                self._relaying = line != RELAY_ENDS.encode()
            return
        self._line += self._end
        self._end.clear()
        self._line.append(byte)
        del self._line[_LONGEST:]

    def _pass_on(self) -> None:
        """Send the DUT's lines to the host, one after the other; after the last one the menu is free again."""
        if self._sending or not self._busy:
            return
        if self._lines:
            self._sending = True
            line = self._lines.popleft().decode("latin-1")
            self._later(self._say(f"{RELAY_PREFIX}{line}\r\n"), self._sent)

    def _sent(self) -> None:
        self._sending = False
        self._listen()
        if not self._relaying and not self._lines and not self._sending:
            self._busy = False
            self._serve()


def _rows(ticks: Sequence[int]) -> str:
    return "".join(f"{tick}, " + ("\r\n" if number % 8 == 0 else "") for number, tick in enumerate(ticks, 1))
