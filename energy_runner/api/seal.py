# SPDX-License-Identifier: Apache-2.0
"""Say what differs: facts from their seal, the result from the facts, the report from the result."""

import os
from itertools import zip_longest

from energy_runner.analysis.without_bytes import without_bytes
from energy_runner.api.sessions import AnySession, load_session
from energy_runner.errors import SessionError
from energy_runner.session.folder import REPORT, RESULT, Session, result_bytes
from energy_runner.session.result import RAW_BYTES_THINNED, Judged, Result
from energy_runner.session.seal import HTML_MARK, is_stamped, stamp_of
from energy_runner.session.verify import of_sizes

__all__ = ["differences"]

_AGAIN = ". Try: analyze the session, which derives result and report again"
_RESULT_MARK = b'name="result" content="'
_JUDGEMENT = {"verdicts", "valid", "rule_set", "rule_set_sha256", "judged_by", "sha256"}


def differences(session: AnySession, *, fresh: Result | None = None) -> list[str]:
    """Return what is not as it was written, one sentence each; empty if nothing is known to differ.

    Compared are the facts with their seal, `result.json` with its own digest and with the facts, and `report.html`
    with the result; with `fresh`, a result derived just now, also figures and verdicts. Each sentence names file
    and place, and what to try. Every byte of the session is read. A session that was recorded before there were
    seals has nothing to be compared with. Raw bytes that were thinned are no difference, `session.thinned` tells
    of them; a result from before then is compared without what rests on them. Raises `SessionError` for files that
    cannot be read.
    """
    session = load_session(session)
    found = [str(difference) for difference in session.verified.differences]
    try:
        return [*found, *_of_result(session, None if found else fresh), *_of_report(session)]
    except OSError as error:
        raise SessionError(f"{session.path}: cannot be read ({error.strerror or error})") from None


def obvious_differences(session: Session) -> list[str]:
    """Return what `differences` finds by the sizes of journal, stream and trace, and by all documents."""
    found = [str(difference) for difference in of_sizes(session.path, session.record)]
    try:
        return [*found, *_of_result(session, None), *_of_report(session)]
    except OSError as error:
        raise SessionError(f"{session.path}: cannot be read ({error.strerror or error})") from None


def as_judged_before(session: Session, fresh: Result) -> Result:
    """Return the session's `result.json` where it is `fresh` judged together with what may be gone, else `fresh`.

    That are other sessions, and raw bytes that were thinned since. A report without them would show another result
    than `result.json`.
    """
    try:
        result = session.result()
        before, now = result.judged_by, fresh.judged_by
        if before is None or now is None or before.rule_set_sha256 != now.rule_set_sha256:
            return fresh
        gone = _others(result) or _alike(session, result, fresh)[0] is not result
        return result if gone and not _of_result(session, fresh) else fresh
    except (SessionError, OSError):
        return fresh


def _of_result(session: Session, fresh: Result | None) -> list[str]:
    path = session.path / RESULT
    if not path.is_file():
        page = (session.path / REPORT).is_file()
        return [f"{RESULT}: is missing, and {REPORT} shows it{_AGAIN}"] if page and _stamps(session) else []
    data = path.read_bytes()
    try:
        result = session.result()
    except SessionError as error:
        return [str(error).removeprefix(f"{session.path}{os.sep}") + _AGAIN]
    seal = session.record.seal
    if result.sha256 is None and not _stamps(session):
        return []
    if not is_stamped(data):
        place = _line_that_differs(data, result_bytes(fresh)) if fresh is not None else ""
        return [f"{RESULT}{place}: was changed after it was derived{_AGAIN}"]
    if result.judged_by is not None and result.judged_by.facts_sha256 != (seal.sha256 if seal else None):
        return [f"{RESULT}: was derived from other facts than those beside it{_AGAIN}"]
    return [] if fresh is None else _of_derivation(*_alike(session, result, fresh))


def _alike(session: Session, result: Result, fresh: Result) -> tuple[Result, Result]:
    """Return both results without what rests on raw bytes, if those were thinned since the first was derived."""
    if session.thinned is None or any(one.id == RAW_BYTES_THINNED for one in result.findings):
        return result, fresh
    return without_bytes(result), without_bytes(fresh)


def _of_derivation(result: Result, fresh: Result) -> list[str]:
    """Return whether a result that is whole is what its facts give."""
    before, now = result.judged_by, fresh.judged_by
    if before is None or now is None:
        return []
    by = f" by {before.software}, and this is {now.software}" if before.software != now.software else ""
    if before.rule_set == now.rule_set and before.rule_set_sha256 != now.rule_set_sha256:
        since = by and f"; it was derived{by}"
        return [f"{RESULT}: rule set {before.rule_set} has changed since it judged{since}{_AGAIN}"]
    if changed := _other_facts(before, now):
        return [f"{RESULT}: was judged with other facts of the {changed}{_AGAIN}"]
    alike = before.model_copy(update={"software": now.software}) == now
    left_out = {"sha256"} if alike else _JUDGEMENT
    figures = result.model_dump(exclude=left_out), fresh.model_dump(exclude=left_out)
    if figures[0] == figures[1]:
        return []
    names = [name for name, value in figures[1].items() if figures[0].get(name) != value]
    return [f"{RESULT}: its facts give another {', '.join(names)}; it was derived{by or ' otherwise'}{_AGAIN}"]


def _others(result: Result) -> bool:
    """Return whether other sessions took part in the verdicts."""
    by = result.judged_by
    return by is not None and (by.accuracy_session is not None or by.performance_session is not None)


def _line_that_differs(data: bytes, derived: bytes) -> str:
    """Return the first line in which a result differs from what its facts give, as the end of a place."""
    pairs = zip_longest(data.split(b"\n"), derived.split(b"\n"))
    return next((f", line {number}" for number, (one, other) in enumerate(pairs, start=1) if one != other), "")


def _other_facts(before: Judged, now: Judged) -> str:
    """Return which other session took part both times, under one name and with different facts; else nothing."""
    pairs = {
        "accuracy session": (before.accuracy_session, now.accuracy_session),
        "performance session": (before.performance_session, now.performance_session),
    }
    for name, (one, other) in pairs.items():
        if one is not None and other is not None and one.session_id == other.session_id and one != other:
            return name
    return ""


def _stamps(session: Session) -> bool:
    """Return whether a session comes from a version that gives each document its own digest."""
    return session.record.seal is not None or session.record.environment is not None


def _of_report(session: Session) -> list[str]:
    path, result = session.path / REPORT, session.path / RESULT
    if not path.is_file():
        return []
    page = path.read_bytes()
    if stamp_of(page, HTML_MARK) is None:
        return [f"{REPORT}: does not say which result it shows{_AGAIN}"] if _stamps(session) else []
    if not is_stamped(page, HTML_MARK):
        return [f"{REPORT}: was changed after it was written{_AGAIN}"]
    if not result.is_file():
        return []
    shown, held = stamp_of(page, _RESULT_MARK), stamp_of(result.read_bytes())
    return [f"{REPORT}: shows another result than {RESULT}{_AGAIN}"] if shown != held else []
