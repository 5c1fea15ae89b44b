# SPDX-License-Identifier: Apache-2.0
"""Errors of the runner itself, with the exit status each leads to."""

import errno
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

STOPPED_BY_CTRL_C = "stopped by Ctrl-C (SIGINT)"
STOPPED_IN_VIEWER = "stopped in the viewer"

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


@dataclass(frozen=True)
class Argument:
    """An argument of the Python API in a message, with or without a value; a tuple stands for a list of values.

    In Python it reads `stimuli=DIR`, on the command line it becomes the option `--stimuli DIR`.
    """

    name: str
    value: str | tuple[str, ...] = ""

    def __str__(self) -> str:
        if not self.value:
            return self.name
        return f"{self.name}={self.value if isinstance(self.value, str) else list(self.value)}"


@dataclass(frozen=True)
class Call:
    """What a message advises to call: the code for Python, or the command that does the same."""

    python: str
    command: str

    def __str__(self) -> str:
        return self.python


class RunnerError(Exception):
    """Base of the runner's errors; the message is one line that names the file, key or port.

    It is one text, or several parts that are joined: texts, and what the command line writes in another form.
    """

    status = ExitStatus.BENCH_FAULT

    def __init__(self, *parts: str | Argument | Call) -> None:
        super().__init__(*parts)

    def __str__(self) -> str:
        return "".join(str(part) for part in self.args)

    def written(self, form: Callable[[Argument | Call], str]) -> str:
        """Return the message with its arguments and calls as `form` writes them; texts stay as they are."""
        return "".join(form(part) if isinstance(part, Argument | Call) else str(part) for part in self.args)


class ConfigurationError(RunnerError):
    """A file, key, option or stimulus is missing or wrong; nothing was switched on."""

    status = ExitStatus.USAGE


class BenchFault(RunnerError):
    """A device did not do what it was asked; the supply was switched off."""

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
