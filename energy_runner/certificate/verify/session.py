# SPDX-License-Identifier: Apache-2.0
"""Whether a certificate says what its session says: files, facts, and each figure derived again from the trace."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from energy_runner.analysis.without_bytes import without_bytes
from energy_runner.certificate.collect import Given, collect
from energy_runner.certificate.collect.collect import as_written
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.verify.checks import Checks, Contradiction
from energy_runner.certificate.verify.recorded import recorded
from energy_runner.certificate.verify.score import energies, is_long
from energy_runner.certificate.verify.signed import first_difference
from energy_runner.certificate.verify.verdicts import verdicts
from energy_runner.errors import RunnerError, SessionError, in_words
from energy_runner.rules import RuleSet, evaluate
from energy_runner.rules.rule_sets import built_in_sets
from energy_runner.session.folder import REPORT, RESULT, Session
from energy_runner.session.result import RAW_BYTES_THINNED, Result
from energy_runner.session.seal import HTML_MARK, JSON_MARK, is_stamped

# What other sessions, or a rule set that is not at hand, take part in.
_JUDGED = frozenset({"verdicts", "valid", "judged_by", "sha256", "rule_set", "rule_set_sha256"})
_MARKS = {RESULT: JSON_MARK, REPORT: HTML_MARK}


def check_session(
    one: EnergyCertificate, session: Session, accuracy: Session | None, checks: Checks, *, full: bool = False
) -> None:
    """Check a certificate against its session, with the accuracy session that took part in it, if at hand.

    Of a long trace the energies alone are derived again, unless it is to be `full`.
    """
    what = "the session is the one that the certificate names, unchanged"
    if _never_sealed(one, session):
        same = True
        checks.not_checked("session-files", what, "it was not sealed when it was certified, and is not now")
    else:
        same = checks.judged("session-files", what, _files(one, session))
    if session.thinned is not None:
        checks.not_checked("raw-bytes", "the events are what the exchanged bytes say", session.thinned.words)
    what = "the documents in the session are as they were written"
    checks.judged("session-documents", what, _documents(session.path, sealed=session.record.seal is not None))
    if not same or not _accuracy_is_same(one, accuracy, checks):
        return  # its figures would be those of other facts
    try:
        if not full and is_long(session):
            what = "the energy of each window is the integral of the trace between its edges"
            checks.judged("energies", what, energies(session, one.result))
            why = "the trace is long; the whole analysis is made again if everything is asked for (--full)"
            checks.not_checked("recomputed", "the other figures follow from the recorded trace", why)
            return
        _recompute(one, session, accuracy, checks)
    except RunnerError as error:
        checks.fails("recomputed", "the figures follow from the recorded trace", str(session.path), str(error))


def _recompute(one: EnergyCertificate, session: Session, accuracy: Session | None, checks: Checks) -> None:
    rules, why_not = _rules(one)
    if not why_not:
        why_not = _lacking(one, accuracy)
    result = evaluate(session, accuracy, rule_set=rules)
    tested = None if accuracy is None else (accuracy, evaluate(accuracy, rule_set=rules))
    again = collect(session, result, Given(one.issuing), tested)
    what = "the figures follow from the recorded trace"
    told, found = _alike(one.result, result, session)
    wrong = list(_figures(told, found, complete=not why_not))
    if why_not:
        wrong += verdicts(told, found, same_rules=_same_rules(one, rules))
    checks.judged("recomputed", what, [*wrong, *_target(one, session)])
    if why_not:
        checks.not_checked("recomputed-verdicts", "the verdicts follow from the facts and the rules", why_not)
    what = "what the certificate says of the run was recorded in it"
    checks.judged("recorded", what, recorded(one, again, judged=not why_not, accuracy=accuracy is not None))


def _rules(one: EnergyCertificate) -> tuple[RuleSet | None, str]:
    """Return the rule set that a certificate names, and why it cannot be asked.

    Only one that comes with energy-runner: a name from outside must not make this program read a file.
    """
    rules = built_in_sets().get(one.workload.rule_set)
    if rules is None:
        return None, "it was judged by a rule set of somebody's own, which is not at hand"
    if rules.digest != one.workload.rule_set_sha256:
        return rules, "its rule set has changed since"
    return rules, ""


def _alike(told: Result, found: Result, session: Session) -> tuple[Result, Result]:
    """Return both results without what rests on raw bytes, if those were thinned since it was certified."""
    if session.thinned is None or any(one.id == RAW_BYTES_THINNED for one in told.findings):
        return told, found
    return without_bytes(told), without_bytes(found)


def _target(one: EnergyCertificate, session: Session) -> Iterator[Contradiction]:
    """Yield where a valid result rests on an accuracy against another target than the session's benchmark has."""
    found, benchmark = one.workload.accuracy, session.record.benchmark
    if found is None or not (found.met and one.result.valid):
        return
    if (found.metric, found.target) != (benchmark.metric, benchmark.target):
        yield "workload.accuracy.target", f"the benchmark of the session asks for {benchmark.target:g}"


def _same_rules(one: EnergyCertificate, rules: RuleSet | None) -> bool:
    return rules is not None and rules.digest == one.workload.rule_set_sha256


def _lacking(one: EnergyCertificate, accuracy: Session | None) -> str:
    """Return which session took part in the verdicts and is not at hand."""
    judged = one.result.judged_by
    if judged is not None and judged.performance_session is not None:
        return "a performance session took part, and is not at hand"
    named = one.workload.accuracy is not None or (judged is not None and judged.accuracy_session is not None)
    return "the accuracy session took part, and is not at hand" if named and accuracy is None else ""


def _accuracy_is_same(one: EnergyCertificate, accuracy: Session | None, checks: Checks) -> bool:
    if accuracy is None:
        return True
    what = "the accuracy session is the one that the certificate names, unchanged"
    seal, named = accuracy.record.seal, one.workload.accuracy
    wrong = [(f"{accuracy.path}/{each.file}", each.brief) for each in accuracy.verified.differences]
    if seal is None or named is None or seal.sha256 != named.facts_sha256:
        wrong.append((f"{accuracy.path}/record.json", "the digest of its facts is not the one in the certificate"))
    return checks.judged("accuracy-files", what, wrong)


def _never_sealed(one: EnergyCertificate, session: Session) -> bool:
    """Return whether neither certificate nor session knows of a seal: the first version wrote none."""
    return one.session.facts_sha256 is None and not one.session.files and session.record.seal is None


def _files(one: EnergyCertificate, session: Session) -> Iterator[Contradiction]:
    """Yield where the session's files are not those that the certificate names."""
    seal = session.record.seal
    if seal is None:
        yield str(session.path), "it is not sealed, so nothing shows that it is unchanged"
        return
    if seal.sha256 != one.session.facts_sha256:
        yield f"{session.path}/record.json", "the digest of its facts is not the one in the certificate"
    for difference in session.verified.differences:
        yield f"{session.path}/{difference.file}", difference.brief
    named = {each.name: each for each in one.session.files}
    for file in seal.files:
        known = named.pop(file.name, None)
        if known is None or (known.size, known.sha256) != (file.size, file.sha256):
            yield f"{session.path}/{file.name}", "the certificate names another file, or none"
    for name in named:
        yield f"{session.path}/{name}", "the certificate names it, and the session has no such file"


def _documents(folder: Path, *, sealed: bool) -> Iterator[Contradiction]:
    """Yield the documents of a session that are not as they were written, by their own digests.

    Versions that did not yet seal a session wrote none into them either. They may be of a later analysis than the
    certificate, so they are not compared with it.
    """
    for name, mark in _MARKS.items():
        path = folder / name
        if not path.is_file():
            continue
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SessionError(f"{path}: cannot be read ({in_words(error)})") from None
        if not is_stamped(data, mark) and (sealed or mark in data):
            yield str(path), "it was changed after it was written, or states no digest of itself"


def _figures(stated: Result, again: Result, *, complete: bool) -> Iterator[Contradiction]:
    """Yield where figures of the result differ from those that were derived again."""
    left, right = (_plain(each, complete=complete) for each in (stated, again))
    for key in sorted({*left, *right}):
        place = first_difference(left.get(key), right.get(key), f"result.{key}")
        if place:
            yield place, "it is not what follows from the recorded trace"


def _plain(result: Result, *, complete: bool) -> dict[str, Any]:
    document = as_written(result.model_dump(mode="json", by_alias=True))
    return document if complete else {key: value for key, value in document.items() if key not in _JUDGED}
