# SPDX-License-Identifier: Apache-2.0
"""Errors of the runner itself, with the exit status each leads to."""

import errno
from enum import IntEnum

# What helps where a file cannot be written, by the reason; where none of it helps, nothing is advised.
_REMEDIES = {
    errno.ENOSPC: ". Try: free disk space",
    errno.EDQUOT: ". Try: free disk space",
    errno.EACCES: ". Try: check the folder's permissions",
    errno.EPERM: ". Try: check the folder's permissions",
    errno.EROFS: ". Try: a folder on a disk that can be written",
}


class ExitStatus(IntEnum):
    """What the process tells its caller."""

    VALID = 0
    RULE_FAILED = 1
    USAGE = 2
    BENCH_FAULT = 3
    INTERRUPTED = 4


class RunnerError(Exception):
    """Base of the runner's errors; the message is one line that names the file, key or port."""

    status = ExitStatus.BENCH_FAULT


class ConfigurationError(RunnerError):
    """A file, key, option or stimulus is missing or wrong; nothing was switched on."""

    status = ExitStatus.USAGE


class BenchFault(RunnerError):
    """A box did not do what it was asked; the supply was switched off."""

    status = ExitStatus.BENCH_FAULT


class Interrupted(RunnerError):
    """The user stopped the run; the supply was switched off."""

    status = ExitStatus.INTERRUPTED


class Detached(RunnerError):
    """A subscriber was too slow and sees no more of the run, which goes on."""


class SessionError(RunnerError):
    """A session folder cannot be read, or does not hold what was asked for."""

    status = ExitStatus.USAGE


def in_words(error: Exception) -> str:
    """Return in plain words why a file could not be read or written: no error number, no name of a codec."""
    if isinstance(error, UnicodeDecodeError):
        return f"not text in UTF-8: byte {error.start + 1} is {error.object[error.start]:#04x}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def remedy(error: Exception) -> str:
    """Return what to try where a file cannot be written, as the end of a message; empty if nothing is known."""
    return _REMEDIES.get(getattr(error, "errno", None) or 0, "")
