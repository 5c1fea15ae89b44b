# SPDX-License-Identifier: Apache-2.0
"""The first page: who certifies what for whom, the result, and what keeps it from being a certificate."""

from typing import Any

from energy_runner.certificate.document.bench import temperature
from energy_runner.certificate.document.blocks import cell
from energy_runner.certificate.document.tested import accuracy
from energy_runner.certificate.document.words import breakable, given, moment, number, with_uncertainty
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.equipment import Instrument
from energy_runner.session.result import Result
from energy_runner.wording import coverage_factor

_WHAT = {"energy": "Energy of one inference", "performance": "Throughput", "accuracy": "Accuracy"}

_LONGEST_LARGE = 90  # characters of a name of the laboratory that is set large


def front(one: EnergyCertificate) -> dict[str, Any]:
    """Return the first page as plain data."""
    lab, customer = one.parties.laboratory, one.parties.customer
    return {
        "laboratory": _address(lab.name, lab.address, lab.country, lab.contact),
        "long-name": len(lab.name) > _LONGEST_LARGE,
        "accreditation": breakable(lab.accreditation),
        "subject": f"{_WHAT[one.result.mode]}: benchmark {one.workload.benchmark}, {one.workload.task}",
        "result": _result(one),
        "reasons": [[breakable(each.demand), breakable(each.detail)] for each in one.reasons],
        "facts": [[name, cell(value)] for name, value in _facts(one, customer.name)],
        "statements": [breakable(one.statements.uncertainty), breakable(one.statements.traceability)],
        "signatures": [
            ["Measured by", cell(given(one.parties.operator))],
            ["Authorised by", cell(given(one.parties.approver))],
            ["Date of issue", cell(moment(one.issuing.issued_utc))],
        ],
        "issued": moment(one.issuing.issued_utc),
        "key_id": one.issuing.key_id,
        "verification": breakable(one.statements.verification),
        "legal": [breakable(each) for each in one.statements.legal],
    }


def _address(name: str, *lines: str) -> list[dict[str, Any]]:
    head = cell(name) if name else cell("laboratory not stated", "missing")
    return [head, *(cell(line) for line in lines if line)]


def _result(one: EnergyCertificate) -> dict[str, Any]:
    score = one.result.energy_per_inference_j
    shown: dict[str, Any] = {
        "what": _WHAT[one.result.mode],
        "headline": breakable(one.result.headline()),
        "coverage": "",
        "incomplete": "",
        "verdict": breakable(one.result.judged()),
        "valid": one.result.valid,
        "kept": _kept(one),
        "rule_set": breakable(given(one.result.rule_set, "no rule set")),
    }
    if one.result.mode == "energy" and score is not None:
        if score.stated is not None:
            shown["headline"] = f"({score.stated.value} ± {score.stated.U})\u00a0{score.stated.unit}"
        shown["coverage"] = (
            f"median of {len(one.result.windows)} windows; k = {coverage_factor(score.k)}, "
            f"coverage probability {score.probability * 100:g} %"
        )
        shown["incomplete"] = "" if score.complete else breakable("; ".join(score.incomplete))
    return shown


def _kept(one: EnergyCertificate) -> str:
    binding = [each.passed for each in one.result.verdicts if each.binding]
    others = len(one.result.verdicts) - len(binding)
    return f"{sum(binding)} of {len(binding)} binding rules passed" + (f"; {others} only inform" if others else "")


def _facts(one: EnergyCertificate, customer: str) -> list[tuple[str, str]]:
    """Return the facts of the first page, two in a row: the item on the left, the measurement on the right."""
    item, result, work = one.item, one.result, one.workload
    voltages = [number(each, 5, "V") for each in dict.fromkeys(one.setup.voltages_v)]
    counted = [each for each in one.equipment.instruments if each.in_result]
    left = [
        ("Item", ", ".join(filter(None, (item.board, item.revision)))),
        ("Serial number", item.serial),
        ("Processor", ", ".join(filter(None, (item.processor, _clock(item.clock_hz))))),
        ("Firmware", one.firmware.name),
        ("Framework", one.firmware.framework),
        ("Customer", customer),
        ("Received", item.received),
        ("Measured", moment(one.session.started_utc) + (" (virtual clock)" if one.virtual else "")),
    ]
    right = [
        ("Instrument", "; ".join(map(_instrument, counted))),
        (
            "Calibration",
            "; ".join(filter(None, map(_calibration, counted))),
        ),
        ("Supply", ", ".join(voltages) or "not measured"),
        ("Temperature", temperature(one.conditions)),
        ("Throughput", _throughput(result) or "not measured"),
        ("Accuracy", accuracy(work.accuracy) or "no accuracy session"),
        ("Bench control", one.trust.state),
        ("Place", one.parties.laboratory.place or one.parties.laboratory.address),
    ]
    return [(name, given(value)) for pair in zip(left, right, strict=True) for name, value in pair]


def _throughput(result: Result) -> str:
    """Return the throughput with its expanded uncertainty; without one where none was evaluated."""
    own = result.throughput
    if own is not None:
        lacks = ", uncertainty incomplete" if own.incomplete else ""
        return f"{with_uncertainty(own.value, own.U, own.unit)}, k = {coverage_factor(own.k)}{lacks}"
    return number(result.throughput_per_s, 5, "inferences per second") if result.throughput_per_s else ""


def _instrument(each: Instrument) -> str:
    serial = f"serial number {each.serial}" if each.serial else "no serial number"
    return f"{each.make} {each.model}".strip() + f", {serial}"


def _calibration(each: Instrument) -> str:
    held = each.calibration
    of = f" of {held.date}" if held.date else ""
    named = f"certificate {held.certificate}{of}" if held.certificate else f"calibrated {held.date}" if of else ""
    return ", ".join(filter(None, (named, f"valid until {held.due}" if held.due else "")))


def _clock(clock_hz: float | None) -> str:
    return "" if clock_hz is None else number(clock_hz / 1e6, 6, "MHz")
