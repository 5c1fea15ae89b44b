# SPDX-License-Identifier: Apache-2.0
"""Answers that are not numbers: a word that the instrument is known to use, or a violation."""

import math

import pytest

from instruments.clock import Deadline, VirtualClock
from instruments.errors import ProtocolViolation
from instruments.scpi.session import ScpiSession


class Says:
    """A link on which every question is answered with `line`."""

    name = "monitor"

    def __init__(self, line: str) -> None:
        self.line = line

    def write_line(self, command: str, deadline: Deadline) -> None:
        """Hear the question."""

    def read_line(self, deadline: Deadline) -> str:
        return self.line


def asked(line: str, no_value: str) -> float:
    session = ScpiSession(Says(line), "monitor")  # type: ignore[arg-type]
    session.in_step = True
    return session.ask_number("MEAS:VOLT?", VirtualClock().deadline(1.0), no_value)


@pytest.mark.parametrize("line", ["NaN", "nan", " NAN "])
def test_the_word_for_no_value_is_not_a_number(line: str) -> None:
    assert math.isnan(asked(line, "NaN"))


@pytest.mark.parametrize(("line", "no_value"), [("NaN", ""), ("", ""), ("inf", "NaN"), ("nan", "9.91E37")])
def test_any_other_word_is_a_violation(line: str, no_value: str) -> None:
    with pytest.raises(ProtocolViolation):
        asked(line, no_value)


def test_a_number_is_a_number() -> None:
    assert asked("+3.0E+00", "NaN") == 3.0
