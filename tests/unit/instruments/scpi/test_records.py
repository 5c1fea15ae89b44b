# SPDX-License-Identifier: Apache-2.0
"""Records of loggers: float32 values, interleaved, from any bytes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import ProtocolViolation
from instruments.scpi import records as scpi_records

numbers = st.floats(min_value=-100, max_value=100, width=32)


@given(st.lists(st.tuples(numbers, numbers), max_size=50), st.booleans())
def test_records_are_decoded_in_both_byte_orders(rows: list[tuple[float, float]], big: bool) -> None:
    data = np.array(rows, dtype=">f4" if big else "<f4").tobytes()
    records = scpi_records.decode_records(data, 2, big_endian=big)
    assert records.count == len(rows)
    assert list(zip(*(values.tolist() for values in records.values), strict=True)) == rows
    assert not records.bad.any()
    assert all(values.dtype == np.float32 for values in records.values)


@given(st.binary(max_size=200), st.integers(1, 6))
def test_any_bytes_are_records_or_a_violation(data: bytes, parameters: int) -> None:
    try:
        records = scpi_records.decode_records(data, parameters)
    except ProtocolViolation:
        assert len(data) % (4 * parameters)
        return
    assert records.count * 4 * parameters == len(data)
    unusable = np.isnan(np.array(records.values)).any(axis=0) if data else records.bad
    assert (unusable == records.bad).all()


@given(st.lists(st.binary(min_size=8, max_size=8), max_size=20), st.integers(0, 20))
def test_blocks_cut_between_records_give_the_same_records(rows: list[bytes], cut: int) -> None:
    data = b"".join(rows)
    at = 8 * cut
    parts = [scpi_records.decode_records(part, 2) for part in (data[:at], data[at:])]
    joined = [np.concatenate([part.values[i] for part in parts]) for i in range(2)]
    whole = scpi_records.decode_records(data, 2)
    assert np.array_equal(joined, whole.values, equal_nan=True)


@pytest.mark.parametrize("value", [9.9e37, -9.9e37, 9.91e37, 2e6, np.nan, np.inf, -np.inf])
def test_over_range_is_flagged_and_is_no_number(value: float) -> None:
    data = np.array([(0.1, 3.0), (value, 3.0), (0.2, 3.0)], dtype=">f4").tobytes()
    records = scpi_records.decode_records(data, 2)
    assert records.bad.tolist() == [False, True, False]
    assert np.isnan(records.values[0][1])
    assert records.values[1].tolist() == [3.0, 3.0, 3.0]


def test_left_over_bytes_are_a_violation() -> None:
    with pytest.raises(ProtocolViolation, match="12 bytes"):
        scpi_records.decode_records(bytes(12), 2)


@given(st.lists(st.booleans(), max_size=60))
def test_runs_cover_exactly_the_true_values(mask: list[bool]) -> None:
    found = scpi_records.runs(np.array(mask, dtype=bool))
    rebuilt = [False] * len(mask)
    for start, count in found:
        assert count > 0
        assert not any(rebuilt[start : start + count])
        rebuilt[start : start + count] = [True] * count
    assert rebuilt == mask
    assert all(a + n < b for (a, n), (b, _) in pairwise(found))
