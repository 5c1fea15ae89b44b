# SPDX-License-Identifier: Apache-2.0
"""Lies about facts that the laboratory's own key has signed: only consistency, or the session, can tell."""

from collections.abc import Callable

from energy_runner.certificate.facts import CERTIFICATE, EnergyCertificate
from energy_runner.certificate.forms import JSON
from tests.support.wrong_certificates import changes as told
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.changes import OTHER_DIGEST, all_of, put
from tests.support.wrong_certificates.lab import Change, forms_of, hardware, lie, statement_of, virtual

_SCORE = "result.energy_per_inference_j"
_IDLE = "measured once: idle at a quiet hour"


def _lie(
    change: Change,
    of: Callable[[], EnergyCertificate] = virtual,
    *,
    careful: bool = False,
    at_hand: bool = False,
    alone: bool = False,
) -> Callable[[], Made]:
    """Return the maker of a certificate with a lie in it; with its session if that is `at_hand`.

    `alone`: the signed statement alone, where no other form can hold it.
    """

    def make() -> Made:
        one = lie(change, of(), derive=careful)
        if alone:
            return Made({JSON: statement_of(one)}, JSON)
        return Made(forms_of(one), session="measured" if at_hand else None)

    return make


def _of(
    name: str,
    about: str,
    change: Change,
    place: str,
    of: Callable[[], EnergyCertificate] = virtual,
    *,
    careful: bool = False,
    alone: bool = False,
) -> Case:
    """Return the case of a lie that contradicts other facts of the same certificate."""
    fails = (("consistent", place),)
    return Case(name, about, "resigned", _lie(change, of, careful=careful, alone=alone), fails)


def _with_session(name: str, about: str, change: Change, *fails: tuple[str, str]) -> tuple[Case, Case]:
    """Return two cases of one lie that contradicts nothing in its certificate: alone, and with its session."""
    alone = Case(
        f"{name}-alone",
        f"{about}; without its session",
        "resigned",
        _lie(change, careful=True),
        cannot_tell=f"{about}: nothing in it contradicts that. The session would",
    )
    whole = Case(
        f"{name}-with-session",
        f"{about}; with its session",
        "session",
        _lie(change, careful=True, at_hand=True),
        fails,
    )
    return alone, whole


def _first_window(name: str, factor: float) -> Change:
    def change(one: dict) -> None:  # type: ignore[type-arg]
        one["result"]["windows"][0][name] *= factor

    return change


def _verdict(id: str, **update: object) -> Change:
    def change(one: dict) -> None:  # type: ignore[type-arg]
        verdict = next(each for each in one["result"]["verdicts"] if each["id"] == id)
        verdict.update(update)

    return change


def _sampler(**update: object) -> Change:
    return lambda one: told.sampler(one).update(update)


def _calibration(**update: object) -> Change:
    return lambda one: told.sampler(one)["calibration"].update(update)


def _all_met(one: dict) -> None:  # type: ignore[type-arg]
    for demand in one["minimum"]:
        demand.update(met=True, detail="")


def _judged_by_a_file(one: dict) -> None:  # type: ignore[type-arg]
    one["workload"]["rule_set"] = one["result"]["rule_set"] = "expected.json"
    one["result"]["judged_by"]["rule_set"] = "expected.json"
    for verdict in one["result"]["verdicts"]:
        verdict["rule_set"] = "expected.json"


_CONTRADICTIONS = (
    _of("expanded-halved", "U is halved, in words as well", told.expanded_halved, f"{_SCORE}.U"),
    _of("uncertainty-halved", "u and U are halved, the budget is not", told.uncertainty_halved, f"{_SCORE}.u"),
    _of("coverage-factor-wrong", "k is 2 in place of what U and u give", put(f"{_SCORE}.k", 2.0), f"{_SCORE}.U"),
    _of(
        "uncertainty-negative",
        "u and U are negative",
        all_of(put(f"{_SCORE}.u", -1e-5), put(f"{_SCORE}.U", -1.834e-5)),
        f"{_SCORE}.u",
        alone=True,
    ),
    _of(
        "median-of-none",
        "the score is not the median of its windows",
        lambda one: told.score(one).update(median=told.score(one)["median"] * 0.97),
        f"{_SCORE}.median",
    ),
    _of(
        "stated-other-value",
        "the score in words is another one",
        put(f"{_SCORE}.stated.value", "1340"),
        f"{_SCORE}.stated.value",
    ),
    _of(
        "stated-other-unit",
        "the score in words has another unit",
        put(f"{_SCORE}.stated.unit", "nJ"),
        f"{_SCORE}.stated.unit",
    ),
    _of(
        "stated-other-sentence",
        "the sentence about the score says another figure",
        put(f"{_SCORE}.stated.text", "(1340 ± 34) µJ per inference, k = 1.83, coverage probability 95 %"),
        f"{_SCORE}.stated.text",
    ),
    _of(
        "window-sentence",
        "the sentence about a window says another figure",
        put(
            "result.windows.0.uncertainty.stated.text",
            "(1340 ± 34) µJ per inference, k = 1.83, coverage probability 95 %",
        ),
        "result.windows[0].uncertainty.stated.text",
    ),
    _of(
        "completeness-claimed",
        "an incomplete uncertainty is called complete",
        all_of(put(f"{_SCORE}.incomplete", ["the offset of the current"]), put(f"{_SCORE}.complete", True)),
        f"{_SCORE}.complete",
    ),
    _of(
        "energy-not-n-times",
        "a window's energy is not the number of inferences times that of one",
        _first_window("energy_j", 0.98),
        "result.windows[0].energy_per_inference_j",
    ),
    _of(
        "inferences-other",
        "a window held more inferences than the workload says",
        put("result.windows.0.inferences", 238),
        "workload.inferences",
    ),
    _of(
        "power-not-energy-over-time",
        "a window's mean power is not its energy over its duration",
        _first_window("mean_power_w", 0.98),
        "result.windows[0].mean_power_w",
    ),
    _of(
        "throughput-not-inferences-over-time",
        "a window's throughput is not its inferences over its duration",
        _first_window("throughput_per_s", 1.02),
        "result.windows[0].throughput_per_s",
    ),
    _of(
        "duration-not-between-edges",
        "a window's duration is not that between its edges",
        all_of(_first_window("stop_s", 1.02)),
        "result.windows[0].duration_s",
    ),
    _of(
        "window-ends-before-it-starts",
        "a window ends before it starts",
        put("result.windows.0.stop_s", 1.0),
        "result.windows[0].stop_s",
    ),
    _of(
        "windows-renumbered",
        "a window has the number of another",
        put("result.windows.1.index", 3),
        "result.windows[1].index",
    ),
    _of(
        "windows-reordered",
        "two windows were exchanged and numbered again",
        told.windows_reordered,
        "result.windows[2].start_s",
    ),
    _of(
        "window-of-another-stimulus",
        "a window names a file that is not its stimulus",
        put("result.windows.0.file", "other.bin"),
        "result.windows[0].file",
    ),
    _of(
        "component-halved",
        "a component of the budget is halved",
        put("result.uncertainty.components.0.value_j", 8e-6),
        "result.uncertainty.components[0]",
    ),
    _of(
        "component-dropped",
        "the largest component of the budget is left out",
        lambda one: one["result"]["uncertainty"]["components"].pop(0),
        f"{_SCORE}.u",
    ),
    _of(
        "component-of-window-halved",
        "a component of a window's budget is halved",
        put("result.windows.2.uncertainty.components.0.value_j", 8e-6),
        "result.windows[2].uncertainty.components[0]",
    ),
    _of(
        "budgets-dropped",
        "the score has an uncertainty, and no budget",
        put("result.uncertainty", None),
        "result.uncertainty",
        alone=True,
    ),
    _of(
        "verdict-turned",
        "a rule was kept beyond its limit",
        _verdict("window-length", value=7.5, u=0.0),
        "result.verdicts[",
    ),
    _of(
        "verdict-turned-without-u",
        "a rule was kept beyond its limit, whose value has no uncertainty",
        _verdict("window-inferences", value=4.0),
        "result.verdicts[",
    ),
    _of(
        "verdict-without-facts",
        "a rule was kept without facts",
        _verdict("voltage", known=False),
        "result.verdicts[",
    ),
    _of(
        "verdict-says-otherwise",
        "a verdict says that its rule was not kept, and that it was",
        _verdict("voltage", text="Voltage measured over voltage set: failed; found 2.5 V."),
        "result.verdicts[",
    ),
    _of(
        "valid-in-spite",
        "it is called valid, and a binding rule failed",
        _verdict(
            "supply-off", passed=False, text="The supply is known to be off after the run: failed; found on."
        ),
        "result.valid",
    ),
    _of(
        "virtual-turned",
        "the certificate says hardware, session and result say simulated",
        put("virtual", False),
        "virtual",
    ),
    _of(
        "virtual-turned-throughout",
        "it says hardware, but its instruments were simulated",
        told.not_simulated,
        "virtual",
        careful=True,
    ),
    _of("title-turned", "a report calls itself a certificate", put("title", CERTIFICATE), "title"),
    _of("reasons-removed", "a report does not say why it is none", put("minimum", []), "minimum"),
    _of(
        "demand-called-met",
        "a demand that is not met is called met",
        lambda one: one["minimum"][0].update(met=True, detail=""),
        "minimum.hardware",
    ),
    _of(
        "demand-softened",
        "a demand is told in other words",
        lambda one: next(each for each in one["minimum"] if each["id"] == "five-windows").update(
            demand="some windows"
        ),
        "minimum.five-windows",
    ),
    _of("missing-emptied", "nothing is listed as missing", put("missing", []), "missing"),
    _of("missing-one-less", "one missing item is not listed", lambda one: one["missing"].pop(), "missing"),
    _of("id-of-another", "the id is another one", lambda one: None, "id"),
    _of(
        "statement-softened",
        "the decision rule is another one",
        put("statements.decision_rule", "A rule is kept if the laboratory says so."),
        "statements.decision_rule",
    ),
    _of(
        "uncertainty-text-softened",
        "the statement about the uncertainty says more than the figures",
        put("statements.uncertainty", "The uncertainty is negligible."),
        "statements.uncertainty",
    ),
    _of(
        "traceability-claimed",
        "a simulated result is called traceable",
        all_of(put("statements.traceable", True), put("statements.traceability", "Traceable to the SI.")),
        "statements.traceab",
    ),
    _of(
        "review-claimed",
        "it is called reviewed, and says that it was not",
        put("statements.verification", "Reviewed by MLCommons Association."),
        "statements.verification",
    ),
    _of(
        "disclaimer-exchanged",
        "the legal texts are other ones",
        put("statements.legal", ["All results are valid."]),
        "statements.legal",
    ),
    _of(
        "facts-of-another-session",
        "the session's digest is that of another one",
        put("session.facts_sha256", OTHER_DIGEST),
        "session.facts_sha256",
    ),
    _of(
        "result-of-another-session",
        "the result's digest is that of another one",
        put("session.result_sha256", OTHER_DIGEST),
        "session.result_sha256",
    ),
    _of(
        "rule-set-other",
        "it names another rule set than the one that judged",
        put("workload.rule_set", "mlperf-tiny"),
        "workload.rule_set",
    ),
    _of(
        "rule-set-changed",
        "it names another version of the rule set than the one that judged",
        put("workload.rule_set_sha256", OTHER_DIGEST),
        "workload.rule_set",
    ),
    _of(
        "verdicts-of-another-rule-set",
        "the result names another rule set than its verdicts",
        put("result.rule_set", "mlperf-tiny"),
        "result.rule_set",
    ),
    _of(
        "benchmark-other",
        "it names another benchmark than its result",
        put("workload.benchmark", "ic01"),
        "workload.benchmark",
    ),
    _of(
        "stimuli-called-official",
        "the stimuli are called official, the result says otherwise",
        all_of(put("workload.standing.status", "official"), put("workload.standing.detail", "")),
        "workload.standing",
        careful=True,
    ),
    _of(
        "stimuli-counted-wrongly",
        "the stimuli are official, and some are not",
        all_of(put("workload.standing.demonstration", 2), put("result.stimuli.demonstration", 2)),
        "workload.standing",
        hardware,
    ),
    _of(
        "curve-of-two-lengths",
        "a curve has more means than extremes",
        lambda one: one["curves"]["run"]["low_w"].pop(),
        "curves.run",
    ),
    _of(
        "curve-beyond-extremes",
        "the means of a curve lie above its extremes",
        put("curves.run.mean_w.3", 5.0),
        "curves.run",
    ),
    _of(
        "issued-before-the-session",
        "it was issued before the session began",
        put("issuing.issued_utc", "2026-02-28T10:00:00Z"),
        "issuing.issued_utc",
        hardware,
    ),
    _of(
        "calibration-in-the-future",
        "the instrument was calibrated after the measurement, and counts as in calibration",
        _calibration(date="2026-04-01", due="2027-04-01"),
        "equipment.instruments[1].in_calibration",
        hardware,
        careful=True,
    ),
    _of(
        "calibration-expired",
        "the calibration had expired, and counts as in force",
        _calibration(due="2026-02-01"),
        "equipment.instruments[1].in_calibration",
        hardware,
        careful=True,
    ),
    _of(
        "calibration-without-dates",
        "no dates are stated, and the calibration counts as in force",
        _calibration(date="", due=""),
        "equipment.instruments[1].in_calibration",
        hardware,
        careful=True,
    ),
    _of(
        "calibration-by-nobody",
        "the calibration was applied, and nobody states it",
        _calibration(source=""),
        "equipment.instruments[1].calibration.source",
        hardware,
        careful=True,
    ),
    _of(
        "sampler-without-serial",
        "the serial number of the instrument is removed, and the demand stays met",
        _sampler(serial=""),
        "minimum.instrument-identified",
        hardware,
    ),
    _of(
        "accuracy-of-another-session",
        "the accuracy session is another one than the verdicts rest on",
        put("workload.accuracy.facts_sha256", OTHER_DIGEST),
        "workload.accuracy",
        hardware,
        careful=True,
    ),
    _of(
        "accuracy-named-otherwise",
        "the accuracy session has another name than the one of the verdicts",
        put("workload.accuracy.session_id", "better"),
        "workload.accuracy",
        hardware,
        careful=True,
    ),
    _of(
        "accuracy-below-target",
        "the accuracy is below its target, and counts as met",
        put("workload.accuracy.value", 85.0),
        "workload.accuracy.met",
        hardware,
        careful=True,
    ),
    _of(
        "temperature-turned-over",
        "the lowest temperature is above the highest",
        put("conditions.temperature_low_c", 40.0),
        "conditions.temperature_low_c",
    ),
)
_OTHER_WORDING = (
    _of(
        "wording-hides-a-demand",
        "it is in a wording of a later version, and a demand that is not met is called met",
        all_of(put("issuing.wording", 99), put("minimum.0.met", True)),
        "minimum.hardware",
    ),
    _of(
        "wording-hides-the-title",
        "it is in a wording of a later version, every demand is called met, and it calls itself a certificate",
        all_of(put("issuing.wording", 99), _all_met, put("title", CERTIFICATE)),
        "title",
    ),
    _of(
        "wording-hides-what-is-missing",
        "it is in a wording of a later version, and nothing is listed as missing",
        all_of(put("issuing.wording", 99), put("missing", [])),
        "missing",
    ),
)
_ONLY_SESSION = (
    *_with_session(
        "energy-scaled",
        "every energy is 5 % less",
        told.energy_scaled(0.95),
        ("recomputed", "result.windows[0].energy_j"),
        ("recomputed", _SCORE),
    ),
    *_with_session(
        "energy-in-another-unit",
        "every energy is in mJ and called J",
        told.energy_scaled(1e3),
        ("recomputed", "result.windows[0].energy_j"),
    ),
    *_with_session(
        "budget-halved", "the whole uncertainty is halved", told.budget_halved, ("recomputed", f"{_SCORE}.U")
    ),
    *_with_session(
        "window-dropped", "the worst window is left out", told.window_dropped, ("recomputed", "result.windows")
    ),
    *_with_session(
        "hardware-claimed",
        "a simulated bench is called hardware throughout",
        told.hardware_everywhere,
        ("recomputed", "result.virtual"),
        ("recorded", "session.virtual"),
        ("recorded", "equipment.instruments[1].virtual"),
    ),
    *_with_session(
        "serial-changed",
        "the instrument has another serial number",
        _sampler(serial="X-1"),
        ("recorded", "equipment.instruments[1].serial"),
    ),
    *_with_session(
        "serial-stated",
        "the instrument has another serial number, which the laboratory states",
        _sampler(serial="X-1", serial_stated=True),
        ("recorded", "equipment.instruments[1].serial"),
    ),
    *_with_session(
        "instrument-of-another-make",
        "another make and model has measured",
        _sampler(make="Better", model="B-1"),
        ("recorded", "equipment.instruments[1].make"),
    ),
    *_with_session(
        "instrument-settings",
        "the instrument had other settings",
        lambda one: told.sampler(one)["settings"].update(voltage_v=1),
        ("recorded", "equipment.instruments[1].settings"),
    ),
    *_with_session(
        "stimulus-hash",
        "a stimulus has another digest",
        put("workload.stimuli.0.sha256", OTHER_DIGEST),
        ("recorded", "workload.stimuli"),
    ),
    *_with_session(
        "file-hash",
        "a file of the session has another digest",
        put("session.files.1.sha256", OTHER_DIGEST),
        ("session-files", "stream.bin"),
    ),
    *_with_session(
        "file-dropped",
        "a file of the session is not named",
        lambda one: one["session"]["files"].pop(),
        ("session-files", ""),
    ),
    *_with_session(
        "curves-flattened", "the curve of the run is flat", told.curves_flattened, ("recorded", "curves.run")
    ),
    *_with_session(
        "warm-ups",
        "there were more warm-up inferences",
        put("workload.warmups", 100),
        ("recorded", "workload.warmups"),
    ),
    *_with_session(
        "voltage", "the voltage was another one", put("setup.voltages_v.0", 1.8), ("recorded", "setup.voltages_v")
    ),
    *_with_session(
        "firmware-name",
        "the board gave another name",
        put("firmware.name", "better"),
        ("recorded", "firmware.name"),
    ),
    *_with_session(
        "flashed-image-claimed",
        "it names a firmware that the session is said to have flashed",
        put("firmware.image", {"file": "app.elf", "sha256": OTHER_DIGEST, "source": "flashed in the session"}),
        ("recorded", "firmware.image"),
    ),
    *_with_session(
        "measured-temperature-claimed",
        "it says that a thermometer was there",
        put("conditions.temperature_from", "thermometer"),
        ("recorded", "conditions.temperature_from"),
    ),
    *_with_session(
        "bench-called-trusted",
        "it says that the session recorded the bench as trusted",
        put("trust", {"state": "trusted", "detail": "", "source": "the session"}),
        ("recorded", "trust.state"),
    ),
    *_with_session(
        "calibration-applied",
        "it says that points of a calibration were used",
        _calibration(used=True, source="calibration file of the bench", certificate="K-1"),
        ("recorded", "equipment.instruments[1].calibration"),
    ),
    *_with_session(
        "session-renamed",
        "the session has another name",
        put("session.session_id", "best-of-nine"),
        ("recorded", "session.session_id"),
    ),
    *_with_session(
        "session-date",
        "the session was measured later",
        put("session.started_utc", "2026-03-01T00:00:00.000Z"),
        ("recorded", "session.started_utc"),
    ),
)
_STATED_BY_THE_LAB = (
    Case(
        "own-rule-set-with-session",
        "it was judged by somebody's own rule set, under the name of a file that is there",
        "session",
        _lie(_judged_by_a_file, careful=True, at_hand=True),
        cannot_tell="the rule set is not at hand; a name in a certificate must not make a verifier read a file",
    ),
    Case(
        "calibration-prolonged",
        "the day until which the calibration holds is a year later than on its certificate",
        "resigned",
        _lie(_calibration(due="2027-12-01"), hardware, careful=True),
        cannot_tell="the laboratory states the days of a calibration; its calibration certificate would tell",
    ),
    Case(
        "bench-trusted",
        "the control chart of the bench showed a change, and the certificate says that it did not",
        "resigned",
        _lie(put("trust.detail", _IDLE), hardware, careful=True),
        cannot_tell="the control chart as it was at the time of issue stays in the laboratory",
    ),
    Case(
        "board-of-another-serial",
        "the board has another serial number",
        "resigned",
        _lie(put("item.serial", "EB-0001"), hardware, careful=True),
        cannot_tell="the laboratory states what board it was; the board would tell",
    ),
)


def _id_changed() -> Made:
    one = virtual().model_copy(update={"id": "ER-0123456789ABCDEF"})
    return Made(forms_of(one))


CASES: tuple[Case, ...] = tuple(
    Case(one.name, one.about, one.family, _id_changed, one.fails) if one.name == "id-of-another" else one
    for one in (*_CONTRADICTIONS, *_OTHER_WORDING, *_ONLY_SESSION, *_STATED_BY_THE_LAB)
)
