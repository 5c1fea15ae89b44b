# SPDX-License-Identifier: Apache-2.0
"""What a DUT said, in words for a message, and what that suggests to try."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from instruments.devices.dut.protocol import Chatter, DutEvent, Results, word
from instruments.strangers import stranger

LONGEST = 70  # characters of an answer that a message repeats
_FLOOD_CHARACTERS = 40  # fewer equal ones may be a ruler or a progress bar
_FLOOD_SHARE = 0.8

_BAUD = "these bytes are not text: set the port's speed (baud) to that of the firmware"
_FLOOD = (
    "the same character again and again is no answer of the monitor: a boot loader may wait for a file (flash the "
    "firmware, or reset the board), or its TX may be loose"
)
_CR_ALONE = (
    "its lines end with a carriage return alone: let the firmware end them with a line feed, too (`\\r\\n`), "
    "as the monitor of the benchmark does"
)
_NO_FLOATS = (
    "the firmware prints no numbers with a point (`%f`), because its C library leaves them out: link newlib-nano "
    "with `-u _printf_float`, avr-libc with `-lprintf_flt -lm`, picolibc with `--printf=d`, or print them by hand"
)
_NOT_FINITE = "the network's own answer is not a number (nan, inf): check the model and its input in the firmware"
_COMMAS = "it prints a comma in the place of the decimal point: let the firmware print a point"
_SILENT = "check power, TX and RX (often swapped), the speed (baud), and that the firmware is flashed"
_FELL_SILENT = (
    "it answered before, so wires and speed are right: see whether its firmware hangs, its power failed or a wire "
    "is loose, then run again"
)

_NO_MONITOR = (
    "what answers is not the benchmark's monitor: check that the port is the DUT's, and that a firmware with the "
    "monitor is flashed"
)
_NOT_READY = "its answer did not end: look for what stops its firmware before it prints `m-ready`"
_CUT_OFF = (
    "its answer broke off: it may have crashed or restarted; check its supply and its watchdog, then run again"
)
_CRASHED = "its firmware says that it crashed: find the cause with a debugger, and run again"
_ECHO = "it sends back what it gets, and nothing else: its TX and RX are joined, or another program runs on it"
_NO_LINE_END = (
    "its lines have no end: let the firmware print `\\r\\n` after each, as the monitor of the benchmark does"
)
_DAMAGED = "bytes were lost or changed on the way: check the UART's wires and speed (baud), and the level shifters"
_OTHER_MONITOR = (
    "its monitor does not take this command as the benchmark's does: send `help%` in a terminal program, and "
    "compare its firmware with the benchmark's"
)

_OF_DAMAGE = re.compile(r"hex|unknown command", re.IGNORECASE)
_IN_OWN_WORDS = re.compile(
    r"\b(invalid|unknown|illegal|bad|wrong|unsupported)\b.{0,20}\b(argument|parameter|command|number)|\busage\b",
    re.IGNORECASE,
)
_NO_NUMBERS = re.compile(r"m-results-\[[^\]0-9]*(\]|$)")
_NAN_OR_INF = re.compile(r"m-results-\[[^\]]*(nan|inf)", re.IGNORECASE)
_CRASH = re.compile(
    r"hard ?fault|bus ?fault|usage ?fault|mem(ory|manage) ?fault|stack overflow|panic|guru meditation|assert",
    re.IGNORECASE,
)
_ONLY_ECHO = re.compile(r"\s*((name|profile|timestamp|db [^%]*|infer [0-9 ]+)%\s*)+")
_CR_LINE = re.compile(r"(m-|e-\[)[^\n]*\r(?!\r*\n)")


def excerpt(events: Sequence[DutEvent], *, last: bool = False) -> str:
    """Return the beginning of what was said (or the end, with `last`) in quotes; "nothing" for nothing."""
    if not events:
        return "nothing"
    text = _said(events)
    if len(text) > LONGEST:
        text = f"…{text[-LONGEST:]}" if last else f"{text[:LONGEST]}…"
    return repr(text)


def advice(events: Sequence[DutEvent], *, answered: bool) -> str:
    """Return what to try after an answer that did not end; `answered`: the DUT has answered earlier."""
    if not events:
        return _FELL_SILENT if answered else _SILENT
    text = _chatter(events, "")
    found = next((said for is_so, said in _SIGNS if is_so(text)), "")
    if found or answered:
        return found or _CUT_OFF
    return stranger(_chatter(events)) or (_NO_MONITOR if _chatter(events) == _said(events) else _NOT_READY)


def advice_on_name(events: Sequence[DutEvent]) -> str:
    """Return what to try where something answers, and its answers hold no name of a DUT."""
    return stranger(_chatter(events)) or _NO_MONITOR


def advice_on_results(events: Sequence[DutEvent], wanted: int) -> str:
    """Return what to try where an inference did not give the `wanted` numbers; "" if nothing is recognised."""
    text = _chatter(events)
    if _NAN_OR_INF.search(text):
        return _NOT_FINITE
    if _NO_NUMBERS.search(text):
        return _NO_FLOATS
    lists = [event.values for event in events if isinstance(event, Results)]
    if any(len(values) == 2 * wanted and all(v == int(v) for v in values) for values in lists):
        return _COMMAS
    return ""


def advice_on_refusal(text: str) -> str:
    """Return what to try where the DUT refuses a command with this text."""
    return _DAMAGED if _OF_DAMAGE.search(text) else _OTHER_MONITOR


def advice_on_text(events: Sequence[DutEvent]) -> str:
    """Return what to try where the DUT says in its own words that it does not do what it was asked; else ""."""
    text = _chatter(events)
    return _OTHER_MONITOR if _IN_OWN_WORDS.search(text) else ""


def _said(events: Sequence[DutEvent]) -> str:
    return " ".join(word(event) for event in events)


def _chatter(events: Sequence[DutEvent], between: str = " ") -> str:
    return between.join(event.text for event in events if isinstance(event, Chatter))


def _not_text(text: str) -> bool:
    odd = sum(not c.isascii() or not (c.isprintable() or c in "\r\n\t") for c in text)
    return bool(text) and odd * 4 > len(text)


def _flood(text: str) -> bool:
    most = Counter(text.replace(" ", "")).most_common(1)
    return len(text) >= _FLOOD_CHARACTERS and bool(most) and most[0][1] >= _FLOOD_SHARE * len(text)


_SIGNS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (_flood, _FLOOD),
    (_not_text, _BAUD),
    (lambda text: bool(_CR_LINE.search(text)), _CR_ALONE),
    (lambda text: "m-ready" in text, _NO_LINE_END),
    (lambda text: bool(_CRASH.search(text)), _CRASHED),
    (lambda text: bool(_ONLY_ECHO.fullmatch(text)), _ECHO),
)
