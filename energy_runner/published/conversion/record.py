# SPDX-License-Identifier: Apache-2.0
"""Make the record of a published session, in the form of our own sessions.

Only what the files hold becomes a fact. They do not hold the instruments' identities and calibrations and the
measured voltage, so the record does not either.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from energy_runner.errors import SessionError
from energy_runner.published.model import PublishedSession
from energy_runner.session.record import (
    BenchmarkFacts,
    Origin,
    OriginFile,
    PublishedFigure,
    Record,
    RunFacts,
    StimulusFile,
)

UNKNOWN_HASH = "unknown: "  # then the file's name, so that two unknown files are not taken for the same one
_SHOWN = 200


def make_record(
    session: PublishedSession,
    session_id: str,
    *,
    path: str,
    software: str,
    instrument: str,
    files: Sequence[Path] = (),
) -> Record:
    """Return the record of an imported session; raises `SessionError` for a benchmark that is not ours.

    `path` is the session's path where it was published, `software` the importing program, `instrument` the name of
    the monitor. `files` are those whose SHA-256 is kept.
    """
    benchmark = session.definition
    if benchmark is None:
        raise SessionError(
            f"{session.benchmark}: not one of our benchmarks, so that only `audit` reads its sessions"
        )
    timed = session.mode != "accuracy"
    counts = {command.inferences for command in session.commands}
    published = {figure.window for figure in session.figures if figure.window is not None}
    complete = session.ended_ms is not None
    off = bool(session.power) and not session.power[-1][1]
    return Record(
        session_id=session_id,
        software=software,
        started_utc=_started(session.stamp),
        virtual=session.simulated,
        bench={"name": "imported", "monitor": {"model": instrument}},
        benchmark=BenchmarkFacts(
            id=benchmark.id,
            task=benchmark.task,
            model_string=benchmark.model_string,
            input_bytes=benchmark.input_bytes,
            classes=benchmark.classes,
            metric=benchmark.metric,
            target=benchmark.target,
            stride_bytes=benchmark.stride_bytes,
        ),
        run=RunFacts(
            mode=session.mode,
            windows=max(len(session.commands), len(published)) if timed else 0,
            inferences=counts.pop() if len(counts) == 1 else None,
            warmups=next((c.warmups for c in session.commands if c.warmups is not None), 0),
            min_window_s=benchmark.run.min_window_s,
            min_inferences=benchmark.run.min_inferences,
            read_back=False,
            seed=0,
        ),
        stimuli=_stimuli(session),
        outcome="completed" if complete else "failed",
        reason="" if complete else "the log breaks off",
        supply_off_confirmed=True if off else None,
        origin=_origin(session, path, instrument, files),
    )


def _names(session: PublishedSession) -> list[str]:
    return list(dict.fromkeys(command.file for command in session.commands))


def _stimuli(session: PublishedSession) -> list[StimulusFile]:
    """Return the stimuli in the order of their first use; -1 stands for an unknown class."""
    sizes: dict[str, int] = {}
    labels: dict[str, int | None] = {}
    for command in session.commands:
        sizes[command.file] = max(sizes.get(command.file, 0), command.offset + (command.size or 0))
        labels.setdefault(command.file, command.label)
    return [
        StimulusFile(
            file=name,
            label=-1 if (label := labels[name]) is None else label,
            size=sizes[name],
            sha256=UNKNOWN_HASH + name,
        )
        for name in _names(session)
    ]


def _origin(session: PublishedSession, path: str, instrument: str, files: Sequence[Path]) -> Origin:
    kept = []
    for file in files:
        try:
            kept.append(OriginFile(name=file.name, size=file.stat().st_size, sha256=_digest(file)))
        except OSError:
            continue  # a file that could not be read is already among the findings
    return Origin(
        runner=session.runner,
        version=session.version,
        session=path,
        stamp=session.stamp,
        instrument=instrument,
        labels_from=session.labels_from,
        files=kept,
        published=[PublishedFigure(field=f.field, window=f.window, text=f.text[:_SHOWN]) for f in session.figures],
        findings=[note.detail for note in session.notes if note.wrong],
        remarks=[note.detail for note in session.notes if not note.wrong],
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _started(stamp: str) -> str:
    """Return the runner's own stamp, YYYYMMDDhhmmss, as a time; its zone is not recorded."""
    digits = stamp.replace("_", "")
    if len(digits) != 14 or not digits.isdecimal():
        return "not recorded"
    year, month, day = digits[:4], digits[4:6], digits[6:8]
    hour, minute, second = digits[8:10], digits[10:12], digits[12:]
    return f"{year}-{month}-{day}T{hour}:{minute}:{second} (local time)"
