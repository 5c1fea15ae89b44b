# SPDX-License-Identifier: Apache-2.0
"""The audit: a row for every session, whatever it holds."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy_runner.errors import ConfigurationError
from energy_runner.published.audit import audit
from energy_runner.published.row import AuditRow
from tests.support.examples import examples
from tests.support.published_sessions import (
    Eembc,
    write_accuracy,
    write_eembc,
    write_mlcommons,
    write_performance,
    write_trace,
)

LAPS = [(k * 20_000_000, k * 20_000_000 + 11_700_000) for k in range(5)]


def row_of(folder: Path) -> AuditRow:
    (row,) = audit([folder])
    return row


def says(row: AuditRow, words: str) -> bool:
    return any(words in finding.text for finding in row.findings)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_eembc(tmp_path_factory.mktemp("good") / "kws/energy")


@pytest.fixture
def session(good: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "kws/energy"
    shutil.copytree(good, folder)
    return folder


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: b"",
        lambda text: b"nothing to see\n",
        lambda text: text.replace(b".", b","),
        lambda text: b"".join(line for line in text.splitlines(keepends=True) if b"Median energy" not in line),
        lambda text: re.sub(rb"(Median energy cost is\s+)[0-9.]+", rb"\1nan", text),
        lambda text: re.sub(rb"(Median energy cost is\s+)[0-9.]+", rb"\g<1>1.0", text),
        None,
    ],
)
def test_without_a_published_figure_that_its_data_give_no_session_is_valid(
    spoil: Callable[[bytes], bytes] | None, session: Path
) -> None:
    file = session / "results.txt"
    if spoil is None:
        file.unlink()
    else:
        file.write_bytes(spoil(file.read_bytes()))
    row = row_of(session.parent)
    assert row.ours is not None
    assert row.state != "holds"
    assert row.findings


def replace(file: Path, old: str, new: str, count: int = -1) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, count), "utf-8")


def test_a_repository_gives_a_row_a_session(tmp_path: Path) -> None:
    write_eembc(tmp_path / "closed/a/results/board/kws/energy")
    write_performance(tmp_path / "closed/a/results/board/kws/performance", LAPS)
    write_mlcommons(tmp_path / "closed/b/results/board/kws/energy")
    rows = audit([tmp_path])
    assert [(row.session, row.benchmark, row.mode, row.unit) for row in rows] == [
        ("closed/a/results/board/kws/energy", "kws01", "energy", "uJ/inf."),
        ("closed/a/results/board/kws/performance", "kws01", "performance", "inf./sec."),
        ("closed/b/results/board/kws/energy", "kws01", "energy", "uJ/inf."),
    ]
    assert all(row.good for row in rows)
    assert all(row.published == row.reproduced for row in rows)
    assert all(row.ours == pytest.approx(row.published, rel=1e-3) for row in rows)


def test_one_bad_session_does_not_stop_the_others(good: Path, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        shutil.copytree(good, tmp_path / name / "kws/energy")
    for file in (tmp_path / "b/kws/energy").iterdir():
        file.write_bytes(b"\x00" * 100)
    rows = audit([tmp_path])
    assert [row.state for row in rows] == ["doubtful", "doubtful", "doubtful"]  # two are copies, one garbled


@pytest.mark.parametrize("stage", ["audit.read", "examine.reproduce", "examine.correct", "examine.compare"])
def test_a_mistake_of_ours_in_one_session_stays_in_its_row(
    good: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(f"energy_runner.published.{stage}", broken)
    (row,) = audit([good])
    assert [finding.text for finding in row.findings] == ["cannot be audited: ZeroDivisionError: oh"]
    assert row.state == "cannot-be-judged"


@pytest.mark.parametrize("stage", ["convert", "hold_session", "derived"])
def test_a_mistake_of_ours_in_measuring_leaves_what_was_reproduced(
    good: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(f"energy_runner.published.measure.{stage}", broken)
    (row,) = audit([good])
    assert [finding.text for finding in row.findings] == ["cannot be audited: ZeroDivisionError: oh"]
    assert row.state == "holds"
    assert row.published == row.reproduced == 4724.875
    assert row.ours is None


# --- findings -------------------------------------------------------------------------------------------


def bent(file: str, change: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda folder: change(folder / file)


def cut_log(path: Path) -> None:
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("m-infer-done", text.index("m-infer-done") + 20)], "utf-8")


def no_sample(value: float) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        samples = Eembc().samples()
        samples[20_000] = value
        write_trace(folder, samples)

    return change


def rate(rate_hz: float) -> Callable[[Path], None]:
    return lambda folder: write_trace(folder, Eembc().samples(), rate_hz)


def forged_median_without_a_trace(folder: Path) -> None:
    (folder / "trace1-energy.bin").unlink()
    replace(folder / "results.txt", "Median energy cost is 4724", "Median energy cost is 4723")


FAULTS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "log": (bent("log.txt", Path.unlink), "missing file: log.txt", "cannot-be-judged"),
    "results": (bent("results.txt", Path.unlink), "missing file: results.txt", "cannot-be-judged"),
    "script": (bent("script.async", Path.unlink), "missing file: script.async", "holds"),
    "trace": (bent("trace1-energy.bin", Path.unlink), "trace absent", "cannot-be-judged"),
    "timestamps": (bent("trace1-timestamps.json", Path.unlink), "timestamps absent", "cannot-be-judged"),
    "pointer": (
        bent("trace1-energy.bin", lambda p: p.write_text("version https://git-lfs.github.com/spec/v1\n") and None),
        "Git LFS pointer",
        "cannot-be-judged",
    ),
    "truncated log": (
        bent("log.txt", cut_log),
        "log truncated: it holds 2 of the 5 published windows",
        "cannot-be-judged",
    ),
    "truncated trace": (
        bent("trace1-energy.bin", lambda p: p.write_bytes(p.read_bytes()[:100_000]) and None),
        "trace truncated",
        "cannot-be-judged",
    ),
    "NaN": (no_sample(float("nan")), "1 samples are NaN", "doubtful"),
    "infinity": (no_sample(float("inf")), "1 infinite", "doubtful"),
    "rate 0": (rate(0.0), "sample rate of 0 Hz is absurd", "cannot-be-judged"),
    "rate 1e30": (rate(1e30), "is absurd", "cannot-be-judged"),
    "rate 500": (rate(500.0), "its sample rate is wrong", "doubtful"),
    "garbled results": (
        bent("results.txt", lambda p: replace(p, "Energy data", "En\x01rgy d", 1)),
        "garbled results: 1 lines",
        "doubtful",
    ),
    "another figure": (
        bent("results.txt", lambda p: replace(p, "Median energy cost is 4724", "Median energy cost is 4723")),
        "not reproduced: results differ from the trace: Median energy cost is published as 4723",
        "does-not-reproduce",
    ),
    "another median and no trace": (
        forged_median_without_a_trace,
        "the printed figures contradict each other: Median energy cost is printed as 4723",
        "does-not-reproduce",
    ),
    "an absurd timestamp": (
        bent("trace1-timestamps.json", lambda p: p.write_text("[0.1, 2.5, 1e300]") and None),
        "a timestamp of 1e+300 s is absurd",
        "doubtful",
    ),
    "another run": (
        bent("results.txt", lambda p: replace(p, "# Inferences :          100", "# Inferences :          120")),
        "results of another run: 120 inferences are published, 100 were asked for",
        "does-not-reproduce",
    ),
    "another model": (
        bent("log.txt", lambda p: replace(p, "m-model-[kws01]", "m-model-[vww01]")),
        "a session of vww01 in a folder for kws01",
        "breaks-a-rule",
    ),
    "an error of the DUT": (
        bent("log.txt", lambda p: replace(p, "m-warmup-done", "e-[out of memory]", 1)),
        "the DUT answered e-[out of memory]",
        "doubtful",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_makes_the_session_bad(session: Path, name: str) -> None:
    spoil, words, state = FAULTS[name]
    spoil(session)
    row = row_of(session)
    assert says(row, words), row.findings
    assert row.state == state


def test_windows_below_ten_seconds_are_named(tmp_path: Path) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy", Eembc(inferences=50)))
    assert row.published == row.reproduced
    assert row.state == "breaks-a-rule"
    assert says(row, "the shortest window lasts 5.24 s, at least 10 s are required")


def test_short_windows_without_a_trace_are_named_by_what_was_printed(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy", Eembc(inferences=50, windows=4))
    (folder / "trace1-energy.bin").unlink()
    row = row_of(folder)
    assert says(row, "a window of 5.245 s was published, at least 10 are required")
    assert says(row, "4 windows were published, 5 are required")


def test_fewer_than_five_windows_are_named(tmp_path: Path) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy", Eembc(windows=4)))
    assert row.state == "breaks-a-rule"
    assert says(row, "4 windows can be measured, 5 are required")


def test_unequal_iterations_are_named(tmp_path: Path) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy", Eembc(counts={1: 90})))
    assert says(row, "iterations not all equal: 90, 100")


def test_a_wide_spread_is_named(tmp_path: Path) -> None:
    row = row_of(write_eembc(tmp_path / "kws/energy", Eembc(period_s=(0.105, 0.105, 0.105, 0.105, 0.108))))
    assert row.state == "holds"  # the spread is a rule of ours
    assert says(row, "the windows differ by 2.86 %")


def test_garbled_uart_text_is_a_note_where_no_figure_depends_on_it(session: Path) -> None:
    replace(session / "log.txt", "m-results-[0,0,0", "m-re\x02ults-[0,0,0", 2)
    row = row_of(session)
    assert row.good
    assert says(row, "m-results missing or garbled in 2 of 5 windows")


def test_a_log_whose_lines_end_differently_is_as_good(session: Path) -> None:
    for name in ("log.txt", "results.txt"):
        lines = (session / name).read_bytes().split(b"\n")
        (session / name).write_bytes(b"".join(text + (b"\r\n", b"\n")[k % 2] for k, text in enumerate(lines)))
    assert row_of(session).good


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_link_out_of_the_folder_is_named_and_not_followed(session: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    (session / "log.txt").rename(outside)
    (session / "log.txt").symlink_to(outside)
    (session.parent / "gone").symlink_to("/")
    rows = audit([session.parent])
    assert says(rows[0], "log.txt: a link out of the folder, not followed")
    assert says(rows[1], "gone: a link out of the folder, not followed")


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_any_file_gives_a_row(good: Path, tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "kws/energy"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder)
    file = folder / data.draw(st.sampled_from(sorted(path.name for path in good.iterdir())))
    content = file.read_bytes()
    at = data.draw(st.integers(0, len(content)))
    kept = at + data.draw(st.sampled_from([0, 1, 7, 300, len(content)]))
    file.write_bytes(content[:at] + data.draw(st.binary(max_size=12)) + content[kept:])
    row = row_of(folder)
    assert not says(row, "cannot be audited")
    json.dumps(row.document(), allow_nan=False)


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_a_session_of_the_other_runner_gives_a_row(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "kws/energy"
    if not folder.exists():
        write_mlcommons(folder)
    file = folder / data.draw(st.sampled_from(["log.txt", "results.txt", "results.json"]))
    content = file.read_bytes()
    # Most of results.json are samples; its other parts are more worth damaging.
    at = content.rfind(b"timestamps") + data.draw(st.integers(-60, 300))
    at = at if file.name == "results.json" else data.draw(st.integers(0, len(content)))
    damaged = content[:at] + data.draw(st.binary(max_size=6)) + content[at + data.draw(st.integers(0, 9)) :]
    file.write_bytes(damaged)
    try:
        row = row_of(folder)
    finally:
        file.write_bytes(content)
    assert not says(row, "cannot be audited")
    json.dumps(row.document(), allow_nan=False)


def test_energy_mode_is_compared_with_performance_mode_beside_it(session: Path) -> None:
    write_performance(session.parent / "performance", LAPS, inferences=120)
    energy, performance = audit([session.parent])
    assert energy.good
    assert performance.good
    (finding,) = energy.findings
    assert (finding.id, finding.severity) == ("modes-vary", "informs")
    assert finding.text.startswith(
        "7.14 % slower in energy mode than in performance mode: 9.52381 inf./sec. against"
    )
    assert performance.findings == []


def test_classes_that_nothing_tells_are_asked_for(tmp_path: Path) -> None:
    folder = write_accuracy(tmp_path / "kws/accuracy", {"sound.bin": [0.0] * 11 + [1.0]}, "100.0", "1.00")
    row = row_of(folder)
    assert says(
        row, "classes of 1 of 1 stimuli unknown, so nothing can be reproduced; name the folder of their label file"
    )
    (tmp_path / "kws01").mkdir()
    (tmp_path / "kws01/y_labels.csv").write_text("sound.bin,12,11\n", "utf-8")
    assert (row.ours, row.reproduced, row.state) == (None, None, "cannot-be-judged")
    (row,) = audit([folder], tmp_path)
    assert not says(row, "classes of")
    assert says(row, "the answers to 1 of 1000 files")
    assert (row.ours, row.state) == (None, "cannot-be-judged")
    with pytest.raises(ConfigurationError, match="no such folder"):
        audit([folder], tmp_path / "nowhere")


def test_absurdly_many_commands_are_counted_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("energy_runner.published.eembc.log.MOST_COMMANDS", 50)
    folder = write_performance(tmp_path / "kws/performance", LAPS)
    with (folder / "log.txt").open("a", encoding="utf-8") as file:
        file.write("\n00001.000 dut: m-infer-start-10" * 200)
    row = row_of(folder)
    assert says(row, "155 more infer commands than any session has")
