# SPDX-License-Identifier: Apache-2.0
"""What a PPK2 may do at a bad moment: a calibration mangled once, samples of before a command, late line ends."""

import re

import pytest

from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.roles import Lost, Note, SamplingSettings, SupplySettings
from tests.support.ppk2_bench import VOLTAGE_V, bench, end, of, received


def test_a_calibration_that_reads_otherwise_the_second_time_is_a_violation(monkeypatch):
    b = bench()
    monkeypatch.setattr(b.twin, "_coefficients", b.twin._coefficients | {"GI2": "1.0000"})
    b.opened()
    monkeypatch.setattr(b.twin, "_coefficients", b.twin._coefficients | {"GI2": "1.5000"})
    with pytest.raises(ProtocolViolation, match=r"GI2 was 1 at first, and now is 1\.5"):
        b.box.configure(SamplingSettings(), b.deadline())


def test_nonsense_does_not_confirm_that_the_output_is_off(monkeypatch):
    """With a resistor of 1e300 ohm every reading is 0 A, also that of an output that stays on."""
    b = bench().streaming()
    b.stop()
    b.world.faults.power_stays_on = True
    text = re.sub(rb"(R\d): .*", rb"\1: 1e300", b.twin.metadata_text())
    monkeypatch.setattr(b.twin, "metadata_text", lambda: text)
    with pytest.raises(ProtocolViolation, match=r"R0 1e\+300"):
        b.box.open(b.deadline())
    assert b.world.powered


def test_samples_from_before_the_command_do_not_confirm_that_the_output_is_off():
    b = bench(ideal=True).streaming(0.0)
    b.world.faults.power_stays_on = True
    b.clock.sleep(0.2)  # asleep all that time, and nobody has read the samples of it
    b.world.draw(0.010)
    with pytest.raises(Refused, match="µA still flow"):
        b.box.supply().off(b.deadline())


@pytest.mark.parametrize("cut", range(1, 8))
def test_what_is_left_of_the_metadata_is_no_sample(cut, monkeypatch):
    b = bench()
    text = b.twin.metadata_text

    def padded():  # the pieces of 64 bytes end at each place around END
        return text().replace(b"Twin", b"X: " + b"1" * ((cut - len(text()) - 4) % 64) + b"\nTwin") + b"\n \r\n"

    monkeypatch.setattr(b.twin, "metadata_text", padded)
    b.streaming()
    items = b.record(0.2) + b.stop()
    assert of(Note, items) == []


def test_what_comes_before_a_start_is_noted_and_is_no_sample():
    b = bench().opened()
    b.box.supply().configure(SupplySettings(VOLTAGE_V), b.deadline())
    b.box.configure(SamplingSettings(), b.deadline())
    b.twin.port.emit(b"stray")
    b.box.start(b.deadline())
    items = b.record(0.2) + b.stop()
    [note] = of(Note, items)
    assert (note.text, note.suspicious) == ("5 bytes came before the start, the first 'stray'", True)


def test_a_stream_that_falls_silent_ends_the_acquisition_and_what_came_is_kept():
    b = bench().streaming()
    before = received(b.record(0.3))
    b.clock.sleep(0.2)
    b.twin.port.pending()
    b.world.faults.silent.add("monitor")
    with pytest.raises(TimedOut, match="nothing came for 1 s"):
        b.record(3.0)
    b.world.faults.silent.clear()
    assert before > 0
    b.box.supply().off(b.deadline())
    assert not b.world.powered


def test_a_host_that_was_busy_for_seconds_has_missed_nothing():
    b = bench(ideal=True).streaming()
    b.record(0.3)
    b.clock.sleep(5.0)
    items = b.record(0.3) + b.stop()
    assert not of(Lost, items)
    assert end(items) > 500_000


def test_a_start_that_is_not_heard_of_in_time_is_taken_back():
    b = bench().opened()
    b.box.supply().configure(SupplySettings(VOLTAGE_V), b.deadline())
    b.box.configure(SamplingSettings(), b.deadline())
    b.world.faults.silent.add("monitor")
    received = b.twin.port._on_receive
    heard = []
    b.twin.port._on_receive = lambda data: (heard.append(data), received(data))
    with pytest.raises(TimedOut, match="no sample came"):
        b.box.start(b.deadline())
    assert heard == [b"\x06", b"\x07"]
