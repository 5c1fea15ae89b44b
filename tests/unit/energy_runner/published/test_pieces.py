# SPDX-License-Identifier: Apache-2.0
"""Pieces of a trace are told by their content: copies in part, shifted and touched up, and what is none."""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from energy_runner.published.audit import audit
from energy_runner.published.forgery import LEAST_PIECES, pieces_of
from tests.support import forgeries as forge
from tests.support.dated_sessions import Dated, write_dated
from tests.support.published_sessions import Eembc, write_eembc, write_mlcommons

Trace = npt.NDArray[np.float32]


def noise(seed: int, count: int = 60_000, digits: int = 2) -> Trace:
    return np.random.default_rng(seed).normal(47.0, 1.0, count).round(digits).astype(np.float32)


def in_common(one: Trace, other: Trace) -> int:
    return len(pieces_of(one).standing_for_all() & pieces_of(other).standing_for_all())


def test_a_copy_in_part_shifted_or_touched_up_is_told_and_another_measurement_is_not() -> None:
    trace = noise(1)
    touched = trace.copy()
    touched[::2000] += 0.01
    assert in_common(trace, trace[1024:-3000]) > 10 * LEAST_PIECES
    assert in_common(trace, np.concatenate([noise(2, 777), trace])) > 10 * LEAST_PIECES
    assert in_common(trace, touched) > 10 * LEAST_PIECES
    assert in_common(trace, np.concatenate([noise(3, 48_000), trace[20_000:32_000]])) >= LEAST_PIECES
    assert in_common(trace, noise(4)) == 0


def test_an_idle_board_and_a_short_trace_have_no_pieces() -> None:
    idle = np.random.default_rng(5).integers(0, 8, 60_000).astype(np.float32)  # eight values of the last digit
    assert pieces_of(idle).standing_for_all() == frozenset()
    for count in (0, 1, 64, 65):
        assert pieces_of(noise(6, count)).far_repeats(10) == []


def test_a_window_copied_over_another_is_told_and_a_trace_that_was_computed_is_not() -> None:
    trace = noise(7)
    assert pieces_of(trace).far_repeats(5000) == []
    trace[30_000:41_000] = trace[10_000:21_000]
    again = pieces_of(trace).far_repeats(5000)
    assert len(again) >= LEAST_PIECES
    assert {second - first for first, second in again} == {20_000}
    computed = np.tile(noise(8, 1000), 60)  # each inference as the one before
    assert pieces_of(computed).standing_for_all()
    assert pieces_of(computed).far_repeats(5000) == []


class Noisy(Eembc):
    """A trace of which no sample is as another one's, in four digits."""

    seed = 1

    def samples(self) -> list[float]:
        plain = super().samples()
        return [float(one) for one in (np.array(plain) + noise(self.seed, len(plain)) - 47.0).round(2)]


def republished(folder: Path) -> Path:
    forge.republish(folder)
    return folder


def copy_first_window(folder: Path) -> None:
    file = folder / "trace1-energy.bin"
    data = file.read_bytes()
    values = np.frombuffer(data[5:], "<f4").copy()
    edges = [round(one * 1000) for one in Noisy().edges()]
    for start, stop in zip(edges[3::2], edges[4::2], strict=True):
        count = min(stop - start, edges[2] - edges[1])
        values[start : start + count] = values[edges[1] : edges[1] + count]
    file.write_bytes(data[:5] + struct.pack(f"<{len(values)}f", *values))


def test_windows_that_are_copies_of_the_first_are_doubtful(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy", Noisy())
    (row,) = audit([folder])
    assert row.state == "holds", row.findings
    copy_first_window(folder)
    (row,) = audit([republished(folder)])
    assert (row.state, row.findings[0].id) == ("doubtful", "windows-identical")
    assert "pieces of the trace come again bit for bit, the first of " in row.findings[0].text


def test_a_copy_that_was_touched_up_is_named_and_says_how_much_of_it_is_one(tmp_path: Path) -> None:
    for name in ("A/results/one", "B/results/two"):
        write_eembc(tmp_path / f"v1.0/closed/{name}/kws/energy", Noisy())
    touched = tmp_path / "v1.0/closed/B/results/two/kws/energy"
    forge.samples(lambda uj: [uj[0] + 1.0, *uj[1:-1024]])(touched)
    one, other = audit([tmp_path])
    assert (one.state, other.state) == ("doubtful", "doubtful")
    assert other.findings[0].id == "identical-session"
    assert other.findings[0].text.endswith(f"pieces of the trace are bit for bit those of {one.session}")
    assert other.findings[0].evidence[1].text == one.session


def test_what_was_submitted_again_with_less_of_its_trace_informs(tmp_path: Path) -> None:
    for name in ("v1.0", "v1.1"):
        write_eembc(tmp_path / f"{name}/closed/A/results/one/kws/energy", Noisy())
    forge.samples(lambda uj: uj[:-1024])(tmp_path / "v1.1/closed/A/results/one/kws/energy")
    rows = audit([tmp_path])
    assert [(row.state, row.findings[0].id) for row in rows] == [("holds", "same-session-again")] * 2


@pytest.mark.parametrize("other", [False, True])
def test_sessions_without_noise_are_no_copies_of_each_other(tmp_path: Path, other: bool) -> None:
    """A trace of two levels has no pieces; as a whole it is compared as before."""
    for name, load_s in (("A/results/one", 0.7), ("B/results/two", 0.8)):
        folder = tmp_path / f"v1.0/closed/{name}/kws/energy"
        if other:
            write_mlcommons(folder)
        else:
            write_eembc(folder, Eembc(load_s=load_s))
    states = {row.state for row in audit([tmp_path])}
    assert states == ({"doubtful"} if other else {"holds"})


def test_laps_of_another_session_are_told_though_a_window_was_changed(tmp_path: Path) -> None:
    for name in ("A/results/one", "B/results/two"):
        write_dated(tmp_path / f"v1.3/closed/{name}/kws/performance", Dated())
    changed = tmp_path / "v1.3/closed/B/results/two/kws/performance"

    def change(passes: list[dict[str, dict[str, int]]]) -> None:
        passes[0]["infer"]["end_time"] += 1
        passes[0]["infer"]["elapsed_time"] += 1

    forge.passes(change)(changed)
    forge.republish(changed)
    rows = audit([tmp_path])
    assert {"identical-session"} <= {one.id for one in rows[1].findings}
    assert rows[0].state == "doubtful"
