# SPDX-License-Identifier: Apache-2.0
"""The word for every shared session with its reason, and for forged and damaged ones that are made of them."""

import shutil
from pathlib import Path

import pytest

from energy_runner.published.audit import audit
from energy_runner.published.findings import KINDS
from energy_runner.published.row import STATES, AuditRow
from tests.support import forgeries as forge
from tests.support.forged_sessions import FORGED, GAP, JS, L4, LOST, U3, U5
from tests.support.forgeries import republish

EXACT = "every digit comes out again, the rules of the round are kept"
WORDS = {
    f"{L4}/ad/energy": EXACT,
    f"{L4}/ic/accuracy": "85.0 % of 200 files is the target, and is reached",
    f"{L4}/ic/energy": EXACT,
    f"{L4}/ic/performance": EXACT,
    f"{L4}/kws/accuracy": "90.2 % of 1000 files, the target is 90 %",
    f"{L4}/kws/energy": EXACT,
    f"{L4}/kws/performance": EXACT,
    JS: "open division, and a JS110, whose samples may have any digits and blocks",
    GAP: "a spread of 2.14 % is above 2 %, but that is a rule of ours, not of the round",
    "v1.0/closed/syntiant/results/syntiant_9120_0v9_30mhz/kws/energy": EXACT,
    f"{U5}/kws/accuracy": "90.2 % of 1000 files; the same answers as on another board are no copy",
    f"{U5}/kws/energy": EXACT,
    f"{U5}/kws/performance": EXACT,
    f"{U3}/ad/energy": "the other runner, whose sums are pairwise",
    f"{U3}/kws/accuracy": "90.2 % of 1000 files, the target is 90 %",
    f"{U3}/kws/energy": EXACT,
    f"{U3}/kws/performance": EXACT,
}


def copied(reference: Path, name: str, to: Path) -> Path:
    shutil.copytree(reference / "sessions" / name, to, copy_function=shutil.copy)
    for path in (to, *to.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return to


def row_of(folder: Path) -> AuditRow:
    (row,) = audit([folder])
    return row


@pytest.fixture(scope="module")
def rows(reference: Path) -> dict[str, AuditRow]:
    return {row.session: row for row in audit([reference / "sessions"])}


def test_every_shared_session_holds(rows: dict[str, AuditRow]) -> None:
    assert {name: row.state for name, row in rows.items()} == dict.fromkeys(WORDS, "holds")


def test_no_shared_session_is_accused(rows: dict[str, AuditRow]) -> None:
    told = {name: [one.id for one in row.findings] for name, row in rows.items()}
    assert {one.severity for row in rows.values() for one in row.findings} <= {"informs"}
    assert told[GAP] == ["spread"]
    assert {kind for name, kinds in told.items() if name != GAP for kind in kinds} == {"labels-assumed"}


def test_a_row_tells_its_place_and_is_judged_by_its_round(rows: dict[str, AuditRow]) -> None:
    row = rows[JS]
    assert (row.round, row.division, row.submitter, row.system) == ("v0.7", "open", "hls4ml-finn", "pynq-z2")
    assert row.rule_set == "mlperf-tiny-0.7-open"
    assert rows[f"{U3}/kws/energy"].rule_set == "mlperf-tiny-1.3"
    assert len(row.windows) == 5
    for window in row.windows:
        assert window.published == window.reproduced == pytest.approx(window.ours, rel=5e-4)
        assert window.ours_u
        assert window.start_s is not None
        assert window.stop_s is not None
        assert window.stop_s - window.start_s > 10
    assert row.curve is not None
    assert 300 <= len(row.curve.low_w) == len(row.curve.high_w) <= 400


@pytest.mark.parametrize("name", FORGED)
def test_a_forgery_is_found(reference: Path, tmp_path: Path, name: str) -> None:
    session, change, kind, state = FORGED[name]
    folder = copied(reference, session, tmp_path / session)
    change(folder)
    row = row_of(folder)
    told = {one.id: one for one in row.findings}
    assert kind in told, [(one.id, one.text) for one in row.findings]
    assert row.state == state, [(one.id, one.severity, one.text) for one in row.findings]
    assert told[kind].clause == told[kind].clause.strip()
    deciding = [one for one in row.findings if one.severity != "informs"]
    assert all(one.evidence for one in deciding), deciding


def test_every_state_is_met() -> None:
    assert {state for _, _, _, state in FORGED.values()} == set(STATES)
    assert {kind for _, _, kind, _ in FORGED.values()} <= KINDS.keys()


def test_the_direction_of_a_ratio_and_the_right_figure_are_told(reference: Path, tmp_path: Path) -> None:
    session, change, kind, _ = FORGED["a clock that is slow by half"]
    folder = copied(reference, session, tmp_path / session)
    true = row_of(folder)
    change(folder)
    row = row_of(folder)
    finding = next(one for one in row.findings if one.id == kind)
    assert finding.text.startswith("published throughput is 49.")
    assert "% too high: 15.362 where the host's clock gives 10.2" in finding.text
    assert row.corrected == pytest.approx(true.published, rel=5e-3)
    assert row.corrected_u is not None
    assert abs(row.corrected - true.published) < row.corrected_u  # type: ignore[operator]
    assert "by the host's clock" in row.corrected_how
    assert [(one.file, bool(one.line), bool(one.time)) for one in finding.evidence] == [
        ("log.txt", True, True),
        ("log.txt", True, True),
        ("results.txt", True, True),
    ]
    line = (folder / "log.txt").read_text("latin-1").split("\n")[finding.evidence[0].line - 1]  # type: ignore[operator]
    assert line.startswith(f"{finding.evidence[0].time} dut: m-lap-us-")
    shorter = next(one for one in row.findings if one.id == "window-length") if row.windows else None
    assert shorter is None or shorter.because_of == kind


def test_a_clock_that_stands_still_between_windows_is_not_accused(reference: Path, tmp_path: Path) -> None:
    folder = copied(reference, f"{L4}/kws/performance", tmp_path / f"{L4}/kws/performance")
    forge.standing_still(folder)
    row = row_of(folder)
    assert (row.state, row.findings) == ("holds", [])


def test_a_placed_window_says_so_and_does_not_vote(reference: Path, tmp_path: Path) -> None:
    folder = copied(reference, f"{L4}/kws/energy", tmp_path / f"{L4}/kws/energy")
    LOST(folder)
    row = row_of(folder)
    assert [bool(one.placed_by) for one in row.windows] == [False, True, False, False, False]
    votes = sorted(one.ours for one in row.windows if not one.placed_by and one.ours is not None)
    assert row.corrected == pytest.approx((votes[1] + votes[2]) / 2)
    assert "window 2 was placed by the others and does not vote" in row.corrected_how
    first = row.findings[0]
    assert first.because_of is None or first.id == "corrected"
    assert all(one.severity == "informs" for one in row.findings if one.because_of and one.id != "corrected")


def test_the_closed_target_does_not_judge_the_open_division(reference: Path, tmp_path: Path) -> None:
    for division, state in (("closed", "breaks-a-rule"), ("open", "holds")):
        folder = tmp_path / f"v0.7/{division}/Acme/results/board/kws/accuracy"
        copied(reference, f"{L4}/kws/accuracy", folder)
        forge.wrong_classes(100)(folder)
        assert row_of(folder).state == state
    (row,) = audit([folder], rule_set="mlperf-tiny-0.7")
    assert row.state == "breaks-a-rule"


def test_figures_with_surplus_outputs_are_comparable(reference: Path, tmp_path: Path) -> None:
    session, change, _, _ = FORGED["12 outputs for 10 classes"]
    folder = copied(reference, session, tmp_path / session)
    change(folder)
    row = row_of(folder)
    assert row.published == row.reproduced == row.ours == 85.0


def test_copies_are_named_within_a_round_and_across_rounds(reference: Path, tmp_path: Path) -> None:
    for name in ("v0.7/closed/A/results/one", "v0.7/closed/A/results/two", "v1.0/closed/A/results/three"):
        copied(reference, f"{L4}/kws/energy", tmp_path / name / "kws/energy")
    assert [row.state for row in audit([tmp_path])] == ["doubtful"] * 3
    shutil.rmtree(tmp_path / "v0.7")
    copied(reference, f"{L4}/kws/energy", tmp_path / "v1.1/closed/A/results/three/kws/energy")
    rows = audit([tmp_path])
    assert [(row.state, row.findings[-1].id) for row in rows] == [("holds", "same-session-again")] * 2


def test_an_accuracy_of_another_firmware_is_named(reference: Path, tmp_path: Path) -> None:
    for mode in ("accuracy", "performance"):
        copied(reference, f"{L4}/kws/{mode}", tmp_path / f"{L4}/kws/{mode}")
    assert {row.state for row in audit([tmp_path])} == {"holds"}
    forge.replaced("log.txt", "Firmware V0.0.1", "Firmware V0.0.2")(tmp_path / f"{L4}/kws/accuracy")
    accuracy, performance = audit([tmp_path])
    assert (accuracy.state, performance.state) == ("breaks-a-rule", "holds")
    assert accuracy.findings[0].id == "other-firmware"


def test_other_speeds_in_two_modes_are_told_and_the_right_one_is_compared(reference: Path, tmp_path: Path) -> None:
    for mode in ("energy", "performance"):
        copied(reference, f"{L4}/kws/{mode}", tmp_path / f"{L4}/kws/{mode}")
    performance = tmp_path / f"{L4}/kws/performance"
    # A forged figure beside it does not accuse the energy session: its neighbour's own log is asked.
    forge.replaced("results.txt", r"(Median throughput is +)10\.241", r"\g<1>14.241")(performance)
    energy, forged = audit([tmp_path])
    assert (energy.state, forged.state) == ("holds", "does-not-reproduce")
    shutil.rmtree(performance)
    copied(reference, "v1.2/closed/STMicroelectronics/results/NUCLEO_U575ZI_Q/kws/performance", performance)
    energy, _ = audit([tmp_path])
    finding = next(one for one in energy.findings if one.id == "modes-contradict")
    assert "% slower in energy mode than in performance mode" in finding.text
    assert energy.state == "doubtful"
    shutil.rmtree(performance)
    copied(reference, f"{L4}/kws/performance", performance)
    # A performance session whose clock is wrong does not accuse the energy session.
    forge.laps(lambda _, lap: round(lap / 1.5))(performance)
    republish(performance)
    energy, slow = audit([tmp_path])
    assert (energy.state, slow.state) == ("holds", "does-not-reproduce")


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_marks_and_mixed_ends_of_lines_change_nothing(
    reference: Path, rows: dict[str, AuditRow], tmp_path: Path, mark: bytes
) -> None:
    folder = copied(reference, f"{L4}/kws/energy", tmp_path / f"{L4}/kws/energy")
    for name in ("log.txt", "results.txt", "trace1-timestamps.json"):
        lines = (folder / name).read_bytes().replace(b"\r\n", b"\n").split(b"\n")
        ends = (b"\r\n", b"\n")
        (folder / name).write_bytes(mark + b"".join(text + ends[k % 2] for k, text in enumerate(lines)))
    row = row_of(folder)
    assert (row.state, row.published, row.ours) == ("holds", 4635.681, rows[f"{L4}/kws/energy"].ours)
