# SPDX-License-Identifier: Apache-2.0
"""Files that were changed after they were signed, by accident or on purpose, and not signed again."""

import re
from typing import Any

from energy_runner.certificate.forms import AIBOM, JSON, PDF, XML
from tests.support.wrong_certificates.case import Made
from tests.support.wrong_certificates.lab import hardware_forms, virtual_forms
from tests.support.wrong_certificates.tampering import (
    aibom,
    changed,
    exchange,
    json_of,
    other,
    payload,
    score_in_xml,
    tampered,
    twice,
)


def _in_watt_hours(document: Any) -> None:
    consumed = document["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]
    for cost in (
        consumed["energyConsumptions"][0]["activityEnergyCost"],
        consumed["energyConsumptions"][0]["energyProviders"][0]["energyProvided"],
    ):
        cost["value"] *= 1000


_READABLE = ("readable", JSON)
_PDF, _XML, _AIBOM = (PDF, PDF), (XML, XML), (AIBOM, AIBOM)
_FORMS = ("forms", PDF)
CASES = (
    tampered(
        "json-with-spaces",
        "the JSON was written again with spaces",
        changed(JSON, json_of(lambda one: None, indent=1), alone=True),
        _READABLE,
    ),
    tampered(
        "json-keys-in-another-order",
        "the keys of the JSON are in another order",
        changed(JSON, json_of(lambda one: one.update(payload=one.pop("payload"))), alone=True),
        _READABLE,
    ),
    tampered(
        "json-key-twice",
        "the JSON has a key twice",
        changed(JSON, twice(rb'"payloadType":"[^"]*",'), alone=True),
        _READABLE,
    ),
    tampered(
        "json-with-mark",
        "the JSON begins with a byte order mark",
        changed(JSON, lambda data: b"\xef\xbb\xbf" + data),
        ("readable", ""),
    ),
    tampered(
        "json-newline-at-the-end",
        "the JSON ends with a newline",
        changed(JSON, lambda data: data + b"\n", alone=True),
        _READABLE,
    ),
    tampered(
        "json-truncated",
        "the end of the JSON is missing",
        changed(JSON, lambda data: data[:-100], alone=True),
        _READABLE,
    ),
    tampered(
        "json-nested",
        "the JSON is nested a million times",
        changed(JSON, lambda data: b'{"payload":' * 100_000, alone=True),
        _READABLE,
    ),
    tampered(
        "json-base64-spare-bits",
        "the last character of the Base64 is another one of the same meaning",
        changed(JSON, exchange(b'=="}]', b'=="} ]'), alone=True),
        _READABLE,
    ),
    tampered(
        "json-score-changed",
        "the score in the statement was changed",
        changed(
            JSON, payload(lambda one: one["result"]["energy_per_inference_j"].update(median=0.001)), alone=True
        ),
        ("signature", JSON),
        ("consistent", "result.energy_per_inference_j"),
    ),
    tampered(
        "json-board-changed",
        "the board in the statement was changed",
        changed(JSON, payload(lambda one: one["item"].update(board="Other Board")), alone=True),
        ("signature", JSON),
        ("consistent", "id"),
    ),
    tampered(
        "json-of-another",
        "the JSON beside the PDF is that of another certificate",
        changed(JSON, other(JSON)),
        (JSON, ""),
    ),
    tampered("xml-value-changed", "values in the XML were changed", changed(XML, score_in_xml, alone=True), _XML),
    tampered(
        "xml-with-spaces",
        "the XML was laid out again",
        changed(XML, lambda data: data.replace(b"  <", b"    <"), alone=True),
        _XML,
    ),
    tampered(
        "xml-with-comment",
        "the XML has got a comment",
        changed(XML, lambda data: data + b"<!-- approved -->", alone=True),
        _XML,
    ),
    tampered(
        "xml-with-entity",
        "the XML defines an entity that reads a file",
        changed(
            XML,
            lambda data: data.replace(b"?>\n", b'?>\n<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>\n', 1),
            alone=True,
        ),
        _XML,
    ),
    tampered(
        "xml-without-statement",
        "the signed statement was removed from the XML",
        changed(XML, lambda data: re.sub(rb"(?s)<dcc:dataBase64>.*</dcc:dataBase64>", b"", data)),
        ("forms", XML),
    ),
    tampered(
        "xml-with-two-statements",
        "the XML has two signed statements",
        changed(XML, twice(rb"<dcc:dataBase64>[^<]*</dcc:dataBase64>")),
        ("forms", XML),
    ),
    tampered(
        "xml-of-another",
        "the XML is that of another certificate",
        lambda: Made({**virtual_forms(), XML: hardware_forms()[XML]}),
        _XML,
        (JSON, XML),
    ),
    tampered(
        "aibom-of-another",
        "the bill of materials is that of another certificate",
        lambda: Made({**virtual_forms(), AIBOM: hardware_forms()[AIBOM]}),
        _AIBOM,
    ),
    tampered(
        "aibom-in-watt-hours",
        "the bill of materials has the energy in Wh, called kWh",
        lambda: Made({**virtual_forms(), AIBOM: aibom(_in_watt_hours)(virtual_forms()[AIBOM])}),
        _AIBOM,
    ),
    tampered(
        "aibom-alone",
        "the bill of materials alone, which nobody signed",
        lambda: Made({AIBOM: virtual_forms()[AIBOM]}, AIBOM),
        ("readable", AIBOM),
    ),
)
