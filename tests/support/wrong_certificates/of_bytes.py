# SPDX-License-Identifier: Apache-2.0
"""Files that were changed after they were signed, by accident or on purpose, and not signed again."""

import base64
import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pikepdf

from energy_runner.certificate.forms import AIBOM, JSON, PDF, XML
from energy_runner.certificate.holes import put
from energy_runner.certificate.signing.canonical import canonical_bytes
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.lab import hardware_forms, virtual_forms
from tests.support.wrong_certificates.seals import covered, sealed_by

# A careful forger keeps what is attached as it is.
_LIKE_ISSUED: dict[str, Any] = {
    "compress_streams": False,
    "stream_decode_level": pikepdf.StreamDecodeLevel.none,
    "object_stream_mode": pikepdf.ObjectStreamMode.disable,
}
Bytes = Callable[[bytes], bytes]


def _changed(name: str, change: Bytes, *, alone: bool = False) -> Callable[[], Made]:
    """Return the maker of a certificate of which one file was changed; `alone`: nothing else is handed in."""

    def make() -> Made:
        forms = virtual_forms()
        data = change(forms[name])
        return Made({name: data} if alone else {**forms, name: data}, name)

    return make


def _other(name: str) -> Bytes:
    """Return what exchanges a form for that of another certificate."""
    return lambda data: hardware_forms()[name]


def _json(change: Callable[[Any], object], **layout: Any) -> Bytes:
    """Return what changes a JSON file, written without spaces unless `layout` says otherwise."""

    def apply(data: bytes) -> bytes:
        document = json.loads(data)
        change(document)
        return json.dumps(document, **({"separators": (",", ":")} | layout)).encode()

    return apply


def _payload(change: Callable[[Any], object]) -> Bytes:
    """Return what changes the statement in an envelope, whose signature stays."""

    def within(envelope: Any) -> None:
        statement = json.loads(base64.b64decode(envelope["payload"]))
        change(statement["predicate"])
        envelope["payload"] = base64.b64encode(canonical_bytes(statement)).decode()

    return _json(within)


def _aibom(change: Callable[[Any], object]) -> Bytes:
    """Return what changes a bill of materials, which is written as it was."""

    def apply(data: bytes) -> bytes:
        document = json.loads(data)
        change(document)
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()

    return apply


def _in_watt_hours(document: Any) -> None:
    consumed = document["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]
    for cost in (
        consumed["energyConsumptions"][0]["activityEnergyCost"],
        consumed["energyConsumptions"][0]["energyProviders"][0]["energyProvided"],
    ):
        cost["value"] *= 1000


def _twice(pattern: bytes) -> Bytes:
    """Return what doubles the first match of a pattern."""
    return lambda data: re.sub(pattern, lambda found: found[0] * 2, data, count=1)


def _exchange(before: bytes, after: bytes) -> Bytes:
    def apply(data: bytes) -> bytes:
        if before not in data:
            raise ValueError(f"{before!r} is not in the form: the case proves nothing")
        return data.replace(before, after, 1)

    return apply


def _score_in_xml(data: bytes) -> bytes:
    """Exchange the first digits of the values in the XML by others of the same length."""
    return re.sub(rb"(<si:value>[0-9.]*?)([1-8])", lambda found: found[1] + b"9", data, count=3)


def _other_statement_in_xml(data: bytes) -> bytes:
    """Change a character of the signed statement in an XML, which is Base64 of Base64."""
    found = re.search(rb"<dcc:dataBase64>([^<]*)<", data)
    assert found is not None
    statement = bytearray(base64.b64decode(found[1]))
    statement[5000] ^= 0x01
    return data[: found.start(1)] + base64.b64encode(statement) + data[found.end(1) :]


# --- PDF ---------------------------------------------------------------------------------------------------------


def _pdf(change: Callable[[Any], object], **saving: Any) -> Bytes:
    """Return what opens a PDF, changes it and saves it again, as a viewer would."""

    def apply(data: bytes) -> bytes:
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(data)) as pdf:
            change(pdf)
            pdf.save(out, **(saving or _LIKE_ISSUED))
        return out.getvalue()

    return apply


def _as_it_was(pdf: Any) -> None:
    pass


def _script(pdf: Any) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def _attach(name: str, content: bytes) -> Callable[[Any], None]:
    def apply(pdf: Any) -> None:
        pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, content, filename=name)

    return apply


def _detach(name: str) -> Callable[[Any], None]:
    def apply(pdf: Any) -> None:
        del pdf.attachments[name]

    return apply


def _attached(name: str, change: Bytes) -> Bytes:
    """Return what changes a file that is attached, in place: its length has to stay."""

    def apply(data: bytes) -> bytes:
        before = virtual_forms()[name]
        after = change(before)
        if len(after) != len(before) or after == before:
            raise ValueError(f"{name}: {len(before)} bytes become {len(after)}: the case proves nothing")
        return put(data, before, after)

    return apply


def _attached_swapped() -> Made:
    """Return a PDF saved again with the attachments of another certificate."""
    others: Mapping[str, bytes] = hardware_forms()

    def change(pdf: Any) -> None:
        for name in (AIBOM, JSON, XML):
            del pdf.attachments[name]
            _attach(name, others[name])(pdf)

    return Made({PDF: _pdf(change)(virtual_forms()[PDF])})


def _simulated_hidden(pdf: Any) -> None:
    """Draw a white area over each page."""
    for page in pdf.pages:
        page.contents_add(b"q 1 1 1 rg 0 0 600 900 re f Q", prepend=False)


def _tampered(name: str, about: str, made: Callable[[], Made], *fails: tuple[str, str]) -> Case:
    return Case(name, about, "tampered", made, fails)


_READABLE = ("readable", JSON)
_PDF, _XML, _AIBOM = (PDF, PDF), (XML, XML), (AIBOM, AIBOM)
_FORMS = ("forms", PDF)
CASES = (
    _tampered(
        "json-with-spaces",
        "the JSON was written again with spaces",
        _changed(JSON, _json(lambda one: None, indent=1), alone=True),
        _READABLE,
    ),
    _tampered(
        "json-keys-in-another-order",
        "the keys of the JSON are in another order",
        _changed(JSON, _json(lambda one: one.update(payload=one.pop("payload"))), alone=True),
        _READABLE,
    ),
    _tampered(
        "json-key-twice",
        "the JSON has a key twice",
        _changed(JSON, _twice(rb'"payloadType":"[^"]*",'), alone=True),
        _READABLE,
    ),
    _tampered(
        "json-with-mark",
        "the JSON begins with a byte order mark",
        _changed(JSON, lambda data: b"\xef\xbb\xbf" + data),
        ("readable", ""),
    ),
    _tampered(
        "json-newline-at-the-end",
        "the JSON ends with a newline",
        _changed(JSON, lambda data: data + b"\n", alone=True),
        _READABLE,
    ),
    _tampered(
        "json-truncated",
        "the end of the JSON is missing",
        _changed(JSON, lambda data: data[:-100], alone=True),
        _READABLE,
    ),
    _tampered(
        "json-nested",
        "the JSON is nested a million times",
        _changed(JSON, lambda data: b'{"payload":' * 100_000, alone=True),
        _READABLE,
    ),
    _tampered(
        "json-base64-spare-bits",
        "the last character of the Base64 is another one of the same meaning",
        _changed(JSON, _exchange(b'=="}]', b'=="} ]'), alone=True),
        _READABLE,
    ),
    _tampered(
        "json-score-changed",
        "the score in the statement was changed",
        _changed(
            JSON, _payload(lambda one: one["result"]["energy_per_inference_j"].update(median=0.001)), alone=True
        ),
        ("signature", JSON),
        ("consistent", "result.energy_per_inference_j"),
    ),
    _tampered(
        "json-board-changed",
        "the board in the statement was changed",
        _changed(JSON, _payload(lambda one: one["item"].update(board="Other Board")), alone=True),
        ("signature", JSON),
        ("consistent", "id"),
    ),
    _tampered(
        "json-of-another",
        "the JSON beside the PDF is that of another certificate",
        _changed(JSON, _other(JSON)),
        (JSON, ""),
    ),
    _tampered(
        "pdf-saved-again",
        "the PDF was saved again by another program",
        _changed(PDF, _pdf(_as_it_was), alone=True),
        _PDF,
    ),
    _tampered(
        "pdf-linearised",
        "the PDF was saved again for the web",
        _changed(PDF, _pdf(_as_it_was, linearize=True), alone=True),
        _FORMS,
    ),
    _tampered(
        "pdf-compressed",
        "the PDF was saved again, compressed",
        _changed(
            PDF,
            _pdf(
                _as_it_was,
                compress_streams=True,
                recompress_flate=True,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
            ),
            alone=True,
        ),
        _FORMS,
    ),
    _tampered(
        "pdf-encrypted",
        "the PDF asks for a password",
        _changed(PDF, _pdf(_as_it_was, encryption=pikepdf.Encryption(user="a", owner="b"))),
        _FORMS,
    ),
    _tampered("pdf-with-script", "the PDF has got a script", _changed(PDF, _pdf(_script), alone=True), _PDF),
    _tampered(
        "pdf-painted-over",
        "the pages of the PDF were painted over",
        _changed(PDF, _pdf(_simulated_hidden), alone=True),
        _PDF,
    ),
    _tampered(
        "pdf-bytes-after-the-end",
        "the PDF has bytes after its end",
        _changed(PDF, lambda data: data + b"\n% approved\n", alone=True),
        ("seal", PDF),
    ),
    _tampered(
        "pdf-byte-changed",
        "a byte of the PDF was changed",
        _changed(PDF, lambda data: data[:2000] + bytes([data[2000] ^ 1]) + data[2001:]),
        _PDF,
    ),
    _tampered("pdf-truncated", "the end of the PDF is missing", _changed(PDF, lambda data: data[:-2000]), _FORMS),
    _tampered(
        "pdf-title-in-metadata",
        "the title in the metadata of the PDF was changed",
        _changed(PDF, _exchange(b"<dc:title>", b"<dc:Title>"), alone=True),
        _PDF,
    ),
    _tampered(
        "pdf-of-another",
        "the PDF is that of another certificate",
        lambda: Made({**virtual_forms(), PDF: hardware_forms()[PDF]}, JSON),
        _PDF,
        (JSON, PDF),
    ),
    _tampered(
        "pdf-covered-afterwards",
        "a picture over the title was added after the end of the PDF",
        _changed(PDF, covered, alone=True),
        ("seal", PDF),
    ),
    _tampered(
        "pdf-covered-and-sealed",
        "a picture over the title was added after the end of the PDF, and sealed",
        _changed(PDF, lambda data: sealed_by(covered(data), "Stranger"), alone=True),
        ("seal", PDF),
    ),
    _tampered(
        "pdf-sealed-and-covered",
        "a picture over the title was added after the seal",
        _changed(PDF, lambda data: covered(sealed_by(data)), alone=True),
        ("seal", PDF),
    ),
    _tampered(
        "attachment-removed",
        "the XML was removed from the PDF",
        _changed(PDF, _pdf(_detach(XML)), alone=True),
        _FORMS,
    ),
    _tampered(
        "attachment-added",
        "a file was attached to the PDF",
        _changed(PDF, _pdf(_attach("approval.pdf", b"approved")), alone=True),
        _FORMS,
    ),
    _tampered("attachments-swapped", "the PDF holds the files of another certificate", _attached_swapped, _PDF),
    _tampered(
        "attached-aibom-changed",
        "the bill of materials in the PDF was changed",
        _changed(PDF, _attached(AIBOM, _exchange(b'"specVersion": "1.6"', b'"specVersion": "1.5"')), alone=True),
        _AIBOM,
        _PDF,
    ),
    _tampered(
        "attached-xml-changed",
        "the XML in the PDF was changed",
        _changed(PDF, _attached(XML, _score_in_xml), alone=True),
        _XML,
        _PDF,
    ),
    _tampered(
        "attached-xml-other-statement",
        "the XML in the PDF holds another signed statement",
        _changed(PDF, _attached(XML, _other_statement_in_xml), alone=True),
        (JSON, XML),
    ),
    _tampered(
        "xml-value-changed", "values in the XML were changed", _changed(XML, _score_in_xml, alone=True), _XML
    ),
    _tampered(
        "xml-with-spaces",
        "the XML was laid out again",
        _changed(XML, lambda data: data.replace(b"  <", b"    <"), alone=True),
        _XML,
    ),
    _tampered(
        "xml-with-comment",
        "the XML has got a comment",
        _changed(XML, lambda data: data + b"<!-- approved -->", alone=True),
        _XML,
    ),
    _tampered(
        "xml-with-entity",
        "the XML defines an entity that reads a file",
        _changed(
            XML,
            lambda data: data.replace(b"?>\n", b'?>\n<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>\n', 1),
            alone=True,
        ),
        _XML,
    ),
    _tampered(
        "xml-without-statement",
        "the signed statement was removed from the XML",
        _changed(XML, lambda data: re.sub(rb"(?s)<dcc:dataBase64>.*</dcc:dataBase64>", b"", data)),
        ("forms", XML),
    ),
    _tampered(
        "xml-with-two-statements",
        "the XML has two signed statements",
        _changed(XML, _twice(rb"<dcc:dataBase64>[^<]*</dcc:dataBase64>")),
        ("forms", XML),
    ),
    _tampered(
        "xml-of-another",
        "the XML is that of another certificate",
        lambda: Made({**virtual_forms(), XML: hardware_forms()[XML]}),
        _XML,
        (JSON, XML),
    ),
    _tampered(
        "aibom-of-another",
        "the bill of materials is that of another certificate",
        lambda: Made({**virtual_forms(), AIBOM: hardware_forms()[AIBOM]}),
        _AIBOM,
    ),
    _tampered(
        "aibom-in-watt-hours",
        "the bill of materials has the energy in Wh, called kWh",
        lambda: Made({**virtual_forms(), AIBOM: _aibom(_in_watt_hours)(virtual_forms()[AIBOM])}),
        _AIBOM,
    ),
    _tampered(
        "aibom-alone",
        "the bill of materials alone, which nobody signed",
        lambda: Made({AIBOM: virtual_forms()[AIBOM]}, AIBOM),
        ("readable", AIBOM),
    ),
)
