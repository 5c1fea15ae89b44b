# SPDX-License-Identifier: Apache-2.0
"""`dcc:statements`: what binds the reader, first of all whether this is a certificate."""

from collections.abc import Iterable

from energy_runner.certificate.dcc.nodes import Node, fact, leaf, node, optional, rich
from energy_runner.certificate.dcc.quantities import as_stated
from energy_runner.certificate.facts import CERTIFICATE, EnergyCertificate
from energy_runner.session.verdict import Verdict

SIMULATED = "SIMULATED"
_SIMULATED = f"{SIMULATED}: no hardware was measured, and nothing in this document is a measurement."
_SIGNATURE = (
    "The element dcc:document holds the signed statement of all facts (certificate.json) in Base64. It states the "
    "SHA-256 of this file as it is with a digit 0 in the place of each character of that Base64 text."
)


def statement(
    texts: Iterable[str],
    *,
    ref: str,
    conformity: bool | None = None,
    traceable: bool | None = None,
    convention: str = "",
    norms: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
    data: tuple[Node | None, ...] = (),
    tag: str = "dcc:statement",
) -> Node:
    """Return a statement: its texts, and whether what it speaks of conforms; None where that is not known."""
    return node(
        tag,
        optional("dcc:convention", convention),
        leaf("dcc:traceable", _true(traceable)) if traceable is not None else None,
        *(leaf("dcc:norm", each) for each in norms if each),
        *(leaf("dcc:reference", each) for each in references if each),
        rich("dcc:declaration", texts),
        leaf("dcc:conformity", "pass" if conformity else "fail") if conformity is not None else None,
        node("dcc:data", *known) if (known := [each for each in data if each is not None]) else None,
        ref=ref,
    )


def statements(one: EnergyCertificate) -> Node:
    """Return all statements: title and reasons first, then what binds, then what is missing."""
    said = one.statements
    missing = [fact(each.key, each.what) for each in one.missing]
    return node(
        "dcc:statements",
        statement([_SIMULATED], ref="energyRunner_simulated") if one.virtual else None,
        statement(
            [one.title, *(f"{each.demand}: {each.detail}" for each in one.reasons)],
            ref="energyRunner_title",
            conformity=one.title == CERTIFICATE,
        ),
        *_minimum(one),
        statement(
            [said.decision_rule],
            ref="basic_conformity energyRunner_decisionRule",
            conformity=one.result.valid,
            convention="guarded rejection where the standard uncertainty is stated, or else simple acceptance",
            norms=("ISO/IEC 17025:2017, 7.8.6", "JCGM 106:2012, 8.2", "JCGM 106:2012, 8.3.3"),
            references=(
                fact("rule set", one.workload.rule_set),
                fact("its SHA-256", one.workload.rule_set_sha256),
            ),
        ),
        statement(
            [said.traceability],
            ref="basic_metrologicallyTraceableToSI energyRunner_traceability",
            traceable=said.traceable,
        ),
        statement([said.uncertainty], ref="energyRunner_uncertainty", norms=("JCGM 100:2008",)),
        statement([said.verification], ref="energyRunner_verification"),
        _revision(one),
        statement(
            [fact("state of the bench by its control chart", one.trust.state), one.trust.detail, one.trust.source],
            ref="energyRunner_bench",
        ),
        statement(said.legal, ref="energyRunner_legal") if said.legal else None,
        statement(["The laboratory did not state:", *missing], ref="energyRunner_missing") if missing else None,
        statement([_SIGNATURE], ref="energyRunner_signature"),
    )


def _revision(one: EnergyCertificate) -> Node | None:
    """Return which certificate this one replaces and why (ISO/IEC 17025:2017, 7.8.8); None for a first one."""
    older = one.issuing.supersedes
    if older is None:
        return None
    return statement([f"This document replaces {older.id}: {older.why}"], ref="basic_revision")


def _minimum(one: EnergyCertificate) -> list[Node]:
    return [
        statement([each.demand, each.detail], ref=f"energyRunner_minimum {each.id}", conformity=each.met)
        for each in one.minimum
    ]


def verdicts(one: EnergyCertificate) -> Node | None:
    """Return the verdict of each rule as the metadata of the results; None where no rule judged."""
    if not one.result.verdicts:
        return None
    return node("dcc:measurementMetaData", *(_verdict(each) for each in one.result.verdicts))


def _verdict(one: Verdict) -> Node:
    texts = [
        fact("rule", one.id),
        one.text,
        fact("found", one.measured),
        fact("demanded", one.limit),
        fact("note", one.note),
        "" if one.binding else "This rule informs only.",
        "" if one.known else "The session lacks the facts to judge by.",
        fact("rule provided by", one.package),
    ]
    return statement(
        texts,
        ref="basic_conformity energyRunner_verdict",
        conformity=one.passed if one.known else None,
        norms=(one.clause,),
        references=(one.rule_set,),
        data=(
            as_stated("found", one.value, one.unit),
            as_stated("standard uncertainty", one.u, one.unit),
            as_stated("least that is allowed", one.low, one.unit),
            as_stated("most that is allowed", one.high, one.unit),
        ),
        tag="dcc:metaData",
    )


def _true(value: bool) -> str:
    return "true" if value else "false"
