# SPDX-License-Identifier: Apache-2.0
"""The parts of SCPI that need no link: block headers, error answers, channel lists, numbers.

Sources: IEEE 488.2-1992 (8.7.9, definite-length arbitrary block response data; 8.7.2 to 8.7.4, numeric
response data) and SCPI-1999 (volume 2, 21.8, `SYSTem:ERRor?`; volume 1, 8.3.2, channel lists).
"""

import math
import re
from collections.abc import Sequence

from instruments.errors import ProtocolViolation, shown

BLOCK_PREFIX_BYTES = 2  # "#" and the number of digits in the length
INDEFINITE = b"#0"  # the prefix of a block of indefinite length, which ends with the message

# NR1, NR2 and NR3 only: Python's float() would also accept "nan", "1_0" and surrounding white space.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d{1,3})?", re.ASCII)
_ERROR = re.compile(r'\s*([+-]?\d{1,6})\s*,\s*"((?:[^"]|"")*)"\s*', re.ASCII)


def block_digits(prefix: bytes) -> int:
    """Return how many length digits follow the first two bytes of a definite-length block.

    Raises `ProtocolViolation` unless `prefix` is `#` and a digit from 1 to 9. `#0`, a block of indefinite length,
    is refused: on a socket nothing marks its end.
    """
    if len(prefix) != BLOCK_PREFIX_BYTES or prefix[:1] != b"#" or prefix[1:] not in b"123456789":
        raise ProtocolViolation(
            "read a block header", f"{shown(prefix)} instead of '#' and a digit 1 to 9", "drain the link"
        )
    return prefix[1] - ord("0")


def block_length(digits: bytes, limit: int) -> int:
    """Return the number of data bytes that a block's length digits announce.

    Raises `ProtocolViolation` for anything but decimal digits, and for a length above `limit`.
    """
    if not digits.isdigit():
        raise ProtocolViolation("read a block header", f"{shown(digits)} instead of a length in digits")
    length = int(digits)
    if length > limit:
        raise ProtocolViolation("read a block header", f"{length} bytes announced, above the limit of {limit}")
    return length


def format_block(data: bytes) -> bytes:
    """Return `data` as a definite-length block, without the line end that follows it on the wire."""
    length = str(len(data)).encode()
    return b"#" + str(len(length)).encode() + length + data


def parse_error(line: str) -> tuple[int, str]:
    """Return the code and text of an answer to `SYST:ERR?`, such as `+0,"No error"`."""
    match = _ERROR.fullmatch(line)
    if match is None:
        raise ProtocolViolation("ask SYST:ERR?", f"{shown(line)} instead of a code and a text in quotes")
    return int(match[1]), match[2].replace('""', '"')


def parse_number(text: str) -> float:
    """Return the number in an answer; raise `ProtocolViolation` unless it is exactly one finite number."""
    value = float(text) if _NUMBER.fullmatch(text.strip(" ")) else math.nan
    if not math.isfinite(value):
        comma = _WITH_COMMA.fullmatch(text.strip(" "))
        advice = "set the language or number format of the instrument to one with a decimal point" if comma else ""
        raise ProtocolViolation("read a number", f"{shown(text)} instead of one number", advice)
    return value


def parse_whole(text: str, most: int) -> int:
    """Return the whole number from 0 to `most` in an answer; raise `ProtocolViolation` for any other."""
    value = parse_number(text)
    if not 0 <= value <= most or value != int(value):
        raise ProtocolViolation("read a number", f"{shown(text)} instead of a whole number from 0 to {most}")
    return int(value)


def parse_numbers(text: str) -> tuple[float, ...]:
    """Return the numbers in a comma-separated answer, one for each channel queried."""
    return tuple(parse_number(part) for part in text.split(","))


def format_number(value: float) -> str:
    """Return `value` as SCPI numeric data with nine significant digits; raise `ValueError` unless it is finite."""
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be sent to an instrument")
    return f"{value:.9g}"


def format_channels(channels: Sequence[int]) -> str:
    """Return a channel list such as `(@1,3)`; raise `ValueError` if it would be empty."""
    if not channels:
        raise ValueError("a channel list must name at least one channel")
    return "(@" + ",".join(str(channel) for channel in channels) + ")"
