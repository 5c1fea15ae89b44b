# SPDX-License-Identifier: Apache-2.0
"""The document as plain data: what stands where, in words; the template decides only how it looks."""

from collections.abc import Sequence
from typing import Any

from energy_runner.certificate.document.finish import Attachment
from energy_runner.certificate.document.front import front
from energy_runner.certificate.document.sections import sections
from energy_runner.certificate.document.words import breakable, moment
from energy_runner.certificate.facts import EnergyCertificate


def view(one: EnergyCertificate, attachments: Sequence[Attachment], paper: str) -> dict[str, Any]:
    """Return what the template sets."""
    date = one.issuing.issued_utc[:10].split("-")
    return {
        "paper": paper,
        "title": one.title,
        "id": one.id,
        "virtual": one.virtual,
        "language": one.language,
        "date": [int(part) for part in date],
        "issued": moment(one.issuing.issued_utc),
        "laboratory": breakable(one.parties.laboratory.name),
        "software": breakable(one.issuing.software),
        "front": front(one),
        "sections": sections(one, attachments),
    }
