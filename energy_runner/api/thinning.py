# SPDX-License-Identifier: Apache-2.0
"""Thin sessions: remove the raw bytes of those that are known to be sound, and leave all that their figures need.

The order of steps is such that a process may be killed between any two: first `thinned.json` is written, whole and
synced, then `stream.bin` is removed. Before that the session is intact, and thinning it again completes it.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Literal

from energy_runner.analysis.without_bytes import without_bytes
from energy_runner.api.seal import differences
from energy_runner.api.session_list import list_sessions
from energy_runner.errors import Argument, BenchFault, ConfigurationError, RunnerError, in_words, remedy
from energy_runner.rules import evaluate
from energy_runner.session import disk
from energy_runner.session.folder import RECORD, RESULT, Session, json_bytes, temporary
from energy_runner.session.result import Result
from energy_runner.session.seal import SealedFile, stamped
from energy_runner.session.stream import STREAM
from energy_runner.session.thinned import THINNED, ExchangeThen, RemovedFile, Thinned, sealed_stream
from energy_runner.version import version
from instruments.clock import NS_PER_S, RealClock, utc_text

__all__ = ["ThinnedRow", "thin_sessions"]

_DAY_NS = 86_400 * NS_PER_S
State = Literal["thinned", "would be thinned", "thinned before", "kept", "failed"]


@dataclass(frozen=True)
class ThinnedRow:
    """What became of one session: `why` it was kept, or what failed; `bytes_freed` is the room that it gave."""

    name: str
    folder: Path
    state: State
    why: str = ""
    bytes_freed: int = 0


@dataclass(frozen=True)
class _Policy:
    """Which sessions are thinned."""

    older_than_days: float
    keep_every: int | None
    cited: Collection[str]
    now_ns: int

    @property
    def words(self) -> str:
        which = f"sessions older than {self.older_than_days:g} days" if self.older_than_days else "every session"
        return f"{which}, one in {self.keep_every} kept" if self.keep_every else which


class _AsThinned(Session):
    """A session that is read as it will be when its raw bytes are gone."""

    @cached_property
    def thinned(self) -> Thinned | None:
        """Return that they are."""
        return Thinned(
            session_id="", facts_sha256="", removed=[], thinned_utc="", software="", policy="", result_sha256=""
        )


def thin_sessions(
    folders: str | PathLike[str] | Iterable[str | PathLike[str]] = "sessions",
    *,
    older_than_days: float = 0.0,
    keep_every: int | None = None,
    cited: Collection[str] = (),
    dry_run: bool = False,
) -> list[ThinnedRow]:
    """Remove `stream.bin` of sessions whose figures are known not to need it; return what became of each session.

    `folders` are folders with sessions, or sessions. Thinned are energy runs that this program has completed, that
    are sealed, unchanged, analysed, valid and without findings, and whose facts give the same result again, also
    without the raw bytes. Kept are the others; those younger than `older_than_days`, by when their record was
    written; of the runs in a folder, in the order in which they were made, the first of every `keep_every`;
    and those whose ids are `cited` elsewhere. With `dry_run` nothing is written.

    One that cannot be written or removed is `failed`, and the next is taken. Raises `ConfigurationError` for an
    impossible policy, `SessionError` for a folder that cannot be read.
    """
    if not 0 <= older_than_days < 1e6:
        raise ConfigurationError(Argument("older_than_days", f"{older_than_days:g}"), ": not a number of days")
    if keep_every is not None and keep_every < 1:
        raise ConfigurationError(Argument("keep_every", str(keep_every)), ": must be at least 1. Try: 10")
    policy = _Policy(older_than_days, keep_every, frozenset(cited), RealClock().utc_ns())
    named = [folders] if isinstance(folders, str | PathLike) else list(folders)
    return [row for folder in named for row in _of_folder(folder, policy, dry_run=dry_run)]


def _of_folder(folder: str | PathLike[str], policy: _Policy, *, dry_run: bool) -> Iterator[ThinnedRow]:
    runs = 0
    for listed in list_sessions(folder):
        row = ThinnedRow(listed.name, listed.folder, "kept", listed.problem or "")
        if listed.problem is not None:
            yield row
            continue
        try:
            session = Session.open(listed.folder)
            why = _not_one_of_ours(session)
            chosen = policy.keep_every is not None and runs % policy.keep_every == 0
            runs += not why
            why = why or (f"it is one of {policy.keep_every} that are kept" if chosen else "")
            yield _thin(session, policy, row, why, dry_run=dry_run)
        except (RunnerError, OSError) as error:
            yield replace(row, state="failed", why=str(error))


def _thin(session: Session, policy: _Policy, row: ThinnedRow, why: str, *, dry_run: bool) -> ThinnedRow:
    if session.thinned is not None:
        return replace(row, state="thinned before", why=session.thinned.words)
    why = why or _spared(session, policy)
    sealed = sealed_stream(session.record)
    if why or sealed is None:
        return replace(row, why=why or "its facts hold no raw bytes")
    fresh, why = _sound(session)
    if fresh is None:
        return replace(row, why=why)
    if dry_run:
        return replace(row, state="would be thinned", bytes_freed=sealed.size)
    _remove(session.path, _said(session, fresh, sealed, policy))
    return replace(row, state="thinned", bytes_freed=sealed.size)


def _not_one_of_ours(session: Session) -> str:
    """Return why a session is no energy run that this program has completed; empty if it is one."""
    record = session.record
    if record.outcome == "running":
        return "its run has not ended, or was killed"
    if record.origin is not None:
        return "it was imported"
    if record.run.mode != "energy" or not session.has_trace():
        return "it holds no trace that would repeat its raw bytes"
    if record.outcome != "completed":
        return f"its run ended as {record.outcome}"
    return "it is not sealed" if record.seal is None else ""


def _spared(session: Session, policy: _Policy) -> str:
    """Return why the policy spares a session; empty if it does not."""
    if session.record.session_id in policy.cited:
        return "it is cited"
    age_ns = policy.now_ns - (session.path / RECORD).stat().st_mtime_ns
    if policy.older_than_days and age_ns <= policy.older_than_days * _DAY_NS:
        return f"it is not older than {policy.older_than_days:g} days"
    return ""


def _sound(session: Session) -> tuple[Result | None, str]:
    """Return the result, derived again, of a session that may be thinned; else None and why not."""
    if not (session.path / RESULT).is_file():
        return None, "it was not analysed"
    stored = session.result()
    if stored.findings:
        return None, f"it has findings, the first of them {stored.findings[0].id}"
    if not stored.valid:
        return None, "it is not valid"
    fresh = evaluate(session)
    if found := differences(session, fresh=fresh):
        return None, found[0]
    if session.verified.unsealed:
        return None, f"it is not sealed: {session.verified.unsealed}"
    left = without_bytes(evaluate(_AsThinned(session.path, session.record))).model_dump()
    needed = [name for name, value in without_bytes(fresh).model_dump().items() if left[name] != value]
    return (None, f"its {', '.join(needed)} need the raw bytes") if needed else (fresh, "")


def _said(session: Session, fresh: Result, sealed: SealedFile, policy: _Policy) -> Thinned:
    check = fresh.exchange
    return Thinned(
        session_id=session.record.session_id,
        facts_sha256=session.record.seal.sha256 if session.record.seal is not None else "",
        removed=[RemovedFile(name=sealed.name, size=sealed.size, sha256=sealed.sha256)],
        thinned_utc=utc_text(policy.now_ns),
        software=f"energy-runner {version()}",
        policy=policy.words,
        result_sha256=session.result().sha256 or "",
        exchange=ExchangeThen(compared=check.compared, contradictions=check.contradictions) if check else None,
    )


def _remove(folder: Path, said: Thinned) -> None:
    """Write `thinned.json`, then remove `stream.bin`; raises `BenchFault` if the disk refuses."""
    path = folder / THINNED
    try:
        disk.write_whole(path, stamped(json_bytes(said)), temporary(path))
        disk.sync_folder(folder)
        disk.remove(folder / STREAM)
        disk.sync_folder(folder)
    except OSError as error:
        raise BenchFault(f"{folder}: cannot be thinned ({in_words(error)}){remedy(error)}") from error
