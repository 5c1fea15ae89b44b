# SPDX-License-Identifier: Apache-2.0
"""A lost or a surplus edge: the published figure is wrong, the corrected one stands beside it and says so."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from energy_runner.published.audit import audit
from energy_runner.published.contents import load
from energy_runner.published.correct import Change, correct
from energy_runner.published.discover import find_one
from energy_runner.published.model import Figure, PublishedSession
from energy_runner.published.read import read
from energy_runner.published.row import AuditRow
from tests.support.published_sessions import TRUE_UJ, Eembc, mlcommons_passes, write_eembc, write_mlcommons

Bend = Callable[[list[float]], list[float]]


def row_of(folder: Path) -> AuditRow:
    (row,) = audit([folder])
    return row


def session_of(folder: Path) -> PublishedSession:
    return read(load(find_one(folder)))


def without(*places: int) -> Bend:
    return lambda stamps: [stamp for place, stamp in enumerate(stamps) if place not in places]


def with_more(*seconds: float) -> Bend:
    return lambda stamps: sorted([*stamps, *seconds])


@pytest.mark.parametrize("place", range(11))
def test_one_lost_edge_wherever_it_was(tmp_path: Path, place: int) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy", Eembc(stamps=without(place))))
    assert row.published == row.reproduced  # wrong, but this is what the runner printed
    assert row.corrected == row.ours == pytest.approx(TRUE_UJ, rel=5e-4)
    assert row.basis.startswith("corrected: ")
    assert "is missing" in row.basis
    assert row.state in {"does-not-reproduce", "doubtful"}
    assert any(finding.text.startswith("edge missing: 10 timestamps, 11 expected") for finding in row.findings)
    assert any(finding.id == "corrected" for finding in row.findings)
    if place < 8:  # the last windows are hardly moved by the last edges
        assert any("not in the phase of its infer command" in finding.text for finding in row.findings)
        assert row.published != pytest.approx(TRUE_UJ, rel=5e-3) or place in {6, 7}


@pytest.mark.parametrize("places", [(2, 7), (1, 8), (3, 4), (1, 2), (0, 6)])
def test_two_lost_edges(tmp_path: Path, places: tuple[int, int]) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy", Eembc(stamps=without(*places))))
    assert row.corrected == pytest.approx(TRUE_UJ, rel=1e-3)
    if places in {(3, 4), (1, 2)}:
        assert "without window" in row.basis


@pytest.mark.parametrize("second", [5.0, 12.45, 13.0, 0.9, 45.001])
def test_a_surplus_edge(tmp_path: Path, second: float) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy", Eembc(stamps=with_more(second))))
    assert row.corrected == pytest.approx(TRUE_UJ, rel=1e-6)
    assert "1 edge(s) belong to no command" in row.basis
    assert any(finding.text.startswith("edge surplus: 12 timestamps, 11 expected") for finding in row.findings)


def test_edges_out_of_order_are_put_in_order_by_the_log(tmp_path: Path) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy", Eembc(stamps=lambda stamps: stamps[::-1])))
    assert row.reproduced is None
    assert row.corrected == pytest.approx(TRUE_UJ, rel=1e-6)
    assert any(finding.text == "timestamps are not in order" for finding in row.findings)


def test_edges_that_fit_no_command_are_not_forced_to(tmp_path: Path) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy", Eembc(stamps=lambda stamps: [s + 3.0 for s in stamps])))
    assert row.ours is None
    assert row.corrected is None


def test_a_session_that_lost_most_edges_is_not_guessed(tmp_path: Path) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy", Eembc(stamps=lambda stamps: stamps[:4])))
    assert row.ours is None


def test_edges_that_were_recorded_where_the_log_says_need_no_correction(tmp_path: Path) -> None:
    good = session_of(write_eembc(tmp_path / "good/kws/energy"))
    assert good.recording is not None
    assert correct(good) is None
    backwards = replace(good, recording=replace(good.recording, edges=good.recording.edges[::-1]))
    correction = correct(backwards)
    assert correction is not None
    assert correction.changes == (Change("told-by-log"),)
    assert correction.session.recording is not None
    assert correction.session.recording.edges == good.recording.edges
    fewer = replace(good, commands=good.commands[:4], figures=[Figure("Power", 2 * k + 2, "1") for k in range(5)])
    assert correct(fewer) is not None  # the log breaks off, and the windows that it holds can be measured


def test_a_session_of_another_mode_or_with_absurdly_many_commands_is_not_searched(tmp_path: Path) -> None:
    lost = session_of(write_eembc(tmp_path / "kws/energy", Eembc(stamps=without(4))))
    assert correct(lost) is not None
    assert correct(replace(lost, mode="performance")) is None
    assert correct(replace(lost, commands=lost.commands * 201)) is None


def test_a_good_session_is_not_corrected(tmp_path: Path) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy"))
    assert row.corrected is None
    assert row.basis == "measured"
    assert row.good


def test_the_uncertainty_of_a_placed_edge_counts(tmp_path: Path) -> None:
    uneven = (0.1060, 0.1040, 0.105, 0.1058, 0.1042)
    good = row_of(write_eembc(tmp_path / "good/kws/energy", Eembc(period_s=uneven)))
    lost = row_of(write_eembc(tmp_path / "lost/kws/energy", Eembc(period_s=uneven, stamps=without(5))))
    assert good.ours_u is not None
    assert lost.ours_u is not None
    assert lost.corrected == pytest.approx(good.ours, abs=lost.ours_u)


# --- the MLCommons runner -------------------------------------------------------------------------------


def stamps(passes: list[dict[str, object]], number: int) -> list[list[object]]:
    power = passes[number]["power"]
    assert isinstance(power, dict)
    found: list[list[object]] = power["timestamps"]
    return found


def test_a_spurious_pulse_after_the_stop(tmp_path: Path) -> None:
    passes = mlcommons_passes()
    stamps(passes, 2).append(["06", stamps(passes, 2)[1][1] + 30])  # type: ignore[operator]
    row = row_of(write_mlcommons(tmp_path / "kws/energy", passes))
    assert row.corrected == pytest.approx(241.08, rel=1e-4)
    assert any("counter jumps" in finding.text for finding in row.findings)
    assert any("throughput of the windows varies" in finding.text for finding in row.findings)


def test_stops_that_came_late_make_windows_of_the_pauses(tmp_path: Path) -> None:
    passes = mlcommons_passes()
    last = [stamps(passes, number).pop() for number in range(5)]
    stamps(passes, 0).insert(0, ["-1", 200])
    for number, stop in itertools.pairwise(range(5)):
        stamps(passes, stop).insert(0, [last[number][0], 2])
    row = row_of(write_mlcommons(tmp_path / "kws/energy", passes))
    assert row.published is not None
    assert row.published < 100
    assert row.ours is None or row.ours == pytest.approx(241.08, rel=0.02)
    assert any("not in the phase" in finding.text for finding in row.findings)


def test_a_lost_edge_of_the_other_runner_leaves_its_window_out(tmp_path: Path) -> None:
    passes = mlcommons_passes()
    stamps(passes, 1).pop()
    row = row_of(write_mlcommons(tmp_path / "kws/energy", passes))
    assert row.corrected == pytest.approx(241.08, rel=1e-3)
    assert "without window 2" in row.basis
