# SPDX-License-Identifier: Apache-2.0
"""The raw stream of an LPM01A, as a terminal logs it: text or binary, with its time stamps and events.

The grammar is that of our own driver (decision 0015: bytes are read again with the grammar that read them first),
and so is the account of samples: 1000 between two time stamps, or the rest is lost.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from energy_runner.errors import Argument, in_words
from energy_runner.traces.model import (
    MOST_EDGES,
    Chunk,
    Edges,
    Float32Array,
    Head,
    Mishap,
    Options,
    SignalName,
    TraceFileError,
    signal,
)
from energy_runner.traces.units import parse_unit
from instruments.devices.lpm01a.binary import STARTED, SwitchingDecoder
from instruments.devices.lpm01a.protocol import (
    EVENT,
    SAMPLE_LINES,
    TIME_STAMP,
    TIME_STAMP_WRAPS_MS,
    Lpm01aDecoder,
    TimeStamp,
)
from instruments.devices.lpm01a.stream import Lpm01aStream
from instruments.roles import Edge, Lost, Note, OverRange, Samples
from instruments.shell.events import Ack, SampleRun

EVENTS = "events"
_PIECE = 1 << 20
_LOOKED_AT = 1 << 22  # bytes at the beginning in which the settings and two time stamps must be
_SETTINGS = 1 << 20  # bytes among which the commands before the start are
_COLUMN = "samples"
_MOST_NOTES = 20
_OUTPUT = re.compile(r"output (current|energy)")
_FORMAT = re.compile(r"format (ascii_dec|bin_hexa)")
_FREQUENCY = re.compile(r"freq ([0-9]{1,6})(k?)")
_RATES = (100e3, 50e3, 20e3, 10e3, 5e3, 2e3, 1e3, 500, 200, 100, 50, 20, 10, 5, 2, 1)
_CEILING = {
    "current": 0.075,
    "energy": 0.075 * 3.6,
}  # A: UM2243, section 10; of energy that times volts and period


class Lpm01aLog:
    """An opened log of an LPM01A's stream."""

    def __init__(self, path: Path, options: Options) -> None:
        self.findings: list[str] = []
        self.mishaps: list[Mishap] = []
        self._path = path
        try:
            self._size = max(1, path.stat().st_size)
            self._file = path.open("rb")
            begin = self._file.read(_LOOKED_AT)
            self._file.seek(0)
        except OSError as error:
            raise TraceFileError(f"{path}: cannot be read ({in_words(error)})") from None
        try:
            if options.edges and options.edges != EVENTS:
                raise TraceFileError(
                    f"{path}: the shield's stream has no input {options.edges[:40]!r}. Try: {EVENTS}, the lines "
                    "it writes for edges on D7"
                )
            binary = STARTED in begin and _last(_FORMAT, begin) == "bin_hexa"
            self._decoder: Lpm01aDecoder | SwitchingDecoder = SwitchingDecoder() if binary else Lpm01aDecoder()
            self._name, self._factor = self._unit(begin, options, binary=binary)
            # Terminals may drop the carriage returns of text; the fast grammar wants them.
            self._bare = not binary and b"\r\n" not in begin
            begin = begin.replace(b"\n", b"\r\n") if self._bare else begin
            rate_hz = self._rate(begin, options)
        except BaseException:
            self._file.close()
            raise
        self._stream = Lpm01aStream(rate_hz, self._ceiling(rate_hz))
        self._falls: list[tuple[float, float]] = []
        self._read = 0
        self.head = Head(
            format="lpm01a-stream",
            title="LPM01A raw stream",
            signals=(signal(self._name),),
            period_s=1 / rate_hz,
            instrument="lpm01a",
            edge_names=(EVENTS,),
            tells_losses=True,
            resolution_s=1 / rate_hz,
        )

    @property
    def done(self) -> float:
        """Return the share of the file that was read, 0 to 1."""
        return self._read / self._size

    def chunks(self) -> Iterator[Chunk]:
        """Yield all samples in order."""
        while piece := self._file.read(_PIECE):
            self._read += len(piece)
            for event in self._decoder.feed(piece.replace(b"\n", b"\r\n") if self._bare else piece):
                yield from self._take(event)
        for event in self._decoder.feed(b"\n"):
            yield from self._take(event)

    def edges(self, name: str) -> Edges:
        """Return the edges for which the shield wrote a line; it writes one for the edges that it was set to."""
        places = np.array([place for place, _ in self._falls], dtype=np.float64)
        widths = np.array([width for _, width in self._falls], dtype=np.float64)
        return Edges(places, np.empty(0), 0.5, f"event lines of {self._path.name}", half_widths=widths)

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    # --- inside -------------------------------------------------------------------------------------------

    def _take(self, event: object) -> Iterator[Chunk]:
        if isinstance(event, Ack):
            return
        for item in self._stream.take(event):
            match item:
                case Samples(first, values):
                    yield Chunk(first, {self._name: self._scaled(values[0])})
                case Edge():
                    self._falls.append((item.position, item.half_width))
                    if len(self._falls) > MOST_EDGES:
                        raise TraceFileError(f"{self._path}: holds more than {MOST_EDGES} events")
                case OverRange():
                    at, count = item.at, item.count
                    self.mishaps.append(Mishap("over-range", at, at + count, count, item.detail))
                case Lost():
                    self.mishaps.append(Mishap("lost", item.after, item.before, item.missing, item.detail))
                case Note(text, suspicious) if suspicious:
                    self._say(text)
                case _:
                    pass

    def _scaled(self, values: Float32Array) -> Float32Array:
        return values if self._factor == 1.0 else values * np.float32(self._factor)

    def _say(self, text: str) -> None:
        if len(self.findings) < _MOST_NOTES:
            self.findings.append(text[:200])

    def _unit(self, begin: bytes, options: Options, *, binary: bool) -> tuple[SignalName, float]:
        """Return the signal and the factor to SI: as told, as the log's commands say, or what binary can be."""
        stated = "current" if binary else _last(_OUTPUT, begin)
        told = options.columns.get(_COLUMN, "")
        if set(options.columns) - {_COLUMN}:
            there = ", ".join(options.columns)
            raise TraceFileError(
                f"{self._path}: the shield's stream has no columns {there[:80]}. Try: ",
                Argument("columns", f"{_COLUMN}=J"),
            )
        meant = parse_unit(told) if told else None
        if told and (meant is None or meant[0] not in {"current", "energy"} or meant[1] != 1.0):
            raise TraceFileError(f"{self._path}: the shield's samples are in A or in J, not in {told[:20]!r}")
        if meant is not None and stated and meant[0] != stated:
            raise TraceFileError(f"{self._path}: the log says `output {stated}`, and {told} was told")
        name = stated or (meant[0] if meant is not None else "")
        if name not in {"current", "energy"}:
            raise TraceFileError(
                f"{self._path}: the log does not hold the command `output`, so its samples may be A or J. Try: ",
                Argument("columns", f"{_COLUMN}=A"),
                f" or {_COLUMN}=J",
            )
        return ("current" if name == "current" else "energy"), 1.0

    def _rate(self, begin: bytes, options: Options) -> float:
        """Return the rate (Hz): by the time stamps, which come after every 1000 samples, or by the command."""
        by_stamps = self._by_stamps(begin)
        command = _last(_FREQUENCY, begin)
        stated = float(command.rstrip("k")) * (1e3 if command.endswith("k") else 1) if command else None
        stated = stated or options.rate_hz
        near = None if by_stamps is None else min(_RATES, key=lambda rate: abs(rate / by_stamps - 1))
        if near is not None and by_stamps is not None and abs(near / by_stamps - 1) > 0.02:
            near = None
        if stated and near and abs(stated / near - 1) > 0.02:
            raise TraceFileError(
                f"{self._path}: the time stamps give {near:g} samples a second, and {stated:g} is stated"
            )
        rate = near or stated
        if not rate:
            raise TraceFileError(
                f"{self._path}: neither the command `freq` nor two time stamps tell the sample rate. Try: ",
                Argument("rate_hz", "HZ"),
            )
        return rate

    def _by_stamps(self, begin: bytes) -> float | None:
        """Return the median rate between time stamps; None for fewer than two."""
        decoder = type(self._decoder)()
        stamps: list[tuple[int, int]] = []
        count = 0
        for event in decoder.feed(begin):
            if isinstance(event, SampleRun):
                count += len(event.values)
            elif isinstance(event, TimeStamp):
                stamps.append((count, event.ms))
        rates = [
            (after[0] - before[0]) * 1000 / taken
            for before, after in pairwise(stamps)
            if (taken := (after[1] - before[1]) % TIME_STAMP_WRAPS_MS) and after[0] > before[0]
        ]
        return float(np.median(rates)) if rates else None

    def _ceiling(self, rate_hz: float) -> float:
        return _CEILING[self._name] / (rate_hz if self._name == "energy" else 1.0)


def _last(pattern: re.Pattern[str], begin: bytes) -> str:
    """Return what the last command of a kind says, from the shield's acknowledgements; empty if there is none."""
    found = re.findall(rf"ack {pattern.pattern}", begin[:_SETTINGS].decode("latin-1"))
    last = found[-1] if found else ""
    return "".join(last) if isinstance(last, tuple) else last


def looks_like_stream(head: bytes) -> bool:
    """Return whether the beginning of a file is the shield's: its samples, its time stamps, or its prompt."""
    text = head.replace(b"\0", b"")
    bare = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    samples = SAMPLE_LINES.search(bare)
    told = b"PowerShield" in text or TIME_STAMP.search(text) is not None or EVENT.search(text) is not None
    return told or (samples is not None and samples.start() == 0)
