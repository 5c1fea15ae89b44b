# SPDX-License-Identifier: Apache-2.0
"""Errors of the runner itself, with the exit status each leads to."""

from enum import IntEnum


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
