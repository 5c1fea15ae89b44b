# SPDX-License-Identifier: Apache-2.0
"""Whether a certificate says what its session says: files, facts, and each figure derived again from the trace."""

from collections.abc import Iterator
from typing import Any

from energy_runner.certificate.collect import Given, collect
from energy_runner.certificate.collect.collect import as_written
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.evidence import BenchTrust
from energy_runner.certificate.verify.checks import Checks
from energy_runner.certificate.verify.inner import Contradiction
from energy_runner.certificate.verify.score import energies, is_long
from energy_runner.certificate.verify.signed import first_difference
from energy_runner.errors import RunnerError
from energy_runner.rules import evaluate
from energy_runner.session.folder import Session
from energy_runner.session.result import Result

# What a certificate takes from its session alone, part by part; the rest the laboratory has stated.
_OF_SESSION = (
    "session",
    "curves",
    "equipment.computer",
    "equipment.period_s",
    "equipment.voltage_set_v",
    "equipment.current_limit_a",
    "equipment.signals",
    "firmware.name",
    "firmware.profile",
    "firmware.model_string",
    "firmware.answers_from",
    "workload.benchmark",
    "workload.task",
    "workload.inferences",
    "workload.warmups",
    "workload.stimuli",
    "workload.label_file",
    "workload.standing",
    "setup.voltages_v",
    "setup.rails",
    "setup.supply_off_confirmed",
    "setup.debug_probe",
    "conditions.cool_down_s",
)
_OF_INSTRUMENT = ("name", "roles", "driver", "make", "model", "firmware", "virtual", "settings", "specification")
_WITH_OTHERS = frozenset({"verdicts", "valid", "judged_by", "sha256"})  # what other sessions take part in


def check_session(
    one: EnergyCertificate, session: Session, accuracy: Session | None, checks: Checks, *, full: bool = False
) -> None:
    """Check a certificate against its session, with the accuracy session that took part in it, if at hand.

    Of a long trace the energies alone are derived again, unless it is to be `full`.
    """
    what = "the session is the one that the certificate names, unchanged"
    if not checks.judged("session-files", what, _files(one, session)):
        return  # its figures would be those of other facts
    try:
        if not full and is_long(session):
            what = "the energy of each window is the integral of the trace between its edges"
            checks.judged("energies", what, energies(session, one.result))
            why = "the trace is long; the whole analysis is made again if everything is asked for (--full)"
            checks.not_checked("recomputed", "the other figures follow from the recorded trace", why)
            return
        result = evaluate(session, accuracy, rule_set=one.workload.rule_set or None)
        again = collect(session, result, Given(one.issuing, trust=BenchTrust(state=one.trust.state)))
    except RunnerError as error:
        checks.fails("recomputed", "the figures follow from the recorded trace", str(session.path), str(error))
        return
    complete = accuracy is not None or one.workload.accuracy is None
    checks.judged(
        "recomputed", "the figures follow from the recorded trace", _figures(one.result, result, complete=complete)
    )
    if not complete:
        checks.not_checked(
            "recomputed-verdicts", "the verdicts follow from both sessions", "the accuracy session is not at hand"
        )
    checks.judged("recorded", "what the certificate says of the run was recorded in it", _recorded(one, again))


def _files(one: EnergyCertificate, session: Session) -> Iterator[Contradiction]:
    """Yield where the session's files are not those that the certificate names."""
    seal = session.record.seal
    if seal is None:
        yield str(session.path), "it is not sealed, so nothing shows that it is unchanged"
        return
    if seal.sha256 != one.session.facts_sha256:
        yield f"{session.path}/record.json", "the digest of its facts is not the one in the certificate"
    for difference in session.verified.differences:
        yield f"{session.path}", str(difference)
    named = {each.name: each for each in one.session.files}
    for file in seal.files:
        known = named.pop(file.name, None)
        if known is None or (known.size, known.sha256) != (file.size, file.sha256):
            yield f"{session.path}/{file.name}", "the certificate names another file, or none"
    for name in named:
        yield f"{session.path}/{name}", "the certificate names it, and the session has no such file"


def _figures(stated: Result, again: Result, *, complete: bool) -> Iterator[Contradiction]:
    """Yield where figures of the result differ from those that were derived again."""
    left, right = (_plain(each, complete=complete) for each in (stated, again))
    for key in sorted({*left, *right}):
        place = first_difference(left.get(key), right.get(key), f"result.{key}")
        if place:
            yield place, "it is not what follows from the recorded trace"


def _plain(result: Result, *, complete: bool) -> dict[str, Any]:
    document = as_written(result.model_dump(mode="json", by_alias=True))
    return document if complete else {key: value for key, value in document.items() if key not in _WITH_OTHERS}


def _recorded(one: EnergyCertificate, again: EnergyCertificate) -> Iterator[Contradiction]:
    left, right = one.document(), again.document()
    for path in _OF_SESSION:
        place = first_difference(_at(left, path), _at(right, path), path)
        # The result's digest of itself depends on the other sessions that took part.
        if place and place != "session.result_sha256":
            yield place, "the session says something else"
    instruments = zip(one.equipment.instruments, again.equipment.instruments, strict=False)
    if len(one.equipment.instruments) != len(again.equipment.instruments):
        yield "equipment.instruments", "the session names more or fewer of them"
    for number, (stated, found) in enumerate(instruments):
        names = [name for name in _OF_INSTRUMENT if getattr(stated, name) != getattr(found, name)]
        if not stated.serial_stated and stated.serial != found.serial:
            names.append("serial")
        for name in names:
            yield f"equipment.instruments[{number}].{name}", "the session says something else"


def _at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document[key]
    return document
