"""Read files of other people's sessions: regular ones inside the folder, and never more than a stated size.

What is refused is refused in one line that names the file; a sparse file of ten gigabytes costs nothing.
"""

import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path

from energy_runner.errors import SessionError

MEBI = 2**20
LARGEST_LOG = 128 * MEBI  # the longest published ones, 48608 inferences, have 60 MiB
LARGEST_TRACE = 64 * MEBI  # 16 million samples; published ones have up to half a million
LARGEST_JSON = 32 * MEBI  # a recording of 20 minutes at 1 kHz has 15 MiB
LARGEST_TEXT = 4 * MEBI
LONGEST_LINE = 64 * 1024

_POINTER = b"version https://git-lfs.github.com/spec/"


def inside(path: Path, root: Path) -> bool:
    """Return whether `path`, its links followed, lies in the folder `root`."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a loop of links is a RuntimeError before Python 3.13
        return False


def check(path: Path, root: Path, largest: int) -> int:
    """Return the size of a file that may be read; raises `SessionError` for any other.

    Refused are links out of `root`, everything that is not a regular file (a pipe would never end), and
    files above `largest` bytes.
    """
    if path.is_symlink() and not inside(path, root):
        raise SessionError(f"{path.name}: a link out of the folder, not followed")
    try:
        found = path.stat()
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SessionError(f"{path.name}: cannot be read ({reason})") from None
    if not stat.S_ISREG(found.st_mode):
        raise SessionError(f"{path.name}: is not a regular file")
    if found.st_size > largest:
        raise SessionError(f"{path.name}: {_size(found.st_size)}, more than the {_size(largest)} that are read")
    return found.st_size


def read_bytes(path: Path, root: Path, largest: int) -> bytes:
    """Return a whole file; raises `SessionError` for one that is refused, empty, or not there but in LFS."""
    check(path, root, largest)
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise SessionError(f"{path.name}: cannot be read ({error.strerror or error})") from None
    if len(data) > largest:
        raise SessionError(f"{path.name}: grew while it was read")
    if not data:
        raise SessionError(f"{path.name}: is empty")
    if data.startswith(_POINTER):
        raise SessionError(f"{path.name}: absent, only its Git LFS pointer is here")
    return data


def read_lines(path: Path, root: Path, largest: int) -> Iterator[bytes]:
    """Yield the lines of a file without their ends, LF, CRLF or CR; over-long ones come in pieces."""
    check(path, root, largest)
    first = True
    try:
        with path.open("rb") as file:
            left = largest
            while left > 0 and (raw := file.readline(min(LONGEST_LINE, left))):
                left -= len(raw)
                if first and raw.startswith(_POINTER):
                    raise SessionError(f"{path.name}: absent, only its Git LFS pointer is here")
                first = False
                line = raw.rstrip(b"\r\n")
                if b"\r" in line:
                    yield from line.split(b"\r")
                else:
                    yield line
    except OSError as error:
        raise SessionError(f"{path.name}: cannot be read ({error.strerror or error})") from None
    if first:
        raise SessionError(f"{path.name}: is empty")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(count: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"
