# SPDX-License-Identifier: Apache-2.0
"""What the XML says, read with another parser than the project's own reader."""

import sys
from xml.etree.ElementTree import Element, fromstring

import pytest

from energy_runner.certificate.dcc import dcc_bytes, emptied, hole
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.errors import ConfigurationError, SessionError
from tests.support.certificate_facts import bare, hardware, simulated, two_rails, with_texts
from tests.support.certificate_results import ENERGIES_J, result, sha

PREFIXES = {"dcc": "https://ptb.de/dcc", "si": "https://ptb.de/si"}
ENVELOPE = b'{"payload":"AAAA"}'

TRACEABILITY = "basic_metrologicallyTraceableToSI energyRunner_traceability"


def tree(one: EnergyCertificate) -> Element:
    return fromstring(dcc_bytes(one, ENVELOPE))  # noqa: S314 - it was written here


def texts(root: Element, path: str) -> list[str]:
    return [each.text or "" for each in root.findall(path, PREFIXES)]


def real_of(root: Element, path: str) -> list[str]:
    """Value, unit, U, k and probability of the number below `path`."""
    found = root.findall(f"{path}//si:real", PREFIXES)
    assert len(found) == 1
    steps = ("value", "unit", *(f"expandedUnc/si:{one}" for one in ("uncertainty", "coverageFactor")))
    return [texts(found[0], f"si:{step}")[0] for step in (*steps, "expandedUnc/si:coverageProbability")]


def test_score_is_stated_in_joule_with_its_uncertainty() -> None:
    score = real_of(tree(hardware()), ".//dcc:result[@id='score']")
    assert score == ["0.00144", r"\joule", "3.4e-05", "1.834", "0.95"]


def test_each_window_is_stated_with_its_uncertainty() -> None:
    root = tree(hardware())
    windows = [
        real_of(root, f".//dcc:result[@id='window-{number}']//dcc:quantity[@refType]")
        for number in range(1, len(ENERGIES_J) + 1)
    ]
    assert windows == [[repr(energy_j), r"\joule", "3.4e-05", "1.834", "0.95"] for energy_j in ENERGIES_J]


def test_rails_are_stated_beside_their_sum() -> None:
    root = tree(two_rails())
    assert real_of(root, ".//dcc:result[@id='rail-2']//dcc:quantity[@refType]")[:2] == ["0.00144", r"\joule"]
    assert len(root.findall(".//dcc:result[@id='rail-2-window-5']", PREFIXES)) == 1


def test_budget_holds_each_component_with_its_unit() -> None:
    root = tree(hardware())
    units = texts(root, ".//dcc:result[@id='budget-2']//si:unit")
    # estimate, limit and u in W; divisor; J per W is s; contribution and share
    assert units == [r"\watt", r"\watt", r"\one", r"\watt", r"\second", r"\joule", r"\one"]


def test_a_unit_that_d_si_lacks_is_stated_in_words() -> None:
    root = tree(hardware())
    assert "1.0 sample" in texts(root, ".//dcc:result[@id='budget-3']//dcc:noQuantity/dcc:content")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("countryCodeISO3166_1", "NZ"),
        ("uniqueIdentifier", hardware().id),
        ("receiptDate", "2026-11-20"),
        ("beginPerformanceDate", "2026-11-29"),
        ("endPerformanceDate", "2026-11-30"),  # the last window ends after midnight
        ("performanceLocation", "other"),  # another place is stated
        ("previousReport/dcc:referralID", "ER-0000000000000001"),
        ("previousReport/dcc:value", sha(2)),
    ],
)
def test_core_data(path: str, expected: str) -> None:
    assert texts(tree(hardware()), f".//dcc:coreData/dcc:{path}") == [expected]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".//dcc:item/dcc:name/dcc:content", "Maker Board 7"),
        (".//dcc:item/dcc:identifications/dcc:identification[@refType]/dcc:value", "B-0042"),
        (".//dcc:calibrationLaboratory/dcc:contact/dcc:name/dcc:content", "Energy Laboratory"),
        (".//dcc:calibrationLaboratory/dcc:contact/dcc:eMail", "mail@lab.example"),
        (".//dcc:calibrationLaboratory/dcc:contact/dcc:location/dcc:countryCode", "NZ"),
        (".//dcc:customer/dcc:location/dcc:countryCode", "CH"),
        (".//dcc:calibrationLaboratory/dcc:calibrationLaboratoryCode", "D-K-00000-01-00"),
        (".//dcc:customer/dcc:name/dcc:content", "Maker of Boards"),
        (".//dcc:customer/dcc:eMail", ""),  # the customer's contact is no address of that kind
        (".//dcc:measuringEquipment/dcc:certificate/dcc:referralID", "K-2026-17"),
        (".//dcc:measuringEquipment/dcc:model", "N6705C"),
        (f".//dcc:statement[@refType='{TRACEABILITY}']/dcc:traceable", "true"),
    ],
)
def test_parties_item_and_equipment(path: str, expected: str) -> None:
    assert texts(tree(hardware()), path) == [expected]


def test_persons_are_named_with_their_parts() -> None:
    root = tree(hardware())
    assert texts(root, ".//dcc:respPerson/dcc:person/dcc:name/dcc:content") == ["A. Prover", "O. Perator"]
    assert texts(root, ".//dcc:respPerson/dcc:mainSigner") == ["true", "false"]


def test_temperature_and_humidity_are_quantities() -> None:
    root = tree(hardware())
    path = ".//dcc:influenceCondition[@refType='basic_{}']//si:{}"
    assert texts(root, path.format("temperature", "value")) == ["22.5", "23.5"]
    assert texts(root, path.format("temperature", "unit")) == [r"\degreecelsius"] * 2
    for end, value in (("Min", "22.5"), ("Max", "23.5")):
        assert texts(root, f".//dcc:quantity[@refType='basic_temperature{end}']//si:value") == [value]
    assert texts(root, path.format("humidityRelative", "value")) == ["45.0"]


def test_verdict_holds_its_numbers_and_an_unknown_one_no_conformity() -> None:
    known, unknown = tree(hardware()).findall(".//dcc:metaData", PREFIXES)
    assert texts(known, "dcc:conformity") == ["pass"]
    assert texts(known, "dcc:data//si:value") == ["10.28", "0.0001", "10.0"]
    assert texts(unknown, "dcc:conformity") == []


@pytest.mark.parametrize(("one", "word"), [(hardware(), "pass"), (simulated(), "fail"), (bare(), "fail")])
def test_only_a_certificate_conforms(one: EnergyCertificate, word: str) -> None:
    root = tree(one)
    title = ".//dcc:statement[@refType='energyRunner_title']"
    assert texts(root, f"{title}/dcc:conformity") == [word]
    assert one.title in texts(root, f"{title}/dcc:declaration/dcc:content")


def test_conformity_and_traceability_are_found_by_the_words_of_the_good_practice() -> None:
    root = tree(hardware())
    said = [each.get("refType", "") for each in root.findall(".//dcc:statement", PREFIXES)]
    assert [each for each in said if each.startswith("basic_")] == [
        "basic_conformity energyRunner_decisionRule",
        TRACEABILITY,
        "basic_revision",
    ]
    rules = [each.get("refType") for each in root.findall(".//dcc:metaData", PREFIXES)]
    assert set(rules) == {"basic_conformity energyRunner_verdict"}
    assert texts(root, ".//dcc:statement[@refType='basic_revision']//dcc:content") == [
        "This document replaces ER-0000000000000001: a typing error in the address"
    ]


def test_no_country_is_invented() -> None:
    root = tree(bare())
    assert texts(root, ".//dcc:countryCodeISO3166_1") == ["ZZ"]
    assert texts(root, ".//dcc:countryCode") == []


@pytest.mark.parametrize(("one", "marked"), [(hardware(), False), (simulated(), True), (bare(), True)])
def test_each_result_of_a_virtual_run_says_simulated(one: EnergyCertificate, *, marked: bool) -> None:
    root = tree(one)
    names = texts(root, ".//dcc:result/dcc:name/dcc:content") + texts(
        root, ".//dcc:measurementResult/dcc:name/dcc:content"
    )
    assert names
    assert {name.startswith("SIMULATED") for name in names} == {marked}
    assert bool(root.findall(".//dcc:statement[@refType='energyRunner_simulated']", PREFIXES)) == marked


def test_what_nobody_stated_is_said_not_to_be_stated() -> None:
    root = tree(bare())
    assert texts(root, ".//dcc:item/dcc:name/dcc:content") == ["not stated"]
    assert texts(root, ".//dcc:calibrationLaboratory/dcc:contact/dcc:name/dcc:content") == ["not stated"]
    assert texts(root, ".//dcc:respPerson/dcc:person/dcc:name/dcc:content") == ["not stated"]
    assert texts(root, ".//dcc:receiptDate") == []
    assert texts(root, ".//dcc:result[@id='score']//si:value") == []
    assert "item.serial: serial number of the board" in texts(root, ".//dcc:statement/dcc:declaration/dcc:content")


@pytest.mark.parametrize(
    "text",
    [
        "</dcc:content><script>alert(1)</script>",
        '"><!--',
        "]]>",
        "&lol; &#0; &amp;",
        "{{7*7}} ${x} #import",
        "x" * 20_000,
        "漢字 עברית \u202e ü",
        "two\nlines\tand a tab",
    ],
)
def test_a_text_is_text_whatever_is_in_it(text: str) -> None:
    harmless, root = tree(with_texts(hardware(), "x")), tree(with_texts(hardware(), text))
    assert [each.tag for each in root.iter()] == [each.tag for each in harmless.iter()]
    assert texts(root, ".//dcc:item/dcc:name/dcc:content") == [text]
    assert texts(root, ".//dcc:calibrationLaboratory/dcc:contact/dcc:name/dcc:content") == [text]


def test_what_xml_cannot_hold_is_escaped_and_a_line_end_is_one_character() -> None:
    root = tree(with_texts(hardware(), "a\x00b\ufffe\r\nc\rd"))
    assert texts(root, ".//dcc:item/dcc:name/dcc:content") == ["a\\x00b\\ufffe\nc\nd"]


def test_same_facts_give_the_same_bytes() -> None:
    again = EnergyCertificate.model_validate_json(hardware().model_dump_json(by_alias=True))
    assert dcc_bytes(again, ENVELOPE) == dcc_bytes(hardware(), ENVELOPE)


def test_nothing_but_the_hole_depends_on_the_signed_statement() -> None:
    one, other = dcc_bytes(hardware(), b"0" * 1000), dcc_bytes(hardware(), b'"' * 1000)
    assert one != other
    assert len(one) == len(other)
    assert emptied(one) == emptied(other)
    assert hole(one) == hole(other)
    assert set(emptied(one)[hole(one)]) == {ord("0")}


@pytest.mark.parametrize("data", [b"", b"<dcc:dataBase64>AA==</dcc:dataBase64>" * 2, b"<dcc:dataBase64><a/>"])
def test_an_xml_without_just_one_hole_is_refused(data: bytes) -> None:
    with pytest.raises(SessionError, match="hold a signed statement"):
        hole(data)


@pytest.mark.parametrize("began", ["not recorded", "", "9999-12-31T23:59:59Z", "2026-13-01T00:00:00"])
def test_a_day_that_is_not_known_is_not_invented(began: str) -> None:
    session = hardware().session.model_copy(update={"started_utc": began})
    with pytest.raises(SessionError, match="day of the measurement"):
        dcc_bytes(hardware(session=session), ENVELOPE)


def test_its_days_are_those_by_which_the_calibration_is_judged() -> None:
    for zone, day in (("", "2026-03-01"), ("Asia/Tokyo", "2026-03-02"), ("UTC-11:00", "2026-02-28")):
        started_utc = "2026-03-01T16:00:00Z" if zone != "UTC-11:00" else "2026-03-01T10:00:00Z"
        session = hardware().session.model_copy(update={"started_utc": started_utc, "time_zone": zone})
        assert texts(tree(hardware(session=session)), ".//dcc:beginPerformanceDate") == [day]


def test_the_day_of_an_imported_session_is_the_printed_one() -> None:
    session = hardware().session.model_copy(update={"started_utc": "2023-05-06T01:02:03 (local time)"})
    assert texts(tree(hardware(session=session)), ".//dcc:beginPerformanceDate") == ["2023-05-06"]


@pytest.mark.parametrize("change", [{"k": 0.9}, {"U": -1.0}, {"probability": 1.5}])
def test_an_uncertainty_that_d_si_cannot_state_is_refused(change: dict[str, float]) -> None:
    whole = result()
    assert whole.energy_per_inference_j is not None
    score = whole.energy_per_inference_j.model_copy(update=change)
    with pytest.raises(SessionError, match="D-SI states no uncertainty"):
        dcc_bytes(hardware(result=whole.model_copy(update={"energy_per_inference_j": score})), ENVELOPE)


def test_numbers_without_exponent_where_d_si_forbids_it() -> None:
    whole = result()
    assert whole.energy_per_inference_j is not None
    score = whole.energy_per_inference_j.model_copy(update={"k": 1e17, "probability": 1e-7})
    root = tree(hardware(result=whole.model_copy(update={"energy_per_inference_j": score})))
    assert real_of(root, ".//dcc:result[@id='score']")[3:] == ["100000000000000000", "0.0000001"]


def test_what_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(SessionError, match="more than 8000000"):
        dcc_bytes(hardware(), bytes(7_000_000))


def test_without_lxml_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lxml.etree", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'energy-runner\[certificates\]'"):
        dcc_bytes(hardware(), ENVELOPE)
