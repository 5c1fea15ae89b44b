# SPDX-License-Identifier: Apache-2.0
"""The formats of trace files that can be read, and how a file is recognised by its first bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from energy_runner.errors import Argument, in_words
from energy_runner.session.trace_blocks import IDENTIFICATION
from energy_runner.traces.logic import SUFFIXES
from energy_runner.traces.model import Opened, Options, TraceFileError
from energy_runner.traces.text.layout import HEAD_BYTES

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_XZ = b"\xfd7zXZ\x00"
_SHORTEST_S, _LONGEST_S = 1e-9, 1e5  # from sample to sample
_SAME_RATE = 0.01


@dataclass(frozen=True)
class Format:
    """A format: its name and title, whether a file with these first bytes is of it, and what opens it."""

    name: str
    title: str
    begins: Callable[[bytes], bool]
    open: Callable[[Path, Options], Opened]


def _ppk2(path: Path, options: Options) -> Opened:
    from energy_runner.traces.readers.ppk2_file import Ppk2File

    return Ppk2File(path, options)


def _jls(path: Path, options: Options) -> Opened:
    from energy_runner.traces.readers.jls import JlsFile

    return JlsFile(path, options)


def _dlog(path: Path, options: Options) -> Opened:
    from energy_runner.traces.readers.dlog import DlogFile

    return DlogFile(path, options)


def _lpm01a(path: Path, options: Options) -> Opened:
    from energy_runner.traces.readers.lpm01a_log import Lpm01aLog

    return Lpm01aLog(path, options)


def _text(path: Path, options: Options) -> Opened:
    from energy_runner.traces.readers.table_text import open_text

    return open_text(path, options)


def _is_stream(head: bytes) -> bool:
    from energy_runner.traces.readers.lpm01a_log import looks_like_stream

    return looks_like_stream(head)


FORMATS = (
    Format("ppk2", "PPK2 file of the vendor's app", lambda head: head.startswith(_ZIP), _ppk2),
    Format("jls", "Joulescope JLS", lambda head: head.startswith(IDENTIFICATION), _jls),
    Format("dlog", "Keysight dlog", lambda head: b"<dlog>" in head[:4096] or head.startswith(_XZ), _dlog),
    Format("lpm01a-stream", "LPM01A raw stream", _is_stream, _lpm01a),
    Format("csv", "CSV of any tool", lambda head: True, _text),
)


def open_trace(path: Path, options: Options) -> Opened:
    """Open a trace file of any format; raises `TraceFileError` for any other file."""
    try:
        # A pipe would be waited for without end, and cannot be read twice.
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise TraceFileError(f"{path}: is not a regular file. Try: a copy of what it gives, in a file")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise TraceFileError(f"{path}: cannot be read ({in_words(error)})") from None
    if not head:
        raise TraceFileError(f"{path}: is empty")
    if path.suffix.lower() in SUFFIXES or b"$timescale" in head[:4096]:
        raise TraceFileError(
            f"{path}: holds logic signals and no current. Try: import the trace that was recorded beside it, with "
            f"--edges {path.name}:SIGNAL"
        )
    opened = next(one for one in FORMATS if one.begins(head)).open(path, options)
    period_s = opened.head.period_s
    if not _SHORTEST_S <= period_s <= _LONGEST_S:
        opened.close()
        raise TraceFileError(
            f"{path}: {period_s:.6g} s from sample to sample is no sample rate of a power monitor: "
            f"{_SHORTEST_S:g} s to {_LONGEST_S:g} s are read"
        )
    rate_hz = 1 / period_s
    if options.rate_hz is not None and abs(options.rate_hz / rate_hz - 1) > _SAME_RATE:
        opened.close()
        raise TraceFileError(
            f"{path}: has {rate_hz:.9g} samples a second, and {options.rate_hz:.9g} was told. Try: without ",
            Argument("rate_hz"),
        )
    return opened
