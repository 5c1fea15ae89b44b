# SPDX-License-Identifier: Apache-2.0
"""Read a `certificate.dcc.xml` that anybody may have sent: what it states, place by place.

Nothing is fetched and no entity is expanded: what is not byte for byte as `dcc_bytes` writes it is refused.
"""

import base64
import binascii
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from energy_runner.certificate.dcc.nodes import NAMESPACES, Node
from energy_runner.certificate.dcc.write import DECLARATION, ROOT, hole, root_of, too_large, written
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.needed import needed_module
from energy_runner.certificate.places import Difference, differences
from energy_runner.errors import SessionError
from energy_runner.wording import shown

MOST_DEPTH = 30
MOST_ATTRIBUTES = 8  # of one element: lxml takes a time that grows with their square
_TRY = "Try: the certificate.dcc.xml as it was issued, not saved again by another program"
_PREFIXES = {address: prefix for prefix, address in NAMESPACES.items()}


@dataclass(frozen=True)
class DccFacts:
    """What an XML states: each text and attribute by its place, and the signed statement that is in it.

    A place is the path of the element: `administrativeData/coreData/uniqueIdentifier`. Of several elements with
    one name each has its number, from 1: `content[2]`; one that has an id has that instead: `result#window-3`.
    Elements of D-SI keep their prefix: `si:value`.
    """

    places: Mapping[str, str]
    envelope: bytes

    @property
    def id(self) -> str:
        """Return the id of the certificate; empty if it states none."""
        return self.places.get("administrativeData/coreData/uniqueIdentifier", "")

    def differences(self, expected: "DccFacts") -> list[Difference]:
        """Return the places that do not say what `expected` says; the signed statement is no part of that."""
        return list(differences(self.places, expected.places))


def facts_in_dcc(certificate: EnergyCertificate) -> DccFacts:
    """Return what the XML of a certificate has to state, as this version writes it; without signed statement."""
    return DccFacts(_places(root_of(certificate, b"")), b"")


def read_dcc(data: bytes) -> DccFacts:
    """Return what an XML states.

    Raises `SessionError` for whatever is not byte for byte as this project writes it: too large, cut off, with a
    document type, entities, comments, other spaces or other namespaces.
    """
    _check_bytes(data)
    root = _node(_parsed(data), 0)
    if root.tag != ROOT:
        raise _refused(f"its root is {shown(root.tag)!r}, not {ROOT!r}")
    if (own := written(root)) != data:
        raise _refused(f"byte {_first_difference(own, data)} is not as energy-runner writes it")
    return DccFacts(_places(root), envelope_in(data))


def _refused(why: str) -> SessionError:
    return SessionError(f"the XML is no certificate that can be read: {why}. {_TRY}")


def _check_bytes(data: bytes) -> None:
    """Refuse before any parser sees it what needs one that expands and fetches."""
    if (why := too_large(data)) is not None:
        raise _refused(why)
    if not data.startswith(DECLARATION):
        raise _refused(f"it does not begin with {DECLARATION.decode().strip()}")
    for mark, what in ((b"<!", "a document type, entity, comment or CDATA"), (b"<?", "a processing instruction")):
        at = data.find(mark, len(DECLARATION))
        if at >= 0:
            raise _refused(f"it holds {what} at byte {at + 1}")


def _parsed(data: bytes) -> Any:
    xml = needed_module("lxml.etree")
    parser = xml.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return xml.fromstring(data, parser)
    except (xml.XMLSyntaxError, ValueError) as error:
        raise _refused(shown(str(error), 200)) from None


def _node(element: Any, depth: int) -> Node:
    if depth > MOST_DEPTH:
        raise _refused(f"its elements are more than {MOST_DEPTH} deep")
    if not isinstance(element.tag, str):
        raise _refused("it holds something else than elements and text")
    if len(element.attrib) > MOST_ATTRIBUTES:
        raise _refused(f"an element has more than {MOST_ATTRIBUTES} attributes")
    children = tuple(_node(child, depth + 1) for child in element)
    text = element.text or ""
    between = [text, *(child.tail or "" for child in element)] if children else []
    if any(each.strip(" \n") for each in between):
        raise _refused(f"text and elements are mixed in {shown(element.tag)!r}")
    attributes = tuple((_prefixed(key), value) for key, value in element.attrib.items())
    return Node(_prefixed(element.tag), "" if children else text, children, attributes)


def _prefixed(tag: str) -> str:
    if not tag.startswith("{"):
        return tag
    address, _, local = tag[1:].partition("}")
    prefix = _PREFIXES.get(address)
    if prefix is None:
        raise _refused(f"namespace {shown(address)!r} has no place in it")
    return f"{prefix}:{local}"


def _first_difference(own: bytes, other: bytes) -> int:
    return next(
        (at for at, (a, b) in enumerate(zip(own, other, strict=False), 1) if a != b), min(len(own), len(other))
    )


def envelope_in(data: bytes) -> bytes:
    """Return the signed statement in an XML; raise `SessionError` if it has none, or not in one Base64 text."""
    text = data[hole(data)]
    try:
        envelope = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _refused("its signed statement is not Base64") from None
    if base64.b64encode(envelope) != text:
        raise _refused("its signed statement is not Base64 as RFC 4648, 3.5, writes it")
    return envelope


def _places(root: Node) -> dict[str, str]:
    """Return each text by its place; two elements that take one place would hide one of them, and are refused."""
    places: dict[str, str] = {}
    for place, text in _walk(root, ""):
        if place in places:
            raise _refused(f"{shown(place, 200)} is in it twice")
        places[place] = text
    return places


def _walk(one: Node, path: str) -> Iterator[tuple[str, str]]:
    for key, value in one.attributes:
        yield f"{path}@{key}", value
    if not one.children and one.tag != "dcc:dataBase64":
        yield path, one.text
    alike = Counter(child.tag for child in one.children)
    seen: Counter[str] = Counter()
    for child in one.children:
        seen[child.tag] += 1
        own = dict(child.attributes).get("id")
        number = f"#{own}" if own else f"[{seen[child.tag]}]" if alike[child.tag] > 1 else ""
        step = f"{child.tag.removeprefix('dcc:')}{number}"
        yield from _walk(child, f"{path}/{step}" if path else step)
