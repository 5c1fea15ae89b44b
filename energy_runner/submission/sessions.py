# SPDX-License-Identifier: Apache-2.0
"""Sort the sessions of a submission by benchmark and mode."""

from collections.abc import Sequence
from pathlib import Path

from energy_runner.errors import Call, ConfigurationError
from energy_runner.session.folder import Session
from energy_runner.submission.model import FOLDERS, REQUIRED_MODES
from energy_runner.submission.names import plain_ascii

Sorted = dict[str, dict[str, Session]]


def sort_sessions(paths: Sequence[Path]) -> Sorted:
    """Return the sessions in `paths` by benchmark, in the order of the folders, and by mode.

    Raises `ConfigurationError` for a session that does not belong in a submission, for two of the same benchmark
    and mode, and for a missing one; `SessionError` for one that cannot be read.
    """
    if not paths:
        raise ConfigurationError(
            "no session was given. Try: ",
            Call("er.export_mlperf([SESSION, ...], out, ...)", "energy-runner export mlperf SESSION... --out DIR"),
        )
    found: Sorted = {}
    for path in paths:
        session = Session.open(path)
        record = session.record
        if record.benchmark.id not in FOLDERS:
            raise ConfigurationError(
                f"{path}: {plain_ascii(record.benchmark.id)} cannot be submitted (known: {', '.join(FOLDERS)})"
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
                f"{name}: no session in {' or '.join(missing)} mode was given, and a submission needs it. Try: ",
                Call(
                    f"er.run(bench, er.plan({name!r}, {missing[0]!r}))",
                    f"energy-runner run {name} --mode {missing[0]} ...",
                ),
            )
    return {name: found[name] for name in FOLDERS if name in found}
