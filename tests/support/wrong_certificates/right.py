# SPDX-License-Identifier: Apache-2.0
"""Right certificates: a verifier that refuses one of these is wrong."""

import hashlib

from energy_runner.certificate.facts import Revision
from energy_runner.certificate.forms import AIBOM, JSON, NAMES, PDF, XML
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.lab import (
    forms_of,
    hardware_forms,
    signed_by,
    virtual,
    virtual_forms,
)
from tests.support.wrong_certificates.seals import sealed_by


def _only(name: str) -> Made:
    return Made({name: virtual_forms()[name]}, name)


def _superseding() -> Made:
    before = Revision(
        id=virtual().id, sha256=hashlib.sha256(virtual_forms()[JSON]).hexdigest(), why="the address was wrong"
    )
    return Made(forms_of(signed_by(virtual(), issued_utc="2026-03-09T10:00:00Z", supersedes=before)))


def _sealed() -> Made:
    forms = hardware_forms()
    return Made({**forms, PDF: sealed_by(forms[PDF])})


def _renamed() -> Made:
    name = "Example Laboratory.PDF"
    return Made({name: virtual_forms()[PDF]}, name)


CASES = (
    Case("right-virtual", "of a simulated bench", "right", lambda: Made(virtual_forms())),
    Case(
        "right-virtual-with-session",
        "with its session",
        "right",
        lambda: Made(virtual_forms(), session="measured"),
    ),
    Case("right-hardware", "of hardware, with the title Certificate", "right", lambda: Made(hardware_forms())),
    Case("right-pdf-alone", "the PDF alone", "right", lambda: _only(PDF)),
    Case("right-pdf-renamed", "the PDF alone, under another name", "right", _renamed),
    Case("right-xml-alone", "the XML alone", "right", lambda: _only(XML)),
    Case("right-json-alone", "the signed statement alone", "right", lambda: _only(JSON)),
    Case("right-sealed", "with a seal in the PDF", "right", _sealed),
    Case("right-superseding", "it replaces another one", "right", _superseding),
)
assert set(NAMES) == {AIBOM, JSON, PDF, XML}
