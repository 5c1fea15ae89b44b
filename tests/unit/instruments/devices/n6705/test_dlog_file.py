# SPDX-License-Identifier: Apache-2.0
"""The file of the built-in data log: as the twin writes it, cut anywhere, and as random bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.n6705.dlog_file import parse_file, parse_header
from instruments.errors import ProtocolViolation

OURS = ((1, "current"), (1, "voltage"))
PERIOD_S = 40.96e-6
ROWS = np.array([[3.0, 0.01], [3.1, 0.02], [2.9, 0.03]])  # the file holds the voltage first


def file(
    *channels: tuple[int, int, int], rows: np.ndarray = ROWS, tint: str = "4.096e-05", minmax: int = 0
) -> bytes:
    """Return a file with the channels given as (number, voltage logged, current logged)."""
    body = "".join(
        f'<channel id="{number}"><1ua>0</1ua><sense_volt>{volt}</sense_volt>'
        f"<sense_curr>{curr}</sense_curr></channel>"
        for number, volt, curr in channels
    )
    frame = f"<frame><tint>{tint}</tint><time>30</time><sense_minmax>{minmax}</sense_minmax></frame>"
    return f"<dlog>{frame}{body}</dlog>\n".encode() + b"8 bytes!" + rows.astype(">f4").tobytes()


WHOLE = file((1, 1, 1), (2, 0, 0))


def test_the_columns_are_those_that_were_asked_for_in_their_order() -> None:
    records = parse_file(WHOLE, OURS, PERIOD_S)
    assert np.allclose(records.values[0], ROWS[:, 1])
    assert np.allclose(records.values[1], ROWS[:, 0])
    assert not records.bad.any()
    assert parse_header(WHOLE).planned_s == 30.0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (file((1, 1, 1), (2, 1, 0)), "voltage of channel 2"),  # the trap: after *RST every voltage is logged
        (file((1, 0, 1)), "it holds current of channel 1"),
        (file((1, 1, 1), tint="2.048e-05"), "a period of 2.048e-05 s in the file"),
        (file((1, 1, 1), minmax=1), "minima and maxima"),
        (file(), "0 values a record"),
        (file((1, 1, 1), tint="nan"), "<tint>"),
        (file((1, 1, 1), tint="1e99999"), "<tint>"),
        (b"<dlog>" + WHOLE, "of channel 1"),
        (b"#0", "instead of <dlog>"),
    ],
)
def test_a_file_that_is_not_what_was_set_is_refused(data: bytes, said: str) -> None:
    if data.startswith(b"<dlog><dlog>"):
        assert parse_file(data, OURS, PERIOD_S).count == len(ROWS)
        return
    with pytest.raises(ProtocolViolation, match=said):
        parse_file(data, OURS, PERIOD_S)


def test_absurd_values_and_bytes_after_the_last_record_are_no_samples() -> None:
    rows = ROWS.copy()
    rows[1, 0] = 1e30
    records = parse_file(file((1, 1, 1), rows=rows) + b"abc", OURS, PERIOD_S)
    assert records.count == 3
    assert list(records.bad) == [False, True, False]
    assert np.isnan(records.values[1][1])


def test_cut_anywhere_it_gives_its_first_records_or_is_refused() -> None:
    for end in range(len(WHOLE)):
        try:
            records = parse_file(WHOLE[:end], OURS, PERIOD_S)
        except ProtocolViolation:
            assert end <= WHOLE.index(b"</dlog>") + len(b"</dlog>")
            continue
        assert np.allclose(records.values[1], ROWS[: records.count, 0])


@given(st.binary(max_size=300), st.integers(0, len(WHOLE)))
def test_any_bytes_are_records_or_a_violation(noise: bytes, at: int) -> None:
    for data in (noise, b"<dlog>" + noise, WHOLE[:at] + noise + WHOLE[at:]):
        try:
            parse_file(data, OURS, PERIOD_S)
        except ProtocolViolation as error:
            assert error.came
