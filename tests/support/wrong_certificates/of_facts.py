# SPDX-License-Identifier: Apache-2.0
"""Lies about all but figures: they contradict other facts of the certificate, or only the laboratory knows."""

from energy_runner.certificate.facts import CERTIFICATE
from tests.support.wrong_certificates import changes as told
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.changes import OTHER_DIGEST, all_of, put
from tests.support.wrong_certificates.lab import forms_of, hardware, virtual
from tests.support.wrong_certificates.lying import calibration, of, sampler, telling

_IDLE = "measured once: idle at a quiet hour"


def _all_met(one: dict) -> None:  # type: ignore[type-arg]
    for demand in one["minimum"]:
        demand.update(met=True, detail="")


def _judged_by_a_file(one: dict) -> None:  # type: ignore[type-arg]
    one["workload"]["rule_set"] = one["result"]["rule_set"] = "expected.json"
    one["result"]["judged_by"]["rule_set"] = "expected.json"
    for verdict in one["result"]["verdicts"]:
        verdict["rule_set"] = "expected.json"


_CONTRADICTIONS = (
    of(
        "virtual-turned",
        "the certificate says hardware, session and result say simulated",
        put("virtual", False),
        "virtual",
    ),
    of(
        "virtual-turned-throughout",
        "it says hardware, but its instruments were simulated",
        told.not_simulated,
        "virtual",
        careful=True,
    ),
    of("title-turned", "a report calls itself a certificate", put("title", CERTIFICATE), "title"),
    of("reasons-removed", "a report does not say why it is none", put("minimum", []), "minimum"),
    of(
        "demand-called-met",
        "a demand that is not met is called met",
        lambda one: one["minimum"][0].update(met=True, detail=""),
        "minimum.hardware",
    ),
    of(
        "demand-softened",
        "a demand is told in other words",
        lambda one: next(each for each in one["minimum"] if each["id"] == "five-windows").update(
            demand="some windows"
        ),
        "minimum.five-windows",
    ),
    of("missing-emptied", "nothing is listed as missing", put("missing", []), "missing"),
    of("missing-one-less", "one missing item is not listed", lambda one: one["missing"].pop(), "missing"),
    of("id-of-another", "the id is another one", lambda one: None, "id"),
    of(
        "statement-softened",
        "the decision rule is another one",
        put("statements.decision_rule", "A rule is kept if the laboratory says so."),
        "statements.decision_rule",
    ),
    of(
        "uncertainty-text-softened",
        "the statement about the uncertainty says more than the figures",
        put("statements.uncertainty", "The uncertainty is negligible."),
        "statements.uncertainty",
    ),
    of(
        "traceability-claimed",
        "a simulated result is called traceable",
        all_of(put("statements.traceable", True), put("statements.traceability", "Traceable to the SI.")),
        "statements.traceab",
    ),
    of(
        "review-claimed",
        "it is called reviewed, and says that it was not",
        put("statements.verification", "Reviewed by MLCommons Association."),
        "statements.verification",
    ),
    of(
        "disclaimer-exchanged",
        "the legal texts are other ones",
        put("statements.legal", ["All results are valid."]),
        "statements.legal",
    ),
    of(
        "facts-of-another-session",
        "the session's digest is that of another one",
        put("session.facts_sha256", OTHER_DIGEST),
        "session.facts_sha256",
    ),
    of(
        "result-of-another-session",
        "the result's digest is that of another one",
        put("session.result_sha256", OTHER_DIGEST),
        "session.result_sha256",
    ),
    of(
        "rule-set-other",
        "it names another rule set than the one that judged",
        put("workload.rule_set", "mlperf-tiny"),
        "workload.rule_set",
    ),
    of(
        "rule-set-changed",
        "it names another version of the rule set than the one that judged",
        put("workload.rule_set_sha256", OTHER_DIGEST),
        "workload.rule_set",
    ),
    of(
        "verdicts-of-another-rule-set",
        "the result names another rule set than its verdicts",
        put("result.rule_set", "mlperf-tiny"),
        "result.rule_set",
    ),
    of(
        "benchmark-other",
        "it names another benchmark than its result",
        put("workload.benchmark", "ic01"),
        "workload.benchmark",
    ),
    of(
        "stimuli-called-official",
        "the stimuli are called official, the result says otherwise",
        all_of(put("workload.standing.status", "official"), put("workload.standing.detail", "")),
        "workload.standing",
        careful=True,
    ),
    of(
        "stimuli-counted-wrongly",
        "the stimuli are official, and some are not",
        all_of(put("workload.standing.demonstration", 2), put("result.stimuli.demonstration", 2)),
        "workload.standing",
        hardware,
    ),
    of(
        "curve-of-two-lengths",
        "a curve has more means than extremes",
        lambda one: one["curves"]["run"]["low_w"].pop(),
        "curves.run",
    ),
    of(
        "curve-beyond-extremes",
        "the means of a curve lie above its extremes",
        put("curves.run.mean_w.3", 5.0),
        "curves.run",
    ),
    of(
        "issued-before-the-session",
        "it was issued before the session began",
        put("issuing.issued_utc", "2026-02-28T10:00:00Z"),
        "issuing.issued_utc",
        hardware,
    ),
    of(
        "calibration-in-the-future",
        "the instrument was calibrated after the measurement, and counts as in calibration",
        calibration(date="2026-04-01", due="2027-04-01"),
        "equipment.instruments[1].in_calibration",
        hardware,
        careful=True,
    ),
    of(
        "calibration-expired",
        "the calibration had expired, and counts as in force",
        calibration(due="2026-02-01"),
        "equipment.instruments[1].in_calibration",
        hardware,
        careful=True,
    ),
    of(
        "calibration-without-dates",
        "no dates are stated, and the calibration counts as in force",
        calibration(date="", due=""),
        "equipment.instruments[1].in_calibration",
        hardware,
        careful=True,
    ),
    of(
        "calibration-by-nobody",
        "the calibration was applied, and nobody states it",
        calibration(source=""),
        "equipment.instruments[1].calibration.source",
        hardware,
        careful=True,
    ),
    of(
        "sampler-without-serial",
        "the serial number of the instrument is removed, and the demand stays met",
        sampler(serial=""),
        "minimum.instrument-identified",
        hardware,
    ),
    of(
        "accuracy-of-another-session",
        "the accuracy session is another one than the verdicts rest on",
        put("workload.accuracy.facts_sha256", OTHER_DIGEST),
        "workload.accuracy",
        hardware,
        careful=True,
    ),
    of(
        "accuracy-named-otherwise",
        "the accuracy session has another name than the one of the verdicts",
        put("workload.accuracy.session_id", "better"),
        "workload.accuracy",
        hardware,
        careful=True,
    ),
    of(
        "accuracy-below-target",
        "the accuracy is below its target, and counts as met",
        put("workload.accuracy.value", 85.0),
        "workload.accuracy.met",
        hardware,
        careful=True,
    ),
    of(
        "temperature-turned-over",
        "the lowest temperature is above the highest",
        put("conditions.temperature_low_c", 40.0),
        "conditions.temperature_low_c",
    ),
)
_OTHER_WORDING = (
    of(
        "wording-hides-a-demand",
        "it is in a wording of a later version, and a demand that is not met is called met",
        all_of(put("issuing.wording", 99), put("minimum.0.met", True)),
        "minimum.hardware",
    ),
    of(
        "wording-hides-the-title",
        "it is in a wording of a later version, every demand is called met, and it calls itself a certificate",
        all_of(put("issuing.wording", 99), _all_met, put("title", CERTIFICATE)),
        "title",
    ),
    of(
        "wording-hides-what-is-missing",
        "it is in a wording of a later version, and nothing is listed as missing",
        all_of(put("issuing.wording", 99), put("missing", [])),
        "missing",
    ),
)
_STATED_BY_THE_LAB = (
    Case(
        "own-rule-set-with-session",
        "it was judged by somebody's own rule set, under the name of a file that is there",
        "session",
        telling(_judged_by_a_file, careful=True, at_hand=True),
        cannot_tell="the rule set is not at hand; a name in a certificate must not make a verifier read a file",
    ),
    Case(
        "calibration-prolonged",
        "the day until which the calibration holds is a year later than on its certificate",
        "resigned",
        telling(calibration(due="2027-12-01"), hardware, careful=True),
        cannot_tell="the laboratory states the days of a calibration; its calibration certificate would tell",
    ),
    Case(
        "bench-trusted",
        "the control chart of the bench showed a change, and the certificate says that it did not",
        "resigned",
        telling(put("trust.detail", _IDLE), hardware, careful=True),
        cannot_tell="the control chart as it was at the time of issue stays in the laboratory",
    ),
    Case(
        "board-of-another-serial",
        "the board has another serial number",
        "resigned",
        telling(put("item.serial", "EB-0001"), hardware, careful=True),
        cannot_tell="the laboratory states what board it was; the board would tell",
    ),
)


def _id_changed() -> Made:
    one = virtual().model_copy(update={"id": "ER-0123456789ABCDEF"})
    return Made(forms_of(one))


CASES: tuple[Case, ...] = tuple(
    Case(one.name, one.about, one.family, _id_changed, one.fails) if one.name == "id-of-another" else one
    for one in (*_CONTRADICTIONS, *_OTHER_WORDING, *_STATED_BY_THE_LAB)
)
