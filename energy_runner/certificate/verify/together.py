# SPDX-License-Identifier: Apache-2.0
"""Whether parts of a certificate that tell of the same thing tell the same: dates, item, instruments, curves."""

from collections.abc import Iterator

from energy_runner.certificate.collect.equipment import OF_BENCH, STATED
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.equipment import Instrument
from energy_runner.certificate.facts.evidence import Curve
from energy_runner.certificate.verify.checks import Contradiction
from energy_runner.certificate.verify.possible import official_in_part
from energy_runner.session.days import day_in, days_after, epoch_s

_TIME_ZONES = (-1, 0, 1)  # days: the laboratory's day may be another one than that in UTC
_ROUNDED = 1e-5  # of a power in a curve, which has six digits


def parts(one: EnergyCertificate) -> Iterator[Contradiction]:
    """Yield where two parts of a certificate contradict each other."""
    yield from _dates(one)
    yield from _simulated(one)
    yield from _stimuli(one)
    yield from _accuracy(one)
    for number, instrument in enumerate(one.equipment.instruments):
        yield from _calibration(instrument, f"equipment.instruments[{number}]", one.session.started_utc)
    for name, curve in (("run", one.curves.run), ("inference", one.curves.inference)):
        if curve is not None:
            yield from _curve(curve, f"curves.{name}")
    low_c, high_c = one.conditions.temperature_low_c, one.conditions.temperature_high_c
    if (low_c is None) != (high_c is None) or (low_c is not None and high_c is not None and low_c > high_c):
        yield "conditions.temperature_low_c", "the lowest temperature is above the highest, or one of them lacks"


def _dates(one: EnergyCertificate) -> Iterator[Contradiction]:
    issued_s, started_s = epoch_s(one.issuing.issued_utc), epoch_s(one.session.started_utc)
    if issued_s is not None and started_s is not None and issued_s < started_s:
        yield "issuing.issued_utc", f"issued before the session began, at {one.session.started_utc}"


def _simulated(one: EnergyCertificate) -> Iterator[Contradiction]:
    """Yield whatever tells of a simulation in a certificate that tells of none."""
    if one.virtual:
        return
    simulated = [each.name for each in one.equipment.instruments if each.virtual]
    if simulated:
        yield "virtual", f"it says that nothing was simulated, and {', '.join(simulated)} was"
    if one.firmware.answers_from:
        yield "virtual", "it says that nothing was simulated, and a virtual DUT answered"


def _stimuli(one: EnergyCertificate) -> Iterator[Contradiction]:
    work = one.workload
    if work.standing != one.result.stimuli:
        yield "workload.standing", "the result says something else of the stimuli"
    yield from official_in_part(work.standing, "workload.standing")
    for number, window in enumerate(one.result.windows):
        known = work.stimuli[window.stimulus].file if 0 <= window.stimulus < len(work.stimuli) else None
        if window.file != known:
            yield f"result.windows[{number}].file", "it is not the stimulus that the workload names"


def _accuracy(one: EnergyCertificate) -> Iterator[Contradiction]:
    found, judged = one.workload.accuracy, one.result.judged_by
    if found is None:
        return
    if found.met and (found.value is None or found.value < found.target):
        yield "workload.accuracy.met", f"{found.value} does not reach the target, {found.target}"
    other = judged.accuracy_session if judged is not None else None
    if other is not None and other.session_id != found.session_id:
        yield "workload.accuracy.session_id", "the result was judged with a session of another name"


def _calibration(one: Instrument, place: str, started_utc: str) -> Iterator[Contradiction]:
    told = one.calibration
    if told.source not in {"", OF_BENCH, STATED}:
        yield f"{place}.calibration.source", "nobody of that name can say so"
    texts = (told.certificate, told.laboratory, told.date, told.due)
    if not told.source and (any(texts) or told.accredited is not None or told.adjusted is not None):
        yield f"{place}.calibration.source", "a calibration is stated, and not by whom"
    if one.in_calibration is not None and one.in_calibration not in _in_calibration(
        told.date, told.due, started_utc
    ):
        yield f"{place}.in_calibration", "the day of the measurement and those of the calibration say otherwise"
    if one.in_calibration is None and told.date and told.due:
        yield f"{place}.in_calibration", "the days of the calibration are stated, and it is left open"


def _in_calibration(since: str, due: str, started_utc: str) -> set[bool]:
    """Return what can be true of the day of the measurement, which began at that moment in some time zone."""
    try:
        day = day_in("UTC", started_utc)
        days = [days_after(day, count) for count in _TIME_ZONES]
    except ValueError:
        return set()
    return {since <= each <= due for each in days} if since and due else set()


def _curve(one: Curve, place: str) -> Iterator[Contradiction]:
    if one.step_s <= 0:
        yield f"{place}.step_s", "the length of a stretch has to be above 0 s"
    for name, each in (("low_w", one.low_w), ("high_w", one.high_w)):
        if each and len(each) != len(one.mean_w):
            yield f"{place}.{name}", f"{len(each)} values beside {len(one.mean_w)} means"
    for number, (low, mean, high) in enumerate(zip(one.low_w, one.mean_w, one.high_w, strict=False)):
        if low is None or mean is None or high is None:
            continue
        slack = _ROUNDED * max(abs(low), abs(high))
        if not low - slack <= mean <= high + slack:
            yield f"{place}.mean_w[{number}]", f"{mean:g} W is not between {low:g} W and {high:g} W"
            return
