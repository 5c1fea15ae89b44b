# SPDX-License-Identifier: Apache-2.0
"""Ways to change a file that was signed."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from energy_runner.certificate.signing.canonical import canonical_bytes
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.lab import hardware_forms, virtual_forms

Bytes = Callable[[bytes], bytes]


def changed(name: str, change: Bytes, *, alone: bool = False) -> Callable[[], Made]:
    """Return the maker of a certificate of which one file was changed; `alone`: nothing else is handed in."""

    def make() -> Made:
        forms = virtual_forms()
        data = change(forms[name])
        return Made({name: data} if alone else {**forms, name: data}, name)

    return make


def other(name: str) -> Bytes:
    """Return what exchanges a form for that of another certificate."""
    return lambda data: hardware_forms()[name]


def json_of(change: Callable[[Any], object], **layout: Any) -> Bytes:
    """Return what changes a JSON file, written without spaces unless `layout` says otherwise."""

    def apply(data: bytes) -> bytes:
        document = json.loads(data)
        change(document)
        return json.dumps(document, **({"separators": (",", ":")} | layout)).encode()

    return apply


def payload(change: Callable[[Any], object]) -> Bytes:
    """Return what changes the statement in an envelope, whose signature stays."""

    def within(envelope: Any) -> None:
        statement = json.loads(base64.b64decode(envelope["payload"]))
        change(statement["predicate"])
        envelope["payload"] = base64.b64encode(canonical_bytes(statement)).decode()

    return json_of(within)


def aibom(change: Callable[[Any], object]) -> Bytes:
    """Return what changes a bill of materials, which is written as it was."""

    def apply(data: bytes) -> bytes:
        document = json.loads(data)
        change(document)
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()

    return apply


def twice(pattern: bytes) -> Bytes:
    """Return what doubles the first match of a pattern."""
    return lambda data: re.sub(pattern, lambda found: found[0] * 2, data, count=1)


def exchange(before: bytes, after: bytes) -> Bytes:
    def apply(data: bytes) -> bytes:
        if before not in data:
            raise ValueError(f"{before!r} is not in the form: the case proves nothing")
        return data.replace(before, after, 1)

    return apply


def score_in_xml(data: bytes) -> bytes:
    """Exchange the first digits of the values in the XML by others of the same length."""
    return re.sub(rb"(<si:value>[0-9.]*?)([1-8])", lambda found: found[1] + b"9", data, count=3)


def other_statement_in_xml(data: bytes) -> bytes:
    """Change a character of the signed statement in an XML, which is Base64 of Base64."""
    found = re.search(rb"<dcc:dataBase64>([^<]*)<", data)
    assert found is not None
    statement = bytearray(base64.b64decode(found[1]))
    statement[5000] ^= 0x01
    return data[: found.start(1)] + base64.b64encode(statement) + data[found.end(1) :]


def tampered(name: str, about: str, made: Callable[[], Made], *fails: tuple[str, str]) -> Case:
    return Case(name, about, "tampered", made, fails)
