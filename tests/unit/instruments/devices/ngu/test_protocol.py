# SPDX-License-Identifier: Apache-2.0
"""What an NGU says: models, rates, blocks, status; any bytes are values or a violation, however they are split."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import Deadline, VirtualClock
from instruments.devices.ngu import dialect
from instruments.devices.ngu import protocol as ngu
from instruments.errors import ProtocolViolation
from instruments.links.stream_scpi import StreamScpiLink
from instruments.scpi.blocks import format_block
from instruments.scpi.session import ScpiSession

numbers = st.floats(min_value=-100, max_value=100, width=32)
STATUS = dialect.status_dialect(1)
pairs = st.lists(st.tuples(numbers, numbers), max_size=12)


@pytest.mark.parametrize(
    ("family", "model", "taken"),
    [
        *((dialect.NGU, model, True) for model in ("NGU201", "NGU401")),
        *((dialect.NGU, model, False) for model in ("NGU411", "NGM202", "NGU2011", "ngu201", "", "N6705C")),
        *((dialect.NGM, model, True) for model in ("NGM201", "NGM202")),
        *((dialect.NGM, model, False) for model in ("NGM203", "NGL202", "NGU201", "NGM2021", "")),
    ],
)
def test_models_that_take_these_commands(family: dialect.Family, model: str, taken: bool) -> None:
    assert bool(family.known.fits(model)) is taken
    assert (model in family.channels) is taken


# --- rates -----------------------------------------------------------------------------------------------


def test_the_names_of_the_rates_are_their_digits() -> None:
    for name, hz in ngu.RATES.items():
        whole, _, rest = name.partition("K")
        told = float(f"{whole}.{rest or 0}") * 1000 if "K" in name else float(name)
        assert told == pytest.approx(hz, rel=0.02), name
        assert ngu.period_s(f" S{name}\r") == ngu.period_s(name.lower()) == 1 / hz


@given(st.floats(min_value=1e-3, max_value=1e6))
def test_the_lowest_rate_that_is_high_enough_comes_first(rate_hz: float) -> None:
    offered = [ngu.RATES[name] for name in ngu.rates_from(rate_hz)]
    assert offered == sorted(hz for hz in ngu.RATES.values() if hz >= rate_hz)


@given(st.text(max_size=12) | st.text("sSkK0123456789", max_size=6))
def test_any_answer_is_a_rate_or_a_violation(answer: str) -> None:
    try:
        period_s = ngu.period_s(answer)
    except ProtocolViolation:
        return
    assert period_s in [1 / hz for hz in ngu.RATES.values()]


# --- records ---------------------------------------------------------------------------------------------


class Scripted:
    """A link that gives away `data` in `pieces` and then nothing."""

    name = "monitor"

    def __init__(self, clock: VirtualClock, data: bytes, pieces: list[int]) -> None:
        self._clock = clock
        edges = [0, *sorted(min(at, len(data)) for at in pieces), len(data)]
        self._parts = [data[a:b] for a, b in pairwise(edges) if a < b]

    def open(self, deadline: Deadline) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Take everything."""

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        if not self._parts:
            self._clock.advance_to(deadline.at_ns)
            return b""
        part = self._parts.pop(0)
        if len(part) > max_bytes:
            self._parts.insert(0, part[max_bytes:])
        return part[:max_bytes]


def fetched(data: bytes, pieces: list[int]) -> ngu.Records:
    """Return the records in the answer `data` to one fetch, which arrives in pieces."""
    clock = VirtualClock()
    session = ScpiSession(StreamScpiLink(Scripted(clock, data, pieces)), "monitor")
    session.in_step = True
    return ngu.decode(session.ask_block("FLOG:DATA?", 1000, clock.deadline(1.0)))


def answer(rows: list[tuple[float, float]]) -> bytes:
    return format_block(np.array(rows, dtype="<f4").tobytes()) + b"\n"


@given(pairs)
def test_records_split_at_every_byte_are_the_same(rows: list[tuple[float, float]]) -> None:
    """Voltage first; floats full of line feeds and block signs are legal."""
    data = answer(rows)
    for at in range(len(data) + 1):
        records = fetched(data, [at])
        assert list(zip(*(v.tolist() for v in records.values), strict=True)) == rows
        assert not records.bad.any()


@given(st.binary(max_size=96), st.lists(st.integers(0, 96), max_size=6))
def test_any_answer_is_records_or_a_violation(data: bytes, pieces: list[int]) -> None:
    outcomes = []
    for split in ([], pieces, list(range(len(data)))):
        try:
            records = fetched(data, split)
            outcomes.append((records.count, np.array(records.values).tobytes()))
        except (ProtocolViolation, TimeoutError) as error:
            outcomes.append((type(error).__name__, b""))
    assert outcomes[0] == outcomes[1] == outcomes[2]


@given(st.binary(max_size=64))
def test_a_block_with_half_a_record_is_a_violation(data: bytes) -> None:
    if len(data) % ngu.RECORD_BYTES:
        with pytest.raises(ProtocolViolation):
            ngu.decode(data)
    else:
        assert ngu.decode(data).count == len(data) // ngu.RECORD_BYTES


def test_what_is_no_number_is_bad_and_nan() -> None:
    records = ngu.decode(np.array([(3, 0.1), (3, math.nan), (9.91e37, 0.1)], dtype="<f4").tobytes())
    assert records.bad.tolist() == [False, True, True]
    assert np.isnan(records.values[1][1])
    assert np.isnan(records.values[0][2])


def test_questionable_bits_in_words() -> None:
    assert STATUS.in_words(0) == STATUS.in_words(2) == ""  # constant voltage is as it should be
    assert STATUS.in_words(1).startswith("CC")
    assert "skipped" in STATUS.in_words(2048)
    assert STATUS.in_words(1 | 512).count(";") == 1
