# SPDX-License-Identifier: Apache-2.0
"""Recordings of logic signals beside a trace: sigrok's `.sr` and VCD. They hold edges, and no current."""

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from energy_runner.errors import in_words
from energy_runner.traces.archives import Archive
from energy_runner.traces.model import MOST_EDGES, Edges, Float64Array, TraceFileError
from energy_runner.traces.units import parse_rate

SUFFIXES = (".sr", ".vcd")
_CHUNK = re.compile(r"-(\d{1,9})$")
_LONGEST = 1 << 16
_MOST_SIGNALS = 4096
_TWO = ""  # for the code of two signals that nothing tells apart
_DEEPEST = 64  # scopes in each other
_LONGEST_SCOPE = 200  # characters of its name
_SCALE = re.compile(r"(1|10|100)\s*(s|ms|us|ns|ps|fs)")
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}


def edges_of(path: Path, name: str) -> Edges:
    """Return the edges of the signal `name` in a `.sr` or `.vcd` file, in seconds from its beginning.

    An empty name stands for the only signal of the file. Raises `TraceFileError` for a file or signal that is not.
    """
    return _of_sigrok(path, name) if path.suffix.lower() == ".sr" else _of_vcd(path, name)


def _chosen(path: Path, names: list[str], name: str) -> str:
    """Return the signal that is meant: of exactly this name, or of the only one that differs in capitals."""
    same = [one for one in names if one == name] or [one for one in names if one.lower() == name.lower()]
    if not name and len(names) == 1:
        return names[0]
    if len(same) == 1:
        return same[0]
    there = ", ".join(names[:32]) or "none"
    asked = f"has {len(same) or 'no'} signal{'s' if same else ''} {name[:40]!r}"
    asked = asked if name else "which of its signals marks the windows was not said"
    only = next((one for one in names if names.count(one) == 1), "D0")
    raise TraceFileError(f"{path}: {asked}. There are: {there}. Try: {path.name}:{only}")


# --- sigrok ---------------------------------------------------------------------------------------------


def _of_sigrok(path: Path, name: str) -> Edges:
    archive = Archive(path)
    try:
        rate_hz, names, unit_size, begins = _sigrok_metadata(path, archive)
        chosen = _chosen(path, list(names.values()), name)
        number = next(number for number, one in names.items() if one == chosen) - 1
        members = sorted(
            (one for one in archive.names if re.fullmatch(re.escape(begins) + r"(-\d{1,9})?", one)),
            key=lambda one: int(match[1]) if (match := _CHUNK.search(one[len(begins) :])) else 0,
        )
        if not members:
            raise TraceFileError(f"{path}: holds no samples called {begins!r}")
        falls, rises = _sigrok_changes(path, archive, members, unit_size, number)
    finally:
        archive.close()
    # It changed between the sample that shows it and the one before.
    half_s = 0.5 / rate_hz
    shown = f"{chosen} of {path.name}"
    return Edges(falls / rate_hz - half_s, rises / rate_hz - half_s, half_s, shown, in_seconds=True)


def _sigrok_metadata(path: Path, archive: Archive) -> tuple[float, dict[int, str], int, str]:
    """Return the rate (Hz), the names by number from 1, the bytes of a sample, and what its files are called."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(archive.small("metadata").decode("utf-8", "replace"))
    except configparser.Error as error:
        raise TraceFileError(f"{path}: its metadata cannot be read ({str(error).splitlines()[0][:80]})") from None
    device = next((parser[one] for one in parser.sections() if one.startswith("device")), None)
    if device is None:
        raise TraceFileError(f"{path}: its metadata describe no device")
    text = device.get("samplerate", "")
    rate_hz = parse_rate(text)
    if rate_hz is None:
        raise TraceFileError(f"{path}: its metadata state the sample rate as {text[:40]!r}")
    names = {
        int(key[5:]): value
        for key, value in device.items()
        if key.startswith("probe")
        and key[5:].isascii()
        and key[5:].isdecimal()
        and len(key) < 10
        and key[5:] != "0"
    }
    text = device.get("unitsize", "1")
    unit_size = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
    if not 1 <= unit_size <= 64 or not names or max(names) > 8 * unit_size:
        raise TraceFileError(f"{path}: its metadata name {len(names)} signals in {text[:10]!r} bytes a sample")
    return rate_hz, dict(sorted(names.items())), unit_size, device.get("capturefile", "logic-1")


def _sigrok_changes(
    path: Path, archive: Archive, members: list[str], unit_size: int, number: int
) -> tuple[Float64Array, Float64Array]:
    falls, rises, last, first, rest, count = [], [], None, 0, b"", 0
    for piece in (piece for member in members for piece in archive.pieces(member)):
        data = rest + piece
        room = len(data) // unit_size
        rest = data[room * unit_size :]
        if not room:
            continue
        column = np.frombuffer(data, dtype=np.uint8, count=room * unit_size)[number // 8 :: unit_size]
        high = (column >> np.uint8(number % 8)) & np.uint8(1) == 1
        before = np.concatenate(([high[0] if last is None else last], high[:-1]))
        falls.append(np.flatnonzero(before & ~high).astype(np.float64) + first)
        rises.append(np.flatnonzero(~before & high).astype(np.float64) + first)
        count += len(falls[-1]) + len(rises[-1])
        if count > MOST_EDGES:
            raise TraceFileError(f"{path}: the signal changes more than {MOST_EDGES} times")
        last, first = bool(high[-1]), first + room
    return np.concatenate([*falls, np.empty(0)]), np.concatenate([*rises, np.empty(0)])


# --- VCD ------------------------------------------------------------------------------------------------


def _of_vcd(path: Path, name: str) -> Edges:
    try:
        with path.open("rb") as file:
            words = _words(path, iter(lambda: file.readline(_LONGEST + 1), b""))
            scale_s, codes = _vcd_header(path, words)
            chosen = _chosen(path, list(codes), name)
            falls, rises = _vcd_changes(path, words, codes[chosen])
    except OSError as error:
        raise TraceFileError(f"{path}: cannot be read ({in_words(error)})") from None
    return Edges(
        np.array(falls, dtype=np.float64) * scale_s,
        np.array(rises, dtype=np.float64) * scale_s,
        scale_s / 2,
        f"{chosen} of {path.name}",
        in_seconds=True,
    )


def _words(path: Path, lines: Iterator[bytes]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        if len(line) > _LONGEST:
            raise TraceFileError(f"{path}: line {number} has no end within {_LONGEST} bytes")
        for word in line.decode("latin-1").split():
            yield number, word


def _vcd_header(path: Path, words: Iterator[tuple[int, str]]) -> tuple[float, dict[str, str]]:
    """Return the time scale (s) and the code of each signal of one bit, by its name.

    Where several signals have one name, each is called by its scopes, too, as in `top.uart.D0`.
    """
    scale_s = 0.0
    scopes: list[str] = []
    signals: dict[str, dict[str, str]] = {}  # of each name, the code of each scope
    count = 0
    for number, word in words:
        if word == "$enddefinitions":
            _to_end(words)
            break
        if not word.startswith("$"):
            raise TraceFileError(f"{path}: line {number}: {word[:40]!r} is no VCD")
        inner = _to_end(words) if word != "$end" else []
        if word == "$timescale":
            match = _SCALE.fullmatch(" ".join(inner)) or _SCALE.fullmatch("".join(inner))
            if match is None:
                raise TraceFileError(f"{path}: line {number}: the time scale is {' '.join(inner)[:40]!r}")
            scale_s = int(match[1]) * _SECONDS[match[2]]
        elif word == "$scope":
            scopes.append(inner[1][:_LONGEST_SCOPE] if len(inner) > 1 else "")
            if len(scopes) > _DEEPEST:
                raise TraceFileError(f"{path}: line {number}: more than {_DEEPEST} scopes in each other")
        elif word == "$upscope":
            del scopes[-1:]
        elif word == "$var" and len(inner) >= 4 and inner[1] == "1":
            whole = ".".join([*scopes, inner[3]])
            known = signals.setdefault(inner[3], {})
            known[whole] = inner[2] if known.get(whole, inner[2]) == inner[2] else _TWO
            count += 1
            if count > _MOST_SIGNALS:
                raise TraceFileError(f"{path}: line {number}: more than {_MOST_SIGNALS} signals")
    if not scale_s:
        raise TraceFileError(f"{path}: states no time scale, so its times have no unit")
    codes: dict[str, str] = {}
    for name, paths in signals.items():
        # Some writers list one signal in several scopes: then all have its code.
        codes |= {name: next(iter(paths.values()))} if len(set(paths.values())) == 1 else paths
    return scale_s, {name: code for name, code in codes.items() if code != _TWO}


def _to_end(words: Iterator[tuple[int, str]]) -> list[str]:
    inner: list[str] = []
    for _, word in words:
        if word == "$end":
            break
        if len(inner) < 64:
            inner.append(word)
    return inner


def _vcd_changes(path: Path, words: Iterator[tuple[int, str]], code: str) -> tuple[list[int], list[int]]:
    """Return the times at which the signal falls and rises; an unknown state (`x`, `z`) is neither."""
    falls: list[int] = []
    rises: list[int] = []
    now, state = 0, ""
    for number, word in words:
        if word.startswith("#"):
            if not (word[1:].isascii() and word[1:].isdecimal()) or len(word) > 20:
                raise TraceFileError(f"{path}: line {number}: {word[:40]!r} is no time")
            if int(word[1:]) < now:
                raise TraceFileError(f"{path}: line {number}: the time goes back from {now} to {word[1:]}")
            now = int(word[1:])
        elif word[0] in "bBrRsS" and word[1:]:
            next(words, None)  # a value of several bits or a number, and the code of its own signal
        elif word[0] in "01xXzZ" and word[1:] == code:
            if state == "1" and word[0] == "0":
                falls.append(now)
            elif state == "0" and word[0] == "1":
                rises.append(now)
            state = word[0] if word[0] in "01" else state
            if len(falls) + len(rises) > MOST_EDGES:
                raise TraceFileError(f"{path}: line {number}: the signal changes more than {MOST_EDGES} times")
    return falls, rises
