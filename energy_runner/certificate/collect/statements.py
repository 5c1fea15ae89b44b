# SPDX-License-Identifier: Apache-2.0
"""The texts of a certificate that follow from its facts."""

from collections.abc import Sequence

from energy_runner.certificate.facts.certificate import (
    NOT_IN_PARTS,
    ONLY_THIS_ITEM,
    UNVERIFIED,
    Statements,
)
from energy_runner.certificate.facts.equipment import Equipment, Instrument
from energy_runner.certificate.timing import clocks_that_count, of_host_clock, share_of_host_clock
from energy_runner.session.result import Result
from energy_runner.wording import coverage_factor

_TRADEMARK = "MLPerf is a trademark of the MLCommons Association."
_DECISION = (
    "A rule with a limit is passed if the value lies within the limits (simple acceptance; ISO/IEC 17025:2017, "
    "7.8.6; JCGM 106:2012, 8.2). Where the standard uncertainty of the value is stated, the limits are widened by "
    "twice it (guarded rejection; JCGM 106:2012, 8.3.3). A value that is only just accepted lies beyond the limit "
    "with a probability of up to 50 % by simple acceptance, and of up to 98 % by guarded rejection."
)
_VIRTUAL = "No hardware was measured: the result is simulated, and traceable to nothing."
_ACCREDITED = {True: "accredited", False: "not accredited", None: "accreditation not stated"}
_NOT_TRACEABLE = "Traceability is not shown: {}."
_CLOCK = (
    "The windows were timed by the clock of {names}, whose rate the run itself has measured by the clock of the "
    "computer. For that one the budget counts up to \u00b1{ppm:.3g} ppm, {share:.2g} % of the variance; {covered}."
)


def statements(result: Result, equipment: Equipment, *, virtual: bool, verified: bool) -> Statements:
    """Return the texts; `verified` says that the association that keeps the benchmark has reviewed the result."""
    traceable, how = _traceability(result, equipment, virtual=virtual)
    return Statements(
        uncertainty=_uncertainty(result),
        decision_rule=_DECISION,
        traceability=how,
        traceable=traceable,
        verification="Reviewed by MLCommons Association, as the laboratory states." if verified else UNVERIFIED,
        verified=verified,
        legal=[ONLY_THIS_ITEM, NOT_IN_PARTS, _TRADEMARK],
    )


def _uncertainty(result: Result) -> str:
    score = result.energy_per_inference_j
    if score is None:
        return "There is no score, and so no uncertainty."
    text = (
        "The reported expanded uncertainty is the standard uncertainty multiplied by a coverage factor "
        f"k = {coverage_factor(score.k)}, which gives a coverage probability of {score.probability * 100:g} % "
        "for the distribution of the combined error. It was evaluated by JCGM 100:2008 (GUM)."
    )
    return text if score.complete else f"{text} It is incomplete: {'; '.join(score.incomplete)}."


def _traceability(result: Result, equipment: Equipment, *, virtual: bool) -> tuple[bool, str]:
    if virtual:
        return False, _VIRTUAL
    if not any("sampler" in one.roles for one in equipment.instruments):
        return False, _NOT_TRACEABLE.format("the session does not tell which instrument sampled")
    counted = [one for one in equipment.instruments if one.in_result]
    clocks = [one for one in equipment.instruments if "clock" in one.roles and one not in counted]
    heavy = clocks_that_count(result, equipment)
    lacking = [one.name for one in (*counted, *heavy) if not _in_force(one)]
    if lacking:
        return False, _NOT_TRACEABLE.format(
            f"no calibration in force, with its certificate and laboratory, is stated for {', '.join(lacking)}"
        )
    chain = "; ".join(
        f"{one.make} {one.model}, serial number {one.serial}: certificate {one.calibration.certificate} of "
        f"{one.calibration.laboratory} ({_ACCREDITED[one.calibration.accredited]}), {one.calibration.date}, "
        f"by: {one.calibration.source}"
        for one in (*counted, *(one for one in clocks if _in_force(one)))
    )
    timed = _timed_by(result, clocks)
    return True, f"The result is traceable to the SI through the calibration of the instruments. {chain}.{timed}"


def _timed_by(result: Result, clocks: Sequence[Instrument]) -> str:
    """Return how the time of the windows is traceable where no sampler keeps it; "" where one does."""
    counted = of_host_clock(result)
    if not clocks or not counted:
        return ""
    covered = all(_in_force(one) for one in clocks)
    return " " + _CLOCK.format(
        names=", ".join(one.name for one in clocks),
        ppm=max(one.limit or 0.0 for one in counted) * 1e6,
        share=share_of_host_clock(result) * 100,
        covered="a calibration covers it" if covered else "no calibration covers it",
    )


def _in_force(one: Instrument) -> bool:
    held = one.calibration
    return bool(one.in_calibration and held.certificate and held.laboratory)
