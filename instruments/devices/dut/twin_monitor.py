# SPDX-License-Identifier: Apache-2.0
"""The DUT's command grammar as a pure function of its buffer: the reference monitor, quirks included.

Source: protocols, "DUT monitor" (byte-level answers of the reference parser). Commands that take time (`infer`,
`timestamp`) are in `twin.py`.
"""

import string
from collections.abc import Callable

MAX_INPUT_BYTES = 27648
COMMAND_CHARACTERS = 80
LOWEST_CLOCK_HZ, HIGHEST_CLOCK_HZ = 1_000_000, 160_000_000

HELP = (
    "{profile}\r\n\r\n"
    "help         : Print this information\r\n"
    "name         : Print the name of the device\r\n"
    "timestsamp   : Generate a timetsamp\r\n"
    "db SUBCMD    : Manipulate a generic byte buffer\r\n"
    "  load N     : Allocate N bytes and set load counter\r\n"
    "  db HH[HH]* : Load 8-bit hex byte(s) until N bytes\r\n"
    "  print [N=16] [offset=0]\r\n"
    "                Show the buffer in hex\r\n"
    "infer N [W=0]: Load input, run W warmups, then N inferences\r\n"
    "results      : Return the result fp32 vector\r\n"
)


def c_atoi(text: str) -> int:
    """Return what `atoi` in C returns for a text: a leading sign and digits, otherwise 0; an int has 32 bits.

    Too many digits are undefined in C; this function does what Linux does (64 bits at most, of which 32 are kept).
    """
    digits = ""
    for index, character in enumerate(text.lstrip(" \t\n\v\f\r")):
        if character in "0123456789" or (index == 0 and character in "+-"):
            digits += character
        else:
            break
    number = int(digits) if digits.strip("+-") else 0
    clamped = min(max(number, -(2**63)), 2**63 - 1)
    return (clamped + 2**31) % 2**32 - 2**31


class InputBuffer:
    """The DUT's stimulus buffer and the `db` command, with the reference's lack of bounds checks."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.size = 0

    def command(self, words: list[str]) -> str:
        """Return the answer to `db …` (without `m-ready`)."""
        if not words:
            return "e-[Command 'db' requires a subcommand]\r\n"
        if words[0] == "load":
            return self._load(words[1:])
        if words[0] == "print":
            return self._print()
        return self._hex(words[0])

    def stimulus(self, size: int) -> bytes:
        """Return the input tensor's bytes: `size` bytes, with zeros where nothing was loaded."""
        return bytes(self.data[:size]).ljust(size, b"\0")

    def _load(self, words: list[str]) -> str:
        if not words:
            return "e-[Command 'db load' requires the # of bytes]\r\n"
        size = c_atoi(words[0])
        if size == 0:
            return "e-[Command 'db load' must be >0 bytes]\r\n"
        self.data.clear()
        self.size = size
        if not 0 < size <= MAX_INPUT_BYTES:
            # Here the reference omits the prefix and the carriage return, and keeps the size.
            return f"Supplied buffer size {size} exceeds maximum of {MAX_INPUT_BYTES}\n"
        return f"m-[Expecting {size} bytes]\r\n"

    def _hex(self, digits: str) -> str:
        was_complete = len(self.data) >= self.size
        if len(digits) % 2:
            return "e-[Insufficent number of hex digits]\r\n"
        for index in range(0, len(digits), 2):
            pair = digits[index : index + 2]
            if any(digit not in string.hexdigits for digit in pair):
                return f"e-[Invalid hex digit '{pair}']\r\n"
            self.data.append(int(pair, 16))
            if not was_complete and len(self.data) == self.size:
                return "m-load-done\r\n"
            if len(self.data) > MAX_INPUT_BYTES:  # the reference would write past its buffer here
                self.data.pop()
        return ""

    def _print(self) -> str:
        shown = self.stimulus(max(0, min(self.size, MAX_INPUT_BYTES)))
        lines = "".join(
            "m-buffer-" + "-".join(f"{byte:02x}" for byte in shown[at : at + 8]) + "\r\n"
            for at in range(0, len(shown), 8)
        )
        return lines + ("\r\n" if len(shown) % 8 else "")


def infer_arguments(words: list[str]) -> tuple[int, int] | str:
    """Return (iterations, warm-ups) of `infer …`, or the reference's error; warm-ups default to 10."""
    inferences = c_atoi(words[0]) if words else 1
    warmups = c_atoi(words[1]) if len(words) > 1 else 10
    if inferences <= 0:
        return "e-[Inference iterations must be >0]\r\n"
    if warmups < 0:
        return "e-[Inference warmup must be >=0]\r\n"
    return inferences, warmups


def clock_argument(words: list[str]) -> int | str:
    """Return the frequency (Hz) of `clock HZ`, or the refusal; the reference monitor has no such command."""
    if len(words) != 1 or not (words[0].isascii() and words[0].isdigit() and len(words[0]) < 12):
        return "e-[Command 'clock' requires a frequency in Hz]\r\n"
    if not LOWEST_CLOCK_HZ <= int(words[0]) <= HIGHEST_CLOCK_HZ:
        return f"e-[There is {LOWEST_CLOCK_HZ} to {HIGHEST_CLOCK_HZ} Hz]\r\n"
    return int(words[0])


def format_results(values: list[float]) -> str:
    """Return the `m-results` line: three decimals each."""
    return "m-results-[" + ",".join(f"{value:0.3f}" for value in values) + "]\r\n"


class CommandBuffer:
    """Collects bytes up to `%`; drops what exceeds 80 characters, and keeps CR and LF.

    A NUL ends the text of the command, as in any C string.
    """

    def __init__(self, run: Callable[[str], None]) -> None:
        self._run = run
        self._characters = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes; call `run(command)` at every `%`."""
        for byte in data:
            if byte == ord("%"):
                command = self._characters.split(b"\0")[0].decode("latin-1")
                self._characters.clear()
                self._run(command)
            elif len(self._characters) < COMMAND_CHARACTERS:
                self._characters.append(byte)

    def clear(self) -> None:
        """Drop a partly received command."""
        self._characters.clear()
