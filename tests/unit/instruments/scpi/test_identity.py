# SPDX-License-Identifier: Apache-2.0
"""Who answers `*IDN?`."""

from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import ProtocolViolation
from instruments.scpi.identity import parse_identity


def test_identity() -> None:
    identity = parse_identity("KEYSIGHT TECHNOLOGIES,N6705C,MY56001234,E.02.07.3261")
    assert (identity.make, identity.model) == ("KEYSIGHT TECHNOLOGIES", "N6705C")
    assert (identity.serial, identity.firmware, identity.virtual) == ("MY56001234", "E.02.07.3261", False)


def test_a_twin_says_that_it_is_one() -> None:
    assert parse_identity("KEYSIGHT TECHNOLOGIES,N6705C,TWIN7,E.02.07.3261").virtual


def test_a_fifth_field_is_the_hardware() -> None:
    identity = parse_identity("Siglent Technologies,SPD3303X,SPD3XHBX1R0001,1.01.01.02.05,V3.0")
    assert (identity.model, identity.firmware) == ("SPD3303X", "1.01.01.02.05")
    assert identity.detail == (("hardware", "V3.0"),)


@given(st.text(max_size=60))
def test_any_identity_is_parsed_or_a_violation(line: str) -> None:
    try:
        identity = parse_identity(line)
    except ProtocolViolation:
        return
    fields = (identity.make, identity.model, identity.serial, identity.firmware, *(v for _, v in identity.detail))
    assert [part.strip() for part in line.split(",")] == list(fields)
