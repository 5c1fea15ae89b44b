# SPDX-License-Identifier: Apache-2.0
"""An XML that anybody may have sent: it is read as what it states, or refused."""

import base64
import random
import re
from pathlib import Path

import pytest

from energy_runner.certificate.dcc import dcc_bytes, facts_in_dcc, hole, read_dcc
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.errors import SessionError
from tests.support.certificate_facts import bare, hardware, simulated, two_rails, with_texts

ENVELOPE = b'{"payload":"' + b"A" * 200 + b'","signatures":[]}'
ISSUED = dcc_bytes(hardware(), ENVELOPE)
SMALL = dcc_bytes(bare(), ENVELOPE)
DECLARATION, _, BODY = ISSUED.partition(b"\n")
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))


def inserted(text: bytes, before: bytes = b"  <dcc:administrativeData>") -> bytes:
    assert ISSUED.count(before) == 1
    return ISSUED.replace(before, text + before)


def replaced(old: bytes, new: bytes) -> bytes:
    assert ISSUED.count(old) >= 1
    return ISSUED.replace(old, new, 1)


@pytest.mark.parametrize(
    "one",
    [hardware(), simulated(), bare(), two_rails(), with_texts(hardware(), "<&>\"' \t\n漢\x00")],
    ids=["hardware", "simulated", "bare", "rails", "markup"],
)
def test_what_is_written_is_read_as_the_facts(one: EnergyCertificate) -> None:
    found = read_dcc(dcc_bytes(one, ENVELOPE))
    assert found.differences(facts_in_dcc(one)) == []
    assert found.places == facts_in_dcc(one).places
    assert found.envelope == ENVELOPE
    assert found.id == one.id


HOSTILE = {
    "empty": b"",
    "no XML": b"\x00\xff" * 100,
    "another root": DECLARATION + b'\n<html xmlns="https://ptb.de/dcc"/>\n',
    "entity": DECLARATION + b'<!DOCTYPE a [<!ENTITY x "y">]>\n' + BODY,
    "file by an entity": DECLARATION + b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n' + BODY,
    "billion laughs": DECLARATION + b'<!DOCTYPE a [<!ENTITY l0 "ha">' + LAUGHS + b"]><a>&l9;</a>",
    "external DTD": DECLARATION + b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">\n' + BODY,
    "unknown entity": inserted(b"&x;"),
    "XInclude": inserted(b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'),
    "style sheet": inserted(b'<?xml-stylesheet href="http://127.0.0.1:9/"?>'),
    "comment": inserted(b"<!-- SIMULATED -->"),
    "CDATA": replaced(b">Maker Board 7<", b"><![CDATA[Maker Board 7]]><"),
    "mixed content": inserted(b"and this"),
    "other namespace": inserted(b'<x:a xmlns:x="urn:x"/>'),
    "other prefix": ISSUED.replace(b"dcc:", b"d:").replace(b"xmlns:dcc", b"xmlns:d"),
    "namespace again": replaced(b"<dcc:items>", b'<dcc:items xmlns:si="https://ptb.de/si">'),
    "character reference": replaced(b">Maker Board 7<", b">&#77;aker Board 7<"),
    "other quotes": replaced(b'schemaVersion="3.1.2"', b"schemaVersion='3.1.2'"),
    "other spaces": replaced(b"\n  <dcc:administrativeData>", b"\n\t<dcc:administrativeData>"),
    "Windows line ends": ISSUED.replace(b"\n", b"\r\n"),
    "on one line": re.sub(rb">\s+<", b"><", ISSUED),
    "byte order mark": b"\xef\xbb\xbf" + ISSUED,
    "other encoding": ISSUED.decode().encode("utf-16"),
    "invalid UTF-8": replaced(b">Maker Board 7<", b">Maker \xc3\x28 7<"),
    "longer": ISSUED + b"\n",
    "twice": ISSUED + ISSUED,
    "result twice": replaced(b'<dcc:result id="window-2">', b'<dcc:result id="window-1">'),
    "attribute twice": replaced(b'schemaVersion="3.1.2"', b'schemaVersion="3.1.2" schemaVersion="3.1.2"'),
    "deep": DECLARATION + b"\n" + b"<a>" * 300 + b"</a>" * 300,
    "huge": ISSUED + b" " * 8_000_000,
    "many elements": inserted(b"<dcc:a/>" * 50_001),
    "many attributes": inserted(b"<dcc:a %s/>" % b" ".join(b'a%d=""' % n for n in range(50_001))),
    "many attributes of one element": inserted(b"<dcc:a %s/>" % b" ".join(b'a%d=""' % n for n in range(40_000))),
    "no statement": re.sub(rb"<dcc:dataBase64>.*</dcc:dataBase64>", b"<dcc:dataBase64/>", ISSUED),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_as_issued_is_refused(data: bytes) -> None:
    with pytest.raises(SessionError, match=r"Try: the certificate\.dcc\.xml as it was issued"):
        read_dcc(data)


def test_nothing_of_another_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret text", "utf-8")
    head = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>\n'.encode()
    with pytest.raises(SessionError) as refused:
        read_dcc(DECLARATION + head + BODY.replace(b">Maker Board 7<", b">&x;<"))
    assert "the secret text" not in str(refused.value)


def test_two_results_with_one_id_hide_nothing() -> None:
    """A program that takes the first finds another score than one that takes the last."""
    indent = b" " * 8
    start, stop = (ISSUED.index(indent + b'<dcc:result id="%s">' % one) for one in (b"score", b"window-1"))
    forged = ISSUED[start:stop].replace(b"0.00144<", b"0.00044<")
    assert forged != ISSUED[start:stop]
    with pytest.raises(SessionError, match="is in it twice"):
        read_dcc(ISSUED[:start] + forged + ISSUED[start:])


def test_facts_in_another_order_are_other_facts() -> None:
    start, middle, stop = (
        ISSUED.index(b'        <dcc:result id="%s">' % each) for each in (b"window-1", b"window-2", b"window-3")
    )
    one, other = ISSUED[start:middle], ISSUED[middle:stop]
    found = read_dcc(ISSUED[:start] + other + one + ISSUED[stop:]).differences(facts_in_dcc(hardware()))
    assert len(found) == 1
    assert "result#window-1@id" in found[0].place


def test_an_element_of_another_namespace_is_another_fact() -> None:
    data = ISSUED.replace(b"<dcc:receiptDate>", b"<si:receiptDate>").replace(b"</dcc:receiptD", b"</si:receiptD")
    assert len(read_dcc(data).differences(facts_in_dcc(hardware()))) == 2


def test_an_element_more_is_read_as_other_facts() -> None:
    found = read_dcc(inserted(b"  <dcc:administrativeData/>\n")).differences(facts_in_dcc(hardware()))
    assert "administrativeData[1]" in found[0].place


@pytest.mark.parametrize("bent", [b" ", b"\n", b"=", b"*", b"\xc3\xa4"])
def test_a_statement_in_other_base64_is_refused(bent: bytes) -> None:
    place = hole(ISSUED)
    for at in (place.start, place.start + 17, place.stop):
        with pytest.raises(SessionError):
            read_dcc(ISSUED[:at] + bent + ISSUED[at:])


def test_base64_has_one_way_to_write_a_statement() -> None:
    """The last digit of a Base64 text may hold bits that nobody decodes."""
    data = dcc_bytes(bare(), b"1234")  # MTIzNA==
    place = hole(data)
    assert data[place] == base64.b64encode(b"1234")
    assert base64.b64decode(b"MTIzNB==") == b"1234"
    with pytest.raises(SessionError, match="RFC 4648"):
        read_dcc(data.replace(b"MTIzNA==", b"MTIzNB=="))


def _read(data: bytes) -> object:
    try:
        return read_dcc(data)
    except SessionError as error:
        assert "Try:" in str(error)
        return None


def test_cut_off_at_any_byte_it_is_refused() -> None:
    for length in range(0, len(SMALL), 7):
        assert _read(SMALL[:length]) is None, length
    for length in range(len(SMALL) - 40, len(SMALL)):
        assert _read(SMALL[:length]) is None, length


def test_any_byte_flipped_is_refused_or_read_as_something_else() -> None:
    facts = read_dcc(SMALL)
    draw = random.Random(1)
    places = draw.sample(range(len(SMALL)), 1500)
    read = 0
    for place in places:
        bent = bytearray(SMALL)
        bent[place] ^= 1 << draw.randrange(8)
        found = _read(bytes(bent))
        assert found != facts, place
        read += found is not None
    assert 100 < read < 1400  # both happen: letters of texts are read, markup is refused


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (b">0.00144<", b">0.00143<", "measurementResults/measurementResult/results/result#score/"),
        (b">3.4e-05<", b">1.7e-05<", "result#score/data/quantity/si:real/si:expandedUnc/si:uncertainty"),
        (b">1.834<", b">2.834<", "si:expandedUnc/si:coverageFactor"),
        (b">\\joule<", b">\\watt<", "result#score/data/quantity/si:real/si:unit"),
        (b">B-0042<", b">B-0043<", "administrativeData/items/item#item/identifications/identification[1]/value"),
        (b">pass<", b">fail<", "administrativeData/statements/statement[1]/conformity"),
        (b">K-2026-17<", b">K-2026-18<", "measuringEquipment[1]/certificate/referralID"),
        (b'lang="en"', b'lang="de"', "administrativeData/dccSoftware/software/name/content@lang"),
    ],
)
def test_a_changed_fact_is_named_by_its_place(old: bytes, new: bytes, place: str) -> None:
    found = read_dcc(replaced(old, new)).differences(facts_in_dcc(hardware()))
    assert len(found) == 1
    assert place in found[0].place
    assert new.decode().strip("><").removeprefix('lang="').strip('"') == found[0].stated
    assert str(found[0]).startswith(found[0].place)


def test_simulated_cannot_be_taken_out() -> None:
    data = dcc_bytes(simulated(), ENVELOPE).replace(b"SIMULATED. ", b"")
    assert len(read_dcc(data).differences(facts_in_dcc(simulated()))) > 5


def test_a_fact_more_and_a_fact_less_are_differences() -> None:
    more = facts_in_dcc(hardware()).places
    without = {place: text for place, text in more.items() if not place.endswith("receiptDate")}
    found, expected = read_dcc(ISSUED), facts_in_dcc(hardware())
    less = type(expected)(without, b"")
    assert "of which the facts know nothing" in str(found.differences(less)[0])
    assert "nothing, but the facts give '2026-11-20'" in str(less.differences(found)[0])
