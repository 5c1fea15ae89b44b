# SPDX-License-Identifier: Apache-2.0
"""Bytes written down here by hand, and what they mean by the makers' documents, worked out on paper.

A twin and a driver that come from one hand may share an error; no twin has a part in these.
"""

import struct

import numpy as np
import pytest

from instruments.devices.dmm7510.protocol import period_s as dmm_period_s
from instruments.devices.lpm01a.binary import BinaryDecoder
from instruments.devices.n6705.dialect import log_dialect
from instruments.devices.n6705.dlog_file import parse_file
from instruments.devices.ngu.protocol import decode as decode_ngu
from instruments.devices.ppk2.calibration import current_table, currents, parse_metadata
from instruments.devices.ppk2.protocol import Ppk2Decoder, Run
from instruments.devices.ptdaemon.protocol import Reading, parse_line
from instruments.devices.wt310.protocol import readings
from instruments.joulescope.messages import read_bits, read_floats
from instruments.scpi.keithley import decode_plain, decode_timed
from instruments.shell.events import SampleRun

PPK2_METADATA = (
    b"Calibrated: 1\nR2: 10.0\nGS2: 1.5\nGI2: 0.99\nO2: 80.0\nS2: 0.00002\nI2: 0.00001\nUG2: 1.01\nVDD: 3300\nEND"
)


def ppk2_words(data: bytes) -> np.ndarray:
    decoder = Ppk2Decoder()
    return np.concatenate([one.words for one in (*decoder.feed(data), *decoder.finish()) if isinstance(one, Run)])


def test_a_word_of_a_ppk2_with_a_calibration() -> None:
    """ADC 1000, range 2, counter 5, D7 high: 1000 + (2 << 14) + (5 << 18) + (128 << 24) = 0x801483E8."""
    words = ppk2_words(bytes.fromhex("E8831480") + bytes.fromhex("E8831880"))
    assert words.tolist() == [0x801483E8, 0x801883E8]
    found = currents(words, current_table(parse_metadata(PPK2_METADATA), 3.3))
    # x = (4000 - 80) (1.8 / 163840) / 10 = 4.306640625 mA; x (1.5 x + 0.99) = 4.291394949 mA;
    # + 20 uS 3.3 V + 10 uA = 4.367394949 mA; times 1.01.
    assert found[0] == pytest.approx(4.411068898e-3, rel=1e-7)


@pytest.mark.parametrize(
    ("number", "current_a"),
    # 4 * 8192 * 1.8 / 163840 = 0.36 V across the default resistor, and the calibration's second order of gain 1:
    # x + x * x.
    [
        (0, 0.36 / 1031.64 * (1 + 0.36 / 1031.64)),
        (3, 0.36 / 0.94 * (1 + 0.36 / 0.94)),
        (4, 0.36 / 0.043 * (1 + 0.36 / 0.043)),
    ],
)
def test_the_default_resistors_of_a_ppk2(number: int, current_a: float) -> None:
    words = np.array([8192 | number << 14], dtype=np.uint32)
    assert currents(words, current_table(parse_metadata(b"R0: 0\nEND"), 3.0))[0] == pytest.approx(current_a)


def test_binary_samples_of_an_lpm01a() -> None:
    """UM2269: 52 A0 is 0x2A0 = 672 / 16^5 = 640.869 uA; 31 45 is 0x145 = 325 / 16^3 = 79.346 mA."""
    decoder = BinaryDecoder()
    stamp = bytes.fromhex("F0F30000000000FFFF")
    runs = [one for one in decoder.feed(stamp + bytes.fromhex("52A03145") + stamp) if isinstance(one, SampleRun)]
    assert np.concatenate([one.values for one in runs]) == pytest.approx([640.869140625e-6, 79.345703125e-3])


def test_records_of_an_ngu_are_voltage_then_current_with_the_lowest_byte_first() -> None:
    """3.0 is 0x40400000 and 0.0125 is 0x3C4CCCCD."""
    volt, ampere = decode_ngu(bytes.fromhex("00004040CDCC4C3C")).values
    assert volt.tolist() == [3.0]
    assert ampere == pytest.approx([0.0125])


def test_records_of_an_n6705_are_current_then_voltage_with_the_highest_byte_first() -> None:
    ampere, volt = log_dialect("(@1)", aux=False).decode(bytes.fromhex("3C4CCCCD40400000")).values
    assert ampere == pytest.approx([0.0125])
    assert volt.tolist() == [3.0]


def test_the_file_of_a_data_log_has_the_voltage_of_a_channel_before_its_current() -> None:
    header = (
        b"<dlog><frame><tint>4.096e-05</tint><time>10</time></frame>"
        b'<channel id="2"><sense_volt>1</sense_volt><sense_curr>1</sense_curr></channel></dlog>\n'
    )
    data = header + bytes(8) + bytes.fromhex("404000003C4CCCCD") * 2
    ampere, volt = parse_file(data, ((2, "current"), (2, "voltage")), 40.96e-6).values
    assert ampere == pytest.approx([0.0125] * 2)
    assert volt.tolist() == [3.0] * 2


def test_readings_of_a_keithley_have_the_highest_byte_first() -> None:
    assert decode_plain(bytes.fromhex("3C4CCCCD")).records.values[0] == pytest.approx([0.0125])
    # 0.0125 is 0x3F8999999999999A and 0.001 is 0x3F50624DD2F1A9FC as double precision.
    timed = decode_timed(bytes.fromhex("3F8999999999999A3F50624DD2F1A9FC"))
    assert timed.records.values[0] == pytest.approx([0.0125])
    assert timed.times_s is not None
    assert timed.times_s.tolist() == [0.001]
    assert dmm_period_s("+2.500000E+04") == 40e-6


def test_a_message_of_a_joulescope_counts_its_samples_and_its_bits_from_the_lowest() -> None:
    message = {"sample_id": 2000, "sample_rate": 2_000_000, "decimate_factor": 2}
    piece = read_floats(message | {"data": np.array([0.0125, 0.5], dtype=np.float32)}, 2_000_000, 2)
    assert (piece.first, piece.step, piece.end) == (2000, 2, 2004)
    bits = read_bits(message | {"decimate_factor": 1, "data": np.array([0b00000111], np.uint8)}, 2_000_000, 1)
    assert bits.values.tolist() == [1, 1, 1, 0, 0, 0, 0, 0]


def test_lines_of_the_slow_meters() -> None:
    line = "Time,11-29-2026 10:00:01.500,Watts,22.970000,Volts,227.370000,Amps,0.204340,PF,0.494400,Mark,a"
    assert parse_line(line) == Reading(36001.5, 22.97, "a")
    assert readings("1.2500E-02,NAN,3.0000E+00", 3)[0] == 0.0125
    assert struct.pack(">f", 0.0125).hex().upper() == "3C4CCCCD"  # as used above
