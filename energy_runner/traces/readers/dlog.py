# SPDX-License-Identifier: Apache-2.0
"""Keysight `.dlog`, plain or packed by xz: what an N6705 logs into a file.

An XML header up to `</dlog>` names the channels and the interval `tint`; some of its tags (`<1ua>`) are no XML and
are mended before parsing. Then come a line end, eight bytes, and float32, big endian: for each channel in the
header's order the voltage and then the current, as far as they were logged, each as mean, least and largest where
`sense_minmax` is set. A file may end with more bytes than whole records (public readers of the format).
"""

import io
import lzma
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

import numpy as np

from energy_runner.errors import Argument, in_words
from energy_runner.traces.model import (
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

_HEAD_BYTES = 1 << 20
_DEEPEST = 32
_BETWEEN = 8  # bytes between the header and the records
_PIECE = 1 << 22
_XZ = b"\xfd7zXZ\x00"
_XZ_MEMORY = 1 << 28
_XZ_RATIO, _XZ_FREE = 200, 1 << 26  # as for zip archives: readings have noise
_ABSURD = 1e6
_ODD_TAG = re.compile(rb"<(/?)(?=[0-9])")
_END = b"</dlog>"


class DlogFile:
    """An opened `.dlog` file."""

    def __init__(self, path: Path, options: Options) -> None:
        self.findings: list[str] = []
        self.mishaps: list[Mishap] = []
        self._path = path
        if options.edges:
            raise TraceFileError(
                f"{path}: a dlog holds no logic inputs, so {options.edges[:40]!r} is none of them. Try: a file "
                "with times, or a .sr or .vcd file beside it"
            )
        try:
            self._size = max(1, path.stat().st_size)
            self._file = path.open("rb")
        except OSError as error:
            raise TraceFileError(f"{path}: cannot be read ({in_words(error)})") from None
        try:
            self._bytes: BinaryIO = self._unpacked()
            root = self._header()
            self._tracks, self._stride, self._skipped, period_s = self._layout(root, options)
        except BaseException:
            self._file.close()
            raise
        self.head = Head(
            format="dlog",
            title="Keysight dlog",
            signals=tuple(signal(name) for name in self._tracks),
            period_s=period_s,
            instrument="n6705",
            remarks=tuple(self._skipped),
            resolution_s=period_s,
        )

    @property
    def done(self) -> float:
        """Return the share of the file that was read, 0 to 1."""
        return min(1.0, self._file.tell() / self._size) if not self._file.closed else 1.0

    def chunks(self) -> Iterator[Chunk]:
        """Yield all samples in order."""
        first, rest, absurd = 0, b"", 0
        record = 4 * self._stride
        for piece in self._pieces():
            data = rest + piece
            count = len(data) // record
            rest = data[count * record :]
            if not count:
                continue
            table = np.frombuffer(data, dtype=">f4", count=count * self._stride).reshape(count, self._stride)
            values: dict[SignalName, Float32Array] = {}
            for name, place in self._tracks.items():
                values[name] = table[:, place].astype(np.float32)
                with np.errstate(invalid="ignore"):
                    wrong = np.abs(values[name]) > _ABSURD
                absurd += int(np.sum(wrong))
                values[name][wrong] = np.nan
            yield Chunk(first, values)
            first += count
        if rest:
            self.findings.append(f"{len(rest)} bytes after the last whole record are left out")
        if absurd:
            self.findings.append(f"{absurd} readings are beyond {_ABSURD:g} and count as missing")

    def edges(self, name: str) -> Edges:
        """Raise `TraceFileError`: the format has no inputs."""
        raise TraceFileError(f"{self._path}: a dlog holds no edges")

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    # --- inside -------------------------------------------------------------------------------------------

    def _unpacked(self) -> BinaryIO:
        begin = self._file.read(len(_XZ))
        self._file.seek(0)
        return io.BufferedReader(_Xz(self._file, self._path)) if begin == _XZ else self._file

    def _pieces(self) -> Iterator[bytes]:
        while True:
            try:
                piece = self._bytes.read(_PIECE)
            except OSError as error:
                raise TraceFileError(f"{self._path}: cannot be read ({in_words(error)})") from None
            if not piece:
                return
            yield piece

    def _header(self) -> Element:
        """Return the parsed header, the file then being at the first record."""
        begin = b""
        while _END not in begin:
            piece = self._bytes.read(4096)
            begin += piece
            if not piece or len(begin) > _HEAD_BYTES:
                raise TraceFileError(
                    f"{self._path}: its XML header does not end with </dlog> within {len(begin)} bytes"
                )
        end = begin.index(_END) + len(_END)
        rest = begin[end:]
        while len(rest) < _BETWEEN + 2:
            more = self._bytes.read(4096)
            if not more:
                break
            rest += more
        line_end = 2 if rest.startswith(b"\r\n") else 1
        self._bytes = io.BufferedReader(_Joined(rest[line_end + _BETWEEN :], self._bytes))
        return self._parsed(_ODD_TAG.sub(rb"<\1_", begin[:end]))

    def _parsed(self, header: bytes) -> Element:
        if b"<!DOCTYPE" in header or b"<!ENTITY" in header:
            raise TraceFileError(f"{self._path}: its XML header declares entities, which no dlog does")
        parser: Any = XMLPullParser(events=("start", "end"))
        depth = 0
        root: Element | None = None
        try:
            for at in range(0, len(header), 4096):
                parser.feed(header[at : at + 4096])
                for event, element in parser.read_events():
                    root = element if root is None else root
                    depth += 1 if event == "start" else -1
                    if depth > _DEEPEST:
                        raise TraceFileError(f"{self._path}: its XML header is nested deeper than {_DEEPEST}")
        except (ParseError, ValueError) as error:
            raise TraceFileError(f"{self._path}: its XML header is damaged ({error})") from None
        if root is None:
            raise TraceFileError(f"{self._path}: its XML header is empty")
        return root

    def _layout(self, root: Element, options: Options) -> tuple[dict[SignalName, int], int, list[str], float]:
        """Return the place of each signal in a record, the record's length, remarks, and the period (s)."""
        frame = root.find("frame")
        text = (frame.findtext("tint") if frame is not None else None) or ""
        try:
            period_s = float(text)
        except ValueError:
            period_s = 0.0
        if not 1e-7 <= period_s <= 3600:
            raise TraceFileError(f"{self._path}: frame/tint is {text[:40]!r}, where seconds a sample are needed")
        triple = 3 if frame is not None and _is_set(frame, "sense_minmax") else 1
        places: dict[str, dict[SignalName, int]] = {}
        place = 0
        for number, channel in enumerate(root.findall("channel"), start=1):
            own: dict[SignalName, int] = {}
            for tag, name in (("sense_volt", "voltage"), ("sense_curr", "current")):
                if _is_set(channel, tag):
                    own[name] = place  # type: ignore[index]
                    place += triple
            if own:
                places[channel.get("id") or str(number)] = own
        wanted = options.columns.get("channel", "")
        if set(options.columns) - {"channel"}:
            raise TraceFileError(
                f"{self._path}: a dlog has no columns to be told. Try: ", Argument("columns", "channel=1")
            )
        having = [name for name, own in places.items() if "current" in own]
        if not having or (wanted and wanted not in having):
            there = ", ".join(having) or "none"
            raise TraceFileError(f"{self._path}: channels with a current are {there}, not {wanted or 'any'}")
        if not wanted and len(having) > 1:
            raise TraceFileError(
                f"{self._path}: logged the current of the channels {', '.join(having)}. Try: ",
                Argument("columns", f"channel={having[0]}"),
            )
        chosen = wanted or having[0]
        remarks = [f"read was channel {chosen} of {', '.join(places)}"] if len(places) > 1 else []
        return places[chosen], place, remarks, period_s


def _is_set(element: Element, tag: str) -> bool:
    return (element.findtext(tag) or "").strip() == "1"


class _Joined(io.RawIOBase):
    """Bytes that were read already, and then the file they are from."""

    def __init__(self, begin: bytes, file: BinaryIO) -> None:
        self._begin, self._file = begin, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._begin[: len(view)] or self._file.read(len(view))
        self._begin = self._begin[len(data) :] if self._begin else b""
        view[: len(data)] = data
        return len(data)


class _Xz(io.RawIOBase):
    """What an xz file holds, at bounded memory; a stream that unpacks to absurdly much is refused."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._decoder = self._new()
        self._rest, self._out, self._in = b"", 0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._some(len(view))
        view[: len(data)] = data
        return len(data)

    def _some(self, most: int) -> bytes:
        while True:
            if self._decoder.eof:
                self._rest = self._decoder.unused_data.lstrip(b"\0") or self._file.read(1 << 16).lstrip(b"\0")
                if not self._rest:
                    return b""
                self._decoder = self._new()
            if self._decoder.needs_input and not self._rest:
                self._rest = self._file.read(1 << 16)
                self._in += len(self._rest)
                if not self._rest:
                    raise TraceFileError(f"{self._path}: is cut off: the xz stream has no end")
            given, self._rest = self._rest, b""
            try:
                data = self._decoder.decompress(given, most)
            except (lzma.LZMAError, EOFError) as error:
                raise TraceFileError(f"{self._path}: cannot be unpacked ({in_words(error)})") from None
            self._out += len(data)
            if self._out > _XZ_FREE + _XZ_RATIO * max(self._in, 1):
                raise TraceFileError(
                    f"{self._path}: unpacks from {self._in} to over {self._out} bytes, which no recording does"
                )
            if data:
                return data

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
