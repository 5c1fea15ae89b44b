# SPDX-License-Identifier: Apache-2.0
"""The sessions of a submission, sorted: what was named, by benchmark and mode."""

from collections.abc import Sequence
from pathlib import Path

from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import Session
from energy_runner.submission.model import FOLDERS, REQUIRED_MODES
from energy_runner.submission.names import plain_ascii

Sorted = dict[str, dict[str, Session]]


def sort_sessions(paths: Sequence[Path]) -> Sorted:
    """Return the sessions in `paths` by benchmark, in the order of the folders, and by mode.

    Raises `ConfigurationError` for sessions without a place in a submission, for two in one place and for one that
    is missing, `SessionError` for one that cannot be read.
    """
    if not paths:
        raise ConfigurationError("no session was named. Try: energy-runner export mlperf SESSION... --out DIR")
    found: Sorted = {}
    for path in paths:
        session = Session.open(path)
        record = session.record
        if record.benchmark.id not in FOLDERS:
            raise ConfigurationError(
                f"{path}: {plain_ascii(record.benchmark.id)} has no place in a submission "
                f"(known: {', '.join(FOLDERS)})"
            )
        modes = found.setdefault(record.benchmark.id, {})
        other = modes.setdefault(record.run.mode, session)
        if other is not session:
            raise ConfigurationError(
                f"{other.path} and {path} are both {record.benchmark.id} in {record.run.mode} mode. "
                "Try one of them"
            )
    for name, sessions in found.items():
        missing = [mode for mode in REQUIRED_MODES if mode not in sessions]
        if missing:
            raise ConfigurationError(
                f"{name}: no session in {' or '.join(missing)} mode was named, and a submission needs it. "
                f"Try: energy-runner run {name} --mode {missing[0]} ..."
            )
    return {name: found[name] for name in FOLDERS if name in found}
