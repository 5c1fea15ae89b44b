# SPDX-License-Identifier: Apache-2.0
"""Compare our PPK2 decoder with one that handles sample by sample, and our LPM01A binary decoder likewise.

The slow decoders are as lean as such a loop can be, and do the same: counter or messages checked, calibration
applied. They get few samples and ours get many, because only the rates are compared. What a process uses of the
processor counts, not the time on the wall: a busy neighbour slows both.
"""

import struct
import time
from collections.abc import Callable

import numpy as np
import pytest

from instruments.devices.lpm01a.binary import BinaryDecoder
from instruments.devices.lpm01a.twin_binary import sample_words
from instruments.devices.ppk2.calibration import DEFAULTS, Metadata, current_table, currents
from instruments.devices.ppk2.protocol import Ppk2Decoder, Run
from instruments.shell.events import SampleRun

READ_BYTES = 40_000  # what arrives in a tenth of a second, the usual time between two looks
SLOW, FAST = 100_000, 4_000_000
SUPPLY_V = 3.0
Result = tuple[int, float]


def _ppk2_bytes(count: int) -> bytes:
    index = np.arange(count)
    return (index % 9000 | index % 5 << 14 | index % 64 << 18 | 1 << 24).astype("<u4").tobytes()


def _sample_by_sample(data: bytes) -> Result:
    r, gs, gi, o, s, i, ug = (DEFAULTS[name] for name in ("R", "GS", "GI", "O", "S", "I", "UG"))
    expected, count, total = 0, 0, 0.0
    for (word,) in struct.iter_unpack("<I", data):
        counter = word >> 18 & 63
        assert counter == expected
        expected = (counter + 1) & 63
        k = word >> 14 & 7
        x = ((word & 0x3FFF) * 4 - o[k]) * (1.8 / 163840 / r[k])
        total += ug[k] * (x * (gs[k] * x + gi[k]) + s[k] * SUPPLY_V + i[k])
        count += 1
    return count, total


def _vectorised(data: bytes) -> Result:
    decoder, table = Ppk2Decoder(), current_table(Metadata(), SUPPLY_V)
    count, total = 0, 0.0
    for begin in range(0, len(data), READ_BYTES):
        for event in decoder.feed(data[begin : begin + READ_BYTES]):
            assert isinstance(event, Run)
            values = currents(event.words, table)
            count += len(values)
            total += float(values.sum(dtype=np.float64))
    for event in decoder.finish():
        assert isinstance(event, Run)
        count += len(event.words)
        total += float(currents(event.words, table).sum(dtype=np.float64))
    return count, total


def _lpm01a_bytes(count: int) -> bytes:
    values = sample_words(1e-6 + np.arange(count) % 997 * 5e-5)
    stamps = [b"\xf0\xf3" + (10 * k).to_bytes(4, "big") + b"\0\xff\xff" for k in range(count // 1000 + 1)]
    frames = [values[k * 1000 :][:1000].tobytes() + stamps[k + 1] for k in range(count // 1000)]
    return stamps[0] + b"".join(frames)


def _pair_by_pair(data: bytes) -> Result:
    count, total, position = 0, 0.0, 0
    while position < len(data):
        high = data[position]
        if high == 0xF0:
            assert data[position + 1] == 0xF3
            position += 9
            continue
        total += ((high & 15) << 8 | data[position + 1]) * 16.0 ** -(high >> 4)
        count += 1
        position += 2
    return count, total


def _in_frames(data: bytes) -> Result:
    decoder, runs = BinaryDecoder(), []
    for begin in range(0, len(data), READ_BYTES):
        runs += [e.values for e in decoder.feed(data[begin : begin + READ_BYTES]) if isinstance(e, SampleRun)]
    return sum(map(len, runs)), sum(float(values.sum()) for values in runs)


def _samples_per_s(decode: Callable[[bytes], Result], data: bytes, count: int) -> tuple[float, float]:
    """Return the best rate of three, and the mean of the samples."""
    best, total = float("inf"), 0.0
    for _ in range(3):
        begin = time.process_time()
        came, total = decode(data)
        best = min(best, time.process_time() - begin)
        assert came == count
    return count / best, total / count


@pytest.mark.parametrize(
    ("make", "slow", "fast"),
    [(_ppk2_bytes, _sample_by_sample, _vectorised), (_lpm01a_bytes, _pair_by_pair, _in_frames)],
    ids=["ppk2", "lpm01a-binary"],
)
def test_decodes_twenty_times_the_samples_of_a_loop(make, slow, fast):
    slowly, mean_a = _samples_per_s(slow, make(SLOW), SLOW)
    _, same_a = _samples_per_s(fast, make(SLOW), SLOW)
    assert same_a == pytest.approx(mean_a, rel=1e-6)
    quickly, _ = _samples_per_s(fast, make(FAST), FAST)
    said = f"a loop {slowly / 1e6:.2f}, ours {quickly / 1e6:.1f} million samples/s"
    print(said)
    assert quickly >= 20 * slowly, said
