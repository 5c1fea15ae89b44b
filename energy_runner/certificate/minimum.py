# SPDX-License-Identifier: Apache-2.0
"""What a document must have to be titled a certificate; without it, it is a measurement report."""

from collections.abc import Callable
from dataclasses import dataclass

from energy_runner.certificate.facts import EnergyCertificate, MinimumItem
from energy_runner.certificate.facts.equipment import Instrument
from energy_runner.certificate.timing import clocks_that_count
from energy_runner.session.result import FACTS_CHANGED

WINDOWS = 5
_DATES = {  # by whether the first day of a calibration is stated, and its last
    (False, False): "no dates of its calibration are stated",
    (False, True): "no day of its calibration is stated",
    (True, False): "no last day of its calibration is stated",
}


@dataclass(frozen=True)
class Demand:
    """One demand: its id, what it asks, and what answers it: "" if it is met, else why not."""

    id: str
    text: str
    why_not: Callable[[EnergyCertificate], str]


def _hardware(one: EnergyCertificate) -> str:
    return "the bench is simulated" if one.virtual else ""


def _identified(one: EnergyCertificate) -> str:
    if not _samplers(one):
        return "the session does not tell which instrument sampled"
    lacking = [
        f"{each.name} without {', '.join(gaps)}"
        for each in _counted(one)
        if (gaps := [key for key in ("make", "model", "serial", "firmware") if not getattr(each, key)])
    ]
    return "; ".join(lacking)


def _in_calibration(one: EnergyCertificate) -> str:
    if not _samplers(one):
        return "the session does not tell which instrument sampled"
    return "; ".join(filter(None, map(_calibration_lack, _counted(one))))


def _calibration_lack(one: Instrument) -> str:
    held = one.calibration
    if one.in_calibration is None:
        dated = held.date and held.due
        return f"{one.name}: " + (
            "the day of the measurement is not known" if dated else _DATES[bool(held.date), bool(held.due)]
        )
    if not one.in_calibration:
        return f"{one.name}: not in calibration on the day of the measurement"
    lacks = [what for what in ("certificate", "laboratory") if not getattr(held, what)]
    return f"{one.name}: no calibration {' and no '.join(lacks)} is named" if lacks else ""


def _samplers(one: EnergyCertificate) -> list[Instrument]:
    return [each for each in one.equipment.instruments if "sampler" in each.roles]


def _counted(one: EnergyCertificate) -> list[Instrument]:
    """Return the instruments that the energy rests on: those in the result, and a clock that counts."""
    clocks = clocks_that_count(one.result, one.equipment)
    return [each for each in one.equipment.instruments if each.in_result or each in clocks]


def _named(one: EnergyCertificate) -> str:
    parties, item = one.parties, one.item
    stated = {
        "laboratory": parties.laboratory.name,
        "address of the laboratory": parties.laboratory.address,
        "who authorises": parties.approver,
        "board": item.board,
        "serial number of the board": item.serial,
    }
    lacking = [what for what, text in stated.items() if not text.strip()]
    return f"not stated: {', '.join(lacking)}" if lacking else ""


def _rules_pass(one: EnergyCertificate) -> str:
    failed = [verdict.id for verdict in one.result.verdicts if verdict.binding and not verdict.passed]
    if failed:
        return f"failed: {', '.join(failed)}"
    return "" if one.result.valid else "the result is not valid"


def _windows(one: EnergyCertificate) -> str:
    measured = [window for window in one.result.windows if window.energy_per_inference_j is not None]
    return "" if len(measured) >= WINDOWS else f"{len(measured)} windows have an energy"


def _uncertainty(one: EnergyCertificate) -> str:
    score, budget = one.result.energy_per_inference_j, one.result.uncertainty
    if score is None:
        return "there is no score"
    if budget is None or not budget.components:
        return "there is no budget"
    complete = score.complete and not score.incomplete
    return "" if complete else f"incomplete: {'; '.join(score.incomplete) or 'it does not say why'}"


def _accuracy(one: EnergyCertificate) -> str:
    found = one.workload.accuracy
    if found is None:
        return "no accuracy session was given"
    lacks = ["it was simulated"] if found.virtual else []
    lacks += [] if found.facts_sha256 is not None else ["its session is not sealed"]
    lacks += [] if found.met else ["the target is not met by a valid run"]
    if found.same_firmware is not True:
        lacks.append(
            "another firmware" if found.same_firmware is False else "no hash says that it is the same firmware"
        )
    if found.standing is None or found.standing.status != "official":
        lacks.append("not on the benchmark's own stimuli")
    return "; ".join(lacks)


def _stimuli(one: EnergyCertificate) -> str:
    standing = one.workload.standing
    if standing is None:
        return "the session does not tell whose stimuli they are"
    return "" if standing.status == "official" else standing.detail or standing.status


def _sealed(one: EnergyCertificate) -> str:
    if one.session.facts_sha256 is None:
        return "the session is not sealed"
    changed = any(finding.id == FACTS_CHANGED for finding in one.result.findings)
    return "the facts were changed since they were sealed" if changed else ""


def _hashes(one: EnergyCertificate) -> str:
    lacks = [] if one.firmware.image is not None else ["the firmware's file"]
    lacks += [] if one.firmware.network is not None else ["the network's file"]
    lacks += [] if one.workload.stimuli and all(each.sha256 for each in one.workload.stimuli) else ["the stimuli"]
    lacks += [] if one.session.files else ["the session's files"]
    return f"no hash of {', '.join(lacks)}" if lacks else ""


def _bench_in_control(one: EnergyCertificate) -> str:
    return "" if one.trust.state == "trusted" else f"the bench is {one.trust.state}"


DEMANDS = (
    Demand("hardware", "hardware was measured, nothing was simulated", _hardware),
    Demand("instrument-identified", "the instruments that the energy rests on are identified", _identified),
    Demand("in-calibration", "they were in calibration on the day of the measurement", _in_calibration),
    # ISO/IEC 17025:2017, 7.8.2.1 b, g and o.
    Demand("identified", "laboratory, who authorises, and the item with its serial number are stated", _named),
    Demand("rules-pass", "every binding rule of the rule set is passed", _rules_pass),
    Demand("five-windows", "five windows were measured", _windows),
    Demand("uncertainty-complete", "the uncertainty counts every cause that is known", _uncertainty),
    Demand(
        "accuracy-met", "the same firmware meets the accuracy target on the benchmark's own stimuli", _accuracy
    ),
    Demand("official-stimuli", "the stimuli are the benchmark's own", _stimuli),
    Demand("facts-sealed", "the facts are those that were sealed at the end of the run", _sealed),
    Demand("hashes-complete", "firmware, network, stimuli and files are named by their hashes", _hashes),
    Demand("bench-in-control", "the control chart of the bench shows no change", _bench_in_control),
)


def minimum(certificate: EnergyCertificate) -> list[MinimumItem]:
    """Return each demand with what was found."""
    return [
        MinimumItem(id=one.id, demand=one.text, met=not (why := one.why_not(certificate)), detail=why)
        for one in DEMANDS
    ]
