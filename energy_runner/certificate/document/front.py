# SPDX-License-Identifier: Apache-2.0
"""The first page: who certifies what for whom, the result, and what keeps it from being a certificate."""

from typing import Any

from energy_runner.certificate.document.blocks import cell
from energy_runner.certificate.document.words import breakable, given, moment, number
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.wording import coverage_factor


def front(one: EnergyCertificate) -> dict[str, Any]:
    """Return the first page as plain data."""
    lab, customer = one.parties.laboratory, one.parties.customer
    return {
        "laboratory": _address(lab.name, lab.address, lab.contact),
        "accreditation": breakable(lab.accreditation),
        "subject": f"Energy of one inference, {one.workload.benchmark} ({one.workload.task})",
        "result": _result(one),
        "reasons": [[breakable(each.demand), breakable(each.detail)] for each in one.reasons],
        "facts": [[name, cell(value)] for name, value in _facts(one, customer.name)],
        "signatures": [
            ["Measured by", cell(given(one.parties.operator))],
            ["Authorised by", cell(given(one.parties.approver))],
        ],
        "issued": moment(one.issuing.issued_utc),
        "key_id": one.issuing.key_id,
        "verification": breakable(one.statements.verification),
        "legal": [breakable(each) for each in one.statements.legal],
    }


def _address(*lines: str) -> list[dict[str, str]]:
    return [cell(line) for line in lines if line] or [cell("laboratory not stated", "missing")]


def _result(one: EnergyCertificate) -> dict[str, Any]:
    score = one.result.energy_per_inference_j
    shown: dict[str, Any] = {
        "headline": breakable(one.result.headline()),
        "coverage": "",
        "incomplete": "",
        "verdict": breakable(one.result.judged()),
        "valid": one.result.valid,
        "rule_set": breakable(given(one.result.rule_set, "no rule set")),
    }
    if one.result.mode == "energy" and score is not None:
        if score.stated is not None:
            shown["headline"] = f"({score.stated.value} ± {score.stated.U})\u00a0{score.stated.unit}"
        shown["coverage"] = (
            f"median of {len(one.result.windows)} windows, expanded uncertainty with k = "
            f"{coverage_factor(score.k)}, coverage probability {score.probability * 100:g} %"
        )
        shown["incomplete"] = "" if score.complete else breakable("; ".join(score.incomplete))
    return shown


def _facts(one: EnergyCertificate, customer: str) -> list[tuple[str, str]]:
    item, result = one.item, one.result
    throughput = number(result.throughput_per_s, 5, "inferences per second") if result.throughput_per_s else ""
    rows = [
        ("Item", ", ".join(filter(None, (item.board, item.revision)))),
        ("Serial number", item.serial),
        ("Processor", ", ".join(filter(None, (item.processor, _clock(item.clock_hz))))),
        ("Customer", customer),
        ("Received", item.received),
        ("Measured", moment(one.session.started_utc) + (" (virtual clock)" if one.virtual else "")),
        ("Issued", moment(one.issuing.issued_utc)),
        ("Throughput", throughput),
    ]
    return [(name, given(value)) for name, value in rows]


def _clock(clock_hz: float | None) -> str:
    return "" if clock_hz is None else number(clock_hz / 1e6, 6, "MHz")
