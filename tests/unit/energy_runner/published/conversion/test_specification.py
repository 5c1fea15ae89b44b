# SPDX-License-Identifier: Apache-2.0
"""The specifications of monitors are the tables of our own drivers, and nothing where there is none."""

from energy_runner.published.conversion.specification import look_up


def test_a_specification_is_the_instruments_own() -> None:
    from instruments.specifications import load

    found, table = look_up("lpm01a"), load("instruments.devices.lpm01a")
    assert found.title == "ST X-NUCLEO-LPM01A"
    assert found.specification["document"] == table.document
    assert [term["name"] for term in found.specification["terms"]] == [term.name for term in table.terms]
    assumed = [term["name"] for term in found.specification["terms"] if term.get("assumed")]
    assert assumed == [term.name for term in table.terms if term.assumed] != []
    assert found.specification["assumptions"][-1].startswith("The published session records neither")


def test_an_instrument_without_a_table_has_no_terms_and_says_so() -> None:
    for name, title, who in (
        ("js110", "Joulescope JS110", "Joulescope JS110"),
        ("../lpm01a", "../lpm01a", "../lpm01a"),
        ("", "not named", "an instrument that the session does not name"),
    ):
        found = look_up(name)
        assert found.title == title
        assert found.specification["terms"] == []
        assert found.specification["assumptions"][0].startswith(f"No specification is known for {who}: gain")
