# SPDX-License-Identifier: Apache-2.0
"""The bill of materials: judged by the library of CycloneDX, and read back strictly."""

import json
import random
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from energy_runner.certificate.aibom import aibom_bytes, facts_in_aibom, read_aibom
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.errors import SessionError
from tests.support.certificate_facts import bare, hardware, simulated, two_rails, with_texts
from tests.support.certificate_results import SCORE, sha

ALL = {
    "hardware": hardware(),
    "simulated": simulated(),
    "bare": bare(),
    "rails": two_rails(),
    "markup": with_texts(hardware(), '</script>"\\\x00\n漢字\u202e'),
    "long": with_texts(hardware(), "x" * 5000),
}
ISSUED = aibom_bytes(hardware())


def energy(one: EnergyCertificate) -> dict[str, Any]:
    document = json.loads(aibom_bytes(one))
    return dict(document["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"])


def properties(value: dict[str, Any]) -> dict[str, str]:
    return {one["name"].removeprefix("energy-runner:"): one["value"] for one in value["properties"]}


@pytest.mark.parametrize("one", ALL.values(), ids=ALL)
def test_cyclonedx_holds_it_for_valid_and_it_is_read_as_the_facts(one: EnergyCertificate) -> None:
    data = aibom_bytes(one)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode()) is None
    assert read_aibom(data) == facts_in_aibom(one)


def test_energy_of_an_inference_is_in_kwh_with_joule_and_uncertainty_beside() -> None:
    (stated,) = energy(hardware())["energyConsumptions"]
    assert stated["activity"] == "inference"
    assert stated["activityEnergyCost"]["unit"] == "kWh"
    assert stated["activityEnergyCost"]["value"] * 3_600_000 == pytest.approx(SCORE.median, rel=1e-15)
    assert stated["energyProviders"][0]["energyProvided"] == stated["activityEnergyCost"]
    beside = properties(stated)
    assert float(beside["energy-per-inference-j"]) == SCORE.median
    assert float(beside["expanded-uncertainty-j"]) == SCORE.U
    assert float(beside["coverage-factor"]) == SCORE.k
    assert beside["per"] == "one inference"
    assert beside["title"] == "Certificate"
    assert beside["simulated"] == "false"


def test_who_states_the_energy_is_named_with_its_country() -> None:
    document = json.loads(aibom_bytes(hardware()))
    told = {"name": "Energy Laboratory", "address": {"country": "NZ"}}
    assert document["metadata"]["manufacturer"] == told
    card = document["components"][0]["modelCard"]
    [use] = card["considerations"]["environmentalConsiderations"]["energyConsumptions"]
    assert use["energyProviders"][0]["organization"] == told


def test_a_simulated_energy_says_so_where_it_is_stated() -> None:
    (stated,) = energy(simulated())["energyConsumptions"]
    assert properties(stated)["simulated"] == "true"
    assert "SIMULATED" in stated["energyProviders"][0]["description"]
    assert "SIMULATED" in json.loads(aibom_bytes(simulated()))["components"][0]["description"]
    assert b"SIMULATED" not in ISSUED


def test_without_a_score_there_is_no_energy() -> None:
    found = energy(bare())
    assert "energyConsumptions" not in found
    assert properties(found) == {"score": "There is no score."}


def test_network_and_firmware_are_named_by_their_hashes() -> None:
    network, firmware, _ = json.loads(ISSUED)["components"]
    assert network["hashes"] == [{"alg": "SHA-256", "content": sha(5)}]
    assert firmware["hashes"] == [{"alg": "SHA-256", "content": sha(4)}]


def test_same_facts_give_the_same_bytes_and_other_facts_another_serial_number() -> None:
    again = EnergyCertificate.model_validate_json(hardware().model_dump_json(by_alias=True))
    assert aibom_bytes(again) == ISSUED
    assert json.loads(ISSUED)["metadata"]["timestamp"] == hardware().issuing.issued_utc
    assert json.loads(ISSUED)["serialNumber"] != json.loads(aibom_bytes(simulated()))["serialNumber"]


HOSTILE = {
    "empty": b"",
    "no JSON": b"\xff\x00",
    "on one line": json.dumps(json.loads(ISSUED)).encode(),
    "key twice": ISSUED.replace(b'"version": 1,', b'"version": 2,\n  "version": 1,', 1),
    "no number": ISSUED.replace(b'"version": 1,', b'"version": NaN,', 1),
    "infinite": ISSUED.replace(b'"version": 1,', b'"version": 1e999,', 1),
    "endless number": ISSUED.replace(b'"version": 1,', b'"version": ' + b"1" * 5000 + b",", 1),
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "huge": ISSUED + b" " * 4_000_000,
    "half a character": ISSUED.replace(b"Maker Board 7", b'\\ud800"', 1),
    "byte order mark": b"\xef\xbb\xbf" + ISSUED,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_as_issued_is_refused(data: bytes) -> None:
    with pytest.raises(SessionError, match=r"Try: the aibom\.json as it was issued"):
        read_aibom(data)


def _read(data: bytes) -> object:
    try:
        return read_aibom(data)
    except SessionError:
        return None


def test_cut_off_at_any_byte_it_is_refused() -> None:
    assert not [length for length in range(len(ISSUED)) if _read(ISSUED[:length]) is not None]


def test_any_byte_flipped_is_refused_or_read_as_something_else() -> None:
    facts, draw = read_aibom(ISSUED), random.Random(1)
    for place in range(len(ISSUED)):
        bent = bytearray(ISSUED)
        bent[place] ^= 1 << draw.randrange(8)
        assert _read(bytes(bent)) != facts, place


def test_another_order_is_a_difference() -> None:
    data = json.dumps(json.loads(ISSUED), indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    assert len(read_aibom(data).differences(facts_in_aibom(hardware()))) == 1


def test_a_key_cannot_pass_for_a_longer_path() -> None:
    places = [
        read_aibom(b'{\n  "a.b": 1\n}\n').places,
        read_aibom(b'{\n  "a": {\n    "b": 1\n  }\n}\n').places,
        read_aibom(b'{\n  "a": [\n    1\n  ]\n}\n').places,
        read_aibom(b'{\n  "a": {\n    "0": 1\n  }\n}\n').places,
        read_aibom(b'{\n  "a[0]": 1\n}\n').places,
    ]
    assert len({tuple(one) for one in places}) == len(places)


def test_a_changed_energy_is_named_by_its_place() -> None:
    found = read_aibom(ISSUED.replace(b"3.4e-05", b"1.7e-05")).differences(facts_in_aibom(hardware()))
    assert [one.stated for one in found] == ['"1.7e-05"']
    assert "energyConsumptions[0].properties[2].value" in found[0].place
