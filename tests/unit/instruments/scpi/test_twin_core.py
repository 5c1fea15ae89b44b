# SPDX-License-Identifier: Apache-2.0
"""The SCPI core of the twins: grammar, error queue, and any bytes at all."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.scpi.twin_core import QUEUE_LENGTH, Call, ScpiCore, ScpiError, parse_channels


class Box:
    """A small instrument that writes down what it was told."""

    def __init__(self, refuse: str = "") -> None:
        self.calls: list[tuple[str, Call]] = []
        handlers = {
            "*IDN?": lambda call: "A,B,C,D",
            "SENSe:ELOG:PERiod": lambda call: self.calls.append(("PER", call)),
            "SENSe:ELOG:PERiod?": lambda call: "+1.0",
            "SENSe:ELOG:FUNCtion:CURRent": lambda call: self.calls.append(("CURR", call)),
            "[SOURce:]VOLTage[:LEVel]": lambda call: self.calls.append(("VOLT", call)),
            "DIGital:PIN#:POLarity": lambda call: self.calls.append(("PIN", call)),
        }
        self.core = ScpiCore(handlers, lambda command: bool(refuse) and command.startswith(refuse))

    def tell(self, line: str) -> str:
        return self.core.feed(line.encode() + b"\n").decode()

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


@pytest.mark.parametrize(
    "header",
    ["SENS:ELOG:PER", "SENSe:ELOG:PERiod", "sense:elog:period", ":SENS:ELOG:PERIOD", "Sens:Elog:Per"],
)
def test_short_and_long_forms_in_any_case(header: str) -> None:
    box = Box()
    assert box.tell(f"{header} 1e-3,(@1)") == ""
    assert box.names() == ["PER"]
    assert box.calls[0][1].number() == 1e-3
    assert box.calls[0][1].channels == [1]


@pytest.mark.parametrize("header", ["SENS:ELOG:PERI", "SEN:ELOG:PER", "SENS:PER", "ELOG:PER", "SENS::ELOG:PER"])
def test_other_forms_are_undefined(header: str) -> None:
    box = Box()
    box.tell(f"{header} 1")
    assert box.calls == []
    assert box.tell("SYST:ERR?") == '-113,"Undefined header"\n'


@pytest.mark.parametrize("header", ["VOLT", "SOUR:VOLT", "VOLTAGE:LEVEL", "source:volt:lev"])
def test_optional_nodes(header: str) -> None:
    box = Box()
    box.tell(f"{header} 3.3,(@1)")
    assert box.names() == ["VOLT"]


def test_numeric_suffixes() -> None:
    box = Box()
    box.tell("DIG:PIN7:POL NEG;:DIG:PIN:POL POS")
    assert [call.numbers for _, call in box.calls] == [(7,), (None,)]


def test_a_compound_line_stays_on_its_path_until_a_colon() -> None:
    box = Box()
    assert box.tell("SENS:ELOG:PER 1;PER?;FUNC:CURR ON,(@1);*IDN?;:VOLT 1") == "+1.0;A,B,C,D\n"
    assert box.names() == ["PER", "CURR", "VOLT"]
    box.tell("SENS:ELOG:PER 1;VOLT 2")
    assert box.tell("SYST:ERR?").startswith("-113")


def test_errors_come_out_oldest_first_and_an_overflow_replaces_the_last() -> None:
    box = Box()
    box.tell("FOO")
    box.tell("VOLT\xe9")
    assert [box.tell("SYST:ERR?")[:4] for _ in range(3)] == ["-113", "-101", '+0,"']
    for _ in range(QUEUE_LENGTH + 5):
        box.tell("FOO")
    answers = [box.tell("SYST:ERR?") for _ in range(QUEUE_LENGTH)]
    assert answers[-1] == '-350,"Queue overflow"\n'
    assert set(answers[:-1]) == {'-113,"Undefined header"\n'}
    assert box.tell("SYST:ERR?").startswith("+0")
    box.tell("FOO")
    box.tell("*CLS")
    assert box.tell("SYST:ERR?").startswith("+0")


def test_a_refused_command_is_not_carried_out() -> None:
    box = Box(refuse="VOLT")
    box.tell("VOLT 3")
    assert box.calls == []
    assert box.tell("SYST:ERR?") == '-222,"Data out of range"\n'


def test_a_command_answers_nothing_and_a_query_only_its_answer() -> None:
    box = Box()
    assert box.tell("*CLS") == ""
    assert box.tell("*ESE 37;*ESE?;*OPC?") == "+37;1\n"


def test_channel_lists() -> None:
    assert parse_channels("(@1)") == [1]
    assert parse_channels("(@1,3)") == [1, 3]
    assert parse_channels("(@2:4, 1)") == [2, 3, 4, 1]
    for bad in ("(@)", "(1)", "(@1", "(@a)", "(@1:2:3)", "(@1,)", "(@1234)"):
        with pytest.raises(ScpiError):
            parse_channels(bad)


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_any_bytes_are_survived_however_they_are_split(data: bytes, cuts: list[int]) -> None:
    data += b"\n*CLS\nSYST:ERR?\n"
    whole = Box().core.feed(data)
    assert whole.endswith(b'+0,"No error"\n')
    core = Box().core
    at = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    assert b"".join(core.feed(data[a:b]) for a, b in pairwise(at)) == whole


@given(
    st.sampled_from(["VOLT", "SENS:ELOG:PER", "DIG:PIN1:POL", "*ESE"]),
    st.text(alphabet="0123456789eE+-.,:;()@\"' onfNaI", max_size=40),
)
def test_any_parameters_are_survived(header: str, parameters: str) -> None:
    box = Box()
    box.tell(f"{header} {parameters}")
    for _, call in box.calls:
        for method in (call.number, call.switch, call.word):
            with suppress(ScpiError):
                method()
    box.tell("*CLS")
    assert box.tell("SYST:ERR?").startswith("+0")


def test_input_without_an_end_is_bounded() -> None:
    box = Box()
    for _ in range(100):
        box.core.feed(b"x" * 10000)
    assert '-363,"Input buffer overrun"' in box.tell("") + box.tell("SYST:ERR?") + box.tell("SYST:ERR?")
