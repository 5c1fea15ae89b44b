# SPDX-License-Identifier: Apache-2.0
"""What a user tells of a trace: the kind of its samples, and when it began; a file's own word counts."""

import re
from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session import events as ev
from tests.support.trace_files.make import FOLDER

BEGAN = "2026-11-30T10:00:00Z"
ROWS = 30


def ramp(folder: Path) -> Path:
    """A current of 1 mA for each sample since the beginning, 10 samples a second."""
    path = folder / "t.csv"
    path.write_text("time (s),current (mA)\n" + "".join(f"{k / 10:.1f},{k}\n" for k in range(ROWS)))
    (folder / "times.csv").write_text("time (s)\n0.5\n2.5\n")
    return path


@pytest.mark.parametrize(
    ("samples", "kind", "energy_j"),
    [
        # The samples 5 to 24 for 0.1 s each; the integral of 10 mA/s × t from 0.5 s to 2.5 s. At 1 V.
        ("means", "mean", sum(range(5, 25)) * 1e-4),
        ("instants", "instant", 0.010 * (2.5**2 - 0.5**2) / 2),
        (None, "mean", sum(range(5, 25)) * 1e-4),
    ],
)
def test_a_ramp_has_the_energy_of_means_or_of_instants(
    samples: str | None, kind: str, energy_j: float, tmp_path: Path
) -> None:
    session = er.import_trace(
        ramp(tmp_path),
        tmp_path / "s",
        edges="times.csv",
        voltage_v=1.0,
        inferences=10,
        samples=samples,  # type: ignore[arg-type]
    )
    assert session.result().windows[0].energy_j == pytest.approx(energy_j, rel=1e-6)
    monitor = next(one for one in session.journal() if isinstance(one, ev.MonitorConfigured))
    assert {one["kind"] for one in monitor.signals} == {kind}
    said = "so it was told" if samples else "is not stated; they count as means"
    assert any(said in note for note in session.record.notes)


def test_what_a_format_says_of_its_samples_cannot_be_told_otherwise(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"holds instants, and means were told. Try: without samples"):
        er.import_trace(FOLDER / "ppk2.csv", tmp_path / "s", voltage_v=3.0, samples="means")
    er.import_trace(FOLDER / "ppk2.csv", tmp_path / "same", voltage_v=3.0, samples="instants")
    with pytest.raises(SessionError, match="holds means, and instants were told"):
        er.import_trace(FOLDER / "n6705.dlog", tmp_path / "s", samples="instants")
    with pytest.raises(ConfigurationError, match="means or instants is needed"):
        er.import_trace(FOLDER / "ppk2.csv", tmp_path / "s", voltage_v=3.0, samples="mean")  # type: ignore[arg-type]


def test_a_format_says_nothing_of_another_instrument(tmp_path: Path) -> None:
    session = er.import_trace(
        FOLDER / "ppk2.csv", tmp_path / "s", voltage_v=3.0, instrument="js220", samples="means"
    )
    assert any("means over their period: so it was told" in note for note in session.record.notes)


@pytest.mark.parametrize("began", [BEGAN, "2026-11-30T11:00:00+01:00", "2026-11-30 10:00:00.000Z"])
def test_a_told_beginning_is_there_and_said_to_be_told(began: str, tmp_path: Path) -> None:
    session = er.import_trace(ramp(tmp_path), tmp_path / "s", voltage_v=1.0, began=began)
    assert session.record.started_utc == "2026-11-30T10:00:00+00:00"
    assert session.record.origin is not None
    assert session.record.origin.began_told
    assert any("was told; the file does not record it" in note for note in session.record.notes)
    started = next(one for one in session.journal() if isinstance(one, ev.RunStarted))
    assert started.utc_ns == 1_796_032_800 * 10**9


def test_a_beginning_that_the_file_states_counts(tmp_path: Path) -> None:
    told = {"voltage_v": 3.0}
    first = er.import_trace(FOLDER / "ppk2.ppk2", tmp_path / "a", **told)  # type: ignore[arg-type]
    again = er.import_trace(FOLDER / "ppk2.ppk2", tmp_path / "b", began=first.record.started_utc, **told)  # type: ignore[arg-type]
    assert again.record.started_utc == first.record.started_utc
    assert again.record.origin is not None
    assert not again.record.origin.began_told
    with pytest.raises(
        SessionError, match=r"by its own word, and 2001-01-01T00:00:00.* was told. Try: without began"
    ):
        er.import_trace(FOLDER / "ppk2.ppk2", tmp_path / "c", began="2001-01-01T00:00:00Z", **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("began", "words"),
    [
        ("2026-11-30T10:00:00", "has no time zone"),
        ("yesterday", "is no date and time"),
        ("0001-01-01T00:00:00Z", "is not from 1971 to 2199"),
        ("9999-12-31T23:59:59-23:00", "is not from 1971 to 2199"),
    ],
)
def test_a_beginning_is_a_moment(began: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=words):
        er.import_trace(ramp(tmp_path), tmp_path / "s", voltage_v=1.0, began=began)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("time (s),energy (uJ)", "Try: columns=time=s,energy=uJ if they are those of each sample"),
        ("t [ms],E_mJ", "Try: columns=t=ms,E_mJ=mJ if they are those of each sample"),
        ("time (s),voltage (V)", "Try: a file that holds the current"),
        ("t,x", "Try: columns=t=ms,x=uA"),
    ],
)
def test_a_table_without_a_current_is_refused_with_what_helps(names: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(names + "\n" + "".join(f"{k / 10:.1f},{k}\n" for k in range(ROWS)))
    with pytest.raises(SessionError, match=re.escape(words)):
        er.import_trace(path, tmp_path / "s", voltage_v=3.0)


def test_what_a_refusal_advises_works(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("time (s),energy (uJ)\n" + "".join(f"{k / 10:.1f},5\n" for k in range(ROWS)))
    session = er.import_trace(path, tmp_path / "s", columns={"time": "s", "energy": "uJ"})
    with session.trace() as trace:
        assert trace.read("energy", 0, 3) == pytest.approx([5e-6] * 3)
