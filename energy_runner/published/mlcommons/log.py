# SPDX-License-Identifier: Apache-2.0
"""`log.txt` of the MLCommons runner: plain text with a time, to the second, on some lines only."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

_STAMP = re.compile(r"^(\d\d)(\d\d)\.(\d\d)(\d\d)(\d\d) ulp-\w+: (.*)")
_LOADING = re.compile(r"^Loading file (.{1,300}) segment (\d{1,9})")
_CAPTURED = re.compile(r"[Ss]amples:(\d{1,12}) timestamps:(\d{1,9})")
_RUNNING = re.compile(r"^Running inference with (\d{1,9})/(\d{1,9}) ")
_TOLD = re.compile(r"^Device (name|profile|model) retrieved: (.{0,200})")
_SESSION = re.compile(r"sessions[\\/](\d{8}_\d{6})")
_LOST = re.compile(r"expected \d+, but we have \d+")
_DAYS = [0, *accumulate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30))]  # before each month
_BEGINNINGS = ("Device ", "Captured", "Session logged", "Initializing", "Logging", "Running")
_MOST = 60_000
_TAIL = 200  # lines at the end, where the results are printed again


@dataclass
class Loading:
    """A stimulus was loaded from `begun_ms` to `done_ms`; the log rounds both down to a whole second."""

    file: str
    segment: int
    begun_ms: int
    done_ms: int | None = None
    line: int | None = None


@dataclass
class MlcommonsLog:
    """The facts of a log; times are milliseconds since the first of January.

    `running` are the inferences of each pass, as they were asked for, and the line that says so.
    """

    lines: int = 0
    recognised: int = 0
    stamp: str = ""
    name: str = ""
    profile: str = ""
    model: str = ""
    instrument: str = ""
    loadings: list[Loading] = field(default_factory=list)
    captured: list[tuple[int, int]] = field(default_factory=list)
    running: list[tuple[int, int]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    lost_lines: list[int] = field(default_factory=list)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))
    last_ms: int | None = None
    complete: bool = False


def read_log(lines: Iterable[bytes]) -> MlcommonsLog:
    """Return the facts in the lines of a log; raise nothing, whatever they hold."""
    log = MlcommonsLog()
    for raw in lines:
        log.lines += 1
        text = raw[:2000].decode("utf-8", "replace").strip()
        if match := _STAMP.match(text):
            log.recognised += 1
            _stamped(log, _milliseconds(match), match[6])
        else:
            _plain(log, text)
        log.tail.append(text)
    return log


def _stamped(log: MlcommonsLog, ms: int, text: str) -> None:
    log.last_ms = ms
    if match := _LOADING.match(text):
        _keep(log.loadings, Loading(match[1], int(match[2]), ms, line=log.lines))
    elif text.startswith("Load complete") and log.loadings:
        log.loadings[-1].done_ms = ms


def _keep[Item](items: list[Item], item: Item) -> None:
    if len(items) < _MOST:
        items.append(item)


def _plain(log: MlcommonsLog, text: str) -> None:
    if not text.startswith(_BEGINNINGS) and ":" not in text and "but we have" not in text:
        return
    if match := _TOLD.match(text):
        setattr(log, match[1], match[2].strip())
    elif match := _CAPTURED.search(text):
        _keep(log.captured, (int(match[1]), int(match[2])))
    elif match := _RUNNING.match(text):
        _keep(log.running, (int(match[2]), log.lines))
    elif text.startswith("Session logged in file"):
        log.complete = True
    elif _LOST.search(text):
        if len(log.lost) < 20:
            log.lost.append(text[:200])
            log.lost_lines.append(log.lines)
    elif "3686400 baud" in text:
        log.instrument = "lpm01a"  # no other device is driven at this rate
    elif "js220" in text.lower() and not log.instrument:
        log.instrument = "js220"
    elif not text.startswith("Logging initialized"):
        return
    log.recognised += 1
    if not log.stamp and (match := _SESSION.search(text)):
        log.stamp = match[1]


def _milliseconds(match: re.Match[str]) -> int:
    return _at(match.group(1, 2, 3, 4, 5))


@lru_cache(maxsize=64)  # many lines have the same second
def _at(stamp: tuple[str, ...]) -> int:
    month, day, hour, minute, second = map(int, stamp)
    days = _DAYS[min(max(month, 1), 12) - 1] + day - 1
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000
