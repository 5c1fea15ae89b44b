# SPDX-License-Identifier: Apache-2.0
"""The whole certificate: the predicate that is signed."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, StrictBool

from energy_runner.certificate.facts.equipment import Conditions, Equipment, SetUp
from energy_runner.certificate.facts.evidence import BenchTrust, Curves, SessionEvidence
from energy_runner.certificate.facts.item import Firmware, Item
from energy_runner.certificate.facts.parties import Parties
from energy_runner.certificate.facts.workload import Workload
from energy_runner.session.document import READ, Model
from energy_runner.session.result import Result

SCHEMA = "energy-runner/certificate/1"
# Counts up whenever a fixed text changes that a certificate or its XML states: demands, statements, what is asked.
# A test holds their digest. Verification compares texts only where they are in its own wording.
WORDING = 1
Title = Literal["Certificate", "Measurement report — not a certificate"]
CERTIFICATE: Title = "Certificate"
REPORT: Title = "Measurement report — not a certificate"
# MLCommons' rules on messages: what its association has not reviewed has to say so. It is the default.
UNVERIFIED = "Result not verified by MLCommons Association."
ONLY_THIS_ITEM = "The results relate only to the item tested, in the state in which it was tested."
NOT_IN_PARTS = "This document may be reproduced only in full, unless the laboratory agrees in writing."


class MinimumItem(Model):
    """One demand of the minimum of a certificate, and whether it is met."""

    id: str
    """Short id, such as `in-calibration`."""
    demand: str
    """What is demanded."""
    met: StrictBool
    """Whether it is met."""
    detail: str = ""
    """What was found."""


class Missing(Model):
    """Something that the laboratory has to state, and did not."""

    key: str
    """Its key in the laboratory's profile, such as `item.serial`."""
    what: str
    """What it is."""


class Revision(Model):
    """The certificate that this one replaces."""

    id: str
    """Its id."""
    sha256: str
    """SHA-256 of its signed statement."""
    why: str
    """Why it is replaced."""


class Issuing(Model):
    """When and with what the certificate was made."""

    issued_utc: str
    """Date and time of issue, ISO 8601, to the second, by the clock of the computer that issued it."""
    software: str
    """Name and version of the program that made it."""
    commit: str | None = None
    """Commit of that program; null where it is not known."""
    wording: int = WORDING
    """Number of the wording of the fixed texts in it."""
    key_id: str
    """Id of the key that signs it."""
    supersedes: Revision | None = None
    """The certificate that this one replaces; null for a first one."""


class Statements(Model):
    """Texts that bind the reader."""

    uncertainty: str
    """How the uncertainty is stated (JCGM 100:2008, 7.2)."""
    decision_rule: str
    """How rules with a limit are decided (ISO/IEC 17025:2017, 7.8.6)."""
    traceability: str
    """How the result is traceable, or that it is not."""
    traceable: StrictBool
    """Whether an instrument in calibration stands behind it."""
    verification: str
    """Whether the result was reviewed, and by whom."""
    verified: StrictBool = False
    """Whether it was reviewed by the association that keeps the benchmark."""
    legal: list[str]
    """What else binds: whom the results are of, trademarks, copies."""


class EnergyCertificate(Model):
    """An energy score with all that a sceptic asks."""

    schema_: str = Field(default=SCHEMA, alias="schema")
    """Kind and major version of this document."""
    id: str
    """Its id: `ER-` and sixteen hexadecimal digits of the digest of all other facts in it."""
    title: Title
    """`Certificate` only if the whole minimum is met."""
    virtual: StrictBool
    """True if anything was simulated: then nothing in it is a measurement, and each page says SIMULATED."""
    language: Literal["en"] = "en"
    """Its language, ISO 639-1."""
    issuing: Issuing
    """When and with what it was made."""
    minimum: list[MinimumItem]
    """What a certificate must have at least."""
    missing: list[Missing]
    """What the laboratory did not state."""
    parties: Parties
    """Who measured, and for whom."""
    item: Item
    """What was measured."""
    firmware: Firmware
    """What ran on it."""
    workload: Workload
    """What it had to do."""
    equipment: Equipment
    """With what it was measured."""
    conditions: Conditions
    """The environment."""
    setup: SetUp
    """How it was connected."""
    session: SessionEvidence
    """The facts that it rests on."""
    trust: BenchTrust
    """The state of the bench."""
    result: Result
    """Every figure: windows, score, uncertainty budget, quality facts, verdicts."""
    curves: Curves
    """The curves of its figures."""
    statements: Statements
    """Texts that bind the reader."""

    model_config = ConfigDict(**READ, allow_inf_nan=False, populate_by_name=True, serialize_by_alias=True)

    @property
    def reasons(self) -> list[MinimumItem]:
        """Return what keeps it from being a certificate; empty if it is one."""
        return [one for one in self.minimum if not one.met]

    def document(self) -> dict[str, Any]:
        """Return it as plain data, in the form that is signed."""
        return self.model_dump(mode="json", by_alias=True)
