# SPDX-License-Identifier: Apache-2.0
"""Whether each form at hand is byte for byte the one that was signed, and says what was signed."""

import hashlib
from pathlib import Path

from energy_runner.certificate.aibom import facts_in_aibom, read_aibom
from energy_runner.certificate.dcc.read import facts_in_dcc, read_dcc
from energy_runner.certificate.dcc.schema import check_schema
from energy_runner.certificate.document.seal import sealed
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.forms import AIBOM, JSON, NAMES, PDF, XML, emptied, session_subjects
from energy_runner.certificate.places import Difference
from energy_runner.certificate.signing.statement import Subject
from energy_runner.certificate.verify.bundle import Bundle, Found
from energy_runner.certificate.verify.checks import Checks
from energy_runner.certificate.verify.inner import in_own_wording
from energy_runner.certificate.verify.pages import check_pages
from energy_runner.certificate.verify.seal_form import seal_form_lack
from energy_runner.certificate.verify.signed import Signed
from energy_runner.errors import SessionError

_MOST_PLACES = 20  # of one form that are named


def check_forms(signed: Signed, bundle: Bundle, checks: Checks) -> None:
    """Check all forms at hand against the signed statement."""
    for place, why in bundle.problems:
        checks.fails("forms", "each form can be read", place, why)
    _check_subjects(signed, checks)
    subjects = {one.name: one for one in signed.statement.subjects}
    for found in bundle.forms.get(JSON, ()):
        _same(JSON, found, signed.data, checks)
    for name in (XML, PDF, AIBOM):
        what = f"{name} is the one that was signed"
        if name not in bundle.forms:
            checks.not_checked(name, what, "it is not at hand")
        for found in bundle.forms.get(name, ()):
            if name in subjects:
                _check_form(name, found, subjects[name], signed, bundle, checks)


def _check_subjects(signed: Signed, checks: Checks) -> None:
    """Check that the statement names what it has to: the session's files as the facts name them, and each form."""
    what = "the statement names the session's files and the forms"
    wanted = {one.name: one for one in session_subjects(signed.certificate)}
    found = {one.name: one for one in signed.statement.subjects}
    forms = set(NAMES) - {JSON}
    wrong = [(f"subject {name}", "it is not named") for name in sorted((wanted.keys() | forms) - found.keys())]
    wrong += [
        (f"subject {name}", "nothing is known of it") for name in sorted(found.keys() - wanted.keys() - forms)
    ]
    wrong += [
        (f"subject {name}", "its digest or size is not that of the facts")
        for name, one in sorted(wanted.items())
        if name in found and found[name] != one
    ]
    checks.judged("subjects", what, [(f"{signed.place}, {place}", why) for place, why in wrong])


def _same(name: str, found: Found, data: bytes, checks: Checks) -> None:
    what = f"every copy of {name} is the same"
    if found.data == data:
        checks.holds(name, what, found.place)
    else:
        checks.fails(name, what, found.place, "it is another one, or was changed")


def _check_form(  # noqa: PLR0917
    name: str, found: Found, subject: Subject, signed: Signed, bundle: Bundle, checks: Checks
) -> None:
    what = f"{name} is the one that was signed"
    data = found.data[: subject.size] if name == PDF and subject.size is not None else found.data
    try:
        empty = emptied(name, data, signed.data, _attached_xml(found, bundle) if name == PDF else None)
    except (ValueError, SessionError):
        checks.fails(name, what, found.place, "the signed statement in it was changed, or is not there")
        return
    if len(empty) != subject.size or hashlib.sha256(empty).hexdigest() != subject.sha256:
        checks.fails(name, what, found.place, "it was changed after it was signed")
        return
    checks.holds(name, what, found.place)
    if len(found.data) > len(data):
        _check_seal(found, len(data), checks)
    if name in _SAYS:
        _check_says(name, found, signed, checks)
    if name == PDF:
        check_pages(Found(data, found.place), signed, checks)


def _attached_xml(found: Found, bundle: Bundle) -> bytes | None:
    place = f"{found.place}, {XML} in it"
    return next((one.data for one in bundle.forms.get(XML, ()) if one.place == place), None)


def _check_seal(found: Found, size: int, checks: Checks) -> None:
    """Check what follows the end of the PDF that was signed: only a seal may."""
    what = "what was added to the PDF is a seal over the whole file"
    try:
        state = sealed(found.data, size)
    except SessionError as error:
        checks.fails("seal", what, found.place, str(error))
        return
    lack = seal_form_lack(found.data[size:])
    if state.holds and lack:
        checks.fails("seal", what, found.place, lack)
    elif state.holds:
        checks.holds("seal", what, f"by {state.signer}; whether that signer is trusted was not checked")
    else:
        checks.fails("seal", what, found.place, state.detail)


def _check_says(name: str, found: Found, signed: Signed, checks: Checks) -> None:
    """Check that a form states the facts, field by field."""
    what = f"{name} says what was signed"
    try:
        differences = _SAYS[name](found.data, signed.certificate)
    except SessionError as error:
        checks.fails(name, what, found.place, str(error))
        return
    if not in_own_wording(signed.certificate):
        what = f"{name} says the figures that were signed"  # its texts are in words that are not known here
        differences = [one for one in differences if _is_figure(one.stated) or _is_figure(one.expected)]
    checks.judged(name, what, [(f"{found.place}, {one.place}", str(one)) for one in differences[:_MOST_PLACES]])


def _is_figure(text: str | None) -> bool:
    """Return whether a text is no wording: a number, a unit as D-SI writes it, a day, a serial number."""
    return text is not None and not any(c.isspace() for c in text) and any(c.isdigit() or c == "\\" for c in text)


def check_xml_schema(bundle: Bundle, schema: Path | None, checks: Checks) -> None:
    """Check the XML against a schema file, offline; raise `ConfigurationError` if it is not a schema."""
    what = "the XML is valid by a schema of digital calibration certificates"
    found = bundle.first(XML)
    if schema is None:
        return
    if found is None:
        checks.not_checked("dcc-schema", what, "there is no XML")
        return
    result = check_schema(found.data, schema)
    if result.valid:
        checks.holds("dcc-schema", what, str(result))
    else:
        checks.fails("dcc-schema", what, found.place, str(result))


def _in_dcc(data: bytes, certificate: EnergyCertificate) -> list[Difference]:
    return read_dcc(data).differences(facts_in_dcc(certificate))


def _in_aibom(data: bytes, certificate: EnergyCertificate) -> list[Difference]:
    return read_aibom(data).differences(facts_in_aibom(certificate))


_SAYS = {XML: _in_dcc, AIBOM: _in_aibom}
