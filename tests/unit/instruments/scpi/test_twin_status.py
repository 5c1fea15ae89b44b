# SPDX-License-Identifier: Apache-2.0
"""The SCPI core of the twins: status registers, common commands, parameters, blocks, header paths."""

import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.scpi.blocks import block_digits, block_length, format_block
from instruments.scpi.records import decode_records
from instruments.scpi.twin_core import QUEUE_LENGTH, Call, ScpiCore, ScpiError


class Box:
    """A small instrument that keeps the blocks it was sent and writes down its calls."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        handlers = {
            "*IDN?": lambda call: "A,B,C,D",
            "TRACe[:DATA]": lambda call: self.heard.append((call.arguments, call.data)),
            "TRACe[:DATA]?": lambda call: self.core.block([1.0, -2.5, 10.0]),
            "[SOURce:]VOLTage[:LEVel]": lambda call: self.heard.append(
                call.quantity(0.0, 20.0, unit="V", default=1.0)
            ),
            "[SOURce:]VOLTage:PROTection": lambda call: self.heard.append("PROT"),
            "SENSe:FREQuency": lambda call: self.heard.append(call.quantity(0.0, 1e9, unit="Hz")),
            "DISPlay:TEXT": lambda call: self.heard.append(call.text()),
            "ROUTe:CLOSe": lambda call: self.heard.append(call.channels),
        }
        self.core = ScpiCore(handlers, lambda command: False, blocks=("TRACe[:DATA]",), options="OPT1,OPT2")

    def tell(self, line: str) -> str:
        return self.core.feed(line.encode() + b"\n").decode("latin-1").removesuffix("\n")


# --- status --------------------------------------------------------------------------------------------------


def test_common_commands_answer_as_the_standard_says() -> None:
    box = Box()
    assert box.tell("*ESR?") == "+128"  # switched on
    assert box.tell("*OPC?;*TST?;*OPT?") == "1;0;OPT1,OPT2"
    assert box.tell("*RST;*WAI;*OPC;*ESR?;*ESR?") == "+1;+0"
    assert box.tell("SYST:VERS?") == "1999.0"


@pytest.mark.parametrize(("line", "bit"), [("FOO", 32), ("VOLT 21", 16), ("VOLT X", 32), ("*ESE 256", 16)])
def test_an_error_sets_its_bit_and_the_summary(line: str, bit: int) -> None:
    box = Box()
    box.tell("*CLS;*ESE 48;*SRE 36")
    assert box.tell("*STB?") == "+0"
    box.tell(line)
    assert box.tell("*STB?;*ESR?;*STB?") == f"+{4 + 32 + 64};+{bit};+{4 + 64}"
    box.tell("SYST:ERR?")
    assert box.tell("*STB?") == "+0"
    assert box.tell("*ESE?;*SRE?") == "+48;+36"


@pytest.mark.parametrize(("code", "bit"), [(-310, 8), (-350, 8), (-440, 4), (17, 8), (-230, 16)])
def test_the_bit_of_an_error_follows_its_number(code: int, bit: int) -> None:
    box = Box()
    box.tell("*CLS")
    box.core.push(ScpiError(code, "x"))
    assert box.tell("*ESR?") == f"+{bit}"


@pytest.mark.parametrize(("name", "summary"), [("OPER", 128), ("QUES", 8)])
def test_a_register_latches_what_its_filters_let_pass(name: str, summary: int) -> None:
    box = Box()
    register = box.core.status.operation if name == "OPER" else box.core.status.questionable
    box.tell("*CLS")
    register.set_condition(0b0110)
    assert box.tell(f"STAT:{name}:COND?;EVEN?;EVEN?") == "+6;+6;+0"
    box.tell(f"STAT:{name}:PTR 1;NTR 2;ENAB 2")
    register.set_condition(0b0001)  # 1 rises, 2 and 4 fall
    assert box.tell("*STB?") == f"+{summary}"
    assert box.tell(f"STAT:{name}?") == "+3"
    assert box.tell(f"*STB?;:STAT:{name}:PTR?;NTR?;ENAB?") == "+0;+1;+2;+2"
    box.tell("STAT:PRES")
    assert box.tell(f"STAT:{name}:PTR?;NTR?;ENAB?") == "+32767;+0;+0"


def test_clearing_forgets_events_and_errors_and_keeps_what_is_enabled() -> None:
    box = Box()
    box.tell("*ESE 37;STAT:QUES:ENAB 5;:FOO")
    box.core.status.questionable.set_condition(5)
    box.tell("*CLS")
    assert box.tell("*STB?;*ESR?;*ESE?;:STAT:QUES:EVEN?;ENAB?;:SYST:ERR?") == '+0;+0;+37;+0;+5;+0,"No error"'


def test_the_queue_is_counted_and_read_at_once() -> None:
    box = Box()
    for _ in range(QUEUE_LENGTH + 3):
        box.tell("FOO")
    assert box.tell("SYST:ERR:COUN?") == f"+{QUEUE_LENGTH}"
    told = box.tell("SYST:ERR:ALL?").split('",')
    assert (len(told), told[-1]) == (QUEUE_LENGTH, '-350,"Queue overflow"')
    assert box.tell("SYST:ERR:ALL?") == '+0,"No error"'


def test_registers_take_other_bases() -> None:
    box = Box()
    assert box.tell("*ESE #H2F;*ESE?;*ESE #B101;*ESE?;*ESE #Q17;*ESE?") == "+47;+5;+15"


# --- header paths ----------------------------------------------------------------------------------------------


def test_a_path_ends_at_a_colon_and_not_at_a_common_command() -> None:
    box = Box()
    box.tell("SOUR:VOLT:LEV 1;*OPC;PROT;:VOLT 2;:SENS:FREQ 3")
    assert box.heard == [1.0, "PROT", 2.0, 3.0]
    assert box.tell("SYST:ERR?").startswith("+0")


def test_a_path_does_not_outlive_its_message() -> None:
    box = Box()
    box.tell("SOUR:VOLT:LEV 1")
    box.tell("PROT")
    assert box.tell("SYST:ERR?").startswith("-113")


@pytest.mark.parametrize("line", ["VOLT\t5", "  VOLT   5 ", "\tvolt 5;", ":VOLT:LEV\t 5\r"])
def test_any_white_space_stands_between_header_and_parameters(line: str) -> None:
    box = Box()
    box.tell(line)
    assert box.heard == [5.0]


# --- parameters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("VOLT 3.3", 3.3),
        ("VOLT 3300 mV", 3.3),
        ("VOLT 3.3V", 3.3),
        ("VOLT 3E-3KV", 3.0),
        ("VOLT MIN", 0.0),
        ("VOLT MAXimum", 20.0),
        ("VOLT DEF", 1.0),
        ("SENS:FREQ 1MHz", 1e6),
        ("SENS:FREQ 2kHz", 2e3),
    ],
)
def test_numbers_with_units_and_words(line: str, value: float) -> None:
    box = Box()
    box.tell(line)
    assert box.heard == [pytest.approx(value)]


@pytest.mark.parametrize(
    ("line", "code"), [("VOLT 3A", "-131"), ("VOLT 21", "-222"), ("VOLT", "-109"), ("SENS:FREQ DEF", "-104")]
)
def test_other_numbers_are_refused(line: str, code: str) -> None:
    box = Box()
    box.tell(line)
    assert box.heard == []
    assert box.tell("SYST:ERR?").startswith(code)


def test_strings_and_channel_lists() -> None:
    box = Box()
    box.tell("DISP:TEXT \"a;b,\"\"c'\";:DISP:TEXT 'it''s;';:ROUT:CLOS (@1,3:4)")
    assert box.heard == ["a;b,\"c'", "it's;", [1, 3, 4]]
    box.tell("DISP:TEXT abc")
    assert box.tell("SYST:ERR?").startswith("-104")


# --- blocks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["NORMal", "SWAP"])
def test_a_block_is_sent_in_the_byte_order_that_was_set(order: str) -> None:
    box = Box()
    answer = box.core.feed(f"FORM:BORD {order};:FORM:BORD?;:TRAC?\n".encode())
    word, _, rest = answer.partition(b";")
    assert word.decode() == order[:4]
    digits = block_digits(rest[:2])
    length = block_length(rest[2 : 2 + digits], 100)
    data = rest[2 + digits : 2 + digits + length]
    assert rest[2 + digits + length :] == b"\n"
    records = decode_records(data, 1, big_endian=order == "NORMal")
    assert records.values[0].tolist() == [1.0, -2.5, 10.0]
    assert struct.unpack(f"{'>' if order == 'NORMal' else '<'}f", data[:4]) == (1.0,)


def test_numbers_of_other_kinds() -> None:
    box = Box()
    assert box.core.block([1.5], "f8") == b"#18" + struct.pack(">d", 1.5)
    box.tell("FORM:BORD SWAP")
    assert box.core.block(np.arange(3), "i2") == b"#16" + struct.pack("<3h", 0, 1, 2)


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5))
def test_any_block_arrives_however_it_is_split(data: bytes, cuts: list[int]) -> None:
    box = Box()
    message = b"TRAC 'a'," + format_block(data) + b";:VOLT 1;:TRAC " + format_block(b"\n;#15") + b"\n*OPC?\n"
    at = [0, *sorted(min(cut, len(message)) for cut in cuts), len(message)]
    assert b"".join(box.core.feed(message[a:b]) for a, b in pairwise(at)) == b"1\n"
    assert box.heard == [(["'a'"], data), 1.0, ([], b"\n;#15")]


def test_only_commands_that_take_one_swallow_line_ends() -> None:
    box = Box()
    assert box.tell("VOLT #15ab\n*OPC?") == "1"
    assert box.tell("TRAC #2xx1;*OPC?") == "1"  # no length: the line ends where lines do


def test_a_block_that_is_too_long_is_bounded() -> None:
    box = Box()
    for _ in range(7):  # together more than the buffer holds
        box.core.feed(b"TRAC #9100000000" + b"x" * 10_000)
    assert box.tell("SYST:ERR?").startswith("-363")


def test_a_core_without_common_commands_has_none() -> None:
    core = ScpiCore({"A": lambda call: None}, lambda command: False, common=False)
    assert core.feed(b"*ESE 5;*ESE?;SYST:ERR?\n") == b""
    assert [error.code for error in core.take_errors()] == [-113, -113, -113]
    assert core.take_errors() == []


def test_a_handler_takes_the_place_of_the_cores_own_in_any_spelling() -> None:
    handlers = {"STATus:OPERation[:EVENt]?": lambda call: "own", "FORMat:BORDer[:DATA]?": lambda call: "mine"}
    core = ScpiCore(handlers, lambda command: False)
    assert core.feed(b"STAT:OPER?;:FORM:BORD?\n") == b"own;mine\n"


def test_a_call_is_made_as_before() -> None:
    assert Call((1,), ["2"], None).number() == 2.0
