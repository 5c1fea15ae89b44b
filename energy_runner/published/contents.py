# SPDX-License-Identifier: Apache-2.0
"""Read the files of one session, in this place only: no later stage opens a file.

They are other people's files: only regular ones inside the folder are read, and never more than a stated size.
A refusal is one line that names the file; a sparse file of ten gigabytes costs nothing.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from energy_runner.errors import SessionError
from energy_runner.published.discover import Found, inside
from energy_runner.text_file import as_utf8, opened_as_utf8

MEBI = 2**20
LARGEST_LOG = 128 * MEBI  # the longest published ones, 48608 inferences, have 60 MiB
LARGEST_TRACE = 64 * MEBI  # 16 million samples; published ones have up to half a million
LARGEST_JSON = 32 * MEBI  # a recording of 20 minutes at 1 kHz has 15 MiB
LARGEST_TEXT = 4 * MEBI
LONGEST_LINE = 64 * 1024
_BLOCK = 256 * 1024

_POINTER = b"version https://git-lfs.github.com/spec/"
_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh9", b"7z\xbc\xaf\x27\x1c", b"\x28\xb5\x2f\xfd")
_LARGEST = {
    "log": LARGEST_LOG,
    "results": LARGEST_TEXT,
    "json": LARGEST_JSON,
    "trace": LARGEST_TRACE,
    "timestamps": LARGEST_TEXT,
}
_OF_EEMBC = ("trace", "timestamps")
_MARKS_OF_MLCOMMONS = (
    b"Logging initialized",
    b"SerialDevice",
    b"Power Edition Output",
    b"Energy data for trial",
    b"Top 1% =",
)
_SNIFFED = 4096
_REGISTERED = re.compile(rb"m-regfile-fn\[([^\]]*)\]")


@dataclass(frozen=True)
class Contents:
    """The contents of a session's files by role, None or empty where none can be read.

    `names` are the files by role, whether they can be read or not, and `refusals` say by role why one cannot.
    `log` gives its lines only once, because the file may be too long for memory. `beside` are the results of the
    performance sessions next to this one. `files` are all files of the session that may be opened. `pointers` are
    the names of those of which only a Git LFS pointer is here, `packed` of those that are archives.
    """

    found: Found
    of_mlcommons: bool
    names: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    log: Iterator[bytes] = field(default_factory=lambda: iter(()))
    results: list[str] | None = None
    json: bytes | None = None
    trace: bytes | None = None
    timestamps: bytes | None = None
    beside: list[list[str]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    pointers: tuple[str, ...] = ()
    packed: tuple[str, ...] = ()


class PointerError(SessionError):
    """Only the Git LFS pointer of a file is here."""


class PackedError(SessionError):
    """A file is an archive, whatever its name says."""


def load(found: Found) -> Contents:
    """Return what the files of a session hold; raises `SessionError` for a folder that could not be entered."""
    if not found.files:
        raise SessionError(f"{found.folder.name}: {found.reason}")
    names: dict[str, str] = {}
    refusals: dict[str, str] = {}
    pointers: list[str] = []
    packed = list(found.archives)
    data: dict[str, bytes] = {}
    of_mlcommons = "json" in found.files
    for role, largest in _LARGEST.items():
        if role in _OF_EEMBC:
            of_mlcommons = of_mlcommons or _has_marks(data)
        if role not in found.files or (of_mlcommons and role in _OF_EEMBC):
            continue
        path = found.files[role][0]
        if role in _OF_EEMBC and "log" in data:
            path = _registered(found.files[role], found.files["log"][0])
        names[role] = path.name
        try:
            read = read_head if role == "log" else read_bytes
            data[role] = _text(role, read(path, found.root, largest))
        except SessionError as error:
            refusals[role] = str(error)
            if isinstance(error, PointerError):
                pointers.append(path.name)
            elif isinstance(error, PackedError):
                packed.append(path.name)
    if "script" in found.files:
        script = found.files["script"][0]
        names["script"] = script.name
        refusals |= _refused_script(script, found.root)
    return Contents(
        found=found,
        of_mlcommons=of_mlcommons,
        names=names,
        refusals=refusals,
        log=read_lines(found.files["log"][0], LARGEST_LOG) if "log" in data else iter(()),
        results=_text_lines(data["results"]) if "results" in data else None,
        json=data.get("json"),
        trace=data.get("trace"),
        timestamps=data.get("timestamps"),
        beside=_beside(found),
        files=[path for role, paths in found.files.items() for path in paths if _may_be_opened(path, found, role)],
        pointers=tuple(pointers),
        packed=tuple(packed),
    )


def check(path: Path, root: Path, largest: int) -> int:
    """Return the size of a file that may be read; raises `SessionError` for any other.

    Links out of `root`, everything that is not a regular file (a pipe would never end) and files above `largest`
    bytes are refused.
    """
    if path.is_symlink() and not inside(path, root):
        raise SessionError(f"{path.name}: a link out of the folder, not followed")
    try:
        found = path.stat()
    except OSError as error:
        raise SessionError(f"{path.name}: cannot be read ({error.strerror or error})") from None
    if not stat.S_ISREG(found.st_mode):
        raise SessionError(f"{path.name}: is not a regular file")
    if found.st_size > largest:
        raise SessionError(f"{path.name}: {_size(found.st_size)}, more than the {_size(largest)} that are read")
    return found.st_size


def read_bytes(path: Path, root: Path, largest: int) -> bytes:
    """Return a whole file; raises `SessionError` for one that is refused, empty, or only a Git LFS pointer."""
    data = _beginning(path, root, largest, largest + 1)
    if len(data) > largest:
        raise SessionError(f"{path.name}: grew while it was read")
    return data


def read_head(path: Path, root: Path, largest: int) -> bytes:
    """Return the first bytes of a file that may be read as `read_bytes` would; raises the same errors."""
    return _beginning(path, root, largest, _SNIFFED)


def _beginning(path: Path, root: Path, largest: int, count: int) -> bytes:
    check(path, root, largest)
    try:
        with path.open("rb") as file:
            data = file.read(count)
    except OSError as error:
        raise SessionError(f"{path.name}: cannot be read ({error.strerror or error})") from None
    if not data:
        raise SessionError(f"{path.name}: is empty")
    if data.startswith(_POINTER):
        raise PointerError(f"{path.name}: absent, only its Git LFS pointer is here")
    if data.startswith(_PACKED):
        raise PackedError(f"{path.name}: is an archive, not what its name says. Try: unpack it")
    return data


def read_lines(path: Path, largest: int) -> Iterator[bytes]:
    """Yield the lines in the first `largest` bytes of a file whose head could be read, as `lines_of` does.

    Raises `SessionError` if reading fails later on.
    """
    try:
        with path.open("rb") as file:
            yield from _lines(opened_as_utf8(file), largest)
    except OSError as error:
        raise SessionError(f"{path.name}: cannot be read ({error.strerror or error})") from None


def lines_of(data: bytes) -> Iterator[bytes]:
    """Return the lines of `data` without their ends, LF, CRLF or CR; over-long ones are split into pieces."""
    return _lines(BytesIO(data), len(data))


def _lines(file: BinaryIO, left: int) -> Iterator[bytes]:
    rest = b""
    while left > 0 and (block := file.read(min(_BLOCK, left))):
        left -= len(block)
        *whole, rest = (rest + block).split(b"\n")
        for raw in whole:
            # Most logs end their lines with CRLF: such a line is as plain as any other.
            line = raw[:-1] if raw.endswith(b"\r") else raw
            if b"\r" in line or len(line) > LONGEST_LINE:
                yield from _pieces(raw)
            else:
                yield line
        while len(rest) > LONGEST_LINE:
            yield from _pieces(rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
    if rest:
        yield from _pieces(rest)


def _pieces(raw: bytes) -> Iterator[bytes]:
    """Yield a line, which ends with LF, in parts where it holds CR or is too long."""
    for at in range(0, len(raw), LONGEST_LINE):
        yield from raw[at : at + LONGEST_LINE].rstrip(b"\r").split(b"\r")


def _text(role: str, data: bytes) -> bytes:
    return data if role == "trace" else as_utf8(data)


def _has_marks(data: dict[str, bytes]) -> bool:
    heads = [data.get(role, b"")[:_SNIFFED] for role in ("log", "results")]
    return any(mark in head for mark in _MARKS_OF_MLCOMMONS for head in heads)


def _registered(paths: list[Path], log: Path) -> Path:
    """Return the one of `paths` that the log registers as what the monitor recorded, else the first."""
    if len(paths) == 1:
        return paths[0]
    found = {name for line in read_lines(log, LARGEST_LOG) for name in _REGISTERED.findall(line)}
    return next((path for path in paths if os.fsencode(path.name) in found), paths[0])


def _refused_script(path: Path, root: Path) -> dict[str, str]:
    """Return what is wrong with the script of the run, from which nothing is read."""
    try:
        return {} if check(path, root, LARGEST_LOG) else {"script": f"{path.name}: is empty"}
    except SessionError as error:
        return {"script": str(error)}


def _text_lines(data: bytes) -> list[str]:
    return [line.decode("utf-8", "replace") for line in lines_of(data)]


def _beside(found: Found) -> list[list[str]]:
    results = []
    for path in found.beside:
        try:
            results.append(_text_lines(as_utf8(read_bytes(path, found.root, LARGEST_TEXT))))
        except SessionError:
            continue  # the audit of that session itself says what is wrong with it
    return results


def _may_be_opened(path: Path, found: Found, role: str) -> bool:
    try:
        check(path, found.root, _LARGEST.get(role, LARGEST_LOG))
    except SessionError:
        return False
    return True


def _size(count: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"
