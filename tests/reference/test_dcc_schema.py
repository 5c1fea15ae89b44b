# SPDX-License-Identifier: Apache-2.0
"""Certificates as XML against the schema that PTB publishes, version 3.1.2 with D-SI 2.1."""

from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.certificate.collect import Given, collect
from energy_runner.certificate.dcc import check_schema, dcc_bytes
from energy_runner.certificate.facts import EnergyCertificate, Issuing
from tests.support.certificate_facts import bare, hardware, simulated, two_rails, with_texts
from tests.support.certificate_results import result
from tests.support.no_report import no_report
from tests.support.small import small_plan, twin_bench

ENVELOPE = b'{"payload":"AAAA"}'
BY_HAND = {
    "hardware": hardware(),
    "simulated": simulated(),
    "nothing stated": bare(),
    "two rails": two_rails(),
    "markup": with_texts(hardware(), '</dcc:content><script>&x;]]>"'),
    "long": with_texts(hardware(), "x" * 50_000),
    "blank": with_texts(hardware(), " "),
    "lines": with_texts(hardware(), "\n\r\n\t"),
    "control characters": with_texts(hardware(), "\x00\x1b[31m\ufffe"),
    "other scripts": with_texts(hardware(), "漢字 עברית \u202e"),
    "no instruments": hardware(equipment=bare().equipment),
    "no conditions": hardware(conditions=bare().conditions, setup=bare().setup),
    "no uncertainty": hardware(result=result().model_copy(update={"uncertainty": None})),
    "no verdicts": hardware(result=result().model_copy(update={"verdicts": [], "findings": []})),
}


@pytest.fixture(scope="module")
def xsd(reference: Path) -> Path:
    return reference / "dcc" / "dcc.xsd"


@pytest.mark.parametrize("one", BY_HAND.values(), ids=BY_HAND)
def test_a_certificate_made_by_hand_is_valid(xsd: Path, one: EnergyCertificate) -> None:
    check = check_schema(dcc_bytes(one, ENVELOPE), xsd)
    assert check.problems == ()
    assert check.stated == check.schema_version == check.written_for


def test_the_report_of_a_virtual_session_is_valid(xsd: Path, tmp_path: Path) -> None:
    with no_report():
        session = api.run(twin_bench("virtual-lpm01a"), small_plan(tmp_path / "stimuli"), out=tmp_path / "run")
    issuing = Issuing(issued_utc="2026-11-30T12:00:00Z", software="energy-runner 0.1.0", key_id="k")
    one = collect(session, session.result(), Given(issuing))
    assert check_schema(dcc_bytes(one, ENVELOPE), xsd).problems == ()


def test_the_schema_tells_a_wrong_certificate(xsd: Path) -> None:
    data = dcc_bytes(hardware(), ENVELOPE)
    wrong = {
        b"<dcc:conformity>pass<": b"<dcc:conformity>perhaps<",
        b">0.95<": b">1.95<",
        b">2026-11-29<": b">yesterday<",
        b"<dcc:uniqueIdentifier>": b"<dcc:eMail/><dcc:uniqueIdentifier>",
        b'id="window-2"': b'id="window-1"',
        b'schemaVersion="3.1.2"': b'schemaVersion="3.3.0"',
    }
    for old, new in wrong.items():
        assert old in data
        assert not check_schema(data.replace(old, new, 1), xsd).valid, new
