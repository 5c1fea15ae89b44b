# SPDX-License-Identifier: Apache-2.0
"""What the result rests on: quality facts, rules, sealed files, statements, and what is missing."""

from collections.abc import Iterator, Sequence
from typing import Any

from energy_runner.certificate.document.blocks import (
    HASH,
    Cell,
    Row,
    cell,
    facts,
    items,
    mono,
    row,
    section,
    table,
    text,
)
from energy_runner.certificate.document.finish import Attachment
from energy_runner.certificate.document.words import given, measured, moment, number
from energy_runner.certificate.facts import CERTIFICATE, EnergyCertificate
from energy_runner.session.result import Result
from energy_runner.session.verdict import Verdict


def quality_section(one: EnergyCertificate) -> dict[str, Any]:
    """Return the facts about the quality of the measurement."""
    return section("Quality of the measurement", facts(_quality(one.result)))


def _quality(result: Result) -> Iterator[tuple[str, str]]:
    yield "How the run ended", result.outcome
    if result.edges is not None:
        exact = "one to one" if result.edges.exact else "not one to one"
        yield "Edges of the timing signal", f"{result.edges.seen} seen, {result.edges.expected} expected, {exact}"
    if result.alignment is not None:
        yield "Edges placed by", result.alignment.method
    if result.integration is not None:
        yield "Energy taken as", result.integration.method
        difference = number(result.integration.difference * 100, 2, "%")
        yield "Check by a second method", f"{difference} difference; {result.integration.second_method}"
    if result.edges_cross_check is not None:
        check = result.edges_cross_check
        yield "Windows on the IO manager's clock", f"{measured(check.ratio, 7)} of those on the instrument's clock"
    if result.sample_clock is not None:
        clock = result.sample_clock
        corrected = ", corrected" if clock.corrected else ""
        yield (
            "Sample clock against the computer's",
            f"{measured(clock.ratio, 7)}, standard uncertainty {number(clock.u, 2)}{corrected}",
        )
    if result.inferences_in_trace is not None:
        trace = result.inferences_in_trace
        agree = {True: "they agree", False: "THEY DIFFER", None: "no contradiction"}[trace.agrees]
        yield (
            "Inferences counted in the trace",
            f"{measured(trace.found, 7)} found, {trace.stated} stated: {agree}",
        )
    if result.exchange is not None:
        told = f"{result.exchange.compared} compared, {result.exchange.contradictions} contradictions"
        yield "Events against the bytes exchanged", told
    if result.monitor_summary is None:
        yield "The instrument's own energy counter", "none, or it gave no reading"


def rules_section(one: EnergyCertificate) -> dict[str, Any]:
    """Return every verdict."""
    verdicts = one.result.verdicts
    binding = [each for each in verdicts if each.binding]
    kept = sum(each.passed for each in binding)
    return section(
        "Rules",
        text(
            [
                f"Rule set {given(one.result.rule_set, 'none')}: {kept} of {len(binding)} binding rules passed. "
                f"The result is {one.result.judged()}.",
                one.statements.decision_rule,
            ]
        ),
        table(
            [
                ("Rule", "left", "1fr"),
                ("Found", "left", "1.2fr"),
                ("Demanded", "left", "1.2fr"),
                ("Verdict", "left", "32mm"),
            ],
            [_verdict(each) for each in verdicts],
        )
        if verdicts
        else None,
    )


def _verdict(each: Verdict) -> Row:
    word = (
        "passed" if each.passed else "not known" if not each.known else "FAILED" if each.binding else "not passed"
    )
    below = " · ".join(filter(None, (each.clause, each.package, each.note)))
    return row(
        [
            each.id,
            _found(each),
            _demanded(each),
            cell(word if each.binding else f"{word}, informs only", "strong" if word == "FAILED" else ""),
        ],
        below=below,
    )


def _found(each: Verdict) -> str:
    if isinstance(each.measured, str) or each.measured is None:
        return each.measured or ""
    u = f", u = {number(each.u, 2, each.unit)}" if each.u else ""
    return number(each.measured, 7, each.unit) + u


def _demanded(each: Verdict) -> str:
    """Return the limit; where it is a number, on which side of it a value has to be."""
    if isinstance(each.limit, str) or each.limit is None:
        return each.limit or ""
    low, high = each.low, each.high
    if low is not None and high is not None and low != high:
        return f"{number(low, 7)} to {number(high, 7, each.unit)}"
    side = "" if low == high else "at least " if low is not None else "at most "
    return side + number(each.limit, 7, each.unit)


def minimum_section(one: EnergyCertificate) -> dict[str, Any]:
    """Return what makes it a certificate, or keeps it from being one, and what the laboratory did not state."""
    return section(
        "What makes it a certificate" if one.title == CERTIFICATE else "What keeps it from being a certificate",
        table(
            [("Demand", "left", "1.2fr"), ("Met", "left", "auto"), ("Found", "left", "1fr")],
            [
                [each.demand, cell("yes" if each.met else "NO", "" if each.met else "strong"), each.detail]
                for each in one.minimum
            ],
        ),
        table(
            [("Not stated by the laboratory", "left", "1fr"), ("Key of its profile", "left", "1fr")],
            [[each.what, each.key] for each in one.missing],
        )
        if one.missing
        else text(["The laboratory stated everything that it is asked for."]),
    )


def sources_section(one: EnergyCertificate, attachments: Sequence[Attachment]) -> dict[str, Any]:
    """Return the session's files, the software, and how to check the document."""
    held, issuing = one.session, one.issuing
    return section(
        "Sources, and how to check this document",
        facts(
            [
                ("Session", held.session_id),
                ("Measured by", held.origin or "this laboratory"),
                ("Began", moment(held.started_utc) + (" (virtual clock)" if held.virtual else "")),
                ("Days count in", held.time_zone or "UTC"),
                ("Bench", given(held.bench)),
                ("Facts sealed as (SHA-256)", mono(held.facts_sha256, "not sealed")),
                ("Result (SHA-256)", mono(held.result_sha256, "states none")),
                ("Recorded by", _software(held.software, held.commit)),
                (
                    "Libraries",
                    ", ".join(f"{name} {version}" for name, version in held.libraries.items()) or "not known",
                ),
                ("Issued by", _software(issuing.software, issuing.commit)),
                ("Key of the signature", mono(issuing.key_id)),
                *_revision(one),
            ]
        ),
        table(
            [("File of the session", "left", "1fr"), ("Bytes", "right", "auto"), ("SHA-256", "left", HASH)],
            [[each.name, str(each.size), mono(each.sha256)] for each in held.files],
        )
        if held.files
        else text(["The session has no sealed files."]),
        table(
            [("Attached to this PDF", "left", "auto"), ("What it is", "left", "1fr")],
            [[each.name, each.description] for each in sorted(attachments, key=lambda each: each.name)],
            note="The signature in certificate.json covers every byte of this PDF and of each form. "
            "To check it: energy-runner verify FILE, with the PDF, the JSON, the XML or the session.",
        )
        if attachments
        else None,
    )


def _software(name: str, commit: str | None) -> str:
    return f"{name}, commit {commit}" if commit else f"{name}, commit not known"


def _revision(one: EnergyCertificate) -> list[tuple[str, str | Cell]]:
    held = one.issuing.supersedes
    if held is None:
        return []
    return [("Replaces", f"{held.id}: {held.why}"), ("Its statement (SHA-256)", mono(held.sha256))]


def statements_section(one: EnergyCertificate) -> dict[str, Any]:
    """Return the texts that bind the reader."""
    held = one.statements
    return section("Statements", items([held.verification, held.traceability, *held.legal]))
