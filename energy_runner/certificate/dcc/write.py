# SPDX-License-Identifier: Apache-2.0
"""Write `certificate.dcc.xml`: a digital calibration certificate, schema 3.1.2 with D-SI 2.1 (PTB)."""

import base64
import re
from typing import Any

from energy_runner.certificate.dcc.administrative import administrative_data
from energy_runner.certificate.dcc.nodes import NAMESPACES, Node, leaf, name, node
from energy_runner.certificate.dcc.results import measurement_results
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.needed import needed_module
from energy_runner.errors import SessionError

SCHEMA_VERSION = "3.1.2"
D_SI_VERSION = "2.1.0"
SCHEMA_URL = f"https://ptb.de/dcc/v{SCHEMA_VERSION}/dcc.xsd"
ROOT = "dcc:digitalCalibrationCertificate"
DECLARATION = b"<?xml version='1.0' encoding='UTF-8'?>\n"
ENVELOPE_NAME = "certificate.json"
# Some ten times what a long certificate takes; libxml2 itself refuses a text of 10 MB.
MOST_BYTES = 8_000_000
MOST_TAGS = 50_000
# As markup it is nowhere else: in a text, "<" is written as "&lt;".
_HOLE = re.compile(rb"<dcc:dataBase64>([^<>]*)</dcc:dataBase64>")


def dcc_bytes(certificate: EnergyCertificate, envelope: bytes) -> bytes:
    """Return the certificate as XML in UTF-8, with the signed statement in it; the same bytes for the same facts.

    It states as much of the facts as a DCC has a place for; the statement holds all of them. Numbers have all
    their digits. Raises `SessionError` for what no DCC can state (a day that is not known, a coverage factor below
    1), and for one that would be too large to be read again.
    """
    data = written(root_of(certificate, envelope))
    if (why := too_large(data)) is not None:
        raise SessionError(f"certificate.dcc.xml: {why}. Try: a shorter profile, or a session with fewer findings")
    return data


def too_large(data: bytes) -> str | None:
    """Return why an XML is larger than any certificate, in words; None for one that is not."""
    if len(data) > MOST_BYTES:
        return f"it has {len(data)} bytes, more than {MOST_BYTES}"
    for mark, what in ((b"<", "tags"), (b'="', "attributes")):
        if (count := data.count(mark)) > MOST_TAGS:
            return f"it has {count} {what}, more than {MOST_TAGS}"
    return None


def root_of(certificate: EnergyCertificate, envelope: bytes) -> Node:
    """Return the whole document as plain data."""
    whole = node(ROOT, administrative_data(certificate), measurement_results(certificate), _document(envelope))
    attributes = (
        ("xsi:schemaLocation", f"{NAMESPACES['dcc']} {SCHEMA_URL}"),
        ("schemaVersion", SCHEMA_VERSION),
    )
    return Node(whole.tag, children=whole.children, attributes=attributes)


def _document(envelope: bytes) -> Node:
    return node(
        "dcc:document",
        name("Signed statement of all facts: in-toto statement in a DSSE envelope"),
        leaf("dcc:fileName", ENVELOPE_NAME),
        leaf("dcc:mimeType", "application/vnd.dsse.envelope.v1+json"),
        leaf("dcc:dataBase64", base64.b64encode(envelope).decode("ascii")),
    )


def written(root: Node) -> bytes:
    """Return a document as bytes, indented, each time the same."""
    xml = needed_module("lxml.etree")
    element = _element(xml, root)
    xml.indent(element)
    return DECLARATION + bytes(xml.tostring(element, encoding="UTF-8", xml_declaration=False)) + b"\n"


def _element(xml: Any, root: Node) -> Any:
    element = xml.Element(_qualified(root.tag), nsmap=NAMESPACES)
    _fill(xml, element, root)
    return element


def _fill(xml: Any, element: Any, one: Node) -> None:
    for key, value in one.attributes:
        element.set(_qualified(key), value)
    element.text = one.text or None
    for child in one.children:
        _fill(xml, xml.SubElement(element, _qualified(child.tag)), child)


def _qualified(tag: str) -> str:
    prefix, colon, local = tag.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if colon else tag


def hole(data: bytes) -> "slice[int, int, None]":
    """Return where the Base64 text of the signed statement is in an XML that `dcc_bytes` made.

    Raises `SessionError` for an XML with no such place, or with several.
    """
    found = list(_HOLE.finditer(data))
    if len(found) != 1:
        raise SessionError(
            f"{len(found)} places of the XML hold a signed statement: a certificate has one. "
            "Try: the certificate.dcc.xml as it was issued"
        )
    return slice(*found[0].span(1))


def emptied(data: bytes) -> bytes:
    """Return an XML with a digit 0 for each character of its Base64 text: the bytes whose SHA-256 is signed."""
    place = hole(data)
    size: int = place.stop - place.start
    return data[: place.start] + b"0" * size + data[place.stop :]
