# SPDX-License-Identifier: Apache-2.0
"""A steady clock whose stamps are coarser than its rows: what is missing is counted, or said to be uncountable."""

from pathlib import Path

import numpy as np
import pytest

import energy_runner as er
from energy_runner.traces.grid import Grid, fit, rounded
from energy_runner.traces.rounding import Band, clock_of
from tests.support.trace_files.reading import read

STEP_S = 1e-3


def rows_left(count: int, lost: float, seed: int = 1) -> np.ndarray:
    """Which of `count` samples have a row, if each is lost by chance."""
    here = np.random.default_rng(seed).random(count) >= lost
    here[[0, -1]] = True
    return np.flatnonzero(here)


def stamps_of(rows: np.ndarray, rate_hz: float, phase: float = 0.2371) -> np.ndarray:
    return np.round(rows / rate_hz / STEP_S + phase) * STEP_S


def placed(stamps: np.ndarray) -> tuple[np.ndarray, float, bool]:
    found = fit(stamps, STEP_S)
    assert found is not None
    grid = Grid(
        rounded(found, STEP_S, float(stamps[-1]), float(stamps[0])), STEP_S, found.way, found.scatter, found.ties
    )
    parts = [grid.place(stamps[k : k + 7777])[0] for k in range(0, len(stamps), 7777)]
    return np.concatenate(parts), grid.period_s, found.counts


@pytest.mark.parametrize("lost", [0.0, 1e-4, 1e-2])
@pytest.mark.parametrize("rate_hz", [700.0, 990.0, 1003.7, 1024.0, 3906.25, 20480.0])
def test_scattered_losses_are_counted_where_rows_share_stamps_or_nearly_do(rate_hz: float, lost: float) -> None:
    """1024 rows a second with one loss in 10⁴ had a period 2.4 % too long; 990 and 700 lost 1 % and 43 % more."""
    rows = rows_left(40_000, lost)
    index, period_s, counts = placed(stamps_of(rows, rate_hz))
    assert counts
    assert int(index[-1]) == pytest.approx(rows[-1], abs=1)
    assert period_s == pytest.approx(1 / rate_hz, rel=2e-6)
    assert np.max(np.abs(index - rows)) <= rate_hz * STEP_S + 1  # within its stamp


@pytest.mark.parametrize("phase", [0.0, 0.2371])
def test_samples_that_lie_between_two_steps_are_rounded_to_either(phase: float) -> None:
    rows = rows_left(40_000, 1e-3)
    index, _, _ = placed(stamps_of(rows, 2000.0, phase))
    assert int(index[-1]) == rows[-1]


@pytest.mark.parametrize(("rate_hz", "lost"), [(1003.7, 0.05), (20480.0, 0.05), (44100.0, 0.05), (999.9, 0.02)])
def test_losses_that_a_slower_clock_explains_as_well_are_said_to_be_uncountable(
    rate_hz: float, lost: float
) -> None:
    rows = rows_left(100_000, lost)
    found = clock_of(stamps_of(rows, rate_hz) - stamps_of(rows[:1], rate_hz), STEP_S, ())
    assert found is not None
    assert not found.counts


def test_a_row_that_is_there_twice_is_no_sample_where_a_stamp_has_one() -> None:
    stamps = stamps_of(np.arange(20_000), 990.0)
    index, _, _ = placed(np.insert(stamps, 700, stamps[700]))
    assert index.tolist() == list(range(20_000))


def test_more_rows_than_samples_in_a_stamp_are_noticed() -> None:
    stamps = stamps_of(np.arange(20_000), 1024.0)
    band = Band(1 / 1024, STEP_S)
    band.place(np.insert(stamps, [700] * 4, stamps[700]) - stamps[0])
    assert 0 < band.surplus <= 2


def test_stamps_of_a_host_are_no_rounded_clock() -> None:
    rng = np.random.default_rng(1)
    stamps = np.round((np.arange(20_000) / 1024 + rng.uniform(0, 4e-3, 20_000)) / STEP_S) * STEP_S
    found = fit(stamps, STEP_S)
    assert found is not None
    assert (found.way, found.counts) == ("jittering", False)


def table(path: Path, stamps: np.ndarray, amps: np.ndarray) -> Path:
    lines = [f"{t:.3f},{a * 1e6:.3f}" for t, a in zip(stamps, amps, strict=True)]
    path.write_text("time (s),current (uA)\n" + "\n".join(lines) + "\n")
    return path


def test_the_joules_are_those_of_the_load_and_the_losses_enter(tmp_path: Path) -> None:
    """A load of 1 mA that draws 3 mA from 12 s to 24 s, at 3 V: 12 s hold 108 mJ. It was 2.4 % off."""
    rows = rows_left(36 * 1024, 3e-4)
    amps = np.where((rows >= 12 * 1024) & (rows < 24 * 1024), 3e-3, 1e-3)
    path = table(tmp_path / "t.csv", stamps_of(rows, 1024.0, 0.0), amps)
    (tmp_path / "times.csv").write_text("time (s)\n12.000\n24.000\n")
    session = er.import_trace(path, tmp_path / "s", edges="times.csv", voltage_v=3.0, inferences=100)
    window = session.result().windows[0]
    assert window.energy_j == pytest.approx(0.108, rel=2e-4)
    assert window.samples_missing == 12 * 1024 - np.sum((rows >= 12 * 1024) & (rows < 24 * 1024))


def test_where_losses_cannot_be_counted_the_rule_does_not_know(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    stamps = np.arange(30_000) * 1e-3 + rng.uniform(0, 3e-3, 30_000)
    path = table(tmp_path / "t.csv", np.sort(stamps), np.full(30_000, 1e-3))
    (tmp_path / "times.csv").write_text("time (s)\n5.000\n20.000\n")
    session = er.import_trace(path, tmp_path / "s", edges="times.csv", voltage_v=3.0, inferences=100)
    verdict = next(one for one in session.result().verdicts if one.id == "no-lost-samples")
    assert (verdict.passed, verdict.known) == (False, False)
    assert any("cannot be counted" in note for note in session.record.notes)


@pytest.mark.parametrize("rate_hz", [1111.0, 10_000.0])
def test_times_with_six_digits_lose_no_rows_when_their_step_grows(rate_hz: float, tmp_path: Path) -> None:
    """From 100 s on ten rows at 10 kHz share a time: nine were left out. At 1111 Hz, 11 % were missing."""
    count = round(130 * rate_hz)
    path = tmp_path / "t.csv"
    path.write_text("time (s),current (mA)\n" + "".join(f"{k / rate_hz:g},1\n" for k in range(count)))
    values, opened = read(path)
    assert len(values) == count
    assert opened.head.period_s == pytest.approx(1 / rate_hz, rel=1e-6)
    assert np.all(values == np.float32(1e-3))
    if opened.head.resolution_s < 1e-5:
        assert any("the times lose digits" in text for text in opened.findings)


@pytest.mark.parametrize("rate_hz", [700.0, 10_000.0])
def test_losses_are_counted_but_a_few_where_the_step_of_the_times_has_grown(rate_hz: float) -> None:
    rows = rows_left(round(130 * rate_hz), 1e-3)
    stamps = np.array([float(f"{k / rate_hz:g}") for k in rows])
    found = fit(stamps[: len(stamps) // 2], 1e-6)
    assert found is not None
    grid = Grid(found.period_s, 1e-6, found.way, found.scatter, found.ties)
    last = [grid.place(part)[0][-1] for part in np.array_split(stamps, 12)][-1]
    assert int(last) == pytest.approx(rows[-1], abs=max(3, 0.1 * (rows[-1] - len(rows))))
