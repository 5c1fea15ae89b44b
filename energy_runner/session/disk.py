# SPDX-License-Identifier: Apache-2.0
"""What a session does to a disk: open, write, sync, rename. Each call may fail, and tests let each one fail.

A session may come from somebody else: a pipe or a device in the place of a file would never end, and a link would
lead a write to any file of the user.
"""

import errno
import os
import stat
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

# Windows syncs a folder's names by itself, and cannot open a folder.
_FOLDERS_CAN_BE_SYNCED = hasattr(os, "O_DIRECTORY")


def open_file(path: Path) -> BufferedReader:
    """Open a file to read; raises `OSError`, also for a pipe or a device, which may never end."""
    kind = path.stat().st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise OSError(errno.EINVAL, "a pipe or a device, not a file", str(path))
    return path.open("rb")


def create(path: Path) -> BinaryIO:
    """Create a file, unbuffered, in place of what has its name; no link is followed. Raises `OSError`."""
    path.unlink(missing_ok=True)
    return path.open("xb", buffering=0)


def append_to(path: Path) -> BinaryIO:
    """Open a file to append, unbuffered; raises `OSError`."""
    return path.open("ab", buffering=0)


def write(file: BinaryIO, data: bytes | memoryview) -> int:
    """Write what the operating system takes of `data`, and return how many bytes that was; raises `OSError`."""
    return file.write(data) or 0


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write all of `data`; an unbuffered write may end early, and the next one then says why. Raises `OSError`."""
    left = memoryview(data)
    while left:
        left = left[write(file, left) :]


def sync(file: BinaryIO) -> None:
    """Wait until a file is on the storage device, safe from a power cut; raises `OSError`."""
    os.fsync(file.fileno())


def sync_path(path: Path) -> None:
    """Wait until a file that another part of the process wrote and closed is on the storage device."""
    with path.open("r+b") as file:
        sync(file)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the storage device, where the operating system can."""
    if not _FOLDERS_CAN_BE_SYNCED:
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(temporary: Path, path: Path) -> None:
    """Give a file its name, in place of another of that name; raises `OSError`."""
    temporary.replace(path)


def remove(path: Path) -> None:
    """Remove a file; raises `OSError`, also if there is none."""
    path.unlink()


def write_whole(path: Path, data: bytes, temporary: Path) -> None:
    """Write a file as a whole or not at all, through `temporary`; raises `OSError`.

    Where `temporary` exists, its room on the disk is used: so a file can be written for which room was kept.
    """
    kept = _is_own(temporary)
    try:
        with temporary.open("r+b", buffering=0) if kept else create(temporary) as file:
            write_all(file, data)
            file.truncate(len(data))
            sync(file)
        replace(temporary, path)
    except OSError:
        if not kept:
            give_room_back(temporary)
        raise


def keep_room(path: Path, size: int) -> None:
    """Make a file of `size` bytes, so that there is room for them later; raises `OSError` if there is none now."""
    with create(path) as file:
        write_all(file, b"\0" * size)
        sync(file)


def give_room_back(path: Path) -> None:
    """Remove a file that kept room; does nothing if there is none."""
    with suppress(OSError):
        path.unlink()


def _is_own(path: Path) -> bool:
    """Return whether a path is a file without another name: what is written into it changes no other file."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1
