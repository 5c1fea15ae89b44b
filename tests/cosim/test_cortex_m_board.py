# SPDX-License-Identifier: Apache-2.0
"""The emulated board's registers on their own: UART, timer, counter, pin and wake-up, cycle by cycle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import Refused
from instruments.twin_bench.cosim.core_events import Kind
from instruments.twin_bench.cosim.cortex_m_board import FPGAIO, GPIO0, MARKER, NVIC, TIMER0, UART0, Board
from instruments.twin_bench.cosim.elf_image import flash_image
from instruments.twin_bench.cosim.thumb_engine import NoRegisterError

FREQUENCY_HZ = 50_000_000  # two cycles a tick of the peripheral clock
DATA, STATE, CONTROL, PENDING, DIVIDER = (UART0 + offset for offset in (0x0, 0x4, 0x8, 0xC, 0x10))
TX_FULL, RX_FULL, TX_OVERRUN, RX_OVERRUN = 1, 2, 4, 8
ALL_ON = 15
IRQ_RX, IRQ_TX, IRQ_TIMER = 1 << 0, 1 << 1, 1 << 8


class Probe:
    """A board with its UART on at 250 kbaud, that is 2000 cycles a frame."""

    def __init__(self, control: int = ALL_ON, enabled: int = IRQ_RX | IRQ_TX | IRQ_TIMER) -> None:
        self.events = []
        self.board = Board(FREQUENCY_HZ, self.events.append)
        self.write(0, DIVIDER, 100)
        self.write(0, CONTROL, control)
        self.write(0, NVIC + 0x100, enabled)

    def write(self, cycle: int, address: int, word: int) -> None:
        self.board.write(cycle, address, 4, word)

    def read(self, cycle: int, address: int) -> int:
        return self.board.read(cycle, address, 4)


def test_a_byte_goes_out_and_keeps_the_transmitter_busy():
    probe = Probe()
    probe.write(1000, DATA, 0x141)
    assert [(event.cycle, event.kind, event.value) for event in probe.events] == [(1000, Kind.UART, 0x41)]
    assert probe.board.next_cycle == 3000
    assert probe.read(2999, STATE) == TX_FULL
    assert not probe.board.awake
    assert probe.read(3000, STATE) == 0
    assert probe.board.awake
    assert probe.read(3000, PENDING) == 1


def test_a_byte_too_many_is_lost_and_flagged():
    probe = Probe()
    probe.write(0, DATA, 1)
    probe.write(1999, DATA, 2)
    assert [event.value for event in probe.events] == [1]
    assert probe.read(1999, STATE) == TX_FULL | TX_OVERRUN
    probe.write(1999, STATE, TX_OVERRUN)
    probe.write(2000, DATA, 3)
    assert [event.value for event in probe.events] == [1, 3]


def test_a_received_byte_wakes_and_is_taken_once():
    probe = Probe()
    probe.board.uart.receive(500, 0x25)
    assert probe.read(499, STATE) == 0
    assert probe.board.next_cycle == 500
    assert probe.read(500, STATE) == RX_FULL
    assert probe.board.awake
    assert probe.read(501, DATA) == 0x25
    assert probe.read(502, STATE) == 0


def test_the_second_byte_replaces_the_first_and_says_so():
    probe = Probe()
    for cycle, byte in ((700, 2), (500, 1)):  # whatever the order in which they were announced
        probe.board.uart.receive(cycle, byte)
    assert probe.read(800, STATE) == RX_FULL | RX_OVERRUN
    assert probe.read(800, DATA) == 2
    probe.write(801, STATE, RX_OVERRUN)
    assert probe.read(802, STATE) == 0


@pytest.mark.parametrize("control", [0, 2])
def test_what_is_off_sends_nothing(control):
    probe = Probe(control)
    probe.write(0, DATA, 1)
    assert probe.events == []
    assert probe.read(0, STATE) == 0


def test_what_is_off_receives_nothing():
    probe = Probe(control=5)
    probe.board.uart.receive(10, 1)
    assert probe.read(20, STATE) == 0
    assert not probe.board.awake


def test_an_interrupt_that_is_not_enabled_wakes_nobody():
    probe = Probe(enabled=IRQ_TX)
    probe.board.uart.receive(10, 1)
    probe.board.advance(10)
    assert not probe.board.awake
    probe.write(11, NVIC + 0x100, IRQ_RX)
    assert probe.board.awake


def test_pending_is_kept_until_cleared_and_comes_again_while_the_line_is_high():
    probe = Probe()
    probe.board.uart.receive(10, 1)
    probe.board.advance(10)
    probe.write(11, NVIC + 0x280, IRQ_RX)
    assert probe.board.awake, "the UART's own flag is still set"
    probe.write(12, PENDING, 2)
    assert probe.board.awake, "the NVIC keeps it"
    probe.write(13, NVIC + 0x280, IRQ_RX)
    assert not probe.board.awake


def test_an_interrupt_pends_no_more_while_it_is_handled_and_again_if_its_line_stays_high():
    probe = Probe()
    probe.board.uart.receive(10, 1)
    probe.board.advance(10)
    assert probe.board.take_interrupt() == 0
    probe.board.advance(11)
    assert not probe.board.awake
    probe.board.end_interrupt(12)
    assert probe.board.awake, "the UART's flag is still set"
    assert probe.board.take_interrupt() == 0
    probe.write(13, PENDING, 2)
    probe.board.end_interrupt(14)
    assert not probe.board.awake


def test_the_lowest_number_comes_first():
    probe = Probe(enabled=IRQ_TX | IRQ_TIMER)
    probe.write(0, DATA, 1)
    probe.write(0, TIMER0 + 0x4, 5)
    probe.write(0, TIMER0 + 0x0, 9)
    probe.board.advance(2000)
    assert probe.board.take_interrupt() == 1
    probe.board.end_interrupt(2000)
    probe.write(2001, PENDING, 1)
    probe.write(2001, NVIC + 0x280, IRQ_TX)
    assert probe.board.take_interrupt() == 8


def test_what_is_disabled_is_kept_until_it_is_enabled():
    probe = Probe()
    probe.write(0, NVIC + 0x180, IRQ_RX)
    probe.board.uart.receive(10, 1)
    probe.board.advance(10)
    assert not probe.board.awake
    probe.write(11, NVIC + 0x100, IRQ_RX)
    assert probe.board.awake


def test_the_timer_expires_again_and_again():
    probe = Probe()
    probe.write(0, TIMER0 + 0x8, 30)
    probe.write(0, TIMER0 + 0x4, 50)
    probe.write(100, TIMER0 + 0x0, 9)
    assert probe.board.next_cycle == 200
    probe.board.advance(199)
    assert not probe.board.awake
    probe.board.advance(200)
    assert probe.board.awake
    assert probe.board.next_cycle == 260
    probe.board.advance(1000)
    assert probe.board.next_cycle == 1040
    probe.write(1001, TIMER0 + 0x0, 0)
    assert probe.board.next_cycle is None


def test_a_timer_without_reload_expires_once_and_without_interrupt_wakes_nobody():
    probe = Probe()
    probe.write(0, TIMER0 + 0x4, 50)
    probe.write(0, TIMER0 + 0x0, 1)
    probe.board.advance(100)
    assert not probe.board.awake
    assert probe.board.next_cycle is None


def test_the_counter_counts_microseconds_and_wraps():
    probe = Probe()
    probe.write(0, FPGAIO + 0x1C, 19)
    assert probe.read(49, FPGAIO + 0x18) == 0
    assert probe.read(50 * 1234 + 49, FPGAIO + 0x18) == 1234
    assert probe.read(50 * (2**32 + 7), FPGAIO + 0x18) == 7


def test_only_edges_of_the_pin_are_told():
    probe = Probe()
    for cycle, level in ((1, 1), (2, 0), (3, 0), (4, 1)):
        probe.write(cycle, GPIO0 + 0x404, level)
    told = [(event.cycle, event.kind, event.value) for event in probe.events]
    assert told == [(2, Kind.TIMESTAMP, 0), (4, Kind.TIMESTAMP, 1)]


def test_the_marker_tells_layers_and_activities():
    probe = Probe()
    probe.write(1, MARKER, 4)
    probe.write(2, MARKER + 4, 123_456)
    probe.write(3, MARKER + 8, 7 << 16 | 12)
    activity, layer = probe.events
    assert (activity.cycle, activity.kind, activity.value) == (1, Kind.ACTIVITY, 4)
    assert (layer.cycle, layer.kind, layer.layer_kind, layer.layer_index) == (3, Kind.LAYER, 7, 12)
    assert layer.operations == 123_456


@pytest.mark.parametrize("address", [UART0 + 0x14, GPIO0, FPGAIO + 0x18, 0x40001000])
def test_a_register_that_is_not_there(address):
    with pytest.raises(NoRegisterError):
        Probe().write(0, address, 1)


def test_registers_are_words():
    with pytest.raises(NoRegisterError):
        Probe().board.read(0, STATE, 1)


@given(st.binary(max_size=300), st.integers(0, 51))
def test_any_bytes_are_an_image_or_refused(tmp_path_factory, data, kept):
    file = tmp_path_factory.mktemp("elf") / "x.elf"
    header = b"\x7fELF\x01\x01\x01".ljust(18, b"\0") + (40).to_bytes(2, "little")
    file.write_bytes(header[:kept] + data)
    try:
        assert len(flash_image(file, 4096)) <= 4096
    except Refused as error:
        assert str(file) in str(error)
