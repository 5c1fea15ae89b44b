# SPDX-License-Identifier: Apache-2.0
"""What an N6705 says: its models and its status."""

import pytest

from instruments.devices.n6705 import protocol as n6705
from instruments.devices.n6705.dialect import status_dialect

STATUS = status_dialect("(@1)")


@pytest.mark.parametrize("model", ["N6705A", "N6705B", "N6705C", "N6700C", "N6701A", "N6702C"])
def test_mainframes_that_take_these_commands(model: str) -> None:
    assert n6705.is_mainframe(model)


@pytest.mark.parametrize("model", ["N6705", "N6715C", "34461A", "N6705CX", "", "N7900"])
def test_others_do_not(model: str) -> None:
    assert not n6705.is_mainframe(model)


def test_modules() -> None:
    assert all(n6705.is_smu(f"N678{n}A") for n in (1, 2, 4, 5, 6))
    assert not any(n6705.is_smu(module) for module in ("N6731B", "N6783A-BAT", "N6783A", ""))


def test_questionable_bits_in_words() -> None:
    assert STATUS.in_words(0) == ""
    assert STATUS.in_words(2 | 1024).startswith("OC: ")
    assert "UNR" in STATUS.in_words(2 | 1024)
