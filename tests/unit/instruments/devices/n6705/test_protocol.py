"""What an N6705 says: records, identity, status; and the account of its log."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.n6705 import protocol as n6705
from instruments.errors import ProtocolViolation
from instruments.scpi.sample_counter import ElogLedger

PERIOD_S = 204.8e-6
S = 1_000_000_000
numbers = st.floats(min_value=-100, max_value=100, width=32)


# --- records ---------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(numbers, numbers), max_size=50), st.booleans())
def test_records_are_decoded_in_both_byte_orders(rows: list[tuple[float, float]], big: bool) -> None:
    data = np.array(rows, dtype=">f4" if big else "<f4").tobytes()
    records = n6705.decode_records(data, 2, big_endian=big)
    assert records.count == len(rows)
    assert list(zip(*(values.tolist() for values in records.values), strict=True)) == rows
    assert not records.bad.any()
    assert all(values.dtype == np.float32 for values in records.values)


@given(st.binary(max_size=200), st.integers(1, 6))
def test_any_bytes_are_records_or_a_violation(data: bytes, parameters: int) -> None:
    try:
        records = n6705.decode_records(data, parameters)
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
    parts = [n6705.decode_records(part, 2) for part in (data[:at], data[at:])]
    joined = [np.concatenate([part.values[i] for part in parts]) for i in range(2)]
    whole = n6705.decode_records(data, 2)
    assert np.array_equal(joined, whole.values, equal_nan=True)


@pytest.mark.parametrize("value", [9.9e37, -9.9e37, 9.91e37, 2e6, np.nan, np.inf, -np.inf])
def test_over_range_is_flagged_and_is_no_number(value: float) -> None:
    data = np.array([(0.1, 3.0), (value, 3.0), (0.2, 3.0)], dtype=">f4").tobytes()
    records = n6705.decode_records(data, 2)
    assert records.bad.tolist() == [False, True, False]
    assert np.isnan(records.values[0][1])
    assert records.values[1].tolist() == [3.0, 3.0, 3.0]


def test_left_over_bytes_are_a_violation() -> None:
    with pytest.raises(ProtocolViolation, match="12 bytes"):
        n6705.decode_records(bytes(12), 2)


@given(st.lists(st.booleans(), max_size=60))
def test_runs_cover_exactly_the_true_values(mask: list[bool]) -> None:
    found = n6705.runs(np.array(mask, dtype=bool))
    rebuilt = [False] * len(mask)
    for start, count in found:
        assert count > 0
        assert not any(rebuilt[start : start + count])
        rebuilt[start : start + count] = [True] * count
    assert rebuilt == mask
    assert all(a + n < b for (a, n), (b, _) in pairwise(found))


# --- identity and status ---------------------------------------------------------------------------------


def test_identity() -> None:
    identity = n6705.parse_identity("KEYSIGHT TECHNOLOGIES,N6705C,MY56001234,E.02.07.3261")
    assert (identity.make, identity.model) == ("KEYSIGHT TECHNOLOGIES", "N6705C")
    assert (identity.serial, identity.firmware, identity.virtual) == ("MY56001234", "E.02.07.3261", False)


def test_a_twin_says_that_it_is_one() -> None:
    assert n6705.parse_identity("KEYSIGHT TECHNOLOGIES,N6705C,TWIN7,E.02.07.3261").virtual


@given(st.text(max_size=60))
def test_any_identity_is_parsed_or_a_violation(line: str) -> None:
    try:
        identity = n6705.parse_identity(line)
    except ProtocolViolation:
        return
    fields = (identity.make, identity.model, identity.serial, identity.firmware)
    assert [part.strip() for part in line.split(",")] == list(fields)


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
    assert n6705.questionable(0) == ""
    assert n6705.questionable(2 | 1024).startswith("OC: ")
    assert "UNR" in n6705.questionable(2 | 1024)


# --- the account of the log ------------------------------------------------------------------------------


def steady(ledger: ElogLedger, seconds: float, *, start_s: float = 0.5, step_s: float = 0.1) -> int:
    """Enter readings every `step_s` of a log that began at `start_s`; return the time of the last (ns)."""
    now_s = start_s
    while now_s < start_s + seconds:
        now_s += step_s
        due = int((now_s - start_s) / PERIOD_S)
        assert ledger.account(round(now_s * S), round(now_s * S), due - ledger.next_index) is None
    return round(now_s * S)


def test_a_whole_log_is_whole() -> None:
    ledger = ElogLedger(PERIOD_S, 0)
    steady(ledger, 60.0)
    assert ledger.next_index == pytest.approx(60.0 / PERIOD_S, rel=1e-2)


def test_nothing_is_missing_before_the_trigger_however_late_it_comes() -> None:
    ledger = ElogLedger(PERIOD_S, 0)
    for second in range(1, 100):
        assert ledger.account(second * S, second * S, 0) is None
    assert ledger.account(100 * S, 100 * S, 100) is None
    assert ledger.next_index == 100


def test_a_gap_in_the_records_is_estimated_from_the_clock() -> None:
    ledger = ElogLedger(PERIOD_S, 0)
    last_ns = steady(ledger, 5.0)
    lost = ledger.account(last_ns + 2 * S, last_ns + 2 * S, round(0.5 / PERIOD_S))
    assert lost is not None
    assert lost.missing == pytest.approx(1.5 / PERIOD_S, rel=1e-3)
    assert lost.before - lost.after == lost.missing
    assert "have not come" in lost.detail


def test_a_full_fifo_is_a_loss_even_where_the_clock_shows_none() -> None:
    ledger = ElogLedger(PERIOD_S, 0)
    last_ns = steady(ledger, 1.0)
    lost = ledger.account(last_ns + 20 * S, last_ns + 20 * S, round(20 / PERIOD_S))
    assert lost is not None
    assert lost.missing >= 1
    assert "was full" in lost.detail


def test_a_fifo_that_was_full_at_the_first_reading_may_have_lost_the_beginning() -> None:
    ledger = ElogLedger(PERIOD_S, 0)
    lost = ledger.account(50 * S, 50 * S, round(20 / PERIOD_S))
    assert lost is not None
    assert lost.after == 0
    assert lost.missing == pytest.approx(30 / PERIOD_S, rel=1e-3)


def test_a_lost_answer_is_a_loss_however_small() -> None:
    ledger = ElogLedger(PERIOD_S, 0)
    last_ns = steady(ledger, 1.0)
    lost = ledger.account(last_ns + S // 50, last_ns + S // 50, 10, doubtful=True)
    assert lost is not None
    assert lost.missing == pytest.approx(0.02 / PERIOD_S - 10, abs=2)


def test_a_doubt_before_the_first_record_is_kept_until_it_comes() -> None:
    ledger = ElogLedger(PERIOD_S, 0)
    assert ledger.account(S, S, 0, doubtful=True) is None
    lost = ledger.account(2 * S, 2 * S, 10)
    assert lost is not None
    assert "lost on the way" in lost.detail
    assert ledger.account(2 * S + S // 100, 2 * S + S // 100, 48) is None


def test_a_log_that_went_silent_is_noticed_at_the_end() -> None:
    ledger = ElogLedger(PERIOD_S, 0)
    last_ns = steady(ledger, 2.0)
    assert ledger.account(last_ns + 3 * S, last_ns + 3 * S, 0) is None
    lost = ledger.account(last_ns + 3 * S, last_ns + 3 * S, 0, final=True)
    assert lost is not None
    assert lost.missing == pytest.approx(3 / PERIOD_S, rel=1e-3)


@pytest.mark.parametrize("ppm", [-150, 150])
def test_the_drift_of_two_good_clocks_is_no_loss(ppm: int) -> None:
    ledger = ElogLedger(PERIOD_S, 0)
    for step in range(1, 36000):
        due = int(step * 0.1 * (1 + ppm * 1e-6) / PERIOD_S)
        assert ledger.account(step * S // 10, step * S // 10, due - ledger.next_index) is None


def test_more_records_than_time_means_that_something_else_is_logged() -> None:
    ledger = ElogLedger(PERIOD_S, 0)
    ledger.account(S, S, 100)
    tenth = round(0.1 / PERIOD_S)
    assert ledger.account(S + S // 10, S + S // 10, tenth) is None
    with pytest.raises(ProtocolViolation, match="no other channel"):
        ledger.account(S + S // 5, S + S // 5, 3 * tenth)
